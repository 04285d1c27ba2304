/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/program.h"
#include "contracts/pointer.h"
#include "core/buffer.h"

#include <string.h>

/*
 * The run that tells. It walks the same program as the fast one, but goes on after an error. What
 * it says names the schema's demands, never the value: that may be personal.
 */

/* A chain of stack frames, turned into a JSON Pointer only when something is wrong. */
struct spot {
    const struct spot *up; /* NULL at the instance itself */
    const char *name;      /* of a member; NULL for an element */
    size_t index;
};

struct explainer {
    struct run run;
    jsonschema_report *report; /* NULL: errors are only counted */
    void *context;
    bool is_stopped;
    size_t count;          /* errors so far */
    const struct spot *at; /* counting: where the alternatives stand */
    size_t here;           /* counting: how much is wrong exactly there */
};

static void add_pointer(struct buffer *out, const struct spot *spot)
{
    if (spot->up == NULL) {
        return;
    }
    add_pointer(out, spot->up); /* as deep as the run itself is */
    if (spot->name == NULL) {
        pointer_add_index(out, spot->index);
    } else {
        pointer_add_key(out, spot->name);
    }
}

static void tell(struct explainer *explainer, uint32_t source_index, const struct spot *spot,
                 const char *text)
{
    explainer->count++;
    explainer->here += spot == explainer->at ? 1 : 0;
    if (explainer->report == NULL || explainer->is_stopped) {
        return;
    }
    const struct source *source = &explainer->run.schema->sources[source_index];
    AUTO(buffer_done) struct buffer pointer = {0};
    add_pointer(&pointer, spot);
    const struct jsonschema_error error = {
        .instance = buffer_cstr(&pointer),
        .schema = source->pointer,
        .place = source->place,
        .text = text,
    };
    explainer->is_stopped = !explainer->report(explainer->context, &error);
}

/* ---- sentences ---- */

static void add_kinds(struct buffer *out, unsigned kinds)
{
    static const struct {
        unsigned kinds;
        const char *name;
    } names[] = {
        {KIND(json_type_object), "an object"}, {KIND(json_type_array), "an array"},
        {KIND(json_type_string), "a string"},  {KIND(json_type_double), "a number"},
        {KINDS_INTEGRAL, "an integer"},        {KIND(json_type_boolean), "true or false"},
        {KIND(json_type_null), "null"},
    };
    size_t left = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        left += (kinds & names[i].kinds) != 0 ? 1 : 0;
    }
    buffer_text(out, left == 0 ? "of no type at all" : "");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if ((kinds & names[i].kinds) != 0) {
            buffer_text(out, names[i].name);
            left--;
            buffer_text(out, left > 1 ? ", " : left == 1 ? " or " : "");
        }
    }
}

static void add_count(struct buffer *out, const char *before, uint64_t limit, const char *one,
                      const char *many)
{
    buffer_printf(out, "%s %llu %s", before, (unsigned long long)limit, limit == 1 ? one : many);
}

