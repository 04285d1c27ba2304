/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "tools/audit.h"
#include "tools/audit_sql.h"
#include "tools/audit_stream.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every event of the company in one pass: what the outboxes have said, and where each id has been
 * seen, merged by the id. Memory does not grow with the number of events. Who must have heard what
 * comes from the contracts.
 */

enum { TYPE_BYTES = 256 };

/* How a service has seen an id; the numbers of audit_seen.sql. */
enum trace {
    TRACE_CLAIMED = 1,
    TRACE_PARKED = 2,
    TRACE_DEAD = 4,
    TRACE_REFUSED = 8, /* a dead letter that nobody had to believe */
    TRACE_NAMED = 16,  /* as the cause of something */
    TRACE_SAID = 32,   /* a business row says that this was published with it */
};

enum {
    SETTLED = TRACE_CLAIMED | TRACE_PARKED | TRACE_DEAD | TRACE_REFUSED,
    /* What only a committed event can be. Claims are I6's. */
    COMMITTED = TRACE_PARKED | TRACE_DEAD | TRACE_NAMED | TRACE_SAID,
};

struct hearing {
    size_t speaker, listener; /* services by index */
    const char *type;
};

struct hearings {
    struct hearing *rows;
    size_t count;
};

static const struct sql journal_fetch = {"audit_journal_fetch", "fetch 10000 from journal"};
static const struct sql seen_fetch = {"audit_seen_fetch", "fetch 10000 from seen"};
static const struct sql seen_own_fetch = {"audit_seen_own_fetch", "fetch 10000 from seen_own"};

/* Where else a service keeps ids of events. */
static const struct {
    const char *service;
    const struct sql *declare;
} own_tables[] = {
    {"billing", &sql_audit_seen_billing},
    {"history", &sql_audit_seen_history},
    {"notification", &sql_audit_seen_notification},
    {"subscription", &sql_audit_seen_subscription},
};

/* Streams of all services: first every journal, then what each has seen, then what some have seen
 * besides. */
struct reading {
    struct audit *audit;
    size_t services;
    struct audit_stream *streams;
    size_t stream_count;
    size_t *service_of; /* by stream */
    struct hearings hearings;
    int64_t outbox_floor_ms; /* from when on all outboxes have everything */
};

/* One id, and everything known about it. */
struct moment {
    struct uuid id;
    size_t owners, owner; /* how many outbox rows have it; the service of the last of them */
    char type[TYPE_BYTES];
    struct uuid body;  /* hash of what the owner has said */
    unsigned *traces;  /* by service */
    size_t changed_by; /* a service that kept another body under this id; SIZE_MAX: none */
};

