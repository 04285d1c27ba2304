/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_ESCAPE_H
#define TOOLS_ESCAPE_H

#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Foreign text for a terminal: bodies, headers, reasons and names come from anybody, and a terminal
 * obeys what it is sent. Control characters (C0, DEL, C1), bytes that are no UTF-8, what changes
 * the direction of text and what cannot be seen are written as \xhh or \u{hhhh}; a backslash stays
 * as it is, so this is for reading, not for reading back. --json needs none of it for the controls
 * (buffer_json escapes them), but for bytes that are no UTF-8: escape_json.
 */

enum escape_style {
    ESCAPE_LINE,  /* everything on one line: line feeds and tabs are escaped too */
    ESCAPE_LINES, /* line feeds and tabs stay */
};

void escape_add(struct buffer *out, const char *bytes, size_t length, enum escape_style style);

/* The same for one column of a table: at most `width` code points as written, the last one being
 * "…" where it had to be cut. Returns how many were written. */
size_t escape_cut(struct buffer *out, const char *bytes, size_t length, size_t width);

/* One line, escaped. NULL is "". Yours. */
char *escape_new(const char *text);

/* To a stream, one line, escaped. NULL is "". */
void escape_print(FILE *out, const char *text);

/* A JSON string; bytes that are no UTF-8 become U+FFFD, and what a terminal obeys or hides is
 * written as \uhhhh. */
void escape_json(struct buffer *out, const char *bytes, size_t length);

/* JSON that somebody else has written: the same of its strings. What it says stays the same. */
void escape_json_text(struct buffer *out, const char *json, size_t length);

/* Must this code point not reach a terminal as it is? */
bool escape_is_hostile(uint32_t point);

#endif
