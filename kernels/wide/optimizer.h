/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For every vector level: the file that includes this has included the level's header first, which gives `vec`, its
 * operations and WIDE(name), the level's name of a kernel.
 */

typedef struct sgd_terms {
    vec factor, rate, momentum;
} sgd_terms;

SEQD_INLINE void sgd_part(const sgd_terms *s, float *w, const float *g, float *v, int full, vec_mask mask)
{
    vec step = vec_mul(s->factor, vec_load(g, full, mask));
    vec velocity = vec_fma(s->momentum, vec_load(v, full, mask), step);
    vec_store(v, velocity, full, mask);
    vec_store(w, vec_fnma(s->rate, velocity, vec_load(w, full, mask)), full, mask);
}

void WIDE(sgd)(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum)
{
    const sgd_terms s = {vec_all(factor), vec_all(rate), vec_all(momentum)};
    const vec_mask rest = vec_first(n % VEC_WIDTH);
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        sgd_part(&s, w + i, g + i, v + i, 1, rest);
    }
    if (i < n) {
        sgd_part(&s, w + i, g + i, v + i, 0, rest);
    }
}

typedef struct adam_terms {
    vec factor, step, b1, b2, rest1, rest2, eps, c2;
} adam_terms;

SEQD_INLINE void adam_part(const adam_terms *s, float *w, const float *g, float *m, float *v, int full, vec_mask mask)
{
    vec d = vec_mul(s->factor, vec_load(g, full, mask));
    vec mean = vec_fma(s->b1, vec_load(m, full, mask), vec_mul(s->rest1, d));
    vec square = vec_fma(s->b2, vec_load(v, full, mask), vec_mul(s->rest2, vec_mul(d, d)));
    vec_store(m, mean, full, mask);
    vec_store(v, square, full, mask);
    vec size = vec_add(vec_sqrt(vec_div(square, s->c2)), s->eps);
    vec move = vec_div(vec_mul(s->step, mean), size);
    vec_store(w, vec_sub(vec_load(w, full, mask), move), full, mask);
}

void WIDE(adam)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                float b2, float eps, float c1, float c2)
{
    const adam_terms s = {vec_all(factor),    vec_all(rate / c1),  vec_all(b1),
                          vec_all(b2),        vec_all(1.0f - b1), vec_all(1.0f - b2),
                          vec_all(eps),       vec_all(c2)};
    const vec_mask rest = vec_first(n % VEC_WIDTH);
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        adam_part(&s, w + i, g + i, m + i, v + i, 1, rest);
    }
    if (i < n) {
        adam_part(&s, w + i, g + i, m + i, v + i, 0, rest);
    }
}
