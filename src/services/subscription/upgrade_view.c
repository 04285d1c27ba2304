/* SPDX-License-Identifier: Apache-2.0 */
#include "upgrade_view.h"

#include "subscription_sql.h"

#include <stdio.h>

struct decision_view {
    int64_t version;
    int64_t decided_at_ms;
    const char *event, *before, *after, *says, *because;
    struct uuid said_id, causation_id;
    bool has_says, has_said_id, has_causation_id;
};

struct links_view {
    const char *self;
};

struct upgrade_view {
    struct uuid id, user_id;
    const char *state, *pivot, *reason, *tier, *currency;
    int64_t amount_minor;
    int64_t requested_at_ms, deadline_at_ms, activated_at_ms, valid_until_ms, ended_at_ms;
    bool needs_attention;
    const struct decision_view *decisions;
    size_t decisions_count;
    struct links_view links;
    bool has_pivot, has_reason, has_activated_at, has_valid_until, has_ended_at, has_decisions;
};

struct upgrades_view {
    const struct upgrade_view *upgrades;
    size_t upgrades_count;
};

/* clang-format off */
#define MUST(type, json, kind_, member) \
    {.name = (json), .kind = (kind_), .required = true, \
     .offset = offsetof(struct type, member), .has_offset = FIELD_ABSENT}
#define MAY(type, json, kind_, member, has) \
    {.name = (json), .kind = (kind_), \
     .offset = offsetof(struct type, member), .has_offset = offsetof(struct type, has)}
#define SHAPE(type, json, fields_) \
    {.name = (json), .size = sizeof(struct type), \
     .fields = (fields_), .field_count = COUNT_OF(fields_)}
#define ITEM(shape_) \
    {.kind = FIELD_OBJECT, .required = true, .has_offset = FIELD_ABSENT, .shape = &(shape_)}

static const struct field decision_fields[] = {
    MUST(decision_view, "version", FIELD_INTEGER, version),
    MUST(decision_view, "decidedAt", FIELD_DATE_TIME, decided_at_ms),
    MUST(decision_view, "event", FIELD_STRING, event),
    MUST(decision_view, "before", FIELD_STRING, before),
    MUST(decision_view, "after", FIELD_STRING, after),
    MAY(decision_view, "says", FIELD_STRING, says, has_says),
    MAY(decision_view, "saidId", FIELD_UUID, said_id, has_said_id),
    MUST(decision_view, "because", FIELD_STRING, because),
    MAY(decision_view, "causationId", FIELD_UUID, causation_id, has_causation_id),
};
static const struct shape decision_shape = SHAPE(decision_view, "decision", decision_fields);
static const struct field decision_item = ITEM(decision_shape);

static const struct field links_fields[] = {MUST(links_view, "self", FIELD_STRING, self)};
static const struct shape links_shape = SHAPE(links_view, "links", links_fields);

static const struct field upgrade_fields[] = {
    MUST(upgrade_view, "id", FIELD_UUID, id),
    MUST(upgrade_view, "userId", FIELD_UUID, user_id),
    MUST(upgrade_view, "state", FIELD_STRING, state),
    MAY(upgrade_view, "pivot", FIELD_STRING, pivot, has_pivot),
    MAY(upgrade_view, "reason", FIELD_STRING, reason, has_reason),
    MUST(upgrade_view, "tier", FIELD_STRING, tier),
    MUST(upgrade_view, "amountMinor", FIELD_INTEGER, amount_minor),
    MUST(upgrade_view, "currency", FIELD_STRING, currency),
    MUST(upgrade_view, "requestedAt", FIELD_DATE_TIME, requested_at_ms),
    MUST(upgrade_view, "deadlineAt", FIELD_DATE_TIME, deadline_at_ms),
    MAY(upgrade_view, "activatedAt", FIELD_DATE_TIME, activated_at_ms, has_activated_at),
    MAY(upgrade_view, "validUntil", FIELD_DATE_TIME, valid_until_ms, has_valid_until),
    MAY(upgrade_view, "endedAt", FIELD_DATE_TIME, ended_at_ms, has_ended_at),
    MUST(upgrade_view, "needsAttention", FIELD_BOOLEAN, needs_attention),
    {.name = "decisions", .kind = FIELD_ARRAY, .offset = offsetof(struct upgrade_view, decisions),
     .has_offset = offsetof(struct upgrade_view, has_decisions),
     .count_offset = offsetof(struct upgrade_view, decisions_count),
     .item = &decision_item, .item_size = sizeof(struct decision_view)},
    {.name = "links", .kind = FIELD_OBJECT, .required = true,
     .offset = offsetof(struct upgrade_view, links), .has_offset = FIELD_ABSENT,
     .shape = &links_shape},
};
static const struct shape upgrade_shape = SHAPE(upgrade_view, "upgrade", upgrade_fields);
static const struct field upgrade_item = ITEM(upgrade_shape);

