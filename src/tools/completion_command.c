/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"
#include "tools/commands.h"

#include <string.h>

/*
 * Completion scripts, made from the tables of commands. Each one finds the command that has been
 * typed so far (the longest path of words), then offers the words that may follow, the options, or
 * what an option takes.
 */

/* What may stand behind an option or as an argument. */
enum kind { KIND_NOTHING, KIND_FILES, KIND_FOLDERS, KIND_CHOICES, KIND_PROFILES };

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        bool begins = at == text || strchr(" [|", at[-1]) != NULL;
        if (begins && (at[length] < 'A' || at[length] > 'Z')) {
            return true;
        }
    }
    return false;
}

static enum kind kind_of_text(const char *text)
{
    static const char *const files[] = {"FILE", "PATH", "OLD", "NEW", "INSTANCE", "PLAN"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (has_word(text, files[i])) {
            return KIND_FILES;
        }
    }
    return has_word(text, "DIR") ? KIND_FOLDERS : KIND_NOTHING;
}

static enum kind kind_of_option(const struct cli_option *option)
{
    if (option->choices != NULL) {
        return KIND_CHOICES;
    }
    if (option->variable != NULL && strcmp(option->variable, "QUADRILLE_PROFILE") == 0) {
        return KIND_PROFILES;
    }
    return option->argument != NULL ? kind_of_text(option->argument) : KIND_NOTHING;
}

/* "bash|zsh|fish" → "bash zsh fish": the argument is one of these words. NULL: it is not so. */
static const char *argument_choices(const struct cli_command *command, struct arena *arena)
{
    const char *text = command->arguments;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != '|' && (*c < 'a' || *c > 'z')) {
            return NULL;
        }
    }
    char *words = arena_text(arena, text, strlen(text));
    for (char *c = strchr(words, '|'); c != NULL; c = strchr(c, '|')) {
        *c = ' ';
    }
    return *words != '\0' ? words : NULL;
}

/* In single quotes, for any of the three shells: fish has another way for ' and for \. */
static void put_quoted(struct buffer *out, const char *text, bool is_fish)
{
    buffer_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            buffer_text(out, is_fish ? "\\'" : "'\\''");
        } else if (*text == '\\' && is_fish) {
            buffer_text(out, "\\\\");
        } else if (*text == '\n') { /* helps may have several lines, with an indent */
            text += strspn(text, "\n ") - 1;
            buffer_byte(out, ' ');
        } else {
            buffer_byte(out, *text);
        }
    }
    buffer_byte(out, '\'');
}

struct script {
    struct buffer out;
    struct arena arena;
    const struct cli_node *nodes;
    size_t count;
};

static const struct cli_option *option_at(const struct cli_command *command, size_t i)
{
    return i < command->option_count ? &command->options[i]
                                     : &cli_common_options[i - command->option_count];
}

static size_t option_count(const struct cli_command *command)
{
    return command != NULL ? command->option_count + CLI_COMMON_COUNT : 0;
}

/* ---- bash and zsh: the same function of words, with other ways to offer what it finds ---- */

static void put_words_of(struct script *script, size_t parent)
{
    const char *space = "";
    for (size_t i = 1; i < script->count; i++) {
        if (script->nodes[i].parent == parent) {
            buffer_printf(&script->out, "%s%s", space, script->nodes[i].word);
            space = " ";
        }
    }
}

static const char *const kind_functions[] = {
    [KIND_NOTHING] = ":",
    [KIND_FILES] = "_quadrille_files",
    [KIND_FOLDERS] = "_quadrille_folders",
    [KIND_CHOICES] = "_quadrille_words",
    [KIND_PROFILES] = "_quadrille_profiles",
};

