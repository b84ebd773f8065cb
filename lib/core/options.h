/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_OPTIONS_H
#define SEQD_CORE_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <seqdemand/options.h>

/*
 * The option table. One row an option; everything that lists options is made from it.
 *   X(id, name, type, group, default, minimum, maximum, choices, help)
 */
#define SEQD_OPTION_TABLE(X)                                                                                           \
    /* --- data --- */                                                                                                 \
    X(ID_COLUMN, "id_column", NAMES, "data", "", 0, 0, "",                                                             \
      "column that names the series; empty: unique_id, item_id, series_id, sku or id. Several are joined by '/'")      \
    X(TIME_COLUMN, "time_column", NAMES, "data", "", 0, 0, "",                                                         \
      "column of the date or step; empty: ds, timestamp, date, time or time_idx")                                     \
    X(TARGET_COLUMN, "target_column", NAMES, "data", "", 0, 0, "",                                                     \
      "column of the demand; empty: y, target, target_value, demand, sales, quantity or qty")                         \
    X(IN_STOCK_COLUMN, "in_stock_column", NAMES, "data", "", 0, 0, "",                                                 \
      "column that is 0 where the article was out of stock; empty: in_stock if there is one")                         \
    X(STATIC_COLUMNS, "static_columns", NAMES, "data", "", 0, 0, "",                                                   \
      "columns constant per series, taken as categories (embedded)")                                                  \
    X(STATIC_REAL_COLUMNS, "static_real_columns", NAMES, "data", "", 0, 0, "",                                         \
      "columns constant per series, taken as numbers")                                                                \
    X(KNOWN_COLUMNS, "known_columns", NAMES, "data", "", 0, 0, "",                                                     \
      "numeric columns known in advance (price, promotion); rows for the horizon must carry them")                    \
    X(PAST_COLUMNS, "past_columns", NAMES, "data", "", 0, 0, "",                                                       \
      "numeric columns known only afterwards (clicks, stock)")                                                        \
    X(FREQ, "freq", CHOICE, "data", "auto", 0, 0, "auto|D|W|MS|h|int",                                                 \
      "frequency of the steps: day, week, month start, hour, whole number; auto finds it from the dates")             \
    X(SEASON_LENGTH, "season_length", I64, "data", "0", 0, 10000, "",                                                  \
      "steps of the main season; 0: h 24, D 7, W 52, MS 12, int 1")                                                    \
    X(FILL, "fill", CHOICE, "data", "zero", 0, 0, "zero|forward|mean|interpolate|missing",                             \
      "value of a step that has no row")                                                                              \
    X(DUPLICATES, "duplicates", CHOICE, "data", "sum", 0, 0, "sum|mean|last|error",                                    \
      "what several rows of one series and step become")                                                              \
    X(NEGATIVES, "negatives", CHOICE, "data", "keep", 0, 0, "keep|zero|drop",                                          \
      "negative demand (returns): keep; zero: a negative step becomes 0 after summing; drop: its rows are left out")   \
    X(OUTLIERS, "outliers", CHOICE, "data", "none", 0, 0, "none|zscore|quantile",                                      \
      "clip each series at mean +- outlier_limit deviations, or at its outlier_quantile")                             \
    X(OUTLIER_LIMIT, "outlier_limit", F64, "data", "5", 0.5, 1000, "", "deviations allowed by outliers=zscore")        \
    X(OUTLIER_QUANTILE, "outlier_quantile", F64, "data", "0.999", 0.5, 1, "",                                          \
      "upper quantile kept by outliers=quantile")                                                                      \
    X(SERIES_END, "series_end", CHOICE, "data", "auto", 0, 0, "auto|common|own",                                       \
      "where a series ends: with the panel, or with its own last row; auto: common where fill=zero, else own")        \
    /* --- model --- */                                                                                                \
    X(MODEL, "model", CHOICE, "model", "lstm", 0, 0, "lstm|gru", "recurrent cell")                                     \
    X(HORIZON, "horizon", I64, "model", "0", 0, 4096, "", "steps to forecast; 0: h 48, D 28, W 13, MS 12, int 12")     \
    X(CONTEXT_LENGTH, "context_length", I64, "model", "0", 0, 16384, "",                                               \
      "steps of history read by the network; 0: from frequency and horizon")                                          \
    X(HIDDEN_SIZE, "hidden_size", I64_LIST, "model", "64", 1, 4096, "", "units of each recurrent layer")               \
    X(NUM_LAYERS, "num_layers", I64, "model", "0", 0, 16, "",                                                          \
      "recurrent layers; 0: as many as hidden_size names; more repeats a single size")                                \
    X(DROPOUT, "dropout", F64, "model", "0.1", 0, 0.95, "", "share of units dropped between layers while training")    \
    X(DECODER_SIZE, "decoder_size", I64, "model", "16", 1, 512, "", "units per forecast step in the decoder")          \
    X(EMBEDDING_SIZE, "embedding_size", I64, "model", "0", 0, 512, "",                                                 \
      "width of each category's embedding; 0: min(50, 1.6 n^0.56)")                                                   \
    X(SCALER, "scaler", CHOICE, "model", "mean_abs", 0, 0,                                                             \
      "mean_abs|standard|min_max|min_max_signed|robust|log1p|none",                                                    \
      "how the target is scaled from the steps before each forecast; log1p standardises the logarithm")               \
    X(SCALE_WINDOW, "scale_window", I64, "model", "0", 0, 16384, "", "steps the scaler looks back; 0: context_length") \
    X(HEAD, "head", CHOICE, "model", "auto", 0, 0, "auto|mse|mae|quantile|negative_binomial",                          \
      "what is learned; auto: negative_binomial for counts with many zeros, else quantile")                           \
    X(QUANTILES, "quantiles", F64_LIST, "model", "0.025,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.975", 0.001, 0.999, "",  \
      "levels learned by head=quantile; must include 0.5")                                                            \
    X(LAGS, "lags", I64_LIST, "model", "", 1, 10000, "",                                                               \
      "seasons whose lagged values are inputs; empty: D 7,364; W 52; MS 12; h 24,168; int season_length")              \
    X(CALENDAR, "calendar", I64, "model", "1", 0, 1, "",                                                               \
      "1: features of weekday, month and hour where dates have them")                                                  \
    X(FLOOR, "floor", CHOICE, "model", "auto", 0, 0, "auto|none|zero",                                                 \
      "lowest forecast: auto is zero when the training data have no negative value")                                  \
    /* --- training --- */                                                                                             \
    X(OPTIMIZER, "optimizer", CHOICE, "training", "adam", 0, 0, "adam|sgd", "update rule")                             \
    X(LEARNING_RATE, "learning_rate", F64, "training", "0.003", 1e-9, 10, "", "largest step size")                     \
    X(MOMENTUM, "momentum", F64, "training", "0.9", 0, 0.9999, "", "of optimizer=sgd")                                 \
    X(BETA1, "beta1", F64, "training", "0.9", 0, 0.9999, "", "of optimizer=adam")                                      \
    X(BETA2, "beta2", F64, "training", "0.999", 0, 0.999999, "", "of optimizer=adam")                                  \
    X(EPSILON, "epsilon", F64, "training", "1e-8", 1e-16, 1, "", "of optimizer=adam")                                  \
    X(GRAD_CLIP, "grad_clip", F64, "training", "1", 0, 1e6, "", "largest global norm of the gradient; 0: none")        \
    X(SCHEDULE, "schedule", CHOICE, "training", "cosine", 0, 0, "constant|cosine|step",                                \
      "course of the learning rate after the warm-up")                                                                \
    X(WARMUP_STEPS, "warmup_steps", I64, "training", "50", 0, 1000000, "", "steps of linear rise at the start")        \
    X(STEP_SIZE, "step_size", I64, "training", "500", 1, 100000000, "", "steps between cuts of schedule=step")         \
    X(STEP_GAMMA, "step_gamma", F64, "training", "0.5", 1e-6, 1, "", "factor of each cut of schedule=step")            \
    X(BATCH_SIZE, "batch_size", I64, "training", "64", 1, 65536, "", "windows per optimizer step")                     \
    X(MAX_STEPS, "max_steps", I64, "training", "0", 0, 100000000, "",                                                  \
      "most optimizer steps; 0: about 16 passes over the data, but at least 300 and at most 1200")                     \
    X(VAL_SIZE, "val_size", I64, "training", "-1", -1, 100000, "",                                                     \
      "last steps of each series kept for validation; -1: the horizon, 0: none")                                      \
    X(VAL_EVERY, "val_every", I64, "training", "100", 1, 100000000, "", "optimizer steps between validation rounds")   \
    X(PATIENCE, "patience", I64, "training", "0", 0, 1000000, "",                                                      \
      "validation rounds without improvement before stopping early; 0: run to max_steps and keep the best")           \
    X(SEED, "seed", I64, "training", "1", 0, 9223372036854775807.0, "", "of all random numbers")                       \
    X(BACKEND, "backend", CHOICE, "training", "auto", 0, 0, "auto|native|onednn", "who computes the network")          \
    /* --- evaluation --- */                                                                                           \
    X(WINDOWS, "windows", I64, "evaluation", "3", 1, 1000, "", "backtest windows")                                     \
    X(STRIDE, "stride", I64, "evaluation", "0", 0, 100000, "", "steps between backtest windows; 0: the horizon")       \
    X(REFIT, "refit", I64, "evaluation", "1", 0, 1, "", "1: train anew for every window; 0: once, before the oldest")  \
    X(MOVING_WINDOW, "moving_window", I64, "evaluation", "0", 0, 100000, "",                                           \
      "steps of the moving average; 0: h 168, D 28, W 13, MS 12, int 12")                                              \
    X(SMOOTHING, "smoothing", F64, "evaluation", "0.1", 0.001, 1, "", "alpha of ses, croston, sba and tsb")

