/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include <stdbool.h>

/*
 * One vocabulary for every function that can fail: the value says what the CALLER does next, the
 * fault says in one line what happened. Dropping an outcome does not compile.
 */

#if defined(__clang__)
#define MUST_USE __attribute__((warn_unused_result))
#else
#define MUST_USE
#endif

enum outcome {
    OK,     /* go on */
    RETRY,  /* the same input may succeed later */
    REJECT, /* this input never will */
    LOST,   /* a connection is gone: reconnect, burn no attempt */
    FATAL,  /* this process cannot go on */
} MUST_USE;

/* A short fixed name ("ok", "retry", …). */
const char *outcome_name(enum outcome outcome);

enum { FAULT_TEXT_BYTES = 512 };

struct fault {
    enum outcome outcome;
    int culprit;      /* the tag of the work that failed (a message's index in its batch), or
                         FAULT_NOBODY, FAULT_TOGETHER */
    bool is_conflict; /* lost a race (40P01, 40001, a conditional write): the same batch may run
                         again at once */
    char text[FAULT_TEXT_BYTES];
};

enum {
    FAULT_NOBODY = -1,
    FAULT_TOGETHER = -2, /* all of them together: a limit of the transaction. Fewer may pass */
};

/* Fills the fault and returns `outcome`, so that a failing line stays one line. `fault` may be
 * NULL. Long texts are cut. */
enum outcome fault_set(struct fault *fault, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context before the reason that is there ("context: reason") and returns the fault's outcome.
 */
enum outcome fault_wrap(struct fault *fault, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says that no single work is the culprit, and returns `outcome`. `fault` may be NULL. */
enum outcome fault_together(struct fault *fault, enum outcome outcome);

#endif
