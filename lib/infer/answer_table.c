/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts and answers as Arrow tables. */
#include <string.h>

#include "alloc.h"
#include "arrow_stream.h"
#include "calendar.h"
#include "forecast.h"
#include "infer.h"
#include "panel.h"
#include "prediction.h"
#include "status.h"
#include "text.h"

/* The forecast is the dataset's: the same ids in the same order. */
static int32_t check_series(const seqd_forecast *forecast, const seqd_dataset *dataset, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    SEQD_CHECK(seqd_need_panel(dataset, error));
    if (dataset->series_count != forecast->series_count)
        return seqd_fail(error, SEQD_E_ARG, "the forecast has %lld series, the dataset %lld",
                         (long long)forecast->series_count, (long long)dataset->series_count);
    for (int64_t s = 0; s < forecast->series_count; s++)
        if (strcmp(forecast->ids[s], dataset->series[s].id) != 0)
            return seqd_fail(error, SEQD_E_ARG, "the forecast's series '%s' is another one in the dataset",
                             seqd_quote(forecast->ids[s], strlen(forecast->ids[s]), quoted));
    return SEQD_OK;
}

/* Bytes of `ids` if each is told so often. */
static int32_t sum_text(const char *const *ids, int64_t count, int64_t times, int64_t *bytes, seqd_error *error)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (int64_t)strlen(ids[i]);
    if (!seqd_mul_i64(sum, times, bytes)) return seqd_fail_nomem(error, SIZE_MAX);
    return SEQD_OK;
}

static int32_t fill_forecast(const seqd_forecast *forecast, const seqd_dataset *dataset, const double *levels,
                             int32_t count, seqd_arrow_table *table, seqd_error *error)
{
    const int32_t horizon = forecast->horizon;
    int64_t *ds = seqd_arrow_table_i64(table, 1);
    for (int64_t s = 0; s < forecast->series_count; s++) {
        const int64_t at = s * horizon;
        const int64_t end = dataset ? dataset->series[s].start + dataset->series[s].length : 1;
        for (int32_t h = 0; h < horizon; h++) {
            seqd_arrow_table_add_text(table, 0, forecast->ids[s]);
            ds[at + h] = dataset ? seqd_calendar_seconds(&dataset->calendar, end + h) : end + h;
        }
        SEQD_CHECK(seqd_forecast_get_mean(forecast, s, seqd_arrow_table_f64(table, 2) + at, error));
        for (int32_t i = 0; i < count; i++)
            SEQD_CHECK(seqd_forecast_get_quantile(forecast, s, levels[i], seqd_arrow_table_f64(table, 3 + i) + at,
                                                  error));
    }
    return SEQD_OK;
}

typedef char number_text[SEQD_NUMBER_SIZE];

int32_t seqd_forecast_table(const seqd_forecast *forecast, const seqd_dataset *dataset, const double *levels,
                            int32_t count, struct ArrowArrayStream *out, seqd_error *error)
{
    seqd_context *context = forecast->context;
    const bool dates = dataset && dataset->calendar.freq != SEQD_FREQ_INT;
    int64_t text, rows;
    if (dataset) SEQD_CHECK(check_series(forecast, dataset, error));
    for (int32_t i = 0; i < count; i++)
        if (!(levels[i] > 0.0 && levels[i] < 1.0))
            return seqd_fail(error, SEQD_E_ARG, "level %d of %d is not between 0 and 1", i + 1, count);
    SEQD_CHECK(sum_text((const char *const *)forecast->ids, forecast->series_count, forecast->horizon, &text, error));
    if (!seqd_mul_i64(forecast->series_count, forecast->horizon, &rows)) return seqd_fail_nomem(error, SIZE_MAX);
    seqd_arrow_table *table = NULL;
    seqd_arrow_field *fields = seqd_alloc_array(context, (size_t)count + 3, sizeof *fields);
    number_text *names = fields ? seqd_alloc_array(context, (size_t)count + 1, sizeof *names) : NULL;
    int32_t status = names ? SEQD_OK : seqd_fail_alloc(context, ((size_t)count + 3) * sizeof *fields, error);
    if (status == SEQD_OK) {
        fields[0] = (seqd_arrow_field){ "", "unique_id", SEQD_ARROW_OUT_TEXT, text };
        fields[1] = (seqd_arrow_field){ "", "ds", dates ? SEQD_ARROW_OUT_SECONDS : SEQD_ARROW_OUT_I64, 0 };
        fields[2] = (seqd_arrow_field){ "", "mean", SEQD_ARROW_OUT_F64, 0 };
        for (int32_t i = 0; i < count; i++) {
            seqd_format_f64(levels[i], names[i]);
            fields[3 + i] = (seqd_arrow_field){ "q", names[i], SEQD_ARROW_OUT_F64, 0 };
        }
        status = seqd_arrow_table_new(context, fields, count + 3, rows, &table, error);
    }
    if (status == SEQD_OK) status = fill_forecast(forecast, dataset, levels, count, table, error);
    seqd_free(context, names);
    seqd_free(context, fields);
    if (status == SEQD_OK) seqd_arrow_table_stream(table, out);
    else if (table) seqd_arrow_table_free(table);
    return status;
}

