/* SPDX-License-Identifier: Apache-2.0 */
#include "change_numbers.h"

#include "core/memory.h"

#include <inttypes.h>
#include <math.h>

static const char *const literals[] = {
    "0",
    "-0",
    "0.0",
    "-0.0",
    "0e5",
    "1.0",
    "1.00",
    "1e0",
    "1E0",
    "1e+0",
    "1e-0",
    "1e2",
    "100e-2",
    "1000e-1",
    "0.1e1",
    "0.01e2",
    "0.1",
    "1e-1",
    "1.0000000000000000000000000000000000001",
    "0.99999999999999999999999999999999999999",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775807.0",
    "9223372036854775808",
    "9223372036854775808.0",
    "-9223372036854775808",
    "-9223372036854775808.0",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "1e18",
    "1e19",
    "1e300",
    "1.7976931348623157e308",
    "1.8e308",
    "1e309",
    "-1e309",
    "1e-400",
    "-1e-400",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "0e99999999999999999999",
    "01",
    "-01",
    "00",
    "+1",
    "1.",
    ".5",
    "-",
    "--1",
    "1e",
    "1e+",
    "1.e1",
    "1ee1",
    "1.5.5",
    "0x10",
    "1_000",
    "1,5",
    "NaN",
    "Infinity",
    "-Infinity",
    "1 0",
    "1a",
};

static bool is_number(const struct spot *spot)
{
    return spot->node->kind == NODE_INTEGER || spot->node->kind == NODE_NUMBER ||
           (spot->schema != NULL &&
            (spot->schema->kind == FIELD_INTEGER || spot->schema->kind == FIELD_NUMBER));
}

size_t number_ways(const struct spot *spot)
{
    return is_number(spot) ? COUNT_OF(literals) : 0;
}

void write_number(const struct writer *writer, const struct spot *spot, size_t number)
{
    buffer_text(writer->out, literals[number]);
}

/* How an integer may be written, and what lies just beside it. */
static const char *const integer_forms[] = {
    "%" PRId64,        "%" PRId64 ".0",   "%" PRId64 ".000", "%" PRId64 "e0",
    "%" PRId64 "0e-1", "%" PRId64 "E+00", "%" PRId64 ".5",   "%" PRId64 ".00000000000000000001",
};

/* The lower bound, the upper one, the example; each less one, as it is, and one more. */
enum { ANCHORS = 3, STEPS = 3 };

size_t near_ways(const struct spot *spot)
{
    return is_number(spot) ? (size_t)ANCHORS * STEPS * COUNT_OF(integer_forms) : 0;
}

static int64_t integer_anchor(const struct spot *spot, size_t anchor)
{
    const struct schema *schema = spot->schema;
    if (schema != NULL && anchor == 0 && schema->has_min) {
        return schema->min;
    }
    if (schema != NULL && anchor == 1 && schema->has_max) {
        return schema->max;
    }
    return spot->node->integer;
}

static double double_anchor(const struct spot *spot, size_t anchor)
{
    const struct schema *schema = spot->schema;
    if (anchor == 0 && schema->has_min) {
        return schema->number_min;
    }
    if (anchor == 1 && schema->has_max) {
        return schema->number_max;
    }
    return spot->node->number;
}

static void write_near_integer(const struct writer *writer, int64_t anchor, int64_t step,
                               const char *form)
{
    int64_t value = 0;
    if (__builtin_add_overflow(anchor, step, &value)) {
        buffer_text(writer->out, anchor < 0 ? "-9223372036854775809" : "9223372036854775808");
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buffer_printf(writer->out, form, value);
#pragma GCC diagnostic pop
}

static void write_near_double(const struct writer *writer, double anchor, int64_t step, size_t form)
{
    double value = step == 0 ? anchor : nextafter(anchor, step < 0 ? -INFINITY : INFINITY);
    if (form >= 4) {
        value = anchor + (double)step / (double)(form - 3);
    }
    buffer_printf(writer->out, form % 2 == 0 ? "%.17g" : "%.17e", value);
}

void write_near(const struct writer *writer, const struct spot *spot, size_t number)
{
    size_t form = number % COUNT_OF(integer_forms);
    int64_t step = (int64_t)(number / COUNT_OF(integer_forms) % STEPS) - 1;
    size_t anchor = number / COUNT_OF(integer_forms) / STEPS;
    if (spot->schema != NULL && spot->schema->kind == FIELD_NUMBER) {
        write_near_double(writer, double_anchor(spot, anchor), step, form);
    } else {
        write_near_integer(writer, integer_anchor(spot, anchor), step, integer_forms[form]);
    }
}
