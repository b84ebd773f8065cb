/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <math.h>

void seqd_answer_place(const seqd_answer *answer, const seqd_head *head, int64_t rows, seqd_arena *arena,
                       seqd_answer_work *work)
{
    const size_t n = (size_t)rows, values = n * (size_t)answer->answers;
    const bool number = answer->classes == 0;
    work->classes = seqd_arena_take(arena, number ? 0 : values, sizeof(int32_t));
    work->weight = seqd_arena_take(arena, values, sizeof(float));
    work->y = seqd_arena_take(arena, number ? values : 0, sizeof(float));
    work->loc = seqd_arena_take(arena, number ? n : 0, sizeof(float));
    work->scale = seqd_arena_take(arena, number ? n : 0, sizeof(float));
    work->pairs = seqd_arena_take(arena, answer->binary ? 2 * values : 0, sizeof(float));
    const int64_t scratch = number ? seqd_head_scratch(head, rows * answer->answers) : 0;
    work->scratch = seqd_arena_take(arena, (size_t)scratch, sizeof(float));
}

static double class_loss(const seqd_kernels *k, const seqd_answer *answer, int64_t values, float *out,
                         const float *label, const float *class_weight, float factor, seqd_answer_work *work)
{
    for (int64_t i = 0; i < values; i++) work->classes[i] = label[i] >= 0.0f ? (int32_t)label[i] : -1;
    const float smoothing = (float)answer->smoothing;
    if (!answer->binary)
        return k->cross_entropy(values, answer->classes, out, answer->classes, work->classes, work->weight,
                                class_weight, smoothing, factor);
    for (int64_t i = 0; i < values; i++) {
        work->pairs[2 * i] = 0.0f;
        work->pairs[2 * i + 1] = out[i];
    }
    const double loss = k->cross_entropy(values, 2, work->pairs, 2, work->classes, work->weight, class_weight,
                                         smoothing, factor);
    for (int64_t i = 0; i < values; i++) out[i] = work->pairs[2 * i + 1];
    return loss;
}

/* The number a label stands for; counts become whole again after they were divided by their mean. */
static float number_of(const seqd_answer *answer, float label)
{
    const double y = answer->mean + answer->deviation * (double)label, whole = rint(y);
    return (float)(fabs(y - whole) <= 1e-6 * fabs(y) ? whole : y);
}

double seqd_answer_loss(const seqd_kernels *k, const seqd_answer *answer, const seqd_head *head, int64_t rows,
                        float *out, const float *label, const float *weight, const float *class_weight, float factor,
                        seqd_answer_work *work)
{
    const int64_t values = rows * answer->answers;
    for (int64_t i = 0; i < values; i++) work->weight[i] = label[i] == label[i] ? weight[i / answer->answers] : 0.0f;
    if (answer->classes > 0) return class_loss(k, answer, values, out, label, class_weight, factor, work);
    for (int64_t i = 0; i < rows; i++) {
        work->loc[i] = (float)answer->mean;
        work->scale[i] = (float)answer->deviation;
    }
    for (int64_t i = 0; i < values; i++) work->y[i] = number_of(answer, label[i]);
    const seqd_targets targets = {work->y, work->weight, work->loc, work->scale};
    return seqd_head_loss(k, head, rows, answer->answers, out, &targets, factor, work->scratch);
}

void seqd_answer_init_bias(const seqd_answer *answer, const seqd_head *head, float *bias)
{
    if (answer->classes == 0) seqd_head_init_bias(head, bias);
    for (int32_t i = 0; answer->classes > 0 && i < answer->width; i++) bias[i] = 0.0f;
}
