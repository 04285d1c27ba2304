/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/schema.h"

#include "core/db.h"
#include "core/memory.h"
#include "tools/migration.h"
#include "tools/schema_sql.h"
#include "tools/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * Databases and roles of every service, from the contracts: database <prefix><service>, owned by
 * <service>_owner (no login), used by <service> (least privilege), read by quadrille_audit.
 * Numbered migrations bring each database up to date; what has been applied is recorded with its
 * hash, so that a changed file is noticed.
 */

static const char AUDIT_ROLE[] = "quadrille_audit";

enum {
    HASH_TEXT_BYTES = 33,
    MIGRATION_MS = 60 * 60 * 1000, /* an index over much data takes its time */
};

static void hash_text(const char *text, char out[HASH_TEXT_BYTES])
{
    unsigned char hash[16];
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    (void)sodium_bin2hex(out, HASH_TEXT_BYTES, hash, sizeof hash);
}

/* Session settings carry names and secrets into DO blocks: nothing is pasted into SQL text. */
static enum outcome set(struct db *db, const char *name, const char *value, struct fault *fault)
{
    return db_run(db, &sql_schema_set, DB_PARAMS(db_text(name), db_text(value)), NULL, fault);
}

/* Databases that belong to a service beside its own: they have neither outbox nor inbox, and the
 * audit does not look at them. */
static const struct store {
    const char *service, *name, *because;
} stores[] = {
    {"history", "history_keys", "no backup holds personal values and their keys"},
};

