/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Rows of the reorder list that stand open; the rest can be unfolded. */
#define OPEN_ROWS 25

static void write_fact(const report *r, const char *class_name, const char *term, const char *value)
{
    fprintf(r->file, "<div%s><dt>%s</dt><dd>", class_name, term);
    report_escape(r->file, value);
    fputs("</dd></div>\n", r->file);
}

static void write_head(const report *r)
{
    const seqd_dataset *dataset = r->prediction->dataset;
    char first[24], last[24], text[64];
    cli_date_range(dataset, first, last);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>", r->file);
    report_escape(r->file, r->title);
    fputs("</title>\n", r->file);
    report_style(r->file);
    fputs("</head>\n<body>\n<header><h1>", r->file);
    report_escape(r->file, r->title);
    fprintf(r->file, "</h1>\n<p class=\"soft\">Demand from %s to %s, and what to expect in the %d %ss after.</p>\n",
            first, last, (int)seqd_forecast_horizon(r->prediction->forecast), r->step);
    fputs("<dl class=\"facts\">\n", r->file);
    if (r->list != NULL) {
        double units = 0;
        for (int64_t i = 0; i < r->list->count; i++) units += r->list->articles[i].reorder.order_quantity;
        write_fact(r, r->list->alerts > 0 ? " class=\"alert\"" : "", "run out before delivery",
                   cli_count(r->list->alerts));
        write_fact(r, "", "articles to order", cli_count(r->list->orders));
        snprintf(text, sizeof text, "%s %.40s", cli_count((int64_t)(units + 0.5)), r->unit);
        write_fact(r, "", "to order in all", text);
    }
    write_fact(r, "", "articles", cli_count(seqd_dataset_series_count(dataset)));
    double total = 0;
    for (int64_t s = 0; s < seqd_forecast_series_count(r->prediction->forecast); s++) {
        double *mean = cli_alloc((size_t)seqd_forecast_horizon(r->prediction->forecast), sizeof *mean);
        if (seqd_forecast_mean(r->prediction->forecast, s, mean, NULL) == SEQD_OK)
            for (int32_t k = 0; k < seqd_forecast_horizon(r->prediction->forecast); k++) total += mean[k];
        free(mean);
    }
    snprintf(text, sizeof text, "%s %.40s", cli_count((int64_t)(total + (total < 0 ? -0.5 : 0.5))), r->unit);
    write_fact(r, r->list == NULL ? "" : " class=\"wide\"", "expected demand", text);
    fputs("</dl></header>\n<main>\n", r->file);
}

static void write_reorder_row(const report *r, const cli_article *a)
{
    const seqd_reorder *o = &a->reorder;
    char number[48];
    const char *kind = "fine", *word = "enough";
    if (o->alert != 0) {
        kind = o->order_quantity > 0 ? "now" : "out";
        word = o->order_quantity > 0 ? "order now" : "runs out";
    } else if (o->order_quantity > 0) {
        kind = word = "order";
    }
    /* Short names keep to one line; the column of a long one would push the rest off a phone. */
    fprintf(r->file, "<tr%s><th scope=\"row\"%s>", o->alert != 0 ? " class=\"alert\"" : "",
            strlen(a->id) > 18 ? " class=\"long\"" : "");
    report_escape(r->file, a->id);
    fprintf(r->file, "</th><td class=\"left\"><span class=\"badge %s\">%s</span></td><td class=\"strong\">%s</td>",
            kind, word, report_number(o->order_quantity, number));
    fprintf(r->file, "<td>%s</td><td>%.0f %%</td>", a->stockout[0] != '\0' ? a->stockout : "\xe2\x80\x93",
            100 * o->stockout_probability);
    const double values[] = { a->on_hand,      a->on_order,      o->lead_time_demand_mean,
                              o->safety_stock, o->reorder_point, o->order_up_to };
    for (int32_t i = 0; i < 6; i++) fprintf(r->file, "<td>%s</td>", report_number(values[i], number));
    fputs("</tr>\n", r->file);
}

static void write_reorder_table(const report *r, int64_t first, int64_t end, const char *caption)
{
    static const char *const headings[] = {
        "article",  "state",               "order",          "stock-out",        "chance of<br>stock-out", "on hand",
        "on order", "lead-time<br>demand", "safety<br>stock", "reorder<br>point", "order<br>up to",
    };
    fprintf(r->file, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>"
            "<caption>%s; quantities in ", caption, caption);
    report_escape(r->file, r->unit);
    fputs("</caption>\n<thead><tr>", r->file);
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        fprintf(r->file, "<th scope=\"col\"%s>%s</th>", i == 1 ? " class=\"left\"" : "", headings[i]);
    fputs("</tr></thead>\n<tbody>\n", r->file);
    for (int64_t i = first; i < end; i++) write_reorder_row(r, &r->list->articles[i]);
    fputs("</tbody></table></div>\n", r->file);
}

