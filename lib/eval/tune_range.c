/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "status.h"

/* Words a range can have. */
#define MOST_WORDS 256
#define DIGITS 4 /* of a drawn number: enough to search with, few enough to read */

void seqd_tune_range_clear(seqd_context *context, seqd_tune_range *range)
{
    for (int32_t i = 0; i < range->word_count; i++) seqd_free(context, range->words[i]);
    seqd_free(context, range->words);
    seqd_free(context, range->text);
    memset(range, 0, sizeof *range);
}

static bool is_list(const char *type) { return strcmp(type, "integers") == 0 || strcmp(type, "numbers") == 0; }

/* Settings of the data that a model reads by itself; the others are settled when the rows are read. */
static bool may_vary(const seqd_options *options, seqd_option_id id)
{
    const char *group = seqd_option_group(id);
    if (id == SEQD_OPT_HORIZON || id == SEQD_OPT_SEED) return false;
    if (strcmp(seqd_option_text(options, SEQD_OPT_METHOD), "halving") == 0 &&
        (id == SEQD_OPT_MAX_STEPS || id == SEQD_OPT_MAX_EPOCHS))
        return false;
    return strcmp(group, "model") == 0 || strcmp(group, "training") == 0 || id == SEQD_OPT_MAX_LEN ||
           id == SEQD_OPT_MIN_COUNT || id == SEQD_OPT_TIME_GAP || id == SEQD_OPT_NUM_TRANSFORM ||
           id == SEQD_OPT_DIFFERENCING;
}

/* The canonical text of a word, which the option must accept. */
static int32_t add_word(seqd_tune_range *range, seqd_options *scratch, const char *word, size_t length,
                        seqd_error *error)
{
    seqd_context *context = scratch->context;
    char quoted[SEQD_QUOTE_SIZE];
    char *text = seqd_strdup(context, word, length);
    if (!text) return seqd_fail_alloc(context, length + 1, error);
    const int32_t status = seqd_option_set(scratch, range->id, text, error);
    seqd_free(context, text);
    SEQD_CHECK(status);
    const char *canonical = seqd_option_text(scratch, range->id);
    for (int32_t i = 0; i < range->word_count; i++)
        if (strcmp(range->words[i], canonical) == 0)
            return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' names '%s' twice", seqd_option_name(range->id),
                             seqd_quote(canonical, strlen(canonical), quoted));
    if (range->word_count == MOST_WORDS)
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' has more than %d values",
                         seqd_option_name(range->id), MOST_WORDS);
    if (!range->words) range->words = seqd_alloc_array(context, MOST_WORDS, sizeof *range->words);
    if (!range->words) return seqd_fail_alloc(context, MOST_WORDS * sizeof *range->words, error);
    range->words[range->word_count] = seqd_strdup(context, canonical, strlen(canonical));
    if (!range->words[range->word_count]) return seqd_fail_alloc(context, strlen(canonical) + 1, error);
    range->word_count++;
    return SEQD_OK;
}

static int32_t parse_words(seqd_tune_range *range, seqd_options *scratch, bool commas, seqd_error *error)
{
    const char *begin = range->text;
    for (;;) {
        size_t length = strcspn(begin, commas ? "|," : "|");
        const char *next = begin + length;
        while (length > 0 && *begin == ' ') begin++, length--;
        while (length > 0 && begin[length - 1] == ' ') length--;
        SEQD_CHECK(add_word(range, scratch, begin, length, error));
        if (*next == '\0') break;
        begin = next + 1;
    }
    if (range->word_count < 2)
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' is a single value; ranges are as 16:64%s",
                         seqd_option_name(range->id), commas ? " or a,b,c" : " or a|b|c");
    return SEQD_OK;
}

/* One end of a range, which the option must accept. */
static int32_t parse_end(seqd_tune_range *range, seqd_options *scratch, const char *text, size_t length, double *value,
                         seqd_error *error)
{
    seqd_context *context = scratch->context;
    char *copy = seqd_strdup(context, text, length);
    if (!copy) return seqd_fail_alloc(context, length + 1, error);
    const int32_t status = seqd_option_set(scratch, range->id, copy, error);
    seqd_free(context, copy);
    SEQD_CHECK(status);
    if (!seqd_parse_f64(text, length, value)) /* a list of several numbers is no end */
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' does not go from a number to a number",
                         seqd_option_name(range->id));
    return SEQD_OK;
}

