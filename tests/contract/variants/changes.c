/* SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"

#include "change_numbers.h"
#include "change_texts.h"
#include "core/memory.h"

#include <string.h>

/* Values of every kind, right and wrong ways to write them. */
static const char *const anything[] = {
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "1e400",
    "\"\"",
    "\"x\"",
    "\"1\"",
    "\"null\"",
    "\"2026-02-28\"",
    "\"2026-02-28T23:59:59Z\"",
    "\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ud83dabcdefgh\"",
    "\"\\ude00abcdefgh\"",
    "\"\\u12g4abcdefgh\"",
    "\"\\u12\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\x80\"",
    "\"\xff\"",
    "\"\t\"",
    "\"\\x\"",
    "[]",
    "{}",
    "[null]",
    "[\"x\"]",
    "[[]]",
    "[{}]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "[1,]",
    "{\"a\":1,}",
    "[1 2]",
    "{\"a\" 1}",
    "{a:1}",
    "'x'",
    "",
    "nul",
    "nulL",
    "True",
    "undefined",
    "/*x*/1",
};

static const unsigned depths[] = {1, 2, 12, 13, 14, 15, 16, 17, 18, 40, 600};

void write_plain(const struct writer *writer, const struct node *node)
{
    switch (node->kind) {
    case NODE_STRING:
        buffer_json(writer->out, node->text, strlen(node->text));
        return;
    case NODE_LIST:
    case NODE_MAP:
        break;
    case NODE_NULL:
        buffer_text(writer->out, "null");
        return;
    case NODE_BOOLEAN:
    case NODE_INTEGER:
    case NODE_NUMBER:
        buffer_text(writer->out, node->text);
        return;
    }
    buffer_byte(writer->out, node->kind == NODE_LIST ? '[' : '{');
    for (const struct node *part = node->first; part != NULL; part = part->next) {
        if (part != node->first) {
            buffer_byte(writer->out, ',');
        }
        if (node->kind == NODE_MAP) {
            buffer_json(writer->out, part->key, strlen(part->key));
            buffer_byte(writer->out, ':');
        }
        write_value(writer, part);
    }
    buffer_byte(writer->out, node->kind == NODE_LIST ? ']' : '}');
}

void write_value(const struct writer *writer, const struct node *node)
{
    for (size_t i = 0; i < writer->edit_count; i++) {
        if (writer->edits[i].spot->node == node) {
            writer->edits[i].change->write(writer, writer->edits[i].spot, writer->edits[i].number);
            return;
        }
    }
    write_plain(writer, node);
}

static size_t anything_ways(const struct spot *spot)
{
    return COUNT_OF(anything);
}

static void write_anything(const struct writer *writer, const struct spot *spot, size_t number)
{
    buffer_text(writer->out, anything[number]);
}

static void write_nest(const struct writer *writer, const struct node *inside, unsigned depth,
                       bool is_object)
{
    for (unsigned i = 0; i < depth; i++) {
        buffer_text(writer->out, is_object ? "{\"a\":" : "[");
    }
    if (inside != NULL) {
        write_plain(writer, inside);
    } else {
        buffer_text(writer->out, "1");
    }
    for (unsigned i = 0; i < depth; i++) {
        buffer_byte(writer->out, is_object ? '}' : ']');
    }
}

static size_t nest_ways(const struct spot *spot)
{
    return 2 * COUNT_OF(depths);
}

static void write_nested(const struct writer *writer, const struct spot *spot, size_t number)
{
    write_nest(writer, spot->node, depths[number / 2], number % 2 == 0);
}

/* White space where it is allowed, and what is not white space. */
static const char *const spaces[] = {" ", "\n", "\r\n\t ", "\f", "\xc2\xa0", "\xef\xbb\xbf", "\v"};

static size_t space_ways(const struct spot *spot)
{
    return 2 * COUNT_OF(spaces);
}

static void write_spaced(const struct writer *writer, const struct spot *spot, size_t number)
{
    const char *space = spaces[number / 2];
    buffer_text(writer->out, number % 2 == 0 ? space : "");
    write_plain(writer, spot->node);
    buffer_text(writer->out, number % 2 == 0 ? "" : space);
}

/* The value opened or closed by another byte. */
static const char brackets[] = "[]{}(\"'x5";

static size_t bracket_ways(const struct spot *spot)
{
    return 2 * (sizeof brackets - 1);
}

static void write_bracket(const struct writer *writer, const struct spot *spot, size_t number)
{
    size_t start = writer->out->length;
    write_plain(writer, spot->node);
    size_t at = number % 2 == 0 ? start : writer->out->length - 1;
    writer->out->bytes[at] = brackets[number / 2];
}

/* ── Members ── */

typedef void member_change(const struct writer *writer, const struct node *member);

