/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/generate/generate.h"
#include "contracts/model.h"
#include "core/buffer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A small correct contract (shop/shop.yaml), and what one wrong edit in it leads to. */

static char *folder;
static struct contract_set set;

static void setup(void)
{
    const char *temporary = getenv("TMPDIR");
    folder = xasprintf("%s/contracts-XXXXXX", temporary != NULL ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
    contract_set_done(&set);
    AUTO(free_text) char *path = xasprintf("%s/shop.yaml", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    free(take(folder));
}

static void read_fixture(struct buffer *out)
{
    enum { ROOM = 65536 };
    FILE *file = fopen(FIXTURE, "re");
    ck_assert_ptr_nonnull(file);
    buffer_grow(out, fread(buffer_reserve(out, ROOM), 1, ROOM, file));
    (void)fclose(file);
}

/* Writes the fixture with the first `from` replaced by `to`, loads it and asks for C. */
static void load_edited(const char *from, const char *to)
{
    AUTO(buffer_done) struct buffer text = {0};
    read_fixture(&text);
    const char *start = buffer_cstr(&text);
    const char *at = strstr(start, from);
    ck_assert_msg(at != NULL, "the fixture has no \"%s\"", from);

    AUTO(free_text) char *path = xasprintf("%s/shop.yaml", folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fprintf(file, "%.*s%s%s", (int)(at - start), start, to, at + strlen(from));
    ck_assert_int_eq(fclose(file), 0);

    struct fault fault = {0};
    if (contract_set_load(&set, folder, &fault) == OK) {
        struct generation generation;
        generation_prepare(&generation, &set, &set.services[0]);
        generation_done(&generation);
    }
}

static const struct {
    const char *from;
    const char *to;
    int line, column;
    const char *says;
} edits[] = {
    {"asyncapi: 3.0.0", "asyncapi: 2.6.0", 1, 11, "AsyncAPI must be 3.0 or 3.1"},
    {"asyncapi: 3.0.0", "x-version: 3.0.0", 1, 1, "the member asyncapi is missing"},
    {"  thingSold:\n", "  thingSold:\n    address: a\n", 6, 5,
     "the key \"address\" is already there"},
    {"shop.thing-sold.v1", "shop.thing-sold", 5, 14, "the address must be shop.<fact>.v<major>"},
    {"shop.thing-sold.v1", "shop.thingSold.v1", 5, 14, "the address must be"},
    {"shop.thing-sold.v1", "mall.thing-sold.v1", 5, 14, "the address must be"},
    {"name: shop.events", "name: mall.events", 7, 49, "the exchange must be named shop.events"},
    {"type: topic", "type: fanout", 7, 49, "of type topic and durable"},
    {"is: routingKey", "is: queue", 7, 22, "is: routingKey"},
    {"#/components/messages/ThingSold", "#/components/messages/ThingBought", 6, 34,
     "leads nowhere from \"#/components/messages/ThingBought\" on"},
    {"{$ref: '#/channels/thingSold'}", "{$ref: './mall.yaml#/channels/x'}", 11, 21,
     "names no readable file"},
    {"{$ref: '#/channels/thingSold'}", "{$ref: 'https://example.org/x'}", 11, 21,
     "must be relative to this file"},
    {"{$ref: '#/channels/thingSold'}", "{$ref: '#/operations/sayThingSold/channel'}", 11, 21,
     "leads in a circle"},
    {"[{$ref: '#/channels/thingSold/messages/ThingSold'}]", "[]", 12, 15,
     "messages must be a list of references"},
    {"[{$ref: '#/channels/thingSold/messages/ThingSold'}]", "[{$ref: '#/channels/thingSold'}]", 12,
     15, "names no message of its channel"},
    {"action: send", "action: publish", 10, 13, "action must be send or receive"},
    {"x-outcomes: [ThingSold]", "x-outcomes: [ThingBroken]", 17, 18,
     "x-outcomes names what shop does not send"},
    {"x-outcomes: [ThingSold]", "x-outcomes: ThingSold", 17, 17, "x-outcomes must be a list"},
    {"x-outcomes: [", "x-saga: [upgrade]\n    x-outcomes: [", 17, 13, "x-saga must be a string"},
    {"x-outcomes: [", "x-compensates: 7\n    x-outcomes: [", 17, 20,
     "x-compensates must be a string"},
    {"x-outcomes: [", "x-deadLetter: mall.dlq\n    x-outcomes: [", 17, 19,
     "x-deadLetter cannot be chosen"},
    {"{attempts: 3, base: 1s, max: 2m}", "3", 18, 14, "x-retry must be a map"},
    {"x-retry: {", "x-compensates: nobody\n    x-retry: {", 18, 20,
     "x-compensates names no operation"},
    {"attempts: 3", "attempts: never", 18, 25, "attempts must be an integer from 1 to 1000"},
    {"base: 1s", "base: 1 second", 18, 34, "base must be a duration"},
    {"base: 1s", "base: 10m", 18, 14, "base is longer than max"},
    {"base: 1s", "wait: 1s", 18, 34, "x-retry knows attempts, base and max"},
    {"name: ThingSold", "name: thing.sold", 22, 13, "an event's name is written InThisWay"},
    {"x-subject: thingId", "x-subject: kind", 23, 18, "x-subject must name a property"},
    {"x-subject: thingId", "x-other: thingId", 22, 7, "x-subject is missing"},
    {"[thingId, kind]", "[kind]", 23, 18, "always there"},
    {"[thingId, kind]", "[thingId, size]", 26, 29, "required names \"size\""},
    {"{type: string, format: uuid}", "{type: string, format: ipv4}", 28, 43,
     "the format \"ipv4\" of a string does not map to C"},
    {"enum: [big, small]", "oneOf: [{type: string}]", 29, 32,
     "the keyword \"oneOf\" does not map to C"},
    {"enum: [big, small]", "maxlength: 3", 29, 32, "the keyword \"maxlength\" does not map to C"},
    {"enum: [big, small]", "enum: [1, small]", 29, 39, "an enum of C needs strings"},
    {"enum: [big, small]", "enum: [big, Big]", 29, 17, "give the same C name"},
    {"maximum: 99.5", "multipleOf: 0.5", 30, 54, "the keyword \"multipleOf\""},
    {"maximum: 99.5", "maximum: -1", 30, 18, "the lower bound is above the upper one"},
    {"maximum: 99.5", "maximum: high", 30, 63, "maximum must be a number"},
    {"maxLength: 20", "pattern: a++", 31, 51,
     "pattern a++: there is nothing to repeat, at character 3"},
    {"maxLength: 20", "minimum: 20", 31, 42, "minimum does not apply to this type"},
    {"maxLength: 20", "maxLength: -1", 31, 53, "must be an integer that is not negative"},
    {"type: [string, 'null']", "type: [string, integer]", 31, 24, "one type and 'null'"},
    {"exclusiveMaximum: 10", "maximum: 9.5", 32, 64, "must be an integer of 64 bits"},
    {"count: {", "'for': {", 32, 11, "\"for\" gives no C name"},
    {"count: {", "note_count: {", 32, 11, "collide as members of a C struct"},
    {"type: array\n", "type: array\n            uniqueItems: true\n", 36, 13,
     "the keyword \"uniqueItems\""},
    {"required: [label]", "additionalProperties: false", 38, 37,
     "additionalProperties can only be true"},
    {"label: {type: string, pattern: '^[a-z]+$'}",
     "label: {$ref: '#/components/messages/ThingSold/payload'}", 40, 24,
     "the schema contains itself"},
    {"isGift: {type: boolean}", "isGift: {description: what is it}", 44, 19,
     "a schema needs a type"},
    {"examples:\n        -", "examples: []\n      x-old:\n        -", 22, 7,
     "an example is missing"},
    {"payload: {thingId: 01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b, kind: big}", "name: empty", 50, 11,
     "the example has no payload"},
};

START_TEST(a_wrong_contract_is_refused_with_line_and_column)
{
    load_edited(edits[_i].from, edits[_i].to);
    const struct findings *findings = &set.asyncapi.documents.findings;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (strstr(finding->text, edits[_i].says) != NULL &&
            finding->place.line == edits[_i].line && finding->place.column == edits[_i].column) {
            return;
        }
    }
    findings_print(findings, stderr);
    ck_abort_msg("not found: %d:%d: %s", edits[_i].line, edits[_i].column, edits[_i].says);
}
END_TEST

static const char *const taken_names[] = {
    "operator", "audit", "deploy",  "quadrille_audit", "postgres",   "public",
    "none",     "amq",   "pg_dump", "billing_owner",   "publishers", "consumers",
};

START_TEST(a_name_that_is_taken_is_refused)
{
    AUTO(buffer_done) struct buffer text = {0};
    read_fixture(&text);
    AUTO(free_text) char *path = xasprintf("%s/%s.yaml", folder, taken_names[_i]);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(buffer_cstr(&text), file), 0);
    ck_assert_int_eq(fclose(file), 0);
    struct fault fault = {0};
    ck_assert_int_eq(contract_set_load(&set, folder, &fault), REJECT);
    ck_assert_msg(strstr(fault.text, "no service can be called") != NULL, "%s", fault.text);
    (void)unlink(path);
}
END_TEST

START_TEST(a_service_cannot_send_what_another_owns)
{
    AUTO(free_text) char *path = xasprintf("%s/mall.yaml", folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fputs("asyncapi: 3.0.0\n"
                "info: {title: Mall, version: 1.0.0}\n"
                "channels: {sold: {$ref: './shop.yaml#/channels/thingSold'}}\n"
                "operations: {say: {action: send, channel: {$ref: '#/channels/sold'}}}\n",
                file);
    ck_assert_int_eq(fclose(file), 0);
    load_edited("title: Shop", "title: Shop");
    (void)unlink(path);
    ck_assert_uint_eq(set.asyncapi.documents.findings.count, 1);
    ck_assert_str_eq(set.asyncapi.documents.findings.items[0].text,
                     "mall cannot send what shop owns");
}
END_TEST

START_TEST(all_findings_are_collected)
{
    load_edited("is: routingKey, exchange: {name: shop.events, type: topic, durable: true}",
                "is: queue, exchange: {name: x, type: fanout}");
    ck_assert_uint_eq(set.asyncapi.documents.findings.count, 3);
}
END_TEST

/* A schema of eight references to a schema of eight references …: a small text, 8^14 schemas. */
START_TEST(references_that_multiply_have_an_end)
{
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, "    Level14: {type: string}\n");
    for (int level = 0; level < 14; level++) {
        buffer_printf(&text, "    Level%d:\n      type: object\n      properties:\n", level);
        for (int i = 0; i < 8; i++) {
            buffer_printf(&text, "        p%d: {$ref: '#/components/schemas/Level%d'}\n", i,
                          level + 1);
        }
    }
    buffer_text(&text, "    PostalAddress: {$ref: '#/components/schemas/Level0'}\n    Old:\n");
    load_edited("    PostalAddress:\n", buffer_cstr(&text));
    const struct findings *findings = &set.asyncapi.documents.findings;
    ck_assert_uint_ge(findings->count, 1);
    ck_assert_str_eq(findings->items[0].text,
                     "more than 100000 schemas: references multiply each other");
}
END_TEST

START_TEST(the_fixture_itself_is_correct)
{
    load_edited("title: Shop", "title: Shop");
    findings_print(&set.asyncapi.documents.findings, stderr);
    ck_assert_uint_eq(set.asyncapi.documents.findings.count, 0);
    const struct model_operation *receive = &set.services[0].receives[0];
    ck_assert_int_eq(receive->retry.attempts, 3);
    ck_assert_int_eq(receive->retry.base_ms, 1000);
    ck_assert_int_eq(receive->retry.max_ms, 120000);
    const struct schema *payload = receive->messages[0]->payload;
    const struct schema *count = schema_find(payload, "count")->schema;
    ck_assert_int_eq(count->min, 1);
    ck_assert_int_eq(count->max, 9);
    ck_assert(schema_find(payload, "price")->schema->exclusive_min);
    ck_assert(schema_find(payload, "note")->schema->nullable);
}
END_TEST

/* The six receives that nothing else ends (and no seventh). History never gives up any. */
START_TEST(six_receives_of_the_company_never_give_up)
{
    static const char *const endless[] = {
        "billing/PremiumActivationFailed", "billing/PremiumRevoked",
        "coaching/PremiumRevoked",         "subscription/PaymentRefunded",
        "subscription/PaymentVoided",      "subscription/PlanWithdrawn",
    };
    struct fault fault = {0};
    ck_assert_msg(contract_set_load(&set, CONTRACTS, &fault) == OK, "%s", fault.text);
    size_t found = 0;
    for (size_t i = 0; i < set.service_count; i++) {
        const struct model_service *service = &set.services[i];
        for (size_t j = 0; j < service->receive_count; j++) {
            bool is_endless = service->receives[j].retry.attempts == ATTEMPTS_UNLIMITED;
            ck_assert(is_endless || !service->hears_all);
            if (!is_endless || service->hears_all) {
                continue;
            }
            AUTO(free_text)
            char *name = xasprintf("%s/%s", service->name, service->receives[j].messages[0]->name);
            ck_assert_uint_lt(found, COUNT_OF(endless));
            ck_assert_str_eq(name, endless[found++]);
        }
    }
    ck_assert_uint_eq(found, COUNT_OF(endless));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("model");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_wrong_contract_is_refused_with_line_and_column, 0,
                        COUNT_OF(edits));
    tcase_add_loop_test(tcase, a_name_that_is_taken_is_refused, 0, COUNT_OF(taken_names));
    tcase_add_test(tcase, a_service_cannot_send_what_another_owns);
    tcase_add_test(tcase, all_findings_are_collected);
    tcase_add_test(tcase, references_that_multiply_have_an_end);
    tcase_add_test(tcase, the_fixture_itself_is_correct);
    tcase_add_test(tcase, six_receives_of_the_company_never_give_up);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
