/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/text.h"
#include "tools/commands.h"
#include "tools/escape.h"
#include "tools/history/history.h"
#include "tools/history/history_sql.h"
#include "tools/saga/reason.h"
#include "tools/saga/saga_sql.h"
#include "tools/saga/story_print.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 100 * 1000 };

/* What a command is asked for, what the contracts say, and where the history is. */
struct telling {
    const struct cli_call *call;
    struct asyncapi set;
    struct graph graph;
    struct plot *plots;
    size_t plot_count;
    struct history *history;
    struct reasons reasons;
    struct uuid correlation_id, subject;
    bool has_correlation_id, has_subject;
    bool wants_open, wants_ended; /* only these; neither: all */
    int64_t since_ms, until_ms;
    struct story_terms terms;
    int64_t limit;
    size_t told, found;
    int (*tell)(struct telling *telling, const struct story *story);
};

static void telling_done(struct telling *telling)
{
    for (size_t i = 0; i < telling->plot_count; i++) {
        plot_done(&telling->plots[i]);
    }
    free(telling->plots);
    graph_done(&telling->graph);
    asyncapi_done(&telling->set);
    history_close(telling->history);
    reasons_done(&telling->reasons);
}

static int read_contracts(struct telling *telling)
{
    struct fault fault;
    const char *path = cli_text(telling->call, "contracts");
    const char *wanted = cli_text(telling->call, "saga");
    enum outcome o = asyncapi_load(&telling->set, &path, 1, &fault);
    if (o == OK) {
        o = graph_make(&telling->graph, &telling->set, &fault);
    }
    if (o != OK) {
        return cli_fail_fault(telling->call, &fault, "the contracts cannot be read");
    }
    telling->plots = xcalloc(telling->graph.saga_count + 1, sizeof telling->plots[0]);
    for (size_t i = 0; i < telling->graph.saga_count; i++) {
        const char *name = telling->graph.sagas[i];
        if (wanted == NULL || strcmp(wanted, name) == 0) {
            plot_read(&telling->plots[telling->plot_count++], &telling->graph, name);
        }
    }
    return telling->plot_count > 0 ? EXIT_DONE
                                   : cli_fail(telling->call, EXIT_FAILED,
                                              "the contracts declare no such saga (x-saga)");
}

static bool read_time(const char *text, int64_t now_ms, int64_t *out)
{
    int64_t ago = 0;
    if (text == NULL) {
        return true;
    }
    if (text_duration_ms(text, &ago)) {
        *out = now_ms - ago;
        return *out > 0;
    }
    return text_date_time(text, strlen(text), out) && *out > 0;
}

static bool read_id(const char *text, struct uuid *id, bool *is_there)
{
    *is_there = text != NULL;
    return text == NULL || ids_parse(text, id);
}

static int read_after(struct telling *telling)
{
    telling->terms.now_ms = clock_now_ms();
    return text_duration_ms(cli_text(telling->call, "after"), &telling->terms.after_ms)
               ? EXIT_DONE
               : cli_fail(telling->call, EXIT_USAGE,
                          "--after must be a duration such as 30s or 5m");
}

static int read_terms(struct telling *telling)
{
    const struct cli_call *call = telling->call;
    int code = read_after(telling);
    if (code != EXIT_DONE) {
        return code;
    }
    int64_t now_ms = telling->terms.now_ms;
    if (!read_time(cli_text(call, "since"), now_ms, &telling->since_ms) ||
        !read_time(cli_text(call, "until"), now_ms, &telling->until_ms)) {
        return cli_fail(call, EXIT_USAGE,
                        "--since and --until must be an instant such as 2026-11-23T07:00:00Z, or a "
                        "duration such as 2h");
    }
    if (!read_id(cli_text(call, "correlation"), &telling->correlation_id,
                 &telling->has_correlation_id) ||
        !read_id(cli_text(call, "subject"), &telling->subject, &telling->has_subject)) {
        return cli_fail(call, EXIT_USAGE, "--correlation and --subject must be UUIDs");
    }
    return cli_int(call, "limit", 1, LIMIT_MAX, &telling->limit) ? EXIT_DONE : EXIT_USAGE;
}

