/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_EVAL_PANEL_OF_H
#define TEST_EVAL_PANEL_OF_H

#include "panel.h"

/* A panel of whole-number steps from rows; the options are the panel's. */
static inline int32_t panel_of(seqd_context *context, const seqd_options *options, const char *const *ids,
                               const int64_t *steps, const double *y, int64_t rows, seqd_dataset **out,
                               seqd_error *error)
{
    seqd_dataset *dataset = NULL;
    int32_t status = seqd_panel_create(context, options, &dataset, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(dataset, "unique_id", ids, rows, error);
    if (status == SEQD_OK) status = seqd_panel_append_i64(dataset, "ds", steps, rows, error);
    if (status == SEQD_OK) status = seqd_panel_append_f64(dataset, "y", y, rows, error);
    if (status == SEQD_OK) status = seqd_panel_seal(dataset, error);
    if (status == SEQD_OK)
        *out = dataset;
    else
        seqd_dataset_free(dataset);
    return status;
}

#endif
