/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker.h"
#include "core/broker_headers.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/ids.h"
#include "core/memory.h"
#include "core/text.h"
#include "support/dead_letters.h"
#include "support/process.h"
#include "tools/management.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The acting half of `quadrille dlq` on a real broker: what is meant goes where it belongs, byte
 * for byte and counted; what is not meant keeps its place; and whatever is killed, restarted or
 * deleted meanwhile, no letter is lost.
 */

enum { WAIT_MS = 60000, LETTERS = 60, TAKEN_MAX = 4096, ARGUMENTS_MAX = 24 };

static char vhost[40], *url, *management_url, *folder, *log_path, *state;
static struct management *management;
static struct broker *broker;

static void must(enum outcome o, const struct fault *fault)
{
    ck_assert_msg(o == OK, "%s", fault->text);
}

/* A virtual host of this program's own. */

static bool open_vhost(const char *amqp)
{
    struct fault fault = {0};
    const struct uuid id = ids_new();
    const char *authority = strstr(amqp, "://") + 3;
    AUTO(free_text) char *user = xstrndup(authority, strcspn(authority, ":@"));
    (void)snprintf(vhost, sizeof vhost, "act-%02x%02x%02x%02x", id.bytes[12], id.bytes[13],
                   id.bytes[14], id.bytes[15]);
    url = xasprintf("%.*s/%s", (int)(authority - amqp + (ptrdiff_t)strcspn(authority, "/")), amqp,
                    vhost);
    folder = xasprintf("/tmp/%s", vhost);
    log_path = xasprintf("%s/log", folder);
    json_object *all =
        json_tokener_parse("{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}");
    enum outcome o = mkdir(folder, 0700) == 0 ? management_open(management_url, &management, &fault)
                                              : fault_set(&fault, FATAL, "%s", folder);
    if (o == OK) {
        o = management_call(management, "PUT", NULL, NULL, &fault, "vhosts/%s", vhost);
    }
    if (o == OK) {
        o = management_call(management, "PUT", all, NULL, &fault, "permissions/%s/%s", vhost, user);
    }
    (void)json_object_put(all);
    if (o != OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
    }
    return o == OK;
}

static void remove_folder(const char *path)
{
    const char *const argv[] = {"/bin/rm", "-rf", path, NULL};
    (void)process_wait(process_start(argv, (const char *const[]){NULL}, NULL), WAIT_MS);
}

static void close_vhost(void)
{
    if (management_call(management, "DELETE", NULL, NULL, NULL, "vhosts/%s", vhost) != OK) {
        (void)fprintf(stderr, "%s stays\n", vhost);
    }
    management_close(management);
    remove_folder(folder);
    free(folder);
    free(log_path);
    free(url);
}

static void put_policy(const char *name, const char *json)
{
    struct fault fault = {0};
    json_object *body = json_tokener_parse(json);
    must(management_call(management, "PUT", body, NULL, &fault, "policies/%s/%s", vhost, name),
         &fault);
    (void)json_object_put(body);
}

static struct broker *connect_here(const char *name)
{
    struct broker *opened = NULL;
    struct fault fault = {0};
    must(broker_open(&(struct broker_options){.url = url, .name = name}, &opened, &fault), &fault);
    return opened;
}

static const char *const queues[] = {"work", "work.dlq", "parked"};

static void declare(const char *queue)
{
    struct fault fault = {0};
    must(broker_queue_declare(broker, queue, "quorum", false, NULL, NULL, &fault), &fault);
}

static void set_up(void)
{
    struct fault fault = {0};
    const struct uuid id = ids_new();
    char text[UUID_TEXT_BYTES];
    broker = connect_here("test");
    put_policy("limit", "{\"pattern\":\"dlq$\",\"apply-to\":\"queues\",\"definition\":{"
                        "\"delivery-limit\":2147483647}}");
    put_policy("work", "{\"pattern\":\"^work$\",\"apply-to\":\"queues\",\"definition\":{"
                       "\"dead-letter-exchange\":\"\",\"dead-letter-routing-key\":\"work.dlq\"}}");
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        /* what a case that failed has left */
        must(broker_queue_delete(broker, queues[i], &fault), &fault);
        declare(queues[i]);
    }
    must(broker_confirm_select(broker, &fault), &fault);
    (void)unlink(log_path);
    state = xasprintf("%s/state-%s", folder, ids_format(&id, text));
}

/* Letters */

struct taken {
    char id[64];
    char *body;
    size_t body_length;
    char *raw;
    size_t raw_length;
};
struct pile {
    struct taken letters[TAKEN_MAX];
    size_t count;
};

/* All piles of a case; freed at its end. */
enum { PILES_MAX = 32 };
static struct pile *piles[PILES_MAX];
static size_t pile_count;

static struct pile *new_pile(void)
{
    ck_assert_uint_lt(pile_count, PILES_MAX);
    return piles[pile_count++] = xcalloc(1, sizeof(struct pile));
}

static void free_piles(void)
{
    while (pile_count > 0) {
        struct pile *pile = piles[--pile_count];
        for (size_t i = 0; i < pile->count; i++) {
            free(pile->letters[i].body);
            free(pile->letters[i].raw);
        }
        free(pile);
    }
}

static void keep(struct pile *pile, const struct delivery *delivery)
{
    ck_assert_uint_lt(pile->count, TAKEN_MAX);
    struct taken *taken = &pile->letters[pile->count++];
    const char *id = delivery->properties.message_id;
    (void)snprintf(taken->id, sizeof taken->id, "%s", id != NULL ? id : "");
    taken->body_length = delivery->body_length;
    taken->body = xmalloc(delivery->body_length + 1);
    memcpy(taken->body, delivery->body, delivery->body_length);
    taken->body[delivery->body_length] = '\0';
    taken->raw_length = delivery->properties.raw_length;
    taken->raw = xmalloc(taken->raw_length + 1);
    memcpy(taken->raw, delivery->properties.raw, taken->raw_length);
}