static void add_sentence(struct buffer *out, const struct instruction *in)
{
    const struct bound *bound = in->data;
    switch (in->op) {
    case OP_FAIL:
        buffer_text(out, "is not allowed");
        break;
    case OP_FAIL_TYPE:
    case OP_INTEGRAL:
        buffer_text(out, "must be ");
        add_kinds(out, (unsigned)in->limit);
        break;
    case OP_VALUES:
        buffer_text(out, ((const struct values *)in->data)->demand);
        break;
    case OP_MINIMUM:
        buffer_printf(out, "must be at least %s", bound->text);
        break;
    case OP_MAXIMUM:
        buffer_printf(out, "must be at most %s", bound->text);
        break;
    case OP_EXCLUSIVE_MINIMUM:
        buffer_printf(out, "must be greater than %s", bound->text);
        break;
    case OP_EXCLUSIVE_MAXIMUM:
        buffer_printf(out, "must be less than %s", bound->text);
        break;
    case OP_MULTIPLE_OF:
        buffer_printf(out, "must be a multiple of %s", ((const struct multiple *)in->data)->text);
        break;
    case OP_MIN_LENGTH:
        add_count(out, "must have at least", in->limit, "character", "characters");
        break;
    case OP_MAX_LENGTH:
        add_count(out, "must have at most", in->limit, "character", "characters");
        break;
    case OP_PATTERN:
        buffer_printf(out, "must match the pattern %s", ((const struct pattern *)in->data)->text);
        break;
    case OP_FORMAT:
        buffer_printf(out, "must have the format %s", ((const struct format *)in->data)->name);
        break;
    case OP_CONTENT: {
        const struct content *content = in->data;
        buffer_printf(out, "must be %s%s", content->is_json ? "JSON" : "base64",
                      content->is_json && content->is_base64 ? " in base64" : "");
        break;
    }
    case OP_MIN_ITEMS:
        add_count(out, "must have at least", in->limit, "element", "elements");
        break;
    case OP_MAX_ITEMS:
        add_count(out, "must have at most", in->limit, "element", "elements");
        break;
    case OP_UNIQUE_ITEMS:
        buffer_text(out, "must not have an element twice");
        break;
    case OP_CONTAINS:
        buffer_text(out, "must have an element that fits the schema of contains");
        break;
    case OP_MIN_PROPERTIES:
        add_count(out, "must have at least", in->limit, "member", "members");
        break;
    case OP_MAX_PROPERTIES:
        add_count(out, "must have at most", in->limit, "member", "members");
        break;
    case OP_ANY_OF:
        buffer_printf(out, "must fit at least one of the %zu schemas of anyOf",
                      ((const struct branches *)in->data)->count);
        break;
    case OP_NOT:
        buffer_text(out, "must not fit the schema of not");
        break;
    case OP_END:
    case OP_ITEMS:
    case OP_MEMBERS:
    case OP_CLOSED:
    case OP_PROPERTY_NAMES:
    case OP_DEPENDENCIES:
    case OP_ALL_OF:
    case OP_ONE_OF:
    case OP_IF:
        break; /* say what they have to say themselves */
    }
}

static void tell_instruction(struct explainer *explainer, const struct instruction *in,
                             const struct spot *spot)
{
    AUTO(buffer_done) struct buffer text = {0};
    if (explainer->report != NULL) {
        add_sentence(&text, in);
    }
    /* A wrong type weighs double: another alternative was meant. */
    explainer->here += in->op == OP_FAIL_TYPE && spot == explainer->at ? 1 : 0;
    tell(explainer, in->source, spot, buffer_cstr(&text));
}

/* Whether it matches is not known, so that nothing is demanded. */
static void tell_hard_pattern(struct explainer *explainer, const struct instruction *in,
                              const struct spot *spot)
{
    AUTO(free_text)
    char *text = xasprintf("could not be judged by the pattern %s: it needs too many steps",
                           ((const struct pattern *)in->data)->text);
    tell(explainer, in->source, spot, text);
}

/* ---- schemas within schemas ---- */

static void explain_block(struct explainer *explainer, uint32_t block,
                          const struct subject *subject, const struct spot *spot);

static void explain_child(struct explainer *explainer, uint32_t block, struct json_object *value,
                          const struct spot *spot)
{
    if (block != PROGRAM_ACCEPT) {
        struct subject subject = subject_of(value);
        explain_block(explainer, block, &subject, spot);
    }
}

static void explain_items(struct explainer *explainer, const struct items *items,
                          const struct subject *subject, const struct spot *spot)
{
    size_t count = json_object_array_length(subject->object);
    for (size_t i = 0; i < count && !explainer->is_stopped; i++) {
        const struct spot element = {.up = spot, .index = i};
        explain_child(explainer, i < items->count ? items->tuple[i] : items->rest,
                      json_object_array_get_idx(subject->object, i), &element);
    }
}

static void explain_member(struct explainer *explainer, const struct members *members,
                           const char *name, struct json_object *value, const struct spot *spot)
{
    size_t length = strlen(name);
    const struct name *known = names_find(&members->index, name, length);
    const struct member *member = known != NULL ? &members->list[known->value] : NULL;
    bool is_declared = member != NULL && member->is_declared;
    if (member != NULL) {
        explain_child(explainer, member->block, value, spot);
    }
    for (size_t i = 0; i < members->pattern_count; i++) {
        enum pattern_verdict verdict = pattern_match(&members->patterns[i].pattern, name, length);
        explainer->run.gave_up = explainer->run.gave_up || verdict == PATTERN_GAVE_UP;
        if (verdict == PATTERN_MATCHES) {
            is_declared = true;
            explain_child(explainer, members->patterns[i].block, value, spot);
        }
    }
    if (!is_declared) {
        explain_child(explainer, members->rest, value, spot);
    }
}

