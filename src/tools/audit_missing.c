/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/audit_missing.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "tools/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct audit_missed *item_of(struct audit_missing *missing, const char *listener,
                                    const char *type)
{
    for (size_t i = 0; i < missing->count; i++) {
        if (strcmp(missing->items[i].listener, listener) == 0 &&
            strcmp(missing->items[i].type, type) == 0) {
            return &missing->items[i];
        }
    }
    missing->items = xrealloc(missing->items, (missing->count + 1) * sizeof missing->items[0]);
    struct audit_missed *item = &missing->items[missing->count++];
    *item = (struct audit_missed){.listener = xstrdup(listener), .type = xstrdup(type)};
    return item;
}

void audit_missing_add(struct audit_missing *missing, const char *listener, const char *type,
                       const struct uuid *id)
{
    missing->total++;
    if (missing->kept == AUDIT_MISSING_MAX) {
        return;
    }
    struct audit_missed *item = item_of(missing, listener, type);
    if (item->id_count == item->room) {
        item->room = item->room > 0 ? item->room * 2 : 64;
        item->ids = xrealloc(item->ids, item->room * sizeof item->ids[0]);
    }
    item->ids[item->id_count++] = *id;
    missing->kept++;
}

void audit_missing_done(struct audit_missing *missing)
{
    for (size_t i = 0; i < missing->count; i++) {
        free(missing->items[i].listener);
        free(missing->items[i].type);
        free(missing->items[i].ids);
    }
    free(missing->items);
    *missing = (struct audit_missing){0};
}

/* ---- files ---- */

static bool is_first_of_listener(const struct audit_missing *missing, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(missing->items[i].listener, missing->items[at].listener) == 0) {
            return false;
        }
    }
    return true;
}

static void write_ids(const struct audit_missing *missing, const char *listener, FILE *file)
{
    char id[UUID_TEXT_BYTES];
    for (size_t i = 0; i < missing->count; i++) {
        const struct audit_missed *item = &missing->items[i];
        for (size_t n = 0; strcmp(item->listener, listener) == 0 && n < item->id_count; n++) {
            (void)fprintf(file, "%s\n", ids_format(&item->ids[n], id));
        }
    }
}

static enum outcome write_file(const struct audit_missing *missing, const char *listener,
                               const char *path, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "we") : NULL;
    if (file == NULL) {
        enum outcome o = fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return o;
    }
    write_ids(missing, listener, file);
    bool is_written = ferror(file) == 0;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? OK : fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
}

enum outcome audit_missing_write(const struct audit_missing *missing, const char *folder,
                                 struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < missing->count; i++) {
        if (is_first_of_listener(missing, i)) {
            const char *listener = missing->items[i].listener;
            AUTO(free_text) char *path = xasprintf("%s/%s.ids", folder, listener);
            o = write_file(missing, listener, path, fault);
        }
    }
    return o;
}

/* ---- print ---- */

static char *replay_command(const char *folder, const char *listener)
{
    return xasprintf("quadrille replay --ids %s%s%s.ids --to %s", folder != NULL ? folder : "",
                     folder != NULL ? "/" : "", listener, listener);
}

static void print_json(const struct audit_missing *missing, int64_t judged, const char *folder)
{
    char id[UUID_TEXT_BYTES];
    AUTO(buffer_done) struct buffer out = {0};
    buffer_printf(&out, "{\"judged\":%lld,\"missing\":%lld,\"listeners\":[", (long long)judged,
                  (long long)missing->total);
    for (size_t i = 0; i < missing->count; i++) {
        const struct audit_missed *item = &missing->items[i];
        AUTO(free_text) char *command = replay_command(folder, item->listener);
        buffer_text(&out, i > 0 ? ",{\"listener\":" : "{\"listener\":");
        escape_json(&out, item->listener, strlen(item->listener));
        buffer_text(&out, ",\"type\":");
        escape_json(&out, item->type, strlen(item->type));
        buffer_text(&out, ",\"replay\":");
        escape_json(&out, command, strlen(command));
        buffer_text(&out, ",\"ids\":[");
        for (size_t n = 0; n < item->id_count; n++) {
            buffer_printf(&out, "%s\"%s\"", n > 0 ? "," : "", ids_format(&item->ids[n], id));
        }
        buffer_text(&out, "]}");
    }
    buffer_text(&out, "]}");
    (void)puts(buffer_cstr(&out));
}

static void print_text(const struct audit_missing *missing, const char *folder)
{
    char id[UUID_TEXT_BYTES];
    for (size_t i = 0; i < missing->count; i++) {
        const struct audit_missed *item = &missing->items[i];
        AUTO(free_text) char *type = escape_new(item->type);
        (void)printf("%s has missed %zu of %s\n", item->listener, item->id_count, type);
        for (size_t n = 0; folder == NULL && n < item->id_count; n++) {
            (void)printf("    %s\n", ids_format(&item->ids[n], id));
        }
    }
    for (size_t i = 0; i < missing->count; i++) {
        if (is_first_of_listener(missing, i)) {
            AUTO(free_text) char *command = replay_command(folder, missing->items[i].listener);
            (void)printf("%srepair: %s%s\n", i == 0 ? "\n" : "", command,
                         folder == NULL ? "  (--ids-dir DIR writes the file)" : "");
        }
    }
}

void audit_missing_print(const struct cli_call *call, const struct audit_missing *missing,
                         int64_t judged, const char *folder)
{
    if (call->is_json) {
        print_json(missing, judged, folder);
        return;
    }
    print_text(missing, folder);
    if (missing->total > (int64_t)missing->kept) {
        (void)printf("and %lld more\n", (long long)(missing->total - (int64_t)missing->kept));
    }
    (void)printf("%lld looked for, %lld missing\n", (long long)judged, (long long)missing->total);
}
