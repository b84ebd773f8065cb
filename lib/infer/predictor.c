/* SPDX-License-Identifier: Apache-2.0 */
#include "predictor.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "backend.h"
#include "combine.h"
#include "context.h"
#include "parallel.h"
#include "status.h"

static void place(const seqd_model *model, seqd_scratch *s, seqd_arena *arena)
{
    const seqd_features *features = &model->features;
    const size_t values = model->net.config.answer.width > 0
                              ? (size_t)model->net.output.size[0]
                              : (size_t)features->horizon * (size_t)model->net.config.head.width;
    s->lane = seqd_arena_take(arena, (size_t)s->lanes, sizeof *s->lane);
    for (int32_t i = 0; i < s->lanes; i++) {
        seqd_lane sized;
        seqd_lane *l = arena->base ? &s->lane[i] : &sized;
        seqd_shard_place_light(features, s->rows, features->context_length, arena, &l->shard);
        l->out = seqd_arena_take(arena, (size_t)s->rows * values, sizeof(float));
        l->scratch = seqd_arena_take(arena, values, sizeof(float));
    }
}

void seqd_scratch_clear(seqd_context *context, seqd_scratch *s)
{
    seqd_net_close(s->net);
    seqd_free(context, s->memory);
    memset(s, 0, sizeof *s);
}

static int32_t scratch_create(const seqd_predictor *predictor, seqd_scratch *s, seqd_error *error)
{
    const seqd_model *model = predictor->model;
    seqd_arena arena = {NULL, 0, false};
    place(model, s, &arena);
    const size_t size = arena.used;
    s->memory = arena.overflow ? NULL : seqd_alloc_zero(predictor->context, size);
    if (!s->memory) return seqd_fail_alloc(predictor->context, size, error);
    arena = (seqd_arena){s->memory, 0, false};
    place(model, s, &arena);
    const seqd_use use = {model->features.context_length, s->rows, s->lanes, false};
    const int32_t status =
        seqd_net_open(predictor->context, &model->net, &predictor->backend, &use, &s->net, error);
    if (status != SEQD_OK) {
        s->net = NULL;
        seqd_scratch_clear(predictor->context, s);
    }
    return status;
}

