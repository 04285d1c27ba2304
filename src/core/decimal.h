/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_DECIMAL_H
#define CORE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* Doubles as JSON writes them, whatever the process's locale says. */

enum { DECIMAL_TEXT_BYTES = 32, DECIMAL_READ_MAX_BYTES = 128 };

/* `text` is a JSON number, not NUL-terminated. False when it is too long to read or beyond a
 * double. */
bool decimal_read(const char *text, size_t length, double *out);

/* The shortest form that reads back as the same double, which must be finite. Returns `out`. */
const char *decimal_write(double number, char out[DECIMAL_TEXT_BYTES]);

#endif
