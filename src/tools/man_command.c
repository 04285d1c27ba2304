/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"
#include "core/text.h"
#include "tools/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Manual pages, made from the tables of commands: one about quadrille, one for each command. They
 * are written in man(7), which groff and mandoc read.
 */

/* Text of the tables in roff: nothing in it is a request or an escape, and no letter needs an
 * encoding. */
static void put_text(struct buffer *out, const char *text, size_t length)
{
    size_t i = 0;
    if (length > 0 && (text[0] == '.' || text[0] == '\'')) {
        buffer_text(out, "\\&");
    }
    while (i < length) {
        if (text[i] == '\n') { /* helps may have several lines, with an indent */
            i += strspn(text + i, "\n ");
            buffer_byte(out, ' ');
            continue;
        }
        uint32_t point = 0;
        size_t bytes = text_code_point(text + i, length - i, &point);
        if (bytes == 0) {
            return; /* the tables are UTF-8 */
        }
        if (point == '\\') {
            buffer_text(out, "\\e");
        } else if (point == '-') {
            buffer_text(out, "\\-");
        } else if (point == '\'') {
            buffer_text(out, "\\(aq");
        } else if (point == '`') {
            buffer_text(out, "\\(ga");
        } else if (point == '^' || point == '~') {
            buffer_text(out, point == '^' ? "\\(ha" : "\\(ti");
        } else if (point >= 0x80) {
            buffer_printf(out, "\\[u%04X]", point);
        } else {
            buffer_byte(out, (char)point);
        }
        i += bytes;
    }
}

static void put(struct buffer *out, const char *text)
{
    put_text(out, text, strlen(text));
}

/* Lines with a space or a tab in front are examples and tables: they stay as they are. The others
 * are paragraphs, with an empty line between them. */
static void put_paragraphs(struct buffer *out, const char *text)
{
    enum { NOTHING, PARAGRAPH, EXAMPLE } now = NOTHING;
    bool is_first = true;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        bool is_example = length > 0 && (*text == ' ' || *text == '\t');
        if (now == EXAMPLE && !is_example) {
            buffer_text(out, ".EE\n");
            now = NOTHING;
        }
        if (length == 0) {
            now = NOTHING;
        } else if (now == NOTHING || (is_example && now == PARAGRAPH)) {
            buffer_text(out, is_first ? "" : ".PP\n");
            is_first = false;
            buffer_text(out, is_example ? ".EX\n" : "");
            now = is_example ? EXAMPLE : PARAGRAPH;
        }
        if (length > 0) {
            put_text(out, text, length);
            buffer_byte(out, '\n');
        }
        text += length + (text[length] == '\n');
    }
    buffer_text(out, now == EXAMPLE ? ".EE\n" : "");
}

/* "quadrille-contract-check" */
static char *page_name(const char *path)
{
    char *name = xasprintf("quadrille%s%s", *path != '\0' ? "-" : "", path);
    for (char *c = strchr(name, ' '); c != NULL; c = strchr(c, ' ')) {
        *c = '-';
    }
    return name;
}