static size_t index_of(const struct audit *audit, const struct model_service *model)
{
    for (size_t i = 0; i < audit->service_count; i++) {
        if (audit->services[i].model == model) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void add_hearings(const struct audit *audit, struct hearings *hearings, size_t listener)
{
    const struct model_service *service = audit->services[listener].model;
    for (size_t r = 0; r < service->receive_count; r++) {
        const struct model_operation *receive = &service->receives[r];
        for (size_t m = 0; m < receive->message_count; m++) {
            hearings->rows =
                xrealloc(hearings->rows, (hearings->count + 1) * sizeof hearings->rows[0]);
            hearings->rows[hearings->count++] = (struct hearing){
                .speaker = index_of(audit, receive->channel->owner),
                .listener = listener,
                .type = receive->messages[m]->type,
            };
        }
    }
}

static const char *name_of(const struct reading *reading, size_t service)
{
    return reading->audit->services[service].model->name;
}

static void judge_heard(const struct reading *reading, const struct moment *moment)
{
    struct audit_report *report = reading->audit->report;
    for (size_t i = 0; moment->owners > 0 && i < reading->hearings.count; i++) {
        const struct hearing *hearing = &reading->hearings.rows[i];
        const struct audit_service *listener = &reading->audit->services[hearing->listener];
        if (hearing->speaker != moment->owner || strcmp(hearing->type, moment->type) != 0 ||
            ids_time_ms(&moment->id) < listener->inbox_floor_ms) {
            continue;
        }
        audit_report_count(report, AUDIT_I5, 1, 0);
        if ((moment->traces[hearing->listener] & SETTLED) == 0) {
            if (reading->audit->options->missing != NULL) {
                audit_missing_add(reading->audit->options->missing, listener->model->name,
                                  moment->type, &moment->id);
            }
            const struct audit_place place = {
                .service = listener->model->name, .event = moment->id, .type = moment->type};
            audit_report_differ(
                report, AUDIT_I5, &place,
                "%s has said it, %s hears it and has neither claimed, parked nor dead-lettered it",
                name_of(reading, moment->owner), listener->model->name);
        }
    }
}

static void judge_claim(const struct reading *reading, const struct moment *moment, size_t service)
{
    struct audit_report *report = reading->audit->report;
    const struct audit_place place = {.service = name_of(reading, service),
                                      .event = moment->id,
                                      .type = moment->type,
                                      .has_numbers = true,
                                      .wanted = 1,
                                      .found = (int64_t)moment->owners};
    audit_report_count(report, AUDIT_I6, 1, 0);
    if (moment->owners == 0) {
        audit_report_differ(report, AUDIT_I6, &place, "%s has claimed it, and no outbox has it",
                            place.service);
    } else if (moment->owners > 1) {
        audit_report_differ(report, AUDIT_I6, &place,
                            "it stands in more than one row of the outboxes");
    }
}

static const char *sighting(unsigned traces)
{
    return (traces & TRACE_SAID) != 0     ? "says in a business row that it has published it"
           : (traces & TRACE_PARKED) != 0 ? "has parked it"
           : (traces & TRACE_DEAD) != 0   ? "has made a dead letter of it"
                                          : "names it as a cause";
}

static void judge_committed(const struct reading *reading, const struct moment *moment,
                            size_t service)
{
    struct audit_report *report = reading->audit->report;
    unsigned traces = moment->traces[service];
    const struct audit_place place = {
        .service = name_of(reading, service), .event = moment->id, .type = moment->type};
    bool is_elsewhere = (traces & TRACE_SAID) != 0 && moment->owner != service;
    audit_report_count(report, AUDIT_I8, 1, 0);
    if (moment->owners == 0 || is_elsewhere) {
        audit_report_differ(report, AUDIT_I8, &place, "%s %s, and %s outbox has it", place.service,
                            sighting(traces), is_elsewhere ? "not its own" : "no");
    } else if (moment->changed_by == service) {
        audit_report_differ(report, AUDIT_I8, &place,
                            "%s has seen another body than the outbox of %s has under this id",
                            place.service, name_of(reading, moment->owner));
    }
}

static void judge(const struct reading *reading, const struct moment *moment)
{
    judge_heard(reading, moment);
    bool is_foreign = id_set_has(reading->audit->options->foreign, &moment->id);
    if (is_foreign || ids_time_ms(&moment->id) < reading->outbox_floor_ms) {
        return; /* nobody's outbox has it, and that is known */
    }
    for (size_t i = 0; i < reading->services; i++) {
        if ((moment->traces[i] & TRACE_CLAIMED) != 0) {
            judge_claim(reading, moment, i);
        }
        if ((moment->traces[i] & COMMITTED) != 0) {
            judge_committed(reading, moment, i);
        }
    }
}

static void read_journal(const struct audit_stream *stream, struct moment *moment, size_t service)
{
    moment->owners++;
    moment->owner = service;
    moment->body = db_get_uuid(stream->rows, stream->row, 1);
    (void)snprintf(moment->type, sizeof moment->type, "%s",
                   db_get_text(stream->rows, stream->row, 2));
}

static void read_sighting(const struct audit_stream *stream, struct moment *moment, size_t service)
{
    unsigned trace = (unsigned)db_get_i64(stream->rows, stream->row, 2);
    moment->traces[service] |= trace;
    if ((trace & COMMITTED) != 0 && !db_is_null(stream->rows, stream->row, 1)) {
        struct uuid body = db_get_uuid(stream->rows, stream->row, 1);
        if (!ids_equal(&body, &moment->body)) {
            moment->changed_by = service;
        }
    }
}

/* Journals come first, so that what has been said is known when it is seen. */
static enum outcome read_moment(struct reading *reading, struct moment *moment, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; i < reading->stream_count; i++) {
        struct audit_stream *stream = &reading->streams[i];
        while (o == OK && audit_stream_is_at(stream, &moment->id)) {
            (i < reading->services ? read_journal : read_sighting)(stream, moment,
                                                                   reading->service_of[i]);
            o = audit_stream_next(stream, fault);
        }
    }
    return o;
}

static enum outcome merge(struct reading *reading, struct fault *fault)
{
    unsigned *traces = xcalloc(reading->services + 1, sizeof *traces);
    struct moment moment = {0};
    enum outcome o = OK;
    while (o == OK && audit_stream_smallest(reading->streams, reading->stream_count, &moment.id)) {
        memset(traces, 0, reading->services * sizeof *traces);
        moment = (struct moment){.id = moment.id, .traces = traces, .changed_by = SIZE_MAX};
        o = read_moment(reading, &moment, fault);
        if (o == OK) {
            judge(reading, &moment);
        }
    }
    free(traces);
    return o;
}

static enum outcome add_stream(struct reading *reading, size_t service, const struct sql *declare,
                               const struct sql *fetch, struct fault *fault)
{
    reading->service_of[reading->stream_count] = service;
    return audit_stream_open(&reading->streams[reading->stream_count++],
                             reading->audit->services[service].db, declare, fetch, fault);
}

static enum outcome open_streams(struct reading *reading, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < reading->services; i++) {
        o = add_stream(reading, i, &sql_audit_journal, &journal_fetch, fault);
    }
    for (size_t i = 0; o == OK && i < reading->services; i++) {
        o = add_stream(reading, i, &sql_audit_seen, &seen_fetch, fault);
    }
    for (size_t i = 0; o == OK && i < COUNT_OF(own_tables); i++) {
        const struct audit_service *service =
            audit_service_find(reading->audit, own_tables[i].service);
        if (service != NULL) {
            o = add_stream(reading, (size_t)(service - reading->audit->services),
                           own_tables[i].declare, &seen_own_fetch, fault);
        }
    }
    return o;
}

enum outcome audit_events(struct audit *audit, struct fault *fault)
{
    size_t streams = 2 * audit->service_count + COUNT_OF(own_tables);
    struct reading reading = {
        .audit = audit,
        .services = audit->service_count,
        .streams = xcalloc(streams, sizeof reading.streams[0]),
        .service_of = xcalloc(streams, sizeof reading.service_of[0]),
        .outbox_floor_ms = INT64_MIN,
    };
    for (size_t i = 0; i < audit->service_count; i++) {
        add_hearings(audit, &reading.hearings, i);
        if (audit->services[i].outbox_floor_ms > reading.outbox_floor_ms) {
            reading.outbox_floor_ms = audit->services[i].outbox_floor_ms;
        }
    }
    enum outcome o = open_streams(&reading, fault);
    if (o == OK) {
        o = merge(&reading, fault);
    }
    for (size_t i = 0; i < reading.stream_count; i++) {
        audit_stream_done(&reading.streams[i]);
    }
    free(reading.streams);
    free(reading.service_of);
    free(reading.hearings.rows);
    return o == OK ? OK : fault_wrap(fault, o, "events");
}
