/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/check/address.h"
#include "contracts/check/check.h"
#include "contracts/check/wire.h"
#include "contracts/jsonschema/value.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/envelope.h"
#include "core/ids.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Contracts of others (check/ beside this file), and ours. */

static const int64_t DAY_MS = 86400000;

static struct asyncapi set;
static struct checker *checker;
static struct check_verdict verdict;

static void set_up(void)
{
    set = (struct asyncapi){0};
    checker = NULL;
    verdict = (struct check_verdict){0};
}

static void tear_down(void)
{
    check_verdict_done(&verdict);
    checker_free(checker);
    asyncapi_done(&set);
}

static const struct check_options as_receiver = {.max_errors = 20};
static const struct check_options as_sender = {.max_errors = 20, .is_sender = true};
static const struct check_options ours = {.max_errors = 20, .is_ours = true};
static const struct check_options ours_as_sender = {
    .max_errors = 20, .is_ours = true, .is_sender = true};

static void open_contracts(const struct check_options *options, const char *const *paths,
                           size_t count)
{
    struct fault fault = {0};
    ck_assert_msg(asyncapi_load(&set, paths, count, &fault) == OK, "%s", fault.text);
    ck_assert_uint_eq(set.documents.findings.count, 0);
    ck_assert_msg(checker_new(&set, options, &checker, &fault) == OK, "%s", fault.text);
}

static void open_shop(const struct check_options *options)
{
    open_contracts(options, (const char *const[]){FIXTURES "/shop.yaml", FIXTURES "/depot.yaml"},
                   2);
}

static void open_company(const struct check_options *options)
{
    open_contracts(options, (const char *const[]){CONTRACTS}, 1);
}

/* Verdicts as text */

static void write_errors(struct buffer *out, const struct check_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct check_error *error = &errors->items[i];
        buffer_printf(out, "%s %s: %s", check_part_name(error->part), error->instance, error->text);
        if (error->place.path != NULL) {
            const char *slash = strrchr(error->place.path, '/');
            buffer_printf(out, " (%s:%d #%s)", slash != NULL ? slash + 1 : error->place.path,
                          error->place.line, error->schema);
        }
        buffer_text(out, "; ");
    }
    if (errors->hidden > 0) {
        buffer_printf(out, "%zu more; ", errors->hidden);
    }
}

/* "ok shop.OrderPlaced", "bad shop.OrderPlaced payload /id: …; ", "bad ? message : …; not shop.X …"
 */
static char *verdict_text(void)
{
    struct buffer out = {0};
    buffer_printf(&out, "%s %s ",
                  verdict.is_unjudged  ? "unjudged"
                  : verdict.is_allowed ? "ok"
                                       : "bad",
                  verdict.label != NULL ? verdict.label : "?");
    write_errors(&out, &verdict.errors);
    for (size_t i = 0; i < verdict.candidate_count; i++) {
        buffer_printf(&out, "%s %s ", verdict.candidates[i].errors.count > 0 ? "not" : "maybe",
                      verdict.candidates[i].label);
        write_errors(&out, &verdict.candidates[i].errors);
    }
    if (verdict.candidates_hidden > 0) {
        buffer_printf(&out, "and %zu others ", verdict.candidates_hidden);
    }
    if (verdict.note != NULL) {
        buffer_printf(&out, "note: %s", verdict.note);
    }
    char *text = xstrdup(buffer_cstr(&out));
    buffer_done(&out);
    return text;
}

static void expect(const char *input, const char *begins, const char *says)
{
    AUTO(free_text) char *text = verdict_text();
    ck_assert_msg(strncmp(text, begins, strlen(begins)) == 0 && strstr(text, says) != NULL,
                  "%s\n  is judged: %s\n  not: %s … %s", input, text, begins, says);
}

/* Whole messages */

static struct json_object *parse(const char *json)
{
    struct json_object *value = NULL;
    struct fault fault = {0};
    ck_assert_msg(value_read(json, strlen(json), &value, &fault) == OK, "%s: %s", json, fault.text);
    return value;
}

static void judge_object(struct json_object *description)
{
    struct wire wire = {0};
    struct fault fault;
    if (wire_read(description, &wire, &fault) == OK) {
        checker_message(checker, &wire.message, clock_now_ms(), &verdict);
    } else {
        checker_refuse(&verdict, "%s", fault.text);
    }
    wire_done(&wire);
}

static void judge(const char *json)
{
    struct json_object *description = parse(json);
    judge_object(description);
    (void)json_object_put(description);
}

#define ID "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b"
#define ORDER "{'id':'" ID "','lines':[{'quantity':2}]}"
#define PLACED(properties, headers, body)                                                          \
    "{'exchange':'shop','routing_key':'shop.eu.order-placed','properties':{" properties            \
    "},'headers':{" headers "},'body':" body "}"
#define TYPE "'type':'order.placed'"
#define HEADERS "'tenant':'a','traceId':'t'"
#define CHANGED(body) "{'exchange':'shop','routing_key':'shop.orders.order-7','body':" body "}"
#define AT(exchange, key, rest) "{'exchange':'" exchange "','routing_key':'" key "'," rest "}"

struct wire_case {
    const char *json; /* with ' for " */
    const char *begins, *says;
};

