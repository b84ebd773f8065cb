/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "status.h"
#include "text.h"

bool seqd_compact_date(int64_t number, int64_t *seconds)
{
    char text[SEQD_NUMBER_SIZE];
    if (number < 19000101 || number > 21001231) return false;
    return seqd_parse_date(text, seqd_format_i64(number, text), seconds);
}

/* What all dates have in common decides the frequency. */
static seqd_freq detect(const seqd_rows *rows)
{
    const int64_t day = 86400;
    const seqd_calendar days = { SEQD_FREQ_DAY, 0 }, months = { SEQD_FREQ_MONTH, 0 };
    bool same_clock = true, hourly = true, weekly = true, first_days = true, last_days = true, several = false;
    const int64_t first = rows->time[0];
    const int64_t clock = first - seqd_calendar_step(&days, first) * day;
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t t = rows->time[i];
        const int64_t number = seqd_calendar_step(&days, t);
        same_clock &= t - number * day == clock;
        hourly &= (t - number * day) % 3600 == 0;
        weekly &= (number - seqd_calendar_step(&days, first)) % 7 == 0;
        several |= t != first;
        if (first_days || last_days) {
            const int64_t month = seqd_calendar_step(&months, t);
            first_days &= seqd_calendar_seconds(&months, month) == number * day;
            last_days &= seqd_calendar_seconds(&months, month + 1) == (number + 1) * day;
        }
    }
    /* One time of day throughout makes them dates, whatever it is. */
    if (!same_clock) return hourly ? SEQD_FREQ_HOUR : SEQD_FREQ_DAY;
    if (!several) return SEQD_FREQ_DAY;
    if (first_days || last_days) return SEQD_FREQ_MONTH;
    return weekly ? SEQD_FREQ_WEEK : SEQD_FREQ_DAY;
}

int32_t seqd_rows_calendar(seqd_rows *rows, seqd_calendar *calendar, seqd_error *error)
{
    calendar->anchor = 0;
    calendar->freq = rows->freq;
    if (rows->time_kind == SEQD_TIME_WHOLE && rows->freq == SEQD_FREQ_AUTO && rows->compact) {
        for (int64_t i = 0; i < rows->count; i++)
            if (!seqd_compact_date(rows->time[i], &rows->time[i]))
                return seqd_fail(error, SEQD_E_INTERNAL, "a date was lost");
        rows->time_kind = SEQD_TIME_DATE;
    }
    if (rows->freq == SEQD_FREQ_AUTO)
        calendar->freq = rows->time_kind == SEQD_TIME_WHOLE ? SEQD_FREQ_INT : detect(rows);
    if (calendar->freq != SEQD_FREQ_WEEK) return SEQD_OK;
    seqd_date date;
    const seqd_calendar days = { SEQD_FREQ_DAY, 0 };
    for (int64_t i = 0; i < rows->count; i++) {
        seqd_calendar_date(&days, seqd_calendar_step(&days, rows->time[i]), &date);
        if (i > 0 && date.weekday != calendar->anchor) {
            calendar->anchor = 0;
            break;
        }
        calendar->anchor = date.weekday;
    }
    return SEQD_OK;
}
