/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_CHOREOGRAPHY_H
#define CONTRACTS_LINT_CHOREOGRAPHY_H

#include "contracts/lint/lint.h"

/* The rules of the family *choreography*; what they say is in choreography_rules.c, how they judge
 * in the files below. */

/* Who says what to whom */
extern const struct lint_rule choreography_consumed_not_published;
extern const struct lint_rule choreography_published_not_consumed;
extern const struct lint_rule choreography_unreachable_binding;
extern const struct lint_rule choreography_binding_matches_more;
extern const struct lint_rule choreography_dead_letter_without_queue;
extern const struct lint_rule choreography_personal_data_exposed;

/* Sagas */
extern const struct lint_rule choreography_unknown_outcome;
extern const struct lint_rule choreography_unknown_compensation;
extern const struct lint_rule choreography_saga_outcome_unheard;
extern const struct lint_rule choreography_saga_without_end;
extern const struct lint_rule choreography_effect_without_compensation;

/* Conventions of profile quadrille */
extern const struct lint_rule choreography_name_not_past_tense;
extern const struct lint_rule choreography_two_majors_received;
extern const struct lint_rule choreography_not_all_heard;
extern const struct lint_rule choreography_misspelt_extension;
extern const struct lint_rule choreography_misplaced_extension;
extern const struct lint_rule choreography_copied_channel;
extern const struct lint_rule choreography_convention;

void choreography_flow(struct lint *lint);
void choreography_personal(struct lint *lint);
void choreography_sagas(struct lint *lint);
void choreography_extensions(struct lint *lint);
void choreography_ours(struct lint *lint);

/* Its info says x-hears-all: true. */
bool choreography_hears_all(const struct asyncapi_document *document);

/* A member that is `true`. */
bool choreography_says_true(const struct node *map, const char *key);

#endif
