/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_IMPORT_H
#define TOOLS_DLQ_IMPORT_H

#include "core/broker.h"
#include "tools/dlq/journal.h"

#include <stdio.h>

/*
 * Letters of an export back into a queue, byte for byte but for what copy.h says. How far it got is
 * kept in the state folder, so that the same import goes on where it was broken off: at most
 * IMPORT_CHUNK letters are then there twice.
 */

enum { IMPORT_CHUNK = 32 };

struct import {
    const struct broker_options *broker;
    const char *path, *to, *vhost;
    const struct journal_past *only; /* NULL: all; else those with these fingerprints */
    int64_t lines, imported;         /* this time; lines before are skipped ones */
    int64_t skipped, cut, unwanted;
    int64_t unsure; /* published, and no answer came */
    bool is_interrupted;
};

/* REJECT: a line cannot be read, or the queue is not there; what was imported before stays. */
enum outcome import_run(struct import *import, struct fault *fault);

#endif
