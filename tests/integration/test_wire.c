/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/broker.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/foreign.h"

#include <amqp_framing.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The wire, tried by a client that shares no code with ours: what is taken, what becomes a dead
 * letter, and what a dead letter looks like.
 */

enum {
    CHANNEL = 1,
    HEADERS_ROOM = 400,
    MEBIBYTE = 1 << 20,
    OVERSIZE = 17 * MEBIBYTE,
    DEPTH = 100000,
    HUGE_HEADER = 100000, /* of the 131,072 bytes that a frame has */
    HUGEST_HEADER = 130000,
    MANY_HEADERS = 300,
};

static const char SECRET[] = "a-secret-of-the-user"; /* x-personal: must be told nowhere */

static struct hall hall;
static PGconn *conn;
static amqp_connection_state_t teller;

static amqp_connection_state_t connect_as(const char *account)
{
    AUTO(free_text) char *url = hall_amqp_url(&hall, account);
    char reason[256];
    amqp_connection_state_t connection = foreign_connect(url, reason);
    ck_assert_msg(connection != NULL, "%s: %s", account, reason);
    return connection;
}

static void set_up(void)
{
    hall_clear(&hall);
    conn = stage_connect(&hall.stage);
    teller = connect_as("teller");
}

static void tear_down(void)
{
    (void)amqp_destroy_connection(teller);
    PQfinish(conn);
}

struct shot {
    const char *name; /* in header x-case */
    const char *account;
    amqp_bytes_t exchange, routing_key, body;
    amqp_basic_properties_t properties;
    amqp_table_entry_t headers[HEADERS_ROOM];
    struct arena arena; /* everything it points to */
    struct uuid id;
};

static amqp_bytes_t text(const char *value)
{
    return amqp_cstring_bytes(value);
}

#define BYTES(literal) ((amqp_bytes_t){.len = sizeof(literal) - 1, .bytes = (void *)(literal)})

static void set_header(struct shot *shot, const char *name, amqp_field_value_t value)
{
    amqp_table_t *table = &shot->properties.headers;
    for (int i = 0; i < table->num_entries; i++) {
        if (strlen(name) == table->entries[i].key.len &&
            memcmp(name, table->entries[i].key.bytes, strlen(name)) == 0) {
            table->entries[i].value = value;
            return;
        }
    }
    ck_assert_int_lt(table->num_entries, HEADERS_ROOM);
    table->entries[table->num_entries++] = (amqp_table_entry_t){.key = text(name), .value = value};
}

static void set_text(struct shot *shot, const char *name, const char *value)
{
    set_header(shot, name,
               (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = text(value)});
}

static void drop_header(struct shot *shot, const char *name)
{
    amqp_table_t *table = &shot->properties.headers;
    for (int i = 0; i < table->num_entries; i++) {
        if (strlen(name) == table->entries[i].key.len &&
            memcmp(name, table->entries[i].key.bytes, strlen(name)) == 0) {
            table->entries[i] = table->entries[--table->num_entries];
            return;
        }
    }
}

static void set_id(struct shot *shot, const struct uuid *id)
{
    char digits[UUID_TEXT_BYTES];
    const char *copy = arena_text(&shot->arena, ids_format(id, digits), UUID_TEXT_BYTES - 1);
    shot->id = *id;
    shot->properties.message_id = text(copy);
    set_text(shot, "cloudEvents_id", copy);
}

static void set_body(struct shot *shot, const char *act, const char *more)
{
    char digits[UUID_TEXT_BYTES];
    const struct uuid tale_id = ids_new();
    shot->body = text(arena_printf(&shot->arena, "{\"taleId\":\"%s\",\"act\":\"%s\"%s}",
                                   ids_format(&tale_id, digits), act, more));
}

/* A valid one, as the teller itself would say it. */
static struct shot *shot_new(const char *name)
{
    struct shot *shot = xcalloc(1, sizeof *shot);
    const struct uuid id = ids_new();
    shot->name = name;
    shot->exchange = text("teller.events");
    shot->routing_key = text("teller.tale-told.v1");
    shot->properties = (amqp_basic_properties_t){
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TIMESTAMP_FLAG |
                  AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG,
        .content_type = text("application/json"),
        .delivery_mode = 2,
        .user_id = text("teller"),
        .timestamp = (uint64_t)clock_now_ms() / 1000,
        .type = text("TaleTold"),
        .headers = {.entries = shot->headers},
    };
    set_id(shot, &id);
    set_text(shot, "cloudEvents_specversion", "1.0");
    set_text(shot, "cloudEvents_type", "fit.teller.TaleTold.v1");
    set_text(shot, "x-case", name);
    set_body(shot, "believe", ",\"number\":7");
    return shot;
}

static void shot_free(struct shot *shot)
{
    arena_done(&shot->arena);
    free(shot);
}

static void fire(amqp_connection_state_t connection, const struct shot *shot)
{
    char reason[256];
    ck_assert_msg(foreign_send(connection, shot->exchange, shot->routing_key, &shot->properties,
                               shot->body, reason),
                  "%s: %s", shot->name, reason);
}

