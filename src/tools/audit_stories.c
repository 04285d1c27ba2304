/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "saga/premium_upgrade.h"
#include "tools/audit.h"
#include "tools/audit_sql.h"
#include "tools/audit_stream.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The premium upgrades one by one: what subscription, billing and coaching believe, and what the
 * provider has really done. Three cursors and the ledger, merged by the upgrade's id.
 */

enum { TEXT_BYTES = 32, REFERENCE_BYTES = 256, CURRENCY_BYTES = 8, CURRENCIES_MAX = 32 };

struct story {
    struct uuid id;

    bool has_upgrade;
    char state[TEXT_BYTES];
    int64_t amount_minor;
    char currency[CURRENCY_BYTES];
    int64_t ended_at_ms, age_ms;
    bool is_premium;
    int64_t said_completed, said_rejected, said_cancelled, said_requested;

    bool has_charge; /* in billing; a tombstone has no amount */
    char charge_state[TEXT_BYTES];
    bool has_amount;
    int64_t charge_minor;

    bool has_refund, is_refunded; /* in billing */
    char refund_reference[REFERENCE_BYTES], refund_currency[CURRENCY_BYTES];
    int64_t refund_minor;

    char plan_state[TEXT_BYTES];
    bool has_plan;

    const struct ledger_line *lines; /* its charges, then its refunds */
    size_t charge_count, refund_count;
};

/* What came in, what went out, and what should have stayed, in one currency. */
struct till {
    char currency[CURRENCY_BYTES];
    int64_t charged, refunded, wanted, rows;
};

struct telling {
    struct audit *audit;
    struct till tills[CURRENCIES_MAX];
    size_t till_count;
    int64_t outbox_floor_ms; /* subscription's */
};

static bool is_state(const struct story *story, enum subscription_state state)
{
    return strcmp(story->state, subscription_state_name(state)) == 0;
}

static bool has_ended(const struct story *story)
{
    return is_state(story, SUBSCRIPTION_COMPLETED) || is_state(story, SUBSCRIPTION_REJECTED) ||
           is_state(story, SUBSCRIPTION_CANCELLED);
}

static void copy_text(char *to, size_t room, const struct audit_stream *stream, int column)
{
    (void)snprintf(to, room, "%s", db_get_text(stream->rows, stream->row, column));
}

static void read_upgrade(const struct audit_stream *stream, struct story *story)
{
    const struct db_rows *rows = stream->rows;
    int row = stream->row;
    story->has_upgrade = !db_is_null(rows, row, 1);
    copy_text(story->state, sizeof story->state, stream, 1);
    story->amount_minor = db_get_i64(rows, row, 2);
    copy_text(story->currency, sizeof story->currency, stream, 3);
    story->ended_at_ms = db_get_time(rows, row, 4);
    story->age_ms = db_get_i64(rows, row, 5);
    story->is_premium = db_get_bool(rows, row, 6);
    story->said_completed = db_get_i64(rows, row, 7);
    story->said_rejected = db_get_i64(rows, row, 8);
    story->said_cancelled = db_get_i64(rows, row, 9);
    story->said_requested = db_get_i64(rows, row, 10);
}

static void read_charge(const struct audit_stream *stream, struct story *story)
{
    story->has_charge = true;
    copy_text(story->charge_state, sizeof story->charge_state, stream, 1);
    story->has_amount = !db_is_null(stream->rows, stream->row, 2);
    story->charge_minor = db_get_i64(stream->rows, stream->row, 2);
    story->has_refund = db_get_bool(stream->rows, stream->row, 4);
    story->is_refunded = db_get_bool(stream->rows, stream->row, 5);
    copy_text(story->refund_reference, sizeof story->refund_reference, stream, 6);
    story->refund_minor = db_get_i64(stream->rows, stream->row, 7);
    copy_text(story->refund_currency, sizeof story->refund_currency, stream, 8);
}

