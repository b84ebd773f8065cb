/* SPDX-License-Identifier: Apache-2.0 */
#include "augment.h"

#include <math.h>
#include <string.h>

#include "options.h"
#include "rng.h"
#include "status.h"

#define PURPOSE_AUGMENT UINT64_C(0x6175676d656e74)

int32_t seqd_augment_set(const seqd_options *options, const seqd_features *features, seqd_augment *augment,
                         seqd_error *error)
{
    *augment = (seqd_augment){
        .jitter = seqd_option_f64(options, SEQD_OPT_AUGMENT_JITTER),
        .scaling = seqd_option_f64(options, SEQD_OPT_AUGMENT_SCALING),
        .slicing = seqd_option_f64(options, SEQD_OPT_AUGMENT_SLICING),
        .masking = seqd_option_f64(options, SEQD_OPT_EVENT_MASKING),
    };
    augment->any = augment->jitter > 0.0 || augment->scaling > 0.0 || augment->slicing > 0.0 || augment->masking > 0.0;
    const bool events = features->kind == SEQD_DATA_EVENTS;
    if (augment->masking > 0.0 && (!events || features->events.token_count == 0))
        return seqd_fail(error, SEQD_E_OPTION, "option 'event_masking' has no effect: the data have no tokens of events");
    if ((augment->jitter > 0.0 || augment->scaling > 0.0) && events && features->input_count == 0)
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' has no effect: the events have no numbers",
                         augment->jitter > 0.0 ? "augment_jitter" : "augment_scaling");
    return SEQD_OK;
}

static float *inputs_at(const seqd_shard *shard, int32_t row, int32_t t)
{
    return shard->inputs + ((int64_t)t * shard->rows + row) * shard->input_count;
}

static float unsquash(float z) { return fabsf(z) <= 10.0f ? z : copysignf(10.0f * expf(fabsf(z) - 10.0f), z); }

/* The steps of a row that are data. */
static void extent(const seqd_features *features, const seqd_shard *shard, int32_t row, int32_t *first, int32_t *end)
{
    const bool events = features->kind == SEQD_DATA_EVENTS;
    *first = events ? 0 : shard->begin[row];
    *end = events ? shard->length[row] : shard->steps;
}

static void jitter(seqd_rng *rng, double deviation, float *x) { *x += (float)(deviation * seqd_rng_normal(rng)); }

/* Inputs of a panel's step as seqd_step_inputs lays them out: target, mark, level, age, lags, calendar, covariates. */
#define LAGS_AT 4

static void jitter_step(const seqd_augment *augment, const seqd_features *features, const float *history, seqd_rng *rng,
                        float *x)
{
    const int32_t covariates = features->known_count + features->past_count;
    float *covariate = x + LAGS_AT + features->lag_count + features->calendar_count;
    if (history[0] == history[0]) jitter(rng, augment->jitter, x);
    for (int32_t l = 0; l < features->lag_count; l++)
        if (history[-features->lags[l]] == history[-features->lags[l]]) jitter(rng, augment->jitter, x + LAGS_AT + l);
    for (int32_t c = 0; c < covariates; c++) jitter(rng, augment->jitter, covariate + c);
}

static void add_noise(const seqd_augment *augment, const seqd_features *features, seqd_rng *rng, int32_t row,
                      seqd_shard *shard)
{
    int32_t first, end;
    extent(features, shard, row, &first, &end);
    const float *history = shard->history + (int64_t)row * (shard->past + shard->steps + shard->horizon) + shard->past;
    for (int32_t t = first; t < end; t++) {
        float *x = inputs_at(shard, row, t);
        if (features->kind == SEQD_DATA_PANEL) jitter_step(augment, features, history + t, rng, x);
        else
            for (int32_t i = 0; i < shard->input_count; i++) jitter(rng, augment->jitter, x + i);
    }
}

