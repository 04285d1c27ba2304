/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_HISTORY_HISTORY_H
#define TOOLS_HISTORY_HISTORY_H

#include "core/db.h"
#include "core/ids.h"
#include "core/outcome.h"
#include "tools/access.h"
#include "tools/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the log that fit-history writes (docs/history.md): a filter, then event after event in the
 * order of the log, a page at a time. Bodies come as they were said where the keys are at hand and
 * the person has not been forgotten.
 */

enum {
    HISTORY_TYPES_MAX = 64,
    HISTORY_IDS_MAX = 100 * 1000,
    HISTORY_POINTERS_MAX = 16,
    /* What a reader holds, of 256 KiB at most each: few where they are large, more where they are
     * small, because every page is planned over all the days of the log. */
    HISTORY_PAGE_ROWS = 100,
    HISTORY_PAGE_ROWS_MAX = 1600,
    HISTORY_PAGE_SMALL_BYTES = 1024 * 1024,
    HISTORY_POSITION_TEXT_BYTES = 64,
};

struct history;

/* Options of every command that reads the log. */
/* clang-format off */
#define HISTORY_ACCESS                                                                                  \
    ACCESS_DATABASE,                                                                                    \
    {"prefix", "TEXT", "DATABASE_PREFIX", "", "put before each database name", .is_setting = true},     \
    {"keys-url", "URL", "KEYS_DATABASE_URL", NULL,                                                      \
     "the database of the keys; without it personal values stay sealed", .is_setting = true}
/* clang-format on */

/* EXIT_DONE, or it has been said what is wrong. `database-url` may name any database of the server:
 * the log's is <prefix>history. */
int history_access(const struct cli_call *call, const char *name, struct history **out);
void history_close(struct history *history); /* NULL is fine */
void history_close_auto(struct history **history);
struct db *history_db(struct history *history);

/* A place in the order of the log. Written "era/xid/position". Zeroed: before everything. */
struct history_position {
    int32_t era;
    uint64_t xid;
    int64_t number;
};
const char *history_position_text(const struct history_position *position,
                                  char text[HISTORY_POSITION_TEXT_BYTES]);
bool history_position_parse(const char *text, struct history_position *out);

/* /a/b=value: what the body must say there. The value is JSON, else a text. */
struct history_pointer {
    const char *pointer;
    const char *value;
};

bool history_says(const char *body, size_t length, const struct history_pointer *pointers,
                  size_t count);
/* Is the type fit.<service>.<Name>.v<major> the wanted one, given in full or by its name alone? */
bool history_is_type(const char *type, const char *wanted);

/* Everything must hold; what is empty or NULL is not asked. */
struct history_filter {
    int64_t since_ms, until_ms;           /* of the id, [since, until); 0 = open */
    const char *types[HISTORY_TYPES_MAX]; /* fit.billing.PaymentCompleted.v1 or PaymentCompleted */
    size_t type_count;
    const char *services[HISTORY_TYPES_MAX];
    size_t service_count;
    const struct uuid *correlation_id, *causation_id, *subject;
    const struct uuid *ids;
    size_t id_count;
    struct history_pointer pointers[HISTORY_POINTERS_MAX];
    size_t pointer_count;
    struct history_position after; /* exclusive; where newest_first: before it */
    bool has_after;
    bool newest_first;
    bool is_open_ended; /* also what is not complete yet: something may still come in before it */
};

enum history_personal {
    HISTORY_PLAIN,  /* nothing in it is personal */
    HISTORY_OPENED, /* body is as it was said */
    HISTORY_SEALED, /* no keys at hand: "[sealed]" stands for each value, whatever it was */
    HISTORY_ERASED, /* the person is forgotten: "[erased]" for a text, else null */
};
const char *history_personal_name(enum history_personal personal); /* "plain" */

/* Borrowed from the reader until the next call. */
struct history_event {
    struct history_position position;
    struct uuid id, correlation_id, causation_id, subject, person;
    bool has_causation_id, has_subject, has_person;
    const char *type, *service, *exchange, *routing_key;
    int64_t sequence; /* 0 = none */
    int64_t occurred_at_ms, recorded_at_ms;
    const void *properties; /* the AMQP property list: broker_properties_decode */
    size_t properties_length;
    const char *body;
    size_t body_length;
    enum history_personal personal;
};

/* The filter is copied but for what it points to. What is complete is decided now, once. */
struct history_reader;
enum outcome history_read(struct history *history, const struct history_filter *filter,
                          struct history_reader **out, struct fault *fault);
/* The next event; NULL at the end. */
enum outcome history_next(struct history_reader *reader, const struct history_event **event,
                          struct fault *fault);
void history_reader_free(struct history_reader *reader); /* NULL is fine */
void history_reader_free_auto(struct history_reader **reader);

#endif
