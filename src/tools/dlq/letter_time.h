/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_LETTER_TIME_H
#define TOOLS_DLQ_LETTER_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Instants as frameworks write them: RFC 3339 and its relatives (a space for the T, no offset means
 * UTC, "…:123456 Z" of NServiceBus), or a number since 1970 in seconds, ms, µs or ns. UTC ms. */
bool letter_time_text(const char *text, int64_t *out_ms);
bool letter_time_number(int64_t number, int64_t *out_ms);

#endif
