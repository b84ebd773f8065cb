/* SPDX-License-Identifier: Apache-2.0 */
#include "feature_set.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "event_features.h"
#include "options.h"
#include "status.h"
#include "text.h"

static const double pi = 3.14159265358979323846;

static int32_t count_calendar(const seqd_features *features)
{
    if (features->use_calendar == 0) return 0;
    const bool year = features->use_calendar == 2;
    switch (features->calendar.freq) {
    case SEQD_FREQ_DAY: return 7 + 1 + (year ? 4 : 0);  /* weekday, day of month, two harmonics of the year */
    case SEQD_FREQ_WEEK: return year ? 4 : 0;           /* two harmonics of the year */
    case SEQD_FREQ_MONTH: return year ? 12 : 0;         /* month */
    case SEQD_FREQ_HOUR: return 7 + 8;                  /* weekday, four harmonics of the day */
    case SEQD_FREQ_INT:
    case SEQD_FREQ_AUTO: break;
    }
    return 0;
}

/* Steps of a year, 0 where steps have no calendar. */
static int64_t year_length(seqd_freq freq)
{
    return freq == SEQD_FREQ_DAY ? 365 : freq == SEQD_FREQ_WEEK ? 52 : freq == SEQD_FREQ_MONTH ? 12 : 0;
}

/* Whoever has seen each time of year once takes the course of that year for a season: two years are asked for. */
static int32_t choose_calendar(const seqd_options *options, const seqd_dataset *dataset)
{
    int64_t longest = 0;
    if (seqd_option_i64(options, SEQD_OPT_CALENDAR) == 0) return 0;
    for (int64_t i = 0; i < dataset->series_count; i++)
        if (dataset->series[i].length > longest) longest = dataset->series[i].length;
    return longest >= 2 * year_length(dataset->calendar.freq) ? 2 : 1;
}

static float *harmonics(float *out, double phase, int32_t count)
{
    for (int32_t i = 1; i <= count; i++) {
        *out++ = (float)sin(2.0 * pi * phase * i);
        *out++ = (float)cos(2.0 * pi * phase * i);
    }
    return out;
}

void seqd_features_calendar(const seqd_features *features, int64_t step, float *out)
{
    seqd_date date;
    if (features->calendar_count == 0) return;
    seqd_calendar_date(&features->calendar, step, &date);
    switch (features->calendar.freq) {
    case SEQD_FREQ_DAY:
        for (int32_t i = 0; i < 7; i++) *out++ = i == date.weekday ? 1.0f : 0.0f;
        *out++ = ((float)date.day - 16.0f) / 15.0f;
        if (features->use_calendar == 2) harmonics(out, date.day_of_year / 365.25, 2);
        break;
    case SEQD_FREQ_WEEK:
        harmonics(out, date.day_of_year / 365.25, 2);
        break;
    case SEQD_FREQ_MONTH:
        for (int32_t i = 1; i <= 12; i++) *out++ = i == date.month ? 1.0f : 0.0f;
        break;
    case SEQD_FREQ_HOUR:
        for (int32_t i = 0; i < 7; i++) *out++ = i == date.weekday ? 1.0f : 0.0f;
        harmonics(out, date.hour / 24.0, 4);
        break;
    case SEQD_FREQ_INT:
    case SEQD_FREQ_AUTO: break;
    }
}

/* Mean absolute size and log scale of the series, and mean and deviation of the covariates. */
static void measure_target(seqd_features *features, const seqd_dataset *dataset)
{
    double log_sum = 0.0, log_squares = 0.0, count = 0.0;
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *series = &dataset->series[i];
        double absolute = 0.0, seen = 0.0;
        for (int64_t t = 0; t < series->length; t++) {
            const float *at = dataset->y + series->offset + t;
            double value = seqd_target_transform(features, (double)*at);
            if (features->differencing != SEQD_DIFFERENCING_NONE)
                value -= t > 0 ? seqd_target_transform(features, (double)at[-1]) : (double)NAN;
            if (value != value) continue;
            absolute += fabs(value);
            seen += 1.0;
        }
        if (!(absolute > 0.0)) continue;
        log_sum += log(absolute / seen);
        log_squares += log(absolute / seen) * log(absolute / seen);
        count += 1.0;
    }
    features->log_scale_mean = count > 0.0 ? log_sum / count : 0.0;
    features->typical_scale = exp(features->log_scale_mean); /* a mean would be that of the few large series */
    const double mean = features->log_scale_mean;
    const double variance = count > 1.0 ? log_squares / count - mean * mean : 0.0;
    features->log_scale_deviation = variance > 1e-4 ? sqrt(variance) : 1.0;
}