/* clang-format off */
static const struct wire_case of_others[] = {
    {PLACED(TYPE, HEADERS, ORDER), "ok shop.OrderPlaced", ""},
    {PLACED("", HEADERS, ORDER), "bad shop.OrderPlaced", "properties /type: is missing, the AMQP binding says order.placed (shop.yaml:81 #/components/messages/OrderPlaced/bindings/amqp/messageType)"},
    {PLACED("'type':'order.other'", HEADERS, ORDER), "bad shop.OrderPlaced", "properties /type: is another, the AMQP binding says order.placed"},
    /* Headers, correlation, content type. */
    {PLACED(TYPE, "'traceId':'t'", ORDER), "bad shop.OrderPlaced headers : ", "\"tenant\""},
    {PLACED(TYPE, "'tenant':'A','traceId':'t'", ORDER), "bad shop.OrderPlaced headers /tenant: ", "(shop.yaml:87 #/components/messages/OrderPlaced/headers/properties/tenant/pattern)"},
    {PLACED(TYPE, HEADERS ",'priority':12", ORDER), "bad shop.OrderPlaced headers /priority: ", ""},
    {PLACED(TYPE, HEADERS ",'x-more':[1]", ORDER), "ok shop.OrderPlaced", ""},
    {PLACED(TYPE, "'tenant':'a'", ORDER), "bad shop.OrderPlaced headers /traceId: is missing: it is the correlation id (shop.yaml:82", ""},
    {PLACED(TYPE ",'content_type':'Application/JSON; charset=utf-8'", HEADERS, ORDER), "ok shop.OrderPlaced", ""},
    {PLACED(TYPE ",'content_type':'application/xml'", HEADERS, ORDER), "bad shop.OrderPlaced properties /content_type: must be application/json (shop.yaml:4 #/defaultContentType)", ""},
    /* Payload; the depot's copy of the channel has a word in it as well. */
    {PLACED(TYPE, HEADERS, "{'id':'x','lines':[{'quantity':0}]}"), "bad shop.OrderPlaced payload /id: ", "payload /lines/0/quantity: "},
    {PLACED(TYPE, HEADERS, "{'id':'" ID "','lines':[{'quantity':6}]}"), "bad shop.OrderPlaced payload /lines/0/quantity: ", "depot.yaml:20"},
    {PLACED(TYPE, HEADERS, "null"), "bad shop.OrderPlaced payload : ", "must be an object"},
    {PLACED(TYPE, HEADERS, "{'id':'" ID "','lines':[{'quantity':1e400}]}"), "bad shop.OrderPlaced payload /lines/0/quantity: ", ""},
    /* Where it was said. */
    {AT("shop", "shop.us.order-placed", "'properties':{" TYPE "},'headers':{" HEADERS "},'body':" ORDER), "ok shop.OrderPlaced", ""},
    {AT("shop", "shop.jp.order-placed", "'properties':{" TYPE "},'headers':{" HEADERS "},'body':" ORDER), "bad ? message : is no message of the contracts; not shop.OrderPlaced message /routing_key: belongs to routing key shop.{region}.order-placed (shop.yaml:8 #/channels/placed/address)", ""},
    {AT("shops", "shop.eu.order-placed", "'properties':{" TYPE "},'headers':{" HEADERS "},'body':" ORDER), "bad ? message : is no message of the contracts; not shop.OrderPlaced message /exchange: belongs to exchange shop (shop.yaml:", ""},
    {AT("nowhere", "nothing", "'body':1"), "bad ? message : is no message of the contracts; ", ""},
    {AT("", "depot.stock-counted", "'body':{}"), "ok depot.StockCounted", ""},
    {"{'routing_key':'depot.stock-counted','body':{'sku':1}}", "bad ? message : fits none of the 2 messages that it may be; not depot.StockCounted payload /sku: ", "not shop.Announced "},
    /* Several on one channel: told by their schemas, or by `type`. */
    {CHANGED("{'kind':'paid','cents':5}"), "ok shop.OrderPaid", ""},
    {CHANGED("{'kind':'shipped'}"), "ok shop.OrderShipped", ""},
    {CHANGED("{'kind':'shipped','parcels':['abc','abcde']}"), "bad ? message : fits none of the 2 messages that it may be; not shop.OrderShipped payload /parcels/1: ", "not shop.OrderPaid payload "},
    {AT("shop", "shop.orders.order-7", "'properties':{'type':'OrderPaid'},'body':{'kind':'shipped'}"), "bad shop.OrderPaid ", "payload /kind: "},
    {AT("shop", "shop.orders.order-", "'body':{'kind':'shipped'}"), "bad ? ", "belongs to routing key shop.orders.order-{orderId}"},
    {AT("shop", "shop.twins", "'body':{}"), "bad ? message : may be 2 messages", "maybe shop.Castor maybe shop.Pollux"},
    {AT("shop", "shop.twins", "'properties':{'type':'Pollux'},'body':{}"), "ok shop.Pollux", ""},
    {AT("shop", "shop.twins", "'body':[]"), "bad ? message : fits none of the 2", ""},
    /* One Message Object on two channels is one message. */
    {AT("depot", "depot.moved", "'body':{'shelf':1}"), "ok depot.Moved", ""},
    {AT("depot", "depot.moved", "'body':{'shelf':'a'}"), "bad depot.Moved payload /shelf: ", "depot.yaml:"},
    {"{'properties':{'type':'Moved'},'body':{'shelf':1}}", "ok depot.Moved", ""},
    /* No JSON. */
    {AT("shop.all", "whatever", "'payload':'hello'"), "ok shop.Announced", ""},
    {AT("shop.all", "", "'payload':'hello, everybody','payload_encoding':'string'"), "bad shop.Announced payload : ", "shop.yaml:49"},
    {AT("shop.all", "", "'body_base64':'/w=='"), "bad shop.Announced payload : is no UTF-8", ""},
    {AT("", "shop-jobs", "'body_base64':'AAEC'"), "ok shop.Job note: the payload's content type is neither JSON nor text", ""},
    {AT("shop", "shop-jobs", "'body_base64':'AAEC'"), "bad ? ", "not shop.Job message /exchange: its channel is a queue"},
    {AT("", "shop-job", "'body_base64':'AAEC'"), "bad ? message : is no message", ""},
    {AT("shop", "shop.records.a.b", "'body_base64':'AAEC'"), "ok shop.Record note: payload not judged: schemaFormat application/vnd.apache.avro;version=1.9.0", ""},
    {AT("shop", "shop.records", "'body':{}"), "ok shop.Record", ""},
    {AT("shop", "shop.packed.a", "'properties':{'content_encoding':'gzip'},'body_base64':'H4sI'"), "ok shop.Packed note: the payload is encoded, and was not decoded", ""},
    {AT("shop", "shop.packed.a", "'body':{}"), "bad shop.Packed properties /content_encoding: is missing, the AMQP binding says gzip", ""},
    /* Bodies. */
    {AT("shop", "shop.orders.order-7", "'body_base64':'eyJraW5kIjoic2hpcHBlZCJ9'"), "ok shop.OrderShipped", ""},
    {AT("shop", "shop.orders.order-7", "'body_base64':'eyJraW5kIjoic2hpcHBlZCJ'"), "bad ? input : body_base64 is no Base64", ""},
    {AT("shop", "shop.orders.order-7", "'body_base64':'AB=='"), "bad ? input : body_base64 is no Base64", ""},
    {AT("shop", "shop.orders.order-7", "'body_base64':7"), "bad ? input : body_base64 is no Base64", ""},
    {AT("shop", "shop.orders.order-7", "'payload':'eyJraW5kIjoic2hpcHBlZCJ9','payload_encoding':'base64'"), "ok shop.OrderShipped", ""},
    {AT("shop", "shop.orders.order-7", "'payload':'x','payload_encoding':'zip'"), "bad ? input : payload_encoding must be string or base64", ""},
    {AT("shop", "shop.orders.order-7", "'payload':{}"), "bad ? input : payload must be a string", ""},
    {AT("shop", "shop.orders.order-7", "'payload':'{'"), "bad ? message : fits none", "is not valid JSON"},
    {AT("shop", "shop.orders.order-7", "'payload':'{}','body':{}"), "bad ? input : exactly one of body, body_base64 and payload", ""},
    {AT("shop", "shop.orders.order-7", "'properties':{}"), "bad ? input : exactly one of body, body_base64 and payload", ""},
    /* Descriptions. */
    {AT("shop", "shop.refunds", "'properties':[],'body':{'refund':1}"), "ok shop.OrderPaid", ""},
    {AT("shop", "shop.refunds", "'properties':{'headers':{'a':1}},'payload':'{\\\"refund\\\":1}','payload_bytes':12,'redelivered':false,'message_count':0"), "ok shop.OrderPaid", ""},
    {AT("shop", "shop.refunds", "'properties':{'headers':{}},'headers':{},'body':1"), "bad ? input : headers are there twice", ""},
    {"{'exchang':'shop','body':1}", "bad ? input : the description has a member \"exchang\" that is not known; did you mean exchange?", ""},
    {"{'wholly':'shop','body':1}", "bad ? input : the description has a member \"wholly\" that is not known; --help tells", ""},
    {"{'properties':{'contenttype':'x'},'body':1}", "bad ? input : properties has a member \"contenttype\" that is not known; did you mean content_type?", ""},
    {"{'properties':{'priority':256},'body':1}", "bad ? input : priority must be an integer from 0 to 255", ""},
    {"{'properties':{'timestamp':'now'},'body':1}", "bad ? input : timestamp must be an integer", ""},
    {"{'properties':{'type':7},'body':1}", "bad ? input : type must be a string", ""},
    {"{'properties':{'type':'a\\u0000b'},'body':1}", "bad ? input : type must be a string of at most 255 bytes without NUL", ""},
    {"{'properties':7,'body':1}", "bad ? input : properties must be an object", ""},
    {"{'headers':'x','body':1}", "bad ? input : headers must be an object", ""},
    {"{'exchange':7,'body':1}", "bad ? input : exchange must be a string", ""},
    {"{'routing_key':null,'body':{}}", "bad ? message : may be ", "and 1 others"},
    {"7", "bad ? input : the description of a message must be an object", ""},
};
/* clang-format on */

