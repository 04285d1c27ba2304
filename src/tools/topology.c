/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/topology.h"

#include "core/memory.h"
#include "tools/secret.h"

#include <curl/curl.h>
#include <regex.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What one planning works with: the broker's side as JSON, the steps found so far. */
struct planning {
    const struct topology_target *target;
    const struct topology_model *model;
    struct topology_plan *plan;
    json_object *exchanges, *queues, *bindings, *policies, *users, *permissions, *topic_permissions;
};

const char *topology_action_name(enum step_action action)
{
    static const char *const names[] = {[STEP_CREATE] = "create",
                                        [STEP_CHANGE] = "change",
                                        [STEP_REMOVE] = "remove",
                                        [STEP_REFUSE] = "refuse",
                                        [STEP_LEAVE] = "leave"};
    return names[action];
}

static const char *text_of(json_object *object, const char *key)
{
    json_object *value = NULL;
    if (object == NULL || !json_object_object_get_ex(object, key, &value) || value == NULL) {
        return "";
    }
    return json_object_get_string(value);
}

static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    return object != NULL && json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static size_t count_of(json_object *list)
{
    return list != NULL && json_object_is_type(list, json_type_array)
               ? json_object_array_length(list)
               : 0;
}

/* The element whose `key` is `value` (and whose second key too, when given). */
static json_object *find_in(json_object *list, const char *key, const char *value, const char *key2,
                            const char *value2)
{
    for (size_t i = 0; i < count_of(list); i++) {
        json_object *element = json_object_array_get_idx(list, i);
        if (strcmp(text_of(element, key), value) == 0 &&
            (key2 == NULL || strcmp(text_of(element, key2), value2) == 0)) {
            return element;
        }
    }
    return NULL;
}

static json_object *text_object(size_t pairs, ...)
{
    json_object *object = json_object_new_object();
    va_list args;
    va_start(args, pairs);
    for (size_t i = 0; i < pairs; i++) {
        const char *key = va_arg(args, const char *);
        const char *value = va_arg(args, const char *);
        (void)json_object_object_add(object, key, json_object_new_string(value));
    }
    va_end(args);
    return object;
}

/* "queues" + {"/", "billing"} → "queues/%2F/billing" */
static char *make_path(const char *head, const char *const *segments, size_t count)
{
    char *path = xstrdup(head);
    for (size_t i = 0; i < count; i++) {
        char *segment = curl_easy_escape(NULL, segments[i], 0);
        char *longer = xasprintf("%s/%s", path, segment);
        curl_free(segment);
        free(path);
        path = longer;
    }
    return path;
}

static void add_step(struct planning *p, struct topology_step step)
{
    p->plan->steps = xrealloc(p->plan->steps, (p->plan->count + 1) * sizeof *p->plan->steps);
    p->plan->steps[p->plan->count++] = step;
}

static void add_put(struct planning *p, enum step_action action, const char *kind, const char *name,
                    char *detail, const char *method, char *path, json_object *body)
{
    add_step(p, (struct topology_step){.action = action,
                                       .kind = kind,
                                       .name = xstrdup(name),
                                       .detail = detail,
                                       .method = method,
                                       .path = path,
                                       .body = body});
}

static void add_refusal(struct planning *p, const char *kind, const char *name, char *detail)
{
    add_step(p, (struct topology_step){
                    .action = STEP_REFUSE, .kind = kind, .name = xstrdup(name), .detail = detail});
}

static void add_leave(struct planning *p, const char *kind, const char *name, char *detail)
{
    add_step(p, (struct topology_step){
                    .action = STEP_LEAVE, .kind = kind, .name = xstrdup(name), .detail = detail});
}

void topology_plan_done(struct topology_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->steps[i].name);
        free(plan->steps[i].detail);
        free(plan->steps[i].path);
        (void)json_object_put(plan->steps[i].body);
    }
    free(plan->steps);
    *plan = (struct topology_plan){0};
}

