/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include <json.h>

static void add_text(json_object *object, const char *key, const char *text)
{
    (void)json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(json_object *object, const char *key, int64_t number)
{
    (void)json_object_object_add(object, key, json_object_new_int64(number));
}

static json_object *finding_object(const struct lint_finding *finding)
{
    json_object *object = json_object_new_object();
    add_text(object, "rule", finding->rule->id);
    add_text(object, "family", lint_family_name(finding->rule->family));
    add_text(object, "severity", lint_severity_name(finding->severity));
    add_text(object, "path", finding->place.path);
    add_number(object, "line", finding->place.line);
    add_number(object, "column", finding->place.column);
    add_text(object, "pointer", finding->pointer);
    add_text(object, "text", finding->text);
    if (finding->ignored_because != NULL) {
        add_text(object, "ignored", finding->ignored_because);
    }
    return object;
}

static json_object *left_list(const struct lint *lint)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < lint->left_count; i++) {
        json_object *object = json_object_new_object();
        add_text(object, "schemaFormat", lint->left[i].name);
        add_number(object, "schemas", (int64_t)lint->left[i].count);
        (void)json_object_array_add(list, object);
    }
    return list;
}

void report_json(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    json_object *root = json_object_new_object();
    json_object *findings = json_object_new_array();
    for (size_t i = 0; i < lint->count; i++) {
        (void)json_object_array_add(findings, finding_object(&lint->findings[i]));
    }
    json_object *summary = json_object_new_object();
    add_number(summary, "documents", (int64_t)report_documents(lint));
    add_number(summary, "errors", (int64_t)lint_count(lint, LINT_ERROR));
    add_number(summary, "warnings", (int64_t)lint_count(lint, LINT_WARNING));
    add_number(summary, "ignored", (int64_t)report_ignored(lint));
    (void)json_object_object_add(summary, "notJudged", left_list(lint));
    (void)json_object_object_add(summary, "isCut", json_object_new_boolean(lint->is_cut));
    (void)json_object_object_add(root, "findings", findings);
    (void)json_object_object_add(root, "summary", summary);
    (void)fprintf(report->out, "%s\n",
                  json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_SPACED |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(root);
}
