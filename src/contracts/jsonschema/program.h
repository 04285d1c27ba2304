/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_PROGRAM_H
#define CONTRACTS_JSONSCHEMA_PROGRAM_H

#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/names.h"
#include "contracts/jsonschema/number.h"
#include "contracts/jsonschema/value.h"
#include "core/codec.h"
#include "core/format.h"
#include "core/pattern.h"

#include <json.h>

/*
 * A compiled schema. A block is one schema; for each kind of value it has the instructions that
 * such a value must pass, so that no instruction asks for the kind again:
 *
 *   block.entry[json_type_string] ──► MIN_LENGTH 1 · PATTERN … · END
 *   block.entry[json_type_object] ──► MEMBERS … · END        (its children: blocks)
 *   block.entry[json_type_null]   ──► FAIL_TYPE
 *   block.entry[json_type_int]    ──► 0: END, nothing to check
 */

enum { PROGRAM_KINDS = json_type_string + 1, PROGRAM_ACCEPT = 0 };

#define KIND(type) (1U << (type))
enum {
    KINDS_NUMBER = KIND(json_type_int) | KIND(json_type_double),
    KINDS_ALL = (1U << PROGRAM_KINDS) - 1,
    KINDS_INTEGRAL = 1U << PROGRAM_KINDS, /* of the doubles, those that are integers */
};

enum op {
    OP_END,
    OP_FAIL,      /* the schema false */
    OP_FAIL_TYPE, /* limit: the kinds that would do */
    OP_INTEGRAL,  /* likewise */
    OP_VALUES,
    OP_MINIMUM,
    OP_MAXIMUM,
    OP_EXCLUSIVE_MINIMUM,
    OP_EXCLUSIVE_MAXIMUM,
    OP_MULTIPLE_OF,
    OP_MIN_LENGTH,
    OP_MAX_LENGTH,
    OP_PATTERN,
    OP_FORMAT,
    OP_CONTENT,
    OP_MIN_ITEMS,
    OP_MAX_ITEMS,
    OP_ITEMS,
    OP_CONTAINS,
    OP_UNIQUE_ITEMS,
    OP_MIN_PROPERTIES,
    OP_MAX_PROPERTIES,
    OP_MEMBERS,
    OP_CLOSED, /* data: names, the only members there may be */
    OP_PROPERTY_NAMES,
    OP_DEPENDENCIES,
    OP_ALL_OF, /* one of its schemas */
    OP_ANY_OF,
    OP_ONE_OF,
    OP_NOT,
    OP_IF,
};

struct instruction {
    enum op op;
    uint32_t source; /* of the keyword */
    union {
        uint64_t limit;
        uint32_t block;
        const void *data; /* what its name says: struct values, struct bound … */
    };
};

struct block {
    uint32_t entry[PROGRAM_KINDS]; /* by enum json_type: index of the first instruction */
};

struct source {
    const char *pointer;
    struct position place;
};

/* enum and const */
struct values {
    bool has_null, has_true, has_false;
    struct names strings;
    const char *demand;          /* "must be one of …" */
    struct json_object **others; /* numbers, arrays and objects: a hash table when has_slots */
    size_t other_count;          /* of the slots, a power of two, when has_slots */
    bool has_slots;
};

struct bound {
    double near;     /* the double next to it */
    int64_t integer; /* exactly, when is_integer */
    bool is_integer;
    struct number exact;
    const char *text;
};

struct multiple {
    int64_t integer; /* greater than 0: exactly that */
    const struct divisor *divisor;
    const char *text;
};

struct format {
    format_check *check;
    const char *name;
};

/* contentEncoding and contentMediaType */
struct content {
    bool is_base64;
    bool is_json; /* once decoded */
};

struct items {
    const uint32_t *tuple; /* blocks of the first elements */
    size_t count;
    uint32_t rest; /* the block of all others */
};

/* A name that `properties`, `required` or both know. */
struct member {
    const char *name;
    size_t length;
    uint32_t block;
    bool is_declared;
    bool is_required;
};

struct member_pattern {
    struct pattern pattern;
    uint32_t block;
};

struct members {
    struct names index; /* of list */
    struct member *list;
    size_t count;
    struct member_pattern *patterns;
    size_t pattern_count;
    uint32_t rest; /* additionalProperties */
    size_t required_count;
    uint32_t required_source;
};

struct dependency {
    const char *name;
    const char **needs; /* members; NULL: a block */
    size_t need_count;
    uint32_t block;
    uint32_t source;
};

struct dependencies {
    struct dependency *list;
    size_t count;
};

struct branches {
    const uint32_t *blocks;
    size_t count;
};

struct condition {
    uint32_t test;
    uint32_t then;
    uint32_t otherwise;
};

struct jsonschema {
    struct arena arena;
    struct instruction *instructions;
    size_t instruction_count;
    struct block *blocks;
    size_t block_count;
    struct source *sources;
    size_t source_count;
    struct json_object **owned; /* values of enum and const */
    size_t owned_count;
    struct pattern **patterns;
    size_t pattern_count;
    uint32_t root;
};

/* A value while it is judged. What json-c must be asked for is asked once. */
struct subject {
    struct json_object *object;
    enum json_type kind;
    const char *name; /* a member's name is a string without an object */
    union {
        int64_t integer; /* of an integer; INT64_MAX: that or more */
        size_t length;   /* of a string */
    };
};

static inline struct subject subject_of_kind(struct json_object *object, enum json_type kind)
{
    struct subject subject;
    subject.object = object;
    subject.kind = kind;
    if (kind == json_type_string) {
        subject.length = (size_t)json_object_get_string_len(object);
    } else if (kind == json_type_int) {
        subject.integer = json_object_get_int64(object);
    }
    return subject;
}

static inline struct subject subject_of(struct json_object *object)
{
    return subject_of_kind(object, json_object_get_type(object));
}

static inline const char *subject_text(const struct subject *subject)
{
    return subject->object != NULL ? json_object_get_string(subject->object) : subject->name;
}

static inline struct subject subject_of_name(const char *name)
{
    return (struct subject){.kind = json_type_string, .name = name, .length = strlen(name)};
}

struct run {
    const struct jsonschema *schema;
    unsigned depth;
    size_t steps;
    bool gave_up; /* a limit was exceeded: everything is false now */
};

/* The fast run of one block. */
bool run_block(struct run *run, uint32_t block, const struct subject *subject);

/* What one instruction says about a value that needs no other block. */
bool run_check(struct run *run, const struct instruction *instruction,
               const struct subject *subject);

#endif
