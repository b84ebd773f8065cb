/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include <math.h>

/* Reductions add up blocks of this length, and then the blocks. */
#define BLOCK 1024

void seqd_ref_relu(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = x[i] <= 0.0f ? 0.0f : x[i];
    }
}

void seqd_ref_relu_backward(int64_t n, const float *y, float *dy)
{
    for (int64_t i = 0; i < n; i++) {
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    }
}

void seqd_ref_add(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] += x[i];
    }
}

void seqd_ref_multiply(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] *= x[i];
    }
}

void seqd_ref_scale(int64_t n, float factor, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] *= factor;
    }
}

void seqd_ref_add_rows(int64_t rows, int64_t n, const float *a, int64_t lda, float *y)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t j = 0; j < n; j++) {
            y[j] += a[row * lda + j];
        }
    }
}

double seqd_ref_sum(int64_t n, const float *x)
{
    double total = 0.0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        int64_t end = n - start < BLOCK ? n : start + BLOCK;
        double part = 0.0;
        for (int64_t i = start; i < end; i++) {
            part += (double)x[i];
        }
        total += part;
    }
    return total;
}

double seqd_ref_dot(int64_t n, const float *x, const float *y)
{
    double total = 0.0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        int64_t end = n - start < BLOCK ? n : start + BLOCK;
        double part = 0.0;
        for (int64_t i = start; i < end; i++) {
            part += (double)x[i] * (double)y[i];
        }
        total += part;
    }
    return total;
}

void seqd_ref_prefetch(int64_t n, const float *x)
{
    for (int64_t i = 0; i < n; i += 16) {
        __builtin_prefetch(x + i, 1, 2);
    }
}

double seqd_ref_sum_squares(int64_t n, const float *x)
{
    return seqd_ref_dot(n, x, x);
}

bool seqd_ref_all_finite(int64_t n, const float *x)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return false;
        }
    }
    return true;
}
