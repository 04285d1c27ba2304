/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HALL_H
#define TESTS_HALL_H

#include "stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The teller and the listener (contracts/, listener_service.c) in a virtual host, with databases
 * and accounts of their own: the runtime tried without the product. Opened in the test program
 * itself (an unchecked fixture), used by forked cases; what they start dies with them.
 */

struct hall {
    struct stage stage; /* for stage_connect, stage_await, stage_say, … */
    char *secrets;
};

void hall_open(struct hall *hall);
void hall_close(struct hall *hall);
/* Before each case: empty queues, empty tables, a closed door. */
void hall_clear(struct hall *hall);

/* Runs `quadrille` with these arguments (NULL-terminated) for this hall; returns its exit code,
 * `output` is yours. */
int hall_tool(const struct hall *hall, const char *const arguments[], char **output);

/* URLs of an account ("teller"; NULL = the deploy account). Yours. */
char *hall_amqp_url(const struct hall *hall, const char *account);
char *hall_database_url(const struct hall *hall, const char *account, const char *service);

/* Ends every session that the listener has in its database. */
void hall_cut_off(const struct hall *hall);

/* Messages that wait in a queue. */
long hall_depth(const struct hall *hall, const char *queue);
/* Takes the first `count` messages out and gives them back, `times` times: the broker counts that.
 */
void hall_give_back(const struct hall *hall, const char *queue, int count, int times);
void hall_await_depth(const struct hall *hall, const char *queue, long wanted);

struct listener_process {
    pid_t pid;
    int health_port;
    char *log;
};

/* Starts one and waits until it listens; `extra` ("NAME=value", NULL-terminated) may be NULL. */
struct listener_process hall_start(const struct hall *hall, const char *const extra[]);
/* Sends the signal, waits for the end, returns the wait status. */
int hall_end(struct listener_process *listener, int signal);
/* Ended by itself, killed by a crash point. */
void hall_await_kill(struct listener_process *listener);
/* A number that /readyz tells; -1 when it tells none. */
long long hall_tells(const struct listener_process *listener, const char *name);
/* Fails the test unless the number gets there in time. */
void hall_await(const struct listener_process *listener, const char *name, long long wanted);
/* Does /readyz say this? */
bool hall_says(const struct listener_process *listener, const char *text);
bool hall_has_logged(const struct listener_process *listener, const char *text);
int hall_times_logged(const struct listener_process *listener, const char *text);

/* What is to be told, with new ids; their texts live as long as the list. */
struct tales {
    struct saying *list;
    size_t count;
    char **bodies;
    size_t body_count;
};

void tales_add(struct tales *tales, size_t count, const char *act, int64_t number,
               const char *note);
void tales_add_oaths(struct tales *tales, size_t count, const char *act);
/* Each one `times` times, in an order that only the seed knows. */
void tales_multiply(struct tales *tales, int times, unsigned seed);
void tales_tell(const struct hall *hall, const struct tales *tales);
void tales_done(struct tales *tales);

/* Waits for `wanted` events with effects, then checks that each has exactly one effect and said one
 * event. */
void hall_await_effects(PGconn *conn, long long wanted);
void hall_check_effects(PGconn *conn, long long wanted);

/* What a program says that finds no servers (stage_has_servers). */
#define HALL_SKIP "1..0 # SKIP the environment names no servers"

#endif
