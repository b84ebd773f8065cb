/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "backend.h"
#include "context.h"
#include "status.h"

#define USUAL_POINTS 64

void seqd_attribution_free(seqd_attribution *attribution)
{
    if (!attribution) return;
    seqd_context *context = attribution->context;
    seqd_free(context, attribution->groups);
    seqd_free(context, attribution->values);
    seqd_free(context, attribution);
    seqd_context_drop(context);
}

/* What is needed while it runs. */
typedef struct work {
    seqd_shard shard;
    float *x, *part, *dx;  /* [steps][width] */
    double *sum;           /* [steps][width] of dx over the path */
    float *grad, *out;
} work;

static void place(const seqd_model *model, seqd_arena *arena, work *w)
{
    const seqd_features *features = &model->features;
    const seqd_net_config *config = &model->net.config;
    const size_t inputs = (size_t)features->context_length * (size_t)seqd_net_input_width(&model->net);
    const size_t outputs = features->kind == SEQD_DATA_EVENTS
                               ? (size_t)config->answer.answers * (size_t)config->answer.width
                               : (size_t)features->horizon * (size_t)config->head.width;
    seqd_shard_place(features, 1, features->context_length, arena, &w->shard);
    w->x = seqd_arena_take(arena, inputs, sizeof(float));
    w->part = seqd_arena_take(arena, inputs, sizeof(float));
    w->dx = seqd_arena_take(arena, inputs, sizeof(float));
    w->sum = seqd_arena_take(arena, inputs, sizeof(double));
    w->grad = seqd_arena_take(arena, (size_t)model->net.tensors.parameters, sizeof(float));
    w->out = seqd_arena_take(arena, outputs, sizeof(float));
}

/* The class with the highest score. */
static int32_t best_output(const seqd_model *model, const float *out)
{
    int32_t best = 0;
    for (int32_t i = 1; i < model->net.config.answer.width; i++)
        if (out[i] > out[best]) best = i;
    return best;
}

static double slope(const seqd_model *model, seqd_net_run *net, work *w, double share, int32_t output)
{
    return seqd_net_slope(net, 0, &w->shard, &model->features.plan, (float)share, output, w->x, w->part, w->dx,
                          w->grad);
}

/* The parts of every step and feature, and what they should add up to. */
static void integrate(const seqd_model *model, seqd_net_run *net, work *w, int32_t points, seqd_attribution *a)
{
    const int32_t width = seqd_net_input_width(&model->net), all = model->features.context_length;
    const int64_t inputs = (int64_t)all * width;
    double total = 0.0;
    for (int32_t i = 0; i < points; i++) { /* the middle of each piece of the path */
        slope(model, net, w, ((double)i + 0.5) / points, a->summary.output);
        for (int64_t j = 0; j < inputs; j++) w->sum[j] += (double)w->dx[j];
    }
    a->summary.baseline = slope(model, net, w, 0.0, a->summary.output);
    a->summary.value = slope(model, net, w, 1.0, a->summary.output);
    const int32_t first = model->features.kind == SEQD_DATA_EVENTS ? 0 : all - a->steps;
    for (int32_t g = 0; g < a->count; g++)
        for (int32_t t = 0; t < a->steps; t++) {
            double value = 0.0;
            for (int32_t c = a->groups[g].first; c < a->groups[g].first + a->groups[g].count; c++) {
                const int64_t at = (int64_t)(first + t) * width + c;
                value += (double)w->x[at] * w->sum[at] / points;
            }
            a->values[(int64_t)g * a->steps + t] = value;
            total += value;
        }
    a->summary.gap = total - (a->summary.value - a->summary.baseline);
}

static int32_t make_room(const seqd_model *model, seqd_attribution *a, seqd_error *error)
{
    seqd_feature_group *groups = seqd_alloc_array(a->context, SEQD_MOST_GROUPS, sizeof *groups);
    a->groups = groups;
    if (!groups) return seqd_fail_alloc(a->context, SEQD_MOST_GROUPS * sizeof *groups, error);
    a->count = seqd_feature_groups(model, true, groups);
    const size_t values = (size_t)a->count * (size_t)a->steps;
    a->values = seqd_alloc_array(a->context, values, sizeof *a->values);
    return a->values ? SEQD_OK : seqd_fail_alloc(a->context, values * sizeof *a->values, error);
}