static void write_reorder(const report *r)
{
    if (r->list == NULL) return;
    int64_t count = r->list->count, open = count < OPEN_ROWS ? count : OPEN_ROWS;
    fprintf(r->file, "<section aria-labelledby=\"reorder\"><h2 id=\"reorder\">What to order</h2>\n"
            "<p class=\"soft\">Most urgent first: an article marked <em>order now</em> is expected to be used up "
            "before an order placed today can arrive. %s %.4g %% where the stock file gives no other level."
            "</p>\n",
            r->list->service == SEQD_SERVICE_FILL_RATE ? "Of all demand, what is served from stock is to be"
                                                       : "The chance of no stock-out in a cycle is to be",
            100 * r->list->service_level);
    write_reorder_table(r, 0, open, "Reorder list by urgency");
    if (open < count) {
        fprintf(r->file, "<details><summary>The other %s articles</summary>\n", cli_count(count - open));
        write_reorder_table(r, open, count, "Reorder list, continued");
        fputs("</details>\n", r->file);
    }
    if (r->list->unknown > 0 || r->list->without_stock > 0)
        fprintf(r->file, "<p class=\"soft\">Left out: %s articles of the stock file without demand data, and %s "
                "articles without a stock level.</p>\n", cli_count(r->list->unknown),
                cli_count(r->list->without_stock));
    fputs("</section>\n", r->file);
}

typedef enum best_rule { BEST_LOWEST, BEST_NEAR_ZERO, BEST_NEAR_80, BEST_NONE } best_rule;

static const struct {
    const char *name;
    const char *heading;
    best_rule rule;
    const char *meaning;
} measures[] = {
    { "wape", "WAPE", BEST_LOWEST, "absolute errors of the median over demand, all articles together" },
    { "smape", "sMAPE", BEST_LOWEST, "symmetric percentage error, 0 to 200, mean over articles" },
    { "mase", "MASE", BEST_LOWEST, "error against the seasonal naive error of the history; below 1 is better" },
    { "rmsse", "RMSSE", BEST_LOWEST, "the same with squared errors of the mean" },
    { "rmse", "RMSE", BEST_LOWEST, "root of the mean squared error" },
    { "bias", "bias", BEST_NEAR_ZERO, "forecast minus demand over demand; 0 is right" },
    { "wql", "wQL", BEST_LOWEST, "loss of all quantiles over demand" },
    { "coverage80", "in 80 % band", BEST_NEAR_80, "share of outcomes between quantiles 0.1 and 0.9; 0.8 is right" },
    { "fit_s", "fit [s]", BEST_NONE, "" },
    { "predict_s", "predict [s]", BEST_NONE, "" },
};
#define MEASURE_COUNT ((int32_t)(sizeof measures / sizeof measures[0]))

/* Lower is better; NaN where there is nothing to compare. */
static double rank_of(double value, best_rule rule)
{
    double away = rule == BEST_NEAR_80 ? value - 0.8 : value;
    return rule == BEST_LOWEST ? value : away < 0 ? -away : away;
}

static int read_cell(const report *r, int64_t row, int32_t column, double *value)
{
    if (seqd_table_number(r->backtest, row, column, value, &r->c->error) != SEQD_OK) return cli_failed(r->c);
    return CLI_OK;
}

static int find_best(const report *r, double *best)
{
    for (int32_t j = 0; j < MEASURE_COUNT; j++) {
        int32_t column = seqd_table_find_column(r->backtest, measures[j].name);
        best[j] = 1e300;
        if (column < 0) return cli_fail(r->c, "%s:1: no column %s", r->c->flags[CLI_FLAG_BACKTEST], measures[j].name);
        for (int64_t i = 0; i < seqd_table_row_count(r->backtest); i++) {
            double value = 0;
            int status = read_cell(r, i, column, &value);
            if (status != CLI_OK) return status;
            if (rank_of(value, measures[j].rule) < best[j]) best[j] = rank_of(value, measures[j].rule);
        }
    }
    return CLI_OK;
}

