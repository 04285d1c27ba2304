/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/value.h"

#include "contracts/jsonschema/names.h"
#include "core/buffer.h"
#include "core/decimal.h"
#include "core/scan.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

_Static_assert((int)NUMBER_INTEGER_BYTES <= (int)sizeof(struct value_room), "an integer has room");
_Static_assert((int)DECIMAL_TEXT_BYTES <= (int)sizeof(struct value_room), "a double has room");

struct value_reader {
    struct scan scan;
    struct buffer text; /* the last string that had escapes, or the last name */
    size_t count;
};

static bool fail(struct value_reader *reader, const char *problem)
{
    reader->scan.problem = problem;
    return false;
}

/* Fractions keep their text; json-c prints it, and value_number reads it. */
static struct json_object *new_fraction(const char *text, size_t length)
{
    AUTO(free_text) char *copy = xstrndup(text, length);
    double number = 0;
    if (!decimal_read(text, length, &number)) {
        number = strtod(copy, NULL); /* ±HUGE_VAL beyond a double */
    }
    return json_object_new_double_s(number, copy);
}

/* NULL and a problem when it exceeds a limit. */
static struct json_object *new_number(const struct scan_number *text, const char **problem)
{
    struct number number;
    if (text->length > NUMBER_MAX_BYTES) {
        *problem = "has a number that is too long";
        return NULL;
    }
    if (!number_read(text->start, text->length, &number)) {
        *problem = "has a number whose exponent is too large";
        return NULL;
    }
    int64_t integer = 0;
    if (text->is_plain && scan_integer(text, &integer) == SCAN_INTEGER) {
        return json_object_new_int64(integer);
    }
    if (text->is_plain && !number.is_negative && number.exponent <= 20) {
        char copy[NUMBER_INTEGER_BYTES];
        (void)snprintf(copy, sizeof copy, "%.*s", (int)text->length, text->start);
        errno = 0;
        uint64_t large = strtoull(copy, NULL, 10);
        if (errno == 0) {
            return json_object_new_uint64(large);
        }
    }
    return new_fraction(text->start, text->length);
}

static bool read_number(struct value_reader *reader, struct json_object **out)
{
    struct scan_number text;
    if (!scan_number(&reader->scan, &text)) {
        return false;
    }
    *out = new_number(&text, &reader->scan.problem);
    return *out != NULL;
}

/* The string's bytes without escapes, followed by a NUL; borrowed until the next call. */
static const char *unescape(struct value_reader *reader, const struct scan_text *text)
{
    buffer_clear(&reader->text);
    char *room = buffer_reserve(&reader->text, text->bytes);
    if (text->is_escaped) {
        scan_unescape(text, room);
    } else {
        memcpy(room, text->start, text->bytes);
    }
    buffer_grow(&reader->text, text->bytes);
    return buffer_cstr(&reader->text);
}

static bool read_string(struct value_reader *reader, struct json_object **out)
{
    struct scan_text text;
    if (!scan_string(&reader->scan, &text)) {
        return false;
    }
    const char *bytes = text.is_escaped ? unescape(reader, &text) : text.start;
    *out = json_object_new_string_len(bytes, (int)text.bytes);
    return true;
}

static bool read_word(struct value_reader *reader, const char *word, struct json_object *value,
                      struct json_object **out)
{
    *out = value;
    return scan_word(&reader->scan, word);
}

static bool read_value(struct value_reader *reader, unsigned depth, struct json_object **out);

static bool read_items(struct value_reader *reader, unsigned depth, struct json_object *list)
{
    if (scan_take(&reader->scan, ']')) {
        return true;
    }
    do {
        struct json_object *item = NULL;
        if (!read_value(reader, depth, &item)) {
            return false;
        }
        (void)json_object_array_add(list, item);
    } while (scan_take(&reader->scan, ','));
    return scan_expect(&reader->scan, ']');
}

static bool read_name(struct value_reader *reader, struct json_object *object, char **out)
{
    struct scan_text key;
    if (scan_peek(&reader->scan) != '"') {
        return fail(reader, "is not valid JSON");
    }
    const char *start = reader->scan.at;
    if (!scan_string(&reader->scan, &key)) {
        return false;
    }
    const char *name = unescape(reader, &key);
    if (memchr(name, '\0', key.bytes) != NULL) {
        reader->scan.at = start;
        return fail(reader, "has U+0000 in a member's name");
    }
    if (json_object_object_get_ex(object, name, NULL)) {
        reader->scan.at = start;
        return fail(reader, "has a member that is already there");
    }
    *out = xstrndup(name, key.bytes);
    return scan_expect(&reader->scan, ':');
}

