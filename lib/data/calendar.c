/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar.h"

#include <string.h>

#include "text.h"

#define DAY_SECONDS INT64_C(86400)

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/*
 * Days since 1970-01-01. Years begin in March here, so that the leap day comes last: the days before a month are then
 * (153 m + 2) / 5, and those before a year 365 y + y/4 - y/100 + y/400.
 */
static int64_t days_of(int64_t year, int32_t month, int32_t day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t m = month > 2 ? month - 3 : month + 9;
    const int64_t leap_days = floor_divide(y, 4) - floor_divide(y, 100) + floor_divide(y, 400);
    return 365 * y + leap_days + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t days, int64_t *year, int32_t *month, int32_t *day)
{
    const int64_t z = days + 719468;             /* since 0000-03-01 */
    const int64_t era = floor_divide(z, 146097); /* 400 years */
    const int64_t in_era = z - era * 146097;
    /* Taking the leap days out makes every year 365 days long. */
    const int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    const int64_t m = (5 * in_year + 2) / 153;
    *day = (int32_t)(in_year - (153 * m + 2) / 5) + 1;
    *month = (int32_t)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

static int32_t month_length(int64_t year, int32_t month)
{
    static const int8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap);
}

const char *seqd_freq_name(seqd_freq freq)
{
    static const char *const names[] = { "D", "W", "MS", "h", "int", "auto" };
    return names[freq];
}

/* `count` digits as a number, or -1. */
static int32_t digits(const char *text, int count)
{
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        const unsigned digit = (unsigned char)text[i] - (unsigned)'0';
        if (digit > 9) return -1;
        value = value * 10 + (int32_t)digit;
    }
    return value;
}

/* HH:MM[:SS[.fff]][Z], to seconds; -1 when it is not. */
static int64_t parse_clock(const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == 'Z') length--;
    if (length < 5 || text[2] != ':') return -1;
    const int32_t hour = digits(text, 2), minute = digits(text + 3, 2);
    int32_t second = 0;
    if (length > 5) {
        if (length < 8 || text[5] != ':') return -1;
        second = digits(text + 6, 2);
        if (length > 8) {
            if (text[8] != '.' || length == 9) return -1;
            for (size_t i = 9; i < length; i++)
                if (digits(text + i, 1) < 0) return -1;
        }
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
    return (hour * 60 + minute) * 60 + second;
}

bool seqd_parse_date(const char *text, size_t length, int64_t *seconds)
{
    if (length < 7) return false;
    const int32_t year = digits(text, 4);
    int32_t month, day = 1;
    int64_t clock = 0;
    if (text[4] == '-' || text[4] == '/') {
        month = digits(text + 5, 2);
        if (length == 7) {
            if (text[4] == '/') return false;
        } else {
            if (length < 10 || text[7] != text[4]) return false;
            day = digits(text + 8, 2);
            if (length > 10) {
                if (text[4] == '/' || (text[10] != ' ' && text[10] != 'T')) return false;
                clock = parse_clock(text + 11, length - 11);
            }
        }
    } else {
        if (length != 8) return false;
        month = digits(text + 4, 2);
        day = digits(text + 6, 2);
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || clock < 0 || day > month_length(year, month)) return false;
    *seconds = days_of(year, month, day) * DAY_SECONDS + clock;
    return true;
}

bool seqd_parse_date_again(seqd_date_memo *memo, const char *text, size_t length, int64_t *seconds)
{
    int64_t day;
    if (length >= 10 && seqd_date_in_month(memo, text, &day)) {
        int64_t clock = 0;
        if (length > 10) {
            if (text[4] == '/' || (text[10] != ' ' && text[10] != 'T')) return false;
            clock = parse_clock(text + 11, length - 11);
        }
        if (clock < 0) return false;
        *seconds = day + clock;
        return true;
    }
    if (!seqd_parse_date(text, length, seconds)) return false;
    if (length >= 10) {
        memcpy(memo->month, text, sizeof memo->month);
        memo->days = month_length(digits(text, 4), digits(text + 5, 2));
        memo->seconds = (floor_divide(*seconds, DAY_SECONDS) - digits(text + 8, 2)) * DAY_SECONDS;
    }
    return true;
}

/* First day of week 0: the epoch was a Thursday, 3 counted from Monday. */
static int64_t week_origin(const seqd_calendar *calendar)
{
    return (int64_t)calendar->anchor - 3;
}

