/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define REPEATS 5
#define MOST_STEPS 90 /* of history in a picture: what lies further back is summed up in words */
#define CELL 10.0
#define LABELS 118.0
#define AXIS 26.0
#define HEAD 6.0 /* room for half of the first label */

/* Colour says the sign, strength the size: cells[rows][columns], the largest size full. */
static void write_map(FILE *file, const double *cells, int32_t rows, int32_t columns, const char *const *labels,
                      const char *first, const char *last, const char *told)
{
    double largest = 0, width = CELL, height = rows > 20 ? 6.0 : 20.0;
    for (int64_t i = 0; i < (int64_t)rows * columns; i++)
        if (fabs(cells[i]) > largest) largest = fabs(cells[i]);
    if (columns > 0 && width * columns < 420) width = 420.0 / columns;
    double full = LABELS + width * columns, bottom = HEAD + height * rows;
    fprintf(file, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", full, bottom + AXIS);
    report_escape(file, told);
    fputs("\">\n", file);
    for (int32_t i = 0; i < rows; i++) {
        if (labels[i][0] != '\0') {
            fprintf(file, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", LABELS - 6,
                    HEAD + height * (i + 0.5) + 4);
            report_escape(file, labels[i]);
            fputs("</text>", file);
        }
        for (int32_t j = 0; j < columns; j++) {
            double share = largest > 0 ? cells[(int64_t)i * columns + j] / largest : 0;
            if (fabs(share) < 0.01) continue;
            fprintf(file, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                    "fill-opacity=\"%.2f\"/>", share > 0 ? "more" : "less", LABELS + width * j, HEAD + height * i,
                    width, height, fabs(share));
        }
        fputs("\n", file);
    }
    fprintf(file, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", LABELS, bottom + 0.5, full);
    fprintf(file, "<text x=\"%.0f\" y=\"%.1f\">%s</text><text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
            LABELS, bottom + 17, first, full, bottom + 17, last);
    fputs("</svg>\n", file);
}

static int write_importance(const report *r)
{
    seqd_importance *importance = NULL;
    cli *c = r->c;
    int32_t ran = seqd_importance_create(r->prediction->model, r->prediction->dataset, REPEATS, 1, &importance,
                                         &c->error);
    if (ran == SEQD_STOPPED) return cli_fail(c, "stopped; nothing was written");
    if (ran != SEQD_OK) return cli_failed(c);
    int32_t count = seqd_importance_count(importance);
    double largest = 0;
    fprintf(r->file, "<figure><figcaption><h3>What the forecasts go by</h3><p>By how much the loss of %.4g rises on "
            "%s windows of these data when a feature is taken from others.</p></figcaption>\n",
            seqd_importance_loss(importance), cli_count(seqd_importance_windows(importance)));
    fprintf(r->file, "<svg viewBox=\"0 0 560 %d\" role=\"img\" aria-label=\"Importance of features\">\n",
            (int)(count * 24 + 4));
    for (int32_t i = 0; i < count; i++) {
        seqd_importance_row row = { .struct_size = (uint32_t)sizeof row };
        seqd_importance_get_row(importance, i, &row, NULL);
        if (i == 0) largest = row.rise > 0 ? row.rise : 0;
        double share = largest > 0 && row.rise > 0 ? row.rise / largest : 0, y = 24.0 * i;
        fprintf(r->file, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", LABELS - 6, y + 16);
        report_escape(r->file, row.feature);
        fprintf(r->file, "</text><rect class=\"more\" x=\"%.0f\" y=\"%.1f\" width=\"%.1f\" height=\"16\"/>"
                "<text x=\"%.1f\" y=\"%.1f\">%.4f \xc2\xb1 %.4f</text>\n",
                LABELS, y + 3, 320 * share, LABELS + 320 * share + 6, y + 16, row.rise, row.deviation);
    }
    fputs("</svg></figure>\n", r->file);
    seqd_importance_release(importance);
    return CLI_OK;
}

static void date_of(const report *r, int64_t series, int64_t step, char date[24])
{
    if (seqd_dataset_date(r->prediction->dataset, series, step, date, 24, NULL) != SEQD_OK) date[0] = '\0';
}

static int write_parts(const report *r, int64_t series)
{
    seqd_attribution *parts = NULL;
    seqd_attribution_summary summary = { .struct_size = (uint32_t)sizeof summary };
    cli *c = r->c;
    seqd_model *model = r->prediction->model;
    if (seqd_attribution_create(model, r->prediction->dataset, series, -1, 0, &parts, &c->error) != SEQD_OK
        || seqd_attribution_summarize(parts, &summary, &c->error) != SEQD_OK) {
        seqd_attribution_release(parts);
        return cli_failed(c);
    }
    int32_t all = seqd_attribution_step_count(parts), rows = seqd_attribution_feature_count(parts);
    int32_t columns = all < MOST_STEPS ? all : MOST_STEPS;
    const char **labels = cli_alloc((size_t)rows, sizeof *labels);
    double *values = cli_alloc((size_t)all, sizeof *values);
    double *cells = cli_alloc((size_t)rows * (size_t)columns, sizeof *cells), before = 0;
    char first[24], last[24];
    for (int32_t i = 0; i < rows; i++) {
        labels[i] = seqd_attribution_feature_name(parts, i);
        if (seqd_attribution_values(parts, i, values, NULL) != SEQD_OK) continue;
        for (int32_t t = 0; t < all - columns; t++) before += values[t];
        memcpy(cells + (int64_t)i * columns, values + all - columns, (size_t)columns * sizeof *cells);
    }
    int64_t begin = seqd_attribution_first_step(parts) + all - columns;
    date_of(r, series, begin, first);
    date_of(r, series, begin + columns - 1, last);
    fputs("<figure><figcaption><h3>", r->file);
    report_escape(r->file, seqd_dataset_series_id(r->prediction->dataset, series));
    fprintf(r->file, ": why this forecast</h3><p>What each input of each %s adds to the mean forecast (%.4g scaled, "
            "%.4g with average inputs)", r->step, summary.value, summary.baseline);
    if (all > columns) fprintf(r->file, "; %.3g of it lies before %s", before, first);
    fputs(".</p></figcaption>\n", r->file);
    write_map(r->file, cells, rows, columns, labels, first, last, "Integrated gradients by feature and step");
    fputs("</figure>\n", r->file);
    free(cells);
    free(values);
    free(labels);
    seqd_attribution_release(parts);
    return CLI_OK;
}

/* Mean over the heads: rows are steps of the forecast. */
static int write_attention(const report *r, seqd_predictor *predictor, int64_t series)
{
    int32_t heads = 0, horizon = 0, steps = 0;
    cli *c = r->c;
    const seqd_dataset *dataset = r->prediction->dataset;
    if (seqd_model_attention_shape(r->prediction->model, &heads, &horizon, &steps, &c->error) != SEQD_OK) return CLI_OK;
    int64_t count = (int64_t)heads * horizon * steps, length = seqd_dataset_length(dataset, series);
    int32_t columns = steps < MOST_STEPS ? steps : MOST_STEPS;
    if (columns > length) columns = (int32_t)length;
    float *weights = cli_alloc((size_t)count, sizeof *weights);
    if (seqd_predictor_attention(predictor, r->prediction->dataset, series, weights, count, &c->error) != SEQD_OK) {
        free(weights);
        return cli_failed(c);
    }
    double *cells = cli_alloc((size_t)horizon * (size_t)columns, sizeof *cells);
    const char **labels = cli_alloc((size_t)horizon, sizeof *labels);
    char (*dates)[24] = cli_alloc((size_t)horizon, sizeof *dates), first[24], last[24];
    for (int32_t k = 0; k < horizon; k++) {
        date_of(r, series, length + k, dates[k]);
        labels[k] = k % (horizon > 20 ? 7 : 1) == 0 ? dates[k] : "";
        for (int32_t j = 0; j < columns; j++) {
            double sum = 0;
            for (int32_t h = 0; h < heads; h++)
                sum += (double)weights[((int64_t)h * horizon + k) * steps + steps - columns + j];
            cells[(int64_t)k * columns + j] = sum / heads;
        }
    }
    date_of(r, series, length - columns, first);
    date_of(r, series, length - 1, last);
    fputs("<figure><figcaption><h3>", r->file);
    report_escape(r->file, seqd_dataset_series_id(dataset, series));
    fprintf(r->file, ": where it looks</h3><p>Attention of each %s of the forecast to the history.</p></figcaption>\n",
            r->step);
    write_map(r->file, cells, horizon, columns, labels, first, last, "Attention by step of forecast and history");
    fputs("</figure>\n", r->file);
    free(dates);
    free(labels);
    free(cells);
    free(weights);
    return CLI_OK;
}

int report_why(const report *r)
{
    seqd_predictor *predictor = NULL;
    if (r->c->flags[CLI_FLAG_WHY] == NULL) return CLI_OK;
    if (seqd_predictor_create(r->prediction->model, &predictor, &r->c->error) != SEQD_OK) return cli_failed(r->c);
    fputs("<section aria-labelledby=\"why\"><h2 id=\"why\">Why</h2>\n<p class=\"soft\">Blue adds to the forecast, "
          "brown takes from it; the stronger, the more.</p>\n<div class=\"charts\">\n", r->file);
    int status = write_importance(r);
    for (int32_t i = 0; i < r->series_count && status == CLI_OK; i++) {
        status = write_parts(r, r->series[i]);
        if (status == CLI_OK) status = write_attention(r, predictor, r->series[i]);
    }
    fputs("</div></section>\n", r->file);
    seqd_predictor_release(predictor);
    return status;
}
