/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_INTENT_H
#define BILLING_INTENT_H

#include "charge.h"
#include "provider.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/*
 * The protocol with the provider, pure: what to ask next about a charge, and what an answer means. The rules:
 *
 *   calling             create, unconfirmed; its id is committed; then confirm. An outcome that is unknown is read, and
 *                       confirmed again where nothing has happened
 *   declining, voiding  cancel: the provider refuses once it has the money. An intent whose id we never learned is found
 *                       by its create key; when that is forgotten, it holds no money and never can, because nothing is
 *                       confirmed before its id is committed
 *   refunding           refund; before it is repeated, the intent's refunds are listed
 *
 * A key is used again only while it has had no answer and is surely remembered; else the next one is used. No answer are
 * also those that the provider does not keep under the key, because it never began: 401, 403, 409 and 429.
 */
/* clang-format on */

enum step {
    STEP_NONE,
    STEP_CREATE,
    STEP_CONFIRM,
    STEP_READ,
    STEP_CANCEL,
    STEP_REFUND,
    STEP_LIST,
    STEP_CONCLUDE, /* nothing to ask: nothing is there */
};

/* `is_clear`: just now the provider showed that nothing has happened. */
enum step intent_next(const struct charge *charge, bool is_clear, int64_t now_ms,
                      int64_t key_life_ms);

/* Chooses the key of a step: to be committed before the call. */
void intent_use_key(struct charge *charge, enum step step, int64_t now_ms, int64_t key_life_ms);
void intent_call(const struct charge *charge, enum step step, struct provider_call *call);

enum lesson {
    LEARNED_EVENT,   /* something for the table */
    LEARNED_CLEAR,   /* nothing has happened there: ask again at once */
    LEARNED_STEP,    /* go on at once */
    LEARNED_PENDING, /* it takes its time there */
    LEARNED_NOTHING, /* try again later */
};

/* Notes in the charge what it has learned. `event` is written with LEARNED_EVENT only. */
enum lesson intent_learn(struct charge *charge, enum step asked, const struct answer *answer,
                         enum billing_event *event);

#endif
