/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/lint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A whole AsyncAPI document, judged in both profiles, as a stranger's and as ours. Every finding is
 * a sentence of a known rule at a place, and they are sorted.
 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz-lint.XXXXXX";
static char path[sizeof folder + sizeof "/orders.yaml"];

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static void remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    require(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/orders.yaml", folder);
    return atexit(remove_folder);
}

static void write_document(const uint8_t *data, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
}

static void judge(bool is_ours)
{
    const char *const paths[] = {path};
    struct asyncapi set = {0};
    struct lint lint = {.is_ours = is_ours};
    struct fault fault;
    if (asyncapi_load(&set, paths, 1, &fault) == OK) {
        lint_run(&lint, &set);
    }
    for (size_t i = 0; i < lint.count; i++) {
        const struct lint_finding *finding = &lint.findings[i];
        require(finding->text[0] != '\0' && lint_rule_find(finding->rule->id) == finding->rule);
        require(finding->place.path != NULL && finding->pointer != NULL);
        require(i == 0 || strcmp(lint.findings[i - 1].place.path, finding->place.path) != 0 ||
                lint.findings[i - 1].place.line <= finding->place.line);
        require(is_ours || !finding->rule->is_ours);
    }
    lint_done(&lint);
    asyncapi_done(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    write_document(data, size);
    judge(false);
    judge(true);
    return 0;
}
