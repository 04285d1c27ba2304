/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HISTORY_H
#define HISTORY_H

#include "core/service.h"

#include <stdint.h>

struct history_config {
    char *keys_url;
    int64_t log_days;
    int64_t seal_ms;
};

/* Destroys the keys of those who have left. */
extern const struct part eraser_part;
/* Adds the log's new rows to its chain of hashes. */
extern const struct part sealer_part;
/* Days of the log: made ahead, dropped after LOG_DAYS with what the chain says of them. */
extern const struct part keeper_part;

/* What the consumer's workers do with their batches. */
extern const struct recorder history_recorder;

#endif
