/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/deed.h"

#include "core/clock.h"
#include "core/crash.h"
#include "tools/dlq/archive.h"
#include "tools/dlq/copy.h"
#include "tools/escape.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAME_SPARE_BYTES = 64,
    SETTLE_MS = 30000, /* without any answer */
    WAIT_MS = 20,
    HEADERS_MORE = 6,
};

static const char RUN_HEADER[] = "quadrille-run";
static const char RETURNS_HEADER[] = "quadrille-returns";
static const char EDIT_HEADER[] = "quadrille-edit-of";

static const struct {
    const char *name;
    bool is_return; /* counts as one */
} verbs[] = {
    [DEED_RETRY] = {"retry", true},
    [DEED_MOVE] = {"move", false},
    [DEED_DROP] = {"drop", false},
    [DEED_EDIT] = {"edit", true},
};

static const struct {
    const char *name, *text;
} lefts[] = {
    [LEFT_NOT_TOLD] = {"not_told", "where they failed is not told: move --to QUEUE sends them"},
    [LEFT_ITSELF] = {"failed_here", "they failed in this very queue: move --to QUEUE sends them"},
    [LEFT_MISSING] = {"destination_missing", "their destination does not exist"},
    [LEFT_MANY] = {"too_many_destinations", "their destination is one too many for one run"},
    [LEFT_RETURNS] = {"max_returns", "they have come back too often (--max-returns)"},
    [LEFT_CUT] = {"cut", "their bodies are too large to be taken whole"},
    [LEFT_UNREADABLE] = {"unreadable", "their headers cannot be read"},
    [LEFT_TOO_LARGE] = {"headers_too_large", "their headers would fit no frame"},
    [LEFT_PAST] = {"sent_before",
                   "a run that was broken off has sent them (--again sends them once "
                   "more)"},
    [LEFT_AGAIN] = {"came_back", "this run has sent them, and they came back"},
    [LEFT_UNEDITABLE] = {"not_editable", "they cannot be edited so"},
    [LEFT_FORBIDDEN] = {"contract", "the result would break its contract"},
    [LEFT_SAME] = {"unchanged", "the edit changes nothing"},
    [LEFT_REFUSED] = {"refused", "the broker did not take the copy"},
};

const char *deed_verb_name(enum deed_verb verb)
{
    return verbs[verb].name;
}

bool deed_verb_find(const char *name, enum deed_verb *out)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            *out = (enum deed_verb)i;
            return true;
        }
    }
    return false;
}

const char *deed_left_text(enum deed_left left)
{
    return lefts[left].text;
}

const char *deed_left_name(enum deed_left left)
{
    return lefts[left].name;
}

int64_t deed_left(const struct deed_result *result)
{
    int64_t count = 0;
    for (size_t i = 0; i < LEFT_REASONS; i++) {
        count += result->left[i];
    }
    return count;
}

/* What has been published, or written for a drop, and is not settled. */
enum flight_state { FLIGHT_OPEN, FLIGHT_SAFE, FLIGHT_BACK, FLIGHT_SETTLED };
struct flight {
    uint64_t number;
    enum flight_state state;
    drain_ticket ticket;
    uint8_t fingerprint[LETTER_FINGERPRINT_BYTES];
    uint64_t id_hash;
    bool is_alike; /* the broker could confuse it with another one of these */
    struct deed_destination *destination;
};

struct deed {
    struct deed_options options;
    struct dlq_session *session;
    struct broker *publisher, *asker; /* asker: a refusal would end the confirms of the publisher */
    struct deed_result result;
    struct deed_destination destinations[DEED_DESTINATIONS_MAX];
    struct flight flights[DEED_WINDOW];
    size_t first, count; /* a ring */
    size_t bytes;
    int64_t next_us, answered_ms, looked_ms;
    int64_t most, dealt; /* of this pass */
    int64_t back;
    bool is_blocked_told;
    struct buffer properties, line;
    char run[UUID_TEXT_BYTES];
};

const struct deed_result *deed_result(const struct deed *deed)
{
    return &deed->result;
}

