/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "checkkern.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* Wrong kernels, one for each way of being wrong. A run with one of them must fail, or the checks check nothing. */
static seqd_kernels sound;

/* a small error in the last element */
static void wrong_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                       int64_t ldc, int accumulate, const float *bias)
{
    sound.gemm(m, n, k, a, lda, packed, c, ldc, accumulate, bias);
    if (m > 3 && n > 9) {
        c[(m - 1) * ldc + n - 1] *= 1.0f + 0x1p-16f;
    }
}

/* the last term of each sum left out */
static void wrong_gemm_tn(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                          float *c, int64_t ldc, float *scratch)
{
    sound.gemm_tn(m, n, k > 300 ? k - 1 : k, a, lda, b, ldb, c, ldc, scratch);
}

/* one last bit, which only the comparison with the level below can see */
static void wrong_lstm_forward(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                               float *hidden, int64_t ldh)
{
    sound.lstm_forward(rows, h, gates, c_prev, c, tanh_c, hidden, ldh);
    if (rows > 2 && h > 4) {
        uint32_t bits;
        memcpy(&bits, &hidden[ldh + 3], sizeof(bits));
        bits ^= 1u;
        memcpy(&hidden[ldh + 3], &bits, sizeof(bits));
    }
}

/* the sign of one gradient */
static void wrong_lstm_backward(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                                const float *dh, int64_t ldh, float *dc, float *dgates)
{
    sound.lstm_backward(rows, h, gates, c_prev, tanh_c, dh, ldh, dc, dgates);
    if (rows > 0 && h > 0) {
        dgates[h] = -dgates[h];
    }
}

/* five units in the last place, far from zero only */
static void wrong_tanh(int64_t n, const float *x, float *y)
{
    sound.tanh(n, x, y);
    for (int64_t i = 0; i < n; i++) {
        if (y[i] > 0.75f && y[i] < 0.875f) {
            y[i] += 5.0f * 0x1p-24f;
        }
    }
}

/* NaN lost */
static void wrong_relu(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = x[i] > 0.0f ? x[i] : 0.0f;
    }
}

/* one float too far, written back as it was found */
static void wrong_add(int64_t n, const float *x, float *y)
{
    sound.add(n, x, y);
    volatile float *behind = y + n;
    *behind = *behind;
}

/* one float before its array */
static void wrong_multiply(int64_t n, const float *x, float *y)
{
    sound.multiply(n, x, y);
    volatile float *before = y;
    before[-1] = 0.0f;
}

/* leaves flush-to-zero on */
static void wrong_scale(int64_t n, float factor, float *y)
{
    sound.scale(n, factor, y);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8000u);
#else
    y[0] = -y[0];
#endif
}

/* an instruction that does not exist */
static double wrong_sum(int64_t n, const float *x)
{
    (void)n;
    (void)x;
    __builtin_trap();
}

static bool wrong_all_finite(int64_t n, const float *x)
{
    return n > 0 && n % 8 == 1 ? sound.all_finite(n - 1, x) : sound.all_finite(n, x);
}

/* the stride of the second array taken for that of the first */
static void wrong_add_rows(int64_t rows, int64_t n, const float *a, int64_t lda, float *y)
{
    (void)lda;
    sound.add_rows(rows, n, a, n, y);
}

/* where a range ends is not asked */
static void wrong_softmax(int64_t rows, int64_t n, const float *x, int64_t ldx, const int32_t *begin,
                          const int32_t *end, float *y, int64_t ldy)
{
    (void)end;
    sound.softmax(rows, n, x, ldx, begin, NULL, y, ldy);
}

/* the step that is left when they are taken by twos is left out */
static void wrong_additive_backward(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                    int64_t ldk, const float *v, const float *de, float *dq, float *dkeys,
                                    int64_t lddk, float *dv)
{
    const int64_t last = end - (end - begin) % 2;
    sound.attention_additive_backward(begin, last, size, q, keys, ldk, v, de, dq, dkeys, lddk, dv);
}

