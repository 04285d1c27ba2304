/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_H
#define VAULT_H

#include "core/ids.h"
#include "core/outcome.h"
#include "core/personal.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The key of each person, from the database of the keys. One thread's own. A key that was destroyed
 * meanwhile may be used for some seconds more: what it seals nobody can open, so it is as good as
 * erased.
 */

struct vault;

struct vault *vault_new(const char *url, const char *name);
void vault_free(struct vault *vault); /* wipes what it knows; NULL is fine */

/*
 * Keys for persons[0 … count), made for those who have none. keys[i] is NULL for who has been
 * erased; valid until the next call. LOST when the database is away: never RETRY nor REJECT,
 * because no message is to blame.
 */
enum outcome vault_keys(struct vault *vault, const struct uuid *persons, size_t count,
                        const unsigned char **keys, struct fault *fault);

enum outcome vault_destroy(struct vault *vault, const struct uuid *persons, size_t count,
                           struct fault *fault);

#endif
