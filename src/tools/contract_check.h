/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CONTRACT_CHECK_H
#define TOOLS_CONTRACT_CHECK_H

#include "contracts/check/check.h"
#include "tools/cli.h"

/* `contract check`: what the files contract_check_*.c share. */

enum {
    CHECK_REASONS_MAX = 200,              /* told apart in a summary */
    CHECK_FILE_MESSAGES_MAX = 100 * 1000, /* in a list of messages in one file */
};

/* Why messages were refused, and how many. */
struct check_reason {
    char *text;
    size_t count;
};

struct check_report {
    const struct cli_call *call;
    size_t allowed, refused;
    size_t unjudged;              /* of those refused: nothing can be said about them */
    struct check_reason *reasons; /* NULL: not counted */
    size_t reason_count, other_reasons;
};

/* Where a message came from: a file or queue, and its number there (0: there is only one). */
struct check_source {
    const char *name;
    size_t number;
    const char *what; /* more about it, for people; may be NULL */
};

struct check_session {
    const struct cli_call *call;
    struct asyncapi set;
    struct checker *checker;
    struct check_entry *entry; /* --message; NULL: whole messages */
    struct check_verdict verdict;
    struct check_report report;
};

/* Which messages cannot be judged, and why: of all, or only `entry`. */
void check_report_gaps(const struct cli_call *call, struct checker *checker,
                       struct check_entry *entry);
/* Prints the session's verdict, and flushes it: somebody may be waiting for it. */
void check_report_verdict(struct check_report *report, const struct check_source *source,
                          const struct check_verdict *verdict);
/* The end: how many, and why. */
void check_report_summary(struct check_report *report);
void check_report_done(struct check_report *report);

/* Judges a payload, or a description of a message (or a list of them). */
void check_session_judge(struct check_session *session, const struct check_source *source,
                         const char *bytes, size_t length);
/* Files, standard input. False when one cannot be read, which has been said. */
bool check_session_read(struct check_session *session, const char *path);

/* Live traffic until the end that is asked for; the exit code. */
int check_session_listen(struct check_session *session);

#endif
