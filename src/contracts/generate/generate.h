/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GENERATE_GENERATE_H
#define CONTRACTS_GENERATE_GENERATE_H

#include "contracts/model.h"
#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * From the model to C: what one service says and hears becomes structs, field tables, publish_… and
 * on_…. The text is meant to be read: tables that hand-written code walks.
 */

/* A struct or an enum of the generated header. */
struct c_type {
    const struct schema *schema;
    const char *name; /* payment_completed */
    const char *summary;
};

struct generation {
    struct contract_set *set; /* its findings and arena are used */
    const struct model_service *service;
    const struct model_message **messages; /* what is said, then what is only heard; each once */
    size_t message_count;
    struct c_type *types; /* inner ones first */
    size_t type_count;
};

/* Collects what the service needs and checks that C can say it; findings are added. */
void generation_prepare(struct generation *generation, struct contract_set *set,
                        const struct model_service *service);
void generation_done(struct generation *generation);

/* The struct of a message's payload, or the enum or struct of any other schema that needs one. */
const char *generation_type(const struct generation *generation, const struct schema *schema);
/* payment_completed; payment_completed_v2 from the second major version on. */
const char *generation_message(const struct generation *generation,
                               const struct model_message *message);

void generate_header(const struct generation *generation, struct buffer *out);
void generate_source(const struct generation *generation, struct buffer *out);

#endif
