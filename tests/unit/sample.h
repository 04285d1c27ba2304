/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_SAMPLE_H
#define UNIT_SAMPLE_H

#include "core/codec.h"
#include "core/ids.h"

/* A struct with a field of every kind and every rule, for the tests of the codec. */

enum colour { COLOUR_RED, COLOUR_GREEN, COLOUR_BLUE };

struct leaf {
    const char *code;
    int64_t weight;
    bool has_weight;
};

struct row {
    const int64_t *cells;
    size_t cells_count;
};

struct sample {
    struct uuid id;
    int64_t at_ms;
    const char *name;
    int64_t amount;
    const char *memo;
    const char *slug;
    const char *born;
    const char *mail;
    const char *site;
    int64_t big;
    double ratio;
    double level;
    struct leaf leaf;
    const char *const *tags;
    size_t tags_count;
    const struct leaf *leaves;
    size_t leaves_count;
    const struct row *rows;
    size_t rows_count;
    const char *greedy;
    enum colour colour;
    bool has_memo;
    bool has_slug;
    bool has_born;
    bool has_mail;
    bool has_site;
    bool has_big;
    bool has_ratio;
    bool has_level;
    bool is_on;
    bool has_is_on;
    bool has_colour;
    bool has_leaf;
    bool has_tags;
    bool has_leaves;
    bool has_rows;
    bool has_greedy;
};

static struct pattern slug_pattern = {.text = "^[a-z]+(-[a-z]+)*$"};
static struct pattern greedy_pattern = {.text = "^(a|a|aa)+$"};

static const struct field leaf_fields[] = {
    {.name = "code",
     .kind = FIELD_STRING,
     .required = true,
     .offset = offsetof(struct leaf, code),
     .has_offset = FIELD_ABSENT,
     .has_min = true,
     .min = 2,
     .has_max = true,
     .max = 2},
    {.name = "we/ig~ht",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct leaf, weight),
     .has_offset = offsetof(struct leaf, has_weight),
     .has_min = true,
     .min = -5},
};

static const struct shape leaf_shape = {"Leaf", sizeof(struct leaf), leaf_fields, 2};

static const char *const colours[] = {"red", "green", "dark blue"};

static const struct field tag_item = {
    .name = "tags", .kind = FIELD_STRING, .has_max = true, .max = 4};
static const struct field leaf_item = {
    .name = "leaves", .kind = FIELD_OBJECT, .shape = &leaf_shape};
static const struct field cell_item = {.name = "cells", .kind = FIELD_INTEGER};
static const struct field row_item = {.name = "rows",
                                      .kind = FIELD_ARRAY,
                                      .offset = offsetof(struct row, cells),
                                      .count_offset = offsetof(struct row, cells_count),
                                      .item = &cell_item,
                                      .item_size = sizeof(int64_t),
                                      .has_max = true,
                                      .max = 3};

#define AT(member) .offset = offsetof(struct sample, member), .has_offset = FIELD_ABSENT
#define MAY(member, flag)                                                                          \
    .offset = offsetof(struct sample, member), .has_offset = offsetof(struct sample, flag)

static const struct field sample_fields[] = {
    {.name = "id", .kind = FIELD_UUID, .required = true, AT(id)},
    {.name = "at", .kind = FIELD_DATE_TIME, .required = true, AT(at_ms)},
    {.name = "name",
     .kind = FIELD_STRING,
     .required = true,
     AT(name),
     .has_min = true,
     .min = 1,
     .has_max = true,
     .max = 10},
    {.name = "amount",
     .kind = FIELD_INTEGER,
     .required = true,
     AT(amount),
     .has_min = true,
     .min = 1,
     .has_max = true,
     .max = 1000},
    {.name = "memo", .kind = FIELD_STRING, .required = true, .nullable = true, MAY(memo, has_memo)},
    {.name = "slug", .kind = FIELD_STRING, MAY(slug, has_slug), .pattern = &slug_pattern},
    {.name = "born", .kind = FIELD_DATE, MAY(born, has_born)},
    {.name = "mail", .kind = FIELD_EMAIL, .nullable = true, MAY(mail, has_mail)},
    {.name = "site", .kind = FIELD_URI, MAY(site, has_site)},
    {.name = "big", .kind = FIELD_INTEGER, MAY(big, has_big)},
    {.name = "ratio",
     .kind = FIELD_NUMBER,
     MAY(ratio, has_ratio),
     .has_min = true,
     .exclusive_min = true,
     .number_min = 0,
     .has_max = true,
     .number_max = 1},
    {.name = "level", .kind = FIELD_NUMBER, MAY(level, has_level)},
    {.name = "isOn", .kind = FIELD_BOOLEAN, MAY(is_on, has_is_on)},
    {.name = "colour",
     .kind = FIELD_ENUM,
     MAY(colour, has_colour),
     .values = colours,
     .value_count = 3},
    {.name = "leaf", .kind = FIELD_OBJECT, MAY(leaf, has_leaf), .shape = &leaf_shape},
    {.name = "tags",
     .kind = FIELD_ARRAY,
     MAY(tags, has_tags),
     .count_offset = offsetof(struct sample, tags_count),
     .item = &tag_item,
     .item_size = sizeof(const char *),
     .has_min = true,
     .min = 1,
     .has_max = true,
     .max = 3},
    {.name = "leaves",
     .kind = FIELD_ARRAY,
     MAY(leaves, has_leaves),
     .count_offset = offsetof(struct sample, leaves_count),
     .item = &leaf_item,
     .item_size = sizeof(struct leaf)},
    {.name = "rows",
     .kind = FIELD_ARRAY,
     MAY(rows, has_rows),
     .count_offset = offsetof(struct sample, rows_count),
     .item = &row_item,
     .item_size = sizeof(struct row)},
    {.name = "greedy", .kind = FIELD_STRING, MAY(greedy, has_greedy), .pattern = &greedy_pattern},
};

static const struct shape sample_shape = {"Sample", sizeof(struct sample), sample_fields,
                                          sizeof sample_fields / sizeof sample_fields[0]};

#undef AT
#undef MAY

#endif
