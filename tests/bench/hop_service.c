/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_sql.h"
#include "consumers/consumer.h"
#include "core/service.h"
#include "count_step.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "publishers/work.h"

/* The hop: an ordinary service, nothing in it knows that it is measured. */

struct account {
    int64_t steps, total;
};

/* The key of work_remember. */
static const char table[] = "account";

enum outcome load_step_taken(struct work *work, const struct step_taken *const events[],
                             size_t count);

enum outcome load_step_taken(struct work *work, const struct step_taken *const events[],
                             size_t count)
{
    AUTO(db_array_done) struct db_array ids = {0};
    db_array_init(&ids, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        db_array_uuid(&ids, &events[i]->account_id);
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(work->db, &sql_account_load, DB_PARAMS(db_array(&ids)), &rows, work->fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        struct uuid id = db_get_uuid(rows, row, 0);
        struct account *account = work_remember(work, table, &id, sizeof *account);
        account->steps = db_get_i64(rows, row, 1);
        account->total = db_get_i64(rows, row, 2);
    }
    return o;
}

enum outcome on_step_taken(struct work *work, const struct step_taken *event)
{
    struct account *account = work_recall(work, table, &event->account_id);
    if (account == NULL) {
        return fault_set(work->fault, REJECT, "there is no such account");
    }
    account->steps++;
    account->total += event->count;
    enum outcome o = work_queue(
        work, &sql_account_save,
        DB_PARAMS(db_uuid(&event->account_id), db_i64(account->steps), db_i64(account->total)), 1);
    if (o == OK) {
        const struct step_counted counted =
            count_step(event, account->steps, account->total, work->now_ms);
        o = publish_step_counted(work, &counted);
    }
    /* Last, so that a failing message leaves as much behind as it can. */
    if (o == OK && event->verdict != STEP_TAKEN_VERDICT_OK) {
        return fault_set(work->fault, event->verdict == STEP_TAKEN_VERDICT_RETRY ? RETRY : REJECT,
                         "as the event asks");
    }
    return o;
}

static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part, NULL};

static const struct service hop_service = {
    .name = "hop",
    .summary = "counts steps, for the benchmark",
    .contract = &hop_contract,
    .parts = parts,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &hop_service);
}
