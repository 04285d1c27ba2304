/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/value.h"
#include "core/buffer.h"
#include "core/text.h"
#include "tools/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ERRORS_SHOWN_MAX = 100 }; /* of one instance */

/* What the schema's verdicts are printed for. */
struct judging {
    const struct cli_call *call;
    const struct jsonschema *schema;
    const char *schema_path;
    size_t judged;
    size_t invalid;
    bool is_broken; /* a file could not be opened */

    /* Of the instance that is being judged. */
    const char *name;
    size_t errors;
    json_object *list; /* with --json */
};

/* Names of members come from anywhere: no control character may reach a terminal. */
static void put_safely(const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        uint32_t point = 0;
        size_t step = text_code_point(text, length, &point);
        if (step == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            (void)printf("\\u%04x", step == 0 ? 0xfffdU : (unsigned)point);
            step = step == 0 ? 1 : step;
        } else {
            (void)fwrite(text, 1, step, stdout);
        }
        text += step;
        length -= step;
    }
}

static void put_line(const struct judging *judging, const char *pointer, const char *text)
{
    put_safely(judging->name);
    (void)printf(": ");
    if (pointer[0] != '\0') {
        (void)printf("%s", cli_colour(judging->call, CLI_BOLD));
        put_safely(pointer);
        (void)printf("%s: ", cli_colour(judging->call, CLI_PLAIN));
    }
    put_safely(text);
}

static void print_error(const struct judging *judging, const struct jsonschema_error *error)
{
    bool is_elsewhere = strcmp(error->place.path, judging->schema_path) != 0;
    put_line(judging, error->instance, error->text);
    (void)printf(" %s(", cli_colour(judging->call, CLI_DIM));
    put_safely(is_elsewhere ? error->place.path : "");
    (void)putchar('#');
    put_safely(error->schema);
    (void)printf(")%s\n", cli_colour(judging->call, CLI_PLAIN));
}

static void add_text(json_object *object, const char *name, const char *text)
{
    (void)json_object_object_add(object, name, json_object_new_string(text));
}

static void add_error(json_object *list, const struct jsonschema_error *error)
{
    json_object *row = json_object_new_object();
    add_text(row, "instance", error->instance);
    add_text(row, "schema", error->schema);
    add_text(row, "file", error->place.path);
    (void)json_object_object_add(row, "line", json_object_new_int(error->place.line));
    (void)json_object_object_add(row, "column", json_object_new_int(error->place.column));
    add_text(row, "text", error->text);
    (void)json_object_array_add(list, row);
}

static bool take_error(void *context, const struct jsonschema_error *error)
{
    struct judging *judging = context;
    if (++judging->errors > ERRORS_SHOWN_MAX) {
        return false;
    }
    if (judging->list != NULL) {
        add_error(judging->list, error);
    } else {
        print_error(judging, error);
    }
    return true;
}

