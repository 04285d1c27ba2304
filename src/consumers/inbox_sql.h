/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_INBOX_SQL_H
#define CONSUMERS_INBOX_SQL_H

#include "core/sql.h"

/* The statements in sql/, embedded at build time. */
extern const struct sql sql_dead_letter_find;
extern const struct sql sql_dead_letter_lock;
extern const struct sql sql_inbox_claim;
extern const struct sql sql_inbox_oldest;
extern const struct sql sql_rebuild_done;
extern const struct sql sql_rebuild_lock;
extern const struct sql sql_rebuild_mark;
extern const struct sql sql_rebuild_take;
extern const struct sql sql_retry_park;
extern const struct sql sql_retry_again;
extern const struct sql sql_retry_done;
extern const struct sql sql_retry_take;
extern const struct sql sql_retry_count;
extern const struct sql sql_suspect_begin;
extern const struct sql sql_suspect_end;
extern const struct sql sql_suspect_put_down;

#endif
