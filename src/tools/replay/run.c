/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/run.h"

#include "contracts/jsonschema/value.h"
#include "core/clock.h"
#include "core/text.h"
#include "tools/escape.h"
#include "tools/private_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNS_MAX = 100 * 1000 };

static const char *const state_names[] = {
    [RUN_RUNNING] = "running", [RUN_STOPPED] = "stopped", [RUN_DONE] = "done"};

const char *run_state_name(enum run_state state)
{
    return state_names[state];
}

static enum outcome failed(struct fault *fault, const char *path)
{
    return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
}

/* ---- where they are ---- */

static char *folder_of(struct fault *fault)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        return xasprintf("%s/quadrille/replay", state);
    }
    if (home == NULL || home[0] != '/') {
        (void)fault_set(fault, REJECT,
                        "neither XDG_STATE_HOME nor HOME says where runs are remembered");
        return NULL;
    }
    return xasprintf("%s/.local/state/quadrille/replay", home);
}

/* And the folders above it. */
static enum outcome make_folder(const char *path, struct fault *fault)
{
    AUTO(free_text) char *part = xstrdup(path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL) {
            *slash = '\0';
        }
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return failed(fault, part);
        }
        if (slash == NULL) {
            return OK;
        }
        *slash = '/';
    }
}

static enum outcome write_all(int fd, const char *path, const struct buffer *text,
                              struct fault *fault)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t written = write(fd, text->bytes + done, text->length - done);
        if (written < 0 && errno != EINTR) {
            return failed(fault, path);
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return fsync(fd) == 0 ? OK : failed(fault, path);
}

static enum outcome sync_folder(const char *path, struct fault *fault)
{
    AUTO(free_text) char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum outcome o = fd >= 0 && fsync(fd) == 0 ? OK : failed(fault, folder);
    if (fd >= 0) {
        (void)close(fd);
    }
    return o;
}

/* A new file beside it, then its name: it is the old one or the new one. */
static enum outcome replace_file(const char *path, const struct buffer *text, struct fault *fault)
{
    AUTO(free_text) char *next = xasprintf("%s.next", path);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return failed(fault, next);
    }
    enum outcome o = write_all(fd, next, text, fault);
    (void)close(fd);
    if (o == OK && rename(next, path) != 0) {
        o = failed(fault, path);
    }
    return o == OK ? sync_folder(path, fault) : o;
}

static enum outcome lock_run(struct run *run, struct fault *fault)
{
    run->lock = open(run->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (run->lock < 0) {
        return failed(fault, run->path);
    }
    return flock(run->lock, LOCK_EX | LOCK_NB) == 0
               ? OK
               : fault_set(fault, REJECT, "another process is at work on this run");
}

static char *at_path(const struct run *run)
{
    return xasprintf("%.*s.at", (int)(strlen(run->path) - strlen(".json")), run->path);
}

/* ---- writing ---- */

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        escape_json(out, text, strlen(text));
    }
}

static void add_texts(struct buffer *out, const char *name, const char *const texts[], size_t count)
{
    buffer_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        escape_json(out, texts[i], strlen(texts[i]));
    }
    buffer_text(out, "]");
}

static void add_id(struct buffer *out, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    add_text(out, name, id != NULL ? ids_format(id, text) : NULL);
}

