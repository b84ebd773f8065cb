/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_OPTIMIZER_H
#define SEQDEMAND_OPTIMIZER_H

#include <seqdemand/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The rule by which gradients move parameters, with its moments. Options `optimizer`, `learning_rate`, `momentum`,
 * `beta1`, `beta2`, `epsilon`, `schedule`, `warmup_steps`, `step_size`, `step_gamma`.
 *
 *   sgd   v <- momentum v + g;  w <- w - lr v
 *   adam  m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g^2; w <- w - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
 *
 * (Kingma & Ba 2015, with epsilon outside the corrected root, as torch.optim.Adam.) One thread at a time.
 */
typedef struct seqd_optimizer seqd_optimizer;

/* Errors: SEQD_E_NOMEM, SEQD_E_LIMIT. */
SEQD_API int32_t seqd_optimizer_create(seqd_model *model, const seqd_options *options, seqd_optimizer **out,
                                       seqd_error *error);
SEQD_API void seqd_optimizer_release(seqd_optimizer *optimizer);
/* Steps taken since it was made. */
SEQD_API int64_t seqd_optimizer_steps(const seqd_optimizer *optimizer);

#ifdef __cplusplus
}
#endif

#endif
