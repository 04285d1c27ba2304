/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/pattern.h"

#include "core/codec.h"
#include "core/ecma.h"
#include "core/ecma_machine.h"

#include <assert.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What one match may take: a hostile text must not hold a thread, nor much memory. */
enum {
    MATCH_STEPS_MAX = 100000, /* and two for each byte of the text */
    MATCH_HEAP_MAX_KIB = 4096,
    STACK_MIN_BYTES = 32 * 1024, /* of compiled code; what it needs not is never touched */
    STACK_MAX_BYTES = 4 * 1024 * 1024,
    /* A text longer than this is searched by parts, the clock in view: where each start reads on to
     * the end, the effort grows with the square of the length. */
    SHORT_TEXT_MAX_BYTES = 4 * 1024,
    PART_EFFORT = 1 << 24, /* starts times bytes to read, between two looks at the clock */
    PART_MIN_BYTES = 64,
    SEARCH_MAX_MS = 500,            /* of processor time */
    JIT_CODE_MAX_BYTES = 16 * 1024, /* of what PCRE2 has compiled: beyond, JIT takes too long */
};

/* One of the two runs it. */
struct pattern_code {
    pcre2_code *code;
    bool is_native;
    struct ecma_machine *machine;
    struct arena arena; /* of the machine */
};

/* What a thread keeps for its matches. */
struct match {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

static pthread_key_t match_key;

static void free_match(void *value)
{
    struct match *match = value;
    pcre2_match_data_free(match->data);
    pcre2_match_context_free(match->context);
    pcre2_jit_stack_free(match->stack);
    free(match);
}

static void make_key(void)
{
    if (pthread_key_create(&match_key, free_match) != 0) {
        abort();
    }
}

static struct match *new_match(void)
{
    struct match *match = xcalloc(1, sizeof *match);
    match->data = pcre2_match_data_create(1, NULL);
    match->context = pcre2_match_context_create(NULL);
    match->stack = pcre2_jit_stack_create(STACK_MIN_BYTES, STACK_MAX_BYTES, NULL);
    if (match->data == NULL || match->context == NULL) {
        abort();
    }
    (void)pcre2_set_heap_limit(match->context, MATCH_HEAP_MAX_KIB);
    pcre2_jit_stack_assign(match->context, NULL, match->stack);
    return match;
}

static struct match *get_match(void)
{
    struct match *match = pthread_getspecific(match_key);
    if (match == NULL) {
        match = new_match();
        if (pthread_setspecific(match_key, match) != 0) {
            abort();
        }
    }
    return match;
}

/* Without JIT support the interpreter does the same, slower. */
static bool compile_native(pcre2_code *code)
{
    size_t bytes = 0;
    (void)pcre2_pattern_info(code, PCRE2_INFO_SIZE, &bytes);
    return bytes <= JIT_CODE_MAX_BYTES && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
}

/* NULL where PCRE2 has another meaning for it, or none. */
static pcre2_code *compile(const struct ecma *ecma)
{
    if (ecma->has_back) {
        return NULL;
    }
    struct buffer text = {0};
    ecma_write(ecma, &text);
    /* 10.42 has both of the "a" in (?=a)b?a come one after the other. */
    uint32_t start = ecma->has_ahead ? PCRE2_NO_START_OPTIMIZE : 0;
    int error = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR)buffer_cstr(&text), text.length,
        PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT | start, &error, &where, NULL);
    buffer_done(&text);
    return code;
}

static enum outcome prepare(const struct pattern *pattern, struct pattern_code *out,
                            struct fault *fault)
{
    size_t length = pattern->length > 0 ? pattern->length : strlen(pattern->text);
    struct ecma ecma;
    enum outcome o = ecma_parse(pattern->text, length, &out->arena, &ecma, fault);
    if (o == OK) {
        out->code = compile(&ecma);
        out->is_native = out->code != NULL && compile_native(out->code);
    }
    if (o == OK && out->code == NULL) {
        o = ecma_machine_new(&ecma, &out->arena, &out->machine, fault);
    }
    if (out->machine == NULL) {
        arena_done(&out->arena);
    }
    return o;
}

/* Of a long one the beginning, cut between characters. */
static int shown_bytes(const char *text)
{
    int bytes = (int)strnlen(text, PATTERN_SHOWN_BYTES);
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    return bytes;
}

enum outcome pattern_prepare(struct pattern *pattern, struct fault *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pattern->code != NULL) {
        return OK;
    }
    (void)pthread_once(&once, make_key);
    struct pattern_code *code = xcalloc(1, sizeof *code);
    if (prepare(pattern, code, fault) != OK) {
        free(code);
        return fault_wrap(fault, FATAL, "pattern %.*s", shown_bytes(pattern->text), pattern->text);
    }
    pattern->code = code;
    return OK;
}

void pattern_done(struct pattern *pattern)
{
    struct pattern_code *code = pattern->code;
    if (code != NULL) {
        pcre2_code_free(code->code);
        ecma_machine_done(code->machine);
        arena_done(&code->arena);
        free(code);
        pattern->code = NULL;
    }
}

/* A match that begins from `start` to `last`. */
static int match_part(const struct pattern_code *code, const struct match *match, const char *text,
                      size_t length, size_t start, size_t last)
{
    (void)pcre2_set_offset_limit(match->context, last);
    if (code->is_native) {
        return pcre2_jit_match(code->code, (PCRE2_SPTR)text, length, start, 0, match->data,
                               match->context);
    }
    return pcre2_match(code->code, (PCRE2_SPTR)text, length, start, PCRE2_NO_UTF_CHECK, match->data,
                       match->context);
}

static int64_t used_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int match_long(const struct pattern_code *code, const struct match *match, const char *text,
                      size_t length)
{
    int64_t end_ms = used_ms() + SEARCH_MAX_MS;
    size_t part = PART_EFFORT / length;
    part = part > PART_MIN_BYTES ? part : PART_MIN_BYTES;
    for (size_t start = 0; start <= length; start += part) {
        while (start < length && ((unsigned char)text[start] & 0xc0) == 0x80) {
            start++;
        }
        int found = match_part(code, match, text, length, start, start + part - 1);
        if (found != PCRE2_ERROR_NOMATCH) {
            return found;
        }
        if (used_ms() > end_ms) {
            return PCRE2_ERROR_MATCHLIMIT;
        }
    }
    return PCRE2_ERROR_NOMATCH;
}

static int match_code(const struct pattern_code *code, const char *text, size_t length)
{
    const struct match *match = get_match();
    size_t steps = MATCH_STEPS_MAX + 2 * length;
    (void)pcre2_set_match_limit(match->context, steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX);
    return length <= SHORT_TEXT_MAX_BYTES ? match_part(code, match, text, length, 0, PCRE2_UNSET)
                                          : match_long(code, match, text, length);
}

enum pattern_verdict pattern_match(const struct pattern *pattern, const char *text, size_t length)
{
    assert(pattern->code != NULL);
    const struct pattern_code *code = pattern->code;
    if (code->machine != NULL) {
        return ecma_machine_run(code->machine, text, length);
    }
    int found = match_code(code, text, length);
    if (found >= 0) {
        return PATTERN_MATCHES;
    }
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_GAVE_UP;
}

bool pattern_is_valid(const char *text, size_t length)
{
    AUTO(arena_done) struct arena arena = {0};
    struct ecma ecma;
    return ecma_parse(text, length, &arena, &ecma, NULL) == OK;
}