static void tear_down(void)
{
    struct fault fault = {0};
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        must(broker_queue_delete(broker, queues[i], &fault), &fault);
    }
    broker_close(broker);
    free(state);
    free_piles();
}

/* Rejected ones every third; the other class else. */
static bool is_rejected(size_t n)
{
    return n % 3 == 0;
}

static void publish_letter(const char *queue, size_t n, struct pile *sent)
{
    AUTO(buffer_done) struct buffer list = {0};
    AUTO(buffer_done) struct buffer body = {0};
    AUTO(arena_done) struct arena arena = {0};
    struct fault fault = {0};
    uint64_t number = 0;
    char id[32];
    (void)snprintf(id, sizeof id, "letter-%03zu", n);
    struct dead_letter_sample sample = {
        .message_id = id,
        .type = "OrderPlaced",
        .content_type = "application/json",
        .headers = {
            {'S', "quadrille-failed-queue", "work", 0},
            {'S', "quadrille-failure-class", is_rejected(n) ? "rejected" : "contract-violation", 0},
            {'S', "quadrille-failure-reason", "\x1b[31mno stock of 17", 0},
            {'F', "table", NULL, 0},
            {'S', "deep", "\xff\xfe", 0},
            {'l', "n", NULL, 4711},
            {'E', "", NULL, 0},
            {'t', "flag", NULL, 1},
            {0}}};
    buffer_printf(&body, "{\"n\":%zu,\"text\":\"caf\xc3\xa9\",\"price\":12.50}", n);
    dead_letter_properties(&sample, &list);
    if (sent != NULL) {
        struct delivery delivery = {.body = buffer_cstr(&body), .body_length = body.length};
        must(
            broker_properties_decode(list.bytes, list.length, &arena, &delivery.properties, &fault),
            &fault);
        keep(sent, &delivery);
    }
    must(broker_publish(broker, "", queue, true, list.bytes, list.length, body.bytes, body.length,
                        &number, &fault),
         &fault);
}

static void await_confirms(void)
{
    struct fault fault = {0};
    while (broker_unconfirmed(broker) > 0) {
        must(broker_wait(broker, -1, 100, &fault), &fault);
    }
}

static void fill(const char *queue, size_t count, struct pile *sent)
{
    for (size_t n = 0; n < count; n++) {
        publish_letter(queue, n, sent);
    }
    await_confirms();
}

static uint32_t depth(const char *queue)
{
    struct fault fault = {0};
    uint32_t ready = 0;
    must(broker_queue_declare(broker, queue, NULL, true, &ready, NULL, &fault), &fault);
    return ready;
}

static void await_depth(const char *queue, uint32_t wanted)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    while (depth(queue) != wanted && clock_monotonic_ms() < until) {
        clock_sleep_ms(20);
    }
    ck_assert_msg(depth(queue) == wanted, "%s has %u, not %u", queue, depth(queue), wanted);
}

/* All that are ready, in their order. `requeue`: false rejects them, so that they die again. */
static struct pile *take_all(const char *queue, bool is_reject)
{
    enum { QUIET_MS = 300 };
    struct fault fault = {0};
    struct pile *pile = new_pile();
    struct broker *consumer = connect_here("taker");
    must(broker_consume(consumer, queue, 1000, &fault), &fault);
    for (;;) {
        struct delivery deliveries[64];
        size_t count = 0;
        must(broker_take(consumer, deliveries, COUNT_OF(deliveries), QUIET_MS, &count, &fault),
             &fault);
        if (count == 0 && depth(queue) == 0) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            keep(pile, &deliveries[i]);
            must(is_reject ? broker_nack(consumer, deliveries[i].tag, false, false, &fault)
                           : broker_ack(consumer, deliveries[i].tag, false, &fault),
                 &fault);
        }
        broker_release(consumer);
    }
    clock_sleep_ms(100);
    must(broker_tick(consumer, &fault), &fault);
    broker_close(consumer);
    return pile;
}

static void headers_of(const struct taken *taken, struct arena *arena, struct header_value *out)
{
    struct fault fault = {0};
    must(headers_read(taken->raw, taken->raw_length, arena, out, &fault), &fault);
}

static int64_t number_header(const struct taken *taken, const char *name)
{
    AUTO(arena_done) struct arena arena = {0};
    struct header_value headers;
    headers_of(taken, &arena, &headers);
    const struct header_value *header = headers_get(&headers, name);
    return header != NULL && header->kind == HEADER_NUMBER ? header->number : -1;
}

static void text_header(const struct taken *taken, const char *name, char out[128])
{
    AUTO(arena_done) struct arena arena = {0};
    struct header_value headers;
    headers_of(taken, &arena, &headers);
    const struct header_value *header = headers_get(&headers, name);
    (void)snprintf(out, 128, "%s", header != NULL && header->text != NULL ? header->text : "");
}

/* Counts each letter of the fill in a pile. */
static void count_letters(const struct pile *pile, int counts[LETTERS])
{
    for (size_t i = 0; i < pile->count; i++) {
        int64_t n = 0;
        char id[128];
        char digits[8];
        text_header(&pile->letters[i], "quadrille-edit-of", id);
        const char *name = id[0] != '\0' ? id : pile->letters[i].id;
        ck_assert_msg(strncmp(name, "letter-", 7) == 0, "%s", name);
        (void)snprintf(digits, sizeof digits, "%.7s", name + 7);
        n = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
        ck_assert_int_lt(n, LETTERS);
        counts[n]++;
    }
}

