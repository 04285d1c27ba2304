/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

/* The objects of AsyncAPI 3 but for schemas, security schemes and bindings, which have files of
 * their own. */

/* clang-format off */
#define OBJECT(title, table, where) \
    {.name = (title), .members = (table), .member_count = COUNT_OF(table), .section = (where)}

#define TEXT(name) {name, SPEC_TEXT}
#define REQUIRED_TEXT(name) {name, SPEC_TEXT, SPEC_REQUIRED}
#define URL(name) {name, SPEC_TEXT, .check = spec_is_uri}
#define EXPRESSION(flags) {"location", SPEC_TEXT, flags, .check = spec_is_expression}
#define ONE(name, what) {name, .object = (what), .flags = SPEC_REF}
#define LIST(name, what) {name, .object = (what), .holds = SPEC_LIST_OF, .flags = SPEC_REF}
#define MAP(name, what) {name, .object = (what), .holds = SPEC_MAP_OF, .flags = SPEC_REF}
#define COMPONENTS(name, what) {name, .object = (what), .holds = SPEC_COMPONENTS_OF, .flags = SPEC_REF}
#define REFERENCES(name, what, extra) \
    {name, .object = (what), .holds = SPEC_LIST_OF, .flags = SPEC_REF_ONLY | (extra)}
#define SCHEMA(name) {name, .object = &spec_schema, .flags = SPEC_REF | SPEC_SCHEMA}

#define TITLE TEXT("title"), TEXT("summary"), TEXT("description")
#define TAGS LIST("tags", &spec_tag)
#define DOCS ONE("externalDocs", &spec_external_docs)

static const struct spec_member external_docs_members[] = {
    TEXT("description"),
    {"url", SPEC_TEXT, SPEC_REQUIRED, .check = spec_is_uri},
};
const struct spec_object spec_external_docs =
    OBJECT("External Documentation Object", external_docs_members, "externalDocs");

static const struct spec_member tag_members[] = {REQUIRED_TEXT("name"), TEXT("description"), DOCS};
const struct spec_object spec_tag = OBJECT("Tag Object", tag_members, "tags");

static const struct spec_member contact_members[] = {
    TEXT("name"), URL("url"), {"email", SPEC_TEXT, .check = spec_is_email},
};
static const struct spec_object contact = OBJECT("Contact Object", contact_members, NULL);

static const struct spec_member license_members[] = {REQUIRED_TEXT("name"), URL("url")};
static const struct spec_object license = OBJECT("License Object", license_members, NULL);

static const struct spec_member info_members[] = {
    REQUIRED_TEXT("title"),
    REQUIRED_TEXT("version"),
    TEXT("description"),
    URL("termsOfService"),
    {"contact", .object = &contact},
    {"license", .object = &license},
    TAGS, DOCS,
};
static const struct spec_object info = OBJECT("Info Object", info_members, NULL);

static const struct spec_member variable_members[] = {
    {"enum", SPEC_LIST, SPEC_TEXTS | SPEC_UNIQUE},
    TEXT("default"),
    TEXT("description"),
    {"examples", SPEC_LIST, SPEC_TEXTS},
};
static const struct spec_object variable = OBJECT("Server Variable Object", variable_members, "serverVariables");

static const struct spec_member server_members[] = {
    REQUIRED_TEXT("host"),
    REQUIRED_TEXT("protocol"),
    TEXT("protocolVersion"),
    TEXT("pathname"),
    TITLE,
    MAP("variables", &variable),
    LIST("security", &spec_security_scheme),
    TAGS, DOCS,
    ONE("bindings", &spec_server_bindings),
};
static const struct spec_object server = OBJECT("Server Object", server_members, "servers");

static const struct spec_member parameter_members[] = {
    {"enum", SPEC_LIST, SPEC_TEXTS},
    TEXT("default"),
    TEXT("description"),
    {"examples", SPEC_LIST, SPEC_TEXTS},
    EXPRESSION(0),
};
static const struct spec_object parameter = OBJECT("Parameter Object", parameter_members, "parameters");

static const struct spec_member correlation_members[] = {TEXT("description"), EXPRESSION(SPEC_REQUIRED)};
static const struct spec_object correlation = OBJECT("Correlation ID Object", correlation_members, "correlationIds");

static const struct spec_member example_members[] = {
    {"headers", SPEC_MAP},
    {"payload", SPEC_ANY},
    TEXT("name"),
    TEXT("summary"),
};
const struct spec_object spec_message_example = OBJECT("Message Example Object", example_members, NULL);

