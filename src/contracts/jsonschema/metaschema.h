/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_METASCHEMA_H
#define CONTRACTS_JSONSCHEMA_METASCHEMA_H

/* The schema that draft-07 schemas obey, known without a file. */

#define METASCHEMA_URI "http://json-schema.org/draft-07/schema"

extern const char metaschema_text[];

#endif
