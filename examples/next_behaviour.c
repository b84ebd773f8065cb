/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next_behaviour CONFIG RETENTION_CONFIG EVENTS.csv[.gz]: what does each user do next, and is the user still
 * there in some days? Two LSTM layers learn from 80 % of the users (or of the time, as option `split` says) and are
 * judged on the others beside a perceptron, logistic regression and the most frequent class.
 */
#include "answers.h"

/* Every class against all others, and what was told instead. */
static int32_t show_classes(const seqd_prediction *prediction, seqd_error *error)
{
    const int32_t classes = seqd_prediction_class_count(prediction);
    int64_t *counts = (int64_t *)malloc((size_t)classes * (size_t)classes * sizeof *counts);
    int32_t status = SEQD_E_NOMEM;
    if (!counts) return status;
    TRY(seqd_prediction_confusion(prediction, counts, error));
    printf("\n%-12s %9s %9s %9s %9s %9s   told as", "class", "answers", "precision", "recall", "F1", "AUROC");
    for (int32_t k = 0; k < classes; k++) printf(" %7s", seqd_prediction_class_name(prediction, k));
    putchar('\n');
    for (int32_t i = 0; i < classes; i++) {
        seqd_class_metrics m = {.struct_size = sizeof m};
        TRY(seqd_prediction_evaluate_class(prediction, i, &m, error));
        printf("%-12s %9lld %9.4f %9.4f %9.4f %9.4f          ", seqd_prediction_class_name(prediction, i),
               (long long)m.count, m.precision, m.recall, m.f1, m.auroc);
        for (int32_t k = 0; k < classes; k++) printf(" %7lld", (long long)counts[i * classes + k]);
        putchar('\n');
    }
done:
    free(counts);
    return status;
}

/* Reads the events with the answers that the settings ask for, learns and judges. */
static int32_t learn(seqd_context *context, const char *config, const char *path, seqd_error *error)
{
    static const char *const names[] = {"lstm", "mlp", "logistic", NULL};
    seqd_options *options = NULL;
    seqd_dataset *events = NULL, *train = NULL, *test = NULL;
    seqd_model *model = NULL;
    seqd_prediction *prediction = NULL;
    seqd_dataset_summary summary = {.struct_size = sizeof summary};
    const char *split;
    int32_t status;

    TRY(seqd_options_create(context, &options, error));
    TRY(seqd_options_load(options, config, error));
    TRY(seqd_options_get_str(options, "split", &split, error));
    TRY(seqd_dataset_read(context, options, path, &events, error));
    TRY(seqd_dataset_split(events, split, 0.8, 1, &train, &test, error));
    TRY(seqd_dataset_summarize(events, &summary, error));
    printf("%lld events of %lld users; learned from 80 %%, split by %s\n", (long long)summary.steps,
           (long long)summary.series, split);
    TRY(compare(context, options, names, train, test, &model, &prediction, error));
    TRY(show_classes(prediction, error));
done:
    seqd_prediction_release(prediction);
    seqd_model_release(model);
    seqd_dataset_release(test);
    seqd_dataset_release(train);
    seqd_dataset_release(events);
    seqd_options_release(options);
    return status;
}

int main(int argc, char **argv)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    int32_t status;

    if (argc != 4) return fprintf(stderr, "usage: next_behaviour CONFIG RETENTION_CONFIG EVENTS.csv\n"), 2;
    TRY(seqd_context_create(NULL, &context, &error));
    TRY(seqd_context_set_threads(context, 0, &error));
    printf("what comes next: ");
    TRY(learn(context, argv[1], argv[3], &error));
    printf("\nwho is still there: ");
    TRY(learn(context, argv[2], argv[3], &error));
done:
    if (status != SEQD_OK) fprintf(stderr, "%s: %s\n", seqd_status_name(status), error.message);
    seqd_context_release(context);
    return status != SEQD_OK;
}
