/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_FEATURE_SET_H
#define SEQD_DATA_FEATURE_SET_H

#include "events.h"
#include "panel.h"
#include "shard.h"

/*
 * What a network sees of a panel, decided once from the training data and kept in the model file: columns,
 * dictionaries, statistics, lags. Statistics are taken from the history of the dataset it is made for, so nothing later
 * reaches them.
 */
typedef enum seqd_scaler {
    SEQD_SCALER_MEAN_ABS,
    SEQD_SCALER_STANDARD,
    SEQD_SCALER_MIN_MAX,        /* to 0..1 */
    SEQD_SCALER_MIN_MAX_SIGNED, /* to -1..1 */
    SEQD_SCALER_ROBUST,         /* median and median absolute deviation */
    SEQD_SCALER_LOG1P,          /* sign(y) log(1+|y|), then standard */
    SEQD_SCALER_NONE
} seqd_scaler;

/*
 * Steps instead of levels: the scaler then describes the steps from one observed value to the next (of the transformed
 * target), and its loc is the last observed value plus the steps' own loc. So a forecast k steps on is learned as the
 * way from the last known value, and undone by adding that value, step by step exactly; nothing is summed.
 */
typedef enum seqd_differencing {
    SEQD_DIFFERENCING_NONE,
    SEQD_DIFFERENCING_STEPS,
    SEQD_DIFFERENCING_LOG
} seqd_differencing;

#define SEQD_MAX_COLUMNS 64
#define SEQD_MOST_CALENDAR 16 /* calendar features of any frequency */

typedef struct seqd_column_stats {
    char name[64];
    double mean, deviation;
} seqd_column_stats;

typedef enum seqd_data_kind { SEQD_DATA_PANEL, SEQD_DATA_EVENTS } seqd_data_kind;

#define SEQD_CURVE_POINTS 101

/*
 * Of sequences of events. The network's inputs of an event are num_count transformed numbers, then the time since the
 * event before (log1p, standardised; 0 at the first event of a sequence) if use_gap.
 */
typedef struct seqd_event_features {
    seqd_task task;
    seqd_label_kind label_kind;
    seqd_num_transform transform;
    bool use_gap, seconds;
    double window;                 /* label_window, in units of time */
    int32_t num_count;
    seqd_column_stats num[SEQD_MAX_COLUMNS]; /* of the numbers, or of their log1p */
    double *curves;                /* transform=quantile: [num_count][SEQD_CURVE_POINTS] values at ranks 0, .01 .. 1 */
    double gap_mean, gap_deviation;
    int32_t token_count;
    seqd_dictionary *tokens;       /* [token_count], the categories that occur min_count times; embeddings have count + 1 rows */
    seqd_dictionary classes;       /* of task=classify, in byte order; next_event: the names of tokens[0], own copy */
    double label_mean, label_deviation; /* task=regress: shard labels are (value - mean) / deviation */
    double normal[SEQD_CURVE_POINTS]; /* derived: the deviates that those ranks have in a normal distribution */
} seqd_event_features;

/*
 * For kind=SEQD_DATA_EVENTS: context_length is max_len, horizon the number of answers, input_count as said above, and
 * everything else of a panel is 0.
 */
typedef struct seqd_features {
    seqd_data_kind kind;
    seqd_event_features events;
    seqd_context *context;
    seqd_calendar calendar;
    int32_t season;
    int32_t horizon, context_length;
    int32_t use_calendar;        /* 0 none, 1 without the parts that tell the time of year, 2 with them */
    int32_t use_stock;
    seqd_scaler scaler;
    seqd_differencing differencing;
    int32_t scale_window;
    double typical_scale;        /* of the whole panel: stands in where a series has shown nothing yet */
    double log_scale_mean, log_scale_deviation;
    int32_t season_count;
    int32_t seasons[SEQD_MAX_LAGS];
    int32_t known_count, past_count, real_count, cat_count;
    seqd_column_stats known[SEQD_MAX_COLUMNS], past[SEQD_MAX_COLUMNS], real[SEQD_MAX_COLUMNS];
    seqd_dictionary *dictionaries; /* [cat_count], own copies */

    /* derived by seqd_features_derive */
    int32_t calendar_count;      /* calendar features of a step */
    int32_t input_count, future_count;
    int32_t lag_count;           /* lagged inputs */
    int32_t lags[2 * SEQD_MAX_LAGS];
    int32_t past_reach;          /* steps before a window that lags may read */
    seqd_lag_plan plan;
    int32_t *offsets;            /* behind plan.offset */
} seqd_features;

