/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ECMA_MACHINE_H
#define CORE_ECMA_MACHINE_H

#include "core/ecma.h"
#include "core/pattern.h"

/*
 * Runs expressions step by step as ECMA-262 says, for those that PCRE2 reads otherwise or not at
 * all: back references (a repeated group forgets what it held), lookbehinds of any length, and
 * counts that are too large. Slower, and with the same kind of limits.
 */

struct ecma_machine;

/* Lives in the arena, as the tree does that it borrows from; ecma_machine_done gives back what else
 * it holds. REJECT: a property of characters that this system's PCRE2 does not know yet. */
enum outcome ecma_machine_new(const struct ecma *ecma, struct arena *arena,
                              struct ecma_machine **out, struct fault *fault);
void ecma_machine_done(struct ecma_machine *machine);

/* Anywhere in the text, which must be UTF-8. Thread-safe. */
enum pattern_verdict ecma_machine_run(const struct ecma_machine *machine, const char *text,
                                      size_t length);

#endif
