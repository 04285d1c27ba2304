/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_MONEY_H
#define CORE_MONEY_H

#include <stdint.h>

/* An amount in minor units as people read it. */

enum { MONEY_TEXT_BYTES = 40 };

/* "9.99 EUR", "999 JPY". `currency` is a code of three letters. Returns `out`. */
const char *money_format(int64_t minor, const char *currency, char out[MONEY_TEXT_BYTES]);

#endif
