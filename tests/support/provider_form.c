/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_form.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

static bool unescape(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '+') {
            *c = ' ';
        }
    }
    return MHD_http_unescape(text) == strlen(text); /* no %00 */
}

static int by_name(const void *a, const void *b)
{
    const struct field *left = a;
    const struct field *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : strcmp(left->value, right->value);
}

bool form_add(struct form *form, const char *name, const char *value)
{
    if (form->count == FORM_FIELDS_MAX) {
        return false;
    }

    struct field field = {.name = strdup(name), .value = strdup(value)};
    if (field.name == NULL || field.value == NULL) {
        abort();
    }
    form->fields[form->count++] = field;
    qsort(form->fields, form->count, sizeof(form->fields[0]), by_name);
    return true;
}

static bool add_pair(struct form *form, char *pair)
{
    char *equals = strchr(pair, '=');

    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    return unescape(pair) && unescape(equals + 1) && *pair != '\0' &&
           form_add(form, pair, equals + 1);
}

bool form_parse(struct form *form, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }

    bool is_good = true;
    char *rest = copy;
    for (char *pair = strsep(&rest, "&"); is_good && pair != NULL; pair = strsep(&rest, "&")) {
        is_good = *pair == '\0' || add_pair(form, pair);
    }
    free(copy);
    return is_good;
}

void form_done(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->fields[i].name);
        free(form->fields[i].value);
    }
    form->count = 0;
}

const char *form_find(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->fields[i].name, name) == 0) {
            return form->fields[i].value;
        }
    }
    return NULL;
}

uint64_t print_text(uint64_t print, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text;; c++) {
        print = (print ^ *c) * UINT64_C(1099511628211);
        if (*c == '\0') {
            return print;
        }
    }
}

uint64_t form_print(const struct form *form, const char *method, const char *path)
{
    uint64_t print = print_text(print_text(PRINT_START, method), path);

    for (size_t i = 0; i < form->count; i++) {
        print = print_text(print_text(print, form->fields[i].name), form->fields[i].value);
    }
    return print;
}
