/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"
#include "contracts/diff/schema_diff.h"
#include "contracts/literal.h"

#include <string.h>

static const struct node anything = {.kind = NODE_BOOLEAN, .text = "true", .integer = 1};

/* ---- Payload and headers. ---- */

/* Schemas of other languages are only known to be the same or not. */
static bool is_json_schema(const char *format)
{
    return format == NULL || strstr(format, "asyncapi") != NULL ||
           strstr(format, "schema+json") != NULL || strstr(format, "schema+yaml") != NULL;
}

/* Of one language; the default, written out, is no change, and neither is its version 3.1. */
static bool same_format(const char *a, const char *b)
{
    static const char asyncapi[] = "application/vnd.aai.asyncapi";
    bool is_a = a == NULL || strncmp(a, asyncapi, sizeof asyncapi - 1) == 0;
    bool is_b = b == NULL || strncmp(b, asyncapi, sizeof asyncapi - 1) == 0;
    return (is_a && is_b) || same_or_none(a, b);
}

static void tell_undecided(struct document_comparison *c, const struct asyncapi_message *old,
                           const struct asyncapi_message *new, const char *subject,
                           const char *note)
{
    document_tell(c, &(struct document_change){
                         .rule = P32,
                         .level = DIFF_UNKNOWN,
                         .sides = DIFF_FORWARD | DIFF_BACKWARD,
                         .subject = subject,
                         .old = old->payload != NULL ? old->payload : old->at,
                         .new = new->payload != NULL ? new->payload : new->at,
                         .before = diff_text(&c->arena, old->payload),
                         .after = diff_text(&c->arena, new->payload),
                         .note = note,
                     });
}

/* Values, and what references in them lead to. False: not for certain. */
enum { FOREIGN_DEPTH_MAX = 100, FOREIGN_STEPS_MAX = 100000, FOREIGN_PAIRS_MAX = 256 };

struct foreign_comparison {
    struct documents *old, *new;
    size_t steps;
    const struct node *pairs[FOREIGN_PAIRS_MAX][2]; /* that references led to */
    size_t pair_count;
};

/* Met before: no need to look again. */
static bool was_met(struct foreign_comparison *c, const struct node *a, const struct node *b)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        if (c->pairs[i][0] == a && c->pairs[i][1] == b) {
            return true;
        }
    }
    if (c->pair_count < FOREIGN_PAIRS_MAX) {
        c->pairs[c->pair_count][0] = a;
        c->pairs[c->pair_count++][1] = b;
    }
    return false;
}

static const struct node *follow(struct documents *documents, const struct node *node)
{
    const char *reference = node_find_text(node, "$ref");
    return reference == NULL || ref_is_elsewhere(reference) ? node : ref_follow(documents, node);
}

static bool is_reference(const struct node *node)
{
    return node_find_text(node, "$ref") != NULL;
}

static bool same_foreign(struct foreign_comparison *c, const struct node *a, const struct node *b,
                         int depth);

static bool same_children(struct foreign_comparison *c, const struct node *a, const struct node *b,
                          int depth)
{
    const struct node *at = b->first;
    for (const struct node *child = a->first; child != NULL && at != NULL; child = child->next) {
        const struct node *other = a->kind == NODE_MAP ? node_find(b, child->key) : at;
        if (other == NULL || !same_foreign(c, child, other, depth + 1)) {
            return false;
        }
        at = at->next;
    }
    return a->count == b->count;
}

/* Some languages read what stands beside a $ref. */
static bool same_beside(struct foreign_comparison *c, const struct node *a, const struct node *b,
                        int depth)
{
    if (!is_reference(a) || !is_reference(b)) {
        return (!is_reference(a) || a->count == 1) && (!is_reference(b) || b->count == 1);
    }
    for (const struct node *child = a->first; child != NULL; child = child->next) {
        const struct node *other = node_find(b, child->key);
        if (other == NULL ||
            (strcmp(child->key, "$ref") != 0 && !same_foreign(c, child, other, depth + 1))) {
            return false;
        }
    }
    return a->count == b->count;
}

