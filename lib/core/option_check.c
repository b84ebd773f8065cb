/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "option_table.h"
#include "status.h"
#include "text.h"

/* What the option takes, for messages. */
static void describe_range(const seqd_option_row *row, char *text, size_t size)
{
    char low[SEQD_NUMBER_SIZE], high[SEQD_NUMBER_SIZE];
    (void)seqd_format_f64(row->minimum, low);
    (void)seqd_format_f64(row->maximum, high);
    const bool whole = row->type == SEQD_TYPE_I64 || row->type == SEQD_TYPE_I64_LIST;
    if (whole && row->maximum > 9e18) (void)seqd_format_i64(INT64_MAX, high);
    const char *const parts[] = { whole ? "a whole number from " : "a number from ", low, " to ", high };
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < 4; i++) {
        seqd_copy_text(text + used, size - used, parts[i]);
        used += strlen(text + used);
    }
}

static int32_t fail_number(const seqd_option_row *row, const char *text, size_t length, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE], range[96];
    describe_range(row, range, sizeof range);
    return seqd_fail(error, SEQD_E_OPTION, "option '%s': '%s' is not %s", row->name, seqd_quote(text, length, quoted),
                     range);
}

/* One number to its canonical text. */
static int32_t check_number(const seqd_option_row *row, const char *text, size_t length, char buffer[SEQD_NUMBER_SIZE],
                            double *value, seqd_error *error)
{
    if (row->type == SEQD_TYPE_I64 || row->type == SEQD_TYPE_I64_LIST) {
        int64_t whole;
        if (!seqd_parse_i64(text, length, &whole) || (double)whole < row->minimum || (double)whole > row->maximum)
            return fail_number(row, text, length, error);
        (void)seqd_format_i64(whole, buffer);
        *value = (double)whole;
        return SEQD_OK;
    }
    double number;
    if (!seqd_parse_f64(text, length, &number) || !(number >= row->minimum && number <= row->maximum))
        return fail_number(row, text, length, error);
    if (number == 0.0) number = 0.0; /* no "-0" */
    (void)seqd_format_f64(number, buffer);
    *value = number;
    return SEQD_OK;
}

static int32_t check_choice(const seqd_option_row *row, const char *text, size_t length, seqd_error *error)
{
    char list[256], quoted[SEQD_QUOTE_SIZE];
    const char *words[16];
    int32_t count = 0;
    for (const char *word = row->choices;;) {
        const size_t size = strcspn(word, "|");
        if (size == length && memcmp(word, text, size) == 0) return SEQD_OK;
        if (word[size] == '\0') break;
        word += size + 1;
    }
    (void)seqd_quote(text, length, quoted);
    seqd_copy_text(list, sizeof list, row->choices);
    for (char *word = list; word && count < 16;) {
        char *bar = strchr(word, '|');
        if (bar) *bar = '\0';
        words[count++] = word;
        word = bar ? bar + 1 : NULL;
    }
    const int32_t near = seqd_nearest_name(quoted, words, count);
    return seqd_fail(error, SEQD_E_OPTION, "option '%s': '%s' is not one of %s%s%s%s", row->name, quoted, row->choices,
                     near >= 0 ? "; did you mean '" : "", near >= 0 ? words[near] : "", near >= 0 ? "'?" : "");
}

static void insert_sorted(double *values, char (*texts)[SEQD_NUMBER_SIZE], int32_t count)
{
    for (int32_t i = count; i > 0 && values[i] < values[i - 1]; i--) {
        char text[SEQD_NUMBER_SIZE];
        const double value = values[i];
        values[i] = values[i - 1];
        values[i - 1] = value;
        memcpy(text, texts[i], sizeof text);
        memcpy(texts[i], texts[i - 1], sizeof text);
        memcpy(texts[i - 1], text, sizeof text);
    }
}