const char *deed_broker_user(const struct deed *deed)
{
    return broker_user(deed->publisher);
}

/* Settling */

static struct flight *flight_at(struct deed *deed, size_t i)
{
    return &deed->flights[(deed->first + i) % DEED_WINDOW];
}

static void stop(struct deed *deed, const char *why)
{
    if (!deed->result.is_stopped) {
        deed->result.is_stopped = true;
        (void)snprintf(deed->result.why_stopped, sizeof deed->result.why_stopped, "%s", why);
    }
}

static void hear(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct deed *deed = context;
    deed->answered_ms = clock_monotonic_ms();
    for (size_t i = 0; i < deed->count; i++) {
        struct flight *flight = flight_at(deed, i);
        if (flight->number == number && flight->state == FLIGHT_OPEN) {
            flight->state = verdict == VERDICT_CONFIRMED ? FLIGHT_SAFE : FLIGHT_BACK;
            if (verdict != VERDICT_CONFIRMED) {
                AUTO(free_text)
                char *why =
                    xasprintf("a copy for %s came back: %s", flight->destination->key, reason);
                stop(deed, why);
            }
            return;
        }
    }
}

static enum outcome take_out(struct deed *deed, struct drain *drain, struct flight *flight,
                             struct fault *fault)
{
    char text[LETTER_FINGERPRINT_TEXT_BYTES];
    (void)sodium_bin2hex(text, sizeof text, flight->fingerprint, sizeof flight->fingerprint);
    enum outcome o = journal_safe(deed->options.journal, text, fault);
    if (o != OK) {
        return o;
    }
    crash_point("dlq_safe");
    o = drain_done(drain, flight->ticket, fault);
    if (o == OK) {
        flight->state = FLIGHT_SETTLED;
        flight->destination->count++;
        deed->result.done++;
        crash_point("dlq_acked");
    }
    return o;
}

/*
 * The broker names what it returns by its message id alone. Where several under way have the same
 * one, or none, nothing is believed before all are answered, and after a return no one of these.
 */
static bool are_alike_settled(struct deed *deed, bool *has_return)
{
    bool is_settled = true;
    *has_return = false;
    for (size_t i = 0; i < deed->count; i++) {
        const struct flight *flight = flight_at(deed, i);
        if (flight->is_alike) {
            is_settled = is_settled && flight->state != FLIGHT_OPEN;
            *has_return = *has_return || flight->state == FLIGHT_BACK;
        }
    }
    return is_settled;
}

static void forget_settled(struct deed *deed)
{
    while (deed->count > 0 && flight_at(deed, 0)->state == FLIGHT_SETTLED) {
        deed->first = (deed->first + 1) % DEED_WINDOW;
        deed->count--;
    }
    if (deed->count == 0) {
        deed->bytes = 0;
    }
}

static enum outcome collect(struct deed *deed, struct drain *drain, struct fault *fault)
{
    bool has_return = false;
    bool is_settled = are_alike_settled(deed, &has_return);
    enum outcome o = OK;
    for (size_t i = 0; i < deed->count && o == OK; i++) {
        struct flight *flight = flight_at(deed, i);
        if (flight->state == FLIGHT_OPEN || flight->state == FLIGHT_SETTLED ||
            (flight->is_alike && !is_settled)) {
            continue;
        }
        if (flight->state == FLIGHT_SAFE && !(flight->is_alike && has_return)) {
            o = take_out(deed, drain, flight, fault);
        } else {
            if (flight->state == FLIGHT_SAFE) {
                deed->result.unsure++;
            } else {
                deed->result.left[LEFT_REFUSED]++;
            }
            flight->state = FLIGHT_SETTLED;
        }
    }
    forget_settled(deed);
    return o;
}

static void tell_blocked(struct deed *deed)
{
    if (broker_is_blocked(deed->publisher) && !deed->is_blocked_told) {
        deed->is_blocked_told = true;
        (void)fputs("the broker takes nothing now (an alarm of memory or disk); Ctrl-C ends the "
                    "waiting\n",
                    stderr);
    }
}

