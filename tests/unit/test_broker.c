/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"
#include "core/memory.h"
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The frames and confirms of an open connection, with the peer played here: what a real broker says
 * only seldom, or never. The handshake is proved on the real one.
 */
struct peer {
    struct broker broker;
    int fd; /* ours */
    struct fault fault;
    uint64_t numbers[64];
    enum verdict verdicts[64];
    size_t judged;
};

static void note_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct peer *peer = context;
    (void)reason;
    ck_assert_uint_lt(peer->judged, COUNT_OF(peer->numbers));
    peer->numbers[peer->judged] = number;
    peer->verdicts[peer->judged++] = verdict;
}

/* Confirms are on, the frames as large as `frame_max`; no heartbeats. */
static void peer_open(struct peer *peer, uint32_t frame_max)
{
    int fds[2];
    int bytes = 4 * 1024 * 1024;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
    ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    *peer = (struct peer){
        .fd = fds[1],
        .broker = {
            .fd = fds[0], .frame_max = frame_max, .is_channel_open = true, .next = 1, .oldest = 1}};
    init_amqp_pool(&peer->broker.pool, POOL_PAGE_BYTES);
    broker_on_verdict(&peer->broker, note_verdict, peer);
}

static void peer_close(struct peer *peer)
{
    struct broker *broker = &peer->broker;
    broker_release(broker);
    while (broker->ready_first != NULL) {
        struct arrival *next = broker->ready_first->next;
        free(broker->ready_first);
        broker->ready_first = next;
    }
    free(broker->partial);
    free(broker->ring);
    buffer_done(&broker->in);
    buffer_done(&broker->out);
    buffer_done(&broker->head_text);
    empty_amqp_pool(&broker->pool);
    (void)close(broker->fd);
    (void)close(peer->fd);
}

/* What the peer says. */
static void put_frame(struct buffer *out, int type, const void *payload, size_t length)
{
    buffer_byte(out, (char)type);
    buffer_byte(out, 0);
    buffer_byte(out, AMQP_CHANNEL);
    for (int shift = 24; shift >= 0; shift -= 8) {
        buffer_byte(out, (char)(length >> shift & 0xff));
    }
    buffer_add(out, payload, length);
    buffer_byte(out, (char)FRAME_END);
}

static void put_method(struct buffer *out, amqp_method_number_t id, void *method)
{
    uint8_t payload[1024];
    for (int i = 0; i < 4; i++) {
        payload[i] = (uint8_t)(id >> (24 - 8 * i) & 0xff);
    }
    int length = amqp_encode_method(
        id, method, (amqp_bytes_t){.len = sizeof payload - 4, .bytes = payload + 4});
    ck_assert_int_ge(length, 0);
    put_frame(out, AMQP_FRAME_METHOD, payload, (size_t)length + 4);
}

static void put_header(struct buffer *out, const void *properties, size_t properties_length,
                       size_t body_length)
{
    AUTO(buffer_done) struct buffer payload = {0};
    buffer_add(&payload, "\0\x3c\0\0\0\0\0\0", 8); /* class basic, weight, the size's upper half */
    for (int shift = 24; shift >= 0; shift -= 8) {
        buffer_byte(&payload, (char)(body_length >> shift & 0xff));
    }
    buffer_add(&payload, properties, properties_length);
    put_frame(out, AMQP_FRAME_HEADER, payload.bytes, payload.length);
}

static void put_delivery(struct buffer *out, const void *properties, size_t properties_length,
                         const char *body)
{
    amqp_basic_deliver_t deliver = {.consumer_tag = amqp_cstring_bytes("c"),
                                    .delivery_tag = 7,
                                    .exchange = amqp_cstring_bytes("e"),
                                    .routing_key = amqp_cstring_bytes("k")};
    put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
    put_header(out, properties, properties_length, strlen(body));
    put_frame(out, AMQP_FRAME_BODY, body, strlen(body));
}

static void put_return(struct buffer *out, const void *properties, size_t properties_length)
{
    amqp_basic_return_t returned = {.reply_code = 312,
                                    .reply_text = amqp_cstring_bytes("NO_ROUTE")};
    put_method(out, AMQP_BASIC_RETURN_METHOD, &returned);
    put_header(out, properties, properties_length, 0);
}

