/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_OPTIONS_H
#define SEQD_CORE_OPTIONS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <seqdemand/options.h>

/*
 * The option table. One row an option; everything that lists options is made from it.
 *   X(id, name, type, group, default, minimum, maximum, choices, scope, help)
 * The scope says where the option has an effect, as conditions on others; "": always. option_scope.h has the rule.
 */
#define SEQD_OPTION_TABLE(X)                                                                                           \
    /* --- data --- */                                                                                                 \
    X(TASK, "task", CHOICE, "data", "forecast", 0, 0, "forecast|regress|classify", "",                                 \
      "forecast demand series; regress or classify: a number or a class for each sequence of events")                  \
    X(COLUMNS, "columns", NAMES, "data", "", 0, 0, "", "",                                                             \
      "names of the columns of a file that has no header line; empty: its first line names them")                      \
    X(ID_COLUMN, "id_column", NAMES, "data", "", 0, 0, "", "",                                                         \
      "column that names the series; empty: unique_id, item_id, series_id, sku or id; of events also user_id, user, "  \
      "customer_id or session_id, and without any each row is a sequence. Several are joined by '/'")                  \
    X(TIME_COLUMN, "time_column", NAMES, "data", "", 0, 0, "", "",                                                     \
      "column of the date or step; empty: ds, timestamp, date, time or time_idx; without one events stand in the "     \
      "order of their rows")                                                                                           \
    X(TARGET_COLUMN, "target_column", NAMES, "data", "", 0, 0, "", "task=forecast",                                    \
      "column of the demand; empty: y, target, target_value, demand, sales, quantity or qty")                          \
    X(IN_STOCK_COLUMN, "in_stock_column", NAMES, "data", "", 0, 0, "", "task=forecast",                                \
      "column that is 0 where the article was out of stock; empty: in_stock if there is one")                          \
    X(STATIC_COLUMNS, "static_columns", NAMES, "data", "", 0, 0, "", "task=forecast",                                  \
      "columns constant per series, taken as categories (embedded)")                                                   \
    X(STATIC_REAL_COLUMNS, "static_real_columns", NAMES, "data", "", 0, 0, "", "task=forecast",                        \
      "columns constant per series, taken as numbers")                                                                 \
    X(KNOWN_COLUMNS, "known_columns", NAMES, "data", "", 0, 0, "", "task=forecast",                                    \
      "numeric columns known in advance (price, promotion); rows for the horizon must carry them")                     \
    X(PAST_COLUMNS, "past_columns", NAMES, "data", "", 0, 0, "", "task=forecast",                                      \
      "numeric columns known only afterwards (clicks, stock)")                                                         \
    X(FREQ, "freq", CHOICE, "data", "auto", 0, 0, "auto|D|W|MS|h|int", "",                                             \
      "frequency of the steps: day, week, month start, hour, whole number; auto finds it from the dates")              \
    X(SEASON_LENGTH, "season_length", I64, "data", "0", 0, 10000, "", "task=forecast",                                 \
      "steps of the main season; 0: h 24, D 7, W 52, MS 12, int 1")                                                    \
    X(FILL, "fill", CHOICE, "data", "zero", 0, 0, "zero|forward|mean|interpolate|missing", "task=forecast",            \
      "value of a step that has no row")                                                                               \
    X(DUPLICATES, "duplicates", CHOICE, "data", "sum", 0, 0, "sum|mean|last|error", "task=forecast",                   \
      "what several rows of one series and step become")                                                               \
    X(NEGATIVES, "negatives", CHOICE, "data", "keep", 0, 0, "keep|zero|drop", "task=forecast",                         \
      "negative demand (returns): keep; zero: a negative step becomes 0 after summing; drop: its rows are left out")   \
    X(OUTLIERS, "outliers", CHOICE, "data", "none", 0, 0, "none|zscore|quantile", "task=forecast",                     \
      "clip each series at mean +- outlier_limit deviations, or at its outlier_quantile")                              \
    X(OUTLIER_LIMIT, "outlier_limit", F64, "data", "5", 0.5, 1000, "", "task=forecast outliers=zscore",                \
      "deviations allowed by outliers=zscore")                                                                         \
    X(OUTLIER_QUANTILE, "outlier_quantile", F64, "data", "0.999", 0.5, 1, "", "task=forecast outliers=quantile",       \
      "upper quantile kept by outliers=quantile")                                                                      \
    X(SERIES_END, "series_end", CHOICE, "data", "auto", 0, 0, "auto|common|own", "task=forecast",                      \
      "where a series ends: with the panel, or with its own last row; auto: common where fill=zero, else own")         \
    X(NUM_COLUMNS, "num_columns", NAMES, "data", "", 0, 0, "", "task=regress/classify",                                \
      "numeric columns of events (price, duration)")                                                                   \
    X(CAT_COLUMNS, "cat_columns", NAMES, "data", "", 0, 0, "", "task=regress/classify",                                \
      "columns of events taken as categories (embedded), beside event_column")                                         \
    X(EVENT_COLUMN, "event_column", NAMES, "data", "", 0, 0, "", "task=regress/classify",                              \
      "column that says what happened; empty: event, behaviour, behavior, action or type if there is one")             \
    X(LABEL_COLUMN, "label_column", NAMES, "data", "", 0, 0, "", "task=regress/classify label=auto/column",            \
      "column of the answer of label=column; empty: label or y; the last row of a sequence that has one "              \
      "counts")                                                                                                        \
    X(LABEL, "label", CHOICE, "data", "auto", 0, 0, "auto|column|next_event|within|count", "task=regress/classify",    \
      "what to learn from events: a column; the next event; if (within) or how often (count) label_events "            \
      "happen in the next label_window; auto: column if there is one, else next_event")                                \
    X(LABEL_EVENTS, "label_events", NAMES, "data", "", 0, 0, "", "task=regress/classify label=within/count",           \
      "values of event_column that label=within and label=count look for; empty: all")                                 \
    X(LABEL_WINDOW, "label_window", F64, "data", "30", 0, 1000000000.0,                                                \
      "", "task=regress/classify label=within/count",                                                                  \
      "days (or units of a whole-number time) that label=within and label=count look ahead")                           \
    X(MAX_LEN, "max_len", I64, "data", "50", 1, 16384, "", "task=regress/classify",                                    \
      "last events of a sequence that are read")                                                                       \
    X(MIN_COUNT, "min_count", I64, "data", "1", 1, 1000000, "", "task=regress/classify",                               \
      "categories of events seen less often share the unknown token")                                                  \
    X(TIME_GAP, "time_gap", I64, "data", "1", 0, 1, "", "task=regress/classify",                                       \
      "1: the time since the event before is a feature")                                                               \
    X(NUM_TRANSFORM, "num_transform", CHOICE, "data", "standard", 0, 0,                                                \
      "standard|log1p|quantile|none", "task=regress/classify",                                                         \
      "numeric columns of events: standardised; their logarithm standardised; by rank to a normal "                    \
      "distribution; as they are")                                                                                     \
    X(SPLIT, "split", CHOICE, "data", "user", 0, 0, "user|time|order", "task=regress/classify",                        \
      "how events are held out: whole sequences drawn by seed; what comes after a point in time; the last "            \
      "sequences in the order of the rows")                                                                            \
    X(DIFFERENCING, "differencing", CHOICE, "data", "none", 0, 0, "none|difference|log_difference", "task=forecast",   \
      "learn how far each step of the horizon is from the last observed value, of the target or of log(1+y), scaled "  \
      "by the steps between values; that value is added back exactly, so quantiles hold for each step by itself")      \
    /* --- model --- */                                                                                                \
    X(MODEL, "model", CHOICE, "model", "lstm", 0, 0, "lstm|gru|rnn|encdec|mlp|linear|logistic", "",                    \
      "recurrent network, encoder-decoder, or a yardstick; logistic: linear for classes")                              \
    X(HORIZON, "horizon", I64, "model", "0", 0, 4096, "", "", "steps to forecast; 0: h 48, D 28, W 13, MS 12, int 12") \
    X(CONTEXT_LENGTH, "context_length", I64, "model", "0", 0, 16384, "", "task=forecast",                              \
      "steps of history read by the network; 0: from frequency and horizon")                                           \
    X(HIDDEN_SIZE, "hidden_size", I64_LIST, "model", "64", 1, 4096, "", "model=lstm/gru/rnn/encdec",                   \
      "units of each recurrent layer")                                                                                 \
    X(NUM_LAYERS, "num_layers", I64, "model", "0", 0, 16, "", "model=lstm/gru/rnn/encdec",                             \
      "recurrent layers; 0: as many as hidden_size names; more repeats a single size")                                 \
    X(DROPOUT, "dropout", F64, "model", "0.1", 0, 0.95, "", "model=lstm/gru/rnn/encdec/mlp",                           \
      "share of units dropped between layers while training")                                                          \
    X(DECODER_SIZE, "decoder_size", I64, "model", "16", 1, 512, "", "task=forecast model=lstm/gru/rnn/mlp/linear",     \
      "units per forecast step in the decoder")                                                                        \
    X(EMBEDDING_SIZE, "embedding_size", I64_LIST, "model", "0", 0, 512, "", "",                                        \
      "width of each category's embedding: one for all, or one for each column; 0: min(50, 1.6 n^0.56)")               \
    X(SCALER, "scaler", CHOICE, "model", "mean_abs", 0, 0,                                                             \
      "mean_abs|standard|min_max|min_max_signed|robust|log1p|none", "task=forecast",                                   \
      "how the target is scaled from the steps before each forecast; log1p standardises the logarithm")                \
    X(SCALE_WINDOW, "scale_window", I64, "model", "0", 0, 16384, "", "task=forecast",                                  \
      "steps the scaler looks back; 0: context_length")                                                                \
    X(HEAD, "head", CHOICE, "model", "auto", 0, 0,                                                                     \
      "auto|mse|mae|quantile|negative_binomial|huber|gaussian|student_t|poisson|zero_inflated_negative_binomial|"      \
      "tweedie|cross_entropy|binary",                                                                                  \
      "",                                                                                                              \
      "what is learned of each step: a value (mse, mae, huber), levels, or a law's parameters, which come in units "   \
      "of the scaler as seqdemand/model.h says; auto: negative_binomial for counts with many zeros, else quantile")    \
    X(QUANTILES, "quantiles", F64_LIST, "model", "0.025,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.975", 0.001, 0.999,      \
      "", "head=auto/quantile", "levels learned by head=quantile; must include 0.5")                                   \
    X(LAGS, "lags", I64_LIST, "model", "", 1, 10000, "", "task=forecast",                                              \
      "seasons whose lagged values are inputs; empty: D 7,364; W 52; MS 12; h 24,168; int season_length, as far as "   \
      "the data can show them")                                                                                        \
    X(CALENDAR, "calendar", I64, "model", "1", 0, 1, "", "task=forecast",                                              \
      "1: features of weekday, month and hour where dates have them")                                                  \
    X(FLOOR, "floor", CHOICE, "model", "auto", 0, 0, "auto|none|zero", "task=forecast/regress",                        \
      "lowest forecast: auto is zero when the training data have no negative value")                                   \
    X(NONLINEARITY, "nonlinearity", CHOICE, "model", "tanh", 0, 0,                                                     \
      "tanh|relu", "model=rnn or model=encdec encoder_cell=rnn or model=encdec decoder_cell=rnn", "of cell rnn")       \
    X(RESET_AFTER, "reset_after", I64, "model", "1", 0, 1,                                                             \
      "", "model=gru or model=encdec encoder_cell=gru or model=encdec decoder_cell=gru",                               \
      "of cell gru: 1: the reset gate comes after the recurrent product (torch, Keras 2 and later), 0: "               \
      "before it")                                                                                                     \
    X(BIDIRECTIONAL, "bidirectional", I64, "model", "0", 0, 1, "", "model=lstm/gru/rnn/encdec",                        \
      "1: each recurrent layer also reads backwards; hidden_size is that of one direction")                            \
    X(RESIDUAL, "residual", I64, "model", "0", 0, 1, "", "model=lstm/gru/rnn/encdec",                                  \
      "1: a recurrent layer as wide as its input adds its input to its output")                                        \
    X(DILATIONS, "dilations", I64_LIST, "model", "", 1, 1024, "", "model=lstm/gru/rnn/encdec",                         \
      "steps between the states that a recurrent layer links, one number a layer; empty: 1 everywhere")                \
    X(LAYER_NORM, "layer_norm", I64, "model", "0", 0, 1, "", "model=lstm/gru/rnn/encdec",                              \
      "1: outputs of each recurrent layer are normalised over its units")                                              \
    X(RECURRENT_DROPOUT, "recurrent_dropout", F64, "model", "0", 0, 0.95, "", "model=lstm/gru/rnn/encdec",             \
      "share of units of the recurrent state dropped while training, the same at every step")                          \
    X(ENCODER_CELL, "encoder_cell", CHOICE, "model", "lstm", 0, 0, "lstm|gru|rnn", "model=encdec",                     \
      "of model=encdec; hidden_size gives its layers")                                                                 \
    X(DECODER_CELL, "decoder_cell", CHOICE, "model", "gru", 0, 0, "lstm|gru|rnn", "model=encdec", "of model=encdec")   \
    X(DECODER_HIDDEN_SIZE, "decoder_hidden_size", I64_LIST, "model", "64", 1, 4096, "", "model=encdec",                \
      "units of each decoder layer of model=encdec")                                                                   \
    X(ATTENTION, "attention", CHOICE, "model", "additive", 0, 0,                                                       \
      "none|additive|dot|general|multihead", "model=encdec",                                                           \
      "of model=encdec: Bahdanau's (additive), Luong's (dot, general), scaled dot product with num_heads "             \
      "heads")                                                                                                         \
    X(ATTENTION_SIZE, "attention_size", I64, "model", "0", 0, 4096, "", "model=encdec attention=additive/multihead",   \
      "units of attention=additive and multihead; 0: those of the decoder")                                            \
    X(NUM_HEADS, "num_heads", I64, "model", "4", 1, 64, "", "model=encdec attention=multihead",                        \
      "heads of attention=multihead")                                                                                  \
    X(DECODING, "decoding", CHOICE, "model", "step", 0, 0, "step|one_shot", "model=encdec",                            \
      "of model=encdec: each step is told the one before, or all steps follow from the encoder and known "             \
      "features")                                                                                                      \
    X(POOLING, "pooling", CHOICE, "model", "last", 0, 0,                                                               \
      "last|mean|max|attention", "task=regress/classify model=lstm/gru/rnn",                                           \
      "what a sequence is judged by, for regress and classify: the state after its last event, or all of "             \
      "its states")                                                                                                    \
    X(MLP_SIZE, "mlp_size", I64_LIST, "model", "64,32", 1, 4096, "", "model=mlp", "units of each layer of model=mlp")  \
    X(HUBER_DELTA, "huber_delta", F64, "model", "1", 1e-06, 1000000.0, "", "head=huber",                               \
      "of head=huber, in units of the scaled target: errors beyond count linearly")                                    \
    X(TWEEDIE_POWER, "tweedie_power", F64, "model", "1.5", 1.01, 1.99, "", "head=tweedie",                             \
      "of head=tweedie: variance is dispersion times mean to this power")                                              \
    /* --- training --- */                                                                                             \
    X(OPTIMIZER, "optimizer", CHOICE, "training", "adam", 0, 0, "adam|sgd|adamw|rmsprop", "", "update rule")           \
    X(LEARNING_RATE, "learning_rate", F64, "training", "0.003", 1e-9, 10, "", "", "largest step size")                 \
    X(MOMENTUM, "momentum", F64, "training", "0.9", 0, 0.9999, "", "optimizer=sgd", "of optimizer=sgd")                \
    X(BETA1, "beta1", F64, "training", "0.9", 0, 0.9999, "", "optimizer=adam/adamw", "of optimizer=adam and adamw")    \
    X(BETA2, "beta2", F64, "training", "0.999", 0, 0.999999, "", "optimizer=adam/adamw",                               \
      "of optimizer=adam and adamw")                                                                                   \
    X(EPSILON, "epsilon", F64, "training", "1e-8", 1e-16, 1, "", "optimizer=adam/adamw/rmsprop",                       \
      "of optimizer=adam, adamw and rmsprop")                                                                          \
    X(GRAD_CLIP, "grad_clip", F64, "training", "1", 0, 1e6, "", "", "largest global norm of the gradient; 0: none")    \
    X(SCHEDULE, "schedule", CHOICE, "training", "cosine", 0, 0, "constant|cosine|step|plateau", "",                    \
      "course of the learning rate after the warm-up")                                                                 \
    X(WARMUP_STEPS, "warmup_steps", I64, "training", "50", 0, 1000000, "", "", "steps of linear rise at the start")    \
    X(STEP_SIZE, "step_size", I64, "training", "500", 1, 100000000, "", "schedule=step",                               \
      "steps between cuts of schedule=step")                                                                           \
    X(STEP_GAMMA, "step_gamma", F64, "training", "0.5", 1e-6, 1, "", "schedule=step",                                  \
      "factor of each cut of schedule=step")                                                                           \
    X(BATCH_SIZE, "batch_size", I64, "training", "64", 1, 65536, "", "", "windows per optimizer step")                 \
    X(MAX_STEPS, "max_steps", I64, "training", "0", 0, 100000000, "", "",                                              \
      "most optimizer steps; 0: about 16 passes over the data, but at least 300 and at most 1200")                     \
    X(VAL_SIZE, "val_size", I64, "training", "-1", -1, 100000, "", "task=forecast",                                    \
      "last steps of each series kept for validation; -1: the horizon, 0: none")                                       \
    X(VAL_EVERY, "val_every", I64, "training", "100", 1, 100000000, "", "",                                            \
      "optimizer steps between validation rounds")                                                                     \
    X(PATIENCE, "patience", I64, "training", "0", 0, 1000000, "", "",                                                  \
      "validation rounds without improvement before stopping early; 0: run to max_steps and keep the best")            \
    X(SEED, "seed", I64, "training", "1", 0, 9223372036854775807.0, "", "", "of all random numbers")                   \
    X(BACKEND, "backend", CHOICE, "training", "auto", 0, 0, "auto|native|onednn", "", "who computes the network")      \
    X(WEIGHT_DECAY, "weight_decay", F64, "training", "0.01", 0, 10, "", "optimizer=adamw",                             \
      "of optimizer=adamw: what each step takes off a weight (not a bias) is the learning rate times this share")      \
    X(RHO, "rho", F64, "training", "0.99", 0, 0.9999, "", "optimizer=rmsprop", "smoothing of optimizer=rmsprop")       \
    X(L1, "l1", F64, "training", "0", 0, 1000, "", "", "penalty on the absolute value of weights (not biases)")        \
    X(L2, "l2", F64, "training", "0", 0, 1000, "", "", "penalty on half the square of weights (not biases)")           \
    X(PLATEAU_FACTOR, "plateau_factor", F64, "training", "0.5", 1e-06, 1, "", "schedule=plateau",                      \
      "factor of each cut of schedule=plateau")                                                                        \
    X(PLATEAU_PATIENCE, "plateau_patience", I64, "training", "2", 0, 1000000, "", "schedule=plateau",                  \
      "validation rounds without improvement before a cut of schedule=plateau")                                        \
    X(EMA_DECAY, "ema_decay", F64, "training", "0", 0, 0.99999, "", "",                                                \
      "0: off; else the weights judged, kept and saved are a moving average with this decay (less in the first steps)")\
    X(MONITOR, "monitor", CHOICE, "training", "loss", 0, 0, "loss|mae", "",                                            \
      "what of the validation part decides when to stop and which weights are kept: the loss, or the mean absolute "   \
      "error of the medians in units of the target")                                                                   \
    X(MAX_EPOCHS, "max_epochs", I64, "training", "0", 0, 1000000, "", "",                                              \
      "most passes over the data; 0: max_steps decides")                                                               \
    X(TEACHER_FORCING, "teacher_forcing", F64, "training", "1", 0, 1, "", "model=encdec decoding=step",                \
      "of model=encdec with decoding=step: probability at the start of training that a step is told the "              \
      "true value before it")                                                                                          \
    X(TEACHER_FORCING_END, "teacher_forcing_end", F64, "training", "0.5", 0, 1, "", "model=encdec decoding=step",      \
      "the same at the end of training; in between it changes linearly. 0: its own forecasts")                         \
    X(AUGMENT_JITTER, "augment_jitter", F64, "training", "0", 0, 10, "", "",                                           \
      "deviation of noise added to scaled inputs while training")                                                      \
    X(AUGMENT_SCALING, "augment_scaling", F64, "training", "0", 0, 2, "", "",                                          \
      "deviation of the logarithm of a factor on each training window")                                                \
    X(AUGMENT_SLICING, "augment_slicing", F64, "training", "0", 0, 0.95, "", "",                                       \
      "largest share of a training window that is hidden at its start")                                                \
    X(EVENT_MASKING, "event_masking", F64, "training", "0", 0, 0.95, "", "task=regress/classify",                      \
      "share of events replaced by the unknown token while training")                                                  \
    X(CLASS_WEIGHT, "class_weight", CHOICE, "training", "none", 0, 0, "none|balanced", "task=classify",                \
      "balanced: classes count in inverse proportion to how often they occur")                                         \
    X(LABEL_SMOOTHING, "label_smoothing", F64, "training", "0", 0, 0.5, "", "task=classify",                           \
      "share of each label spread over all classes")                                                                   \
    X(THRESHOLD, "threshold", F64, "training", "0", 0, 0.999, "", "task=classify",                                     \
      "probability of the second of two classes from which it is told; 0: the one with the best F1 on "                \
      "validation")                                                                                                    \
    X(VAL_FRACTION, "val_fraction", F64, "training", "0.15", 0, 0.9, "", "task=regress/classify",                      \
      "share of the events kept for validation, as option split says (regress, classify)")                             \
    X(FREEZE, "freeze", NAMES, "training", "", 0, 0, "", "",                                                           \
      "parameters that training leaves alone, by name; '*' stands for any letters")                                    \
    X(ENSEMBLE_SIZE, "ensemble_size", I64, "training", "1", 1, 100, "", "",                                            \
      "models trained with seeds of their own and kept as one")                                                        \
    X(ENSEMBLE_MODELS, "ensemble_models", NAMES, "training", "", 0, 0, "", "",                                         \
      "kinds of model of an ensemble (lstm,gru); empty: option model")                                                 \
    X(COMBINE, "combine", CHOICE, "training", "mean", 0, 0, "mean|median", "ensemble_size or ensemble_models",         \
      "how the members of an ensemble become one answer")                                                              \
    /* --- evaluation --- */                                                                                           \
    X(WINDOWS, "windows", I64, "evaluation", "3", 1, 1000, "", "task=forecast", "backtest windows")                    \
    X(STRIDE, "stride", I64, "evaluation", "0", 0, 100000, "", "task=forecast",                                        \
      "steps between backtest windows; 0: the horizon")                                                                \
    X(REFIT, "refit", I64, "evaluation", "1", 0, 1, "", "task=forecast",                                               \
      "1: train anew for every window; 0: once, before the oldest")                                                    \
    X(MOVING_WINDOW, "moving_window", I64, "evaluation", "0", 0, 100000, "", "task=forecast",                          \
      "steps of the moving average; 0: h 168, D 28, W 13, MS 12, int 12")                                              \
    X(SMOOTHING, "smoothing", F64, "evaluation", "0.1", 0.001, 1, "", "task=forecast",                                 \
      "alpha of ses, croston, sba and tsb")                                                                            \
    X(FOLDS, "folds", I64, "evaluation", "5", 2, 100, "", "task=regress/classify",                                     \
      "parts of a cross-validation over sequences")                                                                    \
    X(METHOD, "method", CHOICE, "evaluation", "random", 0, 0, "random|halving", "",                                    \
      "how settings are searched: all trials in full; or all for a short time, the best for longer")                   \
    X(TRIALS, "trials", I64, "evaluation", "20", 1, 10000, "", "", "settings that a search tries")                     \
    X(REDUCTION, "reduction", I64, "evaluation", "3", 2, 16, "", "method=halving",                                     \
      "of method=halving: one trial in so many goes on, with so many times the steps")                                 \
    X(METRIC, "metric", CHOICE, "evaluation", "auto", 0, 0,                                                            \
      "auto|smape|mase|rmsse|wape|rmse|wql|accuracy|precision|recall|f1|auroc|aupr|log_loss|mae|mape", "",             \
      "what a search judges by; auto: wql of forecasts, log_loss of classes, rmse of numbers")

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

/* Who asked for a setting: nobody (it came with a model), a file of options, or a call. */
enum { SEQD_ORIGIN_INHERITED, SEQD_ORIGIN_FILE, SEQD_ORIGIN_CALL };

struct seqd_options {
    atomic_int references;
    seqd_context *context;
    char *text[SEQD_OPT_COUNT];       /* NULL: the default */
    unsigned char origin[SEQD_OPT_COUNT];
};

int32_t seqd_options_new(seqd_context *context, seqd_options **out, seqd_error *error);
int32_t seqd_options_clone(const seqd_options *options, seqd_options **out, seqd_error *error);
void seqd_options_free(seqd_options *options);
int32_t seqd_option_find(const char *name, seqd_option_id *id, seqd_error *error);
int32_t seqd_option_set(seqd_options *options, seqd_option_id id, const char *text, seqd_error *error);
/* `key = value` lines; '#' at the start of a line or after a blank begins a comment; a value may stand in quotes. */
int32_t seqd_options_parse_file(seqd_options *options, const char *path, seqd_error *error);
/* options_save.c: the same form, of what was set, in the order of the table; replaces the file as one step. */
int32_t seqd_options_write_file(const seqd_options *options, const char *path, seqd_error *error);

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
