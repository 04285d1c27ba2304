/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Allocation that cannot fail (out of memory aborts: a crash is safe here by design), cleanup at
 * scope end, and an arena for what lives exactly as long as a batch.
 */

void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *old, size_t bytes);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Releases a local at scope end: `AUTO(free_text) char *name = …` calls free_text(&name). */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* For AUTO: frees the pointer that the argument points to. */
void free_text(char **text);

/* Hands out what an AUTO local owns: the local becomes NULL. */
#define take(p)                                                                                    \
    (__extension__({                                                                               \
        __auto_type taken = (p);                                                                   \
        (p) = NULL;                                                                                \
        taken;                                                                                     \
    }))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Memory that is given back all at once. A zeroed arena is empty and valid. */
struct arena {
    struct arena_block *blocks;
};

/* Zeroed, aligned for any type, valid until arena_reset or arena_done. */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_text(struct arena *arena, const char *bytes, size_t length); /* a NUL-terminated copy */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void arena_reset(struct arena *arena); /* keeps one block for reuse */
void arena_done(struct arena *arena);

#endif
