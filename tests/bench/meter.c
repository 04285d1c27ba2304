/* SPDX-License-Identifier: Apache-2.0 */
#include "meter.h"

#include "bench.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/client.h"
#include "support/company.h"
#include "support/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY_MS = 30000, STOP_MS = 15000, LOOK_MS = 20, STALLED_MS = 60000 };

static int read_health_port(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[128];
    int port = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        static const char name[] = "HEALTH_PORT=";
        if (strncmp(line, name, sizeof name - 1) == 0) {
            port = (int)strtol(line + sizeof name - 1, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return port;
}

void meter_start(struct metered *metered, const char *program, const char *folder,
                 const char *const settings[])
{
    AUTO(free_text) char *path = xasprintf("%s/tests/bench/%s", getenv("QUADRILLE_BUILD"), program);
    AUTO(free_text) char *log = xasprintf("%s/%s.log", folder, program);
    AUTO(free_text) char *port_setting = xasprintf("PORT_FILE=%s/%s.ports", folder, program);
    const char *all[16] = {port_setting, "LOG_FORMAT=json"};
    for (size_t i = 0; settings[i] != NULL && i < COUNT_OF(all) - 3; i++) {
        all[i + 2] = settings[i];
    }
    *metered =
        (struct metered){.name = program, .port_file = xstrdup(strchr(port_setting, '=') + 1)};
    (void)unlink(metered->port_file);
    metered->pid = process_start((const char *const[]){path, NULL}, all, log);
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    while ((metered->health_port = read_health_port(metered->port_file)) == 0) {
        if (!process_is_alive(metered->pid) || clock_monotonic_ms() > deadline) {
            bench_fail("%s does not start: see %s", program, log);
        }
        clock_sleep_ms(5);
    }
}

void meter_stop(struct metered *metered)
{
    int status = process_end(metered->pid, SIGTERM, STOP_MS);
    if (status != 0) {
        bench_fail("%s ended with wait status %d", metered->name, status);
    }
    free(metered->port_file);
}

void meter_await_ready(const struct metered *metered)
{
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    for (;;) {
        struct answer answer = client_call(metered->health_port, "GET", "/readyz", NULL, NULL, 0);
        long status = answer.status;
        answer_done(&answer);
        if (status == 200) {
            return;
        }
        if (clock_monotonic_ms() > deadline) {
            bench_fail("%s is not ready", metered->name);
        }
        clock_sleep_ms(5);
    }
}

int64_t meter_counter(const struct metered *metered, const char *name)
{
    struct answer answer = client_call(metered->health_port, "GET", "/readyz", NULL, NULL, 0);
    json_object *state = answer.status != 0 ? json_tokener_parse(buffer_cstr(&answer.body)) : NULL;
    json_object *counters = NULL;
    if (state == NULL || !json_object_object_get_ex(state, "counters", &counters)) {
        bench_fail("%s does not answer", metered->name);
    }
    int64_t value = member_number(counters, name);
    (void)json_object_put(state);
    answer_done(&answer);
    return value;
}

struct sample {
    int64_t at_us, count;
    double cpu_s[CPU_USERS];
};

static struct sample look(const struct metered *metered, const char *counter)
{
    struct sample sample = {.count = meter_counter(metered, counter),
                            .at_us = clock_monotonic_us()};
    cpu_read(metered->pid, sample.cpu_s);
    return sample;
}

struct pace meter_await(const struct metered *metered, const char *counter, int64_t total)
{
    struct sample now = look(metered, counter);
    struct sample first = now;
    struct sample last = now;
    int64_t moved_us = now.at_us;
    while (now.count < total) {
        clock_sleep_ms(LOOK_MS);
        int64_t before = now.count;
        now = look(metered, counter);
        moved_us = now.count > before ? now.at_us : moved_us;
        if (now.at_us - moved_us > (int64_t)STALLED_MS * 1000) {
            bench_fail("%s stands still: %s is %lld and not %lld", metered->name, counter,
                       (long long)now.count, (long long)total);
        }
        if (first.count < total / 20) {
            first = now;
        }
        if (last.count < total - total / 20) {
            last = now;
        }
    }
    if (last.count <= first.count) {
        return (struct pace){0};
    }
    double count = (double)(last.count - first.count);
    struct pace pace = {.per_s = count * 1e6 / (double)(last.at_us - first.at_us)};
    for (int i = 0; i < CPU_USERS; i++) {
        pace.cpu_us[i] = first.cpu_s[i] < 0 ? -1 : (last.cpu_s[i] - first.cpu_s[i]) * 1e6 / count;
    }
    return pace;
}
