/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SQL_H
#define CORE_SQL_H

/* A statement that lives in a .sql file and was embedded at build time. The name is also its
 * prepared name. */
struct sql {
    const char *name;
    const char *text;
};

#endif
