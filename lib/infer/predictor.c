/* SPDX-License-Identifier: Apache-2.0 */
#include "infer.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "backend.h"
#include "context.h"
#include "parallel.h"
#include "status.h"

/* Series carried by one thread between two looks at the clock. */
typedef struct lane {
    seqd_shard shard;
    float *out;        /* [SEQD_SHARD_ROWS][horizon][width] */
    float *scratch;
} lane;

struct seqd_predictor {
    seqd_context *context;
    seqd_model *model;
    seqd_backend backend;
    seqd_net_run *net;
    int64_t epoch;     /* of the parameters that `net` holds; -1: none */
    int32_t lanes;
    lane *lane;        /* [lanes] */
    void *memory;
};

static void place(seqd_predictor *predictor, seqd_arena *arena)
{
    const seqd_model *model = predictor->model;
    const seqd_features *features = &model->features;
    const size_t values = (size_t)features->horizon * (size_t)model->net.config.head.width;
    predictor->lane = seqd_arena_take(arena, (size_t)predictor->lanes, sizeof *predictor->lane);
    for (int32_t i = 0; i < predictor->lanes; i++) {
        lane sized;
        lane *l = arena->base ? &predictor->lane[i] : &sized;
        seqd_shard_place(features, SEQD_SHARD_ROWS, features->context_length, arena, &l->shard);
        l->out = seqd_arena_take(arena, SEQD_SHARD_ROWS * values, sizeof(float));
        l->scratch = seqd_arena_take(arena, values, sizeof(float));
    }
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
    predictor->lanes = context->threads;

    seqd_arena arena = {NULL, 0, false};
    place(predictor, &arena);
    const size_t size = arena.used;
    predictor->memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!predictor->memory) {
        seqd_predictor_free(predictor);
        return seqd_fail_alloc(context, size, error);
    }
    arena = (seqd_arena){predictor->memory, 0, false};
    place(predictor, &arena);
    const seqd_net_use use = {model->features.context_length, SEQD_SHARD_ROWS, predictor->lanes, false};
    const int32_t status = seqd_net_open(context, &model->net, &backend, &use, &predictor->net, error);
    if (status != SEQD_OK) {
        seqd_predictor_free(predictor);
        return status;
    }
    *out = predictor;
    return SEQD_OK;
}

void seqd_predictor_free(seqd_predictor *predictor)
{
    if (!predictor) return;
    seqd_context *context = predictor->context;
    seqd_net_close(predictor->net);
    seqd_free(context, predictor->memory);
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

static int32_t series_status(const seqd_predictor *predictor, const seqd_dataset *dataset, int64_t index)
{
    const seqd_series *series = &dataset->series[index];
    int64_t observed = 0, nonzero = 0;
    for (int64_t t = 0; t < series->length; t++) {
        const float y = dataset->y[series->offset + t];
        observed += y == y;
        nonzero += y == y && y != 0.0f;
    }
    if (observed == 0) return SEQD_SERIES_EMPTY;
    if (nonzero == 0) return SEQD_SERIES_ALL_ZERO;
    return observed < predictor->model->features.season ? SEQD_SERIES_SHORT : SEQD_SERIES_OK;
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
    lane *l = &predictor->lane[thread];
    const int64_t first = p->first + index * SEQD_SHARD_ROWS, left = p->first + p->count - first;
    const int32_t rows = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
    seqd_window windows[SEQD_SHARD_ROWS] = {{0}};

    for (int32_t r = 0; r < rows; r++) {
        const seqd_series *series = &p->dataset->series[first + r];
        windows[r] = (seqd_window){first + r, series->length - 1, series->length, 1};
    }
    seqd_shard_fill(p->binding, windows, rows, &l->shard);
    seqd_net_predict(predictor->net, thread, &l->shard, &model->features.plan, l->out);
    for (int32_t r = 0; r < rows; r++) {
        const int64_t window = l->shard.past + l->shard.steps, last = r * window + window - 1;
        float *parameters = p->forecast->parameters + (first + r) * horizon * model->dist.width;
        const int32_t status = series_status(predictor, p->dataset, first + r);
        p->forecast->status[first + r] = status;
        if (status == SEQD_SERIES_EMPTY) continue; /* parameters stay zero: a forecast of nothing */
        seqd_head_parameters(predictor->backend.kernels, head, &model->dist, horizon,
                             l->out + (int64_t)r * horizon * head->width,
                             (double)l->shard.loc[last], (double)l->shard.scale[last], model->spread,
                             seqd_scaler_inverse(model->features.scaler), l->scratch,
                             parameters);
    }
}

/* Rounds are long enough to keep the threads busy and short enough to be stopped between them. */
#define ROUND_SERIES 8192

static int32_t run_rounds(pass *p, seqd_error *error)
{
    seqd_predictor *predictor = p->predictor;
    const double start = seqd_now();
    for (p->first = 0; p->first < p->dataset->series_count; p->first += ROUND_SERIES) {
        const int64_t left = p->dataset->series_count - p->first;
        p->count = left < ROUND_SERIES ? left : ROUND_SERIES;
        seqd_parallel_for(predictor->lanes, (p->count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS, shard_task, p);
        SEQD_CHECK(seqd_net_status(predictor->net, error));
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

static int32_t new_forecast(const seqd_predictor *predictor, const seqd_dataset *dataset, seqd_forecast **out,
                            seqd_error *error)
{
    const char **ids = seqd_alloc_array(predictor->context, (size_t)dataset->series_count, sizeof *ids);
    if (!ids) return seqd_fail_alloc(predictor->context, (size_t)dataset->series_count * sizeof *ids, error);
    for (int64_t i = 0; i < dataset->series_count; i++) ids[i] = dataset->series[i].id;
    const int32_t status =
        seqd_forecast_new(predictor->context, ids, dataset->series_count, predictor->model->features.horizon,
                          &predictor->model->dist, out, error);
    seqd_free(predictor->context, (void *)ids);
    return status;
}

int32_t seqd_predictor_forecast(seqd_predictor *predictor, const seqd_dataset *dataset, bool complete,
                                seqd_forecast **out, seqd_error *error)
{
    seqd_model *model = predictor->model;
    seqd_binding binding;
    seqd_forecast *forecast = NULL;
    int32_t status;
    SEQD_CHECK(seqd_model_begin_read(model, error));
    status = seqd_binding_create(predictor->context, &model->features, dataset, &binding, error);
    if (status != SEQD_OK) goto unbound;
    if (complete) SEQD_TRY(status, done, check_future(predictor, dataset, &binding, error));
    SEQD_TRY(status, done, new_forecast(predictor, dataset, &forecast, error));
    forecast->path_common = model->path_common;
    forecast->path_fade = model->path_fade;
    const int64_t epoch = atomic_load(&model->epoch);
    if (predictor->epoch != epoch) {
        seqd_net_pack(predictor->net, model->parameters);
        predictor->epoch = epoch;
    }
    pass p = {.predictor = predictor, .dataset = dataset, .binding = &binding, .forecast = forecast};
    status = run_rounds(&p, error);
done:
    if (status == SEQD_OK) *out = forecast;
    else seqd_forecast_free(forecast);
    seqd_binding_clear(&binding);
unbound:
    seqd_model_end_read(model);
    return status;
}
