/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/trail.h"

#include "core/buffer.h"
#include "core/db.h"
#include "tools/dlq/letter_view.h"
#include "tools/dlq/state.h"
#include "tools/dlq/trail_sql.h"
#include "tools/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct trail {
    struct db *db; /* NULL: the file */
    char *path;
};

int trail_open(const struct cli_call *call, struct trail **out)
{
    const char *url = cli_text(call, "trail-database-url");
    struct trail *trail = xcalloc(1, sizeof *trail);
    struct fault fault = {0};
    enum outcome o = OK;
    if (url != NULL) {
        const struct db_options options = {.url = url, .name = "quadrille trail"};
        o = db_open(&options, &trail->db, &fault);
    } else {
        o = state_path(NULL, "trail.jsonl", &trail->path, &fault);
    }
    if (o != OK) {
        trail_close(trail);
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(call, EXIT_FAILED, "the audit trail: %s", reason);
    }
    *out = trail;
    return EXIT_DONE;
}

void trail_close(struct trail *trail)
{
    if (trail != NULL) {
        db_close(trail->db);
        free(trail->path);
        free(trail);
    }
}

/* Who */

static const char *user_name(void)
{
    const struct passwd *entry = getpwuid(getuid());
    return entry != NULL ? entry->pw_name : "?";
}

static void add_who(struct buffer *out)
{
    char host[256] = "?";
    (void)gethostname(host, sizeof host - 1);
    json_member_text(out, "user", user_name());
    json_member_text(out, "sudo_user", getenv("SUDO_USER"));
    json_member_text(out, "host", host);
}

static void add_uuid(struct buffer *out, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    json_member_text(out, name, ids_is_nil(id) ? NULL : ids_format(id, text));
}

static void add_entry(const struct trail_run *run, struct buffer *out)
{
    buffer_printf(out, "{\"quadrille_trail\":%d", TRAIL_FORMAT);
    add_uuid(out, "run", &run->run);
    json_member_text(out, "state", run->state);
    json_member_text(out, "verb", run->verb);
    json_member_text(out, "queue", run->queue);
    json_member_text(out, "vhost", run->vhost);
    json_member_text(out, "to", run->to);
    json_member_text(out, "selection", run->selection);
    json_member_text(out, "why", run->why);
    json_member_text(out, "plan", run->plan);
    add_who(out);
    json_member_text(out, "broker_user", run->broker_user);
    json_member_instant(out, "started_at", run->started_ms);
    json_member_instant(out, "ended_at", run->ended_ms);
    json_member_number(out, "selected", run->selected);
    json_member_number(out, "done", run->done);
    json_member_number(out, "left_out", run->left);
    json_member_number(out, "may_be_doubled", run->unsure);
    json_member_text(out, "export", run->export_file);
    json_member_text(out, "ids", run->ids_file);
    add_uuid(out, "undoes", &run->undoes);
    json_member_text(out, "note", run->note);
    buffer_byte(out, '}');
}

/* Writing */

static enum outcome write_whole(int fd, const struct buffer *line, const char *path,
                                struct fault *fault)
{
    /* One write of an appended line; a short one is a full disk. */
    ssize_t written = write(fd, line->bytes, line->length);
    if (written != (ssize_t)line->length || fsync(fd) != 0) {
        return fault_set(fault, FATAL, "%s: %s", path,
                         written >= 0 ? "it could not be written whole" : strerror(errno));
    }
    return OK;
}

static enum outcome open_private(const char *path, int flags, int *out, struct fault *fault)
{
    struct stat status;
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0) {
        (void)close(fd);
        return fault_set(fault, REJECT,
                         "%s must be a file of yours that nobody else can read: chmod 600 it",
                         path);
    }
    *out = fd;
    return OK;
}

static enum outcome add_to_file(const char *path, const struct buffer *line, struct fault *fault)
{
    int fd = -1;
    enum outcome o = open_private(path, O_WRONLY | O_APPEND | O_CREAT, &fd, fault);
    if (o != OK) {
        return o;
    }
    o = flock(fd, LOCK_EX) == 0 ? write_whole(fd, line, path, fault)
                                : fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    (void)close(fd);
    return o;
}

enum outcome trail_add(struct trail *trail, const struct trail_run *run, struct fault *fault)
{
    AUTO(buffer_done) struct buffer line = {0};
    add_entry(run, &line);
    if (trail->db != NULL) {
        return db_run(
            trail->db, &sql_trail_add,
            DB_PARAMS(db_uuid(&run->run), db_text(run->state), db_text(buffer_cstr(&line))), NULL,
            fault);
    }
    buffer_byte(&line, '\n');
    return add_to_file(trail->path, &line, fault);
}

/* Reading */

static bool is_of(json_object *entry, const struct uuid *run)
{
    json_object *member = NULL;
    struct uuid id;
    return run == NULL || (json_object_object_get_ex(entry, "run", &member) &&
                           ids_parse(json_object_get_string(member), &id) && ids_equal(&id, run));
}

static void take_entry(const char *line, const struct uuid *run, json_object *list)
{
    json_object *entry = json_tokener_parse(line);
    if (json_object_is_type(entry, json_type_object) && is_of(entry, run)) {
        (void)json_object_array_add(list, entry);
    } else {
        (void)json_object_put(entry);
    }
}

static enum outcome read_file(const char *path, const struct uuid *run, json_object *list,
                              struct fault *fault)
{
    int fd = -1;
    char *line = NULL;
    size_t room = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return OK;
    }
    enum outcome o = open_private(path, O_RDONLY, &fd, fault);
    FILE *file = o == OK ? fdopen(fd, "r") : NULL;
    if (file == NULL) {
        return o == OK ? fault_set(fault, FATAL, "%s: %s", path, strerror(errno)) : o;
    }
    for (ssize_t length; (length = getline(&line, &room, file)) > 0;) {
        if (length <= TRAIL_LINE_MAX_BYTES) {
            take_entry(line, run, list);
        }
        if (json_object_array_length(list) > (size_t)2 * TRAIL_SHOWN_MAX) {
            (void)json_object_array_del_idx(list, 0, 1);
        }
    }
    free(line);
    (void)fclose(file);
    return OK;
}

static enum outcome read_table(struct db *db, const struct uuid *run, json_object *list,
                               struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(db, &sql_trail_read, DB_PARAMS(db_uuid(run), db_i64((int64_t)2 * TRAIL_SHOWN_MAX)),
               &rows, fault);
    for (int i = 0; o == OK && i < db_rows_count(rows); i++) {
        take_entry(db_get_text(rows, i, 0), run, list);
    }
    return o;
}

enum outcome trail_read(struct trail *trail, const struct uuid *run, json_object **out,
                        struct fault *fault)
{
    json_object *list = json_object_new_array();
    enum outcome o = trail->db != NULL ? read_table(trail->db, run, list, fault)
                                       : read_file(trail->path, run, list, fault);
    if (o != OK) {
        (void)json_object_put(list);
        return o;
    }
    *out = list;
    return OK;
}
