/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document_diff.h"
#include "contracts/diff/report.h"
#include "contracts/diff/schema_diff.h"
#include "contracts/jsonschema/jsonschema.h"
#include "core/text.h"
#include "tools/commands.h"
#include "tools/contract_moved.h"
#include "tools/contract_revision.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* False after a message: an option has a word that it does not know. */
static bool read_report(const struct cli_call *call, struct diff_report *report,
                        diff_writer **writer)
{
    const char *format = call->is_json ? "json" : cli_text(call, "format");
    const char *level = cli_text(call, "fail-on");
    *writer = diff_writer_find(format);
    if (*writer == NULL) {
        (void)cli_fail(call, EXIT_USAGE, "--format is text, json or github, not \"%s\"", format);
        return false;
    }
    *report = (struct diff_report){
        .allows_unknown = cli_flag(call, "allow-unknown"),
        .has_all = cli_flag(call, "all"),
        .has_colour = call->has_colour,
    };
    for (int i = DIFF_RISKY; i < DIFF_LEVEL_COUNT; i++) {
        if (strcmp(level, diff_level_name((enum diff_level)i)) == 0) {
            report->fail_on = (enum diff_level)i;
            return true;
        }
    }
    (void)cli_fail(call, EXIT_USAGE,
                   "--fail-on is wire-breaking, unknown, topology, source-breaking or risky, not "
                   "\"%s\"",
                   level);
    return false;
}

static bool read_sides(const struct cli_call *call, unsigned *sides)
{
    static const struct {
        const char *name;
        unsigned sides;
    } directions[] = {{"forward", DIFF_FORWARD},
                      {"backward", DIFF_BACKWARD},
                      {"full", DIFF_FORWARD | DIFF_BACKWARD}};
    const char *direction = cli_text(call, "direction");
    for (size_t i = 0; i < COUNT_OF(directions); i++) {
        if (strcmp(directions[i].name, direction) == 0) {
            *sides = directions[i].sides;
            return true;
        }
    }
    (void)cli_fail(call, EXIT_USAGE, "--direction is forward, backward or full, not \"%s\"",
                   direction);
    return false;
}

static int conclude(const struct cli_call *call, struct diff *diff, bool is_new)
{
    struct diff_report report;
    diff_writer *writer = NULL;
    if (!read_report(call, &report, &writer)) {
        return EXIT_USAGE;
    }
    report.is_new = is_new;
    AUTO(buffer_done) struct buffer out = {0};
    diff_sort(diff);
    writer(&report, diff, &out);
    (void)fwrite(buffer_cstr(&out), 1, out.length, stdout);
    return diff_report_failures(&report, diff) > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- Two bare schemas. ---- */

static bool is_schema(const struct cli_call *call, const struct document *document)
{
    if (document != NULL &&
        (document->root->kind == NODE_MAP || document->root->kind == NODE_BOOLEAN)) {
        return true;
    }
    if (document != NULL) {
        (void)cli_fail(call, EXIT_USAGE,
                       "%s is no JSON Schema: it must be an object, true or "
                       "false",
                       document->path);
    }
    return false;
}

/* A schema that the validator refuses has no meaning to compare. */
static bool is_meaningful(const struct cli_call *call, struct documents *documents,
                          const struct document *document)
{
    struct jsonschema *program = NULL;
    struct fault fault;
    enum outcome o = jsonschema_compile(documents, document->root, NULL, &program, &fault);
    jsonschema_free(program);
    if (o != OK) {
        (void)cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    return o == OK;
}

static int compare_schemas(const struct cli_call *call, struct documents sets[2])
{
    struct schema_version versions[2];
    struct schema_diff_options options = {.is_closed = cli_flag(call, "closed")};
    if (!read_sides(call, &options.sides)) {
        return EXIT_USAGE;
    }
    for (int i = 0; i < 2; i++) {
        const struct document *document = documents_open(&sets[i], call->arguments[i]);
        findings_print(&sets[i].findings, stderr);
        if (!is_schema(call, document) || !is_meaningful(call, &sets[i], document)) {
            return EXIT_USAGE;
        }
        versions[i] = (struct schema_version){&sets[i], document->root};
    }
    struct diff diff = {0};
    (void)schema_diff(&diff, &versions[0], &versions[1], &options);
    int code = conclude(call, &diff, false);
    diff_done(&diff);
    return code;
}

static int run_schemas(const struct cli_call *call)
{
    struct documents sets[2] = {0};
    int code = compare_schemas(call, sets);
    documents_done(&sets[0]);
    documents_done(&sets[1]);
    return code;
}

/* ---- Contracts. ---- */

enum { VERSIONS_MAX = 1 + REVISION_TAGS_MAX, HISTORY_DEFAULT = 10 };

/* One version and where it came from. Findings point into it. */
struct kept {
    struct revision revision;
    struct asyncapi set;
};

struct kept_list {
    struct kept items[VERSIONS_MAX];
    size_t count;
    struct arena arena;
};

static void kept_done(struct kept_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        asyncapi_done(&list->items[i].set);
        revision_done(&list->items[i].revision);
    }
    arena_done(&list->arena);
    free(list);
}

/* A document that cannot be read would look like one that was removed. */
static bool is_complete(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].kind != FINDING_NOT_FOLLOWED) {
            findings_print(findings, stderr);
            return false;
        }
    }
    return true;
}

