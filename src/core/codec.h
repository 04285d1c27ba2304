/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON ↔ C structs by walking a table of fields, validating in the same single pass over the bytes.
 * Events use tables that the generator writes; HTTP bodies and provider answers use tables written
 * by hand. Not a JSON library: what has no table cannot be read.
 *
 * kind        JSON                              member(s) of the struct
 * STRING      string                            const char *x      (NUL-terminated; U+0000 is
 * refused) DATE        string, RFC 3339 full-date        const char *x EMAIL, URI  string const
 * char *x UUID        string                            struct uuid x DATE_TIME   string, RFC 3339
 * int64_t x_ms       (UTC milliseconds) INTEGER     number without fraction (1.0 is)  int64_t x
 * NUMBER      number                            double x
 * BOOLEAN     true, false                       bool x
 * ENUM        one of `values`                   enum … x           (int-sized; index into `values`)
 * OBJECT      object                            struct … x         (inline)
 * ARRAY       array                             const … *x; size_t x_count
 *
 * A field that may be absent or null has a `bool has_x` beside it.
 */

enum field_kind {
    FIELD_STRING,
    FIELD_DATE,
    FIELD_EMAIL,
    FIELD_URI,
    FIELD_UUID,
    FIELD_DATE_TIME,
    FIELD_INTEGER,
    FIELD_NUMBER,
    FIELD_BOOLEAN,
    FIELD_ENUM,
    FIELD_OBJECT,
    FIELD_ARRAY,
};

enum {
    CODEC_DEPTH_MAX = 16,              /* nesting, unknown fields included */
    CODEC_KEY_MAX_BYTES = 128,         /* of a member's name */
    CODEC_STRING_MAX_BYTES = 8 * 1024, /* of a text without maxLength */
    CODEC_ITEMS_MAX = 1000,            /* of an array without maxItems */
    CODEC_FIELDS_MAX = 64,             /* of one object's table: presence is a 64-bit set */
};

enum { FIELD_ABSENT = UINT16_MAX };

struct shape;
struct pattern;

struct field {
    const char *name; /* in JSON; ASCII that needs no escapes */
    enum field_kind kind;
    bool required;
    bool nullable;
    bool personal;         /* x-personal: never in logs, headers or routing keys */
    uint16_t offset;       /* offsetof(struct, x) */
    uint16_t has_offset;   /* offsetof(struct, has_x), FIELD_ABSENT when it has none */
    uint16_t count_offset; /* ARRAY: offsetof(struct, x_count) */
    bool has_min, has_max; /* do the bounds below apply */
    /* INTEGER: value (inclusive). STRING and its formats: length in code points. ARRAY: number of
     * items. */
    int64_t min, max;
    double number_min, number_max; /* NUMBER only, inclusive unless … */
    bool exclusive_min, exclusive_max;
    struct pattern *pattern;   /* STRING only, may be NULL */
    const char *const *values; /* ENUM: `value_count` texts */
    uint16_t value_count;
    const struct shape *shape; /* OBJECT: of the object */
    const struct field *item;  /* ARRAY: of one element (its offset is 0) */
    uint16_t item_size;        /* ARRAY: sizeof one element */
};

struct shape {
    const char *name; /* for messages: "PaymentCompleted" */
    size_t size;      /* sizeof the struct */
    const struct field *fields;
    size_t field_count;
};

/* An ECMA-262 regular expression, compiled at first use by codec_prepare. */
struct pattern {
    const char *text;
    size_t length; /* of a text that holds U+0000; else 0 */
    struct pattern_code *code;
};

enum codec_mode {
    CODEC_OPEN,   /* unknown members are skipped: what other services send */
    CODEC_CLOSED, /* unknown members are refused: HTTP bodies */
};

/*
 * Compiles the patterns of a shape and its children and checks their tables: decode and encode
 * trust both. Call once, before threads start. FATAL names the row and what is wrong with it.
 */
enum outcome codec_prepare(const struct shape *shape, struct fault *fault);

/*
 * Reads one JSON object into the struct `out` (of shape->size bytes, zeroed first). Texts and
 * arrays live in `arena`. REJECT says which member (as JSON Pointer) breaks which rule, never its
 * value: "/amount must be at least 1".
 */
enum outcome codec_decode(const struct shape *shape, enum codec_mode mode, const char *json,
                          size_t length, struct arena *arena, void *out, struct fault *fault);

struct buffer;

/* Appends the struct as JSON in table order. REJECT when it breaks its own rules: nothing is
 * appended then. */
enum outcome codec_encode(const struct shape *shape, const void *in, struct buffer *out,
                          struct fault *fault);

#endif
