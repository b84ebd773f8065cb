/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

#include "scalar_ref.h"

double seqd_ref_cross_entropy(int64_t rows, int64_t n, float *x, int64_t ldx, const int32_t *label,
                              const float *weight, const float *class_weight, float smoothing, float factor)
{
    const float even = smoothing / (float)n;
    double total = 0.0;
    for (int64_t row = 0; row < rows; row++) {
        float *logit = x + row * ldx;
        if (!(weight[row] > 0.0f) || label[row] < 0 || label[row] >= n) {
            for (int64_t c = 0; c < n; c++) {
                logit[c] = 0.0f;
            }
            continue;
        }
        float most = -INFINITY, sum = 0.0f, share = 0.0f, picked = 0.0f;
        for (int64_t c = 0; c < n; c++) {
            most = logit[c] > most ? logit[c] : most;
        }
        for (int64_t c = 0; c < n; c++) {
            const float t = (class_weight != NULL ? class_weight[c] : 1.0f) *
                            (c == label[row] ? 1.0f - smoothing + even : even);
            const float d = logit[c] - most;
            share += t;
            picked += t != 0.0f ? t * d : 0.0f;
            sum += expf(d);
        }
        total += (double)(weight[row] * (share * logf(sum) - picked));
        const float step = factor * weight[row];
        for (int64_t c = 0; c < n; c++) {
            const float t = (class_weight != NULL ? class_weight[c] : 1.0f) *
                            (c == label[row] ? 1.0f - smoothing + even : even);
            logit[c] = step * (share * (expf(logit[c] - most) / sum) - t);
        }
    }
    return total;
}

/* Pinball loss of d = z - q; *slope takes its derivative by q. */
static float pinball(float d, float level, float *slope)
{
    *slope = d >= 0.0f ? -level : 1.0f - level;
    return d >= 0.0f ? level * d : (level - 1.0f) * d;
}

double seqd_ref_quantile_loss(int64_t forks, int64_t horizon, int64_t width, int64_t middle, const float *levels,
                              float *out, const float *y, const float *weight, const float *loc, const float *scale,
                              float factor)
{
    const float norm = 2.0f / (float)width;
    double total = 0.0;
    for (int64_t p = 0; p < forks * horizon; p++) {
        float *o = out + p * width;
        if (!(weight[p] > 0.0f)) {
            for (int64_t i = 0; i < width; i++) {
                o[i] = 0.0f;
            }
            continue;
        }
        const float z = (y[p] - loc[p / horizon]) * (1.0f / scale[p / horizon]);
        const float step = factor * weight[p] * norm;
        float slope[SEQD_QUANTILE_WIDTH], q = o[middle];
        float loss = pinball(z - q, levels[middle], &slope[middle]);
        for (int64_t i = middle + 1; i < width; i++) {
            q += seqd_ref_softplus1(o[i]);
            loss += pinball(z - q, levels[i], &slope[i]);
        }
        q = o[middle];
        for (int64_t i = middle - 1; i >= 0; i--) {
            q -= seqd_ref_softplus1(o[i]);
            loss += pinball(z - q, levels[i], &slope[i]);
        }
        total += (double)(weight[p] * norm * loss);

        float above = 0.0f, below = 0.0f; /* a step moves every quantile further out */
        for (int64_t i = width - 1; i > middle; i--) {
            above += slope[i];
            o[i] = step * above * seqd_ref_sigmoid1(o[i]);
        }
        for (int64_t i = 0; i < middle; i++) {
            below += slope[i];
            o[i] = -step * below * seqd_ref_sigmoid1(o[i]);
        }
        o[middle] = step * (slope[middle] + above + below);
    }
    return total;
}

double seqd_ref_point_loss(seqd_point_loss kind, int64_t forks, int64_t horizon, float *out, const float *y,
                           const float *weight, const float *loc, const float *scale, float delta, float factor)
{
    double total = 0.0;
    for (int64_t p = 0; p < forks * horizon; p++) {
        if (!(weight[p] > 0.0f)) {
            out[p] = 0.0f;
            continue;
        }
        const float d = out[p] - (y[p] - loc[p / horizon]) * (1.0f / scale[p / horizon]), size = fabsf(d);
        float loss, slope;
        if (kind == SEQD_POINT_SQUARED) {
            loss = d * d;
            slope = 2.0f * d;
        } else if (kind == SEQD_POINT_ABSOLUTE) {
            loss = size;
            slope = d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : d;
        } else {
            loss = size > delta ? delta * (size - 0.5f * delta) : 0.5f * d * d;
            slope = d > delta ? delta : d < -delta ? -delta : d;
        }
        total += (double)(weight[p] * loss);
        out[p] = factor * weight[p] * slope;
    }
    return total;
}
