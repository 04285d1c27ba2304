/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/number.h"

#include "contracts/jsonschema/names.h"

#include <string.h>

enum {
    LIMB_BITS = 32,
    /* A decimal digit needs less than 4 bits; two limbs more, so that ten times a remainder fits.
     */
    DIVISOR_MAX_LIMBS = NUMBER_MAX_DIVISOR_DIGITS * 4 / LIMB_BITS + 2,
};

/* An integer without factors of ten, times 10^exponent. */
struct divisor {
    int64_t exponent;
    size_t digits;
    size_t limbs; /* little endian; the highest is not zero */
    uint32_t limb[DIVISOR_MAX_LIMBS];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* False beyond the limit; `out` is then cut to it. */
static bool read_exponent(const char *at, const char *end, int64_t *out)
{
    bool is_negative = at < end && *at == '-';
    bool fits = true;
    int64_t exponent = 0;
    for (; at < end; at++) {
        if (is_digit(*at) && fits) {
            exponent = exponent * 10 + (*at - '0');
            fits = exponent <= NUMBER_MAX_EXPONENT;
        }
    }
    *out = is_negative ? -exponent : exponent;
    return fits;
}

bool number_read(const char *text, size_t length, struct number *out)
{
    const char *end = text + length;
    *out = (struct number){.is_negative = length > 0 && *text == '-'};
    const char *at = text + (out->is_negative ? 1 : 0);
    int64_t before = 0; /* digits before the point, from the first significant one */
    int64_t zeros = 0;  /* between the point and the first significant digit */
    size_t count = 0;   /* of digits since the first significant one */
    bool is_fraction = false;
    for (; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            is_fraction = true;
            continue;
        }
        if (out->first == NULL && *at == '0') {
            zeros += is_fraction ? 1 : 0;
            continue;
        }
        if (out->first == NULL) {
            out->first = at;
        }
        count++;
        before += is_fraction ? 0 : 1;
        out->digits = *at != '0' ? count : out->digits;
    }
    if (out->first == NULL) {
        out->is_negative = false;
        return true;
    }
    int64_t exponent = 0;
    bool fits = at == end || read_exponent(at + 1, end, &exponent);
    out->exponent = exponent + (before > 0 ? before : -zeros);
    return fits;
}

struct number number_of_unsigned(uint64_t integer, char room[NUMBER_INTEGER_BYTES])
{
    char *at = room + NUMBER_INTEGER_BYTES;
    for (; integer > 0; integer /= 10) {
        *--at = (char)('0' + integer % 10);
    }
    struct number number = {0};
    (void)number_read(at, (size_t)(room + NUMBER_INTEGER_BYTES - at), &number);
    return number;
}

struct number number_of_integer(int64_t integer, char room[NUMBER_INTEGER_BYTES])
{
    uint64_t size = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    struct number number = number_of_unsigned(size, room);
    number.is_negative = integer < 0;
    return number;
}

/* The digit there, and the step to the next one. */
static char next_digit(const char **at)
{
    *at += **at == '.' ? 1 : 0;
    return *(*at)++;
}

static int compare_digits(const struct number *a, const struct number *b)
{
    const char *x = a->first;
    const char *y = b->first;
    for (size_t i = 0; i < a->digits && i < b->digits; i++) {
        int difference = next_digit(&x) - next_digit(&y);
        if (difference != 0) {
            return difference;
        }
    }
    return (a->digits > b->digits) - (a->digits < b->digits);
}

int number_compare(const struct number *a, const struct number *b)
{
    int sign_a = a->digits == 0 ? 0 : a->is_negative ? -1 : 1;
    int sign_b = b->digits == 0 ? 0 : b->is_negative ? -1 : 1;
    if (sign_a != sign_b || sign_a == 0) {
        return sign_a - sign_b;
    }
    if (a->exponent != b->exponent) {
        return a->exponent > b->exponent ? sign_a : -sign_a;
    }
    return compare_digits(a, b) * sign_a;
}

bool number_is_integer(const struct number *number)
{
    return number->digits == 0 || number->exponent >= (int64_t)number->digits;
}

