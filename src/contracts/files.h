/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_FILES_H
#define CONTRACTS_FILES_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Which files a command's paths mean: a file is itself, a folder is every *.yaml, *.yml and *.json
 * in it and below. Hidden folders, node_modules and links to folders are left out.
 */

enum {
    FILES_MAX = 20 * 1000,
    FILES_MAX_DEPTH = 32,
};

struct file_name {
    const char *path;
    bool is_given; /* named itself, not found in a folder */
};

/* Zeroed is empty and valid. */
struct files {
    struct arena arena; /* the paths live in here */
    struct file_name *items;
    size_t count;
};

/* REJECT when there is no regular file: reading a pipe or device might never end. With
 * `may_be_folder` a folder is right as well.
 */
enum outcome files_check(const char *path, bool may_be_folder, struct fault *fault);

/* Adds what `path` means, sorted. REJECT when it does not exist, is neither file nor folder, or is
 * too much. */
enum outcome files_add(struct files *files, const char *path, struct fault *fault);
void files_done(struct files *files);

#endif
