/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_CONFIGURE_TASK_H
#define SEQD_MODEL_CONFIGURE_TASK_H

#include "model.h"

/* Tasks on events, and the bodies that read all steps at once. */

/* Replaces automatic settings by what the data ask for. SEQD_E_OPTION, SEQD_E_DATA as seqd_model_resolve. */
int32_t seqd_model_resolve_task(seqd_options *options, const seqd_dataset *dataset, seqd_error *error);
/* Heads of counts see labels in units of their mean; others keep mean and deviation. */
void seqd_model_scale_labels(const seqd_options *options, seqd_features *features);

/* The width of the embedding of a column of so many categories: option embedding_size, or what is usual. */
int32_t seqd_embedding_width(const seqd_options *options, int32_t column, int32_t count);
/* Is the model mlp, linear or logistic? */
bool seqd_model_is_flat(const seqd_options *options);
/* Their body. */
int32_t seqd_configure_flat(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                            seqd_error *error);
/* A network for events; its body and, of a number, its head are configured already. */
int32_t seqd_configure_task(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                            seqd_error *error);

#endif
