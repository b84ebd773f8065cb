/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <stdio.h>

#include "calendar.h"

static const seqd_calendar days = { SEQD_FREQ_DAY, 0 };

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Every day of the years 1 to 9999, counted on by one: knows nothing of the arithmetic under test. */
static void every_day(void **state)
{
    (void)state;
    int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t number = -719162; /* 0001-01-01, a Monday */
    int weekday = 0;
    char text[16];
    const seqd_calendar months = { SEQD_FREQ_MONTH, 0 }, weeks = { SEQD_FREQ_WEEK, 2 };
    for (int year = 1; year <= 9999; year++) {
        lengths[1] = is_leap(year) ? 29 : 28;
        int in_year = 0;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= lengths[month - 1]; day++, number++, in_year++, weekday = (weekday + 1) % 7) {
                const char digits[] = { (char)('0' + year / 1000), (char)('0' + year / 100 % 10),
                                        (char)('0' + year / 10 % 10),
                                        (char)('0' + year % 10), '-', (char)('0' + month / 10),
                                            (char)('0' + month % 10), '-',
                                        (char)('0' + day / 10), (char)('0' + day % 10) };
                int64_t seconds = 0;
                seqd_date date;
                if (!seqd_parse_date(digits, 10, &seconds) || seconds != number * 86400) fail_msg("%.10s", digits);
                seqd_calendar_date(&days, number, &date);
                if (date.year != year || date.month != month || date.day != day || date.hour != 0 || date.weekday !=
                    weekday ||
                    date.day_of_year != in_year)
                    fail_msg("%.10s", digits);
                seqd_calendar_format(&days, number, text, sizeof text);
                if (memcmp(text, digits, 10) != 0 || text[10] != '\0') fail_msg("%.10s became %s", digits, text);
                const int64_t step = seqd_calendar_step(&months, seconds);
                if (step != (year - 1970) * 12 + month - 1) fail_msg("month of %.10s", digits);
                if (day == 1 && seqd_calendar_seconds(&months, step) != seconds) fail_msg("start of month %.10s",
                                                                                          digits);
                const int64_t week = seqd_calendar_step(&weeks, seconds);
                const int64_t behind = (seconds - seqd_calendar_seconds(&weeks, week)) / 86400;
                if (behind != (weekday + 5) % 7) fail_msg("week of %.10s", digits);
            }
        }
    }
    assert_int_equal(number, 2932897); /* 10000-01-01 */
}

static void grammar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        { "1970-01-01", 0 }, { "2024-02-29", 1709164800 }, { "2024/02/29", 1709164800 }, { "20240229", 1709164800 },
        { "2024-02", 1706745600 }, { "2024-02-29 00:00", 1709164800 }, { "2024-02-29T13:45:10", 1709214310 },
        { "2024-02-29 13:45:10.123Z", 1709214310 }, { "2024-02-29T13:45Z", 1709214300 }, { "1969-12-31 23:59:59", -1 },
        { "0001-01-01", -62135596800 }, { "9999-12-31T23:59:59", 253402300799 },
    };
    static const char *const bad[] = {
        "", "2024", "2024-", "2024-1-1", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "2023-02-29",
            "1900-02-29",
        "2024-04-31", "0000-01-01", "-2024-01-01", "2024-01-01 ", " 2024-01-01", "2024-01-01T", "2024-01-01T5:00",
            "2024-01-01T24:00",
        "2024-01-01T23:60", "2024-01-01T23:59:60", "2024-01-01T23:59:5", "2024-01-01T23:59:59.",
            "2024-01-01T23:59:59.x",
        "2024-01-01T23:59:59+01:00", "2024-01-01T23", "2024-01-01_05:00", "2024/01-01", "2024-01/01", "2024/01",
            "2024/01/01 05:00",
        "2024010", "202401011", "2024-01-01Z", "01/02/2024", "01.02.2024", "2024-Jan-01", "20240230", "2024-01-0a",
            "a024-01-01", "99999-01-01",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t seconds = 99;
        if (!seqd_parse_date(good[i].text, strlen(good[i].text), &seconds)) fail_msg("'%s' is refused", good[i].text);
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t seconds = 99;
        if (seqd_parse_date(bad[i], strlen(bad[i]), &seconds)) fail_msg("'%s' is taken for a date", bad[i]);
        assert_int_equal(seconds, 99);
    }
}

