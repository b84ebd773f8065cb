/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets from Arrow streams made by hand: the same as from CSV, and everything released once whatever happens. */
#include "arrow_host.h"

#include <errno.h>

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* Two batches of the rows of `csv`: the first 5 rows lie behind 2 others, of which the batch skips one and each column
 * the other; a column that is not read is of a type that is not known. */
static const char csv[] = "unique_id,ds,y,price,shop,in_stock\n"
                          "a,2024-01-01,1,0.5,x,1\na,2024-01-02,,0.25,x,1\na,2024-01-03,3.5,1,x,0\n"
                          "b,2024-01-01,4,2,,1\nb,2024-01-03,5,,y,1\n"
                          "b,2024-01-04,7,4,y,1\na,2024-01-04,6,8,x,1\n";
static const char settings[] = "known_columns=price static_columns=shop";

static const int8_t codes[] = { 9, 9, 0, 0, 0, 1, 1 }, more_codes[] = { 0, 1 };
static const char names[] = "#ab";
static const int32_t name_ends[] = { 0, 1, 2, 3 }, swapped_ends[] = { 1, 2, 3 };
static const char swapped[] = "#ba";
static const int32_t days[] = { -1, -1, 19723, 19724, 19725, 19723, 19725 }, more_days[] = { 19726, 19726 };
static const double y[] = { 99, 99, 1, 99, 3.5, 4, 5 }, more_y[] = { 7, 6 };
static const float price[] = { 99, 99, 0.5f, 0.25f, 1, 2, 99 }, more_price[] = { 4, 8 };
static const int64_t shop_ends[] = { 0, 0, 0, 1, 2, 3, 3, 4 }, more_shop_ends[] = { 0, 1, 2 };
static const uint8_t y_valid[] = { 0x77 }, price_valid[] = { 0x3f }, shop_valid[] = { 0x5f }, stock[] = { 0x6f },
                     more_stock[] = { 0x03 };
static const host_column dictionary = { "u", NULL, 2, 1, 0, 3, { NULL, name_ends, names }, NULL };
static const host_column other_dictionary = { "u", NULL, 2, 0, 0, 3, { NULL, swapped_ends, swapped }, NULL };

static const host_column first_columns[] = {
    { "c", "unique_id", 6, 1, 0, 2, { NULL, codes }, &dictionary },
    { "+w:3", "picture", 0, 0, 0, 0, { NULL }, NULL },
    { "tdD", "ds", 6, 1, 0, 2, { NULL, days }, NULL },
    { "g", "y", 6, 1, -1, 2, { y_valid, y }, NULL },
    { "f", "price", 6, 1, 1, 2, { price_valid, price }, NULL },
    { "U", "shop", 6, 1, 1, 3, { shop_valid, shop_ends, "xxxy" }, NULL },
    { "b", "in_stock", 6, 1, 0, 2, { NULL, stock }, NULL },
};
static const host_column empty_columns[] = {
    { "c", "unique_id", 0, 0, 0, 2, { NULL, NULL }, &dictionary },
    { "+w:3", "picture", 0, 0, 0, 0, { NULL }, NULL },
    { "tdD", "ds", 0, 0, 0, 2, { NULL, NULL }, NULL },
    { "g", "y", 0, 0, 0, 2, { NULL, NULL }, NULL },
    { "f", "price", 0, 0, 0, 2, { NULL, NULL }, NULL },
    { "U", "shop", 0, 0, 0, 3, { NULL, NULL, NULL }, NULL },
    { "b", "in_stock", 0, 0, 0, 2, { NULL, NULL }, NULL },
};
static const host_column last_columns[] = {
    { "c", "unique_id", 2, 0, 0, 2, { NULL, more_codes }, &other_dictionary },
    { "+w:3", "picture", 0, 0, 0, 0, { NULL }, NULL },
    { "tdD", "ds", 2, 0, 0, 2, { NULL, more_days }, NULL },
    { "g", "y", 2, 0, 0, 2, { NULL, more_y }, NULL },
    { "f", "price", 2, 0, 0, 2, { NULL, more_price }, NULL },
    { "U", "shop", 2, 0, 0, 3, { NULL, more_shop_ends, "yx" }, NULL },
    { "b", "in_stock", 2, 0, 0, 2, { NULL, more_stock }, NULL },
};
static const host_batch batches[] = { { 5, 1, 0, NULL, first_columns }, { 0, 0, 0, NULL, empty_columns },
                                      { 2, 0, 0, NULL, last_columns } };

