/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Enough of the past to see a pattern, and not so much that the forecast becomes a sliver. */
static int64_t shown_history(const report *r, int64_t series)
{
    int64_t horizon = seqd_forecast_horizon(r->prediction->forecast);
    int64_t season = seqd_dataset_season(r->prediction->dataset), steps = 4 * horizon;
    if (2 * season > steps) steps = 2 * season < 8 * horizon ? 2 * season : 8 * horizon;
    int64_t length = seqd_dataset_length(r->prediction->dataset, series);
    return steps < length ? steps : length;
}

static void release_chart(report_chart *chart)
{
    free(chart->dates);
    free(chart->values);
    free(chart->mean);
}

static int read_chart(const report *r, int64_t series, report_chart *chart)
{
    const seqd_dataset *dataset = r->prediction->dataset;
    const seqd_forecast *forecast = r->prediction->forecast;
    seqd_error *error = &r->c->error;
    int64_t length = seqd_dataset_length(dataset, series);
    memset(chart, 0, sizeof *chart);
    chart->id = seqd_dataset_series_id(dataset, series);
    chart->history = shown_history(r, series);
    chart->horizon = seqd_forecast_horizon(forecast);
    chart->dates = cli_alloc((size_t)(chart->history + chart->horizon), sizeof *chart->dates);
    chart->values = cli_alloc((size_t)chart->history, sizeof *chart->values);
    chart->mean = cli_alloc(6 * (size_t)chart->horizon, sizeof *chart->mean);
    chart->low80 = chart->mean + chart->horizon;
    chart->low50 = chart->low80 + chart->horizon;
    chart->median = chart->low50 + chart->horizon;
    chart->high50 = chart->median + chart->horizon;
    chart->high80 = chart->high50 + chart->horizon;
    int64_t first = length - chart->history;
    bool good = (chart->history == 0
                 || seqd_dataset_values(dataset, series, first, chart->history, chart->values, error) == SEQD_OK)
                && seqd_forecast_mean(forecast, series, chart->mean, error) == SEQD_OK
                && seqd_forecast_quantile(forecast, series, 0.1, chart->low80, error) == SEQD_OK
                && seqd_forecast_quantile(forecast, series, 0.25, chart->low50, error) == SEQD_OK
                && seqd_forecast_quantile(forecast, series, 0.5, chart->median, error) == SEQD_OK
                && seqd_forecast_quantile(forecast, series, 0.75, chart->high50, error) == SEQD_OK
                && seqd_forecast_quantile(forecast, series, 0.9, chart->high80, error) == SEQD_OK;
    for (int64_t i = 0; i < chart->history + chart->horizon && good; i++)
        good = seqd_dataset_date(dataset, series, first + i, chart->dates[i], sizeof chart->dates[i], error) == SEQD_OK;
    if (!good) {
        release_chart(chart);
        return cli_failed(r->c);
    }
    for (int64_t i = 0; r->list != NULL && i < r->list->count; i++)
        if (r->list->articles[i].series == series) chart->article = &r->list->articles[i];
    return CLI_OK;
}

static void write_caption(const report *r, const report_chart *chart)
{
    double total = 0;
    char number[48];
    for (int64_t k = 0; k < chart->horizon; k++) total += chart->mean[k];
    fputs("<figcaption><h3>", r->file);
    report_escape(r->file, chart->id);
    fprintf(r->file, "</h3><p>next %lld %ss: %s ", (long long)chart->horizon, r->step, report_number(total, number));
    report_escape(r->file, r->unit);
    fputs(" expected", r->file);
    if (chart->article != NULL) {
        const cli_article *a = chart->article;
        fprintf(r->file, "<br><span class=\"nb\">on hand %s", report_number(a->on_hand, number));
        if (a->reorder.stockout_step > 0) fprintf(r->file, ", runs out %s", a->stockout);
        fputs("</span>", r->file);
        if (a->reorder.order_quantity > 0)
            fprintf(r->file, " · <span class=\"nb\">order %s</span>",
                    report_number(a->reorder.order_quantity, number));
    }
    fputs("</p></figcaption>\n", r->file);
}

/* What the picture shows, for those who cannot see it or want to copy it. */
static void write_numbers(const report *r, const report_chart *chart)
{
    fputs("<details><summary>Forecast in numbers</summary><div class=\"scroll\" tabindex=\"0\"><table>"
          "<caption>Forecast of ", r->file);
    report_escape(r->file, chart->id);
    fputs(" in ", r->file);
    report_escape(r->file, r->unit);
    fprintf(r->file, " per %s</caption>\n<thead><tr><th scope=\"col\">date</th><th scope=\"col\">mean</th>"
            "<th scope=\"col\">10 %%</th><th scope=\"col\">25 %%</th><th scope=\"col\">median</th>"
            "<th scope=\"col\">75 %%</th><th scope=\"col\">90 %%</th></tr></thead>\n<tbody>\n", r->step);
    for (int64_t k = 0; k < chart->horizon; k++) {
        const double values[] = { chart->mean[k],   chart->low80[k],  chart->low50[k],
                                  chart->median[k], chart->high50[k], chart->high80[k] };
        fprintf(r->file, "<tr><th scope=\"row\">%s</th>", chart->dates[chart->history + k]);
        for (int32_t j = 0; j < 6; j++) {
            char number[48];
            fprintf(r->file, "<td>%s</td>", report_number(values[j], number));
        }
        fputs("</tr>\n", r->file);
    }
    fputs("</tbody></table></div></details>\n", r->file);
}

static void write_legend(const report *r)
{
    static const char *const entries[][2] = {
        { "<path class=\"history\" d=\"M0 7H28\"/>", "past demand" },
        { "<path class=\"median\" d=\"M0 7H28\"/>", "median forecast" },
        { "<path class=\"mean\" d=\"M0 7H28\"/>", "mean forecast" },
        { "<rect class=\"b80\" width=\"28\" height=\"14\"/><rect class=\"b50\" width=\"28\" height=\"14\"/>",
          "50 % of outcomes" },
        { "<rect class=\"b80\" width=\"28\" height=\"14\"/>", "80 % of outcomes" },
        { "<path class=\"out\" d=\"M14 12l5 -9h-10z\"/>", "stock used up" },
    };
    int32_t count = r->list != NULL ? 6 : 5;
    fputs("<ul class=\"legend\">\n", r->file);
    for (int32_t i = 0; i < count; i++)
        fprintf(r->file, "<li><svg viewBox=\"0 0 28 14\" aria-hidden=\"true\">%s</svg>%s</li>\n", entries[i][0],
                entries[i][1]);
    fputs("</ul>\n", r->file);
}

int report_charts(const report *r)
{
    if (r->series_count == 0) return CLI_OK;
    fputs("<section aria-labelledby=\"charts\"><h2 id=\"charts\">Forecasts</h2>\n", r->file);
    fprintf(r->file, "<p class=\"soft\">%d of %s articles. The shaded part lies ahead.</p>\n", (int)r->series_count,
            cli_count(seqd_dataset_series_count(r->prediction->dataset)));
    write_legend(r);
    fputs("<div class=\"charts\">\n", r->file);
    for (int32_t i = 0; i < r->series_count; i++) {
        report_chart chart;
        int status = read_chart(r, r->series[i], &chart);
        if (status != CLI_OK) return status;
        fputs("<figure>\n", r->file);
        write_caption(r, &chart);
        report_svg(r, &chart, i + 1);
        write_numbers(r, &chart);
        fputs("</figure>\n", r->file);
        release_chart(&chart);
    }
    fputs("</div></section>\n", r->file);
    return CLI_OK;
}
