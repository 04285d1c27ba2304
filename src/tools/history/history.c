/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/history/history.h"

#include "core/personal.h"
#include "core/text.h"
#include "tools/history/history_sql.h"
#include "tools/secret.h"

#include <inttypes.h>
#include <json.h>
#include <json_pointer.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Columns of every statement that reads rows. */
enum {
    ID,
    ERA,
    XID,
    POSITION,
    TYPE,
    SERVICE,
    EXCHANGE,
    ROUTING_KEY,
    CORRELATION_ID,
    CAUSATION_ID,
    SUBJECT,
    SEQUENCE,
    OCCURRED_AT,
    RECORDED_AT,
    PERSON,
    PROPERTIES,
    BODY,
    CUTS,
    SEALED,
};

static const char columns[] =
    "select l.id, l.era, l.xid, l.position, l.type, l.service, l.exchange, l.routing_key, "
    "l.correlation_id, l.causation_id, l.subject, l.sequence, l.occurred_at, l.recorded_at, "
    "l.person, l.properties, l.body, l.cuts, l.sealed from event_log l where true";

enum { PARAMS_MAX = 16, STATEMENTS_MAX = 200 };

struct history {
    struct db *db;
    struct db *keys;     /* NULL: sealed stays sealed */
    unsigned statements; /* readers so far: each has a statement of its own */
    struct arena arena;  /* where they live as long as the connection */
};

struct history_reader {
    struct history *history;
    struct history_filter filter;
    struct history_position horizon;
    struct buffer text;
    const struct sql *sql;
    /* Parameters of the statement, and what they live in. The last but one are the position. */
    struct db_param params[PARAMS_MAX];
    int param_count, position_at, limit_at;
    int page_rows;
    struct db_array types, ids, persons;
    char xid_text[24], horizon_text[24];
    /* The page. */
    struct db_rows *rows, *keys;
    int row;
    bool is_last;
    struct history_event event;
    struct buffer body, values;
};

static int open_one(const struct cli_call *call, const char *url, const char *name, struct db **out)
{
    struct fault fault;
    const struct db_options options = {
        .url = url,
        .name = name,
        .settings = "-c jit=off -c plan_cache_mode=force_custom_plan",
    };
    enum outcome o = db_open(&options, out, &fault);
    return o == OK ? EXIT_DONE : cli_fail_fault(call, &fault, "the history cannot be read");
}

int history_access(const struct cli_call *call, const char *name, struct history **out)
{
    struct db_options given;
    int code = access_database_options(call, name, &given);
    if (code != EXIT_DONE) {
        return code;
    }
    AUTO(free_text) char *database = xasprintf("%shistory", cli_text(call, "prefix"));
    AUTO(free_text) char *url = secret_url_with_database(given.url, database);
    const char *keys = cli_text(call, "keys-url");
    AUTO(history_close_auto) struct history *history = xcalloc(1, sizeof *history);
    code = open_one(call, url, name, &history->db);
    if (code == EXIT_DONE && keys != NULL && keys[0] != '\0') {
        code = open_one(call, keys, name, &history->keys);
    }
    if (code == EXIT_DONE) {
        *out = take(history);
    }
    return code;
}

void history_close(struct history *history)
{
    if (history != NULL) {
        db_close(history->db);
        db_close(history->keys);
        arena_done(&history->arena);
        free(history);
    }
}

void history_close_auto(struct history **history)
{
    history_close(*history);
}

struct db *history_db(struct history *history)
{
    return history->db;
}

const char *history_position_text(const struct history_position *position,
                                  char text[HISTORY_POSITION_TEXT_BYTES])
{
    (void)snprintf(text, HISTORY_POSITION_TEXT_BYTES, "%" PRId32 "/%" PRIu64 "/%" PRId64,
                   position->era, position->xid, position->number);
    return text;
}

