/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/compile.h"

#include "contracts/jsonschema/keywords.h"
#include "contracts/jsonschema/metaschema.h"
#include "contracts/pointer.h"
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
    REF_CHAIN_MAX = 100,             /* references that lead to references */
    CLOSING_STEPS_MAX = 1000 * 1000, /* schemas read for what they declare */
};

/* ---- where things stand ---- */

/* Elements are mostly asked for in their order: counting goes on where it stopped. */
static size_t index_in_list(struct compiler *compiler, const struct node *node)
{
    bool is_same = compiler->counted != NULL && compiler->counted->parent == node->parent;
    const struct node *one = is_same ? compiler->counted : node->parent->first;
    size_t index = is_same ? compiler->counted_index : 0;
    while (one != node && one != NULL) {
        one = one->next;
        index++;
    }
    if (one == NULL) { /* it stands before */
        index = 0;
        for (one = node->parent->first; one != node && one != NULL; one = one->next) {
            index++;
        }
    }
    compiler->counted = node;
    compiler->counted_index = index;
    return index;
}

static void add_pointer(struct compiler *compiler, struct buffer *out, const struct node *node)
{
    const struct node *path[NODE_MAX_DEPTH + 2];
    size_t depth = 0;
    for (; node->parent != NULL && depth < COUNT_OF(path); node = node->parent) {
        path[depth++] = node;
    }
    while (depth-- > 0) {
        if (path[depth]->parent->kind == NODE_LIST) {
            pointer_add_index(out, index_in_list(compiler, path[depth]));
        } else {
            pointer_add_key(out, path[depth]->key);
        }
    }
}

/* Sources of one file share its path. */
static const char *keep_path(struct jsonschema *program, const char *path)
{
    if (program->source_count > 0) {
        const char *last = program->sources[program->source_count - 1].place.path;
        if (strcmp(last, path) == 0) {
            return last;
        }
    }
    return arena_text(&program->arena, path, strlen(path));
}

uint32_t compile_source(struct compiler *compiler, const struct node *keyword)
{
    struct jsonschema *program = compiler->program;
    AUTO(buffer_done) struct buffer pointer = {0};
    add_pointer(compiler, &pointer, keyword);
    struct source source = {
        .pointer = arena_text(&program->arena, buffer_cstr(&pointer), pointer.length),
        .place = keyword->place,
    };
    source.place.path = keep_path(program, keyword->place.path);
    program->sources =
        xrealloc(program->sources, (program->source_count + 1) * sizeof program->sources[0]);
    program->sources[program->source_count] = source;
    return (uint32_t)program->source_count++;
}

void compile_emit(struct compiler *compiler, const struct node *keyword, unsigned kinds,
                  struct instruction instruction)
{
    if (compiler->emission_count == compiler->emission_room) {
        compiler->emission_room = compiler->emission_room * 2 + 16;
        compiler->emissions =
            xrealloc(compiler->emissions, compiler->emission_room * sizeof compiler->emissions[0]);
    }
    instruction.source = compile_source(compiler, keyword);
    compiler->emissions[compiler->emission_count++] =
        (struct emission){.instruction = instruction, .kinds = kinds};
}

/* ---- blocks ---- */

static bool is_without(const struct compiler *compiler, const char *keyword)
{
    const char *without = compiler->options->without;
    return without != NULL && strcmp(without, keyword) == 0;
}

/* What a reference names, and what that names. What stands beside a $ref says nothing. */
static enum outcome follow(struct compiler *compiler, const struct node **schema)
{
    for (int hops = 0;; hops++) {
        const struct node *ref = node_find(*schema, "$ref");
        if (ref == NULL) {
            return OK;
        }
        if (hops == REF_CHAIN_MAX) {
            return RESOLVER_REFUSE(compiler->fault, ref, "the reference \"%s\" leads in a circle",
                                   ref->kind == NODE_STRING ? ref->text : "");
        }
        enum outcome o = resolver_follow(&compiler->resolver, ref, schema);
        if (o != OK) {
            return o;
        }
    }
}

static bool accepts_all(const struct node *schema)
{
    return schema->kind == NODE_BOOLEAN ? schema->integer != 0 : schema->count == 0;
}

struct block_key {
    const struct node *schema;
    uint64_t mode;
};

