/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include <ctype.h>
#include <string.h>

static bool is_map(const struct node *node)
{
    return node != NULL && node->kind == NODE_MAP;
}

/* 1.0.0, v2, 2026-11-25, 1.0.0-rc.1+b7: a number first, then what versions are made of. */
static bool is_version(const char *text)
{
    const char *at = text + (text[0] == 'v' || text[0] == 'V' ? 1 : 0);
    return isdigit((unsigned char)*at) &&
           at[strspn(at, "0123456789.-+_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] ==
               '\0';
}

static void judge_version(struct lint *lint, const struct node *root)
{
    const struct node *version =
        node_find(ref_follow(lint->documents, node_find(root, "info")), "version");
    if (version != NULL && version->kind == NODE_STRING && !is_version(version->text)) {
        lint_add(lint, &sense_version_invalid, version->place,
                 "\"%s\" is no version: write it as in 1.0.0", version->text);
    }
}

static void judge_places(struct lint *lint, const struct node *text, const struct node *variables)
{
    if (text == NULL || text->kind != NODE_STRING) {
        return;
    }
    for (const char *at = text->text; (at = strchr(at, '{')) != NULL;) {
        size_t length = strcspn(++at, "}");
        AUTO(free_text) char *name = xstrndup(at, length);
        if (node_find(variables, name) == NULL) {
            lint_add(lint, &sense_server_variable, text->place,
                     "%s has a place for \"%s\", but the server has no such variable", text->key,
                     name);
        }
        at += length;
    }
}

static bool has_place(const struct node *server, const char *member, const char *name)
{
    const char *text = node_find_text(server, member);
    AUTO(free_text) char *place = xasprintf("{%s}", name);
    return text != NULL && strstr(text, place) != NULL;
}

static bool is_listed(const struct node *list, const char *text)
{
    for (const struct node *each = list->first; each != NULL; each = each->next) {
        if (each->text != NULL && strcmp(each->text, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Of a server's variable or a channel's parameter: both have an enum and a default. */
static void judge_default(struct lint *lint, const struct node *variable)
{
    const struct node *value = node_find(variable, "default");
    const struct node *list = node_find(variable, "enum");
    if (value != NULL && value->text != NULL && list != NULL && list->kind == NODE_LIST &&
        list->count > 0 && !is_listed(list, value->text)) {
        lint_add(lint, &sense_server_variable, value->place,
                 "the default \"%s\" is none of the values that enum lists", value->text);
    }
}

static void judge_server(struct lint *lint, const struct node *server)
{
    const struct node *variables = ref_follow(lint->documents, node_find(server, "variables"));
    judge_places(lint, node_find(server, "host"), variables);
    judge_places(lint, node_find(server, "pathname"), variables);
    for (const struct node *each = is_map(variables) ? variables->first : NULL; each != NULL;
         each = each->next) {
        if (!has_place(server, "host", each->key) && !has_place(server, "pathname", each->key)) {
            lint_add(lint, &sense_server_variable, each->key_place,
                     "neither host nor pathname has a place {%s} for this variable", each->key);
        }
        judge_default(lint, ref_follow(lint->documents, each));
    }
}

static void judge_servers(struct lint *lint, const struct node *root)
{
    const struct node *servers = ref_follow(lint->documents, node_find(root, "servers"));
    for (const struct node *each = is_map(servers) ? servers->first : NULL; each != NULL;
         each = each->next) {
        const struct node *server = ref_follow(lint->documents, each);
        if (is_map(server)) {
            judge_server(lint, server);
        }
    }
}

void sense_document(struct lint *lint, const struct asyncapi_document *document)
{
    const struct node *root = document->file->root;
    judge_version(lint, root);
    sense_content_type(lint, node_find(root, "defaultContentType"));
    judge_servers(lint, root);
}
