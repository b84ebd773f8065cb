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
    vec shrink; /* of the decay before the step */
} adam_terms;

SEQD_INLINE void adam_part(const adam_terms *s, float *w, const float *g, float *m, float *v, const int decays,
                           int full, vec_mask mask)
{
    vec d = vec_mul(s->factor, vec_load(g, full, mask));
    vec mean = vec_fma(s->b1, vec_load(m, full, mask), vec_mul(s->rest1, d));
    vec square = vec_fma(s->b2, vec_load(v, full, mask), vec_mul(s->rest2, vec_mul(d, d)));
    vec_store(m, mean, full, mask);
    vec_store(v, square, full, mask);
    vec size = vec_add(vec_sqrt(vec_div(square, s->c2)), s->eps);
    vec move = vec_div(vec_mul(s->step, mean), size);
    vec weight = vec_load(w, full, mask);
    weight = decays ? vec_fnma(s->shrink, weight, weight) : weight;
    vec_store(w, vec_sub(weight, move), full, mask);
}

SEQD_INLINE void adam_steps(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                            float b2, float eps, float c1, float c2, const int decays, float decay)
{
    const adam_terms s = {vec_all(factor),    vec_all(rate / c1), vec_all(b1),  vec_all(b2), vec_all(1.0f - b1),
                          vec_all(1.0f - b2), vec_all(eps),       vec_all(c2),  vec_all(rate * decay)};
    const vec_mask rest = vec_first(n % VEC_WIDTH);
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        adam_part(&s, w + i, g + i, m + i, v + i, decays, 1, rest);
    }
    if (i < n) {
        adam_part(&s, w + i, g + i, m + i, v + i, decays, 0, rest);
    }
}

void WIDE(adam)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                float b2, float eps, float c1, float c2)
{
    adam_steps(n, w, g, m, v, factor, rate, b1, b2, eps, c1, c2, 0, 0.0f);
}

void WIDE(adamw)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1, float b2,
                 float eps, float c1, float c2, float decay)
{
    adam_steps(n, w, g, m, v, factor, rate, b1, b2, eps, c1, c2, 1, decay);
}

typedef struct rmsprop_terms {
    vec factor, rate, rho, rest, momentum, eps;
} rmsprop_terms;

SEQD_INLINE void rmsprop_part(const rmsprop_terms *s, float *w, const float *g, float *v, float *b, int full,
                              vec_mask mask)
{
    const vec d = vec_mul(s->factor, vec_load(g, full, mask));
    const vec square = vec_fma(s->rho, vec_load(v, full, mask), vec_mul(s->rest, vec_mul(d, d)));
    vec_store(v, square, full, mask);
    vec move = vec_div(d, vec_add(vec_sqrt(square), s->eps));
    if (b != NULL) {
        move = vec_fma(s->momentum, vec_load(b, full, mask), move);
        vec_store(b, move, full, mask);
    }
    vec_store(w, vec_fnma(s->rate, move, vec_load(w, full, mask)), full, mask);
}

void WIDE(rmsprop)(int64_t n, float *w, const float *g, float *v, float *b, float factor, float rate, float rho,
                   float momentum, float eps)
{
    const rmsprop_terms s = {vec_all(factor),     vec_all(rate),     vec_all(rho),
                             vec_all(1.0f - rho), vec_all(momentum), vec_all(eps)};
    const vec_mask rest = vec_first(n % VEC_WIDTH);
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        rmsprop_part(&s, w + i, g + i, v + i, b != NULL ? b + i : NULL, 1, rest);
    }
    if (i < n) {
        rmsprop_part(&s, w + i, g + i, v + i, b != NULL ? b + i : NULL, 0, rest);
    }
}

SEQD_INLINE void blend_part(vec a, float *y, vec b, const float *x, int full, vec_mask mask)
{
    vec_store(y, vec_fma(a, vec_load(y, full, mask), vec_mul(b, vec_load(x, full, mask))), full, mask);
}

void WIDE(blend)(int64_t n, float a, float *y, float b, const float *x)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        blend_part(vec_all(a), y + i, vec_all(b), x + i, 1, VEC_NONE);
    }
    if (i < n) {
        blend_part(vec_all(a), y + i, vec_all(b), x + i, 0, vec_first(n - i));
    }
}

SEQD_INLINE void penalty_part(vec l1, vec l2, const float *w, float *g, int full, vec_mask mask)
{
    const vec zero = vec_all(0.0f), weight = vec_load(w, full, mask);
    const vec below = vec_select(vec_greater(zero, weight), vec_sub(zero, l1), zero);
    const vec sign = vec_select(vec_greater(weight, zero), l1, below);
    vec_store(g, vec_add(vec_load(g, full, mask), vec_fma(l2, weight, sign)), full, mask);
}

void WIDE(penalty)(int64_t n, float l1, float l2, const float *w, float *g)
{
    int64_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        penalty_part(vec_all(l1), vec_all(l2), w + i, g + i, 1, VEC_NONE);
    }
    if (i < n) {
        penalty_part(vec_all(l1), vec_all(l2), w + i, g + i, 0, vec_first(n - i));
    }
}