/* Both connections get on, and what is answered is settled. */
static enum outcome pump(struct deed *deed, struct drain *drain, int64_t wait_ms,
                         struct fault *fault)
{
    enum outcome o = broker_wait(deed->publisher, -1, wait_ms, fault);
    if (o == OK) {
        o = collect(deed, drain, fault);
    }
    if (o == OK) {
        o = drain_tick(drain, fault);
    }
    tell_blocked(deed);
    return o;
}

/* Until so many are left; RETRY when nobody answers. */
static enum outcome await_room(struct deed *deed, struct drain *drain, size_t most, size_t bytes,
                               struct fault *fault)
{
    deed->answered_ms = clock_monotonic_ms();
    while (deed->count > most || (deed->count > 0 && deed->bytes > bytes)) {
        enum outcome o = pump(deed, drain, WAIT_MS, fault);
        if (o != OK) {
            return o;
        }
        bool may_wait = broker_is_blocked(deed->publisher) && !drain_is_interrupted();
        if (!may_wait && clock_monotonic_ms() - deed->answered_ms > SETTLE_MS) {
            return fault_set(fault, RETRY, "the broker has not confirmed anything for %d s",
                             SETTLE_MS / 1000);
        }
    }
    return OK;
}

/* Destinations */

static bool is_there(struct deed *deed, const char *exchange, const char *key, bool *out,
                     struct fault *fault)
{
    enum outcome o = exchange[0] != '\0'
                         ? broker_exchange_declare(deed->asker, exchange, "topic", true, fault)
                         : broker_queue_declare(deed->asker, key, NULL, true, NULL, NULL, fault);
    *out = o == OK;
    return o == OK || o == REJECT;
}

/* NULL with OK: one too many. */
static enum outcome find_destination(struct deed *deed, const char *exchange, const char *key,
                                     struct deed_destination **out, struct fault *fault)
{
    size_t count = deed->result.destination_count;
    for (size_t i = 0; i < count; i++) {
        struct deed_destination *destination = &deed->destinations[i];
        if (strcmp(destination->exchange, exchange) == 0 && strcmp(destination->key, key) == 0) {
            *out = destination;
            return OK;
        }
    }
    *out = NULL;
    if (count == DEED_DESTINATIONS_MAX) {
        return OK;
    }
    bool exists = false;
    if (!is_there(deed, exchange, key, &exists, fault)) {
        return fault->outcome;
    }
    *out = &deed->destinations[count];
    **out = (struct deed_destination){
        .exchange = xstrdup(exchange), .key = xstrdup(key), .is_missing = !exists};
    deed->result.destination_count++;
    return OK;
}

/* Where it goes; `left` says why nowhere. */
static enum outcome direct(struct deed *deed, const struct letter *letter,
                           struct deed_destination **out, enum deed_left *left, struct fault *fault)
{
    const struct deed_options *options = &deed->options;
    const char *exchange = "";
    const char *key = options->to != NULL ? options->to : letter_text(letter, LETTER_QUEUE);
    if (options->is_via_exchange) {
        exchange = letter_text(letter, LETTER_EXCHANGE);
        key = letter_text(letter, LETTER_ROUTING_KEY);
    }
    *left = LEFT_NOT_TOLD;
    if (key == NULL || key[0] == '\0' || exchange == NULL || strlen(key) > UINT8_MAX ||
        strlen(exchange) > UINT8_MAX) {
        return OK;
    }
    *left = LEFT_ITSELF;
    if (exchange[0] == '\0' && strcmp(key, deed->session->queue) == 0) {
        return OK;
    }
    struct deed_destination *found = NULL;
    enum outcome o = find_destination(deed, exchange, key, &found, fault);
    *left = found == NULL ? LEFT_MANY : LEFT_MISSING;
    *out = found != NULL && !found->is_missing ? found : NULL;
    return o;
}

/* One letter */

static int64_t returns_of(const struct letter *letter)
{
    int64_t returns = letter_number(letter, LETTER_RETURNS);
    return returns > 0 ? returns : 0;
}

