/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void out_of_memory(void)
{
    fputs("provider: out of memory\n", stderr);
    abort();
}

static struct json_object **shelf_of(struct ledger *ledger, const char *kind)
{
    struct {
        const char *kind;
        struct json_object **shelf;
    } shelves[] = {
        {"intent", &ledger->intents},
        {"charge", &ledger->charges},
        {"refund", &ledger->refunds},
        {"answer", &ledger->answers},
    };

    for (size_t i = 0; i < sizeof(shelves) / sizeof(shelves[0]); i++) {
        if (strcmp(shelves[i].kind, kind) == 0) {
            return shelves[i].shelf;
        }
    }
    return NULL;
}

static bool keep(struct ledger *ledger, struct json_object *record)
{
    struct json_object **shelf = shelf_of(ledger, record_text(record, "kind"));
    const char *id = record_text(record, "id");

    if (shelf == NULL || *id == '\0') {
        return false;
    }

    struct json_object *old = NULL;
    if (json_object_object_get_ex(*shelf, id, &old) && old == record) {
        return true; /* changed in place */
    }
    json_object_object_add(*shelf, id, json_object_get(record));
    return true;
}

static bool read_lines(struct ledger *ledger, FILE *file, off_t *good_bytes)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length = 0;
    bool is_good = true;

    while (is_good && (length = getline(&line, &room, file)) > 0 && line[length - 1] == '\n') {
        struct json_object *record = json_tokener_parse(line);

        is_good = json_object_is_type(record, json_type_object) && keep(ledger, record);
        json_object_put(record);
        if (is_good) {
            *good_bytes += length;
        }
    }
    free(line);
    return is_good;
}

static bool load(struct ledger *ledger, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "provider: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }

    off_t good_bytes = 0;
    bool is_good = read_lines(ledger, file, &good_bytes);
    (void)fclose(file);
    if (!is_good) {
        fprintf(stderr, "provider: %s is damaged after byte %jd\n", path, (intmax_t)good_bytes);
        return false;
    }
    /* What a crash left half written was never answered. */
    if (ftruncate(ledger->fd, good_bytes) != 0) {
        fprintf(stderr, "provider: cannot cut %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

bool ledger_open(struct ledger *ledger, const char *path)
{
    *ledger = (struct ledger){
        .intents = json_object_new_object(),
        .charges = json_object_new_object(),
        .refunds = json_object_new_object(),
        .answers = json_object_new_object(),
        .fd = -1,
    };
    ledger->unwritten = open_memstream(&ledger->lines, &ledger->lines_bytes);
    if (ledger->unwritten == NULL) {
        out_of_memory();
    }
    if (path == NULL) {
        return true;
    }

    ledger->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (ledger->fd < 0) {
        fprintf(stderr, "provider: cannot open %s: %s\n", path, strerror(errno));
        return false;
    }
    return load(ledger, path);
}

void ledger_close(struct ledger *ledger)
{
    if (ledger->unwritten != NULL) {
        (void)fclose(ledger->unwritten);
    }
    free(ledger->lines);
    if (ledger->fd >= 0) {
        (void)close(ledger->fd);
    }
    json_object_put(ledger->intents);
    json_object_put(ledger->charges);
    json_object_put(ledger->refunds);
    json_object_put(ledger->answers);
    *ledger = (struct ledger){.fd = -1};
}

void ledger_put(struct ledger *ledger, struct json_object *record)
{
    if (!keep(ledger, record)) {
        fputs("provider: a record without kind or id\n", stderr);
        abort();
    }
    fprintf(ledger->unwritten, "%s\n", record_print(record));
    json_object_put(record);
}

void ledger_forget_answer(struct ledger *ledger, const char *id)
{
    json_object_object_del(ledger->answers, id);
}

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            fprintf(stderr, "provider: cannot write the ledger: %s\n", strerror(errno));
            abort();
        }
        bytes += written;
        count -= (size_t)written;
    }
}

void ledger_commit(struct ledger *ledger)
{
    if (fflush(ledger->unwritten) != 0) {
        out_of_memory();
    }
    if (ledger->lines_bytes == 0) {
        return;
    }
    if (ledger->fd >= 0) {
        write_all(ledger->fd, ledger->lines, ledger->lines_bytes);
        if (fdatasync(ledger->fd) != 0) {
            fprintf(stderr, "provider: cannot sync the ledger: %s\n", strerror(errno));
            abort();
        }
    }
    rewind(ledger->unwritten);
    if (fflush(ledger->unwritten) != 0) {
        out_of_memory();
    }
}

const char *record_text(struct json_object *record, const char *field)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(record, field, &value) || value == NULL) {
        return "";
    }
    return json_object_get_string(value);
}

int64_t record_number(struct json_object *record, const char *field)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(record, field, &value) ? json_object_get_int64(value) : 0;
}

void record_set_text(struct json_object *record, const char *field, const char *text)
{
    if (text == NULL) {
        json_object_object_del(record, field);
    } else {
        json_object_object_add(record, field, json_object_new_string(text));
    }
}

void record_set_number(struct json_object *record, const char *field, int64_t number)
{
    json_object_object_add(record, field, json_object_new_int64(number));
}

const char *record_print(struct json_object *record)
{
    const char *text = json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL) {
        out_of_memory();
    }
    return text;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
