/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_GROUPS_H
#define TOOLS_DLQ_GROUPS_H

#include "tools/dlq/letter.h"

/* Letters counted by cause, normalised reason and type. Bounded: beyond GROUPS_MAX different ones
 * the rest is counted together. */

enum { GROUPS_MAX = 10000 };

struct group {
    char id[LETTER_GROUP_TEXT_BYTES];
    const char *cause, *class_name, *exception, *normal, *type, *queue; /* "" = not known */
    const char *reason;     /* of the first one, in full */
    const char *example_id; /* a message */
    const char *family;     /* who told the reason; "" = nobody */
    int64_t count;
    int64_t oldest_ms, newest_ms; /* 0 = not known */
    int64_t most_returns;         /* 0 = never sent back, as far as told */
};

struct group_slot {
    struct group *group;
};

struct groups {
    struct group_slot *table; /* by hash; `room` is a power of two */
    size_t room, count;
    struct group_slot *sorted; /* groups_sort */
    int64_t others;            /* letters of groups beyond GROUPS_MAX */
    int64_t letters;
    int64_t oldest_ms, newest_ms; /* of all */
    struct arena arena;
};

void groups_add(struct groups *groups, const struct letter *letter);
/* `sorted`: the largest first. */
void groups_sort(struct groups *groups);
void groups_done(struct groups *groups);

#endif
