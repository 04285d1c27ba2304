/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"
#include "core/codec.h"
#include "core/memory.h"
#include "unit/sample.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct fault fault;
    return codec_prepare(&sample_shape, &fault) == OK ? 0 : 1;
}

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* What was read can be written, and reads back as the same text. */
static void check_round_trip(const struct sample *sample, struct arena *arena)
{
    AUTO(buffer_done) struct buffer first = {0};
    AUTO(buffer_done) struct buffer second = {0};
    struct sample again;
    struct fault fault;
    require(codec_encode(&sample_shape, sample, &first, &fault) == OK);
    require(codec_decode(&sample_shape, CODEC_CLOSED, first.bytes, first.length, arena, &again,
                         &fault) == OK);
    require(codec_encode(&sample_shape, &again, &second, &fault) == OK);
    require(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena arena = {0};
    struct sample sample;
    struct fault fault;
    enum outcome open =
        codec_decode(&sample_shape, CODEC_OPEN, (const char *)data, size, &arena, &sample, &fault);
    if (open == OK) {
        check_round_trip(&sample, &arena);
    }
    enum outcome closed = codec_decode(&sample_shape, CODEC_CLOSED, (const char *)data, size,
                                       &arena, &sample, &fault);
    require(closed == REJECT || (closed == OK && open == OK));
    return 0;
}