static const char *text_header(const struct letter *letter, const char *name)
{
    const struct header_value *header = headers_get(&letter->headers, name);
    return header != NULL && header->kind == HEADER_TEXT ? header->text : NULL;
}

static bool is_of_this_run(const struct deed *deed, const struct letter *letter)
{
    const char *run = text_header(letter, RUN_HEADER);
    return run != NULL && strcmp(run, deed->run) == 0;
}

/* The user that a topic of ours belongs to: only with it do our services believe the message. */
static const char *original_user(const struct letter *letter)
{
    const char *user = letter->delivery->properties.user_id;
    return user != NULL ? user : text_header(letter, "quadrille-user-id");
}

static size_t add_origin(const struct letter *letter, struct header *more)
{
    static const struct {
        const char *name;
        enum letter_fact fact;
    } origins[] = {{"x-original-exchange", LETTER_EXCHANGE},
                   {"x-original-routingKey", LETTER_ROUTING_KEY}};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        const char *text = letter_text(letter, origins[i].fact);
        if (text != NULL && headers_get(&letter->headers, origins[i].name) == NULL) {
            more[count++] = (struct header){.name = origins[i].name, .text = text};
        }
    }
    return count;
}

static enum outcome write_properties(struct deed *deed, const struct letter *letter,
                                     const struct deed_change *change, struct fault *fault)
{
    const struct properties *properties = &letter->delivery->properties;
    struct header more[HEADERS_MORE] = {{.name = RUN_HEADER, .text = deed->run}};
    size_t count = 1;
    if (verbs[deed->options.verb].is_return) {
        more[count++] = (struct header){
            .name = RETURNS_HEADER, .number = returns_of(letter) + 1, .is_number = true};
    }
    if (deed->options.is_via_exchange) {
        /* it is where it was */
    } else {
        count += add_origin(letter, more + count);
    }
    if (change->message_id != NULL) {
        more[count++] = (struct header){.name = EDIT_HEADER, .text = letter->id};
        if (headers_get(&letter->headers, "cloudEvents_id") != NULL) {
            more[count++] = (struct header){.name = "cloudEvents_id", .text = change->message_id};
        }
    }
    const struct copy_changes changes = {
        .headers = more,
        .header_count = count,
        .message_id = change->message_id,
        .user_id = deed->options.is_via_exchange ? original_user(letter) : NULL};
    buffer_clear(&deed->properties);
    return copy_properties(properties->raw, properties->raw_length, &letter->headers, &changes,
                           &deed->properties, fault);
}

static uint64_t id_hash(const char *id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * 0x100000001b3u;
    }
    return hash;
}

static void add_flight(struct deed *deed, const struct letter *letter, const char *message_id,
                       drain_ticket ticket, uint64_t number, struct deed_destination *destination)
{
    const char *id = message_id != NULL ? message_id : letter->has_own_id ? letter->id : "";
    struct flight flight = {.number = number,
                            .ticket = ticket,
                            .id_hash = id_hash(id),
                            .is_alike = id[0] == '\0',
                            .destination = destination};
    memcpy(flight.fingerprint, letter->fingerprint, sizeof flight.fingerprint);
    for (size_t i = 0; i < deed->count; i++) {
        struct flight *other = flight_at(deed, i);
        if (other->state != FLIGHT_SETTLED && other->id_hash == flight.id_hash) {
            other->is_alike = flight.is_alike = true;
        }
    }
    *flight_at(deed, deed->count++) = flight;
}

/* The rate is kept by when the next one may go. */
static enum outcome await_turn(struct deed *deed, struct drain *drain, struct fault *fault)
{
    static const int64_t US = 1000;
    if (deed->options.rate == 0) {
        return OK;
    }
    int64_t now = clock_monotonic_us();
    while (now < deed->next_us && !drain_is_interrupted()) {
        int64_t wait = (deed->next_us - now) / US;
        enum outcome o = pump(deed, drain, wait < 100 ? wait : 100, fault);
        if (o != OK) {
            return o;
        }
        now = clock_monotonic_us();
        if (deed->next_us - now < US && now < deed->next_us) {
            now = deed->next_us;
        }
    }
    int64_t base = deed->next_us > now - 100 * US ? deed->next_us : now;
    deed->next_us = base + US * US / deed->options.rate;
    return OK;
}