static char *with_quotes(const char *text)
{
    char *copy = xstrdup(text);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '\'') {
            *at = '"';
        }
    }
    return copy;
}

START_TEST(a_message_of_others_is_found_and_judged)
{
    const struct wire_case *c = &of_others[_i];
    AUTO(free_text) char *json = with_quotes(c->json);
    open_shop(&as_receiver);
    judge(json);
    expect(json, c->begins, c->says);
}
END_TEST

/* Ours: one that is right in everything, changed in one place. */

#define OURS                                                                                       \
    "{'exchange':'billing.events','routing_key':'billing.payment-voided.v1','properties':{"        \
    "'content_type':'application/json','type':'PaymentVoided','app_id':'billing',"                 \
    "'user_id':'billing','message_id':'" ID "','correlation_id':'" ID "','delivery_mode':2,"       \
    "'timestamp':1795417682},'headers':{'cloudEvents_specversion':'1.0','cloudEvents_id':'" ID     \
    "','cloudEvents_type':'fit.billing.PaymentVoided.v1','cloudEvents_source':'/fit/billing',"     \
    "'cloudEvents_time':'2026-11-23T07:08:02.250Z','cloudEvents_subject':'" ID                     \
    "','cloudEvents_sequence':'1','cloudEvents_correlationid':'" ID "'},'body':{'upgradeId':'" ID  \
    "','userId':'" ID "','voidedAt':'2026-11-23T07:08:02.000Z'}}"
#define OTHER_ID "01938f60-4d10-7b8e-a2f3-000000000000"
#define BAD "bad billing.PaymentVoided "

