/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_SQL_H
#define SUBSCRIPTION_SQL_H

#include "core/sql.h"

/* The statements in sql/, embedded at build time. */
extern const struct sql sql_attention_list;
extern const struct sql sql_decision_add;
extern const struct sql sql_decision_show;
extern const struct sql sql_entitlement_off;
extern const struct sql sql_entitlement_on;
extern const struct sql sql_member_leave;
extern const struct sql sql_member_lock;
extern const struct sql sql_member_share;
extern const struct sql sql_member_welcome;
extern const struct sql sql_price_now;
extern const struct sql sql_timer_next;
extern const struct sql sql_timer_take;
extern const struct sql sql_upgrade_insert;
extern const struct sql sql_upgrade_load;
extern const struct sql sql_upgrade_open;
extern const struct sql sql_upgrade_show;
extern const struct sql sql_upgrade_update;

#endif
