/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_FAULTS_H
#define SUPPORT_PROVIDER_FAULTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Faults that wait for the next calls they fit, in the order they were queued. */

enum {
    FAULTS_MAX = 256,
    FAULT_ROUTE_MAX_BYTES = 16,
    FAULT_UPGRADE_MAX_BYTES = 128,
};

enum fault_kind {
    FAULT_NONE,
    FAULT_SLOW,
    FAULT_TIMEOUT_BEFORE,
    FAULT_TIMEOUT_AFTER,
    FAULT_ERROR500_BEFORE,
    FAULT_ERROR500_AFTER,
    FAULT_STORED500,
    FAULT_RESET,
    FAULT_LATE,
};

struct fault {
    enum fault_kind kind;
    char route[FAULT_ROUTE_MAX_BYTES];     /* "any" fits all */
    char upgrade[FAULT_UPGRADE_MAX_BYTES]; /* "": any payment; else one of its metadata values */
    int64_t times;                         /* still to come */
    int64_t ms;
};

struct faults {
    struct fault queue[FAULTS_MAX];
    size_t count;
};

/* request: {"route","fault","times","ms","upgrade"}. NULL when queued, else what is wrong with it.
 */
const char *faults_add(struct faults *faults, struct json_object *request);

/* Takes one turn of the first fault that fits. metadata may be NULL. */
struct fault faults_take(struct faults *faults, const char *route, struct json_object *metadata);

struct json_object *faults_show(const struct faults *faults);

/* One line per fault, for --help. */
void faults_print(FILE *out);

#endif
