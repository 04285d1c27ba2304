/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/diff/schema_diff.h"

#include <string.h>

/* Which side breaks for each change of a schema, in both directions, and that it is said by the
 * right rule. */

enum answer { FITS = VERDICT_YES, DOUBT = VERDICT_UNKNOWN, BREAKS = VERDICT_NO };
enum meaning { PLAIN, CLOSED, EXTENDED }; /* closed: what is published has declared members only */

struct change {
    enum diff_rule_id rule;
    enum meaning meaning;
    const char *old, *new;
    enum answer forward, backward;
};

/* clang-format off */
static const struct change changes[] = {
#include "diff/changes.h"
};
/* clang-format on */

static struct documents documents[2];
static struct diff diff;

static void teardown(void)
{
    documents_done(&documents[0]);
    documents_done(&documents[1]);
    diff_done(&diff);
}

static const struct node *parse(struct documents *set, const char *path, const char *text)
{
    struct document *document = arena_alloc(&set->arena, sizeof *document);
    document->path = path;
    document->root = node_parse(path, text, strlen(text), &set->arena, &set->findings);
    set->first = document;
    ck_assert_msg(document->root != NULL, "%s: %s", set->findings.items[0].text, text);
    return document->root;
}

static struct schema_verdicts compare(const char *old, const char *new, enum meaning meaning)
{
    teardown();
    const struct schema_version a = {&documents[0], parse(&documents[0], "old.json", old)};
    const struct schema_version b = {&documents[1], parse(&documents[1], "new.json", new)};
    const struct schema_diff_options options = {
        .sides = DIFF_FORWARD | DIFF_BACKWARD,
        .is_closed = meaning != PLAIN,
        .is_extended = meaning == EXTENDED,
    };
    return schema_diff(&diff, &a, &b, &options);
}

static bool is_told(enum diff_rule_id rule, unsigned sides)
{
    for (size_t i = 0; i < diff.count; i++) {
        if (diff.items[i].rule == rule && (sides == 0 || (diff.items[i].sides & sides) != 0)) {
            return true;
        }
    }
    return false;
}

static unsigned sides_of(const struct change *change)
{
    unsigned sides = 0;
    sides |= change->forward != FITS ? (unsigned)DIFF_FORWARD : 0;
    sides |= change->backward != FITS ? (unsigned)DIFF_BACKWARD : 0;
    return sides;
}

START_TEST(each_change_breaks_the_side_that_the_table_says)
{
    const struct change *change = &changes[_i];
    struct schema_verdicts verdicts = compare(change->old, change->new, change->meaning);
    ck_assert_msg((int)verdicts.forward == (int)change->forward, "forward %d: %s -> %s",
                  verdicts.forward, change->old, change->new);
    ck_assert_msg((int)verdicts.backward == (int)change->backward, "backward %d: %s -> %s",
                  verdicts.backward, change->old, change->new);
    if (change->rule != DIFF_RULE_COUNT) {
        ck_assert_msg(is_told(change->rule, sides_of(change)),
                      "%s is not told (%zu, first %s) of %s -> %s", diff_rules[change->rule].id,
                      diff.count, diff.count ? diff_rules[diff.items[0].rule].id : "", change->old,
                      change->new);
    }
    for (size_t i = 0; i < diff.count; i++) {
        ck_assert(diff.items[i].old_place.line > 0 || diff.items[i].new_place.line > 0);
    }
}
END_TEST

START_TEST(swapping_the_versions_swaps_the_sides)
{
    const struct change *change = &changes[_i];
    struct schema_verdicts verdicts = compare(change->new, change->old, change->meaning);
    ck_assert_msg((int)verdicts.forward == (int)change->backward &&
                      (int)verdicts.backward == (int)change->forward,
                  "forward %d backward %d: %s -> %s", verdicts.forward, verdicts.backward,
                  change->new, change->old);
}
END_TEST

START_TEST(a_schema_does_not_differ_from_itself)
{
    const char *both[] = {changes[_i].old, changes[_i].new};
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        struct schema_verdicts verdicts = compare(both[i], both[i], changes[_i].meaning);
        ck_assert_msg(verdicts.forward == VERDICT_YES && verdicts.backward == VERDICT_YES &&
                          diff.count == 0,
                      "%s", both[i]);
    }
}
END_TEST

