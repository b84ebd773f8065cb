/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lstm_inventory CONFIG SALES.csv[.gz] STOCK.csv: daily demand of a shop by an LSTM that also sees price and season,
 * judged on the last 28 days beside simple methods; then, from all days, which articles run out before an order placed
 * now can arrive.
 */
#include "judge.h"

#define TRY(call) if ((status = (call)) != SEQD_OK) goto done

static int32_t train(seqd_context *context, seqd_options *options, seqd_dataset *known, seqd_forecast **forecast,
                     seqd_error *error)
{
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *predictor = NULL;
    seqd_training_summary summary = {.struct_size = sizeof summary};
    int32_t status;

    TRY(seqd_model_create(context, options, known, &model, error));
    TRY(seqd_trainer_create(model, known, options, NULL, &trainer, error));
    TRY(seqd_trainer_run(trainer, error));
    TRY(seqd_trainer_summarize(trainer, &summary, error));
    printf("trained %lld steps in %.1f s, kept those of step %lld: validation MAE %.3f\n", (long long)summary.steps,
           summary.seconds, (long long)summary.best_step, summary.best_loss);
    TRY(seqd_predictor_create(model, &predictor, error));
    TRY(seqd_predictor_run(predictor, known, forecast, error));
done:
    seqd_predictor_release(predictor);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    return status;
}

/* Lists the articles whose stock lasts shorter than their lead time, the shortest first ten. */
static int32_t alerts(const seqd_forecast *forecast, const seqd_table *stock, seqd_error *error)
{
    static const char *const names[5] = {"on_hand", "on_order", "lead_time", "pack_size", "min_order"};
    const int32_t id = seqd_table_find_column(stock, "unique_id");
    int64_t found = 0, orders = 0;
    int32_t status = SEQD_OK;
    printf("\n%-10s %10s %10s %14s %10s\n", "article", "on hand", "lead time", "reorder point", "ORDER");
    for (int64_t row = 0; row < seqd_table_row_count(stock); row++) {
        seqd_reorder answer = {.struct_size = sizeof answer};
        double value[5];
        for (int i = 0; i < 5; i++)
            TRY(seqd_table_number(stock, row, seqd_table_find_column(stock, names[i]), &value[i], error));
        const char *article = seqd_table_text(stock, row, id);
        const seqd_stock now = {.struct_size = sizeof now, .on_hand = value[0], .on_order = value[1],
                                .lead_time = (int32_t)value[2], .review_period = 7, .service_level = 0.95,
                                .pack_size = value[3], .min_order = value[4]};
        TRY(seqd_reorder_from_forecast(forecast, seqd_forecast_find_series(forecast, article), &now, 0, 1, &answer,
                                       error));
        orders += answer.order_quantity > 0.0;
        if (answer.alert && found++ < 10)
            printf("%-10s %10.0f %10.0f %14.0f %10.0f\n", article, value[0], value[2], answer.reorder_point,
                   answer.order_quantity);
    }
    printf("%lld articles run out within their lead time (ten shown), %lld should be ordered\n", (long long)found,
           (long long)orders);
done:
    return status;
}

int main(int argc, char **argv)
{
    static const char *const baselines[] = {"seasonal_naive", "moving_average", "ses", "croston", "tsb", "zero", NULL};
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *sales = NULL, *known = NULL;
    seqd_forecast *forecast = NULL, *now = NULL;
    seqd_table *stock = NULL;
    int64_t horizon;
    int32_t status;

    if (argc != 4) return fprintf(stderr, "usage: lstm_inventory CONFIG SALES.csv STOCK.csv\n"), 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_context_set_threads(context, 0, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_load(options, argv[1], &error));
    TRY(seqd_options_get_i64(options, "horizon", &horizon, &error));
    TRY(seqd_dataset_read(context, options, argv[2], &sales, &error));
    TRY(seqd_dataset_before(sales, horizon, &known, &error));

    TRY(train(context, options, known, &forecast, &error));
    printf("\nlast %lld days, %lld articles\n%-16s %10s %10s %11s\n", (long long)horizon,
           (long long)seqd_dataset_series_count(known), "model", "MAE", "RMSE", "MAPE");
    TRY(judge("lstm", forecast, sales, &error));
    TRY(judge_baselines(baselines, known, options, sales, &error));

    puts("\nnow with all days known:");
    TRY(train(context, options, sales, &now, &error));
    TRY(seqd_table_read(context, argv[3], &stock, &error));
    TRY(alerts(now, stock, &error));
done:
    if (status != SEQD_OK) fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    seqd_table_release(stock);
    seqd_forecast_release(now);
    seqd_forecast_release(forecast);
    seqd_dataset_release(known);
    seqd_dataset_release(sales);
    seqd_options_release(options);
    seqd_context_release(context);
    return status != SEQD_OK;
}
