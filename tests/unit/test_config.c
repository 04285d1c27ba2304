/* SPDX-License-Identifier: Apache-2.0 */
#include "core/config.h"

#include "core/log.h"
#include "core/memory.h"
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    char *title;
    int64_t workers;
    int64_t drain_ms;
    bool is_fast;
    char *url;
    char *key;
    char *folder;
    char *listen;
    char *colour;
};

static const struct config_entry entries[] = {
    {"T_TITLE", CONFIG_TEXT, offsetof(struct settings, title), .help = "what it is called"},
    {"T_WORKERS", CONFIG_INT, offsetof(struct settings, workers), .fallback = "2", .min = 1,
     .max = 64, .help = "consumer threads"},
    {"T_DRAIN", CONFIG_DURATION, offsetof(struct settings, drain_ms), .fallback = "10s", .min = 500,
     .max = 90000, .help = "time to finish"},
    {"T_FAST", CONFIG_FLAG, offsetof(struct settings, is_fast), .fallback = "false",
     .help = "hurry"},
    {"T_URL", CONFIG_URL, offsetof(struct settings, url), .required = true, .help = "the database"},
    {"T_KEY", CONFIG_SECRET, offsetof(struct settings, key), .required = true,
     .help = "the provider's key"},
    {"T_FOLDER", CONFIG_PATH, offsetof(struct settings, folder), .fallback = "/tmp",
     .help = "where mail goes"},
    {"T_LISTEN", CONFIG_LISTEN, offsetof(struct settings, listen), .fallback = "",
     .help = "public address"},
    {"T_COLOUR", CONFIG_CHOICE, offsetof(struct settings, colour), .fallback = "red",
     .choices = "red, green, blue", .help = "paint"},
};

static char secret_path[] = "/tmp/test_config_XXXXXX";

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void set_up(void)
{
    log_init("test", "off", "json");
    int fd = mkstemp(secret_path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    set("T_URL", "postgresql://u:hush@h/d");
    set("T_KEY", "hush");
}

static void tear_down(void)
{
    (void)unlink(secret_path);
}

static void write_secret(const char *bytes, size_t length)
{
    FILE *file = fopen(secret_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static enum outcome load(struct settings *out, struct fault *fault)
{
    *out = (struct settings){0};
    return config_load(entries, COUNT_OF(entries), out, fault);
}

static void done(struct settings *settings)
{
    config_done(entries, COUNT_OF(entries), settings);
}

START_TEST(uses_fallbacks)
{
    AUTO(done) struct settings s = {0};
    struct fault fault;
    ck_assert_int_eq(load(&s, &fault), OK);
    ck_assert_ptr_null(s.title);
    ck_assert_int_eq(s.workers, 2);
    ck_assert_int_eq(s.drain_ms, 10000);
    ck_assert(!s.is_fast);
    ck_assert_str_eq(s.folder, "/tmp");
    ck_assert_str_eq(s.listen, "");
}
END_TEST

START_TEST(reads_the_environment)
{
    set("T_TITLE", "Zo\xc3\xab");
    set("T_WORKERS", "64");
    set("T_DRAIN", "90s");
    set("T_FAST", "true");
    set("T_FOLDER", "");
    set("T_LISTEN", "[::1]:8080");
    set("T_COLOUR", "blue");
    AUTO(done) struct settings s = {0};
    struct fault fault;
    ck_assert_int_eq(load(&s, &fault), OK);
    ck_assert_str_eq(s.title, "Zo\xc3\xab");
    ck_assert_int_eq(s.workers, 64);
    ck_assert_int_eq(s.drain_ms, 90000);
    ck_assert(s.is_fast);
    ck_assert_str_eq(s.url, "postgresql://u:hush@h/d");
    ck_assert_str_eq(s.key, "hush");
    ck_assert_str_eq(s.folder, "");
    ck_assert_str_eq(s.listen, "[::1]:8080");
    ck_assert_str_eq(s.colour, "blue");
}
END_TEST

static const struct {
    const char *name;
    const char *value;
    const char *fault;
} wrong[] = {
    {"T_TITLE", "hush\n", "T_TITLE must be printable text"},
    {"T_TITLE", "\xff", "T_TITLE must be printable text"},
    {"T_WORKERS", "hush", "T_WORKERS must be a whole number from 1 to 64"},
    {"T_WORKERS", "65", "T_WORKERS must be a whole number from 1 to 64"},
    {"T_WORKERS", "", "T_WORKERS must be a whole number from 1 to 64"},
    {"T_DRAIN", "10", "T_DRAIN must be a duration (500ms, 30s, 5m, 2h, 7d) from 500ms to 90s"},
    {"T_DRAIN", "91s", "T_DRAIN must be a duration (500ms, 30s, 5m, 2h, 7d) from 500ms to 90s"},
    {"T_FAST", "yes", "T_FAST must be true or false"},
    {"T_COLOUR", "hush", "T_COLOUR must be one of red, green, blue"},
    {"T_COLOUR", "gree", "T_COLOUR must be one of red, green, blue"},
    {"T_COLOUR", "red, green", "T_COLOUR must be one of red, green, blue"},
    {"T_COLOUR", "", "T_COLOUR must be one of red, green, blue"},
    {"T_URL", "hush", "T_URL must be a URL"},
    {"T_URL", "", "T_URL is required: a URL (the database)"},
    {"T_KEY", "", "T_KEY is required: printable text (the provider's key)"},
    {"T_KEY", "hush\x1b", "T_KEY must be printable text"},
    {"T_KEY_FILE", "/nowhere/hush", "T_KEY is set twice, also by its _FILE variable"},
    {"T_LISTEN", "8080", "T_LISTEN must be host:port"},
    {"T_LISTEN", ":8080", "T_LISTEN must be host:port"},
    {"T_LISTEN", "::1:8080", "T_LISTEN must be host:port"},
    {"T_LISTEN", "h:65536", "T_LISTEN must be host:port"},
};

START_TEST(says_what_is_expected_and_never_what_was_given)
{
    set(wrong[_i].name, wrong[_i].value);
    struct settings s;
    struct fault fault;
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, wrong[_i].fault);
    ck_assert_ptr_null(s.folder);
}
END_TEST

START_TEST(names_every_wrong_variable)
{
    set("T_WORKERS", "0");
    (void)unsetenv("T_URL");
    set("T_LISTEN", "x");
    struct settings s;
    struct fault fault;
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(
        fault.text,
        "T_WORKERS must be a whole number from 1 to 64; T_URL is required: a URL (the database); "
        "T_LISTEN must be host:port");
}
END_TEST

START_TEST(reads_a_secret_from_a_file)
{
    (void)unsetenv("T_KEY");
    set("T_KEY_FILE", secret_path);
    write_secret("from file\n", 10);
    AUTO(done) struct settings s = {0};
    struct fault fault = {.text = ""};
    enum outcome o = load(&s, &fault);
    ck_assert_msg(o == OK, "%s", fault.text);
    ck_assert_str_eq(s.key, "from file");
}
END_TEST

START_TEST(refuses_wrong_secret_files)
{
    (void)unsetenv("T_KEY");
    struct settings s;
    struct fault fault;

    set("T_KEY_FILE", "/nowhere/at/all");
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, "T_KEY_FILE names a file that does not exist");

    set("T_KEY_FILE", "/tmp");
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, "T_KEY_FILE does not name a regular file");

    set("T_KEY_FILE", secret_path);
    write_secret("\n", 1);
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, "T_KEY is required: printable text (the provider's key)");

    write_secret("a\0b", 3);
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, "T_KEY_FILE names a file that is no text");

    AUTO(free_text) char *large = xmalloc(CONFIG_SECRET_MAX_BYTES + 1);
    memset(large, 'a', CONFIG_SECRET_MAX_BYTES + 1);
    write_secret(large, CONFIG_SECRET_MAX_BYTES + 1);
    ck_assert_int_eq(load(&s, &fault), FATAL);
    ck_assert_str_eq(fault.text, "T_KEY_FILE names a file that is too large");
}
END_TEST

