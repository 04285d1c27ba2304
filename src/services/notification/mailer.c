/* SPDX-License-Identifier: Apache-2.0 */
#include "mailer.h"

#include "core/backoff.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/envelope.h"
#include "core/log.h"
#include "letter.h"
#include "notification_contract.h"
#include "notification_sql.h"
#include "post.h"
#include "publishers/work.h"

#include <string.h>

enum {
    TAKE_MAX = 50,
    LEASE_MS = 60 * 1000,
    POLL_MS = 50,
    RETRY_FIRST_MS = 500,
    RETRY_MAX_MS = 5 * 60 * 1000,
    REFUSED_AGAIN_MS = 60 * 60 * 1000,
    REFUSED_MAX_MS = 5 * 24 * REFUSED_AGAIN_MS,
};

struct mailer {
    struct runtime *runtime;
    const struct notification_config *config;
    struct db *db;
    struct uuid lease;
};

/* A row of mail_take.sql. */
struct mail {
    struct uuid id, user_id, correlation_id;
    const char *cause_name, *detail, *traceparent, *name, *email;
    int64_t tries;
    int64_t refused_since_ms; /* INT64_MIN: not by the last answer */
    bool is_forgotten;
};

static struct mail read_mail(const struct db_rows *rows, int row)
{
    return (struct mail){
        .id = db_get_uuid(rows, row, 0),
        .user_id = db_get_uuid(rows, row, 1),
        .cause_name = db_get_text(rows, row, 2),
        .detail = db_get_text(rows, row, 3),
        .correlation_id = db_get_uuid(rows, row, 4),
        .traceparent = db_is_null(rows, row, 5) ? NULL : db_get_text(rows, row, 5),
        .tries = db_get_i64(rows, row, 6),
        .name = db_get_text(rows, row, 7),
        .email = db_get_text(rows, row, 8),
        .is_forgotten = db_get_bool(rows, row, 9),
        .refused_since_ms = db_get_time(rows, row, 10),
    };
}

static bool uses_smtp(const struct mailer *mailer)
{
    return mailer->config->smtp_url != NULL && mailer->config->smtp_url[0] != '\0';
}

static bool is_goodbye(const struct mail *mail)
{
    return strcmp(mail->cause_name, "UserDeleted") == 0;
}

static enum outcome deliver(const struct mailer *mailer, const struct mail *mail,
                            struct fault *fault)
{
    struct buffer text = {0};
    letter_write(&(const struct letter){.cause_id = mail->id,
                                        .cause_name = mail->cause_name,
                                        .detail = mail->detail,
                                        .to_name = mail->name,
                                        .to_email = mail->email,
                                        .from = mailer->config->mail_from,
                                        .now_ms = clock_now_ms()},
                 &text);
    enum outcome o = OK;
    if (uses_smtp(mailer)) {
        const struct post_server server = {.url = mailer->config->smtp_url,
                                           .user = mailer->config->smtp_user,
                                           .password = mailer->config->smtp_password,
                                           .from = mailer->config->mail_from,
                                           .runtime = mailer->runtime};
        o = post_smtp(&server, mail->email, &text, fault);
    } else {
        o = post_maildir(mailer->config->maildir, &mail->id, &text, fault);
    }
    buffer_done(&text);
    return o;
}

static enum outcome say_sent(struct task *task, const struct mailer *mailer,
                             const struct mail *mail)
{
    const struct notification_sent event = {
        .notification_id = ids_new(),
        .user_id = mail->user_id,
        .cause_id = mail->id,
        .cause_name = mail->cause_name,
        .medium =
            uses_smtp(mailer) ? NOTIFICATION_SENT_MEDIUM_SMTP : NOTIFICATION_SENT_MEDIUM_MAILDIR,
        .sent_at_ms = task->work.now_ms,
    };
    return publish_notification_sent(&task->work, &event);
}

static struct envelope cause_of(const struct mail *mail)
{
    return (struct envelope){.id = mail->id,
                             .correlation_id = mail->correlation_id,
                             .has_correlation_id = true,
                             .traceparent = mail->traceparent};
}

