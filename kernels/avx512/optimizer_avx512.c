/* SPDX-License-Identifier: Apache-2.0 */
#include "avx512.h"
#include "vec_avx512.h"

typedef struct sgd_terms {
    __m512 factor, rate, momentum;
} sgd_terms;

SEQD_INLINE void sgd16(const sgd_terms *s, float *w, const float *g, float *v, int full, __mmask16 mask)
{
    __m512 step = _mm512_mul_ps(s->factor, load16(g, full, mask));
    __m512 velocity = _mm512_fmadd_ps(s->momentum, load16(v, full, mask), step);
    store16(v, velocity, full, mask);
    store16(w, _mm512_fnmadd_ps(s->rate, velocity, load16(w, full, mask)), full, mask);
}

void seqd_avx512_sgd(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum)
{
    const sgd_terms s = {_mm512_set1_ps(factor), _mm512_set1_ps(rate), _mm512_set1_ps(momentum)};
    const __mmask16 rest = mask16(n & 15);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        sgd16(&s, w + i, g + i, v + i, 1, rest);
    }
    if (i < n) {
        sgd16(&s, w + i, g + i, v + i, 0, rest);
    }
}

typedef struct adam_terms {
    __m512 factor, step, b1, b2, rest1, rest2, eps, c2;
} adam_terms;

SEQD_INLINE void adam16(const adam_terms *s, float *w, const float *g, float *m, float *v, int full, __mmask16 mask)
{
    __m512 d = _mm512_mul_ps(s->factor, load16(g, full, mask));
    __m512 mean = _mm512_fmadd_ps(s->b1, load16(m, full, mask), _mm512_mul_ps(s->rest1, d));
    __m512 square = _mm512_fmadd_ps(s->b2, load16(v, full, mask), _mm512_mul_ps(s->rest2, _mm512_mul_ps(d, d)));
    store16(m, mean, full, mask);
    store16(v, square, full, mask);
    __m512 size = _mm512_add_ps(_mm512_sqrt_ps(_mm512_div_ps(square, s->c2)), s->eps);
    __m512 move = _mm512_div_ps(_mm512_mul_ps(s->step, mean), size);
    store16(w, _mm512_sub_ps(load16(w, full, mask), move), full, mask);
}

void seqd_avx512_adam(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                      float b2, float eps, float c1, float c2)
{
    const adam_terms s = {_mm512_set1_ps(factor),    _mm512_set1_ps(rate / c1),  _mm512_set1_ps(b1),
                          _mm512_set1_ps(b2),        _mm512_set1_ps(1.0f - b1), _mm512_set1_ps(1.0f - b2),
                          _mm512_set1_ps(eps),       _mm512_set1_ps(c2)};
    const __mmask16 rest = mask16(n & 15);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        adam16(&s, w + i, g + i, m + i, v + i, 1, rest);
    }
    if (i < n) {
        adam16(&s, w + i, g + i, m + i, v + i, 0, rest);
    }
}
