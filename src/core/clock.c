/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static const int64_t DAY_MS = 86400000;
static const int64_t YEAR_0_MS = -62167219200000;
static const int64_t YEAR_10000_MS = 253402300800000;

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_now_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_monotonic_us(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
}

/* Writes exactly `count` digits. */
static void put_digits(char *out, int count, int number)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

/*
 * A day since 1970 as a date: years are counted from March, so that the leap day comes last, in
 * eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). Every event
 * has a time: gmtime and printf took 0.3 us.
 */
static void put_date(char *out, int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0 = March */
    put_digits(out, 4, (int)(year_of_era + era * 400) + (month >= 10 ? 1 : 0));
    put_digits(out + 5, 2, month < 10 ? month + 3 : month - 9);
    put_digits(out + 8, 2, day_of_year - (153 * month + 2) / 5 + 1);
}

const char *clock_format(int64_t utc_ms, char out[CLOCK_TEXT_BYTES])
{
    (void)snprintf(out, CLOCK_TEXT_BYTES, "%s", "0000-00-00T00:00:00.000Z");
    if (utc_ms < YEAR_0_MS || utc_ms >= YEAR_10000_MS) {
        return out;
    }
    int64_t day = utc_ms / DAY_MS - (utc_ms % DAY_MS < 0 ? 1 : 0);
    int ms = (int)(utc_ms - day * DAY_MS);
    put_date(out, day);
    put_digits(out + 11, 2, ms / 3600000);
    put_digits(out + 14, 2, ms / 60000 % 60);
    put_digits(out + 17, 2, ms / 1000 % 60);
    put_digits(out + 20, 3, ms % 1000);
    return out;
}