static bool read_members(struct value_reader *reader, unsigned depth, struct json_object *object)
{
    if (scan_take(&reader->scan, '}')) {
        return true;
    }
    do {
        AUTO(free_text) char *name = NULL;
        struct json_object *member = NULL;
        if (!read_name(reader, object, &name) || !read_value(reader, depth, &member)) {
            return false;
        }
        (void)json_object_object_add_ex(object, name, member, JSON_C_OBJECT_ADD_KEY_IS_NEW);
    } while (scan_take(&reader->scan, ','));
    return scan_expect(&reader->scan, '}');
}

static bool read_container(struct value_reader *reader, unsigned depth, char first,
                           struct json_object **out)
{
    if (depth == VALUE_MAX_DEPTH) {
        return fail(reader, "is nested too deep");
    }
    reader->scan.at++;
    bool is_object = first == '{';
    struct json_object *value = is_object ? json_object_new_object() : json_object_new_array();
    bool is_good =
        is_object ? read_members(reader, depth + 1, value) : read_items(reader, depth + 1, value);
    if (!is_good) {
        (void)json_object_put(value);
        return false;
    }
    *out = value;
    return true;
}

/* Recursion is bounded by VALUE_MAX_DEPTH. */
static bool read_value(struct value_reader *reader, unsigned depth, struct json_object **out)
{
    if (++reader->count > VALUE_MAX_COUNT) {
        return fail(reader, "has too many values");
    }
    char first = scan_peek(&reader->scan);
    switch (first) {
    case '{':
    case '[':
        return read_container(reader, depth, first, out);
    case '"':
        return read_string(reader, out);
    case 't':
    case 'f': {
        const char *word = first == 't' ? "true" : "false";
        if (!scan_word(&reader->scan, word)) {
            return false;
        }
        *out = json_object_new_boolean(first == 't');
        return true;
    }
    case 'n':
        return read_word(reader, "null", NULL, out);
    default:
        return read_number(reader, out);
    }
}

static enum outcome refuse(const struct scan *scan, struct fault *fault)
{
    int line = 1;
    const char *start = scan->start;
    for (const char *at = scan->start; at < scan->at; at++) {
        if (*at == '\n') {
            line++;
            start = at + 1;
        }
    }
    return fault_set(fault, REJECT, "%s (line %d, byte %td)", scan->problem, line,
                     scan->at - start + 1);
}

enum outcome value_read(const char *bytes, size_t length, struct json_object **out,
                        struct fault *fault)
{
    if (length > VALUE_MAX_BYTES) {
        return fault_set(fault, REJECT, "is larger than %d bytes", VALUE_MAX_BYTES);
    }
    struct value_reader reader = {
        .scan = {.start = bytes, .at = bytes, .end = bytes + length, .takes_nul = true}};
    struct json_object *value = NULL;
    bool is_good = read_value(&reader, 0, &value) && scan_is_done(&reader.scan);
    buffer_done(&reader.text);
    if (!is_good) {
        (void)json_object_put(value);
        return refuse(&reader.scan, fault);
    }
    *out = value;
    return OK;
}

static enum outcome number_of_node(const struct node *node, struct json_object **out,
                                   struct fault *fault)
{
    struct scan scan = {
        .start = node->text, .at = node->text, .end = node->text + strlen(node->text)};
    struct scan_number text;
    const char *problem = "has no number here";
    *out = scan_number(&scan, &text) ? new_number(&text, &problem) : NULL;
    if (*out == NULL) {
        return fault_set(fault, REJECT, "%s:%d:%d: %s", node->place.path, node->place.line,
                         node->place.column, problem);
    }
    return OK;
}

static enum outcome fill_container(const struct node *node, struct json_object *container,
                                   struct fault *fault)
{
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        struct json_object *value = NULL;
        enum outcome o = value_of_node(child, &value, fault);
        if (o != OK) {
            return o;
        }
        if (node->kind == NODE_MAP) {
            (void)json_object_object_add(container, child->key, value);
        } else {
            (void)json_object_array_add(container, value);
        }
    }
    return OK;
}

