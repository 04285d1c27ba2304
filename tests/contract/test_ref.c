/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/ref.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static struct documents documents;

/* The files that a test may find; "pipe.yaml" would block whoever opens it. */
static const struct {
    const char *name, *text;
} files[] = {
    {"main.yaml", "a: {b: [x, {c: here}]}\n"
                  "'a/b~c d': escaped\n"
                  "'': empty\n"
                  "'&': and\n"
                  "to: {$ref: '#/a'}\n"
                  "big: {$ref: './other%20file.json#/up'}\n"
                  "loop1: {$ref: '#/loop2'}\n"
                  "loop2: {$ref: '#/loop1'}\n"
                  "self: {$ref: '#/self'}\n"
                  "inside: {$ref: '#/inside/deeper'}\n"},
    {"other file.json", "{\"up\": {\"$ref\": \"main.yaml#/a/b/1\"}, \"n\": 1}"},
    {"control.json", "{\"x\": {\"$ref\": \"main.yaml#/%2\\u0016\"}}"},
    {"broken.yaml", "a: [\n"},
};

static void setup(void)
{
    const char *temporary = getenv("TMPDIR");
    folder = xasprintf("%s/ref-XXXXXX", temporary != NULL ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO(free_text) char *path = xasprintf("%s/%s", folder, files[i].name);
        FILE *file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        (void)fputs(files[i].text, file);
        ck_assert_int_eq(fclose(file), 0);
    }
    AUTO(free_text) char *pipe = xasprintf("%s/pipe.yaml", folder);
    ck_assert_int_eq(mkfifo(pipe, S_IRUSR | S_IWUSR), 0);
}

static void remove_file(const char *name)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    (void)unlink(path);
}

static void teardown(void)
{
    documents_done(&documents);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        remove_file(files[i].name);
    }
    remove_file("pipe.yaml");
    (void)rmdir(folder);
    free(take(folder));
}

/* Follows a reference as if it stood in the folder. */
static const struct node *follow(const char *ref)
{
    AUTO(free_text) char *main = xasprintf("%s/main.yaml", folder);
    const struct document *document = documents_open(&documents, main);
    AUTO(free_text) char *text = xasprintf("{$ref: '%s'}", ref);
    struct node *node = (struct node *)node_parse(document->path, text, strlen(text),
                                                  &documents.arena, &documents.findings);
    node->parent = document->root;
    return ref_follow(&documents, node);
}

static const struct {
    const char *ref, *text;
} found[] = {
    {"#/a/b/0", "x"},
    {"#/a/b/1/c", "here"},
    {"#/to/b/1/c", "here"},
    {"#/big/c", "here"},
    {"main.yaml#/a/b/0", "x"},
    {"./main.yaml#/a/b/0", "x"},
    {"././main.yaml#/a/b/0", "x"},
    {"nowhere/../main.yaml#/a/b/0", NULL}, /* the folder is not there */
    {"other%20file.json#/up/c", "here"},
    {"./other file.json#/n", "1"},
    {"#/a~1b~0c d", "escaped"},
    {"#/a%2Fb~0c%20d", "escaped"},
    {"#/", "empty"},
    {"#/%26", "and"},
};

START_TEST(references_lead_where_they_say)
{
    const struct node *node = follow(found[_i].ref);
    if (found[_i].text == NULL) {
        ck_assert_ptr_null(node);
        return;
    }
    ck_assert_ptr_nonnull(node);
    ck_assert_str_eq(node->text, found[_i].text);
    ck_assert_uint_eq(documents.findings.count, 0);
}
END_TEST

static const struct {
    const char *ref;
    enum finding_kind kind;
    const char *says;
} lost[] = {
    {"#/x", FINDING_DANGLING, "leads nowhere from \"#/x\" on"},
    {"#/a/b/2", FINDING_DANGLING, "leads nowhere from \"#/a/b/2\" on"},
    {"#/a/b/01", FINDING_DANGLING, "leads nowhere"},
    {"#/a/b/-0", FINDING_DANGLING, "leads nowhere"},
    {"#/a/b/+0", FINDING_DANGLING, "leads nowhere"},
    {"#/a/b/-1", FINDING_DANGLING, "leads nowhere"},
    {"#/a/b/0/x", FINDING_DANGLING, "leads nowhere"},
    {"control.json#/x", FINDING_DANGLING, "leads nowhere"}, /* a control character is no digit */
    {"#a", FINDING_DANGLING, "is no JSON Pointer"},
    {"none.yaml#/a", FINDING_DANGLING, "names no readable file"},
    {"main.yaml%00x#/a/b/0", FINDING_DANGLING, "names no readable file"},
    {"none.yaml%00#/a", FINDING_DANGLING, "names no readable file"},
    {"pipe.yaml", FINDING_DANGLING, "names no readable file"},
    {".", FINDING_DANGLING, "names no readable file"},
    {"../../../../../../../dev/zero", FINDING_DANGLING, "names no readable file"},
    {"/etc/hosts", FINDING_NOT_FOLLOWED, "must be relative"},
    {"//host/x.yaml", FINDING_NOT_FOLLOWED, "must be relative"},
    {"https://example.org/x.yaml#/a", FINDING_NOT_FOLLOWED, "must be relative"},
    {"file:main.yaml", FINDING_NOT_FOLLOWED, "must be relative"},
    {"#/loop1", FINDING_CIRCULAR, "leads in a circle"},
    {"#/self", FINDING_CIRCULAR, "leads in a circle"},
    {"#/inside", FINDING_CIRCULAR, "leads in a circle"},
};

START_TEST(references_that_lead_nowhere_are_said_once)
{
    ck_assert_ptr_null(follow(lost[_i].ref));
    ck_assert_ptr_null(follow(lost[_i].ref));
    ck_assert_uint_eq(documents.findings.count, 1);
    const struct finding *finding = &documents.findings.items[0];
    ck_assert_msg(strstr(finding->text, lost[_i].says) != NULL, "%s", finding->text);
    ck_assert_int_eq(finding->kind, lost[_i].kind);
}
END_TEST

START_TEST(a_broken_file_is_said_with_its_own_place)
{
    ck_assert_ptr_null(follow("broken.yaml#/a"));
    ck_assert_uint_eq(documents.findings.count, 2);
    ck_assert_int_eq(documents.findings.items[0].kind, FINDING_UNREADABLE);
    ck_assert_int_eq(documents.findings.items[0].place.line, 2);
    ck_assert_int_eq(documents.findings.items[1].kind, FINDING_DANGLING);
}
END_TEST

START_TEST(findings_are_kept_once_and_in_their_order)
{
    enum { COUNT = 20000 };
    struct findings findings = {0};
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < COUNT; i++) {
            findings_add(&findings, (struct position){.path = "p", .line = i / 10, .column = 1},
                         "finding %d", i);
        }
    }
    ck_assert_uint_eq(findings.count, COUNT);
    ck_assert_str_eq(findings.items[COUNT - 1].text, "finding 19999");
    findings_add(&findings, (struct position){.path = "q", .line = 0, .column = 1}, "finding 0");
    ck_assert_uint_eq(findings.count, COUNT + 1);
    findings_done(&findings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ref");
    TCase *tcase = tcase_create("ref");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, references_lead_where_they_say, 0, COUNT_OF(found));
    tcase_add_loop_test(tcase, references_that_lead_nowhere_are_said_once, 0, COUNT_OF(lost));
    tcase_add_test(tcase, a_broken_file_is_said_with_its_own_place);
    tcase_add_test(tcase, findings_are_kept_once_and_in_their_order);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