static void add_filter(struct buffer *out, const struct history_filter *filter)
{
    char id[UUID_TEXT_BYTES];
    buffer_printf(out, ",\"filter\":{\"since_ms\":%lld,\"until_ms\":%lld",
                  (long long)filter->since_ms, (long long)filter->until_ms);
    add_texts(out, "types", filter->types, filter->type_count);
    add_texts(out, "services", filter->services, filter->service_count);
    add_id(out, "correlation", filter->correlation_id);
    add_id(out, "causation", filter->causation_id);
    add_id(out, "subject", filter->subject);
    buffer_text(out, ",\"pointers\":[");
    for (size_t i = 0; i < filter->pointer_count; i++) {
        buffer_text(out, i > 0 ? ",[" : "[");
        escape_json(out, filter->pointers[i].pointer, strlen(filter->pointers[i].pointer));
        buffer_text(out, ",");
        escape_json(out, filter->pointers[i].value, strlen(filter->pointers[i].value));
        buffer_text(out, "]");
    }
    buffer_text(out, "],\"ids\":[");
    for (size_t i = 0; i < filter->id_count; i++) {
        buffer_printf(out, "%s\"%s\"", i > 0 ? "," : "", ids_format(&filter->ids[i], id));
    }
    buffer_text(out, "]}");
}

static void add_plan(struct buffer *out, const struct run *run)
{
    char id[UUID_TEXT_BYTES];
    char position[HISTORY_POSITION_TEXT_BYTES];
    buffer_printf(out, "\"id\":\"%s\",\"made_ms\":%lld", ids_format(&run->id, id),
                  (long long)run->made_ms);
    add_text(out, "to", run->to);
    buffer_printf(out, ",\"rate\":%lld,\"speed\":%lld,\"total\":%lld,\"left_out\":%lld",
                  (long long)run->rate, (long long)run->speed, (long long)run->total,
                  (long long)run->left_out);
    add_text(out, "last", history_position_text(&run->last, position));
}

static void add_progress(struct buffer *out, const struct run *run)
{
    char position[HISTORY_POSITION_TEXT_BYTES];
    buffer_printf(out, "\"state\":\"%s\"", run_state_name(run->state));
    add_text(out, "at", run->has_at ? history_position_text(&run->at, position) : NULL);
    buffer_printf(out, ",\"sent\":%lld,\"returned\":%lld,\"changed_ms\":%lld", (long long)run->sent,
                  (long long)run->returned, (long long)run->changed_ms);
}

void run_json(struct buffer *out, const struct run *run)
{
    buffer_text(out, "{");
    add_plan(out, run);
    buffer_text(out, ",");
    add_progress(out, run);
    buffer_text(out, "}");
}

enum outcome run_save(struct run *run, struct fault *fault)
{
    AUTO(buffer_done) struct buffer text = {0};
    AUTO(free_text) char *path = at_path(run);
    run->changed_ms = clock_now_ms();
    buffer_text(&text, "{");
    add_progress(&text, run);
    buffer_text(&text, "}\n");
    return replace_file(path, &text, fault);
}

enum outcome run_begin(struct run *run, const struct history_filter *filter, struct fault *fault)
{
    char id[UUID_TEXT_BYTES];
    AUTO(free_text) char *folder = folder_of(fault);
    if (folder == NULL) {
        return REJECT;
    }
    enum outcome o = make_folder(folder, fault);
    if (o != OK) {
        return o;
    }
    AUTO(buffer_done) struct buffer text = {0};
    run->path = xasprintf("%s/%s.json", folder, ids_format(&run->id, id));
    run->filter = *filter;
    run->made_ms = clock_now_ms();
    buffer_text(&text, "{");
    add_plan(&text, run);
    add_filter(&text, filter);
    buffer_text(&text, "}\n");
    o = replace_file(run->path, &text, fault);
    if (o == OK) {
        o = lock_run(run, fault);
    }
    return o == OK ? run_save(run, fault) : o;
}

void run_done(struct run *run)
{
    if (run->lock >= 0) {
        (void)close(run->lock);
    }
    free(run->path);
    free(run->to);
    arena_done(&run->arena);
    *run = (struct run){.lock = -1};
}

/* ---- reading: what we have written ourselves, and still not believed ---- */

struct reading {
    struct run *run;
    bool is_right;
};

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(object, name, &value);
    return value;
}

static int64_t read_number(struct reading *reading, struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);
    int64_t number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
    reading->is_right = reading->is_right && number >= 0;
    return number;
}