bool history_position_parse(const char *text, struct history_position *out)
{
    char parts[3][24];
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(at, "/");
        if (length == 0 || length >= sizeof parts[i] || (at[length] == '/') != (i < 2)) {
            return false;
        }
        memcpy(parts[i], at, length);
        parts[i][length] = '\0';
        at += length + (i < 2);
    }
    int64_t era = 0;
    int64_t xid = 0;
    int64_t number = 0;
    if (!text_int(parts[0], 0, INT32_MAX, &era) || !text_int(parts[1], 0, INT64_MAX, &xid) ||
        !text_int(parts[2], 0, INT64_MAX, &number)) {
        return false;
    }
    *out = (struct history_position){(int32_t)era, (uint64_t)xid, number};
    return true;
}

const char *history_personal_name(enum history_personal personal)
{
    static const char *const names[] = {[HISTORY_PLAIN] = "plain",
                                        [HISTORY_OPENED] = "opened",
                                        [HISTORY_SEALED] = "sealed",
                                        [HISTORY_ERASED] = "erased"};
    return names[personal];
}

/* ---- the statement ---- */

static int add_param(struct history_reader *reader, struct db_param param)
{
    reader->params[reader->param_count] = param;
    return ++reader->param_count;
}

static void add_id(struct history_reader *reader, const char *column, const struct uuid *id)
{
    if (id != NULL) {
        int n = add_param(reader, db_uuid(id));
        buffer_printf(&reader->text, "\n and l.%s = $%d::uuid", column, n);
    }
}

static void add_times(struct history_reader *reader)
{
    const struct history_filter *filter = &reader->filter;
    if (filter->since_ms > 0) {
        struct uuid floor = ids_floor(filter->since_ms);
        buffer_printf(&reader->text, "\n and l.id >= $%d::uuid",
                      add_param(reader, db_uuid(&floor)));
    }
    if (filter->until_ms > 0) {
        struct uuid floor = ids_floor(filter->until_ms);
        buffer_printf(&reader->text, "\n and l.id < $%d::uuid", add_param(reader, db_uuid(&floor)));
    }
}

static void add_list(struct history_reader *reader, const char *column, struct db_array *array)
{
    int n = add_param(reader, db_array(array));
    buffer_printf(&reader->text, "\n and l.%s = any ($%d)", column, n);
}

bool history_is_type(const char *type, const char *wanted)
{
    /* fit.<service>.<Name>.v<major>, or its name alone. */
    size_t length = strlen(wanted);
    const char *found = strstr(type, wanted);
    return strcmp(type, wanted) == 0 ||
           (found != NULL && found > type && found[-1] == '.' && found[length] == '.' &&
            found[length + 1] == 'v' && strchr(wanted, '.') == NULL);
}

/* Names and services stand for types, which the log has an index over. */
static enum outcome list_types(struct history_reader *reader, struct fault *fault)
{
    const struct history_filter *filter = &reader->filter;
    if (filter->type_count == 0 && filter->service_count == 0) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(reader->history->db, &sql_history_types, DB_NO_PARAMS, &rows, fault);
    db_array_init(&reader->types, DB_TEXT);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        const char *type = db_get_text(rows, row, 0);
        bool is_wanted = filter->type_count == 0;
        for (size_t i = 0; i < filter->type_count; i++) {
            is_wanted = is_wanted || history_is_type(type, filter->types[i]);
        }
        bool is_served = filter->service_count == 0;
        for (size_t i = 0; i < filter->service_count; i++) {
            AUTO(free_text) char *prefix = xasprintf("fit.%s.", filter->services[i]);
            is_served = is_served || text_starts_with(type, prefix);
        }
        if (is_wanted && is_served) {
            db_array_text(&reader->types, type);
        }
    }
    if (o == OK) {
        add_list(reader, "type", &reader->types);
    }
    return o;
}

static void list_ids(struct history_reader *reader)
{
    if (reader->filter.id_count == 0) {
        return;
    }
    db_array_init(&reader->ids, DB_UUID);
    for (size_t i = 0; i < reader->filter.id_count; i++) {
        db_array_uuid(&reader->ids, &reader->filter.ids[i]);
    }
    add_list(reader, "id", &reader->ids);
}

static void set_position(struct history_reader *reader, const struct history_position *position)
{
    (void)snprintf(reader->xid_text, sizeof reader->xid_text, "%" PRIu64, position->xid);
    reader->params[reader->position_at] = db_i32(position->era);
    reader->params[reader->position_at + 1] = db_text(reader->xid_text);
    reader->params[reader->position_at + 2] = db_i64(position->number);
}

