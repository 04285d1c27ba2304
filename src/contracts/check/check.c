/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/check.h"

#include "contracts/check/catalogue.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *check_part_name(enum check_part part)
{
    static const char *const names[] = {[CHECK_INPUT] = "input",
                                        [CHECK_MESSAGE] = "message",
                                        [CHECK_PROPERTIES] = "properties",
                                        [CHECK_HEADERS] = "headers",
                                        [CHECK_PAYLOAD] = "payload"};
    return names[part];
}

enum outcome checker_new(struct asyncapi *set, const struct check_options *options,
                         struct checker **out, struct fault *fault)
{
    struct checker *checker = xcalloc(1, sizeof *checker);
    checker->set = set;
    checker->options = *options;
    if (checker->options.max_errors > CHECK_ERRORS_MAX) {
        checker->options.max_errors = CHECK_ERRORS_MAX;
    }
    enum outcome o = catalogue_init(checker, fault);
    if (o != OK) {
        checker_free(checker);
        return o;
    }
    *out = checker;
    return OK;
}

void checker_free(struct checker *checker)
{
    if (checker != NULL) {
        catalogue_done(checker);
        free(checker);
    }
}

/* Verdicts */

void check_verdict_done(struct check_verdict *verdict)
{
    arena_done(&verdict->arena);
    *verdict = (struct check_verdict){0};
}

static void begin(struct check_verdict *verdict)
{
    struct arena arena = verdict->arena;
    arena_reset(&arena);
    *verdict = (struct check_verdict){.arena = arena};
}

static void refuse(struct check_verdict *verdict, enum check_part part, const char *text)
{
    struct check_error *error = arena_alloc(&verdict->arena, sizeof *error);
    *error = (struct check_error){.part = part, .instance = "", .text = text};
    verdict->errors = (struct check_errors){.items = error, .count = 1};
}

void checker_refuse(struct check_verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    begin(verdict);
    refuse(verdict, CHECK_INPUT, arena_vprintf(&verdict->arena, format, args));
    va_end(args);
}

static struct check_notes notes_in(const struct checker *checker, struct check_verdict *verdict,
                                   struct check_errors *errors)
{
    return (struct check_notes){&verdict->arena, errors, checker->options.max_errors};
}

/* One of its descriptions, all of which must allow it, cannot be read. */
static bool is_unjudged(const struct check_entry *entry)
{
    const struct check_entry *copy = entry;
    while (copy != NULL && copy->unjudged == NULL) {
        copy = copy->copy;
    }
    return copy != NULL;
}

static void settle(struct check_verdict *verdict, const struct check_entry *entry)
{
    verdict->is_unjudged = is_unjudged(entry);
    verdict->message = entry->message;
    verdict->label = entry->label;
    verdict->is_allowed = check_found(&verdict->errors) == 0;
}

void checker_payload(struct checker *checker, struct check_entry *entry, const char *bytes,
                     size_t length, struct check_verdict *verdict)
{
    begin(verdict);
    const struct check_message message = {.body = bytes, .body_length = length};
    struct check_subject subject = {.message = &message};
    const struct check_notes notes = notes_in(checker, verdict, &verdict->errors);
    struct check_entry *copy = entry;
    do {
        content_judge_payload(checker, copy, &subject, &notes, &verdict->note);
        copy = copy->copy;
    } while (copy != NULL);
    content_done(&subject);
    settle(verdict, entry);
}

/* Which message is it? */

struct contender {
    struct check_entry *entry;
    unsigned agrees;
    size_t found; /* errors */
};

struct contest {
    struct checker *checker;
    struct check_subject *subject;
    struct check_verdict *verdict;
    struct contender *items;
    size_t count;
};

/* Every description of the message must allow it. */
static void judge_copies(struct contest *contest, struct check_entry *entry,
                         const struct check_notes *notes)
{
    for (struct check_entry *copy = entry; copy != NULL; copy = copy->copy) {
        content_judge(contest->checker, copy, contest->subject, notes, &contest->verdict->note);
    }
}

static int nearest_first(const void *left, const void *right)
{
    const struct contender *a = left;
    const struct contender *b = right;
    if (a->agrees != b->agrees) {
        return a->agrees > b->agrees ? -1 : 1;
    }
    return a->found != b->found ? (a->found < b->found ? -1 : 1)
                                : strcmp(a->entry->label, b->entry->label);
}

/* Those that it may be by place and type; when there are none, those that are near. */
static size_t find_contenders(struct contest *contest)
{
    struct checker *checker = contest->checker;
    size_t fitting = 0;
    for (size_t i = 0; i < checker->count; i++) {
        struct check_errors errors = {0};
        const struct check_notes notes = {.errors = &errors}; /* counted only */
        struct check_entry *entry = &checker->entries[i];
        if (entry->first != NULL) {
            continue;
        }
        unsigned agrees = identity_judge(checker, entry, contest->subject->message, &notes);
        size_t found = check_found(&errors);
        if (found == 0 && fitting == 0) {
            contest->count = 0; /* forget those that are only near */
        }
        fitting += found == 0;
        if ((found == 0) == (fitting > 0) && (found == 0 || agrees > 0)) {
            contest->items[contest->count++] = (struct contender){entry, agrees, found};
        }
    }
    return fitting;
}

