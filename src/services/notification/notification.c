/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/consumer.h"
#include "core/format.h"
#include "core/money.h"
#include "core/service.h"
#include "mailer.h"
#include "notification_contract.h"
#include "notification_sql.h"
#include "post.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "publishers/work.h"

#include <string.h>

/* Notes that the user is to be told about the causing event; the mailer does it. */
static enum outcome note(struct work *work, const struct uuid *user_id, const char *cause_name,
                         const char *detail)
{
    const struct envelope *cause = work->cause;
    return work_queue(work, &sql_mail_note,
                      DB_PARAMS(db_uuid(&cause->id), db_uuid(user_id), db_text(cause_name),
                                db_text(detail), db_uuid(&cause->correlation_id),
                                db_text(cause->traceparent)),
                      DB_ANY_ROWS);
}

static enum outcome remember(struct work *work, const struct uuid *user_id, const char *name,
                             const char *email)
{
    return work_queue(
        work, &sql_recipient_set,
        DB_PARAMS(db_uuid(user_id), db_text(name), db_text(email), db_i64(work->cause->sequence)),
        DB_ANY_ROWS);
}

enum outcome on_user_registered(struct work *work, const struct user_registered *event)
{
    enum outcome o = remember(work, &event->user_id, event->name, event->email);
    return o == OK ? note(work, &event->user_id, "UserRegistered", "") : o;
}

enum outcome on_profile_updated(struct work *work, const struct profile_updated *event)
{
    const struct envelope *cause = work->cause;
    /* First, while the address from before is known. */
    enum outcome o = work_queue(
        work, &sql_mail_note_change,
        DB_PARAMS(db_uuid(&cause->id), db_uuid(&event->user_id), db_text("ProfileUpdated"),
                  db_text(""), db_uuid(&cause->correlation_id), db_text(cause->traceparent),
                  db_i64(cause->sequence), db_text(event->email)),
        DB_ANY_ROWS);
    return o == OK ? remember(work, &event->user_id, event->name, event->email) : o;
}

enum outcome on_user_deleted(struct work *work, const struct user_deleted *event)
{
    enum outcome o =
        work_queue(work, &sql_recipient_forget,
                   DB_PARAMS(db_uuid(&event->user_id), db_i64(work->cause->sequence)), DB_ANY_ROWS);
    return o == OK ? note(work, &event->user_id, "UserDeleted", "") : o;
}

enum outcome on_plan_generated(struct work *work, const struct plan_generated *event)
{
    /* Coaching alone knows which plan counts. */
    const char *when = event->has_upgrade_id
                           ? ", premium"
                           : ". If you have premium, your premium plan goes on, and this one waits "
                             "until premium is taken back";
    const char *detail =
        arena_printf(work->arena, "%lld weeks, %lld days a week%s", (long long)event->weeks,
                     (long long)event->days_per_week, when);
    return note(work, &event->user_id, "PlanGenerated", detail);
}

enum outcome on_plan_generation_failed(struct work *work,
                                       const struct plan_generation_failed *event)
{
    return note(work, &event->user_id, "PlanGenerationFailed", event->detail);
}

enum outcome on_premium_activated(struct work *work, const struct premium_activated *event)
{
    return note(work, &event->user_id, "PremiumActivated", "");
}

enum outcome on_premium_upgrade_completed(struct work *work,
                                          const struct premium_upgrade_completed *event)
{
    return note(work, &event->user_id, "PremiumUpgradeCompleted", "");
}

static const char *decline_words(enum decline_reason reason)
{
    static const char *const words[] = {
        [DECLINE_REASON_CARD_DECLINED] = "your bank declined the card; ask it, or use another card",
        [DECLINE_REASON_INSUFFICIENT_FUNDS] = "there is not enough money behind the card",
        [DECLINE_REASON_LOST_CARD] = "your bank does not accept this card any more",
        [DECLINE_REASON_STOLEN_CARD] = "your bank does not accept this card any more",
        [DECLINE_REASON_EXPIRED_CARD] = "the card has expired",
        [DECLINE_REASON_INCORRECT_CVC] = "the card's security code was wrong",
        [DECLINE_REASON_PROCESSING_ERROR] =
            "the card could not be processed this time; try again later",
        [DECLINE_REASON_AUTHENTICATION_REQUIRED] =
            "your bank wants a confirmation that we cannot ask for; use another card",
        [DECLINE_REASON_OTHER] = "the card was not accepted; use another card",
    };
    return words[reason];
}

enum outcome on_premium_upgrade_rejected(struct work *work,
                                         const struct premium_upgrade_rejected *event)
{
    return note(work, &event->user_id, "PremiumUpgradeRejected", decline_words(event->reason));
}

static const char *cancellation_words(enum revocation_reason reason)
{
    static const char *const words[] = {
        [REVOCATION_REASON_CANCELLED] = "you cancelled it",
        [REVOCATION_REASON_DEADLINE] = "it took too long",
        [REVOCATION_REASON_USER_DELETED] = "the account was deleted",
        [REVOCATION_REASON_PLAN_FAILED] = "your premium plan could not be made",
    };
    return words[reason];
}

enum outcome on_premium_upgrade_cancelled(struct work *work,
                                          const struct premium_upgrade_cancelled *event)
{
    return note(work, &event->user_id, "PremiumUpgradeCancelled",
                cancellation_words(event->reason));
}

enum outcome on_payment_refunded(struct work *work, const struct payment_refunded *event)
{
    char amount[MONEY_TEXT_BYTES];
    (void)money_format(event->amount_minor, event->currency, amount);
    return note(work, &event->user_id, "PaymentRefunded",
                arena_text(work->arena, amount, strlen(amount)));
}

static const struct config_entry config[] = {
    {"SMTP_URL", CONFIG_TEXT, offsetof(struct notification_config, smtp_url), "", false, 0, 0,
     "mail server, smtp://host:port or smtps://host:port; empty = write to MAILDIR"},
    {"SMTP_USER", CONFIG_TEXT, offsetof(struct notification_config, smtp_user), "", false, 0, 0,
     "user at the mail server; empty = no authentication"},
    {"SMTP_PASSWORD", CONFIG_SECRET, offsetof(struct notification_config, smtp_password), "", false,
     0, 0, "its password"},
    {"MAIL_FROM", CONFIG_TEXT, offsetof(struct notification_config, mail_from), "coach@fit.example",
     false, 0, 0, "sender address"},
    {"MAILDIR", CONFIG_PATH, offsetof(struct notification_config, maildir), ".run/mail", false, 0,
     0, "folder for mail when SMTP_URL is empty"},
};

static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part,
                                           &mailer_part, NULL};

static enum outcome prepare(struct runtime *runtime, struct fault *fault)
{
    const struct notification_config *own = runtime->own;
    if (!format_is_email(own->mail_from, strlen(own->mail_from))) {
        return fault_set(fault, FATAL, "MAIL_FROM must be an address such as coach@fit.example");
    }
    return own->smtp_url[0] == '\0' ? OK : post_check_url(own->smtp_url, fault);
}

static const struct service notification_service = {
    .name = "notification",
    .summary = "tells users by mail what concerns them, once for each cause",
    .contract = &notification_contract,
    .parts = parts,
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct notification_config),
    .prepare = prepare,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &notification_service);
}
