/* SPDX-License-Identifier: Apache-2.0 */
/*
 * purchase_count CONFIG EVENTS.csv[.gz]: how often does each customer buy in the next 30 days? An LSTM learns from the
 * sequences up to a day and is judged on what came after, beside other cells, a perceptron, linear regression and the
 * mean; then the customers from whom most purchases are expected in the 30 days after their last invoice.
 */
#include "answers.h"

typedef struct expected {
    double purchases;
    const char *id;
    int64_t event;
} expected;

static int by_purchases(const void *a, const void *b)
{
    const double x = ((const expected *)a)->purchases, y = ((const expected *)b)->purchases;
    return (x < y) - (x > y);
}

/* After the last event of everyone: the answers that nobody knows yet. */
static int32_t show_customers(seqd_model *model, seqd_dataset *events, seqd_error *error)
{
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    expected *rows = NULL;
    char last[24];
    int64_t count;
    int32_t status;

    TRY(seqd_predictor_create(model, &predictor, error));
    TRY(seqd_predictor_answer(predictor, events, SEQD_ANSWER_END, &prediction, error));
    count = seqd_prediction_row_count(prediction);
    rows = (expected *)malloc((size_t)count * sizeof *rows);
    status = rows ? SEQD_OK : SEQD_E_NOMEM;
    for (int64_t i = 0; i < count && status == SEQD_OK; i++) {
        rows[i] = (expected){0.0, seqd_prediction_id(prediction, i), seqd_prediction_event(prediction, i)};
        status = seqd_prediction_scores(prediction, i, &rows[i].purchases, error);
    }
    if (status != SEQD_OK) goto done;
    qsort(rows, (size_t)count, sizeof *rows, by_purchases);
    printf("\n%-10s %8s  %-20s %s\n", "customer", "invoices", "the last one", "purchases expected in the days after it");
    for (int64_t i = 0; i < count && i < 8; i++) {
        const int64_t series = seqd_dataset_find_series(events, rows[i].id);
        TRY(seqd_dataset_date(events, series, rows[i].event, last, sizeof last, error));
        printf("%-10s %8lld  %-20s %.1f\n", rows[i].id, (long long)rows[i].event + 1, last, rows[i].purchases);
    }
done:
    free(rows);
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
    return status;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"lstm", "rnn", "gru", "mlp", "linear", NULL};
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *events = NULL, *train = NULL, *test = NULL;
    seqd_model *model = NULL;
    seqd_prediction *prediction = NULL;
    int32_t status;

    if (argc != 3) return fprintf(stderr, "usage: purchase_count CONFIG EVENTS.csv\n"), 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_context_set_threads(context, 0, &error));
    TRY(seqd_options_create(context, &options, &error));
    TRY(seqd_options_load(options, argv[1], &error));
    TRY(seqd_dataset_read(context, options, argv[2], &events, &error));
    TRY(seqd_dataset_split(events, "time", 0.8, 1, &train, &test, &error));
    printf("%lld customers; learned from the first 80 %% of all invoices, judged on the later ones\n",
           (long long)seqd_dataset_series_count(events));
    TRY(compare(context, options, names, train, test, &model, &prediction, &error));
    TRY(show_customers(model, events, &error));
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
