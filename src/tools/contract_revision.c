/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/contract_revision.h"

#include "core/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX_BYTES = 1024 * 1024, WORDS_MAX = 24, FOLDER_DEPTH_MAX = 32 };

/* ---- Running git. ---- */

struct command {
    const char *folder;      /* where it runs */
    const char *index;       /* a list of files of its own; NULL: the repository's */
    const char *input_file;  /* NULL: nothing */
    const char *output_file; /* NULL: kept in memory */
    bool is_quiet;           /* its complaints are not kept: only what it answers counts */
    const char *words[WORDS_MAX];
};

static _Noreturn void become(const struct command *command, int output)
{
    const char *input = command->input_file != NULL ? command->input_file : "/dev/null";
    int in = open(input, O_RDONLY | O_CLOEXEC);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int out = output;
    if (command->output_file != NULL) {
        out = open(command->output_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (in < 0 || null < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 ||
        dup2(command->is_quiet ? null : output, STDERR_FILENO) < 0 || chdir(command->folder) != 0) {
        _exit(127);
    }
    /* A hook's own repository is not the one that the path lies in. */
    static const char *const inherited[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
                                            "GIT_PREFIX"};
    for (size_t i = 0; i < COUNT_OF(inherited); i++) {
        (void)unsetenv(inherited[i]);
    }
    if (command->index != NULL && setenv("GIT_INDEX_FILE", command->index, 1) != 0) {
        _exit(127);
    }
    const char *arguments[WORDS_MAX + 2] = {"git"};
    for (size_t i = 0; i < WORDS_MAX && command->words[i] != NULL; i++) {
        arguments[i + 1] = command->words[i];
    }
    (void)execvp("git", (char *const *)arguments);
    (void)dprintf(STDERR_FILENO, "git cannot be started: %s", strerror(errno));
    _exit(127);
}

static void read_output(int from, struct buffer *out)
{
    enum { PIECE_BYTES = 4096 };
    for (;;) {
        char piece[PIECE_BYTES];
        ssize_t count = read(from, piece, sizeof piece);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return;
        }
        if (out->length < OUTPUT_MAX_BYTES) {
            buffer_add(out, piece, (size_t)count);
        }
    }
}

static bool wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* One line of what git said. */
static enum outcome fail(struct fault *fault, const char *what, struct buffer *said)
{
    char *text = xstrndup(buffer_cstr(said), strcspn(buffer_cstr(said), "\n"));
    enum outcome o = fault_set(fault, REJECT, "%s: %s", what,
                               text[0] != '\0' ? text : "git has failed without a word");
    free(text);
    return o;
}

/* What it writes is added to `out`; errors, too. */
static enum outcome run(const struct command *command, struct buffer *out, const char *what,
                        struct fault *fault)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fault_set(fault, REJECT, "%s: %s", what, strerror(errno));
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        become(command, ends[1]);
    }
    (void)close(ends[1]);
    if (child < 0) {
        (void)close(ends[0]);
        return fault_set(fault, REJECT, "%s: %s", what, strerror(errno));
    }
    read_output(ends[0], out);
    (void)close(ends[0]);
    return wait_for(child) ? OK : fail(fault, what, out);
}

/* The last line: warnings come before the answer. */
static char *last_line(struct buffer *text)
{
    while (text->length > 0 && text->bytes[text->length - 1] == '\n') {
        text->length--;
    }
    const char *content = buffer_cstr(text);
    const char *end = strrchr(content, '\n');
    return xstrdup(end != NULL ? end + 1 : content);
}

/* ---- Where the path lies. ---- */

struct location {
    char *folder;   /* an existing one, to run git in */
    char *top;      /* of the repository */
    char *relative; /* the path from there, "" for the top itself */
};

static void location_done(struct location *location)
{
    free(location->folder);
    free(location->top);
    free(location->relative);
}

static enum outcome locate(const char *path, struct location *out, struct fault *fault)
{
    *out = (struct location){0};
    AUTO(free_text) char *real = realpath(path, NULL);
    struct stat stat_of;
    if (real == NULL || stat(real, &stat_of) != 0) {
        return fault_set(fault, REJECT, "%s: %s", path, strerror(errno));
    }
    out->folder = xstrdup(real);
    if (!S_ISDIR(stat_of.st_mode)) {
        char *slash = strrchr(out->folder, '/');
        slash[slash == out->folder ? 1 : 0] = '\0';
    }
    AUTO(buffer_done) struct buffer top = {0};
    const struct command command = {.folder = out->folder,
                                    .words = {"rev-parse", "--show-toplevel"}};
    enum outcome o = run(&command, &top, path, fault);
    if (o != OK) {
        return o;
    }
    out->top = last_line(&top);
    size_t length = strlen(out->top);
    const char *rest = strncmp(real, out->top, length) == 0 ? real + length : NULL;
    if (rest == NULL || (rest[0] != '\0' && rest[0] != '/' && length > 1)) {
        return fault_set(fault, REJECT, "%s: lies outside of %s", path, out->top);
    }
    out->relative = xstrdup(rest[0] == '/' ? rest + 1 : rest);
    return OK;
}

