/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/service.h"
#include "publishers/command.h"

#include <stdlib.h>

/* A service of notes: small, but a real process with all that service_main and the command part do.
 */

struct note {
    const char *text;
    int64_t amount;
    bool has_amount;
};

static const struct field note_fields[] = {
    {.name = "text",
     .kind = FIELD_STRING,
     .required = true,
     .offset = offsetof(struct note, text),
     .has_offset = FIELD_ABSENT,
     .has_max = true,
     .max = 100},
    {.name = "amount",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct note, amount),
     .has_offset = offsetof(struct note, has_amount),
     .has_min = true,
     .min = 1},
};
static const struct shape note_shape = {.name = "Note",
                                        .size = sizeof(struct note),
                                        .fields = note_fields,
                                        .field_count = COUNT_OF(note_fields)};

struct noted {
    struct uuid user_id;
    const char *text;
};

static const struct field noted_fields[] = {
    {.name = "userId",
     .kind = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct noted, user_id),
     .has_offset = FIELD_ABSENT},
    {.name = "text",
     .kind = FIELD_STRING,
     .required = true,
     .offset = offsetof(struct noted, text),
     .has_offset = FIELD_ABSENT},
};
static const struct shape noted_shape = {.name = "Noted",
                                         .size = sizeof(struct noted),
                                         .fields = noted_fields,
                                         .field_count = COUNT_OF(noted_fields)};
static const struct message noted_message = {
    .name = "Noted",
    .type = "fit.notes.Noted.v1",
    .service = "notes",
    .exchange = "notes.events",
    .routing_key = "notes.noted.v1",
    .major = 1,
    .shape = &noted_shape,
    .subject_offset = offsetof(struct noted, user_id),
    .correlation_offset = -1,
};

static const struct sql sql_insert = {"note_insert",
                                      "insert into note (id, user_id, text) values ($1, $2, $3)"};
static const struct sql sql_delete = {"note_delete", "delete from note where id = $1"};
static const struct sql sql_count = {"note_count", "select count(*) from note"};
static const struct sql sql_find = {"note_find", "select text from note where id = $1"};
static const struct sql sql_wait = {"note_wait", "select pg_sleep(1)"};
static const struct sql sql_wrong = {"note_wrong", "select nothing from nowhere"};
static const struct sql sql_read = {"counter_read", "select value from counter"};
static const struct sql sql_move = {"counter_move",
                                    "update counter set value = $1 + 1 where value = $1"};

static enum outcome add_note(struct command *command, const char *text, const struct uuid *user_id)
{
    char id_text[UUID_TEXT_BYTES];
    struct uuid id = ids_new();
    enum outcome o = work_queue(command->work, &sql_insert,
                                DB_PARAMS(db_uuid(&id), db_uuid(user_id), db_text(text)), 1);
    if (o == OK) {
        o = work_publish(command->work, &noted_message,
                         &(struct noted){.user_id = *user_id, .text = text});
    }
    command->reply->status = 201;
    (void)snprintf(command->reply->location, sizeof command->reply->location, "/notes/%s",
                   ids_format(&id, id_text));
    buffer_printf(&command->reply->body, "{\"noteId\":\"%s\"}", id_text);
    return o;
}

static enum outcome post_open(struct command *command)
{
    struct uuid user_id = ids_new();
    return add_note(command, ((const struct note *)command->body)->text, &user_id);
}

static enum outcome post_note(struct command *command)
{
    return add_note(command, ((const struct note *)command->body)->text, &command->user_id);
}

static enum outcome post_slow(struct command *command)
{
    enum outcome o = db_run(command->work->db, &sql_wait, DB_NO_PARAMS, NULL, command->work->fault);
    return o == OK ? post_note(command) : o;
}

/* Writes, then refuses: nothing may stay. */
static enum outcome post_refused(struct command *command)
{
    enum outcome o = post_note(command);
    return o == OK ? problem_reply(command->reply, PROBLEM_CONFLICT, NULL, "There is one already.")
                   : o;
}

/* Writes, then refuses when there is another. */
static enum outcome post_only(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = post_note(command);
    if (o == OK) {
        o = db_run(command->work->db, &sql_count, DB_NO_PARAMS, &rows, command->work->fault);
    }
    return o == OK && db_get_i64(rows, 0, 0) > 1
               ? problem_reply(command->reply, PROBLEM_CONFLICT, NULL, "There is one already.")
               : o;
}

static enum outcome post_wrong(struct command *command)
{
    return db_run(command->work->db, &sql_wrong, DB_NO_PARAMS, NULL, command->work->fault);
}