/* each fork is scaled as the first */
static double wrong_quantile_loss(int64_t forks, int64_t horizon, int64_t width, int64_t middle, const float *levels,
                                  float *out, const float *y, const float *weight, const float *loc,
                                  const float *scale, float factor)
{
    return sound.quantile_loss(forks > 0, forks * horizon, width, middle, levels, out, y, weight, loc, scale, factor);
}

/* dispersion as if 17 were 16: the place where a case of its own ends */
static double wrong_law_loss(seqd_law law, int64_t forks, int64_t horizon, float *out, const float *y,
                             const float *weight, const float *loc, const float *scale, float factor,
                             const seqd_tweedie_curve *curve)
{
    const double loss = sound.law_loss(law, forks, horizon, out, y, weight, loc, scale, factor, curve);
    for (int64_t i = 0; i < forks * horizon && law == SEQD_LAW_NEGBIN; i++) {
        out[2 * i + 1] *= y[i] == 17.0f ? 16.0f / 17.0f : 1.0f;
    }
    return loss;
}

/* the same bits for two keys */
static void wrong_dropout_mask(int64_t n, uint64_t key, uint32_t threshold, float keep, float *mask)
{
    sound.dropout_mask(n, key | 1u, threshold, keep, mask);
}

/* the gradient of beta is written and not added to */
static void wrong_layer_norm_backward(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma,
                                      const float *mean, const float *rstd, const float *dy, int64_t ldd, float *dx,
                                      int64_t ldo, float *dgamma, float *dbeta)
{
    for (int64_t i = 0; i < n; i++) {
        dbeta[i] = 0.0f;
    }
    sound.layer_norm_backward(rows, n, x, ldx, gamma, mean, rstd, dy, ldd, dx, ldo, dgamma, dbeta);
}

static const char *const plants[] = {
    "gemm",       "gemm_tn",  "lstm_forward", "lstm_backward", "tanh",          "relu",         "add",
    "multiply",   "scale",    "sum",          "all_finite",    "add_rows",      "softmax",      "quantile_loss",
    "law_loss", "dropout_mask", "attention_additive_backward", "layer_norm_backward"};

bool check_plant(seqd_kernels *kernels, const char *function)
{
    bool known = false;
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
        known = known || strcmp(plants[i], function) == 0;
    }
    if (!known) {
        return false;
    }
    sound = *kernels;
    seqd_kernels wrong = sound;
    wrong.gemm = wrong_gemm;
    wrong.gemm_tn = wrong_gemm_tn;
    wrong.lstm_forward = wrong_lstm_forward;
    wrong.lstm_backward = wrong_lstm_backward;
    wrong.tanh = wrong_tanh;
    wrong.relu = wrong_relu;
    wrong.add = wrong_add;
    wrong.multiply = wrong_multiply;
    wrong.scale = wrong_scale;
    wrong.sum = wrong_sum;
    wrong.all_finite = wrong_all_finite;
    wrong.add_rows = wrong_add_rows;
    wrong.softmax = wrong_softmax;
    wrong.quantile_loss = wrong_quantile_loss;
    wrong.law_loss = wrong_law_loss;
    wrong.dropout_mask = wrong_dropout_mask;
    wrong.attention_additive_backward = wrong_additive_backward;
    wrong.layer_norm_backward = wrong_layer_norm_backward;
#define TAKE(name)                          \
    if (strcmp(function, #name) == 0) {     \
        kernels->name = wrong.name;         \
    }
    TAKE(gemm)
    TAKE(gemm_tn)
    TAKE(lstm_forward)
    TAKE(lstm_backward)
    TAKE(tanh)
    TAKE(relu)
    TAKE(add)
    TAKE(multiply)
    TAKE(scale)
    TAKE(sum)
    TAKE(all_finite)
    TAKE(add_rows)
    TAKE(softmax)
    TAKE(quantile_loss)
    TAKE(law_loss)
    TAKE(dropout_mask)
    TAKE(attention_additive_backward)
    TAKE(layer_norm_backward)
    return true;
}

const char *check_plant_names(void)
{
    return "gemm gemm_tn lstm_forward lstm_backward tanh relu add multiply scale sum all_finite add_rows softmax "
           "quantile_loss law_loss dropout_mask attention_additive_backward layer_norm_backward";
}
