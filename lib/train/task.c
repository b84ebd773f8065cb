/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "ranks.h"
#include "status.h"
#include "trainer.h"

/* Windows that are looked at for the weights of classes, and for the threshold. */
#define WEIGHT_WINDOWS 65536
#define THRESHOLD_WINDOWS 8192

/* The labels of a filled shard that count, each class by its weight. */
static void count_labels(const seqd_shard *shard, double *counts)
{
    const int64_t each = shard->answers > 1 ? shard->answers : shard->steps;
    for (int64_t i = 0; i < shard->rows * each; i++) {
        const float weight = shard->fork[shard->answers > 1 ? i / each : i];
        if (weight > 0.0f && shard->label[i] >= 0.0f) counts[(int32_t)shard->label[i]] += (double)weight;
    }
}

static void count_task(void *user, int64_t index, int32_t thread)
{
    seqd_trainer *trainer = user;
    seqd_shard *shard = &trainer->runner.shards[0];
    const int64_t all = trainer->sampler.windows, most = all < WEIGHT_WINDOWS ? all : WEIGHT_WINDOWS;
    (void)index, (void)thread;
    for (int64_t first = 0; first < most; first += SEQD_SHARD_ROWS) {
        seqd_window windows[SEQD_SHARD_ROWS];
        const int32_t count = (int32_t)(most - first < SEQD_SHARD_ROWS ? most - first : SEQD_SHARD_ROWS);
        for (int32_t i = 0; i < count; i++) windows[i] = seqd_sampler_window(&trainer->sampler, first + i);
        seqd_shard_fill(&trainer->binding, windows, count, shard);
        count_labels(shard, trainer->class_counts);
    }
}

int32_t seqd_trainer_weigh_classes(seqd_trainer *trainer, seqd_error *error)
{
    const int32_t classes = trainer->model->net.config.answer.classes;
    if (classes == 0 || seqd_option_choice(trainer->options, SEQD_OPT_CLASS_WEIGHT) == 0) return SEQD_OK;
    trainer->class_counts = seqd_alloc_array(trainer->context, (size_t)classes, sizeof *trainer->class_counts);
    trainer->class_weights = seqd_alloc_array(trainer->context, (size_t)classes, sizeof *trainer->class_weights);
    if (!trainer->class_counts || !trainer->class_weights)
        return seqd_fail_alloc(trainer->context, (size_t)classes * sizeof *trainer->class_counts, error);
    seqd_parallel_for(1, 1, count_task, trainer);
    double total = 0.0, occurring = 0.0;
    for (int32_t c = 0; c < classes; c++) {
        total += trainer->class_counts[c];
        occurring += trainer->class_counts[c] > 0.0;
    }
    for (int32_t c = 0; c < classes; c++) {
        const double count = trainer->class_counts[c];
        trainer->class_weights[c] = count > 0.0 ? (float)(total / (occurring * count)) : 1.0f;
    }
    seqd_net_weigh_classes(trainer->runner.net, trainer->class_weights);
    return SEQD_OK;
}

/* Probabilities of the second class after the last event of validation windows, and whether it was the label. */
typedef struct scores {
    seqd_trainer *trainer;
    seqd_ranked *ranked;
    float *out;              /* [SEQD_SHARD_ROWS][answers][width] */
    int64_t windows, count;
} scores;

static void take_row(scores *s, const seqd_shard *shard, int32_t row)
{
    const seqd_answer *answer = &s->trainer->model->net.config.answer;
    for (int32_t a = 0; a < answer->answers; a++) {
        const int64_t at = shard->answers > 1 ? (int64_t)row * shard->answers + a
                                              : (int64_t)row * shard->steps + shard->length[row] - 1;
        if (!(shard->fork[shard->answers > 1 ? row : at] > 0.0f)) continue;
        const float *o = s->out + ((int64_t)row * answer->answers + a) * answer->width;
        const double odds = answer->binary ? (double)o[0] : (double)o[1] - (double)o[0];
        s->ranked[s->count++] = (seqd_ranked){(float)(1.0 / (1.0 + exp(-odds))), shard->label[at] == 1.0f};
    }
}

static void score_task(void *user, int64_t index, int32_t thread)
{
    scores *s = user;
    seqd_trainer *trainer = s->trainer;
    const seqd_sampler *sampler = &trainer->sampler;
    seqd_shard *shard = &trainer->runner.shards[0];
    (void)index, (void)thread;
    seqd_net_pack(trainer->runner.net, trainer->model->parameters);
    for (int64_t first = 0; first < s->windows; first += SEQD_SHARD_ROWS) {
        seqd_window windows[SEQD_SHARD_ROWS];
        const int64_t left = s->windows - first;
        const int32_t count = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
        for (int32_t i = 0; i < count; i++) /* evenly over all */
            windows[i] = sampler->validation[(first + i) * sampler->validation_count / s->windows];
        seqd_shard_fill(&trainer->binding, windows, count, shard);
        seqd_net_predict(trainer->runner.net, 0, shard, &trainer->binding.features->plan, s->out);
        for (int32_t r = 0; r < count; r++) take_row(s, shard, r);
    }
}

int32_t seqd_trainer_choose_threshold(seqd_trainer *trainer, seqd_error *error)
{
    seqd_model *model = trainer->model;
    const seqd_answer *answer = &model->net.config.answer;
    const double asked = seqd_option_f64(trainer->options, SEQD_OPT_THRESHOLD);
    const int64_t all = trainer->sampler.validation_count;
    if (answer->classes != 2) return SEQD_OK;
    model->threshold = asked > 0.0 ? asked : 0.5;
    if (asked > 0.0 || all == 0) return SEQD_OK;
    scores s = {.trainer = trainer, .windows = all < THRESHOLD_WINDOWS ? all : THRESHOLD_WINDOWS};
    const size_t answers = (size_t)answer->answers;
    void *memory = NULL;
    for (int pass = 0; pass < 2; pass++) {
        seqd_arena arena = {memory, 0, false};
        s.ranked = seqd_arena_take(&arena, (size_t)s.windows * answers, sizeof *s.ranked);
        s.out = seqd_arena_take(&arena, SEQD_SHARD_ROWS * answers * (size_t)answer->width, sizeof *s.out);
        if (pass == 1) break;
        memory = arena.overflow ? NULL : seqd_alloc(trainer->context, arena.used);
        if (!memory) return seqd_fail_alloc(trainer->context, arena.used, error);
    }
    seqd_parallel_for(1, 1, score_task, &s);
    model->threshold = seqd_best_threshold(s.ranked, s.count);
    seqd_free(trainer->context, memory);
    return seqd_net_status(trainer->runner.net, error);
}
