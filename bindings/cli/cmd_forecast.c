/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct request {
    int64_t horizon; /* steps to write */
    double *levels;
    char **level_names; /* "q0.1" */
    int32_t level_count;
} request;

static void release_request(request *r)
{
    for (int32_t i = 0; i < r->level_count; i++) free(r->level_names[i]);
    free(r->level_names);
    free(r->levels);
}

static int read_request(cli *c, request *r)
{
    *r = (request){ 0, NULL, NULL, 0 };
    int32_t count = 0;
    const char *list = c->flags[CLI_FLAG_QUANTILES] != NULL ? c->flags[CLI_FLAG_QUANTILES] : "0.1,0.5,0.9";
    char **words = cli_split(list, &count);
    r->levels = cli_alloc((size_t)count, sizeof *r->levels);
    r->level_names = cli_alloc((size_t)count, sizeof *r->level_names);
    int status = cli_flag_whole(c, CLI_FLAG_HORIZON, 1, 100000, &r->horizon);
    for (int32_t i = 0; i < count && status == CLI_OK; i++) {
        double level = 0;
        if (!cli_parse_real(words[i], &level) || level <= 0 || level >= 1)
            status = cli_wrong(c, "--quantiles takes levels between 0 and 1, not '%s'", words[i]);
        else if (i > 0 && level <= r->levels[i - 1])
            status = cli_wrong(c, "--quantiles takes ascending levels, and %s does not rise", words[i]);
        if (status != CLI_OK) break;
        char text[32];
        r->levels[i] = level;
        r->level_names[i] = cli_join("q", cli_number(level, text), NULL);
        r->level_count++;
    }
    free(words);
    if (status != CLI_OK) release_request(r);
    return status;
}

/* `values`: mean, then each level, horizon numbers each. */
static int fetch(cli *c, const cli_prediction *p, const request *r, int64_t series, double *values)
{
    int32_t horizon = seqd_forecast_horizon(p->forecast);
    if (seqd_forecast_mean(p->forecast, series, values, &c->error) != SEQD_OK) return cli_failed(c);
    for (int32_t i = 0; i < r->level_count; i++)
        if (seqd_forecast_quantile(p->forecast, series, r->levels[i], values + (int64_t)(i + 1) * horizon, &c->error)
            != SEQD_OK)
            return cli_failed(c);
    return CLI_OK;
}

static int add_series(cli *c, const cli_prediction *p, const request *r, int64_t series, double *values,
                      cli_sheet *sheet)
{
    int32_t horizon = seqd_forecast_horizon(p->forecast);
    int64_t length = seqd_dataset_length(p->dataset, series);
    int status = fetch(c, p, r, series, values);
    for (int64_t k = 0; k < r->horizon && status == CLI_OK; k++) {
        char date[24];
        if (seqd_dataset_date(p->dataset, series, length + k, date, sizeof date, &c->error) != SEQD_OK)
            return cli_failed(c);
        cli_sheet_text(sheet, seqd_forecast_series_id(p->forecast, series));
        cli_sheet_text(sheet, date);
        for (int32_t i = 0; i <= r->level_count; i++) cli_sheet_number(sheet, values[(int64_t)i * horizon + k]);
    }
    return status;
}

static const char *status_word(int32_t status)
{
    static const char *const words[] = { "ok", "short", "all_zero", "empty" };
    return status >= 0 && status < 4 ? words[status] : "unknown";
}

/* One object per series: lists of dates and values, which is how plotting programs want them. */
static void print_json(const cli_prediction *p, const request *r, const cli_sheet *sheet)
{
    const struct cli_cell *cells = sheet->cells;
    int32_t n = sheet->column_count;
    printf("{\"frequency\":");
    cli_json_text(stdout, seqd_dataset_frequency(p->dataset));
    printf(",\"horizon\":%lld,\"series\":[", (long long)r->horizon);
    for (int64_t s = 0; s < seqd_forecast_series_count(p->forecast); s++) {
        printf(s > 0 ? ",{\"unique_id\":" : "{\"unique_id\":");
        cli_json_text(stdout, seqd_forecast_series_id(p->forecast, s));
        printf(",\"status\":\"%s\",\"ds\":[", status_word(seqd_forecast_series_status(p->forecast, s)));
        for (int32_t j = 1; j < n; j++) {
            if (j == 3) printf("],\"quantiles\":{");
            if (j >= 3) printf(j > 3 ? "],\"%s\":[" : "\"%s\":[", r->level_names[j - 3] + 1);
            if (j == 2) printf("],\"mean\":[");
            for (int64_t k = 0; k < r->horizon; k++) {
                const struct cli_cell *cell = &cells[(s * r->horizon + k) * n + j];
                if (k > 0) putchar(',');
                if (cell->text != NULL) cli_json_text(stdout, cell->text);
                else cli_json_number(stdout, cell->number);
            }
        }
        printf(n > 3 ? "]}}" : "]}");
    }
    printf("]}\n");
}

static int write_forecast(cli *c, const cli_prediction *p, const request *r, cli_output *output)
{
    int32_t column_count = 3 + r->level_count, horizon = seqd_forecast_horizon(p->forecast);
    cli_column *columns = cli_alloc((size_t)column_count, sizeof *columns);
    double *values = cli_alloc((size_t)(r->level_count + 1) * (size_t)horizon, sizeof *values);
    cli_sheet sheet;
    columns[0] = (cli_column){ "unique_id", "article", CLI_TEXT };
    columns[1] = (cli_column){ "ds", "date", CLI_TEXT };
    columns[2] = (cli_column){ "mean", "mean", 2 };
    for (int32_t i = 0; i < r->level_count; i++)
        columns[3 + i] = (cli_column){ r->level_names[i], r->level_names[i], 2 };
    cli_sheet_create(&sheet, columns, column_count);
    int status = CLI_OK;
    for (int64_t s = 0; s < seqd_forecast_series_count(p->forecast) && status == CLI_OK; s++)
        status = add_series(c, p, r, s, values, &sheet);
    if (status == CLI_OK) {
        bool json = c->flags[CLI_FLAG_JSON] != NULL;
        if (c->flags[CLI_FLAG_OUT] != NULL) cli_sheet_csv(&sheet, output->file);
        if (json && (c->flags[CLI_FLAG_OUT] == NULL || output->path != NULL)) print_json(p, r, &sheet);
        else if (c->flags[CLI_FLAG_OUT] == NULL) cli_sheet_table(&sheet, stdout, sheet.row_count);
        if (output->path != NULL)
            cli_note(c, "wrote %s: %s steps of %s series", output->path, cli_count(r->horizon),
                     cli_count(seqd_forecast_series_count(p->forecast)));
        status = cli_output_finish(c, output);
    }
    cli_sheet_release(&sheet);
    free(values);
    free(columns);
    return status;
}

int cli_forecast(cli *c)
{
    request r;
    cli_output output = { NULL, NULL, NULL };
    cli_prediction p = { NULL, NULL, NULL, NULL };
    int status = read_request(c, &r);
    if (status != CLI_OK) return status;
    status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK) status = cli_predict(c, &p);
    if (status == CLI_OK) {
        int32_t horizon = seqd_forecast_horizon(p.forecast);
        if (r.horizon > horizon)
            status = cli_wrong(c, "--horizon %lld is more than the %d steps the model was trained for",
                               (long long)r.horizon, (int)horizon);
        if (r.horizon == 0) r.horizon = horizon;
    }
    if (status == CLI_OK) status = write_forecast(c, &p, &r, &output);
    cli_output_release(&output);
    cli_prediction_release(&p);
    release_request(&r);
    return status;
}