struct dead {
    amqp_connection_state_t connection;
    amqp_message_t message;
    uint64_t tag;
};

/* The next one in listener.dlq; it is there. */
static struct dead take_dead(amqp_connection_state_t operator)
{
    struct dead dead = {.connection = operator};
    amqp_rpc_reply_t reply = amqp_basic_get(operator, CHANNEL, text("listener.dlq"), 0);
    ck_assert_int_eq(reply.reply_type, AMQP_RESPONSE_NORMAL);
    ck_assert_int_eq(reply.reply.id, AMQP_BASIC_GET_OK_METHOD);
    dead.tag = ((amqp_basic_get_ok_t *)reply.reply.decoded)->delivery_tag;
    reply = amqp_read_message(operator, CHANNEL, &dead.message, 0);
    ck_assert_int_eq(reply.reply_type, AMQP_RESPONSE_NORMAL);
    return dead;
}

static void dead_done(struct dead *dead)
{
    ck_assert_int_eq(amqp_basic_ack(dead->connection, CHANNEL, dead->tag, 0), AMQP_STATUS_OK);
    amqp_destroy_message(&dead->message);
}

static const amqp_field_value_t *dead_header(const struct dead *dead, const char *name)
{
    const amqp_table_t *table = &dead->message.properties.headers;
    for (int i = 0; i < table->num_entries; i++) {
        if (strlen(name) == table->entries[i].key.len &&
            memcmp(name, table->entries[i].key.bytes, strlen(name)) == 0) {
            return &table->entries[i].value;
        }
    }
    return NULL;
}

/* "" when it is not there. */
static const char *dead_text(const struct dead *dead, const char *name)
{
    static char copies[4][1024];
    static int next;
    char *copy = copies[next++ % 4];
    const amqp_field_value_t *value = dead_header(dead, name);
    copy[0] = '\0';
    if (value != NULL && value->kind == AMQP_FIELD_KIND_UTF8) {
        (void)snprintf(copy, sizeof copies[0], "%.*s", (int)value->value.bytes.len,
                       (char *)value->value.bytes.bytes);
    }
    return copy;
}

static bool is_same(amqp_bytes_t a, amqp_bytes_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static size_t encode_one(const amqp_table_entry_t *entry, char *bytes, size_t room)
{
    amqp_table_t table = {.num_entries = 1, .entries = (amqp_table_entry_t *)entry};
    size_t length = 0;
    ck_assert_int_eq(
        amqp_encode_table((amqp_bytes_t){.len = room, .bytes = bytes}, &table, &length), 0);
    return length;
}

/* As it stood on the wire. Their order is the broker's: it sorts them when it adds its own. */
static void check_header_kept(const struct shot *shot, const amqp_table_entry_t *entry,
                              const struct dead *dead)
{
    static char sent[2 * HUGEST_HEADER], kept[2 * HUGEST_HEADER];
    AUTO(free_text) char *name = xstrndup(entry->key.bytes, entry->key.len);
    const amqp_field_value_t *value = dead_header(dead, name);
    ck_assert_msg(value != NULL, "%s: header %s is missing", shot->name, name);
    const amqp_table_entry_t other = {.key = entry->key, .value = *value};
    size_t length = encode_one(entry, sent, sizeof sent);
    ck_assert_msg(encode_one(&other, kept, sizeof kept) == length &&
                      memcmp(sent, kept, length) == 0,
                  "%s: header %s has changed", shot->name, name);
}

/* All that the sender wrote is there, byte for byte; user_id has moved. */
static void check_kept(const struct shot *shot, const struct dead *dead)
{
    const amqp_basic_properties_t *a = &shot->properties;
    const amqp_basic_properties_t *b = &dead->message.properties;
    ck_assert_msg(is_same(shot->body, dead->message.body), "%s: the body has changed", shot->name);
    ck_assert_int_eq(b->_flags & AMQP_BASIC_USER_ID_FLAG, 0);
    ck_assert_msg(a->_flags == (b->_flags | (a->_flags & AMQP_BASIC_USER_ID_FLAG)),
                  "%s: flags %x, not %x", shot->name, b->_flags, a->_flags);
    static const struct {
        amqp_flags_t flag;
        size_t offset;
    } texts[] = {
        {AMQP_BASIC_CONTENT_TYPE_FLAG, offsetof(amqp_basic_properties_t, content_type)},
        {AMQP_BASIC_CONTENT_ENCODING_FLAG, offsetof(amqp_basic_properties_t, content_encoding)},
        {AMQP_BASIC_CORRELATION_ID_FLAG, offsetof(amqp_basic_properties_t, correlation_id)},
        {AMQP_BASIC_REPLY_TO_FLAG, offsetof(amqp_basic_properties_t, reply_to)},
        {AMQP_BASIC_EXPIRATION_FLAG, offsetof(amqp_basic_properties_t, expiration)},
        {AMQP_BASIC_MESSAGE_ID_FLAG, offsetof(amqp_basic_properties_t, message_id)},
        {AMQP_BASIC_TYPE_FLAG, offsetof(amqp_basic_properties_t, type)},
        {AMQP_BASIC_APP_ID_FLAG, offsetof(amqp_basic_properties_t, app_id)},
        {AMQP_BASIC_CLUSTER_ID_FLAG, offsetof(amqp_basic_properties_t, cluster_id)},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if ((a->_flags & texts[i].flag) != 0) {
            ck_assert_msg(is_same(*(const amqp_bytes_t *)((const char *)a + texts[i].offset),
                                  *(const amqp_bytes_t *)((const char *)b + texts[i].offset)),
                          "%s: a property has changed (flag %x)", shot->name, texts[i].flag);
        }
    }
    ck_assert_msg((a->_flags & AMQP_BASIC_TIMESTAMP_FLAG) == 0 || a->timestamp == b->timestamp,
                  "%s", shot->name);
    ck_assert_msg((a->_flags & AMQP_BASIC_PRIORITY_FLAG) == 0 || a->priority == b->priority, "%s",
                  shot->name);
    if ((a->_flags & AMQP_BASIC_USER_ID_FLAG) != 0) {
        ck_assert_str_eq(dead_text(dead, "quadrille-user-id"), "teller");
    }
    for (int i = 0; i < a->headers.num_entries; i++) {
        check_header_kept(shot, &a->headers.entries[i], dead);
    }
}

static void check_dead(const struct dead *dead, const char *failure_class, const char *reason)
{
    const char *name = dead_text(dead, "x-case");
    ck_assert_msg(strcmp(dead_text(dead, "quadrille-failure-class"), failure_class) == 0,
                  "%s: class %s (%s), not %s", name, dead_text(dead, "quadrille-failure-class"),
                  dead_text(dead, "quadrille-failure-reason"), failure_class);
    ck_assert_msg(strstr(dead_text(dead, "quadrille-failure-reason"), reason) != NULL,
                  "%s: reason %s, without %s", name, dead_text(dead, "quadrille-failure-reason"),
                  reason);
    ck_assert_msg(strstr(dead_text(dead, "quadrille-failure-reason"), SECRET) == NULL,
                  "%s tells a value", name);
    if (reason[0] == '\0') {
        return; /* no room for more */
    }
    ck_assert_str_eq(dead_text(dead, "quadrille-failed-queue"), "listener");
    ck_assert_int_ne(dead_text(dead, "quadrille-failed-at")[0], '\0');
    ck_assert_int_ne(dead_text(dead, "quadrille-first-failed-at")[0], '\0');
    ck_assert_ptr_nonnull(dead_header(dead, "quadrille-attempts"));
}

START_TEST(a_valid_event_by_hand_is_processed)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *shot = shot_new("by hand");
    fire(teller, shot);
    hall_await_effects(conn, 1);
    char digits[UUID_TEXT_BYTES];
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from effect where event_id = '%s' and number = 7",
                     ids_format(&shot->id, digits)),
        1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(shot);
}
END_TEST

