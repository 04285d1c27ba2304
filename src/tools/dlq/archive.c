/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/archive.h"

#include "tools/dlq/json_at.h"
#include "tools/dlq/letter_view.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void archive_add(const struct letter *letter, const char *queue, int64_t now_ms, struct buffer *out)
{
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    const struct delivery *delivery = letter->delivery;
    buffer_printf(out, "{\"quadrille_letter\":%d", ARCHIVE_FORMAT);
    json_member_text(out, "queue", queue);
    json_member_instant(out, "taken_at", now_ms);
    json_member_text(out, "fingerprint", letter_fingerprint(letter, fingerprint));
    json_member_text(out, "exchange", delivery->exchange);
    json_member_text(out, "routing_key", delivery->routing_key);
    json_member_bool(out, "is_cut", letter->is_cut);
    json_member_base64(out, "properties_base64", delivery->properties.raw,
                       delivery->properties.raw_length);
    json_member_base64(out, "body_base64", delivery->body, delivery->body_length);
    buffer_text(out, ",\"letter\":");
    letter_json(letter, false, out);
    buffer_text(out, "}\n");
}

static const char *read_text(const char *line, size_t length, const char *pointer,
                             struct arena *arena, size_t *bytes)
{
    struct json_span span;
    AUTO(buffer_done) struct buffer text = {0};
    if (!json_at(line, length, pointer, &span) || span.length == 0 || span.start[0] != '"') {
        return NULL;
    }
    json_span_text(&span, &text);
    *bytes = text.length;
    return arena_text(arena, buffer_cstr(&text), text.length);
}

static const void *read_base64(const char *line, size_t length, const char *pointer,
                               struct arena *arena, size_t *bytes)
{
    size_t encoded = 0;
    const char *text = read_text(line, length, pointer, arena, &encoded);
    if (text == NULL) {
        return NULL;
    }
    unsigned char *out = arena_alloc(arena, encoded + 1);
    return sodium_base642bin(out, encoded + 1, text, encoded, NULL, bytes, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0
               ? out
               : NULL;
}

/* What it says of itself against what it holds. */
static bool is_as_it_was(const struct archive_record *record, const char *fingerprint,
                         struct arena *arena)
{
    struct delivery delivery = {.exchange = record->exchange,
                                .routing_key = record->routing_key,
                                .body = record->body,
                                .body_length = record->body_length,
                                .body_sent = record->body_length};
    struct letter letter;
    char text[LETTER_FINGERPRINT_TEXT_BYTES];
    struct fault ignored;
    if (broker_properties_decode(record->properties, record->properties_length, arena,
                                 &delivery.properties, &ignored) != OK) {
        return false;
    }
    letter_read(&delivery, arena, &letter);
    return strcmp(letter_fingerprint(&letter, text), fingerprint) == 0;
}

enum outcome archive_read(const char *line, size_t length, bool is_changed, struct arena *arena,
                          struct archive_record *out, struct fault *fault)
{
    struct json_span format;
    struct json_span cut;
    size_t ignored = 0;
    struct archive_record record = {0};
    if (length > ARCHIVE_LINE_MAX_BYTES) {
        return fault_set(fault, REJECT, "the line is longer than %d bytes", ARCHIVE_LINE_MAX_BYTES);
    }
    if (!json_is_valid(line, length) || !json_at(line, length, "/quadrille_letter", &format)) {
        return fault_set(fault, REJECT, "this is no letter that `quadrille dlq export` wrote");
    }
    if (format.length != 1 || format.start[0] != '0' + ARCHIVE_FORMAT) {
        return fault_set(fault, REJECT, "its format is %.*s, this tool reads %d",
                         (int)(format.length < 20 ? format.length : 20), format.start,
                         ARCHIVE_FORMAT);
    }
    record.queue = read_text(line, length, "/queue", arena, &ignored);
    record.exchange = read_text(line, length, "/exchange", arena, &ignored);
    record.routing_key = read_text(line, length, "/routing_key", arena, &ignored);
    record.properties =
        read_base64(line, length, "/properties_base64", arena, &record.properties_length);
    record.body = read_base64(line, length, "/body_base64", arena, &record.body_length);
    record.is_cut = json_at(line, length, "/is_cut", &cut) && cut.start[0] == 't';
    const char *fingerprint = read_text(line, length, "/fingerprint", arena, &ignored);
    size_t bytes = 0;
    if (record.queue == NULL || record.exchange == NULL || record.routing_key == NULL ||
        record.properties == NULL || record.body == NULL || fingerprint == NULL ||
        sodium_hex2bin(record.fingerprint, sizeof record.fingerprint, fingerprint,
                       strlen(fingerprint), NULL, &bytes, NULL) != 0 ||
        bytes != sizeof record.fingerprint) {
        return fault_set(fault, REJECT,
                         "queue, exchange, routing_key, fingerprint, properties_base64 or "
                         "body_base64 is missing or cannot be read");
    }
    if (!is_changed && !is_as_it_was(&record, fingerprint, arena)) {
        return fault_set(fault, REJECT, "its fingerprint does not fit: it was changed by hand");
    }
    *out = record;
    return OK;
}

enum outcome archive_create(const char *path, FILE **out, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        int error = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return fault_set(fault, REJECT, "%s: %s", path,
                         error == EEXIST ? "there is such a file already" : strerror(error));
    }
    *out = file;
    return OK;
}

enum outcome archive_close(FILE *file, struct fault *fault)
{
    bool is_written = fflush(file) == 0 && ferror(file) == 0;
    /* a pipe or a terminal cannot be synchronised */
    bool is_synced = is_written && (fsync(fileno(file)) == 0 || errno == EINVAL || errno == EROFS);
    int error = errno;
    bool is_closed = fclose(file) == 0;
    return is_synced && is_closed ? OK : fault_set(fault, FATAL, "writing: %s", strerror(error));
}
