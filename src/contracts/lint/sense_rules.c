/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

/* What the rules of this family say. `bad` and `good` are parts of the fixtures in
 * tests/contract/lint. */

#define ERROR(name, the_id, because, bad_lines, good_lines)                                        \
    const struct lint_rule name = {.id = (the_id),                                                 \
                                   .family = LINT_SENSE,                                           \
                                   .severity = LINT_ERROR,                                         \
                                   .summary = (because),                                           \
                                   .bad = (bad_lines),                                             \
                                   .good = (good_lines)}
#define WARNING(name, the_id, because, bad_lines, good_lines)                                      \
    const struct lint_rule name = {.id = (the_id),                                                 \
                                   .family = LINT_SENSE,                                           \
                                   .severity = LINT_WARNING,                                       \
                                   .summary = (because),                                           \
                                   .bad = (bad_lines),                                             \
                                   .good = (good_lines)}

/* Schemas */

ERROR(sense_misspelt_keyword, "misspelt-keyword",
      "A word that looks like a keyword of JSON Schema but is none: validators ignore it, so what "
      "it should check is never checked.",
      "propertis:\n  total: {type: integer}", "properties:\n  total: {type: integer}");
WARNING(sense_ignored_keyword, "ignored-keyword",
        "A keyword of another dialect (a later draft of JSON Schema, or OpenAPI): AsyncAPI's "
        "schemas are draft-07, where it means nothing.",
        "note: {type: string, nullable: true}", "note: {type: [string, 'null']}");
WARNING(sense_keyword_without_effect, "keyword-without-effect",
        "A keyword that never applies to values of the schema's type: it looks like a check and "
        "checks nothing.",
        "weight: {type: integer, maxLength: 5}", "weight: {type: integer, maximum: 99999}");
ERROR(sense_invalid_pattern, "invalid-pattern",
      "A regular expression that cannot be read: validators refuse the whole schema, or skip it.",
      "code: {type: string, pattern: '^[A-Z'}", "code: {type: string, pattern: '^[A-Z]+$'}");
WARNING(sense_unknown_format, "unknown-format", "A format that nobody knows is never checked.",
        "at: {type: string, format: datetime}", "at: {type: string, format: date-time}");
ERROR(sense_schema_circle, "schema-circle",
      "A schema that applies itself to the same value again, through allOf, anyOf, oneOf, not, if "
      "or dependencies: no validator can ever come to an end. Below properties or items it may "
      "hold itself.",
      "Tree:\n  allOf: [{$ref: '#/components/schemas/Tree'}]",
      "Tree:\n  properties: {left: {$ref: '#/components/schemas/Tree'}}");
ERROR(sense_contradictory_bounds, "contradictory-bounds",
      "A lower bound above the upper one: no value is ever valid.",
      "weight: {type: integer, minimum: 10, maximum: 1}",
      "weight: {type: integer, minimum: 1, maximum: 10}");
ERROR(sense_contradictory_values, "contradictory-values",
      "enum, const and type contradict each other, so that a listed value, or every value, is "
      "invalid.",
      "size: {type: integer, enum: [small, large]}", "size: {type: string, enum: [small, large]}");
ERROR(sense_required_undeclared, "required-undeclared",
      "A required member that no property declares: mostly one of the two is misspelt, and then "
      "no message is ever valid.",
      "required: [orderID]", "required: [orderId]");
ERROR(sense_discriminator_not_required, "discriminator-not-required",
      "The discriminator must be a required property, else there are values whose kind nobody can "
      "tell.",
      "discriminator: petType\nrequired: [name]",
      "discriminator: petType\nrequired: [name, petType]");
ERROR(sense_invalid_default, "invalid-default",
      "A default that its own schema refuses: whoever fills it in makes an invalid message.",
      "amount: {type: integer, default: none}", "amount: {type: integer, default: 0}");
ERROR(sense_invalid_example, "invalid-example",
      "An example that its own schema refuses: one of the two is wrong, and readers trust both.",
      "- payload: {orderId: 17}", "- payload: {orderId: o-17}");

/* Messages */

WARNING(sense_message_without_payload, "message-without-payload",
        "A message that does not say what is in it cannot be checked, nor understood.",
        "OrderPlaced: {name: OrderPlaced}",
        "OrderPlaced: {name: OrderPlaced, payload: {type: string}}");
ERROR(sense_headers_not_object, "headers-not-object",
      "Headers are names with values: their schema must be of type object.",
      "headers: {type: string}", "headers: {type: object}");
WARNING(sense_unknown_schema_format, "unknown-schema-format",
        "A schema format that is none of the specification's: few tools will read the schema.",
        "schemaFormat: application/vnd.apache.avra;version=1.9.0",
        "schemaFormat: application/vnd.apache.avro;version=1.9.0");
ERROR(sense_content_type_invalid, "content-type-invalid",
      "A content type must be a media type such as application/json, else no receiver knows how "
      "to read the bytes.",
      "contentType: not a media type", "contentType: application/json");
