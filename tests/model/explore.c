/* SPDX-License-Identifier: Apache-2.0 */
#include "explore.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static const char vacuous[] = "I3: each end is reached in some story";
static const char never_ends[] =
    "I3: from every moment an end can be reached without another fault";

/*
 *   keys      [state 0][state 1][state 2]…   packed worlds in the order they were found
 *   parents   from where each was found first: the shortest way back
 *   edges     the steps that need no fault, state by state; first_edge[i] … first_edge[i + 1]
 *   table     open addressing: state number + 1, 0 is empty
 */
struct explorer {
    struct run run;
    unsigned words;
    uint64_t *keys;
    uint32_t *parents, *first_edge, *edges, *table;
    size_t count, room, edge_count, edge_room, table_mask;
    uint32_t current;
    const char *invariant;
    unsigned ends; /* that were seen */
    /* tracing: print the step that leads to this world, or that breaks something */
    const uint64_t *sought;
    FILE *trace;
    unsigned line;
    char *notes;
    size_t notes_bytes;
    bool is_found;
};

static uint64_t hash(const uint64_t *key, unsigned words)
{
    uint64_t h = 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < words; i++) {
        h = (h ^ key[i]) * 0xff51afd7ed558ccd;
        h ^= h >> 32;
    }
    return h;
}

static const uint64_t *key_at(const struct explorer *x, size_t state)
{
    return x->keys + state * x->words;
}

static uint32_t *slot_of(const struct explorer *x, const uint64_t *key)
{
    size_t at = hash(key, x->words) & x->table_mask;
    while (x->table[at] != 0 &&
           memcmp(key_at(x, x->table[at] - 1), key, x->words * sizeof(*key)) != 0) {
        at = (at + 1) & x->table_mask;
    }
    return &x->table[at];
}

static void grow(struct explorer *x)
{
    x->room *= 2;
    x->keys = xrealloc(x->keys, x->room * x->words * sizeof(*x->keys));
    x->parents = xrealloc(x->parents, x->room * sizeof(*x->parents));
    x->first_edge = xrealloc(x->first_edge, (x->room + 1) * sizeof(*x->first_edge));
    free(x->table);
    x->table_mask = x->room * 2 - 1;
    x->table = xcalloc(x->table_mask + 1, sizeof(*x->table));
    for (size_t i = 0; i < x->count; i++) {
        *slot_of(x, key_at(x, i)) = (uint32_t)i + 1;
    }
}

static uint32_t insert(struct explorer *x, const uint64_t *key)
{
    uint32_t *slot = slot_of(x, key);
    if (*slot != 0) {
        return *slot - 1;
    }
    if (x->count == x->room) {
        grow(x);
        slot = slot_of(x, key);
    }
    memcpy(x->keys + x->count * x->words, key, x->words * sizeof(*key));
    x->parents[x->count] = x->current;
    *slot = (uint32_t)++x->count;
    return *slot - 1;
}

static void add_edge(struct explorer *x, uint32_t to)
{
    if (x->edge_count == x->edge_room) {
        x->edge_room *= 2;
        x->edges = xrealloc(x->edges, x->edge_room * sizeof(*x->edges));
    }
    x->edges[x->edge_count++] = to;
}

static void explore_step(struct run *run, const struct world *next, bool is_progress)
{
    struct explorer *x = run->context;
    uint64_t key[MOST_WORDS];
    if (next->broken != NULL) {
        x->invariant = x->invariant != NULL ? x->invariant : next->broken;
        return;
    }
    world_pack(run->environment, next, key);
    const uint32_t to = insert(x, key);
    x->ends |= next->story[0].ends;
    if (is_progress && to != x->current) {
        add_edge(x, to);
    }
}

static void explore_all(struct explorer *x)
{
    const struct environment *environment = x->run.environment;
    struct world world = world_start(environment);
    uint64_t key[MOST_WORDS];
    world_pack(environment, &world, key);
    insert(x, key);
    for (; x->current < x->count && x->invariant == NULL; x->current++) {
        world_unpack(environment, key_at(x, x->current), &world);
        x->first_edge[x->current] = (uint32_t)x->edge_count;
        world_steps(&x->run, &world);
        x->first_edge[x->current + 1] = (uint32_t)x->edge_count;
    }
}