static void plan_exchanges(struct planning *p)
{
    for (size_t i = 0; i < p->model->exchange_count; i++) {
        const struct topology_exchange *want = &p->model->exchanges[i];
        json_object *have = find_in(p->exchanges, "name", want->name, NULL, NULL);
        if (have == NULL) {
            json_object *body = text_object(1, "type", want->type);
            (void)json_object_object_add(body, "durable", json_object_new_boolean(1));
            add_put(p, STEP_CREATE, "exchange", want->name, xasprintf("%s, durable", want->type),
                    "PUT",
                    make_path("exchanges", (const char *const[]){p->target->vhost, want->name}, 2),
                    body);
        } else if (strcmp(text_of(have, "type"), want->type) != 0 ||
                   !json_object_get_boolean(member(have, "durable"))) {
            add_refusal(
                p, "exchange", want->name,
                xasprintf(
                    "is %s%s and must be %s, durable; stop its publishers, delete it, apply again",
                    text_of(have, "type"),
                    json_object_get_boolean(member(have, "durable")) ? "" : ", transient",
                    want->type));
        } else if (member(member(have, "arguments"), "alternate-exchange") != NULL) {
            add_refusal(
                p, "exchange", want->name,
                xstrdup(
                    "has an alternate exchange, so unroutable events would vanish unseen; stop its "
                    "publishers, delete it, apply again"));
        }
    }
}

static void plan_queues(struct planning *p)
{
    for (size_t i = 0; i < p->model->queue_count; i++) {
        const char *name = p->model->queues[i].name;
        json_object *have = find_in(p->queues, "name", name, NULL, NULL);
        if (have == NULL) {
            json_object *body = json_object_new_object();
            (void)json_object_object_add(body, "durable", json_object_new_boolean(1));
            (void)json_object_object_add(body, "arguments",
                                         text_object(1, "x-queue-type", "quorum"));
            add_put(p, STEP_CREATE, "queue", name, xstrdup("quorum"), "PUT",
                    make_path("queues", (const char *const[]){p->target->vhost, name}, 2), body);
            continue;
        }
        json_object *arguments = member(have, "arguments");
        if (strcmp(text_of(arguments, "x-queue-type"), "quorum") != 0 ||
            json_object_object_length(arguments) != 1) {
            add_refusal(
                p, "queue", name,
                xasprintf("has arguments %s and must have x-queue-type=quorum only (arguments "
                          "never change); "
                          "declare a new queue, move the messages, delete this one, apply again",
                          json_object_to_json_string_ext(arguments, JSON_C_TO_STRING_PLAIN)));
        }
    }
}

