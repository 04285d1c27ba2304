/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_SQL_H
#define PROFILE_SQL_H

#include "core/sql.h"

extern const struct sql sql_goal_set;
extern const struct sql sql_metrics_record;
extern const struct sql sql_user_add;
extern const struct sql sql_user_delete;
extern const struct sql sql_user_lock;
extern const struct sql sql_user_read;
extern const struct sql sql_user_update;

#endif
