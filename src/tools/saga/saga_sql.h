/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SAGA_SAGA_SQL_H
#define TOOLS_SAGA_SAGA_SQL_H

#include "core/sql.h"

extern const struct sql sql_saga_stories;
extern const struct sql sql_saga_records;
extern const struct sql sql_saga_event;
extern const struct sql sql_saga_traces;

#endif
