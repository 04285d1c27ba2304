/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

#include <string.h>

/* clang-format off */
#define OBJECT(title, table) {.name = (title), .members = (table), .member_count = COUNT_OF(table)}
#define SCHEME(table) {.name = "Security Scheme Object", .section = "securitySchemes", \
                       .members = (table), .member_count = COUNT_OF(table)}

static const char *const types[] = {
    "userPassword", "apiKey", "X509", "symmetricEncryption", "asymmetricEncryption", "httpApiKey",
    "http", "oauth2", "openIdConnect", "plain", "scramSha256", "scramSha512", "gssapi", NULL,
};
static const char *const places[] = {"user", "password", NULL};
static const char *const http_places[] = {"query", "header", "cookie", NULL};

/* A map of texts. */
static const struct spec_object scopes = {.name = "map of scopes", .is_open = true, .rest = SPEC_TEXT};

#define AUTHORIZATION_URL {"authorizationUrl", SPEC_TEXT, SPEC_REQUIRED, .check = spec_is_uri}
#define TOKEN_URL {"tokenUrl", SPEC_TEXT, SPEC_REQUIRED, .check = spec_is_uri}
#define OTHER_FLOW_MEMBERS \
    {"refreshUrl", SPEC_TEXT, .check = spec_is_uri}, \
    {"availableScopes", .object = &scopes, .flags = SPEC_REQUIRED}

static const struct spec_member implicit_members[] = {AUTHORIZATION_URL, OTHER_FLOW_MEMBERS};
static const struct spec_member token_members[] = {TOKEN_URL, OTHER_FLOW_MEMBERS};
static const struct spec_member code_members[] = {AUTHORIZATION_URL, TOKEN_URL, OTHER_FLOW_MEMBERS};
static const struct spec_object implicit_flow = OBJECT("OAuth Flow Object", implicit_members);
static const struct spec_object token_flow = OBJECT("OAuth Flow Object", token_members);
static const struct spec_object code_flow = OBJECT("OAuth Flow Object", code_members);

static const struct spec_member flows_members[] = {
    {"implicit", .object = &implicit_flow},
    {"password", .object = &token_flow},
    {"clientCredentials", .object = &token_flow},
    {"authorizationCode", .object = &code_flow},
};
static const struct spec_object flows = OBJECT("OAuth Flows Object", flows_members);

#define TYPE {"type", SPEC_TEXT, SPEC_REQUIRED, .values = types}
#define DESCRIPTION {"description", SPEC_TEXT}
#define SCOPES {"scopes", SPEC_LIST, SPEC_TEXTS}

static const struct spec_member plain_members[] = {TYPE, DESCRIPTION};
static const struct spec_member api_key_members[] = {
    TYPE, DESCRIPTION,
    {"in", SPEC_TEXT, SPEC_REQUIRED, .values = places},
};
static const struct spec_member http_api_key_members[] = {
    TYPE, DESCRIPTION,
    {"name", SPEC_TEXT, SPEC_REQUIRED},
    {"in", SPEC_TEXT, SPEC_REQUIRED, .values = http_places},
};
static const struct spec_member http_members[] = {
    TYPE, DESCRIPTION,
    {"scheme", SPEC_TEXT, SPEC_REQUIRED},
    {"bearerFormat", SPEC_TEXT},
};
static const struct spec_member oauth2_members[] = {
    TYPE, DESCRIPTION, SCOPES,
    {"flows", .object = &flows, .flags = SPEC_REQUIRED},
};
static const struct spec_member open_id_members[] = {
    TYPE, DESCRIPTION, SCOPES,
    {"openIdConnectUrl", SPEC_TEXT, SPEC_REQUIRED, .check = spec_is_uri},
};

static const struct {
    const char *type;
    struct spec_object object;
} schemes[] = {
    {"apiKey", SCHEME(api_key_members)},
    {"httpApiKey", SCHEME(http_api_key_members)},
    {"http", SCHEME(http_members)},
    {"oauth2", SCHEME(oauth2_members)},
    {"openIdConnect", SCHEME(open_id_members)},
};
/* Of a type that has nothing of its own, or of none. */
static const struct spec_object plain_scheme = SCHEME(plain_members);
static const struct spec_member unknown_members[] = {TYPE};
static const struct spec_object unknown_scheme = {
    .name = "Security Scheme Object", .members = unknown_members,
    .member_count = COUNT_OF(unknown_members), .is_open = true, .section = "securitySchemes",
};
/* clang-format on */

static const struct spec_object *choose_scheme(const struct node *node)
{
    const char *type = node_find_text(node, "type");
    for (size_t i = 0; type != NULL && i < COUNT_OF(schemes); i++) {
        if (strcmp(schemes[i].type, type) == 0) {
            return &schemes[i].object;
        }
    }
    for (size_t i = 0; type != NULL && types[i] != NULL; i++) {
        if (strcmp(types[i], type) == 0) {
            return &plain_scheme;
        }
    }
    return &unknown_scheme;
}

const struct spec_object spec_security_scheme = {
    .name = "Security Scheme Object",
    .section = "securitySchemes",
    .choose = choose_scheme,
};
