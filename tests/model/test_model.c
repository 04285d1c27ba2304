/* SPDX-License-Identifier: Apache-2.0 */
#include "environments.h"
#include "mutations.h"

#include <inttypes.h>
#include <stdarg.h>

/*
 * Prints TAP: every environment is green, every row and every listed no-op is reached, every rule
 * taken back is noticed, and so is every single row that is dropped or silenced, but for those
 * listed as equivalent.
 */

static unsigned tests, failures;

static void check(bool is_ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void check(bool is_ok, const char *format, ...)
{
    printf("%sok %u - ", is_ok ? "" : "not ", ++tests);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    failures += !is_ok;
}

static void add(struct reached *all, const struct reached *some)
{
    for (unsigned service = 0; service < SERVICES; service++) {
        for (unsigned state = 0; state < MOST_STATES; state++) {
            for (unsigned event = 0; event < MOST_EVENTS; event++) {
                all->at[service][state][event] |= some->at[service][state][event];
            }
        }
    }
}

static void check_environments(const struct rules *rules, struct reached *all)
{
    uint64_t states = 0, transitions = 0;
    for (const struct environment *e = environments; e->name != NULL; e++) {
        const struct finding finding = explore(e, rules, 0, stderr);
        check(finding.invariant == NULL, "%s: %" PRIu64 " states, %" PRIu64 " transitions: %s",
              e->name, finding.states, finding.transitions,
              finding.invariant == NULL ? "no violation" : finding.invariant);
        add(all, &finding.reached);
        states += finding.states;
        transitions += finding.transitions;
    }
    printf("# total: %" PRIu64 " states, %" PRIu64 " transitions\n", states, transitions);
}

/* The tables are exactly as large as the story that was explored: 59 rows act, 96 pairs are listed
 * as no-ops, of which 4 answer a revocation that was repeated; 5 more rows repeat for and because
 * of the watch. */
static void check_tables(const struct rules *rules, const struct reached *all)
{
    static const struct {
        enum rule_kind kind;
        unsigned count;
        const char *what;
    } kinds[] = {{RULE_ACT, 59, "rows that act"},
                 {RULE_REPEAT, 9, "rows that say something again"},
                 {RULE_NO_OP, 92, "listed no-ops"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const unsigned count = rules_count(rules, kinds[i].kind);
        const unsigned reached = rules_reached(rules, kinds[i].kind, all);
        check(count == kinds[i].count && reached == count, "%u %s, %u of them reached", count,
              kinds[i].what, reached);
    }
    for (unsigned s = 0; s < SERVICES; s++) {
        for (unsigned state = 0; state < service_states(s); state++) {
            for (unsigned event = 0; event < service_events(s); event++) {
                if (rules->at[s][state][event].is_listed && !all->at[s][state][event]) {
                    printf("# never reached: %s, `%s`, %s\n", service_name(s), state_name(s, state),
                           event_name(s, event));
                }
            }
        }
    }
}

/* Columns hold names: each leads back to its state, and "-" (no row) is never read from one. */
static void check_names(void)
{
    bool is_ok = true;
    for (unsigned i = 1; i < SUBSCRIPTION_STATES; i++) {
        enum subscription_state state;
        is_ok &= subscription_state_find(state_name(SUBSCRIPTION, i), &state) && state == i;
    }
    for (unsigned i = 1; i < BILLING_STATES; i++) {
        enum billing_state state;
        is_ok &= billing_state_find(state_name(BILLING, i), &state) && state == i;
    }
    for (unsigned i = 1; i < COACHING_STATES; i++) {
        enum coaching_state state;
        is_ok &= coaching_state_find(state_name(COACHING, i), &state) && state == i;
    }
    enum subscription_state none;
    check(is_ok && !subscription_state_find("-", &none) && !subscription_state_find("", &none),
          "every state is found by its name, no row is not");
}

static void check_mutations(void)
{
    for (const struct mutation *mutation = mutations; mutation->name != NULL; mutation++) {
        const struct environment *where = NULL;
        const struct finding finding = mutation_explore(mutation, NULL, &where);
        check(finding.invariant != NULL, "%s (%s) is noticed: %s: %s, %u steps", mutation->name,
              mutation->what, where->name,
              finding.invariant == NULL ? "nothing" : finding.invariant, finding.steps);
    }
}

static void check_patch(const struct mutation *mutation, const struct patch *patch)
{
    const struct environment *where = NULL;
    const struct finding finding = patch_explore(patch, &where);
    check(finding.invariant != NULL, "%s is noticed in `%s`, %s alone: %s: %s, %u steps",
          mutation->name, state_name(patch->service, patch->state),
          event_name(patch->service, patch->event), where->name,
          finding.invariant == NULL ? "nothing" : finding.invariant, finding.steps);
}

static void check_patches(void)
{
    for (const struct mutation *mutation = mutations; mutation->name != NULL; mutation++) {
        for (unsigned i = 0; mutation->patch_count > 1 && i < mutation->patch_count; i++) {
            check_patch(mutation, &mutation->patches[i]);
        }
    }
}

static const struct row_mutation *find_equivalent(const struct row_mutation *mutation)
{
    for (const struct row_mutation *e = equivalents; e->because != NULL; e++) {
        if (e->service == mutation->service && e->state == mutation->state &&
            e->event == mutation->event && e->loss == mutation->loss) {
            return e;
        }
    }
    return NULL;
}

static void check_row(const struct row_mutation *mutation)
{
    const struct environment *where = NULL;
    const struct row_mutation *equivalent = find_equivalent(mutation);
    const struct finding finding = row_mutation_explore(mutation, &where);
    const char *const service = service_name(mutation->service);
    const char *const state = state_name(mutation->service, mutation->state);
    const char *const event = event_name(mutation->service, mutation->event);
    static const char *const losses[] = {[LOSE_ROW] = "without the row",
                                         [LOSE_SAY] = "without what it says",
                                         [LOSE_ACTIONS] = "without what it does"};
    const char *const loss = losses[mutation->loss];
    if (equivalent != NULL) {
        check(finding.invariant == NULL, "%s, `%s`, %s %s is equivalent: %s", service, state, event,
              loss, equivalent->because);
        return;
    }
    check(finding.invariant != NULL, "%s, `%s`, %s %s is noticed: %s: %s, %u steps", service, state,
          event, loss, where->name, finding.invariant == NULL ? "nothing" : finding.invariant,
          finding.steps);
}

/* These only write down what the state says already, so the model has nothing to carry out. */
static const unsigned bookkeeping =
    DO_INSERT_UPGRADE | DO_NOTE_MONEY_SETTLED | DO_NOTE_PLAN_WITHDRAWN | DO_CLOSE_UPGRADE |
    DO_CREATE_THEN_CONFIRM | DO_CANCEL_AT_PROVIDER | DO_INSERT_CHARGE_TOMBSTONE |
    DO_INSERT_WITHOUT_PLAN | DO_INSERT_PLAN_TOMBSTONE | DO_USER_TOMBSTONE;

static void check_rows(const struct rules *rules)
{
    for (unsigned s = 0; s < SERVICES; s++) {
        for (unsigned state = 0; state < service_states(s); state++) {
            for (unsigned event = 0; event < service_events(s); event++) {
                const struct rule *rule = &rules->at[s][state][event];
                if (rule->is_listed && rule->kind != RULE_NO_OP) {
                    check_row(&(struct row_mutation){s, state, event, LOSE_ROW, NULL});
                }
                if (rule->is_listed && rule->say != 0 && rule->kind == RULE_ACT) {
                    check_row(&(struct row_mutation){s, state, event, LOSE_SAY, NULL});
                }
                if (rule->is_listed && rule->actions & ~bookkeeping) {
                    check_row(&(struct row_mutation){s, state, event, LOSE_ACTIONS, NULL});
                }
            }
        }
    }
}

int main(void)
{
    struct rules rules;
    struct reached all = {0};
    rules_load(&rules);
    check_environments(&rules, &all);
    check_tables(&rules, &all);
    check_names();
    check_mutations();
    check_patches();
    check_rows(&rules);
    printf("1..%u\n", tests);
    return failures != 0;
}
