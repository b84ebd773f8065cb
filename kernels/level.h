/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Declares the kernels of one level: the header that includes this has defined LEVEL(name), the level's name of a
 * kernel, and takes it back afterwards. So there is no guard. A level that takes a kernel from the level below does not
 * define it.
 */

size_t LEVEL(gemm_packed_size)(int64_t k, int64_t n);
void LEVEL(gemm_pack)(int64_t k, int64_t n, const float *b, int64_t ldb, int transposed, float *packed);
void LEVEL(gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                 int64_t ldc, int accumulate, const float *bias);
void LEVEL(gemm_row)(int64_t n, int64_t k, const float *a, const float *packed, float *c, int accumulate,
                     const float *bias, int backwards);
void LEVEL(gemm_pair)(int64_t m, int64_t n, const seqd_factors *first, const seqd_factors *second, float *c,
                      int64_t ldc, int accumulate, const float *bias);
size_t LEVEL(gemm_tn_scratch)(int64_t m, int64_t n, int64_t k);
void LEVEL(gemm_tn)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float *c, int64_t ldc, float *scratch);

void LEVEL(lstm_forward)(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                         float *hidden, int64_t ldh);
void LEVEL(lstm_backward)(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                          const float *dh, int64_t ldh, float *dc, float *dgates);
void LEVEL(gru_forward)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                        float *hidden, int64_t ldh);
void LEVEL(gru_backward)(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                         int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev);

void LEVEL(exp)(int64_t n, const float *x, float *y);
void LEVEL(log1p)(int64_t n, const float *x, float *y);
void LEVEL(sigmoid)(int64_t n, const float *x, float *y);
void LEVEL(tanh)(int64_t n, const float *x, float *y);
void LEVEL(softplus)(int64_t n, const float *x, float *y);

void LEVEL(relu)(int64_t n, const float *x, float *y);
void LEVEL(relu_backward)(int64_t n, const float *y, float *dy);
void LEVEL(add)(int64_t n, const float *x, float *y);
void LEVEL(multiply)(int64_t n, const float *x, float *y);
void LEVEL(scale)(int64_t n, float factor, float *y);
void LEVEL(add_rows)(int64_t rows, int64_t n, const float *a, int64_t lda, float *y);

double LEVEL(sum)(int64_t n, const float *x);
double LEVEL(dot)(int64_t n, const float *x, const float *y);
double LEVEL(sum_squares)(int64_t n, const float *x);
void LEVEL(prefetch)(int64_t n, const float *x);
bool LEVEL(all_finite)(int64_t n, const float *x);

void LEVEL(sgd)(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum);
void LEVEL(adam)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                 float b2, float eps, float c1, float c2);

void LEVEL(rnn_forward)(int64_t rows, int64_t h, int relu, const float *gates, float *hidden, int64_t ldh);
void LEVEL(rnn_backward)(int64_t rows, int64_t h, int relu, const float *hidden, int64_t ldh, const float *dh,
                         int64_t ldd, float *dgates);
void LEVEL(gru_before_gates)(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                             float *reset);
void LEVEL(gru_before_new)(int64_t rows, int64_t h, float *xg, const float *un, const float *h_prev, int64_t ldp,
                           float *hidden, int64_t ldh);
void LEVEL(gru_before_new_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                    const float *dh, int64_t ldd, float *dxg, float *dh_prev);
void LEVEL(gru_before_gates_backward)(int64_t rows, int64_t h, const float *rzn, const float *h_prev, int64_t ldp,
                                      const float *dreset, float *dxg, float *dh_prev);

void LEVEL(softmax)(int64_t rows, int64_t n, const float *x, int64_t ldx, const int32_t *begin, const int32_t *end,
                    float *y, int64_t ldy);
void LEVEL(softmax_backward)(int64_t rows, int64_t n, const float *y, int64_t ldy, const int32_t *begin,
                             const int32_t *end, const float *dy, int64_t ldd, float *dx, int64_t ldx);
void LEVEL(attention_additive_prepare)(int64_t n, const float *x, float *y);
void LEVEL(attention_additive_forward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                       int64_t ldk, const float *v, float *e);
void LEVEL(attention_additive_backward)(int64_t begin, int64_t end, int64_t size, const float *q, const float *keys,
                                        int64_t ldk, const float *v, const float *de, float *dq, float *dkeys,
                                        int64_t lddk, float *dv);
void LEVEL(weighted_sum)(int64_t begin, int64_t end, int64_t size, const float *a, const float *values, int64_t ldv,
                         float *y, int accumulate);
void LEVEL(row_dots)(int64_t begin, int64_t end, int64_t size, float factor, const float *x, const float *values,
                     int64_t ldv, float *e);
void LEVEL(add_outer)(int64_t begin, int64_t end, int64_t size, float factor, const float *a, const float *x,
                      float *values, int64_t ldv);

void LEVEL(layer_norm)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma, const float *beta,
                       float eps, float *y, int64_t ldy, float *mean, float *rstd);
void LEVEL(layer_norm_backward)(int64_t rows, int64_t n, const float *x, int64_t ldx, const float *gamma,
                                const float *mean, const float *rstd, const float *dy, int64_t ldd, float *dx,
                                int64_t ldo, float *dgamma, float *dbeta);

double LEVEL(cross_entropy)(int64_t rows, int64_t n, float *x, int64_t ldx, const int32_t *label, const float *weight,
                            const float *class_weight, float smoothing, float factor);
double LEVEL(quantile_loss)(int64_t forks, int64_t horizon, int64_t width, int64_t middle, const float *levels,
                            float *out, const float *y, const float *weight, const float *loc, const float *scale,
                            float factor);
double LEVEL(point_loss)(seqd_point_loss kind, int64_t forks, int64_t horizon, float *out, const float *y,
                         const float *weight, const float *loc, const float *scale, float delta, float factor);
double LEVEL(law_loss)(seqd_law law, int64_t forks, int64_t horizon, float *out, const float *y, const float *weight,
                       const float *loc, const float *scale, float factor, const seqd_tweedie_curve *curve);
void LEVEL(dropout_mask)(int64_t n, uint64_t key, uint32_t threshold, float keep, float *mask);

void LEVEL(adamw)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1, float b2,
                  float eps, float c1, float c2, float decay);
void LEVEL(rmsprop)(int64_t n, float *w, const float *g, float *v, float *b, float factor, float rate, float rho,
                    float momentum, float eps);
void LEVEL(blend)(int64_t n, float a, float *y, float b, const float *x);
void LEVEL(penalty)(int64_t n, float l1, float l2, const float *w, float *g);
