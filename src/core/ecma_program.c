/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/ecma_program.h"

#include <pcre2.h>
#include <stdlib.h>

/* Returns its index: later instructions move the array. */
static uint32_t emit(struct ecma_machine *machine, struct instruction instruction)
{
    if (machine->count == machine->room) {
        machine->room = machine->room > 0 ? machine->room * 2 : 64;
        machine->code = xrealloc(machine->code, machine->room * sizeof *machine->code);
    }
    machine->code[machine->count] = instruction;
    return (uint32_t)machine->count++;
}

static bool emit_node(struct ecma_machine *machine, const struct ecma_node *node, bool is_backward);

static bool has_property(const struct ecma_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].property != NULL) {
            return true;
        }
    }
    return false;
}

static bool compile_set(struct ecma_machine *machine, const struct ecma_set *set, pcre2_code **out)
{
    if (!has_property(set)) {
        return true;
    }
    struct buffer text = {0};
    ecma_write_set(set, &text);
    int error = 0;
    PCRE2_SIZE where = 0;
    *out = pcre2_compile((PCRE2_SPTR)text.bytes, text.length, PCRE2_UTF | PCRE2_ANCHORED, &error,
                         &where, NULL);
    buffer_done(&text);
    if (*out == NULL) {
        (void)fault_set(machine->fault, REJECT,
                        "it has a property of characters that this system's PCRE2 does not know");
        return false;
    }
    return true;
}

static bool emit_set(struct ecma_machine *machine, const struct ecma_set *set, bool is_backward)
{
    pcre2_code *code = NULL;
    if (!compile_set(machine, set, &code)) {
        return false;
    }
    (void)emit(machine, (struct instruction){
                            .op = OP_SET, .set = set, .code = code, .is_backward = is_backward});
    return true;
}

/* Backwards the last comes first: each from the end of the list. */
static bool emit_backwards(struct ecma_machine *machine, const struct ecma_node *first)
{
    size_t count = 0;
    for (const struct ecma_node *node = first; node != NULL; node = node->next) {
        count++;
    }
    const struct ecma_node **nodes =
        arena_alloc(machine->arena, (count + 1) * sizeof(const struct ecma_node *));
    size_t i = 0;
    for (const struct ecma_node *node = first; node != NULL; node = node->next) {
        nodes[i++] = node;
    }
    while (i-- > 0) {
        if (!emit_node(machine, nodes[i], true)) {
            return false;
        }
    }
    return true;
}

static bool emit_sequence(struct ecma_machine *machine, const struct ecma_node *first,
                          bool is_backward)
{
    if (is_backward) {
        return emit_backwards(machine, first);
    }
    for (const struct ecma_node *node = first; node != NULL; node = node->next) {
        if (!emit_node(machine, node, false)) {
            return false;
        }
    }
    return true;
}

/*
 *     split next      for each but the last
 *     …
 *     jump end
 * next:
 */
static bool emit_choice(struct ecma_machine *machine, const struct ecma_node *first,
                        bool is_backward)
{
    uint32_t jump = UINT32_MAX; /* the jumps to the end are chained by `to` until it is known */
    for (const struct ecma_node *node = first; node != NULL; node = node->next) {
        bool is_last = node->next == NULL;
        uint32_t split = is_last ? 0 : emit(machine, (struct instruction){.op = OP_SPLIT});
        if (!emit_node(machine, node, is_backward)) {
            return false;
        }
        if (!is_last) {
            jump = emit(machine, (struct instruction){.op = OP_JUMP, .to = jump});
            machine->code[split].to = (uint32_t)machine->count;
        }
    }
    while (jump != UINT32_MAX) {
        uint32_t before = machine->code[jump].to;
        machine->code[jump].to = (uint32_t)machine->count;
        jump = before;
    }
    return true;
}

/*
 *       zero
 * loop: loop end
 *       enter
 *       …
 *       again loop
 * end:
 */
