/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CONTEXT_MAX_BYTES = 200 };

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OK] = "ok", [RETRY] = "retry", [REJECT] = "reject", [LOST] = "lost", [FATAL] = "fatal"};
    return names[outcome];
}

enum outcome fault_set(struct fault *fault, enum outcome outcome, const char *format, ...)
{
    if (fault == NULL) {
        return outcome;
    }

    fault->outcome = outcome;
    fault->culprit = FAULT_NOBODY;
    fault->is_conflict = false;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);

    /* libpq ends its messages with a newline; a fault is one line. */
    size_t length = strlen(fault->text);
    while (length > 0 && (fault->text[length - 1] == '\n' || fault->text[length - 1] == ' ')) {
        fault->text[--length] = '\0';
    }
    for (char *c = fault->text; *c != '\0'; c++) {
        if (*c == '\n') {
            *c = ' ';
        }
    }
    return outcome;
}

enum outcome fault_wrap(struct fault *fault, enum outcome outcome, const char *format, ...)
{
    if (fault == NULL) {
        return outcome;
    }

    char reason[FAULT_TEXT_BYTES];
    (void)snprintf(reason, sizeof reason, "%s", fault->text);
    char context[FAULT_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);

    size_t length = strlen(context);
    int kept = (int)(length < CONTEXT_MAX_BYTES ? length : CONTEXT_MAX_BYTES);
    int room = FAULT_TEXT_BYTES - 1 - kept - 2; /* ": " */
    (void)snprintf(fault->text, sizeof fault->text, "%.*s: %.*s", kept, context, room, reason);
    fault->outcome = outcome;
    return outcome;
}

enum outcome fault_together(struct fault *fault, enum outcome outcome)
{
    if (fault != NULL) {
        fault->culprit = FAULT_TOGETHER;
    }
    return outcome;
}
