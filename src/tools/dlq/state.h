/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_STATE_H
#define TOOLS_DLQ_STATE_H

#include "core/outcome.h"

/*
 * Where the tools keep what must outlive them: $XDG_STATE_HOME/quadrille, else
 * ~/.local/state/quadrille. Only its owner can enter; it is made when it is missing.
 */

/* The path of a file in it, or in a folder within it (`folder` may be NULL), which is made as well.
 * REJECT when it cannot be, or when others could change what is in it. The path is yours. */
enum outcome state_path(const char *folder, const char *name, char **out, struct fault *fault);

#endif
