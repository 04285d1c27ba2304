/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/lint/lint.h"
#include "core/buffer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Correct documents of others (tests/contract/foreign), and what one wrong edit in one leads to. */

static char *folder;
static struct asyncapi set;
static struct lint lint;

static void setup(void)
{
    const char *temporary = getenv("TMPDIR");
    folder = xasprintf("%s/structure-XXXXXX", temporary != NULL ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
    lint_done(&lint);
    asyncapi_done(&set);
    static const char *const names[] = {"edited.yaml", "edited.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(free_text) char *path = xasprintf("%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    free(take(folder));
}

static void read_file(const char *name, struct buffer *out)
{
    enum { ROOM = 65536 };
    AUTO(free_text) char *path = xasprintf(FOREIGN "/%s", name);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    buffer_grow(out, fread(buffer_reserve(out, ROOM), 1, ROOM, file));
    (void)fclose(file);
}

static void judge(const char *path)
{
    struct fault fault = {0};
    const char *const paths[] = {path};
    ck_assert_msg(asyncapi_load(&set, paths, 1, &fault) == OK, "%s", fault.text);
    lint_run(&lint, &set);
}

static void judge_text(const char *text, const char *suffix)
{
    AUTO(free_text) char *path = xasprintf("%s/edited%s", folder, suffix);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    judge(path);
}

/* Judges the document with the first `from` replaced by `to`; returns the line of the edit. */
static int judge_edited(const char *name, const char *from, const char *to)
{
    AUTO(buffer_done) struct buffer text = {0};
    read_file(name, &text);
    const char *start = buffer_cstr(&text);
    const char *at = strstr(start, from);
    ck_assert_msg(at != NULL, "%s has no \"%s\"", name, from);
    int line = 1;
    for (const char *byte = start; byte < at; byte++) {
        line += *byte == '\n' ? 1 : 0;
    }
    AUTO(free_text)
    char *edited = xasprintf("%.*s%s%s", (int)(at - start), start, to, at + strlen(from));
    judge_text(edited, strrchr(name, '.'));
    return line;
}

static const struct lint_finding *next_structure(size_t *at)
{
    while (*at < lint.count) {
        const struct lint_finding *finding = &lint.findings[(*at)++];
        if (finding->rule->family == LINT_STRUCTURE) {
            return finding;
        }
    }
    return NULL;
}

static const char parcels[] = "parcels-kafka.yaml";
static const char warehouse[] = "warehouse-amqp.yaml";
static const char chat[] = "chat-websocket.json";
static const char greenhouse[] = "greenhouse-mqtt.yml";
static const char avro[] = "telemetry-avro.yaml";

#define NAME_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define NAME_256 NAME_64 NAME_64 NAME_64 NAME_64

/* clang-format off */
static const struct {
    const char *file, *from, *to;
    const char *rule;
    const char *says;
} edits[] = {
    {parcels, "asyncapi: 3.0.0", "asyncapi: 2.6.0", "unsupported-version", "convert the document first"},
    {parcels, "asyncapi: 3.0.0", "asyncapi: 3.2.0", "unsupported-version", "must be 3.0.0 or 3.1.0"},
    {parcels, "asyncapi: 3.0.0", "asyncapi: 3.0", "unsupported-version", "must be 3.0.0 or 3.1.0"},
    {parcels, "asyncapi: 3.0.0", "asyncapi: '3.0.'", "unsupported-version", "must be 3.0.0 or 3.1.0"},
    {parcels, "id: urn:org:example:parcels", "id: parcels", "bad-value", "id must be an absolute URI"},
    {parcels, "  title: Parcels\n", "", "missing-required", "an Info Object needs the member \"title\""},
    {parcels, "version: 2.4.1", "version: 2.4", "wrong-type", "version must be a string, not a number"},
    {parcels, "version: 2.4.1", "version:", "wrong-type", "version must be a string and is empty"},
    {parcels, "termsOfService: https:", "termOfService: https:", "unknown-key", "did you mean \"termsOfService\"?"},
    {parcels, "termsOfService: https://example.org/terms", "termsOfService: terms.html", "bad-value", "an absolute URI"},
    {parcels, "email: parcels@example.org", "email: parcels", "bad-value", "an email address"},
    {parcels, "contact: {", "contact: [{", "unreadable", "not YAML"},
    {parcels, "license: {name: MIT,", "license: {", "missing-required", "a License Object needs the member \"name\""},
    {parcels, "- name: logistics", "- title: logistics", "unknown-key", "a Tag Object has no member \"title\""},
    {parcels, "- name: logistics", "- name: public", "duplicate-tag", "\"public\" is already there"},
    {parcels, "#/components/tags/public", "#/components/tags/privat", "dangling-reference", "leads nowhere"},
    {parcels, "- $ref: '#/components/tags/public'", "- {$ref: '#/components/tags/public', description: Ours}", "reference-siblings", "\"description\" beside $ref is ignored"},
    {parcels, "x-audience", "audience", "unknown-key", "remove it, or let its name begin with x-"},
    {parcels, "defaultContentType: application/json", "defaultContentType: [application/json]", "wrong-type", "must be a string, not a list"},
    {parcels, "    protocol: kafka-secure\n", "", "missing-required", "a Server Object needs the member \"protocol\""},
    {parcels, "host: '{region}", "url: '{region}", "unknown-key", "since AsyncAPI 3 it is host and pathname"},
    {parcels, "protocolVersion: '3.6'", "protocolVersion: 3.6", "wrong-type", "must be a string, not a number"},
    {parcels, "enum: [east, west]", "enum: [east, east]", "duplicate-entry", "\"east\" is already there"},
    {parcels, "default: '9093'", "default: 9093", "wrong-type", "default must be a string, not an integer"},
    {parcels, "type: X509", "type: X508", "bad-value", "did you mean \"X509\"?"},
    {parcels, "type: scramSha512", "scheme: x", "missing-required", "needs the member \"type\""},
    {parcels, "type: scramSha512", "type: http", "missing-required", "needs the member \"scheme\""},
    {parcels, "type: scramSha512, ", "type: scramSha512, in: user, ", "unknown-key", "has no member \"in\""},
    {parcels, "schemaRegistryVendor", "anythingElse", "unknown-key", "a Kafka Server Binding Object has no member"},
    {parcels, "schemaRegistryVendor: confluent\n        bindingVersion: 0.5.0", "bindingVersion: 9.9.9", "bad-value", "it is one of 0.5.0"},
    {parcels, "cleanup.policy: [delete]", "cleanup.policy: [remove]", "bad-value", "it is one of compact, delete"},
    {parcels, "retention.ms: 604800000", "local.retention.ms: 1", NULL, NULL},
    {parcels, "partitions: 12", "partitions: 0", "bad-value", "more than 0"},
    {parcels, "groupId: {type: string,", "groupId: {type: text,", "bad-value", "type cannot be \"text\""},
    {parcels, "      kafka:\n        topic:", "      solace:\n        anything:", NULL, NULL},
    {parcels, "      kafka:\n        schemaRegistryUrl", "      kafla:\n        schemaRegistryUrl", "unknown-key", "did you mean \"kafka\"?"},
    {parcels, "address: parcels.{region}.scanned", "address: 7", "wrong-type", "address must be a string or null, not an integer"},
    {parcels, "address: parcels.position", "publish: {}\n    address: parcels.position", "unknown-key", "an operation stands in operations"},
    {parcels, "- $ref: '#/servers/test'", "- $ref: '#/servers/production'", "duplicate-entry", "is already there"},
    {parcels, "- $ref: '#/servers/test'", "- test", "reference-required", "an entry must be a reference"},
    {parcels, "region: {$ref: '#/components/parameters/region'}", "region: {schema: {type: string}}", "unknown-key", "enum, default and examples"},
    {parcels, "location: $message.payload#/region", "location: $message.body#/region", "bad-value", "a runtime expression"},
    {parcels, "location: $message.header#/trace", "location: $message.header", "bad-value", "a runtime expression"},
    {parcels, "location: $message.header#/trace", "location: $message.header#/a~2", "bad-value", "a runtime expression"},
    {parcels, "location: $message.header#/trace", "location: $message.header#trace", "bad-value", "a runtime expression"},
    {parcels, "action: receive", "action: recieve", "bad-value", "did you mean \"receive\"?"},
    {parcels, "    action: receive\n", "", "missing-required", "an Operation Object needs the member \"action\""},
    {parcels, "channel: {$ref: '#/channels/scanned'}", "channel: '#/channels/scanned'", "reference-required", "channel must be a reference"},
    {parcels, "channel: {$ref: '#/channels/position'}", "channel: {$ref: '#/operations/hearScans'}", "reference-kind", "a Channel Object is wanted here"},
    {parcels, "#/channels/scanned/messages/scanned", "#/channels/position/messages/position", "operation-message-reference", "is no message of the operation's channel"},
    {parcels, "traits:\n      - $ref: '#/components/operationTraits/grouped'", "traits:\n      - action: send", "unknown-key", "an Operation Trait Object has no member"},
    {parcels, "    public: {name: public", "    'very public': {name: public", "bad-component-key", "\"very public\""},
    {parcels, "operationTraits:\n", "operationTrait:\n", "unknown-key", "did you mean \"operationTraits\"?"},
    {parcels, "traits: [{$ref: '#/components/messageTraits/traced'}]", "traits: [{payload: {}}]", "unknown-key", "a trait cannot say what a message carries"},
    {parcels, "traits: [{$ref: '#/components/messageTraits/traced'}]", "traits: {$ref: '#/components/messageTraits/traced'}", "wrong-type", "traits must be a list, not a map"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: '#/components/schemas/scan', title: Scan}", NULL, NULL},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: '#/components/schemas/scan', type: object}", "reference-siblings", "\"type\" beside $ref is ignored"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: 7}", "dangling-reference", "$ref must be a string"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: '#/components/messages/scanned'}", "reference-kind", "a Schema Object is wanted here"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: 'urn:scan'}", "reference-not-followed", "must be relative"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: scan", "wrong-type", "a Schema Object must be true or false or a map, not a string"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: false", NULL, NULL},
    {parcels, "deprecated: false", "deprecated: no", "wrong-type", "deprecated must be true or false, not a string"},
    {parcels, "headers: {trace: 0af7651916cd43dd8448eb211c80319c}\n          payload", "x-headers: 1\n          x-payload", "missing-required", "an example needs a payload, headers or both"},
    {parcels, "headers: {trace: 0af7651916cd43dd8448eb211c80319c}", "headers: text", "wrong-type", "headers must be a map"},
    {parcels, "minLength: 1,", "minLength: -1,", "bad-value", "minLength must be 0 or more"},
    {parcels, "minLength: 1,", "minLength: 1.0,", NULL, NULL},
    {parcels, "minLength: 1,", "minLength: 1.5,", "wrong-type", "minLength must be an integer, not a number"},
    {parcels, "exclusiveMinimum: 0,", "exclusiveMinimum: true,", "wrong-type", "must be a number, not a boolean"},
    {parcels, "exclusiveMinimum: 0,", "multipleOf: 0.0,", "bad-value", "multipleOf must be more than 0"},
    {parcels, "exclusiveMinimum: 0,", "multipleOf: 1e-999,", NULL, NULL},
    {parcels, "type: number", "type: numbr", "bad-value", "did you mean \"number\"?"},
    {parcels, "type: [string, 'null']", "type: [string, null]", "wrong-type", "write 'null' in quotes"},
    {parcels, "type: [string, 'null']", "type: [string, string]", "duplicate-entry", "\"string\" is already there"},
    {parcels, "type: [string, 'null']", "type: []", "bad-value", "at least one entry"},
    {parcels, "required: [kind, place]", "required: kind", "wrong-type", "required must be a list, not a string"},
    {parcels, "required: [kind, place]", "required: [kind, 7]", "wrong-type", "an entry must be a string"},
    {parcels, "additionalProperties: false", "additionalProperties: no", "wrong-type", "not a string"},
    {parcels, "place: {type: string}", "place: string", "wrong-type", "a Schema Object must be"},
    {parcels, "place: {type: string}", "place: {items: [{type: 7}]}", "wrong-type", "type must be a string or a list"},
    {parcels, "place: {type: string}", "place: {allOf: []}", "bad-value", "at least one entry"},
    {parcels, "place: {type: string}", "place: {dependencies: {a: [b], c: {type: x}}}", "bad-value", "type cannot be \"x\""},
    {parcels, "externalDocs: {url: 'https://example.org/scan'}", "externalDocs: {description: x}", "missing-required", "needs the member \"url\""},
    {parcels, "      properties:\n        kind: {const: seen}", "      properties: {$ref: '#/x'}\n      x-rest:\n        kind: {const: seen}", "reference-not-allowed", "properties cannot be a reference as a whole"},
    {parcels, "channel: {$ref: '#/channels/position'}", "channel: {$ref: 'https://example.org#/channels/position'}", "operation-channel-reference", "of the form #/channels/"},
    {parcels, "payload: {$ref: '#/components/schemas/scan'}", "payload: {$ref: ''}", "reference-kind", "is a whole AsyncAPI document"},
    {warehouse, "is: routingKey", "is: topic", "bad-value", "it is one of routingKey, queue"},
    {warehouse, "is: routingKey", "is: queue", "amqp-channel-parts", "needs the member \"queue\""},
    {warehouse, "is: queue", "is: routingKey", "amqp-channel-parts", "needs the member \"exchange\""},
    {warehouse, "{name: stock, type: topic, durable: true,", "{name: stock, type: topics, durable: true,", "bad-value", "did you mean \"topic\"?"},
    {warehouse, "{name: stock, type: topic, durable: true,", "{name: stock, type: topic, durabel: true,", "unknown-key", "did you mean \"durable\"?"},
    {warehouse, "durable: true, exclusive: false", "durable: 1, exclusive: false", "wrong-type", "durable must be true or false, not an integer"},
    {warehouse, "vhost: /warehouse}\n        bindingVersion: 0.3.0", "vhost: /warehouse}\n        bindingVersion: 0.4.0", "bad-value", "0.3.0, 0.2.0 or 0.1.0"},
    {warehouse, "name: pick, durable", "name: " NAME_256 ", durable", "bad-value", "at most 255 bytes long"},
    {warehouse, "deliveryMode: 2", "deliveryMode: 3", "bad-value", "it is one of 1, 2"},
    {warehouse, "expiration: 100000", "expiration: -1", "bad-value", "0 or more"},
    {warehouse, "cc: [stock.audit]", "cc: stock.audit", "wrong-type", "cc must be a list"},
    {warehouse, "ack: false\n        bindingVersion: 0.3.0", "ack: false\n        replyTo: x\n        bindingVersion: 0.3.0", "unknown-key", "it is the operation's reply"},
    {warehouse, "ack: false\n        bindingVersion: 0.3.0", "ack: false\n        replyTo: x\n        bindingVersion: 0.2.0", NULL, NULL},
    {warehouse, "contentEncoding: gzip", "contentEncodng: gzip", "unknown-key", "did you mean \"contentEncoding\"?"},
    {warehouse, "location: $message.header#/reply_to", "location: reply_to", "bad-value", "a runtime expression"},
    {warehouse, "channel: {$ref: '#/channels/picked'}\n", "x-channel: 1\n", "reply-message-reference", "needs a channel"},
    {warehouse, "address: null", "address: picked", "reply-address", "let the channel's address be null"},
    {warehouse, "because: {$ref: '#/components/schemas/Change'}", "because: {$ref: '#/components/schemas/Change/properties/because'}", "reference-circular", "in a circle"},
    {chat, "\"type\": \"httpApiKey\", \"name\": \"key\",", "\"type\": \"httpApiKey\",", "missing-required", "needs the member \"name\""},
    {chat, "\"in\": \"query\"", "\"in\": \"body\"", "bad-value", "it is one of query, header, cookie"},
    {chat, "\"implicit\": {\"authorizationUrl\"", "\"implicit\": {\"tokenUrl\"", "missing-required", "needs the member \"authorizationUrl\""},
    {chat, "{\"authorizationUrl\": \"https://id.example.org/auth\", \"availableScopes\"", "{\"authorizationUrl\": \"/auth\", \"availableScopes\"", "bad-value", "an absolute URI"},
    {chat, "{\"chat\": \"May chat\"}", "{\"chat\": 1}", "wrong-type", "chat must be a string"},
    {chat, "\"openIdConnectUrl\": ", "\"openIdUrl\": ", "missing-required", "openIdConnectUrl"},
    {chat, "\"method\": \"GET\"", "\"method\": \"PUT\"", "bad-value", "it is one of GET, POST"},
    {chat, "\"scopes\": [\"chat\"]},", "\"scopes\": [1]},", "wrong-type", "an entry must be a string"},
    {chat, "\"version\": \"0.1.0-beta.2\",", "\"version\": \"0.1.0-beta.2\", \"version\": \"2\",", "unreadable", "is already there"},
    {chat, "{\"$ref\": \"#/channels/room/messages/answer\"}", "{\"$ref\": \"#/components/messages/answer\"}", "dangling-reference", "leads nowhere"},
    {greenhouse, "qos: 1", "qos: 3", "bad-value", "it is one of 0, 1, 2"},
    {greenhouse, "qos: 1", "messageExpiryInterval: {minimum: a}", "wrong-type", "minimum must be a number"},
    {greenhouse, "qos: 1", "messageExpiryInterval: 10", NULL, NULL},
    {avro, "schemaFormat: application/vnd.apache.avro+yaml;version=1.9.0\n", "x-format: 1\n", "missing-required", "needs the member \"schemaFormat\""},
    {avro, "type: record", "type: anything", NULL, NULL},
    {avro, "discriminator: kind", "discriminator: {propertyName: kind}", "wrong-type", "discriminator must be a string, not a map"},
    {avro, "schema: {type: object, required", "schema: {type: objekt, required", "bad-value", "did you mean \"object\"?"},
};
/* clang-format on */

