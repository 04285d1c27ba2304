/* SPDX-License-Identifier: Apache-2.0 */
#include "core/personal.h"

#include "core/scan.h"

#include <sodium.h>
#include <string.h>

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    ERASED_TEXT = 't',
    ERASED_OTHER = 'o',
};

_Static_assert(PERSONAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "the cipher's own");

void personal_done(struct personal *personal)
{
    if (personal->values.bytes != NULL) {
        sodium_memzero(personal->values.bytes, personal->values.length);
    }
    buffer_done(&personal->body);
    buffer_done(&personal->cuts);
    buffer_done(&personal->values);
}

void personal_clear(struct personal *personal)
{
    buffer_clear(&personal->body);
    buffer_clear(&personal->cuts);
    buffer_clear(&personal->values);
}

static void put_u32(struct buffer *out, size_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};
    buffer_add(out, bytes, sizeof bytes);
}

static size_t get_u32(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* One pass over the body. */
struct cutter {
    struct scan scan;
    struct personal *out;
    const char *copied; /* what lies before it has gone to the body that is left */
};

static bool cut_object(struct cutter *cutter, const struct shape *shape, unsigned depth);

static bool cut_value(struct cutter *cutter)
{
    struct scan *scan = &cutter->scan;
    struct personal *out = cutter->out;
    char first = scan_peek(scan);
    const char *start = scan->at;
    if (!scan_skip(scan, CODEC_DEPTH_MAX)) {
        return false;
    }
    buffer_add(&out->body, cutter->copied, (size_t)(start - cutter->copied));
    put_u32(&out->cuts, out->body.length);
    buffer_byte(&out->cuts, first == '"' ? ERASED_TEXT : ERASED_OTHER);
    put_u32(&out->values, (size_t)(scan->at - start));
    buffer_add(&out->values, start, (size_t)(scan->at - start));
    cutter->copied = scan->at;
    return true;
}

static bool cut_field(struct cutter *cutter, const struct field *field, unsigned depth);

static bool cut_array(struct cutter *cutter, const struct field *item, unsigned depth)
{
    struct scan *scan = &cutter->scan;
    if (depth == 0 || !scan_expect(scan, '[')) {
        return false;
    }
    if (scan_take(scan, ']')) {
        return true;
    }
    do {
        if (!cut_field(cutter, item, depth - 1)) {
            return false;
        }
    } while (scan_take(scan, ','));
    return scan_expect(scan, ']');
}

static bool cut_field(struct cutter *cutter, const struct field *field, unsigned depth)
{
    char first = scan_peek(&cutter->scan);
    if (field == NULL || field->personal) {
        return cut_value(cutter);
    }
    if (field->kind == FIELD_OBJECT && first == '{') {
        return cut_object(cutter, field->shape, depth);
    }
    if (field->kind == FIELD_ARRAY && first == '[') {
        return cut_array(cutter, field->item, depth);
    }
    return scan_skip(&cutter->scan, CODEC_DEPTH_MAX);
}

/* A name may be written with escapes. */
static const struct field *find_field(const struct shape *shape, const struct scan_text *key)
{
    char name[CODEC_KEY_MAX_BYTES];
    if (key->bytes > sizeof name) {
        return NULL;
    }
    scan_unescape(key, name);
    for (size_t i = 0; i < shape->field_count; i++) {
        if (strlen(shape->fields[i].name) == key->bytes &&
            memcmp(shape->fields[i].name, name, key->bytes) == 0) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

static bool cut_object(struct cutter *cutter, const struct shape *shape, unsigned depth)
{
    struct scan *scan = &cutter->scan;
    if (depth == 0 || !scan_expect(scan, '{')) {
        return false;
    }
    if (scan_take(scan, '}')) {
        return true;
    }
    do {
        struct scan_text key;
        (void)scan_peek(scan);
        if (!scan_key(scan, &key) || !cut_field(cutter, find_field(shape, &key), depth - 1)) {
            return false;
        }
    } while (scan_take(scan, ','));
    return scan_expect(scan, '}');
}

enum outcome personal_cut(const struct shape *shape, const char *json, size_t length,
                          struct personal *out, struct fault *fault)
{
    personal_clear(out);
    struct cutter cutter = {
        .scan = {.start = json, .at = json, .end = json + length},
        .out = out,
        .copied = json,
    };
    (void)scan_peek(&cutter.scan);
    if (!cut_object(&cutter, shape, CODEC_DEPTH_MAX) || !scan_is_done(&cutter.scan)) {
        return fault_set(fault, REJECT, "%s: the body cannot be read as the contract says",
                         shape->name);
    }
    buffer_add(&out->body, cutter.copied, (size_t)(json + length - cutter.copied));
    return OK;
}

static enum outcome mismatch(struct fault *fault)
{
    return fault_set(fault, REJECT, "the body and its personal values do not belong together");
}

/* Takes the next value; false when there is none. */
struct values {
    const unsigned char *at;
    size_t left;
};

static bool add_value(struct values *values, struct buffer *out)
{
    if (values->left < 4) {
        return false;
    }
    size_t length = get_u32(values->at);
    if (length > values->left - 4) {
        return false;
    }
    buffer_add(out, values->at + 4, length);
    values->at += 4 + length;
    values->left -= 4 + length;
    return true;
}

/* `values` NULL: erased. */
static enum outcome fill(const char *body, size_t length, const unsigned char *cuts,
                         size_t cuts_length, struct values *values, struct buffer *out,
                         struct fault *fault)
{
    size_t done = 0;
    if (cuts_length % PERSONAL_CUT_BYTES != 0) {
        return mismatch(fault);
    }
    for (size_t i = 0; i < cuts_length; i += PERSONAL_CUT_BYTES) {
        size_t at = get_u32(cuts + i);
        if (at < done || at > length) {
            return mismatch(fault);
        }
        buffer_add(out, body + done, at - done);
        done = at;
        if (values == NULL) {
            buffer_text(out, cuts[i + 4] == ERASED_TEXT ? "\"[erased]\"" : "null");
        } else if (!add_value(values, out)) {
            return mismatch(fault);
        }
    }
    if (values != NULL && values->left != 0) {
        return mismatch(fault);
    }
    buffer_add(out, body + done, length - done);
    return OK;
}

enum outcome personal_join(const char *body, size_t length, const void *cuts, size_t cuts_length,
                           const void *values, size_t values_length, struct buffer *out,
                           struct fault *fault)
{
    struct values list = {.at = values, .left = values_length};
    return fill(body, length, cuts, cuts_length, &list, out, fault);
}

enum outcome personal_blank(const char *body, size_t length, const void *cuts, size_t cuts_length,
                            struct buffer *out, struct fault *fault)
{
    return fill(body, length, cuts, cuts_length, NULL, out, fault);
}

void personal_make_key(unsigned char key[PERSONAL_KEY_BYTES])
{
    crypto_aead_xchacha20poly1305_ietf_keygen(key);
}

static void add_context(struct buffer *out, const struct uuid *event, const void *cuts,
                        size_t length)
{
    buffer_add(out, event->bytes, sizeof event->bytes);
    buffer_add(out, cuts, length);
}

void personal_seal(const struct personal *personal, const struct uuid *event,
                   const unsigned char key[PERSONAL_KEY_BYTES], struct buffer *sealed)
{
    AUTO(buffer_done) struct buffer context = {0};
    add_context(&context, event, personal->cuts.bytes, personal->cuts.length);
    size_t padded = personal->values.length;
    size_t room = padded + PERSONAL_PAD_BYTES;
    AUTO(free_text) char *plain = xmalloc(room);
    memcpy(plain, personal->values.bytes, personal->values.length);
    (void)sodium_pad(&padded, (unsigned char *)plain, personal->values.length, PERSONAL_PAD_BYTES,
                     room);

    unsigned char *at = (unsigned char *)buffer_reserve(sealed, NONCE_BYTES + padded + TAG_BYTES);
    unsigned long long length = 0;
    randombytes_buf(at, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + NONCE_BYTES, &length, (const unsigned char *)plain, padded,
        (const unsigned char *)context.bytes, context.length, NULL, at, key);
    buffer_grow(sealed, NONCE_BYTES + (size_t)length);
    sodium_memzero(plain, room);
}

enum outcome personal_open(const void *sealed, size_t sealed_length, const void *cuts,
                           size_t cuts_length, const struct uuid *event,
                           const unsigned char key[PERSONAL_KEY_BYTES], struct buffer *values,
                           struct fault *fault)
{
    AUTO(buffer_done) struct buffer context = {0};
    const unsigned char *nonce = sealed;
    unsigned long long length = 0;
    size_t plain_length = 0;
    add_context(&context, event, cuts, cuts_length);
    if (sealed_length < NONCE_BYTES + TAG_BYTES) {
        return fault_set(fault, REJECT, "the sealed values are cut short");
    }
    unsigned char *at = (unsigned char *)buffer_reserve(values, sealed_length);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            at, &length, NULL, nonce + NONCE_BYTES, sealed_length - NONCE_BYTES,
            (const unsigned char *)context.bytes, context.length, nonce, key) != 0 ||
        sodium_unpad(&plain_length, at, (size_t)length, PERSONAL_PAD_BYTES) != 0) {
        return fault_set(fault, REJECT, "the sealed values do not open with the person's key");
    }
    buffer_grow(values, plain_length);
    return OK;
}