static void read_plan(const struct audit_stream *stream, struct story *story)
{
    copy_text(story->plan_state, sizeof story->plan_state, stream, 1);
    story->has_plan = db_get_bool(stream->rows, stream->row, 2);
}

static const struct sql fetch = {"audit_stories_fetch", "fetch 10000 from stories"};

static const struct {
    const char *service;
    const struct sql *declare;
    void (*read)(const struct audit_stream *stream, struct story *story);
} tables[] = {
    {"subscription", &sql_audit_upgrades, read_upgrade},
    {"billing", &sql_audit_charges, read_charge},
    {"coaching", &sql_audit_plans, read_plan},
};

enum { TABLES = COUNT_OF(tables) };

static void judge_charges(struct audit_report *report, const struct story *story)
{
    if (story->charge_count == 0) {
        return;
    }
    const struct ledger_line *last = &story->lines[story->charge_count - 1];
    struct audit_place place = {.upgrade = story->id, .reference = last->id};
    audit_report_count(report, AUDIT_I1, 1, 0);
    if (!story->has_upgrade) {
        audit_report_differ(report, AUDIT_I1, &place,
                            "money was taken for no upgrade that subscription knows");
    } else if (story->charge_count > 1) {
        place.has_numbers = true;
        place.wanted = 1;
        place.found = (int64_t)story->charge_count;
        audit_report_differ(report, AUDIT_I1, &place, "the upgrade was charged more than once");
    }
}

/* The charge that the refund of this index gives back, NULL when another refund has already or
 * there is none. */
static const struct ledger_line *charge_of(const struct story *story, size_t refund,
                                           bool *is_repeated)
{
    const struct ledger_line *line = &story->lines[refund];
    *is_repeated = false;
    for (size_t i = story->charge_count; i < refund; i++) {
        *is_repeated = *is_repeated || strcmp(story->lines[i].intent, line->intent) == 0;
    }
    for (size_t i = 0; i < story->charge_count; i++) {
        if (strcmp(story->lines[i].intent, line->intent) == 0) {
            return &story->lines[i];
        }
    }
    return NULL;
}

static void judge_refunds(struct audit_report *report, const struct story *story)
{
    size_t count = story->charge_count + story->refund_count;
    if (count > 0) {
        audit_report_count(report, AUDIT_I2, 1, 0);
    }
    for (size_t i = story->charge_count; i < count; i++) {
        const struct ledger_line *refund = &story->lines[i];
        bool is_repeated = false;
        const struct ledger_line *charge = charge_of(story, i, &is_repeated);
        struct audit_place place = {.upgrade = story->id, .reference = refund->id};
        if (charge == NULL) {
            audit_report_differ(report, AUDIT_I2, &place,
                                "the refund gives back what was never charged");
        } else if (is_repeated) {
            audit_report_differ(report, AUDIT_I2, &place,
                                "the charge was given back more than once");
        } else if (refund->amount_minor != charge->amount_minor ||
                   strcmp(refund->currency, charge->currency) != 0) {
            place.currency = charge->currency;
            place.has_numbers = true;
            place.wanted = charge->amount_minor;
            place.found = refund->amount_minor;
            audit_report_differ(report, AUDIT_I2, &place, "the refund is not what was charged");
        } else if (refund->at_ms < charge->at_ms) {
            audit_report_differ(report, AUDIT_I2, &place, "the refund came before the charge");
        }
    }
}