START_TEST(a_finding_says_where_what_and_which_side)
{
    struct schema_verdicts verdicts = compare(
        "{\"type\": \"object\", \"properties\":\n  {\"lines\": {\"items\": {\"properties\": "
        "{\"a/b\": {\"type\": \"integer\",\n    \"maximum\": 10}}}}}}",
        "{\"type\": \"object\", \"properties\":\n  {\"lines\": {\"items\": {\"properties\": "
        "{\"a/b\": {\"type\": \"integer\",\n      \"maximum\": 9}}}}}}",
        CLOSED);
    ck_assert_int_eq(verdicts.forward, VERDICT_YES);
    ck_assert_uint_eq(diff.count, 1);
    const struct diff_finding *finding = &diff.items[0];
    ck_assert_str_eq(diff_rules[finding->rule].id, "P16");
    ck_assert_str_eq(diff_level_name(finding->level), "wire-breaking");
    ck_assert_uint_eq(finding->sides, DIFF_BACKWARD);
    ck_assert_str_eq(finding->path, "/lines/*/a~1b");
    ck_assert_str_eq(finding->pointer, "/properties/lines/items/properties/a~1b/maximum");
    ck_assert_str_eq(finding->before, "10");
    ck_assert_str_eq(finding->after, "9");
    ck_assert_str_eq(finding->old_place.path, "old.json");
    ck_assert_int_eq(finding->old_place.line, 3);
    ck_assert_int_eq(finding->old_place.column, 5);
    ck_assert_str_eq(finding->new_place.path, "new.json");
    ck_assert_int_eq(finding->new_place.column, 7);
}
END_TEST

START_TEST(every_rule_of_payloads_has_a_case)
{
    for (int rule = P01; rule <= P32; rule++) {
        bool has_case = false;
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            has_case |= (int)changes[i].rule == rule;
        }
        ck_assert_msg(has_case, "%s", diff_rules[rule].id);
    }
}
END_TEST

START_TEST(hostile_schemas_end_with_an_answer)
{
    /* Each alternative of the left side meets each of the right, at every level. */
    AUTO(buffer_done) struct buffer wide = {0};
    AUTO(buffer_done) struct buffer deep = {0};
    buffer_text(&wide, "{\"definitions\": {\"n\": {\"anyOf\": [");
    for (int i = 0; i < 30; i++) {
        buffer_printf(&wide,
                      "%s{\"properties\": {\"a%d\": {\"$ref\": \"#/definitions/n\"}, \"b\": "
                      "{\"$ref\": \"#/definitions/n\"}}}",
                      i > 0 ? ", " : "", i);
    }
    buffer_text(&wide, "]}}, \"$ref\": \"#/definitions/n\"}");
    buffer_text(&deep, "{\"allOf\": [");
    for (int i = 0; i < 20; i++) {
        buffer_printf(
            &deep, "%s{\"anyOf\": [{\"minimum\": %d}, {\"maximum\": %d}, {\"type\": \"string\"}]}",
            i > 0 ? ", " : "", i, -i);
    }
    buffer_text(&deep, "]}");
    struct schema_verdicts verdicts = compare(buffer_cstr(&wide), buffer_cstr(&deep), CLOSED);
    ck_assert_int_ne(verdicts.forward, VERDICT_YES);
    ck_assert_int_ne(verdicts.backward, VERDICT_YES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff of schemas");
    TCase *tcase = tcase_create("diff of schemas");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, each_change_breaks_the_side_that_the_table_says, 0,
                        COUNT_OF(changes));
    tcase_add_loop_test(tcase, swapping_the_versions_swaps_the_sides, 0, COUNT_OF(changes));
    tcase_add_loop_test(tcase, a_schema_does_not_differ_from_itself, 0, COUNT_OF(changes));
    tcase_add_test(tcase, a_finding_says_where_what_and_which_side);
    tcase_add_test(tcase, every_rule_of_payloads_has_a_case);
    tcase_add_test(tcase, hostile_schemas_end_with_an_answer);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