static const struct change {
    const struct check_options *options;
    const char *part, *member; /* part NULL: of the description itself */
    const char *value;         /* JSON with '; NULL: removed */
    const char *begins, *says;
} changes[] = {
    /* clang-format off */
    {&ours, "headers", "x-more", "1", "ok billing.PaymentVoided", ""},
    {&ours_as_sender, "headers", "x-more", "1", "ok billing.PaymentVoided", ""},
    {&ours, "body", "more", "1", "ok billing.PaymentVoided", ""},
    {&ours_as_sender, "body", "more", "1", BAD "payload /more: ", ""},
    {&ours, "body", "voidedAt", NULL, BAD "payload : ", "voidedAt"},
    {&ours, "body", "userId", "'x'", BAD "payload /userId: ", "event.yaml"},
    {&ours, "headers", "cloudEvents_type", "'fit.billing.PaymentVoided.v2'", "bad ? message : is no message of the contracts; not billing.PaymentVoided headers /cloudEvents_type: is another than fit.billing.PaymentVoided.v1", ""},
    {&ours, "headers", "cloudEvents_type", "'fit.billing.PaymentFailed.v1'", "bad ? message : is no message of the contracts; not billing.PaymentFailed message /routing_key: belongs to routing key billing.payment-failed.v1", "not billing.PaymentVoided headers /cloudEvents_type: "},
    {&ours, "headers", "cloudEvents_type", "'fit.billing.PaymentVoided.v1\\u0000'", "bad ? message : is no message", "headers /cloudEvents_type: is another than fit.billing.PaymentVoided.v1"},
    {&ours, "headers", "cloudEvents_type", "7", "bad ? message : is no message", "headers /cloudEvents_type: "},
    {&ours, "headers", "cloudEvents_type", NULL, BAD "headers : ", "cloudEvents_type"},
    {&ours, "headers", "cloudEvents_id", "'" OTHER_ID "'", BAD "headers /cloudEvents_id: message_id and cloudEvents_id differ", ""},
    {&ours, "headers", "cloudEvents_source", "'/fit/coaching'", BAD "headers /cloudEvents_source: must be /fit/billing", ""},
    {&ours, "headers", "cloudEvents_source", "'billing'", BAD "headers /cloudEvents_source: must be /fit/billing", ""},
    {&ours, "headers", "cloudEvents_time", "'2026-11-23T07:08:03.250Z'", BAD "properties /timestamp: timestamp and cloudEvents_time differ", ""},
    {&ours, "headers", "cloudEvents_subject", "'" OTHER_ID "'", BAD "headers /cloudEvents_subject: cloudEvents_subject and the payload's upgradeId differ", "billing.yaml"},
    {&ours, "headers", "cloudEvents_correlationid", "'" OTHER_ID "'", BAD, "correlation_id and cloudEvents_correlationid differ"},
    {&ours, "headers", "cloudEvents_correlationid", "'" OTHER_ID "'", BAD, "cloudEvents_correlationid and the payload's upgradeId differ"},
    {&ours, "headers", "cloudEvents_correlationid", NULL, BAD, "is missing: it is the correlation id"},
    {&ours, "headers", "cloudEvents_sequence", "1", BAD "headers /cloudEvents_sequence: ", ""},
    {&ours, "headers", "cloudEvents_specversion", "'2.0'", BAD "headers /cloudEvents_specversion: ", ""},
    {&ours, "headers", "traceparent", "'00-1'", BAD "headers /traceparent: ", ""},
    {&ours, "properties", "message_id", "'7'", BAD "headers /cloudEvents_id: the event id (message_id or cloudEvents_id) must be a UUID of version 7", ""},
    {&ours, "properties", "message_id", NULL, "ok billing.PaymentVoided", ""},
    {&ours, "properties", "user_id", "'coaching'", BAD "properties /user_id: PaymentVoided may be said by user billing only, and user_id says otherwise", ""},
    {&ours, "properties", "user_id", NULL, BAD "properties /user_id: ", ""},
    {&ours, "properties", "type", "'PaymentDone'", BAD "properties /type: must be PaymentVoided", ""},
    {&ours, "properties", "type", NULL, "ok billing.PaymentVoided", ""},
    {&ours_as_sender, "properties", "type", NULL, BAD "properties /type: must be PaymentVoided", ""},
    {&ours, "properties", "app_id", "'coaching'", BAD "properties /app_id: must be billing", ""},
    {&ours_as_sender, "properties", "app_id", NULL, BAD "properties /app_id: must be billing", ""},
    {&ours, "properties", "content_type", "'text/json'", BAD "properties /content_type: must be application/json", ""},
    {&ours, "properties", "content_encoding", "'gzip'", BAD "properties /content_encoding: content_encoding must be absent or utf-8", ""},
    {&ours, NULL, "exchange", "'coaching.events'", "bad ? message : is no message of the contracts; not billing.PaymentVoided message /exchange: belongs to exchange billing.events", ""},
    {&ours, NULL, "routing_key", "'billing.payment-voided.v2'", "bad ? message : is no message of the contracts; not billing.PaymentVoided message /routing_key: belongs to", ""},
    {&ours, NULL, "exchange", NULL, "ok billing.PaymentVoided", ""},
    {&ours, NULL, "routing_key", NULL, "ok billing.PaymentVoided", ""},
    /* clang-format on */
};

static void change(struct json_object *description, const struct change *c)
{
    struct json_object *part = description;
    if (c->part != NULL) {
        ck_assert(json_object_object_get_ex(description, c->part, &part));
    }
    if (c->value == NULL) {
        json_object_object_del(part, c->member);
        return;
    }
    AUTO(free_text) char *json = with_quotes(c->value);
    (void)json_object_object_add(part, c->member, parse(json));
}

static struct json_object *parse_ours(void)
{
    AUTO(free_text) char *json = with_quotes(OURS);
    return parse(json);
}

START_TEST(an_event_of_ours_obeys_the_rules_of_the_wire)
{
    const struct change *c = &changes[_i];
    struct json_object *description = parse_ours();
    open_company(c->options);
    judge_object(description);
    expect("as it is", "ok billing.PaymentVoided", "");
    change(description, c);
    judge_object(description);
    expect(c->member, c->begins, c->says);
    (void)json_object_put(description);
}
END_TEST