static int64_t shard_count(int64_t series) { return (series + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS; }

/* A single series needs one row on one thread; larger datasets need more, and what was once there stays. */
int32_t seqd_predictor_make_room(seqd_predictor *predictor, int64_t series, seqd_error *error)
{
    const int64_t shards = shard_count(series), threads = predictor->context->threads;
    seqd_scratch *have = &predictor->scratch, next = {
        .rows = (int32_t)(series < 1 ? 1 : series < SEQD_SHARD_ROWS ? series : SEQD_SHARD_ROWS),
        .lanes = (int32_t)(shards < 1 ? 1 : shards < threads ? shards : threads),
    };
    if (next.rows <= have->rows && next.lanes <= have->lanes) return SEQD_OK;
    if (next.rows < have->rows) next.rows = have->rows;
    if (next.lanes < have->lanes) next.lanes = have->lanes;
    SEQD_CHECK(scratch_create(predictor, &next, error));
    seqd_scratch_clear(predictor->context, have);
    *have = next;
    predictor->epoch = -1;
    return SEQD_OK;
}

static int32_t add_members(seqd_predictor *predictor, seqd_error *error)
{
    const seqd_model *model = predictor->model;
    if (model->member_count == 0) return SEQD_OK;
    predictor->members = seqd_alloc_array(predictor->context, (size_t)model->member_count, sizeof *predictor->members);
    if (!predictor->members)
        return seqd_fail_alloc(predictor->context, (size_t)model->member_count * sizeof *predictor->members, error);
    for (int32_t i = 0; i < model->member_count; i++) {
        SEQD_CHECK(seqd_predictor_new(model->members[i], &predictor->members[i], error));
        SEQD_CHECK(seqd_forecast_create(predictor->context, &predictor->members[i]->spare, error));
    }
    return SEQD_OK;
}

int32_t seqd_predictor_new(seqd_model *model, seqd_predictor **out, seqd_error *error)
{
    seqd_context *context = model->context;
    seqd_backend backend;
    SEQD_CHECK(seqd_backend_find(context, seqd_option_text(model->options, SEQD_OPT_BACKEND), &backend, error));
    seqd_predictor *predictor = seqd_alloc_zero(context, sizeof *predictor);
    if (!predictor) return seqd_fail_alloc(context, sizeof *predictor, error);
    predictor->context = seqd_context_retain(context);
    predictor->model = seqd_model_retain(model);
    predictor->backend = backend;
    predictor->epoch = -1;
    const int32_t status = add_members(predictor, error);
    if (status == SEQD_OK) *out = predictor;
    else seqd_predictor_free(predictor);
    return status;
}

void seqd_predictor_free(seqd_predictor *predictor)
{
    if (!predictor) return;
    seqd_context *context = predictor->context;
    for (int32_t i = 0; predictor->members && i < predictor->model->member_count; i++)
        seqd_predictor_free(predictor->members[i]);
    seqd_free(context, (void *)predictor->members);
    seqd_forecast_free(predictor->spare);
    seqd_binding_clear(&predictor->binding);
    seqd_scratch_clear(context, &predictor->scratch);
    seqd_model_free(predictor->model);
    seqd_free(context, predictor);
    seqd_context_drop(context);
}

/* A known covariate that is not known for the whole horizon would be guessed, so it is refused by name. */
static int32_t check_future(const seqd_predictor *predictor, const seqd_dataset *dataset, const seqd_binding *binding,
                            seqd_error *error)
{
    const seqd_features *features = &predictor->model->features;
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *series = &dataset->series[i];
        for (int32_t c = 0; c < features->known_count; c++)
            for (int32_t h = 0; h < features->horizon; h++) {
                const int64_t t = series->length + h;
                const float *known = binding->known[c];
                if (h < series->future && known[series->offset + t] == known[series->offset + t]) continue;
                char date[24], id[SEQD_QUOTE_SIZE], column[SEQD_QUOTE_SIZE];
                seqd_calendar_format(&dataset->calendar, series->start + t, date, sizeof date);
                return seqd_fail(error, SEQD_E_DATA, "series '%s': known column '%s' has no value for %s",
                                 seqd_quote(series->id, strlen(series->id), id),
                                 seqd_quote(features->known[c].name, strlen(features->known[c].name), column), date);
            }
    }
    return SEQD_OK;
}

/* From the end, as far as it takes: mostly a season. */
static int32_t series_status(const seqd_predictor *predictor, const seqd_dataset *dataset, int64_t index)
{
    const seqd_series *series = &dataset->series[index];
    const float *y = dataset->y + series->offset;
    const int32_t season = predictor->model->features.season;
    int64_t observed = 0, nonzero = 0;
    for (int64_t t = series->length - 1; t >= 0; t--) {
        observed += y[t] == y[t];
        nonzero += y[t] == y[t] && y[t] != 0.0f;
        if (nonzero > 0 && observed >= season) return SEQD_SERIES_OK;
    }
    if (observed == 0) return SEQD_SERIES_EMPTY;
    return nonzero == 0 ? SEQD_SERIES_ALL_ZERO : SEQD_SERIES_SHORT;
}

typedef struct pass {
    seqd_predictor *predictor;
    const seqd_dataset *dataset;
    const seqd_binding *binding;
    seqd_forecast *forecast;
    int64_t first, count;  /* series of this round */
} pass;

