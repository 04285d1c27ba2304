/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_keys.h"

#include <inttypes.h>
#include <string.h>

enum {
    PRINT_ROOM = 17,
};

static void print_hex(char hex[PRINT_ROOM], uint64_t print)
{
    (void)snprintf(hex, PRINT_ROOM, "%016" PRIx64, print);
}

enum claim keys_claim(struct keys *keys, const char *id, uint64_t print,
                      struct json_object **stored)
{
    struct json_object *answer = NULL;
    char hex[PRINT_ROOM];

    if (json_object_object_get_ex(keys->running, id, NULL)) {
        return RUNNING;
    }
    if (json_object_object_get_ex(keys->ledger->answers, id, &answer)) {
        if (record_number(answer, "at_ms") + keys->ttl_ms > wall_ms()) {
            print_hex(hex, print);
            *stored = answer;
            return strcmp(record_text(answer, "print"), hex) == 0 ? STORED : MISMATCH;
        }
        ledger_forget_answer(keys->ledger, id);
    }
    json_object_object_add(keys->running, id, json_object_new_boolean(true));
    return CLAIMED;
}

void keys_store(struct keys *keys, const char *id, uint64_t print, unsigned status,
                const char *body)
{
    struct json_object *answer = json_object_new_object();
    char hex[PRINT_ROOM];

    print_hex(hex, print);
    record_set_text(answer, "kind", "answer");
    record_set_text(answer, "id", id);
    record_set_number(answer, "at_ms", wall_ms());
    record_set_text(answer, "print", hex);
    record_set_number(answer, "status", status);
    record_set_text(answer, "body", body);
    ledger_put(keys->ledger, answer);
    keys_release(keys, id);
}

void keys_release(struct keys *keys, const char *id)
{
    json_object_object_del(keys->running, id);
}