static void write_pair(const struct writer *writer, const char *quoted_name,
                       const struct node *member)
{
    buffer_text(writer->out, quoted_name);
    buffer_byte(writer->out, ':');
    write_value(writer, member);
}

static void write_same_pair(const struct writer *writer, const struct node *member)
{
    buffer_json(writer->out, member->key, strlen(member->key));
    buffer_byte(writer->out, ':');
    write_value(writer, member);
}

static void member_twice(const struct writer *writer, const struct node *member)
{
    write_same_pair(writer, member);
    buffer_byte(writer->out, ',');
    write_same_pair(writer, member);
}

static void member_and_null(const struct writer *writer, const struct node *member)
{
    write_same_pair(writer, member);
    buffer_printf(writer->out, ",\"%s\":null", member->key);
}

/* The same name with its first letter as an escape. */
static void member_spelt(const struct writer *writer, const struct node *member)
{
    char name[256];
    (void)snprintf(name, sizeof name, "\"\\u%04x%s\"", (unsigned char)member->key[0],
                   member->key[0] != '\0' ? member->key + 1 : "");
    write_pair(writer, name, member);
}

static void member_and_spelt(const struct writer *writer, const struct node *member)
{
    member_spelt(writer, member);
    buffer_byte(writer->out, ',');
    write_same_pair(writer, member);
}

static void member_capital(const struct writer *writer, const struct node *member)
{
    char name[256];
    (void)snprintf(name, sizeof name, "\"%s\"", member->key);
    name[1] = (char)(name[1] ^ 0x20);
    write_pair(writer, name, member);
}

static void member_longer(const struct writer *writer, const struct node *member)
{
    char name[256];
    (void)snprintf(name, sizeof name, "\"%s \"", member->key);
    write_pair(writer, name, member);
}

static void member_shorter(const struct writer *writer, const struct node *member)
{
    char name[256];
    (void)snprintf(name, sizeof name, "\"%s\"", member->key + (member->key[0] != '\0' ? 1 : 0));
    write_pair(writer, name, member);
}

/* Of C's view the same name. */
static void member_with_nul(const struct writer *writer, const struct node *member)
{
    char name[256];
    (void)snprintf(name, sizeof name, "\"%s\\u0000\"", member->key);
    write_pair(writer, name, member);
}

static void member_unquoted(const struct writer *writer, const struct node *member)
{
    write_pair(writer, member->key, member);
}

static void member_spaced(const struct writer *writer, const struct node *member)
{
    buffer_printf(writer->out, " \n\"%s\"\t:\r ", member->key);
    write_value(writer, member);
    buffer_byte(writer->out, ' ');
}

static void member_without_colon(const struct writer *writer, const struct node *member)
{
    buffer_printf(writer->out, "\"%s\" ", member->key);
    write_value(writer, member);
}

static member_change *const member_changes[] = {
    NULL, /* left out */
    member_twice,
    member_and_null,
    member_spelt,
    member_and_spelt,
    member_capital,
    member_longer,
    member_shorter,
    member_with_nul,
    member_unquoted,
    member_spaced,
    member_without_colon,
};

static size_t member_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? spot->node->count * COUNT_OF(member_changes) : 0;
}

static void write_members(const struct writer *writer, const struct spot *spot, size_t number)
{
    size_t at = number / COUNT_OF(member_changes);
    member_change *change = member_changes[number % COUNT_OF(member_changes)];
    bool is_first = true;
    buffer_byte(writer->out, '{');
    for (const struct node *member = spot->node->first; member != NULL; member = member->next) {
        bool is_meant = at-- == 0;
        if (is_meant && change == NULL) {
            continue;
        }
        buffer_text(writer->out, is_first ? "" : ",");
        is_first = false;
        (is_meant ? change : write_same_pair)(writer, member);
    }
    buffer_byte(writer->out, '}');
}

static size_t reverse_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? 1 : 0;
}

static void write_reversed(const struct writer *writer, const struct spot *spot, size_t number)
{
    buffer_byte(writer->out, '{');
    for (size_t left = spot->node->count; left > 0; left--) {
        const struct node *member = spot->node->first;
        for (size_t i = 1; i < left; i++) {
            member = member->next;
        }
        write_same_pair(writer, member);
        buffer_text(writer->out, left > 1 ? "," : "");
    }
    buffer_byte(writer->out, '}');
}

/* Names that no contract declares; a length stands for that many letters. */
static const struct {
    const char *quoted;
    unsigned length;
} strange_names[] = {
    {.quoted = "\"addedLater\""},
    {.quoted = "\"\""},
    {.quoted = "\"__proto__\""},
    {.quoted = "\"\xc3\xa9\""},
    {.quoted = "\"\\u0000\""},
    {.quoted = "\"\\ud83d\\ude00\""},
    {.quoted = "\"\\ud83d\""},
    {.quoted = "\"\xff\""},
    {.length = 127},
    {.length = 128},
    {.length = 129},
    {.length = 1000},
};

