/* SPDX-License-Identifier: Apache-2.0 */
#include "support/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { URL_BYTES = 512, TIMEOUT_S = 20 };

static size_t keep(char *data, size_t size, size_t count, void *context)
{
    buffer_add(context, data, size * count);
    return size * count;
}

static void set_body(CURL *curl, const char *body, size_t length)
{
    if (body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)length);
    }
}

struct answer client_call(int port, const char *method, const char *path,
                          const char *const *headers, const char *body, size_t length)
{
    struct answer answer = {0};
    char url[URL_BYTES];
    struct curl_slist *list = NULL;
    CURL *curl = curl_easy_init();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    for (size_t i = 0; headers != NULL && headers[i] != NULL; i++) {
        list = curl_slist_append(list, headers[i]);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    set_body(curl, body, length);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.head);
    if (curl_easy_perform(curl) == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    }
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    return answer;
}

bool answer_has_head(struct answer *answer, const char *line)
{
    return strstr(buffer_cstr(&answer->head), line) != NULL;
}

bool answer_has(struct answer *answer, const char *text)
{
    return strstr(buffer_cstr(&answer->body), text) != NULL;
}

void answer_done(struct answer *answer)
{
    buffer_done(&answer->head);
    buffer_done(&answer->body);
}
