/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/html.h"
#include "core/memory.h"
#include "core/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* The small part of CommonMark that descriptions need. Text passes html_text and nothing else. */

struct span {
    const char *at;
    size_t length;
};

static void add_span(struct buffer *out, struct span span)
{
    html_text(out, span.at, span.length);
}

/* ---- within a line ---- */

/* Not far: marks are sought from each place on, and a text may consist of them. */
static size_t find(struct span text, size_t from, const char *mark)
{
    enum { REACH_BYTES = 1000 };
    size_t end = from + REACH_BYTES < text.length ? from + REACH_BYTES : text.length;
    const char *found = from < end ? memmem(text.at + from, end - from, mark, strlen(mark)) : NULL;
    return found != NULL ? (size_t)(found - text.at) : SIZE_MAX;
}

/* Only these; a javascript: address is text. No quotes, spaces or controls. */
static bool is_address(struct span text)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:"};
    bool is_known = false;
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t length = strlen(schemes[i]);
        is_known |= text.length > length && strncasecmp(text.at, schemes[i], length) == 0;
    }
    for (size_t i = 0; is_known && i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        is_known = c > 0x20 && c != 0x7f && strchr("\"'<>\\`", c) == NULL;
    }
    return is_known;
}

static void add_inline(struct buffer *out, struct span text, int depth);

/* [text](address) at `i`; returns how long it was, 0 when it is none. */
static size_t add_link(struct buffer *out, struct span text, size_t i)
{
    size_t middle = find(text, i + 1, "](");
    size_t end = middle != SIZE_MAX ? find(text, middle + 2, ")") : SIZE_MAX;
    if (end == SIZE_MAX) {
        return 0;
    }
    struct span words = {text.at + i + 1, middle - i - 1};
    struct span address = {text.at + middle + 2, end - middle - 2};
    if (!is_address(address) || find(words, 0, "[") != SIZE_MAX) {
        return 0;
    }
    buffer_text(out, "<a rel=\"noopener noreferrer nofollow\" href=\"");
    add_span(out, address);
    buffer_text(out, "\">");
    add_span(out, words);
    buffer_text(out, "</a>");
    return end + 1 - i;
}

static size_t add_marked(struct buffer *out, struct span text, size_t i, int depth)
{
    static const struct {
        const char *mark, *tag;
        bool is_code;
    } marks[] = {
        {"``", "code", true}, {"`", "code", true}, {"**", "strong", false}, {"*", "em", false}};
    for (size_t m = 0; m < COUNT_OF(marks); m++) {
        size_t length = strlen(marks[m].mark);
        if (i + length > text.length || memcmp(text.at + i, marks[m].mark, length) != 0) {
            continue;
        }
        size_t end = find(text, i + length, marks[m].mark);
        struct span inner = {text.at + i + length, end - i - length};
        if (end == SIZE_MAX || inner.length == 0 ||
            (!marks[m].is_code && (isspace((unsigned char)inner.at[0]) ||
                                   isspace((unsigned char)inner.at[inner.length - 1])))) {
            continue;
        }
        html_add(out, "<%s>", marks[m].tag);
        if (marks[m].is_code) {
            add_span(out, inner);
        } else {
            add_inline(out, inner, depth + 1);
        }
        html_add(out, "</%s>", marks[m].tag);
        return end + length - i;
    }
    return 0;
}

static void add_inline(struct buffer *out, struct span text, int depth)
{
    enum { DEPTH_MAX = 4 };
    size_t plain = 0;
    for (size_t i = 0; depth < DEPTH_MAX && i < text.length;) {
        if (strchr("`*[", text.at[i]) == NULL) {
            i++;
            continue;
        }
        add_span(out, (struct span){text.at + plain, i - plain});
        size_t used = text.at[i] == '[' ? add_link(out, text, i) : add_marked(out, text, i, depth);
        plain = i + used; /* a mark that is none is written with what follows */
        i += used > 0 ? used : 1;
    }
    add_span(out, (struct span){text.at + plain, text.length - plain});
}

/* ---- lines ---- */

enum block { NONE, PARAGRAPH, BULLETS, NUMBERS, CODE };

