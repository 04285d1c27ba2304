/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_TRAIL_SQL_H
#define TOOLS_DLQ_TRAIL_SQL_H

#include "core/sql.h"

extern const struct sql sql_trail_add;
extern const struct sql sql_trail_read;

#endif
