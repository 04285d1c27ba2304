/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_UPGRADE_VIEW_H
#define SUBSCRIPTION_UPGRADE_VIEW_H

#include "core/buffer.h"
#include "upgrade.h"

/* An upgrade as HTTP shows it. Written through the codec, as events are. REJECT cannot happen to
 * what the tables allow. */

enum { UPGRADE_PATH_BYTES = 128 };

/* "/users/{id}/premium-upgrades/{upgradeId}". Returns `out`. */
const char *upgrade_path(const struct uuid *user_id, const struct uuid *id,
                         char out[UPGRADE_PATH_BYTES]);

/* `decisions` are rows of decision_show.sql, or NULL for an answer without its history. */
enum outcome upgrade_show(const struct upgrade *upgrade, const struct db_rows *decisions,
                          struct arena *arena, struct buffer *out, struct fault *fault);

/* Rows of upgrade_show.sql as {"upgrades": […]}. */
enum outcome upgrade_show_all(const struct db_rows *rows, struct arena *arena, struct buffer *out,
                              struct fault *fault);

#endif
