/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DOC_PAGE_H
#define CONTRACTS_DOC_PAGE_H

#include "contracts/doc/html.h"
#include "contracts/graph/graph.h"
#include "contracts/graph/saga.h"

/* What the pages of a site share. */

struct site {
    struct documents *documents;
    struct graph *graph;
    const char *title;
    struct arena arena;
    /* Safe file names without folder and ending, by index in the graph. */
    const char **services, **events, **sagas;
    /* Operations by event, in the graph's order: who says and hears it. */
    struct graph_operation ***of_event;
    size_t *of_event_count;
    /* By service: written to our conventions, so that their defaults apply. */
    bool *is_conventional;
    struct buffer index; /* rows of the search */
};

enum search_kind { FOUND_SERVICE, FOUND_EVENT, FOUND_FIELD, FOUND_SAGA };

/* Everything before and after a page's own content. `root` is "" or "../". */
void page_begin(const struct site *site, struct buffer *out, const char *root, const char *title,
                const char *kind);
void page_end(struct buffer *out);

void page_index(struct site *site, struct buffer *out);
void page_service(struct site *site, size_t i, struct buffer *out);
void page_event(struct site *site, size_t i, struct buffer *out);
void page_saga(struct site *site, size_t i, struct buffer *out);

/* Links; from the index `root` is "". */
void link_service(const struct site *site, struct buffer *out, const char *root,
                  const struct graph_service *service);
void link_event(const struct site *site, struct buffer *out, const char *root,
                const struct graph_event *event);
void link_saga(const struct site *site, struct buffer *out, const char *root, const char *name);
void link_events(const struct site *site, struct buffer *out, const char *root,
                 struct graph_event *const *events, size_t count);

/* "billing, coaching" or "nobody": who says (hears) the event, each once. */
void link_ends(const struct site *site, struct buffer *out, const char *root,
               const struct graph_event *event, bool is_send);

/* A row for the search; `anchor` may be NULL. */
void search_add(struct site *site, enum search_kind kind, const char *name, const char *more,
                const char *page, const char *anchor);

/* One fact of a list of facts; nothing when `value` is NULL or empty. */
void fact(struct buffer *out, const char *name, const char *value);

/* Tables whose cells stand below each other on narrow screens, with their column's name. */
void table_begin(struct buffer *out, const char *class, const char *const *columns, size_t count);
void table_end(struct buffer *out);
void row_begin(struct buffer *out);
void row_end(struct buffer *out);
/* After the row's head; `column` as in table_begin. */
void cell_begin(struct buffer *out, const char *column);
void cell_end(struct buffer *out);

/* A title is not worth a line when it says what the name says: PaymentFailed, Payment failed. */
bool says_the_same(const char *title, const char *name);

/* How often and when a failed reception is tried again. */
void retry_text(const struct site *site, struct buffer *out,
                const struct graph_operation *operation);
bool is_conventional(const struct site *site, const struct graph_service *service);

/* Fields of a payload or of headers. `found` names the event's page in the search; NULL: none. */
void fields_table(struct site *site, struct buffer *out, const struct node *schema,
                  const char *prefix, const struct graph_event *found);

/* Drawings. */
void draw_system(const struct site *site, struct buffer *out);
void draw_saga(const struct site *site, struct buffer *out, struct saga *saga);

#endif
