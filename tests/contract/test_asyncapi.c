/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/asyncapi.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The general model over small documents that each test writes, and over our own contracts. */

static char *folder;
static struct asyncapi set;
static struct fault fault;

static void setup(void)
{
    const char *temporary = getenv("TMPDIR");
    folder = xasprintf("%s/asyncapi-XXXXXX", temporary != NULL ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void teardown(void)
{
    enum { FOLDERS_OPEN = 8 };
    asyncapi_done(&set);
    (void)nftw(folder, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    free(take(folder));
}

/* `name` may begin with one folder. */
static void write_file(const char *name, const char *text)
{
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        AUTO(free_text) char *below = xasprintf("%s/%.*s", folder, (int)(slash - name), name);
        (void)mkdir(below, S_IRWXU);
    }
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static enum outcome load(const char *name)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    const char *paths[] = {path};
    return asyncapi_load(&set, paths, 1, &fault);
}

static void load_all(size_t documents)
{
    ck_assert_msg(load("") == OK, "%s", fault.text);
    ck_assert_msg(set.documents.findings.count == 0, "%s:%d: %s",
                  set.documents.findings.items[0].place.path,
                  set.documents.findings.items[0].place.line, set.documents.findings.items[0].text);
    ck_assert_uint_eq(set.count, documents);
}

static const char shop[] =
    "asyncapi: 3.0.0\n"
    "info: {title: The shop, version: 1.2.3}\n"
    "id: urn:shop\n"
    "defaultContentType: application/json\n"
    "channels:\n"
    "  sold:\n"
    "    address: shop.sold\n"
    "    messages:\n"
    "      Sold: {$ref: '#/components/messages/Sold'}\n"
    "      Again: {$ref: '#/components/messages/Sold'}\n"
    "      Plain: {contentType: text/plain, payload: {type: string}}\n"
    "    bindings: {$ref: '#/components/channelBindings/events'}\n"
    "  ask: {$ref: '#/components/channels/ask'}\n"
    "operations:\n"
    "  saySold:\n"
    "    action: send\n"
    "    channel: {$ref: '#/channels/sold'}\n"
    "    messages: [{$ref: '#/channels/sold/messages/Again'}]\n"
    "    traits: [{summary: From the trait, x-saga: none}, {title: Second}]\n"
    "    summary: Its own\n"
    "  answer:\n"
    "    action: receive\n"
    "    channel: {$ref: '#/channels/ask'}\n"
    "    reply: {channel: {$ref: '#/channels/sold'}}\n"
    "components:\n"
    "  channels:\n"
    "    ask:\n"
    "      address: null\n"
    "      messages: {Question: {payload: true}}\n"
    "      bindings: {amqp: {is: queue, queue: {name: questions, vhost: /shop}}}\n"
    "  channelBindings:\n"
    "    events: {amqp: {exchange: {name: shop.events, type: topic}}}\n"
    "  messageTraits:\n"
    "    common:\n"
    "      name: NotThis\n"
    "      title: A title\n"
    "      headers: {type: object, properties: {id: {type: string}, at: {type: integer}}}\n"
    "      tags: [{name: a}]\n"
    "  schemas:\n"
    "    Headers: {properties: {at: {type: string}, to: {type: string}}}\n"
    "  messages:\n"
    "    Sold:\n"
    "      traits: [{$ref: '#/components/messageTraits/common'}, {title: Later}]\n"
    "      name: ThingSold\n"
    "      tags: null\n"
    "      headers: {$ref: '#/components/schemas/Headers'}\n"
    "      payload:\n"
    "        schemaFormat: application/vnd.apache.avro;version=1.9.0\n"
    "        schema: {type: record, name: Sold, fields: []}\n"
    "      examples: [{payload: {}}]\n";

START_TEST(a_document_becomes_a_model)
{
    write_file("shop.yaml", shop);
    load_all(1);
    const struct asyncapi_document *document = &set.items[0];
    ck_assert(document->is_given);
    ck_assert_str_eq(document->service, "shop");
    ck_assert_str_eq(document->title, "The shop");
    ck_assert_str_eq(document->version, "1.2.3");
    ck_assert_str_eq(document->asyncapi, "3.0.0");
    ck_assert_str_eq(document->id, "urn:shop");
    ck_assert_uint_eq(document->channel_count, 2);

    const struct asyncapi_channel *sold = &document->channels[0];
    ck_assert_str_eq(sold->key, "sold");
    ck_assert_str_eq(sold->address, "shop.sold");
    ck_assert_str_eq(sold->exchange, "shop.events");
    ck_assert_str_eq(sold->exchange_type, "topic");
    ck_assert_str_eq(sold->vhost, "/");
    ck_assert_ptr_null(sold->queue);
    ck_assert_ptr_eq(sold->owner, document);
    ck_assert_uint_eq(sold->message_count, 3);

    const struct asyncapi_channel *ask = &document->channels[1];
    ck_assert_str_eq(ask->key, "ask");
    ck_assert_ptr_null(ask->address);
    ck_assert_ptr_null(ask->exchange);
    ck_assert_str_eq(ask->queue, "questions");
    ck_assert_str_eq(ask->vhost, "/shop");
}
END_TEST

START_TEST(messages_have_their_traits_and_the_place_where_each_part_was_written)
{
    write_file("shop.yaml", shop);
    load_all(1);
    const struct asyncapi_message *message = &set.items[0].channels[0].messages[0];
    ck_assert_str_eq(message->key, "Sold");
    ck_assert_str_eq(message->name, "ThingSold");
    ck_assert_str_eq(message->title, "Later");
    ck_assert_str_eq(message->content_type, "application/json");
    ck_assert_str_eq(message->schema_format, "application/vnd.apache.avro;version=1.9.0");
    ck_assert_str_eq(node_find_text(message->payload, "type"), "record");
    ck_assert_uint_eq(message->examples->count, 1);
    ck_assert_ptr_null(node_find(message->at, "traits"));
    ck_assert_ptr_nonnull(node_find(message->written, "traits"));
    ck_assert_ptr_null(node_find(message->at, "tags"));

    const struct node *properties = node_find(message->headers, "properties");
    ck_assert_uint_eq(properties->count, 3);
    ck_assert_str_eq(node_find_text(node_find(properties, "at"), "type"), "string");
    const struct node *id = node_find(properties, "id");
    ck_assert_int_eq(id->place.line, 37);
    ck_assert_int_eq(node_find(properties, "to")->place.line, 40);
    ck_assert_ptr_eq(id->parent->key, properties->key);

    const struct asyncapi_message *plain = &set.items[0].channels[0].messages[2];
    ck_assert_str_eq(plain->name, "Plain");
    ck_assert_str_eq(plain->content_type, "text/plain");
    ck_assert_ptr_eq(plain->at, plain->written);
    ck_assert_ptr_null(plain->schema_format);
    const struct asyncapi_message *any = &set.items[0].channels[1].messages[0];
    ck_assert_int_eq(any->payload->kind, NODE_BOOLEAN);
}
END_TEST

START_TEST(operations_know_their_channel_and_messages)
{
    write_file("shop.yaml", shop);
    load_all(1);
    const struct asyncapi_document *document = &set.items[0];
    ck_assert_uint_eq(document->operation_count, 2);
    const struct asyncapi_operation *say = &document->operations[0];
    ck_assert(say->is_send);
    ck_assert(say->names_messages);
    ck_assert_ptr_eq(say->channel, &document->channels[0]);
    ck_assert_uint_eq(say->message_count, 1);
    ck_assert_str_eq(say->messages[0]->key, "Again");
    ck_assert_str_eq(say->summary, "Its own");
    ck_assert_str_eq(say->title, "Second");
    ck_assert_str_eq(say->saga, "none");

    const struct asyncapi_operation *answer = &document->operations[1];
    ck_assert(!answer->is_send);
    ck_assert(!answer->names_messages);
    ck_assert_uint_eq(answer->message_count, 1);
    ck_assert_ptr_eq(answer->reply_channel, &document->channels[0]);
    ck_assert_uint_eq(answer->reply_message_count, 3);
}
END_TEST

START_TEST(a_channel_belongs_to_the_document_that_defines_it)
{
    write_file("shop.yaml", shop);
    write_file("mail/asyncapi.yml",
               "asyncapi: 3.1.0\n"
               "info: {title: Mail, version: 1.0.0}\n"
               "channels:\n"
               "  sold: {$ref: '../shop.yaml#/channels/sold'}\n"
               "  own: {$ref: '../parts/channels.yaml#/own'}\n"
               "operations:\n"
               "  hear: {action: receive, channel: {$ref: '#/channels/sold'}}\n"
               "  tell: {action: send, channel: {$ref: '#/channels/own'}}\n");
    write_file("parts/channels.yaml", "own: {address: a, messages: {}}\n");
    load_all(2);
    const struct asyncapi_document *mail = &set.items[0];
    const struct asyncapi_document *owner = &set.items[1];
    ck_assert_str_eq(mail->service, "mail");
    ck_assert_uint_eq(mail->channel_count, 1);
    ck_assert_str_eq(mail->channels[0].key, "own");
    ck_assert_ptr_eq(mail->operations[0].channel, &owner->channels[0]);
    ck_assert_ptr_eq(mail->operations[1].channel, &mail->channels[0]);
}
END_TEST

START_TEST(the_owner_of_a_channel_is_read_though_it_was_not_asked_for)
{
    write_file("shop.yaml", shop);
    write_file("mail.yaml", "asyncapi: 3.0.0\n"
                            "channels: {sold: {$ref: './shop.yaml#/channels/sold'}}\n"
                            "operations:\n"
                            "  hear: {action: receive, channel: {$ref: '#/channels/sold'}}\n");
    ck_assert_int_eq(load("mail.yaml"), OK);
    ck_assert_uint_eq(set.count, 2);
    ck_assert(set.items[0].is_given);
    ck_assert(!set.items[1].is_given);
    ck_assert_str_eq(set.items[0].operations[0].channel->owner->service, "shop");
}
END_TEST

START_TEST(only_contracts_are_read_from_a_folder)
{
    write_file("shop.yaml", shop);
    write_file("values.yaml", "a: {{ .Values.asyncapi }}\n");
    write_file("package.json", "{\"dependencies\": {\"@asyncapi/parser\": \"3\"}, \"a\": 1,}");
    write_file("node_modules/x.yaml", shop);
    write_file(".hidden/x.yaml", shop);
    write_file("notes.txt", "asyncapi: 3.0.0\n");
    write_file("part.yaml", "other: {asyncapi: 3.0.0}\n");
    load_all(1);
}
END_TEST

START_TEST(what_cannot_be_loaded_is_said)
{
    ck_assert_int_eq(load("none.yaml"), REJECT);
    ck_assert(strstr(fault.text, "none.yaml: No such file") != NULL);
    ck_assert_int_eq(load(""), REJECT);
    ck_assert(strstr(fault.text, "no AsyncAPI document is there") != NULL);

    write_file("part.yaml", "other: 1\n");
    ck_assert_int_eq(load("part.yaml"), OK);
    ck_assert_uint_eq(set.count, 0);
    ck_assert(strstr(set.documents.findings.items[0].text, "no AsyncAPI document") != NULL);
    asyncapi_done(&set);

    write_file("broken.yaml", "asyncapi: 3.0.0\nchannels: [\n");
    ck_assert_int_eq(load("broken.yaml"), OK);
    ck_assert_uint_eq(set.documents.findings.count, 1);
    ck_assert_int_eq(set.documents.findings.items[0].place.line, 3);
}
END_TEST

/* Members of any kind where others are expected: nothing is added, nothing falls over. */
static const char odd_operation[] =
    "asyncapi: 3.0.0\nchannels: {c: {messages: {m: {}}}}\n"
    "operations: {o: {traits: [1, null, [], {}], channel: {$ref: '#/channels/c'},\n"
    "  messages: [1, null, {}], reply: {channel: {$ref: '#/channels/c'}, messages: 1}}}\n";

static const char *const odd[] = {
    "asyncapi: 3.0.0\nchannels: []\noperations: 7\n",
    "asyncapi: [3]\ninfo: text\nchannels: {a: null, b: [], c: {messages: [1], bindings: x}}\n",
    "asyncapi: 3.0.0\nchannels: {a: {messages: {b: null, c: 1, d: {payload: [], headers: 2}}}}\n",
    "asyncapi: 3.0.0\nchannels: {a: {bindings: {amqp: {exchange: 1, queue: [], is: {}}}}}\n",
    "asyncapi: 3.0.0\noperations: {a: null, b: {channel: 1, messages: {}, traits: {}, reply: 1}}\n",
    odd_operation,
    "asyncapi: 3.0.0\n? ''\n: {}\nchannels: {'': {messages: {'': {examples: {}}}}}\n",
};

START_TEST(what_is_of_the_wrong_kind_is_left_out)
{
    write_file("odd.yaml", odd[_i]);
    load_all(1);
}
END_TEST

START_TEST(traits_that_refer_to_themselves_end)
{
    write_file("loop.yaml", "asyncapi: 3.0.0\n"
                            "channels:\n"
                            "  c:\n"
                            "    messages:\n"
                            "      m:\n"
                            "        traits: [{headers: {$ref: '#/components/schemas/A'}}]\n"
                            "        headers: {$ref: '#/components/schemas/B'}\n"
                            "components:\n"
                            "  schemas:\n"
                            "    A: {properties: {x: {$ref: '#/components/schemas/A'},\n"
                            "                     y: {$ref: '#/components/schemas/A'}}}\n"
                            "    B: {properties: {x: {$ref: '#/components/schemas/B'},\n"
                            "                     y: {$ref: '#/components/schemas/B'}}}\n");
    load_all(1);
    const struct node *headers = set.items[0].channels[0].messages[0].headers;
    ck_assert_uint_eq(node_find(headers, "properties")->count, 2);
    ck_assert_uint_lt(set.documents.merged, 100);
}
END_TEST

static const struct {
    const char *left, *right; /* bindings and address */
    bool is_same;
} pairs[] = {
    {"address: a", "address: a", true},
    {"address: a", "address: b", false},
    {"address: null", "address: null", false},
    {"address: a, bindings: {amqp: {exchange: {name: e}}}",
     "address: a, bindings: {amqp: {exchange: {name: e, vhost: /}}}", true},
    {"address: a, bindings: {amqp: {exchange: {name: e}}}",
     "address: a, bindings: {amqp: {exchange: {name: e, vhost: /x}}}", false},
    {"address: a, bindings: {amqp: {exchange: {name: e}}}",
     "address: a, bindings: {amqp: {exchange: {name: f}}}", false},
    {"address: a, bindings: {amqp: {is: queue, queue: {name: q}}}",
     "address: a, bindings: {amqp: {is: queue, queue: {name: q}}}", true},
    {"address: a, bindings: {amqp: {is: queue, queue: {name: q}}}",
     "address: a, bindings: {amqp: {exchange: {name: q}}}", false},
};

START_TEST(copies_of_a_channel_are_the_same_channel)
{
    AUTO(free_text)
    char *left = xasprintf("asyncapi: 3.0.0\nchannels: {x: {%s, messages: {M: {name: N}}}}\n",
                           pairs[_i].left);
    AUTO(free_text)
    char *right = xasprintf("asyncapi: 3.0.0\nchannels: {y: {%s, messages: {N: {}, O: {}}}}\n",
                            pairs[_i].right);
    write_file("left.yaml", left);
    write_file("right.yaml", right);
    load_all(2);
    const struct asyncapi_channel *a = &set.items[0].channels[0];
    const struct asyncapi_channel *b = &set.items[1].channels[0];
    ck_assert_int_eq(asyncapi_same_channel(a, b), pairs[_i].is_same);
    ck_assert_int_eq(asyncapi_same_channel(b, a), pairs[_i].is_same);
    ck_assert(asyncapi_same_channel(a, a));
    ck_assert_int_eq(asyncapi_same_message(&a->messages[0], &b->messages[0]), pairs[_i].is_same);
    ck_assert(!asyncapi_same_message(&a->messages[0], &b->messages[1]));
}
END_TEST

START_TEST(our_own_contracts_are_read)
{
    const char *const paths[] = {CONTRACTS};
    ck_assert_msg(asyncapi_load(&set, paths, 1, &fault) == OK, "%s", fault.text);
    ck_assert_uint_eq(set.documents.findings.count, 0);
    ck_assert_uint_eq(set.count, 6);
    const struct asyncapi_document *billing = &set.items[0];
    ck_assert_str_eq(billing->service, "billing");
    ck_assert_uint_eq(billing->channel_count, 4);
    for (size_t i = 0; i < billing->operation_count; i++) {
        ck_assert_ptr_nonnull(billing->operations[i].channel);
        ck_assert_uint_eq(billing->operations[i].message_count, 1);
    }
    const struct asyncapi_message *message = &billing->channels[0].messages[0];
    ck_assert_ptr_nonnull(node_find(message->headers, "properties"));
    ck_assert_str_eq(node_find_text(message->correlation_id, "location"),
                     "$message.header#/cloudEvents_correlationid");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("asyncapi");
    TCase *tcase = tcase_create("asyncapi");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_document_becomes_a_model);
    tcase_add_test(tcase, messages_have_their_traits_and_the_place_where_each_part_was_written);
    tcase_add_test(tcase, operations_know_their_channel_and_messages);
    tcase_add_test(tcase, a_channel_belongs_to_the_document_that_defines_it);
    tcase_add_test(tcase, the_owner_of_a_channel_is_read_though_it_was_not_asked_for);
    tcase_add_test(tcase, only_contracts_are_read_from_a_folder);
    tcase_add_test(tcase, what_cannot_be_loaded_is_said);
    tcase_add_loop_test(tcase, what_is_of_the_wrong_kind_is_left_out, 0, COUNT_OF(odd));
    tcase_add_test(tcase, traits_that_refer_to_themselves_end);
    tcase_add_loop_test(tcase, copies_of_a_channel_are_the_same_channel, 0, COUNT_OF(pairs));
    tcase_add_test(tcase, our_own_contracts_are_read);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