/* The copy has the body and every header of the original, byte for byte. */
static void check_copy(const struct taken *original, const struct taken *copy)
{
    AUTO(arena_done) struct arena arena = {0};
    struct header_value before;
    struct header_value after;
    headers_of(original, &arena, &before);
    headers_of(copy, &arena, &after);
    ck_assert_uint_eq(copy->body_length, original->body_length);
    ck_assert_mem_eq(copy->body, original->body, original->body_length);
    for (size_t i = 0; i < before.count; i++) {
        const struct header_value *header = headers_get(&after, before.items[i].name);
        ck_assert_msg(header != NULL, "%s is missing", before.items[i].name);
        ck_assert_uint_eq(header->raw_length, before.items[i].raw_length);
        ck_assert_mem_eq(header->raw, before.items[i].raw, header->raw_length);
    }
}

/* The command */

static const char *trail_url; /* NULL: the file */

static pid_t start_with(const char *crash, const char *const *more)
{
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", url);
    AUTO(free_text) char *home = xasprintf("XDG_STATE_HOME=%s", state);
    AUTO(free_text)
    char *crash_at = crash != NULL ? xasprintf("CRASH_AT=%s", crash) : xstrdup("CRASH_AT");
    AUTO(free_text)
    char *trail = trail_url != NULL ? xasprintf("QUADRILLE_TRAIL_DATABASE_URL=%s", trail_url)
                                    : xstrdup("QUADRILLE_TRAIL_DATABASE_URL");
    const char *argv[ARGUMENTS_MAX] = {getenv("QUADRILLE_BIN"), "dlq"};
    for (size_t i = 0; more[i] != NULL && i + 3 < ARGUMENTS_MAX; i++) {
        argv[2 + i] = more[i];
    }
    (void)unlink(log_path);
    return process_start(
        argv, (const char *const[]){amqp, home, crash_at, "QUADRILLE_PROFILE", trail, NULL},
        log_path);
}

/* Yours. */
static char *read_file(const char *path, size_t *length)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    char block[4096];
    size_t got = 0;
    while (file != NULL && (got = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, got);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    (void)buffer_cstr(&text);
    *length = text.length;
    return text.bytes;
}

static char *check_end(pid_t pid, int code)
{
    size_t length = 0;
    int status = process_wait(pid, WAIT_MS);
    char *output = read_file(log_path, &length);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == code, "ended with %d: %.1500s",
                  WIFEXITED(status) ? WEXITSTATUS(status) : -1, output);
    for (size_t i = 0; i < length; i++) {
        bool is_space = output[i] == '\n' || output[i] == '\t';
        ck_assert_msg((unsigned char)output[i] >= ' ' || is_space, "0x%02x in: %s", output[i],
                      output);
    }
    return output;
}

/* Runs it; nothing of what it says may be obeyed by a terminal. Yours. */
static char *run(int code, const char *const *arguments)
{
    return check_end(start_with(NULL, arguments), code);
}
#define RUN(code, ...) run(code, (const char *const[]){__VA_ARGS__, NULL})

static void expect(const char *output, const char *says)
{
    ck_assert_msg(strstr(output, says) != NULL, "does not say %s:\n%.1500s", says, output);
}

/* What stands behind `name` up to the end of the line or a quote. Yours. */
static char *after(const char *output, const char *name)
{
    const char *at = strstr(output, name);
    ck_assert_msg(at != NULL, "does not say %s:\n%.1500s", name, output);
    at += strlen(name);
    return xstrndup(at, strcspn(at, " \n\","));
}

/* The number before `text`. Yours. */
static char *told_before(const char *output, const char *text)
{
    expect(output, text);
    const char *end = strstr(output, text);
    const char *start = end;
    while (start > output && start[-1] >= '0' && start[-1] <= '9') {
        start--;
    }
    return xstrndup(start, (size_t)(end - start));
}

/* Everything in the state folder is its owner's alone. */
static void check_private(const char *path)
{
    DIR *listing = opendir(path);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        struct stat status;
        AUTO(free_text) char *inner = xasprintf("%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        ck_assert_int_eq(stat(inner, &status), 0);
        ck_assert_msg((status.st_mode & 077) == 0, "%s has mode %o", inner, status.st_mode);
        if (S_ISDIR(status.st_mode)) {
            check_private(inner);
        }
    }
    (void)closedir(listing);
}

/* What is not meant is there, unchanged and in its order. */
static void check_rest(const struct pile *sent, const struct pile *rest, bool is_left(size_t n))
{
    size_t at = 0;
    for (size_t n = 0; n < sent->count; n++) {
        if (!is_left(n)) {
            continue;
        }
        ck_assert_msg(at < rest->count, "only %zu are there", rest->count);
        ck_assert_msg(strcmp(rest->letters[at].id, sent->letters[n].id) == 0,
                      "%s stands where %s was", rest->letters[at].id, sent->letters[n].id);
        check_copy(&sent->letters[n], &rest->letters[at]);
        at++;
    }
    ck_assert_uint_eq(at, rest->count);
}

static bool is_not_rejected(size_t n)
{
    return !is_rejected(n);
}

static bool is_any(size_t n)
{
    return true;
}

