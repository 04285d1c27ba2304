/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include "core/buffer.h"

#include <ctype.h>
#include <inttypes.h>
#include <json.h>
#include <string.h>

static void add_text(json_object *object, const char *key, const char *text)
{
    (void)json_object_object_add(object, key, json_object_new_string(text));
}

/* { "text": … }, SARIF's message and multiformat message. */
static void add_message(json_object *object, const char *key, const char *text)
{
    json_object *message = json_object_new_object();
    add_text(message, "text", text);
    (void)json_object_object_add(object, key, message);
}

static const char *level_of(enum lint_severity severity)
{
    return lint_severity_name(severity); /* SARIF has the same two words */
}

/* unknown-key → UnknownKey: a name for those who read no ids. */
static void add_name(json_object *object, const char *id)
{
    AUTO(free_text) char *name = xstrdup(id);
    char *to = name;
    for (const char *from = id; *from != '\0'; from++) {
        bool starts_word = from == id || from[-1] == '-';
        if (*from != '-') {
            *to = *from;
            *to ^= starts_word && islower((unsigned char)*from) ? ' ' : '\0'; /* the bit of case */
            to++;
        }
    }
    *to = '\0';
    add_text(object, "name", name);
}

static json_object *rule_object(const struct lint_rule *rule)
{
    json_object *object = json_object_new_object();
    add_text(object, "id", rule->id);
    add_name(object, rule->id);
    add_message(object, "shortDescription", rule->summary);
    AUTO(free_text)
    char *help = xasprintf("%s\n\nBad:\n%s\n\nGood:\n%s\n", rule->summary, rule->bad, rule->good);
    AUTO(free_text)
    char *markdown = xasprintf("%s\n\nBad:\n\n```yaml\n%s\n```\n\nGood:\n\n```yaml\n%s\n```\n",
                               rule->summary, rule->bad, rule->good);
    json_object *both = json_object_new_object();
    add_text(both, "text", help);
    add_text(both, "markdown", markdown);
    (void)json_object_object_add(object, "help", both);
    json_object *configuration = json_object_new_object();
    add_text(configuration, "level", level_of(rule->severity));
    (void)json_object_object_add(object, "defaultConfiguration", configuration);
    json_object *properties = json_object_new_object();
    json_object *tags = json_object_new_array();
    (void)json_object_array_add(tags, json_object_new_string(lint_family_name(rule->family)));
    (void)json_object_object_add(properties, "tags", tags);
    (void)json_object_object_add(object, "properties", properties);
    return object;
}

static json_object *rules_array(void)
{
    json_object *rules = json_object_new_array();
    const struct lint_rule *rule = NULL;
    for (size_t i = 0; (rule = lint_rule_at(i)) != NULL; i++) {
        (void)json_object_array_add(rules, rule_object(rule));
    }
    return rules;
}

static int64_t rule_index(const struct lint_rule *rule)
{
    size_t i = 0;
    while (lint_rule_at(i) != rule) {
        i++;
    }
    return (int64_t)i;
}

