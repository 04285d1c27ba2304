/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GENERATE_C_TEXT_H
#define CONTRACTS_GENERATE_C_TEXT_H

#include "core/buffer.h"
#include "core/memory.h"

#include <stdbool.h>

/* Writing C: names, literals, comments and lists that stay within 100 columns. */

/* "paidAt", "PaymentCompleted", "pull-up bar" → "paid_at", "payment_completed", "pull_up_bar". */
char *c_snake(struct arena *arena, const char *text);
/* The same in capitals. */
char *c_upper(struct arena *arena, const char *text);

/* A C identifier that is no keyword. */
bool c_is_name(const char *text);

void c_string(struct buffer *out, const char *text);
void c_comment(struct buffer *out, const char *text);

/* A list in brackets: entries are parted by ", ", or by ",\n" and the indent where the line would
 * be too long. */
struct c_list {
    struct buffer *out;
    size_t line;   /* where the current line begins in `out` */
    size_t indent; /* of the lines that follow */
    size_t count;
};

/* Writes `open`, which ends with the bracket; following lines are aligned with what comes after it.
 */
void c_list_begin(struct c_list *list, struct buffer *out, const char *open);
void c_list_add(struct c_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