static host new_host(void)
{
    return (host){ .batches = batches, .column_count = COUNT(first_columns), .batch_count = COUNT(batches),
                   .words = "the disk\nis gone" };
}

static void assert_same(const seqd_dataset *a, const seqd_dataset *b)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary one = { .struct_size = sizeof one }, other = { .struct_size = sizeof other };
    RIG_OK(seqd_dataset_summarize(a, &one, &error));
    RIG_OK(seqd_dataset_summarize(b, &other, &error));
    assert_memory_equal(&one, &other, sizeof one);
    assert_string_equal(seqd_dataset_frequency(a), seqd_dataset_frequency(b));
    for (int64_t s = 0; s < one.series; s++) {
        double left[64], right[64];
        char from[24], to[24];
        const int64_t length = seqd_dataset_length(a, s);
        assert_string_equal(seqd_dataset_series_id(a, s), seqd_dataset_series_id(b, s));
        assert_int_equal(length, seqd_dataset_length(b, s));
        RIG_OK(seqd_dataset_values(a, s, 0, length, left, &error));
        RIG_OK(seqd_dataset_values(b, s, 0, length, right, &error));
        assert_memory_equal(left, right, (size_t)length * sizeof *left);
        RIG_OK(seqd_dataset_date(a, s, 0, from, sizeof from, &error));
        RIG_OK(seqd_dataset_date(b, s, 0, to, sizeof to, &error));
        assert_string_equal(from, to);
    }
}

static void same_as_csv(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, settings);
    seqd_dataset *table = NULL, *stream = NULL;
    host own = new_host();
    struct ArrowArrayStream source = host_stream(&own);
    RIG_OK(seqd_dataset_parse(context, options, csv, sizeof csv - 1, &table, &error));
    RIG_OK(seqd_dataset_from_arrow(context, options, &source, &stream, &error));
    host_settled(&own);
    assert_null(source.release);
    assert_int_equal(own.arrays_released, 3);
    assert_same(table, stream);
    seqd_dataset_release(table);
    seqd_dataset_release(stream);
    /* A stream that was released, arguments that are missing: the stream is released then, too. */
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(context, options, &source, &stream, &error));
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(context, options, NULL, &stream, &error));
    source = host_stream(&own);
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(context, options, &source, NULL, &error));
    host_settled(&own);
    source = host_stream(&own);
    RIG_EXPECT(SEQD_E_ARG, seqd_dataset_from_arrow(NULL, options, &source, &stream, &error));
    host_settled(&own);
    seqd_options_release(options);
    seqd_context_release(context);
}

static void stream_that_fails(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, settings);
    seqd_dataset *none = NULL;
    for (int at = 0; at <= 4; at++) {
        host own = new_host();
        own.schema_code = at == 0 ? ENOMEM : 0;
        own.fail_at = at;
        struct ArrowArrayStream source = host_stream(&own);
        RIG_EXPECT(at == 0 ? SEQD_E_NOMEM : SEQD_E_IO, seqd_dataset_from_arrow(context, options, &source, &none,
                                                                               &error));
        assert_non_null(strstr(error.message, "the disk is gone"));
        host_settled(&own);
        assert_int_equal(own.schemas_given, at > 0);
        assert_int_equal(own.arrays_given, at > 0 ? at - 1 : 0);
    }
    assert_null(none);
    seqd_options_release(options);
    seqd_context_release(context);
}

static void memory_runs_out(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    for (int forever = 0; forever < 2; forever++) {
        int64_t failed = 0;
        for (long long k = 1;; k++) {
            rig_memory memory = { 0 };
            seqd_context *context = rig_context(&memory);
            seqd_options *options = rig_options(context, settings);
            seqd_dataset *dataset = NULL;
            host own = new_host();
            struct ArrowArrayStream source = host_stream(&own);
            memory.fail_at = memory.calls + k;
            memory.fail_after = forever != 0;
            const int32_t status = seqd_dataset_from_arrow(context, options, &source, &dataset, &error);
            memory.fail_at = 0;
            host_settled(&own);
            seqd_dataset_release(dataset);
            seqd_options_release(options);
            seqd_context_release(context);
            assert_int_equal(memory.blocks, 0);
            if (status == SEQD_OK) break;
            assert_int_equal(status, SEQD_E_NOMEM);
            failed++;
        }
        assert_true(failed > 20);
    }
}

