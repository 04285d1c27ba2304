/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HISTORY_SQL_H
#define HISTORY_SQL_H

#include "core/sql.h"

extern const struct sql sql_event_record;
extern const struct sql sql_erasure_ask;
extern const struct sql sql_erasure_hurry;
extern const struct sql sql_erasure_open;
extern const struct sql sql_erasure_done;
extern const struct sql sql_chain_lock;
extern const struct sql sql_chain_take;
extern const struct sql sql_chain_add;

/* Of the database with the keys. */
extern const struct sql sql_key_read;
extern const struct sql sql_key_make;
extern const struct sql sql_key_destroy;

#endif
