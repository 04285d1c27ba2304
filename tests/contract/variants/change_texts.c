/* SPDX-License-Identifier: Apache-2.0 */
#include "change_texts.h"

#include "core/memory.h"

#include <ctype.h>
#include <string.h>

static bool is_text(const struct spot *spot)
{
    if (spot->node->kind == NODE_STRING) {
        return true;
    }
    if (spot->schema == NULL) {
        return false;
    }
    switch (spot->schema->kind) {
    case FIELD_STRING:
    case FIELD_DATE:
    case FIELD_EMAIL:
    case FIELD_URI:
    case FIELD_UUID:
    case FIELD_DATE_TIME:
    case FIELD_ENUM:
        return true;
    case FIELD_INTEGER:
    case FIELD_NUMBER:
    case FIELD_BOOLEAN:
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        break;
    }
    return false;
}

static const char *text_of(const struct spot *spot)
{
    return spot->node->kind == NODE_STRING ? spot->node->text : "";
}

/* One code point each, as it may stand in JSON. */
static const char *const points[] = {
    "a",
    "7",
    "\xc3\xa9",         /* two bytes */
    "\xe2\x82\xac",     /* three */
    "\xf0\x9f\x98\x80", /* four */
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\n",
    "e\xcc\x81", /* two code points, one letter */
};

enum { LENGTHS = 8 };

static size_t wanted_length(const struct spot *spot, size_t i)
{
    const struct schema *schema = spot->schema;
    int64_t min = schema != NULL && schema->has_min ? schema->min : 0;
    int64_t max = schema != NULL && schema->has_max ? schema->max : CODEC_STRING_MAX_BYTES / 4;
    int64_t wanted = i < 3 ? min - 1 + (int64_t)i : max - 4 + (int64_t)i;
    if (i >= 6) { /* where a limit counts bytes */
        wanted = max / 2 + (int64_t)i - 6;
    }
    return wanted > 0 ? (size_t)wanted : 0;
}

/* The example with its last character but one repeated or left out, so that it still follows its
 * pattern. */
static void write_stretched(const struct writer *writer, const char *text, size_t length)
{
    size_t written = strlen(text);
    size_t last = written > 1 ? written - 2 : 0;
    for (size_t i = 0; i < length && written > 0; i++) {
        size_t behind = length - i;
        size_t at = i < last ? i : behind < written - last ? written - behind : last;
        buffer_byte(writer->out, text[at]);
    }
}

/* An e-mail address whose labels are not too long. */
static void write_address(const struct writer *writer, size_t length)
{
    enum { LOCAL = 64, LABEL = 60 };
    size_t local = length > 2 * (size_t)LOCAL ? LOCAL : length / 2;
    for (size_t i = 0; i < length; i++) {
        bool is_dot = i > local && (i - local) % LABEL == 0 && i + 1 < length;
        buffer_text(writer->out, i == local ? "@" : is_dot ? "." : "a");
    }
}

enum { FORMS = COUNT_OF(points) + 2 };

size_t length_ways(const struct spot *spot)
{
    return is_text(spot) ? (size_t)FORMS * LENGTHS : 0;
}

void write_length(const struct writer *writer, const struct spot *spot, size_t number)
{
    size_t length = wanted_length(spot, number / FORMS);
    size_t form = number % FORMS;
    buffer_byte(writer->out, '"');
    if (form == COUNT_OF(points)) {
        write_stretched(writer, text_of(spot), length);
    } else if (form == COUNT_OF(points) + 1) {
        write_address(writer, length);
    }
    for (size_t i = 0; i < length && form < COUNT_OF(points); i++) {
        buffer_text(writer->out, points[form]);
    }
    buffer_byte(writer->out, '"');
}

/* What is put in a character's place, or before it. */
static const char *const pieces[] = {
    "",
    "a",
    "A",
    "z",
    "0",
    "9",
    "-",
    "_",
    ".",
    "@",
    "/",
    ":",
    " ",
    "\\n",
    "\\u0000",
    "\xc3\xa9",
    "T",
    "Z",
    "\\\"",
    "\\\\",
    "\\u0061",
    "\xd9\xa3",
    "\xe2\x80\x8b",
    "\xf0\x9f\x98\x80",
};

/* Of a text of ASCII, as the examples' are; others are left alone. */
size_t edit_ways(const struct spot *spot)
{
    if (!is_text(spot)) {
        return 0;
    }
    for (const char *at = text_of(spot); *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80 || *at == '"' || *at == '\\') {
            return 0;
        }
    }
    return (strlen(text_of(spot)) + 1) * 2 * COUNT_OF(pieces);
}

void write_edit(const struct writer *writer, const struct spot *spot, size_t number)
{
    const char *text = text_of(spot);
    const char *piece = pieces[number % COUNT_OF(pieces)];
    bool replaces = number / COUNT_OF(pieces) % 2 == 0;
    size_t at = number / COUNT_OF(pieces) / 2;
    const char *rest = text + at;
    if (replaces && *rest != '\0') {
        rest++;
    }
    buffer_byte(writer->out, '"');
    buffer_add(writer->out, text, at);
    buffer_text(writer->out, piece);
    buffer_text(writer->out, rest);
    buffer_byte(writer->out, '"');
}

