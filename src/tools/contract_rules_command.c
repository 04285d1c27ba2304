/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/lint.h"
#include "contracts/similar.h"
#include "tools/commands.h"

#include <json.h>
#include <string.h>

static void add_text(json_object *object, const char *key, const char *text)
{
    (void)json_object_object_add(object, key, json_object_new_string(text));
}

static json_object *rule_object(const struct lint_rule *rule)
{
    json_object *object = json_object_new_object();
    add_text(object, "id", rule->id);
    add_text(object, "family", lint_family_name(rule->family));
    add_text(object, "severity", lint_severity_name(rule->severity));
    add_text(object, "profile", rule->is_ours ? "quadrille" : "asyncapi");
    add_text(object, "summary", rule->summary);
    add_text(object, "bad", rule->bad);
    add_text(object, "good", rule->good);
    return object;
}

static int print_json(json_object *root)
{
    (void)printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_SPACED |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(root);
    return EXIT_DONE;
}

static void print_snippet(const char *title, const char *text)
{
    (void)printf("\n%s:\n", title);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        (void)printf("  %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static int print_rule(const struct cli_call *call, const struct lint_rule *rule)
{
    if (call->is_json) {
        return print_json(rule_object(rule));
    }
    (void)printf("%s%s%s (%s, %s%s)\n\n%s\n", cli_colour(call, CLI_BOLD), rule->id,
                 cli_colour(call, CLI_PLAIN), lint_family_name(rule->family),
                 lint_severity_name(rule->severity),
                 rule->is_ours            ? ", profile quadrille only"
                 : rule->is_error_in_ours ? ", in profile quadrille an error"
                                          : "",
                 rule->summary);
    print_snippet("Bad", rule->bad);
    print_snippet("Good", rule->good);
    return EXIT_DONE;
}

static int print_all(const struct cli_call *call)
{
    const struct lint_rule *rule = NULL;
    if (call->is_json) {
        json_object *list = json_object_new_array();
        for (size_t i = 0; (rule = lint_rule_at(i)) != NULL; i++) {
            (void)json_object_array_add(list, rule_object(rule));
        }
        return print_json(list);
    }
    for (int family = 0; family < LINT_FAMILY_COUNT; family++) {
        (void)printf("%s%s%s\n", cli_colour(call, CLI_BOLD),
                     lint_family_name((enum lint_family)family), cli_colour(call, CLI_PLAIN));
        for (size_t i = 0; (rule = lint_rule_at(i)) != NULL; i++) {
            if (rule->family == (enum lint_family)family) {
                (void)printf("  %-8s %-32s %s%s\n", lint_severity_name(rule->severity), rule->id,
                             rule->is_ours ? "(quadrille) " : "", rule->summary);
            }
        }
        (void)putchar('\n');
    }
    (void)printf("quadrille contract rules ID shows a bad and a good example.\n");
    return EXIT_DONE;
}

static const char *nearest(const char *id)
{
    enum { RULES_MAX = 500 };
    const char *ids[RULES_MAX];
    size_t count = 0;
    const struct lint_rule *rule = NULL;
    while (count < RULES_MAX && (rule = lint_rule_at(count)) != NULL) {
        ids[count++] = rule->id;
    }
    return similar_find(id, ids, count);
}

static int run_rules(const struct cli_call *call)
{
    if (call->argument_count == 0) {
        return print_all(call);
    }
    if (call->argument_count > 1) {
        return cli_fail(call, EXIT_USAGE, "one rule at a time");
    }
    const struct lint_rule *rule = lint_rule_find(call->arguments[0]);
    if (rule != NULL) {
        return print_rule(call, rule);
    }
    const char *near = nearest(call->arguments[0]);
    return cli_fail(call, EXIT_USAGE, "there is no rule %s%s%s%s", call->arguments[0],
                    near != NULL ? ": did you mean " : "", near != NULL ? near : "",
                    near != NULL ? "?" : "; `quadrille contract rules` lists them");
}

const struct cli_command contract_rules_commands[] = {
    {"contract rules", "[ID]", "list the linter's rules, or explain one with examples",
     "With ID: what the rule asks and why, with a bad and a good example. (quadrille) marks the "
     "rules that apply with\n"
     "--profile quadrille only.\n\n"
     "  quadrille contract rules\n"
     "  quadrille contract rules misspelt-keyword\n\n"
     "Exit codes: 0 done, 2 there is no such rule.",
     NULL, 0, run_rules},
};
const size_t contract_rules_command_count = COUNT_OF(contract_rules_commands);
