/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "../unit/unit.h"
#include "contracts/model.h"
#include "variants/judges.h"
#include "variants/variants.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Would the comparison of decoder and validator notice a decoder that forgets to refuse? Its
 * sources are built once more by seed-bugs.awk, with a switch before every refusal, and each is
 * switched off in turn. A bug runs in a process of its own, because it may end in a crash.
 */

enum { RANDOM_VARIANTS = 1000, SECONDS_MAX = 4, MEMORY_MAX_BYTES = 1 << 30 };
enum { UNNOTICED = 0, NOTICED = 3 }; /* exit statuses; a test that fails in there has 1 */

struct seeded {
    int number;
    const char *text; /* file, line and condition */
};

extern int seeded_bug;
extern const struct seeded seeded_in_codec_decode[];
extern const struct seeded seeded_in_rule[];
extern const struct seeded seeded_in_scan[];

int seeded_bug;

static const struct seeded *const lists[] = {
    seeded_in_codec_decode,
    seeded_in_rule,
    seeded_in_scan,
};

static struct contract_set set;

static void setup(void)
{
    struct fault fault = {0};
    ck_assert_msg(contract_set_load(&set, CONTRACTS, &fault) == OK, "%s", fault.text);
    ck_assert_msg(contract_prepare(&shop_contract, &fault) == OK, "%s", fault.text);
}

static void teardown(void)
{
    contract_set_done(&set);
}

/* Refusals that no payload can show missing, and why. */
static const struct {
    const char *text;
    const char *because;
} unnoticeable[] = {
    {"if (first != '-' && (first < '0'", "scan_number refuses the same, in other words"},
    {"if (first != 't' && first != 'f')", "scan_word refuses the same, in other words"},
    {"if (*count == max)", "rule_items refuses it once all are read: this one saves memory"},
    {"if (first == '\\0')", "every kind refuses the end: this one says that it is cut off"},
    {"is nested too deep",
     "no event's own tables are that deep; what is skipped has its own limit"},
    {"if (!field->has_max && bytes", "only the codec has this limit; unit/codec has its test"},
    {"if (scan->at == scan->end)", "the NUL behind a text is refused, too; fuzz/codec has none"},
    {"takes too long to match", "no pattern of the contract does; unit/codec has its test"},
    {"if (is_digit_at(scan)) {", "what follows a zero is no comma"},
};

static bool may_go_unnoticed(const char *text)
{
    for (size_t i = 0; i < COUNT_OF(unnoticeable); i++) {
        if (strstr(text, unnoticeable[i].text) != NULL) {
            return true;
        }
    }
    return false;
}

static void judge(void *context, const char *json, size_t length)
{
    struct verdicts verdicts;
    judges_ask(context, json, length, &verdicts);
    if (!verdicts.is_settled) {
        _exit(NOTICED);
    }
}

static void judge_all(enum codec_mode mode)
{
    const struct model_message *model = &contract_set_find(&set, "shop")->channels[0].messages[0];
    struct dice dice = {.state = 1};
    struct judges judges;
    judges_init(&judges, &set, model, shop_contract.sends[0], mode);
    struct variants variants = {0};
    variants_of(&variants, node_find(model->examples->last, "payload"), model->payload);
    variants_single(&variants, judge, &judges);
    variants_random(&variants, &dice, RANDOM_VARIANTS, judge, &judges);
    variants_done(&variants);
    judges_done(&judges);
}

static void limit(int resource, rlim_t most)
{
    (void)setrlimit(resource, &(struct rlimit){.rlim_cur = most, .rlim_max = most});
}

static bool is_noticed(int number)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        seeded_bug = number;
        limit(RLIMIT_AS, MEMORY_MAX_BYTES);
        limit(RLIMIT_CPU, SECONDS_MAX);
        limit(RLIMIT_CORE, 0);
        judge_all(CODEC_OPEN);
        judge_all(CODEC_CLOSED);
        _exit(UNNOTICED);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) != 1, "bug %d: the test itself fails",
                  number);
    return !WIFEXITED(status) || WEXITSTATUS(status) == NOTICED;
}

START_TEST(without_a_bug_nothing_is_noticed)
{
    ck_assert(!is_noticed(0));
}
END_TEST

START_TEST(every_refusal_that_the_decoder_forgets_is_noticed)
{
    size_t bugs = 0;
    size_t missed = 0;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        for (const struct seeded *bug = lists[i]; bug->text != NULL; bug++, bugs++) {
            if (!may_go_unnoticed(bug->text) && !is_noticed(bug->number)) {
                missed++;
                printf("# %s: nobody noticed\n", bug->text);
            }
        }
    }
    printf("# %zu refusals switched off\n", bugs);
    (void)fflush(stdout);
    ck_assert_uint_gt(bugs, 50);
    ck_assert_msg(missed == 0, "%zu of %zu bugs are not noticed", missed, bugs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seeded");
    TCase *tcase = tcase_create("seeded");
    tcase_set_timeout(tcase, 100);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, without_a_bug_nothing_is_noticed);
    tcase_add_test(tcase, every_refusal_that_the_decoder_forgets_is_noticed);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
