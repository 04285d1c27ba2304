/* SPDX-License-Identifier: Apache-2.0 */
#include "services/notification/letter.h"

#include "core/memory.h"
#include "core/text.h"
#include "unit.h"

#include <sodium.h>
#include <string.h>

enum { WORD_MAX = 75, LINE_WISH = 78, LINE_MAX_BYTES = 998 };

#define NOW_MS 1795000000123

static const struct uuid cause_id = {.bytes = {0x01, 0x93, 0x8f, 0x60, 0x4d, 0x10, 0x7b, 0x8e, 0xa2,
                                               0xf3, 0x6c, 0x7d, 0x8e, 0x9f, 0x0a, 0x1b}};

static struct letter make_letter(void)
{
    return (struct letter){.cause_id = cause_id,
                           .cause_name = "PlanGenerated",
                           .detail = "8 weeks",
                           .to_name = "Ada Lovelace",
                           .to_email = "ada@example.org",
                           .from = "coach@fit.example",
                           .now_ms = NOW_MS};
}

static void decode(const char *text, size_t length, struct buffer *out)
{
    size_t count = 0;
    char *room = buffer_reserve(out, length);
    ck_assert_msg(sodium_base642bin((unsigned char *)room, length, text, length, NULL, &count, NULL,
                                    sodium_base64_VARIANT_ORIGINAL) == 0,
                  "not base64: %.*s", (int)length, text);
    buffer_grow(out, count);
}

/* Lines end in CR LF and nothing else does; none is too long. Returns the body. */
static const char *check_lines(struct buffer *message, size_t wish)
{
    const char *body = NULL;
    const char *text = buffer_cstr(message);
    ck_assert_uint_eq(strlen(text), message->length);
    while (*text != '\0') {
        size_t length = strcspn(text, "\r\n");
        ck_assert_msg(strncmp(text + length, "\r\n", 2) == 0, "a line ends in half: %s", text);
        ck_assert_msg(length <= wish, "%zu characters: %.*s", length, (int)length, text);
        for (size_t i = 0; i < length; i++) {
            ck_assert_msg(text[i] >= ' ' && text[i] <= '~', "not plain: %.*s", (int)length, text);
        }
        text += length + 2;
        body = length == 0 && body == NULL ? text : body;
    }
    ck_assert_ptr_nonnull(body);
    return body;
}

/* "From To Subject": the names of the headers, in their order. Yours. */
static char *header_names(const char *text, const char *body)
{
    struct buffer names = {0};
    while (text < body - 2) {
        if (*text != ' ') {
            size_t length = strcspn(text, ":\r");
            ck_assert_msg(text[length] == ':', "no header: %s", text);
            buffer_printf(&names, "%s%.*s", names.length > 0 ? " " : "", (int)length, text);
        }
        text = strstr(text, "\r\n") + 2;
    }
    char *result = xstrdup(buffer_cstr(&names));
    buffer_done(&names);
    return result;
}

/* The value of a header, still folded. Yours. */
static char *header(const char *text, const char *name)
{
    AUTO(free_text) char *start = xasprintf("\r\n%s: ", name);
    const char *value = strstr(text, start);
    ck_assert_msg(value != NULL, "no %s", name);
    value += strlen(start);
    const char *end = strstr(value, "\r\n");
    while (end[2] == ' ') {
        end = strstr(end + 2, "\r\n");
    }
    return xasprintf("%.*s", (int)(end - value), value);
}

#define WORD_START "=?UTF-8?B?"
#define WORD_END "?="