static void explain_members(struct explainer *explainer, const struct members *members,
                            const struct subject *subject, const struct spot *spot)
{
    for (size_t i = 0; i < members->count && members->required_count > 0; i++) {
        const struct member *member = &members->list[i];
        if (member->is_required &&
            !json_object_object_get_ex(subject->object, member->name, NULL)) {
            AUTO(free_text)
            char *text = xasprintf("lacks the required member \"%s\"", member->name);
            tell(explainer, members->required_source, spot, text);
        }
    }
    json_object_object_foreach(subject->object, name, value)
    {
        const struct spot here = {.up = spot, .name = name};
        if (!explainer->is_stopped) {
            explain_member(explainer, members, name, value, &here);
        }
    }
}

static void explain_closed(struct explainer *explainer, const struct instruction *in,
                           const struct subject *subject, const struct spot *spot)
{
    json_object_object_foreach(subject->object, name, value)
    {
        (void)value;
        const struct spot here = {.up = spot, .name = name};
        if (names_find(in->data, name, strlen(name)) == NULL) {
            tell(explainer, in->source, &here,
                 "is not declared: only declared members may be said");
        }
    }
}

static void explain_names(struct explainer *explainer, const struct instruction *in,
                          const struct subject *subject, const struct spot *spot)
{
    json_object_object_foreach(subject->object, name, value)
    {
        (void)value;
        const struct spot here = {.up = spot, .name = name};
        const struct subject text = subject_of_name(name);
        if (!run_block(&explainer->run, in->block, &text)) {
            tell(explainer, in->source, &here,
                 "has a name that does not fit the schema of propertyNames");
        }
    }
}

static void explain_dependencies(struct explainer *explainer,
                                 const struct dependencies *dependencies,
                                 const struct subject *subject, const struct spot *spot)
{
    for (size_t i = 0; i < dependencies->count; i++) {
        const struct dependency *dependency = &dependencies->list[i];
        if (!json_object_object_get_ex(subject->object, dependency->name, NULL)) {
            continue;
        }
        for (size_t n = 0; n < dependency->need_count; n++) {
            if (!json_object_object_get_ex(subject->object, dependency->needs[n], NULL)) {
                AUTO(free_text)
                char *text = xasprintf("lacks the member \"%s\", which \"%s\" needs",
                                       dependency->needs[n], dependency->name);
                tell(explainer, dependency->source, spot, text);
            }
        }
        explain_block(explainer, dependency->block, subject, spot);
    }
}

/* ---- alternatives ---- */

struct score {
    size_t here;
    size_t count;
};

static struct score score_branch(struct explainer *explainer, uint32_t block,
                                 const struct subject *subject, const struct spot *spot)
{
    struct explainer counter = {.run = explainer->run, .at = spot};
    explain_block(&counter, block, subject, spot);
    explainer->run = counter.run;
    return (struct score){.here = counter.here, .count = counter.count};
}

/* The errors of the branch that comes closest: the fewest at this very value (a wrong type or a
 * missing member says that another one was meant), then the fewest. None when two are as close. */
static void explain_closest(struct explainer *explainer, const struct branches *branches,
                            const struct subject *subject, const struct spot *spot)
{
    if (explainer->report == NULL) {
        return;
    }
    struct score best = {SIZE_MAX, SIZE_MAX};
    size_t closest = SIZE_MAX;
    for (size_t i = 0; i < branches->count && !explainer->run.gave_up; i++) {
        struct score score = score_branch(explainer, branches->blocks[i], subject, spot);
        if (score.here < best.here || (score.here == best.here && score.count < best.count)) {
            best = score;
            closest = i;
        } else if (score.here == best.here && score.count == best.count) {
            closest = SIZE_MAX;
        }
    }
    if (closest != SIZE_MAX) {
        explain_block(explainer, branches->blocks[closest], subject, spot);
    }
}

static void explain_any_of(struct explainer *explainer, const struct instruction *in,
                           const struct subject *subject, const struct spot *spot)
{
    if (!run_check(&explainer->run, in, subject)) {
        tell_instruction(explainer, in, spot);
        explain_closest(explainer, in->data, subject, spot);
    }
}

static void explain_one_of(struct explainer *explainer, const struct instruction *in,
                           const struct subject *subject, const struct spot *spot)
{
    if (run_check(&explainer->run, in, subject)) {
        return;
    }
    const struct branches *branches = in->data;
    size_t fitting = 0;
    for (size_t i = 0; i < branches->count; i++) {
        fitting += run_block(&explainer->run, branches->blocks[i], subject) ? 1 : 0;
    }
    AUTO(free_text)
    char *text = xasprintf("must fit exactly one of the %zu schemas of oneOf, fits %zu",
                           branches->count, fitting);
    tell(explainer, in->source, spot, text);
    if (fitting == 0) {
        explain_closest(explainer, branches, subject, spot);
    }
}

