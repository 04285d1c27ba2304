/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/asyncapi.h"
#include "contracts/graph/label.h"
#include "contracts/graph/layout.h"
#include "contracts/graph/saga.h"
#include "contracts/graph/writer.h"
#include "core/buffer.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Our own contracts, documents of two teams that know nothing of us (graph/), and names that want
 * to be more than names. */

static struct asyncapi set;
static struct graph graph;
static struct buffer out;

static void teardown(void)
{
    graph_done(&graph);
    asyncapi_done(&set);
    buffer_done(&out);
}

static void load(const char *path)
{
    struct fault fault;
    ck_assert_msg(asyncapi_load(&set, &path, 1, &fault) == OK, "%s", fault.text);
    findings_print(&set.documents.findings, stderr);
    ck_assert_uint_eq(set.documents.findings.count, 0);
    ck_assert_msg(graph_make(&graph, &set, &fault) == OK, "%s", fault.text);
}

static void show(enum graph_view view, const char *name)
{
    struct fault fault;
    ck_assert_msg(graph_show(&graph, view, name, &fault) == OK, "%s", fault.text);
}

static const char *write_as(const char *format)
{
    const struct graph_writer *writer = graph_writer_find(format);
    ck_assert_ptr_nonnull(writer);
    buffer_clear(&out);
    writer->write(&graph, &out);
    return buffer_cstr(&out);
}

static bool has(const char *text)
{
    return strstr(buffer_cstr(&out), text) != NULL;
}

/* ---- JSON, read back ---- */

static json_object *parsed(void)
{
    json_object *root = json_tokener_parse(write_as("json"));
    ck_assert_msg(root != NULL, "no JSON: %s", buffer_cstr(&out));
    return root;
}

static bool lists(json_object *object, const char *key, const char *value)
{
    json_object *list = json_object_object_get(object, key);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), value) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the service has an operation of the action with the event. */
static bool is_linked(json_object *root, const char *service, const char *action, const char *event)
{
    json_object *list = json_object_object_get(root, "operations");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *operation = json_object_array_get_idx(list, i);
        const char *its_service =
            json_object_get_string(json_object_object_get(operation, "service"));
        const char *its_action =
            json_object_get_string(json_object_object_get(operation, "action"));
        if (strcmp(its_service, service) == 0 && strcmp(its_action, action) == 0 &&
            lists(operation, "events", event)) {
            return true;
        }
    }
    return false;
}

static size_t count_of(json_object *root, const char *key)
{
    return json_object_array_length(json_object_object_get(root, key));
}

START_TEST(json_tells_who_says_what_to_whom)
{
    load(CONTRACTS);
    json_object *root = parsed();
    ck_assert_uint_eq(count_of(root, "services"), 6);
    ck_assert_uint_eq(count_of(root, "events"), 20);
    ck_assert(is_linked(root, "billing", "send", "PaymentCompleted"));
    ck_assert(is_linked(root, "subscription", "receive", "PaymentCompleted"));
    ck_assert(is_linked(root, "profile", "send", "UserDeleted"));
    static const char *const told[] = {"billing", "coaching", "history", "notification",
                                       "subscription"};
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        ck_assert_msg(is_linked(root, told[i], "receive", "UserDeleted"), "%s", told[i]);
    }
    ck_assert(!is_linked(root, "billing", "receive", "PaymentCompleted"));
    ck_assert(!is_linked(root, "profile", "receive", "UserDeleted"));
    json_object_put(root);
}
END_TEST

START_TEST(a_service_is_shown_with_its_neighbours_only)
{
    load(CONTRACTS);
    show(GRAPH_SERVICE, "coaching");
    json_object *root = parsed();
    ck_assert(is_linked(root, "profile", "send", "FitnessGoalSet"));
    ck_assert(is_linked(root, "notification", "receive", "PlanGenerated"));
    ck_assert(!is_linked(root, "billing", "send", "PaymentCompleted"));
    /* Others that hear what it hears are no neighbours. */
    ck_assert(!is_linked(root, "billing", "receive", "UserDeleted"));
    json_object_put(root);

    write_as("text");
    ck_assert(has("  says   PlanGenerated         -> history, notification, subscription\n"));
    ck_assert(has("FitnessGoalSet        <- profile\n"));
    ck_assert(!has("PaymentCompleted"));
}
END_TEST

/* ---- the saga ---- */

