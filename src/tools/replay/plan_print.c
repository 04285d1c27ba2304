/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "tools/escape.h"
#include "tools/replay/plan.h"

#include <string.h>

static const char *today_of(const struct remake_kind *kind)
{
    return kind->message != NULL ? kind->message->type : kind->said;
}

static void print_cells(const struct plan *plan, const struct audience *audience)
{
    (void)printf("%10s  %10s  %10s  %-16s %s\n", "messages", "duplicates", "new", "queue", "type");
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *cell = &plan->cells[i];
        const struct audience_member *member = &audience->members[cell->member];
        (void)printf("%10lld", (long long)cell->messages);
        if (member->db != NULL) {
            (void)printf("  %10lld  %10lld", (long long)cell->duplicates,
                         (long long)(cell->messages - cell->duplicates));
        } else {
            (void)printf("  %10s  %10s", "?", "?");
        }
        (void)printf("  %-16s ", member->queue);
        escape_print(stdout, cell->kind->said);
        if (cell->kind->upcast != NULL) {
            (void)printf(" as %s", today_of(cell->kind));
        }
        (void)printf("\n");
    }
}

static void print_unknown(const struct plan *plan, const struct audience *audience)
{
    for (size_t i = 0; i < audience->count; i++) {
        const struct audience_member *member = &audience->members[i];
        bool is_asked = false;
        for (size_t j = 0; j < plan->cell_count; j++) {
            is_asked = is_asked || plan->cells[j].member == i;
        }
        if (!is_asked || member->db != NULL) {
            continue;
        }
        (void)printf("?: %s cannot be asked what it has already: ", member->queue);
        escape_print(stdout,
                     member->service == NULL ? "no contract knows this queue" : member->why.text);
        (void)printf("\n");
    }
}

static void print_reasons(const struct cli_call *call, const struct plan *plan)
{
    char id[UUID_TEXT_BYTES];
    if (plan->left_out_count == 0) {
        return;
    }
    (void)printf("%sLeft out: %zu%s\n", cli_colour(call, CLI_YELLOW), plan->left_out_count,
                 cli_colour(call, CLI_PLAIN));
    for (size_t i = 0; i < plan->reason_count; i++) {
        const struct plan_reason *reason = &plan->reasons[i];
        (void)printf("%10lld  ", (long long)reason->count);
        escape_print(stdout, reason->kind->said);
        (void)printf(": ");
        escape_print(stdout, reason->why);
        (void)printf(" (first: %s)\n", ids_format(&reason->first, id));
    }
    if (plan->other_reasons > 0) {
        (void)printf("%10lld  for other reasons\n", (long long)plan->other_reasons);
    }
}

void plan_print(const struct cli_call *call, const struct plan *plan,
                const struct audience *audience, const char *to)
{
    char first[CLOCK_TEXT_BYTES];
    char last[CLOCK_TEXT_BYTES];
    if (plan->selected == 0) {
        (void)printf("No event of the log fits.\n");
        return;
    }
    (void)printf("%lld events, said from %s to %s\n", (long long)plan->selected,
                 clock_format(plan->first_ms, first), clock_format(plan->last_ms, last));
    if (to != NULL) {
        (void)printf("%lld messages to queue ", (long long)plan_sendable(plan));
        escape_print(stdout, to);
        (void)printf(" alone, %lld bytes\n", (long long)plan->bytes);
    } else {
        (void)printf("%lld messages, each to everybody who hears it, %lld bytes\n",
                     (long long)plan_sendable(plan), (long long)plan->bytes);
    }
    if (plan->upcast > 0) {
        (void)printf("%lld of an older version are upcast\n", (long long)plan->upcast);
    }
    if (plan->erased > 0) {
        (void)printf("%lld of people who have been forgotten: their values read as erased\n",
                     (long long)plan->erased);
    }
    if (plan->cell_count > 0) {
        print_cells(plan, audience);
    }
    print_unknown(plan, audience);
    print_reasons(call, plan);
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "\"%s\":", name);
    escape_json(out, text, strlen(text));
}

static void add_cells(struct buffer *out, const struct plan *plan, const struct audience *audience)
{
    buffer_text(out, ",\"queues\":[");
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *cell = &plan->cells[i];
        const struct audience_member *member = &audience->members[cell->member];
        buffer_text(out, i > 0 ? ",{" : "{");
        add_text(out, "queue", member->queue);
        buffer_text(out, ",");
        add_text(out, "type", cell->kind->said);
        buffer_text(out, ",");
        add_text(out, "as", today_of(cell->kind));
        buffer_printf(out, ",\"messages\":%lld,\"duplicates\":", (long long)cell->messages);
        if (member->db != NULL) {
            buffer_i64(out, cell->duplicates);
        } else {
            buffer_text(out, "null");
        }
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
}

void plan_json(struct buffer *out, const struct plan *plan, const struct audience *audience)
{
    char text[CLOCK_TEXT_BYTES];
    char id[UUID_TEXT_BYTES];
    buffer_printf(out,
                  "{\"selected\":%lld,\"messages\":%lld,\"bytes\":%lld,\"upcast\":%lld,"
                  "\"erased\":%lld,\"left_out\":%zu",
                  (long long)plan->selected, (long long)plan_sendable(plan), (long long)plan->bytes,
                  (long long)plan->upcast, (long long)plan->erased, plan->left_out_count);
    if (plan->selected > 0) {
        buffer_printf(out, ",\"first\":\"%s\"", clock_format(plan->first_ms, text));
        buffer_printf(out, ",\"last\":\"%s\"", clock_format(plan->last_ms, text));
    }
    add_cells(out, plan, audience);
    buffer_text(out, ",\"reasons\":[");
    for (size_t i = 0; i < plan->reason_count; i++) {
        const struct plan_reason *reason = &plan->reasons[i];
        buffer_text(out, i > 0 ? ",{" : "{");
        add_text(out, "type", reason->kind->said);
        buffer_text(out, ",");
        add_text(out, "why", reason->why);
        buffer_printf(out, ",\"count\":%lld,\"first\":\"%s\"}", (long long)reason->count,
                      ids_format(&reason->first, id));
    }
    buffer_text(out, "]}");
}
