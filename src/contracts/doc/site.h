/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DOC_SITE_H
#define CONTRACTS_DOC_SITE_H

#include "contracts/asyncapi.h"

/*
 * A small static site about a set of contracts: services, events, sagas, a search. It needs no
 * server and asks nothing of the network; the same contracts give the same bytes.
 */

enum { SITE_PAGES_MAX = 10 * 1000 };

/* Written into `folder`, which is made. REJECT when it is somebody else's (doc/folder.h) or a limit
 * is passed. `pages` gets how many there are. `set` may get findings of references that lead
 * nowhere. */
enum outcome site_write(struct asyncapi *set, const char *title, const char *folder, size_t *pages,
                        struct fault *fault);

#endif
