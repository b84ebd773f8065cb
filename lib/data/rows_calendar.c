/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "status.h"
#include "text.h"

bool seqd_compact_date(int64_t number, int64_t *seconds)
{
    char text[8];
    if (number < 19000101 || number > 21001231) return false;
    for (int i = 7; i >= 0; i--) {
        text[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return seqd_parse_date(text, sizeof text, seconds);
}

/* What all dates have in common. */
typedef struct habits {
    int64_t first;                          /* the time of the first row */
    bool same_clock, hourly, weekly, first_days, last_days, several;
} habits;

/*
 * Any two dates with the same time of day differ by whole days, and then the one tells as much about the hour as the
 * other. What is known not to hold is not looked at again: of daily rows that leaves the first line.
 */
static void observe(habits *h, int64_t t)
{
    const seqd_calendar days = { SEQD_FREQ_DAY, 0 }, months = { SEQD_FREQ_MONTH, 0 };
    const int64_t day = 86400, apart = t - h->first;
    if (apart % day != 0) {
        h->same_clock = false;
        h->hourly &= apart % 3600 == 0;
    }
    h->several |= apart != 0;
    if (!h->weekly && !h->first_days && !h->last_days) return;
    const int64_t number = seqd_calendar_step(&days, t);
    h->weekly &= (number - seqd_calendar_step(&days, h->first)) % 7 == 0;
    if (!h->first_days && !h->last_days) return;
    const int64_t month = seqd_calendar_step(&months, t);
    h->first_days &= seqd_calendar_seconds(&months, month) == number * day;
    h->last_days &= seqd_calendar_seconds(&months, month + 1) == (number + 1) * day;
}

static seqd_freq detect(const seqd_rows *rows)
{
    habits h = { *seqd_rows_time(rows, 0), true, true, true, true, true, false };
    h.hourly = h.first % 3600 == 0;
    for (int64_t i = 0; i < rows->count; i++) observe(&h, *seqd_rows_time(rows, i));
    /* One time of day throughout makes them dates, whatever it is. */
    if (!h.same_clock) return h.hourly ? SEQD_FREQ_HOUR : SEQD_FREQ_DAY;
    if (!h.several) return SEQD_FREQ_DAY;
    if (h.first_days || h.last_days) return SEQD_FREQ_MONTH;
    return h.weekly ? SEQD_FREQ_WEEK : SEQD_FREQ_DAY;
}

int32_t seqd_rows_calendar(seqd_rows *rows, seqd_calendar *calendar, seqd_error *error)
{
    calendar->anchor = 0;
    calendar->freq = rows->freq;
    if (rows->time_kind == SEQD_TIME_WHOLE && rows->freq == SEQD_FREQ_AUTO && rows->compact) {
        for (int64_t i = 0; i < rows->count; i++) {
            int64_t *time = seqd_rows_time(rows, i);
            if (!seqd_compact_date(*time, time)) return seqd_fail(error, SEQD_E_INTERNAL, "a date was lost");
        }
        rows->time_kind = SEQD_TIME_DATE;
    }
    if (rows->freq == SEQD_FREQ_AUTO)
        calendar->freq = rows->time_kind == SEQD_TIME_WHOLE ? SEQD_FREQ_INT : detect(rows);
    if (calendar->freq != SEQD_FREQ_WEEK) return SEQD_OK;
    seqd_date date;
    const seqd_calendar days = { SEQD_FREQ_DAY, 0 };
    for (int64_t i = 0; i < rows->count; i++) {
        seqd_calendar_date(&days, seqd_calendar_step(&days, *seqd_rows_time(rows, i)), &date);
        if (i > 0 && date.weekday != calendar->anchor) {
            calendar->anchor = 0;
            break;
        }
        calendar->anchor = date.weekday;
    }
    return SEQD_OK;
}
