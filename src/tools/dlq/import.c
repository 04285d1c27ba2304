/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/import.h"

#include "core/clock.h"
#include "core/crash.h"
#include "core/text.h"
#include "tools/dlq/archive.h"
#include "tools/dlq/copy.h"
#include "tools/dlq/drain.h"
#include "tools/dlq/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 30000, WAIT_MS = 20 };

struct importing {
    struct import *import;
    struct broker *broker;
    FILE *file;
    char *position; /* the file that says how many lines are done */
    struct arena arena;
    struct buffer properties;
    size_t back; /* returned or refused */
    char reason[256];
};

static void hear(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct importing *importing = context;
    if (verdict != VERDICT_CONFIRMED) {
        importing->back++;
        (void)snprintf(importing->reason, sizeof importing->reason, "%s", reason);
    }
}

/* One name for the same file into the same queue. */
static enum outcome find_position(struct importing *importing, struct fault *fault)
{
    enum { HASH_BYTES = 16 };
    unsigned char hash[HASH_BYTES];
    char name[2 * HASH_BYTES + 1];
    const struct import *import = importing->import;
    char *real = realpath(import->path, NULL);
    AUTO(free_text)
    char *text = xasprintf("%s\n%s\n%s\n%d", real != NULL ? real : import->path, import->vhost,
                           import->to, import->only != NULL);
    free(real);
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    return state_path("imports", sodium_bin2hex(name, sizeof name, hash, sizeof hash),
                      &importing->position, fault);
}

static int64_t read_position(const char *path)
{
    char text[32] = "";
    int64_t lines = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    if (fgets(text, sizeof text, file) == NULL || !text_int(text, 0, INT64_MAX, &lines)) {
        lines = 0;
    }
    (void)fclose(file);
    return lines;
}

/* Replaced whole, so that it is never half a number. */
static enum outcome write_position(const char *path, int64_t lines, struct fault *fault)
{
    AUTO(free_text) char *fresh = xasprintf("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_written = fd >= 0 && dprintf(fd, "%lld", (long long)lines) > 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_written && rename(fresh, path) == 0
               ? OK
               : fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
}

static enum outcome await_answers(struct importing *importing, struct fault *fault)
{
    int64_t until = clock_monotonic_ms() + ANSWER_MS;
    while (broker_unconfirmed(importing->broker) > 0) {
        enum outcome o = broker_wait(importing->broker, -1, WAIT_MS, fault);
        if (o == OK && clock_monotonic_ms() > until && !broker_is_blocked(importing->broker)) {
            o = fault_set(fault, RETRY, "the broker confirms nothing");
        }
        if (o != OK) {
            importing->import->unsure = (int64_t)broker_unconfirmed(importing->broker);
            return o;
        }
    }
    return importing->back == 0 ? OK
                                : fault_set(fault, REJECT, "%zu came back from the broker: %s",
                                            importing->back, importing->reason);
}

static enum outcome settle(struct importing *importing, struct fault *fault)
{
    struct import *import = importing->import;
    enum outcome o = await_answers(importing, fault);
    return o == OK ? write_position(importing->position, import->lines, fault) : o;
}

static enum outcome publish(struct importing *importing, const struct archive_record *record,
                            struct fault *fault)
{
    const struct import *import = importing->import;
    struct header_value headers;
    uint64_t number = 0;
    enum outcome o = headers_read(record->properties, record->properties_length, &importing->arena,
                                  &headers, fault);
    buffer_clear(&importing->properties);
    if (o == OK) {
        o = copy_properties(record->properties, record->properties_length, &headers,
                            &(struct copy_changes){0}, &importing->properties, fault);
    }
    if (o == OK) {
        o = broker_publish(importing->broker, "", import->to, true, importing->properties.bytes,
                           importing->properties.length, record->body, record->body_length, &number,
                           fault);
    }
    return o == OK ? broker_tick(importing->broker, fault) : o;
}

static bool is_wanted(const struct import *import, const struct archive_record *record)
{
    return import->only == NULL || journal_past_find(import->only, record->fingerprint) != NULL;
}

static enum outcome take_line(struct importing *importing, const char *line, size_t length,
                              struct fault *fault)
{
    struct import *import = importing->import;
    struct archive_record record;
    arena_reset(&importing->arena);
    enum outcome o = archive_read(line, length, false, &importing->arena, &record, fault);
    if (o != OK) {
        return o;
    }
    if (record.is_cut || !is_wanted(import, &record)) {
        import->cut += record.is_cut;
        import->unwanted += !record.is_cut;
        return OK;
    }
    o = publish(importing, &record, fault);
    if (o == OK) {
        import->imported++;
        crash_point("dlq_imported");
    }
    return o;
}

static enum outcome take_lines(struct importing *importing, struct fault *fault)
{
    struct import *import = importing->import;
    char *line = NULL;
    size_t room = 0;
    enum outcome o = OK;
    for (ssize_t length; o == OK && !drain_is_interrupted() &&
                         (length = getline(&line, &room, importing->file)) > 0;) {
        if (import->lines < import->skipped) {
            import->lines++;
            continue;
        }
        length -= line[length - 1] == '\n';
        o = take_line(importing, line, (size_t)length, fault);
        if (o != OK) {
            o = fault_wrap(fault, o, "line %lld", (long long)import->lines + 1);
            break;
        }
        import->lines++;
        if (import->lines % IMPORT_CHUNK == 0) {
            o = settle(importing, fault);
        }
    }
    import->is_interrupted = drain_is_interrupted();
    free(line);
    if (o == OK || o == REJECT) {
        struct fault other;
        enum outcome settled = settle(importing, o == OK ? fault : &other);
        o = o == OK ? settled : o;
    }
    return o;
}

static enum outcome open_all(struct importing *importing, struct fault *fault)
{
    struct import *import = importing->import;
    importing->file = fopen(import->path, "re");
    if (importing->file == NULL) {
        return fault_set(fault, REJECT, "%s: %s", import->path, strerror(errno));
    }
    enum outcome o = find_position(importing, fault);
    if (o == OK) {
        import->skipped = read_position(importing->position);
        o = broker_open(import->broker, &importing->broker, fault);
    }
    if (o == OK) {
        o = broker_queue_declare(importing->broker, import->to, NULL, true, NULL, NULL, fault);
    }
    if (o == OK) {
        o = broker_confirm_select(importing->broker, fault);
    }
    if (o == OK) {
        broker_on_verdict(importing->broker, hear, importing);
    }
    return o;
}

enum outcome import_run(struct import *import, struct fault *fault)
{
    struct importing importing = {.import = import};
    drain_catch_signals();
    enum outcome o = open_all(&importing, fault);
    if (o == OK && import->skipped > 0) {
        (void)fprintf(stderr, "it was broken off: goes on after line %lld\n",
                      (long long)import->skipped);
    }
    if (o == OK) {
        o = take_lines(&importing, fault);
    }
    if (o == OK && !import->is_interrupted && importing.position != NULL) {
        (void)unlink(importing.position);
    }
    if (importing.file != NULL) {
        (void)fclose(importing.file);
    }
    broker_close(importing.broker);
    free(importing.position);
    buffer_done(&importing.properties);
    arena_done(&importing.arena);
    return o;
}