START_TEST(a_dry_run_changes_nothing)
{
    struct pile *sent = new_pile();
    fill("work.dlq", LETTERS, sent);
    AUTO(free_text) char *output = RUN(0, "retry", "work.dlq", "--class", "rejected");
    expect(output, "20  → queue work\n");
    expect(output, "would deal with 20 of 20");
    expect(output, "OrderPlaced  rejected");
    check_private(state);
    ck_assert_uint_eq(depth("work"), 0);
    check_rest(sent, take_all("work.dlq", false), is_any);
}
END_TEST

START_TEST(a_plan_is_applied_to_exactly_its_letters)
{
    struct pile *sent = new_pile();
    fill("work.dlq", LETTERS, sent);
    AUTO(free_text) char *plan = xasprintf("%s.plan", state);
    free(RUN(0, "retry", "work.dlq", "--class", "rejected", "--plan", plan));
    /* two are gone meanwhile, and a new one that the selection would take has come */
    free(RUN(0, "drop", "work.dlq", "--id", "letter-003", "--id", "letter-006", "--yes"));
    publish_letter("work.dlq", LETTERS, NULL);
    await_confirms();
    AUTO(free_text) char *applied = RUN(3, "apply", plan);
    expect(applied, "gone: letter-003");
    expect(applied, "gone: letter-006");
    expect(applied, "dealt with 18 of 18");
    struct pile *copies = take_all("work", false);
    ck_assert_uint_eq(copies->count, 18);
    await_depth("work.dlq", LETTERS - 20 + 1);
    free(RUN(1, "apply", plan));
}
END_TEST

START_TEST(a_plan_that_was_changed_is_refused)
{
    fill("work.dlq", 3, NULL);
    size_t length = 0;
    AUTO(free_text) char *plan = xasprintf("%s.plan", state);
    free(RUN(0, "retry", "work.dlq", "--plan", plan));
    AUTO(free_text) char *text = read_file(plan, &length);
    AUTO(free_text) char *cut = xasprintf("%s.cut", state);
    FILE *file = fopen(cut, "we");
    ck_assert_uint_eq(fwrite(text, 1, strrchr(text, '{') - text, file),
                      (size_t)(strrchr(text, '{') - text));
    ck_assert_int_eq(fclose(file), 0);
    AUTO(free_text) char *refused = RUN(1, "apply", cut);
    expect(refused, "cut off");
    AUTO(free_text) char *twice = RUN(1, "retry", "work.dlq", "--plan", plan);
    expect(twice, "there is such a file already");
    await_depth("work.dlq", 3);
}
END_TEST

static const struct {
    const char *verb, *to;
    int64_t returns;
} sending[] = {{"retry", "work", 1}, {"move", "parked", -1}};

START_TEST(what_is_meant_goes_and_the_rest_keeps_its_place)
{
    struct pile *sent = new_pile();
    fill("work.dlq", LETTERS, sent);
    const char *arguments[ARGUMENTS_MAX] = {sending[_i].verb, "work.dlq", "--class",
                                            "rejected",       "--yes",    "--json"};
    if (strcmp(sending[_i].verb, "move") == 0) {
        arguments[6] = "--to";
        arguments[7] = sending[_i].to;
    }
    AUTO(free_text) char *output = run(0, arguments);
    expect(output, "\"selected\":20,\"done\":20");
    struct pile *copies = take_all(sending[_i].to, false);
    ck_assert_uint_eq(copies->count, 20);
    for (size_t i = 0; i < copies->count; i++) {
        ck_assert_str_eq(copies->letters[i].id, sent->letters[3 * i].id);
        check_copy(&sent->letters[3 * i], &copies->letters[i]);
        ck_assert_int_eq(number_header(&copies->letters[i], "quadrille-returns"),
                         sending[_i].returns);
        ck_assert_int_eq(number_header(&copies->letters[i], "x-delivery-count"), -1);
        char run_id[128];
        text_header(&copies->letters[i], "quadrille-run", run_id);
        expect(output, run_id);
    }
    check_rest(sent, take_all("work.dlq", false), is_not_rejected);
}
END_TEST

START_TEST(a_letter_that_fails_again_shows_how_often)
{
    fill("work.dlq", 6, NULL);
    for (int i = 1; i <= 2; i++) {
        free(RUN(0, "retry", "work.dlq", "--yes"));
        struct pile *copies = take_all("work", true);
        ck_assert_uint_eq(copies->count, 6);
        ck_assert_int_eq(number_header(&copies->letters[0], "quadrille-returns"), i);
        await_depth("work.dlq", 6);
    }
    AUTO(free_text) char *groups = RUN(0, "groups", "work.dlq");
    expect(groups, "sent back up to 2 times");
    AUTO(free_text) char *stopped = RUN(3, "retry", "work.dlq", "--max-returns", "2", "--yes");
    expect(stopped, "6  left out: they have come back too often");
    ck_assert_uint_eq(depth("work"), 0);
    free(RUN(0, "retry", "work.dlq", "--max-returns", "3", "--yes"));
    await_depth("work", 6);
}
END_TEST

START_TEST(a_canary_that_comes_back_stops_the_run)
{
    fill("work.dlq", 30, NULL);
    pid_t pid = start_with(NULL, (const char *const[]){"retry", "work.dlq", "--batch", "5",
                                                       "--watch", "2s", "--yes", NULL});
    await_depth("work", 5);
    ck_assert_uint_eq(take_all("work", true)->count, 5);
    AUTO(free_text) char *output = check_end(pid, 3);
    expect(output, "5 of the first 5 have come back: nothing more is sent");
    await_depth("work.dlq", 30);
    ck_assert_uint_eq(depth("work"), 0);
}
END_TEST

