/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_URI_H
#define CONTRACTS_JSONSCHEMA_URI_H

#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * URI references (RFC 3986, section 5.2) for $id and $ref. Local files have URIs of a scheme of our
 * own, "path:a/b.json", whose path may be relative and begin with "../"; no schema can write one
 * down, because its ":" would not be taken for a file's.
 */

/* `reference` seen from `base`, without its fragment. */
const char *uri_resolve(struct arena *arena, const char *base, const char *reference);

/* The text behind '#'; NULL when there is none. */
const char *uri_fragment(const char *reference);

/* %xx made bytes; NULL when one of them would be U+0000 or is malformed. */
char *uri_decode(struct arena *arena, const char *text, size_t length);

/* The URI of a local file, and the file of such a URI (NULL for others). */
const char *uri_of_path(struct arena *arena, const char *path);
const char *uri_path(struct arena *arena, const char *uri);

#endif