static void add_order(struct history_reader *reader)
{
    const struct history_filter *filter = &reader->filter;
    struct history_position start = {0};
    if (filter->has_after) {
        start = filter->after;
    } else if (filter->newest_first) {
        start = (struct history_position){INT32_MAX, INT64_MAX, INT64_MAX};
    }
    reader->position_at = reader->param_count;
    reader->param_count += 3;
    int n = reader->position_at + 1;
    buffer_printf(&reader->text,
                  "\n and (l.era, l.xid, l.position) %s ($%d::int4, $%d::text::xid8, $%d::int8)",
                  filter->newest_first ? "<" : ">", n, n + 1, n + 2);
    set_position(reader, &start);
    if (!filter->is_open_ended) {
        (void)snprintf(reader->horizon_text, sizeof reader->horizon_text, "%" PRIu64,
                       reader->horizon.xid);
        n = add_param(reader, db_i32(reader->horizon.era));
        (void)add_param(reader, db_text(reader->horizon_text));
        buffer_printf(&reader->text, "\n and (l.era < $%d::int4 or l.xid < $%d::text::xid8)", n,
                      n + 1);
    }
    const char *order = filter->newest_first ? " desc" : "";
    reader->page_rows = HISTORY_PAGE_ROWS;
    reader->limit_at = add_param(reader, db_i32(reader->page_rows)) - 1;
    buffer_printf(&reader->text, "\n order by l.era%s, l.xid%s, l.position%s limit $%d::int4",
                  order, order, order, reader->limit_at + 1);
}

static enum outcome find_horizon(struct history_reader *reader, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(reader->history->db, &sql_history_horizon, DB_NO_PARAMS, &rows, fault);
    if (o == OK) {
        reader->horizon = (struct history_position){(int32_t)db_get_i64(rows, 0, 0),
                                                    (uint64_t)db_get_i64(rows, 0, 1), 0};
    }
    return o;
}

enum outcome history_read(struct history *history, const struct history_filter *filter,
                          struct history_reader **out, struct fault *fault)
{
    if (history->statements == STATEMENTS_MAX) {
        return fault_set(fault, FATAL, "more than %d readers of one connection", STATEMENTS_MAX);
    }
    AUTO(history_reader_free_auto)
    struct history_reader *reader = xcalloc(1, sizeof *reader);
    reader->history = history;
    reader->filter = *filter;
    buffer_text(&reader->text, columns);
    add_id(reader, "correlation_id", filter->correlation_id);
    add_id(reader, "causation_id", filter->causation_id);
    add_id(reader, "subject", filter->subject);
    add_times(reader);
    list_ids(reader);
    enum outcome o = find_horizon(reader, fault);
    if (o == OK) {
        o = list_types(reader, fault);
    }
    if (o != OK) {
        return o;
    }
    add_order(reader);
    struct sql *sql = arena_alloc(&history->arena, sizeof *sql);
    sql->name = arena_printf(&history->arena, "history_read_%u", history->statements++);
    sql->text = arena_text(&history->arena, reader->text.bytes, reader->text.length);
    reader->sql = sql;
    *out = take(reader);
    return OK;
}

void history_reader_free(struct history_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    db_rows_free(reader->rows);
    db_rows_free(reader->keys);
    db_array_done(&reader->types);
    db_array_done(&reader->ids);
    db_array_done(&reader->persons);
    if (reader->values.bytes != NULL) {
        sodium_memzero(reader->values.bytes, reader->values.room);
    }
    buffer_done(&reader->text);
    buffer_done(&reader->body);
    buffer_done(&reader->values);
    free(reader);
}

void history_reader_free_auto(struct history_reader **reader)
{
    history_reader_free(*reader);
}

/* ---- a page ---- */