static bool is_our_queue(const struct planning *p, const char *name)
{
    for (size_t i = 0; i < p->model->queue_count; i++) {
        if (strcmp(p->model->queues[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_our_exchange(const struct planning *p, const char *name)
{
    for (size_t i = 0; i < p->model->exchange_count; i++) {
        if (strcmp(p->model->exchanges[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_to_exchange(json_object *have)
{
    return strcmp(text_of(have, "destination_type"), "exchange") == 0;
}

static bool is_same_binding(json_object *have, const struct topology_binding *want)
{
    return !is_to_exchange(have) && strcmp(text_of(have, "source"), want->exchange) == 0 &&
           strcmp(text_of(have, "destination"), want->queue) == 0 &&
           strcmp(text_of(have, "routing_key"), want->routing_key) == 0;
}

static bool has_binding(json_object *list, const struct topology_binding *want)
{
    for (size_t i = 0; i < count_of(list); i++) {
        if (is_same_binding(json_object_array_get_idx(list, i), want)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct planning *p, json_object *have)
{
    for (size_t i = 0; i < p->model->binding_count; i++) {
        if (is_same_binding(have, &p->model->bindings[i])) {
            return true;
        }
    }
    return false;
}

/* An exclusive queue ends with the connection that listens there: nothing can pile up in it. */
static bool is_listening_in(const struct planning *p, json_object *have)
{
    json_object *queue = is_to_exchange(have)
                             ? NULL
                             : find_in(p->queues, "name", text_of(have, "destination"), NULL, NULL);
    return json_object_get_boolean(member(queue, "exclusive"));
}

/* What our queues hear, and who hears our exchanges, is what the contracts say, nothing else. */
static bool is_too_many(const struct planning *p, json_object *have)
{
    const char *source = text_of(have, "source");
    const char *destination = text_of(have, "destination");
    bool ends_at_ours =
        is_to_exchange(have) ? is_our_exchange(p, destination) : is_our_queue(p, destination);
    return source[0] != '\0' && (ends_at_ours || is_our_exchange(p, source)) &&
           !is_wanted(p, have) && !is_listening_in(p, have);
}

static void remove_binding(struct planning *p, json_object *have)
{
    const char *source = text_of(have, "source");
    const char *destination = text_of(have, "destination");
    const char *key = text_of(have, "routing_key");
    const char *type = is_to_exchange(have) ? "exchange " : "";
    bool is_foreign = !is_to_exchange(have) && !is_our_queue(p, destination);
    AUTO(free_text) char *name = xasprintf("%s -> %s%s", source, type, destination);
    add_put(p, STEP_REMOVE, "binding", name,
            is_foreign ? xasprintf("%s; no contract names the queue, which keeps its messages: "
                                   "delete it when nobody needs them",
                                   key)
                       : xstrdup(key),
            "DELETE",
            make_path("bindings",
                      (const char *const[]){p->target->vhost, "e", source,
                                            is_to_exchange(have) ? "e" : "q", destination,
                                            text_of(have, "properties_key")},
                      6),
            NULL);
}

static void plan_bindings(struct planning *p)
{
    for (size_t i = 0; i < p->model->binding_count; i++) {
        const struct topology_binding *want = &p->model->bindings[i];
        if (!has_binding(p->bindings, want)) {
            AUTO(free_text) char *name = xasprintf("%s -> %s", want->exchange, want->queue);
            add_put(p, STEP_CREATE, "binding", name, xstrdup(want->routing_key), "POST",
                    make_path("bindings",
                              (const char *const[]){p->target->vhost, "e", want->exchange, "q",
                                                    want->queue},
                              5),
                    text_object(1, "routing_key", want->routing_key));
        }
    }
    for (size_t i = 0; i < count_of(p->bindings); i++) {
        json_object *have = json_object_array_get_idx(p->bindings, i);
        if (is_too_many(p, have)) {
            remove_binding(p, have);
        }
    }
}

static json_object *settings_object(const struct topology_policy *policy)
{
    json_object *object = json_object_new_object();
    for (size_t i = 0; i < policy->setting_count; i++) {
        const struct topology_setting *setting = &policy->settings[i];
        (void)json_object_object_add(object, setting->key,
                                     setting->text != NULL
                                         ? json_object_new_string(setting->text)
                                         : json_object_new_int64(setting->number));
    }
    return object;
}

/* A pattern that we cannot read may match anything. */
static bool may_match(const char *pattern, const char *name)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        return true;
    }
    bool matches = regexec(&compiled, name, 0, NULL, 0) == 0;
    regfree(&compiled);
    return matches;
}

/* Of all policies that match a queue the broker applies one: ours may be there and do nothing. */
static void plan_effect(struct planning *p, const struct topology_policy *want)
{
    for (size_t i = 0; i < count_of(p->policies); i++) {
        json_object *other = json_object_array_get_idx(p->policies, i);
        if (strcmp(text_of(other, "name"), want->name) != 0 &&
            strcmp(text_of(other, "apply-to"), "exchanges") != 0 &&
            json_object_get_int(member(other, "priority")) >= 0 &&
            may_match(text_of(other, "pattern"), want->name)) {
            add_refusal(p, "policy", want->name,
                        xasprintf("may be hidden by policy %s, which no contract wants; remove "
                                  "that one or give it a "
                                  "priority below 0",
                                  text_of(other, "name")));
        }
    }
}

static void plan_policies(struct planning *p)
{
    for (size_t i = 0; i < p->model->policy_count; i++) {
        const struct topology_policy *want = &p->model->policies[i];
        json_object *settings = settings_object(want);
        json_object *have = find_in(p->policies, "name", want->name, NULL, NULL);
        if (have != NULL && strcmp(text_of(have, "pattern"), want->pattern) == 0 &&
            strcmp(text_of(have, "apply-to"), "queues") == 0 &&
            json_object_equal(member(have, "definition"), settings) != 0) {
            (void)json_object_put(settings);
            plan_effect(p, want);
            continue;
        }
        char *detail = xstrdup(json_object_to_json_string_ext(settings, JSON_C_TO_STRING_PLAIN));
        json_object *body = text_object(2, "pattern", want->pattern, "apply-to", "queues");
        (void)json_object_object_add(body, "definition", settings);
        add_put(p, have == NULL ? STEP_CREATE : STEP_CHANGE, "policy", want->name, detail, "PUT",
                make_path("policies", (const char *const[]){p->target->vhost, want->name}, 2),
                body);
    }
}

/* RabbitMQ keeps base64(salt(4) sha256(salt password)). */
static bool is_password(const char *hash, const char *password)
{
    unsigned char bytes[4 + crypto_hash_sha256_BYTES];
    size_t length = 0;
    if (sodium_base642bin(bytes, sizeof bytes, hash, strlen(hash), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        length != sizeof bytes) {
        return false;
    }
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, bytes, 4);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)password, strlen(password));
    (void)crypto_hash_sha256_final(&state, digest);
    return sodium_memcmp(digest, bytes + 4, sizeof digest) == 0;
}

/* RabbitMQ 3.10 answers tags as a list; older ones as text. */
static bool has_tags(json_object *have, const char *tags)
{
    json_object *list = member(have, "tags");
    if (!json_object_is_type(list, json_type_array)) {
        return strcmp(text_of(have, "tags"), tags) == 0;
    }
    char joined[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < count_of(list) && length < sizeof joined; i++) {
        length +=
            (size_t)snprintf(joined + length, sizeof joined - length, "%s%s", i > 0 ? "," : "",
                             json_object_get_string(json_object_array_get_idx(list, i)));
    }
    return strcmp(joined, tags) == 0;
}

static enum outcome plan_users(struct planning *p, struct fault *fault)
{
    for (size_t i = 0; i < p->model->user_count; i++) {
        const struct topology_user *want = &p->model->users[i];
        json_object *have = find_in(p->users, "name", want->name, NULL, NULL);
        AUTO(free_text) char *password = NULL;
        if (p->target->secrets != NULL) {
            enum outcome o = secret_read(p->target->secrets, want->name, &password, fault);
            if (o != OK) {
                return o;
            }
        }
        bool is_same = have != NULL && has_tags(have, want->tags) &&
                       (password == NULL || is_password(text_of(have, "password_hash"), password));
        if (is_same) {
            continue;
        }
        add_put(p, have == NULL ? STEP_CREATE : STEP_CHANGE, "user", want->name,
                xasprintf("tags [%s]%s", want->tags, have == NULL ? "" : ", password"), "PUT",
                make_path("users", (const char *const[]){want->name}, 1),
                password != NULL ? text_object(2, "password", password, "tags", want->tags)
                                 : text_object(1, "tags", want->tags));
    }
    return OK;
}

static void plan_permissions(struct planning *p)
{
    for (size_t i = 0; i < p->model->permission_count; i++) {
        const struct topology_permission *want = &p->model->permissions[i];
        json_object *have = find_in(p->permissions, "user", want->user, NULL, NULL);
        if (have != NULL && strcmp(text_of(have, "configure"), want->configure) == 0 &&
            strcmp(text_of(have, "write"), want->write) == 0 &&
            strcmp(text_of(have, "read"), want->read) == 0) {
            continue;
        }
        add_put(
            p, have == NULL ? STEP_CREATE : STEP_CHANGE, "permission", want->user,
            xasprintf("configure %s, write %s, read %s", want->configure, want->write, want->read),
            "PUT", make_path("permissions", (const char *const[]){p->target->vhost, want->user}, 2),
            text_object(3, "configure", want->configure, "write", want->write, "read", want->read));
    }
    for (size_t i = 0; i < p->model->topic_permission_count; i++) {
        const struct topology_topic_permission *want = &p->model->topic_permissions[i];
        json_object *have =
            find_in(p->topic_permissions, "user", want->user, "exchange", want->exchange);
        if (have != NULL && strcmp(text_of(have, "write"), want->write) == 0 &&
            strcmp(text_of(have, "read"), want->read) == 0) {
            continue;
        }
        AUTO(free_text) char *name = xasprintf("%s on %s", want->user, want->exchange);
        add_put(
            p, have == NULL ? STEP_CREATE : STEP_CHANGE, "topic permission", name,
            xasprintf("write %s, read %s", want->write, want->read), "PUT",
            make_path("topic-permissions", (const char *const[]){p->target->vhost, want->user}, 2),
            text_object(3, "exchange", want->exchange, "write", want->write, "read", want->read));
    }
}

static bool is_our_user(const struct planning *p, const char *name)
{
    for (size_t i = 0; i < p->model->user_count; i++) {
        if (strcmp(p->model->users[i].name, name) == 0) {
            return true;
        }
    }
    return strcmp(name, p->target->deploy_user) == 0;
}

static bool is_our_topic_permission(const struct planning *p, json_object *have)
{
    for (size_t i = 0; i < p->model->topic_permission_count; i++) {
        if (strcmp(p->model->topic_permissions[i].user, text_of(have, "user")) == 0 &&
            strcmp(p->model->topic_permissions[i].exchange, text_of(have, "exchange")) == 0) {
            return true;
        }
    }
    return strcmp(text_of(have, "user"), p->target->deploy_user) == 0;
}

/* Who else may do something here. Perhaps somebody needs it: it is told, and not taken away. */
static void plan_strangers(struct planning *p)
{
    const char *vhost = p->target->vhost;
    for (size_t i = 0; i < count_of(p->permissions); i++) {
        json_object *have = json_object_array_get_idx(p->permissions, i);
        const char *user = text_of(have, "user");
        if (!is_our_user(p, user)) {
            add_leave(p, "permission", user,
                      xasprintf("configure %s, write %s, read %s; no contract names this user: "
                                "rabbitmqctl clear_permissions -p %s %s",
                                text_of(have, "configure"), text_of(have, "write"),
                                text_of(have, "read"), vhost, user));
        }
    }
    for (size_t i = 0; i < count_of(p->topic_permissions); i++) {
        json_object *have = json_object_array_get_idx(p->topic_permissions, i);
        const char *user = text_of(have, "user");
        const char *exchange = text_of(have, "exchange");
        if (!is_our_topic_permission(p, have)) {
            AUTO(free_text) char *name = xasprintf("%s on %s", user, exchange);
            add_leave(p, "topic permission", name,
                      xasprintf("write %s, read %s; no contract wants it: "
                                "rabbitmqctl clear_topic_permissions -p %s %s %s",
                                text_of(have, "write"), text_of(have, "read"), vhost, user,
                                exchange));
        }
    }
}

/* A virtual host that is not there yet has nothing in it. */
static enum outcome fetch(struct planning *p, json_object **out, bool is_in_vhost, const char *head,
                          const char *tail, struct fault *fault)
{
    struct management *management = p->target->management;
    enum outcome o =
        is_in_vhost && tail != NULL ? management_call(management, "GET", NULL, out, fault,
                                                      "vhosts/%s/%s", p->target->vhost, tail)
        : is_in_vhost
            ? management_call(management, "GET", NULL, out, fault, "%s/%s", head, p->target->vhost)
            : management_call(management, "GET", NULL, out, fault, "%s", head);
    if (o == REJECT && is_in_vhost && management_status(management) == 404) {
        *out = NULL;
        return OK;
    }
    return o;
}

static enum outcome fetch_all(struct planning *p, struct fault *fault)
{
    enum outcome o = fetch(p, &p->exchanges, true, "exchanges", NULL, fault);
    if (o == OK) {
        o = fetch(p, &p->queues, true, "queues", NULL, fault);
    }
    if (o == OK) {
        o = fetch(p, &p->bindings, true, "bindings", NULL, fault);
    }
    if (o == OK) {
        o = fetch(p, &p->policies, true, "policies", NULL, fault);
    }
    if (o == OK) {
        o = fetch(p, &p->users, false, "users", NULL, fault);
    }
    if (o == OK) {
        o = fetch(p, &p->permissions, true, NULL, "permissions", fault);
    }
    if (o == OK) {
        o = fetch(p, &p->topic_permissions, true, NULL, "topic-permissions", fault);
    }
    return o;
}

static void plan_vhost(struct planning *p)
{
    if (p->exchanges != NULL) {
        return;
    }
    add_put(p, STEP_CREATE, "vhost", p->target->vhost, xstrdup(""), "PUT",
            make_path("vhosts", (const char *const[]){p->target->vhost}, 1),
            json_object_new_object());
    add_put(p, STEP_CREATE, "permission", p->target->deploy_user,
            xstrdup("configure .*, write .*, read .*"), "PUT",
            make_path("permissions",
                      (const char *const[]){p->target->vhost, p->target->deploy_user}, 2),
            text_object(3, "configure", ".*", "write", ".*", "read", ".*"));
}

enum outcome topology_plan_make(const struct topology_target *target,
                                const struct topology_model *model, struct topology_plan *plan,
                                struct fault *fault)
{
    struct planning p = {.target = target, .model = model, .plan = plan};
    enum outcome o = fetch_all(&p, fault);
    if (o == OK) {
        plan_vhost(&p);
        plan_exchanges(&p);
        plan_queues(&p);
        plan_policies(&p);
        plan_bindings(&p);
        o = plan_users(&p, fault);
    }
    if (o == OK) {
        plan_permissions(&p);
        plan_strangers(&p);
    }
    json_object *const fetched[] = {p.exchanges, p.queues,      p.bindings,         p.policies,
                                    p.users,     p.permissions, p.topic_permissions};
    for (size_t i = 0; i < COUNT_OF(fetched); i++) {
        (void)json_object_put(fetched[i]);
    }
    return o;
}

enum outcome topology_step_do(const struct topology_target *target,
                              const struct topology_step *step, struct fault *fault)
{
    if (step->action == STEP_REFUSE) {
        return fault_set(fault, REJECT, "%s %s %s", step->kind, step->name, step->detail);
    }
    if (step->action == STEP_LEAVE) {
        return OK;
    }
    return management_send(target->management, step->method, step->path, step->body, fault);
}
