/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/value.h"
#include "contracts/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON has two readers, one for files and one for messages: both take the same texts. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Limits are each reader's own. */
static bool is_limit(const char *text)
{
    static const char *const limits[] = {"too deep", "too long", "too large", "too many", "U+0000"};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        if (strstr(text, limits[i]) != NULL) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct findings findings = {0};
    struct json_object *value = NULL;
    struct fault fault = {0};
    const char *bytes = (const char *)data;
    bool is_node = node_parse("a.json", bytes, size, &arena, &findings) != NULL;
    bool is_value = value_read(bytes, size, &value, &fault) == OK;
    const char *why = is_node ? fault.text : findings.items[0].text;
    /* A file may begin with a byte order mark, a message may not. */
    bool has_mark = size > 0 && data[0] == 0xef;
    if (is_node != is_value && !has_mark && !is_limit(why)) {
        (void)fprintf(stderr, "only %s takes it: %s\n", is_node ? "node_parse" : "value_read", why);
        abort();
    }
    json_object_put(value);
    findings_done(&findings);
    arena_done(&arena);
    return 0;
}