static bool same_foreign(struct foreign_comparison *c, const struct node *a, const struct node *b,
                         int depth)
{
    const struct node *left = follow(c->old, a);
    const struct node *right = follow(c->new, b);
    if (left == NULL || right == NULL || left->kind != right->kind || depth == FOREIGN_DEPTH_MAX ||
        ++c->steps > FOREIGN_STEPS_MAX || !same_beside(c, a, b, depth)) {
        return false;
    }
    if (left->kind < NODE_LIST) {
        return literal_equal(left, right);
    }
    return (left != a && was_met(c, left, right)) || same_children(c, left, right, depth);
}

static bool is_same_text(struct document_comparison *c, const struct asyncapi_message *old,
                         const struct asyncapi_message *new)
{
    struct foreign_comparison same = {.old = &c->old->documents, .new = &c->new->documents};
    return old->payload != NULL &&
           new->payload != NULL &&same_foreign(&same, old->payload, new->payload, 0);
}

bool document_same_values(struct document_comparison *c, const struct node *old,
                          const struct node *new)
{
    struct foreign_comparison same = {.old = &c->old->documents, .new = &c->new->documents};
    return old == NULL || new == NULL ? old == new : same_foreign(&same, old, new, 0);
}

static void compare_foreign(struct document_comparison *c, const struct asyncapi_message *old,
                            const struct asyncapi_message *new, const char *subject)
{
    if (!is_same_text(c, old, new)) {
        tell_undecided(c, old, new, subject, "the schema is no JSON Schema, and it was changed");
    }
}

/* What stands beside a $ref counts since draft 2019-09; the comparison is of draft-07, where it
 * does not. */
static bool has_newer_reference(struct foreign_comparison *c, struct documents *documents,
                                const struct node *node, int depth)
{
    if (node == NULL || node->kind < NODE_LIST) {
        return false;
    }
    if (depth == FOREIGN_DEPTH_MAX || ++c->steps > FOREIGN_STEPS_MAX) {
        return true;
    }
    if (is_reference(node)) {
        const struct node *target = follow(documents, node);
        return node->count > 1 || (target != node && !was_met(c, target, target) &&
                                   has_newer_reference(c, documents, target, depth + 1));
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (has_newer_reference(c, documents, child, depth + 1)) {
            return true;
        }
    }
    return false;
}

static bool is_newer(const char *format)
{
    return format != NULL &&
           (strstr(format, "2019-09") != NULL || strstr(format, "2020-12") != NULL);
}

static void compare_newer(struct document_comparison *c, const struct asyncapi_message *old,
                          const struct asyncapi_message *new, const char *subject)
{
    struct foreign_comparison steps = {0};
    if ((is_newer(old->schema_format) || is_newer(new->schema_format)) &&
        (has_newer_reference(&steps, &c->old->documents, old->payload, 0) ||
         has_newer_reference(&steps, &c->new->documents, new->payload, 0)) &&
        !is_same_text(c, old, new)) {
        tell_undecided(c, old, new, subject,
                       "it was changed, and keywords beside a $ref are not compared");
    }
}

/* What is published by one version and read by the other. */
static void compare_schemas(struct document_comparison *c, const struct node *old,
                            const struct node *new, unsigned sides, const char *subject)
{
    if (old == NULL && new == NULL) {
        return;
    }
    const struct schema_version before = {&c->old->documents, old != NULL ? old : &anything};
    const struct schema_version after = {&c->new->documents, new != NULL ? new : &anything};
    const struct schema_diff_options options = {
        .subject = subject,
        .sides = sides,
        .is_closed = true,
        .is_wire_only = c->options->is_history,
        .is_extended = true,
    };
    (void)schema_diff(c->diff, &before, &after, &options);
}

static unsigned sides_of(const struct document_comparison *c, const struct asyncapi_message *old,
                         const struct asyncapi_message *new)
{
    if (c->options->is_history) {
        return DIFF_BACKWARD;
    }
    bool only_reads =
        is_received_by_owner(new) && !is_sent_here(c->old, old) && !is_sent_here(c->new, new);
    return only_reads ? DIFF_BACKWARD : DIFF_FORWARD | DIFF_BACKWARD;
}

/* ---- What else a message has. ---- */

/* What its AMQP binding says. */
static const char *binding_text(struct documents *documents, const struct asyncapi_message *message,
                                const char *name)
{
    const struct node *bindings = node_find(message->at, "bindings");
    bindings = bindings != NULL ? ref_follow(documents, bindings) : NULL;
    const struct node *amqp = node_find(bindings, "amqp");
    amqp = amqp != NULL ? ref_follow(documents, amqp) : NULL;
    return node_find_text(amqp, name);
}

