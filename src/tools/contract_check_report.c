/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/incoming.h"
#include "tools/contract_check.h"

#include <json.h>
#include <stdlib.h>
#include <string.h>

/* How verdicts look: lines for people, or one JSON object per line. */

enum { INDENT_ERROR = 5, INDENT_CANDIDATE = 7 };

/* What comes from a message or a file's name must not reach a terminal as it is. */
static const char *clean(struct arena *arena, const char *text)
{
    return incoming_clean_text(arena, text);
}

static void print_error(const struct cli_call *call, const struct check_error *error,
                        struct arena *arena, int indent)
{
    (void)printf("%*s%s%s%s%s: %s\n", indent, "", check_part_name(error->part),
                 error->instance[0] != '\0' ? " " : "", clean(arena, error->instance), "",
                 clean(arena, error->text));
    if (error->place.path == NULL) {
        return;
    }
    (void)printf("%*s%s%s:%d:%d%s%s%s\n", indent + 2, "", cli_colour(call, CLI_DIM),
                 clean(arena, error->place.path), error->place.line, error->place.column,
                 error->schema != NULL ? "  #" : "", clean(arena, error->schema),
                 cli_colour(call, CLI_PLAIN));
}

static void print_errors(const struct cli_call *call, const struct check_errors *errors,
                         struct arena *arena, int indent)
{
    for (size_t i = 0; i < errors->count; i++) {
        print_error(call, &errors->items[i], arena, indent);
    }
    if (errors->hidden > 0) {
        (void)printf("%*sand %zu more (--max-errors)\n", indent, "", errors->hidden);
    }
}

/* "n/a": nothing can be said, which is not "ok". */
static const char *verdict_word(const struct check_verdict *verdict, bool is_json)
{
    if (verdict->is_unjudged) {
        return is_json ? "unjudged" : "n/a";
    }
    return verdict->is_allowed ? "ok" : "bad";
}

static void print_text(const struct cli_call *call, const struct check_source *source,
                       const struct check_verdict *verdict)
{
    struct arena arena = {0};
    (void)printf("%s%-4s%s %s", cli_colour(call, verdict->is_allowed ? CLI_GREEN : CLI_RED),
                 verdict_word(verdict, false), cli_colour(call, CLI_PLAIN),
                 clean(&arena, source->name));
    if (source->number > 0) {
        (void)printf(":%zu", source->number);
    }
    if (verdict->label != NULL) {
        (void)printf("  %s", clean(&arena, verdict->label));
    }
    if (source->what != NULL) {
        (void)printf("  %s%s%s", cli_colour(call, CLI_DIM), clean(&arena, source->what),
                     cli_colour(call, CLI_PLAIN));
    }
    if (verdict->is_allowed && verdict->note != NULL) {
        (void)printf("  (%s)", clean(&arena, verdict->note));
    }
    (void)printf("\n");
    print_errors(call, &verdict->errors, &arena, INDENT_ERROR);
    for (size_t i = 0; i < verdict->candidate_count; i++) {
        const struct check_candidate *candidate = &verdict->candidates[i];
        (void)printf("%*s%s %s\n", INDENT_ERROR, "", candidate->errors.count > 0 ? "not" : "maybe",
                     clean(&arena, candidate->label));
        print_errors(call, &candidate->errors, &arena, INDENT_CANDIDATE);
    }
    if (verdict->candidates_hidden > 0) {
        (void)printf("%*sand %zu more messages\n", INDENT_ERROR, "", verdict->candidates_hidden);
    }
    arena_done(&arena);
}

static void add_text(json_object *object, const char *key, const char *text)
{
    if (text != NULL) {
        (void)json_object_object_add(object, key, json_object_new_string(text));
    }
}

static void add_count(json_object *object, const char *key, size_t count)
{
    if (count > 0) {
        (void)json_object_object_add(object, key, json_object_new_int64((int64_t)count));
    }
}

static void add_errors(json_object *object, const struct check_errors *errors)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < errors->count; i++) {
        const struct check_error *error = &errors->items[i];
        json_object *item = json_object_new_object();
        add_text(item, "part", check_part_name(error->part));
        add_text(item, "instance", error->instance);
        add_text(item, "schema", error->schema);
        add_text(item, "file", error->place.path);
        if (error->place.path != NULL) {
            add_count(item, "line", (size_t)error->place.line);
            add_count(item, "column", (size_t)error->place.column);
        }
        add_text(item, "text", error->text);
        (void)json_object_array_add(list, item);
    }
    (void)json_object_object_add(object, "errors", list);
    add_count(object, "hiddenErrors", errors->hidden);
}

static void add_candidates(json_object *object, const struct check_verdict *verdict)
{
    if (verdict->candidate_count == 0) {
        return;
    }
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < verdict->candidate_count; i++) {
        json_object *item = json_object_new_object();
        add_text(item, "message", verdict->candidates[i].label);
        add_errors(item, &verdict->candidates[i].errors);
        (void)json_object_array_add(list, item);
    }
    (void)json_object_object_add(object, "candidates", list);
    add_count(object, "hiddenCandidates", verdict->candidates_hidden);
}