/* The keys of everybody on the page, with one statement. */
static enum outcome read_keys(struct history_reader *reader, struct fault *fault)
{
    db_rows_free(take(reader->keys));
    if (reader->history->keys == NULL) {
        return OK;
    }
    db_array_init(&reader->persons, DB_UUID);
    for (int row = 0; row < db_rows_count(reader->rows); row++) {
        if (!db_is_null(reader->rows, row, SEALED)) {
            struct uuid person = db_get_uuid(reader->rows, row, PERSON);
            db_array_uuid(&reader->persons, &person);
        }
    }
    return reader->persons.count == 0
               ? OK
               : db_run(reader->history->keys, &sql_history_keys,
                        DB_PARAMS(db_array(&reader->persons)), &reader->keys, fault);
}

static size_t page_bytes(const struct db_rows *rows)
{
    size_t bytes = 0;
    for (int row = 0; row < db_rows_count(rows); row++) {
        bytes += db_get_length(rows, row, PROPERTIES) + db_get_length(rows, row, BODY) +
                 db_get_length(rows, row, SEALED);
    }
    return bytes;
}

static void choose_page(struct history_reader *reader)
{
    bool is_small = page_bytes(reader->rows) < HISTORY_PAGE_SMALL_BYTES;
    reader->page_rows = is_small ? 2 * reader->page_rows : HISTORY_PAGE_ROWS;
    if (reader->page_rows > HISTORY_PAGE_ROWS_MAX) {
        reader->page_rows = HISTORY_PAGE_ROWS_MAX;
    }
    reader->params[reader->limit_at] = db_i32(reader->page_rows);
}

static enum outcome read_page(struct history_reader *reader, struct fault *fault)
{
    if (reader->rows != NULL) {
        set_position(reader, &reader->event.position);
    }
    db_rows_free(take(reader->rows));
    reader->row = 0;
    enum outcome o = db_run(reader->history->db, reader->sql, reader->params, reader->param_count,
                            &reader->rows, fault);
    if (o == OK) {
        reader->is_last = db_rows_count(reader->rows) < reader->page_rows;
        choose_page(reader);
        o = read_keys(reader, fault);
    }
    return o;
}

static const unsigned char *find_key(const struct history_reader *reader, const struct uuid *person)
{
    for (int row = 0; row < db_rows_count(reader->keys); row++) {
        struct uuid found = db_get_uuid(reader->keys, row, 0);
        if (ids_equal(&found, person) &&
            db_get_length(reader->keys, row, 1) == PERSONAL_KEY_BYTES) {
            return (const unsigned char *)db_get_text(reader->keys, row, 1);
        }
    }
    return NULL;
}

/* Values that stand for those that cannot be read: one "[sealed]" for each cut. */
static void make_sealed(struct buffer *values, size_t cuts)
{
    static const char text[] = "\"[sealed]\"";
    for (size_t i = 0; i < cuts; i++) {
        const char length[4] = {0, 0, 0, sizeof text - 1};
        buffer_add(values, length, sizeof length);
        buffer_add(values, text, sizeof text - 1);
    }
}

static enum outcome fill_body(struct history_reader *reader, struct history_event *event,
                              struct fault *fault)
{
    const struct db_rows *rows = reader->rows;
    int row = reader->row;
    const char *cuts = db_get_text(rows, row, CUTS);
    size_t cuts_length = db_get_length(rows, row, CUTS);
    const unsigned char *key = find_key(reader, &event->person);
    event->body = db_get_text(rows, row, BODY);
    event->body_length = db_get_length(rows, row, BODY);
    event->personal = HISTORY_PLAIN;
    if (db_is_null(rows, row, CUTS)) {
        return OK;
    }
    buffer_clear(&reader->body);
    buffer_clear(&reader->values);
    enum outcome o = OK;
    if (!db_is_null(rows, row, SEALED) && reader->history->keys == NULL) {
        event->personal = HISTORY_SEALED;
        make_sealed(&reader->values, cuts_length / PERSONAL_CUT_BYTES);
    } else if (!db_is_null(rows, row, SEALED) && key != NULL) {
        event->personal = HISTORY_OPENED;
        o = personal_open(db_get_text(rows, row, SEALED), db_get_length(rows, row, SEALED), cuts,
                          cuts_length, &event->id, key, &reader->values, fault);
    } else {
        event->personal = HISTORY_ERASED;
    }
    if (o == OK && event->personal == HISTORY_ERASED) {
        o = personal_blank(event->body, event->body_length, cuts, cuts_length, &reader->body,
                           fault);
    } else if (o == OK) {
        o = personal_join(event->body, event->body_length, cuts, cuts_length, reader->values.bytes,
                          reader->values.length, &reader->body, fault);
    }
    event->body = buffer_cstr(&reader->body);
    event->body_length = reader->body.length;
    return o;
}