START_TEST(a_canary_that_lives_lets_the_others_go)
{
    fill("work.dlq", 30, NULL);
    AUTO(free_text)
    char *output =
        RUN(0, "retry", "work.dlq", "--batch", "5", "--watch", "500ms", "--limit", "20", "--yes");
    expect(output, "0 of the first 5 have come back");
    await_depth("work", 20);
    await_depth("work.dlq", 10);
}
END_TEST

/* Killed anywhere: everything is there, and what may be doubled is told. */
static const struct {
    const char *verb, *crash;
} kills[] = {
    {"retry", "dlq_begun"},    {"retry", "dlq_sent:20"}, {"retry", "dlq_safe:1"},
    {"retry", "dlq_acked:30"}, {"retry", "dlq_ending"},  {"move", "dlq_safe:30"},
    {"edit", "dlq_safe:30"},   {"drop", "dlq_sent:20"},  {"drop", "dlq_safe:30"},
    {"drop", "dlq_ending"},
};

START_TEST(killed_anywhere_it_loses_nothing)
{
    bool is_drop = strcmp(kills[_i].verb, "drop") == 0;
    int counts[LETTERS] = {0};
    fill("work.dlq", LETTERS, NULL);
    bool is_move = strcmp(kills[_i].verb, "move") == 0;
    bool is_edit = strcmp(kills[_i].verb, "edit") == 0;
    pid_t pid =
        start_with(kills[_i].crash, (const char *const[]){kills[_i].verb, "work.dlq", "--yes",
                                                          is_move   ? "--to"
                                                          : is_edit ? "--set"
                                                                    : NULL,
                                                          is_edit ? "/a=1" : "work", NULL});
    ck_assert(process_was_killed(process_wait(pid, WAIT_MS)));
    clock_sleep_ms(300); /* the broker notices */
    /* what the next start says, and that it leaves out what may be there twice */
    uint32_t left = depth("work.dlq");
    uint32_t sent = depth("work");
    if (!is_drop) {
        AUTO(free_text) char *plan = xasprintf("%s.plan", state);
        AUTO(free_text)
        char *output =
            run(left > 0 ? 0 : 1, (const char *const[]){"retry", "work.dlq", "--plan", plan, NULL});
        if (sent > 0) {
            expect(output, "was broken off");
        }
        if (sent + left > LETTERS) {
            /* at least those; it cannot know which of them have left the process */
            int64_t told = 0;
            AUTO(free_text) char *twice = told_before(output, "  left out: a run that was broken");
            ck_assert(text_int(twice, sent + left - LETTERS, LETTERS, &told));
        }
    }
    count_letters(take_all("work", false), counts);
    if (is_drop) {
        AUTO(free_text) char *history = RUN(0, "history");
        AUTO(free_text) char *id = after(history, "run ");
        free(left < LETTERS ? RUN(0, "undo", id, "--yes") : xstrdup(""));
    }
    count_letters(take_all("work.dlq", false), counts);
    for (int i = 0; i < LETTERS; i++) {
        ck_assert_msg(counts[i] >= 1, "letter %d is lost", i);
        ck_assert_msg(counts[i] <= 2, "letter %d is there %d times", i, counts[i]);
    }
}
END_TEST

START_TEST(a_missing_destination_is_refused)
{
    struct pile *sent = new_pile();
    struct fault fault = {0};
    fill("work.dlq", 10, sent);
    must(broker_queue_delete(broker, "work", &fault), &fault);
    AUTO(free_text) char *output = RUN(3, "retry", "work.dlq", "--yes");
    expect(output, "10  left out: their destination does not exist");
    AUTO(free_text) char *moved = RUN(3, "move", "work.dlq", "--to", "nowhere", "--yes");
    expect(moved, "queue nowhere: does not exist");
    check_rest(sent, take_all("work.dlq", false), is_any);
    declare("work");
}
END_TEST

START_TEST(a_destination_that_is_deleted_in_the_middle_stops_it)
{
    struct fault fault = {0};
    fill("work.dlq", LETTERS, NULL);
    pid_t pid = start_with(
        NULL, (const char *const[]){"retry", "work.dlq", "--rate", "40", "--yes", "--json", NULL});
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    while (depth("work") < 5 && clock_monotonic_ms() < until) {
        clock_sleep_ms(5);
    }
    must(broker_queue_delete(broker, "work", &fault), &fault);
    AUTO(free_text) char *output = check_end(pid, 3);
    expect(output, "\"is_stopped\":true");
    expect(output, "NO_ROUTE");
    AUTO(free_text) char *done = after(output, "\"done\":");
    int64_t number = 0;
    ck_assert(text_int(done, 0, LETTERS, &number));
    /* what had gone into the queue went with it; the rest is there */
    await_depth("work.dlq", (uint32_t)(LETTERS - number));
    declare("work");
}
END_TEST

START_TEST(a_drop_is_undone)
{
    struct pile *sent = new_pile();
    fill("work.dlq", LETTERS, sent);
    AUTO(free_text)
    char *output = RUN(0, "drop", "work.dlq", "--class", "rejected", "--why", "no use", "--yes");
    AUTO(free_text) char *run_id = after(output, ", run ");
    check_private(state);
    await_depth("work.dlq", 40);
    AUTO(free_text) char *history = RUN(0, "history");
    expect(history, "no use");
    expect(history, run_id);
    free(RUN(0, "undo", run_id));
    await_depth("work.dlq", 40);
    free(RUN(0, "undo", run_id, "--yes"));
    await_depth("work.dlq", 60);
    AUTO(free_text) char *twice = RUN(1, "undo", run_id, "--yes");
    expect(twice, "undone already");
    struct pile *back = take_all("work.dlq", false);
    ck_assert_uint_eq(back->count, 60);
    for (size_t i = 0; i < 20; i++) {
        check_copy(&sent->letters[3 * i], &back->letters[40 + i]);
    }
}
END_TEST