static void by_header(struct shot *shot)
{
    (void)shot;
}

static void by_type_and_major(struct shot *shot)
{
    drop_header(shot, "cloudEvents_type");
}

static void with_unknown_field(struct shot *shot)
{
    set_body(shot, "believe", ",\"number\":7,\"colour\":{\"r\":[1,2,{}]}");
}

static void with_message_id_only(struct shot *shot)
{
    drop_header(shot, "cloudEvents_id");
}

static void with_header_id_only(struct shot *shot)
{
    shot->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_MESSAGE_ID_FLAG;
}

static void with_bare_properties(struct shot *shot)
{
    shot->properties._flags &=
        ~(amqp_flags_t)(AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_TIMESTAMP_FLAG |
                        AMQP_BASIC_DELIVERY_MODE_FLAG);
    drop_header(shot, "cloudEvents_specversion");
}

static void with_strange_headers(struct shot *shot)
{
    set_header(
        shot, "x-bytes",
        (amqp_field_value_t){.kind = AMQP_FIELD_KIND_BYTES, .value.bytes = BYTES("\xff\0\xfe")});
    set_header(shot, "traceparent",
               (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8,
                                    .value.bytes = BYTES("\xff\xfe nonsense")});
    set_header(
        shot, "cloudEvents_subject",
        (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = BYTES("\xff\0\xfe")});
    set_header(shot, "cloudEvents_correlationid",
               (amqp_field_value_t){.kind = AMQP_FIELD_KIND_I64, .value.i64 = INT64_MIN});
    set_header(shot, "cloudEvents_sequence", (amqp_field_value_t){.kind = AMQP_FIELD_KIND_VOID});
    set_text(shot, "cloudEvents_time", "yesterday");
}

static void with_huge_headers(struct shot *shot)
{
    char *value = arena_alloc(&shot->arena, HUGEST_HEADER + 1);
    memset(value, 'h', HUGEST_HEADER);
    set_text(shot, "x-huge", value);
}

static void with_many_headers(struct shot *shot)
{
    for (int i = 0; i < MANY_HEADERS; i++) {
        set_text(shot, arena_printf(&shot->arena, "a-header-%d", i), "value");
    }
}

/* The broker sorts headers: those that count come after all others. */
static void with_many_headers_and_no_properties(struct shot *shot)
{
    with_many_headers(shot);
    shot->properties._flags &= ~(amqp_flags_t)(AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG);
}

