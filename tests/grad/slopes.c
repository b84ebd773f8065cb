/* SPDX-License-Identifier: Apache-2.0 */
#include "slopes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"

#define BOUND 2e-3      /* of the tensor's gradient norm (directions) or largest entry (single parameters) */
#define ROUNDING 2e-7   /* of the loss: what its float32 terms leave in a difference over the longest step */
#define DIRECTIONS 3
#define SINGLES 2

static double loss_of(const slopes *s)
{
    return rig_loss(s->rig, s->shard, s->plan, 0, 1.0f, 0, s->dropout_key);
}

static double slope(const slopes *s, float *w, const float *direction, int64_t count, double expected, double unit)
{
    static const double steps[] = {0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
    float *before = calloc((size_t)count, sizeof *before);
    double best = HUGE_VAL;
    assert_non_null(before);
    memcpy(before, w, (size_t)count * sizeof *w);
    for (size_t n = 0; n < sizeof steps / sizeof steps[0] && !(fabs(best - expected) <= 0.2 * BOUND * unit); n++) {
        double loss[5] = {0};
        for (int i5 = -2; i5 <= 2; i5++) {
            if (i5 == 0) continue;
            for (int64_t i = 0; i < count; i++)
                w[i] = (float)((double)before[i] + i5 * steps[n] * (double)direction[i]);
            loss[i5 + 2] = loss_of(s);
        }
        const double found = (8.0 * (loss[3] - loss[1]) - (loss[4] - loss[0])) / (12.0 * steps[n]);
        if (fabs(found - expected) < fabs(best - expected)) best = found;
    }
    memcpy(w, before, (size_t)count * sizeof *w);
    free(before);
    return best;
}

static void judge(slopes *s, const char *tensor, double loss, double found, double expected, double unit)
{
    const double rounding = s->rounding > 0.0 ? s->rounding : ROUNDING;
    const double allowed = BOUND * unit + rounding * fabs(loss), off = fabs(found - expected) / allowed;
    s->compared++;
    s->blurred += allowed > 3.0 * BOUND * unit;
    if (unit > 0.0 && off > s->worst) s->worst = off;
    if (unit == 0.0 ? found != 0.0 : !(off <= 1.0))
        fail_msg("%s: %s has slope %.7g, its gradient says %.7g (allowed: %.2g)", s->what, tensor, found, expected,
                 allowed);
}

static void check_tensor(slopes *s, const seqd_tensor *tensor, double loss, seqd_rng *rng)
{
    const int64_t count = tensor->shape[0] * tensor->shape[1];
    if (count == 0) return;
    float *w = s->rig->parameters + tensor->offset, *direction = calloc((size_t)count, sizeof *direction);
    const float *g = s->rig->grad + tensor->offset;
    double norm = 0.0;
    int64_t top = 0;
    assert_non_null(direction);
    for (int64_t i = 0; i < count; i++) {
        norm += (double)g[i] * (double)g[i];
        if (fabsf(g[i]) > fabsf(g[top])) top = i;
    }
    norm = sqrt(norm);
    for (int n = 0; n < DIRECTIONS; n++) {
        double length = 0.0, expected = 0.0;
        for (int64_t i = 0; i < count; i++) {
            const double own = seqd_rng_normal(rng), sign = n == 0 || seqd_rng_below(rng, 2) ? 1.0 : -1.0;
            const double along = norm > 0.0 ? (double)g[i] / norm : own;
            direction[i] = (float)(sign * along + (n == 0 ? 0.0 : 0.5 / sqrt((double)count)) * own);
            length += (double)direction[i] * (double)direction[i];
        }
        for (int64_t i = 0; i < count; i++) {
            direction[i] = (float)((double)direction[i] / sqrt(length));
            expected += (double)direction[i] * (double)g[i];
        }
        judge(s, tensor->name, loss, slope(s, w, direction, count, expected, norm), expected, norm);
    }
    for (int n = 0; n < SINGLES; n++) {
        const int64_t i = n == 0 ? top : (int64_t)seqd_rng_below(rng, (uint64_t)count);
        const float one = 1.0f;
        const double unit = fabs((double)g[top]);
        judge(s, tensor->name, loss, slope(s, w + i, &one, 1, (double)g[i], unit), (double)g[i], unit);
    }
    free(direction);
}

void slopes_check(slopes *s, uint64_t seed)
{
    seqd_rng rng = seqd_rng_stream(seed, 0x736c6f70, 0);
    const double loss = rig_loss(s->rig, s->shard, s->plan, 0, 1.0f, 1, s->dropout_key);
    assert_true(isfinite(loss));
    for (int32_t i = 0; i < s->rig->net.tensors.count; i++) check_tensor(s, &s->rig->net.tensors.at[i], loss, &rng);

    /* gradients are added, and carry the factor */
    const size_t count = (size_t)s->rig->net.tensors.parameters;
    float *once = calloc(count, sizeof *once);
    assert_non_null(once);
    memcpy(once, s->rig->grad, count * sizeof *once);
    const double again = seqd_net_loss(s->rig->run, 0, s->shard, s->plan, 0, 0.5f, s->rig->grad, s->dropout_key);
    assert_true(again == loss);
    float most = 0.0f;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(once[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(s->rig->grad[i] - 1.5f * once[i]) <= 1e-5f * most))
            fail_msg("%s: gradients do not add up", s->what);
    free(once);
}
