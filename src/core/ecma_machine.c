/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/ecma_program.h"
#include "core/text.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 1000000, /* of one search, all its starts together, and for each byte */
    STEPS_PER_BYTE = 16,
    TRAIL_MIN = 256,
    TRAIL_MAX = 1 << 18, /* entries of 24 bytes */
};

static const size_t UNSET = SIZE_MAX;

/*
 * The trail, from which a failure takes back what was done since the last choice:
 *
 *     choice    go on there, at that position
 *     undo      that slot had that value
 *     look      the choices above it belong to a look
 */
enum mark { MARK_CHOICE, MARK_UNDO, MARK_LOOK };

struct trail_entry {
    enum mark mark;
    uint32_t what; /* instruction or slot */
    size_t value;  /* position or value */
};

struct run {
    const struct ecma_machine *machine;
    const char *text;
    size_t length;
    size_t at;   /* the position */
    uint32_t pc; /* the instruction */
    size_t steps;
    size_t *slots;
    struct trail_entry *trail;
    size_t trail_count, trail_room;
    bool gave_up;
    pcre2_match_data *match;
};

static void push(struct run *run, enum mark mark, uint32_t what, size_t value)
{
    if (run->trail_count == run->trail_room) {
        if (run->trail_room == TRAIL_MAX) {
            run->gave_up = true;
            return;
        }
        run->trail_room *= 2;
        run->trail = xrealloc(run->trail, run->trail_room * sizeof *run->trail);
    }
    run->trail[run->trail_count++] =
        (struct trail_entry){.mark = mark, .what = what, .value = value};
}

static void set_slot(struct run *run, uint32_t slot, size_t value)
{
    if (run->slots[slot] != value) {
        push(run, MARK_UNDO, slot, run->slots[slot]);
        run->slots[slot] = value;
    }
}

/* Takes back one entry. True when there is a place to go on. */
static bool undo_one(struct run *run)
{
    struct trail_entry entry = run->trail[--run->trail_count];
    switch (entry.mark) {
    case MARK_UNDO:
        run->slots[entry.what] = entry.value;
        return false;
    case MARK_CHOICE:
        run->pc = entry.what;
        run->at = entry.value;
        return true;
    case MARK_LOOK:
        break;
    }
    const struct instruction *look = &run->machine->code[entry.what];
    if (!look->is_negative) {
        return false;
    }
    /* Nothing matched, as it must be. The entry below restores SLOT_LOOK. */
    (void)undo_one(run);
    run->pc = look->to;
    run->at = entry.value;
    return true;
}

/* Back to the last choice; false when there is none left. */
static bool fail(struct run *run)
{
    while (run->trail_count > 0) {
        if (undo_one(run)) {
            return true;
        }
    }
    return false;
}

static void begin_look(struct run *run)
{
    /* Always an entry, even where the slot does not change: undo_one counts on it. */
    push(run, MARK_UNDO, SLOT_LOOK, run->slots[SLOT_LOOK]);
    run->slots[SLOT_LOOK] = run->trail_count;
    push(run, MARK_LOOK, run->pc, run->at);
    run->pc++;
}

/* What was looked for is there: its choices are forgotten, its groups are kept. */
static void keep_look(struct run *run)
{
    size_t look = run->slots[SLOT_LOOK];
    run->at = run->trail[look].value;
    size_t kept = look;
    for (size_t i = look + 1; i < run->trail_count; i++) {
        if (run->trail[i].mark == MARK_UNDO) {
            run->trail[kept++] = run->trail[i];
        }
    }
    run->steps += run->trail_count - look;
    run->trail_count = kept;
    run->slots[SLOT_LOOK] = run->trail[look - 1].value;
    run->pc++;
}

/* What must not be there is: as if nothing had been tried, then a failure. */
static bool refuse_look(struct run *run)
{
    size_t look = run->slots[SLOT_LOOK];
    while (run->trail_count > look) {
        struct trail_entry entry = run->trail[--run->trail_count];
        if (entry.mark == MARK_UNDO) {
            run->slots[entry.what] = entry.value;
        }
    }
    return false;
}

/* The character before or behind the position, which moves over it. */
static bool read_point(struct run *run, bool is_backward, uint32_t *point)
{
    if (is_backward) {
        size_t start = run->at;
        do {
            if (start == 0) {
                return false;
            }
            start--;
        } while (((unsigned char)run->text[start] & 0xc0) == 0x80);
        (void)text_code_point(run->text + start, run->at - start, point);
        run->at = start;
        return true;
    }
    size_t bytes = text_code_point(run->text + run->at, run->length - run->at, point);
    run->at += bytes;
    return bytes > 0;
}

static bool is_in_ranges(const struct ecma_set *set, uint32_t point)
{
    for (size_t i = 0; i < set->count; i++) {
        if (point >= set->items[i].low && point <= set->items[i].high) {
            return true;
        }
    }
    return false;
}

static bool is_in_set(struct run *run, const struct instruction *now, uint32_t point)
{
    run->steps += now->set->count / 16;
    if (now->code == NULL) {
        return is_in_ranges(now->set, point) != now->set->is_negative;
    }
    char bytes[4];
    size_t length = text_put_point(point, bytes);
    return pcre2_match(now->code, (PCRE2_SPTR)bytes, length, 0, PCRE2_NO_UTF_CHECK, run->match,
                       NULL) >= 0;
}

static bool match_one(struct run *run, const struct instruction *now)
{
    uint32_t point = 0;
    run->pc++;
    if (!read_point(run, now->is_backward, &point)) {
        return false;
    }
    return now->op == OP_CHARACTER ? point == now->point : is_in_set(run, now, point);
}

