/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <stdint.h>

/* The service's own settings (runtime->own). */
struct subscription_config {
    int64_t deadline_ms;     /* from the request until the upgrade must be complete */
    int64_t watch_after_ms;  /* until an unanswered revocation is said again, the first time */
    int64_t attention_after; /* repeats without an answer until somebody should look */
};

#endif
