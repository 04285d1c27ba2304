/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/generate/generate.h"

#include "core/outcome.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* quadrille-generate: one service's contract as C, at build time. */

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 2 };

struct request {
    const char *contracts;
    const char *service;
    const char *header;
    const char *source;
    const char *depfile; /* NULL: none */
};

static const char usage[] =
    "usage: quadrille-generate --contracts FOLDER --service NAME --header FILE --source FILE\n"
    "                          [--depfile FILE]\n"
    "Writes the structs, tables and functions of one service. Files that would not change are left "
    "alone.\n";

static bool read_arguments(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {
        {"contracts", required_argument, NULL, 'c'}, {"service", required_argument, NULL, 's'},
        {"header", required_argument, NULL, 'h'},    {"source", required_argument, NULL, 'o'},
        {"depfile", required_argument, NULL, 'd'},   {0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **target = option == 'c'   ? &request->contracts
                              : option == 's' ? &request->service
                              : option == 'h' ? &request->header
                              : option == 'o' ? &request->source
                              : option == 'd' ? &request->depfile
                                              : NULL;
        if (target == NULL) {
            return false;
        }
        *target = optarg;
    }
    return optind == argc && request->contracts != NULL && request->service != NULL &&
           request->header != NULL && request->source != NULL;
}

static bool has_content(const char *path, const struct buffer *wanted)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    char *content = xmalloc(wanted->length + 1);
    bool is_same = fread(content, 1, wanted->length + 1, file) == wanted->length &&
                   memcmp(content, wanted->bytes, wanted->length) == 0;
    free(content);
    (void)fclose(file);
    return is_same;
}

/* An untouched file tells the build that nothing depends on this change. */
static enum outcome write_file(const char *path, const struct buffer *content, struct fault *fault)
{
    if (has_content(path, content)) {
        return OK;
    }
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    bool is_written = fwrite(content->bytes, 1, content->length, file) == content->length;
    if (fclose(file) != 0 || !is_written) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    return OK;
}

static void add_path(struct buffer *out, const char *path)
{
    for (; *path != '\0'; path++) {
        if (*path == ' ' || *path == '#' || *path == '\\') {
            buffer_byte(out, '\\');
        } else if (*path == '$') {
            buffer_byte(out, '$');
        }
        buffer_byte(out, *path);
    }
}

/* The folder is a dependency as well: a new contract may hear what this service says. */
static enum outcome write_depfile(const struct request *request, const struct contract_set *set,
                                  struct fault *fault)
{
    AUTO(buffer_done) struct buffer out = {0};
    add_path(&out, request->header);
    buffer_byte(&out, ' ');
    add_path(&out, request->source);
    buffer_text(&out, ": ");
    add_path(&out, request->contracts);
    for (const struct document *each = set->asyncapi.documents.first; each != NULL;
         each = each->next) {
        buffer_text(&out, " \\\n  ");
        add_path(&out, each->path);
    }
    buffer_byte(&out, '\n');
    return write_file(request->depfile, &out, fault);
}

static enum outcome write_all(const struct request *request, const struct generation *generation,
                              struct fault *fault)
{
    AUTO(buffer_done) struct buffer header = {0};
    generate_header(generation, &header);
    enum outcome o = write_file(request->header, &header, fault);
    if (o != OK) {
        return o;
    }
    AUTO(buffer_done) struct buffer source = {0};
    generate_source(generation, &source);
    o = write_file(request->source, &source, fault);
    if (o != OK || request->depfile == NULL) {
        return o;
    }
    return write_depfile(request, generation->set, fault);
}

static enum outcome generate(const struct request *request, struct contract_set *set,
                             struct fault *fault)
{
    enum outcome o = contract_set_load(set, request->contracts, fault);
    if (o != OK) {
        return o;
    }
    const struct model_service *service = contract_set_find(set, request->service);
    if (service == NULL) {
        return fault_set(fault, REJECT, "%s: no contract of a service \"%s\"", request->contracts,
                         request->service);
    }
    AUTO(generation_done) struct generation generation;
    generation_prepare(&generation, set, service);
    if (set->asyncapi.documents.findings.count > 0) {
        return fault_set(fault, REJECT, "%s: does not map to C", service->document->path);
    }
    return write_all(request, &generation, fault);
}

int main(int argc, char **argv)
{
    struct request request = {0};
    if (!read_arguments(argc, argv, &request)) {
        (void)fputs(usage, stderr);
        return WRONG_USAGE;
    }
    AUTO(contract_set_done) struct contract_set set = {0};
    struct fault fault = {0};
    if (generate(&request, &set, &fault) == OK) {
        return DONE;
    }
    if (set.asyncapi.documents.findings.count > 0) {
        findings_print(&set.asyncapi.documents.findings, stderr);
    } else {
        (void)fprintf(stderr, "%s\n", fault.text);
    }
    return FAILED;
}