static enum outcome new_block(struct compiler *compiler, const struct block_key *key, uint32_t *out)
{
    struct jsonschema *program = compiler->program;
    if (program->block_count > JSONSCHEMA_MAX_BLOCKS) {
        return RESOLVER_REFUSE(compiler->fault, key->schema,
                               "more than %d schemas within one schema", JSONSCHEMA_MAX_BLOCKS);
    }
    *out = (uint32_t)program->block_count++;
    program->blocks = xrealloc(program->blocks, program->block_count * sizeof program->blocks[0]);
    program->blocks[*out] = (struct block){0};
    const char *kept = arena_text(&compiler->resolver.arena, (const char *)key, sizeof *key);
    (void)names_add(&compiler->known, &compiler->resolver.arena, kept, sizeof *key, *out);
    compiler->queue = xrealloc(compiler->queue, (compiler->queued + 1) * sizeof compiler->queue[0]);
    compiler->queue[compiler->queued++] =
        (struct pending){.schema = key->schema, .mode = (enum mode)key->mode, .block = *out};
    return OK;
}

enum outcome compile_block(struct compiler *compiler, const struct node *schema, enum mode mode,
                           uint32_t *out)
{
    *out = PROGRAM_ACCEPT;
    if (is_without(compiler, "$ref") && node_find(schema, "$ref") != NULL) {
        return OK;
    }
    enum outcome o = follow(compiler, &schema);
    if (o != OK) {
        return o;
    }
    if (schema->kind != NODE_MAP && schema->kind != NODE_BOOLEAN) {
        return RESOLVER_REFUSE(compiler->fault, schema,
                               "a schema must be a map, true or false, not %s",
                               node_kind_phrase(schema->kind));
    }
    if (accepts_all(schema)) {
        return OK;
    }
    struct block_key key = {.schema = schema, .mode = mode};
    const struct name *known = names_find(&compiler->known, (const char *)&key, sizeof key);
    if (known != NULL) {
        *out = known->value;
        return OK;
    }
    return new_block(compiler, &key, out);
}

enum outcome compile_child(struct compiler *compiler, const struct node *schema, uint32_t *out)
{
    return compile_block(compiler, schema, compiler->mode == MODE_OPEN ? MODE_OPEN : MODE_CLOSED,
                         out);
}

enum outcome compile_same(struct compiler *compiler, const struct node *schema, bool is_part,
                          uint32_t *out)
{
    enum mode mode = compiler->mode == MODE_OPEN || !is_part ? MODE_OPEN : MODE_PART;
    enum outcome o = compile_block(compiler, schema, mode, out);
    if (o == OK && *out != PROGRAM_ACCEPT) {
        compiler->edges =
            xrealloc(compiler->edges, (compiler->edge_count + 1) * sizeof compiler->edges[0]);
        compiler->edges[compiler->edge_count++] =
            (struct edge){.from = compiler->block, .to = *out, .at = schema};
    }
    return o;
}

/* ---- closed schemas ---- */

struct closing {
    struct names names; /* that some part declares */
    struct names seen;  /* parts, by address */
    const struct node **stack;
    size_t depth;
    const struct node *keyword; /* a `properties` */
    bool is_open;               /* a part speaks about the rest itself */
};

static void push_part(struct compiler *compiler, struct closing *closing, const struct node *part)
{
    const struct node_key key = {part};
    if (part->kind != NODE_MAP ||
        names_find(&closing->seen, (const char *)&key, sizeof key) != NULL) {
        return;
    }
    const char *kept = arena_text(&compiler->resolver.arena, (const char *)&key, sizeof key);
    (void)names_add(&closing->seen, &compiler->resolver.arena, kept, sizeof key, 0);
    closing->stack = xrealloc(closing->stack, (closing->depth + 1) * sizeof(struct node *));
    closing->stack[closing->depth++] = part;
}

static void declare(struct compiler *compiler, struct closing *closing, const struct node *part)
{
    const struct node *properties = node_find(part, "properties");
    if (properties == NULL || properties->kind != NODE_MAP) {
        return; /* compiling it says what is wrong */
    }
    closing->keyword = closing->keyword == NULL ? properties : closing->keyword;
    for (const struct node *one = properties->first; one != NULL; one = one->next) {
        const char *name = arena_text(&compiler->program->arena, one->key, strlen(one->key));
        (void)names_add(&closing->names, &compiler->program->arena, name, strlen(name), 0);
    }
}

