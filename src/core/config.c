/* SPDX-License-Identifier: Apache-2.0 */
#include "core/config.h"

#include "core/buffer.h"
#include "core/format.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT_MAX = 65535 };

/* `member` is the entry's own place in the struct. False when the text is not what the kind
 * expects. */
typedef bool (*read_fn)(const struct config_entry *entry, const char *text, void *member);

static bool is_in_bounds(const struct config_entry *entry, int64_t number)
{
    return (entry->min == 0 && entry->max == 0) || (number >= entry->min && number <= entry->max);
}

static bool keep(const char *text, void *member)
{
    *(char **)member = xstrdup(text);
    return true;
}

static bool read_text(const struct config_entry *entry, const char *text, void *member)
{
    size_t length = strlen(text);
    return text_is_utf8(text, length, NULL) && !text_has_control(text, length) &&
           keep(text, member);
}

static bool read_int(const struct config_entry *entry, const char *text, void *member)
{
    int64_t number = 0;
    if (!text_int(text, INT64_MIN, INT64_MAX, &number) || !is_in_bounds(entry, number)) {
        return false;
    }
    *(int64_t *)member = number;
    return true;
}

static bool read_duration(const struct config_entry *entry, const char *text, void *member)
{
    int64_t ms = 0;
    if (!text_duration_ms(text, &ms) || !is_in_bounds(entry, ms)) {
        return false;
    }
    *(int64_t *)member = ms;
    return true;
}

static bool read_flag(const struct config_entry *entry, const char *text, void *member)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0) {
        return false;
    }
    *(bool *)member = is_true;
    return true;
}

static bool read_choice(const struct config_entry *entry, const char *text, void *member)
{
    size_t length = strlen(text);
    for (const char *word = entry->choices; *word != '\0'; word += strspn(word, ", ")) {
        size_t word_length = strcspn(word, ",");
        if (word_length == length && memcmp(word, text, length) == 0) {
            return keep(text, member);
        }
        word += word_length;
    }
    return false;
}

static bool read_url(const struct config_entry *entry, const char *text, void *member)
{
    return (*text == '\0' || format_is_uri(text, strlen(text))) && keep(text, member);
}

static bool read_listen(const struct config_entry *entry, const char *text, void *member)
{
    const char *colon = strrchr(text, ':');
    int64_t port = 0;
    bool is_address =
        colon != NULL && colon > text && text_int(colon + 1, 0, PORT_MAX, &port) &&
        (memchr(text, ':', (size_t)(colon - text)) == NULL || (text[0] == '[' && colon[-1] == ']'));
    return (*text == '\0' || is_address) && read_text(entry, text, member);
}

static const struct {
    const char *expects;
    read_fn read;
    bool is_text;
} kinds[] = {
    [CONFIG_TEXT] = {"printable text", read_text, true},
    [CONFIG_INT] = {"a whole number", read_int, false},
    [CONFIG_DURATION] = {"a duration (500ms, 30s, 5m, 2h, 7d)", read_duration, false},
    [CONFIG_FLAG] = {"true or false", read_flag, false},
    [CONFIG_CHOICE] = {"one of ", read_choice, true},
    [CONFIG_URL] = {"a URL", read_url, true},
    [CONFIG_SECRET] = {"printable text", read_text, true},
    [CONFIG_PATH] = {"a path", read_text, true},
    [CONFIG_LISTEN] = {"host:port", read_listen, true},
};

/* 90000 → "90s": in the largest unit that divides it. */
static void put_duration(struct buffer *out, int64_t ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    for (size_t i = 0; i < COUNT_OF(units) && ms > 0; i++) {
        if (ms % units[i].ms == 0) {
            buffer_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
            return;
        }
    }
    buffer_printf(out, "%" PRId64 "ms", ms);
}

static void put_bound(struct buffer *out, const struct config_entry *entry, int64_t bound)
{
    if (entry->kind == CONFIG_DURATION) {
        put_duration(out, bound);
    } else {
        buffer_i64(out, bound);
    }
}

static void put_expectation(struct buffer *out, const struct config_entry *entry)
{
    buffer_text(out, kinds[entry->kind].expects);
    if (entry->kind == CONFIG_CHOICE) {
        buffer_text(out, entry->choices);
    }
    if (entry->min != 0 || entry->max != 0) {
        buffer_text(out, " from ");
        put_bound(out, entry, entry->min);
        buffer_text(out, " to ");
        put_bound(out, entry, entry->max);
    }
}

