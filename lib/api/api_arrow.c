/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/arrow.h>

#include "api.h"
#include "infer.h"
#include "panel.h"

static int32_t check_source(const seqd_context *context, const seqd_options *options, seqd_dataset *const *out,
                            seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(out);
    return SEQD_OK;
}

int32_t seqd_dataset_from_arrow(seqd_context *context, const seqd_options *options, struct ArrowArrayStream *stream,
                                seqd_dataset **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(stream);
    if (!stream->release) return seqd_fail(error, SEQD_E_ARG, "the Arrow stream was released already");
    status = check_source(context, options, out, error);
    if (status != SEQD_OK) {
        stream->release(stream); /* it is ours even so */
        stream->release = NULL;
        return status;
    }
    SEQD_COMPUTE(status, seqd_panel_from_arrow(context, options, stream, out, error));
    return status;
}

int32_t seqd_forecast_to_arrow(const seqd_forecast *forecast, const seqd_dataset *dataset, const double *levels,
                               int32_t count, struct ArrowArrayStream *out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(forecast);
    SEQD_NEED(out);
    if (count < 0 || (count > 0 && !levels)) return seqd_fail(error, SEQD_E_ARG, "no levels for a count of %d", count);
    if (count > 4096) return seqd_fail(error, SEQD_E_ARG, "%d levels are more than 4096", count);
    if (dataset && !dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_forecast_table(forecast, dataset, levels, count, out, error));
    return status;
}

int32_t seqd_prediction_to_arrow(const seqd_prediction *prediction, struct ArrowArrayStream *out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(prediction);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_prediction_table(prediction, out, error));
    return status;
}