/* One batch of four rows: ids, times and values of any type; the histories that come of it. */
static void check_types(const host_column *id, const host_column *time, const host_column *value, const char *words,
                        const char *name, const char *date, const double expected[4])
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, words);
    seqd_dataset *dataset = NULL;
    const host_column columns[] = { *id, *time, *value };
    const host_batch batch = { 4, 0, 0, NULL, columns };
    host own = { .batches = &batch, .column_count = 3, .batch_count = 1 };
    struct ArrowArrayStream source = host_stream(&own);
    double values[4];
    char text[24];
    RIG_OK(seqd_dataset_from_arrow(context, options, &source, &dataset, &error));
    host_settled(&own);
    assert_int_equal(seqd_dataset_series_count(dataset), 1);
    assert_string_equal(seqd_dataset_series_id(dataset, 0), name);
    assert_int_equal(seqd_dataset_length(dataset, 0), 4);
    RIG_OK(seqd_dataset_values(dataset, 0, 0, 4, values, &error));
    for (int i = 0; i < 4; i++) assert_true(isnan(expected[i]) ? isnan(values[i]) : values[i] == expected[i]);
    RIG_OK(seqd_dataset_date(dataset, 0, 0, text, sizeof text, &error));
    assert_string_equal(text, date);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

#define TEXT "an id that is long"
static const char views[4][16] = { "\x12\0\0\0an i\1\0\0\0\2\0\0", "\x12\0\0\0an i\1\0\0\0\2\0\0",
                                   "\x12\0\0\0an i\1\0\0\0\2\0\0", "\x12\0\0\0an i\1\0\0\0\2\0\0" };
static const char short_views[4][16] = { "\2\0\0\0ab", "\2\0\0\0ab", "\2\0\0\0ab", "\2\0\0\0ab" };
static const int64_t view_sizes[] = { 1, 20 };
static const int32_t ends[] = { 0, 2, 4, 6, 8 };
static const int32_t dates[] = { 19723, 19724, 19725, 19726 };
static const double doubles[] = { 1, 2, 3, 4 };
static const host_column plain_id = { "u", "unique_id", 4, 0, 0, 3, { NULL, ends, "abababab" }, NULL };
static const host_column plain_ds = { "tdD", "ds", 4, 0, 0, 2, { NULL, dates }, NULL };
static const host_column plain_y = { "g", "y", 4, 0, 0, 2, { NULL, doubles }, NULL };

static void types_of_ids(void **state)
{
    static const uint64_t large[] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
    static const int16_t small[] = { -7, -7, -7, -7 };
    static const host_column view = { "vu", NULL, 1, 0, 0, 5, { NULL, views, "?", "ZZ" TEXT, view_sizes }, NULL };
    static const uint32_t zero[4] = { 0 };
    static const host_column ids[] = {
        plain_id,
        { "vu", "unique_id", 4, 0, 0, 5, { NULL, views, "?", "ZZ" TEXT, view_sizes }, NULL },
        { "vu", "unique_id", 4, 0, 0, 3, { NULL, short_views, NULL }, NULL },
        { "I", "unique_id", 4, 0, 0, 2, { NULL, zero }, &view },
        { "L", "unique_id", 4, 0, 0, 2, { NULL, large }, NULL },
        { "s", "unique_id", 4, 0, 0, 2, { NULL, small }, NULL },
    };
    static const char *const told[] = { "ab", TEXT, "ab", TEXT, "18446744073709551615", "-7" };
    (void)state;
    for (int64_t i = 0; i < COUNT(ids); i++)
        check_types(&ids[i], &plain_ds, &plain_y, "", told[i], "2024-01-01", doubles);
}

