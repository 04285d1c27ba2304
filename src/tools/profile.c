/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/profile.h"

#include "contracts/similar.h"
#include "core/text.h"
#include "tools/private_file.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTIONS_MAX = 256 };

static const char blanks[] = " \t\r";

struct text {
    const char *start;
    size_t length;
};

struct reader {
    const char *path;
    int line;
    const char *wanted;
    const struct profile_setting *settings;
    size_t count;
    struct arena *arena;
    const char **values;
    bool *found;
    struct text sections[SECTIONS_MAX]; /* seen so far */
    size_t section_count;
    bool has_setting[PROFILE_SETTINGS_MAX]; /* of the section that is being read */
};

static const char *home(void)
{
    const char *folder = getenv("HOME");
    if (folder == NULL || folder[0] != '/') {
        const struct passwd *user = getpwuid(geteuid());
        folder = user != NULL ? user->pw_dir : "/";
    }
    return folder;
}

char *profile_path(void)
{
    /* The specification of these folders: one that is not absolute is ignored. */
    const char *folder = getenv("XDG_CONFIG_HOME");
    return folder != NULL && folder[0] == '/' ? xasprintf("%s/quadrille/profiles", folder)
                                              : xasprintf("%s/.config/quadrille/profiles", home());
}

bool profile_is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static struct text trim(const char *start, size_t length)
{
    while (length > 0 && strchr(blanks, *start) != NULL) {
        start++;
        length--;
    }
    while (length > 0 && strchr(blanks, start[length - 1]) != NULL) {
        length--;
    }
    return (struct text){start, length};
}

/* A word may be shown: it holds no password that stands in a wrong place. */
static bool is_word(struct text text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    for (size_t i = 0; i < text.length; i++) {
        if (memchr(letters, text.start[i], sizeof letters - 1) == NULL) {
            return false;
        }
    }
    return text.length > 0 && text.length <= PROFILE_NAME_MAX_BYTES;
}

static bool equals(struct text text, const char *word)
{
    return strlen(word) == text.length && memcmp(word, text.start, text.length) == 0;
}

static enum outcome wrong(const struct reader *r, struct fault *fault, const char *words)
{
    return fault_set(fault, REJECT, "%s:%d: %s", r->path, r->line, words);
}

static enum outcome read_section(struct reader *r, struct text line, struct fault *fault)
{
    struct text name = trim(line.start + 1, line.length - 1);
    if (name.length == 0 || name.start[name.length - 1] != ']') {
        return wrong(r, fault, "a section is written [name]");
    }
    name = trim(name.start, name.length - 1);
    if (!is_word(name)) {
        return wrong(r, fault,
                     "a profile's name has 1 to 64 letters, digits, dots, dashes and underlines");
    }
    for (size_t i = 0; i < r->section_count; i++) {
        if (r->sections[i].length == name.length &&
            memcmp(r->sections[i].start, name.start, name.length) == 0) {
            return wrong(r, fault, "this profile stands there twice: make one of the two");
        }
    }
    if (r->section_count == SECTIONS_MAX) {
        return wrong(r, fault, "there are too many profiles");
    }
    r->sections[r->section_count++] = name;
    memset(r->has_setting, 0, sizeof r->has_setting);
    *r->found = *r->found || equals(name, r->wanted);
    return OK;
}

static enum outcome unknown_setting(const struct reader *r, struct text key, struct fault *fault)
{
    if (!is_word(key)) {
        return wrong(r, fault, "neither [profile], setting = value, nor # comment");
    }
    const char *words[PROFILE_SETTINGS_MAX];
    for (size_t i = 0; i < r->count; i++) {
        words[i] = r->settings[i].name;
    }
    char word[PROFILE_NAME_MAX_BYTES + 1];
    (void)snprintf(word, sizeof word, "%.*s", (int)key.length, key.start);
    const char *meant = similar_find(word, words, r->count);
    return fault_set(fault, REJECT, "%s:%d: there is no setting '%s'%s%s%s", r->path, r->line, word,
                     meant != NULL ? ": '" : "", meant != NULL ? meant : "",
                     meant != NULL ? "' is meant?" : "; docs/profiles.md has all of them");
}

static enum outcome keep(const struct reader *r, size_t setting, struct text value,
                         struct fault *fault)
{
    const char *prefix = "";
    if (r->settings[setting].is_path && value.length > 1 && memcmp(value.start, "~/", 2) == 0) {
        prefix = home();
        value = (struct text){value.start + 1, value.length - 1};
    } else if (r->settings[setting].is_path && value.start[0] != '/') {
        return wrong(r, fault, "a path begins with / or ~/ here: it must mean the same everywhere");
    }
    if (equals(r->sections[r->section_count - 1], r->wanted)) {
        r->values[setting] =
            arena_printf(r->arena, "%s%.*s", prefix, (int)value.length, value.start);
    }
    return OK;
}

static enum outcome read_setting(struct reader *r, struct text line, struct fault *fault)
{
    const char *sign = memchr(line.start, '=', line.length);
    struct text key =
        sign != NULL ? trim(line.start, (size_t)(sign - line.start)) : (struct text){"", 0};
    size_t i = 0;
    while (i < r->count && !equals(key, r->settings[i].name)) {
        i++;
    }
    if (sign == NULL || i == r->count) {
        return unknown_setting(r, key, fault);
    }
    struct text value = trim(sign + 1, line.length - (size_t)(sign + 1 - line.start));
    if (r->section_count == 0) {
        return wrong(r, fault, "a setting before the first [profile]");
    }
    if (r->has_setting[i]) {
        return wrong(r, fault, "this setting stands twice in its profile");
    }
    if (value.length == 0) {
        return wrong(r, fault, "a value is missing: leave the line out instead");
    }
    r->has_setting[i] = true;
    return keep(r, i, value, fault);
}

static enum outcome read_line(struct reader *r, struct text line, struct fault *fault)
{
    if (line.length == 0 || line.start[0] == '#' || line.start[0] == ';') {
        return OK;
    }
    if (!text_is_utf8(line.start, line.length, NULL) || text_has_control(line.start, line.length)) {
        return wrong(r, fault, "printable UTF-8 is expected");
    }
    return line.start[0] == '[' ? read_section(r, line, fault) : read_setting(r, line, fault);
}

static enum outcome read_lines(struct reader *r, const char *text, size_t length,
                               struct fault *fault)
{
    size_t at = text_byte_order_mark(text, length);
    enum outcome o = OK;
    while (at < length && o == OK) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end != NULL ? (size_t)(end - text) - at : length - at;
        r->line++;
        o = read_line(r, trim(text + at, line), fault);
        at += line + 1;
    }
    return o;
}

enum outcome profile_read(const char *path, const char *name,
                          const struct profile_setting *settings, size_t count, struct arena *arena,
                          const char **values, bool *found, struct fault *fault)
{
    assert(count <= PROFILE_SETTINGS_MAX);
    AUTO(buffer_done) struct buffer text = {0};
    struct reader reader = {.path = path,
                            .wanted = name,
                            .settings = settings,
                            .count = count,
                            .arena = arena,
                            .values = values,
                            .found = found};
    *found = false;
    enum outcome o = private_file_read(path, PROFILE_FILE_MAX_BYTES, &text, fault);
    if (o == OK) {
        o = read_lines(&reader, buffer_cstr(&text), text.length, fault);
    }
    if (text.bytes != NULL) {
        explicit_bzero(text.bytes, text.length);
    }
    return o;
}