static int write_backtest(const report *r)
{
    double best[sizeof measures / sizeof measures[0]];
    if (r->backtest == NULL) return CLI_OK;
    int32_t model = seqd_table_find_column(r->backtest, "model");
    if (model < 0) return cli_fail(r->c, "%s:1: no column model", r->c->flags[CLI_FLAG_BACKTEST]);
    int status = find_best(r, best);
    if (status != CLI_OK) return status;
    fputs("<section aria-labelledby=\"backtest\"><h2 id=\"backtest\">How good were past forecasts?</h2>\n"
          "<p class=\"soft\">Each model forecast windows of the past from what was known before them. The best value "
          "of a column is marked with a star.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
          "aria-label=\"Backtest\"><table><caption>Backtest, all windows together</caption>\n"
          "<thead><tr><th scope=\"col\">model</th>", r->file);
    for (int32_t j = 0; j < MEASURE_COUNT; j++) fprintf(r->file, "<th scope=\"col\">%s</th>", measures[j].heading);
    fputs("</tr></thead>\n<tbody>\n", r->file);
    for (int64_t i = 0; i < seqd_table_row_count(r->backtest); i++) {
        fputs("<tr><th scope=\"row\">", r->file);
        report_escape(r->file, seqd_table_text(r->backtest, i, model));
        fputs("</th>", r->file);
        for (int32_t j = 0; j < MEASURE_COUNT; j++) {
            double value = 0;
            status = read_cell(r, i, seqd_table_find_column(r->backtest, measures[j].name), &value);
            if (status != CLI_OK) return status;
            bool marked = measures[j].rule != BEST_NONE && rank_of(value, measures[j].rule) <= best[j];
            fputs(marked ? "<td class=\"best\">" : "<td>", r->file);
            if (value != value) fputs("\xe2\x80\x93</td>", r->file);
            else fprintf(r->file, "%.*f</td>", measures[j].rule == BEST_NONE || value >= 10 ? 2 : 3, value);
        }
        fputs("</tr>\n", r->file);
    }
    fputs("</tbody></table></div>\n<dl class=\"terms\">\n", r->file);
    for (int32_t j = 0; j < MEASURE_COUNT; j++)
        if (measures[j].meaning[0] != '\0')
            fprintf(r->file, "<dt>%s</dt><dd>%s</dd>\n", measures[j].heading, measures[j].meaning);
    fputs("</dl></section>\n", r->file);
    return CLI_OK;
}

static int write_data(const report *r)
{
    seqd_dataset_summary s = { .struct_size = (uint32_t)sizeof s };
    if (seqd_dataset_summarize(r->prediction->dataset, &s, &r->c->error) != SEQD_OK) return cli_failed(r->c);
    const struct {
        const char *what;
        int64_t count;
    } rows[] = {
        { "rows read", s.rows },
        { "articles", s.series },
        { "steps of history", s.steps },
        { "steps with a number of their own", s.observed },
        { "steps that are zero", s.zeros },
        { "steps with an empty value", s.missing },
        { "steps without a row, filled", s.filled },
        { "rows merged into a step that had one", s.merged },
        { "rows with negative demand", s.negative },
        { "negative values changed or dropped", s.negative_changed },
        { "outliers clipped", s.clipped },
        { "steps out of stock", s.out_of_stock },
        { "future steps with known covariates", s.future_steps },
    };
    fputs("<section aria-labelledby=\"data\"><h2 id=\"data\">Data and model</h2>\n<div class=\"pair\">\n"
          "<div class=\"scroll\"><table><caption>What reading and cleaning did</caption>\n<tbody>\n", r->file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fprintf(r->file, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", rows[i].what, cli_count(rows[i].count));
    fputs("</tbody></table></div>\n<div class=\"scroll\"><table class=\"card\"><caption>The model</caption>\n"
          "<tbody>\n", r->file);
    for (int32_t i = 0; i < seqd_model_card_count(r->prediction->model); i++) {
        const char *key = NULL, *value = NULL;
        if (seqd_model_card(r->prediction->model, i, &key, &value, &r->c->error) != SEQD_OK) return cli_failed(r->c);
        fputs("<tr><th scope=\"row\">", r->file);
        report_escape(r->file, key);
        fputs("</th><td>", r->file);
        report_escape(r->file, value);
        fputs("</td></tr>\n", r->file);
    }
    fputs("</tbody></table></div>\n</div></section>\n", r->file);
    return CLI_OK;
}

int report_page(const report *r)
{
    write_head(r);
    write_reorder(r);
    int status = report_charts(r);
    if (status == CLI_OK) status = report_why(r);
    if (status == CLI_OK) status = write_backtest(r);
    if (status == CLI_OK) status = write_data(r);
    fprintf(r->file, "</main>\n<footer>Written by seqdemand %s.</footer>\n</body>\n</html>\n", seqd_version_string());
    return status;
}
