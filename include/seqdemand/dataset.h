/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_DATASET_H
#define SEQDEMAND_DATASET_H

#include <seqdemand/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A table of text: a CSV file as it is, for lists that are not demand (stock levels, forecasts to be judged).
 * RFC 4180 with ',', ';' or tab (found from the header line), optional gzip, optional UTF-8 BOM, LF or CRLF.
 */
typedef struct seqd_table seqd_table;

/* `path` may be "-" for standard input. Errors: SEQD_E_IO, SEQD_E_FORMAT and SEQD_E_DATA with line and column. */
SEQD_API int32_t seqd_table_read(seqd_context *context, const char *path, seqd_table **out, seqd_error *error);
SEQD_API void seqd_table_release(seqd_table *table);
SEQD_API int64_t seqd_table_row_count(const seqd_table *table);
SEQD_API int32_t seqd_table_column_count(const seqd_table *table);
/* NULL when out of range. */
SEQD_API const char *seqd_table_column_name(const seqd_table *table, int32_t column);
/* Position of a column by exact name, or -1. */
SEQD_API int32_t seqd_table_find_column(const seqd_table *table, const char *name);
/* The text of a cell, "" for an empty one, NULL when out of range. */
SEQD_API const char *seqd_table_text(const seqd_table *table, int64_t row, int32_t column);
/* The number in a cell; an empty cell gives NaN. Errors: SEQD_E_ARG, SEQD_E_DATA with the line of the file. */
SEQD_API int32_t seqd_table_number(const seqd_table *table, int64_t row, int32_t column, double *value,
                                   seqd_error *error);

/*
 * A panel of demand series: rows of `unique_id, ds, y` (and covariates) become regular series of one frequency.
 * Options of the group "data" say which columns are meant and how rows are cleaned. A sealed dataset never changes.
 *
 * Each step of a series is one of: observed (a number, zero included), missing (the row is there, y is empty or NaN),
 * or absent (no row at all: filled by option `fill`, zero by default). Where the column `in_stock` is 0, a step is
 * shown to the network but kept out of the loss.
 *
 * Rows after the last observed y of a series carry the known-future covariates.
 *
 * Memory of a sealed dataset, where a step is one of a history or one behind it with known covariates: 4 bytes and one
 * bit a step; 4 bytes more for each known and each past column, 1 for in_stock, 4 where outliers were clipped; 40 bytes
 * a series, its id and one byte, 4 bytes more for each static column; each category of a static column: its text and 9
 * bytes; 50 bytes and its name for each of these columns; and at most 4,096 bytes besides. Reading holds meanwhile 20
 * bytes a row, 4 more for each known and past column, 1 for in_stock, and 16 where some step has several rows and the
 * rows of the series do not stand together in the order of time; at most 400 bytes a series beside its id; and at most
 * a megabyte besides. Columns appended from memory are held as they are until they are sealed.
 */
typedef struct seqd_dataset seqd_dataset;

/*
 * Reads a CSV or gzip CSV file; "-" is standard input. Rows may come in any order.
 * Errors: SEQD_E_IO; SEQD_E_FORMAT (not a CSV, unclosed quote, UTF-16, missing column); SEQD_E_DATA (bad number or
 * date, with line and column); SEQD_E_LIMIT; SEQD_E_OPTION; SEQD_E_NOMEM.
 * SEQD_E_DATA also where few rows would become very many steps, as one wrong date makes them: above 2^20 steps and
 * 65,536 a row, or above 2^25 and 1,024 a row. Where the context has a limit "memory", that decides instead of the
 * first of these.
 */
SEQD_API int32_t seqd_dataset_read(seqd_context *context, const seqd_options *options, const char *path,
                                   seqd_dataset **out, seqd_error *error);

/* The same from `size` bytes of CSV text in memory, which are only read during the call. */
SEQD_API int32_t seqd_dataset_parse(seqd_context *context, const seqd_options *options, const char *text, size_t size,
                                    seqd_dataset **out, seqd_error *error);

/*
 * A dataset from columns in memory: create, append columns (all of one length; appending again adds rows), seal.
 * Time is given as text, as whole steps (freq=int), or as seconds since 1970-01-01 UTC (other frequencies).
 * Values are copied. A NULL string and a NaN are missing values.
 * Errors: SEQD_E_STATE after sealing; seal: as seqd_dataset_read, with the row as `line`.
 */
