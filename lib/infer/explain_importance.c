/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_swap.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "backend.h"
#include "context.h"
#include "parallel.h"
#include "rng.h"
#include "status.h"

#define MOST_ORIGINS 512
#define MOST_SEQUENCES 2048
#define MOST_BYTES ((size_t)64 << 20) /* of windows held */
#define PURPOSE_WINDOWS 0x77696e64
#define PURPOSE_SWAP 0x73776170

void seqd_importance_free(seqd_importance *importance)
{
    if (!importance) return;
    seqd_context *context = importance->context;
    seqd_free(context, importance->groups);
    seqd_free(context, importance->rise);
    seqd_free(context, importance->deviation);
    seqd_free(context, importance);
    seqd_context_drop(context);
}

/* A shard in a block of its own, so that all of it is copied at once. */
typedef struct held {
    seqd_shard shard;
    unsigned char *block;
} held;

typedef struct work {
    const seqd_model *model;
    seqd_context *context;
    seqd_net_run *net;
    seqd_window *windows;   /* [count] */
    int64_t count, shards;
    int64_t *order;         /* [count] the window that each takes values from */
    held *base, *lanes;     /* [shards], [threads] */
    int32_t threads;
    size_t size;            /* of a block */
    double *losses;         /* [shards] */
    double weight;
    const seqd_feature_group *group; /* of the pass under way; NULL: as it is */
    void *blocks;
} work;

/* --- which windows --- */

static int64_t origins(const seqd_features *features, const seqd_series *series, int64_t *first)
{
    const int64_t last = series->length - 1 - features->horizon, whole = features->context_length - 1;
    *first = last < whole ? (last < 0 ? 0 : last) : whole;
    return last < 0 ? 0 : last - *first + 1;
}

static int32_t draw_origins(const seqd_dataset *dataset, uint64_t seed, int64_t most, work *w, seqd_error *error)
{
    const seqd_features *features = &w->model->features;
    int64_t total = 0, first;
    for (int64_t s = 0; s < dataset->series_count; s++) total += origins(features, &dataset->series[s], &first);
    if (total == 0)
        return seqd_fail(error, SEQD_E_DATA, "no series is longer than the horizon of %d steps",
                         (int)features->horizon);
    w->count = total < most ? total : most;
    /* One draw from each of equal pieces of all origins: in order, so that one walk over the series finds them. */
    seqd_rng rng = seqd_rng_stream(seed, PURPOSE_WINDOWS, 0);
    int64_t series = 0, before = 0, here = origins(features, &dataset->series[0], &first);
    for (int64_t i = 0; i < w->count; i++) {
        const double at = ((double)i + seqd_rng_uniform(&rng)) / (double)w->count * (double)total;
        int64_t n = (int64_t)at;
        if (n >= total) n = total - 1;
        while (n >= before + here) {
            before += here;
            here = origins(features, &dataset->series[++series], &first);
        }
        w->windows[i] = (seqd_window){ series, first + n - before, dataset->series[series].length, 1, 0 };
    }
    return SEQD_OK;
}

static int64_t last_labelled(const seqd_dataset *dataset, int64_t series)
{
    int64_t i = dataset->series[series].length - 1;
    for (; i >= 0; i--) {
        const float label = seqd_events_label(dataset, series, i);
        if (label == label) break;
    }
    return i;
}

static int32_t draw_sequences(const seqd_dataset *dataset, uint64_t seed, int64_t most, work *w, seqd_error *error)
{
    int64_t total = 0, taken = 0, seen = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) total += last_labelled(dataset, s) >= 0;
    if (total == 0) return seqd_fail(error, SEQD_E_DATA, "no sequence has a label to judge answers by");
    w->count = total < most ? total : most;
    /* Each of the rest with the same chance (Knuth's algorithm S). */
    seqd_rng rng = seqd_rng_stream(seed, PURPOSE_WINDOWS, 0);
    for (int64_t s = 0; s < dataset->series_count && taken < w->count; s++) {
        const int64_t end = last_labelled(dataset, s);
        if (end < 0) continue;
        if (seqd_rng_uniform(&rng) * (double)(total - seen) < (double)(w->count - taken))
            w->windows[taken++] = (seqd_window){ s, end, end, 1, 0 };
        seen++;
    }
    w->count = taken;
    return SEQD_OK;
}

/* --- one pass --- */

static void loss_task(void *user, int64_t index, int32_t thread)
{
    work *w = user;
    const seqd_features *features = &w->model->features;
    const seqd_shard *base = &w->base[index].shard;
    seqd_shard *shard = &w->lanes[thread].shard;
    w->losses[index] = 0.0;
    if (!(base->total_weight > 0.0)) return;
    memcpy(w->lanes[thread].block, w->base[index].block, w->size);
    shard->rows = base->rows;
    shard->total_weight = base->total_weight;
    for (int32_t r = 0; w->group && r < base->rows; r++) {
        const int64_t other = w->order[index * SEQD_SHARD_ROWS + r];
        seqd_shard_swap(features, w->group, shard, r, &w->base[other / SEQD_SHARD_ROWS].shard,
                        (int32_t)(other % SEQD_SHARD_ROWS));
    }
    w->losses[index] = seqd_net_loss(w->net, thread, shard, &features->plan, shard->steps - 1, 1.0f, NULL, 0);
}