static const struct good {
    const char *name;
    void (*change)(struct shot *shot);
} goods[] = {
    {"type and major version in the routing key", by_type_and_major},
    {"an unknown field", with_unknown_field},
    {"message_id only", with_message_id_only},
    {"cloudEvents_id only", with_header_id_only},
    {"hardly a property", with_bare_properties},
    {"strange headers", with_strange_headers},
    {"huge headers", with_huge_headers},
    {"many headers", with_many_headers_and_no_properties},
};

START_TEST(what_means_the_same_is_taken)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *shot = shot_new(goods[_i].name);
    goods[_i].change(shot);
    fire(teller, shot);
    char digits[UUID_TEXT_BYTES];
    stage_await(conn, 1, "select count(*) from effect where event_id = '%s'",
                ids_format(&shot->id, digits));
    hall_check_effects(conn, 1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener.dlq"), 0);
    shot_free(shot);
}
END_TEST

static void cut_json(struct shot *shot)
{
    shot->body = text("{\"taleId\":");
}

static void empty_body(struct shot *shot)
{
    shot->body = amqp_empty_bytes;
}

static void depth_bomb(struct shot *shot)
{
    char *bomb = arena_alloc(&shot->arena, DEPTH + 16);
    int head = snprintf(bomb, DEPTH + 16, "{\"parts\":");
    memset(bomb + head, '[', DEPTH);
    shot->body = (amqp_bytes_t){.len = DEPTH + (size_t)head, .bytes = bomb};
}

static void mebibyte(struct shot *shot)
{
    char *filler = arena_alloc(&shot->arena, MEBIBYTE);
    memset(filler, ' ', MEBIBYTE - 1);
    set_body(shot, "believe", filler);
}

static void wrong_type(struct shot *shot)
{
    set_body(shot, "believe", ",\"number\":\"a-secret-of-the-user\"");
}

static void wrong_nested_type(struct shot *shot)
{
    set_body(shot, "believe",
             ",\"parts\":[{\"label\":\"a\"},{\"label\":[\"a-secret-of-the-user\"]}]");
}

static void missing_field(struct shot *shot)
{
    shot->body = text("{\"taleId\":\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\"}");
}

static void unknown_value(struct shot *shot)
{
    set_body(shot, SECRET, "");
}

static void out_of_bounds(struct shot *shot)
{
    set_body(shot, "believe", ",\"number\":1000001");
}

static void no_uuid(struct shot *shot)
{
    shot->body = text("{\"taleId\":\"a-secret-of-the-user\",\"act\":\"believe\"}");
}

static void too_long(struct shot *shot)
{
    set_body(shot, "believe",
             ",\"note\":\"a-secret-of-the-user-a-secret-of-the-user-a-secret-of-the-user-a-secret-"
             "of-the-user\"");
}

static void nul_in_body(struct shot *shot)
{
    shot->body =
        BYTES("{\"taleId\":\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\",\0\"act\":\"believe\"}");
}

static void nul_escaped(struct shot *shot)
{
    set_body(shot, "believe", ",\"parts\":[{\"label\":\"a\\u0000b\"}]");
}

static void bad_utf8_in_body(struct shot *shot)
{
    set_body(shot, "believe", ",\"parts\":[{\"label\":\"\xff\xc0\xaf\"}]");
}

static void wrong_content_type(struct shot *shot)
{
    shot->properties.content_type = text("text/xml");
}

static void wrong_encoding(struct shot *shot)
{
    shot->properties._flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG;
    shot->properties.content_encoding = text("gzip");
}

static void no_id(struct shot *shot)
{
    with_header_id_only(shot);
    drop_header(shot, "cloudEvents_id");
}

static void id_of_garbage(struct shot *shot)
{
    no_id(shot);
    shot->properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
    shot->properties.message_id = BYTES("\xff\0\xfe' or 1=1");
}

static void id_of_version_4(struct shot *shot)
{
    drop_header(shot, "cloudEvents_id");
    shot->properties.message_id = text("7f1d6c52-0d4e-4c4e-8f6a-1f2e3d4c5b6a");
}

static void two_ids(struct shot *shot)
{
    set_text(shot, "cloudEvents_id", "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b");
}

static void set_birth(struct shot *shot, int64_t born_ms)
{
    struct uuid id = ids_new();
    struct uuid floor = ids_floor(born_ms);
    memcpy(id.bytes, floor.bytes, 6);
    set_id(shot, &id);
}

static void from_the_future(struct shot *shot)
{
    set_birth(shot, clock_now_ms() + 10 * INT64_C(60000));
}

static void from_the_end_of_time(struct shot *shot)
{
    set_birth(shot, (1LL << 48) - 1);
}

static void from_last_year(struct shot *shot)
{
    set_birth(shot, clock_now_ms() - 365LL * 24 * 3600 * 1000);
}

static void from_1970(struct shot *shot)
{
    set_birth(shot, 0);
}

static void no_type(struct shot *shot)
{
    drop_header(shot, "cloudEvents_type");
    shot->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_TYPE_FLAG;
}

