/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* The drawing in its own units; the page scales it. The margins leave room for the larger letters of a phone. */
#define WIDTH 560.0
#define HEIGHT 300.0
#define LEFT 58.0
#define RIGHT 16.0
#define TOP 30.0
#define BOTTOM 50.0

typedef struct scale {
    int64_t steps;
    double low, high; /* of the y axis */
    double tick;
} scale;

static double place_x(const scale *s, int64_t step)
{
    double share = s->steps > 1 ? (double)step / (double)(s->steps - 1) : 0.5;
    return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double place_y(const scale *s, double value)
{
    if (value > s->high) value = s->high;
    return HEIGHT - BOTTOM - (value - s->low) / (s->high - s->low) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that about four of it cover `range`. */
static double round_tick(double range)
{
    double tick = 1;
    while (tick * 5 < range && tick < 1e300) tick *= 10;
    while (tick > range / 2 && tick > 1e-300) tick /= 10;
    if (range / tick > 12) return 5 * tick;
    if (range / tick > 5) return 2 * tick;
    return tick;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/*
 * The top of the axis as far as history goes. One bulk order can be fifty times a usual day and would flatten all else:
 * where the highest of fifty steps lies far above the rest, the axis ends lower and the peaks are marked instead.
 */
static double history_top(const report_chart *chart)
{
    double *sorted = cli_alloc((size_t)chart->history, sizeof *sorted);
    int64_t count = 0;
    for (int64_t i = 0; i < chart->history; i++)
        if (chart->values[i] == chart->values[i]) sorted[count++] = chart->values[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    double top = count > 0 ? sorted[count - 1] : 0, usual = count > 0 ? sorted[count - 1 - count / 50] : 0;
    free(sorted);
    return usual > 0 && top > 2.5 * usual ? 1.2 * usual : top;
}

static void find_scale(const report_chart *chart, scale *s)
{
    double low = 0, high = history_top(chart);
    for (int64_t i = 0; i < chart->history; i++)
        if (chart->values[i] < low) low = chart->values[i];
    for (int64_t k = 0; k < chart->horizon; k++) {
        if (chart->low80[k] < low) low = chart->low80[k];
        if (chart->high80[k] > high) high = chart->high80[k];
        if (chart->mean[k] > high) high = chart->mean[k];
    }
    if (high - low <= 0) high = low + 1;
    s->steps = chart->history + chart->horizon;
    s->tick = round_tick(high - low);
    s->low = s->high = 0;
    while (s->low > low) s->low -= s->tick;
    while (s->high < high) s->high += s->tick;
}

static void write_y_axis(FILE *file, const scale *s, const report *r)
{
    int32_t decimals = 0;
    for (double t = s->tick; t < 0.999 && decimals < 6; t *= 10) decimals++;
    for (double value = s->low; value < s->high + s->tick / 2; value += s->tick) {
        char number[48];
        double y = place_y(s, value);
        if (value > -s->tick / 2 && value < s->tick / 2) value = 0;
        if (decimals > 0) snprintf(number, sizeof number, "%.*f", (int)decimals, value);
        else if (s->high >= 1e9) snprintf(number, sizeof number, "%.3g", value);
        else snprintf(number, sizeof number, "%s", cli_count((int64_t)(value + (value < 0 ? -0.5 : 0.5))));
        fprintf(file, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", LEFT, y, WIDTH - RIGHT);
        fprintf(file, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 7, y + 4.5, number);
    }
    fputs("<text x=\"4\" y=\"15\">", file);
    report_escape(file, r->unit);
    fprintf(file, " per %s</text>\n", r->step);
}

/* Two short lines of a date: "15 Nov" over "2011", "Nov" over "2011", "05:00" over "15 Nov", "17" over nothing. */
static void split_date(const char *date, const char *frequency, char *first, char *second, size_t size)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int year = 0, month = 0, day = 0;
    second[0] = '\0';
    if (sscanf(date, "%4d-%2d-%2d", &year, &month, &day) != 3 || month < 1 || month > 12) {
        snprintf(first, size, "%s", date);
        return;
    }
    if (strcmp(frequency, "MS") == 0) snprintf(first, size, "%s", months[month - 1]);
    else if (strcmp(frequency, "h") == 0 && strlen(date) >= 16) snprintf(first, size, "%.5s", date + 11);
    else snprintf(first, size, "%d %s", day, months[month - 1]);
    if (strcmp(frequency, "h") == 0) snprintf(second, size, "%d %s", day, months[month - 1]);
    else snprintf(second, size, "%d", year);
}

static void write_x_axis(const report *r, const scale *s, const report_chart *chart)
{
    const int64_t ticks[] = { 0, chart->history / 2, chart->history, s->steps - 1 };
    static const char *const anchors[] = { "start", "middle", "middle", "end" };
    const char *frequency = seqd_dataset_frequency(r->prediction->dataset);
    for (int32_t i = 0; i < 4; i++) {
        char first[24], second[24];
        /* A short history has no room for its own middle, a short forecast none for its beginning. */
        if (i > 0 && (ticks[i] - ticks[0]) * 5 < s->steps) continue;
        if (i == 1 && (ticks[2] - ticks[1]) * 5 < s->steps) continue;
        if (i == 2 && (ticks[3] - ticks[2]) * 7 < s->steps) continue;
        double x = place_x(s, ticks[i]);
        split_date(chart->dates[ticks[i]], frequency, first, second, sizeof first);
        fprintf(r->file, "<path class=\"grid\" d=\"M%.1f %.0fv5\"/><text x=\"%.1f\" y=\"%.0f\" text-anchor=\"%s\">%s"
                "<tspan x=\"%.1f\" dy=\"1.25em\">%s</tspan></text>\n",
                x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 21, anchors[i], first, x, second);
    }
}

static void write_band(FILE *file, const scale *s, const report_chart *chart, const double *low, const double *high,
                       const char *name)
{
    fprintf(file, "<path class=\"%s\" d=\"", name);
    for (int64_t k = 0; k < chart->horizon; k++)
        fprintf(file, "%c%.1f %.1f", k == 0 ? 'M' : 'L', place_x(s, chart->history + k), place_y(s, high[k]));
    for (int64_t k = chart->horizon - 1; k >= 0; k--)
        fprintf(file, "L%.1f %.1f", place_x(s, chart->history + k), place_y(s, low[k]));
    fputs("Z\"/>\n", file);
}

static void write_line(FILE *file, const scale *s, const double *values, int64_t count, int64_t first, const char *name)
{
    bool down = false;
    fprintf(file, "<path class=\"%s\" d=\"", name);
    for (int64_t i = 0; i < count; i++) {
        bool seen = values[i] == values[i];
        /* A step between two missing ones would leave no trace as a line. */
        bool alone = seen && !down && (i + 1 >= count || values[i + 1] != values[i + 1]);
        if (seen) {
            fprintf(file, "%c%.1f %.1f", down ? 'L' : 'M', place_x(s, first + i), place_y(s, values[i]));
            if (alone) fputs("h.1", file);
        }
        down = seen;
    }
    fputs("\"/>\n", file);
}

/* A peak beyond the axis: an arrow head above the plot, and its value where it is the highest. */
static void write_peaks(FILE *file, const scale *s, const report_chart *chart)
{
    int64_t highest = 0;
    for (int64_t i = 1; i < chart->history; i++)
        if (chart->values[i] > chart->values[highest] || chart->values[highest] != chart->values[highest]) highest = i;
    for (int64_t i = 0; i < chart->history; i++) {
        if (!(chart->values[i] > s->high)) continue;
        double x = place_x(s, i);
        char number[48];
        fprintf(file, "<path class=\"beyond\" d=\"M%.1f %.0fl-4 7h8z\"/>\n", x, TOP - 9);
        if (i != highest) continue;
        bool taken_left = x < LEFT + 100, taken_right = x > WIDTH - RIGHT - 50;
        for (int64_t j = 0; j < chart->history; j++) {
            double away = place_x(s, j) - x;
            if (j == i || away < -50 || away > 50 || !(chart->values[j] > s->high)) continue;
            if (away < 0) taken_left = true;
            else taken_right = true;
        }
        bool left = taken_right || (x > WIDTH / 2 && !taken_left);
        fprintf(file, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n", x + (left ? -8 : 8), TOP - 3,
                left ? "end" : "start", report_number(chart->values[i], number));
    }
}

static void write_words(const report *r, const report_chart *chart, int32_t number)
{
    double mean = 0, low = 0, high = 0;
    char a[48], b[48], d[48];
    for (int64_t k = 0; k < chart->horizon; k++) {
        mean += chart->mean[k];
        low += chart->low80[k] / (double)chart->horizon;
        high += chart->high80[k] / (double)chart->horizon;
    }
    fprintf(r->file, "<title id=\"t%d\">Demand and forecast of ", (int)number);
    report_escape(r->file, chart->id);
    fprintf(r->file, "</title><desc id=\"d%d\">A line of past demand from %s, followed by a forecast from %s to %s: ",
            (int)number, chart->dates[0], chart->dates[chart->history],
            chart->dates[chart->history + chart->horizon - 1]);
    fprintf(r->file, "%s ", report_number(mean, a));
    report_escape(r->file, r->unit);
    fprintf(r->file, " expected in total, and on a %s 80 percent of outcomes between about %s and %s.</desc>\n",
            r->step, report_number(low, b), report_number(high, d));
}

void report_svg(const report *r, const report_chart *chart, int32_t number)
{
    scale s;
    FILE *file = r->file;
    find_scale(chart, &s);
    fprintf(file, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"t%d d%d\">\n", WIDTH, HEIGHT,
            (int)number, (int)number);
    write_words(r, chart, number);
    double from = place_x(&s, chart->history);
    fprintf(file, "<rect class=\"ahead\" x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%.0f\"/>\n", from, TOP,
            WIDTH - RIGHT - from, HEIGHT - TOP - BOTTOM);
    write_y_axis(file, &s, r);
    write_x_axis(r, &s, chart);
    fprintf(file, "<path class=\"origin\" d=\"M%.1f %.0fV%.0f\"/>\n", from, TOP, HEIGHT - BOTTOM);
    write_band(file, &s, chart, chart->low80, chart->high80, "b80");
    write_band(file, &s, chart, chart->low50, chart->high50, "b50");
    write_line(file, &s, chart->values, chart->history, 0, "history");
    write_peaks(file, &s, chart);
    write_line(file, &s, chart->mean, chart->horizon, chart->history, "mean");
    write_line(file, &s, chart->median, chart->horizon, chart->history, "median");
    int32_t out = chart->article != NULL ? chart->article->reorder.stockout_step : 0;
    if (out > 0 && out <= chart->horizon) {
        double x = place_x(&s, chart->history + out - 1), y = HEIGHT - BOTTOM;
        fprintf(file, "<path class=\"out\" d=\"M%.1f %.1fl5 -9h-10z\"/>\n", x, y);
    }
    fputs("</svg>\n", file);
}
