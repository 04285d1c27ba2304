/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_EDIT_H
#define TOOLS_DLQ_EDIT_H

#include "tools/dlq/deed.h"

/*
 * Another body for a letter: values set by JSON Pointer, or what somebody made of it in an editor
 * (that is a set of the whole, "=…"). The result is judged by the contracts, when some are given,
 * and gets a message id of its own.
 */

enum { EDIT_SETS_MAX = 64, EDIT_BODY_MAX_BYTES = 512 * 1024, EDIT_SHOWN_MAX = 3 };

struct edit;

/* EXIT_DONE, or it has been said what is wrong. `sets` are borrowed. edit_close in either case. */
int edit_open(const struct cli_call *call, const char *const *sets, size_t count,
              struct edit **out);
void edit_close(struct edit *edit); /* NULL is fine */
/* deed_change_fn; the context is the edit. Shows the first EDIT_SHOWN_MAX differences. */
enum outcome edit_change(void *context, const struct letter *letter, struct deed_change *out,
                         enum deed_left *left, struct fault *fault);

/* Opens $VISUAL, $EDITOR or vi with the body; what it was made into is appended as a set. Exit
 * codes; said. */
int edit_by_hand(const struct cli_call *call, const char *body, size_t length, struct buffer *set);

#endif
