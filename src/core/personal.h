/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_PERSONAL_H
#define CORE_PERSONAL_H

#include "core/buffer.h"
#include "core/codec.h"
#include "core/ids.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A JSON body whose personal values stand apart, so that they can be kept under a key of their own
 * and the rest be read by anybody. Nothing is rewritten: the values are cut out as they were
 * written, and put back they give the body byte for byte.
 *
 *   body    {"userId":"0193…","name":,"email":}
 *   cuts               at 25, a text ─┘        └─ at 34, a text
 *   values  "Ada Lovelace" "ada@example.org"
 */

enum {
    PERSONAL_CUT_BYTES = 5, /* where in the body that is left, 4 bytes, and what stood there */
    PERSONAL_KEY_BYTES = 32,
    PERSONAL_PAD_BYTES = 64, /* the ciphertext tells the values' length no more exactly than this */
};

/* Big-endian throughout. Zeroed is empty and valid. */
struct personal {
    struct buffer body;
    struct buffer cuts;   /* PERSONAL_CUT_BYTES each */
    struct buffer values; /* each after its length, 4 bytes */
};

void personal_done(struct personal *personal);
void personal_clear(struct personal *personal); /* keeps the memory */

/*
 * Cuts the values that the shape calls personal, and those of members that it does not know: what
 * nobody has declared may be anything. The body must be one that codec_decode takes; REJECT when it
 * is not.
 */
enum outcome personal_cut(const struct shape *shape, const char *json, size_t length,
                          struct personal *out, struct fault *fault);

/* Puts the values back. REJECT when the three do not belong together. */
enum outcome personal_join(const char *body, size_t length, const void *cuts, size_t cuts_length,
                           const void *values, size_t values_length, struct buffer *out,
                           struct fault *fault);
/* Puts "[erased]" where a text stood, and null for anything else. */
enum outcome personal_blank(const char *body, size_t length, const void *cuts, size_t cuts_length,
                            struct buffer *out, struct fault *fault);

/*
 * The values under a key: XChaCha20-Poly1305, the nonce in front. Event and cuts are authenticated,
 * so a ciphertext opens nowhere else. REJECT when the key is another or a byte has changed.
 */
void personal_make_key(unsigned char key[PERSONAL_KEY_BYTES]);
void personal_seal(const struct personal *personal, const struct uuid *event,
                   const unsigned char key[PERSONAL_KEY_BYTES], struct buffer *sealed);
enum outcome personal_open(const void *sealed, size_t sealed_length, const void *cuts,
                           size_t cuts_length, const struct uuid *event,
                           const unsigned char key[PERSONAL_KEY_BYTES], struct buffer *values,
                           struct fault *fault);

#endif
