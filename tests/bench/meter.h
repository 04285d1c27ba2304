/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include "cpu.h"

#include <stdint.h>

/* A service of the benchmark as a child process, and how fast it goes by its own counters
 * (/readyz). */

struct metered {
    const char *name;
    char *port_file;
    pid_t pid;
    int health_port;
};

struct pace {
    double per_s; /* between 5 and 95 % of what there was to do; 0 = too fast to be seen */
    double cpu_us[CPU_USERS]; /* per message in that time; -1 = not known */
};

/* Starts <build>/tests/bench/<program> and waits for its ports. Logs go to <folder>/<program>.log.
 */
void meter_start(struct metered *metered, const char *program, const char *folder,
                 const char *const settings[]);
/* Ends the benchmark when it does not leave with status 0. */
void meter_stop(struct metered *metered);
void meter_await_ready(const struct metered *metered);
/* One of its counters. */
int64_t meter_counter(const struct metered *metered, const char *name);
/* Waits until the counter has come to `total` and tells how fast. */
struct pace meter_await(const struct metered *metered, const char *counter, int64_t total);

#endif