/* ---- Taking files out. ---- */

static enum outcome resolve(const struct location *at, const char *name, char **commit,
                            struct fault *fault)
{
    AUTO(buffer_done) struct buffer said = {0};
    AUTO(free_text) char *wanted = xasprintf("%s^{commit}", name);
    const struct command command = {
        .folder = at->top,
        .words = {"rev-parse", "--verify", "--quiet", "--end-of-options", wanted}};
    if (run(&command, &said, name, NULL) != OK) {
        return fault_set(fault, REJECT,
                         "git knows no revision \"%s\" here; a shallow clone has only the newest: "
                         "fetch more",
                         name);
    }
    *commit = last_line(&said);
    return OK;
}

/* Symbolic links become files that hold their text: nothing leads out of the folder. */
static enum outcome write_files(const struct location *at, const char *commit, const char *folder,
                                struct fault *fault)
{
    AUTO(free_text) char *index = xasprintf("%s/index", folder);
    AUTO(free_text) char *list = xasprintf("%s/list", folder);
    AUTO(free_text) char *prefix = xasprintf("--prefix=%s/tree/", folder);
    const struct command commands[] = {
        {.folder = at->top, .index = index, .words = {"read-tree", commit}},
        {.folder = at->top,
         .index = index,
         .output_file = list,
         .words = {"ls-files", "-z", "--", "*.yaml", "*.yml", "*.json", "*.avsc"}},
        {.folder = at->top,
         .index = index,
         .input_file = list,
         .words = {"-c", "core.symlinks=false", "checkout-index", "-q", "-z", "--stdin", prefix}},
    };
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        AUTO(buffer_done) struct buffer said = {0};
        enum outcome o = run(&commands[i], &said, "git", fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static enum outcome make_folder(struct revision *out, struct fault *fault)
{
    const char *parent = getenv("TMPDIR");
    char *folder = xasprintf("%s/quadrille-revision-XXXXXX",
                             parent != NULL && parent[0] == '/' ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) {
        enum outcome o = fault_set(fault, REJECT, "%s: %s", folder, strerror(errno));
        free(folder);
        return o;
    }
    out->folder = folder;
    return OK;
}

enum outcome revision_take(const char *path, const char *name, struct revision *out,
                           struct fault *fault)
{
    AUTO(location_done) struct location at = {0};
    AUTO(free_text) char *commit = NULL;
    enum outcome o = locate(path, &at, fault);
    if (o == OK) {
        o = resolve(&at, name, &commit, fault);
    }
    if (o == OK) {
        o = make_folder(out, fault);
    }
    if (o == OK) {
        o = write_files(&at, commit, out->folder, fault);
    }
    if (o != OK) {
        return o;
    }
    out->name = xasprintf("git:%s", name);
    out->top = take(at.top);
    out->path =
        xasprintf("%s/tree%s%s", out->folder, at.relative[0] != '\0' ? "/" : "", at.relative);
    if (access(out->path, R_OK) != 0) {
        free(take(out->path));
    }
    return OK;
}

static int remove_one(const char *path, const struct stat *stat_of, int kind, struct FTW *walk)
{
    (void)stat_of;
    (void)kind;
    (void)walk;
    return remove(path);
}

void revision_done(struct revision *revision)
{
    if (revision->folder != NULL) {
        (void)nftw(revision->folder, remove_one, FOLDER_DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
    }
    free(revision->folder);
    free(revision->path);
    free(revision->name);
    free(revision->top);
    *revision = (struct revision){0};
}

const char *revision_inside(const struct revision *revision, const char *path)
{
    static const char tree[] = "/tree/";
    size_t length = revision->folder != NULL ? strlen(revision->folder) : 0;
    bool is_inside = length > 0 && path != NULL && strncmp(path, revision->folder, length) == 0 &&
                     strncmp(path + length, tree, sizeof tree - 1) == 0;
    return is_inside ? path + length + sizeof tree - 1 : NULL;
}

const char *revision_path(const struct revision *revision, struct arena *arena, const char *path)
{
    const char *inside = revision_inside(revision, path);
    return inside != NULL ? arena_printf(arena, "%s:%s", revision->name, inside) : path;
}

enum outcome revision_tags(const char *path, size_t limit, struct arena *arena, const char **names,
                           size_t *count, struct fault *fault)
{
    AUTO(location_done) struct location at = {0};
    AUTO(buffer_done) struct buffer list = {0};
    enum outcome o = locate(path, &at, fault);
    if (o != OK) {
        return o;
    }
    const struct command command = {
        .folder = at.top,
        .is_quiet = true,
        .words = {"tag", "--merged", "HEAD", "--sort=-version:refname", "--sort=-creatordate"},
    };
    o = run(&command, &list, path, fault);
    if (o != OK) {
        return o;
    }
    *count = 0;
    for (const char *line = buffer_cstr(&list); *line != '\0' && *count < limit;) {
        size_t length = strcspn(line, "\n");
        names[(*count)++] = arena_text(arena, line, length);
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return OK;
}
