/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SAGA_REASON_H
#define TOOLS_SAGA_REASON_H

#include "tools/cli.h"
#include "tools/management.h"
#include "tools/saga/story.h"

/*
 * Why a step has not answered, as far as databases and broker tell: a dead letter, a parked retry,
 * a queue without a consumer. Where one of them cannot be asked, that is said instead.
 */

enum { REASON_SERVICES_MAX = 64 };

struct reason_database {
    const char *service;
    struct db *db; /* NULL: not to be had */
};

/* Zeroed but for `call` is valid; connections are opened when they are needed first. */
struct reasons {
    const struct cli_call *call;
    struct reason_database databases[REASON_SERVICES_MAX];
    size_t count;
    struct management *management;
    bool has_tried_management;
};

void reasons_done(struct reasons *reasons);

/* One line, escaped, without a line feed. */
void reason_add(struct reasons *reasons, const struct story *story, const struct story_wait *wait,
                struct buffer *out);

#endif