static void shard_task(void *user, int64_t index, int32_t thread)
{
    const pass *p = user;
    seqd_predictor *predictor = p->predictor;
    const seqd_model *model = predictor->model;
    const seqd_head *head = &model->net.config.head;
    const int32_t horizon = model->features.horizon;
    seqd_lane *l = &predictor->scratch.lane[thread];
    const int64_t first = p->first + index * SEQD_SHARD_ROWS, left = p->first + p->count - first;
    const int32_t rows = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
    seqd_window windows[SEQD_SHARD_ROWS] = {{0}};

    for (int32_t r = 0; r < rows; r++) {
        const seqd_series *series = &p->dataset->series[first + r];
        windows[r] = (seqd_window){first + r, series->length - 1, series->length, 1, 0};
    }
    seqd_shard_fill(p->binding, windows, rows, &l->shard);
    seqd_net_predict(predictor->scratch.net, thread, &l->shard, &model->features.plan, l->out);
    for (int32_t r = 0; r < rows; r++) {
        const int64_t window = l->shard.past + l->shard.steps, last = r * window + window - 1;
        float *parameters = p->forecast->parameters + (first + r) * horizon * model->dist.width;
        const int32_t status = series_status(predictor, p->dataset, first + r);
        p->forecast->status[first + r] = status;
        if (status == SEQD_SERIES_EMPTY) { /* a forecast of nothing */
            memset(parameters, 0, (size_t)horizon * (size_t)model->dist.width * sizeof *parameters);
            continue;
        }
        seqd_head_parameters(predictor->backend.kernels, head, &model->dist, horizon,
                             l->out + (int64_t)r * horizon * head->width,
                             (double)l->shard.loc[last], (double)l->shard.scale[last], model->spread,
                             seqd_target_inverse(&model->features), l->scratch,
                             parameters);
    }
}

/* Rounds are long enough to keep the threads busy and short enough to be stopped between them. */
#define ROUND_SERIES 8192

static int32_t run_rounds(pass *p, seqd_error *error)
{
    seqd_predictor *predictor = p->predictor;
    const double start = seqd_now();
    const int32_t threads = predictor->context->threads, lanes = predictor->scratch.lanes;
    for (p->first = 0; p->first < p->dataset->series_count; p->first += ROUND_SERIES) {
        const int64_t left = p->dataset->series_count - p->first;
        p->count = left < ROUND_SERIES ? left : ROUND_SERIES;
        seqd_parallel_for(threads < lanes ? threads : lanes, shard_count(p->count), shard_task, p);
        const int32_t status = seqd_net_status(predictor->scratch.net, error);
        if (status != SEQD_OK) {
            seqd_scratch_clear(predictor->context, &predictor->scratch); /* a failure stays with a net: the next is new */
            return status;
        }
        if (p->dataset->series_count <= ROUND_SERIES) break;
        const double elapsed = seqd_now() - start, done = (double)(p->first + p->count);
        const seqd_progress progress = {
            .struct_size = (uint32_t)sizeof progress,
            .step = p->first + p->count,
            .total_steps = p->dataset->series_count,
            .train_loss = (double)NAN,
            .validation_loss = (double)NAN,
            .best_loss = (double)NAN,
            .elapsed_seconds = elapsed,
            .remaining_seconds = elapsed * ((double)p->dataset->series_count - done) / done,
            .task = "forecast",
        };
        if (seqd_progress_report(predictor->context, &progress)) return SEQD_STOPPED;
    }
    return SEQD_OK;
}

static void take_parameters(seqd_predictor *predictor)
{
    const int64_t epoch = atomic_load(&predictor->model->epoch);
    if (predictor->epoch == epoch) return;
    seqd_net_pack(predictor->scratch.net, predictor->model->parameters);
    predictor->epoch = epoch;
}

