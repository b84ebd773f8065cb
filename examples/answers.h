/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_ANSWERS_H
#define EXAMPLES_ANSWERS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

#define TRY(call) if ((status = (call)) != SEQD_OK) goto done

/* What several models answer to the same questions. The first is the model of the job, the others are yardsticks. */
typedef struct answer_table {
    int32_t count;
    const char *name[8];
    double figure[8][6]; /* as answer_columns names them */
} answer_table;

static const char *const answer_columns[2][6] = {
    {"accuracy", "precision", "recall", "F1", "AUROC", "AUPR"},
    {"MAE", "RMSE", "MAPE %", NULL, NULL, NULL},
};

/* Judges a prediction, prints its row, and keeps it. `seconds`: of its training, 0 for none. */
static inline int32_t add_answers(answer_table *table, const char *name, const seqd_prediction *prediction,
                                  double seconds, seqd_error *error)
{
    seqd_answer_metrics m = {.struct_size = sizeof m};
    const int32_t status = seqd_prediction_evaluate(prediction, &m, error);
    if (status != SEQD_OK || table->count == 8) return status;
    const int numbers = m.classes == 0;
    const double all[2][6] = {{m.accuracy, m.precision, m.recall, m.f1, m.auroc, m.aupr}, {m.mae, m.rmse, m.mape}};
    if (table->count == 0) {
        printf("\n%-12s", "model");
        for (int i = 0; i < 6 && answer_columns[numbers][i]; i++) printf(" %9s", answer_columns[numbers][i]);
        printf("   of %lld answers%s\n", (long long)m.count, m.classes > 2 ? " (means over the classes)" : "");
    }
    printf("%-12s", name);
    for (int i = 0; i < 6 && answer_columns[numbers][i]; i++) printf(" %9.4f", all[numbers][i]);
    if (seconds > 0.0) printf("   trained in %.1f s", seconds);
    putchar('\n');
    fflush(stdout); /* a pipe sees each model as soon as it is judged */
    memcpy(table->figure[table->count], all[numbers], sizeof all[numbers]);
    table->name[table->count++] = name;
    return SEQD_OK;
}

/* Says in which figures yardsticks are better than the first row. */
static inline void tell_winners(const answer_table *table, int numbers)
{
    for (int i = 0; i < 6 && answer_columns[numbers][i]; i++) {
        int better = 0;
        printf("%s %s better than %s:", i == 0 ? "in" : "  ", answer_columns[numbers][i], table->name[0]);
        for (int32_t k = 1; k < table->count; k++) {
            const double gain = table->figure[k][i] - table->figure[0][i];
            if (!(numbers ? gain < 0.0 : gain > 0.0)) continue;
            printf("%s %s", better++ ? "," : "", table->name[k]);
        }
        puts(better ? "" : " none");
    }
}

/* Trains model `name` on `train` and has it answer every question of `test` (after each event that has a label). */
static inline int32_t answer_by(seqd_context *context, const seqd_options *settings, const char *name,
                                seqd_dataset *train, seqd_dataset *test, answer_table *table, seqd_model **model,
                                seqd_prediction **out, seqd_error *error)
{
    seqd_options *options = NULL;
    seqd_predictor *predictor = NULL;
    seqd_training_summary summary = {.struct_size = sizeof summary};
    int32_t status;

    TRY(seqd_options_copy(settings, &options, error));
    TRY(seqd_options_set_str(options, "model", name, error));
    TRY(seqd_ensemble_train(context, options, train, model, &summary, error));
    TRY(seqd_predictor_create(*model, &predictor, error));
    TRY(seqd_predictor_answer(predictor, test, SEQD_ANSWER_EVERY, out, error));
    TRY(add_answers(table, name, *out, summary.seconds, error));
done:
    seqd_predictor_release(predictor);
    seqd_options_release(options);
    return status;
}

/*
 * The table of a job: `names` (ending with NULL), the first one being its model, which is kept in *model with its
 * answers in *out, and below them the yardstick that has learned nothing but the shares of the classes, or the mean.
 */
static inline int32_t compare(seqd_context *context, const seqd_options *options, const char *const *names,
                              seqd_dataset *train, seqd_dataset *test, seqd_model **model, seqd_prediction **out,
                              seqd_error *error)
{
    answer_table table = {.count = 0};
    seqd_model *other = NULL;
    seqd_prediction *answers = NULL;
    int32_t status, numbers;

    TRY(answer_by(context, options, names[0], train, test, &table, model, out, error));
    for (int32_t i = 1; names[i]; i++) {
        TRY(answer_by(context, options, names[i], train, test, &table, &other, &answers, error));
        seqd_prediction_release(answers);
        seqd_model_release(other);
        other = NULL;
        answers = NULL;
    }
    numbers = seqd_prediction_class_count(*out) == 0;
    TRY(seqd_baseline_answer(train, test, SEQD_ANSWER_EVERY, &answers, error));
    TRY(add_answers(&table, numbers ? "mean" : "majority", answers, 0.0, error));
    tell_winners(&table, numbers);
done:
    seqd_prediction_release(answers);
    seqd_model_release(other);
    return status;
}

#endif