START_TEST(an_id_of_tomorrow_is_refused)
{
    struct json_object *description = parse_ours();
    struct uuid id = ids_floor(clock_now_ms() + DAY_MS);
    char text[UUID_TEXT_BYTES];
    id.bytes[6] |= 0x70; /* version and variant */
    id.bytes[8] |= 0x80;
    AUTO(free_text) char *json = xasprintf("'%s'", ids_format(&id, text));
    open_company(&ours);
    change(description, &(struct change){.part = "headers", "cloudEvents_id", json});
    change(description, &(struct change){.part = "properties", "message_id", json});
    judge_object(description);
    expect("tomorrow's",
           BAD "headers /cloudEvents_id: the event id lies more than 5 minutes in the "
               "future",
           "");
    (void)json_object_put(description);
}
END_TEST

START_TEST(a_body_has_the_size_that_listeners_take)
{
    struct json_object *description = parse_ours();
    AUTO(free_text) char *json = xmalloc(ENVELOPE_BODY_MAX_BYTES + 1);
    memset(json, 'x', ENVELOPE_BODY_MAX_BYTES);
    json[0] = json[ENVELOPE_BODY_MAX_BYTES - 1] = '\'';
    json[ENVELOPE_BODY_MAX_BYTES] = '\0';
    open_company(&ours);
    change(description, &(struct change){NULL, "body", "more", json});
    judge_object(description);
    expect("large", BAD "payload : the body has ", "bytes, the limit is 262144");
    (void)json_object_put(description);
}
END_TEST

/* Through the default exchange come retries, replays and dead letters that are given back. */
START_TEST(what_comes_again_is_known_by_its_headers)
{
    static const struct {
        const char *key, *exchange; /* of the queue; where it was said first */
        const char *begins, *says;
    } rows[] = {
        {"subscription", NULL, "ok billing.PaymentVoided", ""},
        {"subscription", "billing.events", "ok billing.PaymentVoided", ""},
        {"subscription", "coaching.events", "bad ? ", "belongs to exchange billing.events"},
        {"coaching", NULL, "bad ? ", "no contract says that queue coaching hears it"},
    };
    open_company(&ours);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_object *description = parse_ours();
        change(description, &(struct change){NULL, NULL, "exchange", "''"});
        (void)json_object_object_add(description, "routing_key",
                                     json_object_new_string(rows[i].key));
        change(description, &(struct change){NULL, "properties", "user_id", NULL});
        if (rows[i].exchange != NULL) {
            struct json_object *headers = json_object_object_get(description, "headers");
            (void)json_object_object_add(headers, "x-original-exchange",
                                         json_object_new_string(rows[i].exchange));
            (void)json_object_object_add(headers, "x-original-routingKey",
                                         json_object_new_string("billing.payment-voided.v1"));
        }
        judge_object(description);
        expect(rows[i].key, rows[i].begins, rows[i].says);
        (void)json_object_put(description);
    }
}
END_TEST

/* Payloads by name */

static struct check_entry *find(const char *name)
{
    struct check_entry *entry = NULL;
    struct fault fault = {0};
    ck_assert_msg(checker_find(checker, name, &entry, &fault) == OK, "%s: %s", name, fault.text);
    return entry;
}

static void judge_payload(const char *name, const char *json)
{
    AUTO(free_text) char *text = with_quotes(json);
    checker_payload(checker, find(name), text, strlen(text), &verdict);
}

START_TEST(a_message_has_several_names)
{
    static const char *const names[] = {"PaymentVoided", "billing.PaymentVoided",
                                        "billing.paymentVoided.PaymentVoided",
                                        "fit.billing.PaymentVoided.v1"};
    open_company(&as_receiver);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        judge_payload(names[i],
                      "{'upgradeId':'" ID "','userId':'" ID "','voidedAt':'2026-11-23T07:08:02Z'}");
        expect(names[i], "ok billing.PaymentVoided", "");
    }
}
END_TEST

START_TEST(every_example_of_ours_may_be_said)
{
    size_t judged = 0;
    open_company(&as_sender);
    for (size_t d = 0; d < set.count; d++) {
        for (size_t c = 0; c < set.items[d].channel_count; c++) {
            const struct asyncapi_message *message = &set.items[d].channels[c].messages[0];
            AUTO(free_text)
            char *name = xasprintf("%s.%s", set.items[d].service, message->name);
            for (const struct node *at = message->examples->first; at != NULL; at = at->next) {
                struct json_object *value = NULL;
                struct fault fault = {0};
                ck_assert(value_of_node(node_find(at, "payload"), &value, &fault) == OK);
                const char *json = json_object_to_json_string(value);
                checker_payload(checker, find(name), json, strlen(json), &verdict);
                expect(json, "ok ", name);
                (void)json_object_put(value);
                judged++;
            }
        }
    }
    ck_assert_uint_gt(judged, 15);
}
END_TEST

static const struct {
    const char *name, *says;
} not_found[] = {
    {"OrderPlacd", "did you mean \"OrderPlaced\"?"},
    {"shop.order-placed", "did you mean \"shop.OrderPlaced\"?"},
    {"Quaternion", "there are "},
    {"", "there are "},
    {"OrderPaid",
     "\"OrderPaid\" may be 2 messages: shop.changed.OrderPaid, shop.refunds.OrderPaid"},
    {"shop.OrderPaid", "may be 2 messages"},
};

START_TEST(a_name_that_is_unknown_or_ambiguous_is_told)
{
    struct check_entry *entry = NULL;
    struct fault fault = {0};
    open_shop(&as_receiver);
    ck_assert(checker_find(checker, not_found[_i].name, &entry, &fault) == REJECT);
    ck_assert_msg(strstr(fault.text, not_found[_i].says) != NULL, "%s", fault.text);
}
END_TEST

