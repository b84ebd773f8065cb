/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_ADAPT_H
#define SEQD_MODEL_ADAPT_H

#include "model.h"

/*
 * A model for other data and options that starts from the weights of one that was trained.
 *   _features  of a model under way, whose features were built from the new data: scaling, statistics, lags and calendar
 *              become those of the old one, dictionaries of a panel the union of both. SEQD_E_DATA: other columns.
 *   _weights   over the start values: tensors of the same name and shape, rows of embeddings by category; outputs only
 *              where the head is the same.
 */
int32_t seqd_adapt_features(const seqd_model *from, seqd_model *model, seqd_error *error);
void seqd_adapt_weights(const seqd_model *from, seqd_model *model);

#endif