/* Where one says nothing, what was sent may have been the same. */
static enum diff_level level_of_words(const char *old, const char *new)
{
    return old != NULL && new != NULL ? DIFF_BREAKING : DIFF_RISKY;
}

static void compare_words(struct document_comparison *c, const struct asyncapi_message *old,
                          const struct asyncapi_message *new, unsigned sides, const char *subject)
{
    struct documents *before_set = &c->old->documents;
    struct documents *after_set = &c->new->documents;
    const char *const encodings[2] = {binding_text(before_set, old, "contentEncoding"),
                                      binding_text(after_set, new, "contentEncoding")};
    const char *const types[2] = {binding_text(before_set, old, "messageType"),
                                  binding_text(after_set, new, "messageType")};
    /* A schema format has a default, and no encoding means none. */
    const struct {
        const char *name;
        const char *old, *new;
        bool is_same;
        enum diff_level level;
    } words[] = {
        {"contentType", old->content_type, new->content_type,
         same_or_none(old->content_type, new->content_type),
         level_of_words(old->content_type, new->content_type)},
        {"schemaFormat", old->schema_format, new->schema_format,
         same_format(old->schema_format, new->schema_format), DIFF_BREAKING},
        {"contentEncoding", encodings[0], encodings[1], same_or_none(encodings[0], encodings[1]),
         DIFF_BREAKING},
        {"messageType", types[0], types[1], same_or_none(types[0], types[1]),
         level_of_words(types[0], types[1])},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!words[i].is_same) {
            document_tell(c, &(struct document_change){
                                 .rule = M4,
                                 .level = words[i].level,
                                 .sides = sides,
                                 .subject = subject,
                                 .old = old->at,
                                 .new = new->at,
                                 .before = words[i].old,
                                 .after = words[i].new,
                                 .note = words[i].name,
                             });
        }
    }
    const char *before = node_find_text(old->correlation_id, "location");
    const char *after = node_find_text(new->correlation_id, "location");
    if (before != NULL && !same_or_none(before, after) && (sides & DIFF_FORWARD) != 0) {
        document_tell(c, &(struct document_change){
                             .rule = M5,
                             .level = DIFF_BREAKING,
                             .sides = DIFF_FORWARD,
                             .subject = subject,
                             .old = old->correlation_id,
                             .new = new->correlation_id != NULL ? new->correlation_id : new->at,
                             .before = before,
                             .after = after,
                         });
    }
    if (strcmp(old->key, new->key) != 0) {
        document_tell(c, &(struct document_change){
                             .rule = M3,
                             .level = DIFF_OK,
                             .subject = subject,
                             .old = old->at,
                             .new = new->at,
                             .before = old->key,
                             .after = new->key,
                         });
    }
}

static void compare_message(struct document_comparison *c, const struct asyncapi_message *old,
                            const struct asyncapi_message *new)
{
    const char *subject = document_subject(c, new->channel->owner->service, new->name);
    unsigned sides = sides_of(c, old, new);
    document_pin(c, new->channel);
    if (is_json_schema(old->schema_format) && is_json_schema(new->schema_format)) {
        compare_schemas(c, old->payload, new->payload, sides, subject);
        compare_newer(c, old, new, subject);
    } else {
        compare_foreign(c, old, new, subject);
    }
    compare_schemas(c, old->headers, new->headers, sides,
                    document_subject(c, new->channel->owner->service,
                                     arena_printf(&c->arena, "%s (headers)", new->name)));
    compare_words(c, old, new, sides, subject);
    document_pin(c, NULL);
}

/* ---- Messages that came or went. ---- */

static const char *name_listener(struct document_comparison *c,
                                 const struct asyncapi_operation *listener)
{
    return arena_printf(&c->arena, "heard by %s (%s)", listener->document->service, listener->key);
}