/* The mail's outcome, its event and, after a goodbye, the forgetting: one transaction. */
static enum outcome commit_outcome(struct mailer *mailer, const struct mail *mail,
                                   const char *state, struct fault *fault)
{
    const struct envelope cause = cause_of(mail);
    AUTO(task_end) struct task task = {0};
    enum outcome o = task_begin(&task, mailer->db, mailer->runtime, fault);
    if (o != OK) {
        return o;
    }
    task.work.cause = &cause;
    o = work_queue(&task.work, &sql_mail_done,
                   DB_PARAMS(db_uuid(&mail->id), db_uuid(&mailer->lease), db_text(state)), 1);
    if (o == OK && strcmp(state, "sent") == 0) {
        o = say_sent(&task, mailer, mail);
    }
    if (o == OK && is_goodbye(mail)) {
        o = work_queue(&task.work, &sql_recipient_blank, DB_PARAMS(db_uuid(&mail->user_id)),
                       DB_ANY_ROWS);
    }
    return o == OK ? task_commit(&task) : o;
}

static enum outcome connect_db(struct mailer *mailer, struct fault *fault)
{
    if (mailer->db != NULL) {
        return db_is_lost(mailer->db) ? db_reopen(mailer->db, fault) : OK;
    }
    const struct db_options options = {.url = mailer->runtime->config->database_url,
                                       .name = "notification mailer"};
    return db_open(&options, &mailer->db, fault);
}

/* It has left, so a database that goes away now only delays the commit: sending it again is for
 * crashes alone. */
static enum outcome commit_sent(struct mailer *mailer, const struct mail *mail, struct fault *fault)
{
    struct backoff backoff = {0};
    enum outcome o = commit_outcome(mailer, mail, "sent", fault);
    while (o == LOST) {
        int64_t pause = backoff_next(&backoff);
        log_warn("mailer.waiting", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause));
        if (runtime_sleep(mailer->runtime, pause)) {
            return o;
        }
        o = connect_db(mailer, fault);
        o = o == OK ? commit_outcome(mailer, mail, "sent", fault) : o;
    }
    /* Somebody else finished it: our lease had run out. */
    return o == RETRY && fault->is_conflict ? OK : o;
}

static enum outcome try_later(struct mailer *mailer, const struct mail *mail, int64_t delay_ms,
                              bool is_refused, struct fault *fault)
{
    return db_run(mailer->db, &sql_mail_again,
                  DB_PARAMS(db_uuid(&mail->id), db_uuid(&mailer->lease),
                            db_time(clock_now_ms() + delay_ms), db_text(fault->text),
                            db_bool(is_refused)),
                  NULL, fault);
}

static enum outcome put_off(struct mailer *mailer, const struct mail *mail, struct fault *fault)
{
    int64_t delay = RETRY_FIRST_MS;
    for (int64_t i = 1; i < mail->tries && delay < RETRY_MAX_MS; i++) {
        delay *= 2;
    }
    log_warn("mail.put-off", LOG_INT("try", mail->tries), LOG_TEXT("reason", fault->text));
    return try_later(mailer, mail, delay, false, fault);
}

/*
 * A "never" may mean us and not the mail: a server answers "relay access denied" to every recipient
 * when the login is missing, and refuses a sender that it does not like. So the operator has days
 * to mend it before the mail is given up.
 */
static enum outcome keep_refused(struct mailer *mailer, const struct mail *mail,
                                 struct fault *fault)
{
    if (mail->refused_since_ms != INT64_MIN &&
        clock_now_ms() - mail->refused_since_ms > REFUSED_MAX_MS) {
        log_error("mail.dropped", LOG_TEXT("reason", fault->text));
        return commit_outcome(mailer, mail, "dropped", fault);
    }
    log_error("mail.refused", LOG_INT("try", mail->tries), LOG_TEXT("reason", fault->text));
    return try_later(mailer, mail, REFUSED_AGAIN_MS, true, fault);
}

