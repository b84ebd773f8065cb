/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "forecast.h"
#include "parallel.h"
#include "status.h"
#include "stream.h"

/* A layer's h (and c) of several rows stand together in a block; a series keeps its own, layer after layer. */
void seqd_stream_copy_states(const seqd_stream *stream, int64_t first, int32_t rows, float *block, bool into_block)
{
    const seqd_stack_shape *shape = &stream->model->net.config.stack;
    int64_t done = 0;
    for (int32_t i = 0; i < seqd_stack_part_count(shape); i++) {
        const int64_t units = seqd_stack_part_units(shape, i);
        for (int32_t r = 0; r < rows; r++) {
            float *ours = stream->state + (first + r) * stream->state_floats + done;
            float *theirs = block + rows * done + r * units;
            memcpy(into_block ? theirs : ours, into_block ? ours : theirs, (size_t)units * sizeof *ours);
        }
        done += units;
    }
}

/* The values of steps t - past .. t in order, NaN before the first. */
static void copy_history(const seqd_stream *stream, int64_t series, int64_t t, int32_t past, float *to)
{
    const int64_t room = stream->history_room;
    const float *ring = stream->history + series * room;
    int64_t step = t - past;
    for (; step < 0 && step <= t; step++) *to++ = NAN;
    for (int64_t place = step % room; step <= t; step++) {
        *to++ = ring[place];
        if (++place == room) place = 0;
    }
}

static void copy_statics(const seqd_stream *stream, int64_t series, int32_t row, seqd_shard *shard)
{
    for (int32_t c = 0; c < shard->cat_count; c++)
        shard->cats[row * shard->cat_count + c] = stream->cats[series * shard->cat_count + c];
    for (int32_t c = 0; c < shard->real_count; c++)
        shard->reals[row * shard->real_count + c] = stream->reals[series * shard->real_count + c];
}

/* Takes in the next value of a series: ring and scaler. Returns the number of the step. */
static int64_t take_value(seqd_stream *stream, int64_t series, double y)
{
    const seqd_features *features = &stream->model->features;
    const int64_t room = stream->history_room, window = features->scale_window, scalers = stream->scaler_room;
    seqd_scale_state *state = &stream->scales[series];
    float *ring = stream->history + series * room;
    const int64_t t = state->next, place = t % room;
    const float value = (float)seqd_target_transform(features, (double)(float)y);
    const float leaving = t >= window ? ring[(t - window) % room] : NAN;
    ring[place] = value;
    if (seqd_scale_step(state, value, leaving)) {
        const int64_t first = (t - window + 1) % room, whole = room - first < window ? room - first : window;
        seqd_scale_renew(state, ring + first, whole, ring, window - whole);
    }
    const int64_t at = series * scalers + t % scalers;
    seqd_scale_tell(state, &stream->loc[at], &stream->scale[at]);
    return t;
}

static void take_covariates(float *last, const double *given, int32_t count)
{
    for (int32_t c = 0; c < count; c++)
        if (given[c] == given[c]) last[c] = (float)given[c];
}

/* The inputs of the next step of a series as row `row` of a shard. */
static void fill_step(seqd_stream *stream, const seqd_stream_values *values, int64_t at, int32_t row, seqd_shard *shard)
{
    const seqd_features *features = &stream->model->features;
    const int64_t series = values->first + at, scalers = stream->scaler_room;
    const int64_t t = take_value(stream, series, values->y[at]);
    float room[SEQD_MOST_CALENDAR];
    float *known = stream->known + series * features->known_count;
    float *past = stream->past + series * features->past_count;
    float *history = shard->history + (int64_t)row * (shard->past + 1 + shard->horizon);

    if (features->known_count > 0) take_covariates(known, values->known + at * features->known_count,
                                                   features->known_count);
    if (features->past_count > 0) take_covariates(past, values->past + at * features->past_count, features->past_count);
    copy_history(stream, series, t, shard->past, history);
    const float scale = stream->scale[series * scalers + t % scalers];
    const seqd_step step = {
        .history = history + shard->past,
        .loc = stream->loc[series * scalers + t % scalers],
        .scale = scale,
        .level = seqd_scale_level(features, scale),
        .t = t,
        .calendar = features->calendar_count > 0
                        ? seqd_almanac_at(features, &stream->almanac, stream->start[series] + t, room) : NULL,
        .known = known,
        .past = past,
        .in_stock = !values->in_stock || values->in_stock[at] != 0,
    };
    seqd_step_inputs(features, &step, shard->inputs + (int64_t)row * features->input_count);
    copy_statics(stream, series, row, shard);
}