static double mean_loss(work *w, const seqd_feature_group *group)
{
    double sum = 0.0;
    w->group = group;
    seqd_parallel_for(w->threads, w->shards, loss_task, w);
    for (int64_t i = 0; i < w->shards; i++) sum += w->losses[i];
    return sum / w->weight;
}

/* A permutation without fixed places where there are two windows or more (Sattolo 1986). */
static void draw_order(work *w, uint64_t seed, uint64_t number)
{
    seqd_rng rng = seqd_rng_stream(seed, PURPOSE_SWAP, number);
    for (int64_t i = 0; i < w->count; i++) w->order[i] = i;
    for (int64_t i = w->count - 1; i > 0; i--) {
        const int64_t j = (int64_t)seqd_rng_below(&rng, (uint64_t)i), swap = w->order[i];
        w->order[i] = w->order[j];
        w->order[j] = swap;
    }
}

static bool report(const work *w, double start, int32_t done, int32_t count)
{
    const double elapsed = seqd_now() - start;
    const seqd_progress progress = {
        .struct_size = (uint32_t)sizeof progress, .step = done, .total_steps = count, .train_loss = (double)NAN,
        .validation_loss = (double)NAN, .best_loss = (double)NAN, .elapsed_seconds = elapsed,
        .remaining_seconds = done > 0 ? elapsed / done * (count - done) : 0.0, .task = "explain",
    };
    return seqd_progress_report(w->context, &progress);
}

static void sort_by_rise(seqd_importance *importance)
{
    for (int32_t i = 1; i < importance->count; i++)
        for (int32_t j = i; j > 0 && importance->rise[j] > importance->rise[j - 1]; j--) {
            const seqd_feature_group group = importance->groups[j];
            const double rise = importance->rise[j], deviation = importance->deviation[j];
            importance->groups[j] = importance->groups[j - 1];
            importance->rise[j] = importance->rise[j - 1];
            importance->deviation[j] = importance->deviation[j - 1];
            importance->groups[j - 1] = group;
            importance->rise[j - 1] = rise;
            importance->deviation[j - 1] = deviation;
        }
}

static int32_t measure(work *w, int32_t repeats, uint64_t seed, seqd_importance *importance, seqd_error *error)
{
    const double start = seqd_now();
    w->weight = 0.0;
    for (int64_t i = 0; i < w->shards; i++) w->weight += w->base[i].shard.total_weight;
    if (!(w->weight > 0.0)) return seqd_fail(error, SEQD_E_DATA, "nothing in the data can be compared with an answer");
    importance->loss = mean_loss(w, NULL);
    importance->windows = w->count;
    for (int32_t g = 0; g < importance->count; g++) {
        double sum = 0.0, squares = 0.0;
        for (int32_t n = 0; n < repeats; n++) {
            draw_order(w, seed, (uint64_t)g * 1000 + (uint64_t)n);
            const double rise = mean_loss(w, &importance->groups[g]) - importance->loss;
            sum += rise;
            squares += rise * rise;
        }
        const double mean = sum / repeats, variance = repeats > 1 ? (squares - sum * mean) / (repeats - 1) : 0.0;
        importance->rise[g] = mean;
        importance->deviation[g] = variance > 0.0 ? sqrt(variance) : 0.0;
        SEQD_CHECK(seqd_net_status(w->net, error));
        if (report(w, start, g + 1, importance->count)) return SEQD_STOPPED;
    }
    sort_by_rise(importance);
    return SEQD_OK;
}

/* --- memory --- */

static size_t block_size(const seqd_features *features)
{
    seqd_arena arena = { NULL, 0, false };
    seqd_shard sized;
    memset(&sized, 0, sizeof sized);
    seqd_shard_place(features, SEQD_SHARD_ROWS, features->context_length, &arena, &sized);
    return arena.overflow ? 0 : (arena.used + 63) / 64 * 64;
}

static int32_t hold(const seqd_features *features, work *w, seqd_error *error)
{
    const size_t count = (size_t)w->shards + (size_t)w->threads;
    size_t bytes;
    w->base = seqd_alloc_array(w->context, count, sizeof *w->base);
    w->losses = seqd_alloc_array(w->context, (size_t)w->shards, sizeof *w->losses);
    w->order = seqd_alloc_array(w->context, (size_t)w->count, sizeof *w->order);
    w->blocks = seqd_mul_size(count, w->size, &bytes) ? seqd_alloc_zero(w->context, bytes) : NULL;
    if (!w->base || !w->losses || !w->order || !w->blocks)
        return seqd_fail_alloc(w->context, count * w->size, error);
    w->lanes = w->base + w->shards;
    for (size_t i = 0; i < count; i++) {
        w->base[i].block = (unsigned char *)w->blocks + i * w->size;
        seqd_arena arena = { w->base[i].block, 0, false };
        seqd_shard_place(features, SEQD_SHARD_ROWS, features->context_length, &arena, &w->base[i].shard);
    }
    return SEQD_OK;
}

