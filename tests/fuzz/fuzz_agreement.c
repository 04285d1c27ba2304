/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/handlers.h"

#include "contract/variants/judges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Whatever the bytes: the generated decoder of the contract with everything that maps to C and the
 * general validator come to the same verdict, but where they may differ.
 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct contract_set set;
static struct judges open_judges, closed_judges;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct fault fault = {0};
    (void)argc;
    (void)argv;
    if (contract_set_load(&set, CONTRACTS, &fault) != OK ||
        contract_prepare(&CONTRACT, &fault) != OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    const struct model_message *model =
        &contract_set_find(&set, CONTRACT.service)->channels[0].messages[0];
    judges_init(&open_judges, &set, model, CONTRACT.sends[0], CODEC_OPEN);
    judges_init(&closed_judges, &set, model, CONTRACT.sends[0], CODEC_CLOSED);
    return 0;
}

static void judge(const struct judges *judges, const char *json, size_t length)
{
    struct verdicts verdicts;
    judges_ask(judges, json, length, &verdicts);
    /* Which name it is that no contract declares, the fuzzer knows better than the table. */
    bool repeats = verdicts.decoder && strstr(verdicts.validator_says, "already there") != NULL;
    if (!verdicts.is_settled && !repeats) {
        (void)fprintf(stderr, "decoder: %s\nvalidator: %s\n",
                      verdicts.decoder ? "valid" : verdicts.decoder_says,
                      verdicts.validator ? "valid" : verdicts.validator_says);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *json = xmalloc(size + 1);
    memcpy(json, data, size);
    json[size] = '\0';
    judge(&open_judges, json, size);
    judge(&closed_judges, json, size);
    free(json);
    return 0;
}