/* What a forecast after the last step of a series reads, as row `row` of a shard. */
static void fill_fork(const seqd_stream *stream, int64_t series, const double *known, int32_t row, seqd_shard *shard)
{
    const seqd_features *features = &stream->model->features;
    const seqd_lag_plan *plan = &features->plan;
    const int64_t t = stream->scales[series].next - 1, scalers = stream->scaler_room;
    const float *locs = stream->loc + series * scalers, *scales = stream->scale + series * scalers;
    const int64_t begin = (int64_t)row * (shard->past + 1);
    float *loc = shard->loc + begin, *scale = shard->scale + begin;
    float room[SEQD_MOST_CALENDAR];

    copy_history(stream, series, t, shard->past, shard->history + (int64_t)row * (shard->past + 1 + shard->horizon));
    for (int32_t l = -1; l < plan->count; l++) {
        const int32_t back = l < 0 ? 0 : plan->shift[l];
        const bool there = t - back >= 0;
        loc[shard->past - back] = there ? locs[(t - back) % scalers] : 0.0f;
        scale[shard->past - back] = there ? scales[(t - back) % scalers] : (float)features->typical_scale;
    }
    float *future = shard->future + (int64_t)row * (1 + shard->horizon) * features->future_count;
    for (int32_t i = 0; i < features->future_count; i++) *future++ = 0.0f; /* of the step itself, which none reads */
    for (int32_t h = 0; h < shard->horizon && features->future_count > 0; h++) {
        if (features->calendar_count > 0) {
            const float *calendar =
                seqd_almanac_at(features, &stream->almanac, stream->start[series] + t + 1 + h, room);
            for (int32_t c = 0; c < features->calendar_count; c++) *future++ = calendar[c];
        }
        for (int32_t c = 0; c < features->known_count; c++)
            *future++ = seqd_column_input(&features->known[c], (float)known[h * features->known_count + c]);
    }
    copy_statics(stream, series, row, shard);
}

/* Calendar features of steps `from` .. `to` after the last one of each series; series mostly stand at the same date. */
static void add_calendar(seqd_stream *stream, int64_t first, int64_t count, int64_t from, int64_t to)
{
    int64_t before = INT64_MIN;
    if (stream->model->features.calendar_count == 0) return;
    for (int64_t i = first; i < first + count; i++) {
        const int64_t last = stream->start[i] + stream->scales[i].next - 1;
        if (last == before) continue;
        seqd_almanac_add(&stream->model->features, last + from, last + to, &stream->almanac);
        before = last;
    }
}

