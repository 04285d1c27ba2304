/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

/*
 * Force-included everywhere. These calls have no bound or no error: use snprintf with a check,
 * xasprintf, or text_int. System headers may name them, so they are all read before the poison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clang's fortified <stdio.h> makes this one a macro, and a macro cannot be poisoned. */
#undef sprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll

#endif
