/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INFER_STREAM_H
#define SEQD_INFER_STREAM_H

#include <seqdemand/stream.h>

#include "model.h"
#include "scale.h"

/* One thread's arrays: a shard of one time step, and its rows' states side by side. */
typedef struct seqd_stream_lane {
    seqd_shard shard;
    float *state;
    float *out;     /* [rows][horizon][width] */
    float *scratch; /* [horizon][width] */
} seqd_stream_lane;

/*
 * What is kept of a series: the scaler, the last values (step t in place t % history_room, as far back as scaler and
 * lags reach), loc and scale of the last steps (as far back as lags ask for them), the state of every layer, and the last
 * value of every covariate. All arrays are made at the start.
 */
struct seqd_stream {
    seqd_context *context;
    seqd_model *model;
    const seqd_kernels *kernels;
    seqd_net_run *net;
    int64_t epoch;            /* of the parameters that `net` holds; -1: none */
    int64_t series_count;
    int32_t rows, lanes;
    int64_t history_room, scaler_room, state_floats;
    seqd_scale_state *scales; /* [series]; `next` is the number of steps so far */
    double *sorted;           /* [series][seqd_scale_room] */
    float *history;           /* [series][history_room], transformed */
    float *loc, *scale;       /* [series][scaler_room] */
    float *state;             /* [series][state_floats] as seqd_stack_step has it for one row */
    int64_t *start;           /* [series] calendar step of the first step */
    int32_t *cats;            /* [series][cat_count] */
    float *reals;             /* [series][real_count] */
    float *known, *past;      /* [series][known_count], [series][past_count]: the last that were given */
    char **ids;               /* [series], in `text` */
    char *text;
    size_t text_size;
    seqd_stream_lane *lane;   /* [lanes] */
    float *parameters;        /* [horizon][dist.width] of one forecast */
    seqd_almanac almanac;
    void *memory;
};

/* What one step brings to `count` series from `first` on, in the units of the caller. */
typedef struct seqd_stream_values {
    int64_t first, count;
    const double *y;           /* [count] */
    const int32_t *in_stock;   /* [count], NULL: all */
    const double *known, *past; /* [count][known_count], [count][past_count] */
} seqd_stream_values;

/* Contracts: <seqdemand/stream.h>. Counts and NULLs have been checked by the caller. */
int32_t seqd_stream_new(seqd_model *model, const seqd_dataset *dataset, seqd_stream **out, seqd_error *error);
void seqd_stream_free(seqd_stream *stream);
int32_t seqd_stream_advance(seqd_stream *stream, const seqd_stream_values *values, seqd_error *error);
/*
 * For `count` series from `first` on: known[count][horizon][known_count] to parameters[count][horizon][width] and
 * status[count].
 */
int32_t seqd_stream_answer(seqd_stream *stream, int64_t first, int64_t count, const double *known, float *parameters,
                           int32_t *status, seqd_error *error);
int32_t seqd_stream_forecast_into(seqd_stream *stream, const double *known, seqd_forecast *forecast, seqd_error *error);
int32_t seqd_stream_forecast_new(seqd_stream *stream, const double *known, seqd_forecast **out, seqd_error *error);

/* The states of `rows` series from `first` on, into a block as seqd_stack_step has it for several rows, or back. */
void seqd_stream_copy_states(const seqd_stream *stream, int64_t first, int32_t rows, float *block, bool into_block);

#endif
