/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_DATA_TEST_H
#define SEQD_TESTS_DATA_TEST_H

#include "core_test.h"

#include <math.h>

#include "options.h"
#include "panel.h"

/* Makes options of "name=value" words separated by blanks. */
static inline seqd_options *make_options(seqd_context *context, const char *words)
{
    seqd_options *options = NULL;
    assert_int_equal(seqd_options_new(context, &options, NULL), SEQD_OK);
    char text[512];
    assert_true(strlen(words) < sizeof text);
    strcpy(text, words);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        seqd_option_id id;
        seqd_error error = SEQD_ERROR_INIT;
        assert_non_null(value);
        *value++ = '\0';
        if (seqd_option_find(word, &id, &error) != SEQD_OK) fail_msg("%s", error.message);
        if (seqd_option_set(options, id, value, &error) != SEQD_OK) fail_msg("%s", error.message);
    }
    return options;
}

static inline int32_t parse_panel(seqd_context *context, const char *words, const char *text, seqd_dataset **out,
                                  seqd_error *error)
{
    seqd_options *options = make_options(context, words);
    /* A copy of the exact size, so that a read behind its end is seen. */
    const size_t size = strlen(text);
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    const int32_t status = seqd_panel_parse(context, options, copy, size, out, error);
    free(copy);
    seqd_options_free(options);
    return status;
}

static inline seqd_dataset *panel(seqd_context *context, const char *words, const char *text)
{
    seqd_dataset *dataset = NULL;
    seqd_error error = SEQD_ERROR_INIT;
    if (parse_panel(context, words, text, &dataset, &error) != SEQD_OK) fail_msg("%s", error.message);
    return dataset;
}

/* The history of one series against numbers; NaN is missing. */
static inline void assert_history(const seqd_dataset *dataset, const char *id, const double *expected, int64_t count)
{
    const int64_t s = seqd_panel_find(dataset, id);
    if (s < 0) fail_msg("no series '%s'", id);
    const seqd_series *series = &dataset->series[s];
    if (series->length != count) fail_msg("series '%s' has %d steps, not %d", id, (int)series->length, (int)count);
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)dataset->y[series->offset + i];
        const bool same = isnan(expected[i]) ? isnan(value) : value == (double)(float)expected[i];
        if (!same) fail_msg("series '%s', step %d: %g, not %g", id, (int)i, value, expected[i]);
    }
}

#define HISTORY(dataset, id, ...)                                                                      \
    assert_history(dataset, id, (const double[]){ __VA_ARGS__ },                                       \
                   (int64_t)(sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double)))

#define MISSING ((double)NAN)

static inline void assert_start(const seqd_dataset *dataset, const char *id, const char *date)
{
    char text[32];
    const int64_t s = seqd_panel_find(dataset, id);
    assert_true(s >= 0);
    seqd_calendar_format(&dataset->calendar, dataset->series[s].start, text, sizeof text);
    assert_string_equal(text, date);
}

#endif