/* The JSON strings' insides. */
static const char *const almost[] = {
    /* dates */
    "2026-02-28",
    "2026-02-29",
    "2024-02-29",
    "2100-02-29",
    "2000-02-29",
    "0000-01-01",
    "9999-12-31",
    "2026-00-10",
    "2026-13-01",
    "2026-04-31",
    "2026-4-3",
    "20260428",
    "2026-W18-2",
    "-2026-01-01",
    "+002026-01-01",
    "2026-01-01 ",
    "2026-01-01Z",
    /* instants */
    "2026-01-01T00:00:00Z",
    "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00,5Z",
    "2026-01-01T00:00:00.5Z",
    "2026-01-01T00:00:00.123456789123456789Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:60:00Z",
    "2026-01-01T23:59:60Z",
    "2026-01-01T23:59:61Z",
    "2026-12-31T23:59:60Z",
    "2016-12-31T23:59:60Z",
    "2017-01-01T00:59:60+01:00",
    "2016-12-31T15:59:60-08:00",
    "2016-12-31T23:58:60Z",
    "2026-01-01T12:00:60Z",
    "2026-01-01T23:59:60+01:00",
    "2026-01-01T00:00:00+00:00",
    "2026-01-01T00:00:00-00:00",
    "2026-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+01:60",
    "2026-01-01T00:00:00+1:00",
    "2026-01-01T00:00:00+0100",
    "2026-01-01T00:00:00+01",
    "2026-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:60Z",
    "1969-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00Z\\n",
    "2026-01-0\xd9\xa1T00:00:00Z",
    /* identifiers */
    "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b",
    "01938F60-4D10-7B8E-A2F3-6C7D8E9F0A1B",
    "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1",
    "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1bc",
    "01938f60-4d10-7b8e-a2f36-c7d8e9f0a1b",
    "01938f604d107b8ea2f36c7d8e9f0a1b",
    "{01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b}",
    "urn:uuid:01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b",
    "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1g",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    /* e-mail */
    "a@b.example",
    "a@b",
    "a@localhost",
    "@b.example",
    "a@",
    "a@@b.example",
    "a b@c.example",
    ".a@b.example",
    "a.@b.example",
    "a..b@c.example",
    "a@b..example",
    "a@-b.example",
    "a@b-.example",
    "a@b.example.",
    "a+b@c.example",
    "\\\"a b\\\"@c.example",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@[1.2.3.256]",
    "a@b_c.example",
    "\xc3\xa9@b.example",
    "a@\xc3\xa9.example",
    "A <a@b.example>",
    "a@b.example\\n",
    "a@1.2.3.4",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example",
    /* addresses */
    "https://example.org/things?id=1#a",
    "https://example.org",
    "example.org/a",
    "//example.org/a",
    "/a",
    "#a",
    "?a",
    "urn:a:b",
    "mailto:a@b.example",
    "a:",
    ":a",
    "1a:b",
    "a b:c",
    "https://example.org/a b",
    "https://example.org/%",
    "https://example.org/%4",
    "https://example.org/%zz",
    "https://example.org/%20",
    "https://example.org/\xc3\xa9",
    "https://[::1]/a",
    "https://[::1/a",
    "https://[v1.x]/",
    "https://[::g]/",
    "https://a@b@c/",
    "https://example.org:80/",
    "https://example.org:/",
    "https://example.org:8a/",
    "https://example.org:99999/",
    "https://example.org/<a>",
    "https://example.org/a|b",
    "https://example.org/a\\\\b",
    "https://example.org/a#b#c",
    "https://example.org/[a]",
    "HTTPS://EXAMPLE.ORG",
    "http://",
    "http:///a",
    "file:///a",
    /* currencies, names, codes */
    "EUR",
    "eur",
    "EURO",
    "EU",
    "EUR\\n",
    "\xd0\x95UR",
};

size_t almost_ways(const struct spot *spot)
{
    return is_text(spot) ? COUNT_OF(almost) : 0;
}

void write_almost(const struct writer *writer, const struct spot *spot, size_t number)
{
    buffer_printf(writer->out, "\"%s\"", almost[number]);
}

enum { ENUM_FORMS = 6 };

size_t enum_ways(const struct spot *spot)
{
    return spot->schema != NULL && spot->schema->kind == FIELD_ENUM
               ? spot->schema->value_count * ENUM_FORMS
               : 0;
}

void write_enum(const struct writer *writer, const struct spot *spot, size_t number)
{
    const char *value = spot->schema->values[number / ENUM_FORMS];
    size_t length = strlen(value);
    char text[256];
    (void)snprintf(text, sizeof text, "%s", value);
    switch (number % ENUM_FORMS) {
    case 0:
        break;
    case 1:
        text[length > 0 ? length - 1 : 0] = '\0';
        break;
    case 2:
        (void)snprintf(text, sizeof text, "%sx", value);
        break;
    case 3:
        text[0] = (char)toupper((unsigned char)text[0]);
        break;
    case 4:
        (void)snprintf(text, sizeof text, " %s", value);
        break;
    default:
        (void)snprintf(text, sizeof text, "%s\\u0000", value);
        buffer_printf(writer->out, "\"%s\"", text);
        return;
    }
    buffer_json(writer->out, text, strlen(text));
}