/* Where the property `type` names some of them, it is none of the others. */
static void narrow_by_type(struct contest *contest)
{
    bool is_told = false;
    for (size_t i = 0; i < contest->count; i++) {
        is_told = is_told || (contest->items[i].agrees & AGREES_TYPE) != 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < contest->count; i++) {
        if (!is_told || (contest->items[i].agrees & AGREES_TYPE) != 0) {
            contest->items[kept++] = contest->items[i];
        }
    }
    contest->count = kept;
}

/* One message that several channels have is one. */
static void drop_same(struct contest *contest)
{
    const struct checker *checker = contest->checker;
    bool *seen = xcalloc(checker->count, sizeof *seen);
    size_t kept = 0;
    for (size_t i = 0; i < contest->count; i++) {
        bool *is_seen = &seen[contest->items[i].entry->same - checker->entries];
        if (!*is_seen) {
            contest->items[kept++] = contest->items[i];
        }
        *is_seen = true;
    }
    contest->count = kept;
    free(seen);
}

static struct check_candidate *add_candidate(struct check_verdict *verdict,
                                             const struct check_entry *entry)
{
    if (verdict->candidate_count == CHECK_CANDIDATES_MAX) {
        verdict->candidates_hidden++;
        return NULL;
    }
    struct check_candidate *candidate = &verdict->candidates[verdict->candidate_count++];
    *candidate = (struct check_candidate){.message = entry->message, .label = entry->label};
    return candidate;
}

static void say_unidentified(struct contest *contest)
{
    struct check_verdict *verdict = contest->verdict;
    qsort(contest->items, contest->count, sizeof contest->items[0], nearest_first);
    refuse(verdict, CHECK_MESSAGE,
           contest->checker->set->documents.findings.count > 0
               ? "is no message of the contracts, as far as they can be read"
               : "is no message of the contracts");
    for (size_t i = 0; i < contest->count; i++) {
        const struct check_entry *entry = contest->items[i].entry;
        struct check_candidate *candidate = add_candidate(verdict, entry);
        if (candidate != NULL) {
            const struct check_notes notes =
                notes_in(contest->checker, verdict, &candidate->errors);
            (void)identity_judge(contest->checker, entry, contest->subject->message, &notes);
        }
    }
}

static void say_ambiguous(struct contest *contest, size_t fitting)
{
    struct check_verdict *verdict = contest->verdict;
    refuse(
        verdict, CHECK_MESSAGE,
        arena_printf(&verdict->arena,
                     "may be %zu messages: exchange, routing key, type or schemas must tell them "
                     "apart",
                     fitting));
    for (size_t i = 0; i < contest->count; i++) {
        if (contest->items[i].found == 0) {
            (void)add_candidate(verdict, contest->items[i].entry);
        }
    }
}

static void say_none_fits(struct contest *contest)
{
    struct check_verdict *verdict = contest->verdict;
    for (size_t i = 0; i < contest->count; i++) {
        contest->items[i].agrees = 0; /* they all do */
        verdict->is_unjudged = verdict->is_unjudged || is_unjudged(contest->items[i].entry);
    }
    qsort(contest->items, contest->count, sizeof contest->items[0], nearest_first);
    refuse(verdict, CHECK_MESSAGE,
           arena_printf(&verdict->arena, "fits none of the %zu messages that it may be",
                        contest->count));
    for (size_t i = 0; i < contest->count; i++) {
        struct check_candidate *candidate = add_candidate(verdict, contest->items[i].entry);
        if (candidate != NULL) {
            const struct check_notes notes =
                notes_in(contest->checker, verdict, &candidate->errors);
            judge_copies(contest, contest->items[i].entry, &notes);
        }
    }
}

static void decide(struct contest *contest)
{
    struct check_verdict *verdict = contest->verdict;
    if (contest->count == 1) {
        const struct check_notes notes = notes_in(contest->checker, verdict, &verdict->errors);
        judge_copies(contest, contest->items[0].entry, &notes);
        settle(verdict, contest->items[0].entry);
        return;
    }
    size_t fitting = 0;
    const struct check_entry *fit = NULL;
    const char *note = NULL;
    for (size_t i = 0; i < contest->count; i++) {
        struct check_errors errors = {0};
        const struct check_notes notes = {.errors = &errors};
        verdict->note = NULL;
        judge_copies(contest, contest->items[i].entry, &notes);
        contest->items[i].found = check_found(&errors);
        if (contest->items[i].found == 0) {
            fitting++;
            fit = contest->items[i].entry;
            note = verdict->note;
        }
    }
    verdict->note = note;
    if (fitting == 1) {
        settle(verdict, fit);
    } else if (fitting > 1) {
        say_ambiguous(contest, fitting);
    } else {
        say_none_fits(contest);
    }
}

void checker_message(struct checker *checker, const struct check_message *message, int64_t now_ms,
                     struct check_verdict *verdict)
{
    begin(verdict);
    struct check_subject subject = {.message = message, .now_ms = now_ms};
    struct contest contest = {.checker = checker, .subject = &subject, .verdict = verdict};
    contest.items = xcalloc(checker->count, sizeof contest.items[0]);
    if (find_contenders(&contest) == 0) {
        say_unidentified(&contest);
    } else {
        narrow_by_type(&contest);
        drop_same(&contest);
        decide(&contest);
    }
    free(contest.items);
    content_done(&subject);
}
