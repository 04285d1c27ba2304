/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crash.h"

#include "core/memory.h"
#include "core/text.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool crash_is_armed;

static void die_by_kill(void)
{
    (void)raise(SIGKILL);
}

static void die_by_exit(void)
{
    _exit(1);
}

static void freeze(void)
{
    (void)raise(SIGSTOP);
}

static const struct {
    const char *name;
    void (*act)(void);
} ways[] = {{"kill", die_by_kill}, {"abort", abort}, {"exit", die_by_exit}, {"stop", freeze}};

/* What the environment says; the label is not NUL-terminated. */
static const char *label_start;
static size_t label_length;
static void (*act)(void) = die_by_kill;
static atomic_int_fast64_t passes_left;
static const char *marker;

static bool read_way(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (strcmp(name, ways[i].name) == 0) {
            act = ways[i].act;
            return true;
        }
    }
    return false;
}

/* label[:n[:way]] */
static bool read_point(const char *text)
{
    label_start = text;
    label_length = strcspn(text, ":");
    passes_left = 1;
    if (label_length == 0) {
        return false;
    }
    if (text[label_length] == '\0') {
        return true;
    }
    const char *rest = text + label_length + 1;
    size_t digits = strcspn(rest, ":");
    char number[24];
    int64_t passes = 0;
    (void)snprintf(number, sizeof number, "%.*s",
                   (int)(digits < sizeof number ? digits : sizeof number), rest);
    if (!text_int(number, 1, INT32_MAX, &passes)) {
        return false;
    }
    passes_left = passes;
    return rest[digits] == '\0' || read_way(rest + digits + 1);
}

/* Before main, so that no caller can forget it. */
__attribute__((constructor)) static void arm(void)
{
    const char *point = getenv("CRASH_AT");
    marker = getenv("CRASH_ON");
    if (marker != NULL && *marker == '\0') {
        marker = NULL;
    }
    bool has_point = point != NULL && *point != '\0';
    if (has_point && !read_point(point)) {
        (void)fputs("CRASH_AT must be label[:n[:kill|abort|exit|stop]]\n", stderr);
        _exit(2);
    }
    crash_is_armed = has_point || marker != NULL;
}

void crash_pass(const char *label)
{
    bool is_ours = label_length > 0 && strlen(label) == label_length &&
                   memcmp(label, label_start, label_length) == 0;
    if (is_ours && atomic_fetch_sub(&passes_left, 1) == 1) {
        act();
    }
}

void crash_look(const void *bytes, size_t length)
{
    if (marker != NULL && memmem(bytes, length, marker, strlen(marker)) != NULL) {
        die_by_kill();
    }
}
