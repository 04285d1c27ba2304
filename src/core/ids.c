/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ids.h"

#include "core/clock.h"
#include "core/text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_BYTES = 4096 };

/* getrandom per id costs a system call; a pool per thread costs one in 512. */
static void random_bytes(uint8_t *out, size_t count)
{
    static _Thread_local uint8_t pool[POOL_BYTES];
    static _Thread_local size_t used = POOL_BYTES;
    if (used + count > POOL_BYTES) {
        size_t have = 0;
        while (have < POOL_BYTES) {
            ssize_t got = getrandom(pool + have, POOL_BYTES - have, 0);
            if (got < 0) {
                abort();
            }
            have += (size_t)got;
        }
        used = 0;
    }
    memcpy(out, pool + used, count);
    used += count;
}

static void put_time(struct uuid *id, int64_t ms)
{
    for (int i = 5; i >= 0; i--) {
        id->bytes[i] = (uint8_t)(ms & 0xff);
        ms >>= 8;
    }
}

/*
 *   0       6        8         9      16
 *  | time ms | ver,counter | var | random |
 *
 * rand_a (12 bits) counts within a millisecond (RFC 9562, 6.2 method 1); when it overflows the time
 * runs ahead.
 */
struct uuid ids_new(void)
{
    static _Thread_local int64_t last_ms;
    static _Thread_local unsigned counter;

    int64_t now = clock_now_ms();
    if (now > last_ms) {
        uint8_t start = 0;
        random_bytes(&start, 1);
        last_ms = now;
        counter = start;
    } else if (++counter > 0xfff) {
        last_ms++;
        counter = 0;
    }

    struct uuid id;
    random_bytes(id.bytes, UUID_BYTES);
    put_time(&id, last_ms);
    id.bytes[6] = (uint8_t)(0x70 | (counter >> 8));
    id.bytes[7] = (uint8_t)(counter & 0xff);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

bool ids_parse_n(const char *text, unsigned long length, struct uuid *out)
{
    if (length != UUID_TEXT_BYTES - 1) {
        return false;
    }
    struct uuid id;
    int at = 0;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-') {
                return false;
            }
        }
        int high = text_hex_digit(text[at]);
        int low = text_hex_digit(text[at + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        id.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *out = id;
    return true;
}

bool ids_parse(const char *text, struct uuid *out)
{
    return text != NULL && ids_parse_n(text, strlen(text), out);
}

const char *ids_format(const struct uuid *id, char out[UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    int at = 0;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        out[at++] = digits[id->bytes[i] >> 4];
        out[at++] = digits[id->bytes[i] & 0xf];
    }
    out[at] = '\0';
    return out;
}

bool ids_equal(const struct uuid *a, const struct uuid *b)
{
    return ids_compare(a, b) == 0;
}

int ids_compare(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_BYTES);
}

bool ids_is_nil(const struct uuid *id)
{
    static const struct uuid nil;
    return ids_equal(id, &nil);
}

bool ids_is_v7(const struct uuid *id)
{
    return (id->bytes[6] & 0xf0) == 0x70 && (id->bytes[8] & 0xc0) == 0x80;
}

int64_t ids_time_ms(const struct uuid *id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) {
        ms = ms << 8 | id->bytes[i];
    }
    return ms;
}

struct uuid ids_floor(int64_t utc_ms)
{
    struct uuid id = {{0}};
    put_time(&id, utc_ms);
    return id;
}
