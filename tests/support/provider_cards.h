/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_CARDS_H
#define SUPPORT_PROVIDER_CARDS_H

#include <stdio.h>

/* What Stripe's test payment methods do when they are charged and when the charge is refunded. */

enum fate {
    SUCCEEDS,
    FAILS,
    NEEDS_ACTION,
    PROCESSES, /* for the time set at start */
    PROCESSES_FOREVER,
};

struct card {
    const char *method;
    enum fate charge;
    enum fate refund;         /* SUCCEEDS, FAILS or PROCESSES */
    const char *code;         /* this and the next two: of a declined charge */
    const char *decline_code; /* NULL where Stripe gives none */
    const char *message;
};

/* NULL: Stripe has no such test payment method, or the stand-in does not know it. */
const struct card *card_find(const char *method);

/* One line per payment method, for --help. */
void cards_print(FILE *out);

#endif