static bool is_store(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(stores); i++) {
        if (strcmp(stores[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool belongs(const struct migration *migration, const char *service)
{
    bool is_everybodys =
        strcmp(migration->module, "publishers") == 0 || strcmp(migration->module, "consumers") == 0;
    return (is_everybodys && !is_store(service)) || strcmp(migration->module, service) == 0;
}

static enum outcome ensure_roles(struct db *db, const char *service, const char *password,
                                 const char *audit_password, struct fault *fault)
{
    enum outcome o = set(db, "quadrille.runtime_role", service, fault);
    if (o == OK) {
        o = set(db, "quadrille.audit_role", AUDIT_ROLE, fault);
    }
    if (o == OK) {
        o = set(db, "quadrille.password", password, fault);
    }
    if (o == OK) {
        o = set(db, "quadrille.audit_password", audit_password, fault);
    }
    return o == OK ? db_script(db, sql_schema_roles.text, fault) : o;
}

static enum outcome ensure_database(struct db *db, const char *database, const char *owner,
                                    struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_schema_database_name,
                            DB_PARAMS(db_text(database), db_text(owner)), &rows, fault);
    if (o != OK || db_is_null(rows, 0, 0)) {
        return o;
    }
    /* CREATE DATABASE takes no parameters and runs in no DO block: the server itself has quoted its
     * own text. */
    return db_script(db, db_get_text(rows, 0, 0), fault);
}

static enum outcome apply_one(struct db *db, const struct migration *migration, const char *hash,
                              struct fault *fault)
{
    enum outcome o = set(db, "quadrille.migration_module", migration->module, fault);
    if (o == OK) {
        o = set(db, "quadrille.migration_name", migration->name, fault);
    }
    if (o == OK) {
        o = set(db, "quadrille.migration_hash", hash, fault);
    }
    if (o == OK) {
        /* One simple query is one transaction: the migration and its record stand or fall together.
         */
        AUTO(free_text) char *text = xasprintf("%s;\n%s", migration->sql, sql_schema_record.text);
        o = db_script(db, text, fault);
    }
    return o == OK ? OK
                   : fault_wrap(fault, o, "migration %s/%s", migration->module, migration->name);
}

static enum outcome judge_one(struct db *db, const struct migration *migration, const char *hash,
                              enum migration_state *state, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(db, &sql_schema_applied,
               DB_PARAMS(db_text(migration->module), db_text(migration->name)), &rows, fault);
    if (o == OK) {
        *state = db_rows_count(rows) == 0                     ? MIGRATION_MISSING
                 : strcmp(db_get_text(rows, 0, 0), hash) == 0 ? MIGRATION_APPLIED
                                                              : MIGRATION_CHANGED;
    }
    return o;
}

/* Applied by another version; `count` of them. */
static enum outcome report_unknown(struct db *db, const char *service, schema_report_fn report,
                                   void *context, int *count, struct fault *fault)
{
    AUTO(db_array_done) struct db_array modules = {0};
    AUTO(db_array_done) struct db_array names = {0};
    db_array_init(&modules, DB_TEXT);
    db_array_init(&names, DB_TEXT);
    for (size_t i = 0; i < migration_count; i++) {
        if (belongs(&migrations[i], service)) {
            db_array_text(&modules, migrations[i].module);
            db_array_text(&names, migrations[i].name);
        }
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_schema_unknown,
                            DB_PARAMS(db_array(&modules), db_array(&names)), &rows, fault);
    *count = o == OK ? db_rows_count(rows) : 0;
    for (int row = 0; row < *count; row++) {
        const struct migration unknown = {.module = db_get_text(rows, row, 0),
                                          .name = db_get_text(rows, row, 1)};
        report(context, service, &unknown, MIGRATION_UNKNOWN);
    }
    return o;
}

static enum outcome migrate(struct db *db, const char *service, bool apply, schema_report_fn report,
                            void *context, struct fault *fault)
{
    int unknown = 0;
    enum outcome o = report_unknown(db, service, report, context, &unknown, fault);
    bool may_apply = apply && unknown == 0;
    for (size_t i = 0; o == OK && i < migration_count; i++) {
        if (!belongs(&migrations[i], service)) {
            continue;
        }
        char hash[HASH_TEXT_BYTES];
        hash_text(migrations[i].sql, hash);
        enum migration_state state = MIGRATION_MISSING;
        o = judge_one(db, &migrations[i], hash, &state, fault);
        may_apply = may_apply && state != MIGRATION_CHANGED;
        if (o == OK && state == MIGRATION_MISSING && may_apply) {
            o = apply_one(db, &migrations[i], hash, fault);
            state = MIGRATION_NOW_APPLIED;
        }
        if (o == OK) {
            report(context, service, &migrations[i], state);
        }
    }
    return o;
}

static void report_all_missing(const char *service, schema_report_fn report, void *context)
{
    for (size_t i = 0; i < migration_count; i++) {
        if (belongs(&migrations[i], service)) {
            report(context, service, &migrations[i], MIGRATION_MISSING);
        }
    }
}

static enum outcome open_database(const struct schema_options *options, const char *database,
                                  struct db **db, struct fault *fault)
{
    AUTO(free_text) char *url = secret_url_with_database(options->url, database);
    const struct db_options given = {
        .url = url, .name = "quadrille schema", .statement_ms = MIGRATION_MS};
    return db_open(&given, db, fault);
}

/* As the owner: what it creates belongs to it, and its SECURITY DEFINER functions run with its
 * rights. */
static enum outcome become_owner(struct db *db, const char *service, struct fault *fault)
{
    enum outcome o = set(db, "quadrille.runtime_role", service, fault);
    if (o == OK) {
        o = set(db, "quadrille.audit_role", is_store(service) ? service : AUDIT_ROLE, fault);
    }
    return o == OK ? db_script(db, sql_schema_owner.text, fault) : o;
}

static enum outcome open_deploy(const struct schema_options *options, struct db **db,
                                struct fault *fault)
{
    const struct db_options given = {
        .url = options->url, .name = "quadrille schema", .statement_ms = MIGRATION_MS};
    return db_open(&given, db, fault);
}

static enum outcome lock(struct db *db, struct fault *fault)
{
    return db_run(db, &sql_schema_lock, DB_NO_PARAMS, NULL, fault);
}

static enum outcome apply(const struct schema_options *options, const char *service,
                          schema_report_fn report, void *context, struct fault *fault)
{
    AUTO(free_text) char *database = xasprintf("%s%s", options->prefix, service);
    AUTO(free_text) char *owner = xasprintf("%s_owner", service);
    AUTO(free_text) char *password = NULL;
    AUTO(free_text) char *audit_password = NULL;
    AUTO(db_close_auto) struct db *deploy = NULL;
    AUTO(db_close_auto) struct db *db = NULL;

    enum outcome o = secret_read(options->secrets, service, &password, fault);
    if (o == OK) {
        o = secret_read(options->secrets, "audit", &audit_password, fault);
    }
    if (o == OK) {
        o = open_deploy(options, &deploy, fault);
    }
    if (o == OK) {
        o = lock(deploy, fault);
    }
    if (o == OK) {
        o = ensure_roles(deploy, service, password, audit_password, fault);
    }
    if (o == OK) {
        o = ensure_database(deploy, database, owner, fault);
    }
    if (o == OK) {
        o = open_database(options, database, &db, fault);
    }
    if (o == OK) {
        o = lock(db, fault); /* somebody may deploy by way of another database */
    }
    if (o == OK) {
        o = become_owner(db, service, fault);
    }
    return o == OK ? migrate(db, service, true, report, context, fault) : o;
}

/* As the owner, who can read the record, and unable to change anything. */
static enum outcome look_at(struct db *db, const char *service, bool *is_there, struct fault *fault)
{
    AUTO(free_text) char *owner = xasprintf("%s_owner", service);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = set(db, "default_transaction_read_only", "on", fault);
    if (o == OK) {
        o = set(db, "role", owner, fault);
    }
    if (o == OK) {
        o = db_run(db, &sql_schema_is_there, DB_NO_PARAMS, &rows, fault);
    }
    if (o == OK) {
        *is_there = db_get_bool(rows, 0, 0);
    }
    return o;
}

static enum outcome plan(const struct schema_options *options, const char *service,
                         schema_report_fn report, void *context, struct fault *fault)
{
    AUTO(free_text) char *database = xasprintf("%s%s", options->prefix, service);
    AUTO(db_close_auto) struct db *deploy = NULL;
    AUTO(db_close_auto) struct db *db = NULL;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    bool is_there = false;

    enum outcome o = open_deploy(options, &deploy, fault);
    if (o == OK) {
        o = db_run(deploy, &sql_schema_database_exists, DB_PARAMS(db_text(database)), &rows, fault);
    }
    if (o == OK && db_rows_count(rows) > 0) {
        o = open_database(options, database, &db, fault);
        if (o == OK) {
            o = look_at(db, service, &is_there, fault);
        }
    }
    if (o == OK && !is_there) {
        report_all_missing(service, report, context);
        return OK;
    }
    return o == OK ? migrate(db, service, false, report, context, fault) : o;
}

typedef enum outcome (*schema_fn)(const struct schema_options *options, const char *service,
                                  schema_report_fn report, void *context, struct fault *fault);

static enum outcome with_stores(schema_fn run, const struct schema_options *options,
                                const char *service, schema_report_fn report, void *context,
                                struct fault *fault)
{
    enum outcome o = run(options, service, report, context, fault);
    for (size_t i = 0; o == OK && i < COUNT_OF(stores); i++) {
        if (strcmp(stores[i].service, service) == 0) {
            o = run(options, stores[i].name, report, context, fault);
        }
    }
    return o;
}

enum outcome schema_apply(const struct schema_options *options, const char *service,
                          schema_report_fn report, void *context, struct fault *fault)
{
    return with_stores(apply, options, service, report, context, fault);
}

enum outcome schema_plan(const struct schema_options *options, const char *service,
                         schema_report_fn report, void *context, struct fault *fault)
{
    return with_stores(plan, options, service, report, context, fault);
}

static void tell_nobody(void *context, const char *service, const struct migration *migration,
                        enum migration_state state)
{
    (void)context;
    (void)service;
    (void)migration;
    (void)state;
}

enum outcome schema_shadow(const struct schema_options *options, const char *service,
                           const char *database, struct fault *fault)
{
    AUTO(free_text) char *owner = xasprintf("%s_owner", service);
    AUTO(db_close_auto) struct db *deploy = NULL;
    AUTO(db_close_auto) struct db *db = NULL;
    enum outcome o = open_deploy(options, &deploy, fault);
    if (o == OK) {
        o = lock(deploy, fault);
    }
    if (o == OK) {
        o = ensure_database(deploy, database, owner, fault);
    }
    if (o == OK) {
        o = open_database(options, database, &db, fault);
    }
    if (o == OK) {
        o = become_owner(db, service, fault);
    }
    return o == OK ? migrate(db, service, true, tell_nobody, NULL, fault) : o;
}
