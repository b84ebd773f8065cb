/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_stream.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

typedef struct out_column {
    seqd_arrow_out_kind kind;
    bool wide;                 /* offsets of 8 bytes */
    char *name;
    int64_t written;           /* cells of text */
    size_t used;               /* bytes of text */
    void *values;              /* numbers or offsets */
    char *text;
    const void *buffers[3];
    struct ArrowArray array;
} out_column;

struct seqd_arrow_table {
    seqd_context *context;
    atomic_int references;
    int32_t count;
    int64_t rows;
    out_column *columns;           /* [count] */
    struct ArrowArray **children;  /* [count] */
    const void *no_bitmap[1];      /* the buffers of the batch itself */
    bool given;                    /* the batch */
    const char *problem;           /* of the last call of the stream */
};

/* The columns of one schema that was handed out. */
typedef struct out_schema {
    seqd_arrow_table *table;
    struct ArrowSchema *children;
    struct ArrowSchema **pointers;
} out_schema;

static void drop(seqd_arrow_table *table)
{
    if (atomic_fetch_sub(&table->references, 1) == 1) seqd_arrow_table_free(table);
}

static void *take(seqd_arrow_table *table)
{
    atomic_fetch_add(&table->references, 1);
    return table;
}

/* Sizing pass with `arena->base` NULL, then the same with the block. */
static seqd_arrow_table *place(seqd_arena *arena, const seqd_arrow_field *fields, int32_t count, int64_t rows)
{
    seqd_arrow_table *table = seqd_arena_take(arena, 1, sizeof *table);
    out_column *columns = seqd_arena_take(arena, (size_t)count, sizeof *columns);
    struct ArrowArray **children = seqd_arena_take(arena, (size_t)count, sizeof(struct ArrowArray *));
    for (int32_t i = 0; i < count; i++) {
        const bool text = fields[i].kind == SEQD_ARROW_OUT_TEXT, wide = text && fields[i].text_bytes > INT32_MAX;
        const size_t prefix = strlen(fields[i].prefix), name = strlen(fields[i].name);
        char *const named = seqd_arena_take(arena, prefix + name + 1, 1);
        void *const values = seqd_arena_take(arena, (size_t)rows + 1, text && !wide ? 4 : 8);
        char *const bytes = text ? seqd_arena_take(arena, (size_t)fields[i].text_bytes + 1, 1) : NULL;
        if (!arena->base) continue;
        memcpy(named, fields[i].prefix, prefix);
        memcpy(named + prefix, fields[i].name, name + 1);
        columns[i].kind = fields[i].kind;
        columns[i].wide = wide;
        columns[i].name = named;
        columns[i].values = values;
        columns[i].text = bytes;
    }
    if (!arena->base) return NULL;
    table->columns = columns;
    table->children = children;
    table->count = count;
    table->rows = rows;
    return table;
}

int32_t seqd_arrow_table_new(seqd_context *context, const seqd_arrow_field *fields, int32_t count, int64_t rows,
                             seqd_arrow_table **out, seqd_error *error)
{
    seqd_arena arena = { NULL, 0, false };
    (void)place(&arena, fields, count, rows);
    if (arena.overflow) return seqd_fail_nomem(error, SIZE_MAX);
    const size_t size = arena.used;
    arena.base = seqd_alloc_zero(context, size);
    if (!arena.base) return seqd_fail_alloc(context, size, error);
    arena.used = 0;
    seqd_arrow_table *table = place(&arena, fields, count, rows);
    table->context = seqd_context_retain(context);
    atomic_init(&table->references, 1);
    *out = table;
    return SEQD_OK;
}

void seqd_arrow_table_free(seqd_arrow_table *table)
{
    seqd_context *context = table->context;
    seqd_free(context, table);
    seqd_context_drop(context);
}

int64_t *seqd_arrow_table_i64(seqd_arrow_table *table, int32_t column) { return table->columns[column].values; }

double *seqd_arrow_table_f64(seqd_arrow_table *table, int32_t column) { return table->columns[column].values; }

void seqd_arrow_table_add_text(seqd_arrow_table *table, int32_t column, const char *text)
{
    out_column *c = &table->columns[column];
    const size_t length = strlen(text);
    memcpy(c->text + c->used, text, length);
    c->used += length;
    c->written++;
    if (c->wide) ((int64_t *)c->values)[c->written] = (int64_t)c->used;
    else ((int32_t *)c->values)[c->written] = (int32_t)c->used;
}

static void release_array(struct ArrowArray *array)
{
    seqd_arrow_table *table = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    array->release = NULL;
    drop(table);
}

static void release_schema_column(struct ArrowSchema *schema)
{
    schema->release = NULL;
    drop(schema->private_data);
}

static void release_schema(struct ArrowSchema *schema)
{
    out_schema *own = schema->private_data;
    seqd_arrow_table *table = own->table;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
    schema->release = NULL;
    seqd_free(table->context, own);
    drop(table);
}

static const char *format_of(const out_column *column)
{
    switch (column->kind) {
    case SEQD_ARROW_OUT_TEXT: return column->wide ? "U" : "u";
    case SEQD_ARROW_OUT_I64: return "l";
    case SEQD_ARROW_OUT_SECONDS: return "tss:";
    case SEQD_ARROW_OUT_F64: break;
    }
    return "g";
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    seqd_arrow_table *table = stream->private_data;
    const size_t count = (size_t)table->count;
    out_schema *own = seqd_alloc_array(table->context, 1, sizeof *own + count * (sizeof(struct ArrowSchema) +
                                                                                 sizeof(struct ArrowSchema *)));
    table->problem = own ? NULL : "out of memory";
    if (!own) return ENOMEM;
    own->table = take(table);
    own->children = (struct ArrowSchema *)(own + 1);
    own->pointers = (struct ArrowSchema **)(own->children + count);
    for (size_t i = 0; i < count; i++) {
        own->children[i] = (struct ArrowSchema){
            .format = format_of(&table->columns[i]), .name = table->columns[i].name, .flags = ARROW_FLAG_NULLABLE,
            .release = release_schema_column, .private_data = take(table) };
        own->pointers[i] = &own->children[i];
    }
    *out = (struct ArrowSchema){ .format = "+s", .name = "", .n_children = table->count, .children = own->pointers,
                                 .release = release_schema, .private_data = own };
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    seqd_arrow_table *table = stream->private_data;
    memset(out, 0, sizeof *out);
    table->problem = NULL;
    if (table->given) return 0;
    table->given = true;
    for (int32_t i = 0; i < table->count; i++) {
        out_column *column = &table->columns[i];
        const bool text = column->kind == SEQD_ARROW_OUT_TEXT;
        column->buffers[1] = column->values;
        column->buffers[2] = column->text;
        column->array = (struct ArrowArray){ .length = table->rows, .n_buffers = text ? 3 : 2,
                                             .buffers = column->buffers, .release = release_array,
                                             .private_data = take(table) };
        table->children[i] = &column->array;
    }
    *out = (struct ArrowArray){ .length = table->rows, .n_buffers = 1, .buffers = table->no_bitmap,
                                .n_children = table->count, .children = table->children, .release = release_array,
                                .private_data = take(table) };
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const seqd_arrow_table *table = stream->private_data;
    return table->problem;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    seqd_arrow_table *table = stream->private_data;
    stream->release = NULL;
    drop(table);
}

void seqd_arrow_table_stream(seqd_arrow_table *table, struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){ get_schema, get_next, get_last_error, release_stream, table };
}
