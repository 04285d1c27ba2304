/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/value.h"
#include "core/buffer.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/*
 * Cases in the format of the official JSON-Schema-Test-Suite: ours, and the official ones where
 * their folder is. They are run fast and explained, and both must agree. Then each keyword is
 * dropped in turn, and our cases must notice.
 */

static const char *const official_places[] = {
    "../shared/data/json-schema-test-suite", /* beside the sources */
};

struct tally {
    const struct jsonschema_options *options;
    const char *file;
    size_t cases;
    size_t wrong;
    bool is_silent;
    bool also_inside; /* each case once more, within a list */
};

static json_object *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    AUTO(buffer_done) struct buffer content = {0};
    size_t count = 0;
    do {
        count = fread(buffer_reserve(&content, 65536), 1, 65536, file);
        buffer_grow(&content, count);
    } while (count > 0);
    (void)fclose(file);
    json_object *value = NULL;
    struct fault fault = {0};
    ck_assert_msg(value_read(buffer_cstr(&content), content.length, &value, &fault) == OK, "%s %s",
                  path, fault.text);
    return value;
}

static const char *text_of(json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

static bool count_error(void *context, const struct jsonschema_error *error)
{
    ck_assert_msg(error->text[0] != '\0', "an error without a sentence");
    ck_assert(error->schema != NULL && error->instance != NULL);
    (*(size_t *)context)++;
    return true;
}

static void complain(struct tally *tally, const char *group, const char *name, const char *what)
{
    tally->wrong++;
    if (!tally->is_silent) {
        (void)printf("# %s: %s: %s: %s\n", tally->file, group, name, what);
    }
}

static void run_test(struct tally *tally, const struct jsonschema *schema, const char *group,
                     json_object *test, json_object *data)
{
    bool expected = json_object_get_boolean(json_object_object_get(test, "valid"));
    bool is_valid = jsonschema_is_valid(schema, data);
    size_t errors = 0;
    bool is_explained = jsonschema_explain(schema, data, count_error, &errors);
    tally->cases++;
    if (is_valid != expected) {
        complain(tally, group, text_of(test, "description"),
                 expected ? "refused, though valid" : "passed, though not valid");
    } else if (is_explained != is_valid || is_explained != (errors == 0)) {
        complain(tally, group, text_of(test, "description"), "the two runs disagree");
    }
}

/* Judges the tests of a group by the schema in `text`; `is_inside`: as the one element of a list,
 * because elements take another way through the program than a whole instance. */
static void run_schema(struct tally *tally, json_object *group, const char *text, bool is_inside)
{
    const char *name = text_of(group, "description");
    json_object *tests = json_object_object_get(group, "tests");
    struct documents documents = {0};
    struct jsonschema *schema = NULL;
    struct fault fault = {0};
    const struct node *node =
        node_parse("schema.json", text, strlen(text), &documents.arena, &documents.findings);
    bool is_good =
        node != NULL && jsonschema_compile(&documents, node, tally->options, &schema, &fault) == OK;
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        json_object *test = json_object_array_get_idx(tests, i);
        json_object *data = json_object_get(json_object_object_get(test, "data"));
        if (is_inside) {
            json_object *list = json_object_new_array();
            (void)json_object_array_add(list, data);
            data = list;
        }
        if (is_good) {
            run_test(tally, schema, name, test, data);
        } else {
            tally->cases++;
            complain(tally, name, "the schema is refused",
                     node != NULL ? fault.text : documents.findings.items[0].text);
        }
        (void)json_object_put(data);
    }
    jsonschema_free(schema);
    documents_done(&documents);
}

static void run_group(struct tally *tally, json_object *group)
{
    json_object *schema = json_object_object_get(group, "schema");
    const char *text = json_object_to_json_string_ext(schema, JSON_C_TO_STRING_PLAIN);
    run_schema(tally, group, text, false);
    /* What a reference means would change. */
    if (tally->also_inside && strstr(text, "\"$ref\"") == NULL) {
        AUTO(free_text) char *wrapped = xasprintf("{\"items\":%s}", text);
        run_schema(tally, group, wrapped, true);
    }
}