static int32_t check_numbers(seqd_option_id id, const char *text, char *joined, seqd_error *error)
{
    const seqd_option_row *row = seqd_option_row_of(id);
    char texts[SEQD_OPTION_LIST_MAX][SEQD_NUMBER_SIZE];
    double values[SEQD_OPTION_LIST_MAX];
    int32_t count = 0;
    bool middle = false;
    const char *cursor = text, *item;
    size_t length;
    while (seqd_next_item(&cursor, &item, &length)) {
        if (count == SEQD_OPTION_LIST_MAX)
            return seqd_fail(error, SEQD_E_OPTION, "option '%s' takes at most %d numbers", row->name,
                             SEQD_OPTION_LIST_MAX);
        SEQD_CHECK(check_number(row, item, length, texts[count], &values[count], error));
        middle |= values[count] == 0.5;
        if (id == SEQD_OPT_QUANTILES) {
            for (int32_t i = 0; i < count; i++)
                if (values[i] == values[count])
                    return seqd_fail(error, SEQD_E_OPTION, "option '%s': %s stands there twice", row->name,
                                     texts[count]);
            insert_sorted(values, texts, count);
        }
        count++;
    }
    if (count == 0 && row->standard[0] != '\0')
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' needs at least one number", row->name);
    if (id == SEQD_OPT_QUANTILES && !middle)
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' must include 0.5", row->name);
    for (int32_t i = 0; i < count; i++) {
        const size_t size = strlen(texts[i]);
        if (i > 0) *joined++ = ',';
        memcpy(joined, texts[i], size);
        joined += size;
    }
    *joined = '\0';
    return SEQD_OK;
}

/* Blanks around the names are cut; an empty name or one named twice cannot be meant. */
static int32_t check_names(const seqd_option_row *row, const char *text, char *joined, seqd_error *error)
{
    char *const begin = joined;
    const char *cursor = text, *item;
    size_t length;
    *joined = '\0';
    while (seqd_next_item(&cursor, &item, &length)) {
        if (length == 0) return seqd_fail(error, SEQD_E_OPTION, "option '%s' names an empty column", row->name);
        const char *before = begin, *other;
        size_t other_length;
        char quoted[SEQD_QUOTE_SIZE];
        while (seqd_next_item(&before, &other, &other_length))
            if (other_length == length && memcmp(other, item, length) == 0)
                return seqd_fail(error, SEQD_E_OPTION, "option '%s' names '%s' twice", row->name,
                                 seqd_quote(item, length, quoted));
        if (joined > begin) *joined++ = ',';
        memcpy(joined, item, length);
        joined += length;
        *joined = '\0';
    }
    return SEQD_OK;
}

int32_t seqd_option_check(seqd_context *context, seqd_option_id id, const char *text, size_t length, char **canonical,
                          seqd_error *error)
{
    const seqd_option_row *row = seqd_option_row_of(id);
    const size_t longest = 4096;
    if (length > longest)
        return seqd_fail(error, SEQD_E_OPTION, "option '%s': the value is longer than %zu bytes", row->name, longest);
    char number[SEQD_NUMBER_SIZE];
    double value;
    if (row->type == SEQD_TYPE_I64 || row->type == SEQD_TYPE_F64) {
        SEQD_CHECK(check_number(row, text, length, number, &value, error));
        text = number;
        length = strlen(number);
    } else if (row->type == SEQD_TYPE_CHOICE) {
        SEQD_CHECK(check_choice(row, text, length, error));
    }
    const bool list = row->type == SEQD_TYPE_I64_LIST || row->type == SEQD_TYPE_F64_LIST ||
        row->type == SEQD_TYPE_NAMES;
    /* Canonical numbers may be longer than what was given ("1e16"), names never are. */
    const size_t size = list && row->type != SEQD_TYPE_NAMES ? SEQD_OPTION_LIST_MAX * SEQD_NUMBER_SIZE : length + 1;
    char *result = seqd_alloc(context, size + length + 1);
    if (!result) return seqd_fail_alloc(context, size + length + 1, error);
    /* The text given, terminated, stands behind the place of the result while a list is read. */
    char *given = result + size;
    memcpy(given, text, length);
    given[length] = '\0';
    int32_t status = SEQD_OK;
    if (!list)
        memcpy(result, given, length + 1);
    else if (row->type == SEQD_TYPE_NAMES)
        status = check_names(row, given, result, error);
    else
        status = check_numbers(id, given, result, error);
    if (status != SEQD_OK) {
        seqd_free(context, result);
        return status;
    }
    *canonical = result;
    return SEQD_OK;
}