START_TEST(a_move_is_undone_and_a_retry_says_why_not)
{
    fill("work.dlq", 10, NULL);
    publish_letter("parked", 50, NULL); /* somebody else's */
    await_confirms();
    AUTO(free_text)
    char *output = RUN(0, "move", "work.dlq", "--to", "parked", "--yes", "--limit", "4");
    AUTO(free_text) char *run_id = after(output, ", run ");
    await_depth("parked", 5);
    free(RUN(0, "undo", run_id, "--yes"));
    await_depth("parked", 1);
    await_depth("work.dlq", 10);
    AUTO(free_text) char *retried = RUN(0, "retry", "work.dlq", "--yes");
    AUTO(free_text) char *retry_id = after(retried, ", run ");
    AUTO(free_text) char *refused = RUN(1, "undo", retry_id, "--yes");
    expect(refused, "cannot be undone");
}
END_TEST

START_TEST(an_export_is_imported_byte_for_byte)
{
    struct pile *sent = new_pile();
    fill("work.dlq", 40, sent);
    AUTO(free_text) char *file = xasprintf("%s.letters", state);
    free(RUN(0, "export", "work.dlq", file));
    AUTO(free_text) char *missing = RUN(1, "import", file, "--to", "nowhere");
    expect(missing, "nowhere");
    pid_t pid = start_with("dlq_imported:36",
                           (const char *const[]){"import", file, "--to", "parked", NULL});
    ck_assert(process_was_killed(process_wait(pid, WAIT_MS)));
    AUTO(free_text) char *imported = RUN(0, "import", file, "--to", "parked");
    expect(imported, "goes on");
    struct pile *copies = take_all("parked", false);
    ck_assert_uint_ge(copies->count, 40);
    ck_assert_uint_le(copies->count, 44);
    for (size_t i = 0; i < 40; i++) {
        check_copy(&sent->letters[i], &copies->letters[i < 32 ? i : copies->count - 40 + i]);
    }
}
END_TEST

/* edit */

static const char contract[] =
    "asyncapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\n"
    "channels:\n  orderPlaced:\n    address: shop.order-placed.v1\n    messages:\n"
    "      OrderPlaced:\n        name: OrderPlaced\n        payload:\n          type: object\n"
    "          required: [n, price]\n          properties:\n            n: {type: integer}\n"
    "            price: {type: number, maximum: 100}\n"
    "operations:\n  say: {action: send, channel: {$ref: '#/channels/orderPlaced'}}\n";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(an_edit_has_a_new_id_and_keeps_every_other_byte)
{
    struct pile *sent = new_pile();
    char old[128];
    struct uuid id;
    fill("work.dlq", 6, sent);
    AUTO(free_text) char *plan = xasprintf("%s.plan", state);
    AUTO(free_text)
    char *planned = RUN(0, "edit", "work.dlq", "--class", "rejected", "--set", "/text=\x1b[1m",
                        "--set", "/new=[1]", "--plan", plan);
    expect(planned, "-   \"text\": \"caf\xc3\xa9\",");
    expect(planned, "+   \"new\": [");
    ck_assert_uint_eq(depth("work"), 0);
    free(RUN(0, "apply", plan));
    struct pile *copies = take_all("work", false);
    ck_assert_uint_eq(copies->count, 2);
    ck_assert_str_eq(copies->letters[1].body,
                     "{\"n\":3,\"text\":\"\\u001b[1m\",\"price\":12.50,\"new\":[1]}");
    text_header(&copies->letters[1], "quadrille-edit-of", old);
    ck_assert_str_eq(old, "letter-003");
    ck_assert(ids_parse(copies->letters[1].id, &id) && ids_is_v7(&id));
    ck_assert_int_eq(number_header(&copies->letters[1], "quadrille-returns"), 1);
    check_rest(sent, take_all("work.dlq", false), is_not_rejected);
}
END_TEST

START_TEST(an_edit_that_breaks_the_contract_is_refused)
{
    struct pile *sent = new_pile();
    fill("work.dlq", 3, sent);
    AUTO(free_text) char *path = xasprintf("%s.yaml", state);
    write_file(path, contract);
    AUTO(free_text)
    char *output = RUN(3, "edit", "work.dlq", "--set", "/price=101", "--contracts", path, "--yes");
    expect(output, "3  left out: the result would break its contract");
    expect(output, "/price");
    ck_assert_uint_eq(depth("work"), 0);
    free(RUN(0, "edit", "work.dlq", "--limit", "1", "--set", "/price=99", "--contracts", path,
             "--yes"));
    await_depth("work", 1);
    await_depth("work.dlq", 2);
}
END_TEST

START_TEST(an_editor_opens_one)
{
    fill("work.dlq", 3, NULL);
    ck_assert_int_eq(setenv("EDITOR", "sed -i s/12.50/13/", 1), 0);
    ck_assert_int_eq(unsetenv("VISUAL"), 0);
    AUTO(free_text) char *many = RUN(2, "edit", "work.dlq", "--yes");
    expect(many, "3 messages are meant");
    AUTO(free_text) char *output = RUN(0, "edit", "work.dlq", "--id", "letter-001", "--yes");
    expect(output, "+   \"price\": 13");
    struct pile *copies = take_all("work", false);
    ck_assert_uint_eq(copies->count, 1);
    ck_assert_ptr_nonnull(strstr(copies->letters[0].body, "\"price\": 13"));
    ck_assert_int_eq(setenv("EDITOR", "sed -i s/price.*//", 1), 0);
    AUTO(free_text) char *broken = RUN(1, "edit", "work.dlq", "--id", "letter-002", "--yes");
    expect(broken, "is no JSON now");
    check_private(state);
    await_depth("work.dlq", 2);
}
END_TEST

