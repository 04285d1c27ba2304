/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"
#include "tools/history/events.h"
#include "tools/history/filter.h"

static const struct cli_option ls_options[] = {
    FILTER_OPTIONS,
    {"limit", "N", NULL, "50", "the newest so many; 0 = all"},
    {"before", "POSITION", NULL, NULL, "those before this place: the page before"},
    HISTORY_ACCESS,
};

static const struct cli_option show_options[] = {HISTORY_ACCESS};

static const struct cli_option export_options[] = {
    FILTER_OPTIONS,
    {"out", "FILE", NULL, NULL, "a private file to write to; else standard output"},
    {"cursor", "FILE", NULL, NULL,
     "remembers how far --out has come; the same again goes on there"},
    {"after", "POSITION", NULL, NULL, "go on after this place"},
    {"limit", "N", NULL, "0", "at most so many; 0 = all"},
    HISTORY_ACCESS,
};

static const struct cli_option verify_options[] = {
    {"head", "NUMBER:HASH", NULL, NULL, "a block's hash that was written down elsewhere"},
    HISTORY_ACCESS,
};

static const struct cli_option tail_options[] = {
    {"type", "NAME", NULL, NULL, "PaymentCompleted, or fit.billing.PaymentCompleted.v1",
     .is_repeatable = true},
    {"service", "NAME", NULL, NULL, "whose events", .is_repeatable = true},
    {"correlation", "UUID", NULL, NULL, "of this story"},
    {"subject", "UUID", NULL, NULL, "about this subject"},
    {"pointer", "/PATH=VALUE", NULL, NULL, "what the body says there (JSON, else a text)",
     .is_repeatable = true},
    {"body", NULL, NULL, NULL, "show the bodies too, personal values and all"},
    {"limit", "N", NULL, "0", "end after so many; 0 = never"},
    {"contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"},
    ACCESS_BROKER,
};

const struct cli_command events_commands[] = {
    {"events tail", "", "show what is said now",
     "A temporary queue of its own gets a copy; nobody misses anything. While this command is "
     "slower "
     "than what is said,\nthe queue drops the oldest.",
     tail_options, COUNT_OF(tail_options), events_tail},
    {"events ls", "", "list what was said, newest last",
     "--json prints one object a line (docs/json.md). --pointer looks into the bodies of what the "
     "other filters leave.",
     ls_options, COUNT_OF(ls_options), events_ls},
    {"events show", "ID…", "show everything about events, with cause and effects", NULL,
     show_options, COUNT_OF(show_options), events_show},
    {"events export", "", "write events as JSON Lines, byte for byte",
     "Only what is complete is written: nothing will come in before it any more. With --out and "
     "--cursor an export that was\ninterrupted, by kill -9 too, goes on without a gap or a double. "
     "Without --keys-url personal values are \"[sealed]\".",
     export_options, COUNT_OF(export_options), events_export},
    {"events verify", "", "fail when the log was changed: check its chain of hashes",
     "Names rows that were changed, removed or slipped in, and blocks that do not fit. Exit 1 when "
     "there are any. What is not\nsealed yet is counted and cannot be judged. A chain that was "
     "rewritten from some block on is found by --head alone.",
     verify_options, COUNT_OF(verify_options), events_verify},
};
const size_t events_command_count = COUNT_OF(events_commands);
