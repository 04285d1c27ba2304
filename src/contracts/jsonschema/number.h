/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_NUMBER_H
#define CONTRACTS_JSONSCHEMA_NUMBER_H

#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON's numbers as decimals, exactly: no digit is lost, and a huge exponent costs nothing because
 * it is never written out. For numbers that fit 64 bits plain arithmetic is faster.
 */

enum {
    NUMBER_MAX_BYTES = 4096,         /* of one number as written */
    NUMBER_MAX_DIVISOR_DIGITS = 128, /* significant ones */
    NUMBER_INTEGER_BYTES = 24,       /* a 64-bit integer as text */
};
#define NUMBER_MAX_EXPONENT INT64_C(500000000000000000)

/* ±0.DDD × 10^exponent. The digits are a view of the text: from the first that is not zero to the
 * last, perhaps with a point between. Zero has none. */
struct number {
    const char *first;
    size_t digits;
    int64_t exponent;
    bool is_negative;
};

/* `text` is a number of JSON's grammar, borrowed. False when its exponent is beyond the limit. */
bool number_read(const char *text, size_t length, struct number *out);

/* The same for integers; the digits are written to `room`. */
struct number number_of_integer(int64_t integer, char room[NUMBER_INTEGER_BYTES]);
struct number number_of_unsigned(uint64_t integer, char room[NUMBER_INTEGER_BYTES]);

/* Less than, equal to or greater than zero. */
int number_compare(const struct number *a, const struct number *b);

/* 1.0 and 1e2 are. */
bool number_is_integer(const struct number *number);

/* Equal numbers have equal hashes, however they are written. */
uint64_t number_hash(const struct number *number, uint64_t seed);

/* What multipleOf divides by. */
struct divisor;

/* NULL when `number` is not greater than zero or has too many digits. */
const struct divisor *divisor_new(const struct number *number, struct arena *arena);

bool number_is_multiple(const struct number *number, const struct divisor *divisor);

#endif