/* The first finding is the one that was asked for; it stands at the edit or where the edit leads
 * to. */
START_TEST(one_wrong_edit_is_found_by_its_rule)
{
    (void)judge_edited(edits[_i].file, edits[_i].from, edits[_i].to);
    size_t at = 0;
    bool found = false;
    const struct lint_finding *finding = NULL;
    while ((finding = next_structure(&at)) != NULL) {
        ck_assert_msg(edits[_i].rule != NULL, "%s: %s", finding->rule->id, finding->text);
        found |= strcmp(finding->rule->id, edits[_i].rule) == 0 &&
                 strstr(finding->text, edits[_i].says) != NULL;
    }
    at = 0;
    finding = next_structure(&at);
    ck_assert_msg(found || edits[_i].rule == NULL, "%s", finding != NULL ? finding->text : "none");
}
END_TEST

START_TEST(a_finding_stands_at_the_edit)
{
    static const struct {
        const char *from, *to;
        int column;
    } places[] = {
        {"name: logistics", "nam: logistics", 7},
        {"enum: [east, west]", "enum: [7, west]", 16},
        {"host: 'localhost:9092', ", "", 3},
    };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        int line = judge_edited(parcels, places[i].from, places[i].to);
        size_t at = 0;
        const struct lint_finding *finding = next_structure(&at);
        ck_assert_ptr_nonnull(finding);
        ck_assert_int_eq(finding->place.line, line);
        ck_assert_msg(finding->place.column == places[i].column, "%zu: column %d", i,
                      finding->place.column);
        lint_done(&lint);
        asyncapi_done(&set);
    }
}
END_TEST

