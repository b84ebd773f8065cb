/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "parallel.h"
#include "status.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int32_t smaller(int64_t a, int64_t b) { return (int32_t)(a < b ? a : b); }

/* Every array of a stream whose sizes are set. */
static void place(seqd_stream *stream, seqd_arena *arena)
{
    const seqd_features *features = &stream->model->features;
    const size_t series = (size_t)stream->series_count, rows = (size_t)stream->rows;
    const size_t values = (size_t)features->horizon * (size_t)stream->model->net.config.head.width;
    stream->lane = seqd_arena_take(arena, (size_t)stream->lanes, sizeof *stream->lane);
    for (int32_t i = 0; i < stream->lanes; i++) {
        seqd_stream_lane sized, *lane = arena->base ? &stream->lane[i] : &sized;
        seqd_shard_place(features, stream->rows, 1, arena, &lane->shard);
        lane->state = seqd_arena_take(arena, rows * (size_t)stream->state_floats, sizeof(float));
        lane->out = seqd_arena_take(arena, rows * values, sizeof(float));
        lane->scratch = seqd_arena_take(arena, values, sizeof(float));
    }
    stream->parameters =
        seqd_arena_take(arena, (size_t)features->horizon * (size_t)stream->model->dist.width, sizeof(float));
    stream->scales = seqd_arena_take(arena, series, sizeof *stream->scales);
    stream->sorted = seqd_arena_take(arena, series * seqd_scale_room(features), sizeof(double));
    stream->history = seqd_arena_take(arena, series * (size_t)stream->history_room, sizeof(float));
    stream->loc = seqd_arena_take(arena, series * (size_t)stream->scaler_room, sizeof(float));
    stream->scale = seqd_arena_take(arena, series * (size_t)stream->scaler_room, sizeof(float));
    stream->state = seqd_arena_take(arena, series * (size_t)stream->state_floats, sizeof(float));
    stream->start = seqd_arena_take(arena, series, sizeof *stream->start);
    stream->cats = seqd_arena_take(arena, series * (size_t)features->cat_count, sizeof(int32_t));
    stream->reals = seqd_arena_take(arena, series * (size_t)features->real_count, sizeof(float));
    stream->known = seqd_arena_take(arena, series * (size_t)features->known_count, sizeof(float));
    stream->past = seqd_arena_take(arena, series * (size_t)features->past_count, sizeof(float));
    stream->ids = seqd_arena_take(arena, series, sizeof *stream->ids);
    stream->text = seqd_arena_take(arena, stream->text_size, 1);
}

