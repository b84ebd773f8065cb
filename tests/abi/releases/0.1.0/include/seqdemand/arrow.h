/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_ARROW_H
#define SEQDEMAND_ARROW_H

#include <seqdemand/dataset.h>
#include <seqdemand/prediction.h>

/*
 * Tables in and out by the Arrow C data interface and the Arrow C stream interface, which pyarrow, polars, pandas,
 * DuckDB, ADBC and others speak. The layout of the three structs is fixed by https://arrow.apache.org/docs/format;
 * another header of the program may have defined them already.
 */
#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/*
 * A sealed dataset from a stream of record batches: a panel, or events where option "task" asks for them. The same rows
 * give the same dataset as seqd_dataset_read gives from a CSV file.
 *
 * The stream is the library's from the call on, whatever it answers: it is read to its end, or to the first error, and
 * released before the call returns, as are its schema and each of its batches, once each. Its callbacks run in the
 * calling thread. A stream that is NULL or released already is an argument error.
 *
 * Columns that are read (those that options name, or the usual names) may be
 *   text        utf8 (u), large_utf8 (U), utf8_view (vu)
 *   numbers     int8 .. int64 (c s i l), uint8 .. uint64 (C S I L), float16, float32, float64 (e f g), bool (b: 1 and
 *               0), decimal32, decimal64 and decimal128 with a scale of 0 .. 38 (d:p,s), as the text of the number
 *   times       date32 and date64 (tdD, tdm), timestamps in s, ms, us and ns (tss: tsm: tsu: tsn:), which become whole
 *               seconds, rounded down. A time zone changes nothing: the instant is taken as UTC
 *   null (n)    all of it is missing
 * or a dictionary of one of these with whole numbers as its index. A null is a missing value, like an empty cell.
 * Offsets, bitmaps of nulls and batches of any length, 0 included, are understood. Columns that are not read may be of
 * any type. A type of an extension is read as the type that stores it.
 *
 * Nothing is converted or collected beforehand: each value is read where it lies in the batch, and goes into the rows
 * that seqd_dataset_read builds, too (numbers as double or float, each text once). One batch is held at a time.
 *
 * Lengths, counts, offsets and pointers that can be checked are; how long the buffers really are nobody can.
 * Errors: as seqd_dataset_read, rows of all batches counted from 1 as `line`; SEQD_E_DATA for a column of another type,
 * named with its format, and for arrays that break the rules of the format; SEQD_E_IO with the stream's own words where
 * the stream fails (SEQD_E_NOMEM where it says ENOMEM); SEQD_E_FORMAT for a stream that is not of record batches.
 */
SEQD_API int32_t seqd_dataset_from_arrow(seqd_context *context, const seqd_options *options,
                                         struct ArrowArrayStream *stream, seqd_dataset **out, seqd_error *error);

/*
 * A forecast as a stream of one record batch, a row for each series and step:
 *   unique_id  utf8 (large_utf8 where the text is above 2 GiB)
 *   ds         timestamp[s] without zone, of which freq=int is int64: the step's own number
 *   mean       float64
 *   q0.1 ...   float64, one for each of `levels` [count], named by it
 * `dataset` is the one the forecast was made for: it knows the dates. Without it (NULL) ds is int64, the step counted
 * from 1. The stream holds copies of all it needs; the caller releases it, and each array and schema taken from it, by
 * their release callbacks, in any order, in any thread, one at a time. They keep the context alive.
 * Errors: SEQD_E_ARG (a level outside (0,1), more than 4,096 of them, a dataset of other series), SEQD_E_DATA (a
 * dataset of events), SEQD_E_NOMEM, SEQD_E_LIMIT; `out` is untouched.
 */
SEQD_API int32_t seqd_forecast_to_arrow(const seqd_forecast *forecast, const seqd_dataset *dataset,
                                        const double *levels, int32_t count, struct ArrowArrayStream *out,
                                        seqd_error *error);

/*
 * The answers of a model as a stream of one record batch, a row for each row and answer of the prediction:
 *   unique_id  utf8 (large_utf8 where the text is above 2 GiB)
 *   event      int64, the number of the event in its sequence, from 0
 *   step       int64, the number of the answer, from 1
 * and of task=regress
 *   value      float64
 * or of task=classify
 *   class      utf8, the class told
 *   p_NAME     float64, the probability of each class
 * Who releases what, and errors, as above.
 */
SEQD_API int32_t seqd_prediction_to_arrow(const seqd_prediction *prediction, struct ArrowArrayStream *out,
                                          seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