static void put_head(struct buffer *out, const char *path, const char *summary)
{
    AUTO(free_text) char *name = page_name(path);
    buffer_text(out, ".TH ");
    for (const char *c = name; *c != '\0'; c++) {
        buffer_byte(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    }
    buffer_text(out, " 1 \"\" \"Quadrille " QUADRILLE_VERSION "\" \"Quadrille manual\"\n"
                     ".nh\n.ad l\n.SH NAME\n");
    put(out, name);
    buffer_text(out, " \\- ");
    put(out, summary);
    buffer_byte(out, '\n');
}

static void put_option(struct buffer *out, const struct cli_option *option)
{
    buffer_text(out, ".TP\n\\fB\\-\\-");
    put(out, option->name);
    buffer_text(out, "\\fR");
    if (option->argument != NULL) {
        buffer_text(out, " \\fI");
        put(out, option->argument);
        buffer_text(out, "\\fR");
    }
    buffer_byte(out, '\n');
    put(out, option->help);
    if (option->fallback != NULL && option->fallback[0] != '\0') {
        buffer_text(out, " (default ");
        put(out, option->fallback);
        buffer_byte(out, ')');
    }
    if (option->variable != NULL) {
        buffer_text(out, ". Variable: ");
        put(out, option->variable);
    }
    if (option->is_repeatable) {
        buffer_text(out, ". May be given several times");
    }
    buffer_text(out, ".\n");
}

static size_t put_options(struct buffer *out, const struct cli_command *command, bool is_setting)
{
    size_t count = 0;
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].is_setting == is_setting) {
            if (count++ == 0) {
                buffer_text(out, is_setting ? ".SH SERVERS\nWhere the servers are. One source says "
                                              "it: an option for itself, else the\nchosen profile, "
                                              "else the environment, else the default profile.\n"
                                            : "");
            }
            put_option(out, &command->options[i]);
        }
    }
    return count;
}

static void put_end(struct buffer *out, bool has_profiles)
{
    buffer_text(out, ".SH EXIT STATUS\n");
    put(out, cli_exit_codes);
    buffer_text(out, ".\n");
    if (has_profiles) {
        buffer_text(out,
                    ".SH FILES\n.TP\n\\(ti/.config/quadrille/profiles\n"
                    "Profiles, which say where servers are. Nobody else may have access to it.\n");
    }
}

struct pages {
    struct arena arena;
    const struct cli_node *nodes;
    size_t count;
    const struct cli_tree *tree;
};

static void put_reference(struct buffer *out, const char *path, const char *sign)
{
    AUTO(free_text) char *name = page_name(path);
    buffer_text(out, ".BR ");
    put(out, name);
    buffer_printf(out, " (1)%s\n", sign);
}

/* The pages of the same first word, and the one about all. */
static void put_siblings(struct buffer *out, const struct pages *pages, const struct cli_node *node)
{
    size_t length = strcspn(node->path, " ");
    buffer_text(out, ".SH SEE ALSO\n");
    for (size_t i = 1; i < pages->count; i++) {
        const struct cli_node *other = &pages->nodes[i];
        if (other != node && other->command != NULL &&
            strncmp(other->path, node->path, length) == 0 &&
            (other->path[length] == ' ' || other->path[length] == '\0')) {
            put_reference(out, other->path, " ,");
        }
    }
    put_reference(out, "", "");
}

static void write_command(struct buffer *out, const struct pages *pages,
                          const struct cli_node *node)
{
    const struct cli_command *command = node->command;
    put_head(out, node->path, node->summary);
    buffer_text(out, ".SH SYNOPSIS\n\\fBquadrille ");
    put(out, node->path);
    buffer_text(out, "\\fR [\\fIOPTION\\fR]\\&...");
    buffer_text(out, command->arguments[0] != '\0' ? " " : "");
    put(out, command->arguments);
    buffer_byte(out, '\n');
    if (command->details != NULL) {
        buffer_text(out, ".SH DESCRIPTION\n");
        put_paragraphs(out, command->details);
    }
    buffer_text(out, ".SH OPTIONS\n");
    (void)put_options(out, command, false);
    for (size_t i = 0; i < CLI_COMMON_COUNT; i++) {
        put_option(out, &cli_common_options[i]);
    }
    put_end(out, put_options(out, command, true) > 0);
    put_siblings(out, pages, node);
}