/* A group that has matched nothing yet matches nothing here. */
static bool match_back(struct run *run, const struct instruction *now)
{
    size_t start = run->slots[slot_of_group(now->group, false)];
    size_t end = run->slots[slot_of_group(now->group, true)];
    run->pc++;
    if (start == UNSET || end == UNSET) {
        return true;
    }
    size_t bytes = end - start;
    size_t room = now->is_backward ? run->at : run->length - run->at;
    run->steps += bytes / 16;
    if (bytes > room) {
        return false;
    }
    size_t from = now->is_backward ? run->at - bytes : run->at;
    run->at = now->is_backward ? from : from + bytes;
    return memcmp(run->text + start, run->text + from, bytes) == 0;
}

static bool is_word_at(const struct run *run, size_t at)
{
    if (at >= run->length) {
        return false;
    }
    char c = run->text[at];
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool match_place(struct run *run, const struct instruction *now)
{
    run->pc++;
    if (now->op == OP_START) {
        return run->at == 0;
    }
    if (now->op == OP_END) {
        return run->at == run->length;
    }
    bool is_edge = (run->at > 0 && is_word_at(run, run->at - 1)) != is_word_at(run, run->at);
    return is_edge != now->is_negative;
}

static void turn_loop(struct run *run, const struct instruction *now)
{
    size_t count = run->slots[now->slot];
    uint32_t enter = run->pc + 1;
    if (count < now->min) {
        run->pc = enter;
    } else if (now->max != ECMA_UNBOUNDED && count >= now->max) {
        run->pc = now->to;
    } else {
        push(run, MARK_CHOICE, now->is_lazy ? enter : now->to, run->at);
        run->pc = now->is_lazy ? now->to : enter;
    }
}

static void enter_turn(struct run *run, const struct instruction *now)
{
    set_slot(run, now->slot, run->slots[now->slot] + 1);
    set_slot(run, now->slot + 1, run->at);
    for (uint32_t group = now->group; group < now->group_end; group++) {
        set_slot(run, slot_of_group(group, false), UNSET);
        set_slot(run, slot_of_group(group, true), UNSET);
    }
    run->steps += (now->group_end - now->group) / 8;
    run->pc++;
}

/* A turn more than there must be, and it has taken nothing: it counts as a failure. */
static bool end_turn(struct run *run, const struct instruction *now)
{
    run->pc = now->to;
    return run->slots[now->slot] <= now->min || run->at != run->slots[now->slot + 1];
}

/* False: this way leads nowhere. */
static bool step(struct run *run, const struct instruction *now)
{
    switch (now->op) {
    case OP_CHARACTER:
    case OP_SET:
        return match_one(run, now);
    case OP_BACK:
        return match_back(run, now);
    case OP_START:
    case OP_END:
    case OP_EDGE:
        return match_place(run, now);
    case OP_SPLIT:
        push(run, MARK_CHOICE, now->to, run->at);
        run->pc++;
        return true;
    case OP_JUMP:
        run->pc = now->to;
        return true;
    case OP_SAVE:
        set_slot(run, now->slot, run->at);
        run->pc++;
        return true;
    case OP_ZERO:
        set_slot(run, now->slot, 0);
        run->pc++;
        return true;
    case OP_LOOP:
        turn_loop(run, now);
        return true;
    case OP_ENTER:
        enter_turn(run, now);
        return true;
    case OP_AGAIN:
        return end_turn(run, now);
    case OP_LOOK:
        begin_look(run);
        return true;
    case OP_LOOK_END:
        if (now->is_negative) {
            return refuse_look(run);
        }
        keep_look(run);
        return true;
    case OP_DONE:
        break;
    }
    return true;
}

/* Does it match from here on? */
static bool run_from(struct run *run, size_t start)
{
    for (uint32_t i = 0; i < run->machine->slot_count; i++) {
        run->slots[i] = UNSET;
    }
    run->steps += run->machine->slot_count / 16;
    run->trail_count = 0;
    run->at = start;
    run->pc = 0;
    while (!run->gave_up) {
        const struct instruction *now = &run->machine->code[run->pc];
        if (now->op == OP_DONE) {
            return true;
        }
        if (!step(run, now) && !fail(run)) {
            return false;
        }
        if (++run->steps > STEPS_MAX + STEPS_PER_BYTE * run->length) {
            run->gave_up = true;
        }
    }
    return false;
}

static enum pattern_verdict search(struct run *run)
{
    size_t start = 0;
    for (;;) {
        if (run_from(run, start)) {
            return PATTERN_MATCHES;
        }
        if (run->gave_up) {
            return PATTERN_GAVE_UP;
        }
        uint32_t point = 0;
        size_t bytes = text_code_point(run->text + start, run->length - start, &point);
        if (bytes == 0) {
            return PATTERN_DIFFERS;
        }
        start += bytes;
    }
}

enum pattern_verdict ecma_machine_run(const struct ecma_machine *machine, const char *text,
                                      size_t length)
{
    struct run run = {
        .machine = machine,
        .text = text,
        .length = length,
        .slots = xcalloc(machine->slot_count, sizeof(size_t)),
        .trail = xcalloc(TRAIL_MIN, sizeof(struct trail_entry)),
        .trail_room = TRAIL_MIN,
        .match = pcre2_match_data_create(1, NULL),
    };
    if (run.match == NULL) {
        abort();
    }
    enum pattern_verdict verdict = search(&run);
    pcre2_match_data_free(run.match);
    free(run.trail);
    free(run.slots);
    return verdict;
}
