/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_API_NETWORKS_H
#define SEQD_API_NETWORKS_H

#include <seqdemand/cross.h>
#include <seqdemand/evaluation.h>

/*
 * Evaluation sees forecasts only: here networks are trained for it. A backtest whose progress is told as
 * "title 2/3 lstm".
 */
int32_t seqd_network_backtest(seqd_dataset *dataset, const seqd_options *options, const char *models,
                              const char *title, seqd_backtest **out, seqd_error *error);
/* The same of a cross-validation over sequences: "title 2/5". */
int32_t seqd_network_cross_validate(seqd_dataset *dataset, const seqd_options *options, const char *title,
                                    seqd_cross_validation **out, seqd_error *error);

#endif
