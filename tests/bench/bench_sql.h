/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SQL_H
#define BENCH_SQL_H

#include "core/sql.h"

/* The statements in sql/, embedded at build time. */
extern const struct sql sql_account_load;
extern const struct sql sql_account_make;
extern const struct sql sql_account_save;
extern const struct sql sql_effect_commits;
extern const struct sql sql_hop_check;
extern const struct sql sql_source_commits;

#endif
