/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SMTP_H
#define SUPPORT_SMTP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A mail server for tests: SMTP (RFC 5321) without extensions, on loopback, one connection at a
 * time in a thread of its own. It keeps what it has accepted.
 */

struct smtp;

struct smtp *smtp_new(int port); /* 0 = a free one */
void smtp_free(struct smtp *smtp);
int smtp_port(const struct smtp *smtp);

enum smtp_step { SMTP_GREETING, SMTP_SENDER, SMTP_RECIPIENT, SMTP_MESSAGE, SMTP_STEPS };

/* The next `times` are answered with this code, e.g. 451 or 550. */
void smtp_refuse(struct smtp *smtp, enum smtp_step step, int code, int times);
/* While a step is held, its command gets no answer, not even when the connection has been left;
 * smtp_await_held waits until there is one. SMTP_STEPS: none is held any more. */
void smtp_hold(struct smtp *smtp, enum smtp_step step);
bool smtp_await_held(struct smtp *smtp, int timeout_s);

/* How many accepted messages hold this text, e.g. "Message-ID: <…>" or "RCPT TO:<…>". */
size_t smtp_count(struct smtp *smtp, const char *text);

#endif