static const struct {
    const char *hears, *service, *step, *leads_to, *undoes;
} premium_upgrade[] = {
    {"PremiumUpgradeRequested", "billing", "chargeCustomer", "PaymentCompleted PaymentFailed", ""},
    {"PaymentCompleted", "subscription", "activatePremium", "PremiumActivated", ""},
    {"PaymentFailed", "subscription", "rejectUpgrade", "PremiumUpgradeRejected", ""},
    {"PremiumActivated", "coaching", "makePremiumPlan", "PlanGenerated PlanGenerationFailed", ""},
    {"UserDeleted", "subscription", "cancelForDeletedUser",
     "PremiumActivationFailed PremiumRevoked", ""},
    {"PlanGenerated", "subscription", "completeUpgrade", "PremiumUpgradeCompleted", ""},
    {"PlanGenerationFailed", "subscription", "revokePremium", "PremiumRevoked", "activatePremium"},
    {"PremiumActivationFailed", "billing", "undoChargeBeforeActivation",
     "PaymentRefunded PaymentVoided", "chargeCustomer"},
    {"PremiumRevoked", "billing", "undoChargeAfterRevocation", "PaymentRefunded PaymentVoided",
     "chargeCustomer"},
    {"PremiumRevoked", "coaching", "withdrawPremiumPlan", "PlanWithdrawn", "makePremiumPlan"},
    {"PaymentRefunded", "subscription", "noteRefund", "PremiumUpgradeCancelled", ""},
    {"PaymentVoided", "subscription", "noteVoid", "PremiumUpgradeCancelled", ""},
    {"PlanWithdrawn", "subscription", "notePlanWithdrawn", "PremiumUpgradeCancelled", ""},
};

static void join(char *text, size_t room, struct graph_event *const *events, size_t count)
{
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, room - length, "%s%s", i > 0 ? " " : "", events[i]->label);
    }
}

START_TEST(a_saga_is_told_in_the_order_of_its_story)
{
    load(CONTRACTS);
    struct saga saga = {0};
    ck_assert_uint_eq(graph.saga_count, 1);
    ck_assert(saga_read(&saga, &graph, graph.sagas[0]));
    ck_assert_uint_eq(saga.step_count, COUNT_OF(premium_upgrade));
    for (size_t i = 0; i < saga.step_count; i++) {
        const struct graph_operation *step = saga.steps[i];
        char text[256];
        join(text, sizeof text, step->events, step->event_count);
        ck_assert_str_eq(text, premium_upgrade[i].hears);
        join(text, sizeof text, step->outcomes, step->outcome_count);
        ck_assert_str_eq(text, premium_upgrade[i].leads_to);
        ck_assert_str_eq(step->service->label, premium_upgrade[i].service);
        ck_assert_str_eq(step->label, premium_upgrade[i].step);
        ck_assert_str_eq(step->compensates != NULL ? step->compensates->label : "",
                         premium_upgrade[i].undoes);
    }
    for (size_t i = 0; i < saga.event_count; i++) {
        const struct saga_event *event = &saga.events[i];
        const char *name = event->event->name;
        bool is_end = strcmp(name, "PremiumUpgradeRejected") == 0 ||
                      strcmp(name, "PremiumUpgradeCompleted") == 0 ||
                      strcmp(name, "PremiumUpgradeCancelled") == 0;
        ck_assert_msg(event->is_end == is_end, "%s", name);
        ck_assert_msg(event->is_outside == (strcmp(name, "UserDeleted") == 0), "%s", name);
        ck_assert_msg(event->is_start ==
                          (event->is_outside || strcmp(name, "PremiumUpgradeRequested") == 0),
                      "%s", name);
    }
    saga_done(&saga);
}
END_TEST

START_TEST(a_saga_is_printed_within_a_hundred_columns)
{
    load(CONTRACTS);
    show(GRAPH_SAGA, "premium-upgrade");
    const char *text = write_as("text");
    ck_assert(has("  PlanGenerationFailed     subscription  revokePremium              -> "
                  "PremiumRevoked\n"
                  "                                         undoes activatePremium\n"));
    ck_assert(has("\nbegins with\n  PremiumUpgradeRequested\n  UserDeleted  (from outside)\n"));
    ck_assert(has("\nends with\n  PremiumUpgradeRejected\n"));
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        ck_assert_uint_le(strcspn(line, "\n"), 100);
    }
}
END_TEST

