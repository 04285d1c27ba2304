/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker.h"
#include "core/buffer.h"
#include "core/memory.h"
#include "core/scan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static const struct header failure[] = {
    {.name = "quadrille-failure-class", .text = "unidentified"},
    {.name = "quadrille-attempts", .number = 1, .is_number = true},
    {.name = "quadrille-failure-reason", .text = "it names no event that this service hears"},
};

/* A list that can be read becomes a dead letter that can be read, fits, and says its class. */
static void check_letter(const uint8_t *data, size_t size, size_t max_bytes, struct arena *arena)
{
    AUTO(buffer_done) struct buffer letter = {0};
    struct properties properties;
    struct fault fault;
    if (broker_properties_extend(data, size, failure, COUNT_OF(failure), max_bytes, &letter,
                                 &fault) != OK) {
        require(max_bytes < size + 4096); /* short texts alone can fill a small frame */
        return;
    }
    require(letter.length <= max_bytes);
    require(broker_properties_decode(letter.bytes, letter.length, arena, &properties, &fault) ==
            OK);
    const struct header *class = properties_find(&properties, failure[0].name);
    require(class != NULL && strcmp(class->text, failure[0].text) == 0);
    require(properties.is_persistent && properties.user_id == NULL);
}

/* And JSON, whatever its bytes; our own scanner takes no NUL. */
static void check_json(const uint8_t *data, size_t size)
{
    AUTO(buffer_done) struct buffer out = {0};
    struct fault fault;
    require(broker_properties_json(data, size, &out, &fault) == OK);
    const char *json = buffer_cstr(&out);
    struct scan scan = {.start = json, .at = json, .end = json + out.length};
    require(strstr(json, "\\u0000") != NULL ||
            (scan_skip(&scan, BROKER_JSON_MAX_DEPTH + 3) && scan_is_done(&scan)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena arena = {0};
    struct properties properties;
    struct fault fault;
    if (broker_properties_decode(data, size, &arena, &properties, &fault) == OK) {
        check_letter(data, size, size + 4096, &arena);
        check_letter(data, size, size, &arena);
        check_json(data, size);
    }
    return 0;
}