static enum outcome read_row(struct history_reader *reader, struct fault *fault)
{
    const struct db_rows *rows = reader->rows;
    int row = reader->row;
    reader->event = (struct history_event){
        .position = {(int32_t)db_get_i64(rows, row, ERA), (uint64_t)db_get_i64(rows, row, XID),
                     db_get_i64(rows, row, POSITION)},
        .id = db_get_uuid(rows, row, ID),
        .type = db_get_text(rows, row, TYPE),
        .service = db_get_text(rows, row, SERVICE),
        .exchange = db_get_text(rows, row, EXCHANGE),
        .routing_key = db_get_text(rows, row, ROUTING_KEY),
        .correlation_id = db_get_uuid(rows, row, CORRELATION_ID),
        .causation_id = db_get_uuid(rows, row, CAUSATION_ID),
        .has_causation_id = !db_is_null(rows, row, CAUSATION_ID),
        .subject = db_get_uuid(rows, row, SUBJECT),
        .has_subject = !db_is_null(rows, row, SUBJECT),
        .sequence = db_get_i64(rows, row, SEQUENCE),
        .occurred_at_ms = db_get_time(rows, row, OCCURRED_AT),
        .recorded_at_ms = db_get_time(rows, row, RECORDED_AT),
        .person = db_get_uuid(rows, row, PERSON),
        .has_person = !db_is_null(rows, row, PERSON),
        .properties = db_get_text(rows, row, PROPERTIES),
        .properties_length = db_get_length(rows, row, PROPERTIES),
    };
    enum outcome o = fill_body(reader, &reader->event, fault);
    char text[UUID_TEXT_BYTES];
    return o == OK ? OK : fault_wrap(fault, o, "event %s", ids_format(&reader->event.id, text));
}

/* ---- JSON Pointers ---- */

static bool says(struct json_object *body, const struct history_pointer *wanted)
{
    struct json_object *found = NULL;
    if (json_pointer_get(body, wanted->pointer, &found) != 0) {
        return false;
    }
    if (json_object_is_type(found, json_type_string) &&
        strcmp(json_object_get_string(found), wanted->value) == 0) {
        return true;
    }
    enum json_tokener_error error = json_tokener_success;
    struct json_object *value = json_tokener_parse_verbose(wanted->value, &error);
    bool is_same = error == json_tokener_success && json_object_equal(found, value) != 0;
    (void)json_object_put(value);
    return is_same;
}

bool history_says(const char *body, size_t length, const struct history_pointer *pointers,
                  size_t count)
{
    if (count == 0) {
        return true;
    }
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *object =
        length <= INT32_MAX ? json_tokener_parse_ex(tokener, body, (int)length) : NULL;
    bool is_said = object != NULL;
    for (size_t i = 0; is_said && i < count; i++) {
        is_said = says(object, &pointers[i]);
    }
    (void)json_object_put(object);
    json_tokener_free(tokener);
    return is_said;
}

enum outcome history_next(struct history_reader *reader, const struct history_event **event,
                          struct fault *fault)
{
    for (;;) {
        bool is_empty = reader->rows == NULL || reader->row == db_rows_count(reader->rows);
        if (is_empty && reader->rows != NULL && reader->is_last) {
            *event = NULL;
            return OK;
        }
        if (is_empty) {
            enum outcome o = read_page(reader, fault);
            if (o != OK) {
                return o;
            }
            continue;
        }
        enum outcome o = read_row(reader, fault);
        reader->row++;
        if (o != OK) {
            return o;
        }
        if (history_says(reader->event.body, reader->event.body_length, reader->filter.pointers,
                         reader->filter.pointer_count)) {
            *event = &reader->event;
            return OK;
        }
    }
}
