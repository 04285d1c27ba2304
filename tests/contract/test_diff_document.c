/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/diff/document_diff.h"
#include "contracts/diff/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What changes of whole contracts mean: the shop's contracts are changed word by word. */

enum { NONE = 0, BOTH = DIFF_FORWARD | DIFF_BACKWARD, EDITS_MAX = 4, FILE_MAX_BYTES = 8192 };

struct edit {
    const char *file, *from, *to;
};

struct change {
    enum diff_rule_id rule;
    enum diff_level level;
    unsigned sides;
    const char *subject; /* of the finding that is asked for */
    const char *note;    /* a part of it; NULL: any */
    struct edit edits[EDITS_MAX];
};

#define ORDERS_2                                                                                   \
    {                                                                                              \
        "orders.yaml", "version: 1.2.0", "version: 2.0.0"                                          \
    }

static const struct change changes[] = {
    /* What a parameter is filled with is not known. */
    {C1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders orderPlaced",
     "mailer",
     {{"orders.yaml", "orders.order-placed.v1", "orders.{what}.v1"}}},
    {M1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     "heard by",
     {{"orders.yaml", "name: OrderPlaced", "name: OrderMade"}}},
    {M1,
     DIFF_RISKY,
     DIFF_FORWARD,
     "orders OrderPlaced",
     "until now",
     {{"orders.yaml", "name: OrderPlaced", "name: OrderMade"},
      {"archive.yaml", "name: OrderPlaced", "name: OrderKept"}}},
    {M1,
     DIFF_OK,
     NONE,
     "orders OrderCancelled",
     "nobody",
     {{"orders.yaml", "name: OrderCancelled", "name: OrderWithdrawn"}}},
    {M1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     "heard by",
     {{"orders.yaml", "orders.order-placed.v1", "orders.order-placed.v2"}}},
    {M2,
     DIFF_RISKY,
     DIFF_FORWARD,
     "orders OrderHeld",
     "archive",
     {{"orders.yaml", "    messages:\n      OrderCancelled:",
       "    messages:\n      OrderHeld: {name: OrderHeld}\n      OrderCancelled:"}}},
    {M3,
     DIFF_OK,
     NONE,
     "orders OrderCancelled",
     NULL,
     {{"orders.yaml", "      OrderCancelled: {$ref", "      Cancelled: {$ref"},
      {"orders.yaml", "orderCancelled/messages/OrderCancelled'",
       "orderCancelled/messages/Cancelled'"}}},
    {M4,
     DIFF_BREAKING,
     BOTH,
     "orders OrderPlaced",
     "contentType",
     {{"orders.yaml", "defaultContentType: application/json", "defaultContentType: text/plain"}}},
    /* Nothing was stated before, or is stated now: what was sent may have been the same. */
    {M4,
     DIFF_RISKY,
     BOTH,
     "orders OrderPlaced",
     "contentType",
     {{"orders.yaml", "defaultContentType: application/json\n", ""}}},
    {M4,
     DIFF_RISKY,
     BOTH,
     "jobs JobWanted",
     "contentType",
     {{"jobs.yaml", "\nchannels:", "\ndefaultContentType: application/json\nchannels:"}}},
    {M5,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "header#/story}", "header#/tale}"}}},
    {M5,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "      correlationId: {location: $message.header#/story}\n", ""}}},
    {P16,
     DIFF_BREAKING,
     DIFF_BACKWARD,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "maximum: 100", "maximum: 99"}}},
    {P15,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "maximum: 100", "maximum: 101"}}},
    {P15,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "maximum: 100", "maximum: 101"}, ORDERS_2}}, /* the address has a version */
    {P01,
     DIFF_OK,
     NONE,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "          note:", "          memo: {type: string}\n          note:"}}},
    {P04,
     DIFF_OK,
     NONE,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml", "          note: {type: string, maxLength: 80}\n", ""}}},
    {P03,
     DIFF_BREAKING,
     DIFF_BACKWARD,
     "orders OrderCancelled",
     NULL,
     {{"orders.yaml", "[orderId]\n        properties:",
       "[orderId, why]\n        properties:\n          why: {type: string}"}}},
    {P05,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced (headers)",
     NULL,
     {{"orders.yaml",
       "        required: [story]\n        properties:\n          story: {type: string}",
       "        properties: {}"}}},
    {P31,
     DIFF_OK,
     NONE,
     "orders OrderPlaced",
     NULL,
     {{"orders.yaml",
       "          orderId: {type: string}\n          total: {type: integer, minimum: 1, maximum: "
       "100}",
       "          total: {type: integer, minimum: 1, maximum: 100}\n          orderId: {type: "
       "string}"}}},
    /* A consumer's own copy: judged in reverse. */
    {P16,
     DIFF_BREAKING,
     DIFF_BACKWARD,
     "archive OrderPlaced",
     NULL,
     {{"archive.yaml", "maximum: 1000", "maximum: 50"}}},
    {X1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced as heard by archive",
     "P15",
     {{"archive.yaml", "maximum: 1000", "maximum: 50"}}},
    {X1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced as heard by archive",
     "P15",
     {{"orders.yaml", "maximum: 100", "maximum: 2000"}}},
    {X1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders OrderPlaced as heard by archive",
     "P07",
     {{"orders.yaml", "required: [orderId, total]", "required: [orderId]"}}},
    /* Routing keys, by what every binding matches. */
    {C1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders orderPlaced",
     "mailer",
     {{"orders.yaml", "orders.order-placed.v1", "orders.order-made.v1"}}},
    {C1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders orderPlaced",
     "archive",
     {{"orders.yaml", "orders.order-placed.v1", "orders.new.order-placed.v1"}}},
    {C1,
     DIFF_OK,
     NONE,
     "orders orderCancelled",
     "as before",
     {{"orders.yaml", "orders.order-cancelled.v1", "orders.order-withdrawn.v1"}}},
    {C1,
     DIFF_BREAKING,
     DIFF_BACKWARD,
     "archive orders",
     "orders.order-cancelled.v1",
     {{"archive.yaml", "orders.*.v1", "orders.order-placed.v1"}}},
    {C1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders orderPlaced",
     "another exchange",
     {{"orders.yaml", "name: orders.events", "name: shop.events"}}},
    {C2,
     DIFF_TOPOLOGY,
     NONE,
     "orders orderPlaced",
     "name of the exchange",
     {{"orders.yaml", "name: orders.events", "name: shop.events"}}},
    {C2,
     DIFF_TOPOLOGY,
     NONE,
     "orders orderPlaced",
     "type of the exchange",
     {{"orders.yaml", "type: topic", "type: direct"}}},
    {C2,
     DIFF_TOPOLOGY,
     NONE,
     "orders orderPlaced",
     "durable",
     {{"orders.yaml", "durable: true", "durable: false"}}},
    {C2,
     DIFF_TOPOLOGY,
     NONE,
     "orders orderPlaced",
     "vhost",
     {{"orders.yaml", "vhost: /}", "vhost: /shop}"}}},
    {C3,
     DIFF_TOPOLOGY,
     NONE,
     "jobs work",
     "exclusive",
     {{"jobs.yaml", "exclusive: false", "exclusive: true"}}},
    {C4,
     DIFF_BREAKING,
     BOTH,
     "jobs work",
     NULL,
     {{"jobs.yaml", ", x-dead-letter-exchange: jobs.dlx", ""}}},
    {C5,
     DIFF_RISKY,
     NONE,
     "jobs work",
     "listens",
     {{"jobs.yaml", "  doJob:\n    action: receive\n    channel: {$ref: '#/channels/work'}\n",
       ""}}},
    {O1,
     DIFF_OK,
     NONE,
     "orders sayOrderCancelled",
     "nobody",
     {{"orders.yaml",
       "  sayOrderCancelled:\n    action: send\n    channel: {$ref: '#/channels/orderCancelled'}\n"
       "    messages: [{$ref: '#/channels/orderCancelled/messages/OrderCancelled'}]\n",
       ""}}},
    {O1,
     DIFF_BREAKING,
     DIFF_FORWARD,
     "orders sayOrderPlaced",
     "heard by",
     {{"orders.yaml",
       "  sayOrderPlaced:\n    action: send\n    channel: {$ref: '#/channels/orderPlaced'}\n"
       "    messages: [{$ref: '#/channels/orderPlaced/messages/OrderPlaced'}]\n",
       ""}}},
    {O2,
     DIFF_TOPOLOGY,
     NONE,
     "jobs doJob",
     NULL,
     {{"jobs.yaml", "  doJob:\n    action: receive\n    channel: {$ref: '#/channels/work'}\n",
       ""}}},
    {O3,
     DIFF_BREAKING,
     BOTH,
     "jobs doJob",
     NULL,
     {{"jobs.yaml", "action: receive", "action: send"}}},
    {O4,
     DIFF_OK,
     NONE,
     "mailer sendNote",
     "another key",
     {{"mailer.yaml", "sendReceipt:", "sendNote:"}}},
    /* Who dispatches on the type no longer knows it. */
    {M4,
     DIFF_BREAKING,
     BOTH,
     "meters MeterRead",
     "messageType",
     {{"meters.yaml", "messageType: meters.read", "messageType: meters.seen"}}},
    {M4,
     DIFF_RISKY,
     BOTH,
     "meters MeterRead",
     "messageType",
     {{"meters.yaml", "        bindings: {amqp: {messageType: meters.read}}\n", ""}}},
    /* Servers, parameters, bindings of operations: what is changed along. */
    {S2,
     DIFF_TOPOLOGY,
     NONE,
     "meters reading",
     "servers of the channel",
     {{"meters.yaml", "[{$ref: '#/servers/broker'}, {$ref: '#/servers/spare'}]",
       "[{$ref: '#/servers/broker'}]"}}},
    {S2,
     DIFF_TOPOLOGY,
     NONE,
     "meters reading",
     "servers of the channel",
     {{"meters.yaml",
       "    servers: [{$ref: '#/servers/broker'}, {$ref: '#/servers/spare'}]\n    parameters",
       "    servers: [{$ref: '#/servers/spare'}]\n    parameters"}}},
    {S2,
     DIFF_OK,
     NONE,
     "meters reading",
     "servers of the channel",
     {{"meters.yaml", "    servers: [{$ref: '#/servers/broker'}, {$ref: '#/servers/spare'}]\n",
       ""}}},
    {S2,
     DIFF_TOPOLOGY,
     NONE,
     "meters spare",
     "no server",
     {{"meters.yaml",
       "  spare:\n    host: '{zone}.example.com:5671'\n    protocol: amqps\n    variables: {zone: "
       "{enum: [north, south], default: north}}\n",
       ""}}},
    {S2,
     DIFF_OK,
     NONE,
     "meters third",
     "new",
     {{"meters.yaml", "channels:\n  reading",
       "  third: {host: third.example.com, protocol: amqps}\nchannels:\n  reading"}}},
    {S2,
     DIFF_OK,
     NONE,
     "meters main",
     "another key",
     {{"meters.yaml", "  broker:\n", "  main:\n"}}},
    {S3,
     DIFF_TOPOLOGY,
     NONE,
     "meters broker",
     "host",
     {{"meters.yaml", "broker.example.com:5671", "broker.example.org:5671"}}},
    {S3,
     DIFF_TOPOLOGY,
     NONE,
     "meters broker",
     "protocol",
     {{"meters.yaml", "protocol: amqps\n    pathname", "protocol: amqp\n    pathname"}}},
    {S3,
     DIFF_TOPOLOGY,
     NONE,
     "meters broker",
     "pathname",
     {{"meters.yaml", "pathname: /shop", "pathname: /"}}},
    {S3,
     DIFF_TOPOLOGY,
     NONE,
     "meters spare",
     "variable zone",
     {{"meters.yaml", "enum: [north, south]", "enum: [north, east]"}}},
    {S3,
     DIFF_TOPOLOGY,
     NONE,
     "meters spare",
     "variable zone",
     {{"meters.yaml", "default: north", "default: south"}}},
    {S4,
     DIFF_TOPOLOGY,
     NONE,
     "meters broker",
     NULL,
     {{"meters.yaml", "type: userPassword", "type: X509"}}},
    {S4,
     DIFF_TOPOLOGY,
     NONE,
     "meters broker",
     NULL,
     {{"meters.yaml", "    security: [{$ref: '#/components/securitySchemes/password'}]\n", ""}}},
    {C6,
     DIFF_RISKY,
     DIFF_FORWARD,
     "meters reading",
     "site",
     {{"meters.yaml", "enum: [home, work]", "enum: [home, work, boat]"}}},
    {C6,
     DIFF_RISKY,
     DIFF_FORWARD,
     "meters reading",
     "site",
     {{"meters.yaml", "enum: [home, work], ", ""}}},
    {C6,
     DIFF_RISKY,
     DIFF_BACKWARD,
     "meters reading",
     "site",
     {{"meters.yaml", "enum: [home, work]", "enum: [home]"}}},
    {C6,
     DIFF_RISKY,
     BOTH,
     "meters reading",
     "site",
     {{"meters.yaml", "enum: [home, work]", "enum: [home, boat]"}}},
    {C6,
     DIFF_RISKY,
     NONE,
     "meters reading",
     "default",
     {{"meters.yaml", "default: home", "default: work"}}},
    {C6,
     DIFF_RISKY,
     NONE,
     "meters reading",
     "location",
     {{"meters.yaml", "header#/site", "header#/place"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "expiration",
     {{"meters.yaml", "expiration: 60000", "expiration: 1000"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "userId",
     {{"meters.yaml", "userId: meters", "userId: other"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "priority",
     {{"meters.yaml", "priority: 3", "priority: 4"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "deliveryMode",
     {{"meters.yaml", "deliveryMode: 2", "deliveryMode: 1"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "mandatory",
     {{"meters.yaml", "mandatory: true", "mandatory: false"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters sayRead",
     "timestamp",
     {{"meters.yaml", "timestamp: true", "timestamp: false"}}},
    {O5,
     DIFF_TOPOLOGY,
     NONE,
     "meters sayRead",
     "cc",
     {{"meters.yaml", "cc: [meters.copy]", "cc: [meters.copies]"}}},
    {O5,
     DIFF_TOPOLOGY,
     NONE,
     "meters sayRead",
     "bcc",
     {{"meters.yaml", "        bcc: [meters.blind]\n", ""}}},
    {O5, DIFF_RISKY, NONE, "meters hearRead", "ack", {{"meters.yaml", "ack: true", "ack: false"}}},
    {O5,
     DIFF_RISKY,
     NONE,
     "meters hearRead",
     "replyTo",
     {{"meters.yaml", "meters.answers", "meters.replies"}}},
    {V1,
     DIFF_BREAKING,
     NONE,
     "orders",
     "1 breaking",
     {{"orders.yaml", "maximum: 100", "maximum: 99"}, {"orders.yaml", "1.2.0", "1.3.0"}}},
    {V2,
     DIFF_RISKY,
     NONE,
     "orders",
     NULL,
     {{"orders.yaml", "          note:", "          memo: {type: string}\n          note:"}}},
    {V3, DIFF_RISKY, NONE, "orders", NULL, {{"orders.yaml", "1.2.0", "1.1.9"}}},
    /* Announced by the document's version, where the address has none. */
    {P13,
     DIFF_RISKY,
     DIFF_BACKWARD,
     "jobs JobWanted",
     "announced",
     {{"jobs.yaml", "id: {type: string}", "id: {type: string, enum: [a]}"},
      {"jobs.yaml", "version: 1.0.0", "version: 2.0.0"}}},
    {P32,
     DIFF_UNKNOWN,
     BOTH,
     "jobs JobWanted",
     NULL,
     {{"jobs.yaml", "payload: {type: object, properties: {id: {type: string}}}",
       "payload: {schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: {type: "
       "string}}"}}},
};

#define FOLDER "/tmp/quadrille-test-diff-XXXXXX"
static char folder[] = FOLDER;
static struct asyncapi old, new;
static struct diff diff;

static char *read_file(const char *name)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", SHOP, name);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    char *text = xcalloc(1, FILE_MAX_BYTES);
    ck_assert_uint_lt(fread(text, 1, FILE_MAX_BYTES - 1, file), FILE_MAX_BYTES - 1);
    (void)fclose(file);
    return text;
}

static void write_file(const char *name, const char *text)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Every place where it stands. */
static char *replace(const char *text, const struct edit *edit)
{
    struct buffer out = {0};
    size_t count = 0;
    for (const char *at = strstr(text, edit->from); at != NULL; at = strstr(text, edit->from)) {
        buffer_add(&out, text, (size_t)(at - text));
        buffer_text(&out, edit->to);
        text = at + strlen(edit->from);
        count++;
    }
    ck_assert_msg(count > 0, "%s does not say: %s", edit->file, edit->from);
    buffer_text(&out, text);
    char *result = xstrdup(buffer_cstr(&out));
    buffer_done(&out);
    return result;
}

static const char *const files[] = {"archive.yaml", "jobs.yaml", "mailer.yaml", "meters.yaml",
                                    "orders.yaml"};

static void make_folder(const struct edit *edits)
{
    ck_assert(mkdtemp(folder) != NULL);
    for (size_t f = 0; f < COUNT_OF(files); f++) {
        char *text = read_file(files[f]);
        for (size_t e = 0; e < EDITS_MAX && edits[e].file != NULL; e++) {
            if (strcmp(edits[e].file, files[f]) == 0) {
                char *next = replace(text, &edits[e]);
                free(text);
                text = next;
            }
        }
        write_file(files[f], text);
        free(text);
    }
}

static void remove_folder(void)
{
    for (size_t f = 0; f < COUNT_OF(files); f++) {
        AUTO(free_text) char *path = xasprintf("%s/%s", folder, files[f]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void load(struct asyncapi *set, const char *path)
{
    struct fault fault;
    ck_assert_msg(asyncapi_load(set, &path, 1, &fault) == OK, "%s", fault.text);
    ck_assert_msg(set->documents.findings.count == 0, "%s", set->documents.findings.items[0].text);
}

static void compare(const struct edit *edits, bool is_swapped,
                    const struct document_diff_options *options)
{
    make_folder(edits);
    load(&old, is_swapped ? folder : SHOP);
    load(&new, is_swapped ? SHOP : folder);
    document_diff(&diff, &old, &new, options);
    remove_folder();
}

static void teardown(void)
{
    diff_done(&diff);
    asyncapi_done(&old);
    asyncapi_done(&new);
    (void)snprintf(folder, sizeof folder, "%s", FOLDER);
}

static const struct diff_finding *find(enum diff_rule_id rule, const char *subject,
                                       const char *note)
{
    for (size_t i = 0; i < diff.count; i++) {
        const struct diff_finding *finding = &diff.items[i];
        if (finding->rule == rule && strcmp(finding->subject, subject) == 0 &&
            (note == NULL || (finding->note != NULL && strstr(finding->note, note) != NULL))) {
            return finding;
        }
    }
    return NULL;
}

static const char *all_findings(void)
{
    static struct buffer out;
    buffer_clear(&out);
    const struct diff_report report = {.fail_on = DIFF_BREAKING, .has_all = true};
    diff_writer_find("text")(&report, &diff, &out);
    return buffer_cstr(&out);
}

START_TEST(each_change_is_told_with_its_level_and_sides)
{
    const struct change *change = &changes[_i];
    compare(change->edits, false, &(struct document_diff_options){0});
    const struct diff_finding *finding = find(change->rule, change->subject, change->note);
    ck_assert_msg(finding != NULL, "%s of %s is not told:\n%s", diff_rules[change->rule].id,
                  change->subject, all_findings());
    ck_assert_msg(finding->level == change->level && finding->sides == change->sides,
                  "%s, sides %u:\n%s", diff_level_name(finding->level), finding->sides,
                  all_findings());
    ck_assert(finding->new_place.line > 0 || finding->old_place.line > 0);
}
END_TEST

/* Sides of payload findings, which swapping must swap. */
static unsigned sides_of_payloads(void)
{
    unsigned sides = 0;
    for (size_t i = 0; i < diff.count; i++) {
        sides |= diff.items[i].rule <= P32 ? diff.items[i].sides : 0;
    }
    return sides;
}

START_TEST(swapping_the_versions_swaps_the_sides)
{
    const struct change *change = &changes[_i];
    if (change->rule > P32 || strncmp(change->subject, "orders", 6) != 0) {
        return; /* messages come and go in one direction, consumers have one side */
    }
    compare(change->edits, false, &(struct document_diff_options){0});
    unsigned there = sides_of_payloads();
    teardown();
    compare(change->edits, true, &(struct document_diff_options){0});
    unsigned back = sides_of_payloads();
    ck_assert_uint_eq((there & DIFF_FORWARD) != 0, (back & DIFF_BACKWARD) != 0);
    ck_assert_uint_eq((there & DIFF_BACKWARD) != 0, (back & DIFF_FORWARD) != 0);
}
END_TEST

static unsigned swapped(unsigned sides)
{
    return ((sides & DIFF_FORWARD) != 0 ? (unsigned)DIFF_BACKWARD : 0) |
           ((sides & DIFF_BACKWARD) != 0 ? (unsigned)DIFF_FORWARD : 0);
}

START_TEST(what_is_changed_along_is_as_much_when_it_is_changed_back)
{
    const struct change *change = &changes[_i];
    bool is_setting =
        change->rule == C6 || change->rule == O5 || change->rule == S3 || change->rule == S4;
    if (!is_setting) {
        return;
    }
    compare(change->edits, true, &(struct document_diff_options){0});
    const struct diff_finding *finding = find(change->rule, change->subject, change->note);
    ck_assert_msg(finding != NULL && finding->level == change->level &&
                      finding->sides == swapped(change->sides),
                  "%s", all_findings());
}
END_TEST

START_TEST(words_about_servers_are_no_change)
{
    const struct edit edits[EDITS_MAX] = {
        {"meters.yaml", "{$ref: '#/servers/broker'}, {$ref: '#/servers/spare'}",
         "{$ref: '#/servers/spare'}, {$ref: '#/servers/broker'}"},
        {"meters.yaml", "Ask the platform team.", "Ask us."},
        {"meters.yaml", "    protocol: amqps\n    variables: {zone: {enum: [north, south], ",
         "    variables: {zone: {enum: [south, north], description: Where., "},
        {"meters.yaml", "    host: '{zone}", "    protocol: amqps\n    host: '{zone}"}};
    compare(edits, false, &(struct document_diff_options){0});
    ck_assert_msg(diff.count == 0, "%s", all_findings());
}
END_TEST

/* A file of the shop gets another name, and what `edits` say. */
static void compare_renamed(const struct edit *edits, const char *from, const char *to)
{
    make_folder(edits);
    AUTO(free_text) char *before = xasprintf("%s/%s", folder, from);
    AUTO(free_text) char *after = xasprintf("%s/%s", folder, to);
    ck_assert_int_eq(rename(before, after), 0);
    load(&old, SHOP);
    load(&new, folder);
    document_diff(&diff, &old, &new, &(struct document_diff_options){0});
    (void)unlink(after);
    remove_folder();
}

START_TEST(a_service_that_was_renamed_is_told_so_and_compared)
{
    const struct edit edits[EDITS_MAX] = {{"mailer.yaml", "./orders.yaml", "./sales.yaml"},
                                          {"orders.yaml", "maximum: 100", "maximum: 50"},
                                          {"orders.yaml", "title: Orders", "title: Sales"}};
    compare_renamed(edits, "orders.yaml", "sales.yaml");
    const struct diff_finding *finding = find(S1, "sales", "2 of 2 messages");
    ck_assert_msg(finding != NULL && finding->level == DIFF_SOURCE && finding->sides == 0 &&
                      strcmp(finding->before, "orders") == 0 &&
                      strcmp(finding->after, "sales") == 0,
                  "%s", all_findings());
    ck_assert_msg(find(P16, "sales OrderPlaced", NULL) != NULL, "%s", all_findings());
    for (size_t i = 0; i < diff.count; i++) {
        enum diff_rule_id rule = diff.items[i].rule;
        ck_assert_msg(rule != M1 && rule != O1 && rule != C5, "%s", all_findings());
    }
}
END_TEST

START_TEST(a_new_name_alone_needs_no_new_version)
{
    const struct edit edits[EDITS_MAX] = {{"mailer.yaml", "./orders.yaml", "./sales.yaml"}};
    compare_renamed(edits, "orders.yaml", "sales.yaml");
    ck_assert_msg(diff.count == 1 && diff.items[0].rule == S1 && !diff.items[0].is_error, "%s",
                  all_findings());
}
END_TEST

START_TEST(an_id_outlives_name_and_messages)
{
    const struct edit edits[EDITS_MAX] = {
        {"jobs.yaml", "\nchannels:", "\nid: 'urn:shop:jobs'\nchannels:"}};
    make_folder(edits);
    load(&old, folder);
    AUTO(free_text) char *before = xasprintf("%s/jobs.yaml", folder);
    AUTO(free_text) char *after = xasprintf("%s/chores.yaml", folder);
    write_file("chores.yaml", "asyncapi: 3.0.0\ninfo: {title: Chores, version: 2.0.0}\nid: "
                              "'urn:shop:jobs'\nchannels: {}\n");
    (void)unlink(before);
    load(&new, folder);
    document_diff(&diff, &old, &new, &(struct document_diff_options){0});
    (void)unlink(after);
    remove_folder();
    ck_assert_msg(find(S1, "chores", "the same id") != NULL, "%s", all_findings());
}
END_TEST

START_TEST(another_service_in_its_place_is_no_rename)
{
    const struct edit edits[EDITS_MAX] = {{"jobs.yaml", "title: Jobs", "title: Chores"},
                                          {"jobs.yaml", "JobWanted", "ChoreWanted"},
                                          {"jobs.yaml", "address: jobs.work", "address: chores"}};
    compare_renamed(edits, "jobs.yaml", "chores.yaml");
    ck_assert_msg(find(S1, "chores", NULL) == NULL && find(M1, "jobs JobWanted", NULL) != NULL,
                  "%s", all_findings());
}
END_TEST

START_TEST(contracts_do_not_differ_from_themselves)
{
    static const char *const paths[] = {SHOP, CONTRACTS};
    load(&old, paths[_i]);
    load(&new, paths[_i]);
    document_diff(&diff, &old, &new, &(struct document_diff_options){0});
    ck_assert_msg(diff.count == 0, "%s", all_findings());
}
END_TEST

START_TEST(a_consumer_that_takes_more_breaks_nobody)
{
    const struct edit edits[EDITS_MAX] = {{"archive.yaml", "maximum: 1000", "maximum: 2000"},
                                          {"archive.yaml", "version: 1.0.0", "version: 1.1.0"}};
    compare(edits, false, &(struct document_diff_options){0});
    for (size_t i = 0; i < diff.count; i++) {
        ck_assert_msg(diff.items[i].level < DIFF_TOPOLOGY, "%s", all_findings());
    }
}
END_TEST

START_TEST(what_did_not_fit_before_is_no_finding_of_a_change)
{
    const struct edit edits[EDITS_MAX] = {{"archive.yaml", "maximum: 1000", "maximum: 50"}};
    make_folder(edits);
    load(&old, folder);
    load(&new, folder);
    document_diff(&diff, &old, &new, &(struct document_diff_options){0});
    remove_folder();
    ck_assert_msg(diff.count == 0, "%s", all_findings());
}
END_TEST

START_TEST(every_rule_of_contracts_has_a_case)
{
    for (int rule = M1; rule < DIFF_RULE_COUNT; rule++) {
        bool has_case = rule == S1; /* it has tests of its own */
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            has_case |= (int)changes[i].rule == rule;
        }
        ck_assert_msg(has_case, "%s", diff_rules[rule].id);
    }
}
END_TEST

START_TEST(a_kept_version_is_asked_only_whether_its_events_can_be_read)
{
    const struct edit edits[EDITS_MAX] = {{"orders.yaml", "maximum: 100", "maximum: 200"},
                                          {"orders.yaml", "required: [orderId]", "required: []"},
                                          {"orders.yaml", "maxLength: 80", "maxLength: 79"}};
    compare(edits, false, &(struct document_diff_options){.against = "v1.0.0", .is_history = true});
    const struct diff_finding *finding = find(P16, "orders OrderPlaced since v1.0.0", NULL);
    ck_assert_msg(finding != NULL && finding->sides == DIFF_BACKWARD, "%s", all_findings());
    for (size_t i = 0; i < diff.count; i++) {
        ck_assert_uint_eq(diff.items[i].sides & DIFF_FORWARD, 0);
    }
}
END_TEST

START_TEST(the_order_of_members_is_no_content)
{
    const struct edit edits[EDITS_MAX] = {
        {"orders.yaml", "          orderId: {type: string}\n          total:", "          total:"},
        {"orders.yaml", "          note:", "          orderId: {type: string}\n          note:"}};
    compare(edits, false, &(struct document_diff_options){0});
    ck_assert_msg(find(P31, "orders OrderPlaced", "order") != NULL, "%s", all_findings());
    for (size_t i = 0; i < diff.count; i++) {
        ck_assert_msg(diff.items[i].level == DIFF_OK && !diff.items[i].is_error, "%s",
                      all_findings());
    }
}
END_TEST

START_TEST(two_files_are_versions_of_one_service_whatever_they_are_called)
{
    const struct edit edits[EDITS_MAX] = {
        {"jobs.yaml", "id: {type: string}", "id: {type: integer}"}};
    make_folder(edits);
    AUTO(free_text) char *from = xasprintf("%s/jobs.yaml", folder);
    AUTO(free_text) char *to = xasprintf("%s/orders.yaml", folder);
    ck_assert_int_eq(rename(from, to), 0);
    load(&old, SHOP "/jobs.yaml");
    load(&new, to);
    document_diff(&diff, &old, &new, &(struct document_diff_options){0});
    remove_folder();
    ck_assert_msg(find(P11, "orders JobWanted", NULL) != NULL, "%s", all_findings());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff of contracts");
    TCase *tcase = tcase_create("diff of contracts");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, each_change_is_told_with_its_level_and_sides, 0, COUNT_OF(changes));
    tcase_add_loop_test(tcase, swapping_the_versions_swaps_the_sides, 0, COUNT_OF(changes));
    tcase_add_loop_test(tcase, what_is_changed_along_is_as_much_when_it_is_changed_back, 0,
                        COUNT_OF(changes));
    tcase_add_test(tcase, words_about_servers_are_no_change);
    tcase_add_test(tcase, a_service_that_was_renamed_is_told_so_and_compared);
    tcase_add_test(tcase, a_new_name_alone_needs_no_new_version);
    tcase_add_test(tcase, an_id_outlives_name_and_messages);
    tcase_add_test(tcase, another_service_in_its_place_is_no_rename);
    tcase_add_loop_test(tcase, contracts_do_not_differ_from_themselves, 0, 2);
    tcase_add_test(tcase, a_consumer_that_takes_more_breaks_nobody);
    tcase_add_test(tcase, what_did_not_fit_before_is_no_finding_of_a_change);
    tcase_add_test(tcase, every_rule_of_contracts_has_a_case);
    tcase_add_test(tcase, a_kept_version_is_asked_only_whether_its_events_can_be_read);
    tcase_add_test(tcase, the_order_of_members_is_no_content);
    tcase_add_test(tcase, two_files_are_versions_of_one_service_whatever_they_are_called);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
