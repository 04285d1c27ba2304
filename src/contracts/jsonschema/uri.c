/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/uri.h"

#include "core/buffer.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

static const char local_scheme[] = "path:";

struct piece {
    const char *start; /* NULL: absent, which differs from empty */
    size_t length;
};

struct parts {
    struct piece scheme, authority, path, query;
};

static size_t scheme_length(const char *text)
{
    size_t length = 0;
    if (!isalpha((unsigned char)text[0])) {
        return 0;
    }
    while (isalnum((unsigned char)text[length]) ||
           (text[length] != '\0' && strchr("+-.", text[length]) != NULL)) {
        length++;
    }
    return text[length] == ':' ? length : 0;
}

static struct parts split(const char *text)
{
    struct parts parts = {0};
    size_t length = scheme_length(text);
    if (length > 0) {
        parts.scheme = (struct piece){text, length};
        text += length + 1;
    }
    if (text[0] == '/' && text[1] == '/') {
        parts.authority = (struct piece){text + 2, strcspn(text + 2, "/?#")};
        text += 2 + parts.authority.length;
    }
    parts.path = (struct piece){text, strcspn(text, "?#")};
    text += parts.path.length;
    if (*text == '?') {
        parts.query = (struct piece){text + 1, strcspn(text + 1, "#")};
    }
    return parts;
}

static void add_piece(struct buffer *out, struct piece piece)
{
    buffer_add(out, piece.start, piece.length);
}

/* Drops the last segment; false when there is none but "..". */
static bool drop_segment(struct buffer *out, size_t start)
{
    size_t end = out->length;
    if (end == start || (end == start + 1 && out->bytes[start] == '/')) {
        return false;
    }
    size_t at = end - 1; /* behind the segment is a slash */
    while (at > start && out->bytes[at - 1] != '/') {
        at--;
    }
    if (end - at == 3 && memcmp(out->bytes + at, "../", 3) == 0) {
        return false;
    }
    out->length = at;
    return true;
}

/* Adds a path without "." and "..". A relative one keeps the ".." that lead out of it. */
static void add_path(struct buffer *out, struct piece path)
{
    size_t start = out->length;
    const char *at = path.start;
    const char *end = path.start + path.length;
    bool is_rooted = at < end && *at == '/';
    if (is_rooted) {
        buffer_byte(out, '/');
        at++;
    }
    while (at < end) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t length = (size_t)((slash != NULL ? slash : end) - at);
        if (length == 2 && memcmp(at, "..", 2) == 0) {
            if (!drop_segment(out, start) && !is_rooted) {
                buffer_text(out, "../");
            }
        } else if (!(length == 1 && *at == '.')) {
            buffer_add(out, at, length);
            if (slash != NULL) {
                buffer_byte(out, '/');
            }
        }
        at += length + 1;
    }
}

/* Everything of `base` up to its last slash, then `path`. */
static void add_merged(struct buffer *out, const struct parts *base, struct piece path)
{
    AUTO(buffer_done) struct buffer merged = {0};
    const char *slash =
        base->path.length > 0 ? memrchr(base->path.start, '/', base->path.length) : NULL;
    if (slash != NULL) {
        buffer_add(&merged, base->path.start, (size_t)(slash - base->path.start) + 1);
    } else if (base->authority.start != NULL) {
        buffer_byte(&merged, '/');
    }
    add_piece(&merged, path);
    add_path(out, (struct piece){buffer_cstr(&merged), merged.length});
}

static void add_start(struct buffer *out, const struct parts *of)
{
    if (of->scheme.start != NULL) {
        add_piece(out, of->scheme);
        buffer_byte(out, ':');
    }
}

static void add_authority(struct buffer *out, const struct parts *of)
{
    if (of->authority.start != NULL) {
        buffer_text(out, "//");
        add_piece(out, of->authority);
    }
}

static void add_query(struct buffer *out, const struct parts *of)
{
    if (of->query.start != NULL) {
        buffer_byte(out, '?');
        add_piece(out, of->query);
    }
}

const char *uri_resolve(struct arena *arena, const char *base_text, const char *reference)
{
    const struct parts ref = split(reference);
    const struct parts base = split(base_text);
    AUTO(buffer_done) struct buffer out = {0};
    if (ref.scheme.start != NULL) {
        add_start(&out, &ref);
        add_authority(&out, &ref);
        /* The path of a URN is no path. */
        if (ref.path.length > 0 && ref.path.start[0] == '/') {
            add_path(&out, ref.path);
        } else {
            add_piece(&out, ref.path);
        }
        add_query(&out, &ref);
        return arena_text(arena, buffer_cstr(&out), out.length);
    }
    add_start(&out, &base);
    if (ref.authority.start != NULL) {
        add_authority(&out, &ref);
        add_path(&out, ref.path);
        add_query(&out, &ref);
        return arena_text(arena, buffer_cstr(&out), out.length);
    }
    add_authority(&out, &base);
    if (ref.path.length == 0) {
        add_piece(&out, base.path);
        add_query(&out, ref.query.start != NULL ? &ref : &base);
    } else {
        if (ref.path.start[0] == '/') {
            add_path(&out, ref.path);
        } else {
            add_merged(&out, &base, ref.path);
        }
        add_query(&out, &ref);
    }
    return arena_text(arena, buffer_cstr(&out), out.length);
}

const char *uri_fragment(const char *reference)
{
    const char *hash = strchr(reference, '#');
    return hash != NULL ? hash + 1 : NULL;
}

char *uri_decode(struct arena *arena, const char *text, size_t length)
{
    char *out = arena_text(arena, text, length);
    return text_decode_percent(out) ? out : NULL;
}

const char *uri_of_path(struct arena *arena, const char *path)
{
    AUTO(buffer_done) struct buffer out = {0};
    buffer_text(&out, local_scheme);
    for (; *path != '\0'; path++) {
        if (*path == '%' || *path == '?' || *path == '#') {
            buffer_printf(&out, "%%%02X", (unsigned)*path);
        } else {
            buffer_byte(&out, *path);
        }
    }
    return arena_text(arena, buffer_cstr(&out), out.length);
}

const char *uri_path(struct arena *arena, const char *uri)
{
    if (!text_starts_with(uri, local_scheme)) {
        return NULL;
    }
    const char *path = uri + sizeof local_scheme - 1;
    return uri_decode(arena, path, strcspn(path, "?"));
}
