/* SPDX-License-Identifier: Apache-2.0 */
#include "environments.h"
#include "mutations.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The exhaustive model of the premium upgrade, by hand: see usage. tests/model/test_model is what
 * the build runs. */

static const char usage[] =
    "usage: model [--environment NAME | --everything | --mutate NAME |\n"
    "              --list-mutations | --list-environments | --print]\n"
    "  (nothing)            explore every environment of the test, print what was seen\n"
    "  --environment NAME   explore one of them\n"
    "  --everything         explore all faults at once: a minute, one gigabyte\n"
    "  --mutate NAME        take one rule back and print the shortest trace to the harm\n"
    "  --list-mutations     what --mutate can take back\n"
    "  --list-environments  what --environment can explore\n"
    "  --print              the tables, as Markdown\n"
    "exit status: 0 nothing is wrong, 1 an invariant is broken, 2 wrong usage\n";

static void print_verdict(const struct environment *environment, const struct finding *finding)
{
    if (finding->invariant == NULL) {
        puts("no violation");
    } else {
        printf("BROKEN in \"%s\" (%s) after %u steps: %s\n", environment->name, environment->about,
               finding->steps, finding->invariant);
    }
}

/* Adds to the totals; returns whether nothing is wrong. */
static bool explore_one(const struct environment *environment, uint64_t *states,
                        uint64_t *transitions)
{
    struct rules rules;
    rules_load(&rules);
    const clock_t start = clock();
    const struct finding found = explore(environment, &rules, 0, stdout);
    printf("%-16s %9" PRIu64 " states %10" PRIu64
           " transitions, %2u acting, %u repeating, %2u no-op rows, %5.1f s: ",
           environment->name, found.states, found.transitions,
           rules_reached(&rules, RULE_ACT, &found.reached),
           rules_reached(&rules, RULE_REPEAT, &found.reached),
           rules_reached(&rules, RULE_NO_OP, &found.reached),
           (double)(clock() - start) / CLOCKS_PER_SEC);
    print_verdict(environment, &found);
    fflush(stdout);
    *states += found.states;
    *transitions += found.transitions;
    return found.invariant == NULL;
}

/* All of these environments, or the one of this name. */
static int explore_list(const struct environment *list, const char *name)
{
    uint64_t states = 0, transitions = 0;
    bool is_ok = true;
    for (const struct environment *e = list; e->name != NULL; e++) {
        if (name == NULL || strcmp(e->name, name) == 0) {
            is_ok &= explore_one(e, &states, &transitions);
        }
    }
    if (states == 0) {
        fprintf(stderr, "model: no environment \"%s\"; see --list-environments\n", name);
        return 2;
    }
    printf("%-16s %9" PRIu64 " states %10" PRIu64 " transitions\n", "total", states, transitions);
    return is_ok ? 0 : 1;
}

static int mutate(const char *name)
{
    const struct mutation *mutation = mutation_find(name);
    if (mutation == NULL) {
        fprintf(stderr, "model: no mutation \"%s\"; see --list-mutations\n", name);
        return 2;
    }
    const struct environment *where = NULL;
    printf("taken back: %s\n", mutation->what);
    const struct finding finding = mutation_explore(mutation, stdout, &where);
    print_verdict(where, &finding);
    return finding.invariant == NULL ? 0 : 1;
}

static int list_mutations(void)
{
    for (const struct mutation *mutation = mutations; mutation->name != NULL; mutation++) {
        printf("%-26s %s\n", mutation->name, mutation->what);
    }
    return 0;
}

static int list_environments(void)
{
    for (const struct environment *e = environments; e->name != NULL; e++) {
        printf("%-16s %s\n", e->name, e->about);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"environment", required_argument, NULL, 'n'},
        {"everything", no_argument, NULL, 'e'},
        {"mutate", required_argument, NULL, 'm'},
        {"list-mutations", no_argument, NULL, 'l'},
        {"list-environments", no_argument, NULL, 'L'},
        {"print", no_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    switch (getopt_long(argc, argv, "", options, NULL)) {
    case -1:
        return optind == argc ? explore_list(environments, NULL) : (fputs(usage, stderr), 2);
    case 'n':
        return explore_list(environments, optarg);
    case 'e':
        return explore_list(everything, NULL);
    case 'm':
        return mutate(optarg);
    case 'l':
        return list_mutations();
    case 'L':
        return list_environments();
    case 'p':
        premium_upgrade_print(stdout);
        return 0;
    default:
        fputs(usage, stderr);
        return 2;
    }
}
