/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/secret.h"

#include "core/buffer.h"
#include "core/memory.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_MAX_BYTES = 1024 };

enum outcome secret_read(const char *folder, const char *name, char **out, struct fault *fault)
{
    AUTO(free_text) char *path = xasprintf("%s/%s.password", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    char text[SECRET_MAX_BYTES];
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
        length--;
    }
    if (length == 0 || length == sizeof text - 1) {
        return fault_set(fault, FATAL, "%s: a password of 1 to %d bytes is needed", path,
                         SECRET_MAX_BYTES - 2);
    }
    *out = xstrndup(text, length);
    explicit_bzero(text, sizeof text);
    return OK;
}

/* scheme://authority/path?query: where the path begins and ends. */
static void find_path(const char *url, size_t *start, size_t *end)
{
    const char *scheme = strstr(url, "://");
    const char *authority = scheme != NULL ? scheme + 3 : url;
    *start = (size_t)(authority - url) + strcspn(authority, "/?");
    *end = *start + strcspn(url + *start, "?");
}

char *secret_url_with_database(const char *url, const char *database)
{
    size_t start = 0;
    size_t end = 0;
    find_path(url, &start, &end);
    return xasprintf("%.*s/%s%s", (int)start, url, database, url + end);
}

static void add_encoded(struct buffer *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (isalnum(*c) != 0 || strchr("-._~", *c) != NULL) {
            buffer_byte(out, (char)*c);
        } else {
            buffer_printf(out, "%%%02X", *c);
        }
    }
}

char *secret_url_with_user(const char *url, const char *user, const char *password)
{
    size_t start = 0;
    size_t end = 0;
    find_path(url, &start, &end);
    const char *scheme = strstr(url, "://");
    const char *authority = scheme != NULL ? scheme + 3 : url;
    const char *at = memrchr(authority, '@', (size_t)(url + start - authority));
    const char *host = at != NULL ? at + 1 : authority;

    struct buffer text = {0};
    buffer_add(&text, url, (size_t)(authority - url));
    add_encoded(&text, user);
    buffer_byte(&text, ':');
    add_encoded(&text, password);
    buffer_byte(&text, '@');
    buffer_text(&text, host);
    char *copy = xstrdup(buffer_cstr(&text));
    buffer_done(&text);
    return copy;
}

char *secret_url_with_password(const char *url, const char *password)
{
    size_t start = 0;
    size_t end = 0;
    find_path(url, &start, &end);
    const char *at = memrchr(url, '@', start);
    size_t head = at != NULL ? (size_t)(at - url) : start;

    struct buffer text = {0};
    buffer_add(&text, url, head);
    buffer_byte(&text, ':');
    add_encoded(&text, password);
    buffer_text(&text, url + head);
    char *copy = xstrdup(buffer_cstr(&text));
    buffer_done(&text);
    return copy;
}