/* Encoded words, each a whole number of characters, then the address. */
static void check_recipient(const char *to, const char *name, const char *email)
{
    AUTO(buffer_done) struct buffer decoded = {0};
    while (text_starts_with(to, WORD_START)) {
        const char *word = to + strlen(WORD_START);
        const char *end = strstr(word, WORD_END);
        ck_assert_ptr_nonnull(end);
        ck_assert_uint_le((size_t)(end + strlen(WORD_END) - to), WORD_MAX);
        size_t before = decoded.length;
        decode(word, (size_t)(end - word), &decoded);
        ck_assert_uint_gt(decoded.length, before);
        ck_assert(text_is_utf8(decoded.bytes + before, decoded.length - before, NULL));
        to = end + strlen(WORD_END);
        ck_assert_msg(text_starts_with(to, "\r\n "), "not folded: %s", to);
        to += strlen("\r\n ");
    }
    ck_assert_str_eq(buffer_cstr(&decoded), name);
    AUTO(free_text) char *address = xasprintf("<%s>", email);
    ck_assert_str_eq(to, address);
}

#define ALL_HEADERS                                                                                \
    "From To Subject Date Message-ID MIME-Version Content-Type Content-Transfer-Encoding "         \
    "Auto-Submitted"

/* Everything that holds for every letter; the decoded body is appended. */
static void check_letter(const struct letter *letter, size_t wish, struct buffer *body)
{
    AUTO(buffer_done) struct buffer message = {0};
    letter_write(letter, &message);
    const char *encoded = check_lines(&message, wish);
    AUTO(free_text) char *names = header_names(message.bytes, encoded);
    ck_assert_str_eq(names, ALL_HEADERS);
    AUTO(free_text) char *to = header(message.bytes, "To");
    check_recipient(to, letter->to_name, letter->to_email);
    AUTO(free_text) char *encoding = header(message.bytes, "Content-Transfer-Encoding");
    ck_assert_str_eq(encoding, "base64");
    while (*encoded != '\0') {
        size_t length = strcspn(encoded, "\r");
        decode(encoded, length, body);
        encoded += length + 2;
    }
    AUTO(free_text) char *hello = xasprintf("Hello %s,\r\n\r\n", letter->to_name);
    ck_assert_msg(text_starts_with(buffer_cstr(body), hello), "%s", body->bytes);
}

#define TEN(text) text text text text text text text text text text
#define HUNDRED(text) TEN(TEN(text))

static const char *const names[] = {
    "",
    "Ada Lovelace",
    "Zoë Đặng",
    "\"Ada\" <ada@example.com>, eve@example.com",
    "=?UTF-8?Q?Eve?=",
    HUNDRED("ab"),
    /* of 2, 3 and 4 bytes, at every distance from the start of a word */
    HUNDRED("ë"),
    "x" HUNDRED("ë"),
    HUNDRED("語"),
    "x" HUNDRED("語"),
    "xy" HUNDRED("語"),
    HUNDRED("🏃") HUNDRED("🏃"),
    "x" HUNDRED("🏃"),
    "xy" HUNDRED("🏃"),
    "xyz" HUNDRED("🏃"),
    /* what would end a header or begin another */
    "Eve\r\nBcc: all@example.com",
    "Eve\nBcc: all@example.com",
    "Eve\rBcc: all@example.com",
    "Eve\r\n\r\nYou have won",
    "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n",
    "\x01\x1b[2J\x7f\t",
    "\xc2\x85\u2028\u00a0",
};

START_TEST(a_name_stays_within_its_words)
{
    struct letter letter = make_letter();
    letter.to_name = names[_i];
    AUTO(buffer_done) struct buffer body = {0};
    check_letter(&letter, LINE_WISH, &body);
}
END_TEST

START_TEST(the_longest_address_fits_in_a_line)
{
    struct letter letter = make_letter();
    /* 254 characters */
    letter.to_email = HUNDRED("a.") "a" TEN("b.") TEN("c.") "d@example.com";
    letter.to_name = HUNDRED("🏃") HUNDRED("🏃");
    AUTO(buffer_done) struct buffer body = {0};
    check_letter(&letter, LINE_MAX_BYTES, &body);
}
END_TEST

