/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/explain.h>

#include <math.h>
#include <string.h>

#include "api.h"
#include "context.h"
#include "explain.h"
#include "status.h"

int32_t seqd_importance_create(seqd_model *model, seqd_dataset *dataset, int32_t repeats, uint64_t seed,
                               seqd_importance **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    if (repeats < 1 || repeats > 1000)
        return seqd_fail(error, SEQD_E_ARG, "repeats must be from 1 to 1000, not %d", (int)repeats);
    SEQD_COMPUTE(status, seqd_importance_new(model, dataset, repeats, seed, out, error));
    return status;
}

void seqd_importance_release(seqd_importance *importance) { seqd_importance_free(importance); }

double seqd_importance_loss(const seqd_importance *importance) { return importance ? importance->loss : (double)NAN; }

int64_t seqd_importance_windows(const seqd_importance *importance) { return importance ? importance->windows : 0; }

int32_t seqd_importance_count(const seqd_importance *importance) { return importance ? importance->count : 0; }

int32_t seqd_importance_get_row(const seqd_importance *importance, int32_t index, seqd_importance_row *row,
                                seqd_error *error)
{
    SEQD_NEED(importance);
    SEQD_NEED(row);
    if (index < 0 || index >= importance->count)
        return seqd_fail(error, SEQD_E_ARG, "row %d is out of range: there are %d features", (int)index,
                         (int)importance->count);
    const seqd_importance_row told = { .struct_size = (uint32_t)sizeof told, .feature = importance->groups[index].name,
                                       .kind = importance->groups[index].kind, .rise = importance->rise[index],
                                       .deviation = importance->deviation[index] };
    return seqd_copy_result(row, &told, sizeof told, error);
}

int32_t seqd_attribution_create(seqd_model *model, seqd_dataset *dataset, int64_t series, int32_t output,
                                int32_t points, seqd_attribution **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    if (series < 0 || series >= dataset->series_count)
        return seqd_fail(error, SEQD_E_ARG, "series %lld is out of range: there are %lld", (long long)series,
                         (long long)dataset->series_count);
    if (points < 0 || points > 100000)
        return seqd_fail(error, SEQD_E_ARG, "points must be from 0 to 100000, not %d", (int)points);
    if (output < -1) return seqd_fail(error, SEQD_E_ARG, "output %d is out of range", (int)output);
    SEQD_COMPUTE(status, seqd_attribution_new(model, dataset, series, output, points, out, error));
    return status;
}

void seqd_attribution_release(seqd_attribution *attribution) { seqd_attribution_free(attribution); }

int32_t seqd_attribution_summarize(const seqd_attribution *attribution, seqd_attribution_summary *summary,
                                   seqd_error *error)
{
    SEQD_NEED(attribution);
    SEQD_NEED(summary);
    return seqd_copy_result(summary, &attribution->summary, sizeof attribution->summary, error);
}

int32_t seqd_attribution_step_count(const seqd_attribution *attribution) { return attribution ? attribution->steps : 0; }

int64_t seqd_attribution_first_step(const seqd_attribution *attribution)
{
    return attribution ? attribution->first_step : 0;
}

int32_t seqd_attribution_feature_count(const seqd_attribution *attribution)
{
    return attribution ? attribution->count : 0;
}

const char *seqd_attribution_feature_name(const seqd_attribution *attribution, int32_t feature)
{
    return attribution && feature >= 0 && feature < attribution->count ? attribution->groups[feature].name : NULL;
}

int32_t seqd_attribution_values(const seqd_attribution *attribution, int32_t feature, double *values,
                                seqd_error *error)
{
    SEQD_NEED(attribution);
    SEQD_NEED(values);
    if (feature < 0 || feature >= attribution->count)
        return seqd_fail(error, SEQD_E_ARG, "feature %d is out of range: there are %d", (int)feature,
                         (int)attribution->count);
    memcpy(values, attribution->values + (int64_t)feature * attribution->steps,
           (size_t)attribution->steps * sizeof *values);
    return SEQD_OK;
}
