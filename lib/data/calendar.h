/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_CALENDAR_H
#define SEQD_DATA_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum seqd_freq {
    SEQD_FREQ_DAY,
    SEQD_FREQ_WEEK,
    SEQD_FREQ_MONTH,
    SEQD_FREQ_HOUR,
    SEQD_FREQ_INT,
    SEQD_FREQ_AUTO /* only before the dates were seen */
} seqd_freq;

/*
 * Steps of a frequency are counted from the epoch 1970-01-01: days, weeks that begin on `anchor`, months, hours; of
 * freq=int they are the numbers themselves. Dates are proleptic Gregorian, without time zones.
 */
typedef struct seqd_calendar {
    seqd_freq freq;
    int32_t anchor; /* of weeks: 0 Monday .. 6 Sunday */
} seqd_calendar;

typedef struct seqd_date {
    int64_t year;
    int32_t month, day;         /* 1..12, 1..31 */
    int32_t hour;
    int32_t weekday;            /* 0 Monday */
    int32_t day_of_year;        /* from 0 */
} seqd_date;

const char *seqd_freq_name(seqd_freq freq);
/*
 * A date as text to seconds since the epoch: YYYY-MM-DD, YYYY-MM-DD[ T]HH:MM[:SS[.fff]][Z], YYYY/MM/DD, YYYYMMDD,
 * YYYY-MM. false: not a date in this grammar, or outside 0001..9999.
 */
bool seqd_parse_date(const char *text, size_t length, int64_t *seconds);
/*
 * The same for one date after the other, which mostly fall in the month of the one before. `memo` is zeroed before the
 * first and remembers that month.
 */
typedef struct seqd_date_memo {
    char month[8];     /* "2024-03-" */
    int32_t days;      /* it has */
    int64_t seconds;   /* of the day before its first */
} seqd_date_memo;
/* The ten bytes of a date, if it lies in the month remembered. */
static inline bool seqd_date_in_month(const seqd_date_memo *memo, const char *text, int64_t *seconds)
{
    if (memcmp(text, memo->month, sizeof memo->month) != 0) return false;
    const uint32_t tens = (uint32_t)text[8] - '0', ones = (uint32_t)text[9] - '0', day = tens * 10 + ones;
    if (tens > 9 || ones > 9 || day - 1 >= (uint32_t)memo->days) return false;
    *seconds = memo->seconds + (int64_t)day * 86400;
    return true;
}
bool seqd_parse_date_again(seqd_date_memo *memo, const char *text, size_t length, int64_t *seconds);
/* The step that a moment falls in. */
int64_t seqd_calendar_step(const seqd_calendar *calendar, int64_t seconds);
/* The same of `count` moments, in place. */
void seqd_calendar_steps(const seqd_calendar *calendar, int64_t *times, int64_t count);
/* The first moment of a step (freq=int: the step). */
int64_t seqd_calendar_seconds(const seqd_calendar *calendar, int64_t step);
void seqd_calendar_date(const seqd_calendar *calendar, int64_t step, seqd_date *date);
/* Text of a step, 24 bytes are always enough: "2024-03-01", "2024-03-01 05:00:00", "17". */
void seqd_calendar_format(const seqd_calendar *calendar, int64_t step, char *text, size_t size);

/* Defaults that follow from the frequency. */
int32_t seqd_freq_season(seqd_freq freq);          /* h 24, D 7, W 52, MS 12, int 1 */
int32_t seqd_freq_horizon(seqd_freq freq);         /* h 48, D 28, W 13, MS 12, int 12 */
int32_t seqd_freq_moving_window(seqd_freq freq);   /* h 168, D 28, W 13, MS 12, int 12 */

#endif
