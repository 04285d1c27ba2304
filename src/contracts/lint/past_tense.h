/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_PAST_TENSE_H
#define CONTRACTS_LINT_PAST_TENSE_H

#include <stdbool.h>

/*
 * Whether a name such as PaymentCompleted, FitnessGoalSet or UserLoggedIn says that something has
 * happened: its last word, before an adverb such as In or Out, is a past participle. English is a
 * guess: regular verbs by their ending, irregular ones by a table.
 */
bool past_tense_is_fact(const char *name);

#endif