/* Whatever month is remembered, a text means what it means alone. */
static void dates_in_a_row(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2024-02-01", "2024-02-29", "2024-02-30", "2024-02-00", "2024-02-0a", "2024-02-1", "2024-02", "2023-02-28",
        "2023-02-29", "2024/02/29", "2024/02/29 05:00", "2024/02-29", "2024-02-29 05:00", "2024-02-29T05:00:07Z",
        "2024-02-29T25:00", "2024-02-29_05:00", "2024-02-29 ", "20240229", "1969-12-31", "1969-12-01 23:59:59",
        "0001-01-31", "9999-12-31", "2024-04-30", "2024-04-31", "2024-02-99", "2024-02-/9", "2024-02-9/", "",
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    for (int first = 0; first < COUNT; first++) {
        for (int second = 0; second < COUNT; second++) {
            seqd_date_memo memo = { { 0 }, 0, 0 };
            const int which[3] = { first, second, first };
            for (int i = 0; i < 3; i++) {
                const char *text = texts[which[i]];
                int64_t alone = 99, again = 99;
                const bool good = seqd_parse_date(text, strlen(text), &alone);
                if (seqd_parse_date_again(&memo, text, strlen(text), &again) != good || again != alone)
                    fail_msg("'%s' after '%s'", text, i > 0 ? texts[which[i - 1]] : "nothing");
            }
        }
    }
}

static void steps(void **state)
{
    (void)state;
    static const struct {
        seqd_calendar calendar;
        const char *moment, *step;
    } rows[] = {
        { { SEQD_FREQ_DAY, 0 }, "2024-02-29 23:59:59", "2024-02-29" },
        { { SEQD_FREQ_WEEK, 0 }, "2024-03-03", "2024-02-26" }, /* a Sunday belongs to the Monday before */
        { { SEQD_FREQ_WEEK, 6 }, "2024-03-03", "2024-03-03" },
        { { SEQD_FREQ_WEEK, 6 }, "2024-03-02", "2024-02-25" },
        { { SEQD_FREQ_WEEK, 3 }, "1969-12-31", "1969-12-25" },
        { { SEQD_FREQ_MONTH, 0 }, "2024-12-31", "2024-12-01" },
        { { SEQD_FREQ_MONTH, 0 }, "1969-12-31", "1969-12-01" },
        { { SEQD_FREQ_HOUR, 0 }, "1969-12-31 23:59:59", "1969-12-31 23:00:00" },
        { { SEQD_FREQ_HOUR, 0 }, "2024-02-29 05:30", "2024-02-29 05:00:00" },
    };
    char text[24];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds;
        assert_true(seqd_parse_date(rows[i].moment, strlen(rows[i].moment), &seconds));
        const int64_t step = seqd_calendar_step(&rows[i].calendar, seconds);
        seqd_calendar_format(&rows[i].calendar, step, text, sizeof text);
        assert_string_equal(text, rows[i].step);
        assert_int_equal(seqd_calendar_step(&rows[i].calendar, seqd_calendar_seconds(&rows[i].calendar, step)), step);
        assert_int_equal(seqd_calendar_step(&rows[i].calendar, seqd_calendar_seconds(&rows[i].calendar, step) - 1),
                         step - 1);
    }
    const seqd_calendar whole = { SEQD_FREQ_INT, 0 };
    seqd_calendar_format(&whole, -17, text, sizeof text);
    assert_string_equal(text, "-17");
    seqd_calendar_format(&whole, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "9223372036854775807");
    char small[5];
    seqd_calendar_format(&days, 0, small, sizeof small);
    assert_string_equal(small, "1970");
}

static void defaults_of_frequencies(void **state)
{
    (void)state;
    static const struct {
        seqd_freq freq;
        const char *name;
        int32_t season, horizon, window;
    } rows[] = {
        { SEQD_FREQ_HOUR, "h", 24, 48, 168 }, { SEQD_FREQ_DAY, "D", 7, 28, 28 }, { SEQD_FREQ_WEEK, "W", 52, 13, 13 },
        { SEQD_FREQ_MONTH, "MS", 12, 12, 12 }, { SEQD_FREQ_INT, "int", 1, 12, 12 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(seqd_freq_name(rows[i].freq), rows[i].name);
        assert_int_equal(seqd_freq_season(rows[i].freq), rows[i].season);
        assert_int_equal(seqd_freq_horizon(rows[i].freq), rows[i].horizon);
        assert_int_equal(seqd_freq_moving_window(rows[i].freq), rows[i].window);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(grammar),
        cmocka_unit_test(dates_in_a_row),
        cmocka_unit_test(steps),
        cmocka_unit_test(defaults_of_frequencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
