/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seq2seq_attention CONFIG SALES.csv[.gz]: weekly demand by an encoder-decoder with attention, judged on the last weeks
 * beside simple methods; then where the decoder looked for one article.
 */
#include "judge.h"

#define TRY(call) if ((status = (call)) != SEQD_OK) goto done

/* A row for each week ahead, a column for each week read: dark where the decoder looked. */
static int32_t show_attention(seqd_predictor *predictor, const seqd_model *model, seqd_dataset *known, int64_t series,
                              int32_t steps, seqd_error *error)
{
    static const char shades[] = " .:-=+*#%@";
    const int32_t horizon = seqd_model_horizon(model);
    float *weights = (float *)malloc((size_t)horizon * (size_t)steps * sizeof *weights);
    int32_t status = SEQD_E_NOMEM;
    if (!weights) return status;
    TRY(seqd_predictor_attention(predictor, known, series, weights, (int64_t)horizon * steps, error));
    printf("\nattention for article %s: weeks read from left (%d weeks ago) to right (the last)\n",
           seqd_dataset_series_id(known, series), (int)steps);
    for (int32_t h = 0; h < horizon; h++) {
        float most = 0.0f;
        for (int32_t t = 0; t < steps; t++)
            if (weights[h * steps + t] > most) most = weights[h * steps + t];
        printf("week +%d  |", (int)h + 1);
        for (int32_t t = 0; t < steps; t++) putchar(shades[(int)(9.0f * weights[h * steps + t] / most)]);
        printf("|  highest weight %.2f\n", (double)most);
    }
done:
    free(weights);
    return status;
}

int main(int argc, char **argv)
{
    static const char *const baselines[] = {"naive", "seasonal_naive", "moving_average", "ses", "zero", NULL};
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *sales = NULL, *known = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    seqd_training_summary summary = {.struct_size = sizeof summary};
    int64_t horizon, steps;
    int32_t status;

    if (argc != 3) return fprintf(stderr, "usage: seq2seq_attention CONFIG SALES.csv\n"), 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_context_set_threads(context, 0, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_load(options, argv[1], &error));
    TRY(seqd_options_get_i64(options, "horizon", &horizon, &error));
    TRY(seqd_options_get_i64(options, "context_length", &steps, &error));
    TRY(seqd_dataset_read(context, options, argv[2], &sales, &error));
    TRY(seqd_dataset_before(sales, horizon, &known, &error));

    TRY(seqd_model_create(context, options, known, &model, &error));
    TRY(seqd_trainer_create(model, known, options, NULL, &trainer, &error));
    TRY(seqd_trainer_run(trainer, &error));
    TRY(seqd_trainer_summarize(trainer, &summary, &error));
    printf("trained %lld steps in %.1f s, kept those of step %lld: validation loss %.4f\n", (long long)summary.steps,
           summary.seconds, (long long)summary.best_step, summary.best_loss);
    seqd_trainer_release(trainer);
    trainer = NULL;
    TRY(seqd_predictor_create(model, &predictor, &error));
    TRY(seqd_predictor_run(predictor, known, &forecast, &error));

    printf("\nlast %lld weeks, %lld articles\n%-16s %10s %10s %11s\n", (long long)horizon,
           (long long)seqd_dataset_series_count(known), "model", "MAE", "RMSE", "MAPE");
    TRY(judge("encdec", forecast, sales, &error));
    TRY(judge_baselines(baselines, known, options, sales, &error));
    TRY(show_attention(predictor, model, known, seqd_dataset_find_series(known, "85123A"), (int32_t)steps, &error));
done:
    if (status != SEQD_OK) fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(known);
    seqd_dataset_release(sales);
    seqd_options_release(options);
    seqd_context_release(context);
    return status != SEQD_OK;
}