static void explain_condition(struct explainer *explainer, const struct condition *condition,
                              const struct subject *subject, const struct spot *spot)
{
    bool is_true = run_block(&explainer->run, condition->test, subject);
    explain_block(explainer, is_true ? condition->then : condition->otherwise, subject, spot);
}

/* ---- one instruction, one block ---- */

static void explain_instruction(struct explainer *explainer, const struct instruction *in,
                                const struct subject *subject, const struct spot *spot)
{
    switch (in->op) {
    case OP_ITEMS:
        explain_items(explainer, in->data, subject, spot);
        return;
    case OP_MEMBERS:
        explain_members(explainer, in->data, subject, spot);
        return;
    case OP_CLOSED:
        explain_closed(explainer, in, subject, spot);
        return;
    case OP_PROPERTY_NAMES:
        explain_names(explainer, in, subject, spot);
        return;
    case OP_DEPENDENCIES:
        explain_dependencies(explainer, in->data, subject, spot);
        return;
    case OP_ALL_OF:
        explain_block(explainer, in->block, subject, spot);
        return;
    case OP_ANY_OF:
        explain_any_of(explainer, in, subject, spot);
        return;
    case OP_ONE_OF:
        explain_one_of(explainer, in, subject, spot);
        return;
    case OP_IF:
        explain_condition(explainer, in->data, subject, spot);
        return;
    case OP_END:
    case OP_FAIL:
    case OP_FAIL_TYPE:
    case OP_INTEGRAL:
    case OP_VALUES:
    case OP_MINIMUM:
    case OP_MAXIMUM:
    case OP_EXCLUSIVE_MINIMUM:
    case OP_EXCLUSIVE_MAXIMUM:
    case OP_MULTIPLE_OF:
    case OP_MIN_LENGTH:
    case OP_MAX_LENGTH:
    case OP_PATTERN:
    case OP_FORMAT:
    case OP_CONTENT:
    case OP_MIN_ITEMS:
    case OP_MAX_ITEMS:
    case OP_CONTAINS:
    case OP_UNIQUE_ITEMS:
    case OP_MIN_PROPERTIES:
    case OP_MAX_PROPERTIES:
    case OP_NOT:
        break;
    }
    if (run_check(&explainer->run, in, subject)) {
        return;
    }
    if (!explainer->run.gave_up) {
        tell_instruction(explainer, in, spot);
    } else if (in->op == OP_PATTERN) {
        tell_hard_pattern(explainer, in, spot);
    }
}

static void explain_block(struct explainer *explainer, uint32_t block,
                          const struct subject *subject, const struct spot *spot)
{
    struct run *run = &explainer->run;
    uint32_t entry = run->schema->blocks[block].entry[subject->kind];
    if (entry == PROGRAM_ACCEPT) {
        return;
    }
    if (run->depth == JSONSCHEMA_MAX_DEPTH || ++run->steps > JSONSCHEMA_MAX_STEPS) {
        run->gave_up = true;
    }
    if (run->gave_up || explainer->is_stopped) {
        return;
    }
    run->depth++;
    for (const struct instruction *in = &run->schema->instructions[entry];
         in->op != OP_END && !run->gave_up && !explainer->is_stopped; in++) {
        explain_instruction(explainer, in, subject, spot);
    }
    run->depth--;
}

bool jsonschema_explain(const struct jsonschema *schema, struct json_object *instance,
                        jsonschema_report *report, void *context)
{
    struct explainer explainer = {.run = {.schema = schema}, .report = report, .context = context};
    const struct spot root = {0};
    struct subject subject = subject_of(instance);
    explain_block(&explainer, schema->root, &subject, &root);
    if (explainer.run.gave_up) {
        const struct jsonschema_error error = {
            .instance = "",
            .schema = "",
            .place = schema->source_count > 0 ? schema->sources[0].place : (struct position){0},
            .text = "cannot be judged: the schema asks for more steps, more depth or a harder "
                    "pattern than the limits allow",
        };
        explainer.count++;
        if (!explainer.is_stopped) {
            (void)report(context, &error);
        }
    }
    return explainer.count == 0;
}