static void put_option_values(struct script *script, const struct cli_node *node)
{
    struct buffer *out = &script->out;
    for (size_t i = 0; i < option_count(node->command); i++) {
        const struct cli_option *option = option_at(node->command, i);
        if (option->argument == NULL) {
            continue;
        }
        enum kind kind = kind_of_option(option);
        buffer_printf(out, "        ");
        AUTO(free_text) char *at = xasprintf("%s --%s", node->path, option->name);
        put_quoted(out, at, false);
        buffer_printf(out, ") %s", kind_functions[kind]);
        if (kind == KIND_CHOICES) {
            buffer_byte(out, ' ');
            put_quoted(out, option->choices, false);
        }
        buffer_text(out, "; return ;;\n");
    }
}

static void put_bash_words(struct script *script, size_t i)
{
    buffer_text(&script->out, " words='");
    put_words_of(script, i);
    const struct cli_node *node = &script->nodes[i];
    const char *choices =
        node->command != NULL ? argument_choices(node->command, &script->arena) : NULL;
    buffer_printf(&script->out, "%s' options='", choices != NULL ? choices : "");
    for (size_t o = 0; o < option_count(node->command); o++) {
        buffer_printf(&script->out, "%s--%s", o > 0 ? " " : "", option_at(node->command, o)->name);
    }
    if (node->command == NULL) {
        buffer_printf(&script->out, "--help%s", i == 0 ? " --version" : "");
    }
    enum kind kind = node->command != NULL ? kind_of_text(node->command->arguments) : KIND_NOTHING;
    buffer_printf(&script->out, "' more=%s ;;\n", kind_functions[kind]);
}

/* 'name:what it is', for _describe. */
static void put_described(struct script *script, const char *name, const char *summary)
{
    AUTO(buffer_done) struct buffer text = {0};
    for (; *name != '\0'; name++) {
        buffer_printf(&text, *name == ':' ? "\\:" : "%c", *name);
    }
    buffer_printf(&text, ":%s", summary);
    buffer_byte(&script->out, ' ');
    put_quoted(&script->out, buffer_cstr(&text), false);
}

static void put_zsh_words(struct script *script, size_t i)
{
    const struct cli_node *node = &script->nodes[i];
    buffer_text(&script->out, " words_=(");
    for (size_t n = 1; n < script->count; n++) {
        if (script->nodes[n].parent == i) {
            put_described(script, script->nodes[n].word, script->nodes[n].summary);
        }
    }
    const char *choices =
        node->command != NULL ? argument_choices(node->command, &script->arena) : NULL;
    buffer_printf(&script->out, " %s) options=(", choices != NULL ? choices : "");
    for (size_t o = 0; o < option_count(node->command); o++) {
        const struct cli_option *option = option_at(node->command, o);
        AUTO(free_text) char *name = xasprintf("--%s", option->name);
        put_described(script, name, option->help);
    }
    if (node->command == NULL) {
        buffer_printf(&script->out, " --help%s", i == 0 ? " --version" : "");
    }
    enum kind kind = node->command != NULL ? kind_of_text(node->command->arguments) : KIND_NOTHING;
    buffer_printf(&script->out, ") more=%s ;;\n", kind_functions[kind]);
}

static void put_path_cases(struct script *script)
{
    buffer_text(&script->out, "        case \"$next\" in\n        ");
    for (size_t i = 1; i < script->count; i++) {
        buffer_text(&script->out, i > 1 ? "|" : "");
        put_quoted(&script->out, script->nodes[i].path, false);
    }
    buffer_text(&script->out, ") at=$next ;;\n        *) break ;;\n        esac\n");
}

static void put_cases(struct script *script, void (*put)(struct script *script, size_t i))
{
    buffer_text(&script->out, "    case \"$at\" in\n");
    for (size_t i = 0; i < script->count; i++) {
        buffer_text(&script->out, "    ");
        put_quoted(&script->out, script->nodes[i].path, false);
        buffer_byte(&script->out, ')');
        put(script, i);
    }
    buffer_text(&script->out, "    esac\n");
}

static void put_value_cases(struct script *script)
{
    buffer_text(&script->out, "    case \"$at $before\" in\n");
    for (size_t i = 1; i < script->count; i++) {
        put_option_values(script, &script->nodes[i]);
    }
    buffer_text(&script->out, "    esac\n");
}

