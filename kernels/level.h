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
bool LEVEL(all_finite)(int64_t n, const float *x);

void LEVEL(sgd)(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum);
void LEVEL(adam)(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                 float b2, float eps, float c1, float c2);
