/* SPDX-License-Identifier: Apache-2.0 */
#include "billing_contract.h"
#include "core/memory.h"

/* The generated table belongs to a file with all of billing's handlers; its order is the enum's. */
const char *const decline_reason_values[COUNT_OF(decline_reason_values)] = {
    [DECLINE_REASON_CARD_DECLINED] = "card_declined",
    [DECLINE_REASON_INSUFFICIENT_FUNDS] = "insufficient_funds",
    [DECLINE_REASON_LOST_CARD] = "lost_card",
    [DECLINE_REASON_STOLEN_CARD] = "stolen_card",
    [DECLINE_REASON_EXPIRED_CARD] = "expired_card",
    [DECLINE_REASON_INCORRECT_CVC] = "incorrect_cvc",
    [DECLINE_REASON_PROCESSING_ERROR] = "processing_error",
    [DECLINE_REASON_AUTHENTICATION_REQUIRED] = "authentication_required",
    [DECLINE_REASON_OTHER] = "other",
};
