/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/management.h"

#include "core/buffer.h"
#include "core/memory.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX_BYTES = 64 * 1024 * 1024,
    SEGMENTS_MAX = 8,
    TIMEOUT_MS = 15000,
};

struct management {
    CURL *curl;
    char *url;
    char *ca, *certificate, *key; /* PEM files; NULL: none */
    struct buffer answer;
    long status;
};

enum outcome management_open(const char *url, struct management **out, struct fault *fault)
{
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        return fault_set(fault, FATAL, "libcurl cannot start");
    }
    struct management *management = xcalloc(1, sizeof *management);
    management->curl = curl;
    management->url = xstrdup(url);
    size_t length = strlen(management->url);
    while (length > 0 && management->url[length - 1] == '/') {
        management->url[--length] = '\0';
    }
    *out = management;
    return OK;
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

void management_trust(struct management *management, const struct tls_files *files)
{
    management->ca = copy_or_null(files->ca);
    management->certificate = copy_or_null(files->certificate);
    management->key = copy_or_null(files->key);
}

void management_close(struct management *management)
{
    if (management == NULL) {
        return;
    }
    curl_easy_cleanup(management->curl);
    buffer_done(&management->answer);
    explicit_bzero(management->url, strlen(management->url));
    free(management->url);
    free(management->ca);
    free(management->certificate);
    free(management->key);
    free(management);
}

void management_close_auto(struct management **management)
{
    management_close(*management);
}

static size_t keep_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct management *management = context;
    if (management->answer.length + size * count > ANSWER_MAX_BYTES) {
        return 0;
    }
    buffer_add(&management->answer, bytes, size * count);
    return size * count;
}

/* The path with its %s replaced by percent-encoded segments. */
static char *make_url(const struct management *management, const char *path, va_list args)
{
    struct buffer url = {0};
    buffer_printf(&url, "%s/api/", management->url);
    while (*path != '\0') {
        if (path[0] == '%' && path[1] == 's') {
            char *segment = curl_easy_escape(management->curl, va_arg(args, const char *), 0);
            buffer_text(&url, segment);
            curl_free(segment);
            path += 2;
        } else {
            buffer_byte(&url, *path++);
        }
    }
    char *text = xstrdup(buffer_cstr(&url));
    buffer_done(&url);
    return text;
}

static enum outcome judge(struct management *management, const char *method, const char *path,
                          json_object *answer, struct fault *fault)
{
    if (management->status >= 200 && management->status < 300) {
        return OK;
    }
    json_object *reason = NULL;
    const char *text = "";
    if (answer != NULL && json_object_is_type(answer, json_type_object) &&
        json_object_object_get_ex(answer, "reason", &reason)) {
        text = json_object_get_string(reason);
    }
    return fault_set(fault, management->status >= 500 ? RETRY : REJECT,
                     "management API: %s %s: %ld %s", method, path, management->status, text);
}

static void set_tls(const struct management *management)
{
    CURL *curl = management->curl;
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (management->ca != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, management->ca);
        (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* no other CA beside it */
    }
    if (management->certificate != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, management->certificate);
        (void)curl_easy_setopt(curl, CURLOPT_SSLKEY,
                               management->key != NULL ? management->key : management->certificate);
    }
}

static enum outcome perform(struct management *management, const char *method, const char *url,
                            const char *path, json_object *body, json_object **out,
                            struct fault *fault)
{
    CURL *curl = management->curl;
    char reason[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_reset(curl);
    buffer_clear(&management->answer);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    set_tls(management);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, management);
    if (body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS,
                               json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
    }
    CURLcode failed = curl_easy_perform(curl);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    if (failed != CURLE_OK) {
        return fault_set(fault, LOST, "management API: %s",
                         reason[0] != '\0' ? reason : curl_easy_strerror(failed));
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &management->status);

    json_object *answer =
        management->answer.length > 0 ? json_tokener_parse(buffer_cstr(&management->answer)) : NULL;
    enum outcome o = judge(management, method, path, answer, fault);
    if (o == OK && out != NULL) {
        *out = answer;
    } else {
        (void)json_object_put(answer);
    }
    return o;
}

enum outcome management_call(struct management *management, const char *method, json_object *body,
                             json_object **out, struct fault *fault, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    AUTO(free_text) char *url = make_url(management, path, args);
    va_end(args);
    return perform(management, method, url, path, body, out, fault);
}

enum outcome management_send(struct management *management, const char *method, const char *path,
                             json_object *body, struct fault *fault)
{
    AUTO(free_text) char *url = xasprintf("%s/api/%s", management->url, path);
    return perform(management, method, url, path, body, NULL, fault);
}

long management_status(const struct management *management)
{
    return management->status;
}
