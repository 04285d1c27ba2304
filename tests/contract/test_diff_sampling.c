/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/diff/schema_diff.h"
#include "contracts/jsonschema/jsonschema.h"

#include <inttypes.h>
#include <json.h>
#include <string.h>

/*
 * The differ never calls compatible what is not: random pairs of schemas, one made from the other
 * by a few changes, are compared, instances of one are made, near its limits, and validated with
 * the other. The seed is fixed; another one, and more pairs, can be given in the environment
 * (DIFF_SEED, DIFF_PAIRS). With DIFF_CORPUS=FILE what was called compatible is written as JSON
 * Lines, for a second validator.
 */

enum { PAIRS = 3000, INSTANCES = 40, DEPTH = 3 };

static uint64_t state;

/* xorshift64*: the same numbers everywhere. */
static unsigned roll(unsigned sides)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

static bool chance(unsigned percent)
{
    return roll(100) < percent;
}

/* ---- Schemas. ---- */

static const char *const names[] = {"a", "b", "c", "k"};
static const char *const texts[] = {"", "a", "ab", "b", "abc", "2026-11-25", "x1", "MQ==", "1"};
static const char *const patterns[] = {"^a", "b$", "^a*$", "^[ab]{1,2}$", ".*"};
static const char *const formats[] = {"date", "uuid", "email"};
static const char *const references[] = {"#", "#/definitions/d0", "#/definitions/d1"};

#define PICK(list) ((list)[roll(COUNT_OF(list))])

static json_object *text(const char *value)
{
    return json_object_new_string(value);
}

static json_object *number(void)
{
    int n = (int)roll(8) - 1;
    return chance(20) ? json_object_new_double(n + 0.5) : json_object_new_int(n);
}

static json_object *value(int depth)
{
    switch (roll(depth > 0 ? 8 : 6)) {
    case 0:
        return NULL;
    case 1:
        return json_object_new_boolean(chance(50));
    case 2:
    case 3:
        return number();
    case 6: {
        json_object *list = json_object_new_array();
        for (unsigned i = roll(4); i > 0; i--) {
            (void)json_object_array_add(list, value(depth - 1));
        }
        return list;
    }
    case 7: {
        json_object *map = json_object_new_object();
        for (unsigned i = roll(4); i > 0; i--) {
            (void)json_object_object_add(map, PICK(names), value(depth - 1));
        }
        return map;
    }
    default:
        return text(PICK(texts));
    }
}

static json_object *schema(int depth);

static void set(json_object *map, const char *key, json_object *child)
{
    (void)json_object_object_add(map, key, child);
}

static json_object *schema_list(int depth)
{
    json_object *list = json_object_new_array();
    for (unsigned i = 1 + roll(3); i > 0; i--) {
        (void)json_object_array_add(list, schema(depth - 1));
    }
    return list;
}

static json_object *name_list(void)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (chance(30)) {
            (void)json_object_array_add(list, text(names[i]));
        }
    }
    return list;
}

static json_object *members(int depth)
{
    json_object *map = json_object_new_object();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (chance(45)) {
            set(map, names[i], schema(depth - 1));
        }
    }
    return map;
}

static json_object *one_member(const char *name, json_object *child)
{
    json_object *map = json_object_new_object();
    set(map, name, child);
    return map;
}

static json_object *value_list(void)
{
    json_object *list = json_object_new_array();
    for (unsigned i = 1 + roll(3); i > 0; i--) {
        (void)json_object_array_add(list, value(1));
    }
    return list;
}

static json_object *size(void)
{
    return json_object_new_int((int)roll(4));
}

