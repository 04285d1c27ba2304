/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/structure_rules.h"

#include <string.h>

/*
 * Where operations, replies and channels must point. The rules are about the way that a reference
 * takes and not only about where it ends: '#/channels/x/messages/Y' and '#/components/messages/Y'
 * may be one message, and only the first is right.
 */

struct links {
    struct lint *lint;
    const struct node *root;
};

static const struct node *ref_of(const struct node *node)
{
    const struct node *ref = node_find(node, "$ref");
    return ref != NULL && ref->kind == NODE_STRING ? ref : NULL;
}

/* The key, when the reference is '…#/<map>/<key>'; else NULL. */
static const char *key_in(const struct node *ref, const char *map)
{
    const char *pointer = strchr(ref->text, '#');
    size_t length = strlen(map);
    if (pointer == NULL || pointer[1] != '/' || strncmp(pointer + 2, map, length) != 0 ||
        pointer[2 + length] != '/') {
        return NULL;
    }
    const char *key = pointer + length + 3;
    return strchr(key, '/') == NULL ? key : NULL;
}

/* Whether a reference leads to an entry of the document's own map, in whichever file it stands. */
static bool is_own(const struct links *links, const struct node *value, const char *map)
{
    const struct node *ref = ref_of(value);
    const char *key = key_in(ref, map);
    const struct node *target = ref_follow(links->lint->documents, value);
    if (key == NULL || ref->text[0] == '#') {
        return key != NULL;
    }
    const struct node *own = node_find(node_find(links->root, map), key);
    return own != NULL && target != NULL && ref_follow(links->lint->documents, own) == target;
}

/* A reference that leads nowhere is said already; an address is not followed, and never right. */
static bool is_judged(const struct links *links, const struct node *value)
{
    const struct node *ref = value != NULL ? ref_of(value) : NULL;
    return ref != NULL &&
           (ref_is_elsewhere(ref->text) || ref_follow(links->lint->documents, value) != NULL);
}

/* Each message must be '<the channel's reference>/messages/<key>'. */
static void check_messages(const struct links *links, const struct node *holder,
                           const struct lint_rule *rule, const char *what)
{
    const struct node *messages = node_find(holder, "messages");
    const struct node *channel = node_find(holder, "channel");
    const struct node *channel_ref = channel != NULL ? ref_of(channel) : NULL;
    if (messages == NULL || messages->kind != NODE_LIST) {
        return;
    }
    size_t length = channel_ref != NULL ? strlen(channel_ref->text) : 0;
    for (const struct node *message = messages->first; message != NULL; message = message->next) {
        if (!is_judged(links, message)) {
            continue;
        }
        const struct node *ref = ref_of(message);
        static const char step[] = "/messages/";
        const char *key = ref->text + length + strlen(step);
        bool is_right = channel_ref != NULL && strlen(ref->text) > length + strlen(step) &&
                        strncmp(ref->text, channel_ref->text, length) == 0 &&
                        strncmp(ref->text + length, step, strlen(step)) == 0 &&
                        strchr(key, '/') == NULL;
        if (!is_right && channel_ref != NULL) {
            lint_add(links->lint, rule, ref->place,
                     "\"%s\" is no message of the %s's channel: it must begin with %s%s", ref->text,
                     what, channel_ref->text, step);
        } else if (!is_right) {
            lint_add(links->lint, rule, ref->place, "the %s names messages, so it needs a channel",
                     what);
        }
    }
}

static void check_reply(const struct links *links, const struct node *reply, bool is_in_place)
{
    const struct node *channel = node_find(reply, "channel");
    if (is_in_place && is_judged(links, channel) && !is_own(links, channel, "channels")) {
        lint_add(links->lint, &structure_reply_channel, ref_of(channel)->place,
                 "the reply's channel must be a reference of the form #/channels/…");
    }
    check_messages(links, reply, &structure_reply_message, "reply");

    const struct node *address = node_find(reply, "address");
    const struct node *at =
        is_judged(links, channel) ? ref_follow(links->lint->documents, channel) : NULL;
    const struct node *fixed = node_find(at, "address");
    if (address != NULL && fixed != NULL && fixed->kind == NODE_STRING) {
        lint_add(links->lint, &structure_reply_address, address->key_place,
                 "the reply has an address of its own, and its channel has \"%s\": let the "
                 "channel's address be null",
                 fixed->text);
    }
}

static void check_operation(const struct links *links, const struct node *operation, bool is_root)
{
    const struct node *channel = node_find(operation, "channel");
    if (is_root && is_judged(links, channel) && !is_own(links, channel, "channels")) {
        lint_add(links->lint, &structure_operation_channel, ref_of(channel)->place,
                 "the operation's channel must be a reference of the form #/channels/…");
    }
    check_messages(links, operation, &structure_operation_message, "operation");
    const struct node *reply = node_find(operation, "reply");
    if (reply != NULL && reply->kind == NODE_MAP && ref_of(reply) == NULL) {
        check_reply(links, reply, is_root);
    }
}

static void check_channel(const struct links *links, const struct node *channel)
{
    const struct node *servers = node_find(channel, "servers");
    for (const struct node *server = servers != NULL && servers->kind == NODE_LIST ? servers->first
                                                                                   : NULL;
         server != NULL; server = server->next) {
        if (is_judged(links, server) && !is_own(links, server, "servers")) {
            lint_add(links->lint, &structure_channel_server, ref_of(server)->place,
                     "a channel's server must be a reference of the form #/servers/…");
        }
    }
}

static const struct node *entries_of(const struct node *map, const char *key)
{
    const struct node *found = node_find(map, key);
    return found != NULL && found->kind == NODE_MAP ? found->first : NULL;
}

void structure_links(struct lint *lint, const struct asyncapi_document *document)
{
    struct links links = {.lint = lint, .root = document->file->root};
    const struct node *components = node_find(links.root, "components");
    for (const struct node *each = entries_of(links.root, "channels"); each != NULL;
         each = each->next) {
        check_channel(&links, each);
    }
    for (const struct node *each = entries_of(links.root, "operations"); each != NULL;
         each = each->next) {
        check_operation(&links, each, true);
    }
    for (const struct node *each = entries_of(components, "operations"); each != NULL;
         each = each->next) {
        check_operation(&links, each, false);
    }
    for (const struct node *each = entries_of(components, "replies"); each != NULL;
         each = each->next) {
        check_reply(&links, each, false);
    }
}