/* Sections of the profiles file; the same words in all three shells. */
#define PROFILES_COMMAND                                                                           \
    "sed -n 's/^ *\\[ *\\([A-Za-z0-9._-]*\\) *\\].*/\\1/p' "                                       \
    "\"${XDG_CONFIG_HOME:-$HOME/.config}/quadrille/profiles\" 2>/dev/null"

static void write_bash(struct script *script)
{
    struct buffer *out = &script->out;
    buffer_text(
        out,
        "# bash completion of quadrille; made by `quadrille completion bash`\n"
        "_quadrille_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
        "_quadrille_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "
        "-f "
        "-- \"$current\"); }\n"
        "_quadrille_folders() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "
        "-d -- \"$current\"); }\n"
        "_quadrille_profiles() { _quadrille_words \"$(" PROFILES_COMMAND ")\"; }\n"
        "_quadrille() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "    local at='' next words options more i\n"
        "    COMPREPLY=()\n"
        "    # --option=value comes as three words\n"
        "    if [ \"$current\" = '=' ]; then\n"
        "        current=''\n"
        "    elif [ \"$before\" = '=' ]; then\n"
        "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
        "    fi\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        next=${at:+$at }${COMP_WORDS[i]}\n");
    put_path_cases(script);
    buffer_text(out, "    done\n");
    put_value_cases(script);
    put_cases(script, put_bash_words);
    buffer_text(out,
                "    case $current in\n"
                "    -*) _quadrille_words \"$options\" ;;\n"
                "    *) if [ -n \"$words\" ]; then _quadrille_words \"$words\"; else $more; fi "
                ";;\n"
                "    esac\n"
                "}\n"
                "complete -F _quadrille quadrille\n");
}

static void write_zsh(struct script *script)
{
    struct buffer *out = &script->out;
    buffer_text(out, "#compdef quadrille\n"
                     "# zsh completion of quadrille; made by `quadrille completion zsh`\n"
                     "_quadrille_words() { compadd -- ${=1} }\n"
                     "_quadrille_files() { _files }\n"
                     "_quadrille_folders() { _files -/ }\n"
                     "_quadrille_profiles() { compadd -- ${(f)\"$(" PROFILES_COMMAND ")\"} }\n"
                     "_quadrille() {\n"
                     "    local before=${words[CURRENT-1]} at='' next more i\n"
                     "    local -a words_ options\n"
                     "    if compset -P 1 '--*='; then\n"
                     "        before=${IPREFIX%=}\n"
                     "    fi\n"
                     "    for ((i = 2; i < CURRENT; i++)); do\n"
                     "        next=${at:+$at }${words[i]}\n");
    put_path_cases(script);
    buffer_text(out, "    done\n");
    put_value_cases(script);
    put_cases(script, put_zsh_words);
    buffer_text(out, "    if [[ $PREFIX == -* ]]; then\n"
                     "        _describe -o option options\n"
                     "    elif (( $#words_ )); then\n"
                     "        _describe command words_\n"
                     "    else\n"
                     "        $more\n"
                     "    fi\n"
                     "}\n"
                     "# sourced, or found in $fpath and called\n"
                     "if [[ $funcstack[1] == _quadrille ]]; then\n"
                     "    _quadrille \"$@\"\n"
                     "else\n"
                     "    compdef _quadrille quadrille\n"
                     "fi\n");
}

/* ---- fish: a line for each word and option ---- */

static void put_fish_at(struct buffer *out, const char *path)
{
    AUTO(free_text) char *condition = xasprintf("__quadrille_at \"%s\"", path);
    buffer_text(out, "complete -c quadrille -n ");
    put_quoted(out, condition, true);
}

static void put_fish_option(struct buffer *out, const char *path, const struct cli_option *option)
{
    static const char *const takes[] = {
        [KIND_NOTHING] = " -x",
        [KIND_FILES] = " -r -F",
        [KIND_FOLDERS] = " -x -a '(__fish_complete_directories)'",
        [KIND_CHOICES] = " -x -a ",
        [KIND_PROFILES] = " -x -a '(__quadrille_profiles)'",
    };
    put_fish_at(out, path);
    buffer_printf(out, " -l %s", option->name);
    if (option->argument != NULL) {
        enum kind kind = kind_of_option(option);
        buffer_text(out, takes[kind]);
        if (kind == KIND_CHOICES) {
            put_quoted(out, option->choices, true);
        }
    }
    buffer_text(out, " -d ");
    put_quoted(out, option->help, true);
    buffer_byte(out, '\n');
}

