/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prediction as a host sees it, through the public header only: `predict [SERIES]` prints lines of JSON about
 *
 *   one series     a forecast of one series (median, 99th percentile), and what it allocates
 *   streaming      one step of one series pushed to a stream, and the forecast after it
 *   many series    SERIES of them (100000) in one call, with one thread and with two
 *   streams        one step of all of them
 *   loading        a model from its file
 *
 * The network is the default one for daily data (LSTM, 64 units, 28 days ahead), trained for a few steps on made-up
 * sales: what it answers does not matter here, what it computes does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

#include "timing.h"

enum { DAYS = 120, TRAIN_SERIES = 256, SINGLE_CALLS = 3000, WARM_CALLS = 100, BATCH_CALLS = 3, LOAD_CALLS = 100 };

#define TRY(call) if ((status = (call)) != SEQD_OK) goto done

static int64_t allocations;

static void *count_allocate(void *user, size_t size)
{
    (void)user;
    allocations++;
    return malloc(size);
}

static void count_release(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static double sales(int64_t series, int64_t day)
{
    const double level = 5.0 + (double)(series % 97), weekday = (double)(day % 7);
    return floor(level * (1.0 + 0.3 * sin(0.9 * weekday)) + (double)((series * 7919 + day * 104729) % 11));
}

/* `series` of DAYS days each. */
static int32_t make_dataset(seqd_context *context, const seqd_options *options, int64_t series, seqd_dataset **out,
                            seqd_error *error)
{
    static char name[32];
    static const char *names[DAYS];
    static int64_t seconds[DAYS];
    static double values[DAYS];
    int32_t status = seqd_dataset_create(context, options, out, error);
    for (int64_t i = 0; i < series && status == SEQD_OK; i++) {
        snprintf(name, sizeof name, "article %07lld", (long long)i);
        for (int64_t day = 0; day < DAYS; day++) {
            names[day] = name;
            seconds[day] = (19000 + day) * 86400;
            values[day] = sales(i, day);
        }
        status = seqd_dataset_append_str(*out, "unique_id", names, DAYS, error);
        if (status == SEQD_OK) status = seqd_dataset_append_i64(*out, "ds", seconds, DAYS, error);
        if (status == SEQD_OK) status = seqd_dataset_append_f64(*out, "y", values, DAYS, error);
    }
    if (status == SEQD_OK) status = seqd_dataset_seal(*out, error);
    return status;
}

static int32_t train(seqd_context *context, const seqd_options *options, seqd_model **out, seqd_error *error)
{
    seqd_dataset *dataset = NULL;
    seqd_trainer *trainer = NULL;
    int32_t status;
    TRY(make_dataset(context, options, TRAIN_SERIES, &dataset, error));
    TRY(seqd_model_create(context, options, dataset, out, error));
    TRY(seqd_trainer_create(*out, dataset, options, NULL, &trainer, error));
    TRY(seqd_trainer_run(trainer, error));
done:
    seqd_trainer_release(trainer);
    seqd_dataset_release(dataset);
    return status;
}

/* Sorts the times of SINGLE_CALLS calls. */
static void print_times(const char *name, double *times, int64_t allocated)
{
    sort_times(times, SINGLE_CALLS);
    printf("{\"benchmark\": \"%s\", \"median_ms\": %.5f, \"p99_ms\": %.5f, \"fastest_ms\": %.5f, \"calls\": %d, "
           "\"allocations_per_call\": %.2f}\n", name, times[SINGLE_CALLS / 2], times[SINGLE_CALLS * 99 / 100], times[0],
           (int)SINGLE_CALLS, (double)allocated / SINGLE_CALLS);
    fflush(stdout);
}

static int32_t one_series(seqd_context *context, const seqd_options *options, seqd_model *model, seqd_error *error)
{
    static double times[SINGLE_CALLS];
    seqd_dataset *dataset = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    int64_t before = 0;
    int32_t status;
    TRY(make_dataset(context, options, 1, &dataset, error));
    TRY(seqd_predictor_create(model, &predictor, error));
    TRY(seqd_predictor_run(predictor, dataset, &forecast, error));
    for (int i = -WARM_CALLS; i < SINGLE_CALLS; i++) {
        if (i == 0) before = allocations;
        const double start = now_ms();
        TRY(seqd_predictor_run_into(predictor, dataset, forecast, error));
        if (i >= 0) times[i] = now_ms() - start;
    }
    print_times("one series", times, allocations - before);
done:
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_dataset_release(dataset);
    return status;
}

static int32_t streaming(seqd_context *context, const seqd_options *options, seqd_model *model, seqd_error *error)
{
    static double pushes[SINGLE_CALLS], forecasts[SINGLE_CALLS];
    static const double level = 0.5;
    seqd_dataset *dataset = NULL;
    seqd_stream *stream = NULL;
    double *mean = NULL;
    int64_t before = 0, after = 0;
    int32_t status;
    TRY(make_dataset(context, options, 1, &dataset, error));
    TRY(seqd_stream_create(model, dataset, &stream, error));
    mean = calloc(2 * (size_t)seqd_stream_horizon(stream), sizeof *mean);
    status = SEQD_E_NOMEM;
    if (!mean) goto done;
    for (int i = -WARM_CALLS; i < SINGLE_CALLS; i++) {
        if (i == 0) before = allocations;
        const double start = now_ms();
        TRY(seqd_stream_push(stream, 0, sales(0, DAYS + WARM_CALLS + i), 1, NULL, 0, NULL, 0, error));
        if (i >= 0) pushes[i] = now_ms() - start;
    }
    after = allocations;
    for (int i = 0; i < SINGLE_CALLS; i++) {
        const double start = now_ms();
        TRY(seqd_stream_forecast(stream, 0, NULL, 0, mean, &level, 1, mean + seqd_stream_horizon(stream), error));
        forecasts[i] = now_ms() - start;
    }
    print_times("a step pushed to a stream", pushes, after - before);
    print_times("a forecast of a stream", forecasts, allocations - after);
done:
    free(mean);
    seqd_stream_release(stream);
    seqd_dataset_release(dataset);
    return status;
}

/* One step of every series with the threads of the context. */
static int32_t push_all(seqd_model *model, seqd_dataset *dataset, int64_t series, int32_t threads, seqd_error *error)
{
    double times[BATCH_CALLS];
    seqd_stream *stream = NULL;
    double *y = malloc((size_t)series * sizeof *y);
    int32_t status = SEQD_E_NOMEM;
    if (!y) goto done;
    for (int64_t i = 0; i < series; i++) y[i] = sales(i, DAYS);
    TRY(seqd_stream_create(model, dataset, &stream, error));
    for (int i = 0; i < BATCH_CALLS; i++) {
        const double start = now_ms();
        TRY(seqd_stream_push_many(stream, y, NULL, series, NULL, 0, NULL, 0, error));
        times[i] = now_ms() - start;
    }
    sort_times(times, BATCH_CALLS);
    printf("{\"benchmark\": \"streams\", \"series\": %lld, \"threads\": %d, \"median_ms\": %.3f, "
           "\"steps_per_s\": %.0f}\n", (long long)series, (int)threads, times[BATCH_CALLS / 2],
           (double)series / times[BATCH_CALLS / 2] * 1e3);
    fflush(stdout);
done:
    free(y);
    seqd_stream_release(stream);
    return status;
}

static int32_t many_series(seqd_context *context, const seqd_options *options, const char *path, int64_t series,
                           seqd_error *error)
{
    seqd_dataset *dataset = NULL;
    int32_t status;
    TRY(make_dataset(context, options, series, &dataset, error));
    for (int32_t threads = 1; threads <= 2; threads++) {
        double times[BATCH_CALLS];
        seqd_model *model = NULL;
        seqd_predictor *predictor = NULL;
        seqd_forecast *forecast = NULL;
        status = seqd_context_set_threads(context, threads, error);
        if (status == SEQD_OK) status = seqd_model_load(context, path, &model, error);
        if (status == SEQD_OK) status = seqd_predictor_create(model, &predictor, error);
        if (status == SEQD_OK) status = seqd_predictor_run(predictor, dataset, &forecast, error);
        for (int i = 0; i < BATCH_CALLS && status == SEQD_OK; i++) {
            const double start = now_ms();
            status = seqd_predictor_run_into(predictor, dataset, forecast, error);
            times[i] = now_ms() - start;
        }
        seqd_forecast_release(forecast);
        seqd_predictor_release(predictor);
        if (status == SEQD_OK) status = push_all(model, dataset, series, threads, error);
        seqd_model_release(model);
        if (status != SEQD_OK) break;
        sort_times(times, BATCH_CALLS);
        printf("{\"benchmark\": \"many series\", \"series\": %lld, \"threads\": %d, \"median_ms\": %.3f, "
               "\"series_per_s\": %.0f}\n", (long long)series, (int)threads, times[BATCH_CALLS / 2],
               (double)series / times[BATCH_CALLS / 2] * 1e3);
        fflush(stdout);
    }
done:
    (void)seqd_context_set_threads(context, 1, NULL);
    seqd_dataset_release(dataset);
    return status;
}

static int32_t loading(seqd_context *context, const char *path, seqd_error *error)
{
    double times[LOAD_CALLS];
    for (int i = 0; i < LOAD_CALLS; i++) {
        seqd_model *model = NULL;
        const double start = now_ms();
        const int32_t status = seqd_model_load(context, path, &model, error);
        times[i] = now_ms() - start;
        if (status != SEQD_OK) return status;
        seqd_model_release(model);
    }
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (file) fclose(file);
    sort_times(times, LOAD_CALLS);
    printf("{\"benchmark\": \"loading\", \"median_ms\": %.4f, \"fastest_ms\": %.4f, \"bytes\": %ld}\n",
           times[LOAD_CALLS / 2], times[0], size);
    return SEQD_OK;
}

int main(int argc, char **argv)
{
    const seqd_allocator allocator = { (uint32_t)sizeof allocator, NULL, count_allocate, count_release };
    const int64_t series = argc > 1 ? strtoll(argv[1], NULL, 10) : 100000;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_model *model = NULL;
    char path[64];
    int32_t status;

    if (series < 1) {
        fprintf(stderr, "usage: predict [SERIES]\n");
        return 2;
    }
    snprintf(path, sizeof path, "/tmp/seqdemand-predict-%lld.seqd", (long long)now_ms());
    TRY(seqd_context_create(&allocator, &context, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_set_str(options, "freq", "D", &error));
    TRY(seqd_options_set_i64(options, "horizon", 28, &error));
    TRY(seqd_options_set_i64(options, "max_steps", 20, &error));
    TRY(train(context, options, &model, &error));
    TRY(seqd_model_save(model, path, &error));
    TRY(one_series(context, options, model, &error));
    TRY(streaming(context, options, model, &error));
    TRY(many_series(context, options, path, series, &error));
    TRY(loading(context, path, &error));
done:
    if (status != SEQD_OK) fprintf(stderr, "predict: %s: %s\n", seqd_status_name(status), error.message);
    (void)remove(path);
    seqd_model_release(model);
    seqd_options_release(options);
    seqd_context_release(context);
    return status != SEQD_OK;
}
