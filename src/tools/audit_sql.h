/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_SQL_H
#define TOOLS_AUDIT_SQL_H

#include "core/sql.h"

extern const struct sql sql_audit_floor;

/* Cursors. */
extern const struct sql sql_audit_journal;
extern const struct sql sql_audit_seen;
extern const struct sql sql_audit_seen_billing;
extern const struct sql sql_audit_seen_history;
extern const struct sql sql_audit_seen_notification;
extern const struct sql sql_audit_seen_subscription;
extern const struct sql sql_audit_upgrades;
extern const struct sql sql_audit_charges;
extern const struct sql sql_audit_plans;

extern const struct sql sql_audit_said;

/* Checks of what one database has made of another's events. */
extern const struct sql sql_audit_goals;
extern const struct sql sql_audit_metrics;
extern const struct sql sql_audit_requests;

/* Checks within one database. */
extern const struct sql sql_audit_answered_once;
extern const struct sql sql_audit_decided_once;
extern const struct sql sql_audit_mailed_once;
extern const struct sql sql_audit_planned;
extern const struct sql sql_audit_caused;
extern const struct sql sql_audit_numbered;
extern const struct sql sql_audit_versioned;
extern const struct sql sql_audit_recorded;
extern const struct sql sql_audit_relayed;
extern const struct sql sql_audit_unsent;
extern const struct sql sql_audit_parked;
extern const struct sql sql_audit_dead;

#endif