static const char *const opens[] = {[NONE] = "",
                                    [PARAGRAPH] = "<p>",
                                    [BULLETS] = "<ul><li>",
                                    [NUMBERS] = "<ol><li>",
                                    [CODE] = "<pre tabindex=\"0\"><code>"};
static const char *const closes[] = {[NONE] = "",
                                     [PARAGRAPH] = "</p>\n",
                                     [BULLETS] = "</li></ul>\n",
                                     [NUMBERS] = "</li></ol>\n",
                                     [CODE] = "</code></pre>\n"};

struct prose {
    struct buffer *out;
    enum block block;
    struct buffer text; /* of the paragraph or item that is open */
};

static void flush(struct prose *prose)
{
    add_inline(prose->out, (struct span){buffer_cstr(&prose->text), prose->text.length}, 0);
    buffer_clear(&prose->text);
}

static void enter(struct prose *prose, enum block block)
{
    bool is_list = block == BULLETS || block == NUMBERS;
    flush(prose);
    if (is_list && prose->block == block) {
        buffer_text(prose->out, "</li><li>");
        return;
    }
    buffer_text(prose->out, closes[prose->block]);
    buffer_text(prose->out, opens[block]);
    prose->block = block;
}

/* How many bytes the mark of a list item takes, 0 when it is none. */
static size_t item_mark(struct span line, enum block *block)
{
    if (line.length > 1 && strchr("-*+", line.at[0]) != NULL && line.at[1] == ' ') {
        *block = BULLETS;
        return 2;
    }
    size_t digits = 0;
    while (digits < line.length && isdigit((unsigned char)line.at[digits])) {
        digits++;
    }
    if (digits > 0 && digits + 1 < line.length && strchr(".)", line.at[digits]) != NULL &&
        line.at[digits + 1] == ' ') {
        *block = NUMBERS;
        return digits + 2;
    }
    return 0;
}

static void add_heading(struct prose *prose, struct span line)
{
    while (line.length > 0 && (*line.at == '#' || *line.at == ' ')) {
        line = (struct span){line.at + 1, line.length - 1};
    }
    enter(prose, PARAGRAPH);
    buffer_text(prose->out, "<strong>");
    add_span(prose->out, line);
    buffer_text(prose->out, "</strong>");
    enter(prose, NONE);
}

static struct span trimmed(struct span line)
{
    while (line.length > 0 && isspace((unsigned char)line.at[0])) {
        line = (struct span){line.at + 1, line.length - 1};
    }
    while (line.length > 0 && isspace((unsigned char)line.at[line.length - 1])) {
        line.length--;
    }
    return line;
}

static void add_line(struct prose *prose, struct span whole)
{
    struct span line = trimmed(whole);
    bool is_fence = line.length >= 3 && memcmp(line.at, "```", 3) == 0;
    enum block list = NONE;
    if (prose->block == CODE && !is_fence) {
        add_span(prose->out, whole);
        buffer_byte(prose->out, '\n');
        return;
    }
    size_t mark = item_mark(line, &list);
    if (is_fence) {
        enter(prose, prose->block == CODE ? NONE : CODE);
    } else if (line.length == 0) {
        if (prose->block == PARAGRAPH) {
            enter(prose, NONE);
        }
    } else if (*line.at == '#') {
        add_heading(prose, line);
    } else if (mark > 0) {
        enter(prose, list);
        buffer_add(&prose->text, line.at + mark, line.length - mark);
    } else {
        bool is_list = prose->block == BULLETS || prose->block == NUMBERS;
        bool is_indented = whole.length > 1 && whole.at[0] == ' ' && whole.at[1] == ' ';
        if (prose->block == NONE || (is_list && !is_indented && prose->text.length == 0)) {
            enter(prose, PARAGRAPH);
        }
        buffer_text(&prose->text, prose->text.length > 0 ? " " : "");
        buffer_add(&prose->text, line.at, line.length);
    }
}

void html_prose(struct buffer *out, const char *text)
{
    struct prose prose = {.out = out};
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        add_line(&prose, (struct span){text, length});
        text += length + (text[length] == '\n');
    }
    enter(&prose, NONE);
    buffer_done(&prose.text);
}