static void put_ack(struct buffer *out, uint64_t number, bool multiple)
{
    amqp_basic_ack_t ack = {.delivery_tag = number, .multiple = multiple};
    put_method(out, AMQP_BASIC_ACK_METHOD, &ack);
}

static enum outcome hear(struct peer *peer, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t sent = send(peer->fd, (const char *)bytes + at, length - at, MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : 0;
        enum outcome o = broker_tick(&peer->broker, &peer->fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static enum outcome hear_all(struct peer *peer, const struct buffer *said)
{
    return hear(peer, said->bytes, said->length);
}

static const char NO_PROPERTIES[2];

static void publish(struct peer *peer, const void *properties, size_t length, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(broker_publish(&peer->broker, "e", "k", true, properties, length, "{}", 2,
                                        &number, &peer->fault),
                         OK);
    }
}

START_TEST(a_delivery_may_be_split_anywhere)
{
    AUTO(buffer_done) struct buffer said = {0};
    put_delivery(&said, NO_PROPERTIES, 2, "{\"a\":1}");
    for (size_t split = 1; split < said.length; split++) {
        AUTO(peer_close) struct peer peer;
        peer_open(&peer, BROKER_FRAME_MAX);
        ck_assert_int_eq(hear(&peer, said.bytes, split), OK);
        ck_assert_uint_eq(broker_ready(&peer.broker), 0);
        ck_assert_int_eq(hear(&peer, said.bytes + split, said.length - split), OK);
        struct delivery delivery;
        size_t count = 0;
        ck_assert_int_eq(broker_take(&peer.broker, &delivery, 1, 0, &count, &peer.fault), OK);
        ck_assert_uint_eq(count, 1);
        ck_assert_uint_eq(delivery.tag, 7);
        ck_assert_str_eq(delivery.exchange, "e");
        ck_assert_str_eq(delivery.routing_key, "k");
        ck_assert_str_eq(delivery.body, "{\"a\":1}");
    }
}
END_TEST

/* What no broker that is well would say; the connection is given up, with a reason. */
enum nonsense {
    OVERLONG_FRAME,
    MISSING_FRAME_END,
    UNKNOWN_FRAME,
    SHORT_METHOD,
    UNKNOWN_METHOD,
    HEADER_WITHOUT_METHOD,
    BODY_WITHOUT_HEADER,
    SECOND_HEADER,
    BODY_TOO_LONG,
    SHORT_HEADER,
    UNREADABLE_PROPERTIES,
    OTHER_PROTOCOL,
    CONFIRM_OF_NOTHING,
};

static const char *const complaints[] = {
    [OVERLONG_FRAME] = "a frame of 135169 bytes",
    [MISSING_FRAME_END] = "a frame without its end",
    [UNKNOWN_FRAME] = "a frame of unknown type",
    [SHORT_METHOD] = "a method frame of 3 bytes",
    [UNKNOWN_METHOD] = "a method that cannot be read",
    [HEADER_WITHOUT_METHOD] = "a content header out of place",
    [BODY_WITHOUT_HEADER] = "a content body out of place",
    [SECOND_HEADER] = "a content header out of place",
    [BODY_TOO_LONG] = "a content body out of place",
    [SHORT_HEADER] = "a content header out of place",
    [UNREADABLE_PROPERTIES] = "a property list that cannot be read",
    [OTHER_PROTOCOL] = "another protocol version",
    [CONFIRM_OF_NOTHING] = "a confirm for what was never sent",
};

static void put_nonsense(struct buffer *out, enum nonsense nonsense)
{
    amqp_basic_deliver_t deliver = {.delivery_tag = 1};
    static const char overlong[BROKER_FRAME_MAX + FRAME_SLACK_BYTES + 1];
    switch (nonsense) {
    case OVERLONG_FRAME:
        put_frame(out, AMQP_FRAME_BODY, overlong, sizeof overlong);
        break;
    case MISSING_FRAME_END:
        put_frame(out, AMQP_FRAME_HEARTBEAT, "", 0);
        out->bytes[out->length - 1] = 0;
        break;
    case UNKNOWN_FRAME:
        put_frame(out, 5, "", 0);
        break;
    case SHORT_METHOD:
        put_frame(out, AMQP_FRAME_METHOD, "abc", 3);
        break;
    case UNKNOWN_METHOD:
        put_frame(out, AMQP_FRAME_METHOD, "\xff\xff\xff\xff", 4);
        break;
    case HEADER_WITHOUT_METHOD:
        put_header(out, NO_PROPERTIES, 2, 0);
        break;
    case BODY_WITHOUT_HEADER:
        put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
        put_frame(out, AMQP_FRAME_BODY, "x", 1);
        break;
    case SECOND_HEADER:
        put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
        put_header(out, NO_PROPERTIES, 2, 1);
        put_header(out, NO_PROPERTIES, 2, 1);
        break;
    case BODY_TOO_LONG:
        put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
        put_header(out, NO_PROPERTIES, 2, 1);
        put_frame(out, AMQP_FRAME_BODY, "xy", 2);
        break;
    case SHORT_HEADER:
        put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
        put_frame(out, AMQP_FRAME_HEADER, "\0\x3c", 2);
        break;
    case UNREADABLE_PROPERTIES:
        put_method(out, AMQP_BASIC_DELIVER_METHOD, &deliver);
        put_header(out, "\x80\0\x20x", 4,
                   0); /* a content type of 32 bytes, of which one is there */
        break;
    case OTHER_PROTOCOL:
        buffer_add(out, "AMQP\0\0\x09\x01", 8);
        break;
    case CONFIRM_OF_NOTHING:
        put_ack(out, 1, false);
        break;
    }
}

START_TEST(nonsense_ends_the_connection_with_a_reason)
{
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, BROKER_FRAME_MAX);
    AUTO(buffer_done) struct buffer said = {0};
    put_nonsense(&said, (enum nonsense)_i);
    ck_assert_int_eq(hear_all(&peer, &said), LOST);
    ck_assert(broker_is_lost(&peer.broker));
    ck_assert_msg(strstr(peer.fault.text, complaints[_i]) != NULL, "%s", peer.fault.text);
}
END_TEST

/* A list with one header so long that the whole of it has `length` bytes. */
static void fill_list(struct buffer *out, const char *name, size_t length)
{
    struct fault fault;
    AUTO(free_text) char *text = xmalloc(length);
    memset(text, 'x', length);
    text[length - 300] = '\0';
    const struct header header = {.name = name, .text = text};
    const struct properties properties = {
        .message_id = "id", .headers = &header, .header_count = 1};
    ck_assert_int_eq(broker_properties_encode(&properties, out, &fault), OK);
    ck_assert_uint_lt(out->length, length);
    memset(text + length - 300, 'x', length - out->length);
    text[length - 300 + (length - out->length)] = '\0';
    buffer_clear(out);
    ck_assert_int_eq(broker_properties_encode(&properties, out, &fault), OK);
    ck_assert_uint_eq(out->length, length);
}

/* The broker lets a list fill its frame and then adds a header of its own. */
START_TEST(a_header_frame_may_be_larger_than_what_was_published)
{
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, BROKER_FRAME_MAX);
    AUTO(buffer_done) struct buffer list = {0};
    AUTO(buffer_done) struct buffer said = {0};
    fill_list(&list, "x-huge", BROKER_FRAME_MAX + 26);
    put_delivery(&said, list.bytes, list.length, "{}");
    ck_assert_msg(hear_all(&peer, &said) == OK, "%s", peer.fault.text);
    ck_assert_uint_eq(broker_ready(&peer.broker), 1);
}
END_TEST

