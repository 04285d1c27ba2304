/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_EXPLORE_H
#define MODEL_EXPLORE_H

#include "world.h"

/* Every world that can be reached, breadth first, each once; then whether an end can be reached
 * from each of them. */

struct finding {
    const char *invariant; /* NULL: nothing is wrong */
    unsigned steps;        /* of the shortest trace */
    uint64_t states, transitions, unlisted;
    struct reached reached;
};

/* Explores; `trace`, if given, gets the shortest trace to a violation, one step a line. */
struct finding explore(const struct environment *environment, const struct rules *rules,
                       unsigned breakage, FILE *trace);

#endif