START_TEST(an_event_is_shown_with_its_cause_and_what_follows)
{
    load(CONTRACTS);
    show(GRAPH_EVENT, "PlanGenerated");
    write_as("text");
    ck_assert(has("  said by   coaching      sayPlanGenerated\n"));
    ck_assert(has("after FitnessGoalSet, PremiumActivated\n"));
    ck_assert(has("  notification  tellPlan\n"));
    ck_assert(has("leads to PremiumUpgradeCompleted\n"));
    ck_assert(!has("UserDeleted"));
}
END_TEST

START_TEST(unknown_names_are_refused_with_those_that_there_are)
{
    static const struct {
        enum graph_view view;
        const char *says;
    } cases[] = {
        {GRAPH_SERVICE, "there is no service \"nobody\"; there are: billing, coaching, "},
        {GRAPH_SAGA, "there is no saga \"nobody\"; there are: premium-upgrade"},
        {GRAPH_EVENT, "there is no event \"nobody\"; there are: PaymentCompleted, "},
    };
    load(CONTRACTS);
    struct fault fault;
    ck_assert_int_eq(graph_show(&graph, cases[_i].view, "nobody", &fault), REJECT);
    ck_assert_msg(strstr(fault.text, cases[_i].says) == fault.text, "%s", fault.text);
}
END_TEST

/* ---- documents of others ---- */

START_TEST(copies_of_a_channel_are_one_and_equal_names_stay_apart)
{
    load(FIXTURES "/foreign");
    json_object *root = parsed();
    ck_assert_uint_eq(count_of(root, "services"), 2);
    /* `created` of the orders is in both documents, that of the parcels in one. */
    ck_assert_uint_eq(count_of(root, "events"), 5);
    ck_assert(is_linked(root, "orders", "send", "Created"));
    ck_assert(is_linked(root, "parcels", "receive", "Created"));
    ck_assert(is_linked(root, "parcels", "send", "Created (parcels.created)"));
    ck_assert(!is_linked(root, "orders", "receive", "Created (parcels.created)"));
    /* A request and its answer. */
    ck_assert(is_linked(root, "orders", "send", "Ask"));
    ck_assert(is_linked(root, "parcels", "receive", "Ask"));
    ck_assert(is_linked(root, "parcels", "send", "Answer"));
    ck_assert(is_linked(root, "orders", "receive", "Answer"));
    /* A channel that names no messages is called by its address. */
    ck_assert(is_linked(root, "parcels", "send", "parcels.noise"));
    json_object_put(root);
}
END_TEST

START_TEST(of_a_document_that_is_only_referred_to_the_rest_is_left_out)
{
    load(CONTRACTS "/profile.yaml"); /* refers to nobody */
    write_as("text");
    ck_assert(has("profile\n"));
    ck_assert(!has("billing"));
    teardown();
    load(CONTRACTS "/billing.yaml");
    write_as("text");
    ck_assert(has("  hears  PremiumUpgradeRequested  <- subscription\n"));
    ck_assert(!has("FitnessGoalSet"));
    ck_assert(!has("PremiumUpgradeCompleted"));
}
END_TEST

/* ---- hostile names ---- */