static const struct field upgrades_fields[] = {
    {.name = "upgrades", .kind = FIELD_ARRAY, .required = true,
     .offset = offsetof(struct upgrades_view, upgrades), .has_offset = FIELD_ABSENT,
     .count_offset = offsetof(struct upgrades_view, upgrades_count),
     .item = &upgrade_item, .item_size = sizeof(struct upgrade_view)},
};
static const struct shape upgrades_shape = SHAPE(upgrades_view, "upgrades", upgrades_fields);
/* clang-format on */

const char *upgrade_path(const struct uuid *user_id, const struct uuid *id,
                         char out[UPGRADE_PATH_BYTES])
{
    char user[UUID_TEXT_BYTES];
    char upgrade[UUID_TEXT_BYTES];
    (void)snprintf(out, UPGRADE_PATH_BYTES, "/users/%s/premium-upgrades/%s",
                   ids_format(user_id, user), ids_format(id, upgrade));
    return out;
}

static struct upgrade_view view_of(const struct upgrade *upgrade, struct arena *arena)
{
    char path[UPGRADE_PATH_BYTES];
    return (struct upgrade_view){
        .id = upgrade->id,
        .user_id = upgrade->user_id,
        .state = subscription_state_name(upgrade->state),
        .pivot = upgrade->pivot,
        .has_pivot = upgrade->pivot != NULL,
        .reason = upgrade->reason,
        .has_reason = upgrade->reason != NULL,
        .tier = upgrade->tier,
        .amount_minor = upgrade->amount_minor,
        .currency = upgrade->currency,
        .requested_at_ms = upgrade->requested_at_ms,
        .deadline_at_ms = upgrade->deadline_at_ms,
        .activated_at_ms = upgrade->activated_at_ms,
        .has_activated_at = upgrade->activated_at_ms != INT64_MIN,
        .valid_until_ms = upgrade_valid_until_ms(upgrade),
        .has_valid_until = upgrade->activated_at_ms != INT64_MIN,
        .ended_at_ms = upgrade->ended_at_ms,
        .has_ended_at = upgrade_has_ended(upgrade),
        .needs_attention = upgrade->needs_attention,
        .links.self =
            arena_printf(arena, "%s", upgrade_path(&upgrade->user_id, &upgrade->id, path)),
    };
}

/* Texts are borrowed from the rows. */
static struct decision_view decision_of(const struct db_rows *rows, int row)
{
    return (struct decision_view){
        .version = db_get_i64(rows, row, 0),
        .decided_at_ms = db_get_time(rows, row, 1),
        .event = db_get_text(rows, row, 2),
        .causation_id = db_get_uuid(rows, row, 3),
        .has_causation_id = !db_is_null(rows, row, 3),
        .before = db_get_text(rows, row, 4),
        .after = db_get_text(rows, row, 5),
        .says = db_get_text(rows, row, 6),
        .has_says = !db_is_null(rows, row, 6),
        .said_id = db_get_uuid(rows, row, 7),
        .has_said_id = !db_is_null(rows, row, 7),
        .because = db_get_text(rows, row, 8),
    };
}

enum outcome upgrade_show(const struct upgrade *upgrade, const struct db_rows *decisions,
                          struct arena *arena, struct buffer *out, struct fault *fault)
{
    struct upgrade_view view = view_of(upgrade, arena);
    if (decisions != NULL) {
        size_t count = (size_t)db_rows_count(decisions);
        struct decision_view *all = arena_alloc(arena, (count + 1) * sizeof *all);
        for (size_t i = 0; i < count; i++) {
            all[i] = decision_of(decisions, (int)i);
        }
        view.decisions = all;
        view.decisions_count = count;
        view.has_decisions = true;
    }
    return codec_encode(&upgrade_shape, &view, out, fault);
}

enum outcome upgrade_show_all(const struct db_rows *rows, struct arena *arena, struct buffer *out,
                              struct fault *fault)
{
    size_t count = (size_t)db_rows_count(rows);
    struct upgrade_view *all = arena_alloc(arena, (count + 1) * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const struct upgrade upgrade = upgrade_read(arena, rows, (int)i);
        all[i] = view_of(&upgrade, arena);
    }
    return codec_encode(&upgrades_shape,
                        &(struct upgrades_view){.upgrades = all, .upgrades_count = count}, out,
                        fault);
}