/* Sums over the values that are there. */
typedef struct column_sums {
    double sum, squares, count;
} column_sums;

static void add_values(column_sums *sums, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)values[i];
        if (value != value) continue;
        sums->sum += value, sums->squares += value * value, sums->count += 1.0;
    }
}

static void describe_column(const column_sums *sums, const char *name, seqd_column_stats *stats)
{
    seqd_copy_text(stats->name, sizeof stats->name, name);
    stats->mean = sums->count > 0.0 ? sums->sum / sums->count : 0.0;
    const double variance = sums->count > 1.0 ? sums->squares / sums->count - stats->mean * stats->mean : 0.0;
    stats->deviation = variance > 1e-12 * (1.0 + stats->mean * stats->mean) ? sqrt(variance) : 1.0;
}

static void measure_column(const seqd_dataset *dataset, const float *column, const char *name,
                           seqd_column_stats *stats)
{
    column_sums sums = {0};
    for (int64_t i = 0; i < dataset->series_count; i++)
        add_values(&sums, column + dataset->series[i].offset, dataset->series[i].length);
    describe_column(&sums, name, stats);
}

static void measure_real(const seqd_dataset *dataset, int32_t index, seqd_column_stats *stats)
{
    column_sums sums = {0};
    add_values(&sums, dataset->real[index], dataset->series_count);
    describe_column(&sums, dataset->real_names[index], stats);
}

char *seqd_dictionary_place(seqd_context *context, seqd_dictionary *dictionary, const char *column, int32_t count,
                            size_t text)
{
    size_t bytes;
    dictionary->column = seqd_strdup(context, column, strlen(column));
    if (!dictionary->column || !seqd_mul_size((size_t)count, sizeof *dictionary->names, &bytes) ||
        !seqd_add_size(bytes, text + 1, &bytes))
        return NULL;
    dictionary->names = seqd_alloc(context, bytes);
    return dictionary->names ? (char *)(dictionary->names + count) : NULL;
}

char *seqd_features_place_names(seqd_features *features, int32_t index, const char *column, int32_t count, size_t text)
{
    return seqd_dictionary_place(features->context, &features->dictionaries[index], column, count, text);
}

static int32_t copy_dictionaries(seqd_features *features, const seqd_dataset *dataset, seqd_error *error)
{
    seqd_context *context = features->context;
    if (dataset->cat_count == 0) return SEQD_OK;
    features->dictionaries = seqd_alloc_array(context, (size_t)dataset->cat_count, sizeof *features->dictionaries);
    if (!features->dictionaries) return seqd_fail_alloc(context, sizeof *features->dictionaries, error);
    features->cat_count = dataset->cat_count;
    for (int32_t c = 0; c < dataset->cat_count; c++) {
        const seqd_dictionary *from = &dataset->dictionaries[c];
        seqd_dictionary *to = &features->dictionaries[c];
        size_t text = 0;
        for (int32_t i = 0; i < from->count; i++) text += strlen(from->names[i]) + 1;
        char *at = seqd_features_place_names(features, c, from->column, from->count, text);
        if (!at) return seqd_fail_alloc(context, (size_t)from->count * sizeof *to->names + text, error);
        to->count = from->count;
        for (int32_t i = 0; i < from->count; i++) {
            const size_t size = strlen(from->names[i]) + 1;
            to->names[i] = memcpy(at, from->names[i], size);
            at += size;
        }
    }
    return SEQD_OK;
}

/* Do half of all steps have one that lies m steps before? Else too few examples tell what such a step is worth. */
static bool can_show(const seqd_dataset *dataset, int64_t m)
{
    int64_t with = 0, all = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const int64_t length = dataset->series[s].length;
        all += length;
        if (length > m) with += length - m;
    }
    return 2 * with >= all;
}

/*
 * Seasons whose values are worth an input: those given, or those of the frequency that the data can show. There is
 * always one: the first that was given, or else the step before.
 */