static void types_of_times(void **state)
{
    static const char *const formats[] = { "tdm", "tss:", "tsm:", "tsu:UTC", "tsn:Europe/Berlin" };
    static const int64_t units[] = { 1000, 1, 1000, 1000000, 1000000000 };
    static const uint8_t steps[] = { 17, 18, 19, 20 };
    (void)state;
    for (int64_t i = 0; i < COUNT(formats); i++) {
        const int64_t day = 86400 * units[i];
        const int64_t now[] = { 19723 * day, 19724 * day + day / 2, 19726 * day - 1, 19726 * day };
        /* a part of a second before a day is still the day before */
        const int64_t before[] = { -day - 1, -1, 1, day };
        const host_column ds = { formats[i], "ds", 4, 0, 0, 2, { NULL, now }, NULL };
        const host_column early = { formats[i], "ds", 4, 0, 0, 2, { NULL, before }, NULL };
        check_types(&plain_id, &ds, &plain_y, "freq=D", "ab", "2024-01-01", doubles);
        check_types(&plain_id, &early, &plain_y, "freq=D", "ab", "1969-12-30", doubles);
    }
    const host_column whole = { "C", "ds", 4, 0, 0, 2, { NULL, steps }, NULL };
    check_types(&plain_id, &whole, &plain_y, "freq=int", "ab", "17", doubles);
}

static void types_of_values(void **state)
{
    static const int8_t i8[] = { -1, 2, -128, 127 };
    static const int16_t i16[] = { -1, 2, -128, 127 };
    static const int32_t i32[] = { -1, 2, -128, 127 };
    static const int64_t i64[] = { -1, 2, -128, 127 }, i128[] = { -1, -1, 2, 0, -128, -1, 127, 0 };
    static const uint8_t u8[] = { 1, 2, 3, 255 }, bits[] = { 0x0a };
    static const uint16_t u16[] = { 1, 2, 3, 255 };
    static const uint16_t f16[] = { 0xbe00, 0x8000, 0x7bff, 1 };
    static const uint32_t u32[] = { 1, 2, 3, 255 };
    static const uint64_t u64[] = { 1, 2, 3, 255 };
    static const float f32[] = { -1, 2, -128, 127 };
    static const double f64[] = { -1, 2, -128, 127 };
    static const int32_t words_end[] = { 0, 2, 3, 7, 10 };
    static const struct {
        const char *format;
        const void *values;
        double expected[4];
    } kinds[] = {
        { "c", i8, { -1, 2, -128, 127 } },    { "s", i16, { -1, 2, -128, 127 } },
        { "i", i32, { -1, 2, -128, 127 } },   { "l", i64, { -1, 2, -128, 127 } },
        { "C", u8, { 1, 2, 3, 255 } },        { "S", u16, { 1, 2, 3, 255 } },
        { "I", u32, { 1, 2, 3, 255 } },       { "L", u64, { 1, 2, 3, 255 } },
        { "e", f16, { -1.5, 0, 65504, 0x1p-24 } },
        { "f", f32, { -1, 2, -128, 127 } },   { "g", f64, { -1, 2, -128, 127 } },
        { "b", bits, { 0, 1, 0, 1 } },        { "d:38,0", i128, { -1, 2, -128, 127 } },
        { "d:12,1", i128, { (double)-0.1f, (double)0.2f, (double)-12.8f, (double)12.7f } },
        { "d:12,2,64", i64, { (double)-0.01f, (double)0.02f, (double)-1.28f, (double)1.27f } },
        { "d:5,0,32", i32, { -1, 2, -128, 127 } },
        { "u", words_end, { -1, 2, -128, 127 } },
    };
    (void)state;
    for (int64_t i = 0; i < COUNT(kinds); i++) {
        const bool text = kinds[i].format[0] == 'u';
        const uint8_t gap[] = { 0x0d };
        host_column value = { kinds[i].format, "y", 4, 0, 0, text ? 3 : 2, { NULL, kinds[i].values, "-12-128127" }, NULL };
        double holes[4];
        check_types(&plain_id, &plain_ds, &value, "", "ab", "2024-01-01", kinds[i].expected);
        memcpy(holes, kinds[i].expected, sizeof holes);
        holes[1] = (double)NAN;
        value.null_count = -1;
        value.buffers[0] = gap;
        check_types(&plain_id, &plain_ds, &value, "", "ab", "2024-01-01", holes);
    }
    const double nothing[] = { (double)NAN, (double)NAN, (double)NAN, (double)NAN };
    const host_column null_column = { "n", "y", 4, 0, 4, 0, { NULL }, NULL };
    check_types(&plain_id, &plain_ds, &null_column, "", "ab", "2024-01-01", nothing);
}

