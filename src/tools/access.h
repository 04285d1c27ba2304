/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_ACCESS_H
#define TOOLS_ACCESS_H

#include "core/broker.h"
#include "core/db.h"
#include "tools/cli.h"
#include "tools/management.h"

/*
 * Where the servers are, the same for every command that reaches one. A command puts one of the
 * sets below into its table of options and opens what it needs with the functions below; it reads
 * no variable and no profile itself.
 *
 * One source says where the servers are, so that no command works half on one cluster and half on
 * another:
 *
 *   1. an option on the command line, for itself
 *   2. --profile NAME: then the environment is not asked
 *   3. the environment
 *   4. the profile that QUADRILLE_PROFILE names, else the one called `default`; that one only when
 *      neither an option nor the environment names any server
 *
 * A password on the command line is refused: every user of the machine can read it there.
 * docs/profiles.md is for those who use it.
 */

/* clang-format off */
#define ACCESS_PROFILE                                                                                  \
    {"profile", "NAME", "QUADRILLE_PROFILE", NULL,                                                      \
     "the profile that says where the servers are", .is_setting = true}
#define ACCESS_URL                                                                                      \
    {"url", "URL", "AMQP_URL", NULL,                                                                    \
     "the broker, amqp://user@host:port/vhost; amqps:// for TLS", .is_setting = true}
#define ACCESS_MANAGEMENT_URL                                                                           \
    {"management-url", "URL", "MANAGEMENT_URL", NULL,                                                   \
     "the broker's management API, http(s)://user@host:port", .is_setting = true}
#define ACCESS_DATABASE_URL                                                                             \
    {"database-url", "URL", "DATABASE_URL", NULL,                                                       \
     "the database, postgresql://user@host:port/name", .is_setting = true}
#define ACCESS_VHOST                                                                                    \
    {"vhost", "NAME", "AMQP_VHOST", "/", "virtual host, for the management API", .is_setting = true}
#define ACCESS_PASSWORD_FILE                                                                            \
    {"password-file", "FILE", "AMQP_PASSWORD_FILE", NULL,                                               \
     "password of broker and management API where their URLs have none", .is_setting = true}
#define ACCESS_TLS                                                                                      \
    {"ca-file", "FILE", "AMQP_CA_FILE", NULL,                                                           \
     "CAs that may have signed the certificates of broker and management API, PEM; else the system's",  \
     .is_setting = true},                                                                               \
    {"cert-file", "FILE", "AMQP_CERT_FILE", NULL,                                                       \
     "our own certificate, where they want one, PEM", .is_setting = true},                              \
    {"key-file", "FILE", "AMQP_KEY_FILE", NULL,                                                         \
     "its key, PEM, not encrypted; else it is in the certificate's file", .is_setting = true}

/* Sets: a table has one of these. */
#define ACCESS_BROKER ACCESS_PROFILE, ACCESS_URL, ACCESS_PASSWORD_FILE, ACCESS_TLS
#define ACCESS_MANAGEMENT                                                                               \
    ACCESS_PROFILE, ACCESS_MANAGEMENT_URL, ACCESS_VHOST, ACCESS_PASSWORD_FILE, ACCESS_TLS
#define ACCESS_DATABASE ACCESS_PROFILE, ACCESS_DATABASE_URL
#define ACCESS_BROKER_AND_MANAGEMENT ACCESS_BROKER, ACCESS_MANAGEMENT_URL
#define ACCESS_ALL ACCESS_BROKER_AND_MANAGEMENT, ACCESS_DATABASE_URL
/* clang-format on */

/* For cli_tree: settles the options that are settings. */
int access_settle(struct cli_call *call);

/*
 * EXIT_DONE, or it has been said on stderr what is missing and what to do (EXIT_USAGE). What the
 * options point to lives as long as the call; they may be used for any number of connections.
 * `name` is shown by the server: "quadrille dlq retry".
 */
int access_broker_options(const struct cli_call *call, const char *name,
                          struct broker_options *out);
int access_database_options(const struct cli_call *call, const char *name, struct db_options *out);

/* The files of TLS, for those who open a management API with a URL of their own. */
struct tls_files access_tls(const struct cli_call *call);

/* Opens at once; EXIT_FAILED, said on stderr, when the server refuses or is not there. */
int access_broker(const struct cli_call *call, const char *name, struct broker **out);
int access_management(const struct cli_call *call, struct management **out);
int access_database(const struct cli_call *call, const char *name, struct db **out);

#endif
