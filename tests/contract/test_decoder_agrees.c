/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "../unit/unit.h"
#include "contracts/model.h"
#include "core/text.h"
#include "variants/judges.h"
#include "variants/table_bugs.h"
#include "variants/variants.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * The generated decoder and the general validator give the same verdict on every variant of every
 * example of every event that the service says or hears. QUADRILLE_SEED=N draws other combinations.
 */

enum { RANDOM_VARIANTS = 2000, FAILURES_SHOWN = 10 };

static struct contract_set set;
static const struct model_service *service;

static void setup(void)
{
    struct fault fault = {0};
    ck_assert_msg(contract_set_load(&set, CONTRACTS, &fault) == OK, "%s", fault.text);
    ck_assert_msg(contract_prepare(&CONTRACT, &fault) == OK, "%s", fault.text);
    service = contract_set_find(&set, CONTRACT.service);
    ck_assert_ptr_nonnull(service);
}

static void teardown(void)
{
    contract_set_done(&set);
}

struct tally {
    const struct judges *judges;
    size_t asked, valid, invalid, different, failed;
};

static void judge(void *context, const char *json, size_t length)
{
    struct tally *tally = context;
    struct verdicts verdicts;
    judges_ask(tally->judges, json, length, &verdicts);
    tally->asked++;
    tally->valid += verdicts.decoder && verdicts.validator ? 1 : 0;
    tally->invalid += !verdicts.decoder && !verdicts.validator ? 1 : 0;
    tally->different += verdicts.difference != NULL ? 1 : 0;
    if (!verdicts.is_settled && tally->failed++ < FAILURES_SHOWN) {
        printf("# %s: %.*s\n#   decoder: %s\n#   validator: %s\n", tally->judges->event,
               (int)(length < 1000 ? length : 1000), json,
               verdicts.decoder ? "valid" : verdicts.decoder_says,
               verdicts.validator ? "valid" : verdicts.validator_says);
    }
}

static const struct message *find_generated(const char *type)
{
    const struct message *sent = contract_find_send(&CONTRACT, type);
    const struct receive *heard = contract_find_receive(&CONTRACT, type);
    return sent != NULL ? sent : heard != NULL ? heard->message : NULL;
}

static uint64_t seed_of(const char *name)
{
    int64_t seed = 1;
    const char *wanted = getenv("QUADRILLE_SEED");
    ck_assert_msg(wanted == NULL || text_int(wanted, 0, INT64_MAX, &seed),
                  "QUADRILLE_SEED must be a number");
    uint64_t mixed = (uint64_t)seed;
    for (; *name != '\0'; name++) {
        mixed = mixed * 31 + (unsigned char)*name;
    }
    return mixed;
}

static void check_message(const struct model_message *model, enum codec_mode mode,
                          struct tally *total)
{
    const struct message *message = find_generated(model->type);
    ck_assert_msg(message != NULL, "%s has no table", model->type);
    struct judges judges;
    judges_init(&judges, &set, model, message, mode);
    struct tally tally = {.judges = &judges};
    struct dice dice = {.state = seed_of(model->name)};
    for (const struct node *each = model->examples->first; each != NULL; each = each->next) {
        struct variants variants = {0};
        variants_of(&variants, node_find(each, "payload"), model->payload);
        variants_single(&variants, judge, &tally);
        variants_random(&variants, &dice, RANDOM_VARIANTS, judge, &tally);
        variants_done(&variants);
    }
    judges_done(&judges);
    ck_assert_msg(tally.valid > 100 && tally.invalid > 100, "%s: %zu valid, %zu invalid",
                  message->name, tally.valid, tally.invalid);
    total->asked += tally.asked;
    total->valid += tally.valid;
    total->invalid += tally.invalid;
    total->different += tally.different;
    total->failed += tally.failed;
}

static void check_all(enum codec_mode mode, const char *what)
{
    struct tally total = {0};
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++) {
            check_message(service->sends[i].messages[j], mode, &total);
        }
    }
    for (size_t i = 0; i < service->receive_count; i++) {
        for (size_t j = 0; j < service->receives[i].message_count; j++) {
            check_message(service->receives[i].messages[j], mode, &total);
        }
    }
    printf("# %s, %s: %zu payloads judged: %zu valid, %zu invalid, %zu where the two may differ\n",
           CONTRACT.service, what, total.asked, total.valid, total.invalid, total.different);
    (void)fflush(stdout);
    ck_assert_msg(total.failed == 0, "%zu of %zu verdicts differ", total.failed, total.asked);
}