/* Marks what can end, backwards, until nothing more is marked; returns the first state that cannot,
 * or count. */
static size_t find_stuck(struct explorer *x)
{
    const struct environment *environment = x->run.environment;
    bool *can_end = xcalloc(x->count, sizeof(*can_end));
    for (size_t i = 0; i < x->count; i++) {
        struct world world = {0};
        world_unpack(environment, key_at(x, i), &world);
        can_end[i] = world_has_ended(environment, &world);
    }
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (size_t i = x->count; i-- > 0;) {
            for (uint32_t e = x->first_edge[i]; e < x->first_edge[i + 1] && !can_end[i]; e++) {
                can_end[i] = can_end[x->edges[e]];
                is_changed |= can_end[i];
            }
        }
    }
    size_t stuck = 0;
    while (stuck < x->count && can_end[stuck]) {
        stuck++;
    }
    free(can_end);
    return stuck;
}

static void trace_step(struct run *run, const struct world *next, bool is_progress)
{
    struct explorer *x = run->context;
    fputc('\0', run->notes);
    fflush(run->notes);
    uint64_t key[MOST_WORDS];
    world_pack(run->environment, next, key);
    const bool is_it = x->sought == NULL ? next->broken != NULL
                                         : next->broken == NULL &&
                                               memcmp(key, x->sought, x->words * sizeof(*key)) == 0;
    if (is_it && !x->is_found) {
        x->is_found = true;
        fprintf(x->trace, "  %2u. %s\n", ++x->line, x->notes);
    }
    rewind(run->notes);
}

static void print_step(struct explorer *x, uint32_t from, const uint64_t *sought)
{
    struct world world = {0};
    x->sought = sought;
    x->is_found = false;
    x->run.notes = open_memstream(&x->notes, &x->notes_bytes);
    x->run.step = trace_step;
    world_unpack(x->run.environment, key_at(x, from), &world);
    world_steps(&x->run, &world);
    fclose(x->run.notes);
    free(x->notes);
    x->run.notes = NULL;
}

static unsigned depth(const struct explorer *x, size_t state)
{
    unsigned steps = 0;
    for (; state != 0; state = x->parents[state]) {
        steps++;
    }
    return steps;
}

static void print_way(struct explorer *x, size_t state)
{
    if (state != 0) {
        print_way(x, x->parents[state]);
        print_step(x, x->parents[state], key_at(x, state));
    }
}

static struct finding conclude(struct explorer *x, FILE *trace)
{
    struct finding finding = {.states = x->count,
                              .transitions = x->run.transitions,
                              .unlisted = x->run.unlisted,
                              .reached = x->run.reached};
    const bool is_violated = x->invariant != NULL;
    const size_t last = is_violated ? x->current - 1 : find_stuck(x);
    x->trace = trace;
    if (is_violated || last < x->count) {
        finding.invariant = is_violated ? x->invariant : never_ends;
        finding.steps = depth(x, last) + is_violated;
        if (trace != NULL) {
            print_way(x, last);
        }
        if (trace != NULL && is_violated) {
            print_step(x, (uint32_t)last, NULL);
        }
    }
    if (finding.invariant == NULL && x->ends != x->run.environment->ends) {
        finding.invariant = vacuous;
    }
    return finding;
}

struct finding explore(const struct environment *environment, const struct rules *rules,
                       unsigned breakage, FILE *trace)
{
    struct explorer x = {
        .run = {.environment = environment,
                .rules = *rules,
                .breakage = breakage,
                .step = explore_step},
        .words = world_words(environment),
        .room = 1024,
        .edge_room = 4096,
    };
    x.run.context = &x;
    x.edges = xmalloc(x.edge_room * sizeof(*x.edges));
    grow(&x);
    explore_all(&x);
    const struct finding finding = conclude(&x, trace);
    free(x.keys);
    free(x.parents);
    free(x.first_edge);
    free(x.edges);
    free(x.table);
    return finding;
}
