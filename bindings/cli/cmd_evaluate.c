/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/*
 * All three tables are read as demand datasets, so that dates are compared as the library writes them and every
 * unusable cell is named with its line. Of the forecast file each value column is one such reading.
 */
typedef struct comparison {
    seqd_dataset *history;
    seqd_dataset *actual;
    seqd_dataset *mean;
    seqd_dataset **quantiles;
    double *levels;
    int32_t level_count;
    int32_t median; /* its place among the levels, -1 where the mean has to serve */
    int64_t skipped; /* forecasts without an actual */
    char first_actual[24], last_actual[24];
    bool zero_filled; /* a date without a row stands for no demand */
} comparison;

static void release_comparison(comparison *k)
{
    for (int32_t i = 0; i < k->level_count; i++) seqd_dataset_release(k->quantiles[i]);
    free(k->quantiles);
    free(k->levels);
    seqd_dataset_release(k->mean);
    seqd_dataset_release(k->actual);
    seqd_dataset_release(k->history);
}

/* One value column of the forecast file: unique_id, ds, `column`, as they stand. */
static int read_column(cli *c, const char *frequency, const char *column, seqd_dataset **out)
{
    const char *const settings[][2] = {
        { "freq", frequency },     { "fill", "missing" },  { "duplicates", "error" },
        { "series_end", "own" },   { "target_column", column },
    };
    seqd_options *options = NULL;
    bool good = seqd_options_create(c->context, &options, &c->error) == SEQD_OK;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && good; i++)
        good = seqd_options_set_str(options, settings[i][0], settings[i][1], &c->error) == SEQD_OK;
    good = good && seqd_dataset_read(c->context, options, c->flags[CLI_FLAG_FORECAST], out, &c->error) == SEQD_OK;
    seqd_options_release(options);
    return good ? CLI_OK : cli_failed(c);
}

/* Columns named q0.1, q0.5, ... in any order; the levels of the measure rise. */
static int32_t find_levels(const seqd_table *table, double *levels, int32_t *columns)
{
    int32_t count = 0;
    for (int32_t j = 0; j < seqd_table_column_count(table); j++) {
        const char *name = seqd_table_column_name(table, j);
        double level = 0;
        if (name[0] != 'q' || !cli_parse_real(name + 1, &level) || level <= 0 || level >= 1) continue;
        int32_t at = count++;
        for (; at > 0 && levels[at - 1] > level; at--) {
            levels[at] = levels[at - 1];
            columns[at] = columns[at - 1];
        }
        levels[at] = level;
        columns[at] = j;
    }
    return count;
}

static int read_forecast(cli *c, comparison *k)
{
    seqd_table *table = NULL;
    const char *path = c->flags[CLI_FLAG_FORECAST];
    if (strcmp(path, "-") == 0) return cli_wrong(c, "--forecast takes a file: it is read more than once");
    if (seqd_table_read(c->context, path, &table, &c->error) != SEQD_OK) return cli_failed(c);
    size_t room = (size_t)seqd_table_column_count(table);
    int32_t *columns = cli_alloc(room, sizeof *columns);
    const char *frequency = seqd_dataset_frequency(k->history);
    k->levels = cli_alloc(room, sizeof *k->levels);
    k->quantiles = cli_alloc(room, sizeof(seqd_dataset *));
    int32_t count = find_levels(table, k->levels, columns);
    k->median = -1;
    int status = CLI_OK;
    for (int32_t i = 0; i < count && status == CLI_OK; i++) {
        status = read_column(c, frequency, seqd_table_column_name(table, columns[i]), &k->quantiles[i]);
        if (status == CLI_OK) k->level_count++;
        if (k->levels[i] == 0.5) k->median = i;
    }
    const char *point = k->median >= 0 ? seqd_table_column_name(table, columns[k->median]) : NULL;
    /* Without a mean the median is the only point there is. */
    if (seqd_table_find_column(table, "mean") >= 0) point = "mean";
    if (status == CLI_OK && point == NULL) status = cli_fail(c, "%s:1: neither a column mean nor q0.5", path);
    if (status == CLI_OK) status = read_column(c, frequency, point, &k->mean);
    free(columns);
    seqd_table_release(table);
    return status;
}

