/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/place.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "core/text.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>

/* What queues of dead letters are called, by whom. Patterns with * and ?. */
static const struct {
    const char *pattern, *because;
} conventions[] = {
    {"*.dlq", "named *.dlq: Quadrille, Spring"},
    {"*-dlq", "named *-dlq"},
    {"*_dlq", "named *_dlq"},
    {"*.DLQ", "named *.DLQ"},
    {"DLQ*", "named DLQ*"},
    {"dlq*", "named dlq*"},
    {"*_error", "named *_error: MassTransit"},
    {"*_skipped", "named *_skipped: MassTransit, messages that nobody handles"},
    {"*.error", "named *.error"},
    {"*-error", "named *-error"},
    {"error", "named error: NServiceBus, Rebus"},
    {"*.XQ", "named *.XQ: Dramatiq (its letters expire after 7 days)"},
    {"*.dead-letter*", "named *.dead-letter"},
    {"*-dead-letter*", "named *-dead-letter"},
    {"*dead_letter*", "named *dead_letter*"},
    {"*dead-letter*", "named *dead-letter*: Wolverine"},
    {"*deadletter*", "named *deadletter*"},
    {"*DeadLetter*", "named *DeadLetter*: EasyNetQ and others"},
    {"EasyNetQ_Default_Error_Queue*", "EasyNetQ's error queue"},
    {"*poison*", "named *poison*: Watermill"},
    {"*.invalid", "named *.invalid: Brighter"},
    {"*parking-lot*", "named *parking-lot*"},
    {"*.parked", "named *.parked"},
};

bool place_matches(const char *pattern, const char *name)
{
    const char *star = NULL; /* the last one, and how far it reaches */
    const char *reach = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            reach = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++reach;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

const char *place_convention(const char *queue)
{
    for (size_t i = 0; i < COUNT_OF(conventions); i++) {
        if (place_matches(conventions[i].pattern, queue)) {
            return conventions[i].because;
        }
    }
    return NULL;
}

/* JSON */

static const char *text_of(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

static int64_t number_of(json_object *object, const char *name, int64_t absent)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value) &&
                   json_object_is_type(value, json_type_int)
               ? json_object_get_int64(value)
               : absent;
}

static json_object *member_of(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value)
               ? value
               : NULL;
}

