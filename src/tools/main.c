/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"

#include <curl/curl.h>
#include <sodium.h>
#include <string.h>

static const struct cli_topic topics[] = {
    {"contract",
     "AsyncAPI 3.0 and 3.1 contracts, YAML or JSON, of any team and in any language; no server is\n"
     "needed. PATH is a document or a folder of documents; a reference may lead to a file beside\n"
     "them, never to the network.\n"
     "\n"
     "  quadrille contract lint events/                    what is wrong with them\n"
     "  quadrille contract rules misspelt-keyword          a rule of the linter, with examples\n"
     "  quadrille contract check --contracts events/ --message OrderPlaced order.json\n"
     "                                                     is this message allowed?\n"
     "  quadrille contract diff git:main events/           what breaks whom since then\n"
     "  quadrille contract graph events/                   who says what to whom\n"
     "  quadrille contract schema --schema S.json I.json   JSON against a JSON Schema"},
};

/* Judging contracts takes a few milliseconds, and no network: libcurl's start would be a good part
 * of it. */
static bool needs_network(int argc, char **argv)
{
    return argc < 2 || strcmp(argv[1], "contract") != 0;
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
    };
    /* clang-format on */
    const struct cli_tree tree = {groups, counts, COUNT_OF(groups), topics, COUNT_OF(topics)};
    return cli_main(argc, argv, &tree);
}
