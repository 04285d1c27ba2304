/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_ADMIN_H
#define SUPPORT_PROVIDER_ADMIN_H

#include "provider_api.h"

/* What tests and audits use: the ledger as it is, and faults to come. No API key: the port is on
 * loopback. */

/* The callback of its listener; subject is the provider. */
struct answer admin_answer(void *subject, const struct request *request);

/* One line per call, for --help. */
void admin_print(FILE *out);

#endif
