/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "consumers/consumer.h"
#include "core/memory.h"
#include "history_contract.h"
#include "publishers/partition.h"
#include "publishers/relay.h"

#define AT(member) offsetof(struct history_config, member)
static const struct config_entry config[] = {
    {.name = "KEYS_DATABASE_URL",
     .kind = CONFIG_SECRET,
     .offset = AT(keys_url),
     .required = true,
     .help = "the database of the keys: postgresql://user:password@host:port/history_keys"},
    {.name = "LOG_DAYS",
     .kind = CONFIG_INT,
     .offset = AT(log_days),
     .fallback = "365",
     .min = 1,
     .max = 36500,
     .help = "how long events are kept; at least INBOX_DAYS"},
    {.name = "SEAL_EVERY",
     .kind = CONFIG_DURATION,
     .offset = AT(seal_ms),
     .fallback = "5s",
     .min = 10,
     .max = 3600000,
     .help = "how long a new row may stay outside the chain of hashes"},
};
#undef AT

/* The partition of an event that the inbox still takes must be there. */
static enum outcome prepare(struct runtime *runtime, struct fault *fault)
{
    const struct history_config *own = runtime->own;
    return own->log_days < runtime->config->inbox_days
               ? fault_set(fault, FATAL, "LOG_DAYS must be at least INBOX_DAYS")
               : OK;
}

static const struct part *const parts[] = {
    &consumer_part, &relay_part, &partition_part, &eraser_part, &sealer_part, &keeper_part, NULL};

static const struct service history_service = {
    .name = "history",
    .summary = "keeps every event of every service, as it came",
    .contract = &history_contract,
    .recorder = &history_recorder,
    .parts = parts,
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct history_config),
    .prepare = prepare,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &history_service);
}
