/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_SENSE_H
#define CONTRACTS_LINT_SENSE_H

#include "contracts/lint/lint.h"
#include "contracts/lint/schema_walk.h"

/* The rules of the family *sense*; what they say is in sense_rules.c, how they judge in the files
 * below. */

/* Schemas */
extern const struct lint_rule sense_misspelt_keyword;
extern const struct lint_rule sense_ignored_keyword;
extern const struct lint_rule sense_keyword_without_effect;
extern const struct lint_rule sense_invalid_pattern;
extern const struct lint_rule sense_unknown_format;
extern const struct lint_rule sense_schema_circle;
extern const struct lint_rule sense_contradictory_bounds;
extern const struct lint_rule sense_contradictory_values;
extern const struct lint_rule sense_required_undeclared;
extern const struct lint_rule sense_discriminator_not_required;
extern const struct lint_rule sense_invalid_default;
extern const struct lint_rule sense_invalid_example;

/* Messages */
extern const struct lint_rule sense_message_without_payload;
extern const struct lint_rule sense_headers_not_object;
extern const struct lint_rule sense_unknown_schema_format;
extern const struct lint_rule sense_content_type_invalid;
extern const struct lint_rule sense_correlation_id_undeclared;
extern const struct lint_rule sense_indistinguishable_messages;

/* Channels */
extern const struct lint_rule sense_address_parameter_undeclared;
extern const struct lint_rule sense_parameter_unused;
extern const struct lint_rule sense_parameter_location_undeclared;
extern const struct lint_rule sense_parameter_default;
extern const struct lint_rule sense_binding_without_server;
extern const struct lint_rule sense_address_malformed;
extern const struct lint_rule sense_address_query;
extern const struct lint_rule sense_address_too_long;
extern const struct lint_rule sense_duplicate_address;
extern const struct lint_rule sense_unused_channel;
extern const struct lint_rule sense_reserved_name;
extern const struct lint_rule sense_misplaced_wildcard;

/* Documents */
extern const struct lint_rule sense_version_invalid;
extern const struct lint_rule sense_unused_component;
extern const struct lint_rule sense_server_variable;

void sense_schema(struct lint *lint, const struct schema_visit *visit);
void sense_schema_examples(struct lint *lint, const struct schema_visit *visit);
void sense_message_examples(struct lint *lint, const struct asyncapi_message *message);
void sense_message(struct lint *lint, const struct asyncapi_message *message);
/* `content_type` may be NULL. */
void sense_content_type(struct lint *lint, const struct node *content_type);
void sense_channel(struct lint *lint, const struct asyncapi_document *document,
                   const struct asyncapi_channel *channel);
/* Channels of one document that are one. */
void sense_duplicates(struct lint *lint, const struct asyncapi_document *document);
/* `steps` is how much work may still be done in this run. */
void sense_alike(struct lint *lint, const struct asyncapi_channel *channel, int *steps);
void sense_document(struct lint *lint, const struct asyncapi_document *document);
/* Of the whole set: what nobody refers to. */
void sense_unused(struct lint *lint);

/* Whether a format names JSON Schema (as AsyncAPI has it by default; NULL is the default). */
bool sense_is_json_schema(const char *schema_format);

#endif
