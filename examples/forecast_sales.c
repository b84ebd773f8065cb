/* SPDX-License-Identifier: Apache-2.0 */
/* forecast_sales SALES.csv[.gz] ARTICLE: learns from a table of sales, prints a forecast as CSV and when to reorder. */
#include <seqdemand/seqdemand.h>

#include <stdio.h>

#define TRY(call) if ((status = (call)) != SEQD_OK) goto done

int main(int argc, char **argv)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *sales = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    const seqd_stock stock = { .struct_size = sizeof stock, .on_hand = 40, .lead_time = 7, .review_period = 7,
                               .service_level = 0.95, .pack_size = 12 };
    seqd_reorder reorder = { .struct_size = sizeof reorder };
    double mean[14], high[14];
    char date[24];
    int32_t status;

    if (argc != 3) return 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_set_str(options, "freq", "D", &error));
    TRY(seqd_options_set_i64(options, "horizon", 14, &error));
    TRY(seqd_options_set_i64(options, "max_steps", 200, &error));
    TRY(seqd_dataset_read(context, options, argv[1], &sales, &error));
    const int64_t article = seqd_dataset_find_series(sales, argv[2]);
    TRY(seqd_dataset_date(sales, article, 0, date, sizeof date, &error)); /* an unknown article ends here */
    TRY(seqd_model_create(context, options, sales, &model, &error));
    TRY(seqd_trainer_create(model, sales, options, NULL, &trainer, &error));
    TRY(seqd_trainer_run(trainer, &error));
    seqd_trainer_release(trainer); /* from here on the model may be shared between threads */
    trainer = NULL;
    TRY(seqd_predictor_create(model, &predictor, &error));
    TRY(seqd_predictor_run(predictor, sales, &forecast, &error));

    TRY(seqd_forecast_mean(forecast, article, mean, &error));
    TRY(seqd_forecast_quantile(forecast, article, 0.9, high, &error));
    printf("unique_id,ds,mean,q0.9\n"); /* what is expected, and what is stayed below nine times out of ten */
    for (int step = 0; step < 14; step++) {
        TRY(seqd_dataset_date(sales, article, seqd_dataset_length(sales, article) + step, date, sizeof date, &error));
        printf("%s,%s,%.9g,%.9g\n", argv[2], date, mean[step], high[step]);
    }
    /* 40 on hand, none on order, 7 days of lead time, orders once in 7 days, 95 % service, packs of 12. */
    TRY(seqd_reorder_from_forecast(forecast, article, &stock, 0, 1, &reorder, &error));
    printf("reorder point %.9g, order now %.9g\n", reorder.reorder_point, reorder.order_quantity);

done:
    if (status != SEQD_OK) fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(sales);
    seqd_options_release(options);
    seqd_context_release(context);
    return status != SEQD_OK;
}