typedef enum seqd_option_type {
    SEQD_TYPE_I64,
    SEQD_TYPE_F64,
    SEQD_TYPE_CHOICE,
    SEQD_TYPE_NAMES,     /* text: one or more column names separated by commas */
    SEQD_TYPE_I64_LIST,
    SEQD_TYPE_F64_LIST
} seqd_option_type;

typedef enum seqd_option_id {
#define X(id, ...) SEQD_OPT_##id,
    SEQD_OPTION_TABLE(X)
#undef X
    SEQD_OPT_COUNT
} seqd_option_id;

struct seqd_options {
    atomic_int references;
    seqd_context *context;
    char *text[SEQD_OPT_COUNT];       /* NULL: the default */
};

int32_t seqd_options_new(seqd_context *context, seqd_options **out, seqd_error *error);
int32_t seqd_options_clone(const seqd_options *options, seqd_options **out, seqd_error *error);
void seqd_options_free(seqd_options *options);
int32_t seqd_option_find(const char *name, seqd_option_id *id, seqd_error *error);
int32_t seqd_option_set(seqd_options *options, seqd_option_id id, const char *text, seqd_error *error);
/* `key = value` lines; '#' at the start of a line or after a blank begins a comment; a value may stand in quotes. */
int32_t seqd_options_parse_file(seqd_options *options, const char *path, seqd_error *error);

/* Readers for the library: an option that was set has been checked, so these cannot fail. */
const char *seqd_option_text(const seqd_options *options, seqd_option_id id);
const char *seqd_option_name(seqd_option_id id);
const char *seqd_option_group(seqd_option_id id);
int64_t seqd_option_i64(const seqd_options *options, seqd_option_id id);
double seqd_option_f64(const seqd_options *options, seqd_option_id id);
/* Position of the chosen word in the table's list of choices, from 0. */
int32_t seqd_option_choice(const seqd_options *options, seqd_option_id id);
/* Up to `room` members of a list; returns how many it has. */
int32_t seqd_option_i64_list(const seqd_options *options, seqd_option_id id, int64_t *values, int32_t room);
int32_t seqd_option_f64_list(const seqd_options *options, seqd_option_id id, double *values, int32_t room);
bool seqd_option_is_set(const seqd_options *options, seqd_option_id id);

int32_t seqd_option_describe(int32_t index, seqd_option_info *info, seqd_error *error);

#endif
