/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_ABI_CONTRACT_H
#define SEQD_TESTS_ABI_CONTRACT_H

/* A trained model and its forecast, made once for all tests of a program. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "host.h"

static host h;
static seqd_predictor *predictor;
static seqd_forecast *forecast;

static int set_up(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    if (host_train(&h, 1, "lstm") != 0) return 1;
    if (seqd_predictor_create(h.model, &predictor, &error) != SEQD_OK) return 1;
    return seqd_predictor_run(predictor, h.dataset, &forecast, &error) != SEQD_OK;
}

static int tear_down(void **state)
{
    (void)state;
    /* parents first: children keep what they need */
    seqd_context *context = h.context;
    seqd_options_release(h.options);
    seqd_model_release(h.model);
    seqd_dataset_release(h.dataset);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    const int left = seqd_context_memory_in_use(context) != 0;
    seqd_context_release(context);
    return left;
}

#endif
