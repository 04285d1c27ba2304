/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/files.h"
#include "contracts/key_index.h"
#include "contracts/lint/ignore.h"
#include "contracts/lint/lint.h"
#include "contracts/lint/past_tense.h"
#include "contracts/lint/report.h"
#include "contracts/similar.h"
#include "contracts/topic.h"
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

START_TEST(documents_of_other_teams_are_clean)
{
    judge(FOREIGN, "/nowhere", false);
    for (size_t i = 0; i < lint.count; i++) {
        ck_abort_msg("%s:%d: %s [%s]", lint.findings[i].place.path, lint.findings[i].place.line,
                     lint.findings[i].text, lint.findings[i].rule->id);
    }
    ck_assert_uint_gt(report_documents(&lint), 6);
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

static const struct {
    const char *name;
    bool is_fact;
} names[] = {
    {"PaymentCompleted", true},
    {"FitnessGoalSet", true},
    {"NotificationSent", true},
    {"UserLoggedIn", true},
    {"PlanWithdrawn", true},
    {"OrderSentOut", true},
    {"PaymentFailed", true},
    {"MealEaten", true},
    {"XMLRead", true},
    {"OrderPlaced2", true},
    {"ChargeCustomer", false},
    {"Payment", false},
    {"FailedPayment", false},
    {"UserNeed", false},
    {"ActivityFeed", false},
    {"Completed", false},
    {"PaymentCompleting", false},
    {"Red", false},
    {"OrderIn", false},
    {"", false},
    {"123", false},
    {"FitnessGoalSetting", false},
};

START_TEST(facts_are_told_from_commands)
{
    ck_assert_msg(past_tense_is_fact(names[_i].name) == names[_i].is_fact, "%s", names[_i].name);
}
END_TEST

static const struct {
    const char *binding, *key;
    bool matches;
} topics[] = {
    {"a.b", "a.b", true},          {"a.b", "a.c", false},       {"a.*", "a.b", true},
    {"a.*", "a", false},           {"a.*", "a.b.c", false},     {"a.#", "a", true},
    {"a.#", "a.b.c", true},        {"#", "a.b", true},          {"#", "", true},
    {"#.c", "a.b.c", true},        {"#.c", "c", true},          {"#.c", "a.b", false},
    {"a.#.c", "a.c", true},        {"a.#.c", "a.b.b.c", true},  {"a.#.c.#.d", "a.c.c.d", true},
    {"*.#.*", "a", false},         {"*.#.*", "a.b", true},      {"a.b*", "a.bc", false},
    {"a.{id}.c", "a.b.c", true},   {"a.*.c", "a.{id}.c", true}, {"a.{id}", "b.c", false},
    {"#.#.#.#.x", "a.b.c", false}, {"ab", "a", false},          {"a", "ab", false},
};

START_TEST(binding_keys_match_as_a_topic_exchange_does)
{
    ck_assert_msg(topic_matches(topics[_i].binding, topics[_i].key) == topics[_i].matches,
                  "%s and %s", topics[_i].binding, topics[_i].key);
}
END_TEST

/* Reports, about a document whose names want to be more than names */

static char *report(const char *format)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    ck_assert(out != NULL);
    const struct lint_report wish = {.lint = &lint, .out = out};
    report_format_find(format)->write(&wish);
    (void)fclose(out);
    return text;
}

static char *report_hostile(const char *format)
{
    judge(LINT_REPORTS "/hostile,name.yaml", LINT_REPORTS "/ignore.yaml", false);
    return report(format);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        count++;
    }
    return count;
}

