/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_STORIES_H
#define DEMO_STORIES_H

#include "demo/story.h"

#include <stddef.h>

/* In the company's folder: ids of events that were published by hand. */
#define FOREIGN_IDS_FILE "foreign-ids"

struct story {
    const char *title;
    const char *moral; /* what it shows, one line */
    const char *end;   /* the upgrade's state when it is over; NULL when there is none */
    void (*tell)(struct telling *telling);
};

extern const struct story stories[];
extern const size_t story_count;

#endif