static void fill_prediction(const seqd_prediction *prediction, seqd_arrow_table *table)
{
    const int32_t answers = prediction->answers, width = prediction->width, first = prediction->classes > 0 ? 4 : 3;
    for (int64_t i = 0; i < prediction->count * answers; i++) {
        const int64_t row = i / answers;
        const float *scores = prediction->scores + i * width;
        seqd_arrow_table_add_text(table, 0, prediction->ids[row]);
        seqd_arrow_table_i64(table, 1)[i] = prediction->event[row];
        seqd_arrow_table_i64(table, 2)[i] = i % answers + 1;
        if (prediction->classes > 0)
            seqd_arrow_table_add_text(table, 3, prediction->names[seqd_prediction_told(prediction, scores)]);
        for (int32_t k = 0; k < width; k++) seqd_arrow_table_f64(table, first + k)[i] = (double)scores[k];
    }
}

int32_t seqd_prediction_table(const seqd_prediction *prediction, struct ArrowArrayStream *out, seqd_error *error)
{
    seqd_context *context = prediction->context;
    const int32_t width = prediction->width, answers = prediction->answers;
    const bool classes = prediction->classes > 0;
    int64_t text, told = 0, rows;
    SEQD_CHECK(sum_text(prediction->ids, prediction->count, answers, &text, error));
    if (!seqd_mul_i64(prediction->count, answers, &rows)) return seqd_fail_nomem(error, SIZE_MAX);
    for (int64_t i = 0; classes && i < rows; i++)
        told += (int64_t)strlen(prediction->names[seqd_prediction_told(prediction, prediction->scores + i * width)]);
    seqd_arrow_table *table = NULL;
    seqd_arrow_field *fields = seqd_alloc_array(context, (size_t)width + 4, sizeof *fields);
    if (!fields) return seqd_fail_alloc(context, ((size_t)width + 4) * sizeof *fields, error);
    int32_t count = 0;
    fields[count++] = (seqd_arrow_field){ "", "unique_id", SEQD_ARROW_OUT_TEXT, text };
    fields[count++] = (seqd_arrow_field){ "", "event", SEQD_ARROW_OUT_I64, 0 };
    fields[count++] = (seqd_arrow_field){ "", "step", SEQD_ARROW_OUT_I64, 0 };
    if (classes) fields[count++] = (seqd_arrow_field){ "", "class", SEQD_ARROW_OUT_TEXT, told };
    for (int32_t k = 0; k < width; k++)
        fields[count++] = (seqd_arrow_field){ classes ? "p_" : "", classes ? prediction->names[k] : "value",
                                              SEQD_ARROW_OUT_F64, 0 };
    const int32_t status = seqd_arrow_table_new(context, fields, count, rows, &table, error);
    seqd_free(context, fields);
    SEQD_CHECK(status);
    fill_prediction(prediction, table);
    seqd_arrow_table_stream(table, out);
    return SEQD_OK;
}
