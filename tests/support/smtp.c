/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp.h"

#include "core/buffer.h"
#include "core/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGES_MAX = 1024, BACKLOG = 16 };

struct smtp {
    int listener, port;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t change;
    int connection; /* -1 between two */
    bool is_ending, is_waiting;
    enum smtp_step held; /* SMTP_STEPS: none */
    struct {
        int code, times;
    } refusals[SMTP_STEPS];
    char *messages[MESSAGES_MAX]; /* each after its RCPT lines */
    size_t count;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "smtp: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void answer(int fd, int code, const char *words)
{
    char line[80];
    int length = snprintf(line, sizeof line, "%d %s\r\n", code, words);
    (void)send(fd, line, (size_t)length, MSG_NOSIGNAL);
}

static void wait_while_held(struct smtp *smtp, enum smtp_step step)
{
    while (smtp->held == step && !smtp->is_ending) {
        smtp->is_waiting = true;
        (void)pthread_cond_broadcast(&smtp->change);
        (void)pthread_cond_wait(&smtp->change, &smtp->mutex);
    }
    smtp->is_waiting = false;
}

/* The code for this step: what was asked for, or `usual`. */
static int decide(struct smtp *smtp, enum smtp_step step, int usual)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    wait_while_held(smtp, step);
    bool is_refused = smtp->refusals[step].times > 0;
    smtp->refusals[step].times -= is_refused;
    int code = is_refused ? smtp->refusals[step].code : usual;
    (void)pthread_mutex_unlock(&smtp->mutex);
    return code;
}

/* Up to the line with a single dot. False when the client has gone before. */
static bool read_message(FILE *in, struct buffer *message)
{
    char *line = NULL;
    size_t room = 0;
    bool is_whole = false;
    ssize_t length;
    while (!is_whole && (length = getline(&line, &room, in)) > 0) {
        is_whole = strcmp(line, ".\r\n") == 0;
        size_t stuffed = line[0] == '.';
        if (!is_whole) {
            buffer_add(message, line + stuffed, (size_t)length - stuffed);
        }
    }
    free(line);
    return is_whole;
}

static void keep(struct smtp *smtp, struct buffer *message)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    if (smtp->count < MESSAGES_MAX) {
        smtp->messages[smtp->count++] = xstrdup(buffer_cstr(message));
    }
    (void)pthread_mutex_unlock(&smtp->mutex);
}

static void take_message(struct smtp *smtp, FILE *in, int fd, struct buffer *message)
{
    answer(fd, 354, "go on");
    if (!read_message(in, message)) {
        return;
    }
    int code = decide(smtp, SMTP_MESSAGE, 250);
    if (code == 250) {
        keep(smtp, message);
    }
    answer(fd, code, "is the answer");
}

static bool is_verb(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* False after the last command. */
static bool obey(struct smtp *smtp, const char *line, FILE *in, int fd, struct buffer *message)
{
    if (is_verb(line, "QUIT")) {
        answer(fd, 221, "bye");
        return false;
    }
    if (is_verb(line, "DATA")) {
        take_message(smtp, in, fd, message);
    } else if (is_verb(line, "RCPT TO:")) {
        buffer_text(message, line);
        answer(fd, decide(smtp, SMTP_RECIPIENT, 250), "is the answer");
    } else if (is_verb(line, "MAIL FROM:")) {
        buffer_clear(message);
        answer(fd, decide(smtp, SMTP_SENDER, 250), "is the answer");
    } else if (is_verb(line, "EHLO ") || is_verb(line, "HELO ")) {
        buffer_clear(message);
        answer(fd, 250, "fine");
    } else {
        answer(fd, 502, "what?");
    }
    return true;
}

static void serve(struct smtp *smtp, int fd)
{
    int code = decide(smtp, SMTP_GREETING, 220);
    answer(fd, code, "test server");
    FILE *in = code == 220 ? fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "r") : NULL;
    if (in == NULL) {
        return;
    }
    struct buffer message = {0};
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) > 0 && obey(smtp, line, in, fd, &message)) {
    }
    free(line);
    buffer_done(&message);
    (void)fclose(in);
}

/* -1 ends the connection. False when the server is to end. */
static bool set_connection(struct smtp *smtp, int fd)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    smtp->connection = fd;
    bool is_ending = smtp->is_ending;
    (void)pthread_mutex_unlock(&smtp->mutex);
    return !is_ending;
}

static void *run(void *context)
{
    struct smtp *smtp = context;
    for (int fd; (fd = accept4(smtp->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        if (set_connection(smtp, fd)) {
            serve(smtp, fd);
        }
        (void)set_connection(smtp, -1);
        (void)close(fd);
    }
    return NULL;
}

struct smtp *smtp_new(int port)
{
    struct smtp *smtp = xcalloc(1, sizeof *smtp);
    smtp->connection = -1;
    smtp->held = SMTP_STEPS;
    smtp->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    (void)setsockopt(smtp->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(smtp->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(smtp->listener, BACKLOG) != 0 ||
        getsockname(smtp->listener, (struct sockaddr *)&address, &length) != 0) {
        fail("listen");
    }
    smtp->port = ntohs(address.sin_port);
    (void)pthread_mutex_init(&smtp->mutex, NULL);
    (void)pthread_cond_init(&smtp->change, NULL);
    if (pthread_create(&smtp->thread, NULL, run, smtp) != 0) {
        fail("thread");
    }
    return smtp;
}

void smtp_free(struct smtp *smtp)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    smtp->is_ending = true;
    if (smtp->connection >= 0) {
        (void)shutdown(smtp->connection, SHUT_RDWR);
    }
    (void)pthread_cond_broadcast(&smtp->change);
    (void)pthread_mutex_unlock(&smtp->mutex);
    (void)shutdown(smtp->listener, SHUT_RDWR); /* wakes accept */
    (void)pthread_join(smtp->thread, NULL);
    (void)close(smtp->listener);
    for (size_t i = 0; i < smtp->count; i++) {
        free(smtp->messages[i]);
    }
    (void)pthread_cond_destroy(&smtp->change);
    (void)pthread_mutex_destroy(&smtp->mutex);
    free(smtp);
}

int smtp_port(const struct smtp *smtp)
{
    return smtp->port;
}

void smtp_refuse(struct smtp *smtp, enum smtp_step step, int code, int times)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    smtp->refusals[step].code = code;
    smtp->refusals[step].times = times;
    (void)pthread_mutex_unlock(&smtp->mutex);
}

void smtp_hold(struct smtp *smtp, enum smtp_step step)
{
    (void)pthread_mutex_lock(&smtp->mutex);
    smtp->held = step;
    (void)pthread_cond_broadcast(&smtp->change);
    (void)pthread_mutex_unlock(&smtp->mutex);
}

bool smtp_await_held(struct smtp *smtp, int timeout_s)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_s;
    (void)pthread_mutex_lock(&smtp->mutex);
    int error = 0;
    while (!smtp->is_waiting && error == 0) {
        error = pthread_cond_timedwait(&smtp->change, &smtp->mutex, &until);
    }
    bool is_waiting = smtp->is_waiting;
    (void)pthread_mutex_unlock(&smtp->mutex);
    return is_waiting;
}

size_t smtp_count(struct smtp *smtp, const char *text)
{
    size_t found = 0;
    (void)pthread_mutex_lock(&smtp->mutex);
    for (size_t i = 0; i < smtp->count; i++) {
        found += strstr(smtp->messages[i], text) != NULL;
    }
    (void)pthread_mutex_unlock(&smtp->mutex);
    return found;
}
