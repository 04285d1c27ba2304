/* SPDX-License-Identifier: Apache-2.0 */
#include "core/chain.h"

#include <endian.h>
#include <sodium.h>

void chain_hash_row(const struct db_rows *rows, int row, int columns,
                    unsigned char hash[CHAIN_HASH_BYTES])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, CHAIN_HASH_BYTES);
    for (int column = 0; column < columns; column++) {
        unsigned char is_there = !db_is_null(rows, row, column);
        (void)crypto_generichash_update(&state, &is_there, 1);
        if (is_there) {
            size_t length = db_get_length(rows, row, column);
            uint32_t prefix = htobe32((uint32_t)length);
            (void)crypto_generichash_update(&state, (const unsigned char *)&prefix, sizeof prefix);
            (void)crypto_generichash_update(
                &state, (const unsigned char *)db_get_text(rows, row, column), length);
        }
    }
    (void)crypto_generichash_final(&state, hash, CHAIN_HASH_BYTES);
}

void chain_hash_block(const unsigned char previous[CHAIN_HASH_BYTES], int64_t number,
                      const void *entries, size_t length, unsigned char hash[CHAIN_HASH_BYTES])
{
    crypto_generichash_state state;
    uint64_t big = htobe64((uint64_t)number);
    (void)crypto_generichash_init(&state, NULL, 0, CHAIN_HASH_BYTES);
    (void)crypto_generichash_update(&state, previous, CHAIN_HASH_BYTES);
    (void)crypto_generichash_update(&state, (const unsigned char *)&big, sizeof big);
    (void)crypto_generichash_update(&state, entries, length);
    (void)crypto_generichash_final(&state, hash, CHAIN_HASH_BYTES);
}