static void unknown_type(struct shot *shot)
{
    set_text(shot, "cloudEvents_type", "fit.teller.GossipSpread.v1");
}

static void type_of_garbage(struct shot *shot)
{
    set_header(shot, "cloudEvents_type",
               (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8,
                                    .value.bytes = BYTES("\xff\0fit.teller.TaleTold.v1")});
}

static void type_is_a_number(struct shot *shot)
{
    set_header(shot, "cloudEvents_type",
               (amqp_field_value_t){.kind = AMQP_FIELD_KIND_I32, .value.i32 = 1});
    shot->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_TYPE_FLAG;
}

static void type_of_another_key(struct shot *shot)
{
    set_text(shot, "cloudEvents_type", "fit.teller.OathSworn.v1");
}

static void nobody_says_it(struct shot *shot)
{
    shot->properties._flags &= ~(amqp_flags_t)AMQP_BASIC_USER_ID_FLAG;
}

static void key_of_garbage(struct shot *shot)
{
    shot->routing_key = BYTES("teller.\xff\xfe.v1");
}

static void another_says_it(struct shot *shot)
{
    shot->account = "listener";
    shot->exchange = text("listener.events");
    shot->routing_key = text("listener.tale-told.v1");
    shot->properties.user_id = text("listener");
}

static void unknown_version(struct shot *shot)
{
    set_text(shot, "cloudEvents_type", "fit.teller.TaleTold.v2");
    shot->properties.type = text("TaleTold");
    shot->routing_key = text("teller.tale-told.v2");
}

static void huge_headers(struct shot *shot)
{
    char *value = arena_alloc(&shot->arena, HUGE_HEADER + 1);
    memset(value, 'h', HUGE_HEADER);
    set_text(shot, "x-huge", value);
    cut_json(shot);
}

/* There is hardly room for the class. */
static void hugest_headers(struct shot *shot)
{
    with_huge_headers(shot);
    cut_json(shot);
}

static void many_headers(struct shot *shot)
{
    with_many_headers(shot);
    cut_json(shot);
}

/* Every type of header and every property that AMQP has. */
static void all_properties(struct shot *shot)
{
    static amqp_field_value_t items[] = {
        {.kind = AMQP_FIELD_KIND_I8, .value.i8 = -1},
        {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = {.len = 2, .bytes = (void *)"\xff\0"}},
    };
    static amqp_table_entry_t entries[] = {
        {.key = {.len = 1, .bytes = (void *)"k"},
         .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}}};
    static const struct {
        const char *name;
        amqp_field_value_t value;
    } typed[] = {
        {"x-boolean", {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}},
        {"x-i8", {.kind = AMQP_FIELD_KIND_I8, .value.i8 = -128}},
        {"x-i16", {.kind = AMQP_FIELD_KIND_I16, .value.i16 = -32768}},
        {"x-i32", {.kind = AMQP_FIELD_KIND_I32, .value.i32 = INT32_MIN}},
        {"x-i64", {.kind = AMQP_FIELD_KIND_I64, .value.i64 = INT64_MIN}},
        {"x-f32", {.kind = AMQP_FIELD_KIND_F32, .value.f32 = 1.5F}},
        {"x-f64", {.kind = AMQP_FIELD_KIND_F64, .value.f64 = -2.25}},
        {"x-decimal",
         {.kind = AMQP_FIELD_KIND_DECIMAL, .value.decimal = {.decimals = 2, .value = 314}}},
        {"x-utf8",
         {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = {.len = 3, .bytes = (void *)"\0\xff\n"}}},
        {"x-timestamp", {.kind = AMQP_FIELD_KIND_TIMESTAMP, .value.u64 = 1700000000}},
        {"x-void", {.kind = AMQP_FIELD_KIND_VOID}},
        {"x-bytes",
         {.kind = AMQP_FIELD_KIND_BYTES, .value.bytes = {.len = 3, .bytes = (void *)"\xff\0\xfe"}}},
        {"x-array",
         {.kind = AMQP_FIELD_KIND_ARRAY, .value.array = {.num_entries = 2, .entries = items}}},
        {"x-table",
         {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {.num_entries = 1, .entries = entries}}},
    };
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        set_header(shot, typed[i].name, typed[i].value);
    }
    shot->properties._flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
                               AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_APP_ID_FLAG |
                               AMQP_BASIC_CLUSTER_ID_FLAG | AMQP_BASIC_PRIORITY_FLAG |
                               AMQP_BASIC_EXPIRATION_FLAG;
    shot->properties.content_encoding = text("utf-8");
    shot->properties.correlation_id = text("a story \xc3\xa9");
    shot->properties.reply_to = text("nobody");
    shot->properties.app_id = text("foreigner");
    shot->properties.cluster_id = text("here");
    shot->properties.priority = 7;
    shot->properties.expiration = text("86400000");
    out_of_bounds(shot);
}

