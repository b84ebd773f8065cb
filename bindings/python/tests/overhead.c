/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overhead MODEL COUNT ROUNDS: what LSTM.predict_one does, in C: a dataset of one series of COUNT values, its forecast,
 * the mean and one quantile. Prints the median of ROUNDS such calls in microseconds.
 */
#include <seqdemand/seqdemand.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NEED(call) if ((call) != SEQD_OK) { fprintf(stderr, "%s\n", error.message); return 1; }

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    seqd_error error = SEQD_ERROR_INIT;
    const int count = atoi(argv[2]), rounds = atoi(argv[3]);
    const char **ids = malloc(sizeof *ids * (size_t)count);
    int64_t *times = malloc(sizeof *times * (size_t)count);
    double *values = malloc(sizeof *values * (size_t)count), *took = malloc(sizeof *took * (size_t)rounds);
    double mean[512], high[512];
    seqd_context *context = NULL;
    seqd_model *model = NULL;
    seqd_options *options = NULL;
    seqd_predictor *predictor = NULL;
    for (int i = 0; i < count; i++) {
        ids[i] = "y";
        times[i] = i;
        values[i] = i % 7;
    }
    NEED(seqd_context_create(NULL, &context, &error));
    NEED(seqd_context_set_threads(context, 0, &error));
    NEED(seqd_model_load(context, argv[1], &model, &error));
    NEED(seqd_model_get_options(model, &options, &error));
    NEED(seqd_predictor_create(model, &predictor, &error));
    for (int round = 0; round < rounds; round++) {
        const double start = now();
        seqd_dataset *dataset = NULL;
        seqd_forecast *forecast = NULL;
        NEED(seqd_dataset_create(context, options, &dataset, &error));
        NEED(seqd_dataset_append_str(dataset, "unique_id", ids, count, &error));
        NEED(seqd_dataset_append_i64(dataset, "ds", times, count, &error));
        NEED(seqd_dataset_append_f64(dataset, "y", values, count, &error));
        NEED(seqd_dataset_seal(dataset, &error));
        NEED(seqd_predictor_run(predictor, dataset, &forecast, &error));
        NEED(seqd_forecast_mean(forecast, 0, mean, &error));
        NEED(seqd_forecast_quantile(forecast, 0, 0.9, high, &error));
        seqd_forecast_release(forecast);
        seqd_dataset_release(dataset);
        took[round] = now() - start;
    }
    qsort(took, (size_t)rounds, sizeof *took, compare);
    printf("%.3f %.17g\n", took[rounds / 2], mean[0]);
    seqd_predictor_release(predictor);
    seqd_options_release(options);
    seqd_model_release(model);
    seqd_context_release(context);
    free(took);
    free(values);
    free(times);
    free(ids);
    return 0;
}