/* What the provider has given back is what billing has written down, and the other way round. */
static bool is_noted(const struct story *story)
{
    for (size_t i = story->charge_count; i < story->charge_count + story->refund_count; i++) {
        const struct ledger_line *line = &story->lines[i];
        if (strcmp(line->id, story->refund_reference) == 0 &&
            line->amount_minor == story->refund_minor &&
            strcasecmp(line->currency, story->refund_currency) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_refund_row(struct audit_report *report, const struct story *story)
{
    if (!story->has_charge || (!story->has_refund && story->refund_count == 0 &&
                               strcmp(story->charge_state, "refunded") != 0)) {
        return;
    }
    const struct audit_place place = {
        .upgrade = story->id, .service = "billing", .reference = story->refund_reference};
    audit_report_count(report, AUDIT_I2, 1, 0);
    if (!story->has_refund) {
        audit_report_differ(report, AUDIT_I2, &place, "billing has no row for the refund");
    } else if (!story->is_refunded &&
               (story->refund_count > 0 || strcmp(story->charge_state, "refunded") == 0)) {
        audit_report_differ(report, AUDIT_I2, &place, "billing does not know the refund is made");
    } else if (story->is_refunded && !is_noted(story)) {
        audit_report_differ(report, AUDIT_I2, &place,
                            "the provider's book has no such refund as billing has written down");
    }
}

static void judge_end_said(struct audit_report *report, const struct story *story)
{
    const struct {
        enum subscription_state state;
        int64_t times;
    } ends[] = {
        {SUBSCRIPTION_COMPLETED, story->said_completed},
        {SUBSCRIPTION_REJECTED, story->said_rejected},
        {SUBSCRIPTION_CANCELLED, story->said_cancelled},
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        int64_t wanted = story->has_upgrade && is_state(story, ends[i].state) ? 1 : 0;
        if (ends[i].times != wanted) {
            const struct audit_place place = {.service = "subscription",
                                              .upgrade = story->id,
                                              .has_numbers = true,
                                              .wanted = wanted,
                                              .found = ends[i].times};
            audit_report_differ(report, AUDIT_I3, &place, "it is %s, and '%s' was said so often",
                                story->has_upgrade ? story->state
                                                   : "no upgrade that subscription knows",
                                subscription_state_name(ends[i].state));
        }
    }
}

static void judge_end(const struct telling *telling, const struct story *story)
{
    struct audit_report *report = telling->audit->report;
    bool is_late = story->age_ms > telling->audit->options->within_ms;
    if (story->has_upgrade && !has_ended(story) && !is_late) {
        return; /* still under way, and may be */
    }
    audit_report_count(report, AUDIT_I3, 1, 0);
    const struct audit_place place = {.service = "subscription", .upgrade = story->id};
    if (!story->has_upgrade && story->said_requested > 0) {
        audit_report_differ(report, AUDIT_I3, &place,
                            "it was requested, and subscription does not know it");
    }
    if (story->has_upgrade && !has_ended(story)) {
        audit_report_differ(report, AUDIT_I3, &place, "it is still %s after %lld s", story->state,
                            (long long)(story->age_ms / 1000));
    }
    if (!has_ended(story) || story->ended_at_ms >= telling->outbox_floor_ms) {
        judge_end_said(report, story);
    }
}

static int64_t sum(const struct story *story, bool is_refund)
{
    int64_t total = 0;
    for (size_t i = 0; i < story->charge_count + story->refund_count; i++) {
        total += story->lines[i].is_refund == is_refund ? story->lines[i].amount_minor : 0;
    }
    return total;
}

static void differ(const struct telling *telling, const struct story *story, const char *service,
                   const char *text)
{
    const struct audit_place place = {.upgrade = story->id, .service = service};
    audit_report_differ(telling->audit->report, AUDIT_I4, &place, "it is %s, but %s", story->state,
                        text);
}

static void differ_by(const struct telling *telling, const struct story *story, const char *service,
                      int64_t wanted, int64_t found, const char *text)
{
    const struct audit_place place = {.upgrade = story->id,
                                      .service = service,
                                      .currency = story->currency,
                                      .has_numbers = true,
                                      .wanted = wanted,
                                      .found = found};
    audit_report_differ(telling->audit->report, AUDIT_I4, &place, "it is %s, but %s", story->state,
                        text);
}

static void judge_completed(const struct telling *telling, const struct story *story)
{
    if (!story->is_premium) {
        differ(telling, story, "subscription", "premium is not on");
    }
    if (strcmp(story->charge_state, "charged") != 0) {
        differ(telling, story, "billing", "the charge is not");
    }
    if (story->charge_count != 1 || story->refund_count != 0) {
        differ(telling, story, NULL,
               "the provider's book does not have exactly one charge and no refund");
    }
    /* A user who left later took the plan away; the upgrade stays what it was. */
    bool is_planned = strcmp(story->plan_state, "premium") == 0 && story->has_plan;
    if (!is_planned && strcmp(story->plan_state, "gone") != 0) {
        differ(telling, story, "coaching", "coaching has no premium plan");
    }
}

static void judge_undone(const struct telling *telling, const struct story *story)
{
    bool is_rejected = is_state(story, SUBSCRIPTION_REJECTED);
    if (story->is_premium) {
        differ(telling, story, "subscription", "premium is on");
    }
    if (is_rejected && strcmp(story->charge_state, "declined") != 0) {
        differ(telling, story, "billing", "billing does not call the charge declined");
    }
    if (!is_rejected && strcmp(story->charge_state, "refunded") != 0 &&
        strcmp(story->charge_state, "voided") != 0) {
        differ(telling, story, "billing", "billing calls the charge neither refunded nor voided");
    }
    if (is_rejected ? story->charge_count > 0 : story->charge_count != story->refund_count) {
        differ_by(telling, story, NULL, 0, sum(story, false) - sum(story, true),
                  "the provider's book keeps the money");
    }
    if (strcmp(story->plan_state, "premium") == 0 || story->has_plan) {
        differ(telling, story, "coaching", "the premium plan is still there");
    }
}

static void judge_amounts(const struct telling *telling, const struct story *story)
{
    if (story->has_amount && story->charge_minor != story->amount_minor) {
        differ_by(telling, story, "billing", story->amount_minor, story->charge_minor,
                  "billing has another amount than the upgrade");
    }
    for (size_t i = 0; i < story->charge_count; i++) {
        const struct ledger_line *line = &story->lines[i];
        if (line->amount_minor != story->amount_minor ||
            strcasecmp(line->currency, story->currency) != 0) {
            differ_by(telling, story, NULL, story->amount_minor, line->amount_minor,
                      "the provider has charged another amount or currency");
        }
    }
}

static void judge_meaning(const struct telling *telling, const struct story *story)
{
    if (!story->has_upgrade || !has_ended(story)) {
        return;
    }
    audit_report_count(telling->audit->report, AUDIT_I4, 1, 0);
    if (is_state(story, SUBSCRIPTION_COMPLETED)) {
        judge_completed(telling, story);
    } else {
        judge_undone(telling, story);
    }
    judge_amounts(telling, story);
}

static enum outcome till_of(struct telling *telling, const char *currency, struct till **till,
                            struct fault *fault)
{
    for (size_t i = 0; i < telling->till_count; i++) {
        if (strcasecmp(telling->tills[i].currency, currency) == 0) {
            *till = &telling->tills[i];
            return OK;
        }
    }
    if (telling->till_count == CURRENCIES_MAX) {
        return fault_set(fault, FATAL, "money in more than %d currencies", CURRENCIES_MAX);
    }
    *till = &telling->tills[telling->till_count++];
    (void)snprintf((*till)->currency, sizeof(*till)->currency, "%s", currency);
    return OK;
}

static enum outcome add_up(struct telling *telling, const struct story *story, struct fault *fault)
{
    struct till *till = NULL;
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < story->charge_count + story->refund_count; i++) {
        const struct ledger_line *line = &story->lines[i];
        o = till_of(telling, line->currency, &till, fault);
        if (o == OK) {
            *(line->is_refund ? &till->refunded : &till->charged) += line->amount_minor;
            till->rows++;
        }
    }
    if (o == OK && story->has_upgrade && is_state(story, SUBSCRIPTION_COMPLETED)) {
        o = till_of(telling, story->currency, &till, fault);
        if (o == OK) {
            till->wanted += story->amount_minor;
            till->rows++;
        }
    }
    return o;
}

static void judge_sums(const struct telling *telling)
{
    for (size_t i = 0; i < telling->till_count; i++) {
        const struct till *till = &telling->tills[i];
        int64_t kept = till->charged - till->refunded;
        audit_report_count(telling->audit->report, AUDIT_I12, till->rows, 0);
        if (kept != till->wanted) {
            const struct audit_place place = {.currency = till->currency,
                                              .has_numbers = true,
                                              .wanted = till->wanted,
                                              .found = kept};
            audit_report_differ(
                telling->audit->report, AUDIT_I12, &place,
                "%lld charged less %lld refunded is not what the completed upgrades cost",
                (long long)till->charged, (long long)till->refunded);
        }
    }
}

static void read_lines(const struct ledger *ledger, size_t *at, struct story *story)
{
    story->lines = &ledger->lines[*at];
    while (*at < ledger->count && ids_equal(&ledger->lines[*at].upgrade, &story->id)) {
        *(ledger->lines[*at].is_refund ? &story->refund_count : &story->charge_count) += 1;
        (*at)++;
    }
}

static enum outcome read_story(struct audit_stream streams[TABLES], struct story *story,
                               struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; i < TABLES; i++) {
        while (o == OK && audit_stream_is_at(&streams[i], &story->id)) {
            tables[i].read(&streams[i], story);
            o = audit_stream_next(&streams[i], fault);
        }
    }
    return o;
}

static enum outcome judge_story(struct telling *telling, const struct story *story,
                                struct fault *fault)
{
    struct audit_report *report = telling->audit->report;
    judge_charges(report, story);
    judge_refunds(report, story);
    judge_refund_row(report, story);
    judge_meaning(telling, story);
    if (story->has_upgrade || story->said_requested + story->said_completed + story->said_rejected +
                                      story->said_cancelled >
                                  0) {
        judge_end(telling, story);
    }
    return add_up(telling, story, fault);
}

static enum outcome tell(struct telling *telling, struct audit_stream streams[TABLES],
                         struct fault *fault)
{
    const struct ledger *ledger = &telling->audit->ledger;
    size_t line = 0;
    for (;;) {
        struct story story = {0};
        bool is_there = audit_stream_smallest(streams, TABLES, &story.id);
        if (line < ledger->count &&
            (!is_there || ids_compare(&ledger->lines[line].upgrade, &story.id) < 0)) {
            story.id = ledger->lines[line].upgrade;
            is_there = true;
        }
        if (!is_there) {
            judge_sums(telling);
            return OK;
        }
        read_lines(ledger, &line, &story);
        enum outcome o = read_story(streams, &story, fault);
        if (o == OK) {
            o = judge_story(telling, &story, fault);
        }
        if (o != OK) {
            return o;
        }
    }
}

enum outcome audit_stories(struct audit *audit, struct fault *fault)
{
    struct audit_stream streams[TABLES] = {0};
    struct telling telling = {.audit = audit};
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < TABLES; i++) {
        struct audit_service *service = audit_service_find(audit, tables[i].service);
        if (service == NULL) {
            continue; /* a company without this saga: nothing to judge, which does not hold */
        }
        if (tables[i].read == read_upgrade) {
            telling.outbox_floor_ms = service->outbox_floor_ms;
        }
        o = audit_stream_open(&streams[i], service->db, tables[i].declare, &fetch, fault);
    }
    if (o == OK) {
        o = tell(&telling, streams, fault);
    }
    for (size_t i = 0; i < TABLES; i++) {
        audit_stream_done(&streams[i]);
    }
    return o == OK ? OK : fault_wrap(fault, o, "upgrades");
}
