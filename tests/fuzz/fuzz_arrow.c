/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile producer behind the Arrow C stream interface. The bytes choose schema, batches and what is wrong with them:
 * types that are unknown or nested, pointers that are NULL, lengths, offsets and counts that are negative, huge or of
 * another column, offsets of text that fall, views and dictionaries that lead elsewhere, calls that fail. What a
 * consumer cannot know holds: buffers are as long as their arrays say, each a block of its own. Whatever is given is
 * freed when it is released, so that what is read later is seen, and must be released once.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, BATCHES = 3, ROWS = 12, BLOCKS = 128 };

typedef struct reader {
    const uint8_t *at, *end;
} reader;

/* One of `n`; 0, the harmless one everywhere, when the bytes have come to their end. */
static unsigned pick(reader *r, unsigned n) { return r->at < r->end ? *r->at++ % n : 0; }

/* Rarely true. */
static bool odd(reader *r) { return pick(r, 32) == 31; }

typedef struct producer producer;

/* What goes with one release: the structs of a schema or a batch, and their blocks. */
typedef struct load {
    producer *own;
    struct ArrowSchema schema[COLUMNS], words[COLUMNS], inner, *schemas[COLUMNS + 1];
    struct ArrowArray array[COLUMNS], dictionary[COLUMNS], *arrays[COLUMNS + 1];
    const void *buffers[2 * COLUMNS][5];
    const void *valid[1];
    void *blocks[BLOCKS];
    int block_count;
} load;

struct producer {
    reader r;
    unsigned columns, batches, next;
    const char *format[COLUMNS], *index[COLUMNS]; /* index: a dictionary's numbers, else NULL */
    int given, released, streams;
    char words[16];
};

static void *block(load *l, size_t size)
{
    FUZZ_CHECK(l->block_count < BLOCKS);
    void *made = calloc(1, size ? size : 1);
    FUZZ_CHECK(made != NULL);
    return l->blocks[l->block_count++] = made;
}

/* A text that is gone when its owner is. */
static const char *text_of(load *l, const char *text)
{
    return text ? memcpy(block(l, strlen(text) + 1), text, strlen(text) + 1) : NULL;
}

static void drop(load *l)
{
    l->own->released++;
    for (int i = 0; i < l->block_count; i++) free(l->blocks[i]);
    free(l);
}

static void release_schema(struct ArrowSchema *schema)
{
    FUZZ_CHECK(schema->release == release_schema);
    schema->release = NULL;
    drop(schema->private_data);
}

static void release_array(struct ArrowArray *array)
{
    FUZZ_CHECK(array->release == release_array);
    array->release = NULL;
    drop(array->private_data);
}

/* Children are their parent's: a consumer that does not move them out must leave them alone. */
static void child_schema(struct ArrowSchema *schema) { FUZZ_CHECK(schema == NULL); }

static void child_array(struct ArrowArray *array) { FUZZ_CHECK(array == NULL); }

static load *load_of(producer *own)
{
    load *l = calloc(1, sizeof *l);
    FUZZ_CHECK(l != NULL);
    l->own = own;
    own->given++;
    return l;
}

