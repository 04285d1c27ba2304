/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_HISTORY_FILTER_H
#define TOOLS_HISTORY_FILTER_H

#include "tools/history/history.h"

/* Which events: the same options for every command that selects from the log. */

/* clang-format off */
#define FILTER_OPTIONS                                                                                  \
    {"since", "TIME", NULL, NULL, "from this instant (RFC 3339, a date, or how long ago: 2h)"},         \
    {"until", "TIME", NULL, NULL, "before this instant"},                                               \
    {"type", "NAME", NULL, NULL, "PaymentCompleted, or fit.billing.PaymentCompleted.v1",                \
     .is_repeatable = true},                                                                            \
    {"service", "NAME", NULL, NULL, "whose events", .is_repeatable = true},                             \
    {"correlation", "UUID", NULL, NULL, "of this story"},                                               \
    {"causation", "UUID", NULL, NULL, "effects of this event"},                                         \
    {"subject", "UUID", NULL, NULL, "about this subject"},                                              \
    {"pointer", "/PATH=VALUE", NULL, NULL, "what the body says there (JSON, else a text)",              \
     .is_repeatable = true}
/* clang-format on */

/* A filter and what it points to. */
struct filter {
    struct history_filter history;
    struct uuid correlation_id, causation_id, subject;
    struct arena arena;
};

/* EXIT_DONE, or it has been said what is wrong. */
int filter_init(struct filter *filter, const struct cli_call *call);
/* Only --since, for a command that has no other of them. Else 0. */
int filter_since(const struct cli_call *call, int64_t *out);
void filter_done(struct filter *filter);

#endif
