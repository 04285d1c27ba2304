/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t parent;
    double own, of_children; /* children that have ended and were waited for */
};

/* proc(5): the name in brackets may hold anything; parent is field 4, times are fields 14 to 17, in
 * ticks. */
static bool read_process(pid_t pid, struct process *out)
{
    char path[64];
    char line[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool has_line = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *at = has_line ? strrchr(line, ')') : NULL;
    int parent = 0;
    unsigned long times[4];
    /* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers */
    if (at == NULL || sscanf(at + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
                             &parent, &times[0], &times[1], &times[2], &times[3]) != 5) {
        return false;
    }
    double tick = (double)sysconf(_SC_CLK_TCK);
    *out = (struct process){
        .parent = parent,
        .own = (double)(times[0] + times[1]) / tick,
        .of_children = (double)(times[2] + times[3]) / tick,
    };
    return true;
}

static double used_alone(pid_t pid)
{
    struct process process;
    return pid > 0 && read_process(pid, &process) ? process.own : -1;
}

static double used_by_family(pid_t pid)
{
    struct process process;
    DIR *folder = pid > 0 && read_process(pid, &process) ? opendir("/proc") : NULL;
    if (folder == NULL) {
        return -1;
    }
    double seconds = process.own + process.of_children;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        pid_t child =
            isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
        if (child > 0 && read_process(child, &process) && process.parent == pid) {
            seconds += process.own;
        }
    }
    (void)closedir(folder);
    return seconds;
}

static pid_t pid_from(const char *variable)
{
    const char *text = getenv(variable);
    return text != NULL ? (pid_t)strtol(text, NULL, 10) : 0;
}

void cpu_read(pid_t service, double seconds[CPU_USERS])
{
    seconds[CPU_SERVICE] = used_alone(service);
    seconds[CPU_BROKER] = used_alone(pid_from("RABBITMQ_PID"));
    seconds[CPU_DATABASE] = used_by_family(pid_from("POSTGRES_PID"));
}
