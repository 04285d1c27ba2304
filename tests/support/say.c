/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ids.h"
#include "support/foreign.h"

#include <stdio.h>
#include <string.h>

/* Says one event by hand, with the account of the service that owns it. The publishing is
 * foreign.c's. */

enum { NAME_BYTES = 128 };

/* "profile.training-resumed.v1" → "1" */
static const char *major_of(const char *routing_key)
{
    const char *dot = strrchr(routing_key, '.');
    return dot != NULL && dot[1] == 'v' ? dot + 2 : "";
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fprintf(
            stderr,
            "usage: say SERVICE ROUTING_KEY NAME SUBJECT JSON\n"
            "e.g.   say profile profile.user-deleted.v1 UserDeleted ID '{\"userId\": …}'\n");
        return 2;
    }
    char id[UUID_TEXT_BYTES];
    char exchange[NAME_BYTES];
    char type[NAME_BYTES];
    char reason[256];
    const struct uuid event_id = ids_new();
    (void)snprintf(exchange, sizeof exchange, "%s.events", argv[1]);
    (void)snprintf(type, sizeof type, "fit.%s.%s.v%s", argv[1], argv[3], major_of(argv[2]));
    const struct foreign_message message = {
        .account = argv[1],
        .exchange = exchange,
        .routing_key = argv[2],
        .id = ids_format(&event_id, id),
        .type = type,
        .name = argv[3],
        .subject = argv[4],
        .correlation_id = id,
        .body = argv[5],
    };
    if (!foreign_publish(&message, reason)) {
        (void)fprintf(stderr, "say: %s\n", reason);
        return 1;
    }
    (void)printf("%s\n", id);
    return 0;
}