uint64_t number_hash(const struct number *number, uint64_t seed)
{
    uint64_t hash = seed ^ (number->is_negative ? 1 : 0);
    const char *at = number->first;
    uint64_t part = 0;
    for (size_t i = 0; i < number->digits; i++) {
        part = part * 10 + (uint64_t)(next_digit(&at) - '0');
        if (i % 16 == 15) {
            hash = names_mix(hash, part);
            part = 0;
        }
    }
    hash = names_mix(hash, part);
    return names_mix(hash, number->digits == 0 ? 0 : (uint64_t)number->exponent);
}

/* limbs = limbs × 10 + digit; returns how many there are then. */
static size_t push_digit(uint32_t *limb, size_t limbs, unsigned digit)
{
    uint64_t carry = digit;
    for (size_t i = 0; i < limbs; i++) {
        carry += (uint64_t)limb[i] * 10;
        limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    if (carry > 0) {
        limb[limbs++] = (uint32_t)carry;
    }
    return limbs;
}

const struct divisor *divisor_new(const struct number *number, struct arena *arena)
{
    if (number->digits == 0 || number->is_negative || number->digits > NUMBER_MAX_DIVISOR_DIGITS) {
        return NULL;
    }
    struct divisor *divisor = arena_alloc(arena, sizeof *divisor);
    const char *at = number->first;
    for (size_t i = 0; i < number->digits; i++) {
        divisor->limbs =
            push_digit(divisor->limb, divisor->limbs, (unsigned)(next_digit(&at) - '0'));
    }
    divisor->digits = number->digits;
    divisor->exponent = number->exponent - (int64_t)number->digits;
    return divisor;
}

static bool is_less(const uint32_t *limb, size_t limbs, const struct divisor *divisor)
{
    if (limbs != divisor->limbs) {
        return limbs < divisor->limbs;
    }
    for (size_t i = limbs; i-- > 0;) {
        if (limb[i] != divisor->limb[i]) {
            return limb[i] < divisor->limb[i];
        }
    }
    return false;
}

/* limbs = limbs - divisor, which is not larger. */
static size_t subtract(uint32_t *limb, size_t limbs, const struct divisor *divisor)
{
    int64_t borrow = 0;
    for (size_t i = 0; i < limbs; i++) {
        borrow += (int64_t)limb[i] - (i < divisor->limbs ? divisor->limb[i] : 0);
        limb[i] = (uint32_t)borrow;
        borrow >>= LIMB_BITS;
    }
    while (limbs > 0 && limb[limbs - 1] == 0) {
        limbs--;
    }
    return limbs;
}

/* Takes one digit of the dividend into the remainder. */
static size_t divide_step(uint32_t *limb, size_t limbs, unsigned digit,
                          const struct divisor *divisor)
{
    limbs = push_digit(limb, limbs, digit);
    while (!is_less(limb, limbs, divisor)) {
        limbs = subtract(limb, limbs, divisor);
    }
    return limbs;
}

bool number_is_multiple(const struct number *number, const struct divisor *divisor)
{
    if (number->digits == 0) {
        return true;
    }
    /* V × 10^p by D × 10^q, neither V nor D with a factor of ten. With p < q the quotient would
     * need V to have one. */
    int64_t zeros = number->exponent - (int64_t)number->digits - divisor->exponent;
    if (zeros < 0) {
        return false;
    }
    uint32_t limb[DIVISOR_MAX_LIMBS + 1] = {0};
    size_t limbs = 0;
    const char *at = number->first;
    for (size_t i = 0; i < number->digits; i++) {
        limbs = divide_step(limb, limbs, (unsigned)(next_digit(&at) - '0'), divisor);
    }
    /* D has fewer factors of 2 and of 5 than bits: more zeros than that change nothing. */
    int64_t enough = (int64_t)divisor->digits * 4;
    for (int64_t i = 0; i < zeros && i < enough && limbs > 0; i++) {
        limbs = divide_step(limb, limbs, 0, divisor);
    }
    return limbs == 0;
}
