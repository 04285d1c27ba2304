/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_LEDGER_H
#define SUPPORT_PROVIDER_LEDGER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * All that the stand-in provider must not forget: payment intents, charges, refunds and stored
 * answers, as JSON records in memory and as lines of one file that only grows. A record is written
 * whole each time it changes; the last line of an id wins when the file is read again.
 *
 *   {"kind":"charge","id":"ch_…","intent":"pi_…","amount":999,"currency":"eur","metadata":{…},"at_ms":…}
 *
 * Not thread-safe: the caller holds the provider's lock.
 */

struct ledger {
    struct json_object *intents; /* by id, as the three below */
    struct json_object *charges;
    struct json_object *refunds;
    struct json_object *answers;
    int fd;          /* -1: memory only */
    FILE *unwritten; /* lines of the change under way */
    char *lines;
    size_t lines_bytes;
};

/* Reads what the file holds (path NULL: memory only). Says on stderr why it cannot. A torn last
 * line is cut off. */
bool ledger_open(struct ledger *ledger, const char *path);

void ledger_close(struct ledger *ledger);

/* Adds or replaces a record, which needs "kind" and "id", and takes it over. */
void ledger_put(struct ledger *ledger, struct json_object *record);

/* Forgets a stored answer in memory; the file still has it, and its age tells. */
void ledger_forget_answer(struct ledger *ledger, const char *id);

/* Writes and syncs what was put since the last call. A ledger that cannot be written ends the
 * process. */
void ledger_commit(struct ledger *ledger);

/* Fields of a record; an absent one is "" or 0. */
const char *record_text(struct json_object *record, const char *field);
int64_t record_number(struct json_object *record, const char *field);

/* A NULL text removes the field. */
void record_set_text(struct json_object *record, const char *field, const char *text);
void record_set_number(struct json_object *record, const char *field, int64_t number);

/* Compact JSON, borrowed from the record until it changes. */
const char *record_print(struct json_object *record);

int64_t wall_ms(void);
int64_t monotonic_ms(void);

#endif
