/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/id_set.h"

#include "core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return ids_compare(a, b);
}

static enum outcome read_lines(FILE *file, const char *path, struct id_set *set,
                               struct fault *fault)
{
    char line[256];
    size_t room = 0;
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "# \t\r\n")] = '\0';
        struct uuid id;
        if (line[0] == '\0') {
            continue;
        }
        if (!ids_parse(line, &id)) {
            return fault_set(fault, FATAL, "%s:%d: a UUID is needed", path, number);
        }
        if (set->count == room) {
            room = room == 0 ? 64 : 2 * room;
            set->ids = xrealloc(set->ids, room * sizeof id);
        }
        set->ids[set->count++] = id;
    }
    return OK;
}

void id_set_sort(struct id_set *set)
{
    if (set->count == 0) {
        return;
    }
    qsort(set->ids, set->count, sizeof set->ids[0], compare);
    size_t kept = 1;
    for (size_t i = 1; i < set->count; i++) {
        if (!ids_equal(&set->ids[i], &set->ids[kept - 1])) {
            set->ids[kept++] = set->ids[i];
        }
    }
    set->count = kept;
}

enum outcome id_set_read(const char *path, struct id_set *set, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    enum outcome o = read_lines(file, path, set, fault);
    (void)fclose(file);
    id_set_sort(set);
    return o;
}

void id_set_done(struct id_set *set)
{
    free(set->ids);
    *set = (struct id_set){0};
}

bool id_set_has(const struct id_set *set, const struct uuid *id)
{
    return set->count > 0 && bsearch(id, set->ids, set->count, sizeof *id, compare) != NULL;
}
