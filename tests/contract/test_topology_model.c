/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/topology_model.h"

#include <regex.h>
#include <string.h>

static struct contract_set set;
static struct topology_model topology;

static void setup(void)
{
    struct fault fault = {0};
    ck_assert_msg(contract_set_load(&set, CONTRACTS, &fault) == OK, "%s", fault.text);
    topology_model_init(&topology, &set);
}

static void teardown(void)
{
    topology_model_done(&topology);
    contract_set_done(&set);
}

START_TEST(a_queue_is_bound_to_exactly_what_its_service_hears)
{
    static const struct topology_binding expected[] = {
        {"subscription.events", "billing", "subscription.premium-upgrade-requested.v1"},
        {"subscription.events", "billing", "subscription.premium-activation-failed.v1"},
        {"subscription.events", "billing", "subscription.premium-revoked.v1"},
        {"profile.events", "billing", "profile.user-deleted.v1"},
        {"billing.dlx", "billing.dlq", ""},
    };
    size_t found = 0;
    for (size_t i = 0; i < topology.binding_count; i++) {
        const struct topology_binding *binding = &topology.bindings[i];
        if (strncmp(binding->queue, "billing", strlen("billing")) != 0) {
            continue;
        }
        ck_assert_uint_lt(found, COUNT_OF(expected));
        ck_assert_str_eq(binding->exchange, expected[found].exchange);
        ck_assert_str_eq(binding->queue, expected[found].queue);
        ck_assert_str_eq(binding->routing_key, expected[found].routing_key);
        found++;
    }
    ck_assert_uint_eq(found, COUNT_OF(expected));
}
END_TEST

static bool matches(const char *expression, const char *text)
{
    regex_t compiled;
    ck_assert_int_eq(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    bool is_match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

START_TEST(each_queue_has_one_policy_and_each_policy_one_queue)
{
    ck_assert_uint_eq(topology.queue_count, 2 * set.service_count);
    ck_assert_uint_eq(topology.policy_count, topology.queue_count);
    for (size_t i = 0; i < topology.queue_count; i++) {
        int hits = 0;
        for (size_t j = 0; j < topology.policy_count; j++) {
            hits += matches(topology.policies[j].pattern, topology.queues[i].name) ? 1 : 0;
        }
        ck_assert_int_eq(hits, 1);
    }
    ck_assert_str_eq(topology.policies[0].pattern, "^billing$");
    ck_assert_str_eq(topology.policies[1].pattern, "^billing\\.dlq$");
    ck_assert_str_eq(topology.policies[0].settings[0].key, "dead-letter-exchange");
    ck_assert_str_eq(topology.policies[0].settings[0].text, "billing.dlx");
    ck_assert_int_eq(topology.policies[0].settings[3].number, 1000);
    ck_assert_int_eq(topology.policies[1].settings[0].number, 2147483647);
}
END_TEST

START_TEST(an_account_reaches_its_own_and_nothing_else)
{
    const struct topology_permission *billing = &topology.permissions[0];
    ck_assert_str_eq(billing->user, "billing");
    ck_assert(matches(billing->write, "billing.events"));
    ck_assert(matches(billing->write, "billing.dlx"));
    ck_assert(matches(billing->read, "billing"));
    static const char *const foreign[] = {"coaching.events", "billing.events2", "billingxevents",
                                          "amq.default",     "billing.dlq",     "amq.topic"};
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        ck_assert_msg(!matches(billing->write, foreign[i]), "may write %s", foreign[i]);
        ck_assert_msg(!matches(billing->read, foreign[i]), "may read %s", foreign[i]);
        ck_assert_msg(!matches(billing->configure, foreign[i]), "may configure %s", foreign[i]);
    }
    const struct topology_topic_permission *topic = &topology.topic_permissions[0];
    ck_assert_str_eq(topic->exchange, "billing.events");
    ck_assert(matches(topic->write, "billing.payment-completed.v1"));
    ck_assert(!matches(topic->write, "subscription.premium-activated.v1"));
}
END_TEST

START_TEST(the_operator_is_the_only_impersonator)
{
    int impersonators = 0;
    for (size_t i = 0; i < topology.user_count; i++) {
        if (strstr(topology.users[i].tags, "impersonator") != NULL) {
            impersonators++;
            ck_assert_str_eq(topology.users[i].name, TOPOLOGY_OPERATOR);
        }
    }
    ck_assert_int_eq(impersonators, 1);
    ck_assert_uint_eq(topology.user_count, topology.permission_count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topology_model");
    TCase *tcase = tcase_create("topology_model");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_queue_is_bound_to_exactly_what_its_service_hears);
    tcase_add_test(tcase, each_queue_has_one_policy_and_each_policy_one_queue);
    tcase_add_test(tcase, an_account_reaches_its_own_and_nothing_else);
    tcase_add_test(tcase, the_operator_is_the_only_impersonator);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
