/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_H
#define SEQD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEQD_QUANTILE_WIDTH = 64 };
typedef enum seqd_point_loss { SEQD_POINT_SQUARED, SEQD_POINT_ABSOLUTE, SEQD_POINT_HUBER } seqd_point_loss;

/* Likelihoods, and the least deviation and degrees of freedom they have: what repeats exactly would draw them to 0. */
typedef enum seqd_law {
    SEQD_LAW_GAUSSIAN,
    SEQD_LAW_STUDENT,
    SEQD_LAW_POISSON,
    SEQD_LAW_NEGBIN,
    SEQD_LAW_ZERO_NEGBIN,
    SEQD_LAW_TWEEDIE
} seqd_law;
#define SEQD_LAW_LEAST_SPREAD 1e-3
#define SEQD_LAW_LEAST_FREEDOM 2.0
#define SEQD_LAW_LEAST_LOG_MEAN (-30.0) /* of tweedie, in scales: powers of the mean stay in range */

/*
 * What the density of Tweedie's law of power p, 1 < p < 2, has beyond its saddle-point approximation (Dunn & Smyth
 * 2005): a function G of ln j, j = z^(2-p) / (phi (2-p)), given with its slope at `count` knots that lie `step` apart from
 * `first` to `last`, cubic between them. From the last on it is far[0] / j + far[1] / j^2, up to the first
 * (1/2 + a) ln j - (1 + a) j + alone with a = (2 - p) / (p - 1).
 */
typedef struct seqd_tweedie_curve {
    double power, first, step, last, far[2], alone;
    int32_t count; /* at least 2 */
    const double *value, *slope;
} seqd_tweedie_curve;