static void print_object(json_object *object)
{
    (void)printf("%s\n", json_object_to_json_string_ext(
                             object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(object);
}

static void print_json(const struct check_source *source, const struct check_verdict *verdict)
{
    struct arena arena = {0};
    json_object *object = json_object_new_object();
    add_text(object, "verdict", verdict_word(verdict, true));
    add_text(object, "input", clean(&arena, source->name));
    add_count(object, "number", source->number);
    add_text(object, "about", source->what != NULL ? clean(&arena, source->what) : NULL);
    add_text(object, "message", verdict->label);
    add_text(object, "note", verdict->note);
    add_errors(object, &verdict->errors);
    add_candidates(object, verdict);
    print_object(object);
    arena_done(&arena);
}

/* What cannot be judged: lines on standard error, or one object before the verdicts. */

struct gaps {
    const struct cli_call *call;
    json_object *list;
};

static void tell_gap(void *context, const char *label, const char *reason)
{
    struct gaps *gaps = context;
    struct arena arena = {0};
    if (gaps->call->is_json) {
        json_object *item = json_object_new_object();
        add_text(item, "message", label);
        add_text(item, "reason", reason);
        gaps->list = gaps->list != NULL ? gaps->list : json_object_new_array();
        (void)json_object_array_add(gaps->list, item);
    } else {
        (void)fprintf(stderr, "not judged: %s: %s\n", clean(&arena, label), clean(&arena, reason));
    }
    arena_done(&arena);
}

void check_report_gaps(const struct cli_call *call, struct checker *checker,
                       struct check_entry *entry)
{
    struct gaps gaps = {.call = call};
    checker_each_unjudged(checker, entry, tell_gap, &gaps);
    if (gaps.list != NULL) {
        json_object *object = json_object_new_object();
        (void)json_object_object_add(object, "unjudged", gaps.list);
        print_object(object);
        (void)fflush(stdout);
    }
}

/* Summary */

static void count_reason(struct check_report *report, const struct check_verdict *verdict)
{
    const struct check_error *error = &verdict->errors.items[0];
    AUTO(free_text)
    char *text = xasprintf("%s: %s%s%s: %s", verdict->label != NULL ? verdict->label : "unknown",
                           check_part_name(error->part), error->instance[0] != '\0' ? " " : "",
                           error->instance, error->text);
    for (size_t i = 0; i < report->reason_count; i++) {
        if (strcmp(report->reasons[i].text, text) == 0) {
            report->reasons[i].count++;
            return;
        }
    }
    if (report->reason_count == CHECK_REASONS_MAX) {
        report->other_reasons++;
        return;
    }
    report->reasons[report->reason_count++] = (struct check_reason){take(text), 1};
}

void check_report_verdict(struct check_report *report, const struct check_source *source,
                          const struct check_verdict *verdict)
{
    report->allowed += verdict->is_allowed;
    report->refused += !verdict->is_allowed;
    report->unjudged += verdict->is_unjudged;
    if (report->reasons != NULL && !verdict->is_allowed && verdict->errors.count > 0) {
        count_reason(report, verdict);
    }
    if (report->call->is_json) {
        print_json(source, verdict);
    } else {
        print_text(report->call, source, verdict);
    }
    (void)fflush(stdout);
}

static int most_first(const void *left, const void *right)
{
    const struct check_reason *a = left;
    const struct check_reason *b = right;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->text, b->text);
}

static void summary_json(const struct check_report *report)
{
    json_object *object = json_object_new_object();
    json_object *summary = json_object_new_object();
    json_object *list = json_object_new_array();
    (void)json_object_object_add(summary, "allowed",
                                 json_object_new_int64((int64_t)report->allowed));
    (void)json_object_object_add(summary, "refused",
                                 json_object_new_int64((int64_t)report->refused));
    add_count(summary, "unjudged", report->unjudged);
    for (size_t i = 0; i < report->reason_count; i++) {
        json_object *item = json_object_new_object();
        add_text(item, "reason", report->reasons[i].text);
        add_count(item, "count", report->reasons[i].count);
        (void)json_object_array_add(list, item);
    }
    (void)json_object_object_add(summary, "reasons", list);
    add_count(summary, "otherReasons", report->other_reasons);
    (void)json_object_object_add(object, "summary", summary);
    print_object(object);
}

void check_report_summary(struct check_report *report)
{
    if (report->reason_count > 1) {
        qsort(report->reasons, report->reason_count, sizeof report->reasons[0], most_first);
    }
    if (report->call->is_json) {
        summary_json(report);
        return;
    }
    struct arena arena = {0};
    (void)printf("%zu judged: %zu allowed, %zu not", report->allowed + report->refused,
                 report->allowed, report->refused);
    if (report->unjudged > 0) {
        (void)printf(", %zu of these because their contract cannot be read", report->unjudged);
    }
    (void)printf("\n");
    for (size_t i = 0; i < report->reason_count; i++) {
        (void)printf("%9zu  %s\n", report->reasons[i].count,
                     clean(&arena, report->reasons[i].text));
    }
    if (report->other_reasons > 0) {
        (void)printf("%9zu  other reasons\n", report->other_reasons);
    }
    arena_done(&arena);
}

void check_report_done(struct check_report *report)
{
    for (size_t i = 0; i < report->reason_count; i++) {
        free(report->reasons[i].text);
    }
    free(report->reasons);
}
