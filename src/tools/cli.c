/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/cli.h"

#include "core/memory.h"
#include "core/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_option cli_common_options[CLI_COMMON_COUNT] = {
    {.name = "json", .help = "print JSON, for programs (docs/json.md)"},
    {.name = "help", .help = "print this"},
};

const char cli_exit_codes[] =
    "0 done, 1 failed or something was found, 2 wrong usage, 3 partly done";

static size_t option_index(const struct cli_command *command, const char *name, size_t length)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (strlen(command->options[i].name) == length &&
            strncmp(command->options[i].name, name, length) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *cli_text(const struct cli_call *call, const char *option)
{
    size_t i = option_index(call->command, option, strlen(option));
    assert(i != SIZE_MAX);
    return call->values[i];
}

bool cli_flag(const struct cli_call *call, const char *option)
{
    return cli_text(call, option) != NULL;
}

size_t cli_list(const struct cli_call *call, const char *option, const char *values[CLI_GIVEN_MAX])
{
    size_t option_at = option_index(call->command, option, strlen(option));
    size_t count = 0;
    for (size_t i = 0; i < call->given_count; i++) {
        if (call->given[i].option == option_at) {
            values[count++] = call->given[i].value;
        }
    }
    return count;
}

bool cli_int(const struct cli_call *call, const char *option, int64_t min, int64_t max,
             int64_t *out)
{
    const char *text = cli_need(call, option);
    if (text == NULL) {
        return false;
    }
    if (text_int(text, min, max, out)) {
        return true;
    }
    (void)cli_fail(call, EXIT_USAGE, "--%s must be an integer from %lld to %lld", option,
                   (long long)min, (long long)max);
    return false;
}

const char *cli_need(const struct cli_call *call, const char *option)
{
    const char *value = cli_text(call, option);
    if (value == NULL || value[0] == '\0') {
        const struct cli_option *o =
            &call->command->options[option_index(call->command, option, strlen(option))];
        if (o->is_setting && call->settings_fault.text[0] != '\0') {
            (void)cli_fail(call, EXIT_USAGE, "%s", call->settings_fault.text);
            return NULL;
        }
        (void)cli_fail(call, EXIT_USAGE, "--%s %s is needed%s%s%s", o->name,
                       o->argument != NULL ? o->argument : "",
                       o->variable != NULL ? ", or the environment variable " : "",
                       o->variable != NULL ? o->variable : "",
                       o->is_setting ? ", or a profile that says it (docs/profiles.md)" : "");
        return NULL;
    }
    return value;
}

int cli_fail(const struct cli_call *call, int code, const char *format, ...)
{
    (void)fprintf(stderr, "quadrille %s: ", call->command->path);
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return code;
}

int cli_fail_fault(const struct cli_call *call, const struct fault *fault, const char *what)
{
    return cli_fail(call, EXIT_FAILED, "%s: %s", what, fault->text);
}

const char *cli_colour(const struct cli_call *call, enum cli_colour colour)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "\033[0m",   [CLI_RED] = "\033[31m",  [CLI_GREEN] = "\033[32m",
        [CLI_YELLOW] = "\033[33m", [CLI_BLUE] = "\033[34m", [CLI_DIM] = "\033[2m",
        [CLI_BOLD] = "\033[1m",
    };
    return call->has_colour ? codes[colour] : "";
}

static void print_option(const struct cli_option *option)
{
    char left[64];
    (void)snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                   option->argument != NULL ? option->argument : "");
    (void)printf("  %-28s %s", left, option->help);
    if (option->variable != NULL) {
        (void)printf(" [%s]", option->variable);
    }
    if (option->fallback != NULL && option->fallback[0] != '\0') {
        (void)printf(" (default %s)", option->fallback);
    }
    if (option->is_repeatable) {
        (void)printf(" (may be given several times)");
    }
    (void)putchar('\n');
}

/* Where the servers are stands apart: it is the same in every command. */
static void print_options(const struct cli_command *command, bool is_setting)
{
    size_t count = 0;
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].is_setting == is_setting) {
            if (is_setting && count == 0) {
                (void)printf("\nServers (docs/profiles.md):\n");
            }
            print_option(&command->options[i]);
            count++;
        }
    }
}