START_TEST(things_of_one_key_stand_together_in_their_order)
{
    enum { THINGS = 1000, KEYS = 7, END = KEYS * 10 };
    struct key_index index = {0};
    size_t count = 1;
    ck_assert_ptr_null(key_index_find(&index, 3, &count));
    ck_assert_uint_eq(count, 0);
    for (size_t i = 0; i < THINGS; i++) {
        key_index_add(&index, (THINGS - i) % KEYS * 10, i);
    }
    key_index_sort(&index);
    size_t all = 0;
    for (uint64_t key = 0; key <= END; key++) {
        const struct key_entry *found = key_index_find(&index, key, &count);
        ck_assert(key % 10 == 0 && key < END ? count > 0 : count == 0);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(found[i].key, key);
            ck_assert(i == 0 || found[i - 1].value < found[i].value);
        }
        all += count;
    }
    ck_assert_uint_eq(all, THINGS);
    key_index_done(&index);
    ck_assert(key_hash(KEY_HASH_START, NULL) != key_hash(KEY_HASH_START, ""));
}
END_TEST

START_TEST(text_is_one_line_for_a_finding_and_moves_no_cursor)
{
    AUTO(free_text) char *text = report_hostile("text");
    ck_assert_uint_eq(count_of(text, "\n"), 4);
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_nonnull(strstr(text, "hostile,name.yaml:5:14: error: "));
    ck_assert_ptr_nonnull(strstr(text, "[address-query]\n"));
    ck_assert_ptr_nonnull(strstr(text, "1 document: 2 errors, 1 warning, 1 ignored\n"));
}
END_TEST

START_TEST(github_commands_stay_one_command)
{
    AUTO(free_text) char *text = report_hostile("github");
    ck_assert_uint_eq(count_of(text, "\n"), 3);
    ck_assert_uint_eq(count_of(text, "\n::"), 2);
    ck_assert_ptr_nonnull(strstr(text, "hostile%2Cname.yaml,line=5,col=14,title=address-query::"));
    ck_assert_ptr_nonnull(strstr(text, "%2525"));
}
END_TEST

/* Every tag is closed in its order, and no text breaks out of an attribute. */
static void check_xml(const char *text)
{
    enum { DEPTH = 8, NAME = 32 };
    char open[DEPTH][NAME];
    int depth = 0;
    const char *at = strstr(text, "?>");
    ck_assert_ptr_nonnull(at);
    for (at += 2; (at = strchr(at, '<')) != NULL;) {
        const char *end = at + 1;
        bool is_quoted = false;
        for (; *end != '\0' && (is_quoted || *end != '>'); end++) {
            is_quoted ^= *end == '"';
            ck_assert_msg(*end != '<', "a < in a tag: %.60s", at);
        }
        ck_assert_msg(*end == '>', "a tag has no end: %.60s", at);
        size_t length = strcspn(at + 1 + (at[1] == '/'), " />");
        ck_assert_uint_lt(length, NAME);
        if (at[1] == '/') {
            ck_assert_int_gt(depth, 0);
            depth--;
            ck_assert(strncmp(open[depth], at + 2, length) == 0 && open[depth][length] == '\0');
        } else if (end[-1] != '/') {
            ck_assert_int_lt(depth, DEPTH);
            (void)snprintf(open[depth], NAME, "%.*s", (int)length, at + 1);
            depth++;
        }
        at = end;
    }
    ck_assert_int_eq(depth, 0);
}

START_TEST(junit_is_well_formed)
{
    AUTO(free_text) char *text = report_hostile("junit");
    check_xml(text);
    ck_assert_uint_eq(count_of(text, "<failure "), 3);
    ck_assert_uint_eq(count_of(text, "<skipped "), 1);
    ck_assert_ptr_nonnull(
        strstr(text, "<testsuites name=\"contract lint\" tests=\"4\" failures=\"3\""));
    ck_assert_ptr_nonnull(strstr(text, "&#60;b&#62;&#38;&#34;&#39;"));
}
END_TEST

START_TEST(junit_has_a_case_where_nothing_was_found)
{
    judge(CONTRACTS, "/nowhere", true);
    AUTO(free_text) char *text = report("junit");
    check_xml(text);
    ck_assert_uint_eq(count_of(text, "<testcase "), report_documents(&lint));
}
END_TEST

static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    ck_assert_msg(json_object_object_get_ex(object, key, &value), "%s is missing", key);
    return value;
}

static const char *text_of(json_object *object, const char *key)
{
    return json_object_get_string(member(object, key));
}

