/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/history/events.h"
#include "tools/history/filter.h"
#include "tools/history/print.h"

#include "core/crash.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Lines go to a file and the place that they have come to into another, the cursor: "POSITION
 * BYTES". What was written after the cursor was is cut off by the next run, so nothing is there
 * twice.
 */

enum { CHUNK_BYTES = 1024 * 1024, CURSOR_MAX_BYTES = 256, LIMIT_MAX = 1000 * 1000 * 1000 };

struct export
{
    const struct cli_call *call;
    int fd;
    const char *cursor; /* NULL: none */
    off_t bytes;        /* of the file, all of them whole lines */
    struct history_position position;
    struct buffer chunk;
    int64_t written;
};

static enum outcome failed(struct fault *fault, const char *what)
{
    return fault_set(fault, FATAL, "%s: %s", what, strerror(errno));
}

static enum outcome write_all(int fd, const char *bytes, size_t length, struct fault *fault)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR) {
            return failed(fault, "the export cannot be written");
        }
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return OK;
}

/* A new file beside it, then its name: the cursor is the old one or the new one. */
static enum outcome save_cursor(const struct export *export, struct fault *fault)
{
    char position[HISTORY_POSITION_TEXT_BYTES];
    AUTO(free_text) char *next = xasprintf("%s.next", export->cursor);
    AUTO(free_text)
    char *text = xasprintf("%s %lld\n", history_position_text(&export->position, position),
                           (long long)export->bytes);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return failed(fault, next);
    }
    enum outcome o = write_all(fd, text, strlen(text), fault);
    if (o == OK && fsync(fd) != 0) {
        o = failed(fault, next);
    }
    (void)close(fd);
    return o == OK && rename(next, export->cursor) != 0 ? failed(fault, export->cursor) : o;
}

static enum outcome flush(struct export *export, struct fault *fault)
{
    enum outcome o = write_all(export->fd, export->chunk.bytes, export->chunk.length, fault);
    if (o != OK) {
        return o;
    }
    export->bytes += (off_t) export->chunk.length;
    buffer_clear(&export->chunk);
    crash_point("export-before-cursor");
    if (export->cursor == NULL) {
        return OK;
    }
    return fsync(export->fd) != 0 ? failed(fault, "the export") : save_cursor(export, fault);
}

static enum outcome copy(struct export *export, struct history_reader *reader, int64_t limit,
                         struct fault *fault)
{
    const struct history_event *event = NULL;
    enum outcome o = history_next(reader, &event, fault);
    while (o == OK && event != NULL && (limit == 0 || export->written < limit)) {
        print_json(&export->chunk, event, PRINT_WHOLE);
        buffer_byte(&export->chunk, '\n');
        export->position = event->position;
        export->written++;
        o = export->chunk.length >= CHUNK_BYTES ? flush(export, fault) : OK;
        if (o == OK) {
            o = history_next(reader, &event, fault);
        }
    }
    return o == OK && export->chunk.length > 0 ? flush(export, fault) : o;
}

