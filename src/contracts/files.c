/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void files_done(struct files *files)
{
    arena_done(&files->arena);
    free(files->items);
    *files = (struct files){0};
}

static bool has_suffix(const char *name)
{
    static const char *const suffixes[] = {".yaml", ".yml", ".json"};
    size_t length = strlen(name);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        size_t suffix = strlen(suffixes[i]);
        if (length > suffix && strcmp(name + length - suffix, suffixes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum outcome add_file(struct files *files, const char *path, bool is_given,
                             struct fault *fault)
{
    if (files->count == FILES_MAX) {
        return fault_set(fault, REJECT, "%s: more than %d files: name a smaller folder", path,
                         FILES_MAX);
    }
    if ((files->count & (files->count - 1)) == 0) { /* full at every power of two */
        size_t room = files->count > 0 ? files->count * 2 : 1;
        files->items = xrealloc(files->items, room * sizeof files->items[0]);
    }
    files->items[files->count++] = (struct file_name){
        .path = arena_text(&files->arena, path, strlen(path)), .is_given = is_given};
    return OK;
}

static void close_folder(DIR **folder)
{
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

static enum outcome add_folder(struct files *files, const char *path, int depth,
                               struct fault *fault);

static enum outcome add_entry(struct files *files, const char *folder, const char *name, int depth,
                              struct fault *fault)
{
    if (name[0] == '.' || strcmp(name, "node_modules") == 0) {
        return OK;
    }
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    AUTO(free_text) char *path = xasprintf("%s%s%s", folder, slash, name);
    struct stat entry;
    if (lstat(path, &entry) == 0 && S_ISDIR(entry.st_mode)) {
        return add_folder(files, path, depth + 1, fault);
    }
    bool is_file = has_suffix(name) && stat(path, &entry) == 0 && S_ISREG(entry.st_mode);
    return is_file ? add_file(files, path, false, fault) : OK;
}

static enum outcome add_folder(struct files *files, const char *path, int depth,
                               struct fault *fault)
{
    if (depth > FILES_MAX_DEPTH) {
        return fault_set(fault, REJECT, "%s: folders are nested deeper than %d", path,
                         FILES_MAX_DEPTH);
    }
    AUTO(close_folder) DIR *folder = opendir(path);
    if (folder == NULL) {
        return fault_set(fault, REJECT, "%s: cannot be opened: %s", path, strerror(errno));
    }
    enum outcome o = OK;
    const struct dirent *entry = NULL;
    while (o == OK && (entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        o = add_entry(files, path, entry->d_name, depth, fault);
    }
    return o;
}

static int by_path(const void *a, const void *b)
{
    const struct file_name *left = a;
    const struct file_name *right = b;
    return strcmp(left->path, right->path);
}

enum outcome files_check(const char *path, bool may_be_folder, struct fault *fault)
{
    struct stat entry;
    if (stat(path, &entry) != 0) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    if (S_ISREG(entry.st_mode) || (may_be_folder && S_ISDIR(entry.st_mode))) {
        return OK;
    }
    return fault_set(fault, REJECT,
                     S_ISDIR(entry.st_mode) ? "%s: is a folder, no file"
                                            : "%s: neither a file nor a folder",
                     path);
}

static bool is_folder(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

enum outcome files_add(struct files *files, const char *path, struct fault *fault)
{
    enum outcome o = files_check(path, true, fault);
    if (o != OK) {
        return o;
    }
    if (!is_folder(path)) {
        return add_file(files, path, true, fault);
    }
    size_t first = files->count;
    o = add_folder(files, path, 0, fault);
    if (files->count > first) {
        qsort(files->items + first, files->count - first, sizeof files->items[0], by_path);
    }
    return o;
}
