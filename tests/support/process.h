/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A child process of a test or of the demo. It dies with its parent thread, whatever happens to
 * that. */

/*
 * Starts argv[0] with this process's environment, changed by `environment`: "NAME=value" pairs
 * ending in NULL, "NAME" alone takes one away. Standard output and error are appended to `log`;
 * NULL = they stay this process's. Returns the pid; exits the process on failure.
 */
pid_t process_start(const char *const argv[], const char *const environment[], const char *log);

bool process_is_alive(pid_t pid);

/* Waits for the end, at most timeout_ms: its wait status, or -1 when it still runs. */
int process_wait(pid_t pid, int64_t timeout_ms);

/* Did it end as a crash point ends it, and not for a reason of its own? */
bool process_was_killed(int status);

/* Sends the signal and waits; SIGKILL follows when it does not end in time. Returns the wait
 * status. */
int process_end(pid_t pid, int signal, int64_t timeout_ms);

#endif