static void print_verdict(const struct judging *judging, bool is_valid, const char *problem)
{
    json_object *verdict = json_object_new_object();
    add_text(verdict, "instance", judging->name);
    (void)json_object_object_add(verdict, "valid", json_object_new_boolean(is_valid));
    if (problem != NULL) {
        add_text(verdict, "problem", problem);
    }
    (void)json_object_object_add(verdict, "errors", judging->list);
    (void)printf("%s\n", json_object_to_json_string_ext(
                             verdict, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(verdict);
}

/* What cannot be read as JSON is not valid. */
static void refuse(struct judging *judging, const char *problem)
{
    judging->judged++;
    judging->invalid++;
    if (judging->call->is_json) {
        judging->list = json_object_new_array();
        print_verdict(judging, false, problem);
    } else {
        put_line(judging, "", problem);
        (void)putchar('\n');
    }
}

static void judge(struct judging *judging, json_object *instance)
{
    judging->errors = 0;
    judging->list = judging->call->is_json ? json_object_new_array() : NULL;
    bool is_valid = jsonschema_is_valid(judging->schema, instance) ||
                    jsonschema_explain(judging->schema, instance, take_error, judging);
    judging->judged++;
    judging->invalid += is_valid ? 0 : 1;
    if (judging->call->is_json) {
        print_verdict(judging, is_valid,
                      judging->errors > ERRORS_SHOWN_MAX ? "has more errors than are shown" : NULL);
    } else if (judging->errors > ERRORS_SHOWN_MAX) {
        put_line(judging, "", "has more errors than are shown");
        (void)putchar('\n');
    }
}

/* A byte order mark in front is no part of the JSON (RFC 8259, 8.1). */
static void judge_text(struct judging *judging, const char *bytes, size_t length)
{
    size_t skip = text_byte_order_mark(bytes, length);
    json_object *instance = NULL;
    struct fault fault;
    if (value_read(bytes + skip, length - skip, &instance, &fault) != OK) {
        refuse(judging, fault.text);
        return;
    }
    judge(judging, instance);
    (void)json_object_put(instance);
}

/* JSON Lines: a verdict for each line that is not empty. */
static void judge_lines(struct judging *judging)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length = 0;
    for (size_t number = 1; (length = getline(&line, &room, stdin)) >= 0; number++) {
        length -= length > 0 && line[length - 1] == '\n' ? 1 : 0;
        if (strspn(line, " \t\r") != (size_t)length) {
            AUTO(free_text) char *name = xasprintf("-:%zu", number);
            judging->name = name;
            judge_text(judging, line, (size_t)length);
        }
    }
    free(line);
    judging->name = NULL;
}

static bool is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void judge_yaml(struct judging *judging, const char *path)
{
    struct documents documents = {0};
    struct fault fault;
    json_object *instance = NULL;
    const struct node *node = node_load(path, &documents.arena, &documents.findings);
    if (node == NULL) {
        refuse(judging, documents.findings.items[0].text);
    } else if (value_of_node(node, &instance, &fault) != OK) {
        refuse(judging, fault.text);
    } else {
        judge(judging, instance);
        (void)json_object_put(instance);
    }
    documents_done(&documents);
}

/* Nothing is known about the instance: no verdict, but a line for whoever reads the JSON. */
static void give_up(struct judging *judging, const char *problem)
{
    (void)cli_fail(judging->call, EXIT_USAGE, "%s %s", judging->name, problem);
    judging->is_broken = true;
    if (judging->call->is_json) {
        judging->list = json_object_new_array();
        print_verdict(judging, false, problem);
    }
}

/* Reading a pipe or device might never end. */
static bool is_file(struct judging *judging, const char *path)
{
    struct stat entry;
    if (stat(path, &entry) != 0) {
        AUTO(free_text) char *problem = xasprintf("cannot be opened: %s", strerror(errno));
        give_up(judging, problem);
        return false;
    }
    if (!S_ISREG(entry.st_mode)) {
        give_up(judging, "is no file (- is standard input)");
        return false;
    }
    return true;
}

static void judge_file(struct judging *judging, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        AUTO(free_text) char *problem = xasprintf("cannot be opened: %s", strerror(errno));
        give_up(judging, problem);
        return;
    }
    AUTO(buffer_done) struct buffer content = {0};
    bool is_read = buffer_read(&content, file, VALUE_MAX_BYTES);
    (void)fclose(file);
    if (!is_read) {
        give_up(judging, "cannot be read");
        return;
    }
    judge_text(judging, buffer_cstr(&content), content.length);
}

static int judge_all(const struct cli_call *call, const struct jsonschema *schema,
                     const char *schema_path)
{
    struct judging judging = {.call = call, .schema = schema, .schema_path = schema_path};
    for (size_t i = 0; i < call->argument_count; i++) {
        judging.name = call->arguments[i];
        if (strcmp(judging.name, "-") == 0) {
            judge_lines(&judging);
        } else if (is_file(&judging, judging.name)) {
            (is_yaml(judging.name) ? judge_yaml : judge_file)(&judging, judging.name);
        }
    }
    if (call->argument_count > 0) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "%zu of %zu valid\n", judging.judged - judging.invalid,
                      judging.judged);
    }
    return judging.is_broken ? EXIT_USAGE : judging.invalid > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- the schema ---- */

static bool tell_schema_error(void *context, const struct jsonschema_error *error)
{
    (void)fprintf(stderr, "%s: the schema at %s %s\n", (const char *)context,
                  error->instance[0] != '\0' ? error->instance : "its root", error->text);
    return true;
}

/* A schema that draft-07 does not allow is told in full; compiling stops at the first error. */
static bool obeys_draft(const struct node *node, const char *path)
{
    struct fault fault;
    /* Many write a $ref that is no URI reference by the letter, "#/definitions/List<Item>". */
    static const struct jsonschema_options lenient = {.ignores_format = true};
    struct jsonschema *metaschema = NULL;
    json_object *value = NULL;
    bool obeys = value_of_node(node, &value, &fault) == OK &&
                 jsonschema_compile_metaschema(&lenient, &metaschema, &fault) == OK;
    if (!obeys) {
        (void)fprintf(stderr, "%s\n", fault.text);
    } else if (!jsonschema_is_valid(metaschema, value)) {
        AUTO(free_text) char *name = xstrdup(path);
        obeys = jsonschema_explain(metaschema, value, tell_schema_error, name);
    }
    jsonschema_free(metaschema);
    (void)json_object_put(value);
    return obeys;
}

/* Newer drafts have keywords that draft-07 does not know, and give others another meaning. */
static void tell_other_draft(const struct node *root, const char *path)
{
    const char *draft = node_find_text(root, "$schema");
    if (draft != NULL && strstr(draft, "//json-schema.org/draft") != NULL &&
        strstr(draft, "/draft-07/") == NULL) {
        (void)fprintf(stderr, "%s: says that it is %s, but is judged as draft-07\n", path, draft);
    }
}

