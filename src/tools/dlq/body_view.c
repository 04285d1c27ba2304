/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/body_view.h"

#include "core/text.h"
#include "tools/dlq/json_at.h"
#include "tools/escape.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

static bool is_compressed(const struct delivery *delivery)
{
    static const char *const encodings[] = {"gzip", "x-gzip", "deflate", "zlib"};
    const char *encoding = delivery->properties.content_encoding;
    for (size_t i = 0; encoding != NULL && i < COUNT_OF(encodings); i++) {
        if (strcasecmp(encoding, encodings[i]) == 0) {
            return true;
        }
    }
    return delivery->body_length > 3 && memcmp(delivery->body, "\x1f\x8b\x08", 3) == 0;
}

static void inflate_body(struct body_view *view)
{
    enum { STEP_BYTES = 64 * 1024, AUTO_DETECT = 32 };
    z_stream stream = {.next_in = (Bytef *)view->bytes, .avail_in = (uInt)view->length};
    if (inflateInit2(&stream, MAX_WBITS + AUTO_DETECT) != Z_OK) {
        view->problem = "zlib cannot start";
        return;
    }
    int status = Z_OK;
    while (status == Z_OK && view->inflated.length < BODY_INFLATED_MAX_BYTES) {
        stream.next_out = (Bytef *)buffer_reserve(&view->inflated, STEP_BYTES);
        stream.avail_out = STEP_BYTES;
        status = inflate(&stream, Z_NO_FLUSH);
        buffer_grow(&view->inflated, STEP_BYTES - stream.avail_out);
    }
    (void)inflateEnd(&stream);
    view->is_bounded = status == Z_OK;
    if (status != Z_OK && status != Z_STREAM_END && view->inflated.length == 0) {
        view->problem = "it cannot be decompressed";
        return;
    }
    if (status != Z_OK && status != Z_STREAM_END) {
        view->problem = "it is broken off or damaged; this is its beginning";
    }
    view->bytes = buffer_cstr(&view->inflated);
    view->length = view->inflated.length;
    view->is_compressed = true;
}

/* Text in another encoding than UTF-8 is easier to read as text; what holds controls is none. */
static bool is_texty(const char *bytes, size_t length)
{
    enum { CONTROLS_PART = 20, STRANGE_PART = 3 };
    size_t controls = 0;
    size_t strange = 0;
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t taken = text_code_point(bytes + i, length - i, &point);
        bool is_space = point == '\n' || point == '\t' || point == '\r';
        controls += taken == 1 && point < ' ' && !is_space;
        strange += taken == 0;
        i += taken > 0 ? taken : 1;
    }
    return controls <= length / CONTROLS_PART && strange <= length / STRANGE_PART;
}

void body_view_init(struct body_view *view, const struct delivery *delivery)
{
    *view = (struct body_view){.bytes = delivery->body, .length = delivery->body_length};
    if (is_compressed(delivery)) {
        inflate_body(view);
    }
    const char *bytes = view->bytes;
    if (view->length == 0) {
        view->kind = BODY_EMPTY;
    } else if (json_is_valid(bytes, view->length)) {
        view->kind = BODY_JSON;
    } else {
        view->kind = is_texty(bytes, view->length) ? BODY_TEXT : BODY_BINARY;
    }
}

void body_view_done(struct body_view *view)
{
    buffer_done(&view->inflated);
}

const char *body_kind_name(enum body_kind kind)
{
    static const char *const names[] = {[BODY_EMPTY] = "empty",
                                        [BODY_JSON] = "JSON",
                                        [BODY_TEXT] = "text",
                                        [BODY_BINARY] = "binary"};
    return names[kind];
}

/* 00000010  68 65 6c 6c 6f …                                  |hello| */
static void add_hex(const char *bytes, size_t length, struct buffer *out)
{
    enum { ROW = 16 };
    for (size_t row = 0; row < length; row += ROW) {
        size_t count = length - row < ROW ? length - row : ROW;
        buffer_printf(out, "%08zx ", row);
        for (size_t i = 0; i < ROW; i++) {
            buffer_text(out, i == ROW / 2 ? " " : "");
            if (i < count) {
                buffer_printf(out, " %02x", (unsigned char)bytes[row + i]);
            } else {
                buffer_text(out, "   ");
            }
        }
        buffer_text(out, "  |");
        for (size_t i = 0; i < count; i++) {
            char byte = bytes[row + i];
            bool is_plain = byte >= ' ' && byte <= '~';
            buffer_add(out, is_plain ? &byte : ".", 1);
        }
        buffer_text(out, "|\n");
    }
}

void body_view_print(const struct body_view *view, size_t max_bytes, struct buffer *out)
{
    size_t most = view->kind == BODY_BINARY && max_bytes > BODY_HEX_MAX_BYTES ? BODY_HEX_MAX_BYTES
                                                                              : max_bytes;
    struct buffer pretty = {0};
    const char *bytes = view->bytes;
    size_t length = view->length;
    if (view->kind == BODY_JSON) {
        json_pretty(bytes, length, &pretty);
        bytes = buffer_cstr(&pretty);
        length = pretty.length;
    }
    size_t shown = length < most ? length : most;
    if (view->kind == BODY_BINARY) {
        add_hex(bytes, shown, out);
    } else {
        escape_add(out, bytes, shown, ESCAPE_LINES);
        buffer_text(out, shown > 0 && bytes[shown - 1] != '\n' ? "\n" : "");
    }
    if (shown < length) {
        buffer_printf(out, "… %zu bytes more\n", length - shown);
    }
    if (view->is_bounded) {
        buffer_printf(out, "… decompressed no further than %d bytes\n", BODY_INFLATED_MAX_BYTES);
    }
    buffer_done(&pretty);
}
