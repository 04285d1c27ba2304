/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/edit.h"

#include "contracts/check/check.h"
#include "core/clock.h"
#include "tools/dlq/archive.h"
#include "tools/dlq/json_at.h"
#include "tools/dlq/json_set.h"
#include "tools/dlq/state.h"
#include "tools/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct edit {
    const struct cli_call *call;
    const char *const *sets;
    size_t count;
    struct asyncapi set;
    struct checker *checker; /* NULL: no contracts were given */
    struct check_verdict verdict;
    struct buffer bodies[2]; /* one is read while the other is written */
    char id[UUID_TEXT_BYTES];
    int shown;
};

static enum outcome load_contracts(struct edit *edit, const char *const *paths, size_t count,
                                   struct fault *fault)
{
    const struct check_options options = {.max_errors = 1};
    enum outcome o = asyncapi_load(&edit->set, paths, count, fault);
    findings_print(&edit->set.documents.findings, stderr);
    if (o == OK && edit->set.documents.findings.count > 0) {
        o = fault_set(fault, REJECT, "the contracts cannot be read; see above");
    }
    return o == OK ? checker_new(&edit->set, &options, &edit->checker, fault) : o;
}

int edit_open(const struct cli_call *call, const char *const *sets, size_t count, struct edit **out)
{
    const char *paths[CLI_GIVEN_MAX];
    struct fault fault;
    struct edit *edit = xcalloc(1, sizeof *edit);
    *out = edit;
    edit->call = call;
    edit->sets = sets;
    edit->count = count;
    size_t path_count = cli_list(call, "contracts", paths);
    if (path_count > 0 && load_contracts(edit, paths, path_count, &fault) != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(call, EXIT_FAILED, "%s", reason);
    }
    return EXIT_DONE;
}

void edit_close(struct edit *edit)
{
    if (edit == NULL) {
        return;
    }
    check_verdict_done(&edit->verdict);
    checker_free(edit->checker);
    asyncapi_done(&edit->set);
    buffer_done(&edit->bodies[0]);
    buffer_done(&edit->bodies[1]);
    free(edit);
}

static enum outcome judge(struct edit *edit, const struct letter *letter, const struct buffer *body,
                          struct fault *fault)
{
    const struct header_value *header = headers_get(&letter->headers, "cloudEvents_type");
    const char *type = header != NULL && header->kind == HEADER_TEXT
                           ? header->text
                           : letter->delivery->properties.type;
    struct check_entry *entry = NULL;
    if (edit->checker == NULL) {
        return OK;
    }
    if (type == NULL) {
        return fault_set(fault, REJECT,
                         "nothing says which message it is, so no contract can "
                         "judge it");
    }
    enum outcome o = checker_find(edit->checker, type, &entry, fault);
    if (o != OK) {
        return o;
    }
    checker_payload(edit->checker, entry, body->bytes, body->length, &edit->verdict);
    if (edit->verdict.is_allowed) {
        return OK;
    }
    const struct check_errors *errors = &edit->verdict.errors;
    return fault_set(fault, REJECT, "%s: %s", errors->count > 0 ? errors->items[0].instance : "",
                     errors->count > 0 ? errors->items[0].text : "it is refused");
}

static void show(struct edit *edit, const struct letter *letter, struct buffer *after)
{
    AUTO(buffer_done) struct buffer out = {0};
    if (edit->shown++ >= EDIT_SHOWN_MAX) {
        return;
    }
    escape_add(&out, letter->id, strlen(letter->id), ESCAPE_LINE);
    buffer_byte(&out, '\n');
    json_diff(letter->delivery->body, letter->delivery->body_length, buffer_cstr(after),
              after->length, &out);
    (void)fputs(buffer_cstr(&out), edit->call->is_json ? stderr : stdout);
}

static enum outcome make(struct edit *edit, const struct delivery *delivery, struct buffer **out,
                         struct fault *fault)
{
    const char *json = delivery->body;
    size_t length = delivery->body_length;
    const char *encoding = delivery->properties.content_encoding;
    if ((encoding != NULL && encoding[0] != '\0' && strcasecmp(encoding, "identity") != 0 &&
         strcasecmp(encoding, "utf-8") != 0) ||
        !json_is_valid(json, length)) {
        return fault_set(fault, REJECT, "the body is no JSON");
    }
    for (size_t i = 0; i < edit->count; i++) {
        *out = &edit->bodies[i % 2];
        buffer_clear(*out);
        enum outcome o = json_set(json, length, edit->sets[i], *out, fault);
        if (o != OK) {
            return fault_wrap(fault, o, "%.*s", (int)strcspn(edit->sets[i], "="), edit->sets[i]);
        }
        json = buffer_cstr(*out);
        length = (*out)->length;
    }
    return json_is_valid(json, length) ? OK : fault_set(fault, REJECT, "the result is no JSON");
}

