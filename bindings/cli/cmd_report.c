/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define DEFAULT_CHARTS 6

typedef struct ranked {
    int64_t series;
    double demand;
} ranked;

static int by_demand(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->demand != b->demand) return a->demand > b->demand ? -1 : 1;
    return a->series < b->series ? -1 : a->series > b->series;
}

/* Observed demand of the last `steps` steps. */
static double recent_demand(const seqd_dataset *dataset, int64_t series, int64_t steps, double *room)
{
    int64_t length = seqd_dataset_length(dataset, series), count = steps < length ? steps : length;
    double sum = 0;
    if (count < 1 || seqd_dataset_values(dataset, series, length - count, count, room, NULL) != SEQD_OK) return 0;
    for (int64_t i = 0; i < count; i++) sum += room[i] == room[i] ? room[i] : 0;
    return sum;
}

static int32_t choose_by_demand(const cli_prediction *p, int64_t *chosen)
{
    int64_t count = seqd_dataset_series_count(p->dataset), horizon = seqd_forecast_horizon(p->forecast);
    ranked *order = cli_alloc((size_t)count, sizeof *order);
    double *room = cli_alloc((size_t)horizon, sizeof *room);
    for (int64_t s = 0; s < count; s++) order[s] = (ranked){ s, recent_demand(p->dataset, s, horizon, room) };
    qsort(order, (size_t)count, sizeof *order, by_demand);
    int32_t charts = 0;
    while (charts < DEFAULT_CHARTS && charts < count) {
        chosen[charts] = order[charts].series;
        charts++;
    }
    free(room);
    free(order);
    return charts;
}

/* Of the articles that run out, or else are to be ordered, those with most demand at stake. */
static int by_stake(const void *left, const void *right)
{
    const seqd_reorder *a = &(*(const cli_article *const *)left)->reorder;
    const seqd_reorder *b = &(*(const cli_article *const *)right)->reorder;
    int32_t x = a->order_quantity > 0 ? 1 + a->alert : 0, y = b->order_quantity > 0 ? 1 + b->alert : 0;
    if (x != y) return y - x;
    if (a->lead_time_demand_mean != b->lead_time_demand_mean)
        return a->lead_time_demand_mean > b->lead_time_demand_mean ? -1 : 1;
    return strcmp((*(const cli_article *const *)left)->id, (*(const cli_article *const *)right)->id);
}

static int32_t choose_by_stake(const cli_reorder_list *list, int64_t *chosen)
{
    const cli_article **order = cli_alloc((size_t)list->count, sizeof *order);
    for (int64_t i = 0; i < list->count; i++) order[i] = &list->articles[i];
    qsort(order, (size_t)list->count, sizeof *order, by_stake);
    int32_t charts = 0;
    while (charts < DEFAULT_CHARTS && charts < list->count) {
        chosen[charts] = order[charts]->series;
        charts++;
    }
    free(order);
    return charts;
}

static int choose_series(cli *c, const cli_prediction *p, const cli_reorder_list *list, int64_t **out, int32_t *count)
{
    int32_t named = 0;
    char **names = cli_split(c->flags[CLI_FLAG_SERIES] != NULL ? c->flags[CLI_FLAG_SERIES] : "", &named);
    int64_t *chosen = cli_alloc((size_t)(named > DEFAULT_CHARTS ? named : DEFAULT_CHARTS), sizeof *chosen);
    int status = CLI_OK;
    *count = 0;
    for (int32_t i = 0; i < named && status == CLI_OK; i++) {
        int64_t series = seqd_dataset_find_series(p->dataset, names[i]);
        if (series < 0) status = cli_fail(c, "--series: the data have no article '%s'", names[i]);
        else chosen[(*count)++] = series;
    }
    if (named == 0) *count = list != NULL ? choose_by_stake(list, chosen) : choose_by_demand(p, chosen);
    free(names);
    if (status != CLI_OK) {
        free(chosen);
        return status;
    }
    *out = chosen;
    return CLI_OK;
}

int cli_report(cli *c)
{
    cli_prediction p = { NULL, NULL, NULL, NULL };
    cli_reorder_list list = { .articles = NULL };
    cli_output output = { NULL, NULL, NULL };
    seqd_table *backtest = NULL;
    int64_t *series = NULL;
    int32_t series_count = 0;
    bool stocked = c->flags[CLI_FLAG_STOCK] != NULL;
    int status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK && c->flags[CLI_FLAG_BACKTEST] != NULL
        && seqd_table_read(c->context, c->flags[CLI_FLAG_BACKTEST], &backtest, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_predict(c, &p);
    if (status == CLI_OK && stocked) status = cli_reorder(c, &p, &list);
    if (status == CLI_OK) status = choose_series(c, &p, stocked ? &list : NULL, &series, &series_count);
    if (status == CLI_OK) {
        const char *title = c->flags[CLI_FLAG_TITLE], *unit = c->flags[CLI_FLAG_UNIT];
        const report page = {
            .c = c,
            .file = output.file,
            .prediction = &p,
            .list = stocked ? &list : NULL,
            .backtest = backtest,
            .series = series,
            .series_count = series_count,
            .title = title != NULL ? title : stocked ? "Demand forecast and reorder list" : "Demand forecast",
            .unit = unit != NULL ? unit : "units",
            .step = cli_step_name(seqd_dataset_frequency(p.dataset)),
        };
        status = report_page(&page);
        if (status == CLI_OK && output.path != NULL) cli_note(c, "wrote %s", output.path);
        if (status == CLI_OK) status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    free(series);
    cli_reorder_release(&list);
    seqd_table_release(backtest);
    cli_prediction_release(&p);
    return status;
}
