/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <math.h>
#include <string.h>

enum {
    LEAVES_MAX = 512,    /* combinations of branches that are looked at */
    CHOICES_MAX = 16,    /* anyOf, oneOf and if at one place */
    EMPTY_DEPTH_MAX = 4, /* how far emptiness is looked for */
    EMPTY_ITEMS_MAX = 4, /* items looked at for that */
    REQUIRED_MAX = 1000, /* names counted for the smallest number of members */
    REQUIRED_ENDLESS = INT32_MAX,
};

/* Integers that a double holds exactly, with room for a few steps. */
static const double safe_integer = 9e15;

static const struct {
    const char *name;
    unsigned kinds;
} types[] = {
    {"null", KIND_NULL},     {"boolean", KIND_BOOLEAN}, {"integer", KIND_INTEGER},
    {"number", KIND_NUMBER}, {"string", KIND_STRING},   {"array", KIND_ARRAY},
    {"object", KIND_OBJECT},
};

static unsigned kinds_of_name(const struct node *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (name->kind == NODE_STRING && strcmp(types[i].name, name->text) == 0) {
            return types[i].kinds;
        }
    }
    return 0;
}

unsigned kinds_of_type(const struct node *type)
{
    if (type->kind != NODE_LIST) {
        return kinds_of_name(type);
    }
    unsigned kinds = 0;
    for (const struct node *at = type->first; at != NULL; at = at->next) {
        kinds |= kinds_of_name(at);
    }
    return kinds;
}

unsigned kinds_of_value(const struct node *value)
{
    switch (value->kind) {
    case NODE_NULL:
        return KIND_NULL;
    case NODE_BOOLEAN:
        return KIND_BOOLEAN;
    case NODE_INTEGER:
        return KIND_INTEGER;
    case NODE_NUMBER:
        return literal_is_integer(value) ? KIND_INTEGER : KIND_FRACTION;
    case NODE_STRING:
        return KIND_STRING;
    case NODE_LIST:
        return KIND_ARRAY;
    case NODE_MAP:
        break;
    }
    return KIND_OBJECT;
}

static bool is_number(const struct node *node)
{
    return node != NULL && (node->kind == NODE_INTEGER || node->kind == NODE_NUMBER);
}

/* ---- The numbers of a variant. ---- */

static void raise_low(struct variant *variant, const struct node *bound, bool is_exclusive)
{
    int order = variant->low == NULL ? 1 : literal_compare(bound, variant->low);
    if (order > 0 || (order == 0 && is_exclusive)) {
        variant->low = bound;
        variant->low_exclusive = is_exclusive;
    }
}

static void lower_high(struct variant *variant, const struct node *bound, bool is_exclusive)
{
    int order = variant->high == NULL ? -1 : literal_compare(bound, variant->high);
    if (order < 0 || (order == 0 && is_exclusive)) {
        variant->high = bound;
        variant->high_exclusive = is_exclusive;
    }
}

static void read_bounds(struct variant *variant, const struct node *schema)
{
    static const struct {
        const char *keyword;
        void (*apply)(struct variant *, const struct node *, bool);
        bool is_exclusive;
    } bounds[] = {
        {"minimum", raise_low, false},
        {"exclusiveMinimum", raise_low, true},
        {"maximum", lower_high, false},
        {"exclusiveMaximum", lower_high, true},
    };
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const struct node *bound = node_find(schema, bounds[i].keyword);
        if (is_number(bound)) {
            bounds[i].apply(variant, bound, bounds[i].is_exclusive);
        }
    }
}

/* Steps from a double beside it to the exact integer. */
bool variant_low_integer(const struct variant *variant, int64_t *out)
{
    if (variant->low == NULL || fabs(variant->low->number) > safe_integer) {
        return false;
    }
    for (int64_t integer = (int64_t)variant->low->number - 1;; integer++) {
        AUTO(free_text) char *text = xasprintf("%lld", (long long)integer);
        struct node node = {.kind = NODE_INTEGER, .text = text, .integer = integer};
        int order = literal_compare(&node, variant->low);
        if (order > 0 || (order == 0 && !variant->low_exclusive)) {
            *out = integer;
            return true;
        }
    }
}

