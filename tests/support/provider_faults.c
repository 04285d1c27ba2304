/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_faults.h"

#include <string.h>

enum {
    TIMES_MAX = 1000000,
    MS_MAX = 24 * 60 * 60 * 1000,
};

/* clang-format off */
static const struct {
    const char *name;
    enum fault_kind kind;
    const char *help;
} kinds[] = {
    {"slow",            FAULT_SLOW,            "answers ms later, its idempotency key in use meanwhile"},
    {"timeout_before",  FAULT_TIMEOUT_BEFORE,  "no effect, no answer"},
    {"timeout_after",   FAULT_TIMEOUT_AFTER,   "the effect, its answer stored, but not sent"},
    {"error500_before", FAULT_ERROR500_BEFORE, "no effect, 500, not stored"},
    {"error500_after",  FAULT_ERROR500_AFTER,  "the effect, then 500, which is stored"},
    {"stored500",       FAULT_STORED500,       "no effect, 500, which is stored"},
    {"reset",           FAULT_RESET,           "no effect, the connection is reset"},
    {"late",            FAULT_LATE,            "arrives ms later, when others may have come first; no answer"},
};
/* clang-format on */

static const char *const routes[] = {"create", "confirm", "cancel", "refund", "read", "any"};

static bool copy(char *to, size_t room, const char *from)
{
    int length = snprintf(to, room, "%s", from);

    return length > 0 && (size_t)length < room;
}

static bool is_route(const char *name)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum fault_kind find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].kind;
        }
    }
    return FAULT_NONE;
}

static bool read_number(struct json_object *value, int64_t min, int64_t max, int64_t *number)
{
    if (!json_object_is_type(value, json_type_int)) {
        return false;
    }
    *number = json_object_get_int64(value);
    return *number >= min && *number <= max;
}

static const char *read_field(struct fault *fault, const char *name, struct json_object *value)
{
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";

    if (strcmp(name, "route") == 0) {
        return is_route(text) && copy(fault->route, sizeof(fault->route), text) ? NULL
                                                                                : "unknown route";
    }
    if (strcmp(name, "fault") == 0) {
        fault->kind = find_kind(text);
        return fault->kind != FAULT_NONE ? NULL : "unknown fault";
    }
    if (strcmp(name, "upgrade") == 0) {
        return copy(fault->upgrade, sizeof(fault->upgrade), text) ? NULL
                                                                  : "upgrade is no short text";
    }
    if (strcmp(name, "times") == 0) {
        return read_number(value, 1, TIMES_MAX, &fault->times) ? NULL : "times is out of range";
    }
    if (strcmp(name, "ms") == 0) {
        return read_number(value, 0, MS_MAX, &fault->ms) ? NULL : "ms is out of range";
    }
    return "unknown field";
}

const char *faults_add(struct faults *faults, struct json_object *request)
{
    struct fault fault = {.times = 1};

    if (!json_object_is_type(request, json_type_object)) {
        return "not a JSON object";
    }
    json_object_object_foreach(request, name, value)
    {
        const char *wrong = read_field(&fault, name, value);

        if (wrong != NULL) {
            return wrong;
        }
    }
    if (fault.kind == FAULT_NONE || fault.route[0] == '\0') {
        return "route and fault are needed";
    }
    if ((fault.kind == FAULT_SLOW || fault.kind == FAULT_LATE) && fault.ms == 0) {
        return "this fault needs ms";
    }
    if (faults->count == FAULTS_MAX) {
        return "too many faults are queued";
    }
    faults->queue[faults->count++] = fault;
    return NULL;
}

static bool has_value(struct json_object *metadata, const char *wanted)
{
    if (metadata == NULL) {
        return false;
    }
    json_object_object_foreach(metadata, name, value)
    {
        (void)name;
        if (strcmp(json_object_get_string(value), wanted) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct fault *fault, const char *route, struct json_object *metadata)
{
    return (strcmp(fault->route, "any") == 0 || strcmp(fault->route, route) == 0) &&
           (fault->upgrade[0] == '\0' || has_value(metadata, fault->upgrade));
}

struct fault faults_take(struct faults *faults, const char *route, struct json_object *metadata)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->queue[i];

        if (!fits(fault, route, metadata)) {
            continue;
        }
        struct fault taken = *fault;
        if (--fault->times == 0) {
            faults->count--;
            memmove(fault, fault + 1, (faults->count - i) * sizeof(*fault));
        }
        return taken;
    }
    return (struct fault){.kind = FAULT_NONE};
}

struct json_object *faults_show(const struct faults *faults)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->queue[i];
        struct json_object *shown = json_object_new_object();

        json_object_object_add(shown, "route", json_object_new_string(fault->route));
        json_object_object_add(shown, "fault",
                               json_object_new_string(kinds[fault->kind - FAULT_SLOW].name));
        json_object_object_add(shown, "times", json_object_new_int64(fault->times));
        json_object_object_add(shown, "ms", json_object_new_int64(fault->ms));
        if (fault->upgrade[0] != '\0') {
            json_object_object_add(shown, "upgrade", json_object_new_string(fault->upgrade));
        }
        json_object_array_add(list, shown);
    }
    return list;
}

void faults_print(FILE *out)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        fprintf(out, "  %-16s %s\n", kinds[i].name, kinds[i].help);
    }
}
