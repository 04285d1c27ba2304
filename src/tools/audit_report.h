/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_REPORT_H
#define TOOLS_AUDIT_REPORT_H

#include "core/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What must stay true whatever breaks, and what was found: how many rows each invariant has judged,
 * how many of them differ, and the first of those as counterexamples. An invariant that has judged
 * nothing does not hold.
 */

/* clang-format off */
#define AUDIT_INVARIANTS(X)                                                                                            \
    X(I1,  "an upgrade is charged at most once",                                                                       \
           "the provider's ledger by metadata.upgrade_id; billing's table charge")                                     \
    X(I2,  "a refund gives back exactly one charge, whole, once, and after it",                                        \
           "the provider's ledger by intent; billing's table refund")                                                  \
    X(I3,  "every accepted upgrade reaches exactly one end in time, and says it once",                                 \
           "subscription's tables upgrade and decision, its outbox by subject; its /readyz")                           \
    X(I4,  "completed means paid, premium on and a premium plan; rejected and cancelled mean none of them",            \
           "upgrade and entitlement in subscription, charge in billing, upgrade, plan and athlete in coaching")        \
    X(I5,  "no event is lost: whoever hears it by contract has claimed, parked or dead-lettered it",                   \
           "the listener's queue and inbox, its binding (quadrille topology verify), the publisher's unsent")          \
    X(I6,  "no event is a ghost: every claimed id stands in exactly one outbox",                                       \
           "who published it (user_id, exchange); ids published by hand belong into --foreign")                        \
    X(I7,  "every effect has happened once, however often its event came",                                             \
           "the service's effect table and outbox by causation_id; its inbox by id")                                   \
    X(I8,  "nothing of a transaction that was rolled back is seen anywhere",                                           \
           "the service that shows the id, and the outbox that should have it")                                        \
    X(I9,  "causes come before effects, and every state and every subject counts by one",                              \
           "inbox and outbox by causation_id; outbox by subject and seq; subscription's table decision")               \
    X(I10, "at rest nothing is under way: no lag, nothing unsent, parked, ready or unacked; dead letters as expected", \
           "/readyz of the service; the queue on the management page; --dead-letters")                                 \
    X(I12, "charges less refunds are the price of the completed upgrades",                                             \
           "the ledger's totals against subscription's completed upgrades")
/* clang-format on */

#define AUDIT_NAME(name, sentence, look) AUDIT_##name,
enum audit_invariant { AUDIT_INVARIANTS(AUDIT_NAME) AUDIT_COUNT };
#undef AUDIT_NAME

struct audit_row {
    const char *id;
    const char *sentence;
    const char *look; /* where to look when it differs */
};
extern const struct audit_row audit_rows[AUDIT_COUNT];

/* What a counterexample is about. A nil id and a NULL text are left out. */
struct audit_place {
    struct uuid upgrade, event, cause, subject;
    const char *service; /* whose database or queue */
    const char *type;
    const char *reference; /* the provider's */
    const char *currency;  /* set: wanted and found are amounts in its minor unit */
    bool has_numbers;
    int64_t wanted, found;
};

struct audit_pair {
    const char *key;
    char *text;
    bool is_number;
};

enum { AUDIT_PAIRS_MAX = 10, AUDIT_EXAMPLES_MAX = 1000 };

struct audit_example {
    char *text;
    struct audit_pair pairs[AUDIT_PAIRS_MAX];
    size_t pair_count;
};

struct audit_verdict {
    int64_t judged, differing;
    struct audit_example *examples;
    size_t example_count;
};

struct audit_report {
    size_t examples_max; /* for each invariant */
    struct audit_verdict verdicts[AUDIT_COUNT];
};

void audit_report_init(struct audit_report *report, size_t examples_max);
void audit_report_done(struct audit_report *report);

void audit_report_count(struct audit_report *report, enum audit_invariant invariant, int64_t judged,
                        int64_t differing);
/* A counterexample that has been counted; dropped when there are enough. */
void audit_report_show(struct audit_report *report, enum audit_invariant invariant,
                       const struct audit_place *place, const char *text);
/* Counts one that differs, and shows it. */
void audit_report_differ(struct audit_report *report, enum audit_invariant invariant,
                         const struct audit_place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

bool audit_verdict_holds(const struct audit_verdict *verdict);
bool audit_report_holds(const struct audit_report *report);

#endif