static void measure(seqd_stream *stream, const seqd_dataset *dataset)
{
    const seqd_model *model = stream->model;
    const seqd_lag_plan *plan = &model->features.plan;
    const int64_t shards = (dataset->series_count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    stream->series_count = dataset->series_count;
    stream->rows = smaller(larger(dataset->series_count, 1), SEQD_SHARD_ROWS);
    stream->lanes = smaller(larger(shards, 1), stream->context->threads);
    stream->history_room = larger(model->features.scale_window, (int64_t)model->features.past_reach + 1);
    stream->scaler_room = 1;
    for (int32_t l = 0; l < plan->count; l++)
        stream->scaler_room = larger(stream->scaler_room, (int64_t)plan->shift[l] + 1);
    stream->state_floats = seqd_stack_state_floats(&model->net.config.stack, 1);
    for (int64_t i = 0; i < dataset->series_count; i++) stream->text_size += strlen(dataset->series[i].id) + 1;
}

/* Windows of the histories, for as long as the stream is made. */
typedef struct warm_up {
    seqd_stream *stream;
    seqd_binding binding;
    seqd_shard *shards; /* [lanes] */
    void *memory;
} warm_up;

static void place_windows(warm_up *w, seqd_arena *arena)
{
    const seqd_features *features = &w->stream->model->features;
    w->shards = seqd_arena_take(arena, (size_t)w->stream->lanes, sizeof *w->shards);
    for (int32_t i = 0; i < w->stream->lanes; i++) {
        seqd_shard sized;
        seqd_shard_place_light(features, w->stream->rows, features->context_length, arena,
                               arena->base ? &w->shards[i] : &sized);
    }
}

/* Scaler, last values and covariates of one series as its history leaves them. */
static void begin_series(seqd_stream *stream, const seqd_binding *binding, int64_t i)
{
    const seqd_features *features = binding->features;
    const seqd_series *series = &binding->dataset->series[i];
    const float *values = binding->history + series->offset;
    seqd_scale_state *state = &stream->scales[i];
    const int64_t length = series->length, scalers = stream->scaler_room, room = stream->history_room;

    seqd_scale_begin(features, stream->sorted + i * (int64_t)seqd_scale_room(features), state);
    for (int64_t t = larger(0, length - scalers); t < length; t++) {
        seqd_scale_read(state, values, binding->transform, t);
        seqd_scale_tell(state, &stream->loc[i * scalers + t % scalers], &stream->scale[i * scalers + t % scalers]);
    }
    for (int64_t t = larger(0, length - room); t < length; t++)
        stream->history[i * room + t % room] =
            binding->transform ? (float)seqd_target_transform(features, (double)values[t]) : values[t];
    for (int32_t c = 0; c < features->known_count; c++)
        stream->known[i * features->known_count + c] =
            length > 0 ? binding->known[c][series->offset + length - 1] : NAN;
    for (int32_t c = 0; c < features->past_count; c++)
        stream->past[i * features->past_count + c] = length > 0 ? binding->past[c][series->offset + length - 1] : NAN;
    seqd_binding_statics(binding, i, stream->cats + i * features->cat_count, stream->reals + i * features->real_count);
    stream->start[i] = series->start;
}

/* The network over the windows at the ends of a shard's series, step by step. */
static void warm_task(void *user, int64_t index, int32_t thread)
{
    const warm_up *w = user;
    seqd_stream *stream = w->stream;
    seqd_shard *windows = &w->shards[thread];
    float *state = stream->lane[thread].state;
    const int64_t first = index * SEQD_SHARD_ROWS;
    const int32_t rows = smaller(stream->series_count - first, SEQD_SHARD_ROWS);
    seqd_window cut[SEQD_SHARD_ROWS] = {{0}};

    for (int32_t r = 0; r < rows; r++) {
        const seqd_series *series = &w->binding.dataset->series[first + r];
        cut[r] = (seqd_window){first + r, series->length - 1, series->length, 1, 0};
        begin_series(stream, &w->binding, first + r);
    }
    seqd_shard_fill(&w->binding, cut, rows, windows);
    memset(state, 0, (size_t)(rows * stream->state_floats) * sizeof *state);
    seqd_shard step = *windows;
    step.steps = 1;
    for (int32_t t = 0; t < windows->steps; t++, step.inputs += (int64_t)rows * step.input_count)
        seqd_net_step(stream->net, thread, &step, state);
    seqd_stream_copy_states(stream, first, rows, state, false);
}

/* Room for the calendar that a step of every series reads, unless they lie years apart. */
static int32_t prepare_calendar(seqd_stream *stream, const seqd_dataset *dataset, seqd_error *error)
{
    const seqd_features *features = &stream->model->features;
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const int64_t end = dataset->series[i].start + dataset->series[i].length;
        if (end < low) low = end;
        if (end > high) high = end;
    }
    int64_t count = features->horizon + 2;
    if (features->calendar_count > 0 && high > low) count += high - low < 65536 ? high - low : 65536;
    if (seqd_almanac_reserve(features, count, &stream->almanac)) return SEQD_OK;
    return seqd_fail_alloc(stream->context, (size_t)count * (size_t)features->calendar_count * sizeof(float), error);
}

static int32_t open_network(seqd_stream *stream, seqd_error *error)
{
    seqd_backend backend;
    SEQD_CHECK(seqd_backend_find(stream->context, "native", &backend, error));
    stream->kernels = backend.kernels;
    const seqd_use use = {1, stream->rows, stream->lanes, false};
    return seqd_net_open(stream->context, &stream->model->net, &backend, &use, &stream->net, error);
}

