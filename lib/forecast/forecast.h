/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_FORECAST_H
#define SEQD_FORECAST_H

#include <stdatomic.h>

#include <seqdemand/predictor.h>

#include "tweedie.h"

/* How the parameters of one forecast step are to be read. All are in units of y; the first is the mean. */
typedef enum seqd_dist_kind {
    SEQD_DIST_NORMAL,     /* mean, standard deviation */
    SEQD_DIST_NEGBIN,     /* mean mu > 0, dispersion alpha >= 0: variance mu + alpha mu^2; 0: Poisson */
    SEQD_DIST_QUANTILES,  /* mean, then the value at each of `levels`, ascending */
    SEQD_DIST_STUDENT,    /* mean (and centre), scale, degrees of freedom */
    SEQD_DIST_ZERO_NEGBIN, /* mean, mean mu of the counts that are not zero for good, their alpha: P(Y = k) = share P(k),
                              share = mean / mu, and what is left over is a zero */
    SEQD_DIST_TWEEDIE     /* mean mu, dispersion phi: variance phi mu^p, p the power of `tweedie` */
} seqd_dist_kind;

#define SEQD_MAX_LEVELS 64

typedef struct seqd_dist {
    seqd_dist_kind kind;
    int32_t width;                    /* parameters per step: 2, 2, 1 + level_count, 3, 3, 2 */
    int32_t level_count;
    double levels[SEQD_MAX_LEVELS];   /* ascending, within (0,1) */
    double floor;                     /* lowest value told: -INFINITY for none */
    const seqd_tweedie_law *tweedie;  /* of SEQD_DIST_TWEEDIE; a forecast has a copy of its own */
} seqd_dist;

/*
 * Of one step with parameters p[width]. Finite for finite parameters. _mean is p[0], the floor at least: of a normal
 * or Student's distribution it is the centre, not the mean of what the floor leaves of it. _quantile is the generalised inverse of
 * the cumulative distribution, never below the floor and non-decreasing in u, for u in (0,1); quantile curves are
 * interpolated linearly between levels and continued outside with exponential tails that match the slope of the
 * outermost pair.
 */
double seqd_dist_mean(const seqd_dist *dist, const float *p);
double seqd_dist_quantile(const seqd_dist *dist, const float *p, double u);
/* P(Y <= y); for a point mass the middle of the jump, so that it can serve as a probability integral transform. */
double seqd_dist_cdf_mid(const seqd_dist *dist, const float *p, double y);
/* Mean of a quantile curve by integration of _quantile's interpolation over (0,1), tails included. */
double seqd_dist_curve_mean(const seqd_dist *dist, const float *p);

/* Of SEQD_DIST_ZERO_NEGBIN: the share of steps that are not zero for good. */
double seqd_zero_negbin_share(const float *p);

struct seqd_forecast {
    atomic_int references;
    seqd_context *context;
    int64_t series_count;
    int32_t horizon;
    seqd_dist dist;
    seqd_tweedie_law tweedie;
    float *parameters;                /* [series][horizon][width] */
    char **ids;                       /* [series], in `text` */
    int32_t *status;                  /* [series] SEQD_SERIES_* */
    char *text;
    size_t room_parameters, room_series, room_text; /* elements there is memory for */
    /* Sample paths: correlation of two steps d apart is common + (1 - common) * fade^d, in normal scores. */
    double path_common;
    double path_fade;
};

/* A forecast of no series, to be prepared. */
int32_t seqd_forecast_create(seqd_context *context, seqd_forecast **out, seqd_error *error);
/*
 * Makes room for forecasts of series whose ids stand `stride` bytes apart (they are copied). Allocates only what is
 * larger than ever before in this forecast; on failure it is as it was. Parameters and status are whatever they were:
 * the caller fills every one.
 */
int32_t seqd_forecast_prepare(seqd_forecast *forecast, const char *const *ids, size_t stride, int64_t series_count,
                              int32_t horizon, const seqd_dist *dist, seqd_error *error);
/* Two forecasts of one context change places; who holds them and how often stays. */
void seqd_forecast_swap(seqd_forecast *a, seqd_forecast *b);
/* Room for the forecasts of the series in `ids` (copied); parameters and status are zero and the caller's to fill. */
int32_t seqd_forecast_new(seqd_context *context, const char *const *ids, int64_t series_count, int32_t horizon,
                          const seqd_dist *dist, seqd_forecast **out, seqd_error *error);
seqd_forecast *seqd_forecast_retain(seqd_forecast *forecast);
void seqd_forecast_free(seqd_forecast *forecast);
int32_t seqd_forecast_get_mean(const seqd_forecast *forecast, int64_t series, double *values, seqd_error *error);
int32_t seqd_forecast_get_quantile(const seqd_forecast *forecast, int64_t series, double level, double *values,
                                   seqd_error *error);
/* Path i is a function of (forecast, series' id, seed, i) alone. */
int32_t seqd_forecast_get_paths(const seqd_forecast *forecast, int64_t series, int32_t paths, uint64_t seed,
                                double *values, seqd_error *error);

#endif
