/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_FORM_H
#define SUPPORT_PROVIDER_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields of a request, from a form-encoded body or a query, sorted by name so that their order
 * does not matter. */

enum {
    FORM_FIELDS_MAX = 96,
};

struct field {
    char *name;
    char *value;
};

struct form {
    struct field fields[FORM_FIELDS_MAX];
    size_t count;
};

/* False: not form-encoded, or too many fields. The form is to be freed in any case. */
bool form_parse(struct form *form, const char *text);

bool form_add(struct form *form, const char *name, const char *value);

void form_done(struct form *form);

/* NULL when absent. */
const char *form_find(const struct form *form, const char *name);

/* The same for the same fields with the same values, in whatever order they came. */
uint64_t form_print(const struct form *form, const char *method, const char *path);

/* FNV-1a over text and its end, so that "ab","c" differs from "a","bc". */
uint64_t print_text(uint64_t print, const char *text);

#define PRINT_START UINT64_C(14695981039346656037)

#endif