static void tell_unsaid(struct document_comparison *c, const struct asyncapi_message *old,
                        const char *why)
{
    const struct asyncapi_operation *now = find_listener(c->new, old);
    const struct asyncapi_operation *before = find_listener(c->old, old);
    struct document_change change = {
        .rule = M1,
        .level = DIFF_OK,
        .subject = document_subject(c, old->channel->owner->service, old->name),
        .old = old->at,
        .before = old->name,
        .note = "nobody hears it",
    };
    if (now != NULL || !knows_listeners(c->old)) {
        change.level = DIFF_BREAKING;
        change.sides = DIFF_FORWARD;
        change.note = now != NULL ? name_listener(c, now) : "who hears it is not known";
    } else if (before != NULL) {
        change.level = DIFF_RISKY;
        change.sides = DIFF_FORWARD;
        change.note = arena_printf(&c->arena, "%s until now", name_listener(c, before));
    }
    change.note = arena_printf(&c->arena, "%s%s", why, change.note);
    document_pin(c, old->channel);
    document_tell(c, &change);
    document_pin(c, NULL);
}

static void tell_removed(struct document_comparison *c, const struct asyncapi_message *old)
{
    bool only_reads = is_received_by_owner(old) && !is_sent_here(c->old, old);
    if (!only_reads) { /* nobody depends on what it reads: its operations tell */
        tell_unsaid(c, old, "");
    }
}

/* Operations of others that take whatever the channel has. */
static const struct asyncapi_operation *find_taker_of_all(const struct asyncapi *set,
                                                          const struct asyncapi_channel *channel)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t o = 0; o < set->items[i].operation_count; o++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[o];
            if (!operation->is_send && !operation->names_messages && operation->channel != NULL &&
                (asyncapi_same_channel(operation->channel, channel) ||
                 channel_matches(operation->channel, channel))) {
                return operation;
            }
        }
    }
    return NULL;
}

static void tell_added(struct document_comparison *c, const struct asyncapi_document *old,
                       const struct asyncapi_message *new)
{
    const struct asyncapi_channel *channel = channel_find(old, new->channel);
    const struct asyncapi_operation *taker =
        channel != NULL ? find_taker_of_all(c->old, channel) : NULL;
    document_tell(c, &(struct document_change){
                         .rule = M2,
                         .level = taker != NULL ? DIFF_RISKY : DIFF_OK,
                         .sides = taker != NULL ? DIFF_FORWARD : 0,
                         .subject = document_subject(c, new->channel->owner->service, new->name),
                         .new = new->at,
                         .after = new->name,
                         .note = taker != NULL ? name_listener(c, taker) : "a new message",
                     });
}

void document_diff_messages(struct document_comparison *c, struct asyncapi_document *old,
                            struct asyncapi_document *new)
{
    for (size_t i = 0; i < old->channel_count; i++) {
        for (size_t m = 0; m < old->channels[i].message_count; m++) {
            const struct asyncapi_message *message = &old->channels[i].messages[m];
            const struct asyncapi_message *other = message_find(new, message);
            if (other != NULL) {
                compare_message(c, message, other);
            } else if (!c->options->is_history) {
                tell_removed(c, message);
            }
        }
    }
    for (size_t i = 0; i < new->channel_count && !c->options->is_history; i++) {
        for (size_t m = 0; m < new->channels[i].message_count; m++) {
            if (message_find(old, &new->channels[i].messages[m]) == NULL) {
                tell_added(c, old, &new->channels[i].messages[m]);
            }
        }
    }
}

bool document_handles(const struct asyncapi_document *document, bool is_send,
                      const struct asyncapi_message *message)
{
    for (size_t o = 0; o < document->operation_count; o++) {
        const struct operation_messages list =
            operation_messages(&document->operations[o], is_send);
        for (size_t m = 0; m < list.count; m++) {
            if (list.items[m]->written == message->written) {
                return true;
            }
        }
    }
    return false;
}

const struct asyncapi_message *document_still_has(const struct document_comparison *c,
                                                  const struct asyncapi_document *old,
                                                  const struct asyncapi_document *new,
                                                  const struct asyncapi_message *message)
{
    const struct asyncapi_document *owner = message->channel->owner;
    const struct asyncapi_document *now = owner == old ? new : document_find(c->new, c->old, owner);
    return now != NULL ? message_find(now, message) : NULL;
}

