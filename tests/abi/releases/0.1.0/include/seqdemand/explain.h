/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_EXPLAIN_H
#define SEQDEMAND_EXPLAIN_H

#include <seqdemand/predictor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Why a model answers as it does, as numbers. Both handles below are results: they hold no model and no data, never
 * change, and any number of threads read them.
 *
 * Features of a panel: "demand" (values, whether they were observed, their scale, how much history there is), "lags"
 * (values of seasons before), "calendar", "in_stock", and each known, past and static column by its name. Of events:
 * each numeric and each category column, and "time_gap". An ensemble cannot be explained, but each of its members can.
 */

/*
 * Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019): by how much the loss of the model on given data
 * rises when a feature is taken from other windows (of other series, at other times), `repeats` times with different
 * draws. A feature that says nothing of its own, or that others say as well, rises nothing.
 */
typedef struct seqd_importance seqd_importance;

/*
 * Of a panel, up to 512 forecast origins are drawn evenly from all that have a whole horizon behind them; of events, up
 * to 2,048 sequences, each with its last labelled event. Fewer where windows are very long. The same seed gives the
 * same result on any number of threads.
 * Errors: SEQD_E_ARG (repeats not in 1..1000); SEQD_E_DATA when nothing can be judged, or as seqd_predictor_run;
 * SEQD_E_UNSUPPORTED for an ensemble; SEQD_E_NOMEM, SEQD_E_BUSY; SEQD_STOPPED.
 */
SEQD_API int32_t seqd_importance_create(seqd_model *model, seqd_dataset *dataset, int32_t repeats, uint64_t seed,
                                        seqd_importance **out, seqd_error *error);
SEQD_API void seqd_importance_release(seqd_importance *importance);
/* Mean loss with everything as it is, and the windows it was measured on. NaN and 0 for NULL. */
SEQD_API double seqd_importance_loss(const seqd_importance *importance);
SEQD_API int64_t seqd_importance_windows(const seqd_importance *importance);

/* One feature. Grown only at the end. */
typedef struct seqd_importance_row {
    uint32_t struct_size;
    const char *feature;  /* lives as long as the handle */
    const char *kind;     /* "demand", "lags", "calendar", "stock", "known", "past", "static"; of events: "number",
                             "category", "time" */
    double rise;          /* mean of the loss with it permuted, less the loss as it is */
    double deviation;     /* of that between repeats; 0 for one */
} seqd_importance_row;

/* From the largest rise to the smallest. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_importance_count(const seqd_importance *importance);
SEQD_API int32_t seqd_importance_get_row(const seqd_importance *importance, int32_t index, seqd_importance_row *row,
                                         seqd_error *error);

/*
 * Integrated gradients (Sundararajan, Taly & Yan 2017) of one answer: how much each input of each step adds to it, in
 * comparison with a window whose inputs are all zero, which is an average one (a category: no embedding at all).
 *
 * Of a panel the answer is the forecast from the end of a series, its mean over the horizon, in the units of the
 * network (scaled demand, before the link of the head). What the decoder reads besides, lags, known features of the
 * future and statics, stays as it is, and so is what an encoder-decoder is told of its own forecasts. Of events it is
 * the output after the last event: a scaled number, or the logit of a class.
 *
 * The sum of all parts is the answer less that of the baseline, but for `gap`.
 */
typedef struct seqd_attribution seqd_attribution;

/*
 * `output` is the number of the class, -1 for the one with the highest score; of a panel and of numbers it is ignored.
 * `points` on the path from the baseline (0: 64).
 * Errors: SEQD_E_ARG (series, output or points out of range); SEQD_E_DATA as seqd_predictor_run, and for a sequence
 * without events; SEQD_E_UNSUPPORTED for an ensemble; SEQD_E_NOMEM, SEQD_E_LIMIT, SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_attribution_create(seqd_model *model, seqd_dataset *dataset, int64_t series, int32_t output,
                                         int32_t points, seqd_attribution **out, seqd_error *error);
SEQD_API void seqd_attribution_release(seqd_attribution *attribution);

/* What the parts add up to. Grown only at the end. */
typedef struct seqd_attribution_summary {
    uint32_t struct_size;
    int32_t output;     /* the class told about */
    double value;       /* the answer */
    double baseline;    /* that of the zero window */
    double gap;         /* sum of the parts, less value - baseline */
} seqd_attribution_summary;
SEQD_API int32_t seqd_attribution_summarize(const seqd_attribution *attribution, seqd_attribution_summary *summary,
                                            seqd_error *error);

/* Steps (events) that were read, and which of the series the first of them is. 0 for NULL. */
SEQD_API int32_t seqd_attribution_step_count(const seqd_attribution *attribution);
SEQD_API int64_t seqd_attribution_first_step(const seqd_attribution *attribution);
/* Features that the body of the network reads, and their names. Each lag is one of its own here. */
SEQD_API int32_t seqd_attribution_feature_count(const seqd_attribution *attribution);
SEQD_API const char *seqd_attribution_feature_name(const seqd_attribution *attribution, int32_t feature);
/* What a feature adds, step by step: values[step_count]. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_attribution_values(const seqd_attribution *attribution, int32_t feature, double *values,
                                         seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