static enum outcome note_sent(struct deed *deed, const struct letter *letter, struct fault *fault)
{
    char text[LETTER_FINGERPRINT_TEXT_BYTES];
    return journal_sent(deed->options.journal, letter_fingerprint(letter, text), letter->id, fault);
}

static enum outcome publish(struct deed *deed, struct drain *drain, const struct letter *letter,
                            const struct deed_change *change, drain_ticket ticket,
                            struct deed_destination *destination, struct fault *fault)
{
    uint64_t number = 0;
    enum outcome o = await_turn(deed, drain, fault);
    if (o == OK) {
        o = await_room(deed, drain, DEED_WINDOW - 1, DEED_WINDOW_MAX_BYTES, fault);
    }
    if (o != OK || deed->result.is_stopped) {
        return o;
    }
    o = note_sent(deed, letter, fault);
    if (o == OK) {
        o = broker_publish(deed->publisher, destination->exchange, destination->key, true,
                           deed->properties.bytes, deed->properties.length, change->body,
                           change->body_length, &number, fault);
    }
    if (o != OK) {
        return o;
    }
    add_flight(deed, letter, change->message_id, ticket, number, destination);
    deed->bytes += change->body_length + deed->properties.length;
    o = broker_tick(deed->publisher, fault);
    crash_point("dlq_sent");
    return o == OK ? collect(deed, drain, fault) : o;
}

/* Dropped letters go into the export first; it is synchronised before they are acknowledged. */
static enum outcome export_one(struct deed *deed, struct drain *drain, const struct letter *letter,
                               drain_ticket ticket, struct fault *fault)
{
    static struct deed_destination nowhere;
    enum outcome o = OK;
    if (deed->count == DEED_WINDOW) {
        return fault_set(fault, FATAL, "nothing was synchronised");
    }
    buffer_clear(&deed->line);
    archive_add(letter, deed->session->queue, clock_now_ms(), &deed->line);
    if (fwrite(deed->line.bytes, 1, deed->line.length, deed->options.export) != deed->line.length) {
        return fault_set(fault, FATAL, "the export cannot be written: %s", strerror(errno));
    }
    o = note_sent(deed, letter, fault);
    add_flight(deed, letter, NULL, ticket, 0, &nowhere);
    crash_point("dlq_sent");
    return o;
}

static enum outcome synchronise_export(struct deed *deed, struct drain *drain, struct fault *fault)
{
    enum outcome o = OK;
    if (deed->count == 0) {
        return OK;
    }
    if (fflush(deed->options.export) != 0 || fsync(fileno(deed->options.export)) != 0) {
        return fault_set(fault, FATAL, "the export cannot be written: %s", strerror(errno));
    }
    for (size_t i = 0; i < deed->count && o == OK; i++) {
        o = take_out(deed, drain, flight_at(deed, i), fault);
    }
    forget_settled(deed);
    return o == OK ? drain_tick(drain, fault) : o;
}

static bool is_past(const struct deed *deed, const struct letter *letter)
{
    const struct journal_past *past = deed->options.past;
    return past != NULL && journal_past_find(past, letter->fingerprint) != NULL;
}

/* Whether anything but its destination keeps it here. */
static bool may_go(struct deed *deed, const struct letter *letter, enum deed_left *left)
{
    const struct deed_options *options = &deed->options;
    bool is_drop = options->verb == DEED_DROP;
    bool has_limit = options->max_returns > 0 && verbs[options->verb].is_return;
    *left = is_of_this_run(deed, letter)                              ? LEFT_AGAIN
            : !is_drop && !options->is_again && is_past(deed, letter) ? LEFT_PAST
            : letter->is_cut                                          ? LEFT_CUT
            : !is_drop && letter->unread != NULL                      ? LEFT_UNREADABLE
            : has_limit && returns_of(letter) >= options->max_returns ? LEFT_RETURNS
                                                                      : LEFT_REASONS;
    return *left == LEFT_REASONS;
}

