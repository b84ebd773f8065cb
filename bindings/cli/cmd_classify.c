/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* One line an answer: the sequence, the event it follows, the class and all probabilities, or the number. */
typedef struct answer_sheet {
    cli_sheet sheet;
    cli_column *columns;
    char **names; /* of probabilities */
    int32_t classes;
    int32_t answers;
} answer_sheet;

static void open_sheet(answer_sheet *s, const seqd_prediction *prediction)
{
    int32_t count = 0;
    s->classes = seqd_prediction_class_count(prediction);
    s->answers = seqd_prediction_answer_count(prediction);
    s->columns = cli_alloc((size_t)s->classes + 6, sizeof *s->columns);
    s->names = cli_alloc((size_t)s->classes + 1, sizeof *s->names);
    s->columns[count++] = (cli_column){ "id", "sequence", CLI_TEXT };
    s->columns[count++] = (cli_column){ "event", "event", 0 };
    if (s->answers > 1) s->columns[count++] = (cli_column){ "ahead", "ahead", 0 };
    if (s->classes == 0) s->columns[count++] = (cli_column){ "value", "answer", 4 };
    else s->columns[count++] = (cli_column){ "class", "answer", CLI_TEXT };
    for (int32_t i = 0; i < s->classes; i++) {
        s->names[i] = cli_join("p_", seqd_prediction_class_name(prediction, i), NULL);
        s->columns[count++] = (cli_column){ s->names[i], s->names[i], 4 };
    }
    s->columns[count++] = (cli_column){ "label", "label", CLI_TEXT };
    cli_sheet_create(&s->sheet, s->columns, count);
}

static void close_sheet(answer_sheet *s)
{
    cli_sheet_release(&s->sheet);
    for (int32_t i = 0; i < s->classes; i++) free(s->names[i]);
    free(s->names);
    free(s->columns);
}

static int add_row(cli *c, answer_sheet *s, const seqd_prediction *prediction, int64_t row, double *scores,
                   int32_t *told, double *labels)
{
    if (seqd_prediction_scores(prediction, row, scores, &c->error) != SEQD_OK
        || seqd_prediction_labels(prediction, row, labels, &c->error) != SEQD_OK
        || (s->classes > 0 && seqd_prediction_classes(prediction, row, told, &c->error) != SEQD_OK))
        return cli_failed(c);
    for (int32_t a = 0; a < s->answers; a++) {
        char number[32];
        cli_sheet_text(&s->sheet, seqd_prediction_id(prediction, row));
        cli_sheet_number(&s->sheet, (double)seqd_prediction_event(prediction, row));
        if (s->answers > 1) cli_sheet_number(&s->sheet, a + 1);
        if (s->classes == 0) cli_sheet_number(&s->sheet, scores[a]);
        else cli_sheet_text(&s->sheet, seqd_prediction_class_name(prediction, told[a]));
        for (int32_t i = 0; i < s->classes; i++) cli_sheet_number(&s->sheet, scores[a * s->classes + i]);
        bool known = labels[a] == labels[a];
        if (s->classes == 0) cli_sheet_text(&s->sheet, known ? cli_number(labels[a], number) : "");
        else if (!known) cli_sheet_text(&s->sheet, "");
        else if (labels[a] < 0) cli_sheet_text(&s->sheet, "?");
        else cli_sheet_text(&s->sheet, seqd_prediction_class_name(prediction, (int32_t)labels[a]));
    }
    return CLI_OK;
}

static int write_answers(cli *c, const seqd_prediction *prediction, const cli_output *output)
{
    answer_sheet s = { .classes = 0 };
    open_sheet(&s, prediction);
    size_t answers = (size_t)s.answers, classes = s.classes > 0 ? (size_t)s.classes : 1;
    double *scores = cli_alloc(answers * classes, sizeof *scores), *labels = cli_alloc(answers, sizeof *labels);
    int32_t *told = cli_alloc(answers, sizeof *told);
    int status = CLI_OK;
    for (int64_t row = 0; row < seqd_prediction_row_count(prediction) && status == CLI_OK; row++)
        status = add_row(c, &s, prediction, row, scores, told, labels);
    if (status == CLI_OK) cli_sheet_write(c, &s.sheet, output, false, s.sheet.row_count);
    free(told);
    free(labels);
    free(scores);
    close_sheet(&s);
    return status;
}

static const cli_column class_columns[] = {
    { "class", "class", CLI_TEXT },   { "count", "labels", 0 }, { "told", "told", 0 },   { "right", "right", 0 },
    { "precision", "precision", 4 }, { "recall", "recall", 4 }, { "f1", "F1", 4 },       { "auroc", "AUROC", 4 },
    { "aupr", "AUPR", 4 },
};