static int32_t parse_numbers(seqd_tune_range *range, seqd_options *scratch, seqd_error *error)
{
    const char *name = seqd_option_name(range->id), *first = range->text;
    const size_t first_size = strcspn(first, ":");
    const char *second = first + first_size + 1;
    const size_t second_size = strcspn(second, ":");
    const char *third = second[second_size] == ':' ? second + second_size + 1 : NULL;
    SEQD_CHECK(parse_end(range, scratch, first, first_size, &range->low, error));
    SEQD_CHECK(parse_end(range, scratch, second, second_size, &range->high, error));
    if (!(range->low < range->high))
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' does not go from a lower to a higher number", name);
    if (!third) return SEQD_OK;
    if (strcmp(third, "log") == 0) {
        range->log = true;
        if (range->low > 0) return SEQD_OK;
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' cannot be drawn by its logarithm: it begins at %s",
                         name, range->low < 0 ? "a negative number" : "0");
    }
    if (!seqd_parse_f64(third, strlen(third), &range->step) || !(range->step > 0) ||
        (range->whole && range->step != floor(range->step)) || !(range->step <= range->high - range->low)) {
        char quoted[SEQD_QUOTE_SIZE];
        return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' ends with '%s', which is neither log nor a step",
                         name, seqd_quote(third, strlen(third), quoted));
    }
    return SEQD_OK;
}

static int32_t parse(seqd_tune_range *range, seqd_options *scratch, const char *option, seqd_error *error)
{
    seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
    SEQD_CHECK(seqd_option_find(option, &range->id, error));
    SEQD_CHECK(seqd_option_describe((int32_t)range->id, &info, error));
    range->whole = strcmp(info.type, "integer") == 0 || strcmp(info.type, "integers") == 0;
    const bool numbers = range->whole || strcmp(info.type, "number") == 0 || strcmp(info.type, "numbers") == 0;
    if (numbers && strchr(range->text, ':')) return parse_numbers(range, scratch, error);
    return parse_words(range, scratch, !is_list(info.type) && strcmp(info.type, "names") != 0, error);
}

int32_t seqd_tune_range_parse(const seqd_options *options, const char *option, const char *text,
                              seqd_tune_range *range, seqd_error *error)
{
    seqd_context *context = options->context;
    seqd_tune_range next = { .text = seqd_strdup(context, text, strlen(text)) };
    seqd_options *scratch = NULL;
    int32_t status = next.text ? seqd_options_new(context, &scratch, error)
                               : seqd_fail_alloc(context, strlen(text) + 1, error);
    if (status == SEQD_OK) status = parse(&next, scratch, option, error);
    if (status == SEQD_OK && !may_vary(options, next.id))
        status = seqd_fail(error, SEQD_E_OPTION, "option '%s' cannot vary in a search", seqd_option_name(next.id));
    seqd_options_free(scratch);
    if (status == SEQD_OK) *range = next;
    else seqd_tune_range_clear(context, &next);
    return status;
}

/* To DIGITS digits. */
static double rounded(double x)
{
    if (x == 0) return 0;
    const double place = floor(log10(fabs(x))) - (DIGITS - 1);
    return place < 0 ? round(x * pow(10, -place)) / pow(10, -place) : round(x / pow(10, place)) * pow(10, place);
}

const char *seqd_tune_range_draw(const seqd_tune_range *range, seqd_rng *rng, char number[SEQD_NUMBER_SIZE])
{
    const double u = seqd_rng_uniform(rng), low = range->low, high = range->high;
    double x;
    if (range->words) {
        const int32_t i = (int32_t)(u * range->word_count);
        return range->words[i < range->word_count ? i : range->word_count - 1];
    }
    if (range->step > 0) {
        /* Steps that end within rounding of `high` reach it. */
        const double places = floor((high - low) / range->step * (1 + 1e-12)) + 1;
        const double place = floor(u * places);
        x = low + (place < places ? place : places - 1) * range->step;
        if (!range->whole) x = rounded(x);
    } else if (range->whole) { /* each number stands for the unit above it */
        x = floor(range->log ? low * exp(u * log((high + 1) / low)) : low + u * (high - low + 1));
    } else {
        x = rounded(range->log ? low * exp(u * log(high / low)) : low + u * (high - low));
    }
    if (!(x >= low)) x = low;
    if (x > high) x = high;
    if (range->whole) (void)seqd_format_i64((int64_t)x, number);
    else (void)seqd_format_f64(x, number);
    return number;
}