static void push_parts(struct compiler *compiler, struct closing *closing, const struct node *part)
{
    for (const struct node *keyword = part->first; keyword != NULL; keyword = keyword->next) {
        if (!keyword_is_part(keyword->key)) {
            continue;
        }
        if (keyword_holds(keyword->key) == HOLDS_SCHEMA) {
            push_part(compiler, closing, keyword);
        } else {
            for (const struct node *one = keyword->first; one != NULL; one = one->next) {
                push_part(compiler, closing, one);
            }
        }
    }
}

static enum outcome close_parts(struct compiler *compiler, struct closing *closing)
{
    while (closing->depth > 0) {
        const struct node *part = closing->stack[--closing->depth];
        if (++compiler->closing_steps > CLOSING_STEPS_MAX) {
            return RESOLVER_REFUSE(compiler->fault, part, "the schema has too many parts to close");
        }
        const struct node *target = part;
        enum outcome o = follow(compiler, &target);
        if (o != OK) {
            return o;
        }
        if (target != part) {
            push_part(compiler, closing, target);
            continue;
        }
        closing->is_open = closing->is_open || node_find(part, "additionalProperties") != NULL ||
                           node_find(part, "patternProperties") != NULL;
        declare(compiler, closing, part);
        push_parts(compiler, closing, part);
    }
    return OK;
}

static enum outcome emit_closed(struct compiler *compiler, const struct node *schema)
{
    struct closing closing = {0};
    push_part(compiler, &closing, schema);
    enum outcome o = close_parts(compiler, &closing);
    free(closing.stack);
    if (o == OK && closing.keyword != NULL && !closing.is_open) {
        struct names *names = arena_alloc(&compiler->program->arena, sizeof *names);
        *names = closing.names;
        compile_emit(compiler, closing.keyword, KIND(json_type_object),
                     (struct instruction){.op = OP_CLOSED, .data = names});
    }
    return o;
}

/* ---- from emissions to instructions ---- */

static void add_instruction(struct jsonschema *program, struct instruction instruction)
{
    /* Room doubles whenever the count is a power of two. */
    if ((program->instruction_count & (program->instruction_count - 1)) == 0) {
        size_t room = program->instruction_count == 0 ? 1 : program->instruction_count * 2;
        program->instructions =
            xrealloc(program->instructions, room * sizeof program->instructions[0]);
    }
    program->instructions[program->instruction_count++] = instruction;
}

/* What a block has for one kind of value. */
static void lay_out(struct compiler *compiler, uint32_t block, unsigned kind, uint32_t type_source)
{
    struct jsonschema *program = compiler->program;
    size_t start = program->instruction_count;
    bool is_allowed = (compiler->kinds & KIND(kind)) != 0;
    bool is_integral = kind == json_type_double && (compiler->kinds & KINDS_INTEGRAL) != 0;
    if (!is_allowed) {
        add_instruction(program,
                        (struct instruction){.op = is_integral ? OP_INTEGRAL : OP_FAIL_TYPE,
                                             .source = type_source,
                                             .limit = compiler->kinds});
    }
    for (size_t i = 0; (is_allowed || is_integral) && i < compiler->emission_count; i++) {
        if ((compiler->emissions[i].kinds & KIND(kind)) != 0) {
            add_instruction(program, compiler->emissions[i].instruction);
        }
    }
    if (program->instruction_count > start) {
        add_instruction(program, (struct instruction){.op = OP_END});
        program->blocks[block].entry[kind] = (uint32_t)start;
    }
}

static enum outcome compile_one(struct compiler *compiler, const struct pending *pending)
{
    compiler->block = pending->block;
    compiler->mode = pending->mode;
    compiler->emission_count = 0;
    compiler->kinds = KINDS_ALL;
    compiler->type = NULL;
    compiler->members = NULL;
    compiler->items = NULL;
    compiler->condition = NULL;
    compiler->content = NULL;

    enum outcome o = OK;
    if (pending->schema->kind == NODE_BOOLEAN) {
        compile_emit(compiler, pending->schema, KINDS_ALL, (struct instruction){.op = OP_FAIL});
    } else {
        o = keywords_compile(compiler, pending->schema);
    }
    if (o == OK && pending->mode == MODE_CLOSED) {
        o = emit_closed(compiler, pending->schema);
    }
    if (o != OK) {
        return o;
    }
    uint32_t type_source = compiler->type != NULL ? compile_source(compiler, compiler->type) : 0;
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++) {
        lay_out(compiler, pending->block, kind, type_source);
    }
    return OK;
}

