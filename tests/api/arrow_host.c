/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_host.h"

#include <errno.h>

static void release_schema(struct ArrowSchema *schema)
{
    host *own = schema->private_data;
    own->schemas_released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    host *own = array->private_data;
    own->arrays_released++;
    array->release = NULL;
    memset(own->array, 0xa5, sizeof own->array); /* what is read after the release is seen */
    memset(own->dictionary, 0xa5, sizeof own->dictionary);
}

/* Those of children belong to their parent: nobody else calls them. */
static void child_schema(struct ArrowSchema *schema)
{
    (void)schema;
    fail_msg("a child of a schema was released");
}

static void child_array(struct ArrowArray *array)
{
    (void)array;
    fail_msg("a child of an array was released");
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    host *own = stream->private_data;
    const host_column *columns = own->batches[0].columns;
    if (own->schema_code != 0) return own->schema_code;
    for (int64_t i = 0; i < own->column_count; i++) {
        own->schema[i] = (struct ArrowSchema){ .format = columns[i].format, .name = columns[i].name,
                                               .release = child_schema };
        own->schema_pointers[i] = &own->schema[i];
        if (!columns[i].dictionary) continue;
        own->dictionary_schema[i] = (struct ArrowSchema){ .format = columns[i].dictionary->format,
                                                          .release = child_schema };
        own->schema[i].dictionary = &own->dictionary_schema[i];
    }
    *out = (struct ArrowSchema){ .format = own->format ? own->format : "+s", .n_children = own->column_count,
                                 .children = own->schema_pointers, .release = release_schema, .private_data = own };
    if (own->spoil) own->spoil(own, out, NULL);
    own->schemas_given++;
    return 0;
}

static struct ArrowArray array_of(host_column *column)
{
    return (struct ArrowArray){ .length = column->length, .offset = column->offset, .null_count = column->null_count,
                                .n_buffers = column->buffer_count, .buffers = column->buffers, .release = child_array };
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    host *own = stream->private_data;
    if (own->fail_at > 0 && own->next == own->fail_at - 1) return EIO;
    memset(out, 0, sizeof *out);
    if (own->next == own->batch_count) return 0;
    const host_batch *batch = &own->batches[own->next++];
    for (int64_t i = 0; i < own->column_count; i++) {
        host_column *column = (host_column *)(uintptr_t)&batch->columns[i];
        own->array[i] = array_of(column);
        own->pointers[i] = &own->array[i];
        if (!column->dictionary) continue;
        own->dictionary[i] = array_of((host_column *)(uintptr_t)column->dictionary);
        own->array[i].dictionary = &own->dictionary[i];
    }
    own->valid[0] = batch->valid;
    *out = (struct ArrowArray){ .length = batch->length, .offset = batch->offset, .null_count = batch->null_count,
                                .n_buffers = 1, .buffers = own->valid, .n_children = own->column_count,
                                .children = own->pointers, .release = release_array, .private_data = own };
    if (own->spoil) own->spoil(own, NULL, out);
    own->arrays_given++;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const host *own = stream->private_data;
    return own->words;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    host *own = stream->private_data;
    own->streams_released++;
    stream->release = NULL;
}

struct ArrowArrayStream host_stream(host *own)
{
    own->next = 0;
    own->schemas_given = own->schemas_released = own->arrays_given = own->arrays_released = 0;
    own->streams_released = 0;
    return (struct ArrowArrayStream){ get_schema, get_next, get_last_error, release_stream, own };
}

void host_settled(const host *own)
{
    assert_int_equal(own->schemas_released, own->schemas_given);
    assert_int_equal(own->arrays_released, own->arrays_given);
    assert_int_equal(own->streams_released, 1);
}
