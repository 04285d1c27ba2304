/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/structure_rules.h"

/* What the rules of this family say. `bad` and `good` are parts of the fixtures in
 * tests/contract/lint. */

#define RULE(name, how, the_id, because, bad_lines, good_lines)                                    \
    const struct lint_rule structure_##name = {.id = (the_id),                                     \
                                               .family = LINT_STRUCTURE,                           \
                                               .severity = (how),                                  \
                                               .summary = (because),                               \
                                               .bad = (bad_lines),                                 \
                                               .good = (good_lines)}
#define ERROR(name, ...) RULE(name, LINT_ERROR, __VA_ARGS__)
#define WARNING(name, ...) RULE(name, LINT_WARNING, __VA_ARGS__)

ERROR(unsupported_version, "unsupported-version",
      "Only AsyncAPI 3.0 and 3.1 are judged: an older document means something else by the same "
      "words.",
      "asyncapi: 2.6.0", "asyncapi: 3.0.0");
ERROR(unknown_key, "unknown-key",
      "A member that the specification does not know: it is misspelt, stands in the wrong place, "
      "or needs the prefix x-.",
      "adress: orders.placed", "address: orders.placed");
ERROR(wrong_type, "wrong-type", "A value of another kind than the specification demands.",
      "durable: 'yes'", "durable: true");
ERROR(missing_required, "missing-required", "A member without which the object says nothing.",
      "info:\n  title: Orders", "info:\n  title: Orders\n  version: 1.0.0");
ERROR(bad_value, "bad-value", "A value that the specification does not allow there.",
      "action: publish", "action: send");
ERROR(bad_component_key, "bad-component-key",
      "The name of a component may hold letters, digits, dots, - and _ alone, so that every "
      "reference can name it.",
      "Order placed: {type: object}", "OrderPlaced: {type: object}");
ERROR(duplicate_entry, "duplicate-entry", "An entry that stands twice in a list without doubles.",
      "required: [id, id]", "required: [id, at]");
ERROR(duplicate_tag, "duplicate-tag",
      "Two tags of one name: nobody knows which description counts.",
      "- name: sales\n- name: sales", "- name: sales\n- name: money");

ERROR(reference_not_allowed, "reference-not-allowed",
      "The specification allows no reference there: the object must be written out.",
      "info: {$ref: '#/components/x-info'}", "info: {title: Orders, version: 1.0.0}");
ERROR(reference_required, "reference-required",
      "There must be a reference, so that channels, messages and servers are defined once.",
      "messages: [{payload: {type: object}}]",
      "messages: [{$ref: '#/channels/placed/messages/OrderPlaced'}]");
ERROR(reference_kind, "reference-kind", "A reference to an object of another kind.",
      "address: orders.placed\nbindings: {$ref: '#/components/operationBindings/events'}",
      "action: send\nbindings: {$ref: '#/components/operationBindings/events'}");
WARNING(reference_siblings, "reference-siblings",
        "What stands beside $ref is ignored, whoever wrote it meant something.",
        "name: OrderPlaced", "OrderPlaced:\n        $ref: '#/components/messages/OrderPlaced'");
ERROR(dangling_reference, "dangling-reference",
      "A reference that leads nowhere: nobody knows what is meant.",
      "payload: {$ref: '#/components/schemas/Ordr'}",
      "payload: {$ref: '#/components/schemas/Order'}");
ERROR(reference_circular, "reference-circular",
      "A reference that leads back to itself before anything is said.",
      "OrderPlaced: {$ref: '#/channels/placed/messages/Again'}\n"
      "Again: {$ref: '#/channels/placed/messages/OrderPlaced'}",
      "OrderPlaced: {payload: {type: object}}");
WARNING(reference_not_followed, "reference-not-followed",
        "An address or an absolute path is not followed, so nothing behind it is judged: the "
        "network is never asked, and a path of one machine means nothing on another.",
        "payload: {$ref: 'https://example.org/order.json'}", "payload: {$ref: './order.json'}");

ERROR(operation_channel, "operation-channel-reference",
      "An operation must point to a channel of the document's own `channels`.",
      "channel: {$ref: '#/components/channels/placed'}", "channel: {$ref: '#/channels/placed'}");
ERROR(operation_message, "operation-message-reference",
      "The messages of an operation must be references into the `messages` of its channel, and "
      "not to a component.",
      "messages: [{$ref: '#/components/messages/OrderPlaced'}]",
      "messages: [{$ref: '#/channels/placed/messages/OrderPlaced'}]");
ERROR(reply_channel, "reply-channel-reference",
      "The reply of an operation must point to a channel of the document's own `channels`.",
      "channel: {$ref: '#/components/channels/answers'}", "channel: {$ref: '#/channels/answers'}");
ERROR(reply_message, "reply-message-reference",
      "The messages of a reply must be references into the `messages` of the reply's channel.",
      "messages: [{$ref: '#/channels/questions/messages/Question'}]",
      "messages: [{$ref: '#/channels/answers/messages/Answer'}]");
ERROR(reply_address, "reply-address",
      "A reply whose address is known at run time only cannot use a channel that has an address.",
      "address: {location: '$message.header#/replyTo'}", "address: null");
ERROR(channel_server, "channel-server-reference",
      "The servers of a channel must be references into the document's own `servers`.",
      "servers: [{$ref: '#/components/servers/broker'}]", "servers: [{$ref: '#/servers/broker'}]");
ERROR(amqp_parts, "amqp-channel-parts",
      "An AMQP channel is a routing key of an exchange, or a queue: it needs the one part and "
      "cannot have the other.",
      "is: queue\n        exchange: {name: orders, type: topic}",
      "is: routingKey\n        exchange: {name: orders, type: topic}");

const struct lint_rule *const lint_structure_rules[] = {
    &structure_unsupported_version,
    &structure_unknown_key,
    &structure_wrong_type,
    &structure_missing_required,
    &structure_bad_value,
    &structure_bad_component_key,
    &structure_duplicate_entry,
    &structure_duplicate_tag,
    &structure_reference_not_allowed,
    &structure_reference_required,
    &structure_reference_kind,
    &structure_reference_siblings,
    &structure_dangling_reference,
    &structure_reference_circular,
    &structure_reference_not_followed,
    &structure_operation_channel,
    &structure_operation_message,
    &structure_reply_channel,
    &structure_reply_message,
    &structure_reply_address,
    &structure_channel_server,
    &structure_amqp_parts,
};
const size_t lint_structure_rule_count = COUNT_OF(lint_structure_rules);
