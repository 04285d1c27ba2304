/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/wire.h"
#include "contracts/files.h"
#include "contracts/jsonschema/value.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "tools/contract_check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Where messages come from: files, and lines of standard input. */

enum { BLOCK_BYTES = 64 * 1024 };

static void report(struct check_session *session, const struct check_source *source)
{
    check_report_verdict(&session->report, source, &session->verdict);
}

static void judge_description(struct check_session *session, const struct check_source *source,
                              struct json_object *description)
{
    struct wire wire = {0};
    struct fault fault;
    if (wire_read(description, &wire, &fault) == OK) {
        checker_message(session->checker, &wire.message, clock_now_ms(), &session->verdict);
    } else {
        checker_refuse(&session->verdict, "%s", fault.text);
    }
    report(session, source);
    wire_done(&wire);
}

/* A list of messages, as the management API gives them. */
static void judge_list(struct check_session *session, const struct check_source *source,
                       struct json_object *list)
{
    size_t count = json_object_array_length(list);
    if (count > CHECK_FILE_MESSAGES_MAX) {
        checker_refuse(&session->verdict, "a list of more than %d messages",
                       CHECK_FILE_MESSAGES_MAX);
        report(session, source);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct check_source item = {.name = source->name, .number = i + 1};
        judge_description(session, source->number > 0 ? source : &item,
                          json_object_array_get_idx(list, i));
    }
}

void check_session_judge(struct check_session *session, const struct check_source *source,
                         const char *bytes, size_t length)
{
    if (session->entry != NULL) {
        checker_payload(session->checker, session->entry, bytes, length, &session->verdict);
        report(session, source);
        return;
    }
    struct json_object *description = NULL;
    struct fault fault;
    if (value_read(bytes, length, &description, &fault) != OK) {
        checker_refuse(&session->verdict, "%s", fault.text);
        report(session, source);
    } else if (json_object_is_type(description, json_type_array)) {
        judge_list(session, source, description);
    } else {
        judge_description(session, source, description);
    }
    (void)json_object_put(description);
}

static size_t input_max(const struct check_session *session)
{
    return session->entry != NULL ? CHECK_MESSAGE_MAX_BYTES : CHECK_INPUT_MAX_BYTES;
}

static void judge_too_long(struct check_session *session, const struct check_source *source)
{
    checker_refuse(&session->verdict, "has more than %zu bytes", input_max(session));
    report(session, source);
}

/* Lines */

struct lines {
    struct check_session *session;
    struct check_source source;
    struct buffer line;
    bool is_too_long; /* the rest of it is skipped */
};

static bool is_blank(const struct buffer *line)
{
    size_t i = 0;
    while (i < line->length && strchr(" \t\r", line->bytes[i]) != NULL && line->bytes[i] != '\0') {
        i++;
    }
    return i == line->length;
}

static void end_line(struct lines *lines)
{
    lines->source.number++;
    if (lines->is_too_long) {
        judge_too_long(lines->session, &lines->source);
    } else if (!is_blank(&lines->line)) {
        check_session_judge(lines->session, &lines->source, buffer_cstr(&lines->line),
                            lines->line.length);
    }
    buffer_clear(&lines->line);
    lines->is_too_long = false;
}

static void take_part(struct lines *lines, const char *bytes, size_t length)
{
    if (lines->line.length + length > input_max(lines->session)) {
        lines->is_too_long = true;
        buffer_clear(&lines->line);
    }
    if (!lines->is_too_long) {
        buffer_add(&lines->line, bytes, length);
    }
}

static void take_block(struct lines *lines, const char *block, size_t length)
{
    while (length > 0) {
        const char *end = memchr(block, '\n', length);
        size_t part = end != NULL ? (size_t)(end - block) : length;
        take_part(lines, block, part);
        if (end == NULL) {
            return;
        }
        end_line(lines);
        block += part + 1;
        length -= part + 1;
    }
}

/* Every line is judged when it has come: nothing waits for a block to be full. */
static ssize_t read_block(int fd, char *block)
{
    ssize_t length;
    do {
        length = read(fd, block, BLOCK_BYTES);
    } while (length < 0 && errno == EINTR);
    return length;
}

static bool fail_reading(const struct check_session *session, const char *name)
{
    (void)cli_fail(session->call, EXIT_USAGE, "%s: %s", name, strerror(errno));
    return false;
}

static bool read_lines(struct check_session *session, const char *name, int fd)
{
    char block[BLOCK_BYTES];
    struct lines lines = {.session = session, .source = {.name = name}};
    ssize_t length;
    while ((length = read_block(fd, block)) > 0) {
        take_block(&lines, block, (size_t)length);
    }
    if (lines.line.length > 0 || lines.is_too_long) {
        end_line(&lines);
    }
    buffer_done(&lines.line);
    return length == 0 || fail_reading(session, name);
}

static bool read_whole(struct check_session *session, const char *name, int fd)
{
    char block[BLOCK_BYTES];
    const struct check_source source = {.name = name};
    AUTO(buffer_done) struct buffer text = {0};
    ssize_t length;
    while ((length = read_block(fd, block)) > 0 && text.length <= input_max(session)) {
        buffer_add(&text, block, (size_t)length);
    }
    if (length < 0) {
        return fail_reading(session, name);
    }
    if (text.length > input_max(session)) {
        judge_too_long(session, &source);
    } else {
        check_session_judge(session, &source, buffer_cstr(&text), text.length);
    }
    return true;
}

static bool has_lines(const char *path)
{
    static const char *const ends[] = {".jsonl", ".ndjson"};
    size_t length = strlen(path);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strcmp(path + length - end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool check_session_read(struct check_session *session, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return read_lines(session, "-", STDIN_FILENO);
    }
    struct fault fault;
    if (files_check(path, false, &fault) != OK) {
        (void)cli_fail(session->call, EXIT_USAGE, "%s", fault.text);
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_reading(session, path);
    }
    bool is_read = has_lines(path) ? read_lines(session, path, fd) : read_whole(session, path, fd);
    (void)close(fd);
    return is_read;
}
