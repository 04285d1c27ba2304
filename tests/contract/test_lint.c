/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/files.h"
#include "contracts/lint/ignore.h"
#include "contracts/lint/lint.h"
#include "contracts/lint/report.h"
#include "contracts/lint/similar.h"
#include "core/buffer.h"
#include "core/text.h"

#include <ctype.h>
#include <dirent.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Every rule has two fixtures, <rule>.bad.yaml and <rule>.good.yaml, or folders of those names
 * without suffix. The linter finds in the bad one exactly that rule, exactly in the lines that end
 * with "# here"; in the good one it finds nothing. A file <rule>.bad.ignore.yaml is the ignore file
 * of its fixture.
 */

static const char today[] = "2026-11-25";
static const char mark[] = "# here";

static struct asyncapi set;
static struct lint lint;

static void teardown(void)
{
    lint_done(&lint);
    asyncapi_done(&set);
}

static void read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    char piece[4096];
    size_t count = 0;
    while ((count = fread(piece, 1, sizeof piece, file)) > 0) {
        buffer_add(out, piece, count);
    }
    (void)fclose(file);
}

/* The fixture's path; NULL when there is none. */
static char *fixture(const char *rule, const char *kind)
{
    char *path = xasprintf("%s/%s.%s.yaml", LINT_FIXTURES, rule, kind);
    if (access(path, R_OK) != 0) {
        free(path);
        path = xasprintf("%s/%s.%s", LINT_FIXTURES, rule, kind);
    }
    if (access(path, R_OK) != 0) {
        free(path);
        path = NULL;
    }
    return path;
}

static void judge(const char *path, const char *ignore, bool is_ours)
{
    struct fault fault;
    ck_assert_msg(asyncapi_load(&set, &path, 1, &fault) == OK, "%s", fault.text);
    lint.is_ours = is_ours;
    lint_run(&lint, &set);
    if (access(ignore, R_OK) == 0) {
        ck_assert_msg(ignore_apply(&lint, ignore, today, &fault) == OK, "%s", fault.text);
    }
}

static void judge_fixture(const struct lint_rule *rule, const char *kind)
{
    AUTO(free_text) char *path = fixture(rule->id, kind);
    AUTO(free_text) char *ignore = xasprintf("%s/%s.%s.ignore.yaml", LINT_FIXTURES, rule->id, kind);
    ck_assert_msg(path != NULL, "%s has no %s fixture", rule->id, kind);
    judge(path, ignore, rule->is_ours);
}

