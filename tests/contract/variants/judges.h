/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_JUDGES_H
#define VARIANTS_JUDGES_H

#include "contracts/jsonschema/jsonschema.h"
#include "contracts/model.h"
#include "core/contract.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The two who judge a payload: the decoder, by the generated table, and the general validator, by
 * the contract itself. They must agree, but for the differences that the table in judges.c names.
 */

struct judges {
    const char *event;
    const struct shape *shape;
    enum codec_mode mode; /* CLOSED: what is published may hold declared members only */
    struct jsonschema *schema;
};

/* Ends the process when the payload does not compile. */
void judges_init(struct judges *judges, struct contract_set *set, const struct model_message *model,
                 const struct message *message, enum codec_mode mode);
void judges_done(struct judges *judges);

struct verdicts {
    bool decoder, validator;
    char decoder_says[FAULT_TEXT_BYTES], validator_says[FAULT_TEXT_BYTES]; /* why not */
    const char *difference; /* the reason why they may differ, or NULL */
    bool is_settled;        /* they agree, or differ for a reason and in the direction it allows */
};

void judges_ask(const struct judges *judges, const char *json, size_t length,
                struct verdicts *verdicts);

/* The decoder alone. */
bool judges_decode(const struct shape *shape, enum codec_mode mode, const char *json, size_t length,
                   struct fault *fault);

/* How many reasons the table has, and each of them. */
size_t judges_difference_count(void);
const char *judges_difference(size_t i);

#endif