/* Recursion is bounded by NODE_MAX_DEPTH. */
enum outcome value_of_node(const struct node *node, struct json_object **out, struct fault *fault)
{
    switch (node->kind) {
    case NODE_NULL:
        *out = NULL;
        return OK;
    case NODE_BOOLEAN:
        *out = json_object_new_boolean(node->integer != 0);
        return OK;
    case NODE_INTEGER:
    case NODE_NUMBER:
        return number_of_node(node, out, fault);
    case NODE_STRING:
        *out = json_object_new_string_len(
            node->text, (int)(node->length > 0 ? node->length : strlen(node->text)));
        return OK;
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
    struct json_object *container =
        node->kind == NODE_MAP ? json_object_new_object() : json_object_new_array();
    enum outcome o = fill_container(node, container, fault);
    if (o != OK) {
        (void)json_object_put(container);
        return o;
    }
    *out = container;
    return OK;
}

static struct number number_of_double(const struct json_object *value, struct value_room *room)
{
    /* json-c and value_read keep the text there; a double that a program has made has none. */
    const char *text = json_object_get_userdata((struct json_object *)value);
    if (text == NULL) {
        double number = json_object_get_double(value);
        text = isfinite(number) ? decimal_write(number, room->text) : "0";
    }
    struct number number;
    (void)number_read(text, strlen(text), &number);
    return number;
}

struct number value_number(const struct json_object *value, struct value_room *room)
{
    if (json_object_get_type(value) == json_type_double) {
        return number_of_double(value, room);
    }
    int64_t integer = json_object_get_int64(value);
    /* A larger one reads as INT64_MAX. */
    return integer == INT64_MAX ? number_of_unsigned(json_object_get_uint64(value), room->text)
                                : number_of_integer(integer, room->text);
}

static bool is_number(enum json_type type)
{
    return type == json_type_int || type == json_type_double;
}

static bool are_numbers_equal(const struct json_object *a, const struct json_object *b)
{
    if (json_object_get_type(a) == json_type_int && json_object_get_type(b) == json_type_int) {
        return json_object_get_int64(a) == json_object_get_int64(b) &&
               json_object_get_uint64(a) == json_object_get_uint64(b);
    }
    struct value_room room_a;
    struct value_room room_b;
    struct number x = value_number(a, &room_a);
    struct number y = value_number(b, &room_b);
    return number_compare(&x, &y) == 0;
}

static bool are_strings_equal(struct json_object *a, struct json_object *b)
{
    int length = json_object_get_string_len(a);
    return length == json_object_get_string_len(b) &&
           memcmp(json_object_get_string(a), json_object_get_string(b), (size_t)length) == 0;
}

static bool are_arrays_equal(const struct json_object *a, const struct json_object *b)
{
    size_t count = json_object_array_length(a);
    if (count != json_object_array_length(b)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!value_is_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i))) {
            return false;
        }
    }
    return true;
}

static bool are_objects_equal(const struct json_object *a, const struct json_object *b)
{
    if (json_object_object_length(a) != json_object_object_length(b)) {
        return false;
    }
    json_object_object_foreach((struct json_object *)a, name, mine)
    {
        struct json_object *other = NULL;
        if (!json_object_object_get_ex(b, name, &other) || !value_is_equal(mine, other)) {
            return false;
        }
    }
    return true;
}

bool value_is_equal(const struct json_object *a, const struct json_object *b)
{
    enum json_type type = json_object_get_type(a);
    enum json_type other = json_object_get_type(b);
    if (is_number(type) && is_number(other)) {
        return are_numbers_equal(a, b);
    }
    if (type != other) {
        return false;
    }
    switch (type) {
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_string:
        return are_strings_equal((struct json_object *)a, (struct json_object *)b);
    case json_type_array:
        return are_arrays_equal(a, b);
    case json_type_object:
        return are_objects_equal(a, b);
    case json_type_null:
    case json_type_int:
    case json_type_double:
    default:
        return true;
    }
}

static uint64_t hash_seed;

static void make_seed(void)
{
    if (getrandom(&hash_seed, sizeof hash_seed, 0) != (ssize_t)sizeof hash_seed) {
        abort(); /* the kernel's random numbers are there from its start */
    }
}

static uint64_t hash_text(uint64_t hash, const char *text, size_t length)
{
    hash = names_mix(hash, length);
    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word = 0;
        memcpy(&word, text, 8);
        hash = names_mix(hash, word ^ hash_seed);
    }
    uint64_t word = 0;
    memcpy(&word, text, length);
    return names_mix(hash, word ^ hash_seed);
}

static uint64_t hash_number(const struct json_object *value)
{
    struct value_room room;
    struct number number = value_number(value, &room);
    return number_hash(&number, hash_seed);
}

static uint64_t hash_container(const struct json_object *value, enum json_type type)
{
    uint64_t hash = names_mix(hash_seed, type);
    if (type == json_type_array) {
        size_t count = json_object_array_length(value);
        for (size_t i = 0; i < count; i++) {
            hash = names_mix(hash, value_hash(json_object_array_get_idx(value, i)));
        }
        return hash;
    }
    /* The order of members does not matter: their hashes are added. */
    uint64_t sum = 0;
    json_object_object_foreach((struct json_object *)value, name, member)
    {
        sum += names_mix(hash_text(hash, name, strlen(name)), value_hash(member));
    }
    return names_mix(hash, sum);
}

uint64_t value_hash(const struct json_object *value)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_seed);
    enum json_type type = json_object_get_type(value);
    switch (type) {
    case json_type_int:
    case json_type_double:
        return hash_number(value);
    case json_type_boolean:
        return names_mix(hash_seed, 10 + (json_object_get_boolean(value) ? 1 : 0));
    case json_type_string:
        return hash_text(hash_seed, json_object_get_string((struct json_object *)value),
                         (size_t)json_object_get_string_len(value));
    case json_type_array:
    case json_type_object:
        return hash_container(value, type);
    case json_type_null:
    default:
        return names_mix(hash_seed, 12);
    }
}
