/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_SQL_H
#define COACHING_SQL_H

#include "core/sql.h"

extern const struct sql sql_athlete_add;
extern const struct sql sql_athlete_forget;
extern const struct sql sql_athlete_load;
extern const struct sql sql_goal_set;
extern const struct sql sql_metric_load;
extern const struct sql sql_metric_set;
extern const struct sql sql_plan_back;
extern const struct sql sql_plan_read;
extern const struct sql sql_plan_refuse;
extern const struct sql sql_plan_set_ordinary;
extern const struct sql sql_plan_set_premium;
extern const struct sql sql_upgrade_add;
extern const struct sql sql_upgrade_load;
extern const struct sql sql_upgrade_move;

#endif
