/* SPDX-License-Identifier: Apache-2.0 */
#include "variants.h"

#include "changes.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { EDITS_MAX = 4 };

static const struct schema *below(const struct schema *schema, const struct node *part)
{
    if (schema == NULL) {
        return NULL;
    }
    if (schema->kind == FIELD_ARRAY) {
        return schema->item;
    }
    const struct property *property =
        schema->kind == FIELD_OBJECT && part->key != NULL ? schema_find(schema, part->key) : NULL;
    return property != NULL ? property->schema : NULL;
}

void variants_of(struct variants *variants, const struct node *example, const struct schema *schema)
{
    if (variants->count == variants->room) {
        variants->room = variants->room == 0 ? 32 : variants->room * 2;
        variants->spots = xrealloc(variants->spots, variants->room * sizeof variants->spots[0]);
    }
    variants->spots[variants->count++] = (struct spot){.node = example, .schema = schema};
    for (const struct node *part = example->first; part != NULL; part = part->next) {
        variants_of(variants, part, below(schema, part));
    }
}

void variants_done(struct variants *variants)
{
    free(variants->spots);
    *variants = (struct variants){0};
}

static void judge_edited(const struct variants *variants, const struct edit *edits,
                         size_t edit_count, struct buffer *out, variants_judge *judge,
                         void *context)
{
    buffer_clear(out);
    struct writer writer = {.out = out, .edits = edits, .edit_count = edit_count};
    write_value(&writer, variants->spots[0].node);
    judge(context, buffer_cstr(out), out->length);
}

void variants_single(const struct variants *variants, variants_judge *judge, void *context)
{
    AUTO(buffer_done) struct buffer out = {0};
    judge_edited(variants, NULL, 0, &out, judge, context);
    for (size_t i = 0; i < variants->count; i++) {
        for (size_t j = 0; j < change_count; j++) {
            size_t ways = changes[j].ways(&variants->spots[i]);
            for (size_t number = 0; number < ways; number++) {
                struct edit edit = {
                    .spot = &variants->spots[i], .change = &changes[j], .number = number};
                judge_edited(variants, &edit, 1, &out, judge, context);
            }
        }
    }
}

static struct edit any_edit(const struct variants *variants, struct dice *dice)
{
    for (;;) {
        struct edit edit = {
            .spot = &variants->spots[dice_below(dice, variants->count)],
            .change = &changes[dice_below(dice, change_count)],
        };
        size_t ways = edit.change->ways(edit.spot);
        if (ways > 0) {
            edit.number = dice_below(dice, ways);
            return edit;
        }
    }
}

/* What a broken writer or network could do to a text. */
static void damage(struct buffer *text, struct dice *dice)
{
    static const char bytes[] = " \n\t\"\\{}[]:,0-.eEtfn/'\x00\x01\x1f\x7f\x80\xc3\xff";
    size_t at = dice_below(dice, text->length);
    char byte = bytes[dice_below(dice, sizeof bytes - 1)];
    switch (dice_below(dice, 6)) {
    case 0:
        text->length = at;
        break;
    case 1:
        memmove(text->bytes + at, text->bytes + at + 1, text->length - at - 1);
        text->length--;
        break;
    case 2:
        text->bytes[at] = byte;
        break;
    case 3:
        buffer_byte(text, byte);
        break;
    default:
        buffer_byte(text, ' ');
        memmove(text->bytes + at + 1, text->bytes + at, text->length - at - 1);
        text->bytes[at] = byte;
        break;
    }
}

void variants_random(const struct variants *variants, struct dice *dice, size_t count,
                     variants_judge *judge, void *context)
{
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < count; i++) {
        struct edit edits[EDITS_MAX];
        bool is_damaged = i % 4 == 3;
        size_t edit_count = is_damaged ? dice_below(dice, 2) : 2 + dice_below(dice, EDITS_MAX - 1);
        for (size_t j = 0; j < edit_count; j++) {
            edits[j] = any_edit(variants, dice);
        }
        buffer_clear(&out);
        struct writer writer = {.out = &out, .edits = edits, .edit_count = edit_count};
        write_value(&writer, variants->spots[0].node);
        if (is_damaged && out.length > 0) {
            damage(&out, dice);
        }
        judge(context, buffer_cstr(&out), out.length);
    }
}
