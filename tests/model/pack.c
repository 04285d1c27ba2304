/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <assert.h>

/* A world as a few words: its fields in a row, without holes. */

/* clang-format off */
#define ROW_FIELDS(X)                                                                              \
    X(subscription, 4) X(entitlement, 1) X(activated, 1) X(deadline, 2) X(pivot, 2) X(ends, 3)     \
    X(facts, 4) X(is_unwanted, 1) X(billing, 4) X(is_open, 1) X(has_refund, 1) X(reference, 2)     \
    X(create_n, 2) X(confirm_n, 2) X(refund_n, 2) X(asked, 2) X(coaching, 3) X(plan, 1)            \
    X(knows_deletion, 1) X(charges, 2) X(refunds, 2) X(payment[0], 3) X(payment[1], 3)             \
    X(payment[2], 3) X(create_key[0], 3) X(create_key[1], 3) X(create_key[2], 3)
#define WORKER_FIELDS(X, w)                                                                        \
    X(worker[w].phase, 2) X(worker[w].answer, 4) X(worker[w].call.step, 3)                         \
    X(worker[w].call.key, 2) X(worker[w].call.intent, 2) X(worker[w].is_holder, 1)                 \
    X(worker[w].asked_in, 4)
#define PARTY_FIELDS(X)                                                                            \
    WORKER_FIELDS(X, 0) WORKER_FIELDS(X, 1)                                                        \
    X(late.step, 3) X(late.key, 2) X(late.intent, 2)                                               \
    X(confirm_key[0], 3) X(confirm_key[1], 3) X(confirm_key[2], 3)                                 \
    X(refund_key[0], 3) X(refund_key[1], 3) X(refund_key[2], 3)
#define WORLD_FIELDS(X)                                                                            \
    X(left.timeouts, 2) X(left.errors, 2) X(left.forgets, 2) X(left.duplicates, 2)                 \
    X(left.redeliveries, 2) X(left.losses, 2) X(left.early_watches, 2) X(left.cancels, 2)          \
    X(left.deletions, 1) X(left.strays, 1) X(is_deleted, 1)
/* clang-format on */

#define PUT(field, bits)                                                                           \
    assert(from->field >> (bits) == 0);                                                            \
    word |= (uint64_t)from->field << at;                                                           \
    at += (bits);
#define GET(field, bits)                                                                           \
    to->field = (unsigned)(word >> at) & ((1U << (bits)) - 1);                                     \
    at += (bits);
#define WIDTH(field, bits) +(bits) /* NOLINT(bugprone-macro-parentheses): a sum is built */
_Static_assert(0 ROW_FIELDS(WIDTH) <= 64, "a story's rows fit a word");
_Static_assert(0 PARTY_FIELDS(WIDTH) <= 64, "its workers, its late call and their keys fit a word");

static uint64_t pack_rows(const struct story *from)
{
    uint64_t word = 0;
    unsigned at = 0;
    ROW_FIELDS(PUT)
    return word;
}

static uint64_t pack_parties(const struct story *from)
{
    uint64_t word = 0;
    unsigned at = 0;
    PARTY_FIELDS(PUT)
    return word;
}

static uint64_t pack_left(const struct world *from)
{
    uint64_t word = 0;
    unsigned at = 0;
    WORLD_FIELDS(PUT)
    return word;
}

unsigned world_words(const struct environment *environment)
{
    return 1 + environment->stories * STORY_WORDS;
}

void world_pack(const struct environment *environment, const struct world *world, uint64_t *words)
{
    words[0] = pack_left(world);
    for (unsigned i = 0; i < environment->stories; i++) {
        words[1 + STORY_WORDS * i] = world->story[i].net;
        words[2 + STORY_WORDS * i] = pack_rows(&world->story[i]);
        words[3 + STORY_WORDS * i] = pack_parties(&world->story[i]);
    }
}

static void unpack_story(const uint64_t *words, struct story *to)
{
    to->net = words[0];
    uint64_t word = words[1];
    unsigned at = 0;
    ROW_FIELDS(GET)
    word = words[2];
    at = 0;
    PARTY_FIELDS(GET)
}

void world_unpack(const struct environment *environment, const uint64_t *words, struct world *world)
{
    struct world *to = world;
    const uint64_t word = words[0];
    unsigned at = 0;
    WORLD_FIELDS(GET)
    to->broken = NULL;
    for (unsigned i = 0; i < environment->stories; i++) {
        unpack_story(words + 1 + (size_t)STORY_WORDS * i, &to->story[i]);
    }
}

struct world world_start(const struct environment *environment)
{
    return (struct world){.left = environment->faults};
}
