/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_H
#define SEQD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Contracts of the numeric kernels. For all of them:
 *  - row-major float32; `ld*` are row strides in floats, at least the row length;
 *  - any alignment is accepted; nothing outside the stated ranges is read or written; sizes 0 are fine;
 *  - pointers do not overlap unless a kernel says so;
 *  - no memory is allocated, no floating-point state changed, no thread started;
 *  - the order of accumulation depends on the sizes alone, so equal calls give equal bits;
 *  - NaN goes in, NaN comes out (comparisons select, they do not multiply by masks).
 */
typedef struct seqd_kernels {
    const char *level; /* "ref", "avx2", "avx512" */

    /*
     * Matrix product with a right-hand side packed once and used often.
     *   pack:  B is [k][n] (transposed 0) or given as its transpose [n][k] (transposed 1, as torch keeps weights).
     *          `packed` takes gemm_packed_size(k, n) floats; 64-byte alignment of it makes the product faster.
     *   gemm:  C[m][n] = A[m][k] B (+ C when accumulate) (+ bias[n] on every row when bias is not NULL).
     *          Each C element is summed over k in rising order within fixed blocks of k, so that a row of C has the
     *          same bits whatever m is.
     *   gemm_tn: C[m][n] += sum_k A[k][m] B[k][n], for weight gradients: k is long, m and n are short.
     *          `scratch` takes gemm_tn_scratch(m, n, k) floats.
     */
    size_t (*gemm_packed_size)(int64_t k, int64_t n);
    void (*gemm_pack)(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed);
    void (*gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                 int64_t ldc, int accumulate, const float *bias);
    size_t (*gemm_tn_scratch)(int64_t m, int64_t n, int64_t k);
    void (*gemm_tn)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float *c, int64_t ldc, float *scratch);

    /*
     * LSTM, one time step of `rows` sequences with h units; gate blocks i, f, g, o of h each. Gates are right to a
     * millionth of their value, but sigmoid may be 0 where it is below 1e-37.
     *   forward:  gates[rows][4h] holds pre-activations and is overwritten by the activations;
     *             c = f * c_prev + i * g; tanh_c = tanh(c); hidden = o * tanh_c. c_prev NULL means zeros; tanh_c may be
     *             NULL. c may be the same array as c_prev. ldh is the row stride of `hidden`, all others are dense.
     *   backward: gates, tanh_c from forward; dh[rows][h] (stride ldh) the gradient of hidden; dc[rows][h] comes in as
     *             the gradient of c from the step after and goes out as the gradient of c_prev; dgates[rows][4h] (may
     *             be `gates`) takes the gradient of the pre-activations.
     */
    void (*lstm_forward)(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                         float *hidden, int64_t ldh);
    void (*lstm_backward)(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                          const float *dh, int64_t ldh, float *dc, float *dgates);

    /*
     * GRU, linear before reset; gate blocks r, z, n.
     *   forward:  xg[rows][3h] = W x + b comes in, the activations r, z, n go out; hg[rows][3h] = U h + b' is only read
     *             (its third block is needed again in backward); hidden = (1 - z) * n + z * h_prev. h_prev NULL: zeros.
     *   backward: rzn, hg from forward; dxg, dhg[rows][3h] take the gradients of W x + b and of U h + b' (dxg may be
     *             rzn and dhg may be hg); dh_prev[rows][h] takes the direct part dh * z (the part through U h is the
     *             caller's product).
     */
    void (*gru_forward)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                        float *hidden, int64_t ldh);
    void (*gru_backward)(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev, int64_t ldp,
                         const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev);

    /*
     * Elementwise functions; y may be x. Largest error against the correctly rounded result, in ulp, is stated in
     * kernels/README.md and held by the tests. exp saturates to 0 and infinity, sigmoid(-inf) = 0, softplus(x) =
     * log1p(exp(x)) without overflow for any x.
     */
    void (*exp)(int64_t n, const float *x, float *y);
    void (*log1p)(int64_t n, const float *x, float *y);
    void (*sigmoid)(int64_t n, const float *x, float *y);
    void (*tanh)(int64_t n, const float *x, float *y);
    void (*softplus)(int64_t n, const float *x, float *y);

    void (*relu)(int64_t n, const float *x, float *y);               /* y = x > 0 ? x : 0, NaN kept; y may be x */
    void (*relu_backward)(int64_t n, const float *y, float *dy);     /* dy = y > 0 ? dy : 0 */
    void (*add)(int64_t n, const float *x, float *y);                /* y += x */
    void (*multiply)(int64_t n, const float *x, float *y);           /* y *= x */
    void (*scale)(int64_t n, float factor, float *y);                /* y *= factor */
    void (*add_rows)(int64_t rows, int64_t n, const float *a, int64_t lda, float *y); /* y[n] += sum of the rows of a */

    /* Reductions in double, in fixed blocks. */
    double (*sum)(int64_t n, const float *x);
    double (*dot)(int64_t n, const float *x, const float *y);
    double (*sum_squares)(int64_t n, const float *x);
    bool (*all_finite)(int64_t n, const float *x);

    /*
     * Optimizer updates; g is read as factor * g (clipping).
     *   sgd:  v = momentum v + g; w -= rate v
     *   adam: m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; w -= rate / c1 * m / (sqrt(v / c2) + eps), c = 1 - b^t
     */
    void (*sgd)(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum);
    void (*adam)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1, float b2,
                 float eps, float c1, float c2);
} seqd_kernels;

/*
 * Levels of this build in rising order, as far as this processor runs them: it is asked once, by any thread. _at(0) is
 * ref, _at(_count - 1) the best, NULL beyond. _find gives NULL for a level that is unknown or cannot run here; "auto"
 * and NULL give the best.
 */
int32_t seqd_kernels_count(void);
const seqd_kernels *seqd_kernels_at(int32_t index);
const seqd_kernels *seqd_kernels_find(const char *level);

#endif