static const char *const formats[] = {
    "u", "U", "vu", "c", "C", "s", "S", "i", "I", "l", "L", "e", "f", "g", "b", "n", "tdD", "tdm", "tss:", "tsm:",
    "tsu:UTC", "tsn:Asia/Shanghai", "d:5,2", "d:38,38", "d:9,0,32", "d:18,3,64", "d:1,", "d:999,1", "d:5,2,256", "d:,",
    "", "x", "ts", "tsx:", "ttm", "z", "w:4", "+l", "+s", "+ud:0,1", "uu", "\xff",
};
#define FORMATS (sizeof formats / sizeof *formats)
static const char *const usual[COLUMNS] = { "u", "tss:", "g", "f", "u", "vu" };
static const char *const names[COLUMNS] = { "unique_id", "ds", "y", "price", "event", "label" };

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    producer *own = stream->private_data;
    reader *r = &own->r;
    if (odd(r)) return pick(r, 2) ? ENOMEM : EINVAL;
    load *l = load_of(own);
    for (unsigned i = 0; i < own->columns; i++) {
        const unsigned kind = pick(r, 2 * FORMATS), name = pick(r, 24);
        const char *format = kind < FORMATS ? usual[i] : formats[kind - FORMATS];
        own->format[i] = format;
        own->index[i] = NULL;
        l->schema[i] = (struct ArrowSchema){ .format = text_of(l, format), .flags = ARROW_FLAG_NULLABLE,
                                             .name = text_of(l, name < 20 ? names[i] : name == 20 ? NULL : names[name % COLUMNS]),
                                             .release = child_schema };
        if (pick(r, 8) == 7) {
            own->index[i] = formats[3 + pick(r, 8)];
            l->schema[i].format = text_of(l, own->index[i]);
            l->words[i] = (struct ArrowSchema){ .format = odd(r) ? NULL : text_of(l, format), .release = child_schema };
            if (odd(r)) l->words[i].dictionary = &l->inner;
            l->schema[i].dictionary = &l->words[i];
        }
        if (odd(r)) l->schema[i].format = NULL;
        l->schemas[i] = odd(r) ? NULL : &l->schema[i];
    }
    static const int64_t counts[] = { 0, -1, INT64_MAX, INT64_MIN };
    *out = (struct ArrowSchema){ .format = odd(r) ? formats[pick(r, FORMATS)] : "+s", .n_children = (int64_t)own->columns,
                                 .children = odd(r) ? NULL : l->schemas, .release = release_schema, .private_data = l };
    if (odd(r)) out->n_children = counts[pick(r, 4)];
    if (odd(r)) out->format = NULL;
    return 0;
}

/* Bytes of an element, plenty for what is not known; 0: bits. */
static size_t width_of(const char *format)
{
    static const char letters[] = "bcCsSeiIflLg";
    static const unsigned char widths[] = { 0, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8 };
    const char *at = strlen(format) == 1 ? strchr(letters, format[0]) : NULL;
    if (at) return widths[at - letters];
    return strcmp(format, "tdD") == 0 ? 4 : format[0] == 't' ? 8 : 16;
}

/* Texts of `rows` cells one behind the other, and their offsets, which may fall but do not leave the texts. */
static void put_text(reader *r, load *l, bool wide, unsigned rows, const void **buffers)
{
    static const char *const cells[] = { "a", "b", "", "2024-01-01", "7", "1e3", "nan", "-", "\xff\xfe", "caf\xc3\xa9",
                                         "2024-02-30", "99999999999999999999", "yes" };
    char *bytes = block(l, ROWS * 24), *tight;
    int64_t ends[ROWS + 1] = { 0 };
    size_t used = 0;
    for (unsigned i = 0; i < rows; i++) {
        const char *cell = cells[pick(r, sizeof cells / sizeof *cells)];
        memcpy(bytes + used, cell, strlen(cell));
        used += strlen(cell);
        ends[i + 1] = (int64_t)used;
    }
    for (unsigned i = 0; i <= rows; i++)
        if (odd(r)) ends[i] = (int64_t)pick(r, (unsigned)used + 8) - 7;
    tight = memcpy(block(l, used), bytes, used);
    char *offsets = block(l, (rows + 1) * (wide ? 8 : 4));
    for (unsigned i = 0; i <= rows; i++) {
        const int32_t narrow = (int32_t)ends[i];
        memcpy(offsets + i * (wide ? 8 : 4), wide ? (const void *)&ends[i] : (const void *)&narrow, wide ? 8 : 4);
    }
    buffers[1] = offsets;
    buffers[2] = tight;
}

/* Views of 16 bytes into one block of 20, or with their text inside. */
static void put_views(reader *r, load *l, unsigned rows, const void **buffers)
{
    unsigned char *views = block(l, (size_t)rows * 16);
    int64_t *sizes = block(l, sizeof *sizes);
    buffers[1] = views;
    buffers[2] = memcpy(block(l, 20), "2024-01-01 00:00:00z", 20);
    buffers[3] = sizes;
    sizes[0] = 20;
    for (unsigned i = 0; i < rows; i++) {
        const int32_t parts[3] = { (int32_t)pick(r, 16) - (odd(r) ? 16 : 0), odd(r) ? (int32_t)pick(r, 9) - 4 : 0,
                                   (int32_t)pick(r, 8) - (odd(r) ? 16 : 0) };
        memcpy(views + i * 16, parts, 4);
        memcpy(views + i * 16 + 4, "2024-01-01", 8);
        if (parts[0] <= 12) continue;
        memcpy(views + i * 16 + 8, parts + 1, 8);
    }
}