/* The whole file without its last newline, or NULL and `problem`. */
static char *read_stream(int fd, const char **problem)
{
    char *bytes = xmalloc(CONFIG_SECRET_MAX_BYTES + 1);
    size_t length = 0;
    ssize_t got = 0;
    do {
        got = read(fd, bytes + length, CONFIG_SECRET_MAX_BYTES + 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && length <= CONFIG_SECRET_MAX_BYTES) || (got < 0 && errno == EINTR));

    *problem = got < 0                               ? "cannot be read"
               : length > CONFIG_SECRET_MAX_BYTES    ? "names a file that is too large"
               : memchr(bytes, '\0', length) != NULL ? "names a file that is no text"
                                                     : NULL;
    if (*problem != NULL) {
        free(bytes);
        return NULL;
    }
    if (length > 0 && bytes[length - 1] == '\n') {
        length--;
    }
    bytes[length] = '\0';
    return bytes;
}

static char *read_secret_file(const char *variable, const char *path, const char **problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *problem = errno == ENOENT ? "names a file that does not exist"
                                   : "names a file that cannot be opened";
        return NULL;
    }
    char *bytes = NULL;
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        *problem = "does not name a regular file";
    } else {
        if ((info.st_mode & S_IROTH) != 0) {
            log_warn("config.secret_is_public", LOG_TEXT("variable", variable),
                     LOG_TEXT("file", path));
        }
        bytes = read_stream(fd, problem);
    }
    (void)close(fd);
    return bytes;
}

static void add_problem(struct buffer *problems, const char *name, const char *words)
{
    buffer_printf(problems, "%s%s %s", problems->length > 0 ? "; " : "", name, words);
}

static void add_missing(struct buffer *problems, const struct config_entry *entry)
{
    add_problem(problems, entry->name, "is required: ");
    put_expectation(problems, entry);
    if (entry->help != NULL) {
        buffer_printf(problems, " (%s)", entry->help);
    }
}

static void read_entry(const struct config_entry *entry, const char *text, void *out,
                       struct buffer *problems)
{
    if (text == NULL && entry->fallback == NULL && !entry->required) {
        return;
    }
    const char *value = text != NULL ? text : entry->fallback;
    if (value == NULL || (entry->required && *value == '\0')) {
        add_missing(problems, entry);
    } else if (!kinds[entry->kind].read(entry, value, (char *)out + entry->offset)) {
        add_problem(problems, entry->name, "must be ");
        put_expectation(problems, entry);
    }
}

/* X itself, or what X_FILE names. */
static void read_secret(const struct config_entry *entry, void *out, struct buffer *problems)
{
    AUTO(free_text) char *variable = xasprintf("%s_FILE", entry->name);
    const char *path = getenv(variable);
    const char *text = getenv(entry->name);
    if (path == NULL || *path == '\0') {
        read_entry(entry, text, out, problems);
        return;
    }
    if (text != NULL && *text != '\0') {
        add_problem(problems, entry->name, "is set twice, also by its _FILE variable");
        return;
    }
    const char *problem = NULL;
    AUTO(free_text) char *bytes = read_secret_file(variable, path, &problem);
    if (bytes == NULL) {
        add_problem(problems, variable, problem);
    } else {
        read_entry(entry, bytes, out, problems);
    }
}

enum outcome config_load(const struct config_entry *entries, size_t count, void *out,
                         struct fault *fault)
{
    AUTO(buffer_done) struct buffer problems = {0};
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == CONFIG_SECRET) {
            read_secret(&entries[i], out, &problems);
        } else {
            read_entry(&entries[i], getenv(entries[i].name), out, &problems);
        }
    }
    if (problems.length == 0) {
        return OK;
    }
    config_done(entries, count, out);
    return fault_set(fault, FATAL, "%s", buffer_cstr(&problems));
}

void config_done(const struct config_entry *entries, size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) {
        if (kinds[entries[i].kind].is_text) {
            char **member = (char **)((char *)out + entries[i].offset);
            free(*member);
            *member = NULL;
        }
    }
}

void config_print_help(const struct config_entry *entries, size_t count, FILE *stream)
{
    for (size_t i = 0; i < count; i++) {
        const struct config_entry *entry = &entries[i];
        AUTO(buffer_done) struct buffer line = {0};
        put_expectation(&line, entry);
        if (entry->required && entry->fallback == NULL) {
            buffer_text(&line, "; required");
        } else if (entry->fallback != NULL && *entry->fallback != '\0') {
            buffer_printf(&line, "; default %s", entry->fallback);
        }
        if (entry->kind == CONFIG_SECRET) {
            buffer_printf(&line, "; or %s_FILE names a file that holds it", entry->name);
        }
        (void)fprintf(stream, "  %-24s %s\n  %-24s   %s\n", entry->name,
                      entry->help != NULL ? entry->help : "", "", buffer_cstr(&line));
    }
}