SEQD_API int32_t seqd_dataset_create(seqd_context *context, const seqd_options *options, seqd_dataset **out,
                                     seqd_error *error);
SEQD_API int32_t seqd_dataset_append_str(seqd_dataset *dataset, const char *column, const char *const *values,
                                         int64_t count, seqd_error *error);
SEQD_API int32_t seqd_dataset_append_i64(seqd_dataset *dataset, const char *column, const int64_t *values,
                                         int64_t count, seqd_error *error);
SEQD_API int32_t seqd_dataset_append_f64(seqd_dataset *dataset, const char *column, const double *values,
                                         int64_t count, seqd_error *error);
SEQD_API int32_t seqd_dataset_seal(seqd_dataset *dataset, seqd_error *error);

SEQD_API void seqd_dataset_release(seqd_dataset *dataset);

/*
 * A view in which the last `steps` steps before the newest step of the panel have not happened yet: what a
 * planner knew then. With freq=int, unless series_end=common, steps are each series' own count and are taken off its
 * own end. Clipping of outliers is done anew from what the view can see. Series that had not begun are left out.
 * Errors: SEQD_E_ARG when nothing would be left.
 */
SEQD_API int32_t seqd_dataset_before(seqd_dataset *dataset, int64_t steps, seqd_dataset **out, seqd_error *error);

/* Series are in byte order of their ids. */
SEQD_API int64_t seqd_dataset_series_count(const seqd_dataset *dataset);
/* The id of a series; NULL when out of range. */
SEQD_API const char *seqd_dataset_series_id(const seqd_dataset *dataset, int64_t series);
/* Position of an id, or -1. */
SEQD_API int64_t seqd_dataset_find_series(const seqd_dataset *dataset, const char *unique_id);
/* Number of history steps of a series (first row to forecast origin); -1 when out of range. */
SEQD_API int64_t seqd_dataset_length(const seqd_dataset *dataset, int64_t series);
/*
 * Copies up to `count` history steps from `first` on to `values`; missing steps are NaN.
 * Errors: SEQD_E_ARG when the range leaves the series.
 */
SEQD_API int32_t seqd_dataset_values(const seqd_dataset *dataset, int64_t series, int64_t first, int64_t count,
                                     double *values, seqd_error *error);
/*
 * The date of step `step` of a series as text: "2024-03-01", "2024-03-01 05:00:00", or a whole number.
 * Steps past the history are allowed: they are the dates of the forecast. `size` 24 is always enough.
 */
SEQD_API int32_t seqd_dataset_date(const seqd_dataset *dataset, int64_t series, int64_t step, char *text, size_t size,
                                   seqd_error *error);
/* "D", "W", "MS", "h" or "int", as given or as found. */
SEQD_API const char *seqd_dataset_frequency(const seqd_dataset *dataset);
/* The season of that frequency: h 24, D 7, W 52, MS 12, int 1, unless option season_length says otherwise. */
SEQD_API int32_t seqd_dataset_season(const seqd_dataset *dataset);

/* What cleaning did, in numbers. Grown only at the end. */
typedef struct seqd_dataset_summary {
    uint32_t struct_size;
    int64_t rows;             /* data rows read */
    int64_t series;
    int64_t steps;            /* history steps of all series */
    int64_t observed;         /* of those: with a number of their own; observed + missing + filled = steps */
    int64_t zeros;            /* of all steps, filled ones included: exactly 0 */
    int64_t missing;          /* steps whose row had no number, and those that `fill` left empty */
    int64_t filled;           /* steps without a row, filled by option `fill` */
    int64_t merged;           /* rows summed (or averaged, ...) into a step that had one already */
    int64_t negative;         /* rows with a negative y */
    int64_t negative_changed; /* steps or rows changed or dropped by option `negatives` */
    int64_t clipped;          /* steps clipped by option `outliers` */
    int64_t out_of_stock;     /* steps with in_stock = 0 */
    int64_t future_steps;     /* steps after the history that carry known covariates */
    int64_t labelled;         /* events: answers that are known; a panel has 0 here and below */
    int64_t classes;          /* events, task=classify: different answers there are names for */
    int64_t unnamed;          /* events: rows left out because they name no sequence */
} seqd_dataset_summary;

SEQD_API int32_t seqd_dataset_summarize(const seqd_dataset *dataset, seqd_dataset_summary *summary,
                                        seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
