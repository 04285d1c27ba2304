/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ECMA_PROGRAM_H
#define CORE_ECMA_PROGRAM_H

#include "core/ecma_machine.h"

/* The instructions of core/ecma_machine.h: core/ecma_program.c writes them, core/ecma_machine.c
 * runs them; nobody else needs them. */

enum {
    SLOT_LOOK = 0,        /* where on the trail the innermost look began */
    SLOTS_OF_NO_GROUP = 1 /* before those of the groups */
};

enum op {
    OP_CHARACTER,
    OP_SET,
    OP_BACK,
    OP_START,
    OP_END,
    OP_EDGE,
    OP_SPLIT, /* go on, or else at `to` */
    OP_JUMP,
    OP_SAVE,  /* the position into `slot` */
    OP_ZERO,  /* into `slot`: a loop begins */
    OP_LOOP,  /* one more turn, or out of it `to` */
    OP_ENTER, /* a turn begins: count it, note where, forget its groups */
    OP_AGAIN, /* a turn ends: back `to` the loop, if it was not for nothing */
    OP_LOOK,  /* what follows up to OP_LOOK_END must match here, or must not; then go on at `to` */
    OP_LOOK_END,
    OP_DONE,
};

struct instruction {
    enum op op;
    bool is_backward, is_negative, is_lazy;
    uint32_t to;
    uint32_t slot; /* a loop has two: its count, and where its turn began */
    uint32_t min, max;
    uint32_t group, group_end;
    uint32_t point;
    const struct ecma_set *set;
    struct pcre2_real_code_8 *code; /* of a set with properties */
};

struct ecma_machine {
    struct instruction *code;
    size_t count, room;
    uint32_t slot_count;
    struct arena *arena;
    struct fault *fault; /* while it is made */
};

static inline uint32_t slot_of_group(uint32_t group, bool is_end)
{
    return SLOTS_OF_NO_GROUP + 2 * (group - 1) + is_end;
}

#endif
