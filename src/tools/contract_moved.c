/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/contract_moved.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct candidate {
    const struct asyncapi_document *document;
    bool is_gone; /* from its old place */
    bool is_taken;
    const char *base; /* of a taken one: the folder that was moved */
};

struct search {
    const struct revision *revision;
    struct arena *arena;
    struct asyncapi old; /* all documents of the revision */
    struct candidate *candidates;
    size_t count;
    char *folder; /* the compared one, its real path; NULL: one file is compared */
};

static bool is_equal(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void list_candidates(struct search *search)
{
    search->candidates = arena_alloc(search->arena, search->old.count * sizeof(struct candidate));
    for (size_t i = 0; i < search->old.count; i++) {
        const struct asyncapi_document *document = &search->old.items[i];
        const char *inside = revision_inside(search->revision, document->file->path);
        if (document->is_given && inside != NULL) {
            AUTO(free_text) char *now = xasprintf("%s/%s", search->revision->top, inside);
            search->candidates[search->count++] =
                (struct candidate){.document = document, .is_gone = access(now, F_OK) != 0};
        }
    }
}

/* 0: another service. One that is still at its place was not moved, so that more must agree. */
static int likeness(const struct candidate *candidate, const struct asyncapi_document *new)
{
    const struct asyncapi_document *old = candidate->document;
    bool has_id = is_equal(old->id, new->id);
    bool has_title = is_equal(old->title, new->title);
    bool has_name = strcmp(old->service, new->service) == 0;
    bool is_alike =
        candidate->is_gone ? has_id || has_title || has_name : has_id || (has_title && has_name);
    return is_alike ? 8 * candidate->is_gone + 4 * has_id + 2 * has_title + has_name : 0;
}

/* The path below the compared folder; the name of the file where that is not known. */
static const char *path_below(const struct search *search, const char *path)
{
    size_t length = search->folder != NULL ? strlen(search->folder) : 0;
    bool is_below = length > 0 && strncmp(path, search->folder, length) == 0 && path[length] == '/';
    const char *slash = strrchr(path, '/');
    return is_below ? path + length + 1 : slash != NULL ? slash + 1 : path;
}

static bool ends_with_steps(const char *path, const char *steps)
{
    size_t length = strlen(path);
    size_t ending = strlen(steps);
    return length > ending && path[length - ending - 1] == '/' &&
           strcmp(path + length - ending, steps) == 0;
}

/* What is left of the old path without the steps that it has in common with the new one. */
static const char *base_of(const struct search *search, const char *old, const char *new)
{
    for (const char *steps = path_below(search, new); steps != NULL;) {
        if (ends_with_steps(old, steps)) {
            return arena_text(search->arena, old, strlen(old) - strlen(steps));
        }
        steps = strchr(steps, '/');
        steps = steps != NULL ? steps + 1 : NULL;
    }
    const char *slash = strrchr(old, '/');
    return arena_text(search->arena, old, slash != NULL ? (size_t)(slash - old) + 1 : 0);
}

static void take_best(struct search *search, const struct asyncapi_document *new)
{
    struct candidate *best = NULL;
    int best_likeness = 0;
    for (size_t i = 0; i < search->count; i++) {
        int found = search->candidates[i].is_taken ? 0 : likeness(&search->candidates[i], new);
        if (found > best_likeness) {
            best = &search->candidates[i];
            best_likeness = found;
        }
    }
    if (best != NULL) {
        AUTO(free_text) char *path = realpath(new->file->path, NULL);
        best->is_taken = true;
        best->base =
            base_of(search, best->document->file->path, path != NULL ? path : new->file->path);
    }
}

static bool lies_beside(const struct search *search, const struct candidate *candidate)
{
    for (size_t i = 0; i < search->count; i++) {
        const char *base = search->candidates[i].base;
        if (base != NULL && strncmp(candidate->document->file->path, base, strlen(base)) == 0) {
            return true;
        }
    }
    return false;
}

static struct moved collect(struct search *search)
{
    struct moved moved = {0};
    moved.paths = arena_alloc(search->arena, (search->count + 1) * sizeof(const char *));
    for (size_t i = 0; i < search->count; i++) {
        const struct candidate *candidate = &search->candidates[i];
        bool is_wanted = candidate->is_taken || (candidate->is_gone && search->folder != NULL &&
                                                 lies_beside(search, candidate));
        if (is_wanted) {
            const char *path = candidate->document->file->path;
            moved.paths[moved.count++] = arena_text(search->arena, path, strlen(path));
        }
    }
    return moved;
}

static char *real_folder(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode) ? realpath(path, NULL) : NULL;
}

struct moved moved_find(const struct revision *revision, const char *new_path,
                        const struct asyncapi *new, struct arena *arena)
{
    struct search search = {.revision = revision, .arena = arena};
    AUTO(free_text) char *tree = xasprintf("%s/tree", revision->folder);
    const char *path = tree;
    struct fault fault;
    struct moved moved = {0};
    if (asyncapi_load(&search.old, &path, 1, &fault) == OK) {
        list_candidates(&search);
        search.folder = real_folder(new_path);
        for (size_t i = 0; i < new->count; i++) {
            if (new->items[i].is_given) {
                take_best(&search, &new->items[i]);
            }
        }
        moved = collect(&search);
        free(search.folder);
    }
    asyncapi_done(&search.old);
    return moved;
}