/* Its copy: `left` stays LEFT_REASONS when it can be sent. */
static enum outcome prepare(struct deed *deed, const struct letter *letter,
                            struct deed_change *change, struct deed_destination **destination,
                            enum deed_left *left, struct fault *fault)
{
    *change = (struct deed_change){.body = letter->delivery->body,
                                   .body_length = letter->delivery->body_length};
    if (!may_go(deed, letter, left) || deed->options.verb == DEED_DROP) {
        return OK;
    }
    enum outcome o = direct(deed, letter, destination, left, fault);
    if (o != OK || *destination == NULL) {
        return o;
    }
    *left = LEFT_REASONS;
    if (deed->options.change != NULL) {
        o = deed->options.change(deed->options.change_context, letter, change, left, fault);
        if (o == REJECT && *left != LEFT_REASONS) {
            (void)snprintf(deed->result.first_refusal, sizeof deed->result.first_refusal, "%s",
                           deed->result.first_refusal[0] != '\0' ? deed->result.first_refusal
                                                                 : fault->text);
            return OK;
        }
    }
    if (o == OK) {
        o = write_properties(deed, letter, change, fault);
    }
    if (o == REJECT) {
        *left = LEFT_UNREADABLE;
        return OK;
    }
    if (deed->properties.length + FRAME_SPARE_BYTES > broker_frame_max(deed->publisher)) {
        *left = LEFT_TOO_LARGE;
    }
    return o;
}

static enum outcome deal_with(struct deed *deed, struct drain *drain, const struct letter *letter,
                              drain_ticket ticket, struct fault *fault)
{
    struct deed_change change;
    struct deed_destination *destination = NULL;
    enum deed_left left = LEFT_REASONS;
    deed->result.selected++;
    enum outcome o = prepare(deed, letter, &change, &destination, &left, fault);
    if (o != OK) {
        return o;
    }
    if (left != LEFT_REASONS) {
        deed->result.left[left]++;
        return OK;
    }
    deed->dealt++;
    groups_add(&deed->result.groups, letter);
    if (deed->options.note != NULL) {
        o = deed->options.note(deed->options.note_context, letter, fault);
    }
    if (o == OK && deed->options.is_dry) {
        deed->result.done++;
        if (destination != NULL) {
            destination->count++;
        }
        return OK;
    }
    if (o == OK && deed->options.verb == DEED_DROP) {
        o = deed->count == DEED_WINDOW ? synchronise_export(deed, drain, fault) : OK;
        return o == OK ? export_one(deed, drain, letter, ticket, fault) : o;
    }
    return o == OK ? publish(deed, drain, letter, &change, ticket, destination, fault) : o;
}

/* Heartbeats, also while only letters are seen that nobody wants. */
static enum outcome look_after(struct deed *deed, struct fault *fault)
{
    enum { EVERY_MS = 500 };
    int64_t now = clock_monotonic_ms();
    if (now - deed->looked_ms < EVERY_MS) {
        return OK;
    }
    deed->looked_ms = now;
    enum outcome o = broker_tick(deed->publisher, fault);
    return o == OK ? broker_tick(deed->asker, fault) : o;
}

static enum outcome visit(void *context, struct drain *drain, const struct letter *letter,
                          bool is_selected, drain_ticket ticket, enum drain_decision *decision,
                          struct fault *fault)
{
    struct deed *deed = context;
    bool takes = deed->options.takes != NULL ? deed->options.takes(deed->options.context, letter)
                                             : is_selected;
    bool is_dropped = takes && deed->options.verb == DEED_DROP;
    deed->result.has_past = deed->result.has_past || (!is_dropped && is_past(deed, letter));
    enum outcome o = look_after(deed, fault);
    if (o == OK && takes && !deed->result.is_stopped) {
        o = deal_with(deed, drain, letter, ticket, fault);
    }
    if (deed->result.is_stopped || (deed->most > 0 && deed->dealt >= deed->most)) {
        *decision = DRAIN_ENOUGH;
    }
    return o;
}