static const struct header failure[] = {
    {.name = "quadrille-failure-class", .text = "contract-violation"},
    {.name = "quadrille-attempts", .number = 3, .is_number = true},
    {.name = "quadrille-failure-reason", .text = "the body is not an object"},
};

/* From "everything fits" over "some of ours is cut" to "theirs must give way": each of them can be
 * published, and says its class. */
START_TEST(a_dead_letter_always_fits_its_frame)
{
    enum { MAX_BYTES = BROKER_FRAME_MAX - 256 };
    static const size_t lengths[] = {
        MAX_BYTES - 1000,      MAX_BYTES - 300, MAX_BYTES - 200, MAX_BYTES - 100,
        MAX_BYTES - 50,        MAX_BYTES - 1,   MAX_BYTES,       BROKER_FRAME_MAX - 8 - 12,
        BROKER_FRAME_MAX + 26,
    };
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, BROKER_FRAME_MAX);
    AUTO(buffer_done) struct buffer list = {0};
    AUTO(buffer_done) struct buffer letter = {0};
    fill_list(&list, "x-huge", lengths[_i]);
    ck_assert_msg(broker_properties_extend(list.bytes, list.length, failure, COUNT_OF(failure),
                                           MAX_BYTES, &letter, &peer.fault) == OK,
                  "%s", peer.fault.text);
    ck_assert_uint_le(letter.length, MAX_BYTES);
    publish(&peer, letter.bytes, letter.length, 1);

    AUTO(arena_done) struct arena arena = {0};
    struct properties read;
    ck_assert_int_eq(
        broker_properties_decode(letter.bytes, letter.length, &arena, &read, &peer.fault), OK);
    ck_assert_str_eq(read.message_id, "id");
    ck_assert_str_eq(properties_find(&read, failure[0].name)->text, failure[0].text);
    const struct header *dropped = properties_find(&read, "quadrille-dropped-headers");
    bool is_kept = properties_find(&read, "x-huge") != NULL;
    ck_assert(is_kept == (dropped == NULL));
    ck_assert(is_kept == (lengths[_i] < MAX_BYTES - 88));
    ck_assert(is_kept || strcmp(dropped->text, "x-huge") == 0);
}
END_TEST