/* clang-format off */
static const struct poison { const char *name; void (*change)(struct shot *shot); const char *failure_class, *reason; } poisons[] = {
    {"cut JSON", cut_json, "contract-violation", "TaleTold"},
    {"empty body", empty_body, "contract-violation", "TaleTold"},
    {"depth bomb", depth_bomb, "contract-violation", "parts"},
    {"1 MiB", mebibyte, "contract-violation", "the limit is"},
    {"wrong type", wrong_type, "contract-violation", "number"},
    {"wrong nested type", wrong_nested_type, "contract-violation", "label"},
    {"missing field", missing_field, "contract-violation", "act"},
    {"unknown value", unknown_value, "contract-violation", "act"},
    {"out of bounds", out_of_bounds, "contract-violation", "number"},
    {"no UUID", no_uuid, "contract-violation", "taleId"},
    {"too long", too_long, "contract-violation", "note"},
    {"NUL in the body", nul_in_body, "contract-violation", "TaleTold"},
    {"NUL escaped", nul_escaped, "contract-violation", "label"},
    {"bad UTF-8 in the body", bad_utf8_in_body, "contract-violation", "TaleTold"},
    {"wrong content type", wrong_content_type, "contract-violation", "content_type"},
    {"wrong encoding", wrong_encoding, "contract-violation", "content_encoding"},
    {"no id", no_id, "unidentified", "UUID"},
    {"id of garbage", id_of_garbage, "unidentified", "UUID"},
    {"id of version 4", id_of_version_4, "unidentified", "version 7"},
    {"two ids", two_ids, "unidentified", "differ"},
    {"from the future", from_the_future, "from-the-future", "future"},
    {"from the end of time", from_the_end_of_time, "from-the-future", "future"},
    {"from last year", from_last_year, "too-old", "older"},
    {"from 1970", from_1970, "too-old", "older"},
    {"no type", no_type, "unidentified", "cloudEvents_type"},
    {"unknown type", unknown_type, "unidentified", "no contract"},
    {"type of garbage", type_of_garbage, "unidentified", "no contract"},
    {"type is a number", type_is_a_number, "unidentified", "cloudEvents_type"},
    {"type of another key", type_of_another_key, "unidentified", "routing key"},
    {"nobody says it", nobody_says_it, "unidentified", "user_id"},
    {"key of garbage", key_of_garbage, "unidentified", "routing key"},
    {"another says it on its own exchange", another_says_it, "unidentified", "exchange"},
    {"huge headers", huge_headers, "contract-violation", "TaleTold"},
    {"hugest headers", hugest_headers, "contract-violation", ""},
    {"many headers", many_headers, "contract-violation", "TaleTold"},
    {"all properties", all_properties, "contract-violation", "number"},
};
/* clang-format on */

/* Bindings that no contract names: what an operator's mistake would let in. */
static void bind_too_much(void)
{
    amqp_connection_state_t deploy = connect_as(NULL);
    (void)amqp_queue_bind(deploy, CHANNEL, text("listener"), text("teller.events"),
                          text("teller.#"), amqp_empty_table);
    ck_assert_int_eq(amqp_get_rpc_reply(deploy).reply_type, AMQP_RESPONSE_NORMAL);
    (void)amqp_queue_bind(deploy, CHANNEL, text("listener"), text("listener.events"),
                          text("listener.tale-told.v1"), amqp_empty_table);
    ck_assert_int_eq(amqp_get_rpc_reply(deploy).reply_type, AMQP_RESPONSE_NORMAL);
    (void)amqp_destroy_connection(deploy);
}

static const struct poison *poison_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(poisons); i++) {
        if (strcmp(poisons[i].name, name) == 0) {
            return &poisons[i];
        }
    }
    return NULL;
}

/* All poison there is, each between two good events, while the listener is away: so they share
 * their batches. */
START_TEST(poison_becomes_a_dead_letter_that_says_why)
{
    struct shot *shots[COUNT_OF(poisons)];
    amqp_connection_state_t other = connect_as("listener");
    bind_too_much();
    for (size_t i = 0; i < COUNT_OF(poisons); i++) {
        struct shot *good = shot_new("good");
        shots[i] = shot_new(poisons[i].name);
        poisons[i].change(shots[i]);
        fire(shots[i]->account != NULL ? other : teller, shots[i]);
        fire(teller, good);
        shot_free(good);
    }
    (void)amqp_destroy_connection(other);
    struct listener_process listener = hall_start(&hall, (const char *const[]){"WORKERS=1", NULL});
    hall_await(&listener, "consumed", 2 * COUNT_OF(poisons));
    for (size_t i = 0; i < COUNT_OF(poisons); i++) {
        char digits[UUID_TEXT_BYTES];
        ck_assert_msg(stage_number(conn, "select count(*) from effect where event_id = '%s'",
                                   ids_format(&shots[i]->id, digits)) == 0,
                      "%s: it is believed", poisons[i].name);
    }
    stage_await(conn, COUNT_OF(poisons), "select count(*) from effect");
    hall_await_depth(&hall, "listener.dlq", COUNT_OF(poisons));
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(distinct event_id) from effect"),
                     COUNT_OF(poisons));
    ck_assert_int_eq(stage_number(conn, "select count(*) from inbox"), COUNT_OF(poisons));
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_msg(!hall_has_logged(&listener, SECRET), "the log tells a value");

    amqp_connection_state_t operator= connect_as("operator");
    for (size_t i = 0; i < COUNT_OF(poisons); i++) {
        struct dead dead = take_dead(operator);
        const struct poison *poison = poison_named(dead_text(&dead, "x-case"));
        ck_assert_msg(poison != NULL, "a dead letter of case '%s'", dead_text(&dead, "x-case"));
        struct shot *shot = shots[poison - poisons];
        ck_assert_msg(shot != NULL, "%s is twice dead", poison->name);
        check_dead(&dead, poison->failure_class, poison->reason);
        if (shot->account == NULL) {
            check_kept(shot, &dead);
        }
        if (poison->reason[0] != '\0') {
            const amqp_field_value_t *key = dead_header(&dead, "x-original-routingKey");
            ck_assert_msg(key != NULL && is_same(key->value.bytes, shot->routing_key),
                          "%s: another key", poison->name);
        }
        dead_done(&dead);
        shot_free(shot);
        shots[poison - poisons] = NULL;
    }
    (void)amqp_destroy_connection(operator);
}
END_TEST