#define TRAIT_MEMBERS \
    SCHEMA("headers"), \
    ONE("correlationId", &correlation), \
    TEXT("contentType"), \
    TEXT("name"), \
    TITLE, TAGS, DOCS, \
    ONE("bindings", &spec_message_bindings), \
    {"examples", .object = &spec_message_example, .holds = SPEC_LIST_OF}, \
    {"deprecated", SPEC_BOOLEAN}

static const struct spec_member message_trait_members[] = {TRAIT_MEMBERS};
static const struct spec_object message_trait = OBJECT("Message Trait Object", message_trait_members, "messageTraits");

static const struct spec_member message_members[] = {
    TRAIT_MEMBERS,
    SCHEMA("payload"),
    LIST("traits", &message_trait),
};
static const struct spec_object message = OBJECT("Message Object", message_members, "messages");

static const struct spec_member channel_members[] = {
    {"address", SPEC_TEXT | SPEC_NULL},
    MAP("messages", &message),
    TITLE,
    REFERENCES("servers", &server, SPEC_UNIQUE),
    MAP("parameters", &parameter),
    TAGS, DOCS,
    ONE("bindings", &spec_channel_bindings),
};
static const struct spec_object channel = OBJECT("Channel Object", channel_members, "channels");

static const struct spec_member reply_address_members[] = {TEXT("description"), EXPRESSION(SPEC_REQUIRED)};
static const struct spec_object reply_address =
    OBJECT("Operation Reply Address Object", reply_address_members, "replyAddresses");

static const struct spec_member reply_members[] = {
    ONE("address", &reply_address),
    {"channel", .object = &channel, .flags = SPEC_REF_ONLY},
    REFERENCES("messages", &message, 0),
};
static const struct spec_object reply = OBJECT("Operation Reply Object", reply_members, "replies");

#define OPERATION_TRAIT_MEMBERS \
    TITLE, \
    LIST("security", &spec_security_scheme), \
    TAGS, DOCS, \
    ONE("bindings", &spec_operation_bindings)

static const struct spec_member operation_trait_members[] = {OPERATION_TRAIT_MEMBERS};
static const struct spec_object operation_trait =
    OBJECT("Operation Trait Object", operation_trait_members, "operationTraits");

static const char *const actions[] = {"send", "receive", NULL};
static const struct spec_member operation_members[] = {
    OPERATION_TRAIT_MEMBERS,
    {"action", SPEC_TEXT, SPEC_REQUIRED, .values = actions},
    {"channel", .object = &channel, .flags = SPEC_REQUIRED | SPEC_REF_ONLY},
    REFERENCES("messages", &message, 0),
    ONE("reply", &reply),
    LIST("traits", &operation_trait),
};
static const struct spec_object operation = OBJECT("Operation Object", operation_members, "operations");

static const struct spec_member components_members[] = {
    {"schemas", .object = &spec_schema, .holds = SPEC_COMPONENTS_OF, .flags = SPEC_REF | SPEC_SCHEMA},
    COMPONENTS("servers", &server),
    COMPONENTS("channels", &channel),
    COMPONENTS("operations", &operation),
    COMPONENTS("messages", &message),
    COMPONENTS("securitySchemes", &spec_security_scheme),
    COMPONENTS("serverVariables", &variable),
    COMPONENTS("parameters", &parameter),
    COMPONENTS("correlationIds", &correlation),
    COMPONENTS("replies", &reply),
    COMPONENTS("replyAddresses", &reply_address),
    COMPONENTS("externalDocs", &spec_external_docs),
    COMPONENTS("tags", &spec_tag),
    COMPONENTS("operationTraits", &operation_trait),
    COMPONENTS("messageTraits", &message_trait),
    COMPONENTS("serverBindings", &spec_server_bindings),
    COMPONENTS("channelBindings", &spec_channel_bindings),
    COMPONENTS("operationBindings", &spec_operation_bindings),
    COMPONENTS("messageBindings", &spec_message_bindings),
};
static const struct spec_object components = OBJECT("Components Object", components_members, NULL);

static const struct spec_member document_members[] = {
    REQUIRED_TEXT("asyncapi"),
    URL("id"),
    {"info", .object = &info, .flags = SPEC_REQUIRED},
    MAP("servers", &server),
    TEXT("defaultContentType"),
    MAP("channels", &channel),
    MAP("operations", &operation),
    {"components", .object = &components},
};
const struct spec_object spec_document = OBJECT("AsyncAPI Object", document_members, NULL);
/* clang-format on */
