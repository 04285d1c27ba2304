/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdint.h>

/*
 * One line per fact on stderr: JSON when stderr is no terminal, `event key=value` in colour when it
 * is. Never payloads, never secrets. Library code returns faults instead; loops and `main` log.
 *
 *     log_warn("retry.scheduled", LOG_INT("attempt", 3), LOG_TEXT("reason", fault.text));
 */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_ID, LOG_KIND_END };

struct uuid;
struct envelope;

struct log_field {
    const char *key;
    enum log_kind kind;
    int64_t number;
    const void *data; /* text, or struct uuid; NULL is left out */
};

#define LOG_TEXT(name, value)                                                                      \
    ((struct log_field){.key = (name), .kind = LOG_KIND_TEXT, .data = (value)})
#define LOG_INT(name, value)                                                                       \
    ((struct log_field){.key = (name), .kind = LOG_KIND_INT, .number = (int64_t)(value)})
#define LOG_ID(name, value)                                                                        \
    ((struct log_field){.key = (name), .kind = LOG_KIND_ID, .data = (value)})
#define LOG_FIELDS(...)                                                                            \
    ((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = LOG_KIND_END}})

#define log_debug(event, ...) log_line(LOG_DEBUG, (event), LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...) log_line(LOG_INFO, (event), LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...) log_line(LOG_WARN, (event), LOG_FIELDS(__VA_ARGS__))
#define log_error(event, ...) log_line(LOG_ERROR, (event), LOG_FIELDS(__VA_ARGS__))

/* `service` stands in every line. `format` is "json", "text" or "auto"; `level` "debug" … "off".
 * Unknown words mean the default. */
void log_init(const char *service, const char *level, const char *format);

void log_line(enum log_level level, const char *event, const struct log_field *fields);

/* Adds event, correlation and causation ids and the traceparent to every line of this thread until
 * log_unbind. Borrowed. */
void log_bind(const struct envelope *envelope);
void log_unbind(void);

/* The thread's name in every line ("worker-2", "relay"). Borrowed for the thread's life. */
void log_thread(const char *name);

#endif
