/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_STRUCTURE_RULES_H
#define CONTRACTS_LINT_STRUCTURE_RULES_H

#include "contracts/lint/lint.h"
#include "contracts/lint/spec.h"

/* The rules of the family, for lint/structure*.c alone. */

extern const struct lint_rule structure_unsupported_version, structure_unknown_key,
    structure_wrong_type, structure_missing_required, structure_bad_value,
    structure_bad_component_key, structure_duplicate_entry, structure_duplicate_tag,
    structure_reference_not_allowed, structure_reference_required, structure_reference_kind,
    structure_reference_siblings, structure_dangling_reference, structure_reference_circular,
    structure_reference_not_followed, structure_operation_channel, structure_operation_message,
    structure_reply_channel, structure_reply_message, structure_reply_address,
    structure_channel_server, structure_amqp_parts;

/* lint/structure_links.c: what a member's table cannot say, because it depends on other objects. */
void structure_links(struct lint *lint, const struct asyncapi_document *document);

#endif
