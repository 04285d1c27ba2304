/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/service.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "publishers/work.h"
#include "step.h"

#include <stdio.h>

/*
 * Says events at a fixed rate whatever becomes of them (an open loop), each in a transaction of its
 * own. Several threads take turns, so that a commit that takes long does not delay the next event.
 */

struct source_config {
    int64_t rate, count;
    char *accounts; /* a file of ids, one per line */
};

enum { SPEAKERS = 4 };

static enum outcome say(struct db *db, struct runtime *runtime, const struct uuid *account_id,
                        struct fault *fault)
{
    AUTO(task_end) struct task task;
    enum outcome o = task_begin(&task, db, runtime, fault);
    task.work.traceparent = BENCH_TRACEPARENT;
    if (o == OK) {
        const struct step_taken step =
            step_make(account_id, STEP_TAKEN_VERDICT_OK, task.work.now_ms);
        o = publish_step_taken(&task.work, &step);
    }
    return o == OK ? task_commit(&task) : o;
}

static bool read_account(FILE *file, struct uuid *id)
{
    char line[64];
    return fgets(line, sizeof line, file) != NULL && ids_parse_n(line, UUID_TEXT_BYTES - 1, id);
}

static enum outcome speak(struct runtime *runtime, int index, struct db *db, FILE *accounts,
                          struct fault *fault)
{
    const struct source_config *own = runtime->own;
    int64_t start_us = clock_monotonic_us();
    enum outcome o = OK;
    for (int64_t i = 0; o == OK && i < own->count; i++) {
        struct uuid account;
        if (!read_account(accounts, &account)) {
            return fault_set(fault, FATAL, "there are fewer accounts than events to say");
        }
        if (i % SPEAKERS != index) {
            continue;
        }
        int64_t wait_ms = (start_us + i * 1000000 / own->rate - clock_monotonic_us()) / 1000;
        if (wait_ms > 0 && runtime_sleep(runtime, wait_ms)) {
            break;
        }
        o = say(db, runtime, &account, fault);
        runtime->counters.handled += o == OK;
    }
    return o;
}

static enum outcome speaker_run(struct runtime *runtime, int index, struct fault *fault)
{
    const struct source_config *own = runtime->own;
    struct db *db = NULL;
    FILE *accounts = fopen(own->accounts, "re");
    if (accounts == NULL) {
        return fault_set(fault, FATAL, "%s cannot be read", own->accounts);
    }
    enum outcome o = db_open(
        &(struct db_options){.url = runtime->config->database_url, .name = "source speaker"}, &db,
        fault);
    if (o == OK) {
        o = speak(runtime, index, db, accounts, fault);
    }
    db_close(db);
    (void)fclose(accounts);
    while (o == OK && !runtime_is_stopping(runtime)) {
        (void)runtime_sleep(runtime, 1000);
    }
    return o;
}

static int speaker_count(const struct runtime *runtime)
{
    (void)runtime;
    return SPEAKERS;
}

static const struct config_entry config[] = {
    {.name = "RATE",
     .kind = CONFIG_INT,
     .offset = offsetof(struct source_config, rate),
     .required = true,
     .min = 1,
     .max = 100000,
     .help = "events per second"},
    {.name = "COUNT",
     .kind = CONFIG_INT,
     .offset = offsetof(struct source_config, count),
     .required = true,
     .min = 1,
     .max = 1000000,
     .help = "how many in all"},
    {.name = "ACCOUNTS",
     .kind = CONFIG_PATH,
     .offset = offsetof(struct source_config, accounts),
     .required = true,
     .help = "file of account ids, one per line"},
};

static const struct part speaker_part = {
    .name = "speaker", .count = speaker_count, .run = speaker_run};
static const struct part *const parts[] = {&relay_part, &partition_part, &speaker_part, NULL};

static const struct service source_service = {
    .name = "source",
    .summary = "says events at a fixed rate, for the benchmark",
    .contract = &source_contract,
    .parts = parts,
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct source_config),
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &source_service);
}
