/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_AVX512_H
#define SEQD_KERNELS_AVX512_H

#include "kernels.h"

/* The AVX-512 level: the sums and formulas of avx2 in vectors of 16, with the same bits. Contracts: kernels.h. */

void seqd_avx512_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *packed, float *c,
                      int64_t ldc, int accumulate, const float *bias);
size_t seqd_avx512_gemm_tn_scratch(int64_t m, int64_t n, int64_t k);
void seqd_avx512_gemm_tn(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                         float *c, int64_t ldc, float *scratch);

void seqd_avx512_lstm_forward(int64_t rows, int64_t h, float *gates, const float *c_prev, float *c, float *tanh_c,
                              float *hidden, int64_t ldh);
void seqd_avx512_lstm_backward(int64_t rows, int64_t h, const float *gates, const float *c_prev, const float *tanh_c,
                               const float *dh, int64_t ldh, float *dc, float *dgates);
void seqd_avx512_gru_forward(int64_t rows, int64_t h, float *xg, const float *hg, const float *h_prev, int64_t ldp,
                             float *hidden, int64_t ldh);
void seqd_avx512_gru_backward(int64_t rows, int64_t h, const float *rzn, const float *hg, const float *h_prev,
                              int64_t ldp, const float *dh, int64_t ldh, float *dxg, float *dhg, float *dh_prev);

void seqd_avx512_exp(int64_t n, const float *x, float *y);
void seqd_avx512_log1p(int64_t n, const float *x, float *y);
void seqd_avx512_sigmoid(int64_t n, const float *x, float *y);
void seqd_avx512_tanh(int64_t n, const float *x, float *y);
void seqd_avx512_softplus(int64_t n, const float *x, float *y);

void seqd_avx512_relu(int64_t n, const float *x, float *y);
void seqd_avx512_relu_backward(int64_t n, const float *y, float *dy);
void seqd_avx512_scale(int64_t n, float factor, float *y);
void seqd_avx512_add_rows(int64_t rows, int64_t n, const float *a, int64_t lda, float *y);
bool seqd_avx512_all_finite(int64_t n, const float *x);

void seqd_avx512_sgd(int64_t n, float *w, const float *g, float *v, float factor, float rate, float momentum);
void seqd_avx512_adam(int64_t n, float *w, const float *g, float *m, float *v, float factor, float rate, float b1,
                      float b2, float eps, float c1, float c2);

extern const seqd_kernels seqd_kernels_avx512;

#endif
