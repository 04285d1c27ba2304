/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/state.h"

#include "core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *root_new(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        return xasprintf("%s/quadrille", state);
    }
    return home != NULL && home[0] == '/' ? xasprintf("%s/.local/state/quadrille", home) : NULL;
}

/* Every folder above that is missing, too. */
static bool make_folder(const char *path)
{
    AUTO(free_text) char *part = xstrdup(path);
    for (char *at = part + 1;; at++) {
        char byte = *at;
        if (byte != '/' && byte != '\0') {
            continue;
        }
        *at = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return false;
        }
        *at = byte;
        if (byte == '\0') {
            return true;
        }
    }
}

static enum outcome check_folder(const char *path, struct fault *fault)
{
    struct stat status;
    if (!make_folder(path) || stat(path, &status) != 0) {
        return fault_set(fault, REJECT, "%s cannot be made: %s; set XDG_STATE_HOME", path,
                         strerror(errno));
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
        return fault_set(fault, REJECT,
                         "%s must be a folder of yours that nobody else can write: chmod 700 %s",
                         path, path);
    }
    return OK;
}

enum outcome state_path(const char *folder, const char *name, char **out, struct fault *fault)
{
    AUTO(free_text) char *root = root_new();
    if (root == NULL) {
        return fault_set(fault, REJECT,
                         "neither XDG_STATE_HOME nor HOME says where the state folder is");
    }
    AUTO(free_text)
    char *path = folder != NULL ? xasprintf("%s/%s", root, folder) : xstrdup(root);
    enum outcome o = check_folder(root, fault);
    if (o == OK) {
        o = check_folder(path, fault);
    }
    if (o == OK) {
        *out = xasprintf("%s/%s", path, name);
    }
    return o;
}