/* Into a forecast that no one sees yet. */
static int32_t compute(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete, seqd_forecast *forecast,
                       seqd_error *error)
{
    const seqd_model *model = predictor->model;
    seqd_binding *binding = &predictor->binding;
    SEQD_CHECK(seqd_binding_lighten(predictor->context, &model->features, dataset, binding, error));
    if (complete) SEQD_CHECK(check_future(predictor, dataset, binding, error));
    SEQD_CHECK(seqd_predictor_make_room(predictor, dataset->series_count, error));
    static const char *const none = "";
    const char *const *ids = dataset->series_count > 0 ? &dataset->series[0].id : &none;
    SEQD_CHECK(seqd_forecast_prepare(forecast, ids, sizeof *dataset->series, dataset->series_count,
                                     model->features.horizon, &model->dist, error));
    forecast->path_common = model->path_common;
    forecast->path_fade = model->path_fade;
    take_parameters(predictor);
    pass p = {.predictor = predictor, .dataset = dataset, .binding = binding, .forecast = forecast};
    return run_rounds(&p, error);
}

/* The members' forecasts of a few series as one. */
#define CHUNK_SERIES 64

typedef struct combination {
    const seqd_predictor *predictor;
    const seqd_mixture *mixture;
    seqd_forecast *forecast;
} combination;

static void combine_task(void *user, int64_t index, int32_t thread)
{
    const combination *c = user;
    seqd_forecast *forecast = c->forecast;
    const int64_t first = index * CHUNK_SERIES, left = forecast->series_count - first;
    const int64_t last = first + (left < CHUNK_SERIES ? left : CHUNK_SERIES);
    const float *p[SEQD_MOST_MEMBERS];
    double middle[SEQD_MOST_MEMBERS];
    (void)thread;
    for (int64_t step = first * forecast->horizon; step < last * forecast->horizon; step++) {
        for (int32_t m = 0; m < c->mixture->count; m++) {
            const seqd_forecast *one = c->predictor->members[m]->spare;
            p[m] = one->parameters + step * one->dist.width;
        }
        seqd_mixture_step(c->mixture, p, middle, forecast->parameters + step * forecast->dist.width);
    }
    const seqd_forecast *any = c->predictor->members[0]->spare;
    for (int64_t i = first; i < last; i++) forecast->status[i] = any->status[i];
}

static int32_t read_and_compute(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                                seqd_forecast *forecast, seqd_error *error);

/* Every member forecasts for itself; then the answers are combined, series by series. */
static int32_t compute_members(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                               seqd_forecast *forecast, seqd_error *error)
{
    const seqd_model *model = predictor->model;
    const seqd_dist *dists[SEQD_MOST_MEMBERS];
    static const char *const none = "";
    const char *const *ids = dataset->series_count > 0 ? &dataset->series[0].id : &none;
    seqd_mixture mixture;
    for (int32_t i = 0; i < model->member_count; i++) {
        seqd_predictor *member = predictor->members[i];
        SEQD_CHECK(read_and_compute(member, dataset, complete, member->spare, error));
        dists[i] = &member->spare->dist;
    }
    seqd_mixture_set(&mixture, dists, model->member_count, model->combine == SEQD_COMBINE_MEDIAN);
    SEQD_CHECK(seqd_forecast_prepare(forecast, ids, sizeof *dataset->series, dataset->series_count,
                                     model->features.horizon, &mixture.dist, error));
    forecast->path_common = model->path_common;
    forecast->path_fade = model->path_fade;
    combination c = {predictor, &mixture, forecast};
    seqd_parallel_for(predictor->context->threads, (dataset->series_count + CHUNK_SERIES - 1) / CHUNK_SERIES,
                      combine_task, &c);
    return SEQD_OK;
}

static int32_t read_and_compute(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                                seqd_forecast *forecast, seqd_error *error)
{
    if (predictor->model->features.kind == SEQD_DATA_EVENTS)
        return seqd_fail(error, SEQD_E_UNSUPPORTED,
                         "a model of task=%s does not make forecasts: seqd_predictor_answer asks it",
                         seqd_option_text(predictor->model->options, SEQD_OPT_TASK));
    SEQD_CHECK(seqd_model_begin_read(predictor->model, error));
    const int32_t status = predictor->members ? compute_members(predictor, dataset, complete, forecast, error)
                                              : compute(predictor, dataset, complete, forecast, error);
    seqd_model_end_read(predictor->model);
    predictor->binding.dataset = NULL; /* not retained */
    return status;
}

