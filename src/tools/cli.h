/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The command tree of `quadrille`: a table of commands, each with a table of options. Parsing,
 * --help and the list of commands come from the tables alone.
 */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PARTLY = 3 };
/* A command that selects, plans and reaches servers (access.h) has about 40 options. */
enum { CLI_OPTIONS_MAX = 64, CLI_ARGUMENTS_MAX = 256, CLI_GIVEN_MAX = 64 };

struct cli_option {
    const char *name;     /* "contracts", written --contracts DIR or --contracts=DIR */
    const char *argument; /* "DIR"; NULL = a flag */
    const char *variable; /* environment variable read when the option is not given; may be NULL */
    const char *fallback; /* when neither is there; may be NULL */
    const char *help;
    bool is_repeatable;  /* each value counts: cli_list; else the last one */
    bool is_setting;     /* says where the servers are: a profile may say it as well (access.h) */
    const char *choices; /* "text json sarif", for completion in shells; may be NULL */
};

struct cli_call;
struct cli_tree;

/* One --option VALUE of a repeatable option. */
struct cli_given {
    size_t option;
    const char *value;
};

struct cli_command {
    const char *path;      /* "topology apply" */
    const char *arguments; /* "[FILE…]" or "" */
    const char *summary;   /* one line */
    const char *details;   /* more, for --help; may be NULL */
    const struct cli_option *options;
    size_t option_count;
    int (*run)(const struct cli_call *call);
};

struct cli_call {
    const struct cli_tree *tree;
    const struct cli_command *command;
    const char *values[CLI_OPTIONS_MAX]; /* by option; NULL when absent */
    bool is_given[CLI_OPTIONS_MAX];      /* by option: it is an argument of the command line */
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t argument_count;
    struct cli_given given[CLI_GIVEN_MAX]; /* of repeatable options, in their order */
    size_t given_count;
    bool is_json;
    bool has_colour; /* stdout is a terminal and NO_COLOR is not set */
    /* Of access.h: why settings are missing, "" when nothing is wrong; and where values live. */
    struct fault settings_fault;
    struct arena arena;
};

/* The option's value, NULL when absent. The option must be in the command's table. */
const char *cli_text(const struct cli_call *call, const char *option);
bool cli_flag(const struct cli_call *call, const char *option);
/* The values of a repeatable option; at most CLI_GIVEN_MAX. Returns how many there are. */
size_t cli_list(const struct cli_call *call, const char *option, const char *values[CLI_GIVEN_MAX]);
/* False (and a message on stderr) when it is no integer within [min, max]. */
bool cli_int(const struct cli_call *call, const char *option, int64_t min, int64_t max,
             int64_t *out);
/* Like cli_text, but an absent one is said on stderr with what to do. */
const char *cli_need(const struct cli_call *call, const char *option);

/* "quadrille topology apply: <text>" on stderr; returns `code`. */
int cli_fail(const struct cli_call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a fault's text. */
int cli_fail_fault(const struct cli_call *call, const struct fault *fault, const char *what);

/* Colours as escape sequences, "" where there is no colour. */
enum cli_colour { CLI_PLAIN, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_BLUE, CLI_DIM, CLI_BOLD };
const char *cli_colour(const struct cli_call *call, enum cli_colour colour);

/* What `quadrille <word> --help` says beside the list of the commands that begin with the word. */
struct cli_topic {
    const char *word;
    const char *about; /* a paragraph and examples */
};

struct cli_tree {
    const struct cli_command *const *groups;
    const size_t *counts;
    size_t group_count;
    const struct cli_topic *topics;
    size_t topic_count;
    /* Called when the arguments are read, before environment and fallbacks are asked:
     * access_settle. Another code than EXIT_DONE ends the command. May be NULL. */
    int (*settle)(struct cli_call *call);
};

/* What every command takes beside its own: --json and --help. */
enum { CLI_COMMON_COUNT = 2 };
extern const struct cli_option cli_common_options[CLI_COMMON_COUNT];
/* "0 done, 1 failed, …" */
extern const char cli_exit_codes[];

/*
 * The tree as shells and manual pages want it: every word and every command once, parents first.
 * "" is quadrille itself; "contract" may be a word only, and no command (NULL).
 */
struct cli_node {
    const char *path;
    const char *word; /* the last one of the path */
    const struct cli_command *command;
    const char *summary; /* of the command; else which words may follow */
    size_t parent;       /* index; of "" itself 0 */
};

/* They live in the arena; at most CLI_NODES_MAX. */
enum { CLI_NODES_MAX = 256 };
const struct cli_node *cli_nodes(const struct cli_tree *tree, struct arena *arena, size_t *count);

int cli_main(int argc, char **argv, const struct cli_tree *tree);

#endif
