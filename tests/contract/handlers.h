/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACT_HANDLERS_H
#define CONTRACT_HANDLERS_H

/* The generated tables of the service that this test is built for, with handlers made by
 * handlers.awk. */

#include CONTRACT_HEADER

#include "publishers/work.h"

extern int handler_calls;

#endif
