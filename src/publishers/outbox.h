/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_OUTBOX_H
#define PUBLISHERS_OUTBOX_H

#include "core/contract.h"
#include "core/db.h"
#include "core/envelope.h"
#include "core/outcome.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The journal of what this service has said. Rows are collected in memory while handlers run and
 * written with one statement at the end of the transaction, in the order they were said.
 * Append-only: nothing here updates or deletes.
 */

struct outbox;

enum outbox_kind { OUTBOX_EVENT, OUTBOX_DEAD_LETTER };

enum {
    OUTBOX_ROWS_MAX = 10000, /* in one transaction; more is a REJECT */
};

struct outbox *outbox_new(void);
void outbox_free(struct outbox *outbox);
void outbox_clear(struct outbox *outbox); /* forgets what was not flushed */
size_t outbox_count(const struct outbox *outbox);

/* An event; the body is copied. `sequence` per subject is given by the database at the flush. `tag`
 * as in db_queue. */
enum outcome outbox_add_event(struct outbox *outbox, const struct message *message,
                              const struct envelope *envelope, const struct uuid *subject, int tag,
                              struct fault *fault);

/*
 * A dead letter: the message as it came (body and encoded property list, extended with the failure
 * headers) for exchange <service>.dlx. `cause` names the event that failed; its id may be nil when
 * it had none. Copied.
 */
struct dead_letter {
    struct uuid cause_id;
    const char *type; /* "" when unknown */
    const char *exchange;
    const char *routing_key;
    const void *properties;
    size_t properties_length;
    const char *body;
    size_t body_length;
    const char *failure_class; /* for the audit */
    const char *queue;         /* that failed */
};
enum outcome outbox_add_dead_letter(struct outbox *outbox, const struct dead_letter *letter,
                                    struct fault *fault);

/* Queues the statement that writes everything added so far; nothing when there is nothing. */
enum outcome outbox_flush(struct outbox *outbox, struct db *db, struct fault *fault);

#endif
