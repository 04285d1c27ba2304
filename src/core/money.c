/* SPDX-License-Identifier: Apache-2.0 */
#include "core/money.h"

#include "core/memory.h"

#include <stdio.h>
#include <string.h>

enum { USUAL_DIGITS = 2 };

/*
 * ISO 4217's currencies that have not two digits after the point. ISK and UGX are left out and MGA
 * is in, as the payment provider counts them: its minor units are what we have.
 */
static const struct {
    const char *currencies;
    int digits;
} unusual[] = {
    {"BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF", 0},
    {"BHD IQD JOD KWD LYD OMR TND", 3},
    {"CLF UYW", 4},
};

static int digits_of(const char *currency)
{
    for (size_t i = 0; i < COUNT_OF(unusual); i++) {
        if (strstr(unusual[i].currencies, currency) != NULL) {
            return unusual[i].digits;
        }
    }
    return USUAL_DIGITS;
}

const char *money_format(int64_t minor, const char *currency, char out[MONEY_TEXT_BYTES])
{
    int digits = digits_of(currency);
    uint64_t amount = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    char fraction[] = ".0000";
    for (int i = digits; i > 0; i--) {
        fraction[i] = (char)('0' + amount % 10);
        amount /= 10;
    }
    fraction[digits > 0 ? digits + 1 : 0] = '\0';
    (void)snprintf(out, MONEY_TEXT_BYTES, "%s%llu%s %.3s", minor < 0 ? "-" : "",
                   (unsigned long long)amount, fraction, currency);
    return out;
}
