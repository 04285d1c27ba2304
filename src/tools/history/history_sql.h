/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_HISTORY_HISTORY_SQL_H
#define TOOLS_HISTORY_HISTORY_SQL_H

#include "core/sql.h"

extern const struct sql sql_history_horizon;
extern const struct sql sql_history_keys;
extern const struct sql sql_history_types;
extern const struct sql sql_history_head;
extern const struct sql sql_history_blocks;
extern const struct sql sql_history_rows;
extern const struct sql sql_history_unsealed;
extern const struct sql sql_history_days;

#endif