static json_object *type(void)
{
    static const char *const types[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object",  "object"};
    if (chance(80)) {
        return text(PICK(types));
    }
    json_object *list = json_object_new_array();
    const char *first = PICK(types);
    const char *second = PICK(types);
    (void)json_object_array_add(list, text(first));
    if (strcmp(first, second) != 0) {
        (void)json_object_array_add(list, text(second));
    }
    return list;
}

/* One keyword of any kind; those with schemas only while there is depth. */
static void add_keyword(json_object *map, int depth)
{
    switch (roll(depth > 0 ? 36 : 18)) {
    case 0:
        set(map, "minimum", number());
        break;
    case 1:
        set(map, "maximum", number());
        break;
    case 2:
        set(map, "exclusiveMinimum", number());
        break;
    case 3:
        set(map, "exclusiveMaximum", number());
        break;
    case 4:
        set(map, "multipleOf", json_object_new_double(0.5 * (1 + roll(5))));
        break;
    case 5:
        set(map, "minLength", size());
        break;
    case 6:
        set(map, "maxLength", size());
        break;
    case 7:
        set(map, "pattern", text(PICK(patterns)));
        break;
    case 8:
        set(map, "format", text(PICK(formats)));
        break;
    case 9:
        set(map, "minItems", size());
        break;
    case 10:
        set(map, "maxItems", size());
        break;
    case 11:
        set(map, "uniqueItems", json_object_new_boolean(chance(80)));
        break;
    case 12:
        set(map, "minProperties", size());
        break;
    case 13:
        set(map, "maxProperties", size());
        break;
    case 14:
        set(map, "required", name_list());
        break;
    case 15:
        set(map, "enum", value_list());
        break;
    case 16:
        set(map, "const", value(1));
        break;
    case 18:
        set(map, "items", chance(70) ? schema(depth - 1) : schema_list(depth));
        break;
    case 19:
        set(map, "items", schema_list(depth));
        set(map, "additionalItems", schema(depth - 1));
        break;
    case 20:
        set(map, "contains", schema(depth - 1));
        break;
    case 21:
    case 22:
    case 23:
        set(map, "properties", members(depth));
        break;
    case 24:
        set(map, "additionalProperties",
            chance(50) ? json_object_new_boolean(chance(30)) : schema(depth - 1));
        break;
    case 25:
        set(map, "patternProperties", one_member(chance(50) ? "^a" : "[bc]", schema(depth - 1)));
        break;
    case 26:
        set(map, "propertyNames", schema(depth - 1));
        break;
    case 27:
        set(map, "dependencies",
            one_member(PICK(names), chance(50) ? name_list() : schema(depth - 1)));
        break;
    case 28:
        set(map, "allOf", schema_list(depth));
        break;
    case 29:
        set(map, "anyOf", schema_list(depth));
        break;
    case 30:
        set(map, "oneOf", schema_list(depth));
        break;
    case 31:
        set(map, "not", schema(depth - 1));
        break;
    case 32:
        set(map, "if", schema(depth - 1));
        set(map, "then", schema(depth - 1));
        if (chance(50)) {
            set(map, "else", schema(depth - 1));
        }
        break;
    case 33:
        json_object_object_del(map, "type");
        set(map, "$ref", text(PICK(references)));
        break;
    case 34:
        set(map, "contentEncoding", text("base64"));
        break;
    case 35:
        set(map, "contentMediaType", text("application/json"));
        break;
    default:
        set(map, "type", type());
        break;
    }
}

static json_object *schema(int depth)
{
    if (chance(4)) {
        return json_object_new_boolean(chance(60));
    }
    json_object *map = json_object_new_object();
    if (chance(75)) {
        set(map, "type", type());
    }
    for (unsigned i = roll(4); i > 0; i--) {
        add_keyword(map, depth);
    }
    return map;
}

static json_object *whole_schema(void)
{
    json_object *map = NULL;
    do {
        (void)json_object_put(map);
        map = schema(DEPTH);
    } while (!json_object_is_type(map, json_type_object) ||
             json_object_object_get_ex(map, "$ref", NULL));
    json_object *definitions = json_object_new_object();
    set(definitions, "d0", schema(1));
    set(definitions, "d1", schema(1));
    set(map, "definitions", definitions);
    return map;
}

static json_object *copy_of(json_object *from)
{
    json_object *to = NULL;
    if (from != NULL) {
        (void)json_object_deep_copy(from, &to, NULL);
    }
    return to;
}

/* Some map within, that is likely a schema. */
static json_object *some_map(json_object *map, int depth)
{
    if (depth == 0 || json_object_object_length(map) == 0 || chance(30)) {
        return map;
    }
    unsigned index = roll((unsigned)json_object_object_length(map));
    json_object_object_foreach(map, key, child)
    {
        (void)key;
        if (index-- == 0) {
            if (json_object_is_type(child, json_type_array) &&
                json_object_array_length(child) > 0) {
                child = json_object_array_get_idx(child,
                                                  roll((unsigned)json_object_array_length(child)));
            }
            return json_object_is_type(child, json_type_object) ? some_map(child, depth - 1) : map;
        }
    }
    return map;
}

static void change(json_object *whole)
{
    json_object *map = some_map(whole, 5);
    if (chance(40) && json_object_object_length(map) > 0) {
        unsigned index = roll((unsigned)json_object_object_length(map));
        json_object_object_foreach(map, key, child)
        {
            (void)child;
            if (index-- == 0 && strcmp(key, "definitions") != 0 && strlen(key) > 2) {
                json_object_object_del(map, key);
                return;
            }
        }
        return;
    }
    add_keyword(map, 1);
}

/* ---- Instances. ---- */

static json_object *instance(json_object *root, json_object *of, int depth);

static json_object *get(json_object *map, const char *key)
{
    json_object *child = NULL;
    return json_object_is_type(map, json_type_object) && json_object_object_get_ex(map, key, &child)
               ? child
               : NULL;
}

static json_object *some_item(json_object *list)
{
    size_t length = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    return length == 0 ? NULL : json_object_array_get_idx(list, roll((unsigned)length));
}

static json_object *near_number(json_object *of)
{
    static const char *const bounds[] = {"minimum", "maximum", "exclusiveMinimum",
                                         "exclusiveMaximum", "multipleOf"};
    json_object *bound = get(of, PICK(bounds));
    double n = bound != NULL ? json_object_get_double(bound) : (double)roll(8) - 1;
    n += chance(60) ? 0 : chance(50) ? 1 : chance(50) ? -1 : 0.5;
    return n == (double)(int)n ? json_object_new_int((int)n) : json_object_new_double(n);
}

static json_object *some_array(json_object *root, json_object *of, int depth)
{
    json_object *list = json_object_new_array();
    json_object *items = get(of, "items");
    json_object *contains = get(of, "contains");
    int count = json_object_get_int(get(of, "minItems")) + (int)roll(3);
    for (int i = 0; i < count && i < 5; i++) {
        json_object *each = items;
        if (json_object_is_type(items, json_type_array)) {
            each = i < (int)json_object_array_length(items)
                       ? json_object_array_get_idx(items, (size_t)i)
                       : get(of, "additionalItems");
        }
        each = contains != NULL && chance(40) ? contains : each;
        (void)json_object_array_add(list, instance(root, each, depth - 1));
    }
    return list;
}

static bool is_required(json_object *of, const char *name)
{
    json_object *required = get(of, "required");
    for (size_t i = 0; required != NULL && i < json_object_array_length(required); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(required, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static json_object *some_object(json_object *root, json_object *of, int depth)
{
    json_object *map = json_object_new_object();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        json_object *property = get(get(of, "properties"), names[i]);
        unsigned likely = is_required(of, names[i]) ? 95 : property != NULL ? 50 : 12;
        if (chance(likely)) {
            property = property != NULL ? property : get(of, "additionalProperties");
            set(map, names[i], instance(root, property, depth - 1));
        }
    }
    return map;
}

static const char *some_type(json_object *of)
{
    json_object *types = get(of, "type");
    if (json_object_is_type(types, json_type_array)) {
        types = some_item(types);
    }
    return types != NULL ? json_object_get_string(types) : NULL;
}

/* One schema of several that hold together: the keywords of one, then of the other. */
static json_object *instance_of_part(json_object *root, json_object *of, json_object *part,
                                     int depth)
{
    json_object *both = copy_of(of);
    static const char *const parts[] = {"allOf", "anyOf", "oneOf", "if"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        json_object_object_del(both, parts[i]);
    }
    if (json_object_is_type(part, json_type_object)) {
        json_object_object_foreach(part, key, child)
        {
            set(both, key, copy_of(child));
        }
    }
    json_object *made = instance(root, both, depth);
    (void)json_object_put(both);
    return made;
}

static json_object *referred(json_object *root, json_object *of)
{
    const char *reference = json_object_get_string(get(of, "$ref"));
    if (reference == NULL) {
        return of;
    }
    const char *slash = strrchr(reference, '/');
    return slash == NULL ? root : get(get(root, "definitions"), slash + 1);
}

static json_object *instance(json_object *root, json_object *of, int depth)
{
    if (depth < 0 || chance(8)) {
        return value(1);
    }
    of = referred(root, of);
    if (get(of, "enum") != NULL) {
        return copy_of(some_item(get(of, "enum")));
    }
    if (get(of, "const") != NULL && chance(90)) {
        return copy_of(get(of, "const"));
    }
    static const char *const parts[] = {"allOf", "anyOf", "oneOf"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        json_object *part = some_item(get(of, parts[i]));
        if (part != NULL) {
            return instance_of_part(root, of, part, depth - 1);
        }
    }
    if (get(of, "if") != NULL && chance(70)) {
        const char *branch = chance(50) ? "then" : chance(50) ? "else" : "if";
        return instance_of_part(root, of, get(of, branch), depth - 1);
    }
    const char *is = some_type(of);
    static const char *const free_types[] = {"number", "string", "array", "object", "null"};
    is = is != NULL ? is : PICK(free_types);
    if (strcmp(is, "integer") == 0 || strcmp(is, "number") == 0) {
        return near_number(of);
    }
    if (strcmp(is, "array") == 0) {
        return some_array(root, of, depth);
    }
    if (strcmp(is, "object") == 0) {
        return some_object(root, of, depth);
    }
    if (strcmp(is, "string") == 0) {
        return text(PICK(texts));
    }
    return strcmp(is, "null") == 0 ? NULL : json_object_new_boolean(chance(50));
}

/* ---- The comparison. ---- */

struct version {
    json_object *json;
    const char *text;
    struct documents documents;
    const struct node *node;
    struct jsonschema *open, *closed;
};

static FILE *corpus;
static struct {
    unsigned pairs, compatible, asked, valid;
} counts;

static bool version_init(struct version *version, json_object *json, const char *path)
{
    *version = (struct version){.json = json};
    version->text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
    struct document *document = arena_alloc(&version->documents.arena, sizeof *document);
    document->path = path;
    document->root = node_parse(path, version->text, strlen(version->text),
                                &version->documents.arena, &version->documents.findings);
    version->documents.first = document;
    version->node = document->root;
    ck_assert(version->node != NULL);
    struct fault fault;
    const struct jsonschema_options open = {0};
    const struct jsonschema_options closed = {.is_closed = true};
    return jsonschema_compile(&version->documents, version->node, &open, &version->open, &fault) ==
               OK &&
           jsonschema_compile(&version->documents, version->node, &closed, &version->closed,
                              &fault) == OK;
}

static void version_done(struct version *version)
{
    jsonschema_free(version->open);
    jsonschema_free(version->closed);
    documents_done(&version->documents);
    (void)json_object_put(version->json);
}

/* What `left` publishes must be allowed by `right`. */
static void ask(const struct version *left, const struct version *right, bool is_closed)
{
    counts.compatible++;
    json_object *kept = json_object_new_array();
    for (int i = 0; i < INSTANCES; i++) {
        json_object *made = instance(left->json, left->json, DEPTH + 2);
        counts.asked++;
        bool is_published = jsonschema_is_valid(left->open, made) &&
                            (!is_closed || jsonschema_is_valid(left->closed, made));
        if (is_published) {
            counts.valid++;
            ck_assert_msg(jsonschema_is_valid(right->open, made),
                          "called compatible%s, but %s is %s and not %s",
                          is_closed ? " (closed)" : "", json_object_to_json_string(made),
                          left->text, right->text);
        }
        if (corpus != NULL && (is_published || !is_closed)) {
            (void)json_object_array_add(kept, made);
        } else {
            (void)json_object_put(made);
        }
    }
    if (corpus != NULL) {
        (void)fprintf(corpus, "{\"left\": %s, \"right\": %s, \"closed\": %s, \"instances\": %s}\n",
                      left->text, right->text, is_closed ? "true" : "false",
                      json_object_to_json_string_ext(kept, JSON_C_TO_STRING_PLAIN));
    }
    (void)json_object_put(kept);
}

static struct schema_verdicts compare(const struct version *old, const struct version *new,
                                      bool is_closed)
{
    struct diff diff = {0};
    struct schema_version a = {(struct documents *)&old->documents, old->node};
    struct schema_version b = {(struct documents *)&new->documents, new->node};
    const struct schema_diff_options options = {.sides = DIFF_FORWARD | DIFF_BACKWARD,
                                                .is_closed = is_closed};
    struct schema_verdicts verdicts = schema_diff(&diff, &a, &b, &options);
    diff_done(&diff);
    return verdicts;
}

static void check_pair(struct version *old, struct version *new)
{
    counts.pairs++;
    for (int is_closed = 0; is_closed < 2; is_closed++) {
        struct schema_verdicts there = compare(old, new, is_closed != 0);
        struct schema_verdicts back = compare(new, old, is_closed != 0);
        ck_assert_msg(there.forward == back.backward && there.backward == back.forward,
                      "swapped, the sides are not: %d %d, %d %d: %s and %s", there.forward,
                      there.backward, back.forward, back.backward, old->text, new->text);
        if (there.forward == VERDICT_YES) {
            ask(new, old, is_closed != 0);
        }
        if (there.backward == VERDICT_YES) {
            ask(old, new, is_closed != 0);
        }
    }
    struct schema_verdicts itself = compare(old, old, false);
    ck_assert_msg(itself.forward == VERDICT_YES, "it differs from itself: %s", old->text);
}

static unsigned from_environment(const char *name, unsigned fallback)
{
    const char *given = getenv(name);
    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : fallback;
}

START_TEST(what_is_called_compatible_is)
{
    state = UINT64_C(88172645463325252) + from_environment("DIFF_SEED", 0) * UINT64_C(7919);
    unsigned pairs = from_environment("DIFF_PAIRS", PAIRS);
    const char *file = getenv("DIFF_CORPUS");
    corpus = file != NULL ? fopen(file, "we") : NULL;
    for (unsigned i = 0; i < pairs; i++) {
        struct version old;
        struct version new;
        json_object *json = whole_schema();
        json_object *changed = copy_of(json);
        for (unsigned n = 1 + roll(3); n > 0; n--) {
            change(changed);
        }
        bool is_good = version_init(&old, json, "old.yaml");
        is_good &= version_init(&new, changed, "new.yaml");
        if (is_good) {
            check_pair(&old, &new);
        }
        version_done(&old);
        version_done(&new);
    }
    if (corpus != NULL) {
        (void)fclose(corpus);
    }
    (void)printf("# %u pairs, %u times called compatible, %u of %u instances were valid\n",
                 counts.pairs, counts.compatible, counts.valid, counts.asked);
    (void)fflush(stdout);
    /* A generator that makes nothing valid would prove nothing. */
    ck_assert_uint_gt(counts.pairs, pairs / 2);
    ck_assert_uint_gt(counts.compatible, pairs / 4);
    ck_assert_uint_gt(counts.valid, counts.asked / 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff by sampling");
    TCase *tcase = tcase_create("diff by sampling");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, what_is_called_compatible_is);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
