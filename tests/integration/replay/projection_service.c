/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/consumer.h"
#include "core/service.h"
#include "listener_contract.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "publishers/work.h"

/* A projection: counts and sums, so that what is lost or doubled is seen, and remembers in which
 * order things came. Says nothing. */

static const struct sql sql_tally = {
    "tally", "insert into tally (tale_id, told, sum) values ($1::uuid, 1, $2::int8) on conflict "
             "(tale_id) do update set told = tally.told + 1, sum = tally.sum + excluded.sum"};
static const struct sql sql_arrival = {
    "arrival", "insert into arrival (event_id, tale_id, number, edition) values ($1::uuid, "
               "$2::uuid, $3::int8, $4::int8)"};
static const struct sql sql_secret = {
    "secret", "insert into secret (event_id, said) values ($1::uuid, $2::text)"};

enum outcome on_tale_told_v2(struct work *work, const struct tale_told_v2 *event)
{
    enum outcome o =
        work_queue(work, &sql_tally, DB_PARAMS(db_uuid(&event->tale_id), db_i64(event->number)), 1);
    return o == OK ? work_queue(work, &sql_arrival,
                                DB_PARAMS(db_uuid(&work->cause->id), db_uuid(&event->tale_id),
                                          db_i64(event->number),
                                          event->has_edition ? db_i64(event->edition) : db_null()),
                                1)
                   : o;
}

enum outcome on_secret_told(struct work *work, const struct secret_told *event)
{
    return work_queue(work, &sql_secret,
                      DB_PARAMS(db_uuid(&work->cause->id), db_text(event->secret)), 1);
}

int main(int argc, char **argv)
{
    static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part, NULL};
    static const struct service service = {
        .name = "listener",
        .summary = "counts what it is told",
        .contract = &listener_contract,
        .parts = parts,
    };
    return service_main(argc, argv, &service);
}