static enum outcome settle(void *context, struct drain *drain, bool is_last, struct fault *fault)
{
    struct deed *deed = context;
    enum outcome o = OK;
    if (deed->options.is_dry) {
        return OK;
    }
    if (deed->options.verb == DEED_DROP) {
        return synchronise_export(deed, drain, fault);
    }
    o = is_last ? await_room(deed, drain, 0, 0, fault) : pump(deed, drain, 0, fault);
    if (is_last || o != OK) {
        deed->result.unsure += (int64_t)deed->count;
        deed->count = is_last || o != OK ? 0 : deed->count;
    }
    return o;
}

/* Between two passes a connection may have been silent for too long. */
static enum outcome reconnect(struct deed *deed, struct fault *fault)
{
    const struct broker_options *options = &deed->session->broker;
    enum outcome o = OK;
    if (deed->publisher != NULL && !broker_is_lost(deed->publisher) &&
        !broker_is_lost(deed->asker) && broker_tick(deed->publisher, fault) == OK &&
        broker_tick(deed->asker, fault) == OK) {
        return OK;
    }
    broker_close(deed->publisher);
    broker_close(deed->asker);
    deed->publisher = deed->asker = NULL;
    o = broker_open(options, &deed->publisher, fault);
    if (o == OK) {
        o = broker_confirm_select(deed->publisher, fault);
    }
    if (o == OK) {
        o = broker_open(options, &deed->asker, fault);
    }
    if (o == OK) {
        broker_on_verdict(deed->publisher, hear, deed);
    }
    return o;
}

static int say_fault(const struct deed *deed, const struct fault *fault)
{
    AUTO(free_text) char *reason = escape_new(fault->text);
    return cli_fail(deed->session->call, EXIT_FAILED, "%s", reason);
}

int deed_run(struct deed *deed, int64_t most)
{
    struct fault fault;
    const struct dlq_visitor visitor = {
        .letter = visit, .settle = settle, .context = deed, .is_acting = !deed->options.is_dry};
    deed->most = most;
    deed->dealt = 0;
    deed->first = deed->count = deed->bytes = 0;
    if (reconnect(deed, &fault) != OK) {
        return say_fault(deed, &fault);
    }
    return dlq_session_run(deed->session, &visitor, &deed->result.report);
}

/* Canaries */

void deed_forget_left(struct deed *deed)
{
    memset(deed->result.left, 0, sizeof deed->result.left);
    deed->result.selected = deed->result.done;
}

static enum outcome look_for_back(void *context, struct drain *drain, const struct letter *letter,
                                  bool is_selected, drain_ticket ticket,
                                  enum drain_decision *decision, struct fault *fault)
{
    struct deed *deed = context;
    deed->back += is_of_this_run(deed, letter);
    return OK;
}

int deed_count_back(struct deed *deed, int64_t *back)
{
    struct drain_report report;
    const struct dlq_visitor visitor = {.letter = look_for_back, .context = deed};
    deed->back = 0;
    int code = dlq_session_run(deed->session, &visitor, &report);
    *back = deed->back;
    return code;
}

/* Opening */

int deed_open(struct dlq_session *session, const struct deed_options *options, struct deed **out)
{
    struct fault fault;
    struct deed *deed = xcalloc(1, sizeof *deed);
    *out = deed;
    deed->options = *options;
    deed->session = session;
    deed->result.destinations = deed->destinations;
    (void)ids_format(&options->run, deed->run);
    return reconnect(deed, &fault) == OK ? EXIT_DONE : say_fault(deed, &fault);
}

void deed_close(struct deed *deed)
{
    if (deed == NULL) {
        return;
    }
    broker_close(deed->publisher);
    broker_close(deed->asker);
    for (size_t i = 0; i < deed->result.destination_count; i++) {
        free(deed->destinations[i].exchange);
        free(deed->destinations[i].key);
    }
    groups_done(&deed->result.groups);
    buffer_done(&deed->properties);
    buffer_done(&deed->line);
    free(deed);
}