static int load(const struct cli_call *call, const char *const *paths, size_t count,
                struct asyncapi *set)
{
    struct fault fault;
    if (asyncapi_load(set, paths, count, &fault) != OK) {
        findings_print(&set->documents.findings, stderr);
        return cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    return is_complete(&set->documents.findings)
               ? EXIT_DONE
               : cli_fail(call, EXIT_USAGE, "not all of %s can be read; see above", paths[0]);
}

/* A folder may be there for other files. */
static bool has_contracts(const char *path)
{
    struct asyncapi set = {0};
    struct fault fault;
    bool is_there = path != NULL && asyncapi_load(&set, &path, 1, &fault) == OK;
    asyncapi_done(&set);
    return is_there;
}

enum { MOVED_SHOWN_MAX = 5 };

static void tell_moved(const struct cli_call *call, const struct revision *revision,
                       const char *new_path, const struct moved *moved)
{
    AUTO(buffer_done) struct buffer list = {0};
    for (size_t i = 0; i < moved->count && i < MOVED_SHOWN_MAX; i++) {
        buffer_printf(&list, "%s%s", i > 0 ? ", " : "", revision_inside(revision, moved->paths[i]));
    }
    if (moved->count > MOVED_SHOWN_MAX) {
        buffer_printf(&list, " and %zu more", moved->count - MOVED_SHOWN_MAX);
    }
    (void)cli_fail(call, EXIT_PARTLY,
                   "%s has no contracts at %s; compared with where they were: %s", revision->name,
                   new_path, buffer_cstr(&list));
}

/* Of a revision that has none at the path. EXIT_PARTLY: it has none anywhere. */
static int load_moved(const struct cli_call *call, const char *new_path, const struct asyncapi *new,
                      struct kept_list *list, struct kept *kept)
{
    const struct moved moved = moved_find(&kept->revision, new_path, new, &list->arena);
    if (moved.count == 0) {
        return cli_fail(call, EXIT_PARTLY, "nothing to compare: %s has no contracts at %s",
                        kept->revision.name, new_path);
    }
    tell_moved(call, &kept->revision, new_path, &moved);
    return load(call, moved.paths, moved.count, &kept->set);
}

static void compare_version(struct diff *diff, struct kept *kept, struct asyncapi *new,
                            const struct document_diff_options *options)
{
    document_diff(diff, &kept->set, new, options);
    for (size_t i = 0; i < diff->count; i++) {
        struct diff_finding *finding = &diff->items[i];
        finding->old_place.path =
            revision_path(&kept->revision, &diff->arena, finding->old_place.path);
    }
}

/* `old` is a path or git:REVISION. EXIT_PARTLY: that version had no contracts. */
static int compare_with(const struct cli_call *call, const char *old, const char *new_path,
                        struct asyncapi *new, struct kept_list *list, struct diff *diff,
                        const struct document_diff_options *options)
{
    struct kept *kept = &list->items[list->count++];
    bool is_revision = text_starts_with(old, "git:");
    if (is_revision) {
        struct fault fault;
        if (revision_take(new_path, old + strlen("git:"), &kept->revision, &fault) != OK) {
            return cli_fail(call, EXIT_USAGE, "%s", fault.text);
        }
        old = kept->revision.path;
    }
    int code = is_revision && !has_contracts(old) ? load_moved(call, new_path, new, list, kept)
                                                  : load(call, &old, 1, &kept->set);
    if (code == EXIT_DONE) {
        compare_version(diff, kept, new, options);
    }
    return code;
}

/* Names of the kept versions: "git:v1.2.0", or sub-folders in the order of their names. */
static int list_tags(const struct cli_call *call, const char *history, const char *new_path,
                     struct kept_list *list, const char **names, size_t *count)
{
    int64_t limit = HISTORY_DEFAULT;
    const char *number = strchr(history, ':');
    if (number != NULL && !text_int(number + 1, 1, REVISION_TAGS_MAX, &limit)) {
        return cli_fail(call, EXIT_USAGE, "--history git:N needs a number from 1 to %d",
                        REVISION_TAGS_MAX);
    }
    struct fault fault;
    if (revision_tags(new_path, (size_t)limit, &list->arena, names, count, &fault) != OK) {
        return cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    if (*count == 0) {
        (void)cli_fail(
            call, EXIT_PARTLY,
            "--history %s: the current commit has no tags, so no kept version was asked; "
            "a shallow clone has none: fetch them",
            history);
    }
    for (size_t i = 0; i < *count; i++) {
        names[i] = arena_printf(&list->arena, "git:%s", names[i]);
    }
    return EXIT_DONE;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int list_folders(const struct cli_call *call, const char *history, struct kept_list *list,
                        const char **names, size_t *count)
{
    struct dirent **entries = NULL;
    int found = scandir(history, &entries, is_visible, alphasort);
    if (found < 0) {
        return cli_fail(call, EXIT_USAGE, "--history %s: %s", history, strerror(errno));
    }
    *count = 0;
    for (int i = 0; i < found; i++) {
        const char *path = arena_printf(&list->arena, "%s/%s", history, entries[i]->d_name);
        struct stat stat_of;
        if (stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode) && *count < REVISION_TAGS_MAX) {
            names[(*count)++] = path;
        }
        free(entries[i]);
    }
    free(entries);
    return *count > 0 ? EXIT_DONE
                      : cli_fail(call, EXIT_USAGE, "--history %s has no folders: each is a version",
                                 history);
}

static int compare_history(const struct cli_call *call, const char *history, const char *new_path,
                           struct asyncapi *new, struct kept_list *list, struct diff *diff)
{
    const char *names[REVISION_TAGS_MAX];
    size_t count = 0;
    bool is_git = strcmp(history, "git") == 0 || text_starts_with(history, "git:");
    int code = is_git ? list_tags(call, history, new_path, list, names, &count)
                      : list_folders(call, history, list, names, &count);
    for (size_t i = 0; i < count && code == EXIT_DONE; i++) {
        const char *slash = strrchr(names[i], '/');
        const struct document_diff_options options = {
            .against = is_git || slash == NULL ? names[i] : slash + 1, .is_history = true};
        code = compare_with(call, names[i], new_path, new, list, diff, &options);
        code = code == EXIT_PARTLY ? EXIT_DONE : code;
    }
    return code;
}

/* A move that is not seen, or a wrong path, looks the same: so it must be said. */
static int allow_new(const struct cli_call *call)
{
    return cli_flag(call, "allow-new")
               ? EXIT_DONE
               : cli_fail(call, EXIT_USAGE,
                          "where they are new, as in a first release, --allow-new lets them pass");
}

static int compare_contracts(const struct cli_call *call, struct kept_list *list,
                             struct asyncapi *new, struct diff *diff)
{
    const char *history = cli_text(call, "history");
    const char *new_path = call->arguments[call->argument_count - 1];
    int code = load(call, &new_path, 1, new);
    bool is_new = false;
    if (code == EXIT_DONE && call->argument_count == 2) {
        code = compare_with(call, call->arguments[0], new_path, new, list, diff,
                            &(struct document_diff_options){0});
        is_new = code == EXIT_PARTLY;
        if (is_new) {
            code = allow_new(call);
        }
    }
    if (history != NULL && code == EXIT_DONE) {
        code = compare_history(call, history, new_path, new, list, diff);
    }
    return code == EXIT_DONE ? conclude(call, diff, is_new && history == NULL) : code;
}

static int run_contracts(const struct cli_call *call)
{
    struct kept_list *list = xcalloc(1, sizeof *list);
    struct asyncapi new = {0};
    struct diff diff = {0};
    int code = compare_contracts(call, list, &new, &diff);
    diff_done(&diff);
    asyncapi_done(&new);
    kept_done(list);
    return code;
}

static int print_rules(void)
{
    AUTO(buffer_done) struct buffer out = {0};
    diff_write_rules(&out);
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

static int run_diff(const struct cli_call *call)
{
    struct diff_report report;
    diff_writer *writer = NULL;
    if (cli_flag(call, "rules")) {
        return print_rules();
    }
    if (!read_report(call, &report, &writer)) {
        return EXIT_USAGE;
    }
    bool is_schema = cli_flag(call, "schema");
    bool has_history = cli_text(call, "history") != NULL;
    if (call->argument_count != 2 && !(has_history && call->argument_count == 1)) {
        return cli_fail(call, EXIT_USAGE, "OLD and NEW are needed; see --help");
    }
    if (is_schema && has_history) {
        return cli_fail(call, EXIT_USAGE, "--history is for contracts, not for --schema");
    }
    return is_schema ? run_schemas(call) : run_contracts(call);
}

static const struct cli_option diff_options[] = {
    {"history", "KEPT", NULL, NULL,
     "also ask whether events of older versions can be read: a folder with a folder for each, or "
     "git, git:N (the newest 10, N tags)"},
    {"schema", NULL, NULL, NULL, "OLD and NEW are JSON Schema files (draft-07), JSON or YAML"},
    {"direction", "SIDE", NULL, "full",
     "with --schema: forward (old consumers read new data), backward (new consumers read old "
     "data) or full"},
    {"closed", NULL, NULL, NULL,
     "with --schema: data holds declared members only, consumers ignore others"},
    {"format", "FORMAT", NULL, "text", "text, json or github (annotations of a pull request)",
     .choices = "text json github"},
    {"fail-on", "LEVEL", NULL, "wire-breaking",
     "exit 1 from this level on: risky, source-breaking, topology, unknown, wire-breaking",
     .choices = "risky source-breaking topology unknown wire-breaking"},
    {"allow-unknown", NULL, NULL, NULL, "what cannot be decided does not fail"},
    {"allow-new", NULL, NULL, NULL,
     "a revision without these contracts does not fail: they are new"},
    {"all", NULL, NULL, NULL, "also tell the changes that break nothing"},
    {"rules", NULL, NULL, NULL, "print the table of rules and stop"},
};

const struct cli_command contract_diff_commands[] = {
    {"contract diff", "OLD NEW", "tell which changes of contracts break whom",
     "OLD and NEW are AsyncAPI 3 documents, or folders with some; OLD may be git:REVISION, the "
     "same path in that revision\n"
     "of NEW's repository, or where the same services were before they were moved. Each finding "
     "tells who breaks: old consumers of new events (before they "
     "are updated), or new\n"
     "consumers of old events (replay, backlog, dead letters). A publisher is taken to say "
     "declared "
     "members only, a consumer\n"
     "to ignore what it does not know. What cannot be decided is unknown, which fails unless "
     "--allow-unknown is given.\n"
     "A message is known by its service, its name and the major version in its address. A breaking "
     "change needs a new\n"
     "major version: in the address (orders.paid.v2), or, where addresses have none, in "
     "info.version.\n"
     "\n"
     "With --schema OLD and NEW are JSON Schemas, compared as they stand: an added property may "
     "break, because old data\n"
     "may hold the name with another value; --closed says that data has declared members only.\n"
     "\n"
     "Exit codes: 0 compatible; 1 not compatible; 2 not compared, also where OLD is a revision "
     "without these contracts\n"
     "and --allow-new is not given.\n"
     "\n"
     "  quadrille contract diff git:v1.4.0 events/asyncapi\n"
     "  quadrille contract diff git:origin/main events/ --format github\n"
     "  quadrille contract diff old/ new/ --history releases/ --fail-on risky\n"
     "  quadrille contract diff --schema order-1.json order-2.json --direction backward",
     diff_options, COUNT_OF(diff_options), run_diff},
};
const size_t contract_diff_command_count = COUNT_OF(contract_diff_commands);