static int32_t allocate(seqd_context *context, void (*fill)(void *, seqd_arena *), void *user, void **memory,
                        seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    fill(user, &arena);
    const size_t size = arena.used;
    *memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!*memory) return seqd_fail_alloc(context, size, error);
    arena = (seqd_arena){*memory, 0, false};
    fill(user, &arena);
    return SEQD_OK;
}

static void fill_stream(void *user, seqd_arena *arena) { place(user, arena); }

static void fill_windows(void *user, seqd_arena *arena) { place_windows(user, arena); }

static int32_t warm(seqd_stream *stream, const seqd_dataset *dataset, seqd_error *error)
{
    warm_up w = {.stream = stream};
    int32_t status = seqd_binding_lighten(stream->context, &stream->model->features, dataset, &w.binding, error);
    if (status == SEQD_OK) status = allocate(stream->context, fill_windows, &w, &w.memory, error);
    if (status == SEQD_OK)
        seqd_parallel_for(stream->lanes, (stream->series_count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS, warm_task, &w);
    seqd_free(stream->context, w.memory);
    seqd_binding_clear(&w.binding);
    return status;
}

static void copy_ids(seqd_stream *stream, const seqd_dataset *dataset)
{
    char *at = stream->text;
    for (int64_t i = 0; i < stream->series_count; i++) {
        const size_t size = strlen(dataset->series[i].id) + 1;
        stream->ids[i] = memcpy(at, dataset->series[i].id, size);
        at += size;
    }
}

int32_t seqd_stream_new(seqd_model *model, const seqd_dataset *dataset, seqd_stream **out, seqd_error *error)
{
    seqd_context *context = model->context;
    SEQD_CHECK(seqd_model_need_network(model, "a stream", error));
    if (!seqd_net_streams(&model->net)) {
        const bool both = seqd_option_i64(model->options, SEQD_OPT_BIDIRECTIONAL) == 1;
        return seqd_fail(error, SEQD_E_UNSUPPORTED,
                         "a model with %s%s does not answer step by step: seqd_predictor_run forecasts with it",
                         both ? "bidirectional=1" : "model=",
                         both ? "" : seqd_option_text(model->options, SEQD_OPT_MODEL));
    }
    if (model->features.differencing != SEQD_DIFFERENCING_NONE)
        return seqd_fail(error, SEQD_E_UNSUPPORTED,
                         "a model with differencing=%s does not answer step by step: seqd_predictor_run forecasts with "
                         "it", seqd_option_text(model->options, SEQD_OPT_DIFFERENCING));
    seqd_stream *stream = seqd_alloc_zero(context, sizeof *stream);
    if (!stream) return seqd_fail_alloc(context, sizeof *stream, error);
    stream->context = seqd_context_retain(context);
    stream->model = seqd_model_retain(model);
    measure(stream, dataset);
    int32_t status = seqd_model_begin_read(model, error);
    if (status != SEQD_OK) {
        seqd_stream_free(stream);
        return status;
    }
    SEQD_TRY(status, done, allocate(context, fill_stream, stream, &stream->memory, error));
    copy_ids(stream, dataset);
    SEQD_TRY(status, done, open_network(stream, error));
    SEQD_TRY(status, done, prepare_calendar(stream, dataset, error));
    seqd_net_pack(stream->net, model->parameters);
    stream->epoch = atomic_load(&model->epoch);
    SEQD_TRY(status, done, warm(stream, dataset, error));
done:
    seqd_model_end_read(model);
    if (status == SEQD_OK) *out = stream;
    else seqd_stream_free(stream);
    return status;
}

void seqd_stream_free(seqd_stream *stream)
{
    if (!stream) return;
    seqd_context *context = stream->context;
    seqd_net_close(stream->net);
    seqd_almanac_clear(&stream->model->features, &stream->almanac);
    seqd_free(context, stream->memory);
    seqd_model_free(stream->model);
    seqd_free(context, stream);
    seqd_context_drop(context);
}
