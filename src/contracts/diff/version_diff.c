/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 3 };

/* major.minor.patch of Semantic Versioning; what comes after - or + is left out. False: it is no
 * such version. */
static bool read_version(const char *text, int64_t numbers[NUMBERS])
{
    for (int i = 0; i < NUMBERS; i++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 9) {
            return false;
        }
        numbers[i] = strtol(text, NULL, 10);
        text += digits;
        if (*text != '.') {
            for (i++; i < NUMBERS; i++) {
                numbers[i] = 0;
            }
            return *text == '\0' || *text == '-' || *text == '+';
        }
        text++;
    }
    return true;
}

static int compare_versions(const int64_t a[NUMBERS], const int64_t b[NUMBERS])
{
    for (int i = 0; i < NUMBERS; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

static void tell_version(struct document_comparison *c, enum diff_rule_id rule,
                         const struct asyncapi_document *old, const struct asyncapi_document *new,
                         const char *note)
{
    const struct node *before = node_find(node_find(old->file->root, "info"), "version");
    const struct node *after = node_find(node_find(new->file->root, "info"), "version");
    document_tell(c, &(struct document_change){
                         .rule = rule,
                         .level = rule == V1 ? DIFF_BREAKING : DIFF_RISKY,
                         .subject = document_subject(c, new->service, ""),
                         .old = before != NULL ? before : old->file->root,
                         .new = after != NULL ? after : new->file->root,
                         .before = old->version,
                         .after = new->version,
                         .note = note,
                         .is_error = rule != V1,
                     });
}

/* A new major version of the document announces what breaks, unless the address has its own. */
static size_t announce(struct document_comparison *c, bool has_new_major,
                       const struct asyncapi_document *new)
{
    struct diff_left_out *left_out = &c->diff->left_out;
    size_t unannounced = left_out->pinned + (has_new_major ? 0 : left_out->announceable);
    if (has_new_major) {
        left_out->levels[DIFF_BREAKING] -= left_out->announceable;
        left_out->levels[DIFF_RISKY] += left_out->announceable;
        left_out->announceable = 0;
    }
    for (size_t i = 0; i < c->diff->count; i++) {
        struct diff_finding *finding = &c->diff->items[i];
        if (finding->level != DIFF_BREAKING || finding->group != c->diff->group) {
            continue;
        }
        if (has_new_major && !finding->is_pinned) {
            finding->level = DIFF_RISKY;
            finding->note = arena_printf(&c->diff->arena, "%s%sannounced by version %s",
                                         finding->note != NULL ? finding->note : "",
                                         finding->note != NULL ? "; " : "", new->version);
        } else {
            unannounced++;
        }
    }
    return unannounced;
}

static bool has_content(const struct diff *diff)
{
    bool found = diff->left_out.has_content;
    for (size_t i = 0; i < diff->count && !found; i++) {
        found = diff->items[i].group == diff->group && diff_is_content(&diff->items[i]);
    }
    return found;
}

void document_diff_version(struct document_comparison *c, struct asyncapi_document *old,
                           struct asyncapi_document *new)
{
    int64_t before[NUMBERS] = {0};
    int64_t after[NUMBERS] = {0};
    bool is_readable = old->version != NULL &&
                       new->version != NULL &&read_version(old->version, before) &&
                       read_version(new->version, after);
    bool has_new_major = is_readable && after[0] > before[0];
    size_t unannounced = announce(c, has_new_major, new);
    if (c->options->is_history) {
        return;
    }
    bool is_changed = has_content(c->diff);
    if (unannounced > 0) {
        tell_version(c, V1, old, new,
                     arena_printf(&c->arena, "%zu breaking change%s%s", unannounced,
                                  unannounced > 1 ? "s" : "",
                                  has_new_major ? "; where an address carries the major version, "
                                                  "that one counts"
                                                : ""));
    }
    if (is_readable && compare_versions(after, before) < 0) {
        tell_version(c, V3, old, new, NULL);
    } else if (is_changed && same_or_none(old->version, new->version)) {
        tell_version(c, V2, old, new, NULL);
    }
}
