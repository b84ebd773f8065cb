/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_ABI_HOST_H
#define SEQD_TESTS_ABI_HOST_H

/* A small host application on the public header: demand made up by a rule, a network trained on it, forecasts. */

#include <seqdemand/seqdemand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef HOST_SERIES
#define HOST_SERIES 6
#endif
#ifndef HOST_BATCH
#define HOST_BATCH "8"
#endif
#define HOST_DAYS 120
#define HOST_HORIZON 7

/* Where messages go; a test that redirects the standard streams points it elsewhere. */
static FILE *host_messages;

#define HOST_TRY(call)                                                                                       \
    do {                                                                                                     \
        const int32_t host_status_ = (call);                                                                 \
        if (host_status_ != SEQD_OK) {                                                                       \
            fprintf(host_messages ? host_messages : stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, \
                    seqd_status_name(host_status_), error.message);                                          \
            goto done;                                                                                       \
        }                                                                                                    \
    } while (0)

/* What there is of an article, as one argument. */
#define HOST_STOCK(on_hand_, on_order_, lead_time_, review_period_, service_level_, pack_size_, min_order_)            \
    (&(const seqd_stock){ .struct_size = (uint32_t)sizeof(seqd_stock), .on_hand = (on_hand_), .on_order = (on_order_), \
                          .lead_time = (lead_time_), .review_period = (review_period_),                               \
                          .service_level = (service_level_), .pack_size = (pack_size_), .min_order = (min_order_) })

typedef struct host {
    seqd_context *context;
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
} host;

static void host_close(host *h)
{
    seqd_model_release(h->model);
    seqd_dataset_release(h->dataset);
    seqd_options_release(h->options);
    seqd_context_release(h->context);
    memset(h, 0, sizeof *h);
}

/* Days as dates of 2023, which has no leap day. */
static void host_date(int day, char text[11])
{
    static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int month = 0;
    while (day >= lengths[month]) day -= lengths[month++];
    day += 1;
    month += 1;
    memcpy(text, "2023-00-00", 11);
    text[5] = (char)('0' + month / 10);
    text[6] = (char)('0' + month % 10);
    text[8] = (char)('0' + day / 10);
    text[9] = (char)('0' + day % 10);
}

static size_t host_csv(char *text, size_t room)
{
    size_t used = (size_t)snprintf(text, room, "unique_id,ds,y\n");
    unsigned state = 12345;
    for (int series = 0; series < HOST_SERIES; series++) {
        for (int day = 0; day < HOST_DAYS; day++) {
            char date[11];
            host_date(day, date);
            state = state * 1103515245u + 12345u;
            const int noise = (int)(state >> 16 & 7u);
            const int weekend = day % 7 >= 5 ? 6 : 0;
            used += (size_t)snprintf(text + used, room - used, "article-%d,%s,%d\n", series, date,
                                     (series + 1) * 3 + weekend + noise);
        }
    }
    return used;
}

/* Everything up to a trained model. 0 on success. */
static int host_train_on(host *h, int32_t threads, const char *cell, const char *backend)
{
    static const char *const settings[][2] = {
        { "freq", "D" },        { "horizon", "7" },      { "context_length", "28" }, { "hidden_size", "8" },
        { "max_steps", "30" },  { "val_every", "10" },   { "batch_size", HOST_BATCH },      { "lags", "7" },
        { "windows", "2" },
    };
    static char text[HOST_SERIES * HOST_DAYS * 32];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_trainer *trainer = NULL;
    int result = 1;

    memset(h, 0, sizeof *h);
    HOST_TRY(seqd_context_create(NULL, &h->context, &error));
    HOST_TRY(seqd_context_set_threads(h->context, threads, &error));
    HOST_TRY(seqd_options_create(h->context, &h->options, &error));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        HOST_TRY(seqd_options_set_str(h->options, settings[i][0], settings[i][1], &error));
    }
    HOST_TRY(seqd_options_set_str(h->options, "model", cell, &error));
    HOST_TRY(seqd_options_set_str(h->options, "backend", backend, &error));
    HOST_TRY(seqd_dataset_parse(h->context, h->options, text, host_csv(text, sizeof text), &h->dataset, &error));
    HOST_TRY(seqd_model_create(h->context, h->options, h->dataset, &h->model, &error));
    HOST_TRY(seqd_trainer_create(h->model, h->dataset, h->options, NULL, &trainer, &error));
    HOST_TRY(seqd_trainer_run(trainer, &error));
    result = 0;
done:
    seqd_trainer_release(trainer);
    if (result != 0) host_close(h);
    return result;
}

static inline int host_train(host *h, int32_t threads, const char *cell)
{
    return host_train_on(h, threads, cell, "auto");
}

/* The means of all series, HOST_SERIES * HOST_HORIZON values. 0 on success. */
static int host_predict(const host *h, double *values)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    int result = 1;

    HOST_TRY(seqd_predictor_create(h->model, &predictor, &error));
    HOST_TRY(seqd_predictor_run(predictor, h->dataset, &forecast, &error));
    for (int64_t series = 0; series < HOST_SERIES; series++) {
        HOST_TRY(seqd_forecast_mean(forecast, series, values + series * HOST_HORIZON, &error));
    }
    result = 0;
done:
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    return result;
}

#endif
