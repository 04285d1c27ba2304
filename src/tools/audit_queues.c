/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/memory.h"
#include "tools/audit.h"
#include "tools/audit_sql.h"

#include <string.h>

/*
 * What the broker still holds. Its statistics lag some seconds behind: what looks wrong is asked
 * again for that long. The other way round, messages that they do not show yet are found by I5
 * (nobody has claimed them) and by the dead letters in the outboxes: each .dlq must hold as many as
 * its service has said.
 */

enum { ASK_EVERY_MS = 250 };

struct depth {
    char *name;
    bool is_dead;   /* a .dlq */
    int64_t wanted; /* what the outbox says should be in it: nothing but dead letters */
    bool is_there, has_statistics;
    int64_t ready, unacked;
};

struct depths {
    struct depth *queues; /* service i: its queue at 2 i, its dead letters at 2 i + 1 */
    size_t count;
};

static int64_t number_of(json_object *queue, const char *key, bool *is_there)
{
    json_object *value = NULL;
    *is_there = json_object_object_get_ex(queue, key, &value);
    return json_object_get_int64(value);
}

static void read_depth(json_object *list, struct depth *depth)
{
    depth->is_there = false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *queue = json_object_array_get_idx(list, i);
        json_object *name = NULL;
        if (json_object_object_get_ex(queue, "name", &name) &&
            strcmp(json_object_get_string(name), depth->name) == 0) {
            bool has_ready = false;
            bool has_unacked = false;
            depth->is_there = true;
            depth->ready = number_of(queue, "messages_ready", &has_ready);
            depth->unacked = number_of(queue, "messages_unacknowledged", &has_unacked);
            depth->has_statistics = has_ready && has_unacked;
        }
    }
}

static enum outcome ask(const struct audit *audit, struct depths *depths, struct fault *fault)
{
    json_object *list = NULL;
    enum outcome o = management_call(
        audit->management, "GET", NULL, &list, fault,
        "queues/%s?columns=name,messages_ready,messages_unacknowledged", audit->options->vhost);
    if (o != OK) {
        return o;
    }
    for (size_t i = 0; i < depths->count; i++) {
        read_depth(list, &depths->queues[i]);
    }
    (void)json_object_put(list);
    return OK;
}

static int64_t dead_in_queues(const struct depths *depths)
{
    int64_t total = 0;
    for (size_t i = 1; i < depths->count; i += 2) {
        total += depths->queues[i].ready + depths->queues[i].unacked;
    }
    return total;
}

/* An event may die at each of its listeners: ids say which, a number says how many. */
static bool is_as_many(const struct audit_options *options, int64_t dead)
{
    return options->dead_events != NULL ? dead >= options->dead_letters
                                        : dead == options->dead_letters;
}

static bool is_at_rest(const struct audit *audit, const struct depths *depths)
{
    for (size_t i = 0; i < depths->count; i++) {
        const struct depth *depth = &depths->queues[i];
        if (!depth->is_there || !depth->has_statistics ||
            depth->ready + depth->unacked != depth->wanted) {
            return false;
        }
    }
    return is_as_many(audit->options, dead_in_queues(depths));
}

static void judge_depth(const struct audit *audit, const struct depth *depth)
{
    struct audit_place place = {.service = depth->name};
    audit_report_count(audit->report, AUDIT_I10, 1, 0);
    if (!depth->is_there) {
        audit_report_differ(audit->report, AUDIT_I10, &place, "there is no queue of this name");
    } else if (!depth->has_statistics) {
        audit_report_differ(audit->report, AUDIT_I10, &place,
                            "the broker does not say what is in the queue");
    } else if (depth->is_dead && depth->ready + depth->unacked != depth->wanted) {
        place.has_numbers = true;
        place.wanted = depth->wanted;
        place.found = depth->ready + depth->unacked;
        audit_report_differ(audit->report, AUDIT_I10, &place,
                            "so many dead letters are in the queue, and the outbox has others");
    } else if (depth->ready + depth->unacked != depth->wanted) {
        place.has_numbers = true;
        place.found = depth->ready + depth->unacked;
        audit_report_differ(audit->report, AUDIT_I10, &place,
                            "%lld messages are ready and %lld unacked", (long long)depth->ready,
                            (long long)depth->unacked);
    }
}