START_TEST(only_the_largest_header_gives_way)
{
    enum { MAX_BYTES = 4096, SMALL = 60 };
    struct fault fault;
    AUTO(buffer_done) struct buffer list = {0};
    AUTO(buffer_done) struct buffer letter = {0};
    AUTO(arena_done) struct arena arena = {0};
    struct header headers[SMALL];
    for (int i = 0; i < SMALL; i++) {
        headers[i] = (struct header){.name = arena_printf(&arena, "x-%02d", i),
                                     .text = i == 33 ? "a longer one, which gives way" : "small"};
    }
    headers[34].text = arena_printf(&arena, "%03000d", 0);
    const struct properties properties = {
        .user_id = "teller", .headers = headers, .header_count = SMALL};
    ck_assert_int_eq(broker_properties_encode(&properties, &list, &fault), OK);
    ck_assert_int_eq(broker_properties_extend(list.bytes, list.length, failure, COUNT_OF(failure),
                                              list.length, &letter, &fault),
                     OK);
    struct properties read;
    ck_assert_int_eq(broker_properties_decode(letter.bytes, letter.length, &arena, &read, &fault),
                     OK);
    ck_assert_str_eq(properties_find(&read, "quadrille-dropped-headers")->text, "x-34");
    ck_assert_str_eq(properties_find(&read, "quadrille-user-id")->text, "teller");
    ck_assert_str_eq(properties_find(&read, "quadrille-failure-reason")->text, failure[2].text);
    ck_assert_ptr_nonnull(properties_find(&read, "x-33"));
    ck_assert_ptr_null(properties_find(&read, "x-34"));
    ck_assert_ptr_null(read.user_id);
}
END_TEST

/* Every kind that AMQP has; names and texts as they come. */
START_TEST(a_list_is_told_as_json)
{
    amqp_field_value_t items[] = {
        {.kind = AMQP_FIELD_KIND_U64, .value.u64 = UINT64_MAX},
        {.kind = AMQP_FIELD_KIND_F64, .value.f64 = 0.1},
        {.kind = AMQP_FIELD_KIND_F32, .value.f32 = INFINITY},
    };
    amqp_table_entry_t inner[] = {
        {amqp_cstring_bytes("list"),
         {.kind = AMQP_FIELD_KIND_ARRAY, .value.array = {COUNT_OF(items), items}}},
        {amqp_cstring_bytes("i8"), {.kind = AMQP_FIELD_KIND_I8, .value.i8 = -8}},
    };
    amqp_table_entry_t entries[] = {
        {amqp_cstring_bytes("text"),
         {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("a\"\xc3\xa9\xff\n")}},
        {amqp_cstring_bytes("yes"), {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}},
        {amqp_cstring_bytes("void"), {.kind = AMQP_FIELD_KIND_VOID}},
        {amqp_cstring_bytes("decimal"),
         {.kind = AMQP_FIELD_KIND_DECIMAL, .value.decimal = {.decimals = 2, .value = 1234}}},
        {amqp_cstring_bytes("table"),
         {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {COUNT_OF(inner), inner}}},
    };
    amqp_basic_properties_t list = {
        ._flags = AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_PRIORITY_FLAG |
                  AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_HEADERS_FLAG,
        .type = amqp_cstring_bytes("T"),
        .delivery_mode = 2,
        .priority = 9,
        .timestamp = 1700000000,
        .headers = {COUNT_OF(entries), entries},
    };
    char raw[1024];
    AUTO(buffer_done) struct buffer out = {0};
    struct fault fault = {0};
    int length = amqp_encode_properties(AMQP_BASIC_CLASS, &list, (amqp_bytes_t){sizeof raw, raw});
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(broker_properties_json(raw, (size_t)length, &out, &fault), OK);
    ck_assert_str_eq(buffer_cstr(&out),
                     "{\"type\":\"T\",\"delivery_mode\":2,\"priority\":9,\"timestamp\":1700000000,"
                     "\"headers\":{\"text\":\"a\\\"\xc3\xa9\xef\xbf\xbd\\u000a\",\"yes\":true,"
                     "\"void\":null,\"decimal\":1234e-2,\"table\":{\"list\":["
                     "18446744073709551615,0.10000000000000001,null],\"i8\":-8}}}");
    ck_assert_int_eq(broker_properties_json(raw, 3, &out, &fault), REJECT);
}
END_TEST

