/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"
#include "tools/history/filter.h"
#include "tools/replay/replay.h"

/* clang-format off */
#define REPLAY_JUDGING                                                                                  \
    {"contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"},        \
    {"inbox-days", "N", "INBOX_DAYS", "30",                                                             \
     "how long inboxes remember, where their databases cannot be asked"}
#define REPLAY_SERVERS HISTORY_ACCESS, ACCESS_URL, ACCESS_PASSWORD_FILE, ACCESS_TLS
/* clang-format on */

static const struct cli_option run_options[] = {
    FILTER_OPTIONS,
    {"ids", "FILE", NULL, NULL, "only these events: one id a line; - is standard input"},
    {"to", "QUEUE", NULL, NULL, "to this queue alone; else to everybody who hears it"},
    {"rate", "N/s", NULL, NULL, "at most so many messages a second"},
    {"speed", "SPEED", NULL, "max", "1x as they were said, 10x ten times as fast, or max",
     .choices = "1x 10x max"},
    {"yes", NULL, NULL, NULL, "do it; else it is only said what would be done"},
    REPLAY_JUDGING,
    REPLAY_SERVERS,
};

static const struct cli_option rebuild_options[] = {
    {"since", "TIME", NULL, NULL, "from this instant on, and without what was before; else all"},
    {"schema", "FILE", "REBUILD_SCHEMA", NULL,
     "SQL with tables that no migration of quadrille makes"},
    {"leave-out", NULL, NULL, NULL, "rebuild it although some events are left out"},
    {"keep-old", NULL, NULL, NULL, "keep the database that is replaced"},
    {"wait", "DURATION", NULL, "60s", "how long the history or the service may make no progress"},
    {"yes", NULL, NULL, NULL, "do it, or go on with it; else it is only said what would be done"},
    {"abort", NULL, NULL, NULL, "take back a rebuild that has begun"},
    REPLAY_JUDGING,
    HISTORY_ACCESS,
};

static const struct cli_option resume_options[] = {REPLAY_JUDGING, REPLAY_SERVERS};

const struct cli_command replay_commands[] = {
    {"replay", "", "say again what the history has",
     "Without --yes nothing is sent: it says how many of which type would go to which queue, and "
     "what their inboxes have\nalready and will drop. Messages keep their ids, properties and "
     "bodies byte for byte and get a header, quadrille-replay:\nthe id of the run. They leave in "
     "the order of the log. What an inbox can no longer tell apart, what today's contract\ndoes "
     "not allow, and what nobody hears is left out, with the reason. Exit 3 when something was "
     "left out or came back.",
     run_options, COUNT_OF(run_options), replay_run},
    {"replay resume", "ID", "go on with a replay that was stopped",
     "Also after kill -9: what was on its way then may be sent twice, and the inboxes drop it.",
     resume_options, COUNT_OF(resume_options), replay_resume},
    {"replay rebuild", "SERVICE", "make a projection anew from the history, and swap it in",
     "For services that say nothing and do nothing outside. A second database is filled by the "
     "service's own handlers\nwhile events wait in its queue; when everything that the service had "
     "taken is there, the two are swapped in one\ntransaction. The same command goes on after kill "
     "-9; docs/replay.md tells how. Needs the deploy role of the database.",
     rebuild_options, COUNT_OF(rebuild_options), replay_rebuild},
    {"replay ls", "", "list replays, the newest last", NULL, NULL, 0, replay_ls},
    {"replay show", "ID", "show a replay: what was asked for and how far it is", NULL, NULL, 0,
     replay_show},
};
const size_t replay_command_count = COUNT_OF(replay_commands);
