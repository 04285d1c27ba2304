/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFICATION_SQL_H
#define NOTIFICATION_SQL_H

#include "core/sql.h"

extern const struct sql sql_recipient_set;
extern const struct sql sql_recipient_forget;
extern const struct sql sql_recipient_blank;
extern const struct sql sql_mail_note;
extern const struct sql sql_mail_note_change;
extern const struct sql sql_mail_take;
extern const struct sql sql_mail_done;
extern const struct sql sql_mail_again;
extern const struct sql sql_mail_give_back;
extern const struct sql sql_mail_waiting;
extern const struct sql sql_mail_expire;

#endif