START_TEST(warns_of_a_public_secret_file)
{
    log_init("test", "warn", "json");
    (void)unsetenv("T_KEY");
    set("T_KEY_FILE", secret_path);
    write_secret("hush", 4);
    char log_path[] = "/tmp/test_config_XXXXXX";
    int fd = mkstemp(log_path);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);

    AUTO(done) struct settings s = {0};
    struct fault fault;
    ck_assert_int_eq(chmod(secret_path, 0600), 0);
    ck_assert_int_eq(load(&s, &fault), OK);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
    done(&s);
    ck_assert_int_eq(chmod(secret_path, 0604), 0);
    ck_assert_int_eq(load(&s, &fault), OK);

    char line[1024] = {0};
    ck_assert_int_gt(pread(fd, line, sizeof line - 1, 0), 0);
    ck_assert_ptr_nonnull(
        strstr(line, "\"event\":\"config.secret_is_public\",\"variable\":\"T_KEY_FILE\""));
    ck_assert_ptr_null(strstr(line, "hush"));
    (void)unlink(log_path);
}
END_TEST

START_TEST(prints_help_from_the_same_table)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    config_print_help(entries, COUNT_OF(entries), stream);
    (void)fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "  T_WORKERS                consumer threads\n"));
    ck_assert_ptr_nonnull(strstr(text, "a whole number from 1 to 64; default 2\n"));
    ck_assert_ptr_nonnull(strstr(text, "a URL; required\n"));
    ck_assert_ptr_nonnull(strstr(text, "one of red, green, blue; default red\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "printable text; required; or T_KEY_FILE names a file that holds it\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, uses_fallbacks);
    tcase_add_test(tests, reads_the_environment);
    tcase_add_loop_test(tests, says_what_is_expected_and_never_what_was_given, 0,
                        (int)COUNT_OF(wrong));
    tcase_add_test(tests, names_every_wrong_variable);
    tcase_add_test(tests, reads_a_secret_from_a_file);
    tcase_add_test(tests, refuses_wrong_secret_files);
    tcase_add_test(tests, warns_of_a_public_secret_file);
    tcase_add_test(tests, prints_help_from_the_same_table);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
