/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/annotation.h"

#include <string.h>

/* In a command `%` and line ends are written as %xx, in its properties `:` and `,` as well. */
static void add_escaped(struct buffer *out, const char *text, const char *special)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr(special, *at) != NULL) {
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*at);
        } else {
            buffer_byte(out, *at);
        }
    }
}

static void add_property(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "%s=", name);
    add_escaped(out, text, "%\r\n:,");
}

void annotation_start(struct buffer *out, const char *kind, struct position place,
                      const char *title)
{
    buffer_printf(out, "::%s ", kind);
    if (place.path != NULL) {
        add_property(out, "file", place.path);
        if (place.line > 0) {
            buffer_printf(out, ",line=%d,col=%d", place.line, place.column);
        }
        buffer_byte(out, ',');
    }
    add_property(out, "title", title);
    buffer_text(out, "::");
}

void annotation_text(struct buffer *out, const char *text)
{
    add_escaped(out, text, "%\r\n");
}