/* Every line of Mermaid is one of a few shapes; inside quotes only plain characters and #n; . */
static bool is_mermaid_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '#') {
            size_t digits = strspn(text + i + 1, "0123456789");
            if (digits == 0 || text[i + 1 + digits] != ';') {
                return false;
            }
            i += digits + 1;
        } else if (strncmp(text + i, "<br>", 4) == 0) {
            i += 3;
        } else if (strchr("\"<>&`[]{}|\\\t\r;", text[i]) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_id(const char **at)
{
    size_t letters = strspn(*at, "seo");
    size_t digits = strspn(*at + letters, "0123456789");
    *at += letters + digits;
    return letters == 1 && digits > 0;
}

static bool is_mermaid_line(const char *line, size_t length)
{
    const char *at = line + 2;
    const char *end = line + length;
    if (length < 4 || strncmp(line, "  ", 2) != 0) {
        return false;
    }
    if (strncmp(at, "classDef ", 9) == 0) {
        return true;
    }
    if (!is_id(&at)) {
        return false;
    }
    if (*at == ' ') {
        static const char *const arrows[] = {" --> ", " -. undoes .-> "};
        for (size_t i = 0; i < COUNT_OF(arrows); i++) {
            const char *to = at + strlen(arrows[i]);
            if (strncmp(at, arrows[i], strlen(arrows[i])) == 0 && is_id(&to) && to == end) {
                return true;
            }
        }
        return false;
    }
    at += strspn(at, "([");
    const char *close = *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (close == NULL || !is_mermaid_text(at + 1, (size_t)(close - at - 1))) {
        return false;
    }
    at = close + 1 + strspn(close + 1, ")]");
    return at == end || (size_t)(end - at) == strlen(":::undo") ||
           (size_t)(end - at) == strlen(":::finish");
}

static void check_mermaid(void)
{
    const char *text = write_as("mermaid");
    ck_assert(strncmp(text, "flowchart ", 10) == 0);
    for (const char *line = strchr(text, '\n') + 1; *line != '\0';
         line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        ck_assert_msg(is_mermaid_line(line, length), "%.*s", (int)length, line);
    }
}

/* Graphviz: quotes end where they should, and outside of them there are words only. */
static void check_dot(void)
{
    const char *text = write_as("dot");
    ck_assert(strncmp(text, "digraph contracts {\n", 20) == 0);
    bool is_quoted = false;
    int braces = 0;
    for (const char *at = text; *at != '\0'; at++) {
        ck_assert_msg(!is_quoted || *at != '\n', "a string over two lines");
        if (is_quoted && *at == '\\') {
            ck_assert_msg(strchr("\"\\n", at[1]) != NULL, "the escape \\%c", at[1]);
            at++;
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted) {
            braces += (*at == '{') - (*at == '}');
            ck_assert_msg(strchr("<&;#/", *at) == NULL, "%s", at);
        }
    }
    ck_assert(!is_quoted);
    ck_assert_int_eq(braces, 0);
}

static const struct {
    const char *folder;
    enum graph_view view;
    const char *name;
} diagrams[] = {
    {CONTRACTS, GRAPH_SYSTEM, NULL},
    {CONTRACTS, GRAPH_SERVICE, "subscription"},
    {CONTRACTS, GRAPH_SAGA, "premium-upgrade"},
    {CONTRACTS, GRAPH_EVENT, "PremiumRevoked"},
    {FIXTURES "/foreign", GRAPH_SYSTEM, NULL},
    {FIXTURES "/hostile", GRAPH_SYSTEM, NULL},
    {FIXTURES "/hostile", GRAPH_SAGA, "a \"saga\"\n]"},
    {FIXTURES "/hostile", GRAPH_EVENT, "\"];e0-->e0"},
};

START_TEST(diagrams_are_well_formed_whatever_the_names_are)
{
    load(diagrams[_i].folder);
    show(diagrams[_i].view, diagrams[_i].name);
    check_mermaid();
    check_dot();
    json_object_put(parsed());
    const char *text = write_as("text");
    for (; *text != '\0'; text++) {
        ck_assert_msg((unsigned char)*text >= 0x20 || *text == '\n', "control %d", *text);
    }
}
END_TEST

START_TEST(diagrams_have_the_arrows_of_the_saga)
{
    load(CONTRACTS);
    show(GRAPH_SAGA, "premium-upgrade");
    /* 13 steps that hear one event each, 18 outcomes, 4 compensations. */
    size_t arrows = 0;
    size_t undoes = 0;
    const char *text = write_as("mermaid");
    for (const char *at = text; (at = strstr(at, "-->")) != NULL; at++) {
        arrows++;
    }
    for (const char *at = text; (at = strstr(at, ". undoes .")) != NULL; at++) {
        undoes++;
    }
    size_t outcomes = 0;
    for (size_t i = 0; i < COUNT_OF(premium_upgrade); i++) {
        outcomes += strchr(premium_upgrade[i].leads_to, ' ') != NULL ? 2 : 1;
    }
    ck_assert_uint_eq(arrows, COUNT_OF(premium_upgrade) + outcomes);
    ck_assert_uint_eq(undoes, 4);
    ck_assert(has("<br>undoChargeAfterRevocation\"]:::undo\n"));
    ck_assert(has("([\"PremiumUpgradeCompleted\"]):::finish\n"));
    write_as("dot");
    ck_assert(has("[shape=ellipse peripheries=2 label=\"PremiumUpgradeCompleted\"]"));
}
END_TEST

START_TEST(labels_are_different_and_clean)
{
    struct labels labels = {0};
    struct arena arena = {0};
    ck_assert_str_eq(labels_add(&labels, &arena, "a", "x"), "a");
    ck_assert_str_eq(labels_add(&labels, &arena, "a", "x"), "a (x)");
    ck_assert_str_eq(labels_add(&labels, &arena, "a", "x"), "a (x) 2");
    ck_assert_str_eq(labels_add(&labels, &arena, "b\033[2J\n", NULL),
                     "b\xef\xbf\xbd[2J\xef\xbf\xbd");
    ck_assert_str_eq(labels_add(&labels, &arena, "\xe2\x80\xae", NULL), "\xef\xbf\xbd");
    ck_assert_str_eq(labels_add(&labels, &arena, "", NULL), "(no name)");
    char longest[3 * GRAPH_LABEL_MAX_BYTES];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_uint_le(strlen(labels_add(&labels, &arena, longest, NULL)),
                      GRAPH_LABEL_MAX_BYTES + 3);
    for (int i = 0; i < 1000; i++) {
        (void)labels_add(&labels, &arena, longest, NULL);
    }
    ck_assert_uint_eq(labels.count, 1007);
    labels_done(&labels);
    arena_done(&arena);
}
END_TEST

/* ---- layout ---- */

static bool is_apart(const struct layout_box *a, const struct layout_box *b)
{
    return a->x + a->width <= b->x || b->x + b->width <= a->x || a->y + a->height <= b->y ||
           b->y + b->height <= a->y;
}

/* A curve between two layers stays in the space between them, so its box is what counts. */
static bool touches(const struct layout_point *a, const struct layout_point *b,
                    const struct layout_box *box)
{
    static const double edge = 0.01;
    double left = a->x < b->x ? a->x : b->x;
    double right = a->x < b->x ? b->x : a->x;
    double top = a->y < b->y ? a->y : b->y;
    double bottom = a->y < b->y ? b->y : a->y;
    return right > box->x + edge && left < box->x + box->width - edge && bottom > box->y + edge &&
           top < box->y + box->height - edge;
}

static void check_layout(const struct layout *layout)
{
    for (size_t i = 0; i < layout->box_count; i++) {
        const struct layout_box *box = &layout->boxes[i];
        ck_assert(box->x > -0.01 && box->x + box->width < layout->width + 0.01);
        ck_assert(box->y > -0.01 && box->y + box->height < layout->height + 0.01);
        for (size_t j = i + 1; j < layout->box_count; j++) {
            ck_assert_msg(is_apart(box, &layout->boxes[j]), "boxes %zu and %zu overlap", i, j);
        }
    }
    for (size_t a = 0; a < layout->arrow_count; a++) {
        const struct layout_arrow *arrow = &layout->arrows[a];
        ck_assert(arrow->from == arrow->to || arrow->point_count >= 4);
        for (size_t p = 1; p < arrow->point_count; p++) {
            for (size_t i = 0; i < layout->box_count; i++) {
                ck_assert_msg(!touches(&arrow->points[p - 1], &arrow->points[p], &layout->boxes[i]),
                              "arrow %zu crosses box %zu", a, i);
            }
        }
    }
}

/* Curves between the same two layers cross when their ends are in another order. */
static size_t count_crossings(const struct layout *layout)
{
    size_t crossings = 0;
    for (size_t a = 0; a < layout->arrow_count; a++) {
        for (size_t b = a + 1; b < layout->arrow_count; b++) {
            const struct layout_arrow *one = &layout->arrows[a];
            const struct layout_arrow *other = &layout->arrows[b];
            for (size_t i = 2; i < one->point_count; i += 2) {
                for (size_t j = 2; j < other->point_count; j += 2) {
                    double upper = one->points[i - 1].x - other->points[j - 1].x;
                    double lower = one->points[i].x - other->points[j].x;
                    crossings += one->points[i].y == other->points[j].y && upper * lower < 0;
                }
            }
        }
    }
    return crossings;
}

START_TEST(our_saga_has_no_overlaps)
{
    load(CONTRACTS);
    struct saga saga = {0};
    struct arena arena = {0};
    ck_assert(saga_read(&saga, &graph, graph.sagas[0]));
    for (size_t i = 0; i < saga.layout.box_count; i++) {
        saga.layout.boxes[i].width = 150 + (double)(i % 5) * 20;
        saga.layout.boxes[i].height = 30 + (double)(i % 3) * 12;
    }
    saga.layout.gap_x = 24;
    saga.layout.gap_y = 36;
    ck_assert(layout_run(&saga.layout, &arena));
    check_layout(&saga.layout);
    /* Two undo the charge, and both may lead to a refund or a void: no drawing is without it. */
    ck_assert_uint_eq(count_crossings(&saga.layout), 1);
    /* Every arrow of this story points down. */
    for (size_t i = 0; i < saga.layout.arrow_count; i++) {
        const struct layout_arrow *arrow = &saga.layout.arrows[i];
        ck_assert(saga.layout.boxes[arrow->from].layer < saga.layout.boxes[arrow->to].layer);
    }
    arena_done(&arena);
    saga_done(&saga);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void check_random(uint32_t random)
{
    enum { BOXES_MAX = 40, ARROWS_MAX = 80 };
    struct layout_box boxes[BOXES_MAX] = {0};
    struct layout_arrow arrows[ARROWS_MAX] = {0};
    struct layout layout = {.boxes = boxes,
                            .box_count = 1 + next_random(&random) % BOXES_MAX,
                            .arrows = arrows,
                            .arrow_count = next_random(&random) % ARROWS_MAX,
                            .gap_x = 10,
                            .gap_y = 20};
    for (size_t i = 0; i < layout.box_count; i++) {
        boxes[i].width = 10 + next_random(&random) % 200;
        boxes[i].height = 10 + next_random(&random) % 50;
    }
    for (size_t i = 0; i < layout.arrow_count; i++) { /* circles and repeats among them */
        arrows[i].from = next_random(&random) % layout.box_count;
        arrows[i].to = next_random(&random) % layout.box_count;
    }
    struct arena arena = {0};
    ck_assert(layout_run(&layout, &arena));
    check_layout(&layout);
    arena_done(&arena);
}

START_TEST(any_boxes_and_arrows_have_no_overlaps)
{
    enum { EACH = 8 };
    for (uint32_t seed = 1; seed <= EACH; seed++) {
        check_random((uint32_t)_i * EACH + seed);
    }
}
END_TEST

START_TEST(a_layout_that_is_too_large_is_refused)
{
    enum { BOXES = 200 };
    static struct layout_box boxes[BOXES];
    static struct layout_arrow arrows[LAYOUT_ARROWS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i + 1 < BOXES; i++) { /* a chain, and arrows that skip most of it */
        arrows[count++] = (struct layout_arrow){.from = i, .to = i + 1};
    }
    for (size_t i = 0; i < BOXES / 2; i++) {
        arrows[count++] = (struct layout_arrow){.from = i, .to = BOXES - 1 - i};
    }
    struct arena arena = {0};
    struct layout layout = {
        .boxes = boxes, .box_count = BOXES, .arrows = arrows, .arrow_count = count};
    ck_assert(!layout_run(&layout, &arena));
    layout.arrow_count = LAYOUT_ARROWS_MAX + 1;
    ck_assert(!layout_layers(&layout));
    layout.arrow_count = 0;
    ck_assert(layout_run(&layout, &arena));
    arena_done(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("graph");
    tcase_set_timeout(tests, 60); /* the sanitizers on a busy machine */
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, json_tells_who_says_what_to_whom);
    tcase_add_test(tests, a_service_is_shown_with_its_neighbours_only);
    tcase_add_test(tests, a_saga_is_told_in_the_order_of_its_story);
    tcase_add_test(tests, a_saga_is_printed_within_a_hundred_columns);
    tcase_add_test(tests, an_event_is_shown_with_its_cause_and_what_follows);
    tcase_add_loop_test(tests, unknown_names_are_refused_with_those_that_there_are, 0, 3);
    tcase_add_test(tests, copies_of_a_channel_are_one_and_equal_names_stay_apart);
    tcase_add_test(tests, of_a_document_that_is_only_referred_to_the_rest_is_left_out);
    tcase_add_loop_test(tests, diagrams_are_well_formed_whatever_the_names_are, 0,
                        COUNT_OF(diagrams));
    tcase_add_test(tests, diagrams_have_the_arrows_of_the_saga);
    tcase_add_test(tests, labels_are_different_and_clean);
    tcase_add_test(tests, our_saga_has_no_overlaps);
    tcase_add_loop_test(tests, any_boxes_and_arrows_have_no_overlaps, 0, 8);
    tcase_add_test(tests, a_layout_that_is_too_large_is_refused);
    Suite *suite = suite_create("graph");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
