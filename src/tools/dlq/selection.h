/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_SELECTION_H
#define TOOLS_DLQ_SELECTION_H

#include "core/codec.h"
#include "tools/cli.h"
#include "tools/dlq/letter.h"

/*
 * Which letters of a queue are meant: what all commands of `quadrille dlq` share, as options on the
 * command line and as a question about one letter. All that is given must hold; of several --id or
 * --group one.
 */

/* Rows for a command's table of options. */
/* clang-format off */
#define SELECTION_OPTIONS                                                                          \
    {"reason", "TEXT", NULL, NULL, "the reason has this in it, in any case"},                      \
    {"class", "NAME", NULL, NULL, "failure class or exception type: all of it, or its last word"}, \
    {"type", "NAME", NULL, NULL, "message type: all of it, or a word of it"},                      \
    {"since", "TIME", NULL, NULL, "failed then or later: RFC 3339, a date, or 2h for two hours ago"}, \
    {"until", "TIME", NULL, NULL, "failed before then"},                                           \
    {"older-than", "DURATION", NULL, NULL, "failed longer ago: 30s, 5m, 2h, 7d"},                  \
    {"header", "NAME=VALUE", NULL, NULL, "this header; NAME alone: whatever it says",              \
     .is_repeatable = true},                                                                       \
    {"pointer", "/PATH=VALUE", NULL, NULL, "JSON Pointer into the body; the value as text",        \
     .is_repeatable = true},                                                                       \
    {"body", "REGEX", NULL, NULL, "the body matches (ECMA-262; bodies that are UTF-8)"},           \
    {"id", "ID", NULL, NULL, "this message id, or the fingerprint of one without", .is_repeatable = true}, \
    {"group", "ID", NULL, NULL, "this group of `dlq groups`", .is_repeatable = true},              \
    {"limit", "N", NULL, NULL, "the first N of them"}
/* clang-format on */
enum { SELECTION_OPTION_COUNT = 12 };

enum { SELECTION_LIMIT_MAX = 100000000 };

struct selection_pair {
    char *name;
    const char *value; /* NULL: whatever it is */
};

/* A zeroed selection takes every letter. */
struct selection {
    const char *reason, *class_name, *type;
    int64_t since_ms, until_ms; /* 0 = open */
    struct selection_pair headers[CLI_GIVEN_MAX];
    size_t header_count;
    struct selection_pair pointers[CLI_GIVEN_MAX];
    size_t pointer_count;
    struct pattern body;
    const char *ids[CLI_GIVEN_MAX];
    size_t id_count;
    const char *groups[CLI_GIVEN_MAX];
    size_t group_count;
    int64_t limit; /* 0 = none */

    int64_t taken;  /* letters that selection_takes has said yes to */
    int64_t unsure; /* --body gave up on them: they are not taken */
};

/* From the command line, which it borrows. False when something is wrong with it, which has been
 * said on stderr. selection_done in either case. */
bool selection_read(const struct cli_call *call, struct selection *out);
void selection_done(struct selection *selection);

/* As many as --limit allows have been taken: no other one will be. */
bool selection_is_full(const struct selection *selection);
/* Is this letter meant? Counts those that are, for --limit. */
bool selection_takes(struct selection *selection, const struct letter *letter);

/* As it was given: "--reason timeout --type OrderPlaced"; "everything" when nothing was. For plans
 * and trails; foreign text in it is not escaped. Yours. */
char *selection_text(const struct cli_call *call);

#endif