START_TEST(decoder_and_validator_agree_on_what_is_received)
{
    check_all(CODEC_OPEN, "received");
}
END_TEST

START_TEST(decoder_and_validator_agree_on_what_may_be_published)
{
    check_all(CODEC_CLOSED, "published");
}
END_TEST

/* ── Would wrong tables be noticed? ── */

/* Payloads on which decoder and validator agree, and their verdict. */
struct settled {
    const struct judges *judges;
    struct arena arena;
    struct payload {
        const char *json;
        size_t length;
        bool is_valid;
    } * items;
    size_t count, room;
    size_t bugs, missed;
};

static void keep(void *context, const char *json, size_t length)
{
    struct settled *settled = context;
    struct verdicts verdicts;
    judges_ask(settled->judges, json, length, &verdicts);
    if (verdicts.difference != NULL) {
        return;
    }
    if (settled->count == settled->room) {
        settled->room = settled->room == 0 ? 1024 : settled->room * 2;
        settled->items = xrealloc(settled->items, settled->room * sizeof settled->items[0]);
    }
    settled->items[settled->count++] = (struct payload){
        .json = arena_text(&settled->arena, json, length),
        .length = length,
        .is_valid = verdicts.validator,
    };
}

/* What a contract says twice: without one of the two it means the same. */
static const char *const unnoticeable[] = {
    /* The pattern does not match the empty text either. */
    "/name: without its lower bound",
    "/name: lower bound one less",
    "/providerReference: without its lower bound",
    "/providerReference: lower bound one less",
    /* No address of RFC 5321 has more than 254 bytes. */
    "/email: without its upper bound",
    "/email: upper bound one more",
};

static bool may_go_unnoticed(const char *what)
{
    for (size_t i = 0; i < COUNT_OF(unnoticeable); i++) {
        if (strcmp(unnoticeable[i], what) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_bug(void *context, const struct table_bug *bug)
{
    struct settled *settled = context;
    struct fault fault = {0};
    bool is_noticed = false;
    for (size_t i = 0; i < settled->count && !is_noticed; i++) {
        const struct payload *payload = &settled->items[i];
        is_noticed = judges_decode(bug->shape, CODEC_OPEN, payload->json, payload->length,
                                   &fault) != payload->is_valid;
    }
    settled->bugs++;
    if (is_noticed == may_go_unnoticed(bug->what)) {
        settled->missed++;
        printf("# %s%s: %s\n", settled->judges->event, bug->what,
               is_noticed ? "noticed, although it is listed as unnoticeable" : "nobody noticed");
    }
    return true;
}

static void check_tables(const struct model_message *model, size_t *bugs, size_t *missed)
{
    struct judges judges;
    judges_init(&judges, &set, model, find_generated(model->type), CODEC_OPEN);
    struct settled settled = {.judges = &judges};
    for (const struct node *each = model->examples->first; each != NULL; each = each->next) {
        struct variants variants = {0};
        variants_of(&variants, node_find(each, "payload"), model->payload);
        variants_single(&variants, keep, &settled);
        variants_done(&variants);
    }
    (void)table_bugs(judges.shape, check_bug, &settled);
    *bugs += settled.bugs;
    *missed += settled.missed;
    free(settled.items);
    arena_done(&settled.arena);
    judges_done(&judges);
}

START_TEST(every_wrong_row_of_a_table_is_noticed)
{
    size_t bugs = 0;
    size_t missed = 0;
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++) {
            check_tables(service->sends[i].messages[j], &bugs, &missed);
        }
    }
    printf("# %s: %zu wrong tables\n", CONTRACT.service, bugs);
    (void)fflush(stdout);
    ck_assert_uint_gt(bugs, 20);
    ck_assert_msg(missed == 0, "%zu of %zu wrong tables are not noticed", missed, bugs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agreement");
    TCase *tcase = tcase_create("agreement");
    tcase_set_timeout(tcase, 100);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, decoder_and_validator_agree_on_what_is_received);
    tcase_add_test(tcase, decoder_and_validator_agree_on_what_may_be_published);
    tcase_add_test(tcase, every_wrong_row_of_a_table_is_noticed);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
