/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/generate/c_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

enum { COLUMNS = 100 };

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* A word begins at a capital, but capitals in a row are one word: "HTTPPort" → http_port. */
static bool begins_word(const char *text, size_t i)
{
    return i > 0 && is_upper(text[i]) &&
           (!is_upper(text[i - 1]) || (text[i + 1] >= 'a' && text[i + 1] <= 'z'));
}

char *c_snake(struct arena *arena, const char *text)
{
    char *snake = arena_alloc(arena, 2 * strlen(text) + 1);
    size_t length = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        bool is_word = isalnum((unsigned char)text[i]) != 0;
        bool has_gap = length == 0 || snake[length - 1] == '_';
        if (begins_word(text, i) && !has_gap) {
            snake[length++] = '_';
        }
        if (is_word) {
            snake[length++] = (char)tolower((unsigned char)text[i]);
        } else if (!has_gap) {
            snake[length++] = '_';
        }
    }
    snake[length] = '\0';
    return snake;
}

char *c_upper(struct arena *arena, const char *text)
{
    char *upper = c_snake(arena, text);
    for (char *c = upper; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return upper;
}

bool c_is_name(const char *text)
{
    static const char *const keywords[] = {
        "alignas",  "alignof",  "asm",      "auto",     "bool",     "break",        "case",
        "char",     "const",    "continue", "default",  "do",       "double",       "else",
        "enum",     "extern",   "false",    "float",    "for",      "goto",         "if",
        "inline",   "int",      "linux",    "long",     "noreturn", "nullptr",      "register",
        "restrict", "return",   "short",    "signed",   "sizeof",   "static",       "static_assert",
        "struct",   "switch",   "true",     "typedef",  "typeof",   "thread_local", "union",
        "unix",     "unsigned", "void",     "volatile", "while",
    };
    if (*text == '\0' || isdigit((unsigned char)*text)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (strcmp(text, keywords[i]) == 0) {
            return false;
        }
    }
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
           '\0';
}

void c_string(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            buffer_printf(out, "\\%c", *text);
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            buffer_printf(out, "\\%03o", (unsigned)*text);
        } else {
            buffer_byte(out, *text);
        }
    }
    buffer_byte(out, '"');
}

/* One word of a comment; a comment's end inside the text loses its slash. */
static void comment_word(struct buffer *out, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (word[i] != '/' || i == 0 || word[i - 1] != '*') {
            buffer_byte(out, word[i]);
        }
    }
}

void c_comment(struct buffer *out, const char *text)
{
    bool is_block = strlen(text) + strlen("/*  */") > COLUMNS;
    buffer_text(out, is_block ? "/*\n *" : "/*");
    size_t column = 2;
    for (const char *at = text + strspn(text, " \n"); *at != '\0'; at += strspn(at, " \n")) {
        size_t length = strcspn(at, " \n");
        if (is_block && column + 1 + length > COLUMNS) {
            buffer_text(out, "\n *");
            column = 2;
        }
        buffer_byte(out, ' ');
        comment_word(out, at, length);
        column += 1 + length;
        at += length;
    }
    buffer_text(out, is_block ? "\n */\n" : " */\n");
}

void c_list_begin(struct c_list *list, struct buffer *out, const char *open)
{
    *list = (struct c_list){.out = out, .line = out->length, .indent = strlen(open)};
    buffer_text(out, open);
}

void c_list_add(struct c_list *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        abort(); /* out of memory */
    }

    /* Room for the entry, the ", " before it and the "}, " or ");" after it. */
    bool fits = list->out->length - list->line + (size_t)length + 4 <= COLUMNS;
    if (list->count++ > 0) {
        buffer_text(list->out, fits ? ", " : ",\n");
        if (!fits) {
            list->line = list->out->length;
            buffer_printf(list->out, "%*s", (int)list->indent, "");
        }
    }
    buffer_add(list->out, text, (size_t)length);
    free(text);
}
