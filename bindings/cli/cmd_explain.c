/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_column importance_columns[] = {
    { "feature", "feature", CLI_TEXT },
    { "kind", "kind", CLI_TEXT },
    { "rise", "rise of the loss", 5 },
    { "deviation", "+-", 5 },
    { "share", "of the loss [%]", 1 },
};
static const cli_column step_columns[] = {
    { "unique_id", "series", CLI_TEXT },
    { "step", "step", 0 },
    { "ds", "date", CLI_TEXT },
    { "feature", "feature", CLI_TEXT },
    { "value", "adds", 6 },
};
static const cli_column total_columns[] = {
    { "feature", "feature", CLI_TEXT },
    { "value", "adds", 5 },
    { "last", "of that, the last step", 5 },
};

static int tell_importance(cli *c, seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                           cli_sheet *sheet)
{
    seqd_importance *importance = NULL;
    int64_t repeats = 5, seed = 1;
    int status = cli_flag_whole(c, CLI_FLAG_REPEATS, 1, 1000, &repeats);
    if (status != CLI_OK) return status;
    if (seqd_options_get_i64(options, "seed", &seed, &c->error) != SEQD_OK) return cli_failed(c);
    cli_interruptible(true);
    int32_t ran = seqd_importance_create(model, dataset, (int32_t)repeats, (uint64_t)seed, &importance, &c->error);
    cli_interruptible(false);
    if (ran == SEQD_STOPPED) return cli_fail(c, "stopped; nothing was written");
    if (ran != SEQD_OK) return cli_failed(c);
    double loss = seqd_importance_loss(importance);
    char text[32];
    cli_note(c, "loss %s on %s windows; a feature taken from other windows raises it by:", cli_number(loss, text),
             cli_count(seqd_importance_windows(importance)));
    for (int32_t i = 0; i < seqd_importance_count(importance); i++) {
        seqd_importance_row row = { .struct_size = (uint32_t)sizeof row };
        seqd_importance_get_row(importance, i, &row, NULL);
        cli_sheet_text(sheet, row.feature);
        cli_sheet_text(sheet, row.kind);
        cli_sheet_number(sheet, row.rise);
        cli_sheet_number(sheet, row.deviation);
        cli_sheet_number(sheet, loss > 0 ? 100 * row.rise / loss : (double)NAN); /* a likelihood has no zero */
    }
    seqd_importance_release(importance);
    return CLI_OK;
}

static void add_steps(const seqd_attribution *attribution, const seqd_dataset *dataset, int64_t series,
                      cli_sheet *steps, cli_sheet *totals)
{
    int32_t count = seqd_attribution_step_count(attribution), features = seqd_attribution_feature_count(attribution);
    double *values = cli_alloc((size_t)(count > 0 ? count : 1), sizeof *values);
    for (int32_t f = 0; f < features; f++) {
        double sum = 0;
        if (seqd_attribution_values(attribution, f, values, NULL) != SEQD_OK) continue;
        for (int32_t t = 0; t < count; t++) {
            char date[24] = "";
            int64_t step = seqd_attribution_first_step(attribution) + t;
            sum += values[t];
            if (seqd_dataset_date(dataset, series, step, date, sizeof date, NULL) != SEQD_OK) date[0] = '\0';
            cli_sheet_text(steps, seqd_dataset_series_id(dataset, series));
            cli_sheet_number(steps, (double)step);
            cli_sheet_text(steps, date);
            cli_sheet_text(steps, seqd_attribution_feature_name(attribution, f));
            cli_sheet_number(steps, values[t]);
        }
        cli_sheet_text(totals, seqd_attribution_feature_name(attribution, f));
        cli_sheet_number(totals, sum);
        cli_sheet_number(totals, count > 0 ? values[count - 1] : 0);
    }
    free(values);
}

static int tell_series(cli *c, seqd_model *model, seqd_dataset *dataset, cli_sheet *steps, cli_sheet *totals)
{
    seqd_attribution *attribution = NULL;
    seqd_attribution_summary summary = { .struct_size = (uint32_t)sizeof summary };
    const char *id = c->flags[CLI_FLAG_ONE];
    int64_t output = -1, series = seqd_dataset_find_series(dataset, id);
    int status = cli_flag_whole(c, CLI_FLAG_CLASS, 0, 1000000, &output);
    if (status != CLI_OK) return status;
    if (series < 0) return cli_fail(c, "the data have no series '%s'", id);
    if (seqd_attribution_create(model, dataset, series, (int32_t)output, 0, &attribution, &c->error) != SEQD_OK
        || seqd_attribution_summarize(attribution, &summary, &c->error) != SEQD_OK) {
        seqd_attribution_release(attribution);
        return cli_failed(c);
    }
    char value[32], baseline[32], gap[32];
    cli_note(c, "the answer is %s, %s with inputs of zero; the parts add up to the difference but for %s",
             cli_number(summary.value, value), cli_number(summary.baseline, baseline), cli_number(summary.gap, gap));
    add_steps(attribution, dataset, series, steps, totals);
    seqd_attribution_release(attribution);
    return CLI_OK;
}

/* People are shown the totals, machines every step. */
static void write_series(const cli *c, const cli_sheet *steps, const cli_sheet *totals, const cli_output *output)
{
    bool to_file = c->flags[CLI_FLAG_OUT] != NULL;
    if (to_file) cli_sheet_csv(steps, output->file);
    if (to_file && output->path == NULL) return;
    if (c->flags[CLI_FLAG_JSON] != NULL) cli_sheet_json(steps, stdout);
    else cli_sheet_table(totals, stdout, totals->row_count);
}

int cli_explain(cli *c)
{
    seqd_model *model = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    cli_output output = { NULL, NULL, NULL };
    cli_sheet sheet, steps, totals;
    bool one = c->flags[CLI_FLAG_ONE] != NULL;
    cli_sheet_create(&sheet, importance_columns, (int32_t)(sizeof importance_columns / sizeof importance_columns[0]));
    cli_sheet_create(&steps, step_columns, (int32_t)(sizeof step_columns / sizeof step_columns[0]));
    cli_sheet_create(&totals, total_columns, (int32_t)(sizeof total_columns / sizeof total_columns[0]));
    int status = cli_need(c, CLI_FLAG_MODEL);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK && one && c->flags[CLI_FLAG_REPEATS] != NULL)
        status = cli_wrong(c, "--repeats is for features, without --series");
    if (status == CLI_OK && !one && c->flags[CLI_FLAG_CLASS] != NULL)
        status = cli_wrong(c, "--class is for one answer: --series is needed");
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK && seqd_model_load(c->context, c->flags[CLI_FLAG_MODEL], &model, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_options(c, model, &options);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK)
        status = one ? tell_series(c, model, dataset, &steps, &totals)
                     : tell_importance(c, model, dataset, options, &sheet);
    if (status == CLI_OK) {
        if (one) write_series(c, &steps, &totals, &output);
        else cli_sheet_write(c, &sheet, &output, true, sheet.row_count);
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    cli_sheet_release(&sheet);
    cli_sheet_release(&steps);
    cli_sheet_release(&totals);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_model_release(model);
    return status;
}