/* Is it one of `word …`? NULL stands for all. */
static bool begins_with(const struct cli_command *command, const char *word)
{
    size_t length = word != NULL ? strlen(word) : 0;
    return length == 0 ||
           (strncmp(command->path, word, length) == 0 && command->path[length] == ' ');
}

/* Those with the same first word stand together. */
static size_t print_commands(const struct cli_tree *tree, const char *word, FILE *out)
{
    const char *last = NULL;
    size_t count = 0;
    for (size_t g = 0; g < tree->group_count; g++) {
        for (size_t i = 0; i < tree->counts[g]; i++) {
            const struct cli_command *command = &tree->groups[g][i];
            if (!begins_with(command, word)) {
                continue;
            }
            size_t length = strcspn(command->path, " ");
            bool is_next = last != NULL && word == NULL &&
                           (strncmp(last, command->path, length) != 0 ||
                            (last[length] != ' ' && last[length] != '\0'));
            if (out != NULL) {
                (void)fprintf(out, "%s  %-20s %s\n", is_next ? "\n" : "", command->path,
                              command->summary);
            }
            last = command->path;
            count++;
        }
    }
    return count;
}

static int print_command_help(const struct cli_tree *tree, const struct cli_command *command)
{
    (void)printf("quadrille %s%s%s: %s\n\nOptions:\n", command->path,
                 command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
    print_options(command, false);
    for (size_t i = 0; i < CLI_COMMON_COUNT; i++) {
        print_option(&cli_common_options[i]);
    }
    print_options(command, true);
    if (command->details != NULL) {
        (void)printf("\n%s\n", command->details);
    }
    if (print_commands(tree, command->path, NULL) > 0) {
        (void)printf("\nMore commands:\n");
        (void)print_commands(tree, command->path, stdout);
    }
    (void)printf("\nExit codes: %s.\n", cli_exit_codes);
    return EXIT_DONE;
}

static int print_help(const struct cli_tree *tree, FILE *out, int code)
{
    (void)fprintf(out, "quadrille: the operator's toolbox for event choreography on RabbitMQ and "
                       "PostgreSQL\n\nCommands:\n");
    (void)print_commands(tree, NULL, out);
    (void)fprintf(
        out,
        "\nquadrille COMMAND --help tells a command's options; every command takes --json. "
        "Exit codes:\n%s.\n",
        cli_exit_codes);
    return code;
}

/* Everything about the commands that begin with the word, so that it is enough to use them. */
static int print_topic(const struct cli_tree *tree, const char *word, FILE *out, int code)
{
    (void)fprintf(out, "quadrille %s\n", word);
    for (size_t i = 0; i < tree->topic_count; i++) {
        if (strcmp(tree->topics[i].word, word) == 0) {
            (void)fprintf(out, "\n%s\n", tree->topics[i].about);
        }
    }
    (void)fprintf(out, "\nCommands:\n");
    (void)print_commands(tree, word, out);
    (void)fprintf(out, "\nquadrille %s COMMAND --help tells a command's options.\n", word);
    return code;
}

/* The command whose words the arguments begin with; the longest wins. `words` gets how many they
 * are. */
static const struct cli_command *find_command(const struct cli_tree *tree, int argc, char **argv,
                                              int *words)
{
    const struct cli_command *best = NULL;
    for (size_t g = 0; g < tree->group_count; g++) {
        for (size_t i = 0; i < tree->counts[g]; i++) {
            const char *path = tree->groups[g][i].path;
            int n = 0;
            while (n < argc) {
                size_t length = strcspn(path, " ");
                if (strlen(argv[n]) != length || strncmp(argv[n], path, length) != 0) {
                    break;
                }
                n++;
                path += length;
                if (*path == '\0') {
                    if (best == NULL || n > *words) {
                        best = &tree->groups[g][i];
                        *words = n;
                    }
                    break;
                }
                path++;
            }
        }
    }
    return best;
}

/* Returns how many arguments it used, 0 on wrong usage. */
static int parse_option(struct cli_call *call, const char *argument, const char *next)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const char *json = cli_common_options[0].name;
    if (length == strlen(json) && strncmp(name, json, length) == 0 && value == NULL) {
        call->is_json = true;
        return 1;
    }
    size_t i = option_index(call->command, name, length);
    if (i == SIZE_MAX) {
        (void)cli_fail(call, EXIT_USAGE, "there is no option --%.*s; see --help", (int)length,
                       name);
        return 0;
    }
    if (call->command->options[i].argument == NULL) {
        if (value != NULL) {
            (void)cli_fail(call, EXIT_USAGE, "--%s takes no value", call->command->options[i].name);
            return 0;
        }
        call->values[i] = "yes";
        call->is_given[i] = true;
        return 1;
    }
    if (value == NULL && next == NULL) {
        (void)cli_fail(call, EXIT_USAGE, "--%s needs a value", call->command->options[i].name);
        return 0;
    }
    call->values[i] = value != NULL ? value : next;
    call->is_given[i] = true;
    if (call->command->options[i].is_repeatable) {
        if (call->given_count == CLI_GIVEN_MAX) {
            (void)cli_fail(call, EXIT_USAGE, "more than %d times --%s", CLI_GIVEN_MAX,
                           call->command->options[i].name);
            return 0;
        }
        call->given[call->given_count++] =
            (struct cli_given){.option = i, .value = call->values[i]};
    }
    return value != NULL ? 1 : 2;
}

