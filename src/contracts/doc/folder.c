/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/folder.h"

#include "core/buffer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MARK[] = ".quadrille-doc";
static const char MARK_TEXT[] = "Written by quadrille contract doc, which replaces these files:\n";

enum { MARK_MAX_BYTES = 4 * 1024 * 1024, FILE_MODE = 0644, FOLDER_MODE = 0755 };

/* ---- opening ---- */

static enum outcome make_folders(const char *path, struct fault *fault)
{
    AUTO(free_text) char *part = xstrdup(path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST) {
            return fault_set(fault, REJECT, "cannot make %s: %s", part, strerror(errno));
        }
        *slash = '/';
    }
    if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST) {
        return fault_set(fault, REJECT, "cannot make %s: %s", path, strerror(errno));
    }
    return OK;
}

static bool is_empty(int handle)
{
    int copy = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    bool has_found = entries == NULL;
    const struct dirent *entry = NULL;
    while (!has_found && (entry = readdir(entries)) != NULL) {
        has_found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
    return !has_found;
}

/* The list of the last time; false when the folder is not ours. */
static bool read_mark(const struct folder *folder, struct buffer *out)
{
    int handle = openat(folder->handle, MARK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (handle < 0) {
        return false;
    }
    enum { PIECE = 65536 };
    ssize_t got = 0;
    while (out->length < MARK_MAX_BYTES &&
           (got = read(handle, buffer_reserve(out, PIECE), PIECE)) > 0) {
        buffer_grow(out, (size_t)got);
    }
    (void)close(handle);
    return strncmp(buffer_cstr(out), MARK_TEXT, sizeof MARK_TEXT - 1) == 0;
}

enum outcome folder_open(struct folder *folder, const char *path, struct fault *fault)
{
    *folder = (struct folder){.path = path, .handle = -1};
    if (path[0] == '\0') {
        return fault_set(fault, REJECT, "a folder to write to is needed");
    }
    enum outcome o = make_folders(path, fault);
    if (o != OK) {
        return o;
    }
    folder->handle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->handle < 0) {
        return fault_set(fault, REJECT, "cannot open the folder %s: %s", path, strerror(errno));
    }
    AUTO(buffer_done) struct buffer mark = {0};
    if (!is_empty(folder->handle) && !read_mark(folder, &mark)) {
        return fault_set(fault, REJECT,
                         "%s is not empty and has no %s: name a new or an empty folder, or one "
                         "that contract doc has written",
                         path, MARK);
    }
    /* From now on it is ours, even when this ends half-way. */
    return mark.length > 0 ? OK
                           : folder_write(folder, MARK, MARK_TEXT, sizeof MARK_TEXT - 1, fault);
}

void folder_close(struct folder *folder)
{
    if (folder->path != NULL && folder->handle >= 0) {
        (void)close(folder->handle);
    }
    labels_done(&folder->written);
    free(folder->names);
    arena_done(&folder->arena);
    *folder = (struct folder){.handle = -1};
}

/* ---- writing ---- */

/* The folder that "events/Sold.html" is in; a handle of the caller's, -1 on failure. */
static int open_parent(const struct folder *folder, const char *name)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL) {
        return openat(folder->handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    AUTO(free_text) char *below = xstrndup(name, (size_t)(slash - name));
    if (mkdirat(folder->handle, below, FOLDER_MODE) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(folder->handle, below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool write_all(int handle, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t done = write(handle, bytes, length);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            bytes += done;
            length -= (size_t)done;
        }
    }
    return true;
}

static bool replace(int parent, const char *name, const char *bytes, size_t length)
{
    static const char temporary[] = ".quadrille-doc.new";
    (void)unlinkat(parent, temporary, 0); /* of a run that was killed */
    int handle =
        openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (handle < 0) {
        return false;
    }
    bool is_written = write_all(handle, bytes, length);
    is_written &= close(handle) == 0;
    return is_written && renameat(parent, temporary, parent, name) == 0;
}

static void note_written(struct folder *folder, const char *name)
{
    const char *copy = arena_text(&folder->arena, name, strlen(name));
    if (!labels_put(&folder->written, copy)) {
        return;
    }
    if (folder->count == folder->room) {
        enum { FIRST_ROOM = 64 };
        folder->room = folder->room > 0 ? 2 * folder->room : FIRST_ROOM;
        folder->names = xrealloc(folder->names, folder->room * sizeof folder->names[0]);
    }
    folder->names[folder->count++] = copy;
}

enum outcome folder_write(struct folder *folder, const char *name, const char *bytes, size_t length,
                          struct fault *fault)
{
    const char *slash = strchr(name, '/');
    int parent = open_parent(folder, name);
    bool is_done = parent >= 0 && replace(parent, slash != NULL ? slash + 1 : name, bytes, length);
    int reason = errno;
    if (parent >= 0) {
        (void)close(parent);
    }
    if (!is_done) {
        return fault_set(fault, REJECT, "cannot write %s/%s: %s", folder->path, name,
                         strerror(reason));
    }
    if (strcmp(name, MARK) != 0) {
        note_written(folder, name);
    }
    return OK;
}

/* ---- finishing ---- */

/* Only what this program could have written, whatever the list says. */
static bool is_page(const char *name)
{
    static const char *const folders[] = {"services/", "events/", "sagas/"};
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(name, folders[i], length) == 0) {
            size_t word = strspn(name + length, plain);
            return word > 0 && strcmp(name + length + word, ".html") == 0;
        }
    }
    return false;
}

static void remove_old(const struct folder *folder)
{
    AUTO(buffer_done) struct buffer mark = {0};
    if (!read_mark(folder, &mark)) {
        return;
    }
    struct labels kept = folder->written;
    char *rest = (char *)buffer_cstr(&mark);
    char *line = NULL;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (is_page(line) && !labels_has(&kept, line)) {
            int parent = open_parent(folder, line);
            (void)unlinkat(parent, strchr(line, '/') + 1, 0);
            (void)close(parent);
        }
    }
}

enum outcome folder_finish(struct folder *folder, struct fault *fault)
{
    remove_old(folder);
    AUTO(buffer_done) struct buffer mark = {0};
    buffer_text(&mark, MARK_TEXT);
    for (size_t i = 0; i < folder->count; i++) {
        buffer_printf(&mark, "%s\n", folder->names[i]);
    }
    return folder_write(folder, MARK, mark.bytes, mark.length, fault);
}
