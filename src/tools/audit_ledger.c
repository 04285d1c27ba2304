/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/audit_ledger.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "core/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { LEDGER_MAX_BYTES = 512 * 1024 * 1024, LEDGER_TIMEOUT_MS = 60000 };

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct buffer *answer = context;
    if (answer->length + size * count > LEDGER_MAX_BYTES) {
        return 0;
    }
    buffer_add(answer, bytes, size * count);
    return size * count;
}

static enum outcome get(const char *url, struct buffer *answer, struct fault *fault)
{
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        return fault_set(fault, FATAL, "libcurl cannot start");
    }
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LEDGER_TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    long status = 0;
    CURLcode failed = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (failed != CURLE_OK) {
        /* Its URL may have a password in it. */
        return fault_set(fault, LOST, "the provider's ledger (--provider-url): %s",
                         curl_easy_strerror(failed));
    }
    return status == 200 ? OK
                         : fault_set(fault, REJECT,
                                     "the provider's ledger (--provider-url) answers %ld", status);
}

static enum outcome fetch(const char *url, json_object **document, struct fault *fault)
{
    static const char scheme[] = "file:";
    if (text_starts_with(url, scheme)) {
        const char *path = url + sizeof scheme - 1;
        *document = json_object_from_file(path);
        return *document != NULL
                   ? OK
                   : fault_set(fault, FATAL, "the provider's ledger: %s", json_util_get_last_err());
    }
    AUTO(buffer_done) struct buffer answer = {0};
    AUTO(free_text) char *full = xasprintf("%s/ledger", url);
    enum outcome o = get(full, &answer, fault);
    if (o != OK) {
        return o;
    }
    *document = json_tokener_parse(buffer_cstr(&answer));
    return *document != NULL
               ? OK
               : fault_set(fault, REJECT, "the provider's ledger: %s answers no JSON", full);
}

static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, key, &value)
               ? value
               : NULL;
}

static const char *member_text(json_object *object, const char *key)
{
    json_object *value = member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static void add_lines(struct ledger *ledger, json_object *list, bool is_refund)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *line = json_object_array_get_idx(list, i);
        if (strcmp(member_text(line, "status"), "failed") == 0) {
            continue;
        }
        struct ledger_line *to = &ledger->lines[ledger->count++];
        *to = (struct ledger_line){
            .is_refund = is_refund,
            .amount_minor = json_object_get_int64(member(line, "amount")),
            .at_ms = json_object_get_int64(member(line, "at_ms")),
            .id = member_text(line, "id"),
            .intent = member_text(line, "intent"),
            .currency = member_text(line, "currency"),
        };
        (void)ids_parse(member_text(member(line, "metadata"), "upgrade_id"), &to->upgrade);
    }
}

static int compare(const void *left, const void *right)
{
    const struct ledger_line *a = left;
    const struct ledger_line *b = right;
    int order = ids_compare(&a->upgrade, &b->upgrade);
    if (order != 0) {
        return order;
    }
    if (a->is_refund != b->is_refund) {
        return a->is_refund ? 1 : -1;
    }
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

enum outcome ledger_read(const char *url, struct ledger *ledger, struct fault *fault)
{
    json_object *document = NULL;
    enum outcome o = fetch(url, &document, fault);
    if (o != OK) {
        return o;
    }
    json_object *charges = member(document, "charges");
    json_object *refunds = member(document, "refunds");
    if (!json_object_is_type(charges, json_type_array) ||
        !json_object_is_type(refunds, json_type_array)) {
        (void)json_object_put(document);
        return fault_set(fault, REJECT,
                         "the provider's ledger: lists of charges and refunds are needed");
    }
    size_t room = json_object_array_length(charges) + json_object_array_length(refunds);
    *ledger = (struct ledger){.document = document,
                              .lines = xcalloc(room + 1, sizeof(struct ledger_line))};
    add_lines(ledger, charges, false);
    add_lines(ledger, refunds, true);
    qsort(ledger->lines, ledger->count, sizeof ledger->lines[0], compare);
    return OK;
}

void ledger_done(struct ledger *ledger)
{
    free(ledger->lines);
    (void)json_object_put(ledger->document);
    *ledger = (struct ledger){0};
}