static void stretch(const seqd_features *features, float factor, int32_t row, seqd_shard *shard)
{
    int32_t first, end;
    extent(features, shard, row, &first, &end);
    for (int32_t t = first; t < end; t++) {
        float *x = inputs_at(shard, row, t);
        if (features->kind == SEQD_DATA_EVENTS) {
            for (int32_t i = 0; i < shard->input_count; i++) x[i] = seqd_squash(factor * unsquash(x[i]));
            continue;
        }
        x[0] = seqd_squash(factor * unsquash(x[0]));
        for (int32_t l = LAGS_AT; l < LAGS_AT + features->lag_count; l++)
            x[l] = seqd_squash(factor * unsquash(x[l]));
    }
    if (features->kind == SEQD_DATA_EVENTS) return;
    const int64_t window = (int64_t)shard->past + shard->steps, count = window + shard->horizon;
    const float centre = shard->loc[row * window + window - 1];
    float *history = shard->history + row * count;
    for (int64_t i = 0; i < count; i++) history[i] = centre + factor * (history[i] - centre);
}

static void hide_steps(int32_t count, int32_t row, seqd_shard *shard)
{
    const int32_t first = shard->begin[row], end = first + count;
    float *fork = shard->fork + (int64_t)row * shard->steps;
    const float *weight = shard->weight + (int64_t)row * (shard->steps + shard->horizon);
    for (int32_t t = first; t < end; t++) {
        memset(inputs_at(shard, row, t), 0, (size_t)shard->input_count * sizeof(float));
        for (int32_t k = 1; fork[t] > 0.0f && k <= shard->horizon; k++)
            shard->total_weight -= (double)(fork[t] * weight[t + k]);
        fork[t] = 0.0f;
    }
    shard->begin[row] = end;
}

/* What follows the first `count` events moves to their place. */
static void drop_events(int32_t count, int32_t row, seqd_shard *shard)
{
    const int32_t length = shard->length[row], left = length - count;
    const size_t bytes = (size_t)shard->input_count * sizeof(float);
    const size_t token_bytes = (size_t)shard->token_count * sizeof(int32_t);
    float *label = shard->label + (int64_t)row * shard->steps, *fork = shard->fork + (int64_t)row * shard->steps;
    for (int32_t t = 0; t < length; t++) {
        float *x = inputs_at(shard, row, t);
        int32_t *token = shard->tokens + ((int64_t)t * shard->rows + row) * shard->token_count;
        if (t < left) {
            if (bytes > 0) memcpy(x, inputs_at(shard, row, t + count), bytes);
            if (token_bytes > 0)
                memcpy(token, token + (int64_t)count * shard->rows * shard->token_count, token_bytes);
        } else {
            if (bytes > 0) memset(x, 0, bytes);
            if (token_bytes > 0) memset(token, 0, token_bytes);
        }
    }
    shard->length[row] = left;
    if (shard->answers > 1) return; /* after the last event alone: that one stays */
    for (int32_t t = 0; t < count; t++) shard->total_weight -= (double)fork[t];
    for (int32_t t = 0; t < length; t++) {
        label[t] = t < left ? label[t + count] : NAN;
        fork[t] = t < left ? fork[t + count] : 0.0f;
    }
}

void seqd_augment_row(const seqd_augment *augment, const seqd_features *features, uint64_t key, int32_t row,
                      seqd_shard *shard)
{
    seqd_rng rng = seqd_rng_stream(key, PURPOSE_AUGMENT, 0);
    const bool events = features->kind == SEQD_DATA_EVENTS;
    int32_t first, end;
    if (augment->slicing > 0.0) {
        extent(features, shard, row, &first, &end);
        const int32_t count = (int32_t)(seqd_rng_uniform(&rng) * augment->slicing * (double)(end - first));
        if (events) drop_events(count, row, shard);
        else hide_steps(count, row, shard);
    }
    if (augment->scaling > 0.0) stretch(features, (float)exp(augment->scaling * seqd_rng_normal(&rng)), row, shard);
    if (augment->jitter > 0.0) add_noise(augment, features, &rng, row, shard);
    for (int32_t t = 0; augment->masking > 0.0 && t < shard->length[row]; t++)
        if (seqd_rng_uniform(&rng) < augment->masking)
            memset(shard->tokens + ((int64_t)t * shard->rows + row) * shard->token_count, 0,
                   (size_t)shard->token_count * sizeof(int32_t));
}