static size_t length_of(json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* What a look costs, by the broker's version */

static int version_of(const char *text)
{
    enum { MINORS = 1000 };
    char *end = NULL;
    long major = text != NULL ? strtol(text, &end, 10) : 0;
    long minor = end != NULL && *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    return major > 0 && major < MINORS && minor >= 0 && minor < MINORS
               ? (int)(major * MINORS + minor)
               : 0;
}

/*
 * Quorum queues. Until 4.3 every return counts; from there basic.nack does not, which is what a
 * pass uses (a lost connection still does). From 4.0 there is a limit without asking.
 */
static const struct {
    int from; /* 4003 is 4.3 */
    bool counts_nack;
    int64_t default_limit;
    bool goes_to_tail; /* where no limit is set */
} behaviours[] = {
    {4003, false, 20, false},
    {4000, true, 20, false},
    {0, true, 0, true},
};

static void set_behaviour(struct place *place, const char *version)
{
    int number = version_of(version);
    size_t i = 0;
    while (number < behaviours[i].from) {
        i++;
    }
    bool is_quorum = strcmp(place->type, "quorum") == 0;
    bool is_known = place->type[0] != '\0';
    if (place->limit < 0 && is_known) {
        place->limit = is_quorum ? behaviours[i].default_limit : 0;
        place->limit_source =
            place->limit > 0 ? xasprintf("the default of RabbitMQ %s", version) : NULL;
    }
    place->counts_looks =
        behaviours[i].counts_nack && (is_quorum || !is_known) && place->limit != 0;
    place->goes_to_tail =
        behaviours[i].goes_to_tail && (!is_known || (is_quorum && place->limit == 0));
}

void place_guess(const char *version, const char *vhost, const char *queue, struct place *out)
{
    *out = (struct place){.name = xstrdup(queue),
                          .vhost = xstrdup(vhost),
                          .type = xstrdup(""),
                          .ready = -1,
                          .unacked = -1,
                          .consumers = -1,
                          .arrival_rate = -1,
                          .limit = -1};
    set_behaviour(out, version);
}

/* Of argument and policy the smaller one holds; a negative one means no limit (from 4.0). */
static void read_limit(struct place *place, json_object *queue)
{
    int64_t argument = number_of(member_of(queue, "arguments"), "x-delivery-limit", INT64_MAX);
    int64_t policy =
        number_of(member_of(queue, "effective_policy_definition"), "delivery-limit", INT64_MAX);
    int64_t smaller = argument <= policy ? argument : policy;
    place->limit = -1;
    if (smaller == INT64_MAX) {
        return;
    }
    place->limit = smaller > 0 ? smaller : 0;
    place->is_argument = argument <= policy;
    if (place->is_argument) {
        place->limit_source = xstrdup("argument x-delivery-limit");
    } else {
        const char *name = text_of(queue, "policy");
        place->limit_source = xasprintf("policy %s", name != NULL ? name : "of the operator");
    }
}

static void read_place(json_object *queue, const char *version, struct place *out)
{
    json_object *details = member_of(member_of(queue, "message_stats"), "publish_details");
    json_object *rate = member_of(details, "rate");
    const char *type = text_of(queue, "type");
    const char *name = text_of(queue, "name");
    const char *vhost = text_of(queue, "vhost");
    *out = (struct place){.name = xstrdup(name != NULL ? name : ""),
                          .vhost = xstrdup(vhost != NULL ? vhost : ""),
                          .type = xstrdup(type != NULL ? type : ""),
                          .ready = number_of(queue, "messages_ready", -1),
                          .unacked = number_of(queue, "messages_unacknowledged", -1),
                          .consumers = number_of(queue, "consumers", -1),
                          .arrival_rate = rate != NULL ? json_object_get_double(rate) : 0};
    read_limit(out, queue);
    set_behaviour(out, version);
}

void place_done(struct place *place)
{
    free(place->name);
    free(place->vhost);
    free(place->type);
    free(place->because);
    free(place->limit_source);
    *place = (struct place){0};
}

void places_done(struct places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        place_done(&places->items[i]);
    }
    free(places->items);
    *places = (struct places){0};
}

static enum outcome read_version(struct management *management, char **out, struct fault *fault)
{
    json_object *overview = NULL;
    enum outcome o = management_call(management, "GET", NULL, &overview, fault, "overview");
    if (o == OK) {
        const char *version = text_of(overview, "rabbitmq_version");
        *out = xstrdup(version != NULL ? version : "");
    }
    (void)json_object_put(overview);
    return o;
}

enum outcome place_find(struct management *management, const char *vhost, const char *queue,
                        struct place *out, struct fault *fault)
{
    json_object *answer = NULL;
    AUTO(free_text) char *version = NULL;
    enum outcome o = read_version(management, &version, fault);
    if (o == OK) {
        o = management_call(management, "GET", NULL, &answer, fault, "queues/%s/%s", vhost, queue);
    }
    if (o == OK) {
        read_place(answer, version, out);
    }
    (void)json_object_put(answer);
    return o;
}

/* All of them */

static json_object *queue_named(json_object *queues, const char *name)
{
    for (size_t i = 0; i < length_of(queues); i++) {
        json_object *queue = json_object_array_get_idx(queues, i);
        const char *its = text_of(queue, "name");
        if (its != NULL && strcmp(its, name) == 0) {
            return queue;
        }
    }
    return NULL;
}

static void add_place(struct places *places, json_object *queue, const char *version,
                      const char *because)
{
    const char *name = text_of(queue, "name");
    for (size_t i = 0; name != NULL && i < places->count; i++) {
        if (strcmp(places->items[i].name, name) == 0) {
            return;
        }
    }
    places->items = xrealloc(places->items, (places->count + 1) * sizeof places->items[0]);
    struct place *place = &places->items[places->count++];
    read_place(queue, version, place);
    place->because = xstrdup(because);
}

