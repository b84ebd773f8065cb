/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2.h"
#include "vec_avx2.h"

typedef struct sgd_terms {
    __m256 factor, rate, momentum;
} sgd_terms;

SEQD_INLINE void sgd8(const sgd_terms *s, float *w, const float *g, float *v, int full, __m256i mask)
{
    __m256 step = _mm256_mul_ps(s->factor, load8(g, full, mask));
    __m256 velocity = _mm256_fmadd_ps(s->momentum, load8(v, full, mask), step);
    store8(v, velocity, full, mask);
    store8(w, _mm256_fnmadd_ps(s->rate, velocity, load8(w, full, mask)), full, mask);
}

void seqd_avx2_sgd(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum)
{
    const sgd_terms s = {_mm256_set1_ps(factor), _mm256_set1_ps(rate), _mm256_set1_ps(momentum)};
    const __m256i rest = mask8(n & 7);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        sgd8(&s, w + i, g + i, v + i, 1, rest);
    }
    if (i < n) {
        sgd8(&s, w + i, g + i, v + i, 0, rest);
    }
}

typedef struct adam_terms {
    __m256 factor, step, b1, b2, rest1, rest2, eps, c2;
} adam_terms;

SEQD_INLINE void adam8(const adam_terms *s, float *w, const float *g, float *m, float *v, int full, __m256i mask)
{
    __m256 d = _mm256_mul_ps(s->factor, load8(g, full, mask));
    __m256 mean = _mm256_fmadd_ps(s->b1, load8(m, full, mask), _mm256_mul_ps(s->rest1, d));
    __m256 square = _mm256_fmadd_ps(s->b2, load8(v, full, mask), _mm256_mul_ps(s->rest2, _mm256_mul_ps(d, d)));
    store8(m, mean, full, mask);
    store8(v, square, full, mask);
    __m256 size = _mm256_add_ps(_mm256_sqrt_ps(_mm256_div_ps(square, s->c2)), s->eps);
    __m256 move = _mm256_div_ps(_mm256_mul_ps(s->step, mean), size);
    store8(w, _mm256_sub_ps(load8(w, full, mask), move), full, mask);
}

void seqd_avx2_adam(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                    float b2, float eps, float c1, float c2)
{
    const adam_terms s = {_mm256_set1_ps(factor),    _mm256_set1_ps(rate / c1),  _mm256_set1_ps(b1),
                          _mm256_set1_ps(b2),        _mm256_set1_ps(1.0f - b1), _mm256_set1_ps(1.0f - b2),
                          _mm256_set1_ps(eps),       _mm256_set1_ps(c2)};
    const __m256i rest = mask8(n & 7);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        adam8(&s, w + i, g + i, m + i, v + i, 1, rest);
    }
    if (i < n) {
        adam8(&s, w + i, g + i, m + i, v + i, 0, rest);
    }
}
