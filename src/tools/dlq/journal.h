/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_JOURNAL_H
#define TOOLS_DLQ_JOURNAL_H

#include "core/ids.h"
#include "tools/dlq/letter.h"

#include <stdio.h>

/*
 * What a run does, written before it does it, in the state folder (runs/): after kill -9 the next
 * start knows which letters may be there twice. A run that is under way, or was broken off, is
 * <run>.open, and its process holds a lock; one that has ended is <run>.jsonl. Lines:
 *
 *   {"quadrille_run":1,"run":"…","verb":"retry","queue":"…","vhost":"…","to":"…"}
 *   {"sent":"<fingerprint>","id":"…"}     before its copy is published
 *   {"safe":"<fingerprint>"}              the broker has confirmed the copy; then it is acked
 *   {"ended":"done"}
 *
 * It survives the process, and not every crash of the machine: it is not synchronised for each
 * letter.
 */

enum {
    JOURNAL_FORMAT = 1,
    JOURNAL_LINE_MAX_BYTES = 64 * 1024,
    JOURNAL_RUNS_MAX = 1000, /* ended ones that are kept */
};

struct journal {
    FILE *file; /* NULL: not open */
    char *path; /* of <run>.open */
};

struct journal_about {
    struct uuid run;
    const char *verb, *queue, *vhost;
    const char *to; /* NULL: various */
};

enum outcome journal_open(const struct journal_about *about, struct journal *journal,
                          struct fault *fault);
/* Written at once. */
enum outcome journal_sent(struct journal *journal, const char *fingerprint, const char *id,
                          struct fault *fault);
enum outcome journal_safe(struct journal *journal, const char *fingerprint, struct fault *fault);
/* `is_clean`: no letter may be doubled. Else it stays open, and the next start tells it. */
void journal_close(struct journal *journal, bool is_clean, const char *how);

/* Letters that runs which were broken off have sent, and not surely taken out of their queue. */
struct journal_past {
    struct journal_letter *letters; /* sorted by fingerprint */
    size_t count;
    char **paths; /* of the journals */
    size_t path_count;
};

struct journal_letter {
    uint8_t fingerprint[LETTER_FINGERPRINT_BYTES];
    struct uuid run;
    bool is_safe; /* its copy is confirmed: the letter itself is not needed any more */
};

/* Those of this queue, and a word about each run on stderr (of any queue). */
void journal_past_read(const char *vhost, const char *queue, struct journal_past *past);
/* Only what one run has made safe, by its journal; REJECT when that is not there. */
enum outcome journal_read_safe(const char *path, struct journal_past *past, struct fault *fault);
void journal_past_done(struct journal_past *past);
const struct journal_letter *journal_past_find(const struct journal_past *past,
                                               const uint8_t *fingerprint);
/* None of them is in the queue: the runs are ended. */
void journal_past_settle(const struct journal_past *past);

#endif