static bool emit_repeat(struct ecma_machine *machine, const struct ecma_node *node,
                        bool is_backward)
{
    struct instruction repeat = {.slot = machine->slot_count,
                                 .min = node->min,
                                 .max = node->max,
                                 .is_lazy = node->is_lazy,
                                 .group = node->group,
                                 .group_end = node->group_end};
    machine->slot_count += 2;
    repeat.op = OP_ZERO;
    (void)emit(machine, repeat);
    repeat.op = OP_LOOP;
    uint32_t loop = emit(machine, repeat);
    repeat.op = OP_ENTER;
    (void)emit(machine, repeat);
    if (!emit_node(machine, node->first, is_backward)) {
        return false;
    }
    repeat.op = OP_AGAIN;
    repeat.to = loop;
    (void)emit(machine, repeat);
    machine->code[loop].to = (uint32_t)machine->count;
    return true;
}

static bool emit_group(struct ecma_machine *machine, const struct ecma_node *node, bool is_backward)
{
    if (node->group == 0) {
        return emit_node(machine, node->first, is_backward);
    }
    (void)emit(machine, (struct instruction){.op = OP_SAVE,
                                             .slot = slot_of_group(node->group, is_backward)});
    if (!emit_node(machine, node->first, is_backward)) {
        return false;
    }
    (void)emit(machine, (struct instruction){.op = OP_SAVE,
                                             .slot = slot_of_group(node->group, !is_backward)});
    return true;
}

static bool emit_look(struct ecma_machine *machine, const struct ecma_node *node)
{
    uint32_t look =
        emit(machine, (struct instruction){.op = OP_LOOK, .is_negative = node->is_negative});
    if (!emit_node(machine, node->first, node->is_behind)) {
        return false;
    }
    (void)emit(machine, (struct instruction){.op = OP_LOOK_END, .is_negative = node->is_negative});
    machine->code[look].to = (uint32_t)machine->count;
    return true;
}

static bool emit_node(struct ecma_machine *machine, const struct ecma_node *node, bool is_backward)
{
    struct instruction plain = {
        .is_backward = is_backward, .is_negative = node->is_negative, .group = node->group};
    switch (node->kind) {
    case ECMA_SEQUENCE:
        return emit_sequence(machine, node->first, is_backward);
    case ECMA_CHOICE:
        return emit_choice(machine, node->first, is_backward);
    case ECMA_SET:
        return emit_set(machine, node->set, is_backward);
    case ECMA_REPEAT:
        return emit_repeat(machine, node, is_backward);
    case ECMA_GROUP:
        return emit_group(machine, node, is_backward);
    case ECMA_LOOK:
        return emit_look(machine, node);
    case ECMA_CHARACTER:
        plain.op = OP_CHARACTER;
        plain.point = node->point;
        break;
    case ECMA_BACK:
        plain.op = OP_BACK;
        break;
    case ECMA_START:
        plain.op = OP_START;
        break;
    case ECMA_END:
        plain.op = OP_END;
        break;
    case ECMA_EDGE:
        plain.op = OP_EDGE;
        break;
    }
    (void)emit(machine, plain);
    return true;
}

enum outcome ecma_machine_new(const struct ecma *ecma, struct arena *arena,
                              struct ecma_machine **out, struct fault *fault)
{
    struct ecma_machine *machine = arena_alloc(arena, sizeof *machine);
    machine->arena = arena;
    machine->fault = fault;
    machine->slot_count = SLOTS_OF_NO_GROUP + 2 * ecma->group_count;
    if (!emit_node(machine, ecma->root, false)) {
        ecma_machine_done(machine);
        return REJECT;
    }
    (void)emit(machine, (struct instruction){.op = OP_DONE});
    machine->fault = NULL;
    *out = machine;
    return OK;
}

void ecma_machine_done(struct ecma_machine *machine)
{
    if (machine == NULL) {
        return;
    }
    for (size_t i = 0; i < machine->count; i++) {
        pcre2_code_free(machine->code[i].code);
    }
    free(machine->code);
    machine->code = NULL;
    machine->count = 0;
}