static enum outcome read_floor(struct telling *telling, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(history_db(telling->history), &sql_history_head, DB_NO_PARAMS, &rows, fault);
    if (o == OK && db_rows_count(rows) > 0 && !db_is_null(rows, 0, 7)) {
        struct uuid oldest = db_get_uuid(rows, 0, 7);
        telling->terms.history_ms = ids_time_ms(&oldest);
    }
    return o;
}

static enum outcome tell_story(struct telling *telling, const struct plot *plot,
                               const struct uuid *id, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(history_db(telling->history), &sql_saga_records,
                            DB_PARAMS(db_uuid(id), db_i64(STORY_RECORDS_MAX)), &rows, fault);
    if (o != OK) {
        return o;
    }
    int count = db_rows_count(rows);
    struct story_record *records = xcalloc((size_t)count + 1, sizeof *records);
    for (int i = 0; i < count; i++) {
        records[i] = (struct story_record){
            .id = db_get_uuid(rows, i, 0),
            .causation_id = db_get_uuid(rows, i, 1),
            .has_causation_id = !db_is_null(rows, i, 1),
            .type = db_get_text(rows, i, 2),
            .service = db_get_text(rows, i, 3),
            .occurred_at_ms = db_get_time(rows, i, 4),
            .recorded_at_ms = db_get_time(rows, i, 5),
            .is_elsewhere = db_get_bool(rows, i, 6),
        };
    }
    struct story story;
    story_make(&story, plot, id, records, (size_t)count, &telling->terms);
    telling->found += (size_t)story.finding_count;
    telling->told += telling->tell(telling, &story) == EXIT_DONE;
    if (count == STORY_RECORDS_MAX) {
        (void)fprintf(stderr, "A story of more than %d events: only the first are looked at.\n",
                      STORY_RECORDS_MAX);
    }
    story_done(&story);
    free(records);
    return OK;
}

/* Types of the log: those that only this saga says, and its ends. */
static enum outcome read_types(struct telling *telling, const struct plot *plot,
                               struct db_array *types, struct db_array *ends, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(history_db(telling->history), &sql_history_types, DB_NO_PARAMS, &rows, fault);
    db_array_init(types, DB_TEXT);
    db_array_init(ends, DB_TEXT);
    for (int i = 0; o == OK && i < db_rows_count(rows); i++) {
        const char *type = db_get_text(rows, i, 0);
        unsigned role = plot_role(plot, plot_event(plot->graph, type));
        if ((role & PLOT_TELLING) != 0) {
            db_array_text(types, type);
        }
        if ((role & PLOT_END) != 0) {
            db_array_text(ends, type);
        }
    }
    return o;
}