static const char *setting_of(json_object *queue, const char *argument, const char *policy)
{
    const char *value = text_of(member_of(queue, "arguments"), argument);
    return value != NULL ? value : text_of(member_of(queue, "effective_policy_definition"), policy);
}

/* Where the queue's dead letters go: those bound to its dead-letter exchange. */
static enum outcome add_targets(struct management *management, const char *vhost,
                                const char *version, json_object *queues, json_object *queue,
                                struct places *out, struct fault *fault)
{
    const char *name = text_of(queue, "name");
    const char *exchange = setting_of(queue, "x-dead-letter-exchange", "dead-letter-exchange");
    const char *key = setting_of(queue, "x-dead-letter-routing-key", "dead-letter-routing-key");
    if (exchange == NULL || name == NULL) {
        return OK;
    }
    AUTO(free_text) char *because = xasprintf("queue %s dead-letters into it", name);
    if (exchange[0] == '\0') {
        json_object *target = queue_named(queues, key != NULL ? key : name);
        if (target != NULL && target != queue) {
            add_place(out, target, version, because);
        }
        return OK;
    }
    json_object *bindings = NULL;
    enum outcome o = management_call(management, "GET", NULL, &bindings, fault,
                                     "exchanges/%s/%s/bindings/source", vhost, exchange);
    if (o == REJECT && management_status(management) == 404) {
        return OK; /* a dead-letter exchange that is not there takes nothing anywhere */
    }
    for (size_t i = 0; i < length_of(bindings); i++) {
        json_object *binding = json_object_array_get_idx(bindings, i);
        const char *kind = text_of(binding, "destination_type");
        const char *target = text_of(binding, "destination");
        json_object *found = kind != NULL && target != NULL && strcmp(kind, "queue") == 0
                                 ? queue_named(queues, target)
                                 : NULL;
        if (found != NULL && found != queue) {
            add_place(out, found, version, because);
        }
    }
    (void)json_object_put(bindings);
    return o;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

enum outcome places_find(struct management *management, const char *vhost, const char *match,
                         struct places *out, struct fault *fault)
{
    json_object *queues = NULL;
    AUTO(free_text) char *version = NULL;
    *out = (struct places){0};
    enum outcome o = read_version(management, &version, fault);
    if (o == OK) {
        o = management_call(management, "GET", NULL, &queues, fault, "queues/%s", vhost);
    }
    for (size_t i = 0; i < length_of(queues) && o == OK; i++) {
        json_object *queue = json_object_array_get_idx(queues, i);
        const char *name = text_of(queue, "name");
        const char *because = match != NULL && name != NULL && place_matches(match, name)
                                  ? "matches"
                              : match == NULL && name != NULL ? place_convention(name)
                                                              : NULL;
        if (because != NULL) {
            add_place(out, queue, version, because);
        }
    }
    for (size_t i = 0; i < length_of(queues) && o == OK && match == NULL; i++) {
        o = add_targets(management, vhost, version, queues, json_object_array_get_idx(queues, i),
                        out, fault);
    }
    (void)json_object_put(queues);
    if (out->count > 0) {
        qsort(out->items, out->count, sizeof out->items[0], by_name);
    }
    return o;
}

/* Who holds some */

static bool consumes(json_object *queue, const char *channel)
{
    json_object *consumers = member_of(queue, "consumer_details");
    for (size_t i = 0; i < length_of(consumers); i++) {
        const char *name =
            text_of(member_of(json_object_array_get_idx(consumers, i), "channel_details"), "name");
        if (name != NULL && strcmp(name, channel) == 0) {
            return true;
        }
    }
    return false;
}

static char *connection_title(struct management *management, const char *connection)
{
    json_object *answer = NULL;
    struct fault ignored;
    enum outcome o =
        management_call(management, "GET", NULL, &answer, &ignored, "connections/%s", connection);
    const char *title = o == OK ? text_of(answer, "user_provided_name") : NULL;
    char *text = title != NULL ? xasprintf("%s, %s", title, connection) : xstrdup(connection);
    (void)json_object_put(answer);
    return text;
}

static void add_holder(struct management *management, json_object *channel, bool is_sure,
                       struct buffer *out)
{
    const char *connection = text_of(member_of(channel, "connection_details"), "name");
    const char *user = text_of(channel, "user");
    AUTO(free_text)
    char *title = connection_title(management, connection != NULL ? connection : "");
    AUTO(free_text) char *shown = escape_new(title);
    AUTO(free_text) char *shown_user = escape_new(user);
    buffer_printf(out, "%lld %s by connection %s (user %s)\n",
                  (long long)number_of(channel, "messages_unacknowledged", 0),
                  is_sure ? "held" : "held, perhaps of this queue,", shown, shown_user);
}

/* `is_sure`: those of consumers of this queue, else the others, who may have fetched singly. */
static int64_t add_holders(struct management *management, json_object *channels, json_object *queue,
                           const char *vhost, bool is_sure, struct buffer *out)
{
    enum { HOLDERS_MAX = 16 };
    int64_t sum = 0;
    size_t told = 0;
    for (size_t i = 0; i < length_of(channels); i++) {
        json_object *channel = json_object_array_get_idx(channels, i);
        const char *name = text_of(channel, "name");
        const char *its = text_of(channel, "vhost");
        int64_t unacked = number_of(channel, "messages_unacknowledged", 0);
        if (unacked > 0 && name != NULL && its != NULL && strcmp(its, vhost) == 0 &&
            consumes(queue, name) == is_sure) {
            sum += unacked;
            if (told++ < HOLDERS_MAX) {
                add_holder(management, channel, is_sure, out);
            }
        }
    }
    if (told > HOLDERS_MAX) {
        buffer_printf(out, "… and by %zu more\n", told - HOLDERS_MAX);
    }
    return sum;
}

char *place_holders(struct management *management, const char *vhost, const char *queue)
{
    AUTO(buffer_done) struct buffer out = {0};
    json_object *answer = NULL;
    json_object *channels = NULL;
    struct fault ignored;
    enum outcome o =
        management_call(management, "GET", NULL, &answer, &ignored, "queues/%s/%s", vhost, queue);
    int64_t unacked = o == OK ? number_of(answer, "messages_unacknowledged", 0) : 0;
    if (unacked > 0 &&
        management_call(management, "GET", NULL, &channels, &ignored, "channels") == OK) {
        int64_t sum = add_holders(management, channels, answer, vhost, true, &out);
        if (sum < unacked) {
            (void)add_holders(management, channels, answer, vhost, false, &out);
        }
    }
    if (unacked > 0 && out.length == 0) {
        buffer_printf(&out, "%lld held by a connection that the management API does not name\n",
                      (long long)unacked);
    }
    (void)json_object_put(channels);
    (void)json_object_put(answer);
    return out.length > 0 ? xstrdup(buffer_cstr(&out)) : NULL;
}

/* The warning */

/* So high that nobody gets there by looking. */
enum { LIMIT_HIGH = 100000 };

char *place_warning(const struct place *place)
{
    if (!place->counts_looks || place->limit >= LIMIT_HIGH) {
        return NULL;
    }
    AUTO(free_text) char *queue = escape_new(place->name);
    if (place->limit < 0) {
        return xasprintf(
            "whether looking counts against a delivery limit of queue %s is not known: give "
            "--management-url, and it is found out",
            queue);
    }
    AUTO(free_text) char *source = escape_new(place->limit_source);
    AUTO(free_text) char *vhost = escape_new(place->vhost);
    AUTO(free_text)
    char *costs =
        xasprintf("each look counts against the delivery limit of queue %s, which is %lld "
                  "(%s): a message that has come back more often is dropped or "
                  "dead-lettered",
                  queue, (long long)place->limit, source);
    if (place->is_argument) {
        return xasprintf(
            "%s.\n  An argument cannot be changed, and no policy lifts it: look seldom, "
            "or move the messages to a queue without it",
            costs);
    }
    return xasprintf(
        "%s.\n"
        "  A policy of higher priority lifts it, also for what is in the queue now:\n"
        "  rabbitmqctl set_policy -p '%s' --priority 100 --apply-to queues 'look-%s' '^%s$' "
        "'{\"delivery-limit\":2147483647}'\n"
        "  (it replaces the policy that applies now: repeat in it what that one says)",
        costs, vhost, queue, queue);
}
