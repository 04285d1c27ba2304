/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_ANNOTATION_H
#define CONTRACTS_ANNOTATION_H

#include "contracts/node.h"
#include "core/buffer.h"

/*
 * GitHub's workflow commands, which annotate the lines of a pull request:
 * "::error file=a.yaml,line=3,col=5,title=a rule::text". One is a line of its own.
 */

/* Up to the text. What the place does not have is left out. */
void annotation_start(struct buffer *out, const char *kind, struct position place,
                      const char *title);

/* A part of the text; lines end as the command needs it. */
void annotation_text(struct buffer *out, const char *text);

#endif
