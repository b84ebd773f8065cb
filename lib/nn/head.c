/* SPDX-License-Identifier: Apache-2.0 */
#include "head_laws.h"

int64_t seqd_head_scratch(const seqd_head *head, int64_t values)
{
    return seqd_head_is_point(head) || head->kind == SEQD_HEAD_QUANTILE ? 0 : 2 * values * head->width;
}

int32_t seqd_head_width(seqd_head_kind kind)
{
    switch (kind) {
    case SEQD_HEAD_STUDENT:
    case SEQD_HEAD_ZERO_NEGBIN: return 3;
    case SEQD_HEAD_NEGBIN:
    case SEQD_HEAD_GAUSSIAN:
    case SEQD_HEAD_TWEEDIE: return 2;
    case SEQD_HEAD_MSE:
    case SEQD_HEAD_MAE:
    case SEQD_HEAD_QUANTILE:
    case SEQD_HEAD_HUBER:
    case SEQD_HEAD_POISSON: break;
    }
    return 1;
}

bool seqd_head_is_point(const seqd_head *head)
{
    return head->kind == SEQD_HEAD_MSE || head->kind == SEQD_HEAD_MAE || head->kind == SEQD_HEAD_HUBER;
}

bool seqd_head_is_positive(const seqd_head *head)
{
    return head->kind == SEQD_HEAD_NEGBIN || head->kind == SEQD_HEAD_POISSON || head->kind == SEQD_HEAD_ZERO_NEGBIN ||
           head->kind == SEQD_HEAD_TWEEDIE;
}

static double quantile_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                            const seqd_targets *t, float factor)
{
    float levels[SEQD_MAX_LEVELS];
    _Static_assert(SEQD_MAX_LEVELS <= SEQD_QUANTILE_WIDTH, "the kernel takes so many");
    for (int32_t i = 0; i < head->width; i++) levels[i] = (float)head->levels[i];
    return k->quantile_loss(forks, horizon, head->width, head->middle, levels, out, t->y, t->weight, t->loc, t->scale,
                            factor);
}

static double point_loss(const seqd_kernels *k, seqd_point_loss kind, const seqd_head *head, int64_t forks,
                         int32_t horizon, float *out, const seqd_targets *t, float factor)
{
    return k->point_loss(kind, forks, horizon, out, t->y, t->weight, t->loc, t->scale, (float)head->delta, factor);
}

static double law_loss(const seqd_kernels *k, seqd_law law, int64_t forks, int32_t horizon, float *out,
                       const seqd_targets *t, float factor)
{
    return k->law_loss(law, forks, horizon, out, t->y, t->weight, t->loc, t->scale, factor, NULL);
}

static double tweedie_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                           const seqd_targets *t, float factor, float *scratch)
{
    const seqd_tweedie_law *law = head->tweedie;
    const int64_t values = forks * horizon * head->width;
    if (law->count > 0) {
        const seqd_tweedie_curve curve = {
            .power = law->power,
            .first = law->first,
            .step = law->step,
            .last = law->last,
            .far = {law->far[0], law->far[1]},
            .alone = law->alone,
            .count = law->count,
            .value = law->value,
            .slope = law->slope,
        };
        return k->law_loss(SEQD_LAW_TWEEDIE, forks, horizon, out, t->y, t->weight, t->loc, t->scale, factor, &curve);
    }
    /* a power near 1, whose series is summed every time */
    k->softplus(values, out, scratch);
    k->sigmoid(values, out, scratch + values);
    const seqd_head_pass pass = {forks, horizon, out, t, factor, scratch, scratch + values};
    return seqd_tweedie_loss(head->tweedie, &pass);
}

double seqd_head_loss(const seqd_kernels *k, const seqd_head *head, int64_t forks, int32_t horizon, float *out,
                      const seqd_targets *targets, float factor, float *scratch)
{
    switch (head->kind) {
    case SEQD_HEAD_QUANTILE: return quantile_loss(k, head, forks, horizon, out, targets, factor);
    case SEQD_HEAD_NEGBIN: return law_loss(k, SEQD_LAW_NEGBIN, forks, horizon, out, targets, factor);
    case SEQD_HEAD_POISSON: return law_loss(k, SEQD_LAW_POISSON, forks, horizon, out, targets, factor);
    case SEQD_HEAD_ZERO_NEGBIN: return law_loss(k, SEQD_LAW_ZERO_NEGBIN, forks, horizon, out, targets, factor);
    case SEQD_HEAD_GAUSSIAN: return law_loss(k, SEQD_LAW_GAUSSIAN, forks, horizon, out, targets, factor);
    case SEQD_HEAD_STUDENT: return law_loss(k, SEQD_LAW_STUDENT, forks, horizon, out, targets, factor);
    case SEQD_HEAD_TWEEDIE: return tweedie_loss(k, head, forks, horizon, out, targets, factor, scratch);
    case SEQD_HEAD_MAE: return point_loss(k, SEQD_POINT_ABSOLUTE, head, forks, horizon, out, targets, factor);
    case SEQD_HEAD_HUBER: return point_loss(k, SEQD_POINT_HUBER, head, forks, horizon, out, targets, factor);
    case SEQD_HEAD_MSE: break;
    }
    return point_loss(k, SEQD_POINT_SQUARED, head, forks, horizon, out, targets, factor);
}

void seqd_head_init_bias(const seqd_head *head, float *bias)
{
    for (int32_t i = 0; i < head->width; i++) bias[i] = 0.0f;
    if (head->kind == SEQD_HEAD_QUANTILE) {
        for (int32_t i = 0; i < head->width; i++)
            if (i != head->middle) bias[i] = -2.0f; /* steps of 0.13 of the scale */
    } else if (seqd_head_is_positive(head)) {
        bias[0] = 0.5413f; /* softplus = 1: the mean starts at the scale */
        if (head->kind == SEQD_HEAD_TWEEDIE) bias[1] = 0.5413f;
        if (head->kind == SEQD_HEAD_ZERO_NEGBIN) bias[2] = -2.0f; /* an eighth of zeros for good */
    } else if (head->kind == SEQD_HEAD_STUDENT) {
        bias[2] = 2.0f; /* some 4 degrees of freedom */
    }
}
