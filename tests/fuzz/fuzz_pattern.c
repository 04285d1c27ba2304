/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"
#include "core/ecma_machine.h"
#include "core/memory.h"
#include "core/pattern.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * A pattern, a NUL, a text. What is an expression compiles, unless PCRE2 does not know a property
 * in it; what is none is told with a place. Where PCRE2 runs it, our own machine comes to the same
 * verdict, as far as neither gives up.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static bool is_unknown_property(const struct fault *fault)
{
    return strstr(fault->text, "it has a property of characters") != NULL;
}

static void compare(const struct pattern *pattern, const char *text, size_t length)
{
    AUTO(arena_done) struct arena arena = {0};
    struct ecma ecma;
    struct ecma_machine *machine = NULL;
    struct fault fault;
    require(ecma_parse(pattern->text, strlen(pattern->text), &arena, &ecma, &fault) == OK);
    require(ecma_machine_new(&ecma, &arena, &machine, &fault) == OK);
    enum pattern_verdict ours = ecma_machine_run(machine, text, length);
    enum pattern_verdict verdict = pattern_match(pattern, text, length);
    ecma_machine_done(machine);
    require(ours == verdict || ours == PATTERN_GAVE_UP || verdict == PATTERN_GAVE_UP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t split = strnlen(bytes, size);
    AUTO(free_text) char *expression = xstrndup(bytes, split);
    size_t length = split < size ? size - split - 1 : 0;
    AUTO(free_text) char *text = xmalloc(length + 1); /* of its own size: reading on is seen */
    memcpy(text, bytes + size - length, length);

    struct pattern pattern = {.text = expression};
    struct fault fault;
    bool is_valid = pattern_is_valid(expression, split);
    enum outcome o = pattern_prepare(&pattern, &fault);
    require((o == OK) == is_valid || (is_valid && is_unknown_property(&fault)));
    if (o == OK && text_is_utf8(text, length, NULL)) {
        compare(&pattern, text, length);
    }
    pattern_done(&pattern);
    return 0;
}
