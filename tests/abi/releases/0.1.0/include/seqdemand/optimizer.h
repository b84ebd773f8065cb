/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_OPTIMIZER_H
#define SEQDEMAND_OPTIMIZER_H

#include <seqdemand/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The rule by which gradients move parameters, with its moments. Options `optimizer`, `learning_rate`, `momentum`,
 * `beta1`, `beta2`, `epsilon`, `weight_decay`, `rho`, `l1`, `l2`, `freeze`, `schedule`, `warmup_steps`, `step_size`,
 * `step_gamma`, `plateau_factor`, `plateau_patience`.
 *
 *   sgd      v <- momentum v + g;  w <- w - lr v
 *   adam     m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g^2; w <- w - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
 *   adamw    w <- w - lr weight_decay w, then as adam
 *   rmsprop  v <- rho v + (1-rho) g^2; w <- w - lr g / (sqrt(v) + eps)
 *
 * (Kingma & Ba 2015, with epsilon outside the corrected root, as torch.optim.Adam; Loshchilov & Hutter 2019, as
 * torch.optim.AdamW; torch.optim.RMSprop without momentum.) g is the gradient of the mean loss, clipped to option
 * `grad_clip`, to which l2 w + l1 sign(w) is added. These penalties and the decay are for weights, which are the
 * parameters of rank 2, embeddings among them; biases are left alone. Losses that are told are without penalties.
 *
 * Option `freeze` names parameters that are not moved: their bits stay, and their gradient does not count in the norm
 * that is clipped. `schedule=plateau` cuts the rate by `plateau_factor` once more than `plateau_patience` validation
 * rounds in a row did not bring the lowest value so far (torch's ReduceLROnPlateau with a threshold of 0).
 *
 * One thread at a time.
 */
typedef struct seqd_optimizer seqd_optimizer;

/*
 * Errors: SEQD_E_OPTION (a pattern of `freeze` that no parameter has, nothing left to train, a setting that has no
 * effect with the others), SEQD_E_NOMEM, SEQD_E_LIMIT.
 */
SEQD_API int32_t seqd_optimizer_create(seqd_model *model, const seqd_options *options, seqd_optimizer **out,
                                       seqd_error *error);
SEQD_API void seqd_optimizer_release(seqd_optimizer *optimizer);
/* Steps taken since it was made. */
SEQD_API int64_t seqd_optimizer_steps(const seqd_optimizer *optimizer);

#ifdef __cplusplus
}
#endif

#endif
