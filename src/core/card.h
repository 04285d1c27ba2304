/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CARD_H
#define CORE_CARD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does this text hold what looks like a payment card number: 12 to 19 digits, in one piece or in
 * groups with a space or dash between, whose Luhn sum is right? A number may stand beside others
 * ("4242 4242 4242 4242 123"): every row of whole groups is tried. UUIDs are left out, because many
 * of theirs would look so by chance.
 */
bool card_is_in(const char *text, size_t length);

#endif
