/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/access.h"

#include "core/buffer.h"
#include "tools/private_file.h"
#include "tools/profile.h"
#include "tools/secret.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX_BYTES = 1024 };

static const char profile_variable[] = "QUADRILLE_PROFILE";
static const char default_profile[] = "default";

/* What a profile may say: options of these names with is_setting. A row more is a setting more. */
static const struct profile_setting settings[] = {
    {"url"},
    {"management-url"},
    {"database-url"},
    {"provider-url"},
    {"keys-url"},
    {"vhost"},
    {"prefix"},
    {"password-file", true},
    {"ca-file", true},
    {"cert-file", true},
    {"key-file", true},
    {"secrets", true},
    {"trail-database-url"},
};

/* A URL says where a server is; the other settings tell how it is reached. */
static bool is_url(const struct cli_option *option)
{
    return option->is_setting && option->argument != NULL && strcmp(option->argument, "URL") == 0;
}

static const char *environment(const struct cli_option *option)
{
    const char *text = option->variable != NULL ? getenv(option->variable) : NULL;
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* "password=…" of a query, or of libpq's other form; the sign may have spaces around it. */
static bool has_password_word(const char *text)
{
    for (const char *word = strcasestr(text, "passw"); word != NULL;
         word = strcasestr(word + 1, "passw")) {
        word += strcspn(word, " =&");
        word += strspn(word, " ");
        if (*word == '=' && word[1 + strspn(word + 1, " ")] != '\0') {
            return true;
        }
        if (*word == '\0') {
            return false;
        }
    }
    return false;
}

/* user:password@. An @ or a colon further behind is taken for one of these: better a question too
 * many. */
static bool has_password(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *start = scheme != NULL ? scheme + 3 : url;
    const char *at = memrchr(start, '@', strcspn(start, "?"));
    const char *colon = at != NULL ? memchr(start, ':', (size_t)(at - start)) : NULL;
    return (colon != NULL && colon + 1 < at) || has_password_word(url);
}

/* amqp://user@host: whose password comes from elsewhere. */
static bool has_user_only(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *start = scheme != NULL ? scheme + 3 : url;
    const char *at = memrchr(start, '@', strcspn(start, "/?"));
    return at != NULL && at > start && memchr(start, ':', (size_t)(at - start)) == NULL;
}

static int refuse_passwords(const struct cli_call *call)
{
    for (size_t i = 0; i < call->command->option_count; i++) {
        const struct cli_option *option = &call->command->options[i];
        if (is_url(option) && call->is_given[i] && has_password(call->values[i])) {
            return cli_fail(call, EXIT_USAGE,
                            "--%s has a password, and everybody on this machine can read the "
                            "arguments of a command (ps): put the URL into the variable %s or into "
                            "a profile, or leave only the password out and %s (docs/profiles.md)",
                            option->name, option->variable,
                            strstr(option->variable, "DATABASE") != NULL
                                ? "into ~/.pgpass"
                                : "name its file with --password-file");
        }
    }
    return EXIT_DONE;
}

/* Does anybody but a profile say where a server is? */
struct sources {
    const char *variable; /* one that names a server; NULL: none */
    bool is_given;        /* an option names one */
    const char *profile;  /* NULL: none is named */
    bool is_chosen;       /* by --profile, not by its variable */
    bool has_settings;    /* the command reaches servers */
};

static struct sources look(const struct cli_call *call)
{
    struct sources from = {0};
    for (size_t i = 0; i < call->command->option_count; i++) {
        const struct cli_option *option = &call->command->options[i];
        bool is_profile =
            option->variable != NULL && strcmp(option->variable, profile_variable) == 0;
        from.has_settings = from.has_settings || option->is_setting;
        if (is_profile) {
            from.is_chosen = call->is_given[i];
            from.profile = call->is_given[i] ? call->values[i] : environment(option);
        } else if (is_url(option)) {
            const char *variable = environment(option) != NULL ? option->variable : NULL;
            from.is_given = from.is_given || call->is_given[i];
            from.variable = variable != NULL && !call->is_given[i] ? variable : from.variable;
        }
    }
    return from;
}

static enum outcome read_profile(struct cli_call *call, const char *name, bool must_be,
                                 const char **values, struct fault *fault)
{
    AUTO(free_text) char *path = profile_path();
    bool found = false;
    if (!profile_is_there(path)) {
        return must_be ? fault_set(fault, REJECT,
                                   "there is no profile %.64s, because there is no file %s: make "
                                   "one (docs/profiles.md)",
                                   name, path)
                       : OK;
    }
    enum outcome o =
        profile_read(path, name, settings, COUNT_OF(settings), &call->arena, values, &found, fault);
    if (o != OK) {
        memset(values, 0, COUNT_OF(settings) * sizeof values[0]);
        return o;
    }
    return found || !must_be ? OK : fault_set(fault, REJECT, "%s has no profile %.64s", path, name);
}

static const char *of_profile(const struct cli_option *option, const char *const *values)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        if (strcmp(settings[i].name, option->name) == 0) {
            return values[i];
        }
    }
    return NULL;
}

