/* SPDX-License-Identifier: Apache-2.0 */
#include "core/db.h"

#include "core/clock.h"
#include "core/memory.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server's side of a session, byte for byte: what a real one says only when it is stopped at
 * the right instant. */

static void read_whole(int fd, void *out, size_t count)
{
    for (size_t have = 0; have < count;) {
        ssize_t got = read(fd, (char *)out + have, count - have);
        if (got <= 0) {
            _exit(EXIT_SUCCESS); /* the client has had enough */
        }
        have += (size_t)got;
    }
}

/* Reads one message; the first of a session has no type. */
static char read_message(int fd, bool has_type)
{
    char type = '\0';
    uint32_t length = 0;
    char rest[4096];
    if (has_type) {
        read_whole(fd, &type, 1);
    }
    read_whole(fd, &length, sizeof length);
    length = ntohl(length) - (uint32_t)sizeof length;
    ck_assert_uint_le(length, sizeof rest);
    read_whole(fd, rest, length);
    return type;
}

static void say(int fd, char type, const void *bytes, size_t count)
{
    uint32_t length = htonl((uint32_t)(sizeof length + count));
    ck_assert_int_eq(write(fd, &type, 1), 1);
    ck_assert_int_eq(write(fd, &length, sizeof length), sizeof length);
    ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
}

static int greet(int listener)
{
    int fd = accept(listener, NULL, NULL);
    (void)read_message(fd, false);
    say(fd, 'R', "\0\0\0\0", 4); /* no password needed */
    say(fd, 'Z', "I", 1);
    return fd;
}

/* Reads up to the Sync and answers all but that. */
static void answer_one(int fd)
{
    for (char type = read_message(fd, true); type != 'S'; type = read_message(fd, true)) {
        if (type == 'P') {
            say(fd, '1', "", 0);
        }
    }
    say(fd, '2', "", 0);
    say(fd, 'n', "", 0);
    say(fd, 'C', "COMMIT", sizeof "COMMIT");
}

/* Answers the first statement, then ends the session instead of answering the Sync. */
static void serve_one(int listener)
{
    static const char farewell[] =
        "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0";
    int fd = greet(listener);
    answer_one(fd);
    say(fd, 'E', farewell, sizeof farewell);
    for (;;) {
        (void)read_message(fd, true);
    }
}

static void serve_steadily(int listener)
{
    int fd = greet(listener);
    for (;;) {
        answer_one(fd);
        say(fd, 'Z', "I", 1);
    }
}

/* A session with a server of that kind in a process of its own. */
static struct db *open_session(void (*serve)(int listener))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pid_t server = check_fork();
    if (server == 0) {
        serve(listener);
    }
    (void)close(listener);

    struct fault fault = {.text = ""};
    struct db *db = NULL;
    AUTO(free_text)
    char *url =
        xasprintf("postgresql://somebody@127.0.0.1:%d/any?sslmode=disable&gssencmode=disable",
                  ntohs(address.sin_port));
    const struct db_options options = {.url = url, .name = "test"};
    ck_assert_msg(db_open(&options, &db, &fault) == OK, "%s", fault.text);
    return db;
}

static const struct sql sql_end = {"end", "commit"};

START_TEST(a_session_that_ends_after_its_last_answer_is_lost)
{
    struct fault fault = {.text = ""};
    AUTO(db_close_auto) struct db *db = open_session(serve_one);
    ck_assert_int_eq(db_run(db, &sql_end, DB_NO_PARAMS, NULL, &fault), LOST);
    ck_assert_ptr_nonnull(strstr(fault.text, "terminating connection"));
    ck_assert(db_is_lost(db));
}
END_TEST

static void count_tick(void *context)
{
    (*(int *)context)++;
}

/* Each answer comes long before the companion's time, so no single wait ever reaches it. */
START_TEST(a_server_that_answers_steadily_does_not_stop_the_companion)
{
    enum { EVERY_MS = 50, RUN_MS = 1000 };
    struct fault fault = {.text = ""};
    AUTO(db_close_auto) struct db *db = open_session(serve_steadily);
    int ticks = 0;
    db_set_companion(
        db,
        &(struct companion){.fd = -1, .every_ms = EVERY_MS, .tick = count_tick, .context = &ticks});
    int64_t until = clock_monotonic_ms() + RUN_MS;
    while (clock_monotonic_ms() < until) {
        ck_assert_msg(db_run(db, &sql_end, DB_NO_PARAMS, NULL, &fault) == OK, "%s", fault.text);
    }
    ck_assert_int_ge(ticks, RUN_MS / EVERY_MS / 2);
    ck_assert_int_le(ticks, RUN_MS / EVERY_MS + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db");
    TCase *cases = tcase_create("session");
    tcase_add_test(cases, a_session_that_ends_after_its_last_answer_is_lost);
    tcase_add_test(cases, a_server_that_answers_steadily_does_not_stop_the_companion);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