/* Ten times, minutes apart in the end: the clock and the counter are put forward. */
START_TEST(an_unknown_version_is_retried_before_it_dies)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *shot = shot_new("unknown version");
    bind_too_much();
    unknown_version(shot);
    fire(teller, shot);
    stage_await(conn, 1, "select count(*) from parking where attempts = 1");
    ck_assert_int_eq(hall_depth(&hall, "listener.dlq"), 0);
    PQclear(PQexec(conn, "update retry set attempts = 8, due = clock_timestamp()"));
    stage_await(conn, 1, "select count(*) from parking where attempts = 9");
    ck_assert_int_eq(hall_depth(&hall, "listener.dlq"), 0);
    PQclear(PQexec(conn, "update retry set due = clock_timestamp()"));
    hall_await_depth(&hall, "listener.dlq", 1);
    amqp_connection_state_t operator= connect_as("operator");
    struct dead dead = take_dead(operator);
    check_dead(&dead, "unidentified", "version");
    check_kept(shot, &dead);
    ck_assert_int_eq(dead_header(&dead, "quadrille-attempts")->value.i64, 10);
    ck_assert_str_ne(dead_text(&dead, "quadrille-first-failed-at"),
                     dead_text(&dead, "quadrille-failed-at"));
    dead_done(&dead);
    (void)amqp_destroy_connection(operator);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(shot);
}
END_TEST

START_TEST(two_messages_with_one_id_are_one_event)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *first = shot_new("first");
    struct shot *second = shot_new("second");
    set_id(second, &first->id);
    set_body(second, "believe", ",\"number\":8");
    fire(teller, first);
    hall_await_effects(conn, 1);
    fire(teller, second);
    hall_await(&listener, "duplicates", 1);
    hall_check_effects(conn, 1);
    ck_assert_int_eq(stage_number(conn, "select number from effect"), 7);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(first);
    shot_free(second);
}
END_TEST

/* A real service account, its own exchange, another's event: without a binding nobody even gets it.
 */
START_TEST(anothers_event_on_ones_own_exchange_reaches_nobody)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *shot = shot_new("another's");
    struct shot *good = shot_new("good");
    amqp_connection_state_t other = connect_as("listener");
    another_says_it(shot);
    fire(other, shot);
    fire(teller, good);
    hall_await_effects(conn, 1);
    ck_assert_int_eq(hall_tells(&listener, "consumed"), 1);
    ck_assert_int_eq(hall_depth(&hall, "listener.dlq"), 0);

    /* And with the teller's own key it may not even say it. */
    char reason[256];
    ck_assert(!foreign_send(other, shot->exchange, text("teller.tale-told.v1"), &shot->properties,
                            shot->body, reason));
    ck_assert_msg(strncmp(reason, "403", 3) == 0, "%s", reason);
    (void)amqp_destroy_connection(other);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(shot);
    shot_free(good);
}
END_TEST

/* As the management page sends it back: as it stands in the dlq, through the default exchange. */
static void send_back(amqp_connection_state_t operator, struct dead * dead)
{
    char reason[256];
    ck_assert_msg(foreign_send(operator, amqp_empty_bytes, text("listener"),
                               &dead->message.properties, dead->message.body, reason),
                  "%s", reason);
    dead_done(dead);
}

/* How it says what it is. */
static void (*const names_given_back[])(struct shot *shot) = {by_header, by_type_and_major};

