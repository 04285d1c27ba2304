/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * TLS 1.2 or newer over a connected non-blocking socket, for the broker connection. The peer's
 * chain and its name are always verified: there is no way to switch that off, and none back to
 * plain text. HTTPS is libcurl's and PostgreSQL's TLS is libpq's; they take the same files.
 */

/* PEM files; NULL = none. They are read anew for each connection, so they may be renewed. */
struct tls_files {
    const char *ca;          /* whom to trust; NULL: whom the system trusts */
    const char *certificate; /* our own, with its chain; NULL: the peer asks for none */
    const char *key;         /* its key, not encrypted; NULL: in the certificate's file */
};

struct tls;

/* The name is what the certificate must be for: a host name or an address. FATAL when a file cannot
 * be used. The socket stays the caller's. */
enum outcome tls_new(const struct tls_files *files, const char *host, int fd, struct tls **out,
                     struct fault *fault);
void tls_free(struct tls *tls); /* NULL is fine */

/* One step of the handshake. OK: done. RETRY: wait until the socket is readable, or writable when
 * tls_wants_write. LOST: refused by one of the two, with the reason. */
enum outcome tls_shake_hands(struct tls *tls, struct fault *fault);

/* Like send and recv with MSG_DONTWAIT, errno included; EPROTO: tls_reason tells more. One call of
 * tls_receive gives what one record has: call again until EAGAIN. The bytes after those that were
 * sent must stay the same, wherever they lie, until they are sent as well. */
ssize_t tls_send(struct tls *tls, const void *bytes, size_t count);
ssize_t tls_receive(struct tls *tls, void *bytes, size_t count);
bool tls_wants_write(const struct tls *tls);
const char *tls_reason(const struct tls *tls);

/* Says goodbye as far as the socket takes it at once. */
void tls_close(struct tls *tls);

#endif