static enum outcome tell_saga(struct telling *telling, const struct plot *plot, struct fault *fault)
{
    struct db_array types = {0};
    struct db_array ends = {0};
    bool is_any = !telling->wants_open && !telling->wants_ended;
    struct uuid from = telling->since_ms > 0 ? ids_floor(telling->since_ms) : (struct uuid){0};
    struct uuid before;
    memset(&before, 0xff, sizeof before);
    if (telling->until_ms > 0) {
        before = ids_floor(telling->until_ms);
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = read_types(telling, plot, &types, &ends, fault);
    if (o == OK && types.count > 0) {
        o = db_run(history_db(telling->history), &sql_saga_stories,
                   DB_PARAMS(db_array(&types), db_uuid(&from), db_uuid(&before),
                             db_uuid(telling->has_correlation_id ? &telling->correlation_id : NULL),
                             db_uuid(telling->has_subject ? &telling->subject : NULL),
                             db_i64(telling->limit + 1), db_array(&ends),
                             is_any ? db_null() : db_bool(telling->wants_ended)),
                   &rows, fault);
    }
    int count = db_rows_count(rows);
    if (count > telling->limit) {
        (void)fprintf(stderr, "There are earlier stories of %s: --limit, --since, --until\n",
                      plot->name);
        count = (int)telling->limit;
    }
    for (int i = 0; o == OK && i < count; i++) {
        struct uuid id = db_get_uuid(rows, i, 0);
        o = tell_story(telling, plot, &id, fault);
    }
    db_array_done(&types);
    db_array_done(&ends);
    return o;
}

static int tell_sagas(struct telling *telling)
{
    struct fault fault;
    enum outcome o = read_floor(telling, &fault);
    for (size_t i = 0; o == OK && i < telling->plot_count; i++) {
        o = tell_saga(telling, &telling->plots[i], &fault);
    }
    return o == OK ? EXIT_DONE : cli_fail_fault(telling->call, &fault, "stopped");
}

static int tell_all(struct telling *telling)
{
    telling->reasons.call = telling->call;
    int code = history_access(telling->call, "quadrille saga", &telling->history);
    return code == EXIT_DONE ? tell_sagas(telling) : code;
}

static int begin(struct telling *telling)
{
    int code = read_terms(telling);
    return code == EXIT_DONE ? read_contracts(telling) : code;
}

static void print_json_line(const struct story *story)
{
    AUTO(buffer_done) struct buffer out = {0};
    story_write_json(story, &out);
    (void)puts(buffer_cstr(&out));
}

/* ---- ls ---- */

/* "compensated" are those of the done ones that have undone something. */
static bool has_state(const struct story *story, const char *state)
{
    if (strcmp(state, "compensated") != 0) {
        return strcmp(state, story_state_name(story->state)) == 0;
    }
    for (int i = 0; story->state == STORY_DONE && i < story->count; i++) {
        if (story_is_undo(&story->records[i])) {
            return true;
        }
    }
    return false;
}

static int tell_line(struct telling *telling, const struct story *story)
{
    const char *state = cli_text(telling->call, "state");
    if (state != NULL && !has_state(story, state)) {
        return EXIT_FAILED;
    }
    if (telling->call->is_json) {
        print_json_line(story);
        return EXIT_DONE;
    }
    AUTO(buffer_done) struct buffer out = {0};
    story_add_line(telling->call, &out, story, telling->terms.now_ms);
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

static bool is_state(const char *state)
{
    return state == NULL || strcmp(state, "open") == 0 || strcmp(state, "done") == 0 ||
           strcmp(state, "stuck") == 0 || strcmp(state, "compensated") == 0;
}

static int run_ls(const struct cli_call *call)
{
    AUTO(telling_done) struct telling telling = {.call = call, .tell = tell_line};
    const char *state = cli_text(call, "state");
    if (!is_state(state)) {
        return cli_fail(call, EXIT_USAGE, "--state is open, done, compensated or stuck");
    }
    telling.wants_ended =
        state != NULL && (strcmp(state, "done") == 0 || strcmp(state, "compensated") == 0);
    telling.wants_open = state != NULL && !telling.wants_ended;
    int code = begin(&telling);
    return code == EXIT_DONE ? tell_all(&telling) : code;
}

/* ---- show ---- */

/* A story, and `reasons` of what is overdue in it. */
static void print_json_with_reasons(struct telling *telling, const struct story *story)
{
    AUTO(buffer_done) struct buffer out = {0};
    const char *comma = "";
    story_write_json(story, &out);
    out.length--; /* its last brace */
    buffer_text(&out, ",\"reasons\":[");
    for (int i = 0; story->state != STORY_DONE && i < story->wait_count; i++) {
        const struct story_wait *wait = &story->waits[i];
        const char *service = wait->step->service->name;
        char id[UUID_TEXT_BYTES];
        AUTO(buffer_done) struct buffer reason = {0};
        if (!wait->is_overdue) {
            continue;
        }
        reason_add(&telling->reasons, story, wait, &reason);
        buffer_printf(&out, "%s{\"cause\":\"%s\",\"service\":", comma,
                      ids_format(&story->records[wait->record].id, id));
        escape_json(&out, service, strlen(service));
        buffer_text(&out, ",\"text\":");
        escape_json(&out, buffer_cstr(&reason), reason.length);
        buffer_byte(&out, '}');
        comma = ",";
    }
    buffer_text(&out, "]}");
    (void)puts(buffer_cstr(&out));
}

static void add_reasons(struct telling *telling, const struct story *story, struct buffer *out)
{
    for (int i = 0; story->state != STORY_DONE && i < story->wait_count; i++) {
        if (story->waits[i].is_overdue) {
            buffer_text(out, "likely reason: ");
            reason_add(&telling->reasons, story, &story->waits[i], out);
            buffer_byte(out, '\n');
        }
    }
}

static int tell_whole(struct telling *telling, const struct story *story)
{
    const char *format = telling->call->is_json ? "json" : cli_text(telling->call, "format");
    AUTO(buffer_done) struct buffer out = {0};
    if (strcmp(format, "json") == 0) {
        print_json_with_reasons(telling, story);
        return EXIT_DONE;
    }
    if (strcmp(format, "mermaid") == 0) {
        story_write_mermaid(story, &out);
    } else {
        story_write_text(telling->call, story, &out);
        add_reasons(telling, story, &out);
    }
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

/* The id that was given may be an event's: then its story is meant. */
static int tell_of_event(struct telling *telling)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    if (db_run(history_db(telling->history), &sql_saga_event,
               DB_PARAMS(db_uuid(&telling->correlation_id)), &rows, &fault) != OK) {
        return cli_fail_fault(telling->call, &fault, "stopped");
    }
    if (db_rows_count(rows) == 0) {
        return EXIT_DONE;
    }
    telling->correlation_id = db_get_uuid(rows, 0, 0);
    return tell_sagas(telling);
}

static int run_show(const struct cli_call *call)
{
    AUTO(telling_done) struct telling telling = {.call = call, .tell = tell_whole};
    const char *format = cli_text(call, "format");
    if (strcmp(format, "text") != 0 && strcmp(format, "mermaid") != 0 &&
        strcmp(format, "json") != 0) {
        return cli_fail(call, EXIT_USAGE, "--format is text, mermaid or json");
    }
    if (call->argument_count != 1 || !ids_parse(call->arguments[0], &telling.correlation_id)) {
        return cli_fail(
            call, EXIT_USAGE,
            "one id is needed, a UUID: a correlation id (saga ls has them) or an event's");
    }
    telling.has_correlation_id = true;
    telling.limit = 1;
    if (read_after(&telling) != EXIT_DONE) {
        return EXIT_USAGE;
    }
    int code = read_contracts(&telling);
    if (code == EXIT_DONE) {
        code = tell_all(&telling);
    }
    if (code == EXIT_DONE && telling.told == 0) {
        code = tell_of_event(&telling);
    }
    return code == EXIT_DONE && telling.told == 0
               ? cli_fail(call, EXIT_FAILED,
                          "the history has no saga with this correlation id, and no event of one")
               : code;
}

/* ---- stuck ---- */

static int tell_stuck(struct telling *telling, const struct story *story)
{
    if (story->state != STORY_STUCK) {
        return EXIT_FAILED;
    }
    if (telling->call->is_json) {
        print_json_with_reasons(telling, story);
        return EXIT_DONE;
    }
    AUTO(buffer_done) struct buffer out = {0};
    story_add_line(telling->call, &out, story, telling->terms.now_ms);
    for (int i = 0; i < story->wait_count; i++) {
        if (story->waits[i].is_overdue) {
            buffer_text(&out, "       ");
            story_add_wait(&out, story, &story->waits[i]);
            buffer_text(&out, "\n       ");
            reason_add(&telling->reasons, story, &story->waits[i], &out);
            buffer_byte(&out, '\n');
        }
    }
    if (story->wait_count == 0) {
        buffer_text(&out, "       nobody has anything to say by contract, and there is no end\n");
    }
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

static int run_stuck(const struct cli_call *call)
{
    AUTO(telling_done)
    struct telling telling = {.call = call, .tell = tell_stuck, .wants_open = true};
    int code = begin(&telling);
    if (code == EXIT_DONE) {
        code = tell_all(&telling);
    }
    return code == EXIT_DONE && telling.told > 0 ? EXIT_FAILED : code;
}

/* ---- verify ---- */

static int tell_findings(struct telling *telling, const struct story *story)
{
    char id[UUID_TEXT_BYTES];
    if (telling->call->is_json) {
        if (story->finding_count > 0) {
            print_json_line(story);
        }
        return EXIT_DONE;
    }
    AUTO(buffer_done) struct buffer out = {0};
    for (int i = 0; i < story->finding_count; i++) {
        const struct story_finding *finding = &story->findings[i];
        buffer_printf(&out, "%s  %s", ids_format(&story->id, id), story_flaw_name(finding->flaw));
        if (finding->record != STORY_NOWHERE) {
            const struct story_record *record = &story->records[finding->record];
            AUTO(free_text) char *name = escape_new(story_event_name(record));
            buffer_printf(&out, "  %s %s", name, ids_format(&record->id, id));
        }
        AUTO(free_text) char *text = escape_new(finding->text);
        buffer_printf(&out, ": %s\n", text);
    }
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

static int run_verify(const struct cli_call *call)
{
    AUTO(telling_done) struct telling telling = {.call = call, .tell = tell_findings};
    int code = begin(&telling);
    if (code == EXIT_DONE) {
        code = tell_all(&telling);
    }
    if (code == EXIT_DONE) {
        (void)fprintf(stderr, "%zu stories, %zu findings\n", telling.told, telling.found);
    }
    return code == EXIT_DONE && telling.found > 0 ? EXIT_FAILED : code;
}

/* clang-format off */
#define SAGA_COMMON                                                                                     \
    {"contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"},        \
    {"saga", "NAME", NULL, NULL, "only this saga"},                                                     \
    {"after", "DURATION", NULL, "5m", "what has not happened for so long is overdue"},                  \
    ACCESS_MANAGEMENT_URL, ACCESS_VHOST, ACCESS_PASSWORD_FILE, ACCESS_TLS, HISTORY_ACCESS
#define SAGA_SELECTION                                                                                  \
    {"since", "TIME", NULL, NULL, "told from this instant on (RFC 3339, or how long ago: 2h)"},         \
    {"until", "TIME", NULL, NULL, "told before this instant"},                                          \
    {"correlation", "UUID", NULL, NULL, "only this story"},                                             \
    {"subject", "UUID", NULL, NULL, "only stories that say something about this subject"},              \
    {"limit", "N", NULL, "1000", "the newest so many of each saga"}
/* clang-format on */

static const struct cli_option ls_options[] = {
    SAGA_SELECTION,
    {"state", "STATE", NULL, NULL,
     "open, done, compensated (done, and something was undone) or stuck",
     .choices = "open done compensated stuck"},
    SAGA_COMMON,
};
static const struct cli_option show_options[] = {
    {"format", "FORMAT", NULL, "text", "text, mermaid or json", .choices = "text mermaid json"},
    SAGA_COMMON,
};
static const struct cli_option select_options[] = {SAGA_SELECTION, SAGA_COMMON};

const struct cli_command saga_commands[] = {
    {"saga ls", "", "list stories with their state and age, newest first",
     "Sagas are read from the contracts (x-saga, x-saga-end, x-outcomes, x-compensates), stories "
     "from the history.",
     ls_options, COUNT_OF(ls_options), run_ls},
    {"saga show", "ID", "show a story as a tree of causes, and what should happen next",
     "ID is the correlation id, or the id of one of the events. The time behind + is since the "
     "cause.",
     show_options, COUNT_OF(show_options), run_show},
    {"saga stuck", "", "list stories whose next event is overdue, and who should say it",
     "Exit 1 when there are any. Who waits for the answer of others is not named.", select_options,
     COUNT_OF(select_options), run_stuck},
    {"saga verify", "", "compare the history with the choreography that the contracts declare",
     "Finds undeclared events and reactions, missing causes, reactions and undos, second "
     "beginnings "
     "and ends, ends without a\nbeginning. Exit 1 when something is found.",
     select_options, COUNT_OF(select_options), run_verify},
};
const size_t saga_command_count = COUNT_OF(saga_commands);