int32_t seqd_predictor_forecast(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                                seqd_forecast **out, seqd_error *error)
{
    seqd_forecast *forecast = NULL;
    SEQD_CHECK(seqd_forecast_create(predictor->context, &forecast, error));
    const int32_t status = read_and_compute(predictor, dataset, complete, forecast, error);
    if (status == SEQD_OK) *out = forecast;
    else seqd_forecast_free(forecast);
    return status;
}

int32_t seqd_predictor_forecast_into(seqd_predictor *predictor, const seqd_dataset *dataset, seqd_forecast *forecast,
                                     seqd_error *error)
{
    if (forecast->context != predictor->context)
        return seqd_fail(error, SEQD_E_ARG, "the forecast belongs to another context than the predictor");
    if (!predictor->spare) SEQD_CHECK(seqd_forecast_create(predictor->context, &predictor->spare, error));
    const int32_t status = read_and_compute(predictor, dataset, true, predictor->spare, error);
    if (status == SEQD_OK) seqd_forecast_swap(forecast, predictor->spare);
    return status;
}

/* Parameters so wild that scores leave the range of float32 give no weights: their row is zero, as a masked one is. */
static void settle_map(float *weights, int64_t rows, int32_t length)
{
    for (int64_t r = 0; r < rows; r++, weights += length) {
        bool sound = true;
        for (int32_t t = 0; t < length; t++) sound = sound && isfinite(weights[t]);
        if (!sound) memset(weights, 0, (size_t)length * sizeof *weights);
    }
}

static int32_t map_one(seqd_predictor *predictor, const seqd_dataset *dataset, int64_t series, float *weights,
                       seqd_error *error)
{
    const seqd_features *features = &predictor->model->features;
    const seqd_series *from = &dataset->series[series];
    const seqd_window window = {series, from->length - 1, from->length, 1, 0};
    SEQD_CHECK(seqd_binding_lighten(predictor->context, features, dataset, &predictor->binding, error));
    SEQD_CHECK(check_future(predictor, dataset, &predictor->binding, error));
    SEQD_CHECK(seqd_predictor_make_room(predictor, 1, error));
    take_parameters(predictor);
    seqd_lane *l = &predictor->scratch.lane[0];
    seqd_shard_fill(&predictor->binding, &window, 1, &l->shard);
    seqd_net_predict(predictor->scratch.net, 0, &l->shard, &features->plan, l->out);
    SEQD_CHECK(seqd_net_status(predictor->scratch.net, error));
    seqd_net_attention(predictor->scratch.net, 0, 0, weights);
    settle_map(weights, (int64_t)seqd_net_attention_heads(&predictor->model->net) * features->horizon,
               features->context_length);
    return SEQD_OK;
}

int32_t seqd_predictor_map(seqd_predictor *predictor, const seqd_dataset *dataset, int64_t series, float *weights,
                           int64_t count, seqd_error *error)
{
    int32_t heads, horizon, context_length;
    SEQD_CHECK(seqd_model_map_shape(predictor->model, &heads, &horizon, &context_length, error));
    const int64_t asked = (int64_t)heads * horizon * context_length;
    if (count != asked)
        return seqd_fail(error, SEQD_E_ARG, "the maps take %lld floats, not %lld", (long long)asked, (long long)count);
    if (series < 0 || series >= dataset->series_count)
        return seqd_fail(error, SEQD_E_ARG, "series %lld of %lld", (long long)series, (long long)dataset->series_count);
    SEQD_CHECK(seqd_model_begin_read(predictor->model, error));
    const int32_t status = map_one(predictor, dataset, series, weights, error);
    seqd_model_end_read(predictor->model);
    predictor->binding.dataset = NULL; /* not retained */
    return status;
}
