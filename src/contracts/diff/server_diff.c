/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"

#include "contracts/literal.h"

#include <string.h>

/* Servers, their variables, and the parameters of addresses, which are written alike. */

static const struct node *follow(struct documents *documents, const struct node *node)
{
    return node != NULL ? ref_follow(documents, node) : NULL;
}

static const struct node *member(struct documents *documents, const struct node *map,
                                 const char *name)
{
    return follow(documents, node_find(map, name));
}

static const char *text_of(struct document_comparison *c, const struct node *node)
{
    return node == NULL || node->kind >= NODE_LIST ? diff_text(&c->arena, node) : node->text;
}

/* ---- Variables and parameters. ---- */

/* One that may be filled with anything has more values than one with an enum. */
static bool has_more(const struct node *values, const struct node *than)
{
    if (than == NULL || values == NULL) {
        return than != NULL;
    }
    for (const struct node *at = values->first; at != NULL; at = at->next) {
        bool is_known = false;
        for (const struct node *other = than->first; other != NULL; other = other->next) {
            is_known |= literal_equal(at, other);
        }
        if (!is_known) {
            return true;
        }
    }
    return false;
}

/* What a change of them is, beside where and whose. */
struct variable_change {
    enum diff_rule_id rule;
    enum diff_level level;
    const char *subject;
    const char *name;
};

static void tell_variable(struct document_comparison *c, const struct variable_change *change,
                          const char *keyword, unsigned sides, const struct node *const pair[2],
                          const struct node *const values[2])
{
    document_tell(c, &(struct document_change){
                         .rule = change->rule,
                         .level = change->level,
                         .sides = sides,
                         .subject = change->subject,
                         .old = values[0] != NULL ? values[0] : pair[0],
                         .new = values[1] != NULL ? values[1] : pair[1],
                         .before = text_of(c, values[0]),
                         .after = text_of(c, values[1]),
                         .note = arena_printf(&c->arena, "%s of %s", keyword, change->name),
                     });
}

static void compare_variable(struct document_comparison *c, const struct variable_change *change,
                             const struct node *old, const struct node *new)
{
    static const char *const words[] = {"default", "location"};
    const struct node *const pair[2] = {old, new};
    const struct node *const lists[2] = {node_find(old, "enum"), node_find(new, "enum")};
    unsigned sides = (has_more(lists[1], lists[0]) ? (unsigned)DIFF_FORWARD : 0) |
                     (has_more(lists[0], lists[1]) ? (unsigned)DIFF_BACKWARD : 0);
    if (sides != 0) {
        tell_variable(c, change, "enum", change->level == DIFF_RISKY ? sides : 0, pair, lists);
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const struct node *const values[2] = {node_find(old, words[i]), node_find(new, words[i])};
        if (!document_same_values(c, values[0], values[1])) {
            tell_variable(c, change, words[i], 0, pair, values);
        }
    }
}

/* Those that both have: the address itself says which come and go. */
static void compare_variables(struct document_comparison *c, const struct variable_change *change,
                              const struct node *old, const struct node *new)
{
    for (const struct node *at = old != NULL && old->kind == NODE_MAP ? old->first : NULL;
         at != NULL; at = at->next) {
        const struct node *before = follow(&c->old->documents, at);
        const struct node *after = member(&c->new->documents, new, at->key);
        if (before != NULL && after != NULL) {
            struct variable_change one = *change;
            one.name = arena_printf(&c->arena, "%s %s", change->name, at->key);
            compare_variable(c, &one, before, after);
        }
    }
}

void document_diff_parameters(struct document_comparison *c, const struct asyncapi_channel *old,
                              const struct asyncapi_channel *new)
{
    const struct variable_change change = {
        .rule = C6,
        .level = DIFF_RISKY,
        .subject = document_subject(c, new->owner->service, new->key),
        .name = "the parameter",
    };
    compare_variables(c, &change, member(&c->old->documents, old->at, "parameters"),
                      member(&c->new->documents, new->at, "parameters"));
}

/* ---- Servers. ---- */

static void tell_server(struct document_comparison *c, enum diff_rule_id rule,
                        enum diff_level level, const char *subject,
                        const struct node *const pair[2], const struct node *const values[2],
                        const char *note)
{
    document_tell(c, &(struct document_change){
                         .rule = rule,
                         .level = level,
                         .subject = subject,
                         .old = pair[0],
                         .new = pair[1],
                         .before = text_of(c, values[0]),
                         .after = text_of(c, values[1]),
                         .note = note,
                     });
}

/* What a scheme of security demands; words about it are none of it. */
static bool same_scheme(struct document_comparison *c, const struct node *old,
                        const struct node *new)
{
    static const char *const members[] = {
        "type", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl", "flows", "scopes"};
    const struct node *before = follow(&c->old->documents, old);
    const struct node *after = follow(&c->new->documents, new);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (!document_same_values(c, node_find(before, members[i]), node_find(after, members[i]))) {
            return false;
        }
    }
    return before != NULL && after != NULL;
}

static bool same_security(struct document_comparison *c, const struct node *old,
                          const struct node *new)
{
    size_t before = old != NULL ? old->count : 0;
    size_t after = new != NULL ? new->count : 0;
    if (before != after || before == 0) {
        return before == after;
    }
    const struct node *b = new->first;
    for (const struct node *a = old->first; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (!same_scheme(c, a, b)) {
            return false;
        }
    }
    return true;
}

static const char *const address_members[] = {"host", "protocol", "protocolVersion", "pathname"};