static const struct {
    const char *cause_name;
    const char *words; /* of the text, with the detail where it belongs */
} causes[] = {
    {"UserRegistered", "Your account is ready."},
    {"ProfileUpdated", "Your name or address was changed."},
    {"UserDeleted", "Your account is deleted."},
    {"PlanGenerated", "training plan is ready: 8 weeks.\r\n"},
    {"PlanGenerationFailed", "could not make your plan. 8 weeks\r\n"},
    {"PremiumActivated", "premium is switched on."},
    {"PremiumUpgradeCompleted", "Your premium plan is ready."},
    {"PremiumUpgradeRejected", "nothing was charged: 8 weeks.\r\n"},
    {"PremiumUpgradeCancelled", "Reason: 8 weeks.\r\n"},
    {"PaymentRefunded", "refunded 8 weeks.\r\n"},
};

START_TEST(every_cause_has_a_text)
{
    struct letter letter = make_letter();
    letter.cause_name = causes[_i].cause_name;
    AUTO(buffer_done) struct buffer body = {0};
    check_letter(&letter, LINE_WISH, &body);
    ck_assert_msg(strstr(buffer_cstr(&body), causes[_i].words) != NULL, "%s", body.bytes);
}
END_TEST

START_TEST(an_unknown_cause_has_none)
{
    struct letter letter = make_letter();
    letter.cause_name = "PlanWithdrawn";
    AUTO(buffer_done) struct buffer message = {0};
    letter_write(&letter, &message);
    ck_assert_uint_eq(message.length, 0);
}
END_TEST

static const char *const details[] = {
    "",
    "Zwölf Wochen, 3 Tage 🏃",
    HUNDRED("twelve weeks and a day, "),
    "x\r\n\r\nFrom: eve@example.com\r\nSubject: won\r\n",
    "\r\n.\r\nQUIT\r\n",
    ".",
    "a\x01\x7f\xc2\x85",
};

START_TEST(a_detail_stays_within_the_body)
{
    struct letter letter = make_letter();
    letter.detail = details[_i];
    AUTO(buffer_done) struct buffer body = {0};
    check_letter(&letter, LINE_WISH, &body);
    AUTO(free_text)
    char *whole = xasprintf("Hello Ada Lovelace,\r\n\r\nYour new training plan is ready: %s."
                            "\r\n\r\nThe Fit Company\r\n",
                            details[_i]);
    ck_assert_str_eq(buffer_cstr(&body), whole);
}
END_TEST

static char *header_of(const struct letter *letter, const char *name)
{
    AUTO(buffer_done) struct buffer message = {0};
    letter_write(letter, &message);
    return header(buffer_cstr(&message), name);
}

START_TEST(the_message_id_depends_on_the_cause_alone)
{
    struct letter letter = make_letter();
    AUTO(free_text) char *id = header_of(&letter, "Message-ID");
    ck_assert_str_eq(id, "<01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b@notification.fit.example>");
    letter.now_ms += 100000;
    letter.detail = letter.to_name = "another";
    letter.to_email = "another@example.com";
    letter.from = "another@fit.example";
    AUTO(free_text) char *same = header_of(&letter, "Message-ID");
    ck_assert_str_eq(same, id);
    letter.cause_id = ids_new();
    AUTO(free_text) char *other = header_of(&letter, "Message-ID");
    ck_assert_str_ne(other, id);
}
END_TEST

START_TEST(the_date_is_that_of_the_letter)
{
    const struct letter letter = make_letter();
    AUTO(free_text) char *date = header_of(&letter, "Date");
    ck_assert_str_eq(date, "Wed, 18 Nov 2026 11:06:40 +0000");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("letter");
    TCase *tcase = tcase_create("letter");
    tcase_add_loop_test(tcase, a_name_stays_within_its_words, 0, (int)COUNT_OF(names));
    tcase_add_test(tcase, the_longest_address_fits_in_a_line);
    tcase_add_loop_test(tcase, every_cause_has_a_text, 0, (int)COUNT_OF(causes));
    tcase_add_test(tcase, an_unknown_cause_has_none);
    tcase_add_loop_test(tcase, a_detail_stays_within_the_body, 0, (int)COUNT_OF(details));
    tcase_add_test(tcase, the_message_id_depends_on_the_cause_alone);
    tcase_add_test(tcase, the_date_is_that_of_the_letter);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
