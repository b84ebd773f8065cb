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
 * A dataset of events, when option "task" is regress or classify: rows of (user, time, event, ...) become sequences, one
 * for each id, in the order of time, rows of one time as they stand. Rows that name no sequence are left out and
 * counted. Without an id column each row is a sequence of its own, and its id is its number, from 1.
 *
 * id_column      the sequence; empty: user_id, user, customer_id, session_id and the names a panel has
 * time_column    dates, or numbers: YYYYMMDD where all read as such, seconds (or milliseconds) since 1970 where all lie
 *                in 1e8 .. 1e10 (1e11 .. 1e13), else plain units; option freq=int takes all as plain units, another as
 *                seconds. Without one, rows stand in their order
 * event_column   what happened; with cat_columns the categories that are embedded. Empty: missing
 * num_columns    numbers; true, false, yes and no are 1 and 0; empty, NaN, NA and null are missing
 * label          what is asked after an event:
 *                column      label_column, a number or a class, of the last row of a sequence that has one
 *                next_event  the event after it (task=classify); with horizon above 1 so many of them
 *                within      is any of label_events in (time, time + label_window]: classes "no" and "yes", or 0 and 1
 *                count       how many of them (task=regress); not known where the window ends after the last event
 *                            of the data
 * A label column that is not there is no error: rows to be judged have none. To learn from them is refused.
 *
 * Memory of a sealed dataset of events: 4 bytes an event for each num_column, cat_column and the event_column, 4 for
 * label unless it is next_event, 8 for time; 52 bytes a sequence and its id; each category its text and 9 bytes; and at
 * most 4,096 bytes besides, 64 more for each column. Reading holds meanwhile 12 bytes an event and 4 for each of its
 * columns, 16 more where the rows of the sequences do not stand together in the order of time, and at most 100 bytes a
 * sequence and category beside their texts.
 */

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
 * Errors: SEQD_E_ARG when nothing would be left; SEQD_E_DATA for events, which seqd_dataset_split parts at a point in
 * time.
 */
SEQD_API int32_t seqd_dataset_before(seqd_dataset *dataset, int64_t steps, seqd_dataset **out, seqd_error *error);

/*
 * Two parts of a dataset of events, which share its rows. `fraction`, above 0 and below 1, is the share of the first
 * part; `split` says of what, as option "split" does:
 *   "user"   whole sequences, drawn by `seed`; of task=classify with a label column each class by its share
 *   "order"  the first sequences in the order of the rows, and the others
 *   "time"   what happened before a point in time (so that it is this share of all events), and what came after. The
 *            first part ends there: nothing later is in its events or answers, and answers that look ahead beyond it are
 *            not known. The rest has the whole sequences, so that they can be read, but is asked only from its first
 *            event at that point in time on.
 * Either part may be NULL if it is not wanted. A model made of a part knows categories and statistics of that part only.
 * Errors: SEQD_E_ARG; SEQD_E_DATA for a panel, without times, or where a part would be empty; SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_dataset_split(seqd_dataset *dataset, const char *split, double fraction, uint64_t seed,
                                    seqd_dataset **first, seqd_dataset **rest, seqd_error *error);

/*
 * Fold `fold` (from 0) of `folds`, and the rest: whole sequences, drawn by `seed`, each in one fold; classes by their
 * share as with split "user". Either part may be NULL.
 * Errors: as seqd_dataset_split; SEQD_E_DATA when there are fewer sequences than folds.
 */
SEQD_API int32_t seqd_dataset_fold(seqd_dataset *dataset, int32_t folds, int32_t fold, uint64_t seed,
                                   seqd_dataset **rest, seqd_dataset **held, seqd_error *error);

/* Answers that task=classify may give, and their names in byte order; else 0 and NULL. */
SEQD_API int32_t seqd_dataset_class_count(const seqd_dataset *dataset);
SEQD_API const char *seqd_dataset_class_name(const seqd_dataset *dataset, int32_t index);

/* Series are in byte order of their ids; events whose ids are row numbers, in the order of the rows. */
SEQD_API int64_t seqd_dataset_series_count(const seqd_dataset *dataset);
/* The id of a series; NULL when out of range. */
SEQD_API const char *seqd_dataset_series_id(const seqd_dataset *dataset, int64_t series);
/* Position of an id, or -1. */
SEQD_API int64_t seqd_dataset_find_series(const seqd_dataset *dataset, const char *unique_id);
/* Number of history steps of a series (first row to forecast origin), or of its events; -1 when out of range. */
SEQD_API int64_t seqd_dataset_length(const seqd_dataset *dataset, int64_t series);
/*
 * Copies `count` history steps from `first` on to `values`; missing steps are NaN.
 * Errors: SEQD_E_ARG when the range leaves the series; SEQD_E_DATA for events, which have no demand.
 */
SEQD_API int32_t seqd_dataset_values(const seqd_dataset *dataset, int64_t series, int64_t first, int64_t count,
                                     double *values, seqd_error *error);
/*
 * The date of step `step` of a series as text: "2024-03-01", "2024-03-01 05:00:00", or a whole number.
 * Steps past the history are allowed: they are the dates of the forecast. `size` 24 is always enough.
 * Of events: the time of event `step`, "2024-03-01 05:10:20" or a number; its own number when events have no times.
 */
SEQD_API int32_t seqd_dataset_date(const seqd_dataset *dataset, int64_t series, int64_t step, char *text, size_t size,
                                   seqd_error *error);
/* "D", "W", "MS", "h" or "int", as given or as found; "" for events. */
SEQD_API const char *seqd_dataset_frequency(const seqd_dataset *dataset);
/* The season of that frequency: h 24, D 7, W 52, MS 12, int 1, unless option season_length says otherwise; 0 for events. */
SEQD_API int32_t seqd_dataset_season(const seqd_dataset *dataset);

/*
 * What cleaning did, in numbers. Grown only at the end. Of events: sequences are `series`, events are `steps` and
 * `observed`; what has no meaning is 0.
 */
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