ERROR(sense_correlation_id_undeclared, "correlation-id-undeclared",
      "The correlation id is said to stand where the message declares nothing.",
      "location: $message.header#/correlation", "location: $message.header#/correlationId");
WARNING(sense_indistinguishable_messages, "indistinguishable-messages",
        "Every message on a channel must match exactly one of those that it lists, but a value can "
        "be valid as both.",
        "messages:\n  OrderPlaced:", "messages:\n  OrderPlaced:");

/* Channels */

ERROR(sense_address_parameter_undeclared, "address-parameter-undeclared",
      "An address with {name} in it needs a parameter of that name.",
      "address: orders.{orderId}.placed", "address: orders.{orderId}.placed\nparameters:");
ERROR(sense_parameter_unused, "parameter-unused",
      "A parameter that the address has no {place} for is never filled in.",
      "address: orders.placed\nparameters:", "address: orders.{orderId}.placed\nparameters:");
WARNING(sense_parameter_location_undeclared, "parameter-location-undeclared",
        "A parameter is said to stand where the channel's messages declare nothing.",
        "location: $message.payload#/id", "location: $message.payload#/orderId");
ERROR(sense_parameter_default, "parameter-default",
      "A default or an example of a parameter that is none of the values its enum lists.",
      "stage: {enum: [test, live], default: production}",
      "stage: {enum: [test, live], default: live}");
WARNING(sense_binding_without_server, "binding-without-server",
        "A binding for a protocol that none of the channel's servers speaks: it has no effect "
        "there.",
        "amqp: {is: queue, queue: {name: orders}, bindingVersion: 0.3.0}",
        "amqp: {is: queue, queue: {name: orders}, bindingVersion: 0.3.0}");
ERROR(sense_address_malformed, "address-malformed",
      "Braces in an address must be pairs around a name.", "address: orders.{orderId.placed",
      "address: orders.{orderId}.placed");
ERROR(sense_address_query, "address-query",
      "An address must have no query and no fragment: those belong into the bindings.",
      "address: /orders?kind=new", "address: /orders");
ERROR(sense_address_too_long, "address-too-long",
      "AMQP's routing keys and names have at most 255 bytes: nothing can be sent there.",
      "address: orders.a-very-long-address", "address: orders.placed");
WARNING(sense_duplicate_address, "duplicate-address",
        "Two channels with one address are one channel: what arrives there may belong to either.",
        "address: orders.placed", "address: orders.cancelled");
WARNING(sense_unused_channel, "unused-channel",
        "A channel that no operation uses: something is missing, or it can go.",
        "channels:\n  forgotten:", "operations:\n  sayForgotten:");
ERROR(sense_reserved_name, "reserved-name",
      "Names that begin with amq. are the broker's own: declaring them is refused (403).",
      "exchange: {name: amq.orders, type: topic}", "exchange: {name: orders, type: topic}");
WARNING(sense_misplaced_wildcard, "misplaced-wildcard",
        "In a topic exchange * and # stand for whole words between dots; inside a word they are "
        "ordinary letters that match nothing else.",
        "address: orders.pl*", "address: orders.*");

/* Documents */

WARNING(sense_version_invalid, "version-invalid",
        "A version that begins with no number cannot be compared with another.", "version: banana",
        "version: 1.0.0");
WARNING(sense_unused_component, "unused-component",
        "A component that nothing refers to: something is missing, or it can go.",
        "schemas:\n    Forgotten: {type: string}", "schemas:\n    Remembered: {type: string}");
ERROR(sense_server_variable, "server-variable",
      "A {variable} of a server's host or path and its `variables` must agree, and a default must "
      "be one of the allowed values.",
      "host: '{stage}.example.org'", "host: '{stage}.example.org'\nvariables:");

const struct lint_rule *const lint_sense_rules[] = {
    &sense_misspelt_keyword,
    &sense_ignored_keyword,
    &sense_keyword_without_effect,
    &sense_invalid_pattern,
    &sense_unknown_format,
    &sense_schema_circle,
    &sense_contradictory_bounds,
    &sense_contradictory_values,
    &sense_required_undeclared,
    &sense_discriminator_not_required,
    &sense_invalid_default,
    &sense_invalid_example,
    &sense_message_without_payload,
    &sense_headers_not_object,
    &sense_unknown_schema_format,
    &sense_content_type_invalid,
    &sense_correlation_id_undeclared,
    &sense_indistinguishable_messages,
    &sense_address_parameter_undeclared,
    &sense_parameter_unused,
    &sense_parameter_location_undeclared,
    &sense_parameter_default,
    &sense_binding_without_server,
    &sense_address_malformed,
    &sense_address_query,
    &sense_address_too_long,
    &sense_duplicate_address,
    &sense_unused_channel,
    &sense_reserved_name,
    &sense_misplaced_wildcard,
    &sense_version_invalid,
    &sense_unused_component,
    &sense_server_variable,
};
const size_t lint_sense_rule_count = COUNT_OF(lint_sense_rules);