START_TEST(a_deep_list_is_told_to_a_depth)
{
    enum { DEPTH = BROKER_JSON_MAX_DEPTH + 5 };
    amqp_field_value_t levels[DEPTH] = {{.kind = AMQP_FIELD_KIND_ARRAY}};
    for (int i = 1; i < DEPTH; i++) {
        levels[i] =
            (amqp_field_value_t){.kind = AMQP_FIELD_KIND_ARRAY, .value.array = {1, &levels[i - 1]}};
    }
    amqp_table_entry_t entry = {amqp_cstring_bytes("deep"), levels[DEPTH - 1]};
    amqp_basic_properties_t list = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {1, &entry}};
    char raw[1024];
    AUTO(buffer_done) struct buffer out = {0};
    struct fault fault = {0};
    int length = amqp_encode_properties(AMQP_BASIC_CLASS, &list, (amqp_bytes_t){sizeof raw, raw});
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(broker_properties_json(raw, (size_t)length, &out, &fault), OK);
    const char *null = strstr(buffer_cstr(&out), "null");
    ck_assert_ptr_nonnull(null);
    ck_assert_int_eq(null[-1], '[');
    ck_assert_uint_eq(strspn(strchr(buffer_cstr(&out), '['), "["), BROKER_JSON_MAX_DEPTH);
}
END_TEST

START_TEST(an_event_that_fits_no_frame_is_refused)
{
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, 8192);
    AUTO(buffer_done) struct buffer list = {0};
    uint64_t number = 0;
    fill_list(&list, "x-huge", 8192 - 12 - FRAME_HEAD_BYTES - 1 + 1);
    ck_assert_int_eq(broker_publish(&peer.broker, "e", "k", true, list.bytes, list.length, "{}", 2,
                                    &number, &peer.fault),
                     REJECT);
    buffer_clear(&list);
    fill_list(&list, "x-huge", 8192 - 12 - FRAME_HEAD_BYTES - 1);
    publish(&peer, list.bytes, list.length, 1);
}
END_TEST

static size_t read_length(const uint8_t *frame)
{
    return (size_t)frame[3] << 24 | (size_t)frame[4] << 16 | (size_t)frame[5] << 8 | frame[6];
}

START_TEST(a_body_is_cut_into_frames_of_the_negotiated_size)
{
    enum { FRAME_MAX = 8192, BODY_BYTES = 20000 };
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, FRAME_MAX);
    char body[BODY_BYTES];
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (char)('a' + i % 26);
    }
    uint64_t number = 0;
    ck_assert_int_eq(broker_publish(&peer.broker, "e", "k", true, NO_PROPERTIES, 2, body,
                                    sizeof body, &number, &peer.fault),
                     OK);
    const uint8_t *out = (const uint8_t *)peer.broker.out.bytes;
    size_t have = 0;
    int frames = 0;
    for (size_t at = 0; at < peer.broker.out.length;) {
        size_t length = read_length(out + at);
        ck_assert_uint_le(FRAME_HEAD_BYTES + length + 1, FRAME_MAX);
        ck_assert_uint_eq(out[at + FRAME_HEAD_BYTES + length], FRAME_END);
        if (out[at] == AMQP_FRAME_BODY) {
            ck_assert_mem_eq(out + at + FRAME_HEAD_BYTES, body + have, length);
            have += length;
        }
        at += FRAME_HEAD_BYTES + length + 1;
        frames++;
    }
    ck_assert_uint_eq(have, sizeof body);
    ck_assert_int_eq(frames, 2 + 3);
}
END_TEST