/* What a stream breaks of the columns id, ds and y of four rows, in its schema `s` or its batch `b`. */
#define SPOIL(name, which, what)                                                      \
    static void name(host *own, struct ArrowSchema *s, struct ArrowArray *b)          \
    {                                                                                 \
        (void)own, (void)s, (void)b;                                                  \
        if (which) what;                                                              \
    }
SPOIL(spoil_children, b, b->n_children--)
SPOIL(spoil_no_children, b, b->children = NULL)
SPOIL(spoil_child, b, own->pointers[2] = NULL)
SPOIL(spoil_released, b, own->array[2].release = NULL)
SPOIL(spoil_length, b, b->length = -1)
SPOIL(spoil_offset, b, b->offset = INT64_MAX)
SPOIL(spoil_short, b, own->array[2].length = 3)
SPOIL(spoil_child_length, b, own->array[2].length = -4)
SPOIL(spoil_child_offset, b, own->array[2].offset = -1)
SPOIL(spoil_buffers, b, own->array[2].buffers = NULL)
SPOIL(spoil_count, b, own->array[2].n_buffers = 3)
SPOIL(spoil_nulls, b, own->array[2].null_count = 1)
SPOIL(spoil_batch_nulls, b, b->null_count = 1)
static void spoil_values(host *own, struct ArrowSchema *s, struct ArrowArray *b)
{
    (void)s;
    static const void *none[2];
    if (b) own->array[2].buffers = none;
}
static void spoil_text(host *own, struct ArrowSchema *s, struct ArrowArray *b)
{
    (void)s;
    static const void *buffers[] = { NULL, ends, NULL };
    if (b) own->array[0].buffers = buffers;
}
static void spoil_ends(host *own, struct ArrowSchema *s, struct ArrowArray *b)
{
    (void)s;
    static const int32_t falling[] = { 0, 2, 1, 3, 4 };
    static const void *buffers[] = { NULL, falling, "abababab" };
    if (b) own->array[0].buffers = buffers;
}
static void spoil_below(host *own, struct ArrowSchema *s, struct ArrowArray *b)
{
    (void)s;
    static const int32_t below[] = { -2, 2, 4, 6, 8 };
    static const void *buffers[] = { NULL, below, "abababab" };
    if (b) own->array[0].buffers = buffers;
}
SPOIL(spoil_type, s, own->schema[2].format = "tin")
SPOIL(spoil_no_type, s, own->schema[2].format = NULL)
SPOIL(spoil_no_column, s, own->schema_pointers[2] = NULL)
SPOIL(spoil_no_columns, s, s->n_children = 0)
SPOIL(spoil_struct, s, s->format = "g")
SPOIL(spoil_name, s, own->schema[2].name = NULL)