START_TEST(a_binary_body_is_not_edited)
{
    AUTO(buffer_done) struct buffer list = {0};
    struct fault fault = {0};
    uint64_t number = 0;
    const struct dead_letter_sample sample = {
        .message_id = "binary", .headers = {{'S', "quadrille-failed-queue", "work", 0}, {0}}};
    dead_letter_properties(&sample, &list);
    must(broker_publish(broker, "", "work.dlq", true, list.bytes, list.length, "\x00\xff", 2,
                        &number, &fault),
         &fault);
    await_confirms();
    AUTO(free_text) char *output = RUN(3, "edit", "work.dlq", "--set", "/a=1", "--yes");
    expect(output, "1  left out: they cannot be edited so");
    free(RUN(0, "retry", "work.dlq", "--yes"));
    struct pile *copies = take_all("work", false);
    ck_assert_uint_eq(copies->letters[0].body_length, 2);
    ck_assert_mem_eq(copies->letters[0].body, "\x00\xff", 2);
}
END_TEST

/* Letters without an id cannot be told apart when the broker returns one. */
START_TEST(letters_without_an_id_are_sent_too)
{
    enum { COUNT = 1200 };
    struct fault fault = {0};
    for (int i = 0; i < COUNT; i++) {
        AUTO(buffer_done) struct buffer list = {0};
        uint64_t number = 0;
        const struct dead_letter_sample sample = {
            .headers = {{'S', "quadrille-failed-queue", i % 2 == 0 ? "work" : "parked", 0}, {0}}};
        dead_letter_properties(&sample, &list);
        must(broker_publish(broker, "", "work.dlq", true, list.bytes, list.length, &i, sizeof i,
                            &number, &fault),
             &fault);
    }
    await_confirms();
    free(RUN(0, "retry", "work.dlq", "--yes"));
    await_depth("work", COUNT / 2);
    await_depth("parked", COUNT / 2);
    await_depth("work.dlq", 0);
}
END_TEST

/* docs/runbook.md, word for word but for the watch. */
START_TEST(the_incident_of_the_runbook_is_led_through)
{
    enum { ALL = 500, COMMANDS = 7 };
    struct fault fault = {0};
    size_t length = 0;
    int commands = 0;
    AUTO(free_text) char *book = read_file(getenv("RUNBOOK"), &length);
    AUTO(free_text) char *work = xasprintf("%s.work", state);
    ck_assert_int_eq(mkdir(work, 0700), 0);
    declare("coaching");
    declare("coaching.dlq");
    for (size_t i = 0; i < ALL; i++) {
        AUTO(buffer_done) struct buffer list = {0};
        uint64_t number = 0;
        char id[32];
        (void)snprintf(id, sizeof id, "event-%zu", i);
        const struct dead_letter_sample sample = {
            .message_id = id,
            .headers = {{'S', "quadrille-failed-queue", "coaching", 0},
                        {'S', "quadrille-failure-class",
                         i % 10 == 0 ? "contract-violation" : "rejected", 0},
                        {0}}};
        dead_letter_properties(&sample, &list);
        must(broker_publish(broker, "", "coaching.dlq", true, list.bytes, list.length, "{}", 2,
                            &number, &fault),
             &fault);
    }
    await_confirms();
    AUTO(free_text)
    char *tool = xasprintf("cd '%s' && exec '%s'", work, getenv("QUADRILLE_BIN"));
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", url);
    AUTO(free_text) char *home = xasprintf("XDG_STATE_HOME=%s", state);
    const char *section = strstr(book, "### A bad deploy dead-letters 500 events");
    ck_assert_ptr_nonnull(section);
    const char *end = strstr(section + 1, "\n### ");
    for (const char *line = section; line != NULL && line < end; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!text_starts_with(line, "quadrille ")) {
            continue;
        }
        AUTO(free_text)
        char *words = xstrndup(line + strlen("quadrille"), strcspn(line, "\n") - 9);
        char *watch = strstr(words, "--watch 30s");
        if (watch != NULL) {
            watch[8] = '0';
            watch[9] = '1';
        }
        AUTO(free_text) char *command = xasprintf("%s%s", tool, words);
        (void)unlink(log_path);
        pid_t pid =
            process_start((const char *const[]){"/bin/sh", "-c", command, NULL},
                          (const char *const[]){amqp, home, "QUADRILLE_PROFILE", NULL}, log_path);
        free(check_end(pid, 0));
        commands++;
    }
    ck_assert_int_eq(commands, COMMANDS);
    await_depth("coaching", ALL - ALL / 10);
    await_depth("coaching.dlq", 0);
    must(broker_queue_delete(broker, "coaching", &fault), &fault);
    must(broker_queue_delete(broker, "coaching.dlq", &fault), &fault);
}
END_TEST

/* The broker goes away while letters are under way. */
static bool server(const char *arguments)
{
    AUTO(free_text)
    char *command = xasprintf("\"$SERVER_SCRIPT\" \"$INSTANCE_DIR\" %s >/dev/null 2>&1", arguments);
    return system(command) == 0;
}