static void choose_seasons(seqd_features *features, const seqd_options *options, const seqd_dataset *dataset)
{
    int64_t asked[SEQD_MAX_LAGS];
    int32_t count = seqd_option_i64_list(options, SEQD_OPT_LAGS, asked, 6);
    if (count == 0) {
        asked[count++] = can_show(dataset, features->season) ? features->season : 1;
        if (features->calendar.freq == SEQD_FREQ_DAY) asked[count++] = 364;
        /* hours have a week as well, also when they are counted in whole numbers */
        if (features->calendar.freq == SEQD_FREQ_HOUR ||
            (features->calendar.freq == SEQD_FREQ_INT && features->season == 24))
            asked[count++] = 168;
    } else if (count > 6) {
        count = 6;
    }
    features->season_count = 0;
    for (int32_t i = 0; i < count; i++) {
        bool known = false;
        for (int32_t j = 0; j < features->season_count; j++) known = known || features->seasons[j] == asked[i];
        if (known || asked[i] < 1 || (i > 0 && !can_show(dataset, asked[i]))) continue;
        features->seasons[features->season_count++] = (int32_t)asked[i];
    }
}

int32_t seqd_features_build(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                            int32_t horizon, int32_t context_length, seqd_features *features, seqd_error *error)
{
    memset(features, 0, sizeof *features);
    features->context = context;
    features->horizon = horizon;
    features->context_length = context_length;
    if (dataset->events) {
        const int32_t built = seqd_event_features_build(options, dataset, features, error);
        if (built != SEQD_OK) seqd_features_clear(features);
        return built;
    }
    features->calendar = dataset->calendar;
    features->season = dataset->season;
    features->use_calendar = choose_calendar(options, dataset);
    features->use_stock = dataset->in_stock != NULL;
    features->scaler = (seqd_scaler)seqd_option_choice(options, SEQD_OPT_SCALER);
    features->differencing = (seqd_differencing)seqd_option_choice(options, SEQD_OPT_DIFFERENCING);
    features->scale_window = (int32_t)seqd_option_i64(options, SEQD_OPT_SCALE_WINDOW);
    if (features->scale_window == 0) features->scale_window = context_length;
    if (dataset->known_count > SEQD_MAX_COLUMNS || dataset->past_count > SEQD_MAX_COLUMNS ||
        dataset->real_count > SEQD_MAX_COLUMNS || dataset->cat_count > SEQD_MAX_COLUMNS)
        return seqd_fail(error, SEQD_E_LIMIT, "more than %d columns of one kind", SEQD_MAX_COLUMNS);

    measure_target(features, dataset);
    features->known_count = dataset->known_count;
    for (int32_t i = 0; i < dataset->known_count; i++)
        measure_column(dataset, dataset->known[i], dataset->known_names[i], &features->known[i]);
    features->past_count = dataset->past_count;
    for (int32_t i = 0; i < dataset->past_count; i++)
        measure_column(dataset, dataset->past[i], dataset->past_names[i], &features->past[i]);
    features->real_count = dataset->real_count;
    for (int32_t i = 0; i < dataset->real_count; i++) measure_real(dataset, i, &features->real[i]);
    choose_seasons(features, options, dataset);

    int32_t status = copy_dictionaries(features, dataset, error);
    if (status == SEQD_OK) status = seqd_features_derive(features, error);
    if (status != SEQD_OK) seqd_features_clear(features);
    return status;
}

static void add_plan(seqd_features *features, int32_t season, int32_t first_shift, int32_t spacing, int32_t repeats,
                     int32_t scale_shift)
{
    seqd_lag_plan *plan = &features->plan;
    const int32_t l = plan->count++;
    plan->spacing[l] = spacing;
    plan->repeats[l] = repeats;
    plan->shift[l] = scale_shift;
    for (int32_t h = 0; h < features->horizon; h++) {
        const int32_t k = h + 1, back = scale_shift > 0 ? scale_shift : season * ((k + season - 1) / season);
        int32_t offset = k - back + first_shift;
        if (offset > 0) offset = 0;
        features->offsets[h * SEQD_MAX_LAGS + l] = offset;
        const int32_t reach = -offset + (repeats - 1) * spacing;
        if (reach > plan->reach) plan->reach = reach;
    }
    if (scale_shift > plan->reach) plan->reach = scale_shift;
}

