/* SPDX-License-Identifier: Apache-2.0 */
#include "avx2/avx2.h"
#include "avx512.h"

/*
 * Entries of the level below, which this one implies: packing, whose form is the same, and what waits for memory or for
 * its own sums and is faster there (times in kernels/README.md).
 */
const seqd_kernels seqd_kernels_avx512 = {
    .level = "avx512",
    .gemm_packed_size = seqd_avx2_gemm_packed_size,
    .gemm_pack = seqd_avx2_gemm_pack,
    .gemm = seqd_avx512_gemm,
    .gemm_tn_scratch = seqd_avx512_gemm_tn_scratch,
    .gemm_tn = seqd_avx512_gemm_tn,
    .lstm_forward = seqd_avx512_lstm_forward,
    .lstm_backward = seqd_avx512_lstm_backward,
    .gru_forward = seqd_avx512_gru_forward,
    .gru_backward = seqd_avx512_gru_backward,
    .exp = seqd_avx512_exp,
    .log1p = seqd_avx512_log1p,
    .sigmoid = seqd_avx512_sigmoid,
    .tanh = seqd_avx512_tanh,
    .softplus = seqd_avx512_softplus,
    .relu = seqd_avx512_relu,
    .relu_backward = seqd_avx512_relu_backward,
    .add = seqd_avx2_add,
    .multiply = seqd_avx2_multiply,
    .scale = seqd_avx512_scale,
    .add_rows = seqd_avx512_add_rows,
    .sum = seqd_avx2_sum,
    .dot = seqd_avx2_dot,
    .sum_squares = seqd_avx2_sum_squares,
    .all_finite = seqd_avx512_all_finite,
    .sgd = seqd_avx512_sgd,
    .adam = seqd_avx512_adam,
};