static json_object *item(json_object *list, size_t index)
{
    ck_assert_uint_lt(index, json_object_array_length(list));
    return json_object_array_get_idx(list, index);
}

START_TEST(json_has_the_members_that_help_promises)
{
    AUTO(free_text) char *text = report_hostile("json");
    json_object *root = json_tokener_parse(text);
    ck_assert_ptr_nonnull(root);
    json_object *first = item(member(root, "findings"), 0);
    ck_assert_str_eq(text_of(first, "rule"), "address-query");
    ck_assert_str_eq(text_of(first, "family"), "sense");
    ck_assert_str_eq(text_of(first, "severity"), "error");
    ck_assert_str_eq(text_of(first, "pointer"), "/channels/a/address");
    ck_assert_int_eq(json_object_get_int(member(first, "line")), 5);
    ck_assert_int_eq(json_object_get_int(member(first, "column")), 14);
    json_object *summary = member(root, "summary");
    ck_assert_int_eq(json_object_get_int(member(summary, "documents")), 1);
    ck_assert_int_eq(json_object_get_int(member(summary, "errors")), 2);
    ck_assert_int_eq(json_object_get_int(member(summary, "warnings")), 1);
    ck_assert_int_eq(json_object_get_int(member(summary, "ignored")), 1);
    (void)json_object_put(root);
}
END_TEST

START_TEST(sarif_has_what_code_scanning_needs)
{
    AUTO(free_text) char *text = report_hostile("sarif");
    json_object *root = json_tokener_parse(text);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(text_of(root, "version"), "2.1.0");
    json_object *run = item(member(root, "runs"), 0);
    json_object *rules = member(member(member(run, "tool"), "driver"), "rules");
    json_object *results = member(run, "results");
    ck_assert_uint_eq(json_object_array_length(results), 4);
    size_t suppressed = 0;
    for (size_t i = 0; i < json_object_array_length(results); i++) {
        json_object *result = item(results, i);
        size_t index = (size_t)json_object_get_int(member(result, "ruleIndex"));
        ck_assert_str_eq(text_of(item(rules, index), "id"), text_of(result, "ruleId"));
        ck_assert_uint_eq(strlen(text_of(member(result, "partialFingerprints"), "quadrille/v1")),
                          16);
        json_object *place = member(item(member(result, "locations"), 0), "physicalLocation");
        ck_assert_ptr_nonnull(
            strstr(text_of(member(place, "artifactLocation"), "uri"), "hostile%2Cname.yaml"));
        ck_assert_int_gt(json_object_get_int(member(member(place, "region"), "startLine")), 0);
        ck_assert_ptr_nonnull(text_of(member(result, "message"), "text"));
        suppressed += json_object_object_get_ex(result, "suppressions", NULL);
    }
    ck_assert_uint_eq(suppressed, 1);
    (void)json_object_put(root);
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
    tcase_add_test(whole, documents_of_other_teams_are_clean);
    tcase_add_loop_test(whole, slips_of_the_pen_are_recognised, 0, (int)COUNT_OF(slips));
    tcase_add_loop_test(whole, facts_are_told_from_commands, 0, (int)COUNT_OF(names));
    tcase_add_loop_test(whole, binding_keys_match_as_a_topic_exchange_does, 0,
                        (int)COUNT_OF(topics));
    suite_add_tcase(suite, whole);

    TCase *reports = tcase_create("reports");
    tcase_add_checked_fixture(reports, NULL, teardown);
    tcase_add_test(reports, things_of_one_key_stand_together_in_their_order);
    tcase_add_test(reports, text_is_one_line_for_a_finding_and_moves_no_cursor);
    tcase_add_test(reports, github_commands_stay_one_command);
    tcase_add_test(reports, junit_is_well_formed);
    tcase_add_test(reports, junit_has_a_case_where_nothing_was_found);
    tcase_add_test(reports, json_has_the_members_that_help_promises);
    tcase_add_test(reports, sarif_has_what_code_scanning_needs);
    suite_add_tcase(suite, reports);
    return unit_run(suite);
}

int main(void)
{
    return run();
}