static enum outcome read_cursor(struct export *export, bool *is_there, struct fault *fault)
{
    char text[CURSOR_MAX_BYTES];
    FILE *file = fopen(export->cursor, "re");
    *is_there = file != NULL;
    if (file == NULL) {
        return errno == ENOENT ? OK : failed(fault, export->cursor);
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    char *space = strchr(text, ' ');
    int64_t bytes = 0;
    if (space == NULL) {
        return fault_set(fault, REJECT, "%s is no cursor of an export", export->cursor);
    }
    *space = '\0';
    space[1 + strcspn(space + 1, "\n")] = '\0';
    if (!history_position_parse(text, &export->position) ||
        !text_int(space + 1, 0, INT64_MAX, &bytes)) {
        return fault_set(fault, REJECT, "%s is no cursor of an export", export->cursor);
    }
    export->bytes = (off_t)bytes;
    return OK;
}

/* Private from its first byte on. Without a cursor that knows it an existing file is left alone. */
static enum outcome open_out(struct export *export, const char *path, bool goes_on,
                             struct fault *fault)
{
    struct stat status;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (goes_on ? 0 : O_EXCL);
    /* Killed before its first cursor: what is there is worth nothing. */
    if (!goes_on && export->cursor != NULL) {
        flags = (flags & ~O_EXCL) | O_TRUNC;
    }
    export->fd = open(path, flags, 0600);
    if (export->fd < 0 && errno == EEXIST) {
        return fault_set(fault, REJECT,
                         "%s is there already: name another file, or --cursor to go on", path);
    }
    if (export->fd < 0) {
        return failed(fault, path);
    }
    if (fstat(export->fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        (status.st_mode & 077) != 0) {
        return fault_set(fault, REJECT, "%s must be a file that only you can read: chmod 600",
                         path);
    }
    if (status.st_size < export->bytes) {
        return fault_set(fault, REJECT,
                         "%s is shorter than its cursor says: remove both and begin anew", path);
    }
    if (ftruncate(export->fd, export->bytes) != 0 ||
        lseek(export->fd, export->bytes, SEEK_SET) != export->bytes) {
        return failed(fault, path);
    }
    return OK;
}

static enum outcome open_files(struct export *export, struct filter *filter, struct fault *fault)
{
    const char *out = cli_text(export->call, "out");
    bool goes_on = false;
    enum outcome o = OK;
    if (export->cursor != NULL) {
        o = read_cursor(export, &goes_on, fault);
    }
    if (goes_on) {
        filter->history.after = export->position;
        filter->history.has_after = true;
    }
    export->fd = STDOUT_FILENO;
    return o == OK && out != NULL ? open_out(export, out, goes_on, fault) : o;
}

static int run(struct export *export, struct filter *filter, int64_t limit)
{
    AUTO(history_close_auto) struct history *history = NULL;
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    struct fault fault;
    int code = history_access(export->call, "quadrille events export", &history);
    if (code != EXIT_DONE) {
        return code;
    }
    enum outcome o = open_files(export, filter, &fault);
    if (o == OK) {
        o = history_read(history, &filter->history, &reader, &fault);
    }
    if (o == OK) {
        o = copy(export, reader, limit, &fault);
    }
    if (o != OK) {
        return cli_fail(export->call, export->bytes > 0 ? EXIT_PARTLY : EXIT_FAILED, "stopped: %s",
                        fault.text);
    }
    char text[HISTORY_POSITION_TEXT_BYTES];
    (void)fprintf(stderr, "%lld events%s%s\n", (long long)export->written,
                  export->written > 0 ? "; the next ones: --after " : "",
                  export->written > 0 ? history_position_text(&export->position, text) : "");
    return EXIT_DONE;
}

int events_export(const struct cli_call *call)
{
    int64_t limit = 0;
    const char *after = cli_text(call, "after");
    struct export export = {.call = call, .fd = -1, .cursor = cli_text(call, "cursor")};
    AUTO(filter_done) struct filter filter;
    int code = filter_init(&filter, call);
    if (code != EXIT_DONE || !cli_int(call, "limit", 0, LIMIT_MAX, &limit)) {
        return EXIT_USAGE;
    }
    if (export.cursor != NULL && (cli_text(call, "out") == NULL || after != NULL)) {
        return cli_fail(call, EXIT_USAGE, "--cursor goes with --out, and not with --after");
    }
    if (after != NULL && !history_position_parse(after, &filter.history.after)) {
        return cli_fail(call, EXIT_USAGE, "--after must be a position such as 1/780/12");
    }
    filter.history.has_after = after != NULL;
    code = run(&export, &filter, limit);
    buffer_done(&export.chunk);
    if (export.fd > STDERR_FILENO) {
        (void)close(export.fd);
    }
    return code;
}
