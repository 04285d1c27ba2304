/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/journal.h"

#include "core/buffer.h"
#include "tools/dlq/json_at.h"
#include "tools/dlq/letter_view.h"
#include "tools/dlq/state.h"
#include "tools/escape.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char RUNS[] = "runs";
static const char OPEN[] = ".open";
static const char ENDED[] = ".jsonl";

static enum outcome write_line(struct journal *journal, struct buffer *line, struct fault *fault)
{
    buffer_text(line, "}\n");
    bool is_written = fwrite(line->bytes, 1, line->length, journal->file) == line->length &&
                      fflush(journal->file) == 0;
    return is_written ? OK : fault_set(fault, FATAL, "%s: %s", journal->path, strerror(errno));
}

enum outcome journal_open(const struct journal_about *about, struct journal *journal,
                          struct fault *fault)
{
    char run[UUID_TEXT_BYTES];
    AUTO(free_text) char *name = xasprintf("%s%s", ids_format(&about->run, run), OPEN);
    AUTO(buffer_done) struct buffer line = {0};
    enum outcome o = state_path(RUNS, name, &journal->path, fault);
    if (o != OK) {
        return o;
    }
    int fd = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    journal->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (journal->file == NULL || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return fault_set(fault, REJECT, "%s: %s", journal->path, strerror(errno));
    }
    buffer_printf(&line, "{\"quadrille_run\":%d", JOURNAL_FORMAT);
    json_member_text(&line, "run", run);
    json_member_text(&line, "verb", about->verb);
    json_member_text(&line, "queue", about->queue);
    json_member_text(&line, "vhost", about->vhost);
    json_member_text(&line, "to", about->to);
    o = write_line(journal, &line, fault);
    if (o == OK && fsync(fd) != 0) {
        o = fault_set(fault, FATAL, "%s: %s", journal->path, strerror(errno));
    }
    return o;
}

enum outcome journal_sent(struct journal *journal, const char *fingerprint, const char *id,
                          struct fault *fault)
{
    enum { ID_SHOWN_MAX_BYTES = 300 };
    AUTO(buffer_done) struct buffer line = {0};
    buffer_printf(&line, "{\"sent\":\"%s\",\"id\":", fingerprint);
    escape_json(&line, id, strnlen(id, ID_SHOWN_MAX_BYTES));
    return write_line(journal, &line, fault);
}

enum outcome journal_safe(struct journal *journal, const char *fingerprint, struct fault *fault)
{
    AUTO(buffer_done) struct buffer line = {0};
    buffer_printf(&line, "{\"safe\":\"%s\"", fingerprint);
    return write_line(journal, &line, fault);
}

static void end_path(const char *open_path)
{
    AUTO(free_text)
    char *ended = xasprintf("%.*s%s", (int)(strlen(open_path) - strlen(OPEN)), open_path, ENDED);
    (void)rename(open_path, ended);
}

void journal_close(struct journal *journal, bool is_clean, const char *how)
{
    if (journal->file != NULL) {
        struct fault ignored;
        AUTO(buffer_done) struct buffer line = {0};
        buffer_printf(&line, "{\"ended\":\"%s\"", how);
        enum outcome o = write_line(journal, &line, &ignored);
        (void)fsync(fileno(journal->file));
        if (is_clean && o == OK) {
            end_path(journal->path);
        }
        (void)fclose(journal->file);
    }
    free(journal->path);
    *journal = (struct journal){0};
}

/* What was broken off */

struct past_run {
    struct uuid run;
    char *verb, *queue, *vhost;
    struct journal_letter *letters;
    size_t count, room, safe;
};

static void past_run_done(struct past_run *run)
{
    free(run->verb);
    free(run->queue);
    free(run->vhost);
    free(run->letters);
}

static char *member_new(const char *line, size_t length, const char *pointer)
{
    struct json_span span;
    AUTO(buffer_done) struct buffer text = {0};
    if (!json_at(line, length, pointer, &span)) {
        return NULL;
    }
    json_span_text(&span, &text);
    return xstrdup(buffer_cstr(&text));
}

static bool read_print(const char *line, size_t length, const char *pointer, uint8_t *out)
{
    AUTO(free_text) char *text = member_new(line, length, pointer);
    size_t bytes = 0;
    return text != NULL &&
           sodium_hex2bin(out, LETTER_FINGERPRINT_BYTES, text, strlen(text), NULL, &bytes, NULL) ==
               0 &&
           bytes == LETTER_FINGERPRINT_BYTES;
}

static void read_entry(struct past_run *run, const char *line, size_t length)
{
    struct journal_letter letter = {.run = run->run};
    if (read_print(line, length, "/sent", letter.fingerprint)) {
        if (run->count == run->room) {
            run->room = run->room * 2 + 64;
            run->letters = xrealloc(run->letters, run->room * sizeof run->letters[0]);
        }
        run->letters[run->count++] = letter;
        return;
    }
    if (!read_print(line, length, "/safe", letter.fingerprint)) {
        return;
    }
    /* confirms come soon after: from the end */
    for (size_t i = run->count; i-- > 0;) {
        if (!run->letters[i].is_safe && memcmp(run->letters[i].fingerprint, letter.fingerprint,
                                               LETTER_FINGERPRINT_BYTES) == 0) {
            run->letters[i].is_safe = true;
            run->safe++;
            return;
        }
    }
}

