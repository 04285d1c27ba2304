/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_DOCUMENT_DIFF_H
#define CONTRACTS_DIFF_DOCUMENT_DIFF_H

#include "contracts/asyncapi.h"
#include "contracts/diff/diff.h"

/*
 * Two versions of the contracts of one or many services: payloads and headers of each message,
 * messages, channels, operations, exchanges and queues, versions.
 *
 * A message is known by its service, its name and the major version in its address, never by the
 * key it has in a map. What a service publishes is judged for both sides; what it only receives, in
 * its own copy, is judged in reverse: whether it still takes what was published before.
 */

struct document_diff_options {
    const char *against; /* "v1.2.0": told with each finding; NULL: nothing is told */
    /* A kept version: only whether its events can still be read is asked. */
    bool is_history;
};

void document_diff(struct diff *diff, struct asyncapi *old, struct asyncapi *new,
                   const struct document_diff_options *options);

#endif
