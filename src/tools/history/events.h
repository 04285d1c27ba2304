/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_HISTORY_EVENTS_H
#define TOOLS_HISTORY_EVENTS_H

#include "tools/cli.h"

/* The commands below `quadrille events`, one file each; their table is events_command.c. */
int events_ls(const struct cli_call *call);
int events_show(const struct cli_call *call);
int events_export(const struct cli_call *call);
int events_verify(const struct cli_call *call);
int events_tail(const struct cli_call *call);

#endif
