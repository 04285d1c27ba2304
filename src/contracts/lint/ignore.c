/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/ignore.h"

#include "contracts/similar.h"
#include "core/text.h"

#include <fnmatch.h>
#include <string.h>

const struct lint_rule lint_ignore_file = {
    .id = "ignore-entry",
    .family = LINT_STRUCTURE,
    .severity = LINT_ERROR,
    .summary = "An entry of the ignore file that is wrong: it needs a known rule, a path and a "
               "reason.",
    .bad = "- {rule: unused-channel, path: billing.yaml}",
    .good = "- {rule: unused-channel, path: ignore-entry.good.yaml, at: /channels/forgotten, "
            "reason: Its users come in March., until: 2999-03-31}",
};

const struct lint_rule lint_ignore_unused = {
    .id = "ignore-unused",
    .family = LINT_STRUCTURE,
    .severity = LINT_WARNING,
    .summary = "An entry of the ignore file that hides nothing: what it was for is mended, so it "
               "must go before it hides something else.",
    .bad = "- {rule: unused-channel, path: mended.yaml, reason: Its users come in March.}",
    .good = "[]",
};

struct entry {
    const char *rule, *path, *at, *reason, *until;
};

static const char *const members[] = {"rule", "path", "at", "reason", "until"};

#define COMPLAIN(lint, place, ...) lint_add(lint, &lint_ignore_file, place, __VA_ARGS__)

static bool check_member(struct lint *lint, const struct node *member)
{
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (strcmp(members[i], member->key) == 0) {
            if (member->kind == NODE_STRING &&
                member->text[strspn(member->text, " \t\n")] != '\0') {
                return true;
            }
            COMPLAIN(lint, member->place, "%s must be a text that is not empty", member->key);
            return false;
        }
    }
    const char *near = similar_find(member->key, members, COUNT_OF(members));
    COMPLAIN(lint, member->key_place, "an entry has no member \"%s\"%s%s%s", member->key,
             near != NULL ? ": did you mean \"" : "; it has rule, path, at, reason and until",
             near != NULL ? near : "", near != NULL ? "\"?" : "");
    return false;
}

static bool read_entry(struct lint *lint, const struct node *node, struct entry *entry)
{
    if (node->kind != NODE_MAP) {
        COMPLAIN(lint, node->place, "an entry must be a map, not %s", node_kind_phrase(node->kind));
        return false;
    }
    bool is_good = true;
    for (const struct node *member = node->first; member != NULL; member = member->next) {
        is_good &= check_member(lint, member);
    }
    *entry = (struct entry){
        .rule = node_find_text(node, "rule"),
        .path = node_find_text(node, "path"),
        .at = node_find_text(node, "at"),
        .reason = node_find_text(node, "reason"),
        .until = node_find_text(node, "until"),
    };
    static const char *const needed[] = {"rule", "path", "reason"};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (node_find(node, needed[i]) == NULL) {
            COMPLAIN(lint, node->place, "the entry has no %s%s", needed[i],
                     strcmp(needed[i], "reason") == 0 ? ": why is this finding no fault?" : "");
            is_good = false;
        }
    }
    if (is_good && lint_rule_find(entry->rule) == NULL) {
        COMPLAIN(lint, node_find(node, "rule")->place,
                 "there is no rule \"%s\": `quadrille contract rules` lists them", entry->rule);
        is_good = false;
    }
    if (is_good && entry->until != NULL && !text_is_date(entry->until, strlen(entry->until))) {
        COMPLAIN(lint, node_find(node, "until")->place, "until must be a day, as in 2027-03-31");
        is_good = false;
    }
    return is_good;
}

/* The pattern may leave out folders at the beginning. */
static bool matches_path(const char *pattern, const char *path)
{
    if (fnmatch(pattern, path, FNM_PATHNAME) == 0) {
        return true;
    }
    for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
        at++;
        if (fnmatch(pattern, at, FNM_PATHNAME) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_below(const char *at, const char *pointer)
{
    size_t length = strlen(at);
    return strncmp(at, pointer, length) == 0 && (pointer[length] == '\0' || pointer[length] == '/');
}

static size_t hide(struct lint *lint, size_t count, const struct entry *entry)
{
    size_t hidden = 0;
    for (size_t i = 0; i < count; i++) {
        struct lint_finding *finding = &lint->findings[i];
        if (strcmp(finding->rule->id, entry->rule) == 0 &&
            matches_path(entry->path, finding->place.path) &&
            (entry->at == NULL || is_below(entry->at, finding->pointer))) {
            finding->ignored_because = entry->reason;
            hidden++;
        }
    }
    return hidden;
}

static void apply_entry(struct lint *lint, const struct node *node, size_t count, const char *today)
{
    struct entry entry;
    if (!read_entry(lint, node, &entry)) {
        return;
    }
    if (entry.until != NULL && strcmp(today, entry.until) > 0) {
        COMPLAIN(lint, node_find(node, "until")->place,
                 "the entry has ended on %s: mend what it hides, or give it a later day",
                 entry.until);
    } else if (hide(lint, count, &entry) == 0) {
        lint_add(lint, &lint_ignore_unused, node->place,
                 "the entry hides nothing: no finding of %s at %s; remove it", entry.rule,
                 entry.path);
    }
}

enum outcome ignore_apply(struct lint *lint, const char *path, const char *today,
                          struct fault *fault)
{
    size_t before = lint->documents->findings.count;
    const struct document *file = documents_open(lint->documents, path);
    if (file == NULL) {
        const struct findings *findings = &lint->documents->findings;
        const struct finding *why = findings->count > before ? &findings->items[before] : NULL;
        if (why == NULL || why->place.line == 0) {
            return fault_set(fault, REJECT, "%s: %s", path,
                             why != NULL ? why->text : "cannot be read");
        }
        return fault_set(fault, REJECT, "%s:%d: %s", path, why->place.line, why->text);
    }
    if (file->root->kind != NODE_LIST || file->root->count > IGNORE_ENTRIES_MAX) {
        return fault_set(fault, REJECT, "%s: must be a list of at most %d entries", path,
                         IGNORE_ENTRIES_MAX);
    }
    size_t count = lint->count;
    for (const struct node *node = file->root->first; node != NULL; node = node->next) {
        apply_entry(lint, node, count, today);
    }
    lint_settle(lint);
    return OK;
}