static void broken_arrays(void **state)
{
    static const struct {
        void (*spoil)(host *, struct ArrowSchema *, struct ArrowArray *);
        int32_t status;
        const char *told;
    } cases[] = {
        { spoil_children, SEQD_E_DATA, "2 columns, its schema 3" }, { spoil_no_children, SEQD_E_DATA, "columns" },
        { spoil_child, SEQD_E_DATA, "'y' has no array" },           { spoil_released, SEQD_E_DATA, "'y' has no array" },
        { spoil_length, SEQD_E_DATA, "negative length" },           { spoil_offset, SEQD_E_DATA, "negative length" },
        { spoil_short, SEQD_E_DATA, "'y' is shorter" },             { spoil_child_length, SEQD_E_DATA, "'y' has a negative" },
        { spoil_child_offset, SEQD_E_DATA, "'y' has a negative" },  { spoil_buffers, SEQD_E_DATA, "'y' has no buffers" },
        { spoil_count, SEQD_E_DATA, "'y' has another number" },     { spoil_nulls, SEQD_E_DATA, "'y' has nulls" },
        { spoil_batch_nulls, SEQD_E_DATA, "has nulls" },            { spoil_values, SEQD_E_DATA, "'y' has no buffer of" },
        { spoil_text, SEQD_E_DATA, "'unique_id' has no buffer" },   { spoil_ends, SEQD_E_DATA, "row 2: " },
        { spoil_below, SEQD_E_DATA, "row 1: " },                    { spoil_type, SEQD_E_DATA, "column 'y' is of the Arrow type 'tin'" },
        { spoil_no_type, SEQD_E_FORMAT, "column 3" },               { spoil_no_column, SEQD_E_FORMAT, "column 3" },
        { spoil_no_columns, SEQD_E_FORMAT, "0 columns" },           { spoil_struct, SEQD_E_FORMAT, "type 'g'" },
        { spoil_name, SEQD_E_FORMAT, "target_column" },
    };
    const host_column columns[] = { plain_id, plain_ds, plain_y };
    const host_batch batch = { 4, 0, 0, NULL, columns };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, "");
    seqd_dataset *none = NULL;
    (void)state;
    for (int64_t i = 0; i < COUNT(cases); i++) {
        host own = { .batches = &batch, .column_count = 3, .batch_count = 1, .spoil = cases[i].spoil };
        struct ArrowArrayStream source = host_stream(&own);
        RIG_EXPECT(cases[i].status, seqd_dataset_from_arrow(context, options, &source, &none, &error));
        if (!strstr(error.message, cases[i].told)) fail_msg("case %d: %s", (int)i, error.message);
        host_settled(&own);
    }
    seqd_options_release(options);
    seqd_context_release(context);
}

/* Numbers and views that lead out of what they are of. */
static void broken_references(void **state)
{
    static const int8_t high[] = { 0, 0, 2, 0 }, negative[] = { 0, -1, 0, 0 };
    static const char far[4][16] = { "\x12\0\0\0an i\1\0\0\0\3\0\0", "", "", "" };
    static const char other[4][16] = { "\x12\0\0\0an i\2\0\0\0\0\0\0", "", "", "" };
    static const char minus[4][16] = { "\xff\xff\xff\xff", "", "", "" };
    static const host_column two = { "u", NULL, 2, 0, 0, 3, { NULL, ends, "abab" }, NULL };
    static const host_column ids[] = {
        { "c", "unique_id", 4, 0, 0, 2, { NULL, high }, &two },
        { "c", "unique_id", 4, 0, 0, 2, { NULL, negative }, &two },
        { "g", "unique_id", 4, 0, 0, 2, { NULL, doubles }, &two },
        { "vu", "unique_id", 4, 0, 0, 5, { NULL, far, "?", "ZZ" TEXT, view_sizes }, NULL },
        { "vu", "unique_id", 4, 0, 0, 5, { NULL, other, "?", "ZZ" TEXT, view_sizes }, NULL },
        { "vu", "unique_id", 4, 0, 0, 3, { NULL, minus, NULL }, NULL },
    };
    static const char *const told[] = { "row 3: ", "row 2: ", "'unique_id' is of", "leaves its buffer",
                                        "a buffer that is not there", "negative length" };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = rig_options(context, "");
    seqd_dataset *none = NULL;
    (void)state;
    for (int64_t i = 0; i < COUNT(ids); i++) {
        const host_column columns[] = { ids[i], plain_ds, plain_y };
        const host_batch batch = { 4, 0, 0, NULL, columns };
        host own = { .batches = &batch, .column_count = 3, .batch_count = 1 };
        struct ArrowArrayStream source = host_stream(&own);
        RIG_EXPECT(SEQD_E_DATA, seqd_dataset_from_arrow(context, options, &source, &none, &error));
        if (!strstr(error.message, told[i])) fail_msg("case %d: %s", (int)i, error.message);
        host_settled(&own);
    }
    seqd_options_release(options);
    seqd_context_release(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_csv),     cmocka_unit_test(stream_that_fails), cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(types_of_ids),    cmocka_unit_test(types_of_times),    cmocka_unit_test(types_of_values),
        cmocka_unit_test(broken_arrays),   cmocka_unit_test(broken_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
