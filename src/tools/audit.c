/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/audit.h"

#include "core/memory.h"
#include "tools/audit_sql.h"
#include "tools/secret.h"

#include <stdlib.h>
#include <string.h>

static const char database_role[] = "quadrille_audit";
static const char broker_user[] = "audit";

enum { STATEMENT_MS = 10 * 60 * 1000 };

static enum outcome open_service(const struct audit_options *options, const char *url,
                                 struct audit_service *service, struct fault *fault)
{
    AUTO(free_text) char *database = xasprintf("%s%s", options->prefix, service->model->name);
    AUTO(free_text) char *full = secret_url_with_database(url, database);
    const struct db_options settings = {
        .url = full,
        .name = "quadrille audit",
        .settings =
            "-c default_transaction_isolation=repeatable\\ read -c work_mem=64MB -c jit=off",
        .statement_ms = STATEMENT_MS,
    };
    enum outcome o = db_open(&settings, &service->db, fault);
    if (o == OK) {
        o = tx_begin(service->db, &service->tx, fault);
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    if (o == OK) {
        o = db_run(service->db, &sql_audit_floor, DB_NO_PARAMS, &rows, fault);
    }
    if (o == OK) {
        service->inbox_floor_ms = db_get_time(rows, 0, 0);
        service->outbox_floor_ms = db_get_time(rows, 0, 1);
    }
    return o == OK ? OK : fault_wrap(fault, o, "database %s", database);
}

static enum outcome open_services(struct audit *audit, const char *password, struct fault *fault)
{
    const struct audit_options *options = audit->options;
    AUTO(free_text)
    char *url = secret_url_with_user(options->database_url, database_role, password);
    audit->services = xcalloc(options->contracts->service_count + 1, sizeof audit->services[0]);
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < options->contracts->service_count; i++) {
        struct audit_service *service = &audit->services[audit->service_count++];
        service->model = &options->contracts->services[i];
        o = open_service(options, url, service, fault);
    }
    return o;
}

/* Who has heard what is known by the services' databases alone. */
static enum outcome open_databases(struct audit *audit, struct fault *fault)
{
    AUTO(free_text) char *password = NULL;
    enum outcome o = secret_read(audit->options->secrets, broker_user, &password, fault);
    return o == OK ? open_services(audit, password, fault) : o;
}

static enum outcome open_all(struct audit *audit, struct fault *fault)
{
    const struct audit_options *options = audit->options;
    AUTO(free_text) char *password = NULL;
    enum outcome o = secret_read(options->secrets, broker_user, &password, fault);
    if (o == OK) {
        AUTO(free_text)
        char *url = secret_url_with_user(options->management_url, broker_user, password);
        o = management_open(url, &audit->management, fault);
    }
    if (o == OK) {
        management_trust(audit->management, &options->tls);
    }
    if (o == OK) {
        o = open_services(audit, password, fault);
    }
    return o == OK ? ledger_read(options->provider_url, &audit->ledger, fault) : o;
}

static void close_all(struct audit *audit)
{
    for (size_t i = 0; i < audit->service_count; i++) {
        tx_end(&audit->services[i].tx);
        db_close(audit->services[i].db);
    }
    free(audit->services);
    management_close(audit->management);
    ledger_done(&audit->ledger);
}

struct audit_service *audit_service_find(struct audit *audit, const char *name)
{
    for (size_t i = 0; i < audit->service_count; i++) {
        if (strcmp(audit->services[i].model->name, name) == 0) {
            return &audit->services[i];
        }
    }
    return NULL;
}

static enum outcome (*const parts[])(struct audit *audit, struct fault *fault) = {
    audit_stories, audit_events, audit_checks, audit_effects, audit_queues,
};

enum outcome audit_run(const struct audit_options *options, struct audit_report *report,
                       struct fault *fault)
{
    struct audit audit = {.options = options, .report = report};
    bool is_all = options->missing == NULL;
    enum outcome o = is_all ? open_all(&audit, fault) : open_databases(&audit, fault);
    if (o == OK && !is_all) {
        o = audit_events(&audit, fault);
    }
    for (size_t i = 0; is_all && o == OK && i < COUNT_OF(parts); i++) {
        o = parts[i](&audit, fault);
    }
    close_all(&audit);
    return o;
}