static int32_t run(const seqd_model *model, const seqd_binding *binding, int64_t series, int32_t output,
                   int32_t points, work *w, seqd_net_run *net, seqd_attribution *a, seqd_error *error)
{
    const bool events = model->features.kind == SEQD_DATA_EVENTS;
    const int64_t length = binding->dataset->series[series].length;
    const seqd_window window = { series, length - 1, events ? 0 : length, 1, 0 };
    seqd_shard_fill(binding, &window, 1, &w->shard);
    seqd_net_pack(net, model->parameters);
    a->steps = events ? w->shard.length[0] : w->shard.steps - w->shard.begin[0];
    a->first_step = length - a->steps;
    SEQD_CHECK(make_room(model, a, error));
    if (events && model->net.config.answer.classes > 0) {
        if (output >= model->net.config.answer.classes)
            return seqd_fail(error, SEQD_E_ARG, "output %d is out of range: there are %d classes", (int)output,
                             (int)model->net.config.answer.classes);
        seqd_net_predict(net, 0, &w->shard, &model->features.plan, w->out);
        /* Two classes by one number: it speaks for the second. */
        a->summary.output = model->net.config.answer.binary ? 0 : output >= 0 ? output : best_output(model, w->out);
    }
    integrate(model, net, w, points, a);
    SEQD_CHECK(seqd_net_status(net, error));
    if (model->net.config.answer.binary) a->summary.output = 1;
    if (isfinite(a->summary.gap)) return SEQD_OK;
    return seqd_fail(error, SEQD_E_DATA, "the answer to this series is not a finite number");
}

static int32_t explain(const seqd_model *model, const seqd_binding *binding, int64_t series, int32_t output,
                       int32_t points, seqd_attribution *a, seqd_error *error)
{
    seqd_context *context = model->context;
    const seqd_use use = { model->features.context_length, 1, 1, true };
    seqd_backend backend;
    seqd_net_run *net = NULL;
    seqd_arena arena = { NULL, 0, false };
    work w;
    memset(&w, 0, sizeof w);
    place(model, &arena, &w);
    const size_t size = arena.used;
    void *memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!memory) return seqd_fail_alloc(context, size, error);
    arena = (seqd_arena){ memory, 0, false };
    place(model, &arena, &w);
    int32_t status = seqd_backend_find(context, "native", &backend, error);
    if (status == SEQD_OK) status = seqd_net_open(context, &model->net, &backend, &use, &net, error);
    if (status == SEQD_OK) status = run(model, binding, series, output, points, &w, net, a, error);
    seqd_net_close(net);
    seqd_free(context, memory);
    return status;
}

int32_t seqd_attribution_new(seqd_model *model, const seqd_dataset *dataset, int64_t series, int32_t output,
                             int32_t points, seqd_attribution **out, seqd_error *error)
{
    seqd_context *context = model->context;
    seqd_binding binding;
    SEQD_CHECK(seqd_model_need_network(model, "an explanation", error));
    if (model->net.config.kind == SEQD_NET_ENCDEC && model->net.config.answer.classes > 0)
        return seqd_fail(error, SEQD_E_UNSUPPORTED,
                         "model=encdec on events is explained by its maps of attention (seqd_predictor_attention)");
    if (dataset->series[series].length < 1) return seqd_fail(error, SEQD_E_DATA, "the series has nothing to explain");
    seqd_attribution *a = seqd_alloc_zero(context, sizeof *a);
    if (!a) return seqd_fail_alloc(context, sizeof *a, error);
    a->context = seqd_context_retain(context);
    a->summary.struct_size = (uint32_t)sizeof a->summary;
    int32_t status = seqd_model_begin_read(model, error);
    if (status == SEQD_OK) {
        status = seqd_binding_create(context, &model->features, dataset, &binding, error);
        if (status == SEQD_OK) {
            status = explain(model, &binding, series, output, points > 0 ? points : USUAL_POINTS, a, error);
            seqd_binding_clear(&binding);
        }
        seqd_model_end_read(model);
    }
    if (status == SEQD_OK) *out = a;
    else seqd_attribution_free(a);
    return status;
}