bool variant_high_integer(const struct variant *variant, int64_t *out)
{
    if (variant->high == NULL || fabs(variant->high->number) > safe_integer) {
        return false;
    }
    for (int64_t integer = (int64_t)variant->high->number + 1;; integer--) {
        AUTO(free_text) char *text = xasprintf("%lld", (long long)integer);
        struct node node = {.kind = NODE_INTEGER, .text = text, .integer = integer};
        int order = literal_compare(&node, variant->high);
        if (order < 0 || (order == 0 && !variant->high_exclusive)) {
            *out = integer;
            return true;
        }
    }
}

static bool has_no_number(const struct variant *variant)
{
    if (variant->low == NULL || variant->high == NULL) {
        return false;
    }
    int order = literal_compare(variant->low, variant->high);
    if (order > 0 || (order == 0 && (variant->low_exclusive || variant->high_exclusive))) {
        return true;
    }
    int64_t low = 0;
    int64_t high = 0;
    return (variant->kinds & KIND_FRACTION) == 0 && variant_low_integer(variant, &low) &&
           variant_high_integer(variant, &high) && low > high;
}

/* ---- The sizes of a variant. ---- */

static int64_t size_of(const struct node *size, int64_t absent)
{
    if (!is_number(size)) {
        return absent;
    }
    if (size->number >= safe_integer) {
        return INT64_MAX;
    }
    return size->number > 0 ? (int64_t)size->number : 0;
}

static const struct {
    unsigned kind;
    const char *min, *max;
} sizes[] = {
    {KIND_STRING, "minLength", "maxLength"},
    {KIND_ARRAY, "minItems", "maxItems"},
    {KIND_OBJECT, "minProperties", "maxProperties"},
};

static void read_sizes(struct variant *variant, const struct node *schema)
{
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        if (variant->kinds == sizes[i].kind) {
            int64_t min = size_of(node_find(schema, sizes[i].min), 0);
            int64_t max = size_of(node_find(schema, sizes[i].max), INT64_MAX);
            variant->min_size = min > variant->min_size ? min : variant->min_size;
            variant->max_size = max < variant->max_size ? max : variant->max_size;
        }
    }
}

static bool is_false(const struct node *schema)
{
    return schema != NULL && schema->kind == NODE_BOOLEAN && schema->integer == 0;
}

/* Positions at which nothing may stand end an array; what it must contain is one item. */
static void count_items(struct variant *variant)
{
    for (size_t i = 0; i < variant->terms->count; i++) {
        const struct node *schema = variant->terms->items[i].node;
        if (node_find(schema, "contains") != NULL && variant->min_size == 0) {
            variant->min_size = 1;
        }
        const struct node *items = node_find(schema, "items");
        int64_t count = is_false(items) ? 0 : INT64_MAX;
        if (items != NULL && items->kind == NODE_LIST) {
            int64_t index = 0;
            for (const struct node *at = items->first; at != NULL && count == INT64_MAX;
                 at = at->next) {
                count = is_false(at) ? index : count;
                index++;
            }
            bool is_closed = is_false(node_find(schema, "additionalItems"));
            count = count == INT64_MAX && is_closed ? index : count;
        }
        variant->max_size = count < variant->max_size ? count : variant->max_size;
    }
}

static int64_t count_names(const struct terms *terms, const char *keyword)
{
    const char *names[REQUIRED_MAX];
    size_t count = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *list = node_find(terms->items[i].node, keyword);
        for (const struct node *at = list != NULL ? list->first : NULL;
             at != NULL && count < REQUIRED_MAX; at = at->next) {
            const char *name = list->kind == NODE_MAP ? at->key : at->text;
            bool is_known = name == NULL;
            for (size_t n = 0; n < count && !is_known; n++) {
                is_known = strcmp(names[n], name) == 0;
            }
            if (!is_known) {
                names[count++] = name;
            }
        }
    }
    return count == REQUIRED_MAX ? REQUIRED_ENDLESS : (int64_t)count;
}

