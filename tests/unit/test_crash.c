/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crash.h"

#include "core/memory.h"
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The environment is read before main, so every case runs this program again, as `passer`. */
static int passer(void)
{
    for (int pass = 0; pass < 3; pass++) {
        crash_point("other");
        crash_point("here");
    }
    crash_on("a poison b", 10);
    return 7;
}

static const struct {
    const char *name;
    const char *value;
    int signal;    /* that ended it, or */
    int exit_code; /* 7 = it ran to its end */
} cases[] = {
    {"CRASH_AT", "", 0, 7},
    {"CRASH_AT", "nowhere", 0, 7},
    {"CRASH_AT", "her", 0, 7},
    {"CRASH_AT", "here", SIGKILL, 0},
    {"CRASH_AT", "here:3", SIGKILL, 0},
    {"CRASH_AT", "here:4", 0, 7},
    {"CRASH_AT", "here:2:abort", SIGABRT, 0},
    {"CRASH_AT", "here:1:exit", 0, 1},
    {"CRASH_AT", "here:0", 0, 2},
    {"CRASH_AT", "here:x", 0, 2},
    {"CRASH_AT", "here:1:", 0, 2},
    {"CRASH_AT", "here:1:explode", 0, 2},
    {"CRASH_AT", ":1", 0, 2},
    {"CRASH_ON", "poison", SIGKILL, 0},
    {"CRASH_ON", "honey", 0, 7},
    {"CRASH_ON", "", 0, 7},
};

static pid_t start(const char *name, const char *value)
{
    pid_t child = fork();
    if (child == 0) {
        (void)setenv(name, value, 1);
        (void)execl("/proc/self/exe", "passer", (char *)NULL);
        _exit(99);
    }
    ck_assert_int_gt(child, 0);
    return child;
}

START_TEST(ends_the_process_as_told)
{
    int status = 0;
    pid_t child = start(cases[_i].name, cases[_i].value);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WIFSIGNALED(status) ? WTERMSIG(status) : 0, cases[_i].signal);
    ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : 0, cases[_i].exit_code);
}
END_TEST

START_TEST(freezes_until_continued)
{
    int status = 0;
    pid_t child = start("CRASH_AT", "here:2:stop");
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "passer") == 0) {
        return passer();
    }
    Suite *suite = suite_create("crash");
    TCase *tests = tcase_create("crash");
    tcase_add_loop_test(tests, ends_the_process_as_told, 0, (int)COUNT_OF(cases));
    tcase_add_test(tests, freezes_until_continued);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
