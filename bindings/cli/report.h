/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CLI_REPORT_H
#define SEQD_CLI_REPORT_H

#include "cli.h"

/* The HTML report. The page is written from top to bottom; each part knows the file and what it shows. */
typedef struct report {
    cli *c;
    FILE *file;
    const cli_prediction *prediction;
    const cli_reorder_list *list; /* NULL without --stock */
    const seqd_table *backtest; /* NULL without --backtest */
    const int64_t *series; /* to draw */
    int32_t series_count;
    const char *title;
    const char *unit; /* what y counts */
    const char *step; /* "day" */
} report;

/* One article as it is drawn: `history` steps that were seen, then `horizon` steps of forecast. */
typedef struct report_chart {
    const char *id;
    int64_t history;
    int64_t horizon;
    char (*dates)[24]; /* [history + horizon] */
    double *values; /* [history], NaN where missing */
    double *mean; /* [horizon], and so the rest */
    double *low80;
    double *low50;
    double *median;
    double *high50;
    double *high80;
    const cli_article *article; /* its line in the reorder list, or NULL */
} report_chart;

/* report_style.c */
void report_style(FILE *file);

/* report_svg.c: `number` tells the charts of a page apart. */
void report_svg(const report *r, const report_chart *chart, int32_t number);

/* report_chart.c: the section of the charts. */
int report_charts(const report *r);

/* report_why.c: with --why, importance of features, parts of forecasts, attention. */
int report_why(const report *r);

/* report_html.c: the page. */
void report_escape(FILE *file, const char *text);
/* 1234.56 as "1,235", 12.34 as "12.3", 0.1234 as "0.12"; "–" for NaN. Takes 48 bytes. */
const char *report_number(double value, char *text);
int report_page(const report *r);

#endif