START_TEST(a_copy_is_the_same_message)
{
    open_shop(&as_receiver);
    ck_assert_ptr_eq(find("OrderPlaced"), find("depot.OrderPlaced"));
    ck_assert_ptr_eq(find("shop.OrderPlaced"), find("depot.incoming.OrderPlaced"));
    ck_assert_ptr_ne(find("shop.changed.OrderPaid"), find("shop.refunds.OrderPaid"));
}
END_TEST

START_TEST(a_sender_may_say_what_is_declared_only)
{
    const char *json = "{'kind':'paid','cents':5,'note':'x'}";
    open_shop(&as_sender);
    judge_payload("shop.changed.OrderPaid", json);
    expect(json, "bad shop.OrderPaid payload /note: ", "shop.yaml");
    tear_down();
    set_up();
    open_shop(&as_receiver);
    judge_payload("shop.changed.OrderPaid", json);
    expect(json, "ok shop.OrderPaid", "");
}
END_TEST

START_TEST(what_is_no_json_is_told)
{
    static const char *const texts[] = {"", "{", "nul", "{'a':1,'a':2}", "'\xff'", "[1]]"};
    open_shop(&as_receiver);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        judge_payload("shop.refunds.OrderPaid", texts[i]);
        expect(texts[i], "bad shop.OrderPaid payload : ", "");
    }
}
END_TEST

START_TEST(no_value_is_ever_told)
{
    static const char json[] = "{'id':'sekret','mail':'sekret','lines':[{'quantity':'sekret'},"
                               "'sekret'],'kind':'sekret'}";
    static const char *const names[] = {"OrderPlaced", "shop.changed.OrderPaid", "OrderShipped",
                                        "Castor", "Announced"};
    open_shop(&as_sender);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        judge_payload(names[i], json);
        AUTO(free_text) char *text = verdict_text();
        ck_assert_msg(strstr(text, "sekret") == NULL, "%s", text);
    }
    AUTO(free_text)
    char *wire = with_quotes("{'exchange':'sekret','routing_key':'sekret','properties':{'type':"
                             "'sekret','content_type':'sekret'},'headers':{'tenant':'SEKRET',"
                             "'sekret':1},'body':{'sekret':'sekret'}}");
    judge(wire);
    AUTO(free_text) char *text = verdict_text();
    ck_assert_msg(strstr(text, "sekret") == NULL && !verdict.is_allowed, "%s", text);
}
END_TEST

START_TEST(errors_have_a_limit)
{
    struct buffer json = {0};
    struct check_options options = as_receiver;
    options.max_errors = 3;
    open_shop(&options);
    buffer_text(&json, "{'kind':'shipped','parcels':[");
    for (int i = 0; i < 20; i++) {
        buffer_text(&json, i > 0 ? ",7" : "7");
    }
    buffer_text(&json, "]}");
    judge_payload("OrderShipped", buffer_cstr(&json));
    expect("twenty", "bad shop.OrderShipped payload /parcels/0: ", "17 more");
    buffer_clear(&json);
    buffer_text(&json, "{'kind':'shipped','parcels':[7");
    for (int i = 0; i < 3 * CHECK_ERRORS_MAX; i++) {
        buffer_text(&json, ",7");
    }
    buffer_text(&json, "]}");
    judge_payload("OrderShipped", buffer_cstr(&json));
    ck_assert_uint_eq(verdict.errors.count, 3);
    ck_assert_uint_eq(verdict.errors.hidden, CHECK_ERRORS_MAX - 3);
    buffer_done(&json);
}
END_TEST

START_TEST(a_large_or_deep_payload_is_refused)
{
    size_t length = CHECK_MESSAGE_MAX_BYTES + 1;
    AUTO(free_text) char *bytes = xmalloc(length);
    memset(bytes, ' ', length);
    open_shop(&as_receiver);
    checker_payload(checker, find("Castor"), bytes, length, &verdict);
    expect("spaces", "bad shop.Castor payload : has more than 16777216 bytes", "");
    memset(bytes, '[', length);
    checker_payload(checker, find("Castor"), bytes, CHECK_MESSAGE_MAX_BYTES, &verdict);
    expect("brackets", "bad shop.Castor payload : ", "");
}
END_TEST

START_TEST(a_broken_schema_is_the_contracts_fault)
{
    open_contracts(&as_receiver, (const char *const[]){FIXTURES "/broken.yaml"}, 1);
    judge_payload("Broken", "{}");
    expect("{}",
           "unjudged broken.Broken payload : cannot be judged, the contract's schema is wrong: ",
           "broken.yaml:7");
    AUTO(free_text)
    char *wire = with_quotes("{'routing_key':'broken','properties':{'type':'Headless'},'body':{}}");
    judge(wire);
    expect(wire,
           "unjudged broken.Headless payload : cannot be judged, the contract's schema is wrong: ",
           "broken.yaml:8");
}
END_TEST

/* clang-format off */
static const struct { const char *input, *begins, *says; } gaps[] = {
    {AT("gaps", "gaps.whole", "'properties':{'type':'Whole'},'body':{'a':1}"), "ok gaps.Whole", ""},
    {AT("gaps", "gaps.whole", "'properties':{'type':'Whole'},'body':{}"), "bad gaps.Whole payload : ", ""},
    {AT("gaps", "gaps.whole", "'properties':{'type':'Outside'},'body':{}"), "unjudged gaps.Outside payload : cannot be judged, the reference \"https://example.org/messages.yaml#/Outside\" must be relative", "(gaps.yaml:9 #"},
    {AT("gaps", "gaps.whole", "'body':{'a':1}"), "ok gaps.Whole", ""},
    {AT("gaps", "gaps.whole", "'body':{}"), "unjudged ? message : fits none of the 2", "not gaps.Outside payload : cannot be judged"},
    {AT("gaps", "gaps.traits", "'body':{}"), "unjudged gaps.Traitor payload : cannot be judged, the reference \"nowhere.yaml#/trait\" names no readable file", ""},
    {AT("gaps", "gaps.deep", "'body':{}"), "unjudged gaps.Deep payload : cannot be judged, the contract's schema is wrong", "https://example.org/schema.json"},
    {AT("gaps", "gaps.bound", "'body':{}"), "unjudged gaps.Bound payload : cannot be judged", "#/components/channelBindings/none"},
    {AT("gaps", "gaps.elsewhere", "'body':{}"), "bad ? message : is no message of the contracts, as far as they can be read", ""},
};
/* clang-format on */

