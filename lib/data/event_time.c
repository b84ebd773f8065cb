/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "context.h"
#include "event_rows.h"
#include "status.h"
#include "text.h"

/* Whole numbers that a double holds exactly. */
#define MOST_NUMBER 9007199254740992.0

/* Years 1 to 9999, which have a date of 19 bytes. */
#define FIRST_SECOND (-62135596800.0)
#define LAST_SECOND 253402300799.0

/* Times of our age in seconds and in milliseconds since 1970; between them nothing is believed to be one. */
#define FIRST_UNIX 1e8
#define LAST_UNIX 1e10
#define FIRST_MILLIS 1e11
#define LAST_MILLIS 1e13

static int32_t fail(const seqd_event_rows *rows, const seqd_cell *cell, int64_t line, const char *what,
                    seqd_error *error)
{
    const int32_t at = rows->columns.time;
    return seqd_fail_cell(rows->name, rows->names[at], line, at, cell, what, error);
}

/* With freq=int nothing but numbers is a time. */
static bool only_numbers(const seqd_event_rows *rows)
{
    return seqd_option_choice(rows->options, SEQD_OPT_FREQ) == (int32_t)SEQD_FREQ_INT + 1;
}

static int32_t read_text(seqd_event_rows *rows, const seqd_cell *cell, int64_t line, double *time,
                         seqd_event_clock *clock, seqd_error *error)
{
    const char *text = cell->text ? cell->text : "";
    size_t length = cell->text ? cell->length : 0;
    int64_t seconds;
    seqd_trim_blanks(&text, &length);
    const bool number = length > 0 && seqd_parse_f64(text, length, time);
    *clock = number ? SEQD_CLOCK_NUMBER : SEQD_CLOCK_DATE;
    if (number) return SEQD_OK;
    if (only_numbers(rows)) return fail(rows, cell, line, "a number, as freq=int asks for", error);
    if (!seqd_parse_date_again(&rows->last_date, text, length, &seconds))
        return fail(rows, cell, line, "a date (YYYY-MM-DD or YYYY-MM-DD HH:MM:SS) or a number", error);
    *time = (double)seconds;
    return SEQD_OK;
}

int32_t seqd_event_read_time(seqd_event_rows *rows, const seqd_cell *cell, int64_t line, double *time,
                             seqd_error *error)
{
    seqd_event_clock clock = SEQD_CLOCK_NUMBER;
    int64_t seconds;
    double value = 0.0;
    if (cell->type == SEQD_CELL_TEXT)
        SEQD_CHECK(read_text(rows, cell, line, &value, &clock, error));
    else
        value = cell->type == SEQD_CELL_F64 ? cell->f64 : (double)cell->i64;
    if (cell->type == SEQD_CELL_TIME) {
        if (only_numbers(rows)) return fail(rows, cell, line, "a number, as freq=int asks for", error);
        clock = SEQD_CLOCK_DATE;
    }
    if (!(fabs(value) <= MOST_NUMBER)) return fail(rows, cell, line, "a time between -2^53 and 2^53", error);
    if (rows->clock != SEQD_CLOCK_UNKNOWN && rows->clock != clock)
        return fail(rows, cell, line,
                    clock == SEQD_CLOCK_NUMBER ? "a date like those before" : "a number like those before", error);
    rows->clock = clock;
    if (clock == SEQD_CLOCK_NUMBER && rows->compact)
        rows->compact = floor(value) == value && seqd_compact_date((int64_t)value, &seconds);
    value += 0.0; /* -0 is 0 */
    if (value < rows->least) rows->least = value;
    if (value > rows->most) rows->most = value;
    *time = value;
    return SEQD_OK;
}

/*
 * Numbers are dates YYYYMMDD if all of them read as such, and seconds or milliseconds since 1970 if all of them lie in
 * our age, or if option freq says that time has a calendar. freq=int leaves them as they are.
 */
void seqd_event_settle_times(seqd_event_rows *rows, bool *seconds)
{
    const int32_t freq = seqd_option_choice(rows->options, SEQD_OPT_FREQ);
    *seconds = rows->clock == SEQD_CLOCK_DATE;
    if (rows->clock != SEQD_CLOCK_NUMBER || only_numbers(rows)) return;
    const bool millis = rows->least >= FIRST_MILLIS && rows->most < LAST_MILLIS;
    *seconds = rows->compact || millis || freq != 0 || (rows->least >= FIRST_UNIX && rows->most < LAST_UNIX);
    if (!rows->compact && !millis) return;
    rows->least = (double)INFINITY;
    rows->most = -(double)INFINITY;
    for (int64_t i = 0; i < rows->count; i++) {
        double *time = seqd_event_time(rows, i);
        int64_t moment;
        if (!rows->compact)
            *time /= 1000.0;
        else if (seqd_compact_date((int64_t)*time, &moment))
            *time = (double)moment;
        if (*time < rows->least) rows->least = *time;
        if (*time > rows->most) rows->most = *time;
    }
}

int32_t seqd_events_date(const seqd_dataset *dataset, int64_t series, int64_t i, char *text, size_t size,
                         seqd_error *error)
{
    const seqd_events *events = dataset->events;
    const seqd_series *s = &dataset->series[series];
    if (i < 0 || i >= s->length)
        return seqd_fail(error, SEQD_E_ARG, "there is no event %lld in a sequence of %lld", (long long)i,
                         (long long)s->length);
    char number[SEQD_NUMBER_SIZE];
    const double time = events->time ? events->time[s->offset + i] : (double)i;
    const seqd_calendar hours = { .freq = SEQD_FREQ_HOUR };
    if (!events->seconds || !(time >= FIRST_SECOND && time <= LAST_SECOND)) {
        seqd_format_f64(time, number);
        seqd_copy_text(text, size, number);
        return SEQD_OK;
    }
    const int64_t moment = (int64_t)floor(time), hour = seqd_calendar_step(&hours, moment);
    const int64_t rest = moment - seqd_calendar_seconds(&hours, hour);
    seqd_calendar_format(&hours, hour, text, size); /* "2024-03-01 05:00:00" */
    text[14] = (char)('0' + rest / 600);
    text[15] = (char)('0' + rest / 60 % 10);
    text[17] = (char)('0' + rest % 60 / 10);
    text[18] = (char)('0' + rest % 10);
    return SEQD_OK;
}
