/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_REMAKE_H
#define TOOLS_REPLAY_REMAKE_H

#include "contracts/check/check.h"
#include "contracts/check/upcast.h"
#include "contracts/model.h"
#include "core/buffer.h"
#include "core/ids.h"
#include "tools/history/history.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A message out of the log: the one that was said, its properties and its body byte for byte, with
 * headers that say what it is now. Where the contracts no longer have its version, it is upcast to
 * the newest one that knows how (x-upcast).
 */

#define REPLAY_HEADER "quadrille-replay"           /* the run's id */
#define REPLAY_ERASED_HEADER "quadrille-erased"    /* "true": its person has been forgotten */
#define REPLAY_UPCAST_HEADER "quadrille-upcast-of" /* the type that it was said with */

/* What has become of a type in the log. */
struct remake_kind {
    const char *said;                    /* fit.billing.PaymentCompleted.v1 */
    const struct model_message *message; /* today's; NULL: nobody says it any more */
    const struct node *upcast;           /* NULL: it is that type still */
};

/* Borrowed from the remaker and the event until the next one. */
struct remade {
    const struct remake_kind *kind;
    const char *exchange, *routing_key; /* where it belongs today */
    const void *properties;
    size_t properties_length;
    const char *body;
    size_t body_length;
};

struct remaker;

enum outcome remaker_new(struct contract_set *contracts, const struct uuid *run,
                         struct remaker **out, struct fault *fault);
void remaker_free(struct remaker *remaker); /* NULL is fine */

/* To one queue through the default exchange: two more headers tell where it was said first. */
void remaker_set_direct(struct remaker *remaker, bool is_direct);

const struct remake_kind *remaker_kind(struct remaker *remaker, const char *said);

/* REJECT: it cannot be made; the fault says why, and never a value. */
enum outcome remaker_make(struct remaker *remaker, const struct history_event *event,
                          struct remade *out, struct fault *fault);
/* REJECT: today's contract does not allow it. */
enum outcome remaker_check(struct remaker *remaker, const struct remade *remade,
                           struct fault *fault);

#endif
