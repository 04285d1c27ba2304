/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_DOCUMENT_H
#define CONTRACTS_DIFF_DOCUMENT_H

#include "contracts/diff/document_diff.h"

#include <stdbool.h>
#include <stdint.h>

/* What the files that compare documents share. */

struct document_comparison {
    struct diff *diff;
    struct asyncapi *old, *new;
    const struct document_diff_options *options;
    struct arena arena;
};

/* A finding about two objects, either of which may be NULL. */
struct document_change {
    enum diff_rule_id rule;
    enum diff_level level;
    unsigned sides;
    const char *subject;
    const struct node *old, *new;
    const char *before, *after; /* NULL: "(none)" */
    const char *note;
    bool is_error;
};
void document_tell(struct document_comparison *c, const struct document_change *change);

/* "billing PaymentCompleted", with the kept version when there is one. */
const char *document_subject(struct document_comparison *c, const char *service, const char *what);

/* Where the channel's address carries the major version, what is told next says so; NULL: no more.
 */
void document_pin(struct document_comparison *c, const struct asyncapi_channel *channel);

/* The number after the last ".v" or "/v" of an address; 0 when it has none. */
int64_t address_major(const char *address);

bool same_or_none(const char *a, const char *b);

/* The document of the other version: of the same name or id, else one that `from` does not name and
 * that is more like it than like any other. NULL when there is none. */
struct asyncapi_document *document_find(const struct asyncapi *set, const struct asyncapi *from,
                                        const struct asyncapi_document *document);
struct asyncapi_channel *channel_find(const struct asyncapi_document *document,
                                      const struct asyncapi_channel *channel);
struct asyncapi_message *message_find(const struct asyncapi_document *document,
                                      const struct asyncapi_message *message);

bool channel_same_exchange(const struct asyncapi_channel *a, const struct asyncapi_channel *b);
/* A queue that is bound with the address of `binding` may get what is published to `key`. */
bool channel_matches(const struct asyncapi_channel *binding, const struct asyncapi_channel *key);
/* And gets it whatever parameters are filled with. */
bool channel_surely_matches(const struct asyncapi_channel *binding,
                            const struct asyncapi_channel *key);

/* The same name, on the same channel or one that is bound with a pattern. */
bool message_is_heard(const struct asyncapi_message *heard, const struct asyncapi_message *said);

/* What an operation says (its messages or, where it receives, its replies), or what it hears. */
struct operation_messages {
    struct asyncapi_message *const *items;
    size_t count;
};
struct operation_messages operation_messages(const struct asyncapi_operation *operation,
                                             bool is_send);

/* The first operation of the set that receives the message; NULL when none. */
const struct asyncapi_operation *find_listener(const struct asyncapi *set,
                                               const struct asyncapi_message *message);
bool is_sent(const struct asyncapi *set, const struct asyncapi_message *message);
/* This very message: another document's copy of it does not count. */
bool is_sent_here(const struct asyncapi *set, const struct asyncapi_message *message);
bool is_received_by_owner(const struct asyncapi_message *message);
bool is_sent_by_owner(const struct asyncapi_message *message);
/* With one document, who listens is not known. */
bool knows_listeners(const struct asyncapi *set);

/* message_diff.c: all of one message that is in both versions, and what was added or removed. */
void document_diff_messages(struct document_comparison *c, struct asyncapi_document *old,
                            struct asyncapi_document *new);
/* Messages that are still there, but that no operation says any more. */
void document_diff_said(struct document_comparison *c, const struct asyncapi_operation *operation,
                        const struct asyncapi_document *new);
/* The message in the new version, in whichever document it lies; NULL when it is gone. */
const struct asyncapi_message *document_still_has(const struct document_comparison *c,
                                                  const struct asyncapi_document *old,
                                                  const struct asyncapi_document *new,
                                                  const struct asyncapi_message *message);
/* By an operation that names this very message. */
bool document_handles(const struct asyncapi_document *document, bool is_send,
                      const struct asyncapi_message *message);
/* What publishers say and consumers with schemas of their own expect, in the new version. */
void document_diff_copies(struct document_comparison *c);
/* channel_diff.c */
void document_diff_channels(struct document_comparison *c, struct asyncapi_document *old,
                            struct asyncapi_document *new);
void document_diff_operations(struct document_comparison *c, struct asyncapi_document *old,
                              struct asyncapi_document *new);
/* Values, and what local references in them lead to; false: not for certain. NULL is nothing. */
bool document_same_values(struct document_comparison *c, const struct node *old,
                          const struct node *new);
/* server_diff.c: servers, and the parameters of addresses. */
void document_diff_servers(struct document_comparison *c, struct asyncapi_document *old,
                           struct asyncapi_document *new);
void document_diff_channel_servers(struct document_comparison *c,
                                   const struct asyncapi_channel *old,
                                   const struct asyncapi_channel *new);
void document_diff_parameters(struct document_comparison *c, const struct asyncapi_channel *old,
                              const struct asyncapi_channel *new);
/* version_diff.c: after all others, for the findings of the current group. */
void document_diff_version(struct document_comparison *c, struct asyncapi_document *old,
                           struct asyncapi_document *new);

#endif
