/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/deed_plan.h"

#include "tools/dlq/archive.h"
#include "tools/dlq/json_at.h"
#include "tools/dlq/letter_view.h"
#include "tools/escape.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void deed_plan_done(struct deed_plan *plan)
{
    free(plan->verb);
    free(plan->queue);
    free(plan->vhost);
    free(plan->to);
    free(plan->selection);
    free(plan->why);
    for (size_t i = 0; i < plan->set_count; i++) {
        free(plan->sets[i]);
    }
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->letters[i].id);
    }
    free(plan->letters);
    *plan = (struct deed_plan){0};
}

/* Writing */

static enum outcome put(FILE *file, struct buffer *line, struct fault *fault)
{
    buffer_text(line, "}\n");
    return fwrite(line->bytes, 1, line->length, file) == line->length
               ? OK
               : fault_set(fault, FATAL, "the plan cannot be written: %s", strerror(errno));
}

enum outcome deed_plan_create(const struct deed_plan *plan, const char *path, FILE **out,
                              struct fault *fault)
{
    AUTO(buffer_done) struct buffer line = {0};
    enum outcome o = archive_create(path, out, fault);
    if (o != OK) {
        return o;
    }
    buffer_printf(&line, "{\"quadrille_plan\":%d", DEED_PLAN_FORMAT);
    json_member_text(&line, "verb", plan->verb);
    json_member_text(&line, "queue", plan->queue);
    json_member_text(&line, "vhost", plan->vhost);
    json_member_text(&line, "to", plan->to);
    json_member_bool(&line, "via_exchange", plan->is_via_exchange);
    json_member_number(&line, "max_returns", plan->max_returns);
    json_member_text(&line, "selection", plan->selection);
    json_member_text(&line, "why", plan->why);
    json_member_instant(&line, "made_at", plan->made_ms);
    buffer_text(&line, ",\"set\":[");
    for (size_t i = 0; i < plan->set_count; i++) {
        buffer_text(&line, i > 0 ? "," : "");
        escape_json(&line, plan->sets[i], strlen(plan->sets[i]));
    }
    buffer_byte(&line, ']');
    return put(*out, &line, fault);
}

enum outcome deed_plan_add(FILE *file, const struct letter *letter, struct fault *fault)
{
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    AUTO(buffer_done) struct buffer line = {0};
    buffer_byte(&line, '{');
    json_member_text(&line, "fingerprint", letter_fingerprint(letter, fingerprint));
    json_member_text(&line, "id", letter->id);
    return put(file, &line, fault);
}

enum outcome deed_plan_end(FILE *file, int64_t letters, struct fault *fault)
{
    AUTO(buffer_done) struct buffer line = {0};
    buffer_byte(&line, '{');
    json_member_number(&line, "letters", letters);
    enum outcome o = put(file, &line, fault);
    enum outcome closed = archive_close(file, fault);
    return o == OK ? closed : o;
}

/* Reading */

static char *text_new(const char *line, size_t length, const char *pointer)
{
    struct json_span span;
    AUTO(buffer_done) struct buffer text = {0};
    if (!json_at(line, length, pointer, &span) || span.length == 0 || span.start[0] != '"') {
        return NULL;
    }
    json_span_text(&span, &text);
    return xstrdup(buffer_cstr(&text));
}

static int64_t number_at(const char *line, size_t length, const char *pointer, int64_t fallback)
{
    struct json_span span;
    char digits[24];
    int64_t number = fallback;
    if (json_at(line, length, pointer, &span) && span.length < sizeof digits) {
        memcpy(digits, span.start, span.length);
        digits[span.length] = '\0';
        (void)text_int(digits, INT64_MIN, INT64_MAX, &number);
    }
    return number;
}

static enum outcome read_head(const char *line, size_t length, struct deed_plan *plan,
                              struct fault *fault)
{
    struct json_span span;
    int64_t format = number_at(line, length, "/quadrille_plan", 0);
    if (format != DEED_PLAN_FORMAT) {
        return fault_set(fault, REJECT,
                         format == 0 ? "it is no plan that `quadrille dlq` wrote"
                                     : "it is a plan of another version of quadrille");
    }
    plan->verb = text_new(line, length, "/verb");
    plan->queue = text_new(line, length, "/queue");
    plan->vhost = text_new(line, length, "/vhost");
    plan->to = text_new(line, length, "/to");
    plan->selection = text_new(line, length, "/selection");
    plan->why = text_new(line, length, "/why");
    plan->max_returns = number_at(line, length, "/max_returns", 0);
    plan->is_via_exchange = json_at(line, length, "/via_exchange", &span) && span.start[0] == 't';
    for (char *set; plan->set_count < DEED_PLAN_SETS_MAX; plan->sets[plan->set_count++] = set) {
        char pointer[16];
        (void)snprintf(pointer, sizeof pointer, "/set/%zu", plan->set_count);
        set = text_new(line, length, pointer);
        if (set == NULL) {
            break;
        }
    }
    return plan->verb != NULL && plan->queue != NULL && plan->vhost != NULL
               ? OK
               : fault_set(fault, REJECT, "it does not say what to do with which queue");
}