START_TEST(confirms_come_singly_in_groups_and_in_any_order)
{
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, BROKER_FRAME_MAX);
    publish(&peer, NO_PROPERTIES, 2, 7);
    AUTO(buffer_done) struct buffer said = {0};
    put_ack(&said, 3, false);
    put_ack(&said, 2, true); /* 1, 2 */
    amqp_basic_nack_t nack = {.delivery_tag = 5, .multiple = 1};
    put_method(&said, AMQP_BASIC_NACK_METHOD, &nack); /* 4, 5; 3 is settled */
    put_ack(&said, 4, false);                         /* settled: nothing */
    put_ack(&said, 7, true);
    ck_assert_msg(hear_all(&peer, &said) == OK, "%s", peer.fault.text);

    static const struct {
        uint64_t number;
        enum verdict verdict;
    } expected[] = {
        {3, VERDICT_CONFIRMED}, {1, VERDICT_CONFIRMED}, {2, VERDICT_CONFIRMED}, {4, VERDICT_NACKED},
        {5, VERDICT_NACKED},    {6, VERDICT_CONFIRMED}, {7, VERDICT_CONFIRMED},
    };
    ck_assert_uint_eq(peer.judged, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        ck_assert_uint_eq(peer.numbers[i], expected[i].number);
        ck_assert_int_eq(peer.verdicts[i], expected[i].verdict);
    }
    ck_assert_uint_eq(broker_unconfirmed(&peer.broker), 0);
}
END_TEST

/* Ids as foreign clients write them: the same twice, with a NUL inside, none at all. */
static const struct {
    const char *list;
    size_t length;
} named[] = {
    {"\0\x80\2id", 5},
    {"\0\x80\5i\0xyz", 8},
    {"\0\x80\0", 3},
    {"\0\0", 2},
    {"\xb0\x80\4text\0\0\0\3\1aV\2\2id", 18}, /* behind content type, headers, delivery mode */
};

START_TEST(a_return_is_that_of_the_first_open_one_with_its_id)
{
    AUTO(peer_close) struct peer peer;
    peer_open(&peer, BROKER_FRAME_MAX);
    publish(&peer, "\0\x80\5other", 8, 1);
    publish(&peer, named[_i].list, named[_i].length, 3);
    AUTO(buffer_done) struct buffer said = {0};
    put_return(&said, named[_i].list, named[_i].length);
    put_ack(&said, 2, true);
    put_return(&said, named[_i].list, named[_i].length);
    put_ack(&said, 4, true);
    ck_assert_msg(hear_all(&peer, &said) == OK, "%s", peer.fault.text);
    static const enum verdict expected[] = {VERDICT_CONFIRMED, VERDICT_RETURNED, VERDICT_RETURNED,
                                            VERDICT_CONFIRMED};
    ck_assert_uint_eq(peer.judged, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        ck_assert_uint_eq(peer.numbers[i], i + 1);
        ck_assert_int_eq(peer.verdicts[i], expected[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("broker");
    TCase *cases = tcase_create("frames");
    tcase_add_test(cases, a_delivery_may_be_split_anywhere);
    tcase_add_loop_test(cases, nonsense_ends_the_connection_with_a_reason, 0,
                        (int)COUNT_OF(complaints));
    tcase_add_test(cases, a_header_frame_may_be_larger_than_what_was_published);
    tcase_add_loop_test(cases, a_dead_letter_always_fits_its_frame, 0, 9);
    tcase_add_test(cases, only_the_largest_header_gives_way);
    tcase_add_test(cases, a_list_is_told_as_json);
    tcase_add_test(cases, a_deep_list_is_told_to_a_depth);
    tcase_add_test(cases, an_event_that_fits_no_frame_is_refused);
    tcase_add_test(cases, a_body_is_cut_into_frames_of_the_negotiated_size);
    tcase_add_test(cases, confirms_come_singly_in_groups_and_in_any_order);
    tcase_add_loop_test(cases, a_return_is_that_of_the_first_open_one_with_its_id, 0,
                        (int)COUNT_OF(named));
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
