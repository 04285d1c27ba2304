/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/memory.h"
#include "demo/stories.h"
#include "support/process.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Tells the Fit Company's stories on the servers that the environment names and checks what it
 * tells: exit status 1 when a story or an invariant differs.
 */

/* Short enough to be watched. */
static const char *const settings[] = {
    "UPGRADE_DEADLINE=5s",
    "WATCH_AFTER=20s",
    "GOAL_PATIENCE=1s",
    "PROVIDER_TIMEOUT=1s",
    "PROVIDER_PENDING_POLL=200ms",
    "PROVIDER_RETRY_MAX=500ms",
    "PROVIDER_LEASE=1s",
    "HEARTBEAT_S=2",
    "WORKERS=2",
    NULL,
};

struct result {
    const struct story *story;
    char state[32];
    char failure[FAILURE_BYTES];
    struct money money;
    int64_t took_ms;
};

static void print_title(const struct telling *telling, size_t number, const struct story *story)
{
    (void)printf("\n%s%zu. %s%s: %s\n", telling->has_colour ? "\033[1m" : "", number, story->title,
                 telling->has_colour ? "\033[0m" : "", story->moral);
}

static struct result tell_story(struct company *company, struct tap *tap, bool has_colour,
                                size_t number)
{
    static struct telling telling;
    telling = (struct telling){
        .company = company, .tap = tap, .has_colour = has_colour, .began_ms = clock_now_ms()};
    int64_t start = clock_monotonic_ms();
    print_title(&telling, number + 1, &stories[number]);
    stories[number].tell(&telling);

    struct result result = {.story = &stories[number],
                            .money = read_money(&telling),
                            .took_ms = clock_monotonic_ms() - start};
    (void)snprintf(result.state, sizeof result.state, "%s", read_state(&telling));
    (void)snprintf(result.failure, sizeof result.failure, "%s", telling.failure);
    if (result.failure[0] == '\0' && strcmp(result.state, stories[number].end) != 0) {
        (void)snprintf(result.failure, sizeof result.failure, "it ended as %s", result.state);
    }
    return result;
}

/* What the ledger has taken in and given back since `before`, whoever it was for. */
static bool print_ledger(struct company *company, const struct money *before,
                         const struct money *told)
{
    struct money now = {0};
    if (!read_ledger(company, &now)) {
        (void)printf("the provider's own ledger cannot be read\n");
        return false;
    }
    int64_t charged = now.charged_minor - before->charged_minor;
    int64_t refunded = now.refunded_minor - before->refunded_minor;
    bool is_same = charged == told->charged_minor && refunded == told->refunded_minor;
    (void)printf("%-46s %-12s %9.2f %9.2f           %s\n", "by the provider's own ledger", "",
                 (double)charged / 100, (double)refunded / 100,
                 is_same ? "" : "not what the stories tell of");
    return is_same;
}

static size_t print_table(const struct result *results, size_t count, struct money *total)
{
    size_t failed = 0;
    (void)printf("\n%-46s %-12s %9s %9s %8s\n", "story", "outcome", "charged", "refunded", "took");
    for (size_t i = 0; i < count; i++) {
        const struct result *r = &results[i];
        (void)printf("%-46s %-12s %9.2f %9.2f %5.1f s  %s\n", r->story->title, r->state,
                     (double)r->money.charged_minor / 100, (double)r->money.refunded_minor / 100,
                     (double)r->took_ms / 1000, r->failure[0] == '\0' ? "as told" : r->failure);
        total->charged_minor += r->money.charged_minor;
        total->refunded_minor += r->money.refunded_minor;
        failed += r->failure[0] != '\0';
    }
    return failed;
}

/* quadrille audit, with its own read-only accounts. */
static bool audit(const struct company *company)
{
    AUTO(free_text) char *program = xasprintf("%s/src/tools/quadrille", company_build(company));
    AUTO(free_text)
    char *provider = xasprintf("http://127.0.0.1:%d", company_health_port(company, "provider"));
    AUTO(free_text) char *foreign = xasprintf("%s/" FOREIGN_IDS_FILE, company_folder(company));
    const char *const argv[] = {program,          "audit",  "--wait",    "20s",
                                "--dead-letters", foreign,  "--foreign", foreign,
                                "--provider-url", provider, NULL};
    (void)printf("\nThe invariants, asked of every database, the broker and the provider:\n");
    (void)fflush(stdout);
    pid_t pid = process_start(argv, NULL, NULL);
    int status = process_wait(pid, 120000);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        (void)fprintf(stderr, "usage: demo FOLDER   (called by ./run demo; FOLDER is for logs, "
                              "mail and the ledger)\n");
        return 2;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return 1;
    }
    bool has_colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
    struct company *company =
        company_new(&(const struct company_options){.folder = argv[1], .extra = settings});
    int64_t start = clock_monotonic_ms();
    company_start(company);
    (void)printf("Five services and a stand-in payment provider are up (%.1f s).\n",
                 (double)(clock_monotonic_ms() - start) / 1000);
    struct tap *tap = tap_open();
    struct money before = {0};
    struct money told = {0};
    (void)read_ledger(company, &before); /* if it cannot be read now, the end will tell */

    struct result *results = xcalloc(story_count, sizeof *results);
    for (size_t i = 0; i < story_count; i++) {
        results[i] = tell_story(company, tap, has_colour, i);
    }
    size_t failed = print_table(results, story_count, &told);
    bool is_paid_for = print_ledger(company, &before, &told);
    tap_close(tap);
    bool is_sound = audit(company);
    company_free(company);
    free(results);
    (void)printf("\n%zu of %zu stories went as told; the invariants %s. %.0f s.\n",
                 story_count - failed, story_count, is_sound ? "hold" : "DO NOT HOLD",
                 (double)(clock_monotonic_ms() - start) / 1000);
    return failed == 0 && is_paid_for && is_sound ? 0 : 1;
}