/* From options (already resolved horizon and context_length) and the training data. */
int32_t seqd_features_build(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                            int32_t horizon, int32_t context_length, seqd_features *features, seqd_error *error);
/* Fills the derived part; SEQD_E_FORMAT when the fields do not fit together (they may come from a file). */
int32_t seqd_features_derive(seqd_features *features, seqd_error *error);
void seqd_features_clear(seqd_features *features);
/*
 * Names the column of a dictionary (of dictionary `index`) and makes room for `count` names, one block with the `text`
 * bytes they point into. Returns the start of those bytes, NULL when there is no memory.
 */
char *seqd_dictionary_place(seqd_context *context, seqd_dictionary *dictionary, const char *column, int32_t count,
                            size_t text);
char *seqd_features_place_names(seqd_features *features, int32_t index, const char *column, int32_t count, size_t text);

/* The calendar features of a step: calendar_count numbers. */
void seqd_features_calendar(const seqd_features *features, int64_t step, float *out);

/* What happens to the target first: sign(y) log(1+|y|) for scaler=log1p and for logarithmic steps, else nothing. */
bool seqd_target_is_log(const seqd_features *features);
double seqd_target_transform(const seqd_features *features, double y);
/* Its inverse, NULL where nothing happens. */
double (*seqd_target_inverse(const seqd_features *features))(double value);

/*
 * Calendar features of steps that are asked for again and again: computed once, held at the step's number modulo the
 * room, and found there by any thread as long as nothing is added.
 */
typedef struct seqd_almanac {
    int64_t *steps;  /* [room] whose features a place holds */
    float *values;   /* [room][calendar_count] */
    int64_t room;    /* a power of two; 0: none, everything is computed when it is asked for */
} seqd_almanac;

/*
 * Room for `count` steps in a row. A larger almanac than there is forgets what it held. false: no memory, and nothing
 * changed.
 */
bool seqd_almanac_reserve(const seqd_features *features, int64_t count, seqd_almanac *almanac);
/* Computes those of steps first .. last that are not held; at most `room` of them. */
void seqd_almanac_add(const seqd_features *features, int64_t first, int64_t last, seqd_almanac *almanac);
void seqd_almanac_clear(const seqd_features *features, seqd_almanac *almanac);
/* calendar_count numbers: those held, else computed into `room`. */
const float *seqd_almanac_at(const seqd_features *features, const seqd_almanac *almanac, int64_t step,
                             float room[SEQD_MOST_CALENDAR]);

/*
 * A dataset seen through features: the transformed target and the scaler of every step, both from steps up to it only,
 * and the columns and categories the features ask for.
 *
 * A binding for training holds scalers and categories of every step and series, because each is read many times. A
 * light one, for prediction, holds none of them: a window's are formed when it is cut, from the few steps it needs, so
 * that a binding costs no memory per step or series.
 */