static void fill(struct cli_call *call, bool uses_environment, const char *const *values)
{
    for (size_t i = 0; i < call->command->option_count; i++) {
        const struct cli_option *option = &call->command->options[i];
        if (!option->is_setting || call->is_given[i]) {
            continue;
        }
        call->values[i] = uses_environment ? environment(option) : NULL;
        if (call->values[i] == NULL) {
            call->values[i] = of_profile(option, values);
        }
    }
}

static size_t index_of(const struct cli_call *call, const char *name)
{
    size_t i = 0;
    while (i < call->command->option_count && strcmp(call->command->options[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* The text without its last newline. */
static enum outcome read_password(struct cli_call *call, const char *path, const char **out,
                                  struct fault *fault)
{
    AUTO(buffer_done) struct buffer text = {0};
    enum outcome o = private_file_read(path, PASSWORD_MAX_BYTES, &text, fault);
    size_t length = o == OK ? strcspn(buffer_cstr(&text), "\r\n") : 0;
    if (o == OK &&
        (length == 0 || text.bytes[length + strspn(text.bytes + length, "\r\n")] != '\0')) {
        o = fault_set(fault, REJECT, "%s: one line with a password is expected", path);
    }
    if (o == OK) {
        *out = arena_text(&call->arena, text.bytes, length);
    }
    if (text.bytes != NULL) {
        explicit_bzero(text.bytes, text.length);
    }
    return o;
}

/* The password joins the URLs that have a user and no password. */
static enum outcome add_password(struct cli_call *call, struct fault *fault)
{
    static const char *const urls[] = {"url", "management-url"};
    size_t file = index_of(call, "password-file");
    if (file == call->command->option_count || call->values[file] == NULL) {
        return OK;
    }
    const char *password = NULL;
    enum outcome o = read_password(call, call->values[file], &password, fault);
    for (size_t u = 0; u < COUNT_OF(urls) && o == OK; u++) {
        size_t i = index_of(call, urls[u]);
        if (i < call->command->option_count && call->values[i] != NULL &&
            has_user_only(call->values[i])) {
            AUTO(free_text) char *full = secret_url_with_password(call->values[i], password);
            call->values[i] = arena_text(&call->arena, full, strlen(full));
        }
    }
    return o;
}

static enum outcome settle(struct cli_call *call, const struct sources *from, struct fault *fault)
{
    const char *values[COUNT_OF(settings)] = {NULL};
    bool has_other = from->variable != NULL || from->is_given;
    enum outcome o = OK;
    if (from->profile != NULL && !from->is_chosen && from->variable != NULL) {
        return fault_set(fault, REJECT,
                         "%s and %s both say where the servers are: unset one of them, or choose "
                         "the profile with its option",
                         profile_variable, from->variable);
    }
    if (from->profile != NULL) {
        o = read_profile(call, from->profile, true, values, fault);
    } else if (!has_other) {
        o = read_profile(call, default_profile, false, values, fault);
    }
    if (o == OK) {
        fill(call, !from->is_chosen, values);
        o = add_password(call, fault);
    }
    return o;
}

static void forget(struct cli_call *call)
{
    for (size_t i = 0; i < call->command->option_count; i++) {
        if (call->command->options[i].is_setting && !call->is_given[i]) {
            call->values[i] = NULL;
        }
    }
}

int access_settle(struct cli_call *call)
{
    struct sources from = look(call);
    if (!from.has_settings) {
        return EXIT_DONE;
    }
    int code = refuse_passwords(call);
    if (code != EXIT_DONE) {
        return code;
    }
    struct fault fault;
    if (settle(call, &from, &fault) == OK) {
        return EXIT_DONE;
    }
    if (from.is_chosen || from.is_given) {
        return cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    /* It is for those who need a server: cli_need tells them. */
    forget(call);
    call->settings_fault = fault;
    return EXIT_DONE;
}

/* A user without a password would be let in nowhere, and be told so in other words. */
static const char *need_url(const struct cli_call *call, const char *option)
{
    const char *url = cli_need(call, option);
    if (url != NULL && has_user_only(url)) {
        (void)cli_fail(call, EXIT_USAGE,
                       "--%s names a user and no password: name a file that has it with "
                       "--password-file, or put the whole URL into the environment or a profile "
                       "(docs/profiles.md)",
                       option);
        return NULL;
    }
    return url;
}

static const char *text_or_null(const struct cli_call *call, const char *option)
{
    size_t i = index_of(call, option);
    return i < call->command->option_count ? call->values[i] : NULL;
}

struct tls_files access_tls(const struct cli_call *call)
{
    return (struct tls_files){.ca = text_or_null(call, "ca-file"),
                              .certificate = text_or_null(call, "cert-file"),
                              .key = text_or_null(call, "key-file")};
}

int access_broker_options(const struct cli_call *call, const char *name, struct broker_options *out)
{
    const char *url = need_url(call, "url");
    *out = (struct broker_options){.url = url, .name = name, .tls = access_tls(call)};
    return url != NULL ? EXIT_DONE : EXIT_USAGE;
}

int access_database_options(const struct cli_call *call, const char *name, struct db_options *out)
{
    const char *url = cli_need(call, "database-url");
    *out = (struct db_options){.url = url, .name = name};
    return url != NULL ? EXIT_DONE : EXIT_USAGE;
}

int access_broker(const struct cli_call *call, const char *name, struct broker **out)
{
    struct broker_options options;
    struct fault fault;
    int code = access_broker_options(call, name, &options);
    if (code != EXIT_DONE) {
        return code;
    }
    return broker_open(&options, out, &fault) == OK ? EXIT_DONE
                                                    : cli_fail(call, EXIT_FAILED, "%s", fault.text);
}

int access_management(const struct cli_call *call, struct management **out)
{
    const char *url = need_url(call, "management-url");
    struct fault fault;
    if (url == NULL) {
        return EXIT_USAGE;
    }
    if (management_open(url, out, &fault) != OK) {
        return cli_fail(call, EXIT_FAILED, "%s", fault.text);
    }
    const struct tls_files files = access_tls(call);
    management_trust(*out, &files);
    return EXIT_DONE;
}

int access_database(const struct cli_call *call, const char *name, struct db **out)
{
    struct db_options options;
    struct fault fault;
    int code = access_database_options(call, name, &options);
    if (code != EXIT_DONE) {
        return code;
    }
    return db_open(&options, out, &fault) == OK ? EXIT_DONE
                                                : cli_fail(call, EXIT_FAILED, "%s", fault.text);
}
