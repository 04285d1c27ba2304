/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

#include "core/format.h"
#include "core/text.h"

#include <string.h>

/* Values that a kind alone does not describe. Each answers NULL or what must be there. */

const char *spec_is_uri(const struct node *value)
{
    bool is_right = format_is_uri(value->text, strlen(value->text));
    return is_right ? NULL : "an absolute URI such as https://example.org/";
}

const char *spec_is_email(const struct node *value)
{
    bool is_right = format_is_email(value->text, strlen(value->text));
    return is_right ? NULL : "an email address";
}

/* The rest of a JSON Pointer: ~ only as ~0 and ~1. */
static bool is_pointer(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '~' && at[1] != '0' && at[1] != '1') {
            return false;
        }
    }
    return *text == '\0' || *text == '/';
}

const char *spec_is_expression(const struct node *value)
{
    static const char *const sources[] = {"$message.header#", "$message.payload#"};
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (text_starts_with(value->text, sources[i]) &&
            is_pointer(value->text + strlen(sources[i]))) {
            return NULL;
        }
    }
    return "a runtime expression such as $message.header#/correlationId or $message.payload#/id";
}

const char *spec_is_natural(const struct node *value)
{
    return value->number >= 0 ? NULL : "0 or more";
}

/* By the text: the smallest numbers are 0 as a double. */
const char *spec_is_positive(const struct node *value)
{
    size_t zeros = strspn(value->text, "0.");
    bool is_zero = strchr("eE", value->text[zeros]) != NULL; /* the end, too */
    return value->text[0] != '-' && !is_zero ? NULL : "more than 0";
}

const char *spec_is_short(const struct node *value)
{
    enum { SHORT_STRING_MAX_BYTES = 255 };
    return strlen(value->text) <= SHORT_STRING_MAX_BYTES ? NULL : "at most 255 bytes long";
}

const char *spec_is_amqp_version(const struct node *value)
{
    static const char *const versions[] = {"0.3.0", "0.2.0", "0.1.0", "latest"};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        if (strcmp(value->text, versions[i]) == 0) {
            return NULL;
        }
    }
    return "a version of the AMQP bindings that exists: 0.3.0, 0.2.0 or 0.1.0";
}

const struct spec_member *spec_find(const struct spec_object *object, const char *name)
{
    for (size_t i = 0; i < object->member_count; i++) {
        if (strcmp(object->members[i].name, name) == 0) {
            return &object->members[i];
        }
    }
    return NULL;
}

/* AsyncAPI 2 and the bindings before 0.3.0 said it elsewhere. */
static const struct {
    const char *object, *member, *today;
} moved[] = {
    {"AsyncAPI Object", "tags", "since AsyncAPI 3 it stands in info"},
    {"AsyncAPI Object", "externalDocs", "since AsyncAPI 3 it stands in info"},
    {"Channel Object", "publish", "since AsyncAPI 3 an operation stands in operations"},
    {"Channel Object", "subscribe", "since AsyncAPI 3 an operation stands in operations"},
    {"Channel Object", "message", "a channel has messages, a map"},
    {"Operation Object", "message", "an operation has messages, a list of references"},
    {"Operation Object", "operationId", "since AsyncAPI 3 it is the key in operations"},
    {"Message Object", "messageId", "since AsyncAPI 3 it is the key in messages"},
    {"Message Object", "schemaFormat", "since AsyncAPI 3 it stands in payload, beside schema"},
    {"Message Trait Object", "schemaFormat", "since AsyncAPI 3 it stands beside schema"},
    {"Message Trait Object", "payload", "a trait cannot say what a message carries"},
    {"Server Object", "url", "since AsyncAPI 3 it is host and pathname"},
    {"Parameter Object", "schema", "since AsyncAPI 3 it is enum, default and examples: texts"},
    {"OAuth Flow Object", "scopes", "since AsyncAPI 3 it is availableScopes"},
    {"AMQP Operation Binding Object", "replyTo", "since binding 0.3.0 it is the operation's reply"},
};

const char *spec_moved(const struct spec_object *object, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(moved); i++) {
        if (strcmp(moved[i].object, object->name) == 0 && strcmp(moved[i].member, name) == 0) {
            return moved[i].today;
        }
    }
    return NULL;
}