static const char *const foreign[] = {
    "parcels-kafka.yaml",
    "warehouse-amqp.yaml",
    "chat-websocket.json",
    "greenhouse-mqtt.yml",
    "telemetry-avro.yaml",
    "orders",
    "bakery",
};

START_TEST(correct_documents_of_others_have_no_error)
{
    AUTO(free_text) char *path = xasprintf(FOREIGN "/%s", foreign[_i]);
    judge(path);
    for (size_t i = 0; i < lint.count; i++) {
        const struct lint_finding *finding = &lint.findings[i];
        ck_assert_msg(finding->severity != LINT_ERROR && finding->rule->family != LINT_STRUCTURE,
                      "%s:%d: %s [%s]", finding->place.path, finding->place.line, finding->text,
                      finding->rule->id);
    }
}
END_TEST

/* A reference to a reference to … , each inside of a schema: no stack holds a frame for each. */
START_TEST(a_long_chain_of_references_ends)
{
    enum { LINKS = 40000 };
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, "asyncapi: 3.0.0\ninfo: {title: Chain, version: 1.0.0}\n"
                       "components:\n  schemas:\n");
    for (int i = 0; i < LINKS; i++) {
        buffer_printf(&text, "    s%d: {items: {$ref: '#/components/schemas/s%d'}}\n", i,
                      (i + 1) % LINKS);
    }
    judge_text(buffer_cstr(&text), ".yaml");
    size_t at = 0;
    const struct lint_finding *finding = next_structure(&at);
    ck_assert_msg(finding == NULL, "%s", finding != NULL ? finding->text : "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("structure");
    TCase *tcase = tcase_create("structure");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, one_wrong_edit_is_found_by_its_rule, 0, COUNT_OF(edits));
    tcase_add_test(tcase, a_finding_stands_at_the_edit);
    tcase_add_loop_test(tcase, correct_documents_of_others_have_no_error, 0, COUNT_OF(foreign));
    tcase_add_test(tcase, a_long_chain_of_references_ends);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