/* Factors of a product: A[m][k], rows lda apart, and B[k][n] as gemm_pack leaves it. */
typedef struct seqd_factors {
    int64_t k, lda;
    const float *a, *packed;
} seqd_factors;

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
     *   gemm_row: gemm of one row, with its bits. Who calls it often with one B should turn `backwards` on at every
     *          other call: columns are then taken from the last ones on, which the call before has left in the cache.
     *   gemm_pair: C[m][n] = A[m][k] B of the first + that of the second (+ C when accumulate) (+ bias), with the bits of
     *          gemm of the first followed by an accumulating gemm of the second, but C written once.
     *   gemm_tn: C[m][n] += sum_k A[k][m] B[k][n], for weight gradients: k is long, m and n are short.
     *          `scratch` takes gemm_tn_scratch(m, n, k) floats.
     */
    size_t (*gemm_packed_size)(int64_t k, int64_t n);
    void (*gemm_pack)(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed);
    void (*gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                 int64_t ldc, int accumulate, const float *bias);
    void (*gemm_row)(int64_t n, int64_t k, const float *a, const float *packed, float *c, int accumulate,
                     const float *bias, int backwards);
    void (*gemm_pair)(int64_t m, int64_t n, const seqd_factors *first, const seqd_factors *second, float *c,
                      int64_t ldc, int accumulate, const float *bias);
    size_t (*gemm_tn_scratch)(int64_t m, int64_t n, int64_t k);
    void (*gemm_tn)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float *c, int64_t ldc, float *scratch);

    /*
     * LSTM, one time step of `rows` sequences with h units; gate blocks i, f, g, o of h each. Gates are right to a
     * millionth of their value, those below exp(-8) to -log(value) / 8 times that, and products of two may be 0 below
     * 1e-30.
     *   forward:  gates[rows][4h] holds pre-activations and is overwritten by the activations;
     *             c = f * c_prev + i * g; tanh_c = tanh(c); hidden = o * tanh_c. c_prev NULL means zeros. tanh_c NULL:
     *             no backward pass follows, what gates hold afterwards is not said, and c and hidden may differ from
     *             those with tanh_c by their rounding. c may be the same array as c_prev. ldh is the row stride of `hidden`, all others are dense.
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
     * Plain RNN, one time step: hidden = tanh(gates), or relu(gates) when `relu`. `gates`[rows][h] holds the
     * pre-activations; hidden may be gates where ldh is h.
     *   backward: `hidden` from forward, dgates[rows][h] = dh (1 - hidden^2), or dh where hidden > 0; dgates may be dh
     *             where ldd is h.
     */
    void (*rnn_forward)(int64_t rows, int64_t h, int relu, const float *gates, float *hidden, int64_t ldh);
    void (*rnn_backward)(int64_t rows, int64_t h, int relu, const float *hidden, int64_t ldh, const float *dh,
                         int64_t ldd, float *dgates);

    /*
     * GRU that resets before its product (Cho et al. 2014; Keras with reset_after=False): n = tanh(W_n x + b_n +
     * U_n (r * h_prev)). Gate blocks r, z, n; the products with U are the caller's, between the calls.
     *   gates:          xg[rows][3h] = W x + b; hg[rows][2h] = U_rz h_prev (NULL: zeros). Blocks r and z of xg become
     *                   activations; reset[rows][h] = r * h_prev. h_prev NULL: zeros.
     *   new:            un[rows][h] = U_n reset (NULL: zeros). Block n of xg becomes its activation; hidden =
     *                   (1 - z) * n + z * h_prev.
     *   new_backward:   rzn from forward; blocks z and n of dxg[rows][3h] take the gradients of their pre-activations
     *                   (that of n is that of U_n reset too); dh_prev[rows][h] = dh * z. Block r of dxg is left alone.
     *   gates_backward: dreset[rows][h] is the gradient of reset, which is that of n times U_n; block r of dxg takes
     *                   the gradient of its pre-activation; dh_prev += dreset * r. The part through U_rz is the
     *                   caller's. dxg may be rzn in both.
     */
    void (*gru_before_gates)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                             float *reset);
    void (*gru_before_new)(int64_t rows, int64_t h, float *xg, const float *un, const float *h_prev, int64_t ldp,
                           float *hidden, int64_t ldh);
    void (*gru_before_new_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                    const float *dh, int64_t ldd, float *dxg, float *dh_prev);
    void (*gru_before_gates_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                      const float *dreset, float *dxg, float *dh_prev);

    /*
     * Softmax of each row of x[rows][n] over its own range [begin[r], end[r]) (NULL: 0 and n; 0 <= begin, end <= n);
     * outside y is 0 and x not read, an empty range gives zeros. y may be x. An infinity of the sign + and a range of
     * -infinity alone give NaN.
     *   backward: dx = y (dy - sum y dy) inside, 0 outside, where dy is not read; dx may be dy.
     */
    void (*softmax)(int64_t rows, int64_t n, const float *x, int64_t ldx, const int32_t *begin, const int32_t *end,
                    float *y, int64_t ldy);
    void (*softmax_backward)(int64_t rows, int64_t n, const float *y, int64_t ldy, const int32_t *begin,
                             const int32_t *end, const float *dy, int64_t ldd, float *dx, int64_t ldx);

    /*
     * Attention of one query over the steps [begin, end) of one sequence; keys and values of step j at keys + j ldk
     * (of time-major arrays [steps][rows][size]: keys + row * size, ldk = rows * size). Indices of e and a are steps:
     * only [begin, end) of them is read or written.
     *
     * Additive scores (Bahdanau et al. 2015): e[j] = sum_u v[u] tanh(q[u] + k[j][u]).
     *   prepare:  brings n numbers of q or of keys into the form the level works on; y may be x. Keys once a window,
     *             q once a step. Numbers beyond +-43 count as +-43: tanh is there at its bound unless the other is as
     *             far on the other side.
     *   forward:  q and keys prepared, v as it is. Off by some 1e-7 of sum |v|; v is to be finite.
     *   backward: de the gradient of e. dq[size] is written, dkeys (stride lddk) and dv are added to: gradients of q,
     *             keys and v as they were before prepare. Nothing from forward is kept: tanh is formed again. NaN in a
     *             key may come out in the gradient of the step beside it too (two divisions are done as one).
     * Fastest where the steps of a sequence lie one behind the other (ldk = size).
     */
    void (*attention_additive_prepare)(int64_t n, const float *x, float *y);
    void (*attention_additive_forward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                       int64_t ldk, const float *v, float *e);
    void (*attention_additive_backward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                        int64_t ldk, const float *v, const float *de, float *dq, float *dkeys,
                                        int64_t lddk, float *dv);

    /*
     * The other products of attention, the same way; with scores `dot` and with values for every kind.
     *   weighted_sum: y[u] = sum_j a[j] values[j][u] (+ y when accumulate). Context from weights; dq from de and keys.
     *   row_dots:     e[j] = factor * sum_u x[u] values[j][u]. Scores from q and keys; da from dcontext and values.
     *   add_outer:    values[j][u] += factor * a[j] x[u]. dvalues from a and dcontext; dkeys from de and q.
     */
    void (*weighted_sum)(int64_t begin, int64_t end, int64_t size, const float *a, const float *values, int64_t ldv,
                         float *y, int accumulate);
    void (*row_dots)(int64_t begin, int64_t end, int64_t size, float factor, const float *x, const float *values,
                     int64_t ldv, float *e);
    void (*add_outer)(int64_t begin, int64_t end, int64_t size, float factor, const float *a, const float *x,
                      float *values, int64_t ldv);

    /*
     * Layer norm over rows of n: y = (x - mean) * rstd * gamma + beta, mean and rstd = 1 / sqrt(var + eps) [rows] kept
     * for backward (both may be NULL); var is that of the row itself (divisor n). y may be x.
     *   backward: x, mean, rstd as in forward; dx is written (dx may be dy), dgamma and dbeta [n] are added to.
     */
    void (*layer_norm)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma, const float *beta,
                       float eps, float *y, int64_t ldy, float *mean, float *rstd);
    void (*layer_norm_backward)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma,
                                const float *mean, const float *rstd, const float *dy, int64_t ldd, float *dx,
                                int64_t ldo, float *dgamma, float *dbeta);

    /*
     * Losses. Each returns sum of weight * loss (not scaled by factor) and writes factor times its gradient over what
     * it was given. Where the weight is not > 0 the gradient is 0 and target and label are of no account.
     *
     *   cross_entropy: x[rows][n] (stride ldx) comes in as logits. t[c] = class_weight[c] ((1 - smoothing) [c = label]
     *     + smoothing / n), class_weight NULL: ones; loss = sum_c t[c] (log sum exp x - x[c]), which is torch's before
     *     its division by the weights. A label outside 0 .. n-1 counts as weight 0.
     *
     *   Of forecasts: `out`[forks][horizon][width], y and weight [forks][horizon], loc and scale [forks];
     *   z = (y - loc) / scale.
     *   quantile_loss: levels[width], width at most SEQD_QUANTILE_WIDTH; out[middle] is a value q, the others are
     *     steps from their inner neighbour: q[i] = q[i-1] + softplus(out[i]) above, q[i+1] - softplus(out[i]) below;
     *     loss = 2 / width * sum_i pinball(z - q[i]), pinball(d) = d >= 0 ? level d : (level - 1) d. The slope of
     *     softplus need not go on falling below 1e-37.
     *   point_loss: width 1, d = out - z; loss d^2, |d| (slope 0 at 0), or Huber's: d^2 / 2 up to |d| = delta, then
     *     delta (|d| - delta / 2).
     *   law_loss: -log of the probability (density) of y, that of z for gaussian, student and tweedie; counts leave out
     *     lgamma(y + 1). s(.) is softplus, with 1e-8 the least of it for negbin and zero_negbin,
     *     where the gradient goes on as above that.
     *       gaussian     [2] mean o0 and deviation s(o1) + LEAST_SPREAD of z
     *       student      [3] centre o0, size s(o1) + LEAST_SPREAD, degrees of freedom s(o2) + LEAST_FREEDOM of z
     *       poisson      [1] mean scale s(o0)
     *       negbin       [2] mean scale s(o0), dispersion s(o1) / sqrt(scale)
     *       zero_negbin  [3] 0 with probability sigmoid(o2), else negbin
     *       tweedie      [2] mean s(o0) and dispersion s(o1) + LEAST_SPREAD of y / scale; `curve` is that of its power
     *     For counts and tweedie y >= 0 and loc is not read. Softplus and sigmoid are those of float, all else is
     *     double: a gradient is right to some 1e-6 of itself and of the terms it is made of (tweedie: 1e-5, as its
     *     curve is), and within +-1e15.
     */
    double (*cross_entropy)(int64_t rows, int64_t n, float *x, int64_t ldx, const int32_t *label, const float *weight,
                            const float *class_weight, float smoothing, float factor);
    double (*quantile_loss)(int64_t forks, int64_t horizon, int64_t width, int64_t middle, const float *levels,
                            float *out, const float *y, const float *weight, const float *loc, const float *scale,
                            float factor);
    double (*point_loss)(seqd_point_loss kind, int64_t forks, int64_t horizon, float *out, const float *y,
                         const float *weight, const float *loc, const float *scale, float delta, float factor);

    double (*law_loss)(seqd_law law, int64_t forks, int64_t horizon, float *out, const float *y, const float *weight,
                       const float *loc, const float *scale, float factor, const seqd_tweedie_curve *curve);

    /*
     * mask[i] = bits(key, i) < threshold ? 0 : keep. bits is a fixed hash of the key and of i to 32 bits, the same at
     * every level: a share of threshold / 2^32 is dropped. n < 2^32.
     */
    void (*dropout_mask)(int64_t n, uint64_t key, uint32_t threshold, float keep, float *mask);

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

    /* n floats from x on will be read soon: starts to bring them into the second-level cache. Changes nothing. */
    void (*prefetch)(int64_t n, const float *x);

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
    /*
     *   adamw:   adam, after w -= rate decay w (decoupled decay, Loshchilov & Hutter 2019)
     *   rmsprop: v = rho v + (1-rho) g^2; b = momentum b + g / (sqrt(v) + eps); w -= rate b. b NULL: no momentum
     */
    void (*adamw)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1, float b2,
                  float eps, float c1, float c2, float decay);
    void (*rmsprop)(int64_t n, float *w, const float *g, float *v, float *b, float factor, float rate, float rho,
                    float momentum, float eps);
    void (*blend)(int64_t n, float a, float *y, float b, const float *x);            /* y = a y + b x */
    void (*penalty)(int64_t n, float l1, float l2, const float *w, float *g);        /* g += l1 sign(w) + l2 w */
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
