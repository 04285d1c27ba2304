/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_REPLAY_H
#define TOOLS_REPLAY_REPLAY_H

#include "tools/cli.h"

/* The commands below `quadrille replay`, one file each; their table is replay_command.c. */
int replay_run(const struct cli_call *call);
int replay_resume(const struct cli_call *call);
int replay_ls(const struct cli_call *call);
int replay_rebuild(const struct cli_call *call);
int replay_show(const struct cli_call *call);

#endif
