/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <math.h>
#include <string.h>

#include "status.h"

/* Words of option `head`, in the order of the table; what the task takes further on is not here. */
static const seqd_head_kind kinds[] = {
    SEQD_HEAD_QUANTILE /* auto, never met */, SEQD_HEAD_MSE,     SEQD_HEAD_MAE,     SEQD_HEAD_QUANTILE,
    SEQD_HEAD_NEGBIN,                         SEQD_HEAD_HUBER,   SEQD_HEAD_GAUSSIAN, SEQD_HEAD_STUDENT,
    SEQD_HEAD_POISSON,                        SEQD_HEAD_ZERO_NEGBIN, SEQD_HEAD_TWEEDIE,
};

static bool find_kind(const seqd_options *options, seqd_head *head)
{
    const int32_t choice = seqd_option_choice(options, SEQD_OPT_HEAD);
    memset(head, 0, sizeof *head);
    if (choice >= (int32_t)(sizeof kinds / sizeof *kinds)) return false;
    head->kind = kinds[choice];
    head->width = seqd_head_width(head->kind);
    return true;
}

/* Means of counts are multiples of the scale: nothing may be subtracted, and no logarithm taken. */
static bool scaler_suits_counts(const seqd_options *options)
{
    const seqd_scaler scaler = (seqd_scaler)seqd_option_choice(options, SEQD_OPT_SCALER);
    return (scaler == SEQD_SCALER_MEAN_ABS || scaler == SEQD_SCALER_NONE) &&
           seqd_option_choice(options, SEQD_OPT_DIFFERENCING) == 0;
}

int32_t seqd_model_resolve_head(seqd_options *options, const seqd_target_facts *facts, seqd_error *error)
{
    seqd_head head;
    if (strcmp(seqd_option_text(options, SEQD_OPT_HEAD), "auto") == 0) {
        const bool counts = !facts->negative && !facts->fractional && 10 * facts->zeros > facts->observed;
        const char *name = counts && scaler_suits_counts(options) ? "negative_binomial" : "quantile";
        SEQD_CHECK(seqd_option_set(options, SEQD_OPT_HEAD, name, error));
    }
    if (facts->negative && find_kind(options, &head) && seqd_head_is_positive(&head))
        return seqd_fail(error, SEQD_E_DATA,
                         "head=%s describes %s, but the target has negative values (option negatives=zero or drop "
                         "removes them)", seqd_option_text(options, SEQD_OPT_HEAD),
                         head.kind == SEQD_HEAD_TWEEDIE ? "values from 0 upwards" : "counts");
    return SEQD_OK;
}

static int32_t configure_levels(const seqd_options *options, seqd_head *head, seqd_error *error)
{
    head->width = seqd_option_f64_list(options, SEQD_OPT_QUANTILES, head->levels, SEQD_MAX_LEVELS);
    if (head->width > SEQD_MAX_LEVELS)
        return seqd_fail(error, SEQD_E_OPTION, "option 'quantiles' takes at most %d levels", SEQD_MAX_LEVELS);
    head->middle = -1;
    for (int32_t i = 0; i < head->width; i++) {
        if (i > 0 && !(head->levels[i] > head->levels[i - 1]))
            return seqd_fail(error, SEQD_E_OPTION, "option 'quantiles' must rise from level to level");
        if (head->levels[i] == 0.5) head->middle = i;
    }
    if (head->middle < 0) return seqd_fail(error, SEQD_E_OPTION, "option 'quantiles' must include 0.5");
    return SEQD_OK;
}

int32_t seqd_model_configure_head(const seqd_options *options, seqd_head *head, seqd_error *error)
{
    const char *name = seqd_option_text(options, SEQD_OPT_HEAD);
    if (!find_kind(options, head)) return seqd_fail(error, SEQD_E_OPTION, "head=%s does not fit this task", name);
    if (seqd_head_is_positive(head) && !scaler_suits_counts(options))
        return seqd_fail(error, SEQD_E_OPTION, "head=%s needs %s", name,
                         seqd_option_choice(options, SEQD_OPT_DIFFERENCING) != 0
                             ? "differencing=none: steps of the target may be negative"
                             : "scaler=mean_abs or scaler=none");
    if (head->kind == SEQD_HEAD_HUBER) head->delta = seqd_option_f64(options, SEQD_OPT_HUBER_DELTA);
    if (head->kind == SEQD_HEAD_QUANTILE) return configure_levels(options, head, error);
    return SEQD_OK;
}

/* Levels at which residuals of a point head are kept, and at which a law of the logarithm is told. */
static const double curve_levels[] = {0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5,
                                      0.6,  0.7,   0.8,  0.9, 0.95, 0.975, 0.99};

void seqd_model_describe_dist(const seqd_options *options, const seqd_features *features, const seqd_head *head,
                              seqd_dist *dist)
{
    const bool transformed = seqd_target_is_log(features);
    memset(dist, 0, sizeof *dist);
    dist->floor = strcmp(seqd_option_text(options, SEQD_OPT_FLOOR), "zero") == 0 ? 0.0 : -(double)INFINITY;
    dist->kind = SEQD_DIST_QUANTILES;
    switch (head->kind) {
    case SEQD_HEAD_NEGBIN:
    case SEQD_HEAD_POISSON: dist->kind = SEQD_DIST_NEGBIN; break;
    case SEQD_HEAD_ZERO_NEGBIN: dist->kind = SEQD_DIST_ZERO_NEGBIN; break;
    case SEQD_HEAD_TWEEDIE: dist->kind = SEQD_DIST_TWEEDIE; break;
    case SEQD_HEAD_GAUSSIAN: dist->kind = transformed ? SEQD_DIST_QUANTILES : SEQD_DIST_NORMAL; break;
    case SEQD_HEAD_STUDENT: dist->kind = transformed ? SEQD_DIST_QUANTILES : SEQD_DIST_STUDENT; break;
    case SEQD_HEAD_MSE:
    case SEQD_HEAD_MAE:
    case SEQD_HEAD_HUBER:
    case SEQD_HEAD_QUANTILE: break;
    }
    dist->tweedie = head->tweedie;
    dist->width = dist->kind == SEQD_DIST_STUDENT || dist->kind == SEQD_DIST_ZERO_NEGBIN ? 3 : 2;
    if (dist->kind != SEQD_DIST_QUANTILES) return;
    const bool own = head->kind == SEQD_HEAD_QUANTILE;
    dist->level_count = own ? head->width : (int32_t)(sizeof curve_levels / sizeof *curve_levels);
    memcpy(dist->levels, own ? head->levels : curve_levels, (size_t)dist->level_count * sizeof *dist->levels);
    dist->width = 1 + dist->level_count;
}