static bool read_letter(const char *line, size_t length, struct deed_plan_letter *out)
{
    AUTO(free_text) char *text = text_new(line, length, "/fingerprint");
    size_t bytes = 0;
    *out = (struct deed_plan_letter){.times = 1};
    if (text == NULL ||
        sodium_hex2bin(out->fingerprint, sizeof out->fingerprint, text, strlen(text), NULL, &bytes,
                       NULL) != 0 ||
        bytes != sizeof out->fingerprint) {
        return false;
    }
    out->id = text_new(line, length, "/id");
    return true;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, LETTER_FINGERPRINT_BYTES);
}

static void sort(struct deed_plan *plan)
{
    size_t kept = 0;
    if (plan->count > 0) {
        qsort(plan->letters, plan->count, sizeof plan->letters[0], compare);
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (kept > 0 && compare(&plan->letters[kept - 1], &plan->letters[i]) == 0) {
            plan->letters[kept - 1].times++;
            free(plan->letters[i].id);
        } else {
            plan->letters[kept++] = plan->letters[i];
        }
    }
    plan->count = kept;
}

struct deed_plan_lines {
    int64_t said; /* how many letters the last line tells; -1 = not read yet */
    size_t count, room;
};

static enum outcome read_line(const char *line, size_t length, struct deed_plan_lines *lines,
                              struct deed_plan *plan, struct fault *fault)
{
    struct deed_plan_letter letter;
    if (length > DEED_PLAN_LINE_MAX_BYTES || !json_is_valid(line, length) || lines->said >= 0) {
        return fault_set(fault, REJECT, "line %zu cannot be read", lines->count + 1);
    }
    if (lines->count++ == 0) {
        return read_head(line, length, plan, fault);
    }
    if (!read_letter(line, length, &letter)) {
        lines->said = number_at(line, length, "/letters", -1);
        return lines->said >= 0 ? OK
                                : fault_set(fault, REJECT, "line %zu is no letter", lines->count);
    }
    if (plan->count == DEED_PLAN_LETTERS_MAX) {
        free(letter.id);
        return fault_set(fault, REJECT, "it has more than %d letters", DEED_PLAN_LETTERS_MAX);
    }
    if (plan->count == lines->room) {
        lines->room = lines->room * 2 + 256;
        plan->letters = xrealloc(plan->letters, lines->room * sizeof plan->letters[0]);
    }
    plan->letters[plan->count++] = letter;
    return OK;
}

static enum outcome read_lines(FILE *file, struct deed_plan *plan, struct fault *fault)
{
    struct deed_plan_lines lines = {.said = -1};
    char *line = NULL;
    size_t room = 0;
    enum outcome o = OK;
    for (ssize_t length; o == OK && (length = getline(&line, &room, file)) > 0;) {
        o = read_line(line, (size_t)length, &lines, plan, fault);
    }
    free(line);
    if (o == OK && lines.said != (int64_t)plan->count) {
        o = fault_set(fault, REJECT, "its end is missing: it was cut off, or changed");
    }
    sort(plan);
    return o;
}

enum outcome deed_plan_read(const char *path, struct deed_plan *plan, struct fault *fault)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    *plan = (struct deed_plan){0};
    if (file == NULL) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    bool is_private = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
                      status.st_uid == geteuid() && (status.st_mode & 022) == 0;
    enum outcome o = is_private ? read_lines(file, plan, fault)
                                : fault_set(fault, REJECT,
                                            "it must be a file of yours that nobody else "
                                            "can write");
    (void)fclose(file);
    return o == OK ? OK : fault_wrap(fault, REJECT, "plan %s", path);
}

bool deed_plan_takes(struct deed_plan *plan, const struct letter *letter)
{
    struct deed_plan_letter *found = plan->count > 0
                                         ? bsearch(letter->fingerprint, plan->letters, plan->count,
                                                   sizeof plan->letters[0], compare)
                                         : NULL;
    if (found == NULL || found->seen == found->times) {
        return false;
    }
    found->seen++;
    return true;
}