static void release(work *w)
{
    seqd_net_close(w->net);
    seqd_free(w->context, w->windows);
    seqd_free(w->context, w->base);
    seqd_free(w->context, w->losses);
    seqd_free(w->context, w->order);
    seqd_free(w->context, w->blocks);
}

static int32_t prepare(const seqd_dataset *dataset, const seqd_binding *binding, uint64_t seed, work *w,
                       seqd_error *error)
{
    const seqd_features *features = &w->model->features;
    const bool events = features->kind == SEQD_DATA_EVENTS;
    int64_t most = events ? MOST_SEQUENCES : MOST_ORIGINS;
    w->size = block_size(features);
    if (w->size == 0) return seqd_fail(error, SEQD_E_LIMIT, "the model's windows are too large to be held");
    const int64_t fit = (int64_t)(MOST_BYTES / w->size) * SEQD_SHARD_ROWS;
    if (most > fit) most = fit > SEQD_SHARD_ROWS ? fit : SEQD_SHARD_ROWS;
    w->windows = seqd_alloc_array(w->context, (size_t)most, sizeof *w->windows);
    if (!w->windows) return seqd_fail_alloc(w->context, (size_t)most * sizeof *w->windows, error);
    SEQD_CHECK(events ? draw_sequences(dataset, seed, most, w, error) : draw_origins(dataset, seed, most, w, error));
    w->shards = (w->count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS;
    w->threads = seqd_team_size(w->context->threads, w->shards);
    SEQD_CHECK(hold(features, w, error));
    for (int64_t i = 0; i < w->shards; i++) {
        const int64_t first = i * SEQD_SHARD_ROWS, left = w->count - first;
        seqd_shard_fill(binding, w->windows + first, (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS),
                        &w->base[i].shard);
    }
    const seqd_use use = { features->context_length, SEQD_SHARD_ROWS, w->threads, false };
    seqd_backend backend;
    SEQD_CHECK(seqd_backend_find(w->context, seqd_option_text(w->model->options, SEQD_OPT_BACKEND), &backend, error));
    SEQD_CHECK(seqd_net_open(w->context, &w->model->net, &backend, &use, &w->net, error));
    seqd_net_pack(w->net, w->model->parameters);
    return SEQD_OK;
}

static int32_t make_room(const seqd_model *model, seqd_importance *importance, seqd_error *error)
{
    seqd_context *context = importance->context;
    importance->groups = seqd_alloc_array(context, SEQD_MOST_GROUPS, sizeof *importance->groups);
    importance->rise = seqd_alloc_array(context, SEQD_MOST_GROUPS, sizeof *importance->rise);
    importance->deviation = seqd_alloc_array(context, SEQD_MOST_GROUPS, sizeof *importance->deviation);
    if (!importance->groups || !importance->rise || !importance->deviation)
        return seqd_fail_alloc(context, SEQD_MOST_GROUPS * sizeof *importance->groups, error);
    importance->count = seqd_feature_groups(model, false, importance->groups);
    return SEQD_OK;
}

static int32_t explain(const seqd_model *model, const seqd_dataset *dataset, int32_t repeats, uint64_t seed,
                       seqd_importance *importance, seqd_error *error)
{
    seqd_binding binding;
    work w = { .model = model, .context = model->context };
    SEQD_CHECK(make_room(model, importance, error));
    SEQD_CHECK(seqd_binding_create(model->context, &model->features, dataset, &binding, error));
    int32_t status = prepare(dataset, &binding, seed, &w, error);
    if (status == SEQD_OK) status = measure(&w, repeats, seed, importance, error);
    release(&w);
    seqd_binding_clear(&binding);
    return status;
}

int32_t seqd_importance_new(seqd_model *model, const seqd_dataset *dataset, int32_t repeats, uint64_t seed,
                            seqd_importance **out, seqd_error *error)
{
    SEQD_CHECK(seqd_model_need_network(model, "an explanation", error));
    seqd_importance *importance = seqd_alloc_zero(model->context, sizeof *importance);
    if (!importance) return seqd_fail_alloc(model->context, sizeof *importance, error);
    importance->context = seqd_context_retain(model->context);
    int32_t status = seqd_model_begin_read(model, error);
    if (status == SEQD_OK) {
        status = explain(model, dataset, repeats, seed, importance, error);
        seqd_model_end_read(model);
    }
    if (status == SEQD_OK) *out = importance;
    else seqd_importance_free(importance);
    return status;
}