/* What `required`, and members that cannot occur, say about the number of members. */
static void count_members(struct variant *variant)
{
    int64_t required = count_names(variant->terms, "required");
    if (required != REQUIRED_ENDLESS && required > variant->min_size) {
        variant->min_size = required;
    }
    if (variant->is_closed) {
        int64_t declared = count_names(variant->declaring, "properties") +
                           count_names(variant->declaring, "required");
        bool is_less = declared < REQUIRED_ENDLESS && declared < variant->max_size;
        variant->max_size = is_less ? declared : variant->max_size;
    }
    for (size_t i = 0; i < variant->terms->count; i++) {
        const struct node *schema = variant->terms->items[i].node;
        const struct node *others = node_find(schema, "additionalProperties");
        if (is_false(node_find(schema, "propertyNames"))) {
            variant->max_size = 0;
        }
        if (is_false(others) && node_find(schema, "patternProperties") == NULL) {
            int64_t count = 0;
            const struct node *properties = node_find(schema, "properties");
            for (const struct node *at = properties != NULL ? properties->first : NULL; at != NULL;
                 at = at->next) {
                count += !is_false(at);
            }
            variant->max_size = count < variant->max_size ? count : variant->max_size;
        }
    }
}

/* ---- The values of a variant. ---- */

static const struct node null_value = {.kind = NODE_NULL, .text = "null"};
static const struct node false_value = {.kind = NODE_BOOLEAN, .text = "false", .integer = 0};
static const struct node true_value = {.kind = NODE_BOOLEAN, .text = "true", .integer = 1};

static void add_value(struct inclusion *run, struct variant *variant, const struct node *value,
                      size_t room)
{
    if ((kinds_of_value(value) & variant->kinds) == 0 || variant->value_count == room) {
        return;
    }
    for (size_t i = 0; i < variant->terms->count; i++) {
        if (instance_fits(run, value, variant->terms->items[i].node) == VERDICT_NO) {
            return;
        }
    }
    variant->values[variant->value_count++] = value;
}

static void make_room(struct inclusion *run, struct variant *variant, size_t count)
{
    variant->is_finite = true;
    variant->values = arena_alloc(&run->arena, (count + 1) * sizeof(const struct node *));
}

static void read_values(struct inclusion *run, struct variant *variant)
{
    const struct node *value = terms_find(variant->terms, "const");
    const struct node *list = terms_find(variant->terms, "enum");
    if (value != NULL) {
        make_room(run, variant, 1);
        add_value(run, variant, value, 1);
    } else if (list != NULL && list->kind == NODE_LIST) {
        make_room(run, variant, list->count);
        for (const struct node *at = list->first; at != NULL; at = at->next) {
            add_value(run, variant, at, list->count);
        }
    } else if (variant->kinds == KIND_NULL) {
        make_room(run, variant, 1);
        add_value(run, variant, &null_value, 1);
    } else if (variant->kinds == KIND_BOOLEAN) {
        make_room(run, variant, 2);
        add_value(run, variant, &false_value, 2);
        add_value(run, variant, &true_value, 2);
    }
}

/* ---- One variant. ---- */

/* A multiple of an integer is an integer. */
static unsigned kinds_of_multiples(const struct terms *terms, unsigned kinds)
{
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *divisor = node_find(terms->items[i].node, "multipleOf");
        if (is_number(divisor) && literal_is_integer(divisor)) {
            kinds &= ~(unsigned)KIND_FRACTION;
        }
    }
    return kinds;
}

static unsigned kinds_of_terms(const struct terms *terms)
{
    unsigned kinds = KIND_ALL;
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *type = node_find(terms->items[i].node, "type");
        if (type != NULL &&
            kinds_of_type(type) != 0) { /* an unknown type excludes nothing for certain */
            kinds &= kinds_of_type(type);
        }
        const struct node *refused = node_find(terms->items[i].node, "not");
        const struct node *refused_type = node_find(refused, "type");
        if (refused_type != NULL && refused->count == 1) {
            kinds &= ~kinds_of_type(refused_type);
        }
    }
    return kinds_of_multiples(terms, kinds);
}