/* Reads, waits, writes on condition: twins lose races. */
static enum outcome post_count(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(command->work->db, &sql_read, DB_NO_PARAMS, &rows, command->work->fault);
    if (o != OK) {
        return o;
    }
    clock_sleep_ms(30);
    command->reply->status = 204;
    return work_queue(command->work, &sql_move, DB_PARAMS(db_i64(db_get_i64(rows, 0, 0))), 1);
}

static enum outcome get_note(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(command->work->db, &sql_find, DB_PARAMS(db_uuid(&command->item_id)),
                            &rows, command->work->fault);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) == 0) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, NULL);
    }
    command->reply->status = 200;
    buffer_text(&command->reply->body, "{\"text\":");
    buffer_json(&command->reply->body, db_get_text(rows, 0, 0), db_get_length(rows, 0, 0));
    buffer_text(&command->reply->body, "}");
    return OK;
}

static enum outcome delete_note(struct command *command)
{
    command->reply->status = 204;
    return work_queue(command->work, &sql_delete, DB_PARAMS(db_uuid(&command->item_id)),
                      DB_ANY_ROWS);
}

/* clang-format off */
static const struct command_route commands[] = {
    {.method = "POST",   .path = "/open",                      .access = ACCESS_ANYONE, .body = &note_shape, .run = post_open},
    {.method = "POST",   .path = "/users/{id}/notes",          .access = ACCESS_OWNER,  .body = &note_shape, .run = post_note},
    {.method = "POST",   .path = "/users/{id}/slow",           .access = ACCESS_OWNER,  .body = &note_shape, .run = post_slow},
    {.method = "POST",   .path = "/users/{id}/refused",        .access = ACCESS_OWNER,  .body = &note_shape, .run = post_refused},
    {.method = "POST",   .path = "/users/{id}/only",           .access = ACCESS_OWNER,  .body = &note_shape, .run = post_only},
    {.method = "POST",   .path = "/users/{id}/wrong",          .access = ACCESS_OWNER,  .run = post_wrong},
    {.method = "POST",   .path = "/users/{id}/count",          .access = ACCESS_OWNER,  .run = post_count},
    {.method = "GET",    .path = "/users/{id}/notes/{noteId}", .access = ACCESS_OWNER,  .is_query = true, .run = get_note},
    {.method = "DELETE", .path = "/users/{id}/notes/{noteId}", .access = ACCESS_OWNER,  .run = delete_note},
};
/* clang-format on */

/* Stands for the relay and the consumers; FAIL_AFTER_MS makes it fail. */
static enum outcome run_other(struct runtime *runtime, int index, struct fault *fault)
{
    const char *fail_after = getenv("FAIL_AFTER_MS");
    link_set(&runtime->counters.links, SEAT_WORKER, LINK_BROKER, LINK_UP);
    atomic_store(&runtime->counters.unsent, 3);
    (void)index;
    while (!runtime_sleep(runtime, fail_after != NULL ? strtol(fail_after, NULL, 10) : 1000)) {
        if (fail_after != NULL) {
            return fault_set(fault, FATAL, "told to fail");
        }
    }
    return OK;
}

static const struct part other_part = {.name = "other", .run = run_other};
static const struct part *const parts[] = {&other_part, &command_part, NULL};
static const struct message *const sends[] = {&noted_message};
static const struct contract contract = {
    .service = "notes", .sends = sends, .send_count = COUNT_OF(sends)};

static void add_readiness(struct runtime *runtime, struct buffer *out)
{
    (void)runtime;
    buffer_text(out, ",\"notes\":\"fine\"");
}

struct notes_config {
    int64_t favourite;
};

static const struct config_entry config[] = {
    {.name = "FAVOURITE",
     .kind = CONFIG_INT,
     .offset = offsetof(struct notes_config, favourite),
     .fallback = "2",
     .min = 1,
     .max = 9,
     .help = "an even number"},
};

static enum outcome prepare(struct runtime *runtime, struct fault *fault)
{
    const struct notes_config *own = runtime->own;
    return own->favourite % 2 == 0 ? OK : fault_set(fault, FATAL, "FAVOURITE must be even");
}

static const struct service notes_service = {
    .name = "notes",
    .summary = "keeps notes, for the test of the command part",
    .contract = &contract,
    .parts = parts,
    .commands = commands,
    .command_count = COUNT_OF(commands),
    .readiness = add_readiness,
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct notes_config),
    .prepare = prepare,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &notes_service);
}
