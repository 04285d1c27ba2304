/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include "core/db.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A chain of hashes over rows of a table, BLAKE2b with 32 bytes. Rows are hashed one by one, so
 * that a changed one can be named; a block lists its rows and hashes the list together with the
 * block before it:
 *
 *   entry   id (16) · hash of the row (32)
 *   block   hash (previous hash (32) · number (8, big-endian) · entries)
 *
 * A row is hashed column by column: 0 for null; else 1, the length (4, big-endian) and the value as
 * PostgreSQL sends it in binary.
 */

enum { CHAIN_HASH_BYTES = 32, CHAIN_ENTRY_BYTES = 16 + CHAIN_HASH_BYTES };

/* The first `columns` of the row. */
void chain_hash_row(const struct db_rows *rows, int row, int columns,
                    unsigned char hash[CHAIN_HASH_BYTES]);
/* `previous` of the first block is all zero. */
void chain_hash_block(const unsigned char previous[CHAIN_HASH_BYTES], int64_t number,
                      const void *entries, size_t length, unsigned char hash[CHAIN_HASH_BYTES]);

#endif
