/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The `format` of a schema, from the RFCs: all of draft-07, and uuid and duration of the later
 * drafts. The event codec and the general validator both ask here, so that they agree. A check
 * never allocates without bound and never crashes, whatever the bytes; what is not UTF-8 has no
 * format.
 */

typedef bool format_check(const char *text, size_t length);

/* NULL for a name that we do not assert: an unknown format says nothing about a text. */
format_check *format_find(const char *name);

/* Those that C code asks for by name. */
bool format_is_email(const char *text, size_t length); /* RFC 5321 Mailbox */
bool format_is_uri(const char *text, size_t length);   /* RFC 3986, with a scheme */

#endif
