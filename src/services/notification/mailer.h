/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFICATION_MAILER_H
#define NOTIFICATION_MAILER_H

#include "core/service.h"

/* Bound to finish every open mail: leased, delivered outside any transaction, then committed
 * together with NotificationSent. */
extern const struct part mailer_part;

struct notification_config {
    char *smtp_url;
    char *smtp_user;
    char *smtp_password;
    char *mail_from;
    char *maildir;
};

#endif
