/* SPDX-License-Identifier: Apache-2.0 */
#include "support/process.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void give_up(const char *what)
{
    perror(what);
    _exit(127);
}

static void change_environment(const char *const environment[])
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        const char *equals = strchr(environment[i], '=');
        if (equals == NULL) {
            (void)unsetenv(environment[i]);
            continue;
        }
        char name[128];
        (void)snprintf(name, sizeof name, "%.*s", (int)(equals - environment[i]), environment[i]);
        (void)setenv(name, equals + 1, 1);
    }
}

static void become(const char *const argv[], const char *const environment[], const char *log)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0) {
        give_up("/dev/null");
    }
    if (log != NULL) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) {
            give_up(log);
        }
    }
    change_environment(environment);
    (void)execv(argv[0], (char *const *)argv);
    give_up(argv[0]);
}

pid_t process_start(const char *const argv[], const char *const environment[], const char *log)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    if (pid == 0) {
        become(argv, environment, log);
    }
    return pid;
}

bool process_is_alive(pid_t pid)
{
    siginfo_t info = {0};
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

int process_wait(pid_t pid, int64_t timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid) {
            return status;
        }
        if (ended < 0 && errno == ECHILD) {
            return 0;
        }
        if (clock_monotonic_ms() >= deadline) {
            return -1;
        }
        clock_sleep_ms(5);
    }
}

bool process_was_killed(int status)
{
    return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int process_end(pid_t pid, int signal, int64_t timeout_ms)
{
    if (pid <= 0) {
        return 0;
    }
    (void)kill(pid, signal);
    int status = process_wait(pid, timeout_ms);
    if (status == -1) {
        (void)kill(pid, SIGKILL);
        status = process_wait(pid, 5000);
    }
    return status;
}
