/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DOC_HTML_H
#define CONTRACTS_DOC_HTML_H

#include "contracts/node.h"
#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * HTML whose text is somebody else's. The short way is the safe way: html_add escapes every %s, so
 * markup stands in formats and nowhere else.
 */

/* Knows %s (escaped; NULL is nothing), %zu, %d and %.1f. */
void html_add(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Escaped for text and for quoted attributes; control characters become U+FFFD. */
void html_text(struct buffer *out, const char *text, size_t length);

/* A description: paragraphs, lists, fenced and inline code, bold, emphasis, headings, links to
 * http, https and mailto. Everything else is text, markup first of all. */
void html_prose(struct buffer *out, const char *text);

enum { HTML_JSON_MAX_BYTES = 64 * 1024 };

/* The node as JSON, escaped; over several lines or in one. Cut with "…" after `limit` bytes. */
void html_json(struct buffer *out, const struct node *node, bool is_one_line, size_t limit);

#endif