static void add_measures(cli_sheet *sheet, const char *name, double count, double told, double right,
                         const double values[5])
{
    cli_sheet_text(sheet, name);
    cli_sheet_number(sheet, count);
    cli_sheet_number(sheet, told);
    cli_sheet_number(sheet, right);
    for (int32_t i = 0; i < 5; i++) cli_sheet_number(sheet, values[i]);
}

/* Each class, and all together. */
static int tell_classes(cli *c, const seqd_prediction *prediction, const seqd_answer_metrics *m, cli_sheet *sheet)
{
    double right = m->accuracy * (double)m->count;
    for (int32_t i = 0; i < m->classes; i++) {
        seqd_class_metrics one = { .struct_size = (uint32_t)sizeof one };
        if (seqd_prediction_evaluate_class(prediction, i, &one, &c->error) != SEQD_OK) return cli_failed(c);
        const double values[5] = { one.precision, one.recall, one.f1, one.auroc, one.aupr };
        add_measures(sheet, seqd_prediction_class_name(prediction, i), (double)one.count, (double)one.told,
                     (double)one.right, values);
    }
    const double values[5] = { m->precision, m->recall, m->f1, m->auroc, m->aupr };
    add_measures(sheet, m->classes == 2 ? "(the second)" : "(all)", (double)m->count, (double)m->count, round(right),
                 values);
    return CLI_OK;
}

static int write_metrics(cli *c, const seqd_prediction *prediction, const cli_output *output)
{
    seqd_answer_metrics m = { .struct_size = (uint32_t)sizeof m };
    if (seqd_prediction_evaluate(prediction, &m, &c->error) != SEQD_OK) return cli_failed(c);
    if (m.count == 0) return cli_fail(c, "the data have no labels to measure answers by");
    cli_sheet sheet;
    int status = CLI_OK;
    if (m.classes > 0) {
        cli_sheet_create(&sheet, class_columns, (int32_t)(sizeof class_columns / sizeof class_columns[0]));
        status = tell_classes(c, prediction, &m, &sheet);
        cli_note(c, "%s answers compared, %s left out: accuracy %.4f, log loss %.4f", cli_count(m.count),
                 cli_count(m.left_out), m.accuracy, m.log_loss);
    } else {
        static const cli_column columns[] = {
            { "count", "answers", 0 }, { "mae", "MAE", 4 }, { "rmse", "RMSE", 4 }, { "mape", "MAPE [%]", 2 },
        };
        cli_sheet_create(&sheet, columns, 4);
        const double values[] = { (double)m.count, m.mae, m.rmse, m.mape };
        for (int32_t i = 0; i < 4; i++) cli_sheet_number(&sheet, values[i]);
    }
    if (status == CLI_OK) cli_sheet_write(c, &sheet, output, true, sheet.row_count);
    cli_sheet_release(&sheet);
    return status;
}

static int read_which(cli *c, int32_t *which)
{
    static const char *const words[] = { "end", "labelled", "every" };
    const char *given = c->flags[CLI_FLAG_WHICH];
    *which = c->flags[CLI_FLAG_METRICS] != NULL ? SEQD_ANSWER_LABELLED : SEQD_ANSWER_END;
    if (given == NULL) return CLI_OK;
    for (int32_t i = 0; i < 3; i++)
        if (strcmp(given, words[i]) == 0) {
            *which = i;
            return CLI_OK;
        }
    return cli_wrong(c, "--which takes end, labelled or every, not '%s'", given);
}

int cli_classify(cli *c)
{
    seqd_model *model = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL;
    cli_output output = { NULL, NULL, NULL };
    int32_t which = 0;
    int status = cli_need(c, CLI_FLAG_MODEL);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = read_which(c, &which);
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK && seqd_model_load(c->context, c->flags[CLI_FLAG_MODEL], &model, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_options(c, model, &options);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK && seqd_predictor_create(model, &predictor, &c->error) != SEQD_OK) status = cli_failed(c);
    if (status == CLI_OK) {
        cli_interruptible(true);
        int32_t ran = seqd_predictor_answer(predictor, dataset, which, &prediction, &c->error);
        cli_interruptible(false);
        if (ran == SEQD_STOPPED) status = cli_fail(c, "stopped; nothing was written");
        else if (ran != SEQD_OK) status = cli_failed(c);
    }
    if (status == CLI_OK)
        status = c->flags[CLI_FLAG_METRICS] != NULL ? write_metrics(c, prediction, &output)
                                                    : write_answers(c, prediction, &output);
    if (status == CLI_OK) {
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_model_release(model);
    return status;
}