/*
 * A short season (one that fits the context) gives its last value and the mean of its last four. A long one gives the
 * value a season ago and the mean of it and its neighbours one short season away, on the scale of that time: so they
 * say what share of the usual level such a step had, whatever growth there was since.
 */
static void plan_lags(seqd_features *features)
{
    const int32_t shortest = features->seasons[0];
    features->plan.count = 0;
    features->plan.reach = 0;
    for (int32_t i = 0; i < features->season_count; i++) {
        const int32_t m = features->seasons[i];
        if (m <= features->context_length) {
            add_plan(features, m, 0, m, 1, 0);
            add_plan(features, m, 0, m, 4, 0);
        } else {
            const int32_t back = m * ((features->horizon + m - 1) / m);
            add_plan(features, m, 0, 1, 1, back);
            if (i > 0 && shortest < m / 2) add_plan(features, m, shortest, shortest, 3, back);
        }
    }
    /* dense rows */
    for (int32_t h = 0; h < features->horizon; h++)
        for (int32_t l = 0; l < features->plan.count; l++)
            features->offsets[h * features->plan.count + l] = features->offsets[h * SEQD_MAX_LAGS + l];
    features->plan.horizon = features->horizon;
    features->plan.offset = features->offsets;
}

int32_t seqd_features_derive(seqd_features *features, seqd_error *error)
{
    if (features->kind == SEQD_DATA_EVENTS) return seqd_event_features_derive(features, error);
    if (features->horizon < 1 || features->horizon > 4096 || features->context_length < 1 ||
        features->context_length > 16384 || features->scale_window < 1 || features->scale_window > 16384 ||
        features->season_count < 1 || features->season_count > 6 || !(features->typical_scale > 0.0) ||
        !isfinite(features->typical_scale) || !isfinite(features->log_scale_mean) ||
        !(features->log_scale_deviation > 0.0) || !isfinite(features->log_scale_deviation))
        return seqd_fail(error, SEQD_E_FORMAT, "feature description out of range");
    for (int32_t i = 0; i < features->season_count; i++)
        if (features->seasons[i] < 1 || features->seasons[i] > 10000)
            return seqd_fail(error, SEQD_E_FORMAT, "season of %d steps is out of range", features->seasons[i]);

    features->offsets =
        seqd_alloc_array(features->context, (size_t)features->horizon * SEQD_MAX_LAGS, sizeof *features->offsets);
    if (!features->offsets) return seqd_fail_alloc(features->context, (size_t)features->horizon * 64, error);
    plan_lags(features);

    features->lag_count = 0;
    features->past_reach = features->plan.reach;
    for (int32_t i = 0; i < features->season_count; i++) {
        const int32_t m = features->seasons[i];
        if (m == 1) continue; /* the network has just read it */
        features->lags[features->lag_count++] = m;
        if (m <= features->context_length) features->lags[features->lag_count++] = 2 * m;
    }
    for (int32_t i = 0; i < features->lag_count; i++)
        if (features->lags[i] > features->past_reach) features->past_reach = features->lags[i];

    if (features->differencing != SEQD_DIFFERENCING_NONE && features->past_reach < 1) features->past_reach = 1;

    features->calendar_count = count_calendar(features);
    features->future_count = features->calendar_count + features->known_count;
    /* value, observed, log scale, age */
    features->input_count = 4 + features->lag_count + features->calendar_count + features->known_count +
                            features->past_count + (features->use_stock ? 1 : 0);
    return SEQD_OK;
}

void seqd_features_clear(seqd_features *features)
{
    seqd_context *context = features->context;
    for (int32_t c = 0; c < features->cat_count && features->dictionaries; c++) {
        seqd_dictionary *dictionary = &features->dictionaries[c];
        seqd_free(context, (void *)(uintptr_t)dictionary->names);
        seqd_free(context, (void *)(uintptr_t)dictionary->column);
    }
    if (context) {
        seqd_free(context, features->dictionaries);
        seqd_free(context, features->offsets);
    }
    seqd_event_features_clear(features);
    features->dictionaries = NULL;
    features->offsets = NULL;
    features->cat_count = 0;
}