/* "URI=DIR"; the URI may have a '=' in its query, the folder may not. */
static bool read_folders(const struct cli_call *call, struct jsonschema_folder *folders,
                         size_t *count, struct arena *arena)
{
    const char *values[CLI_GIVEN_MAX];
    *count = cli_list(call, "resolve", values);
    for (size_t i = 0; i < *count; i++) {
        const char *equals = strrchr(values[i], '=');
        char real[PATH_MAX];
        if (equals == NULL || equals == values[i] || equals[1] == '\0') {
            (void)cli_fail(call, EXIT_USAGE,
                           "--resolve wants URI=DIR, for example "
                           "http://example.com/schemas=./schemas, not \"%s\"",
                           values[i]);
            return false;
        }
        if (realpath(equals + 1, real) == NULL) {
            (void)cli_fail(call, EXIT_USAGE, "--resolve: %s: %s", equals + 1, strerror(errno));
            return false;
        }
        folders[i] = (struct jsonschema_folder){
            .uri = arena_text(arena, values[i], (size_t)(equals - values[i])),
            .folder = equals + 1,
        };
    }
    return true;
}

static const char *folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return ".";
    }
    return slash == path ? "/" : arena_text(arena, path, (size_t)(slash - path));
}

static int run_with(const struct cli_call *call, struct documents *documents, const char *path)
{
    struct jsonschema_folder folders[CLI_GIVEN_MAX];
    struct jsonschema_options options = {
        .ignores_format = cli_flag(call, "no-format"),
        .is_closed = cli_flag(call, "closed"),
        .folders = folders,
        .root = cli_text(call, "root"),
    };
    if (!read_folders(call, folders, &options.folder_count, &documents->arena)) {
        return EXIT_USAGE;
    }
    if (options.root == NULL) {
        options.root = folder_of(path, &documents->arena);
    }
    const struct document *document = documents_open(documents, path);
    if (document == NULL) {
        findings_print(&documents->findings, stderr);
        return EXIT_USAGE;
    }
    tell_other_draft(document->root, path);
    struct fault fault;
    struct jsonschema *schema = NULL;
    if (!obeys_draft(document->root, path)) {
        return cli_fail(call, EXIT_USAGE, "%s is no JSON Schema of draft-07", path);
    }
    if (jsonschema_compile(documents, document->root, &options, &schema, &fault) != OK) {
        return cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    int code = judge_all(call, schema, document->path);
    jsonschema_free(schema);
    return code;
}

static int run_schema(const struct cli_call *call)
{
    const char *path = cli_need(call, "schema");
    if (path == NULL) {
        return EXIT_USAGE;
    }
    struct documents documents = {0};
    int code = run_with(call, &documents, path);
    documents_done(&documents);
    return code;
}

/* clang-format off */
static const struct cli_option schema_options[] = {
    {"schema", "FILE", NULL, NULL, "the schema, JSON or YAML", false},
    {"resolve", "URI=DIR", NULL, NULL, "where references that begin with URI are found", true},
    {"root", "DIR", NULL, NULL, "how far relative references may reach; else the schema's folder", false},
    {"no-format", NULL, NULL, NULL, "format says nothing", false},
    {"closed", NULL, NULL, NULL, "refuse members that no part of the schema declares", false},
};
/* clang-format on */

const struct cli_command contract_schema_commands[] = {
    {"contract schema", "[INSTANCE…]", "validate JSON against a JSON Schema (draft-07)",
     "INSTANCE is a JSON file (a YAML one when its name says so), or - for JSON Lines on standard\n"
     "input. Without one the schema alone is checked. One line per error:\n"
     "\n"
     "  order.json: /lines/0/amountMinor: must be at least 0 (#/definitions/line/properties/"
     "amountMinor/minimum)\n"
     "\n"
     "names the place in the instance and, in brackets, the keyword in the schema; a value is "
     "never\n"
     "printed. With --json a JSON object per instance: instance, valid, errors.\n"
     "\n"
     "All of draft-07, formats included. Numbers are compared digit by digit whatever their size,\n"
     "patterns are ECMA-262. References are never fetched: they lead to the schema's own folder\n"
     "(--root) or to what --resolve names, symbolic links resolved first. Duplicate members, lone\n"
     "surrogates and invalid UTF-8 make an instance invalid.\n"
     "\n"
     "A schema whose $schema names another draft is judged as draft-07, which a note on standard\n"
     "error says. What draft-07 does not know (prefixItems, unevaluatedProperties, $dynamicRef; "
     "id\n"
     "of draft-04) then says nothing, except dependentRequired and dependentSchemas of 2019-09 "
     "and\n"
     "2020-12; what it knows with another value (exclusiveMinimum: true) is refused.\n"
     "\n"
     "  quadrille contract schema --schema order.schema.json orders/*.json\n"
     "  quadrille contract schema --schema s.json --resolve http://example.com/=./schemas - <log\n"
     "\n"
     "Exit codes: 0 all valid, 1 some not, 2 an instance is not there, or the schema or the "
     "options are "
     "wrong.",
     schema_options, COUNT_OF(schema_options), run_schema},
};
const size_t contract_schema_command_count = COUNT_OF(contract_schema_commands);
