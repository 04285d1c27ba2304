/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/groups.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct groups *groups, const char *id)
{
    size_t hash = 0;
    for (const char *at = id; *at != '\0'; at++) {
        hash = hash * 31 + (unsigned char)*at;
    }
    size_t slot = hash & (groups->room - 1);
    while (groups->table[slot].group != NULL && strcmp(groups->table[slot].group->id, id) != 0) {
        slot = (slot + 1) & (groups->room - 1);
    }
    return slot;
}

static void grow(struct groups *groups)
{
    struct groups bigger = {.room = groups->room > 0 ? groups->room * 2 : 64};
    bigger.table = xcalloc(bigger.room, sizeof bigger.table[0]);
    for (size_t i = 0; i < groups->room; i++) {
        if (groups->table[i].group != NULL) {
            bigger.table[slot_of(&bigger, groups->table[i].group->id)] = groups->table[i];
        }
    }
    free(groups->table);
    groups->table = bigger.table;
    groups->room = bigger.room;
}

static const char *keep(struct groups *groups, const char *text)
{
    return text != NULL ? arena_text(&groups->arena, text, strlen(text)) : "";
}

static struct group *new_group(struct groups *groups, const struct letter *letter, const char *id)
{
    struct group *group = arena_alloc(&groups->arena, sizeof *group);
    (void)snprintf(group->id, sizeof group->id, "%s", id);
    group->cause = keep(groups, letter_cause(letter));
    group->class_name = keep(groups, letter_text(letter, LETTER_CLASS));
    group->exception = keep(groups, letter_text(letter, LETTER_EXCEPTION));
    group->normal = keep(groups, letter->normal);
    group->type = keep(groups, letter_text(letter, LETTER_TYPE));
    group->queue = keep(groups, letter_text(letter, LETTER_QUEUE));
    group->reason = keep(groups, letter_text(letter, LETTER_REASON));
    group->example_id = keep(groups, letter->id);
    group->family = letter->family_count > 0 ? letter->families[0] : "";
    return group;
}

static void widen(int64_t *oldest, int64_t *newest, int64_t ms)
{
    if (ms > 0) {
        *oldest = *oldest == 0 || ms < *oldest ? ms : *oldest;
        *newest = ms > *newest ? ms : *newest;
    }
}

void groups_add(struct groups *groups, const struct letter *letter)
{
    char id[LETTER_GROUP_TEXT_BYTES];
    (void)letter_group(letter, id);
    if (groups->count * 2 >= groups->room) {
        grow(groups);
    }
    int64_t ms = letter_time_ms(letter);
    groups->letters++;
    widen(&groups->oldest_ms, &groups->newest_ms, ms);
    struct group **slot = &groups->table[slot_of(groups, id)].group;
    if (*slot == NULL && groups->count == GROUPS_MAX) {
        groups->others++;
        return;
    }
    if (*slot == NULL) {
        *slot = new_group(groups, letter, id);
        groups->count++;
    }
    struct group *group = *slot;
    int64_t returns = letter_number(letter, LETTER_RETURNS);
    group->count++;
    group->most_returns = returns > group->most_returns ? returns : group->most_returns;
    widen(&group->oldest_ms, &group->newest_ms, ms);
}

static int by_count(const void *a, const void *b)
{
    const struct group *one = ((const struct group_slot *)a)->group;
    const struct group *other = ((const struct group_slot *)b)->group;
    return one->count != other->count ? (one->count < other->count) - (one->count > other->count)
                                      : strcmp(one->id, other->id);
}

void groups_sort(struct groups *groups)
{
    size_t at = 0;
    free(groups->sorted);
    groups->sorted = xcalloc(groups->count + 1, sizeof groups->sorted[0]);
    for (size_t i = 0; i < groups->room; i++) {
        if (groups->table[i].group != NULL) {
            groups->sorted[at++] = groups->table[i];
        }
    }
    qsort(groups->sorted, groups->count, sizeof groups->sorted[0], by_count);
}

void groups_done(struct groups *groups)
{
    free(groups->table);
    free(groups->sorted);
    arena_done(&groups->arena);
    *groups = (struct groups){0};
}