static bool is_empty_object(struct inclusion *run, const struct variant *variant)
{
    for (size_t i = 0; i < variant->terms->count; i++) {
        const struct node *list = node_find(variant->terms->items[i].node, "required");
        for (const struct node *at = list != NULL ? list->first : NULL; at != NULL; at = at->next) {
            if (at->kind == NODE_STRING) {
                struct terms *member = terms_new(run);
                terms_member(run, variant, at->text, member);
                if (terms_are_empty(run, member)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static bool is_empty_array(struct inclusion *run, const struct variant *variant)
{
    for (int64_t i = 0; i < variant->min_size && i < EMPTY_ITEMS_MAX; i++) {
        struct terms *item = terms_new(run);
        terms_item(run, variant->terms, (size_t)i, item);
        if (terms_are_empty(run, item)) {
            return true;
        }
    }
    return false;
}

static bool is_empty(struct inclusion *run, const struct variant *variant)
{
    if (variant->kinds == 0 || (variant->is_finite && variant->value_count == 0) ||
        variant->min_size > variant->max_size || has_no_number(variant)) {
        return true;
    }
    return (variant->kinds == KIND_OBJECT && is_empty_object(run, variant)) ||
           (variant->kinds == KIND_ARRAY && is_empty_array(run, variant));
}

/* {type: …} for the types of one variant. */
#define TYPE(name)                                                                                 \
    {                                                                                              \
        .kind = NODE_STRING, .text = (name), .key = "type"                                         \
    }
static struct node type_names[] = {TYPE("null"),   TYPE("boolean"), TYPE("integer"), TYPE("number"),
                                   TYPE("string"), TYPE("array"),   TYPE("object")};
#define SCHEMA(index)                                                                              \
    {                                                                                              \
        .kind = NODE_MAP, .first = &type_names[index], .last = &type_names[index], .count = 1      \
    }
static const struct node type_schemas[] = {SCHEMA(0), SCHEMA(1), SCHEMA(2), SCHEMA(3),
                                           SCHEMA(4), SCHEMA(5), SCHEMA(6)};

struct terms *terms_of_variant(struct inclusion *run, const struct variant *variant)
{
    struct terms *terms = terms_copy(run, variant->terms);
    if (kinds_of_terms(terms) == variant->kinds) {
        return terms;
    }
    for (size_t i = 0; i < COUNT_OF(type_schemas); i++) {
        unsigned kinds = kinds_of_name(&type_names[i]);
        bool is_number = variant->kinds == KIND_FRACTION && kinds == KIND_NUMBER;
        if (kinds == variant->kinds || is_number) {
            terms_add(run, terms, &type_schemas[i], true);
        }
    }
    return terms;
}

struct expansion {
    struct inclusion *run;
    struct variants *out;
    const struct terms *declaring;
    bool is_closed;
    unsigned leaves;
};

static void add_variant(struct expansion *expansion, const struct terms *terms, unsigned kinds)
{
    struct variant variant = {
        .terms = terms,
        .kinds = kinds,
        .max_size = INT64_MAX,
        .is_closed = expansion->is_closed,
        .declaring = expansion->declaring,
    };
    for (size_t i = 0; i < terms->count; i++) {
        if ((kinds & KIND_NUMBER) != 0) {
            read_bounds(&variant, terms->items[i].node);
        }
        read_sizes(&variant, terms->items[i].node);
    }
    if (kinds == KIND_ARRAY) {
        count_items(&variant);
    }
    if (kinds == KIND_OBJECT) {
        count_members(&variant);
    }
    read_values(expansion->run, &variant);
    if (variant.is_finite) {
        variant.kinds = 0;
        for (size_t i = 0; i < variant.value_count; i++) {
            variant.kinds |= kinds_of_value(variant.values[i]);
        }
    }
    struct variants *out = expansion->out;
    if (++expansion->run->steps > INCLUSION_STEPS_MAX) {
        out->is_unsure = true;
        return;
    }
    if (is_empty(expansion->run, &variant)) {
        return;
    }
    if (out->count == INCLUSION_ALTERNATIVES_MAX) {
        out->is_unsure = true;
        return;
    }
    if ((out->count & (out->count - 1)) == 0) {
        struct variant *more =
            arena_alloc(&expansion->run->arena, (out->count * 2 + 1) * sizeof *more);
        if (out->count > 0) {
            memcpy(more, out->items, out->count * sizeof *more);
        }
        out->items = more;
    }
    out->items[out->count++] = variant;
}

static void add_leaf(struct expansion *expansion, const struct terms *terms)
{
    static const unsigned groups[] = {KIND_NULL,   KIND_BOOLEAN, KIND_NUMBER,
                                      KIND_STRING, KIND_ARRAY,   KIND_OBJECT};
    unsigned kinds = terms->is_never ? 0 : kinds_of_terms(terms);
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if ((kinds & groups[i]) != 0) {
            add_variant(expansion, terms, kinds & groups[i]);
        }
    }
}

/* ---- Branches. ---- */

/* anyOf, oneOf: the list. if: the schema that holds it. */
struct choice {
    const struct node *node;
    bool is_left;
};

struct choices {
    struct choice items[CHOICES_MAX];
    size_t count;
};

static void add_choice(struct choices *choices, const struct node *node, bool is_left,
                       bool *is_unsure)
{
    for (size_t i = 0; i < choices->count; i++) {
        if (choices->items[i].node == node && choices->items[i].is_left == is_left) {
            return;
        }
    }
    if (choices->count == CHOICES_MAX) {
        *is_unsure = true; /* less is excluded than could be */
        return;
    }
    choices->items[choices->count++] = (struct choice){node, is_left};
}

/* One of its branches holds already. */
static bool is_chosen(struct inclusion *run, const struct terms *terms, const struct node *choice)
{
    if (choice->kind == NODE_LIST) {
        for (const struct node *at = choice->first; at != NULL; at = at->next) {
            const struct node *branch = inclusion_follow(run, at);
            if (branch != NULL && terms_have(terms, branch)) {
                return true;
            }
        }
        return false;
    }
    const struct node *condition = inclusion_follow(run, node_find(choice, "if"));
    const struct node *yes = node_find(choice, "then");
    const struct node *no = node_find(choice, "else");
    yes = yes != NULL ? inclusion_follow(run, yes) : NULL;
    no = no != NULL ? inclusion_follow(run, no) : NULL;
    return (condition != NULL && terms_have(terms, condition) && yes != NULL &&
            terms_have(terms, yes)) ||
           (no != NULL && terms_have(terms, no));
}

/* Of terms that were not looked at yet. */
static void find_choices(struct terms *terms, size_t from, struct choices *choices)
{
    for (size_t i = from; i < terms->count; i++) {
        const struct term *term = &terms->items[i];
        const struct node *any = node_find(term->node, "anyOf");
        const struct node *one = node_find(term->node, "oneOf");
        if (any != NULL && any->kind == NODE_LIST) {
            add_choice(choices, any, term->is_left, &terms->is_unsure);
        }
        if (one != NULL && one->kind == NODE_LIST) {
            add_choice(choices, one, term->is_left, &terms->is_unsure);
        }
        if (node_find(term->node, "if") != NULL &&
            (node_find(term->node, "then") != NULL || node_find(term->node, "else") != NULL)) {
            add_choice(choices, term->node, term->is_left, &terms->is_unsure);
        }
    }
}

static void expand(struct expansion *expansion, const struct terms *terms,
                   const struct choices *choices, size_t next);

static void take_branch(struct expansion *expansion, const struct terms *terms,
                        const struct choices *choices, size_t next,
                        const struct node *const branches[2])
{
    struct terms *more = terms_copy(expansion->run, terms);
    struct choices all = *choices;
    for (int i = 0; i < 2; i++) {
        if (branches[i] != NULL) {
            terms_add(expansion->run, more, branches[i], choices->items[next].is_left);
        }
    }
    find_choices(more, terms->count, &all);
    expand(expansion, more, &all, next + 1);
}

static void expand(struct expansion *expansion, const struct terms *terms,
                   const struct choices *choices, size_t next)
{
    if (terms->is_never || expansion->out->is_unsure || kinds_of_terms(terms) == 0) {
        return;
    }
    if (next == choices->count) {
        expansion->out->is_unsure |= ++expansion->leaves > LEAVES_MAX;
        add_leaf(expansion, terms);
        return;
    }
    const struct node *choice = choices->items[next].node;
    if (is_chosen(expansion->run, terms, choice)) {
        expand(expansion, terms, choices, next + 1);
        return;
    }
    if (choice->kind == NODE_LIST) {
        for (const struct node *at = choice->first; at != NULL; at = at->next) {
            take_branch(expansion, terms, choices, next, (const struct node *[2]){at, NULL});
        }
        return;
    }
    take_branch(expansion, terms, choices, next,
                (const struct node *[2]){node_find(choice, "if"), node_find(choice, "then")});
    /* That the condition does not hold is not said: this is more than there is. */
    struct terms *otherwise = terms_copy(expansion->run, terms);
    otherwise->is_unsure = true;
    take_branch(expansion, otherwise, choices, next,
                (const struct node *[2]){node_find(choice, "else"), NULL});
}

/* ---- What counts as declared where undeclared members do not occur. ---- */

static bool gather(struct inclusion *run, const struct node *schema, struct terms *out);

static bool gather_list(struct inclusion *run, const struct node *list, struct terms *out)
{
    for (const struct node *at = list != NULL ? list->first : NULL; at != NULL; at = at->next) {
        if (at->kind != NODE_LIST && !gather(run, at, out)) {
            return false;
        }
    }
    return true;
}

/* False when not all can be found: then nothing is closed. */
static bool gather(struct inclusion *run, const struct node *schema, struct terms *out)
{
    static const char *const lists[] = {"allOf", "anyOf", "oneOf", "dependencies"};
    static const char *const schemas[] = {"if", "then", "else"};
    const struct node *node = inclusion_follow(run, schema);
    if (node == NULL || node->kind != NODE_MAP) {
        return node != NULL;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].node == node) {
            return true;
        }
    }
    if (out->count == INCLUSION_TERMS_MAX) {
        return false;
    }
    out->items[out->count++] = (struct term){node, true};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (!gather_list(run, node_find(node, lists[i]), out)) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        const struct node *part = node_find(node, schemas[i]);
        if (part != NULL && !gather(run, part, out)) {
            return false;
        }
    }
    return true;
}

static bool is_closed(struct inclusion *run, const struct terms *terms, struct terms *declaring)
{
    if (!run->is_closed) {
        return false;
    }
    for (size_t i = 0; i < terms->count; i++) {
        if (terms->items[i].is_left && !gather(run, terms->items[i].node, declaring)) {
            return false;
        }
    }
    return terms_find(declaring, "properties") != NULL &&
           terms_find(declaring, "additionalProperties") == NULL &&
           terms_find(declaring, "patternProperties") == NULL;
}

void variants_make(struct inclusion *run, const struct terms *terms, struct variants *out)
{
    *out = (struct variants){0};
    struct terms *declaring = terms_new(run);
    struct terms *all = terms_copy(run, terms);
    struct expansion expansion = {
        .run = run,
        .out = out,
        .declaring = declaring,
        .is_closed = is_closed(run, terms, declaring),
    };
    struct choices choices = {0};
    find_choices(all, 0, &choices);
    expand(&expansion, all, &choices, 0);
    unsigned kinds = 0;
    for (size_t i = 0; i < out->count; i++) {
        kinds |= out->items[i].kinds;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].all_kinds = kinds;
    }
}

bool terms_are_empty(struct inclusion *run, const struct terms *terms)
{
    if (terms->is_never) {
        return true;
    }
    if (run->empty_depth == EMPTY_DEPTH_MAX || ++run->steps > INCLUSION_STEPS_MAX) {
        return false;
    }
    run->empty_depth++;
    struct variants variants;
    variants_make(run, terms, &variants);
    run->empty_depth--;
    return variants.count == 0 && !variants.is_unsure;
}
