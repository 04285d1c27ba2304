/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include "core/buffer.h"
#include "provider_answer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The shapes that provider_answer.c reads; a newer version of the API may change them. */
#define API_VERSION "Stripe-Version: 2024-06-20"

enum { RETRY_AFTER_MAX_S = 24 * 60 * 60 };

struct provider {
    CURLM *multi;
    char *url; /* without a slash at its end */
    char *authorization;
    bool is_loopback;
    int64_t connect_ms, answer_ms;
    int calls_max;
    int calling;
    struct exchange *exchanges; /* calls_max of them */
    struct exchange *idle;      /* a list of those */
};

/* One call and its connection handle. */
struct exchange {
    struct exchange *next; /* idle */
    bool is_busy;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    bool is_too_large;
    void *context;
};

static bool is_loopback_host(const char *host)
{
    struct in_addr v4;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) {
        return true;
    }
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static enum outcome look_at(const char *text, bool *is_loopback, struct fault *fault)
{
    CURLU *url = curl_url();
    bool is_url = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
    char *scheme = is_url ? url_part(url, CURLUPART_SCHEME) : NULL;
    char *host = is_url ? url_part(url, CURLUPART_HOST) : NULL;
    char *user = is_url ? url_part(url, CURLUPART_USER) : NULL;
    char *query = is_url ? url_part(url, CURLUPART_QUERY) : NULL;
    char *fragment = is_url ? url_part(url, CURLUPART_FRAGMENT) : NULL;
    enum outcome o = OK;

    if (scheme == NULL || host == NULL || user != NULL || query != NULL || fragment != NULL) {
        o = fault_set(fault, FATAL, "PROVIDER_URL must be a URL of scheme, host, port and path");
    } else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) {
        o = fault_set(fault, FATAL, "PROVIDER_URL must be https");
    } else {
        *is_loopback = is_loopback_host(host);
        if (strcmp(scheme, "http") == 0 && !*is_loopback) {
            o = fault_set(fault, FATAL,
                          "PROVIDER_URL must be https; http is for loopback addresses only");
        }
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(query);
    curl_free(fragment);
    curl_url_cleanup(url);
    return o;
}

enum outcome provider_check_url(const char *url, struct fault *fault)
{
    bool is_loopback = false;
    return look_at(url, &is_loopback, fault);
}

static void release(struct provider *provider, struct exchange *exchange)
{
    exchange->is_busy = false;
    exchange->next = provider->idle;
    provider->idle = exchange;
}

enum outcome provider_open(const struct provider_options *options, struct provider **out,
                           struct fault *fault)
{
    bool is_loopback = false;
    enum outcome o = look_at(options->url, &is_loopback, fault);
    if (o != OK) {
        return o;
    }
    struct provider *provider = xcalloc(1, sizeof *provider);
    size_t length = strlen(options->url);
    while (length > 0 && options->url[length - 1] == '/') {
        length--;
    }
    provider->multi = curl_multi_init();
    if (provider->multi == NULL) {
        abort();
    }
    provider->url = xstrndup(options->url, length);
    provider->authorization = xasprintf("Authorization: Bearer %s", options->api_key);
    provider->is_loopback = is_loopback;
    provider->connect_ms = options->connect_ms;
    provider->answer_ms = options->answer_ms;
    provider->calls_max = options->calls_max;
    (void)curl_multi_setopt(provider->multi, CURLMOPT_MAXCONNECTS, (long)options->calls_max);
    provider->exchanges = xcalloc((size_t)options->calls_max, sizeof *provider->exchanges);
    for (int i = 0; i < options->calls_max; i++) {
        release(provider, &provider->exchanges[i]);
    }
    *out = provider;
    return OK;
}

static void exchange_done(struct provider *provider, struct exchange *exchange)
{
    if (exchange->is_busy) {
        (void)curl_multi_remove_handle(provider->multi, exchange->easy);
    }
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    buffer_done(&exchange->body);
}

