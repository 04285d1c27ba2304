/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNECT_MS = 5000, SEND_MS = 20000, GOODBYE_MS = 1000 };
enum { AUTHENTICATION_REQUIRED = 530 }; /* RFC 4954 */

static enum outcome make_folders(const char *folder, struct fault *fault)
{
    static const char *const parts[] = {"", "/tmp", "/new", "/cur"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AUTO(free_text) char *path = xasprintf("%s%s", folder, parts[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return fault_set(fault, RETRY, "%s: %s", path, strerror(errno));
        }
    }
    return OK;
}

static enum outcome write_whole(const char *path, const struct buffer *message, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fault_set(fault, RETRY, "%s: %s", path, strerror(errno));
    }
    size_t done = 0;
    while (done < message->length) {
        ssize_t wrote = write(fd, message->bytes + done, message->length - done);
        if (wrote < 0 && errno != EINTR) {
            break;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    bool is_safe = done == message->length && fsync(fd) == 0;
    int error = errno;
    (void)close(fd);
    return is_safe ? OK : fault_set(fault, RETRY, "%s: %s", path, strerror(error));
}

static void sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

/* A reader that has seen a mail moves it from new/ to cur/ and appends flags to its name. */
static enum outcome find_seen(const char *folder, const char *name, bool *is_there,
                              struct fault *fault)
{
    AUTO(free_text) char *path = xasprintf("%s/cur", folder);
    DIR *seen = opendir(path);
    if (seen == NULL) {
        return fault_set(fault, RETRY, "%s: %s", path, strerror(errno));
    }
    *is_there = false;
    for (const struct dirent *entry; !*is_there && (entry = readdir(seen)) != NULL;) {
        *is_there = text_starts_with(entry->d_name, name);
    }
    (void)closedir(seen);
    return OK;
}

enum outcome post_maildir(const char *folder, const struct uuid *id, const struct buffer *message,
                          struct fault *fault)
{
    char name[UUID_TEXT_BYTES];
    (void)ids_format(id, name);
    enum outcome o = make_folders(folder, fault);
    if (o != OK) {
        return o;
    }
    AUTO(free_text) char *draft = xasprintf("%s/tmp/%s.%ld", folder, name, (long)getpid());
    AUTO(free_text) char *arrived = xasprintf("%s/new", folder);
    AUTO(free_text) char *final = xasprintf("%s/%s", arrived, name);
    /* In this order: one that leaves new/ in between is seen in cur/. */
    bool is_there = access(final, F_OK) == 0;
    if (!is_there) {
        o = find_seen(folder, name, &is_there, fault);
    }
    if (o != OK || is_there) {
        return o;
    }
    o = write_whole(draft, message, fault);
    /* link() and not rename(): what is there already stays, and tells that this mail has been
     * delivered. */
    if (o == OK && link(draft, final) != 0 && errno != EEXIST) {
        o = fault_set(fault, RETRY, "%s: %s", final, strerror(errno));
    }
    (void)unlink(draft);
    sync_folder(arrived);
    return o;
}

struct upload {
    const struct buffer *message;
    size_t done;
    const struct runtime *runtime;
    bool is_cut_short;
    int64_t give_up_ms;
};

/* The last byte may be on its way, and with it the final dot: the server may accept it any time. */
static bool is_handed_over(const struct upload *upload)
{
    return upload->done == upload->message->length;
}

static size_t read_upload(char *out, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t rest = upload->message->length - upload->done;
    size_t part = size * count < rest ? size * count : rest;
    memcpy(out, upload->message->bytes + upload->done, part);
    upload->done += part;
    return part;
}

/* libcurl asks this at least once a second. Not 0 ends the delivery. */
static int watch_stop(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                      curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    struct upload *upload = context;
    int64_t now_ms = clock_monotonic_ms();
    bool is_stopping = runtime_is_stopping(upload->runtime);
    if (is_stopping && !upload->is_cut_short) {
        int64_t half_ms = upload->runtime->config->drain_ms / 2;
        upload->is_cut_short = true;
        upload->give_up_ms =
            now_ms + half_ms < upload->give_up_ms ? now_ms + half_ms : upload->give_up_ms;
    }
    return now_ms >= upload->give_up_ms || (is_stopping && !is_handed_over(upload));
}

enum outcome post_check_url(const char *url, struct fault *fault)
{
    bool is_mail = text_starts_with(url, "smtp://") || text_starts_with(url, "smtps://");
    return is_mail ? OK : fault_set(fault, FATAL, "SMTP_URL must begin with smtp:// or smtps://");
}

/*
 * 5xx to the message or its addresses. What a server has against us by its greeting, TLS or the
 * login is no answer to the mail.
 */
static bool is_refused(CURL *curl, CURLcode failed, long code)
{
    curl_off_t sent = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &sent);
    bool is_about_mail =
        failed == CURLE_SEND_ERROR || (failed == CURLE_WEIRD_SERVER_REPLY && sent > 0);
    return is_about_mail && code >= 500 && code < 600 && code != AUTHENTICATION_REQUIRED;
}

enum outcome post_smtp(const struct post_server *server, const char *to,
                       const struct buffer *message, struct fault *fault)
{
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        return fault_set(fault, FATAL, "libcurl cannot start");
    }
    AUTO(free_text) char *from = xasprintf("<%s>", server->from);
    AUTO(free_text) char *recipient = xasprintf("<%s>", to);
    struct upload upload = {.message = message,
                            .runtime = server->runtime,
                            .give_up_ms = clock_monotonic_ms() + SEND_MS + GOODBYE_MS};
    char words[CURL_ERROR_SIZE] = ""; /* "RCPT failed: 554": at what the server said no */
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    (void)curl_easy_setopt(curl, CURLOPT_URL, server->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    /* So that QUIT and its answer are under the same watch, and not in a clean-up that is under
     * none. */
    (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &upload);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)SEND_MS);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (server->user != NULL && server->user[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, server->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, server->password);
        (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
    }

    CURLcode failed = curl_easy_perform(curl);
    long code = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    bool is_final = is_refused(curl, failed, code);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    if (failed == CURLE_OK) {
        return OK;
    }
    if (failed == CURLE_ABORTED_BY_CALLBACK && !is_handed_over(&upload)) {
        return fault_set(fault, LOST, "SMTP: stopping");
    }
    return fault_set(fault, is_final ? REJECT : RETRY, "SMTP: %s (%ld)",
                     words[0] != '\0' ? words : curl_easy_strerror(failed), code);
}
