/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_DEED_PLAN_H
#define TOOLS_DLQ_DEED_PLAN_H

#include "core/buffer.h"
#include "tools/dlq/letter.h"

#include <stdio.h>

/*
 * What would be done, as a private file: a dry run writes it, `dlq apply` does exactly that. JSON
 * Lines: what is meant, then a line for each letter, then how many there are (a plan without that
 * was cut off and is refused).
 *
 *   {"quadrille_plan":1,"verb":"retry","queue":"…","vhost":"…",…}
 *   {"fingerprint":"…","id":"…"}
 *   {"letters":2}
 *
 * A letter is known by its fingerprint: what has been changed or is gone is not acted upon.
 */

enum {
    DEED_PLAN_FORMAT = 1,
    DEED_PLAN_LETTERS_MAX = 5 * 1000 * 1000,
    DEED_PLAN_LINE_MAX_BYTES = 1024 * 1024,
    DEED_PLAN_SETS_MAX = 64,
};

struct deed_plan {
    char *verb, *queue, *vhost, *to, *selection, *why;
    bool is_via_exchange;
    int64_t max_returns, made_ms;
    char *sets[DEED_PLAN_SETS_MAX]; /* of edit */
    size_t set_count;
    /* Read plans only. */
    struct deed_plan_letter *letters; /* sorted */
    size_t count;
};

struct deed_plan_letter {
    uint8_t fingerprint[LETTER_FINGERPRINT_BYTES];
    uint32_t times; /* letters with the same bytes */
    uint32_t seen;
    char *id;
};

void deed_plan_done(struct deed_plan *plan);

/* Writing; `path` must be new. */
enum outcome deed_plan_create(const struct deed_plan *plan, const char *path, FILE **out,
                              struct fault *fault);
enum outcome deed_plan_add(FILE *file, const struct letter *letter, struct fault *fault);
/* Synchronised. */
enum outcome deed_plan_end(FILE *file, int64_t letters, struct fault *fault);

/* REJECT says what is wrong with it. deed_plan_done in either case. */
enum outcome deed_plan_read(const char *path, struct deed_plan *plan, struct fault *fault);
/* Is this letter meant (once more)? */
bool deed_plan_takes(struct deed_plan *plan, const struct letter *letter);

#endif