static void run_file(struct tally *tally, const char *folder, const char *name)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    json_object *groups = read_file(path);
    tally->file = name;
    for (size_t i = 0; i < json_object_array_length(groups); i++) {
        run_group(tally, json_object_array_get_idx(groups, i));
    }
    (void)json_object_put(groups);
}

static int is_case_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

/* False when there is no such folder. */
static bool run_folder(struct tally *tally, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_case_file, alphasort);
    for (int i = 0; i < count; i++) {
        run_file(tally, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return count >= 0;
}

static const struct jsonschema_folder our_folders[] = {
    {"http://localhost:1234", JSONSCHEMA_CASES "/remotes"},
};
static const struct jsonschema_options our_options = {.folders = our_folders, .folder_count = 1};

START_TEST(our_cases_pass)
{
    struct tally tally = {.options = &our_options, .also_inside = true};
    ck_assert(run_folder(&tally, JSONSCHEMA_CASES "/cases"));
    (void)printf("# ours: %zu of %zu\n", tally.cases - tally.wrong, tally.cases);
    ck_assert_uint_gt(tally.cases, 0);
    ck_assert_uint_eq(tally.wrong, 0);
}
END_TEST

START_TEST(a_keyword_that_is_not_checked_is_noticed)
{
    const char *keyword = "$ref";
    for (size_t i = 0; keyword != NULL; keyword = jsonschema_keyword(i++)) {
        struct jsonschema_options options = our_options;
        options.without = keyword;
        struct tally tally = {.options = &options, .is_silent = true};
        ck_assert(run_folder(&tally, JSONSCHEMA_CASES "/cases"));
        ck_assert_msg(tally.wrong > 0, "nothing notices that %s is not checked", keyword);
    }
}
END_TEST

static const char *find_official(char room[4096])
{
    const char *given = getenv("JSON_SCHEMA_TEST_SUITE");
    if (given != NULL && given[0] != '\0') {
        return given;
    }
    if (JSONSCHEMA_SUITE[0] != '\0') {
        return JSONSCHEMA_SUITE;
    }
    for (size_t i = 0; i < COUNT_OF(official_places); i++) {
        (void)snprintf(room, 4096, "%s/%s", SOURCES, official_places[i]);
        DIR *folder = opendir(room);
        if (folder != NULL) {
            (void)closedir(folder);
            return room;
        }
    }
    return NULL;
}

/* Every required case must pass. Of the optional ones some contradict what we promise (lone
 * surrogates, say): they are counted. */
START_TEST(the_official_cases_pass)
{
    char room[4096];
    const char *suite = find_official(room);
    if (suite == NULL) {
        (void)printf("# official JSON-Schema-Test-Suite: not here, not run: name its folder with "
                     "JSON_SCHEMA_TEST_SUITE\n");
        return;
    }
    static const struct {
        const char *name;
        bool is_required;
    } folders[] = {
        {"tests/draft7", true},
        {"tests/draft7/optional", false},
        {"tests/draft7/optional/format", false},
    };
    AUTO(free_text) char *remotes = xasprintf("%s/remotes", suite);
    const struct jsonschema_folder folder = {"http://localhost:1234", remotes};
    const struct jsonschema_options options = {.folders = &folder, .folder_count = 1};
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        struct tally tally = {.options = &options};
        AUTO(free_text) char *path = xasprintf("%s/%s", suite, folders[i].name);
        if (!run_folder(&tally, path)) {
            ck_assert_msg(!folders[i].is_required, "%s is missing", path);
            continue;
        }
        (void)printf("# official %s: %zu of %zu\n", folders[i].name, tally.cases - tally.wrong,
                     tally.cases);
        ck_assert_msg(!folders[i].is_required || (tally.cases > 0 && tally.wrong == 0),
                      "%zu required cases fail", tally.wrong);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonschema_suite");
    TCase *tcase = tcase_create("jsonschema_suite");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, our_cases_pass);
    tcase_add_test(tcase, a_keyword_that_is_not_checked_is_noticed);
    tcase_add_test(tcase, the_official_cases_pass);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
