/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/saga/reason.h"

#include "core/clock.h"
#include "tools/access.h"
#include "tools/escape.h"
#include "tools/saga/saga_sql.h"
#include "tools/secret.h"

#include <string.h>

/* Kinds of saga_traces.sql. */
enum { HANDLED = 1, PARKED, DEAD, UNSENT, KINDS };

void reasons_done(struct reasons *reasons)
{
    for (size_t i = 0; i < reasons->count; i++) {
        db_close(reasons->databases[i].db);
    }
    management_close(reasons->management);
}

static struct db *database_of(struct reasons *reasons, const char *service)
{
    for (size_t i = 0; i < reasons->count; i++) {
        if (strcmp(reasons->databases[i].service, service) == 0) {
            return reasons->databases[i].db;
        }
    }
    struct db_options given;
    if (reasons->count == REASON_SERVICES_MAX ||
        access_database_options(reasons->call, "quadrille saga", &given) != EXIT_DONE) {
        return NULL;
    }
    AUTO(free_text)
    char *name = xasprintf("%s%s", cli_text(reasons->call, "prefix"), service);
    AUTO(free_text) char *url = secret_url_with_database(given.url, name);
    const struct db_options options = {.url = url, .name = "quadrille saga"};
    struct reason_database *database = &reasons->databases[reasons->count++];
    struct fault fault;
    *database = (struct reason_database){.service = service};
    return db_open(&options, &database->db, &fault) == OK ? database->db : NULL;
}

struct trace {
    bool is_there;
    int64_t attempts, at_ms;
    char reason[300];
};

/* False: the database could not be asked. */
static bool read_traces(struct reasons *reasons, const char *service, const struct uuid *id,
                        struct trace traces[KINDS])
{
    struct db *db = database_of(reasons, service);
    struct db_array ids = {0};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    db_array_init(&ids, DB_UUID);
    db_array_uuid(&ids, id);
    bool is_read =
        db != NULL && db_run(db, &sql_saga_traces, DB_PARAMS(db_array(&ids)), &rows, &fault) == OK;
    for (int i = 0; is_read && i < db_rows_count(rows); i++) {
        struct trace *trace = &traces[db_get_i64(rows, i, 1)];
        trace->is_there = true;
        trace->attempts = db_get_i64(rows, i, 2);
        trace->at_ms = db_get_time(rows, i, 3);
        (void)snprintf(trace->reason, sizeof trace->reason, "%s", db_get_text(rows, i, 4));
    }
    db_array_done(&ids);
    return is_read;
}

static void add_queue(struct reasons *reasons, const char *queue, struct buffer *out)
{
    const struct cli_call *call = reasons->call;
    if (!reasons->has_tried_management && cli_text(call, "management-url") != NULL) {
        (void)access_management(call, &reasons->management);
    }
    reasons->has_tried_management = true;
    struct fault fault;
    json_object *state = NULL;
    if (reasons->management == NULL) {
        buffer_text(out, "; its queue: not looked at");
    } else if (management_call(reasons->management, "GET", NULL, &state, &fault, "queues/%s/%s",
                               cli_text(call, "vhost"), queue) != OK) {
        buffer_text(out, management_status(reasons->management) == 404
                             ? "; it has no queue"
                             : "; its queue: not looked at");
    } else {
        long long consumers = json_object_get_int64(json_object_object_get(state, "consumers"));
        long long messages = json_object_get_int64(json_object_object_get(state, "messages"));
        buffer_printf(out, "; its queue has %lld messages and %s", messages,
                      consumers > 0 ? "a consumer" : "no consumer");
    }
    (void)json_object_put(state);
}

void reason_add(struct reasons *reasons, const struct story *story, const struct story_wait *wait,
                struct buffer *out)
{
    const struct story_record *record = &story->records[wait->record];
    const char *listener = wait->step->service->name;
    struct trace heard[KINDS] = {0};
    struct trace said[KINDS] = {0};
    char time[CLOCK_TEXT_BYTES];
    AUTO(buffer_done) struct buffer text = {0};
    bool is_read = read_traces(reasons, listener, &record->id, heard);
    (void)read_traces(reasons, record->service, &record->id, said);
    if (!is_read) {
        buffer_printf(&text, "the database of %s: not looked at", listener);
        add_queue(reasons, listener, &text);
    } else if (heard[PARKED].is_there) {
        buffer_printf(&text, "%sparked by %s after %lld attempts, again at %s: %s",
                      wait->step->compensates != NULL ? "the compensation is failing: " : "",
                      listener, (long long)heard[PARKED].attempts,
                      clock_format(heard[PARKED].at_ms, time), heard[PARKED].reason);
    } else if (heard[HANDLED].is_there) {
        buffer_printf(&text, "%s has handled it; what is missing is its own work", listener);
    } else if (heard[DEAD].is_there) {
        buffer_printf(&text, "dead letter in %s.dlq (%s)", listener, heard[DEAD].reason);
    } else if (said[UNSENT].is_there) {
        buffer_printf(&text, "not sent by %s: %s", record->service, said[UNSENT].reason);
    } else {
        buffer_printf(&text, "it has not reached %s", listener);
        add_queue(reasons, listener, &text);
    }
    escape_add(out, buffer_cstr(&text), text.length, ESCAPE_LINE);
}