static bool read_journal(FILE *file, struct past_run *run)
{
    char *line = NULL;
    size_t room = 0;
    bool is_first = true;
    for (ssize_t length; (length = getline(&line, &room, file)) > 0; is_first = false) {
        if (!is_first) {
            read_entry(run, line, (size_t)length);
            continue;
        }
        AUTO(free_text) char *id = member_new(line, (size_t)length, "/run");
        run->verb = member_new(line, (size_t)length, "/verb");
        run->queue = member_new(line, (size_t)length, "/queue");
        run->vhost = member_new(line, (size_t)length, "/vhost");
        if (id == NULL || !ids_parse(id, &run->run) || run->verb == NULL || run->queue == NULL ||
            run->vhost == NULL) {
            break;
        }
    }
    free(line);
    return run->vhost != NULL;
}

static void tell(const struct past_run *run, const char *path)
{
    char id[UUID_TEXT_BYTES];
    AUTO(free_text) char *queue = escape_new(run->queue);
    AUTO(free_text) char *shown = escape_new(path);
    (void)fprintf(stderr,
                  "run %s (%s of queue %s) was broken off: %zu letters were sent and confirmed, "
                  "%zu more may have been sent. Those of them that are still in %s may be there "
                  "twice: they are left out unless --again is given. Their ids: %s\n",
                  ids_format(&run->run, id), run->verb, queue, run->safe, run->count - run->safe,
                  queue, shown);
}

static void take_run(struct journal_past *past, const char *path, const struct past_run *run)
{
    past->letters =
        xrealloc(past->letters, (past->count + run->count + 1) * sizeof past->letters[0]);
    if (run->count > 0) {
        memcpy(past->letters + past->count, run->letters, run->count * sizeof past->letters[0]);
    }
    past->count += run->count;
    past->paths = xrealloc(past->paths, (past->path_count + 1) * sizeof past->paths[0]);
    past->paths[past->path_count++] = xstrdup(path);
}

/* A journal whose lock is free belongs to nobody any more. */
static void look_at(const char *path, const char *vhost, const char *queue,
                    struct journal_past *past)
{
    FILE *file = fopen(path, "re");
    struct past_run run = {0};
    if (file == NULL) {
        return;
    }
    if (flock(fileno(file), LOCK_SH | LOCK_NB) == 0 && read_journal(file, &run)) {
        if (run.count == 0) {
            end_path(path);
        } else {
            tell(&run, path);
            if (strcmp(run.vhost, vhost) == 0 && strcmp(run.queue, queue) == 0) {
                take_run(past, path, &run);
            }
        }
    }
    past_run_done(&run);
    (void)fclose(file);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, LETTER_FINGERPRINT_BYTES);
}

static void sort(struct journal_past *past)
{
    if (past->letters != NULL) {
        qsort(past->letters, past->count, sizeof past->letters[0], compare);
    }
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static int is_open_one(const struct dirent *entry)
{
    return ends_with(entry->d_name, OPEN);
}

static int is_ended_one(const struct dirent *entry)
{
    return ends_with(entry->d_name, ENDED);
}

/* Names begin with the time. */
static void forget_oldest(const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_ended_one, alphasort);
    for (int i = 0; i < count; i++) {
        if (i < count - JOURNAL_RUNS_MAX) {
            AUTO(free_text) char *path = xasprintf("%s/%s", folder, names[i]->d_name);
            (void)unlink(path);
        }
        free(names[i]);
    }
    free(names);
}

void journal_past_read(const char *vhost, const char *queue, struct journal_past *past)
{
    struct fault ignored;
    struct dirent **names = NULL;
    AUTO(free_text) char *folder = NULL;
    *past = (struct journal_past){0};
    if (state_path(RUNS, "", &folder, &ignored) != OK) {
        return;
    }
    int count = scandir(folder, &names, is_open_one, alphasort);
    for (int i = 0; i < count; i++) {
        AUTO(free_text) char *path = xasprintf("%s%s", folder, names[i]->d_name);
        look_at(path, vhost, queue, past);
        free(names[i]);
    }
    free(names);
    forget_oldest(folder);
    sort(past);
}

/* It may have ended meanwhile, and have the other name. */
enum outcome journal_read_safe(const char *path, struct journal_past *past, struct fault *fault)
{
    struct past_run run = {0};
    AUTO(free_text)
    char *other = ends_with(path, ENDED)
                      ? xasprintf("%.*s%s", (int)(strlen(path) - strlen(ENDED)), path, OPEN)
                      : xstrdup(path);
    FILE *file = fopen(path, "re");
    file = file != NULL ? file : fopen(other, "re");
    *past = (struct journal_past){0};
    bool is_read = file != NULL && read_journal(file, &run);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!is_read) {
        past_run_done(&run);
        return fault_set(fault, REJECT, "%s: the journal of the run cannot be read", path);
    }
    for (size_t i = 0; i < run.count; i++) {
        if (run.letters[i].is_safe) {
            run.letters[past->count++] = run.letters[i];
        }
    }
    past->letters = run.letters;
    run.letters = NULL;
    past_run_done(&run);
    sort(past);
    return OK;
}

void journal_past_done(struct journal_past *past)
{
    for (size_t i = 0; i < past->path_count; i++) {
        free(past->paths[i]);
    }
    free(past->paths);
    free(past->letters);
    *past = (struct journal_past){0};
}

const struct journal_letter *journal_past_find(const struct journal_past *past,
                                               const uint8_t *fingerprint)
{
    return past->count > 0
               ? bsearch(fingerprint, past->letters, past->count, sizeof past->letters[0], compare)
               : NULL;
}

void journal_past_settle(const struct journal_past *past)
{
    for (size_t i = 0; i < past->path_count; i++) {
        end_path(past->paths[i]);
    }
}