void provider_close(struct provider *provider)
{
    if (provider == NULL) {
        return;
    }
    for (int i = 0; i < provider->calls_max; i++) {
        exchange_done(provider, &provider->exchanges[i]);
    }
    (void)curl_multi_cleanup(provider->multi);
    free(provider->exchanges);
    free(provider->url);
    free(provider->authorization);
    free(provider);
}

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;
    if (exchange->body.length + length > PROVIDER_ANSWER_MAX_BYTES) {
        exchange->is_too_large = true;
        return 0; /* ends the transfer */
    }
    buffer_add(&exchange->body, bytes, length);
    return length;
}

static void add_header(struct exchange *exchange, const char *header)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, header);
    if (longer == NULL) {
        abort();
    }
    exchange->headers = longer;
}

/* The caller keeps to calls_max, so there is one. */
static struct exchange *exchange_take(struct provider *provider)
{
    struct exchange *exchange = provider->idle;
    provider->idle = exchange->next;
    exchange->is_busy = true;
    exchange->is_too_large = false;
    buffer_clear(&exchange->body);
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    if (exchange->easy == NULL) {
        exchange->easy = curl_easy_init();
    } else {
        curl_easy_reset(exchange->easy); /* keeps its connection */
    }
    if (exchange->easy == NULL) {
        abort();
    }
    return exchange;
}

/* A redirect or a proxy would take the key and the amount to somebody whom no setting names. */
static void secure(const struct provider *provider, CURL *easy)
{
    long verify = provider->is_loopback ? 0 : 1;
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                           provider->is_loopback ? "http,https" : "https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
}

void provider_ask(struct provider *provider, const struct provider_call *call, void *context)
{
    struct exchange *exchange = exchange_take(provider);
    CURL *easy = exchange->easy;
    AUTO(free_text) char *url = xasprintf("%s%s", provider->url, call->path);
    AUTO(free_text) char *key = xasprintf("Idempotency-Key: %s", call->key);

    exchange->context = context;
    add_header(exchange, provider->authorization);
    add_header(exchange, API_VERSION);
    add_header(exchange, "Expect:"); /* no extra round trip */
    if (call->key[0] != '\0') {
        add_header(exchange, key);
    }
    secure(provider, easy);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    if (call->is_post) {
        (void)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, call->form);
    }
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "quadrille-billing");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)provider->connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)provider->answer_ms);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    if (curl_multi_add_handle(provider->multi, easy) != CURLM_OK) {
        abort(); /* only a bug or lack of memory does that */
    }
    provider->calling++;
}

int provider_calling(const struct provider *provider)
{
    return provider->calling;
}

void provider_wait(struct provider *provider, int64_t ms)
{
    int running = 0;
    (void)curl_multi_perform(provider->multi, &running);
    if (running == provider->calling) {
        (void)curl_multi_poll(provider->multi, NULL, 0, ms < INT_MAX ? (int)ms : INT_MAX, NULL);
        (void)curl_multi_perform(provider->multi, &running);
    }
}

static void read_answer(struct exchange *exchange, CURLcode code, struct answer *answer)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_after_s);

    if (exchange->is_too_large) {
        *answer =
            (struct answer){.kind = ANSWER_BROKEN, .http_status = status, .code = "too_large"};
    } else if (code != CURLE_OK) {
        *answer = (struct answer){.kind = ANSWER_NONE};
        (void)snprintf(answer->code, sizeof answer->code, "no_answer_%d", (int)code);
    } else {
        provider_answer_read(status, exchange->body.bytes, exchange->body.length, answer);
        retry_after_s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;
        answer->retry_after_ms = (int64_t)retry_after_s * 1000;
    }
}

bool provider_take(struct provider *provider, void **context, struct answer *answer)
{
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(provider->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct exchange *exchange = NULL;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        (void)curl_multi_remove_handle(provider->multi, exchange->easy);
        read_answer(exchange, code, answer);
        *context = exchange->context;
        release(provider, exchange);
        provider->calling--;
        return true;
    }
    return false;
}
