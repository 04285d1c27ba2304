/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_PUBLISHERS_SQL_H
#define PUBLISHERS_PUBLISHERS_SQL_H

#include "core/sql.h"

/* The statements of this folder's sql/ and the migrations of its schema/, embedded at build time.
 */
extern const struct sql sql_idempotency_expire;
extern const struct sql sql_idempotency_find;
extern const struct sql sql_idempotency_forget;
extern const struct sql sql_idempotency_keep;
extern const struct sql sql_idempotency_lock;
extern const struct sql sql_outbox_append;
extern const struct sql sql_partition_make;
extern const struct sql sql_relay_chunk;
extern const struct sql sql_relay_cursor_move;
extern const struct sql sql_relay_cursor_read;
extern const struct sql sql_relay_fresh;
extern const struct sql sql_relay_poll;
extern const struct sql sql_relay_restored;
extern const struct sql sql_unsent_add;
extern const struct sql sql_unsent_delete;
extern const struct sql sql_unsent_take;

extern const struct sql sql_001_outbox;
extern const struct sql sql_002_idempotency;

#endif