static enum outcome finish(struct mailer *mailer, const struct mail *mail, struct fault *fault)
{
    if (mail->email[0] == '\0' || (mail->is_forgotten && !is_goodbye(mail))) {
        return commit_outcome(mailer, mail, "dropped", fault);
    }
    enum outcome o = deliver(mailer, mail, fault);
    crash_point("notification-after-delivery");
    switch (o) {
    case OK:
        return commit_sent(mailer, mail, fault);
    case RETRY:
        return put_off(mailer, mail, fault);
    case REJECT:
        return keep_refused(mailer, mail, fault);
    case LOST: /* cut off by the stop; it has not left and is given back */
        return OK;
    case FATAL:
        break;
    }
    return o;
}

/* What was leased and not begun is anybody's at once. */
static enum outcome give_back(struct mailer *mailer, struct fault *fault)
{
    return db_run(mailer->db, &sql_mail_give_back, DB_PARAMS(db_uuid(&mailer->lease)), NULL, fault);
}

/* One round. `done` counts what was taken. */
static enum outcome work_off(struct mailer *mailer, int *done, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(mailer->db, &sql_mail_take,
                            DB_PARAMS(db_uuid(&mailer->lease), db_i32(TAKE_MAX), db_i64(LEASE_MS)),
                            &rows, fault);
    *done = db_rows_count(rows);
    /* One begun later could end after its lease, and somebody else would send it as well. */
    int64_t last_start_ms = clock_monotonic_ms() + LEASE_MS / 2;
    bool is_time_left = true;
    for (int row = 0; o == OK && row < *done && is_time_left; row++) {
        const struct mail mail = read_mail(rows, row);
        const struct envelope cause = cause_of(&mail);
        log_bind(&cause);
        o = finish(mailer, &mail, fault);
        log_unbind();
        is_time_left =
            clock_monotonic_ms() < last_start_ms && !runtime_is_stopping(mailer->runtime);
    }
    return o == OK && !is_time_left ? give_back(mailer, fault) : o;
}

static enum outcome count_waiting(struct mailer *mailer, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(mailer->db, &sql_mail_waiting, DB_NO_PARAMS, &rows, fault);
    if (o == OK) {
        mailer->runtime->counters.needs_attention = db_get_i64(rows, 0, 0);
    }
    return o;
}

/* A partition of the inbox goes up to a day late. */
enum { EXPIRE_ROWS = 1000, SPARE_DAYS = 2 };

static enum outcome expire(struct mailer *mailer, struct fault *fault)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    int64_t before_ms =
        clock_now_ms() - (mailer->runtime->config->inbox_days + SPARE_DAYS) * day_ms;
    const struct uuid floor = ids_floor(before_ms);
    return db_run(mailer->db, &sql_mail_expire,
                  DB_PARAMS(db_uuid(&floor), db_time(before_ms), db_i32(EXPIRE_ROWS)), NULL, fault);
}

static enum outcome look_after(struct mailer *mailer, struct fault *fault)
{
    enum outcome o = count_waiting(mailer, fault);
    return o == OK ? expire(mailer, fault) : o;
}

enum { ROUNDS_PER_LOOK = 100 };

static enum outcome mailer_run(struct runtime *runtime, int index, struct fault *fault)
{
    (void)index;
    struct mailer mailer = {.runtime = runtime, .config = runtime->own, .lease = ids_new()};
    struct backoff backoff = {0};
    for (int round = 0; !runtime_is_stopping(runtime); round++) {
        int done = 0;
        enum outcome o = connect_db(&mailer, fault);
        if (o == OK) {
            o = work_off(&mailer, &done, fault);
        }
        if (o == OK && round % ROUNDS_PER_LOOK == 0) {
            o = look_after(&mailer, fault);
        }
        if (o == FATAL) {
            db_close(mailer.db);
            return o;
        }
        if (o == OK) {
            backoff = (struct backoff){0};
            (void)runtime_sleep(runtime, done > 0 ? 0 : POLL_MS);
        } else {
            int64_t pause = backoff_next(&backoff);
            log_warn("mailer.waiting", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause));
            (void)runtime_sleep(runtime, pause);
        }
    }
    db_close(mailer.db);
    return OK;
}

const struct part mailer_part = {.name = "mailer", .run = mailer_run};
