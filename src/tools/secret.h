/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SECRET_H
#define TOOLS_SECRET_H

#include "core/outcome.h"

/* Passwords come from files, one each, never from arguments. */

/* Reads <folder>/<name>.password, without its newline. The text is yours. */
enum outcome secret_read(const char *folder, const char *name, char **out, struct fault *fault);

/* A PostgreSQL URL with another database in it. The text is yours. */
char *secret_url_with_database(const char *url, const char *database);

/* The same with another user and password (percent-encoded as needed). */
char *secret_url_with_user(const char *url, const char *user, const char *password);

/* The same with a password for the user that it names already. */
char *secret_url_with_password(const char *url, const char *password);

#endif