static void write_strange_name(const struct writer *writer, size_t i)
{
    if (strange_names[i].quoted != NULL) {
        buffer_text(writer->out, strange_names[i].quoted);
        return;
    }
    buffer_byte(writer->out, '"');
    for (unsigned j = 0; j < strange_names[i].length; j++) {
        buffer_byte(writer->out, 'k');
    }
    buffer_byte(writer->out, '"');
}

/* What is written behind the members that are there. */
static void begin_more(const struct writer *writer, const struct spot *spot)
{
    write_plain(writer, spot->node);
    writer->out->length--;
    buffer_text(writer->out, spot->node->count > 0 ? "," : "");
}

static size_t strange_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? COUNT_OF(strange_names) : 0;
}

static void write_strange(const struct writer *writer, const struct spot *spot, size_t number)
{
    begin_more(writer, spot);
    write_strange_name(writer, number);
    buffer_text(writer->out, ":[1]}");
}

static size_t more_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? COUNT_OF(anything) : 0;
}

static void write_more(const struct writer *writer, const struct spot *spot, size_t number)
{
    begin_more(writer, spot);
    buffer_printf(writer->out, "\"addedLater\":%s}", anything[number]);
}

static size_t deep_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? 2 * COUNT_OF(depths) : 0;
}

static void write_deep(const struct writer *writer, const struct spot *spot, size_t number)
{
    begin_more(writer, spot);
    buffer_text(writer->out, "\"addedLater\":");
    write_nest(writer, NULL, depths[number / 2], number % 2 == 0);
    buffer_byte(writer->out, '}');
}

static size_t strange_twice_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_MAP ? 2 : 0;
}

static void write_strange_twice(const struct writer *writer, const struct spot *spot, size_t number)
{
    begin_more(writer, spot);
    buffer_text(writer->out, number == 0 ? "\"addedLater\":1,\"addedLater\":1}"
                                         : "\"addedLater\":{\"a\":1,\"\\u0061\":2}}");
}

/* ── Elements ── */

static bool is_list(const struct spot *spot)
{
    return spot->node->kind == NODE_LIST ||
           (spot->schema != NULL && spot->schema->kind == FIELD_ARRAY);
}

/* Around a bound, and around what the codec allows where there is none. */
static size_t wanted_items(const struct spot *spot, size_t number)
{
    const struct schema *schema = spot->schema;
    int64_t min = schema != NULL && schema->has_min ? schema->min : 0;
    int64_t max = schema != NULL && schema->has_max ? schema->max : CODEC_ITEMS_MAX;
    int64_t wanted = number < 3 ? min - 1 + (int64_t)number : max - 4 + (int64_t)number;
    return wanted > 0 ? (size_t)wanted : 0;
}

static size_t items_ways(const struct spot *spot)
{
    return is_list(spot) ? 6 : 0;
}

static void write_items(const struct writer *writer, const struct spot *spot, size_t number)
{
    size_t wanted = wanted_items(spot, number);
    buffer_byte(writer->out, '[');
    for (size_t i = 0; i < wanted; i++) {
        buffer_text(writer->out, i > 0 ? "," : "");
        if (spot->node->first != NULL) {
            write_value(writer, spot->node->first);
        } else {
            buffer_text(writer->out, "\"x\"");
        }
    }
    buffer_byte(writer->out, ']');
}

static size_t more_items_ways(const struct spot *spot)
{
    return spot->node->kind == NODE_LIST ? COUNT_OF(anything) : 0;
}

static void write_more_items(const struct writer *writer, const struct spot *spot, size_t number)
{
    begin_more(writer, spot);
    buffer_printf(writer->out, "%s]", anything[number]);
}

const struct change changes[] = {
    {"anything else", anything_ways, write_anything},
    {"nested", nest_ways, write_nested},
    {"spaced", space_ways, write_spaced},
    {"opened or closed otherwise", bracket_ways, write_bracket},
    {"a member changed", member_ways, write_members},
    {"members reversed", reverse_ways, write_reversed},
    {"an unknown member", more_ways, write_more},
    {"an unknown member's name", strange_ways, write_strange},
    {"an unknown member, deep", deep_ways, write_deep},
    {"an unknown member twice", strange_twice_ways, write_strange_twice},
    {"so many items", items_ways, write_items},
    {"one item more", more_items_ways, write_more_items},
    {"a number near", near_ways, write_near},
    {"a number so written", number_ways, write_number},
    {"a text so long", length_ways, write_length},
    {"a text edited", edit_ways, write_edit},
    {"a text almost of a format", almost_ways, write_almost},
    {"near an enum", enum_ways, write_enum},
};
const size_t change_count = COUNT_OF(changes);
