/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/audience.h"

#include "consumers/inbox_sql.h"
#include "core/clock.h"
#include "tools/access.h"
#include "tools/secret.h"

#include <stdlib.h>
#include <string.h>

enum { INBOX_DAYS_MAX = 3650 };
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static const struct sql sql_has = {"replay_has",
                                   "select count(*) from inbox where id = any ($1::uuid[])"};

bool audience_hears(const struct audience_member *member, const char *type)
{
    if (member->service == NULL) {
        return true;
    }
    for (size_t i = 0; i < member->service->receive_count; i++) {
        const struct model_operation *receive = &member->service->receives[i];
        for (size_t j = 0; j < receive->message_count; j++) {
            if (strcmp(receive->messages[j]->type, type) == 0) {
                return true;
            }
        }
    }
    return false;
}

enum outcome audience_has(struct audience_member *member, struct db_array *ids, int64_t *count,
                          struct fault *fault)
{
    *count = 0;
    if (member->db == NULL || ids->count == 0) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(member->db, &sql_has, DB_PARAMS(db_array(ids)), &rows, fault);
    if (o == OK) {
        *count = db_get_i64(rows, 0, 0);
    }
    return o;
}

/* As the consumer does it: from the first day on that has its partition, with none missing since.
 */
static enum outcome ask_oldest(struct audience_member *member, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(member->db, &sql_inbox_oldest, DB_NO_PARAMS, &rows, fault);
    if (o == OK && (db_rows_count(rows) == 0 || db_is_null(rows, 0, 0))) {
        return fault_set(fault, LOST, "its inbox has no partition of today");
    }
    if (o == OK) {
        member->oldest_ms = db_get_time(rows, 0, 0);
    }
    return o;
}

static void open_inbox(struct audience_member *member, const char *url, const char *prefix)
{
    AUTO(free_text) char *database = xasprintf("%s%s", prefix, member->queue);
    AUTO(free_text) char *own = secret_url_with_database(url, database);
    const struct db_options options = {.url = own, .name = "quadrille replay"};
    enum outcome o = db_open(&options, &member->db, &member->why);
    if (o == OK) {
        o = ask_oldest(member, &member->why);
    }
    if (o != OK) {
        db_close(take(member->db));
    }
}

static void add_member(struct audience *audience, const char *queue,
                       const struct model_service *service)
{
    audience->members[audience->count++] =
        (struct audience_member){.queue = queue, .service = service};
}

int audience_init(struct audience *audience, const struct cli_call *call,
                  const struct contract_set *contracts, const char *to)
{
    int64_t days = 0;
    struct db_options given;
    *audience = (struct audience){.contracts = contracts};
    if (!cli_int(call, "inbox-days", 1, INBOX_DAYS_MAX, &days)) {
        return EXIT_USAGE;
    }
    int code = access_database_options(call, "quadrille replay", &given);
    if (code != EXIT_DONE) {
        return code;
    }
    audience->members = xcalloc(contracts->service_count + 1, sizeof audience->members[0]);
    for (size_t i = 0; to == NULL && i < contracts->service_count; i++) {
        if (contracts->services[i].receive_count > 0) {
            add_member(audience, contracts->services[i].name, &contracts->services[i]);
        }
    }
    if (to != NULL) {
        add_member(audience, to, contract_set_find(contracts, to));
    }
    for (size_t i = 0; i < audience->count; i++) {
        struct audience_member *member = &audience->members[i];
        if (member->service != NULL) {
            member->oldest_ms = clock_now_ms() - days * DAY_MS;
            open_inbox(member, given.url, cli_text(call, "prefix"));
        }
    }
    return EXIT_DONE;
}

void audience_done(struct audience *audience)
{
    for (size_t i = 0; i < audience->count; i++) {
        db_close(audience->members[i].db);
    }
    free(audience->members);
}
