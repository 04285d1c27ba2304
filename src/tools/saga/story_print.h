/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SAGA_STORY_PRINT_H
#define TOOLS_SAGA_STORY_PRINT_H

#include "tools/cli.h"
#include "tools/saga/story.h"

/* A story for people, for a page of Markdown and for programs. */

void story_write_text(const struct cli_call *call, const struct story *story, struct buffer *out);
void story_write_mermaid(const struct story *story, struct buffer *out);
/* One JSON object: docs/json.md. */
void story_write_json(const struct story *story, struct buffer *out);

/* "billing should say PaymentCompleted or PaymentFailed, 4 m 03 s after PremiumUpgradeRequested" */
void story_add_wait(struct buffer *out, const struct story *story, const struct story_wait *wait);
/* One line: state, age, saga, id, and the last event. */
void story_add_line(const struct cli_call *call, struct buffer *out, const struct story *story,
                    int64_t now_ms);

#endif
