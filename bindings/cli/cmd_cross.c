/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_column class_columns[] = {
    { "fold", "fold", CLI_TEXT }, { "count", "answers", 0 },      { "accuracy", "accuracy", 4 },
    { "precision", "precision", 4 }, { "recall", "recall", 4 },   { "f1", "F1", 4 },
    { "auroc", "AUROC", 4 },      { "aupr", "AUPR", 4 },          { "log_loss", "log loss", 4 },
};
static const cli_column number_columns[] = {
    { "fold", "fold", CLI_TEXT }, { "count", "answers", 0 }, { "mae", "MAE", 4 },
    { "rmse", "RMSE", 4 },        { "mape", "MAPE [%]", 2 },
};
#define MOST_VALUES 8

static int32_t values_of(const seqd_answer_metrics *m, double values[MOST_VALUES])
{
    const double classes[] = { (double)m->count, m->accuracy, m->precision, m->recall,
                               m->f1,            m->auroc,    m->aupr,      m->log_loss };
    const double numbers[] = { (double)m->count, m->mae, m->rmse, m->mape };
    int32_t count = m->classes > 0 ? 8 : 4;
    memcpy(values, m->classes > 0 ? classes : numbers, (size_t)count * sizeof *values);
    return count;
}

/* Folds, then their mean and the deviation between them. */
static int fill(cli *c, const seqd_cross_validation *validation, cli_sheet *sheet)
{
    double sum[MOST_VALUES] = { 0 }, squares[MOST_VALUES] = { 0 }, values[MOST_VALUES];
    int32_t folds = seqd_cross_validation_fold_count(validation), count = 0;
    for (int32_t i = 0; i < folds; i++) {
        seqd_answer_metrics m = { .struct_size = (uint32_t)sizeof m };
        char name[16];
        if (seqd_cross_validation_get_fold(validation, i, &m, &c->error) != SEQD_OK) return cli_failed(c);
        snprintf(name, sizeof name, "%d", (int)i + 1);
        cli_sheet_text(sheet, name);
        count = values_of(&m, values);
        for (int32_t j = 0; j < count; j++) {
            cli_sheet_number(sheet, values[j]);
            sum[j] += values[j];
            squares[j] += values[j] * values[j];
        }
    }
    cli_sheet_text(sheet, "mean");
    for (int32_t j = 0; j < count; j++) cli_sheet_number(sheet, sum[j] / folds);
    cli_sheet_text(sheet, "deviation");
    for (int32_t j = 0; j < count; j++) {
        double variance = (squares[j] - sum[j] * sum[j] / folds) / (folds - 1);
        cli_sheet_number(sheet, variance > 0 ? sqrt(variance) : variance != variance ? variance : 0);
    }
    return CLI_OK;
}

int cli_cross_validate(cli *c)
{
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_cross_validation *validation = NULL;
    cli_output output = { NULL, NULL, NULL };
    cli_sheet sheet;
    const char *task = "";
    cli_sheet_create(&sheet, class_columns, 9);
    int status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK) status = cli_read_options(c, NULL, &options);
    if (status == CLI_OK && seqd_options_get_str(options, "task", &task, &c->error) != SEQD_OK) status = cli_failed(c);
    if (status == CLI_OK && strcmp(task, "forecast") == 0)
        status = cli_wrong(c, "--task classify or --task regress is needed; demand series are for backtest");
    if (status == CLI_OK && strcmp(task, "regress") == 0) cli_sheet_create(&sheet, number_columns, 5);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK) {
        cli_interruptible(true);
        int32_t ran = seqd_cross_validation_run(dataset, options, &validation, &c->error);
        cli_interruptible(false);
        if (ran == SEQD_STOPPED) status = cli_fail(c, "stopped; nothing was written");
        else if (ran != SEQD_OK) status = cli_failed_option(c);
    }
    if (status == CLI_OK) status = fill(c, validation, &sheet);
    if (status == CLI_OK) {
        cli_sheet_write(c, &sheet, &output, true, sheet.row_count);
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    cli_sheet_release(&sheet);
    seqd_cross_validation_release(validation);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return status;
}