static const char *text_in(struct reading *reading, struct json_object *value)
{
    bool is_text =
        json_object_is_type(value, json_type_string) &&
        strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
    reading->is_right = reading->is_right && is_text;
    return is_text ? arena_printf(&reading->run->arena, "%s", json_object_get_string(value)) : "";
}

static void read_position(struct reading *reading, struct json_object *object, const char *name,
                          struct history_position *out, bool *is_there)
{
    struct json_object *value = member(object, name);
    if (is_there != NULL) {
        *is_there = value != NULL;
        if (value == NULL) {
            return;
        }
    }
    reading->is_right = reading->is_right && history_position_parse(text_in(reading, value), out);
}

static const struct uuid *read_id(struct reading *reading, struct json_object *object,
                                  const char *name)
{
    struct json_object *value = member(object, name);
    if (value == NULL) {
        return NULL;
    }
    struct uuid *id = arena_alloc(&reading->run->arena, sizeof *id);
    reading->is_right = reading->is_right && ids_parse(text_in(reading, value), id);
    return id;
}

static size_t list_length(struct reading *reading, struct json_object *list, size_t most)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    reading->is_right =
        reading->is_right && json_object_is_type(list, json_type_array) && count <= most;
    return reading->is_right ? count : 0;
}

static size_t read_texts(struct reading *reading, struct json_object *list,
                         const char *texts[HISTORY_TYPES_MAX])
{
    size_t count = list_length(reading, list, HISTORY_TYPES_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = text_in(reading, json_object_array_get_idx(list, i));
    }
    return count;
}

static void read_pointers(struct reading *reading, struct json_object *list)
{
    struct history_filter *filter = &reading->run->filter;
    filter->pointer_count = list_length(reading, list, HISTORY_POINTERS_MAX);
    for (size_t i = 0; i < filter->pointer_count; i++) {
        struct json_object *pair = json_object_array_get_idx(list, i);
        if (list_length(reading, pair, 2) != 2) {
            reading->is_right = false;
            return;
        }
        filter->pointers[i] =
            (struct history_pointer){text_in(reading, json_object_array_get_idx(pair, 0)),
                                     text_in(reading, json_object_array_get_idx(pair, 1))};
    }
}

static void read_ids(struct reading *reading, struct json_object *list)
{
    struct history_filter *filter = &reading->run->filter;
    size_t count = list_length(reading, list, HISTORY_IDS_MAX);
    struct uuid *ids = count > 0 ? arena_alloc(&reading->run->arena, count * sizeof *ids) : NULL;
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        reading->is_right = reading->is_right && json_object_is_type(item, json_type_string) &&
                            ids_parse(json_object_get_string(item), &ids[i]);
    }
    filter->ids = ids;
    filter->id_count = count;
}

static void read_filter(struct reading *reading, struct json_object *object)
{
    struct history_filter *filter = &reading->run->filter;
    filter->since_ms = read_number(reading, object, "since_ms");
    filter->until_ms = read_number(reading, object, "until_ms");
    filter->type_count = read_texts(reading, member(object, "types"), filter->types);
    filter->service_count = read_texts(reading, member(object, "services"), filter->services);
    filter->correlation_id = read_id(reading, object, "correlation");
    filter->causation_id = read_id(reading, object, "causation");
    filter->subject = read_id(reading, object, "subject");
    read_pointers(reading, member(object, "pointers"));
    read_ids(reading, member(object, "ids"));
}

static void read_plan(struct reading *reading, struct json_object *object)
{
    struct run *run = reading->run;
    struct json_object *to = member(object, "to");
    run->made_ms = read_number(reading, object, "made_ms");
    run->rate = read_number(reading, object, "rate");
    run->speed = read_number(reading, object, "speed");
    run->total = read_number(reading, object, "total");
    run->left_out = read_number(reading, object, "left_out");
    run->to = to != NULL ? xstrdup(text_in(reading, to)) : NULL;
    read_position(reading, object, "last", &run->last, NULL);
    read_filter(reading, member(object, "filter"));
}

