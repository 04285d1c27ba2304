/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/envelope.h"
#include "core/ids.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 2048 };

enum format { FORMAT_AUTO, FORMAT_JSON, FORMAT_TEXT };

static const struct {
    const char *name;
    const char *colour;
} levels[] = {
    [LOG_DEBUG] = {"debug", "\033[2m"},
    [LOG_INFO] = {"info", "\033[32m"},
    [LOG_WARN] = {"warn", "\033[33m"},
    [LOG_ERROR] = {"error", "\033[31m"},
    [LOG_OFF] = {"off", ""},
};

/* Set once by log_init, before threads start. */
static const char *service_name = "quadrille";
static enum log_level lowest = LOG_INFO;
static enum format line_format = FORMAT_AUTO;

static _Thread_local const struct envelope *bound;
static _Thread_local const char *thread_name;

static bool is_word(const char *given, const char *word)
{
    return given != NULL && strcmp(given, word) == 0;
}

void log_init(const char *service, const char *level, const char *format)
{
    service_name = service;
    lowest = LOG_INFO;
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (is_word(level, levels[i].name)) {
            lowest = (enum log_level)i;
        }
    }
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    line_format = is_word(format, "json")   ? FORMAT_JSON
                  : is_word(format, "text") ? FORMAT_TEXT
                  : is_terminal             ? FORMAT_TEXT
                                            : FORMAT_JSON;
}

void log_bind(const struct envelope *envelope)
{
    bound = envelope;
}

void log_unbind(void)
{
    bound = NULL;
}

void log_thread(const char *name)
{
    thread_name = name;
}

/* In quotes, as JSON; what is no UTF-8 becomes U+FFFD and C1 control characters are escaped like
 * the others. */
static void put_quoted(struct buffer *out, const char *text)
{
    size_t length = strnlen(text, TEXT_MAX_BYTES);
    buffer_byte(out, '"');
    for (size_t at = 0; at < length;) {
        uint32_t point = 0;
        size_t step = text_code_point(text + at, length - at, &point);
        if (step == 0) {
            buffer_text(out, "\xef\xbf\xbd");
            step = 1;
        } else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            buffer_printf(out, "\\u%04x", point);
        } else if (point == '"' || point == '\\') {
            buffer_byte(out, '\\');
            buffer_byte(out, (char)point);
        } else {
            buffer_add(out, text + at, step);
        }
        at += step;
    }
    buffer_byte(out, '"');
}

/* Words of a human line need no quotes when nothing in them could be mistaken. */
static bool is_bare(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '=' || *c == '\\') {
            return false;
        }
    }
    return *text != '\0' && strlen(text) < TEXT_MAX_BYTES;
}

static void put_key(struct buffer *out, const char *key, bool is_json)
{
    if (is_json) {
        buffer_byte(out, ',');
        put_quoted(out, key);
        buffer_byte(out, ':');
    } else {
        buffer_printf(out, " %s=", key);
    }
}

static void put_text(struct buffer *out, const char *key, const char *text, bool is_json)
{
    if (text == NULL) {
        return;
    }
    put_key(out, key, is_json);
    if (!is_json && is_bare(text)) {
        buffer_text(out, text);
    } else {
        put_quoted(out, text);
    }
}

static void put_id(struct buffer *out, const char *key, const struct uuid *id, bool is_json)
{
    char text[UUID_TEXT_BYTES];
    if (id != NULL) {
        put_text(out, key, ids_format(id, text), is_json);
    }
}

static void put_field(struct buffer *out, const struct log_field *field, bool is_json)
{
    switch (field->kind) {
    case LOG_KIND_TEXT:
        put_text(out, field->key, field->data, is_json);
        break;
    case LOG_KIND_INT:
        put_key(out, field->key, is_json);
        buffer_i64(out, field->number);
        break;
    case LOG_KIND_ID:
        put_id(out, field->key, field->data, is_json);
        break;
    case LOG_KIND_END:
        break;
    }
}

static void put_bound(struct buffer *out, bool is_json)
{
    if (bound == NULL) {
        return;
    }
    put_id(out, "event_id", ids_is_nil(&bound->id) ? NULL : &bound->id, is_json);
    put_id(out, "correlation_id", bound->has_correlation_id ? &bound->correlation_id : NULL,
           is_json);
    put_id(out, "causation_id", bound->has_causation_id ? &bound->causation_id : NULL, is_json);
    put_text(out, "traceparent", bound->traceparent, is_json);
}

static void put_json_start(struct buffer *out, enum log_level level, const char *event)
{
    char time[CLOCK_TEXT_BYTES];
    buffer_printf(out, "{\"time\":\"%s\",\"level\":\"%s\"", clock_format(clock_now_ms(), time),
                  levels[level].name);
    put_text(out, "service", service_name, true);
    put_text(out, "thread", thread_name, true);
    put_text(out, "event", event, true);
}

static void put_text_start(struct buffer *out, enum log_level level, const char *event)
{
    char time[CLOCK_TEXT_BYTES];
    buffer_printf(out, "%s %s%-5s\033[0m %s%s%s \033[1m%s\033[0m",
                  clock_format(clock_now_ms(), time), levels[level].colour, levels[level].name,
                  service_name, thread_name != NULL ? "/" : "",
                  thread_name != NULL ? thread_name : "", event);
}

void log_line(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < lowest || level >= LOG_OFF) {
        return;
    }
    AUTO(buffer_done) struct buffer out = {0};
    bool is_json =
        line_format == FORMAT_JSON || (line_format == FORMAT_AUTO && isatty(STDERR_FILENO) != 1);
    if (is_json) {
        put_json_start(&out, level, event);
    } else {
        put_text_start(&out, level, event);
    }
    for (const struct log_field *field = fields; field->kind != LOG_KIND_END; field++) {
        put_field(&out, field, is_json);
    }
    put_bound(&out, is_json);
    buffer_text(&out, is_json ? "}\n" : "\n");

    /* One write per line keeps the lines of threads and processes apart. A log that cannot be
     * written is not worth dying for. */
    ssize_t written = 0;
    do {
        written = write(STDERR_FILENO, out.bytes, out.length);
    } while (written < 0 && errno == EINTR);
}