static bool is_found(const char *path, int line)
{
    for (size_t i = 0; i < lint.count; i++) {
        if (lint.findings[i].place.line == line && strcmp(lint.findings[i].place.path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Every marked line of the file has a finding; returns how many there are. */
static size_t check_marks(const char *path)
{
    AUTO(buffer_done) struct buffer text = {0};
    read_file(path, &text);
    size_t marked = 0;
    int number = 1;
    for (char *line = text.bytes != NULL ? (char *)buffer_cstr(&text) : NULL;
         line != NULL && *line != '\0'; number++) {
        char *end = strchrnul(line, '\n');
        size_t length = (size_t)(end - line);
        if (length >= strlen(mark) && strncmp(end - strlen(mark), mark, strlen(mark)) == 0) {
            marked++;
            ck_assert_msg(is_found(path, number), "%s:%d: nothing is found here", path, number);
        }
        line = *end == '\0' ? end : end + 1;
    }
    return marked;
}

/* How many lines have findings. */
static size_t found_lines(void)
{
    size_t lines = 0;
    for (size_t i = 0; i < lint.count; i++) {
        const struct lint_finding *finding = &lint.findings[i];
        lines += i == 0 || lint.findings[i - 1].place.line != finding->place.line ||
                 strcmp(lint.findings[i - 1].place.path, finding->place.path) != 0;
    }
    return lines;
}

static size_t check_all_marks(const char *path)
{
    AUTO(files_done) struct files files = {0};
    struct fault fault;
    ck_assert(files_add(&files, path, &fault) == OK);
    size_t marked = 0;
    for (size_t i = 0; i < files.count; i++) {
        marked += check_marks(files.items[i].path);
    }
    return marked;
}

START_TEST(bad_example_is_found_where_it_is_marked)
{
    const struct lint_rule *rule = lint_rule_at((size_t)_i);
    judge_fixture(rule, "bad");
    AUTO(free_text) char *path = fixture(rule->id, "bad");
    AUTO(free_text) char *ignore = xasprintf("%s/%s.bad.ignore.yaml", LINT_FIXTURES, rule->id);
    for (size_t i = 0; i < lint.count; i++) {
        const struct lint_finding *finding = &lint.findings[i];
        ck_assert_msg(finding->rule == rule, "%s: %s:%d: %s [%s]", rule->id, finding->place.path,
                      finding->place.line, finding->text, finding->rule->id);
        ck_assert_msg(text_is_utf8(finding->text, strlen(finding->text), NULL), "%s", rule->id);
    }
    size_t marked = check_all_marks(path);
    if (access(ignore, R_OK) == 0) {
        marked += check_marks(ignore);
    }
    ck_assert_msg(marked > 0, "%s: no line is marked", rule->id);
    ck_assert_msg(marked == found_lines(), "%s: %zu lines are marked, %zu have findings", rule->id,
                  marked, found_lines());
}
END_TEST

START_TEST(good_example_is_clean)
{
    const struct lint_rule *rule = lint_rule_at((size_t)_i);
    judge_fixture(rule, "good");
    for (size_t i = 0; i < lint.count; i++) {
        const struct lint_finding *finding = &lint.findings[i];
        ck_assert_msg(finding->ignored_because != NULL, "%s: %s:%d: %s [%s]", rule->id,
                      finding->place.path, finding->place.line, finding->text, finding->rule->id);
    }
}
END_TEST

/* Every line of a rule's snippet stands in its fixture. */
static void check_snippet(const struct lint_rule *rule, const char *snippet, const char *kind)
{
    AUTO(buffer_done) struct buffer text = {0};
    AUTO(free_text) char *path = fixture(rule->id, kind);
    AUTO(free_text) char *ignore = xasprintf("%s/%s.%s.ignore.yaml", LINT_FIXTURES, rule->id, kind);
    ck_assert_msg(path != NULL, "%s has no %s fixture", rule->id, kind);
    AUTO(files_done) struct files files = {0};
    struct fault fault;
    ck_assert(files_add(&files, path, &fault) == OK);
    for (size_t i = 0; i < files.count; i++) {
        read_file(files.items[i].path, &text);
    }
    if (access(ignore, R_OK) == 0) {
        read_file(ignore, &text);
    }
    for (const char *at = snippet; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        size_t indent = strspn(at, " ");
        AUTO(free_text) char *line = xstrndup(at + indent, length - indent);
        ck_assert_msg(strstr(buffer_cstr(&text), line) != NULL,
                      "%s: the line \"%s\" of its %s example is not in the fixture", rule->id, line,
                      kind);
        at += length + (at[length] == '\n');
    }
}

START_TEST(snippets_are_in_the_fixtures)
{
    const struct lint_rule *rule = lint_rule_at((size_t)_i);
    check_snippet(rule, rule->bad, "bad");
    check_snippet(rule, rule->good, "good");
}
END_TEST

START_TEST(rule_is_well_described)
{
    const struct lint_rule *rule = lint_rule_at((size_t)_i);
    ck_assert_msg(rule->id[strspn(rule->id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
                      strlen(rule->id) < 40,
                  "%s", rule->id);
    ck_assert_msg(lint_rule_find(rule->id) == rule, "there are two rules %s", rule->id);
    size_t length = strlen(rule->summary);
    ck_assert_msg(length > 20 && rule->summary[length - 1] == '.', "%s: the summary is no sentence",
                  rule->id);
    ck_assert_msg(rule->bad[0] != '\0' && rule->good[0] != '\0', "%s lacks an example", rule->id);
}
END_TEST

START_TEST(every_fixture_belongs_to_a_rule)
{
    DIR *folder = opendir(LINT_FIXTURES);
    ck_assert(folder != NULL);
    const struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        if (entry->d_name[0] == '.') {
            continue;
        }
        AUTO(free_text) char *rule = xstrndup(entry->d_name, strcspn(entry->d_name, "."));
        ck_assert_msg(lint_rule_find(rule) != NULL, "%s belongs to no rule", entry->d_name);
    }
    (void)closedir(folder);
}
END_TEST

START_TEST(our_own_contracts_are_clean)
{
    judge(CONTRACTS, "/nowhere", true);
    for (size_t i = 0; i < lint.count; i++) {
        ck_abort_msg("%s:%d: %s [%s]", lint.findings[i].place.path, lint.findings[i].place.line,
                     lint.findings[i].text, lint.findings[i].rule->id);
    }
    ck_assert_uint_gt(report_documents(&lint), 4);
}
END_TEST

static const struct {
    const char *word, *means;
} slips[] = {
    {"propertis", "properties"},
    {"requird", "required"},
    {"Pattern", "pattern"},
    {"min_length", "minLength"},
    {"tpye", "type"},
    {"colour", NULL},
    {"typ", "type"},
    {"ab", NULL},
    {"pattterrn", "pattern"},
    {"lengthMin", NULL},
};

START_TEST(slips_of_the_pen_are_recognised)
{
    static const char *const words[] = {"properties", "required",  "pattern",
                                        "minLength",  "maxLength", "type"};
    const char *found = similar_find(slips[_i].word, words, COUNT_OF(words));
    ck_assert_msg(
        (found == NULL && slips[_i].means == NULL) ||
            (found != NULL && slips[_i].means != NULL && strcmp(found, slips[_i].means) == 0),
        "%s means %s", slips[_i].word, found != NULL ? found : "nothing");
}
END_TEST

static int run(void)
{
    Suite *suite = suite_create("contract/lint");
    size_t rules = 0;
    while (lint_rule_at(rules) != NULL) {
        rules++;
    }
    TCase *each = tcase_create("rules");
    tcase_add_checked_fixture(each, NULL, teardown);
    tcase_add_loop_test(each, bad_example_is_found_where_it_is_marked, 0, (int)rules);
    tcase_add_loop_test(each, good_example_is_clean, 0, (int)rules);
    tcase_add_loop_test(each, snippets_are_in_the_fixtures, 0, (int)rules);
    tcase_add_loop_test(each, rule_is_well_described, 0, (int)rules);
    suite_add_tcase(suite, each);

    TCase *whole = tcase_create("whole");
    tcase_add_checked_fixture(whole, NULL, teardown);
    tcase_add_test(whole, every_fixture_belongs_to_a_rule);
    tcase_add_test(whole, our_own_contracts_are_clean);
    tcase_add_loop_test(whole, slips_of_the_pen_are_recognised, 0, (int)COUNT_OF(slips));
    suite_add_tcase(suite, whole);
    return unit_run(suite);
}

int main(void)
{
    return run();
}
