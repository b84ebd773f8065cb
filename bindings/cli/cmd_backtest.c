/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_column columns[] = {
    { "model", "model", CLI_TEXT },
    { "smape", "sMAPE [%]", 3 },
    { "mase", "MASE", 4 },
    { "rmsse", "RMSSE", 4 },
    { "wape", "WAPE", 4 },
    { "rmse", "RMSE [units]", 3 },
    { "bias", "bias", 4 },
    { "wql", "wQL", 4 },
    { "coverage80", "in 80 % band", 3 },
    { "fit_s", "fit [s]", 1 },
    { "predict_s", "predict [s]", 2 },
};

static int add_row(cli *c, const seqd_backtest *backtest, int32_t index, cli_sheet *sheet)
{
    seqd_backtest_row row = { .struct_size = (uint32_t)sizeof row };
    seqd_metrics m = { .struct_size = (uint32_t)sizeof m };
    if (seqd_backtest_get_row(backtest, index, &row, &c->error) != SEQD_OK) return cli_failed(c);
    if (seqd_backtest_get_metrics(backtest, index, &m, &c->error) != SEQD_OK) return cli_failed(c);
    cli_sheet_text(sheet, row.model);
    const double values[] = { m.smape, m.mase, m.rmsse, m.wape, m.rmse, m.bias, m.wql, m.coverage80,
                              row.fit_seconds, row.predict_seconds };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) cli_sheet_number(sheet, values[i]);
    if (index == 0)
        cli_note(c, "%s forecasts compared at %s points a model", cli_count(m.series), cli_count(m.points));
    if (m.mase_left_out > 0 || m.rmsse_left_out > 0)
        cli_note(c, "  %s: %s forecasts left out of MASE and %s of RMSSE, whose history does not vary", row.model,
                 cli_count(m.mase_left_out), cli_count(m.rmsse_left_out));
    return CLI_OK;
}

static int run(cli *c, const seqd_options *options, seqd_dataset *dataset, cli_sheet *sheet)
{
    seqd_backtest *backtest = NULL;
    const char *network = NULL;
    if (seqd_options_get_str(options, "model", &network, &c->error) != SEQD_OK) return cli_failed(c);
    char *models = c->flags[CLI_FLAG_MODELS] != NULL
                       ? cli_copy(c->flags[CLI_FLAG_MODELS])
                       : cli_join(network, ",seasonal_naive,moving_average,croston", NULL);
    cli_interruptible(true);
    int32_t ran = seqd_backtest_run(dataset, options, models, &backtest, &c->error);
    cli_interruptible(false);
    free(models);
    if (ran == SEQD_STOPPED) return cli_fail(c, "stopped; nothing was written");
    if (ran != SEQD_OK) return cli_failed(c);
    int status = CLI_OK;
    for (int32_t i = 0; i < seqd_backtest_row_count(backtest) && status == CLI_OK; i++)
        status = add_row(c, backtest, i, sheet);
    seqd_backtest_release(backtest);
    return status;
}

int cli_backtest(cli *c)
{
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    cli_output output = { NULL, NULL, NULL };
    cli_sheet sheet;
    cli_sheet_create(&sheet, columns, (int32_t)(sizeof columns / sizeof columns[0]));
    int status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK) status = cli_read_options(c, NULL, &options);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK) status = run(c, options, dataset, &sheet);
    if (status == CLI_OK) {
        cli_sheet_write(c, &sheet, &output, true, sheet.row_count);
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    cli_sheet_release(&sheet);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return status;
}