enum outcome edit_change(void *context, const struct letter *letter, struct deed_change *out,
                         enum deed_left *left, struct fault *fault)
{
    struct edit *edit = context;
    struct buffer *body = NULL;
    const struct delivery *delivery = letter->delivery;
    *left = LEFT_UNEDITABLE;
    enum outcome o = make(edit, delivery, &body, fault);
    if (o != OK || body == NULL) {
        return o;
    }
    *left = LEFT_SAME;
    if (body->length == delivery->body_length &&
        memcmp(body->bytes, delivery->body, body->length) == 0) {
        return fault_set(fault, REJECT, "it has these values already");
    }
    *left = LEFT_FORBIDDEN;
    o = judge(edit, letter, body, fault);
    if (o != OK) {
        return o;
    }
    *left = LEFT_REASONS;
    show(edit, letter, body);
    const struct uuid id = ids_new();
    *out = (struct deed_change){
        .body = body->bytes, .body_length = body->length, .message_id = ids_format(&id, edit->id)};
    return OK;
}

/* The editor */

static const char *editor_name(void)
{
    const char *visual = getenv("VISUAL");
    const char *editor = getenv("EDITOR");
    return visual != NULL && visual[0] != '\0'   ? visual
           : editor != NULL && editor[0] != '\0' ? editor
                                                 : "vi";
}

/* The variable may have arguments in it, so that a shell reads it; the file is an argument. */
static bool run_editor(const char *path)
{
    AUTO(free_text) char *line = xasprintf("%s \"$1\"", editor_name());
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-c", line, "quadrille", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum outcome read_back(const char *path, struct buffer *set, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    size_t got =
        fread(buffer_reserve(set, EDIT_BODY_MAX_BYTES + 1), 1, EDIT_BODY_MAX_BYTES + 1, file);
    (void)fclose(file);
    while (got > 0 && set->bytes[set->length + got - 1] == '\n') {
        got--; /* editors end a file with one */
    }
    if (got > EDIT_BODY_MAX_BYTES || !json_is_valid(set->bytes + set->length, got)) {
        return fault_set(fault, REJECT,
                         "%s is no JSON now, or longer than %d bytes; it stays there", path,
                         EDIT_BODY_MAX_BYTES);
    }
    buffer_grow(set, got);
    return OK;
}

static enum outcome write_out(const char *path, struct buffer *text, struct fault *fault)
{
    FILE *file = NULL;
    enum outcome o = archive_create(path, &file, fault);
    if (o != OK) {
        return o;
    }
    buffer_byte(text, '\n');
    bool is_written = fwrite(text->bytes, 1, text->length, file) == text->length;
    o = archive_close(file, fault);
    return is_written ? o : fault_set(fault, FATAL, "%s cannot be written", path);
}

int edit_by_hand(const struct cli_call *call, const char *body, size_t length, struct buffer *set)
{
    struct fault fault;
    const struct uuid id = ids_new();
    char text[UUID_TEXT_BYTES];
    AUTO(buffer_done) struct buffer shown = {0};
    AUTO(free_text) char *name = xasprintf("%s.json", ids_format(&id, text));
    AUTO(free_text) char *path = NULL;
    if (length > EDIT_BODY_MAX_BYTES || !json_is_valid(body, length)) {
        return cli_fail(call, EXIT_FAILED, "its body is no JSON, or longer than %d bytes",
                        EDIT_BODY_MAX_BYTES);
    }
    if (memchr(body, '\n', length) != NULL) {
        buffer_add(&shown, body, length);
    } else {
        json_pretty(body, length, &shown);
    }
    enum outcome o = state_path("edits", name, &path, &fault);
    if (o == OK) {
        o = write_out(path, &shown, &fault);
    }
    if (o == OK && !run_editor(path)) {
        o = fault_set(&fault, REJECT, "%s did not end well; nothing was done", editor_name());
        (void)unlink(path);
    }
    buffer_byte(set, '=');
    if (o == OK) {
        o = read_back(path, set, &fault);
    }
    if (o != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(call, EXIT_FAILED, "%s", reason);
    }
    (void)unlink(path);
    if (set->length == shown.length && memcmp(set->bytes + 1, shown.bytes, set->length - 1) == 0) {
        return cli_fail(call, EXIT_FAILED, "nothing was changed");
    }
    return EXIT_DONE;
}
