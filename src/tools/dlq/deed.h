/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_DEED_H
#define TOOLS_DLQ_DEED_H

#include "core/ids.h"
#include "tools/dlq/groups.h"
#include "tools/dlq/journal.h"
#include "tools/dlq/session.h"

#include <stdio.h>

/*
 * What is done with letters, in one pass over their queue:
 *
 *   retry, move, edit   publish the copy, mandatory → confirmed → ack
 *   drop                into the export, synchronised → ack
 *
 * Nothing is acknowledged before its copy is safe, so that an end at any point loses nothing; the
 * journal tells which letters may then be there twice. A dry run does the same but publish, write
 * and acknowledge.
 */

enum deed_verb { DEED_RETRY, DEED_MOVE, DEED_DROP, DEED_EDIT, DEED_VERBS };
const char *deed_verb_name(enum deed_verb verb);
bool deed_verb_find(const char *name, enum deed_verb *out);

enum {
    DEED_WINDOW = 512,                        /* published and not settled */
    DEED_WINDOW_MAX_BYTES = 16 * 1024 * 1024, /* and one letter */
    DEED_DESTINATIONS_MAX = 256,
    DEED_RATE_MAX = 100000,
    DEED_RETURNS_MAX = 1000000,
};

/* Why a letter that is meant stays where it is. */
enum deed_left {
    LEFT_NOT_TOLD,   /* where it failed */
    LEFT_ITSELF,     /* it failed in the very queue that it lies in */
    LEFT_MISSING,    /* the destination does not exist */
    LEFT_MANY,       /* more destinations than a run may have */
    LEFT_RETURNS,    /* --max-returns */
    LEFT_CUT,        /* the body was not taken whole */
    LEFT_UNREADABLE, /* headers that cannot be copied */
    LEFT_TOO_LARGE,  /* headers that fit no frame */
    LEFT_PAST,       /* a run that was broken off has sent it */
    LEFT_AGAIN,      /* this run has sent it, and it came back */
    LEFT_UNEDITABLE, /* edit: no JSON, or without such a place */
    LEFT_FORBIDDEN,  /* edit: its contract forbids the result */
    LEFT_SAME,       /* edit: nothing would change */
    LEFT_REFUSED,    /* the broker returned or refused the copy */
    LEFT_REASONS,
};
/* "…: the queue that they failed in is not told" */
const char *deed_left_text(enum deed_left left);
const char *deed_left_name(enum deed_left left);

/* Where copies go. */
struct deed_destination {
    char *exchange, *key; /* "" and a queue, or the original ones */
    bool is_missing;
    int64_t count;
};

/* What edit makes of a letter; borrowed until the next one. */
struct deed_change {
    const char *body;
    size_t body_length;
    const char *message_id;
};
/* OK, or REJECT with `left` set and the fault's words. */
typedef enum outcome (*deed_change_fn)(void *context, const struct letter *letter,
                                       struct deed_change *out, enum deed_left *left,
                                       struct fault *fault);

struct deed_options {
    enum deed_verb verb;
    const char *to; /* NULL: where each has failed */
    bool is_via_exchange;
    bool is_dry;
    bool is_again;             /* also what a run that was broken off has sent */
    int64_t max_returns, rate; /* 0 = none */
    struct uuid run;
    FILE *export;            /* drop */
    struct journal *journal; /* not for a dry run */
    const struct journal_past *past;
    deed_change_fn change; /* edit */
    void *change_context;
    /* Which letters; NULL: those that the selection takes. */
    bool (*takes)(void *context, const struct letter *letter);
    /* Told of each letter that is (or would be) dealt with; may be NULL. */
    enum outcome (*note)(void *context, const struct letter *letter, struct fault *fault);
    void *note_context;
    void *context;
};

struct deed;

struct deed_result {
    int64_t selected; /* meant */
    int64_t done;     /* safe there, and acknowledged; of a dry run: would be */
    int64_t left[LEFT_REASONS];
    int64_t unsure; /* published, and no answer came: they stay, and may be there twice */
    bool is_stopped;
    char why_stopped[FAULT_TEXT_BYTES];
    char first_refusal[FAULT_TEXT_BYTES]; /* of an edit */
    struct groups groups;                 /* of those that are dealt with */
    const struct deed_destination *destinations;
    size_t destination_count;
    bool has_past; /* a letter that a run which was broken off has sent is still there */
    struct drain_report report;
};

/* Connects; EXIT_DONE, or it has been said what is wrong. deed_close in either case. */
int deed_open(struct dlq_session *session, const struct deed_options *options, struct deed **out);
void deed_close(struct deed *deed);
const char *deed_broker_user(const struct deed *deed);

/* One pass that deals with at most `most` letters (0 = all). What it found is added to the result.
 * EXIT codes as dlq_session_run. */
int deed_run(struct deed *deed, int64_t most);
/* Before another pass of a selection: what was left out will be seen again. */
void deed_forget_left(struct deed *deed);
/* One pass that only looks: how many letters of this run have come back. */
int deed_count_back(struct deed *deed, int64_t *back);
const struct deed_result *deed_result(const struct deed *deed);
int64_t deed_left(const struct deed_result *result); /* all that are left out */

#endif
