/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include "core/memory.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *cause;
    const char *subject;
    const char *text; /* before the detail */
    const char *end;  /* after it */
} texts[] = {
    {"UserRegistered", "Welcome to the Fit Company",
     "Your account is ready. Set a goal and we will plan your training.", ""},
    {"ProfileUpdated", "Your profile was changed",
     "Your name or address was changed. If that was not you, tell us.", ""},
    {"UserDeleted", "Goodbye", "Your account is deleted. Thank you for training with us.", ""},
    {"PlanGenerated", "Your training plan is ready", "Your new training plan is ready: ", "."},
    {"PlanGenerationFailed", "We could not make your plan", "We could not make your plan. ", ""},
    {"PremiumActivated", "Premium is on", "Your payment has arrived and premium is switched on.",
     ""},
    {"PremiumUpgradeCompleted", "Your upgrade is complete", "Your premium plan is ready. Enjoy it.",
     ""},
    {"PremiumUpgradeRejected", "Your upgrade was not possible",
     "Your payment was declined, and nothing was charged: ", "."},
    {"PremiumUpgradeCancelled", "Your upgrade was cancelled",
     "Your upgrade was cancelled and everything was undone. Reason: ", "."},
    {"PaymentRefunded", "Your money is on its way back", "We have refunded ", "."},
};

static size_t find(const char *cause_name)
{
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (strcmp(texts[i].cause, cause_name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

enum {
    LINE_BYTES = 57,
    LINE_TEXT_BYTES = 80
}; /* 57 bytes are 76 characters of base64, RFC 2045's limit */

static void add_base64(struct buffer *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length; at += LINE_BYTES) {
        char line[LINE_TEXT_BYTES];
        size_t part = length - at < LINE_BYTES ? length - at : LINE_BYTES;
        (void)sodium_bin2base64(line, sizeof line, (const unsigned char *)text + at, part,
                                sodium_base64_VARIANT_ORIGINAL);
        buffer_printf(out, "%s\r\n", line);
    }
}

/* RFC 2047: an encoded word holds at most 75 characters, and no character is cut in two. */
enum { WORD_BYTES = 42 };

static void add_name(struct buffer *out, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at < length;) {
        size_t part = length - at < WORD_BYTES ? length - at : WORD_BYTES;
        while (at + part < length && part > 1 && ((unsigned char)name[at + part] & 0xc0) == 0x80) {
            part--;
        }
        char word[LINE_TEXT_BYTES];
        (void)sodium_bin2base64(word, sizeof word, (const unsigned char *)name + at, part,
                                sodium_base64_VARIANT_ORIGINAL);
        buffer_printf(out, "=?UTF-8?B?%s?=\r\n ", word);
        at += part;
    }
}

static void add_date(struct buffer *out, int64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    char text[64];
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    buffer_printf(out, "Date: %s\r\n", text);
}

void letter_write(const struct letter *letter, struct buffer *out)
{
    size_t i = find(letter->cause_name);
    if (i == SIZE_MAX) {
        return;
    }
    char id[UUID_TEXT_BYTES];
    buffer_printf(out, "From: The Fit Company <%s>\r\nTo: ", letter->from);
    add_name(out, letter->to_name);
    buffer_printf(out, "<%s>\r\nSubject: %s\r\n", letter->to_email, texts[i].subject);
    add_date(out, letter->now_ms);
    /* Stable: who gets a second copy after a crash between the server's 250 and our commit can
     * tell. */
    buffer_printf(out, "Message-ID: <%s@%s>\r\n", ids_format(&letter->cause_id, id),
                  "notification.fit.example");
    buffer_text(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");

    struct buffer body = {0};
    buffer_printf(
        &body, "Hello %s,\r\n\r\n%s%s%s\r\n\r\nThe Fit Company\r\n", letter->to_name, texts[i].text,
        texts[i].end[0] != '\0' || texts[i].text[strlen(texts[i].text) - 1] == ' ' ? letter->detail
                                                                                   : "",
        texts[i].end);
    add_base64(out, body.bytes, body.length);
    buffer_done(&body);
}
