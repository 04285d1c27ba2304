/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format.h"
#include "core/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every format is asked about every text, and what follows from one answer must be the other. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has the first format has the second. */
static const char *const implied[][2] = {
    {"uri", "iri"},           {"uri", "uri-reference"},
    {"iri", "iri-reference"}, {"uri-reference", "iri-reference"},
    {"email", "idn-email"},   {"ipv4", "hostname"},
};

/* Both are never true of one text. */
static const char *const excluded[][2] = {
    {"ipv4", "ipv6"},      {"date", "date-time"},     {"date", "time"},
    {"duration", "time"},  {"uuid", "date"},          {"json-pointer", "relative-json-pointer"},
    {"email", "hostname"}, {"hostname", "date-time"}, {"uri", "hostname"},
};

static const char *const others[] = {"idn-hostname", "uri-template", "regex"};

static bool has_format(const char *name, const char *text, size_t length)
{
    return format_find(name)(text, length);
}

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free_text)
    char *text = xmalloc(size > 0 ? size : 1); /* without an end: reading on is seen */
    memcpy(text, data, size);
    for (size_t i = 0; i < COUNT_OF(implied); i++) {
        require(!has_format(implied[i][0], text, size) || has_format(implied[i][1], text, size));
    }
    for (size_t i = 0; i < COUNT_OF(excluded); i++) {
        require(!has_format(excluded[i][0], text, size) || !has_format(excluded[i][1], text, size));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        (void)has_format(others[i], text, size);
    }
    return 0;
}
