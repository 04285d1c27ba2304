/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/lint.h"
#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The linter of test_lint.c with a bug, when SEEDED_LINT is set: `deaf` finds nothing whatever the
 * rules say, `nervous` finds something in every set. The linker leads the calls here (--wrap), so
 * that the linter itself knows nothing of it.
 */

void __real_lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
void __wrap_lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
void __real_lint_run(struct lint *lint, struct asyncapi *set);
void __wrap_lint_run(struct lint *lint, struct asyncapi *set);

static bool has_bug(const char *name)
{
    const char *bug = getenv("SEEDED_LINT");
    return bug != NULL && strcmp(bug, name) == 0;
}

void __wrap_lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
                     const char *format, ...)
{
    if (has_bug("deaf")) {
        return;
    }
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        abort();
    }
    __real_lint_add(lint, rule, place, "%s", text);
    free(text);
}

/* The first rule that this profile has. */
static const struct lint_rule *any_rule(const struct lint *lint)
{
    size_t i = 0;
    while (lint_rule_at(i)->is_ours && !lint->is_ours) {
        i++;
    }
    return lint_rule_at(i);
}

void __wrap_lint_run(struct lint *lint, struct asyncapi *set)
{
    __real_lint_run(lint, set);
    if (has_bug("deaf")) { /* what loading has found */
        lint_done(lint);
    }
    if (has_bug("nervous")) {
        __real_lint_add(lint, any_rule(lint),
                        (struct position){.path = set->items[0].file->path, .line = 1, .column = 1},
                        "seeded");
        lint_settle(lint);
    }
}
