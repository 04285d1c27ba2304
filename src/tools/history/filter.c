/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/history/filter.h"

#include "core/clock.h"
#include "core/text.h"

#include <string.h>

static bool read_time(const char *text, int64_t *out)
{
    int64_t ago = 0;
    if (text_duration_ms(text, &ago)) {
        *out = clock_now_ms() - ago;
        return *out > 0;
    }
    if (text_is_date(text, strlen(text))) {
        AUTO(free_text) char *midnight = xasprintf("%sT00:00:00Z", text);
        return text_date_time(midnight, strlen(midnight), out) && *out > 0;
    }
    return text_date_time(text, strlen(text), out) && *out > 0;
}

static int read_times(struct filter *filter, const struct cli_call *call)
{
    const struct {
        const char *name;
        int64_t *out;
    } times[] = {{"since", &filter->history.since_ms}, {"until", &filter->history.until_ms}};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        const char *text = cli_text(call, times[i].name);
        if (text != NULL && !read_time(text, times[i].out)) {
            return cli_fail(call, EXIT_USAGE,
                            "--%s must be an instant such as 2026-11-23T07:00:00Z, a date, or a "
                            "duration such as 2h",
                            times[i].name);
        }
    }
    return EXIT_DONE;
}

static int read_ids(struct filter *filter, const struct cli_call *call)
{
    const struct {
        const char *name;
        struct uuid *id;
        const struct uuid **out;
    } ids[] = {
        {"correlation", &filter->correlation_id, &filter->history.correlation_id},
        {"causation", &filter->causation_id, &filter->history.causation_id},
        {"subject", &filter->subject, &filter->history.subject},
    };
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        const char *text = cli_text(call, ids[i].name);
        if (text == NULL) {
            continue;
        }
        if (!ids_parse(text, ids[i].id)) {
            return cli_fail(call, EXIT_USAGE, "--%s must be a UUID", ids[i].name);
        }
        *ids[i].out = ids[i].id;
    }
    return EXIT_DONE;
}

static int read_pointers(struct filter *filter, const struct cli_call *call)
{
    const char *given[CLI_GIVEN_MAX];
    size_t count = cli_list(call, "pointer", given);
    if (count > HISTORY_POINTERS_MAX) {
        return cli_fail(call, EXIT_USAGE, "more than %d times --pointer", HISTORY_POINTERS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(given[i], '=');
        if (given[i][0] != '/' || equals == NULL) {
            return cli_fail(call, EXIT_USAGE,
                            "--pointer must be a JSON Pointer and a value: /amountMinor=999");
        }
        filter->history.pointers[i] = (struct history_pointer){
            arena_text(&filter->arena, given[i], (size_t)(equals - given[i])), equals + 1};
        filter->history.pointer_count++;
    }
    return EXIT_DONE;
}

int filter_init(struct filter *filter, const struct cli_call *call)
{
    *filter = (struct filter){0};
    _Static_assert((int)HISTORY_TYPES_MAX == (int)CLI_GIVEN_MAX, "all that may be given");
    filter->history.type_count = cli_list(call, "type", filter->history.types);
    filter->history.service_count = cli_list(call, "service", filter->history.services);
    int code = read_times(filter, call);
    if (code == EXIT_DONE) {
        code = read_ids(filter, call);
    }
    return code == EXIT_DONE ? read_pointers(filter, call) : code;
}

int filter_since(const struct cli_call *call, int64_t *out)
{
    const char *text = cli_text(call, "since");
    *out = 0;
    return text == NULL || read_time(text, out)
               ? EXIT_DONE
               : cli_fail(call, EXIT_USAGE,
                          "--since must be an instant such as 2026-11-23T07:00:00Z, a date, or a "
                          "duration such as 2h");
}

void filter_done(struct filter *filter)
{
    arena_done(&filter->arena);
}
