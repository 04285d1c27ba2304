/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_cards.h"

#include <string.h>

#define DECLINED "Your card was declined."

/* clang-format off */
static const struct card cards[] = {
    /* method                                        charge             refund     code              decline_code          message */
    {"pm_card_visa",                                 SUCCEEDS,          SUCCEEDS,  NULL,             NULL,                 NULL},
    {"pm_card_mastercard",                           SUCCEEDS,          SUCCEEDS,  NULL,             NULL,                 NULL},
    {"pm_card_refundFail",                           SUCCEEDS,          FAILS,     NULL,             NULL,                 NULL},
    {"pm_card_pendingRefund",                        SUCCEEDS,          PROCESSES, NULL,             NULL,                 NULL},
    {"pm_card_chargeDeclined",                       FAILS,             SUCCEEDS,  "card_declined",  "generic_decline",    DECLINED},
    {"pm_card_visa_chargeDeclined",                  FAILS,             SUCCEEDS,  "card_declined",  "generic_decline",    DECLINED},
    {"pm_card_chargeCustomerFail",                   FAILS,             SUCCEEDS,  "card_declined",  "generic_decline",    DECLINED},
    {"pm_card_chargeDeclinedInsufficientFunds",      FAILS,             SUCCEEDS,  "card_declined",  "insufficient_funds", "Your card has insufficient funds."},
    {"pm_card_visa_chargeDeclinedInsufficientFunds", FAILS,             SUCCEEDS,  "card_declined",  "insufficient_funds", "Your card has insufficient funds."},
    {"pm_card_visa_chargeDeclinedLostCard",          FAILS,             SUCCEEDS,  "card_declined",  "lost_card",          DECLINED},
    {"pm_card_visa_chargeDeclinedStolenCard",        FAILS,             SUCCEEDS,  "card_declined",  "stolen_card",        DECLINED},
    {"pm_card_chargeDeclinedExpiredCard",            FAILS,             SUCCEEDS,  "expired_card",   NULL,                 "Your card has expired."},
    {"pm_card_chargeDeclinedIncorrectCvc",           FAILS,             SUCCEEDS,  "incorrect_cvc",  NULL,                 "Your card's security code is incorrect."},
    {"pm_card_chargeDeclinedProcessingError",        FAILS,             SUCCEEDS,  "processing_error", NULL,               "An error occurred while processing your card. Try again in a little bit."},
    {"pm_card_authenticationRequired",               NEEDS_ACTION,      SUCCEEDS,  NULL,             NULL,                 NULL},
    {"pm_usBankAccount_success",                     PROCESSES,         SUCCEEDS,  NULL,             NULL,                 NULL},
    {"pm_usBankAccount_processing",                  PROCESSES_FOREVER, SUCCEEDS,  NULL,             NULL,                 NULL},
};
/* clang-format on */

const struct card *card_find(const char *method)
{
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        if (strcmp(cards[i].method, method) == 0) {
            return &cards[i];
        }
    }
    return NULL;
}

static const char *say(const struct card *card)
{
    switch (card->charge) {
    case FAILS:
        return card->decline_code == NULL ? card->code : card->decline_code;
    case NEEDS_ACTION:
        return "requires_action";
    case PROCESSES:
        return "processing, succeeds after --processing-ms";
    case PROCESSES_FOREVER:
        return "processing until POST /settle";
    case SUCCEEDS:
        break;
    }
    switch (card->refund) {
    case FAILS:
        return "succeeds, its refund fails";
    case PROCESSES:
        return "succeeds, its refund is pending for --processing-ms";
    case SUCCEEDS:
    case NEEDS_ACTION:
    case PROCESSES_FOREVER:
        break;
    }
    return "succeeds";
}

void cards_print(FILE *out)
{
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        fprintf(out, "  %-46s %s\n", cards[i].method, say(&cards[i]));
    }
}