/* A single shard is no work for threads: not even their engine is asked. */
static void for_shards(const seqd_stream *stream, int64_t count, seqd_task_fn task, void *pass)
{
    const int32_t threads = stream->context->threads < stream->lanes ? stream->context->threads : stream->lanes;
    if (count <= SEQD_SHARD_ROWS) {
        if (count > 0) task(pass, 0, 0);
        return;
    }
    seqd_parallel_for(threads, (count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS, task, pass);
}

static int32_t rows_of(int64_t count, int64_t first)
{
    return (int32_t)(count - first < SEQD_SHARD_ROWS ? count - first : SEQD_SHARD_ROWS);
}

static void begin(seqd_stream *stream)
{
    const int64_t epoch = atomic_load(&stream->model->epoch);
    if (stream->epoch == epoch) return;
    seqd_net_pack(stream->net, stream->model->parameters);
    stream->epoch = epoch;
}

typedef struct step_pass {
    seqd_stream *stream;
    const seqd_stream_values *values;
} step_pass;

static void step_task(void *user, int64_t index, int32_t thread)
{
    const step_pass *p = user;
    seqd_stream *stream = p->stream;
    seqd_stream_lane *lane = &stream->lane[thread];
    const int64_t at = index * SEQD_SHARD_ROWS, first = p->values->first + at;
    const int32_t rows = rows_of(p->values->count, at);
    lane->shard.rows = rows;
    for (int32_t r = 0; r < rows; r++) fill_step(stream, p->values, at + r, r, &lane->shard);
    if (rows == 1) {
        seqd_net_step(stream->net, thread, &lane->shard, stream->state + first * stream->state_floats);
        return;
    }
    seqd_stream_copy_states(stream, first, rows, lane->state, true);
    seqd_net_step(stream->net, thread, &lane->shard, lane->state);
    seqd_stream_copy_states(stream, first, rows, lane->state, false);
}

static int32_t check_value(const seqd_stream *stream, int64_t series, const char *column, double value,
                           seqd_error *error)
{
    if (!(fabs(value) > (double)FLT_MAX)) return SEQD_OK;
    char id[SEQD_QUOTE_SIZE], name[SEQD_QUOTE_SIZE];
    return seqd_fail(error, SEQD_E_DATA, "series '%s': column '%s' has a value that is no float32",
                     seqd_quote(stream->ids[series], strlen(stream->ids[series]), id),
                     seqd_quote(column, strlen(column), name));
}

static int32_t check_step(const seqd_stream *stream, const seqd_stream_values *values, seqd_error *error)
{
    const seqd_features *features = &stream->model->features;
    for (int64_t i = 0; i < values->count; i++) {
        const int64_t series = values->first + i;
        SEQD_CHECK(check_value(stream, series, "y", values->y[i], error));
        for (int32_t c = 0; c < features->known_count; c++)
            SEQD_CHECK(check_value(stream, series, features->known[c].name,
                                   values->known[i * features->known_count + c], error));
        for (int32_t c = 0; c < features->past_count; c++)
            SEQD_CHECK(check_value(stream, series, features->past[c].name, values->past[i * features->past_count + c],
                                   error));
    }
    return SEQD_OK;
}

int32_t seqd_stream_advance(seqd_stream *stream, const seqd_stream_values *values, seqd_error *error)
{
    step_pass pass = {stream, values};
    SEQD_CHECK(check_step(stream, values, error));
    SEQD_CHECK(seqd_model_begin_read(stream->model, error));
    begin(stream);
    add_calendar(stream, values->first, values->count, 1, 1);
    for_shards(stream, values->count, step_task, &pass);
    seqd_model_end_read(stream->model);
    return SEQD_OK;
}

typedef struct fork_pass {
    seqd_stream *stream;
    int64_t first, count;
    const double *known;
    float *parameters;
    int32_t *status;
} fork_pass;

static int32_t series_status(const seqd_stream *stream, int64_t series)
{
    const seqd_scale_state *state = &stream->scales[series];
    if (state->seen_all == 0) return SEQD_SERIES_EMPTY;
    if (!(state->absolute_all > 0.0)) return SEQD_SERIES_ALL_ZERO;
    return state->seen_all < stream->model->features.season ? SEQD_SERIES_SHORT : SEQD_SERIES_OK;
}

static void fork_task(void *user, int64_t index, int32_t thread)
{
    const fork_pass *p = user;
    seqd_stream *stream = p->stream;
    const seqd_model *model = stream->model;
    const seqd_features *features = &model->features;
    const seqd_head *head = &model->net.config.head;
    seqd_stream_lane *lane = &stream->lane[thread];
    const int64_t at = index * SEQD_SHARD_ROWS, first = p->first + at, horizon = features->horizon;
    const int32_t rows = rows_of(p->count, at);
    const float *state = stream->state + first * stream->state_floats;
    lane->shard.rows = rows;
    for (int32_t r = 0; r < rows; r++)
        fill_fork(stream, first + r, p->known ? p->known + (at + r) * horizon * features->known_count : NULL, r,
                  &lane->shard);
    if (rows > 1) {
        seqd_stream_copy_states(stream, first, rows, lane->state, true);
        state = lane->state;
    }
    seqd_net_step_outputs(stream->net, thread, &lane->shard, &features->plan, state, lane->out);
    for (int32_t r = 0; r < rows; r++) {
        const int64_t last = (int64_t)r * (lane->shard.past + 1) + lane->shard.past;
        float *parameters = p->parameters + (at + r) * horizon * model->dist.width;
        p->status[at + r] = series_status(stream, first + r);
        if (p->status[at + r] == SEQD_SERIES_EMPTY) {
            memset(parameters, 0, (size_t)(horizon * model->dist.width) * sizeof *parameters);
            continue;
        }
        seqd_head_parameters(stream->kernels, head, &model->dist, features->horizon,
                             lane->out + r * horizon * head->width, (double)lane->shard.loc[last],
                             (double)lane->shard.scale[last], model->spread, seqd_target_inverse(features),
                             lane->scratch, parameters);
    }
}

static int32_t check_future(const seqd_stream *stream, int64_t first, int64_t count, const double *known,
                            seqd_error *error)
{
    const seqd_features *features = &stream->model->features;
    const int64_t columns = features->known_count;
    for (int64_t i = 0; i < count * features->horizon * columns; i++) {
        const int64_t series = first + i / (features->horizon * columns), h = i / columns % features->horizon;
        const char *column = features->known[i % columns].name;
        SEQD_CHECK(check_value(stream, series, column, known[i], error));
        if (known[i] == known[i]) continue;
        char date[24], id[SEQD_QUOTE_SIZE], name[SEQD_QUOTE_SIZE];
        seqd_calendar_format(&features->calendar, stream->start[series] + stream->scales[series].next + h, date,
                             sizeof date);
        return seqd_fail(error, SEQD_E_DATA, "series '%s': known column '%s' has no value for %s",
                         seqd_quote(stream->ids[series], strlen(stream->ids[series]), id),
                         seqd_quote(column, strlen(column), name), date);
    }
    return SEQD_OK;
}

int32_t seqd_stream_answer(seqd_stream *stream, int64_t first, int64_t count, const double *known, float *parameters,
                           int32_t *status, seqd_error *error)
{
    fork_pass pass = {stream, first, count, known, parameters, status};
    SEQD_CHECK(check_future(stream, first, count, known, error));
    SEQD_CHECK(seqd_model_begin_read(stream->model, error));
    begin(stream);
    add_calendar(stream, first, count, 1, stream->model->features.horizon);
    for_shards(stream, count, fork_task, &pass);
    seqd_model_end_read(stream->model);
    return SEQD_OK;
}

int32_t seqd_stream_forecast_into(seqd_stream *stream, const double *known, seqd_forecast *forecast, seqd_error *error)
{
    const seqd_model *model = stream->model;
    static const char *const none = "";
    if (forecast->context != stream->context)
        return seqd_fail(error, SEQD_E_ARG, "the forecast belongs to another context than the stream");
    /* everything that can fail comes before the forecast changes */
    SEQD_CHECK(check_future(stream, 0, stream->series_count, known, error));
    SEQD_CHECK(seqd_model_begin_read(model, error));
    const char *const *ids = stream->series_count > 0 ? (const char *const *)stream->ids : &none;
    const int32_t status = seqd_forecast_prepare(forecast, ids, sizeof *ids, stream->series_count,
                                                 model->features.horizon, &model->dist, error);
    if (status == SEQD_OK) {
        forecast->path_common = model->path_common;
        forecast->path_fade = model->path_fade;
        fork_pass pass = {stream, 0, stream->series_count, known, forecast->parameters, forecast->status};
        begin(stream);
        add_calendar(stream, 0, stream->series_count, 1, model->features.horizon);
        for_shards(stream, stream->series_count, fork_task, &pass);
    }
    seqd_model_end_read(model);
    return status;
}

int32_t seqd_stream_forecast_new(seqd_stream *stream, const double *known, seqd_forecast **out, seqd_error *error)
{
    seqd_forecast *forecast = NULL;
    SEQD_CHECK(seqd_forecast_create(stream->context, &forecast, error));
    const int32_t status = seqd_stream_forecast_into(stream, known, forecast, error);
    if (status == SEQD_OK) *out = forecast;
    else seqd_forecast_free(forecast);
    return status;
}