typedef struct seqd_binding {
    seqd_context *context;
    const seqd_features *features;
    const seqd_dataset *dataset;
    bool light;
    bool transform;               /* `history` is to be transformed when it is read */
    const float *history;         /* [step_count] at the series' offsets; the dataset's own unless it is transformed */
    float *transformed;           /* behind `history`, else NULL */
    float *loc, *scale;           /* [step_count]; loc NULL: zero everywhere. Light: both NULL */
    float *level;                 /* [step_count] the input that tells the scale */
    int32_t *cats;                /* [series][cat_count] */
    float *reals;                 /* [series][real_count] */
    const float *known[SEQD_MAX_COLUMNS], *past[SEQD_MAX_COLUMNS];
    int32_t cat_at[SEQD_MAX_COLUMNS], real_at[SEQD_MAX_COLUMNS]; /* the dataset's columns */
    /* events: */
    const float *num[SEQD_MAX_COLUMNS];
    const int32_t *token[SEQD_MAX_COLUMNS];
    int32_t *token_map[SEQD_MAX_COLUMNS]; /* the dataset's category -> shard token */
    int32_t *class_map;           /* the dataset's class -> the features', -1: unknown; NULL where there are no classes */
    float *event_inputs;          /* [event_count][input_count]; light: NULL */
    seqd_almanac almanac;
} seqd_binding;

/* Errors: SEQD_E_DATA when the dataset lacks a column or has another frequency; SEQD_E_NOMEM. */
int32_t seqd_binding_create(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                            seqd_binding *binding, seqd_error *error);
/*
 * Makes a light binding of what was one before, or of zeros. Allocates only when the dataset's calendar reaches further
 * than any before. Errors as above; the binding may then be used for a next one, or cleared.
 */
int32_t seqd_binding_lighten(seqd_context *context, const seqd_features *features, const seqd_dataset *dataset,
                             seqd_binding *binding, seqd_error *error);
void seqd_binding_clear(seqd_binding *binding);

/* The static categories (0: unknown) and scaled reals of one series. */
void seqd_binding_statics(const seqd_binding *binding, int64_t series, int32_t *cats, float *reals);

/*
 * loc and scale of every step of one series of transformed values (NaN: missing). scratch holds seqd_scale_room
 * doubles.
 */
void seqd_scale_series(const seqd_features *features, const float *values, int64_t length, float *loc, float *scale,
                       double *scratch);

/*
 * One window: its last step the network reads is step `end` of a series. Panel: targets at or after `limit` do not
 * count. Events: answers of events before `limit` do not count, and whether labels from there to `end` may be known is
 * the caller's business. last_fork_only: nothing but the answer after step `end` counts.
 * skip: events at its start that a window of a longer sequence leaves out, 0 of a panel.
 */
typedef struct seqd_window {
    int64_t series, end, limit;
    int32_t last_fork_only;
    int32_t skip;
} seqd_window;

/*
 * Points the arrays of a shard into `arena` memory for `rows` windows of `steps` steps. A light one can be filled from
 * a light binding as well.
 */
struct seqd_arena;
void seqd_shard_place(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                      seqd_shard *shard);
void seqd_shard_place_light(const seqd_features *features, int32_t rows, int32_t steps, struct seqd_arena *arena,
                            seqd_shard *shard);
/*
 * Fills a shard from windows; shard->rows = count. No allocation; any thread. From a light binding only what a forecast
 * made after a window's last step reads is filled: scalers of the steps that the network reads and of those that lags
 * ask for, and no weights or forks.
 */
void seqd_shard_fill(const seqd_binding *binding, const seqd_window *windows, int32_t count, seqd_shard *shard);

/*
 * Parts of a window, for who carries one step by step. The inputs of the step at history[0] (steps before it at
 * negative places, as far as lags go): its scaler, `level` from seqd_scale_level, the number t of the step in its series, raw
 * values of covariates ([known_count], [past_count]; NaN where not known) and of the stock mark.
 */
typedef struct seqd_step {
    const float *history;
    float loc, scale, level;
    int64_t t;
    const float *calendar; /* [calendar_count] */
    const float *known, *past;
    bool in_stock;
} seqd_step;
void seqd_step_inputs(const seqd_features *features, const seqd_step *step, float *x);
float seqd_scale_level(const seqd_features *features, float scale);
/* A covariate as the network reads it. */
float seqd_column_input(const seqd_column_stats *stats, float value);

#endif