static void open_gaps(void)
{
    struct fault fault = {0};
    const char *path = FIXTURES "/gaps.yaml";
    ck_assert(asyncapi_load(&set, &path, 1, &fault) == OK);
    ck_assert_uint_eq(set.unread, 0);
    ck_assert_msg(checker_new(&set, &as_receiver, &checker, &fault) == OK, "%s", fault.text);
}

START_TEST(what_cannot_be_read_is_not_allowed)
{
    open_gaps();
    AUTO(free_text) char *wire = with_quotes(gaps[_i].input);
    judge(wire);
    expect(wire, gaps[_i].begins, gaps[_i].says);
}
END_TEST

static void note_gap(void *context, const char *label, const char *reason)
{
    buffer_printf(context, "%s: %.20s; ", label, reason);
}

START_TEST(what_cannot_be_judged_is_told_once)
{
    AUTO(buffer_done) struct buffer told = {0};
    open_gaps();
    checker_each_unjudged(checker, NULL, note_gap, &told);
    ck_assert_str_eq(buffer_cstr(&told), "gaps.Outside: the reference \"https; "
                                         "gaps.Traitor: the reference \"nowhe; "
                                         "gaps.Deep: the contract's schem; "
                                         "gaps.Bound: the reference \"#/com; ");
    buffer_clear(&told);
    struct check_entry *entry = NULL;
    struct fault fault = {0};
    ck_assert(checker_find(checker, "Whole", &entry, &fault) == OK);
    checker_each_unjudged(checker, entry, note_gap, &told);
    ck_assert_str_eq(buffer_cstr(&told), "");
    ck_assert(checker_find(checker, "Elsewhere", &entry, &fault) == REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "not all of the contracts could be read"));
}
END_TEST

/* clang-format off */
#define PARCEL(properties, headers) AT("post", "post.parcels", "'properties':{" properties "},'headers':{" headers "},'body':{}")
#define ALL "'expiration':'60000','user_id':'post','priority':5,'delivery_mode':2,'timestamp':1"
#define COPY "'CC':['x','audit.parcels']"
static const struct { const char *input, *begins, *says; } operations[] = {
    {PARCEL(ALL, COPY), "ok bindings.ParcelSent", ""},
    {PARCEL("'user_id':'post','priority':5,'delivery_mode':2,'timestamp':1", COPY), "bad bindings.ParcelSent properties /expiration: is missing, the AMQP binding of sendParcel says 60000 (bindings.yaml:31 #/operations/sendParcel/", ""},
    {PARCEL("'expiration':'1','user_id':'post','priority':5,'delivery_mode':2,'timestamp':1", COPY), "bad bindings.ParcelSent properties /expiration: is another, the AMQP binding of sendParcel says 60000", ""},
    {PARCEL("'expiration':'60000','user_id':'thief','priority':5,'delivery_mode':2,'timestamp':1", COPY), "bad bindings.ParcelSent properties /user_id: is another, the AMQP binding of sendParcel says post", ""},
    {PARCEL("'expiration':'60000','user_id':'post','delivery_mode':2,'timestamp':1", COPY), "bad bindings.ParcelSent properties /priority: is missing, the AMQP binding of sendParcel says 5", ""},
    {PARCEL("'expiration':'60000','user_id':'post','priority':5,'timestamp':1", COPY), "bad bindings.ParcelSent properties /delivery_mode: is missing, the AMQP binding of sendParcel says 2", ""},
    {PARCEL("'expiration':'60000','user_id':'post','priority':5,'delivery_mode':2", COPY), "bad bindings.ParcelSent properties /timestamp: is missing, the AMQP binding of sendParcel says timestamp: true", ""},
    {PARCEL(ALL, "'CC':['x']"), "bad bindings.ParcelSent headers /CC: lacks audit.parcels, which the AMQP binding of sendParcel says", ""},
    {AT("post", "post.letters", "'properties':{'priority':9,'delivery_mode':2,'type':'LetterSent'},'body':{}"), "ok bindings.LetterSent", ""},
    {AT("post", "post.letters", "'properties':{'type':'LetterSent'},'body':{}"), "ok bindings.LetterSent", ""},
    {AT("post", "post.letters", "'properties':{'priority':3,'type':'LetterSent'},'body':{}"), "bad bindings.LetterSent properties /priority: is another, the AMQP binding of sendExpressLetter says 9", ""},
    {AT("post", "post.letters", "'properties':{'priority':3,'type':'lost'},'body':{}"), "ok bindings.LetterLost", ""},
    {AT("post", "post.cards", "'properties':{'reply_to':'answers'},'body':{}"), "ok bindings.CardSent", ""},
    {AT("post", "post.cards", "'body':{}"), "bad bindings.CardSent properties /reply_to: is missing, the AMQP binding of hearCards says answers", ""},
    {AT("post", "post.cards", "'properties':{'reply_to':'answers','timestamp':7},'body':{}"), "bad bindings.CardSent properties /timestamp: is there, the AMQP binding of hearCards says timestamp: false", ""},
    {AT("post", "post.notes", "'body':{}"), "ok bindings.NoteSent", ""},
};
/* clang-format on */

