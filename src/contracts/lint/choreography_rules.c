/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

/* What the rules of this family say. `bad` and `good` are parts of the fixtures in
 * tests/contract/lint. */

#define RULE(name, the_id, because, bad_lines, good_lines, ...)                                    \
    const struct lint_rule name = {.id = (the_id),                                                 \
                                   .family = LINT_CHOREOGRAPHY,                                    \
                                   .summary = (because),                                           \
                                   .bad = (bad_lines),                                             \
                                   .good = (good_lines),                                           \
                                   __VA_ARGS__}

RULE(choreography_consumed_not_published, "consumed-not-published",
     "A message that a service waits for and no service of this run says: it waits for ever.",
     "address: billing.payment-complete.v1", "address: billing.payment-completed.v1",
     .severity = LINT_WARNING, .is_error_in_ours = true);
RULE(choreography_published_not_consumed, "published-not-consumed",
     "A message that no service of this run hears: nobody needs it, or somebody has forgotten to "
     "listen. Write x-external: true where listeners are elsewhere.",
     "sayPaymentFailed:\n  action: send", "x-external: true", .severity = LINT_WARNING);
RULE(choreography_unreachable_binding, "unreachable-binding",
     "A binding key that matches nothing of what is said on its exchange: its queue stays empty.",
     "address: orders.*.placed", "address: orders.#", .severity = LINT_WARNING,
     .is_error_in_ours = true);
RULE(choreography_binding_matches_more, "binding-matches-more",
     "A binding key that also matches messages which the operation does not expect.",
     "address: orders.#", "address: orders.placed.*", .severity = LINT_WARNING);
RULE(choreography_dead_letter_without_queue, "dead-letter-without-queue",
     "A dead-letter exchange that no queue is bound to: what dies is lost without a trace.",
     "x-dead-letter-exchange: orders.dlx", "exchange: {name: orders.dlx, type: fanout}",
     .severity = LINT_ERROR);
RULE(choreography_personal_data_exposed, "personal-data-exposed",
     "Personal data in a header or an address: both are logged, routed and kept by everything on "
     "the way.",
     "email: {type: string, x-personal: true}", "userId: {type: string}", .severity = LINT_ERROR);

RULE(choreography_unknown_outcome, "unknown-outcome",
     "x-outcomes names a message that the service never says.", "x-outcomes: [PaymentComplete]",
     "x-outcomes: [PaymentCompleted]", .severity = LINT_ERROR);
RULE(choreography_unknown_compensation, "unknown-compensation",
     "x-compensates names no receiving operation of its document.", "x-compensates: chargeCustomr",
     "x-compensates: chargeCustomer", .severity = LINT_ERROR);
RULE(choreography_saga_outcome_unheard, "saga-outcome-unheard",
     "An event of a saga that no step of it reacts to: the story stops there. Write x-saga-end: "
     "true where it is meant to end.",
     "sayPaymentFailed:\n  action: send", "x-saga-end: true", .severity = LINT_ERROR);
RULE(choreography_saga_without_end, "saga-without-end",
     "From this event of a saga no path leads to an end: the story stops in a step without "
     "outcomes, or turns in a circle.",
     "notePayment:\n  action: receive", "x-outcomes: [UpgradeCompleted]", .severity = LINT_ERROR);
RULE(choreography_effect_without_compensation, "effect-without-compensation",
     "A step of a saga has an effect in the world outside (x-external-effect), and no step that "
     "can still come undoes it.",
     "x-external-effect: true", "x-compensates: chargeCustomer", .severity = LINT_ERROR);

RULE(choreography_name_not_past_tense, "name-not-past-tense",
     "An event is a fact, and facts are in the past tense: a name such as ChargeCustomer is a "
     "command in disguise.",
     "name: CompletePayment", "name: PaymentCompleted", .severity = LINT_ERROR, .is_ours = true);
RULE(choreography_two_majors_received, "two-majors-received",
     "A service that hears two major versions of one event does everything twice.",
     "bookPaymentV2:\n  action: receive", "bookPayment:\n  action: receive", .severity = LINT_ERROR,
     .is_ours = true);
RULE(choreography_not_all_heard, "not-all-heard",
     "A service that says x-hears-all, and a message of this run that it does not hear: what it "
     "keeps has a hole.",
     "x-hears-all: true", "recordPaymentFailed:\n  action: receive", .severity = LINT_ERROR,
     .is_ours = true);
RULE(choreography_misspelt_extension, "misspelt-extension",
     "A key that looks like one of our extensions but is none: it means nothing.",
     "x-outcome: [InvoiceWritten]", "x-outcomes: [InvoiceWritten]", .severity = LINT_ERROR,
     .is_ours = true);
RULE(choreography_misplaced_extension, "misplaced-extension",
     "An extension of ours where it means nothing.", "x-personal: true",
     "email: {type: string, format: email, x-personal: true}", .severity = LINT_ERROR,
     .is_ours = true);
RULE(choreography_copied_channel, "copied-channel",
     "A listener that copies a channel instead of referring to its owner's: the copy will age.",
     "paymentCompleted:\n  address: billing.payment-completed.v1",
     "paymentCompleted: {$ref: './billing.yaml#/channels/paymentCompleted'}",
     .severity = LINT_ERROR, .is_ours = true);
RULE(choreography_convention, "convention",
     "What the generator and the topology refuse: addresses, exchanges, names, extensions and "
     "payloads have one form in this profile (docs/contracts.md).",
     "address: billing.PaymentCompleted", "address: billing.payment-completed.v1",
     .severity = LINT_ERROR, .is_ours = true);

const struct lint_rule *const lint_choreography_rules[] = {
    &choreography_consumed_not_published,
    &choreography_published_not_consumed,
    &choreography_unreachable_binding,
    &choreography_binding_matches_more,
    &choreography_dead_letter_without_queue,
    &choreography_personal_data_exposed,
    &choreography_unknown_outcome,
    &choreography_unknown_compensation,
    &choreography_saga_outcome_unheard,
    &choreography_saga_without_end,
    &choreography_effect_without_compensation,
    &choreography_name_not_past_tense,
    &choreography_two_majors_received,
    &choreography_not_all_heard,
    &choreography_misspelt_extension,
    &choreography_misplaced_extension,
    &choreography_copied_channel,
    &choreography_convention,
};
const size_t lint_choreography_rule_count = COUNT_OF(lint_choreography_rules);
