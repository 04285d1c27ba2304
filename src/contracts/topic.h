/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_TOPIC_H
#define CONTRACTS_TOPIC_H

#include <stdbool.h>

/*
 * Whether a topic exchange may bring what is sent with one routing key to a binding key. Words are
 * separated by dots; in the binding `*` is one word and `#` any number of them. A {parameter} is
 * one word on either side, whatever it is filled with.
 */
bool topic_matches(const char *binding, const char *routing_key);

/* The binding has a word * or #. */
bool topic_has_wildcard(const char *binding);

#endif
