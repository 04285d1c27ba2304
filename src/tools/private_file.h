/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_PRIVATE_FILE_H
#define TOOLS_PRIVATE_FILE_H

#include "core/buffer.h"
#include "core/outcome.h"

/*
 * A file that holds secrets: regular, owned by the user who runs this, and without any access for
 * group and others. What counts is the file itself, also behind a symbolic link.
 */

/* Adds the whole file to `out`. REJECT, with what to do, when it is not private, not there, larger
 * than max_bytes or no text. */
enum outcome private_file_read(const char *path, size_t max_bytes, struct buffer *out,
                               struct fault *fault);

#endif