static void write_overview(struct buffer *out, const struct pages *pages)
{
    put_head(out, "", "the operator's toolbox for event choreography on RabbitMQ and PostgreSQL");
    buffer_text(out, ".SH SYNOPSIS\n\\fBquadrille\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]\\&...\n"
                     ".SH COMMANDS\n");
    for (size_t i = 1; i < pages->count; i++) {
        if (pages->nodes[i].command != NULL) {
            buffer_text(out, ".TP\n");
            put_reference(out, pages->nodes[i].path, "");
            put(out, pages->nodes[i].summary);
            buffer_byte(out, '\n');
        }
    }
    for (size_t i = 0; i < pages->tree->topic_count; i++) {
        buffer_text(out, ".SH ");
        for (const char *c = pages->tree->topics[i].word; *c != '\0'; c++) {
            buffer_byte(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
        }
        buffer_byte(out, '\n');
        put_paragraphs(out, pages->tree->topics[i].about);
    }
    put_end(out, true);
}

static void write_page(struct buffer *out, const struct pages *pages, const struct cli_node *node)
{
    if (node->command != NULL) {
        write_command(out, pages, node);
    } else {
        write_overview(out, pages);
    }
}

static enum outcome save(const char *folder, const struct cli_node *node, struct buffer *page,
                         struct fault *fault)
{
    AUTO(free_text) char *name = page_name(node->path);
    AUTO(free_text) char *path = xasprintf("%s/%s.1", folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    bool is_written = fwrite(page->bytes, 1, page->length, file) == page->length;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? OK : fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
}

static int write_all(const struct cli_call *call, const struct pages *pages, const char *folder)
{
    struct fault fault;
    enum outcome o = OK;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return cli_fail(call, EXIT_FAILED, "%s: %s", folder, strerror(errno));
    }
    for (size_t i = 0; i < pages->count && o == OK; i++) {
        if (i == 0 || pages->nodes[i].command != NULL) {
            AUTO(buffer_done) struct buffer page = {0};
            write_page(&page, pages, &pages->nodes[i]);
            o = save(folder, &pages->nodes[i], &page, &fault);
        }
    }
    return o == OK ? EXIT_DONE : cli_fail_fault(call, &fault, "stopped");
}

/* The words of the command as arguments: "contract check" in one or in two. */
static int print_page(const struct cli_call *call, struct pages *pages)
{
    const char *path = "";
    for (size_t i = 0; i < call->argument_count; i++) {
        path = arena_printf(&pages->arena, "%s%s%s", path, i > 0 ? " " : "", call->arguments[i]);
    }
    for (size_t i = 0; i < pages->count; i++) {
        if (strcmp(pages->nodes[i].path, path) == 0 &&
            (i == 0 || pages->nodes[i].command != NULL)) {
            AUTO(buffer_done) struct buffer page = {0};
            write_page(&page, pages, &pages->nodes[i]);
            (void)fwrite(page.bytes, 1, page.length, stdout);
            return EXIT_DONE;
        }
    }
    return cli_fail(call, EXIT_USAGE, "there is no such command; see quadrille --help");
}

static int run_man(const struct cli_call *call)
{
    const char *folder = cli_text(call, "write");
    struct pages pages = {.tree = call->tree};
    pages.nodes = cli_nodes(call->tree, &pages.arena, &pages.count);
    int code = EXIT_DONE;
    if (folder != NULL && call->argument_count > 0) {
        code = cli_fail(call, EXIT_USAGE, "--write makes all pages: name no command");
    } else {
        code = folder != NULL ? write_all(call, &pages, folder) : print_page(call, &pages);
    }
    arena_done(&pages.arena);
    return code;
}

static const struct cli_option options[] = {
    {"write", "DIR", NULL, NULL, "write all pages there, quadrille.1 and quadrille-COMMAND.1"},
};

const struct cli_command man_commands[] = {
    {"man", "[COMMAND…]", "print the manual page of a command",
     "The pages are made from the same tables as --help; `meson install` installs them.\n"
     "\n"
     "  quadrille man contract check | man -l -\n"
     "  quadrille man --write ~/.local/share/man/man1",
     options, COUNT_OF(options), run_man},
};
const size_t man_command_count = COUNT_OF(man_commands);
