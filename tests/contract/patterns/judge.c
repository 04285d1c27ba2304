/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"
#include "core/memory.h"
#include "core/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Patterns and texts from standard input, a pattern and its texts on a line, each in hexadecimal
 * and ended by a space. For each line: "-" where the pattern is none, "?" where this system does
 * not know a property in it, else for each text 1, 0, or "g" for giving up.
 */

static int hex_digit(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; the space becomes the end. */
static char *take_text(char **line, size_t *length)
{
    char *text = *line;
    char *out = text;
    char *at = text;
    while (hex_digit(at[0]) >= 0 && hex_digit(at[1]) >= 0) {
        *out++ = (char)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
        at += 2;
    }
    if (*at != ' ') {
        (void)fprintf(stderr, "a text must be hexadecimal and end with a space\n");
        exit(EXIT_FAILURE);
    }
    *out = '\0';
    *length = (size_t)(out - text);
    *line = at + 1;
    return text;
}

static void judge(char *line)
{
    size_t length = 0;
    struct pattern pattern = {.text = take_text(&line, &length)};
    struct fault fault;
    pattern.length = length;
    if (pattern_prepare(&pattern, &fault) != OK) {
        puts(pattern_is_valid(pattern.text, length) ? "?" : "-");
        return;
    }
    while (*line != '\n' && *line != '\0') {
        const char *text = take_text(&line, &length);
        (void)putchar("10g"[pattern_match(&pattern, text, length)]);
    }
    (void)putchar('\n');
    pattern_done(&pattern);
}

int main(void)
{
    AUTO(free_text) char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        judge(line);
    }
    return EXIT_SUCCESS;
}
