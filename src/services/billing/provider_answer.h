/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_PROVIDER_ANSWER_H
#define BILLING_PROVIDER_ANSWER_H

#include "provider.h"

#include <stddef.h>

/* What the provider's words mean: an HTTP status above 0 and a body become an answer. */
void provider_answer_read(long http_status, const char *body, size_t length, struct answer *answer);

#endif