static void read_progress(struct reading *reading, struct json_object *object)
{
    struct run *run = reading->run;
    const char *state = text_in(reading, member(object, "state"));
    bool is_known = false;
    for (size_t i = 0; i < COUNT_OF(state_names); i++) {
        if (strcmp(state, state_names[i]) == 0) {
            run->state = (enum run_state)i;
            is_known = true;
        }
    }
    reading->is_right = reading->is_right && is_known;
    read_position(reading, object, "at", &run->at, &run->has_at);
    run->sent = read_number(reading, object, "sent");
    run->returned = read_number(reading, object, "returned");
    run->changed_ms = read_number(reading, object, "changed_ms");
}

static enum outcome read_file(struct reading *reading, const char *path,
                              void (*read)(struct reading *, struct json_object *),
                              struct fault *fault)
{
    AUTO(buffer_done) struct buffer text = {0};
    struct json_object *object = NULL;
    enum outcome o = private_file_read(path, RUN_FILE_MAX_BYTES, &text, fault);
    if (o == OK) {
        o = value_read(text.bytes, text.length, &object, fault);
    }
    if (o == OK) {
        read(reading, object);
        o = reading->is_right ? OK
                              : fault_set(fault, REJECT, "%s does not describe a replay", path);
    }
    (void)json_object_put(object);
    return o;
}

enum outcome run_open(struct run *run, const char *id, bool is_ours, struct fault *fault)
{
    char text[UUID_TEXT_BYTES];
    *run = (struct run){.lock = -1};
    if (!ids_parse(id, &run->id)) {
        return fault_set(fault, REJECT, "the id of a run is a UUID: quadrille replay ls");
    }
    AUTO(free_text) char *folder = folder_of(fault);
    if (folder == NULL) {
        return REJECT;
    }
    run->path = xasprintf("%s/%s.json", folder, ids_format(&run->id, text));
    if (access(run->path, F_OK) != 0) {
        return fault_set(fault, REJECT, "there is no run %s: quadrille replay ls", text);
    }
    enum outcome o = is_ours ? lock_run(run, fault) : OK;
    struct reading reading = {run, true};
    if (o == OK) {
        o = read_file(&reading, run->path, read_plan, fault);
    }
    AUTO(free_text) char *at = at_path(run);
    /* Killed before it had begun. */
    if (o == OK && access(at, F_OK) != 0) {
        run->changed_ms = run->made_ms;
        return OK;
    }
    return o == OK ? read_file(&reading, at, read_progress, fault) : o;
}

static int compare_ids(const void *a, const void *b)
{
    return ids_compare(a, b);
}

enum outcome run_list(struct uuid **ids, size_t *count, struct fault *fault)
{
    *ids = NULL;
    *count = 0;
    AUTO(free_text) char *folder = folder_of(fault);
    if (folder == NULL) {
        return REJECT;
    }
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return errno == ENOENT ? OK : failed(fault, folder);
    }
    size_t room = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && *count < RUNS_MAX;
         entry = readdir(dir)) {
        struct uuid id;
        size_t length = strlen(entry->d_name);
        if (length != UUID_TEXT_BYTES - 1 + strlen(".json") ||
            strcmp(entry->d_name + UUID_TEXT_BYTES - 1, ".json") != 0 ||
            !ids_parse_n(entry->d_name, UUID_TEXT_BYTES - 1, &id)) {
            continue;
        }
        if (*count == room) {
            room = room > 0 ? room * 2 : 64;
            *ids = xrealloc(*ids, room * sizeof **ids);
        }
        (*ids)[(*count)++] = id;
    }
    (void)closedir(dir);
    if (*count > 0) {
        qsort(*ids, *count, sizeof **ids, compare_ids);
    }
    return OK;
}