static void put_numbers(reader *r, load *l, const char *format, unsigned rows, const void **buffers)
{
    static const int64_t wholes[] = { 0, 1, 2, 3, -1, 86400, 172800, 1700000000, INT64_MAX, INT64_MIN, 127, 255 };
    static const double reals[] = { 0, 1, 2.5, -3, 1e300, -1e-300, 7, 1e9 };
    const size_t width = width_of(format);
    unsigned char *values = block(l, width ? rows * width : (rows + 7) / 8);
    for (unsigned i = 0; i < rows && width; i++) {
        const bool real = strchr("fg", format[0]) && format[0];
        const double number = reals[pick(r, sizeof reals / sizeof *reals)];
        const float single = (float)number;
        int64_t whole = format[0] == 't' && !odd(r) ? 86400 * (int64_t)(i + 1) : wholes[pick(r, sizeof wholes / sizeof *wholes)];
        unsigned char any[16];
        if (odd(r)) {
            for (size_t b = 0; b < sizeof any; b++) any[b] = (unsigned char)pick(r, 256);
            memcpy(values + i * width, any, width);
        } else if (real && width == 8) memcpy(values + i * width, &number, 8);
        else if (real && width == 4) memcpy(values + i * width, &single, 4);
        else memcpy(values + i * width, &whole, width < 8 ? width : 8);
    }
    buffers[1] = values;
}

static const int64_t wrong[] = { -1, INT64_MIN, INT64_MAX, INT64_MAX - 3 };

/* An array of `rows` elements, the first `offset` of which are not its own. */
static struct ArrowArray fill(reader *r, load *l, const char *format, const char *read_as, unsigned rows, unsigned offset,
                              const void **buffers)
{
    struct ArrowArray array = { .length = (int64_t)rows, .offset = (int64_t)offset, .n_buffers = 2, .buffers = buffers,
                                .release = child_array };
    const unsigned all = rows + offset;
    if (strcmp(format, "u") == 0 || strcmp(format, "U") == 0) put_text(r, l, format[0] == 'U', all, buffers);
    else if (strcmp(format, "vu") == 0) put_views(r, l, all, buffers);
    else put_numbers(r, l, format, all, buffers);
    array.n_buffers = strcmp(read_as, "n") == 0 ? 0 : buffers[3] ? 4 : buffers[2] ? 3 : 2;
    if (pick(r, 4) == 3) {
        unsigned char drawn[ROWS];
        for (unsigned i = 0; i < ROWS; i++) drawn[i] = (unsigned char)pick(r, 256);
        buffers[0] = memcpy(block(l, (all + 7) / 8), drawn, (all + 7) / 8);
        array.null_count = (int64_t)pick(r, rows + 2) - 1;
    }
    if (odd(r)) array.null_count = wrong[pick(r, 4)];
    if (odd(r)) array.length = pick(r, 2) ? (int64_t)pick(r, rows + 1) : wrong[pick(r, 2)];
    if (odd(r)) array.offset = pick(r, 2) ? (int64_t)pick(r, offset + 1) : wrong[pick(r, rows > 3 ? 4 : 3)];
    if (odd(r)) array.n_buffers = pick(r, 2) ? (int64_t)pick(r, 6) - 1 : wrong[pick(r, 3)];
    if (array.n_buffers > 3 && !buffers[3]) array.n_buffers = -array.n_buffers; /* it would be believed */
    if (odd(r)) array.buffers = NULL;
    if (odd(r)) array.release = NULL;
    if (odd(r)) buffers[pick(r, 5)] = NULL;
    return array;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    producer *own = stream->private_data;
    reader *r = &own->r;
    memset(out, 0, sizeof *out);
    if (odd(r)) return EIO;
    if (own->next == own->batches) return 0;
    own->next++;
    load *l = load_of(own);
    const unsigned rows = (4 + pick(r, 8)) % 9, start = pick(r, 8) == 7 ? pick(r, 3) : 0;
    for (unsigned i = 0; i < own->columns; i++) {
        const unsigned offset = pick(r, 8) == 7 ? pick(r, 2) : 0, mine = rows + start;
        const bool shorter = odd(r) && mine > 0;
        const char *index = own->index[i];
        l->array[i] = fill(r, l, index ? index : own->format[i], index ? index : own->format[i], mine - shorter, offset,
                           l->buffers[i]);
        if (index) {
            l->dictionary[i] = fill(r, l, own->format[i], own->format[i], 1 + pick(r, 4), pick(r, 2),
                                    l->buffers[COLUMNS + i]);
            l->array[i].dictionary = odd(r) ? NULL : &l->dictionary[i];
        }
        l->arrays[i] = odd(r) ? NULL : &l->array[i];
    }
    *out = (struct ArrowArray){ .length = (int64_t)rows, .offset = (int64_t)start, .n_buffers = 1, .buffers = l->valid,
                                .n_children = (int64_t)own->columns, .children = l->arrays, .release = release_array,
                                .private_data = l };
    if (pick(r, 8) == 7) {
        unsigned char *bits = block(l, (rows + start + 7) / 8);
        memset(bits, (int)pick(r, 256), (rows + start + 7) / 8);
        l->valid[0] = bits;
        out->null_count = (int64_t)pick(r, 4) - 1;
    }
    if (odd(r)) out->null_count = 3;
    if (odd(r)) out->length = wrong[pick(r, 4)];
    if (odd(r)) out->offset = wrong[pick(r, 4)];
    if (odd(r)) out->n_children = pick(r, 2) ? wrong[pick(r, 4)] : (int64_t)own->columns - 1;
    if (odd(r)) out->children = NULL;
    if (odd(r)) out->buffers = NULL;
    if (odd(r)) out->n_buffers = 0;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    producer *own = stream->private_data;
    return pick(&own->r, 2) ? NULL : own->words;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    producer *own = stream->private_data;
    own->streams++;
    stream->release = NULL;
}

