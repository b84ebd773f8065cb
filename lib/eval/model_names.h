/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_MODEL_NAMES_H
#define SEQD_EVAL_MODEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seqdemand/base.h>

/*
 * What a backtest can run: the choices of option `model` are networks, the rest are yardsticks. An unknown name is
 * answered with SEQD_E_OPTION and the nearest known one.
 */
int32_t seqd_model_name_check(const char *name, size_t length, bool *network, seqd_error *error);

#endif