int64_t seqd_calendar_step(const seqd_calendar *calendar, int64_t seconds)
{
    switch (calendar->freq) {
    case SEQD_FREQ_DAY: return floor_divide(seconds, DAY_SECONDS);
    case SEQD_FREQ_WEEK: return floor_divide(floor_divide(seconds, DAY_SECONDS) - week_origin(calendar), 7);
    case SEQD_FREQ_MONTH: {
        int64_t year;
        int32_t month, day;
        date_of(floor_divide(seconds, DAY_SECONDS), &year, &month, &day);
        return (year - 1970) * 12 + month - 1;
    }
    case SEQD_FREQ_HOUR: return floor_divide(seconds, 3600);
    case SEQD_FREQ_INT:
    case SEQD_FREQ_AUTO: break;
    }
    return seconds;
}

void seqd_calendar_steps(const seqd_calendar *calendar, int64_t *times, int64_t count)
{
    if (calendar->freq == SEQD_FREQ_INT || calendar->freq == SEQD_FREQ_AUTO) return;
    if (calendar->freq == SEQD_FREQ_DAY)
        for (int64_t i = 0; i < count; i++) times[i] = floor_divide(times[i], DAY_SECONDS);
    else
        for (int64_t i = 0; i < count; i++) times[i] = seqd_calendar_step(calendar, times[i]);
}

int64_t seqd_calendar_seconds(const seqd_calendar *calendar, int64_t step)
{
    switch (calendar->freq) {
    case SEQD_FREQ_DAY: return step * DAY_SECONDS;
    case SEQD_FREQ_WEEK: return (step * 7 + week_origin(calendar)) * DAY_SECONDS;
    case SEQD_FREQ_MONTH: {
        const int64_t year = floor_divide(step, 12);
        return days_of(year + 1970, (int32_t)(step - year * 12) + 1, 1) * DAY_SECONDS;
    }
    case SEQD_FREQ_HOUR: return step * 3600;
    case SEQD_FREQ_INT:
    case SEQD_FREQ_AUTO: break;
    }
    return step;
}

void seqd_calendar_date(const seqd_calendar *calendar, int64_t step, seqd_date *date)
{
    const int64_t seconds = seqd_calendar_seconds(calendar, step);
    const int64_t days = floor_divide(seconds, DAY_SECONDS);
    date_of(days, &date->year, &date->month, &date->day);
    date->hour = (int32_t)((seconds - days * DAY_SECONDS) / 3600);
    date->weekday = (int32_t)(days + 3 - floor_divide(days + 3, 7) * 7);
    date->day_of_year = (int32_t)(days - days_of(date->year, 1, 1));
}

static char *put(char *to, int64_t value, int width)
{
    char number[SEQD_NUMBER_SIZE];
    const size_t length = seqd_format_i64(value, number);
    for (size_t i = length; i < (size_t)width; i++) *to++ = '0';
    memcpy(to, number, length);
    return to + length;
}

void seqd_calendar_format(const seqd_calendar *calendar, int64_t step, char *text, size_t size)
{
    char whole[64];
    char *p = whole;
    if (calendar->freq == SEQD_FREQ_INT || calendar->freq == SEQD_FREQ_AUTO) {
        p = put(p, step, 1);
    } else {
        seqd_date date;
        seqd_calendar_date(calendar, step, &date);
        p = put(p, date.year, 4);
        *p++ = '-';
        p = put(p, date.month, 2);
        *p++ = '-';
        p = put(p, date.day, 2);
        if (calendar->freq == SEQD_FREQ_HOUR) {
            *p++ = ' ';
            p = put(p, date.hour, 2);
            memcpy(p, ":00:00", 6);
            p += 6;
        }
    }
    *p = '\0';
    seqd_copy_text(text, size, whole);
}

int32_t seqd_freq_season(seqd_freq freq)
{
    static const int32_t seasons[] = { 7, 52, 12, 24, 1, 1 };
    return seasons[freq];
}

int32_t seqd_freq_horizon(seqd_freq freq)
{
    static const int32_t horizons[] = { 28, 13, 12, 48, 12, 12 };
    return horizons[freq];
}

int32_t seqd_freq_moving_window(seqd_freq freq)
{
    static const int32_t windows[] = { 28, 13, 12, 168, 12, 12 };
    return windows[freq];
}