static void check_dataset(const seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary summary = { .struct_size = (uint32_t)sizeof summary };
    FUZZ_OK(seqd_dataset_summarize(dataset, &summary, &error), &error);
    FUZZ_CHECK(summary.rows <= BATCHES * ROWS && seqd_dataset_series_count(dataset) == summary.series);
    for (int64_t i = 0; i < summary.series; i++) {
        char date[24];
        const char *id = seqd_dataset_series_id(dataset, i);
        FUZZ_CHECK(id != NULL && seqd_dataset_find_series(dataset, id) == i && seqd_dataset_length(dataset, i) >= 0);
        FUZZ_OK(seqd_dataset_date(dataset, i, 0, date, sizeof date, &error), &error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const tasks[] = { "forecast", "classify", "regress" };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    producer own = { .r = { bytes, bytes + size }, .words = "it\nfailed" };
    reader *r = &own.r;
    seqd_context *context = fuzz_context();
    FUZZ_OK(seqd_context_set_limit(context, "memory", (int64_t)2 << 20, &error), &error);
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    const unsigned task = pick(r, 3);
    FUZZ_OK(seqd_options_set_str(options, "task", tasks[task], &error), &error);
    if (pick(r, 2)) FUZZ_OK(seqd_options_set_str(options, task ? "num_columns" : "past_columns", "price", &error), &error);
    own.columns = (3 + pick(r, COLUMNS)) % COLUMNS + 1;
    own.batches = (1 + pick(r, BATCHES + 1)) % (BATCHES + 1);
    struct ArrowArrayStream stream = { get_schema, get_next, get_last_error, release_stream, &own };
    if (odd(r)) stream.get_last_error = NULL;
    if (odd(r)) stream.get_next = NULL;
    const int32_t status = seqd_dataset_from_arrow(context, options, &stream, &dataset, &error);
    fuzz_check_error(status, &error);
    FUZZ_CHECK(own.streams == 1 && stream.release == NULL && own.released == own.given);
    if (status == SEQD_OK) check_dataset(dataset);
    else FUZZ_CHECK(dataset == NULL);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    fuzz_context_close(context);
    return 0;
}

/* Nothing but harmless choices, for each task; then bytes of a simple rule, in which everything occurs. */
size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    const size_t size = 600;
    FUZZ_CHECK(size <= room);
    if (index >= 40) return 0;
    uint32_t state = (uint32_t)index * 2654435761u + 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245u + 12345u;
        const uint8_t drawn = (uint8_t)(state >> 16);
        bytes[i] = index < 4 ? 0 : index < 20 ? (drawn & 7) : drawn % 32 == 31 && i % 3 ? 0 : drawn;
    }
    if (index < 4) bytes[0] = (uint8_t)(index % 3);
    return size;
}
