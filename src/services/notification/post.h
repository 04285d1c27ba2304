/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFICATION_POST_H
#define NOTIFICATION_POST_H

#include "core/buffer.h"
#include "core/ids.h"
#include "core/outcome.h"
#include "core/service.h"

/* The two ways in which a finished message leaves. Both block for seconds at most; call them
 * outside transactions. */

/*
 * Into a Maildir, exactly once per id: the id names the file, so a second delivery finds it there,
 * or among those that a reader has seen, and is done. RETRY when the folder cannot be written.
 */
enum outcome post_maildir(const char *folder, const struct uuid *id, const struct buffer *message,
                          struct fault *fault);

struct post_server {
    const char *url;  /* smtp://host:port or smtps://… */
    const char *user; /* "" = no authentication */
    const char *password;
    const char *from;
    const struct runtime *runtime; /* whose stop cuts a delivery short */
};

/* FATAL for what is no mail server's address. */
enum outcome post_check_url(const char *url, struct fault *fault);

/*
 * RETRY for a server that is away or busy (4xx) or refuses us (login, TLS), REJECT when it answers
 * 5xx to the message, its sender or its recipient: mostly for good, but it may mean us. A stop of
 * the runtime ends a delivery at once while nothing can have been accepted (LOST); from then on the
 * answer is waited for, as long as the drain time allows (RETRY).
 */
enum outcome post_smtp(const struct post_server *server, const char *to,
                       const struct buffer *message, struct fault *fault);

#endif