static void put_fish_arguments(struct script *script, const struct cli_node *node)
{
    struct buffer *out = &script->out;
    const char *choices = argument_choices(node->command, &script->arena);
    enum kind kind = kind_of_text(node->command->arguments);
    if (choices == NULL && kind == KIND_NOTHING) {
        return;
    }
    put_fish_at(out, node->path);
    if (choices != NULL) {
        buffer_text(out, " -a ");
        put_quoted(out, choices, true);
        buffer_byte(out, '\n');
    } else {
        buffer_text(out, kind == KIND_FILES ? " -F\n" : " -a '(__fish_complete_directories)'\n");
    }
}

static void write_fish(struct script *script)
{
    struct buffer *out = &script->out;
    buffer_text(out, "# fish completion of quadrille; made by `quadrille completion fish`\n"
                     "set -g __quadrille_paths");
    for (size_t i = 1; i < script->count; i++) {
        buffer_byte(out, ' ');
        put_quoted(out, script->nodes[i].path, true);
    }
    buffer_text(out, "\n"
                     "function __quadrille_at\n"
                     "    set -l at ''\n"
                     "    set -l words (commandline -opc)\n"
                     "    for word in $words[2..-1]\n"
                     "        set -l next (string trim -- \"$at $word\")\n"
                     "        contains -- \"$next\" $__quadrille_paths; or break\n"
                     "        set at $next\n"
                     "    end\n"
                     "    test \"$at\" = \"$argv[1]\"\n"
                     "end\n"
                     "function __quadrille_profiles\n"
                     "    sh -c ");
    put_quoted(out, PROFILES_COMMAND, true);
    buffer_text(out, "\nend\ncomplete -c quadrille -f\n");
    for (size_t i = 1; i < script->count; i++) {
        const struct cli_node *node = &script->nodes[i];
        put_fish_at(out, script->nodes[node->parent].path);
        buffer_printf(out, " -a %s -d ", node->word);
        put_quoted(out, node->summary, true);
        buffer_byte(out, '\n');
        for (size_t o = 0; o < option_count(node->command); o++) {
            put_fish_option(out, node->path, option_at(node->command, o));
        }
        if (node->command != NULL) {
            put_fish_arguments(script, node);
        }
    }
}

static const struct {
    const char *name;
    void (*write)(struct script *script);
} shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};

static int run_completion(const struct cli_call *call)
{
    const char *wanted = call->argument_count == 1 ? call->arguments[0] : "";
    for (size_t i = 0; i < COUNT_OF(shells); i++) {
        if (strcmp(shells[i].name, wanted) == 0) {
            struct script script = {0};
            script.nodes = cli_nodes(call->tree, &script.arena, &script.count);
            shells[i].write(&script);
            (void)fwrite(script.out.bytes, 1, script.out.length, stdout);
            buffer_done(&script.out);
            arena_done(&script.arena);
            return EXIT_DONE;
        }
    }
    return cli_fail(call, EXIT_USAGE, "one shell is needed: bash, zsh or fish");
}

const struct cli_command completion_commands[] = {
    {"completion", "bash|zsh|fish", "print a script that completes commands and options",
     "The script is made from the same tables as --help. To have it in every new shell:\n"
     "\n"
     "  quadrille completion bash >~/.local/share/bash-completion/completions/quadrille\n"
     "  quadrille completion zsh >~/.zfunc/_quadrille      # with fpath+=~/.zfunc before compinit\n"
     "  quadrille completion fish >~/.config/fish/completions/quadrille.fish",
     NULL, 0, run_completion},
};
const size_t completion_command_count = COUNT_OF(completion_commands);
