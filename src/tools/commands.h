/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include "core/memory.h"
#include "tools/cli.h"

/* Every group of commands, one file per group. */

extern const struct cli_command audit_commands[];
extern const size_t audit_command_count;
extern const struct cli_command completion_commands[];
extern const size_t completion_command_count;
extern const struct cli_command contract_check_commands[];
extern const size_t contract_check_command_count;
extern const struct cli_command contract_diff_commands[];
extern const size_t contract_diff_command_count;
extern const struct cli_command contract_doc_commands[];
extern const size_t contract_doc_command_count;
extern const struct cli_command contract_graph_commands[];
extern const size_t contract_graph_command_count;
extern const struct cli_command contract_lint_commands[];
extern const size_t contract_lint_command_count;
extern const struct cli_command contract_rules_commands[];
extern const size_t contract_rules_command_count;
extern const struct cli_command contract_schema_commands[];
extern const size_t contract_schema_command_count;
extern const struct cli_command man_commands[];
extern const size_t man_command_count;
extern const struct cli_command events_commands[];
extern const size_t events_command_count;
extern const struct cli_command replay_commands[];
extern const size_t replay_command_count;
extern const struct cli_command saga_commands[];
extern const size_t saga_command_count;
extern const struct cli_command schema_commands[];
extern const size_t schema_command_count;
extern const struct cli_command topology_commands[];
extern const size_t topology_command_count;
extern const struct cli_command token_commands[];
extern const size_t token_command_count;

extern const struct cli_command dlq_act_commands[];
extern const size_t dlq_act_command_count;
extern const struct cli_command dlq_history_commands[];
extern const size_t dlq_history_command_count;
extern const struct cli_command dlq_ls_commands[];
extern const size_t dlq_ls_command_count;
extern const struct cli_command dlq_read_commands[];
extern const size_t dlq_read_command_count;

#endif