/* What is not given comes from the environment, else is the fallback. Where the servers are has
 * been settled already, as far as it is known. */
static void fill_up(struct cli_call *call)
{
    for (size_t i = 0; i < call->command->option_count; i++) {
        const struct cli_option *option = &call->command->options[i];
        if (call->values[i] == NULL && option->variable != NULL && !option->is_setting) {
            call->values[i] = getenv(option->variable);
        }
        if (call->values[i] == NULL) {
            call->values[i] = option->fallback;
        }
    }
}

static int parse(struct cli_call *call, int argc, char **argv)
{
    bool only_arguments = false;
    for (int i = 0; i < argc;) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
            i++;
        } else if (!only_arguments &&
                   (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            return -1;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1] == '-') {
            int used = parse_option(call, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (used == 0) {
                return EXIT_USAGE;
            }
            i += used;
        } else if (call->argument_count == CLI_ARGUMENTS_MAX) {
            return cli_fail(call, EXIT_USAGE, "more than %d arguments", CLI_ARGUMENTS_MAX);
        } else {
            call->arguments[call->argument_count++] = argv[i++];
        }
    }
    if (call->argument_count > 0 && call->command->arguments[0] == '\0') {
        return cli_fail(call, EXIT_USAGE, "'%s' is not understood: this command takes options only",
                        call->arguments[0]);
    }
    return EXIT_DONE;
}

/* No command has these words: but perhaps the first one is a topic. */
static int misses(const struct cli_tree *tree, int argc, char **argv)
{
    bool is_topic = print_commands(tree, argv[0], NULL) > 0;
    if (!is_topic) {
        (void)fprintf(stderr, "quadrille: there is no command '%s'; see quadrille --help\n",
                      argv[0]);
        return EXIT_USAGE;
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        return print_topic(tree, argv[0], stdout, EXIT_DONE);
    }
    if (argc > 1) {
        (void)fprintf(stderr, "quadrille: there is no command '%s %s'\n\n", argv[0], argv[1]);
    }
    return print_topic(tree, argv[0], stderr, EXIT_USAGE);
}

int cli_main(int argc, char **argv, const struct cli_tree *tree)
{
    if (argc < 2) {
        return print_help(tree, stderr, EXIT_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return print_help(tree, stdout, EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("quadrille %s\n", QUADRILLE_VERSION);
        return EXIT_DONE;
    }
    int words = 0;
    const struct cli_command *command = find_command(tree, argc - 1, argv + 1, &words);
    if (command == NULL) {
        return misses(tree, argc - 1, argv + 1);
    }
    struct cli_call call = {
        .tree = tree,
        .command = command,
        .has_colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL,
    };
    assert(command->option_count <= CLI_OPTIONS_MAX);
    int code = parse(&call, argc - 1 - words, argv + 1 + words);
    if (code < 0) {
        return print_command_help(tree, command);
    }
    if (code == EXIT_DONE && tree->settle != NULL) {
        code = tree->settle(&call);
    }
    if (code == EXIT_DONE) {
        fill_up(&call);
        code = command->run(&call);
    }
    arena_done(&call.arena);
    return code;
}
