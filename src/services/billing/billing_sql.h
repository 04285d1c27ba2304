/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_SQL_H
#define BILLING_SQL_H

#include "core/sql.h"

/* The statements in sql/, embedded at build time. */
extern const struct sql sql_charge_anonymise;
extern const struct sql sql_charge_attention;
extern const struct sql sql_charge_due;
extern const struct sql sql_charge_held;
extern const struct sql sql_charge_insert;
extern const struct sql sql_charge_load;
extern const struct sql sql_charge_renew;
extern const struct sql sql_charge_turn;
extern const struct sql sql_charge_write;
extern const struct sql sql_refund_done;
extern const struct sql sql_refund_open;
extern const struct sql sql_user_forget;

#endif