START_TEST(a_restarted_broker_loses_nothing)
{
    int counts[LETTERS] = {0};
    struct fault fault = {0};
    if (getenv("SERVER_SCRIPT") == NULL || getenv("INSTANCE_DIR") == NULL) {
        return;
    }
    fill("work.dlq", LETTERS, NULL);
    pid_t pid =
        start_with(NULL, (const char *const[]){"retry", "work.dlq", "--rate", "3", "--yes", NULL});
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    while (depth("work") < 5 && clock_monotonic_ms() < until) {
        clock_sleep_ms(5);
    }
    /* killed, RabbitMQ 3 may forget a queue that is a few seconds old */
    ck_assert(server("stop rabbitmq"));
    broker_close(broker);
    free(check_end(pid, 1));
    ck_assert(server("start rabbitmq"));
    broker = connect_here("test");
    must(broker_confirm_select(broker, &fault), &fault);
    /* its queues come back one after the other */
    for (until = clock_monotonic_ms() + WAIT_MS;
         depth("work") + depth("work.dlq") < LETTERS && clock_monotonic_ms() < until;) {
        clock_sleep_ms(100);
    }
    AUTO(free_text) char *next = RUN(0, "retry", "work.dlq");
    expect(next, "was broken off");
    count_letters(take_all("work", false), counts);
    count_letters(take_all("work.dlq", false), counts);
    for (int i = 0; i < LETTERS; i++) {
        ck_assert_msg(counts[i] >= 1, "letter %d is lost", i);
    }
}
END_TEST

/* In a database, when one is named. */
START_TEST(the_trail_may_be_in_postgresql)
{
    struct fault fault = {0};
    struct db *db = NULL;
    size_t length = 0;
    const char *database = getenv("DATABASE_URL");
    if (database == NULL) {
        return;
    }
    AUTO(free_text) char *table = read_file(getenv("TRAIL_SQL"), &length);
    /* of its own: nobody may create tables in the others */
    AUTO(free_text) char *name = xasprintf("act_%s", vhost + 4);
    AUTO(free_text) char *create = xasprintf("create database %s", name);
    AUTO(free_text) char *drop = xasprintf("drop database %s", name);
    AUTO(free_text)
    char *own = xasprintf("%.*s/%s", (int)(strrchr(database, '/') - database), database, name);
    struct db *server_db = NULL;
    must(db_open(&(struct db_options){.url = database, .name = "test"}, &server_db, &fault),
         &fault);
    must(db_script(server_db, create, &fault), &fault);
    must(db_open(&(struct db_options){.url = own, .name = "test"}, &db, &fault), &fault);
    must(db_script(db, table, &fault), &fault);
    database = own;
    fill("work.dlq", 3, NULL);
    trail_url = database;
    AUTO(free_text) char *output = RUN(0, "drop", "work.dlq", "--why", "in a table", "--yes");
    AUTO(free_text) char *run_id = after(output, ", run ");
    AUTO(free_text) char *history = RUN(0, "history", run_id);
    expect(history, "why: in a table");
    expect(history, "done: 3 of 3, 0 left out");
    free(RUN(0, "undo", run_id, "--yes"));
    await_depth("work.dlq", 3);
    trail_url = NULL;
    free(RUN(1, "history", run_id));
    must(db_script(db, "drop table quadrille_trail", &fault), &fault);
    trail_url = database;
    AUTO(free_text) char *refused = RUN(1, "drop", "work.dlq", "--yes");
    expect(refused, "the audit trail");
    await_depth("work.dlq", 3);
    trail_url = NULL;
    db_close(db);
    must(db_script(server_db, drop, &fault), &fault);
    db_close(server_db);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("dlq act");
    TCase *acting = tcase_create("acting");
    tcase_set_timeout(acting, 120);
    tcase_add_checked_fixture(acting, set_up, tear_down);
    tcase_add_test(acting, a_dry_run_changes_nothing);
    tcase_add_test(acting, a_plan_is_applied_to_exactly_its_letters);
    tcase_add_test(acting, a_plan_that_was_changed_is_refused);
    tcase_add_loop_test(acting, what_is_meant_goes_and_the_rest_keeps_its_place, 0,
                        COUNT_OF(sending));
    tcase_add_test(acting, a_letter_that_fails_again_shows_how_often);
    tcase_add_test(acting, a_canary_that_comes_back_stops_the_run);
    tcase_add_test(acting, a_canary_that_lives_lets_the_others_go);
    tcase_add_loop_test(acting, killed_anywhere_it_loses_nothing, 0, COUNT_OF(kills));
    tcase_add_test(acting, a_missing_destination_is_refused);
    tcase_add_test(acting, a_destination_that_is_deleted_in_the_middle_stops_it);
    tcase_add_test(acting, a_drop_is_undone);
    tcase_add_test(acting, a_move_is_undone_and_a_retry_says_why_not);
    tcase_add_test(acting, an_export_is_imported_byte_for_byte);
    tcase_add_test(acting, an_edit_has_a_new_id_and_keeps_every_other_byte);
    tcase_add_test(acting, an_edit_that_breaks_the_contract_is_refused);
    tcase_add_test(acting, an_editor_opens_one);
    tcase_add_test(acting, a_binary_body_is_not_edited);
    tcase_add_test(acting, letters_without_an_id_are_sent_too);
    tcase_add_test(acting, the_incident_of_the_runbook_is_led_through);
    tcase_add_test(acting, the_trail_may_be_in_postgresql);
    tcase_add_test(acting, a_restarted_broker_loses_nothing);
    suite_add_tcase(all, acting);
    return all;
}

int main(void)
{
    const char *amqp = getenv("AMQP_URL");
    management_url = getenv("MANAGEMENT_URL");
    if (amqp == NULL || management_url == NULL) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    if (sodium_init() < 0 || !open_vhost(amqp)) {
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    close_vhost();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
