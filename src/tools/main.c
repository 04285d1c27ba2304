/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/access.h"
#include "tools/commands.h"

#include <curl/curl.h>
#include <sodium.h>
#include <string.h>

static const struct cli_topic topics[] = {
    {"contract",
     "AsyncAPI 3.0 and 3.1 contracts, YAML or JSON, of any team and in any language; no server is\n"
     "needed. A path is a document or a folder with some; give the documents of all services "
     "together.\n"
     "References lead to files beside them, never to the network.\n"
     "\n"
     "What is wrong with them, and what a rule means:\n"
     "  quadrille contract lint contracts/\n"
     "  quadrille contract lint --fail-on warning --format github contracts/\n"
     "  quadrille contract rules\n"
     "  quadrille contract rules misspelt-keyword\n"
     "\n"
     "Is this message allowed? A payload, payloads line by line, a whole message, what passes by a "
     "queue:\n"
     "  quadrille contract check --contracts contracts/ --message OrderPlaced payload.json\n"
     "  quadrille contract check --contracts contracts/ --message OrderPlaced - <payloads.jsonl\n"
     "  quadrille contract check --contracts contracts/ --wire message.json\n"
     "  AMQP_URL=amqp://… quadrille contract check --contracts contracts/ --queue NAME\n"
     "\n"
     "What breaks whom, since a revision, between folders, or between two JSON Schemas:\n"
     "  quadrille contract diff git:main contracts/\n"
     "  quadrille contract diff old/ contracts/ --fail-on risky\n"
     "  quadrille contract diff --schema old.schema.json new.schema.json\n"
     "\n"
     "Who says what to whom, in the terminal or as a diagram; pages to browse:\n"
     "  quadrille contract graph contracts/\n"
     "  quadrille contract graph contracts/ --event OrderPlaced --format mermaid\n"
     "  quadrille contract doc site/ contracts/\n"
     "\n"
     "Does JSON fit a JSON Schema?\n"
     "  quadrille contract schema --schema order.schema.json order.json\n"
     "\n"
     "Exit codes: 0 all is well, 1 something was found or failed, 2 wrong usage. --json prints "
     "data."},
};

/* Judging contracts and the like takes a few milliseconds, and no network: libcurl's start would be
 * a good part of it. */
static bool needs_network(int argc, char **argv)
{
    static const char *const alone[] = {"contract", "completion", "man", "token"};
    for (size_t i = 0; i < COUNT_OF(alone); i++) {
        if (argc > 1 && strcmp(argv[1], alone[i]) == 0) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0 ||
        (needs_network(argc, argv) && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)) {
        (void)fputs("quadrille: libsodium or libcurl cannot start\n", stderr);
        return EXIT_FAILED;
    }
    /* clang-format off */
    const struct cli_command *const groups[] = {
        topology_commands,
        schema_commands,
        token_commands,
        audit_commands,
        contract_check_commands,
        contract_diff_commands,
        contract_doc_commands,
        contract_graph_commands,
        contract_lint_commands,
        contract_rules_commands,
        contract_schema_commands,
        completion_commands,
        man_commands,
        events_commands,
        dlq_ls_commands,
        dlq_read_commands,
        dlq_act_commands,
        dlq_history_commands,
        replay_commands,
        saga_commands,
    };
    const size_t counts[] = {
        topology_command_count,
        schema_command_count,
        token_command_count,
        audit_command_count,
        contract_check_command_count,
        contract_diff_command_count,
        contract_doc_command_count,
        contract_graph_command_count,
        contract_lint_command_count,
        contract_rules_command_count,
        contract_schema_command_count,
        completion_command_count,
        man_command_count,
        events_command_count,
        dlq_ls_command_count,
        dlq_read_command_count,
        dlq_act_command_count,
        dlq_history_command_count,
        replay_command_count,
        saga_command_count,
    };
    /* clang-format on */
    const struct cli_tree tree = {groups, counts,           COUNT_OF(groups),
                                  topics, COUNT_OF(topics), access_settle};
    return cli_main(argc, argv, &tree);
}
