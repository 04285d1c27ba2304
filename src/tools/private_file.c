/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The open file is judged, not its name: between the two somebody could put another one there. */
static enum outcome judge(int fd, const char *path, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return fault_set(fault, REJECT, "%s is no regular file", path);
    }
    if (info.st_uid != geteuid()) {
        return fault_set(fault, REJECT,
                         "%s belongs to user %u, and you are %u: what it says is not believed; "
                         "make a copy of your own",
                         path, info.st_uid, geteuid());
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fault_set(
            fault, REJECT,
            "%s may be read or written by others (mode %04o): chmod 600 it, and change "
            "the passwords in it if somebody else uses this machine",
            path, (unsigned)(info.st_mode & 07777));
    }
    return OK;
}

static enum outcome read_all(int fd, const char *path, size_t max_bytes, struct buffer *out,
                             struct fault *fault)
{
    size_t before = out->length;
    for (;;) {
        char *room = buffer_reserve(out, max_bytes + 1);
        ssize_t got = read(fd, room, max_bytes + 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        buffer_grow(out, (size_t)got);
        if (out->length - before > max_bytes) {
            return fault_set(fault, REJECT, "%s is larger than %zu bytes", path, max_bytes);
        }
    }
    return memchr(buffer_cstr(out) + before, '\0', out->length - before) == NULL
               ? OK
               : fault_set(fault, REJECT, "%s is no text", path);
}

enum outcome private_file_read(const char *path, size_t max_bytes, struct buffer *out,
                               struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    enum outcome o = judge(fd, path, fault);
    if (o == OK) {
        o = read_all(fd, path, max_bytes, out, fault);
    }
    (void)close(fd);
    return o;
}