static void compare_server(struct document_comparison *c, const char *subject,
                           const struct node *old, const struct node *new)
{
    const struct node *const pair[2] = {old, new};
    for (size_t i = 0; i < COUNT_OF(address_members); i++) {
        const struct node *const values[2] = {node_find(old, address_members[i]),
                                              node_find(new, address_members[i])};
        if (!document_same_values(c, values[0], values[1])) {
            tell_server(c, S3, DIFF_TOPOLOGY, subject, pair, values, address_members[i]);
        }
    }
    const struct variable_change change = {
        .rule = S3, .level = DIFF_TOPOLOGY, .subject = subject, .name = "the variable"};
    compare_variables(c, &change, member(&c->old->documents, old, "variables"),
                      member(&c->new->documents, new, "variables"));
    const struct node *const security[2] = {node_find(old, "security"), node_find(new, "security")};
    if (!same_security(c, security[0], security[1])) {
        tell_server(c, S4, DIFF_TOPOLOGY, subject, pair, security, NULL);
    }
}

static bool same_address(struct document_comparison *c, const struct node *a, const struct node *b)
{
    for (size_t i = 0; i < COUNT_OF(address_members); i++) {
        if (!document_same_values(c, node_find(a, address_members[i]),
                                  node_find(b, address_members[i]))) {
            return false;
        }
    }
    return true;
}

/* Under another key. */
static const struct node *find_renamed(struct document_comparison *c, const struct node *server,
                                       const struct node *own, const struct node *others,
                                       bool is_new)
{
    struct documents *documents = is_new ? &c->old->documents : &c->new->documents;
    for (const struct node *at = others != NULL ? others->first : NULL; at != NULL; at = at->next) {
        const struct node *other = follow(documents, at);
        if (other != NULL && node_find(own, at->key) == NULL &&
            (is_new ? same_address(c, other, server) : same_address(c, server, other))) {
            return at;
        }
    }
    return NULL;
}

/* ---- The servers of a channel. ---- */

static bool has_server(const struct node *list, const struct node *server)
{
    for (const struct node *at = list->first; at != NULL; at = at->next) {
        if (literal_equal(at, server)) {
            return true;
        }
    }
    return false;
}

/* One that does not say is on all. */
static bool has_lost_one(const struct node *old, const struct node *new)
{
    if (new == NULL || new->count == 0) {
        return false;
    }
    if (old == NULL || old->count == 0) {
        return true;
    }
    for (const struct node *at = old->first; at != NULL; at = at->next) {
        if (!has_server(new, at)) {
            return true;
        }
    }
    return false;
}

void document_diff_channel_servers(struct document_comparison *c,
                                   const struct asyncapi_channel *old,
                                   const struct asyncapi_channel *new)
{
    const struct node *const lists[2] = {node_find(old->at, "servers"),
                                         node_find(new->at, "servers")};
    bool has_lost = has_lost_one(lists[0], lists[1]);
    if (has_lost || has_lost_one(lists[1], lists[0])) {
        tell_server(c, S2, has_lost ? DIFF_TOPOLOGY : DIFF_OK,
                    document_subject(c, new->owner->service, new->key),
                    (const struct node *const[2]){old->at, new->at}, lists,
                    "the servers of the channel");
    }
}

static void compare_old_server(struct document_comparison *c, const struct node *at,
                               const struct node *servers[2], const char *service)
{
    const struct node *server = follow(&c->old->documents, at);
    const struct node *other = node_find(servers[1], at->key);
    bool is_renamed = other == NULL;
    other = is_renamed && server != NULL ? find_renamed(c, server, servers[0], servers[1], false)
                                         : other;
    const char *subject = document_subject(c, service, other != NULL ? other->key : at->key);
    const struct node *now = follow(&c->new->documents, other);
    const struct node *const names[2] = {at, other};
    if (server == NULL || (other != NULL && now == NULL)) {
        return;
    }
    if (now == NULL) {
        tell_server(c, S2, DIFF_TOPOLOGY, subject, names, names, "it is no server any more");
        return;
    }
    if (is_renamed) {
        const struct node keys[2] = {{.kind = NODE_STRING, .text = at->key},
                                     {.kind = NODE_STRING, .text = other->key}};
        tell_server(c, S2, DIFF_OK, subject, names,
                    (const struct node *const[2]){&keys[0], &keys[1]}, "it has another key");
    }
    compare_server(c, subject, server, now);
}

void document_diff_servers(struct document_comparison *c, struct asyncapi_document *old,
                           struct asyncapi_document *new)
{
    const struct node *servers[2] = {member(&c->old->documents, old->file->root, "servers"),
                                     member(&c->new->documents, new->file->root, "servers")};
    for (int i = 0; i < 2; i++) {
        servers[i] = servers[i] != NULL && servers[i]->kind == NODE_MAP ? servers[i] : NULL;
    }
    for (const struct node *at = servers[0] != NULL ? servers[0]->first : NULL; at != NULL;
         at = at->next) {
        compare_old_server(c, at, servers, new->service);
    }
    for (const struct node *at = servers[1] != NULL ? servers[1]->first : NULL; at != NULL;
         at = at->next) {
        const struct node *server = follow(&c->new->documents, at);
        if (server != NULL && node_find(servers[0], at->key) == NULL &&
            find_renamed(c, server, servers[1], servers[0], true) == NULL) {
            const struct node *const names[2] = {NULL, at};
            tell_server(c, S2, DIFF_OK, document_subject(c, new->service, at->key), names, names,
                        "it is new");
        }
    }
}