/* The first step of a history that is not before `date`; its length when there is none. Dates rise with steps. */
static int64_t step_of(const seqd_dataset *dataset, int64_t series, const char *date)
{
    int64_t low = 0, high = seqd_dataset_length(dataset, series);
    while (low < high) {
        char here[24];
        int64_t middle = low + (high - low) / 2;
        if (seqd_dataset_date(dataset, series, middle, here, sizeof here, NULL) != SEQD_OK) return high;
        if (cli_date_order(here, date) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* What came true at the steps of a forecast; NaN where that is not known. */
static int read_actual(cli *c, const comparison *k, int64_t series, int64_t actual_series, double *values,
                       int64_t horizon)
{
    int64_t length = seqd_dataset_length(k->actual, actual_series);
    double *all = cli_alloc((size_t)length, sizeof *all);
    if (seqd_dataset_values(k->actual, actual_series, 0, length, all, &c->error) != SEQD_OK) {
        free(all);
        return cli_failed(c);
    }
    for (int64_t h = 0; h < horizon; h++) {
        char date[24], found[24];
        values[h] = (double)NAN;
        if (seqd_dataset_date(k->mean, series, h, date, sizeof date, NULL) != SEQD_OK) continue;
        int64_t step = step_of(k->actual, actual_series, date);
        bool there = step < length
                     && seqd_dataset_date(k->actual, actual_series, step, found, sizeof found, NULL) == SEQD_OK;
        if (there && cli_date_order(found, date) == 0) values[h] = all[step];
        /* A table of sales has no rows for days without a sale, not even before the first. */
        else if (k->zero_filled && cli_date_order(date, k->first_actual) >= 0
                 && cli_date_order(date, k->last_actual) <= 0)
            values[h] = 0;
    }
    free(all);
    return CLI_OK;
}

static int add_series(cli *c, comparison *k, int64_t series, seqd_evaluation *evaluation)
{
    const char *id = seqd_dataset_series_id(k->mean, series);
    int64_t before = seqd_dataset_find_series(k->history, id), actual = seqd_dataset_find_series(k->actual, id);
    int64_t horizon = seqd_dataset_length(k->mean, series), length = 0;
    char origin[24];
    if (horizon < 1 || actual < 0) {
        k->skipped++;
        return CLI_OK;
    }
    if (horizon > INT32_MAX) return cli_fail(c, "%s: '%s' has too many steps", c->flags[CLI_FLAG_FORECAST], id);
    if (seqd_dataset_date(k->mean, series, 0, origin, sizeof origin, &c->error) != SEQD_OK) return cli_failed(c);
    /* The history file may go on past the forecast origin; what lies there is not history. */
    if (before >= 0) length = step_of(k->history, before, origin);
    size_t steps = (size_t)horizon;
    double *history = cli_alloc((size_t)length, sizeof *history);
    double *values = cli_alloc(steps * (2 + (size_t)k->level_count), sizeof *values);
    double *truth = values, *mean = values + steps, *quantiles = values + 2 * steps;
    bool good = length == 0 || seqd_dataset_values(k->history, before, 0, length, history, &c->error) == SEQD_OK;
    good = good && seqd_dataset_values(k->mean, series, 0, horizon, mean, &c->error) == SEQD_OK;
    for (int32_t i = 0; i < k->level_count && good; i++) {
        int64_t s = seqd_dataset_find_series(k->quantiles[i], id);
        if (s < 0 || seqd_dataset_length(k->quantiles[i], s) != horizon) {
            free(values);
            free(history);
            return cli_fail(c, "%s: '%s' has no q%g for some of its dates", c->flags[CLI_FLAG_FORECAST], id,
                            k->levels[i]);
        }
        good = seqd_dataset_values(k->quantiles[i], s, 0, horizon, quantiles + (size_t)i * steps, &c->error) == SEQD_OK;
    }
    int status = good ? CLI_OK : cli_failed(c);
    char last[24] = "";
    if (status == CLI_OK) status = read_actual(c, k, series, actual, truth, horizon);
    if (status == CLI_OK && seqd_dataset_date(k->mean, series, horizon - 1, last, sizeof last, NULL) == SEQD_OK
        && (cli_date_order(last, k->first_actual) < 0 || cli_date_order(origin, k->last_actual) > 0))
        k->skipped++;
    else if (status == CLI_OK
             && seqd_evaluation_add(evaluation, history, length, truth, mean,
                                    k->median >= 0 ? quantiles + (size_t)k->median * steps : mean,
                                    k->level_count > 0 ? quantiles : NULL, (int32_t)horizon, &c->error) != SEQD_OK)
        status = cli_fail(c, "'%s': %s", id, c->error.message);
    free(values);
    free(history);
    return status;
}

static int compare(cli *c, comparison *k, seqd_metrics *metrics)
{
    seqd_evaluation *evaluation = NULL;
    cli_date_range(k->actual, k->first_actual, k->last_actual);
    if (seqd_evaluation_create(c->context, seqd_dataset_season(k->history), k->levels, k->level_count, &evaluation,
                               &c->error) != SEQD_OK)
        return cli_failed(c);
    int status = CLI_OK;
    for (int64_t s = 0; s < seqd_dataset_series_count(k->mean) && status == CLI_OK; s++)
        status = add_series(c, k, s, evaluation);
    if (status == CLI_OK && seqd_evaluation_result(evaluation, metrics, &c->error) != SEQD_OK) status = cli_failed(c);
    seqd_evaluation_release(evaluation);
    if (status == CLI_OK && metrics->points == 0)
        status = cli_fail(c, "%s has no value for any date and article of %s", c->flags[CLI_FLAG_ACTUAL],
                          c->flags[CLI_FLAG_FORECAST]);
    return status;
}

static void fill_sheet(const seqd_metrics *m, cli_sheet *sheet)
{
    static const cli_column columns[] = {
        { "measure", "measure", CLI_TEXT }, { "value", "value", 4 }, { "meaning", "meaning", CLI_TEXT },
    };
    const struct {
        const char *name;
        double value;
        const char *meaning;
    } rows[] = {
        { "smape", m->smape, "symmetric error, 0 to 200, mean over series" },
        { "mase", m->mase, "error against the seasonal naive error of the history, mean over series" },
        { "rmsse", m->rmsse, "squared error against the naive error of the history, root, mean over series" },
        { "wape", m->wape, "sum of errors over sum of demand" },
        { "rmse", m->rmse, "root of the mean squared error, in units" },
        { "bias", m->bias, "sum of forecast minus demand over sum of demand" },
        { "wql", m->wql, "quantile loss over sum of demand, mean over levels" },
        { "coverage80", m->coverage80, "share of demand between q0.1 and q0.9; 0.8 is right" },
        { "series", (double)m->series, "forecasts compared" },
        { "points", (double)m->points, "values compared" },
    };
    cli_sheet_create(sheet, columns, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_sheet_text(sheet, rows[i].name);
        cli_sheet_number(sheet, rows[i].value);
        cli_sheet_text(sheet, rows[i].meaning);
    }
}

static void print_json(const cli_sheet *sheet)
{
    for (int64_t i = 0; i < sheet->cell_count; i += 3) {
        fputs(i == 0 ? "{" : ",", stdout);
        cli_json_text(stdout, sheet->cells[i].text);
        putchar(':');
        cli_json_number(stdout, sheet->cells[i + 1].number);
    }
    fputs("}\n", stdout);
}

static int read_all(cli *c, comparison *k)
{
    seqd_options *options = NULL;
    const char *fill = "";
    int status = cli_need(c, CLI_FLAG_FORECAST);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_ACTUAL);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_HISTORY);
    if (status == CLI_OK) status = cli_read_options(c, NULL, &options);
    if (status == CLI_OK && seqd_options_get_str(options, "fill", &fill, &c->error) != SEQD_OK) status = cli_failed(c);
    k->zero_filled = strcmp(fill, "zero") == 0;
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_HISTORY], &k->history);
    /* The actuals are read with the frequency that the history has: few dates do not tell one. */
    if (status == CLI_OK
        && seqd_options_set_str(options, "freq", seqd_dataset_frequency(k->history), &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_ACTUAL], &k->actual);
    if (status == CLI_OK) status = read_forecast(c, k);
    seqd_options_release(options);
    return status;
}

int cli_evaluate(cli *c)
{
    comparison k = { .median = -1 };
    cli_output output = { NULL, NULL, NULL };
    seqd_metrics metrics = { .struct_size = (uint32_t)sizeof metrics };
    int status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK) status = read_all(c, &k);
    if (status == CLI_OK) status = compare(c, &k, &metrics);
    if (status == CLI_OK) {
        cli_sheet sheet;
        fill_sheet(&metrics, &sheet);
        if (k.skipped > 0) cli_note(c, "%s forecasts have no actual and were left out", cli_count(k.skipped));
        if (c->flags[CLI_FLAG_OUT] != NULL) cli_sheet_csv(&sheet, output.file);
        if (c->flags[CLI_FLAG_JSON] != NULL && (c->flags[CLI_FLAG_OUT] == NULL || output.path != NULL))
            print_json(&sheet);
        else if (c->flags[CLI_FLAG_OUT] == NULL)
            cli_sheet_table(&sheet, stdout, sheet.row_count);
        cli_sheet_release(&sheet);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    release_comparison(&k);
    return status;
}