START_TEST(a_dead_letter_sent_back_with_its_old_id_is_processed)
{
    struct listener_process listener = hall_start(&hall, NULL);
    struct shot *shot = shot_new("sent back");
    char digits[UUID_TEXT_BYTES];
    names_given_back[_i](shot);
    set_body(shot, "break-promise", ",\"number\":7");
    fire(teller, shot);
    hall_await_depth(&hall, "listener.dlq", 1);
    amqp_connection_state_t operator= connect_as("operator");
    struct dead dead = take_dead(operator);
    check_dead(&dead, "rejected", "promise");
    check_kept(shot, &dead);

    /* Still broken: it comes again, and its headers tell the last failure only. */
    send_back(operator, & dead);
    hall_await_depth(&hall, "listener.dlq", 1);
    dead = take_dead(operator);
    check_dead(&dead, "rejected", "promise");
    ck_assert_str_eq(dead_text(&dead, "quadrille-user-id"), "teller");
    ck_assert_str_eq(dead_text(&dead, "x-original-exchange"), "teller.events");
    ck_assert_str_eq(dead_text(&dead, "x-original-routingKey"), "teller.tale-told.v1");

    PQclear(PQexec(conn, "alter table promise drop constraint promise_kept_by_fkey"));
    send_back(operator, & dead);
    hall_await_effects(conn, 1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from effect where event_id = '%s'",
                                  ids_format(&shot->id, digits)),
                     1);
    PQclear(PQexec(conn, "delete from promise; alter table promise add foreign key (kept_by) "
                         "references kept deferrable "
                         "initially deferred"));
    (void)amqp_destroy_connection(operator);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(shot);
}
END_TEST

/* Larger than what is kept whole: its beginning dies with its headers, nobody else is touched, and
 * the connection stays. */
START_TEST(a_message_beyond_all_bounds_becomes_a_dead_letter)
{
    struct shot *shot = shot_new("oversize");
    struct shot *good = shot_new("good");
    shot->body = (amqp_bytes_t){.len = OVERSIZE, .bytes = arena_alloc(&shot->arena, OVERSIZE)};
    memset(shot->body.bytes, 'x', OVERSIZE);
    fire(teller, shot);
    fire(teller, good);
    struct listener_process listener = hall_start(&hall, (const char *const[]){"WORKERS=1", NULL});
    hall_await_effects(conn, 1);
    hall_await_depth(&hall, "listener.dlq", 1);
    amqp_connection_state_t operator= connect_as("operator");
    struct dead dead = take_dead(operator);
    check_dead(&dead, "contract-violation", "the body has 17825792 bytes");
    ck_assert_int_eq(dead.message.body.len, ENVELOPE_BODY_MAX_BYTES);
    shot->body.len = ENVELOPE_BODY_MAX_BYTES;
    check_kept(shot, &dead);
    dead_done(&dead);
    (void)amqp_destroy_connection(operator);
    ck_assert(!hall_has_logged(&listener, "consumer.reconnecting"));
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    shot_free(shot);
    shot_free(good);
}
END_TEST

static void take_all(struct broker *broker, size_t wanted)
{
    struct delivery deliveries[8];
    struct fault fault = {0};
    int64_t until = clock_monotonic_ms() + 20000;
    for (size_t have = 0, count = 0; have < wanted; have += count) {
        ck_assert(clock_monotonic_ms() < until);
        ck_assert_msg(broker_take(broker, deliveries, COUNT_OF(deliveries), 100, &count, &fault) ==
                          OK,
                      "%s", fault.text);
        broker_release(broker);
    }
}

/* Prefetch counts messages, not bytes. */
START_TEST(what_waits_in_a_worker_has_a_bound)
{
    enum { LARGE = 4 * MEBIBYTE, COUNT = 40, HELD_MAX = BROKER_HELD_MAX_BYTES / LARGE };
    AUTO(free_text) char *url = hall_amqp_url(&hall, NULL);
    struct broker *broker = NULL;
    struct fault fault = {0};
    struct shot *shot = shot_new("large");
    shot->body = (amqp_bytes_t){.len = LARGE, .bytes = arena_alloc(&shot->arena, LARGE)};
    for (int i = 0; i < COUNT; i++) {
        fire(teller, shot);
    }
    ck_assert(
        broker_open(&(struct broker_options){.url = url, .heartbeat_s = 1}, &broker, &fault) == OK);
    ck_assert(broker_consume(broker, "listener", COUNT, &fault) == OK);
    for (int64_t until = clock_monotonic_ms() + 3000; clock_monotonic_ms() < until;) {
        ck_assert_msg(broker_wait(broker, -1, 100, &fault) == OK, "%s", fault.text);
    }
    ck_assert_int_ge(broker_ready(broker), HELD_MAX - 1);
    ck_assert_int_le(broker_ready(broker), HELD_MAX + 1);
    take_all(broker, COUNT);
    broker_close(broker);
    shot_free(shot);
}
END_TEST

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("wire");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_valid_event_by_hand_is_processed);
    tcase_add_loop_test(cases, what_means_the_same_is_taken, 0, COUNT_OF(goods));
    /* Before anything is bound that should not be. */
    tcase_add_test(cases, anothers_event_on_ones_own_exchange_reaches_nobody);
    tcase_add_test(cases, two_messages_with_one_id_are_one_event);
    tcase_add_loop_test(cases, a_dead_letter_sent_back_with_its_old_id_is_processed, 0,
                        COUNT_OF(names_given_back));
    tcase_add_test(cases, a_message_beyond_all_bounds_becomes_a_dead_letter);
    tcase_add_test(cases, what_waits_in_a_worker_has_a_bound);
    tcase_add_test(cases, poison_becomes_a_dead_letter_that_says_why);
    tcase_add_test(cases, an_unknown_version_is_retried_before_it_dies);
    Suite *suite = suite_create("wire");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