START_TEST(bindings_of_operations_are_judged_as_far_as_they_show)
{
    open_contracts(&as_receiver, (const char *const[]){FIXTURES "/bindings.yaml"}, 1);
    AUTO(free_text) char *wire = with_quotes(operations[_i].input);
    judge(wire);
    expect(wire, operations[_i].begins, operations[_i].says);
}
END_TEST

static void write_many(const char *path, size_t count)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fputs("{\"asyncapi\":\"3.0.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"channels\":"
                "{\"c\":{\"address\":\"c\",\"messages\":{\"m\":{}",
                file);
    for (size_t i = 1; i < count; i++) {
        (void)fprintf(file, ",\"m%zu\":{}", i);
    }
    (void)fputs("}}}}", file);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_number_of_messages_has_a_limit)
{
    static const size_t extra[] = {0, 1};
    char path[] = "/tmp/test_check_XXXXXX.json";
    int fd = mkstemps(path, strlen(".json"));
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    for (size_t i = 0; i < COUNT_OF(extra); i++) {
        const char *const paths[] = {path};
        struct fault fault = {0};
        write_many(path, CHECK_CATALOGUE_MAX + extra[i]);
        ck_assert_msg(asyncapi_load(&set, paths, 1, &fault) == OK, "%s", fault.text);
        ck_assert_int_eq(checker_new(&set, &as_receiver, &checker, &fault),
                         extra[i] == 0 ? OK : REJECT);
        tear_down();
        set_up();
    }
    (void)unlink(path);
}
END_TEST

/* Addresses */

static const struct {
    const char *address, *key;
    bool matches;
} addresses[] = {
    {"a.b", "a.b", true},
    {"a.b", "a.c", false},
    {"a.b", "a.b.c", false},
    {"a.b.c", "a.b", false},
    {"{x}.b", "a.b", true},
    {"{x}.b", ".b", false},
    {"a.{x}", "a.b.c", false},
    {"a.{x}.c", "a.b.c", true},
    {"a-{x}-{y}", "a-1-2", true},
    {"a-{x}-{y}", "a-1-", false},
    {"{x}{y}", "ab", true},
    {"{x}{y}", "a", false},
    {"{x}a{x}a{x}a{x}a{x}a{x}b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     false},
    {"a.*", "a.b", true},
    {"a.*", "a", false},
    {"a.*", "a.b.c", false},
    {"a.#", "a", true},
    {"a.#", "a.b.c", true},
    {"#.c", "a.b.c", true},
    {"#.c", "c", true},
    {"#.c", "a.b", false},
    {"#.#.#.#.#.#.#.#.#.x", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", false},
    {"a.{", "a.{", true},
    {"a.}x{", "a.}x{", true},
    {"a*", "ab", false},
    {"", "", true},
    {"", "a", false},
    {"#", "", true},
};

START_TEST(an_address_matches_routing_keys)
{
    struct documents documents = {0};
    const struct node at = {.kind = NODE_MAP};
    const struct asyncapi_channel channel = {.at = &at, .address = addresses[_i].address};
    ck_assert_msg(address_matches(&documents, &channel, addresses[_i].key) == addresses[_i].matches,
                  "%s and %s", addresses[_i].address, addresses[_i].key);
    documents_done(&documents);
}
END_TEST

START_TEST(a_routing_key_has_a_length)
{
    struct documents documents = {0};
    const struct node at = {.kind = NODE_MAP};
    const struct asyncapi_channel channel = {.at = &at, .address = "#"};
    char key[ADDRESS_MAX_BYTES + 2] = {0};
    memset(key, '.', ADDRESS_MAX_BYTES);
    ck_assert(address_matches(&documents, &channel, key));
    memset(key, '.', ADDRESS_MAX_BYTES + 1);
    ck_assert(!address_matches(&documents, &channel, key));
    documents_done(&documents);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check");
    TCase *tcase = tcase_create("check");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_message_of_others_is_found_and_judged, 0, COUNT_OF(of_others));
    tcase_add_loop_test(tcase, an_event_of_ours_obeys_the_rules_of_the_wire, 0, COUNT_OF(changes));
    tcase_add_test(tcase, an_id_of_tomorrow_is_refused);
    tcase_add_test(tcase, a_body_has_the_size_that_listeners_take);
    tcase_add_test(tcase, what_comes_again_is_known_by_its_headers);
    tcase_add_test(tcase, a_message_has_several_names);
    tcase_add_test(tcase, every_example_of_ours_may_be_said);
    tcase_add_loop_test(tcase, a_name_that_is_unknown_or_ambiguous_is_told, 0, COUNT_OF(not_found));
    tcase_add_test(tcase, a_copy_is_the_same_message);
    tcase_add_test(tcase, a_sender_may_say_what_is_declared_only);
    tcase_add_test(tcase, what_is_no_json_is_told);
    tcase_add_test(tcase, no_value_is_ever_told);
    tcase_add_test(tcase, errors_have_a_limit);
    tcase_add_test(tcase, a_large_or_deep_payload_is_refused);
    tcase_add_test(tcase, a_broken_schema_is_the_contracts_fault);
    tcase_add_loop_test(tcase, what_cannot_be_read_is_not_allowed, 0, COUNT_OF(gaps));
    tcase_add_test(tcase, what_cannot_be_judged_is_told_once);
    tcase_add_loop_test(tcase, bindings_of_operations_are_judged_as_far_as_they_show, 0,
                        COUNT_OF(operations));
    tcase_add_test(tcase, the_number_of_messages_has_a_limit);
    tcase_add_loop_test(tcase, an_address_matches_routing_keys, 0, COUNT_OF(addresses));
    tcase_add_test(tcase, a_routing_key_has_a_length);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