void document_diff_said(struct document_comparison *c, const struct asyncapi_operation *operation,
                        const struct asyncapi_document *new)
{
    const struct operation_messages said = operation_messages(operation, true);
    for (size_t i = 0; i < said.count; i++) {
        const struct asyncapi_message *now =
            document_still_has(c, operation->document, new, said.items[i]);
        /* Another service may have taken it over. */
        if (now != NULL && !document_handles(new, true, now) && !is_sent(c->new, said.items[i])) {
            tell_unsaid(c, said.items[i], "no operation publishes it any more; ");
        }
    }
}

/* ---- A publisher's schema and a consumer's own copy of it. ---- */

static enum verdict fits(struct document_comparison *c, struct asyncapi *set, struct diff *diff,
                         const struct asyncapi_message *said, const struct asyncapi_message *heard,
                         const char *subject)
{
    const struct schema_version copy = {&set->documents,
                                        heard->payload != NULL ? heard->payload : &anything};
    const struct schema_version origin = {&set->documents,
                                          said->payload != NULL ? said->payload : &anything};
    const struct schema_diff_options options = {
        .subject = subject, .sides = DIFF_FORWARD, .is_closed = true, .is_extended = true};
    (void)c;
    return schema_diff(diff, &copy, &origin, &options).forward;
}

/* It was so before: not a finding of this change. */
static bool was_so(struct document_comparison *c, const struct asyncapi_message *said,
                   const struct asyncapi_message *heard)
{
    const struct asyncapi_document *publisher = document_find(c->old, c->new, said->channel->owner);
    const struct asyncapi_document *consumer = document_find(c->old, c->new, heard->channel->owner);
    const struct asyncapi_message *old_said =
        publisher != NULL ? message_find(publisher, said) : NULL;
    const struct asyncapi_message *old_heard =
        consumer != NULL ? message_find(consumer, heard) : NULL;
    if (old_said == NULL || old_heard == NULL) {
        return false;
    }
    struct diff unseen = {0};
    enum verdict verdict = fits(c, c->old, &unseen, old_said, old_heard, "");
    diff_done(&unseen);
    return verdict != VERDICT_YES;
}

static void compare_copy(struct document_comparison *c, const struct asyncapi_message *said,
                         const struct asyncapi_message *heard)
{
    if (!is_json_schema(said->schema_format) || !is_json_schema(heard->schema_format)) {
        return;
    }
    struct diff found = {0};
    const char *subject = document_subject(
        c, said->channel->owner->service,
        arena_printf(&c->arena, "%s as heard by %s", said->name, heard->channel->owner->service));
    enum verdict verdict = fits(c, c->new, &found, said, heard, subject);
    if (verdict != VERDICT_YES && !was_so(c, said, heard)) {
        for (size_t i = 0; i < found.count; i++) {
            struct diff_finding finding = found.items[i];
            if (finding.level < DIFF_UNKNOWN) {
                continue;
            }
            finding.note = arena_printf(&c->arena, "%s: expected %s, published %s",
                                        diff_rules[finding.rule].id, finding.before, finding.after);
            finding.rule = X1;
            diff_add(c->diff, &finding);
        }
    }
    diff_done(&found);
}

static void compare_copies(struct document_comparison *c, const struct asyncapi_document *publisher,
                           const struct asyncapi_message *heard)
{
    for (size_t i = 0; i < publisher->channel_count; i++) {
        for (size_t m = 0; m < publisher->channels[i].message_count; m++) {
            const struct asyncapi_message *said = &publisher->channels[i].messages[m];
            if (said->at != heard->at && message_is_heard(heard, said) && is_sent_by_owner(said)) {
                compare_copy(c, said, heard);
            }
        }
    }
}

void document_diff_copies(struct document_comparison *c)
{
    for (size_t i = 0; i < c->new->count; i++) {
        const struct asyncapi_document *consumer = &c->new->items[i];
        for (size_t o = 0; o < consumer->operation_count; o++) {
            const struct asyncapi_operation *operation = &consumer->operations[o];
            for (size_t m = 0; !operation->is_send && m < operation->message_count; m++) {
                const struct asyncapi_message *heard = operation->messages[m];
                for (size_t p = 0; p < c->new->count; p++) {
                    const struct asyncapi_document *publisher = &c->new->items[p];
                    if (publisher != heard->channel->owner) {
                        compare_copies(c, publisher, heard);
                    }
                }
            }
        }
    }
}