static void judge_dead(const struct audit *audit, const struct depths *depths,
                       const struct id_set *dead)
{
    const struct audit_options *options = audit->options;
    int64_t found = dead_in_queues(depths);
    if (!is_as_many(options, found)) {
        const struct audit_place place = {
            .has_numbers = true, .wanted = options->dead_letters, .found = found};
        audit_report_differ(audit->report, AUDIT_I10, &place,
                            "so many dead letters are in the .dlq queues");
    }
    for (size_t i = 0; options->dead_events != NULL && i < options->dead_events->count; i++) {
        const struct audit_place place = {.event = options->dead_events->ids[i]};
        if (!id_set_has(dead, &place.event)) {
            audit_report_differ(audit->report, AUDIT_I10, &place,
                                "it should be a dead letter and is none");
        }
    }
}

static void note_dead(const struct audit *audit, const struct audit_service *service,
                      const struct db_rows *rows, struct id_set *dead)
{
    dead->ids =
        xrealloc(dead->ids, (dead->count + (size_t)db_rows_count(rows) + 1) * sizeof dead->ids[0]);
    for (int row = 0; row < db_rows_count(rows); row++) {
        const struct id_set *wanted = audit->options->dead_events;
        struct uuid id = db_get_uuid(rows, row, 0);
        if (!db_is_null(rows, row, 0)) {
            dead->ids[dead->count++] = id;
        }
        if (wanted != NULL && !id_set_has(wanted, &id)) {
            const struct audit_place place = {
                .service = service->model->name, .event = id, .type = db_get_text(rows, row, 1)};
            audit_report_differ(audit->report, AUDIT_I10, &place,
                                "a dead letter that was not expected: %s",
                                db_get_text(rows, row, 2));
        }
    }
}

/* Dead letters in the outboxes whose events have not been processed since. */
static enum outcome read_dead(const struct audit *audit, struct depths *depths, struct id_set *dead,
                              struct fault *fault)
{
    for (size_t i = 0; i < audit->service_count; i++) {
        AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
        enum outcome o = db_run(audit->services[i].db, &sql_audit_dead, DB_NO_PARAMS, &rows, fault);
        if (o != OK) {
            return o;
        }
        depths->queues[2 * i + 1].wanted = db_rows_count(rows);
        note_dead(audit, &audit->services[i], rows, dead);
    }
    id_set_sort(dead);
    return OK;
}

static enum outcome await_rest(const struct audit *audit, struct depths *depths,
                               struct fault *fault)
{
    int64_t deadline = clock_monotonic_ms() + audit->options->lag_ms;
    for (;;) {
        enum outcome o = ask(audit, depths, fault);
        if (o != OK || is_at_rest(audit, depths) || clock_monotonic_ms() >= deadline) {
            return o;
        }
        clock_sleep_ms(ASK_EVERY_MS);
    }
}

enum outcome audit_queues(struct audit *audit, struct fault *fault)
{
    struct arena arena = {0};
    struct depths depths = {.count = 2 * audit->service_count};
    struct id_set dead = {0};
    depths.queues = arena_alloc(&arena, (depths.count + 1) * sizeof depths.queues[0]);
    for (size_t i = 0; i < depths.count; i++) {
        bool is_dead = i % 2 == 1;
        depths.queues[i] = (struct depth){
            .name = arena_printf(&arena, "%s%s", audit->services[i / 2].model->name,
                                 is_dead ? ".dlq" : ""),
            .is_dead = is_dead,
        };
    }
    enum outcome o = read_dead(audit, &depths, &dead, fault);
    if (o == OK) {
        o = await_rest(audit, &depths, fault);
    }
    for (size_t i = 0; o == OK && i < depths.count; i++) {
        judge_depth(audit, &depths.queues[i]);
    }
    if (o == OK) {
        judge_dead(audit, &depths, &dead);
    }
    id_set_done(&dead);
    arena_done(&arena);
    return o == OK ? OK : fault_wrap(fault, o, "queues");
}