/* ---- circles ---- */

struct visit {
    uint32_t block;
    size_t edge; /* the next one to follow */
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* The first edge of each block; edges are sorted. */
static size_t *first_edges(const struct compiler *compiler)
{
    size_t *first = xcalloc(compiler->program->block_count + 1, sizeof *first);
    size_t edge = 0;
    for (size_t block = 0; block <= compiler->program->block_count; block++) {
        while (edge < compiler->edge_count && compiler->edges[edge].from < block) {
            edge++;
        }
        first[block] = edge;
    }
    return first;
}

/* A schema that applies itself to the same value again would never end. Depth first, with a stack
 * of our own. */
static enum outcome refuse_circles(struct compiler *compiler)
{
    enum { NEW, OPEN, DONE };
    if (compiler->edge_count == 0) {
        return OK;
    }
    qsort(compiler->edges, compiler->edge_count, sizeof compiler->edges[0], compare_edges);
    size_t blocks = compiler->program->block_count;
    size_t *first = first_edges(compiler);
    unsigned char *state = xcalloc(blocks, 1);
    struct visit *stack = xcalloc(blocks + 1, sizeof *stack);
    const struct node *circle = NULL;
    for (uint32_t start = 0; start < blocks && circle == NULL; start++) {
        size_t depth = 0;
        if (state[start] == NEW) {
            stack[depth++] = (struct visit){.block = start, .edge = first[start]};
            state[start] = OPEN;
        }
        while (depth > 0 && circle == NULL) {
            struct visit *top = &stack[depth - 1];
            if (top->edge == first[top->block + 1]) {
                state[top->block] = DONE;
                depth--;
                continue;
            }
            const struct edge *edge = &compiler->edges[top->edge++];
            if (state[edge->to] == NEW) {
                state[edge->to] = OPEN;
                stack[depth++] = (struct visit){.block = edge->to, .edge = first[edge->to]};
            } else if (state[edge->to] == OPEN) {
                circle = edge->at;
            }
        }
    }
    free(first);
    free(state);
    free(stack);
    return circle == NULL
               ? OK
               : RESOLVER_REFUSE(compiler->fault, circle,
                                 "the schema applies itself to the same value again, without end");
}

/* ---- the whole ---- */

static enum outcome compile_all(struct compiler *compiler, const struct node *schema)
{
    struct jsonschema *program = compiler->program;
    /* Block 0 and instruction 0 accept everything. */
    add_instruction(program, (struct instruction){.op = OP_END});
    program->blocks = xcalloc(1, sizeof program->blocks[0]);
    program->block_count = 1;

    enum outcome o = resolver_start(&compiler->resolver, schema);
    if (o == OK) {
        o = compile_block(compiler, schema, compiler->options->is_closed ? MODE_CLOSED : MODE_OPEN,
                          &program->root);
    }
    for (size_t i = 0; i < compiler->queued && o == OK; i++) {
        const struct pending pending = compiler->queue[i]; /* the queue moves while it grows */
        o = compile_one(compiler, &pending);
    }
    return o == OK ? refuse_circles(compiler) : o;
}

enum outcome jsonschema_compile(struct documents *documents, const struct node *schema,
                                const struct jsonschema_options *options, struct jsonschema **out,
                                struct fault *fault)
{
    static const struct jsonschema_options plain;
    options = options != NULL ? options : &plain;
    struct compiler compiler = {
        .program = xcalloc(1, sizeof *compiler.program),
        .resolver = {.documents = documents, .options = options, .fault = fault},
        .options = options,
        .fault = fault,
    };
    enum outcome o = compile_all(&compiler, schema);
    resolver_done(&compiler.resolver);
    free(compiler.queue);
    free(compiler.edges);
    free(compiler.emissions);
    if (o != OK) {
        jsonschema_free(compiler.program);
        return o;
    }
    *out = compiler.program;
    return OK;
}

enum outcome jsonschema_compile_metaschema(const struct jsonschema_options *options,
                                           struct jsonschema **out, struct fault *fault)
{
    struct documents documents = {0};
    const struct node *schema = node_parse(METASCHEMA_URI, metaschema_text, strlen(metaschema_text),
                                           &documents.arena, &documents.findings);
    enum outcome o = jsonschema_compile(&documents, schema, options, out, fault);
    documents_done(&documents);
    return o;
}
