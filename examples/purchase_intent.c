/* SPDX-License-Identifier: Apache-2.0 */
/*
 * purchase_intent CONFIG EVENTS.csv[.gz]: will there be a purchase? An LSTM learns from the first 80 % of the data, in
 * the order of the file or of time as option `split` says, and is judged on the rest beside logistic regression, a
 * perceptron and the most frequent class; then how many of the purchases are among those it is most sure of.
 */
#include "answers.h"

typedef struct scored {
    double chance;
    int bought;
} scored;

static int by_chance(const void *a, const void *b)
{
    const double x = ((const scored *)a)->chance, y = ((const scored *)b)->chance;
    return (x < y) - (x > y);
}

/* Who gets the few vouchers there are: of those most likely to buy, how many do, against a choice by chance. */
static int32_t show_reach(const seqd_prediction *prediction, seqd_error *error)
{
    const int64_t count = seqd_prediction_row_count(prediction);
    scored *rows = (scored *)malloc((size_t)count * sizeof *rows);
    int32_t status = rows ? SEQD_OK : SEQD_E_NOMEM;
    int64_t purchases = 0, reached = 0, done_rows = 0;
    for (int64_t i = 0; i < count && status == SEQD_OK; i++) {
        double chances[2], label;
        TRY(seqd_prediction_scores(prediction, i, chances, error));
        TRY(seqd_prediction_labels(prediction, i, &label, error));
        rows[i] = (scored){chances[1], label > 0.5};
        purchases += rows[i].bought;
    }
    if (status == SEQD_OK) qsort(rows, (size_t)count, sizeof *rows, by_chance);
    for (int percent = 5; percent <= 20 && status == SEQD_OK; percent *= 2) {
        for (; done_rows < count * percent / 100; done_rows++) reached += rows[done_rows].bought;
        printf("the %2d %% most likely to buy hold %.1f %% of those who do\n", percent,
               100.0 * (double)reached / (double)purchases);
    }
done:
    free(rows);
    return status;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"lstm", "gru", "mlp", "logistic", NULL};
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *events = NULL, *train = NULL, *test = NULL;
    seqd_model *model = NULL;
    seqd_prediction *prediction = NULL;
    const char *split;
    int32_t status;

    if (argc != 3) return fprintf(stderr, "usage: purchase_intent CONFIG EVENTS.csv\n"), 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_context_set_threads(context, 0, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_load(options, argv[1], &error));
    TRY(seqd_options_get_str(options, "split", &split, &error));
    TRY(seqd_dataset_read(context, options, argv[2], &events, &error));
    TRY(seqd_dataset_split(events, split, 0.8, 1, &train, &test, &error));
    printf("%lld sequences of events; learned from the first 80 %% (split by %s), judged on the rest\n",
           (long long)seqd_dataset_series_count(events), split);
    TRY(compare(context, options, names, train, test, &model, &prediction, &error));
    putchar('\n');
    TRY(show_reach(prediction, &error));
done:
    if (status != SEQD_OK) fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    seqd_prediction_release(prediction);
    seqd_model_release(model);
    seqd_dataset_release(test);
    seqd_dataset_release(train);
    seqd_dataset_release(events);
    seqd_options_release(options);
    seqd_context_release(context);
    return status != SEQD_OK;
}
