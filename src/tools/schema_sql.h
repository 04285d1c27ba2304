/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SCHEMA_SQL_H
#define TOOLS_SCHEMA_SQL_H

#include "core/sql.h"

extern const struct sql sql_schema_set;
extern const struct sql sql_schema_lock;
extern const struct sql sql_schema_roles;
extern const struct sql sql_schema_database_exists;
extern const struct sql sql_schema_database_name;
extern const struct sql sql_schema_owner;
extern const struct sql sql_schema_is_there;
extern const struct sql sql_schema_applied;
extern const struct sql sql_schema_unknown;
extern const struct sql sql_schema_record;

#endif
