/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include "core/clock.h"
#include "core/db.h"
#include "core/memory.h"
#include "history_sql.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Together well below two heartbeats: the broker's connection rests meanwhile. */
    CONNECT_MS = 3000,
    STATEMENT_MS = 5000,
    KNOWN_MAX = 4096,     /* a power of two: persons whose keys are remembered */
    KNOWN_MS = 30 * 1000, /* so long */
};

struct known {
    struct uuid person;
    int64_t until_ms; /* monotonic; 0 = nobody */
    bool has_key;     /* else erased */
    unsigned char key[PERSONAL_KEY_BYTES];
};

struct vault {
    char *url, *name;
    struct db *db;
    struct known *known;
    struct known *batch; /* what the last call has found, by place in the call */
    size_t batch_room;
    struct db_array persons, keys;
};

struct vault *vault_new(const char *url, const char *name)
{
    struct vault *vault = xcalloc(1, sizeof *vault);
    vault->url = xstrdup(url);
    vault->name = xstrdup(name);
    vault->known = xcalloc(KNOWN_MAX, sizeof vault->known[0]);
    return vault;
}

void vault_free(struct vault *vault)
{
    if (vault == NULL) {
        return;
    }
    db_close(vault->db);
    db_array_done(&vault->persons);
    db_array_done(&vault->keys);
    sodium_memzero(vault->known, KNOWN_MAX * sizeof vault->known[0]);
    if (vault->batch != NULL) {
        sodium_memzero(vault->batch, vault->batch_room * sizeof vault->batch[0]);
    }
    free(vault->known);
    free(vault->batch);
    free(vault->url);
    free(vault->name);
    free(vault);
}

/* Whatever is wrong there, it is not the message: what comes back is LOST, and FATAL where waiting
 * helps nobody. */
static enum outcome excuse(enum outcome o, struct fault *fault)
{
    if (o == OK) {
        return OK;
    }
    fault->culprit = FAULT_NOBODY;
    fault->is_conflict = false;
    return fault_wrap(fault, o == FATAL ? FATAL : LOST, "database of the keys");
}

static enum outcome connect(struct vault *vault, struct fault *fault)
{
    if (vault->db != NULL) {
        return db_is_lost(vault->db) ? db_reopen(vault->db, fault) : OK;
    }
    return db_open(&(struct db_options){.url = vault->url,
                                        .name = vault->name,
                                        .connect_ms = CONNECT_MS,
                                        .statement_ms = STATEMENT_MS},
                   &vault->db, fault);
}

/* The random end of a UUIDv7. */
static struct known *place_of(struct vault *vault, const struct uuid *person)
{
    size_t hash = (size_t)person->bytes[14] << 8 | person->bytes[15];
    return &vault->known[hash % KNOWN_MAX];
}

/* Asks for those among batch[0 … count) who are not known yet; their number. */
static size_t list_unknown(struct vault *vault, size_t count)
{
    db_array_init(&vault->persons, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        if (vault->batch[i].until_ms == 0) {
            db_array_uuid(&vault->persons, &vault->batch[i].person);
        }
    }
    return vault->persons.count;
}

static int compare(const void *a, const void *b)
{
    const struct known *left = a;
    const struct known *right = b;
    return ids_compare(&left->person, &right->person);
}

/* Batch is sorted by person. */
static struct known *find(struct vault *vault, size_t count, const struct uuid *person)
{
    const struct known sought = {.person = *person};
    return bsearch(&sought, vault->batch, count, sizeof sought, compare);
}

static enum outcome read_keys(struct vault *vault, size_t count, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(vault->db, &sql_key_read, DB_PARAMS(db_array(&vault->persons)), &rows, fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        struct uuid person = db_get_uuid(rows, row, 0);
        struct known *found = find(vault, count, &person);
        if (found == NULL) {
            continue;
        }
        found->until_ms = clock_monotonic_ms() + KNOWN_MS;
        found->has_key = db_get_length(rows, row, 1) == PERSONAL_KEY_BYTES;
        if (found->has_key) {
            memcpy(found->key, db_get_text(rows, row, 1), PERSONAL_KEY_BYTES);
        }
    }
    return o;
}

static enum outcome make_keys(struct vault *vault, struct fault *fault)
{
    db_array_init(&vault->keys, DB_BYTEA);
    for (size_t i = 0; i < vault->persons.count; i++) {
        unsigned char key[PERSONAL_KEY_BYTES];
        personal_make_key(key);
        db_array_bytes(&vault->keys, key, sizeof key);
        sodium_memzero(key, sizeof key);
    }
    return db_run(vault->db, &sql_key_make,
                  DB_PARAMS(db_array(&vault->persons), db_array(&vault->keys)), NULL, fault);
}

static enum outcome learn(struct vault *vault, size_t count, struct fault *fault)
{
    if (list_unknown(vault, count) == 0) {
        return OK;
    }
    enum outcome o = connect(vault, fault);
    if (o == OK) {
        o = read_keys(vault, count, fault);
    }
    if (o == OK && list_unknown(vault, count) > 0) {
        o = make_keys(vault, fault);
        o = o == OK ? read_keys(vault, count, fault) : o;
    }
    if (o == OK && list_unknown(vault, count) > 0) {
        o = fault_set(fault, LOST, "a key was made and cannot be read");
    }
    return o;
}

/* The persons, each once and sorted, with what is remembered of them. */
static size_t begin_batch(struct vault *vault, const struct uuid *persons, size_t count)
{
    if (count > vault->batch_room) {
        vault->batch = xrealloc(vault->batch, count * sizeof vault->batch[0]);
        vault->batch_room = count;
    }
    for (size_t i = 0; i < count; i++) {
        vault->batch[i] = (struct known){.person = persons[i]};
    }
    qsort(vault->batch, count, sizeof vault->batch[0], compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare(&vault->batch[kept - 1], &vault->batch[i]) != 0) {
            vault->batch[kept++] = vault->batch[i];
        }
    }
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < kept; i++) {
        const struct known *old = place_of(vault, &vault->batch[i].person);
        if (old->until_ms > now && ids_equal(&old->person, &vault->batch[i].person)) {
            vault->batch[i] = *old;
        }
    }
    return kept;
}

enum outcome vault_keys(struct vault *vault, const struct uuid *persons, size_t count,
                        const unsigned char **keys, struct fault *fault)
{
    size_t kept = begin_batch(vault, persons, count);
    enum outcome o = excuse(learn(vault, kept, fault), fault);
    if (o != OK) {
        return o;
    }
    for (size_t i = 0; i < kept; i++) {
        *place_of(vault, &vault->batch[i].person) = vault->batch[i];
    }
    for (size_t i = 0; i < count; i++) {
        const struct known *found = find(vault, kept, &persons[i]);
        keys[i] = found != NULL && found->has_key ? found->key : NULL;
    }
    return OK;
}

enum outcome vault_destroy(struct vault *vault, const struct uuid *persons, size_t count,
                           struct fault *fault)
{
    db_array_init(&vault->persons, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        struct known *known = place_of(vault, &persons[i]);
        if (ids_equal(&known->person, &persons[i])) {
            sodium_memzero(known, sizeof *known);
        }
        db_array_uuid(&vault->persons, &persons[i]);
    }
    enum outcome o = connect(vault, fault);
    if (o == OK) {
        o = db_run(vault->db, &sql_key_destroy, DB_PARAMS(db_array(&vault->persons)), NULL, fault);
    }
    return excuse(o, fault);
}