/* A path as the URI that SARIF wants: what URIs have no letter for becomes %xx. */
static void add_uri(json_object *object, const char *path)
{
    AUTO(buffer_done) struct buffer uri = {0};
    if (path[0] == '/') {
        buffer_text(&uri, "file://");
    }
    for (const char *at = path; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr("-._~/", *at) != NULL;
        if (is_plain) {
            buffer_byte(&uri, *at);
        } else {
            buffer_printf(&uri, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
    add_text(object, "uri", buffer_cstr(&uri));
}

static json_object *location_object(const struct lint_finding *finding)
{
    json_object *artifact = json_object_new_object();
    add_uri(artifact, finding->place.path);
    json_object *physical = json_object_new_object();
    (void)json_object_object_add(physical, "artifactLocation", artifact);
    if (finding->place.line > 0) {
        json_object *region = json_object_new_object();
        (void)json_object_object_add(region, "startLine", json_object_new_int(finding->place.line));
        (void)json_object_object_add(region, "startColumn",
                                     json_object_new_int(finding->place.column));
        (void)json_object_object_add(physical, "region", region);
    }
    json_object *location = json_object_new_object();
    (void)json_object_object_add(location, "physicalLocation", physical);
    if (finding->pointer[0] != '\0') {
        json_object *logical = json_object_new_object();
        json_object *list = json_object_new_array();
        add_text(logical, "fullyQualifiedName", finding->pointer);
        (void)json_object_array_add(list, logical);
        (void)json_object_object_add(location, "logicalLocations", list);
    }
    return location;
}

/* FNV-1a. */
static uint64_t hash(uint64_t from, const char *text)
{
    const uint64_t prime = 1099511628211U;
    do {
        from = (from ^ (unsigned char)*text) * prime;
    } while (*text++ != '\0'); /* the NUL as well: two texts are not one */
    return from;
}

/* Stays the same when lines are added above: rule, file, place in the tree and sentence. */
static void add_fingerprint(json_object *result, const struct lint_finding *finding)
{
    uint64_t sum = 14695981039346656037U;
    sum = hash(sum, finding->rule->id);
    sum = hash(sum, finding->place.path);
    sum = hash(sum, finding->pointer);
    sum = hash(sum, finding->text);
    char text[32];
    (void)snprintf(text, sizeof text, "%016" PRIx64, sum);
    json_object *fingerprints = json_object_new_object();
    add_text(fingerprints, "quadrille/v1", text);
    (void)json_object_object_add(result, "partialFingerprints", fingerprints);
}

static json_object *result_object(const struct lint_finding *finding)
{
    json_object *result = json_object_new_object();
    add_text(result, "ruleId", finding->rule->id);
    (void)json_object_object_add(result, "ruleIndex",
                                 json_object_new_int64(rule_index(finding->rule)));
    add_text(result, "level", level_of(finding->severity));
    add_message(result, "message", finding->text);
    json_object *locations = json_object_new_array();
    (void)json_object_array_add(locations, location_object(finding));
    (void)json_object_object_add(result, "locations", locations);
    add_fingerprint(result, finding);
    if (finding->ignored_because != NULL) {
        json_object *list = json_object_new_array();
        json_object *suppression = json_object_new_object();
        add_text(suppression, "kind", "external");
        add_text(suppression, "justification", finding->ignored_because);
        (void)json_object_array_add(list, suppression);
        (void)json_object_object_add(result, "suppressions", list);
    }
    return result;
}

/* What was not judged, once for each format. */
static json_object *invocation_object(const struct lint *lint)
{
    json_object *notifications = json_object_new_array();
    for (size_t i = 0; i < lint->left_count; i++) {
        AUTO(free_text) char *text = xasprintf("not judged: schemaFormat %s", lint->left[i].name);
        json_object *notification = json_object_new_object();
        add_text(notification, "level", "note");
        add_message(notification, "message", text);
        (void)json_object_array_add(notifications, notification);
    }
    json_object *invocation = json_object_new_object();
    (void)json_object_object_add(invocation, "executionSuccessful", json_object_new_boolean(true));
    (void)json_object_object_add(invocation, "toolExecutionNotifications", notifications);
    return invocation;
}

static json_object *run_object(const struct lint *lint)
{
    json_object *driver = json_object_new_object();
    add_text(driver, "name", "quadrille contract lint");
    (void)json_object_object_add(driver, "rules", rules_array());
    json_object *tool = json_object_new_object();
    (void)json_object_object_add(tool, "driver", driver);
    json_object *results = json_object_new_array();
    for (size_t i = 0; i < lint->count; i++) {
        (void)json_object_array_add(results, result_object(&lint->findings[i]));
    }
    json_object *run = json_object_new_object();
    (void)json_object_object_add(run, "tool", tool);
    add_text(run, "columnKind", "unicodeCodePoints");
    (void)json_object_object_add(run, "results", results);
    if (lint->left_count > 0) {
        json_object *invocations = json_object_new_array();
        (void)json_object_array_add(invocations, invocation_object(lint));
        (void)json_object_object_add(run, "invocations", invocations);
    }
    return run;
}

void report_sarif(const struct lint_report *report)
{
    json_object *root = json_object_new_object();
    add_text(root, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    add_text(root, "version", "2.1.0");
    json_object *runs = json_object_new_array();
    (void)json_object_array_add(runs, run_object(report->lint));
    (void)json_object_object_add(root, "runs", runs);
    (void)fprintf(report->out, "%s\n",
                  json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_SPACED |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(root);
}
