/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decimal.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t get_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_locale);
    return c_locale;
}

bool decimal_read(const char *text, size_t length, double *out)
{
    char copy[DECIMAL_READ_MAX_BYTES + 1];
    if (length > DECIMAL_READ_MAX_BYTES) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    double number = strtod_l(copy, NULL, get_locale());
    if (!isfinite(number)) {
        return false;
    }
    *out = number;
    return true;
}

const char *decimal_write(double number, char out[DECIMAL_TEXT_BYTES])
{
    locale_t before = uselocale(get_locale());
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, DECIMAL_TEXT_BYTES, "%.*g", digits, number);
        if (strtod(out, NULL) == number) {
            break;
        }
    }
    (void)uselocale(before);
    return out;
}
