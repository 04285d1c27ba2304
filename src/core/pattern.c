/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/pattern.h"

#include "core/codec.h"

#include <assert.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

/* Steps and kilobytes that one match may take: a hostile text must not hold a thread. */
enum { MATCH_STEPS_MAX = 100000, MATCH_HEAP_MAX_KIB = 1024 };

/*
 * MATCH_UNSET_BACKREF and ALLOW_EMPTY_CLASS are ECMA-262's reading of \1 and []; ALT_BSUX its
 * reading of \u and \x. NEVER_BACKSLASH_C: \C could match half a code point.
 */
static const uint32_t compile_options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                                        PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
                                        PCRE2_NEVER_BACKSLASH_C;

/* What a match needs and a thread may keep. */
static pthread_key_t match_key;
static pcre2_match_context *limits; /* shared: read only once made */

static void free_match(void *match)
{
    pcre2_match_data_free(match);
}

static void make_shared(void)
{
    limits = pcre2_match_context_create(NULL);
    if (limits == NULL || pthread_key_create(&match_key, free_match) != 0) {
        abort();
    }
    (void)pcre2_set_match_limit(limits, MATCH_STEPS_MAX);
    (void)pcre2_set_heap_limit(limits, MATCH_HEAP_MAX_KIB);
}

static void prepare_shared(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_shared);
}

enum outcome pattern_prepare(struct pattern *pattern, struct fault *fault)
{
    if (pattern->code != NULL) {
        return OK;
    }
    prepare_shared();
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        abort();
    }
    (void)pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF); /* what a dot refuses */
    int error = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED,
                                     compile_options, &error, &where, context);
    pcre2_compile_context_free(context);
    if (code == NULL) {
        PCRE2_UCHAR words[256];
        (void)pcre2_get_error_message(error, words, sizeof words);
        return fault_set(fault, FATAL, "pattern %s: %s at character %zu", pattern->text,
                         (const char *)words, (size_t)where);
    }
    /* Without JIT support the interpreter does the same, slower. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    pattern->code = code;
    return OK;
}

void pattern_done(struct pattern *pattern)
{
    pcre2_code_free(pattern->code);
    pattern->code = NULL;
}

static pcre2_match_data *get_match(void)
{
    pcre2_match_data *match = pthread_getspecific(match_key);
    if (match == NULL) {
        match = pcre2_match_data_create(1, NULL);
        if (match == NULL || pthread_setspecific(match_key, match) != 0) {
            abort();
        }
    }
    return match;
}

enum pattern_verdict pattern_match(const struct pattern *pattern, const char *text, size_t length)
{
    assert(pattern->code != NULL);
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK,
                            get_match(), limits);
    if (found >= 0) {
        return PATTERN_MATCHES;
    }
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_GAVE_UP;
}
