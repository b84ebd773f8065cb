/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "file.h"
#include "option_table.h"
#include "status.h"
#include "text.h"

int32_t seqd_options_new(seqd_context *context, seqd_options **out, seqd_error *error)
{
    seqd_options *options = seqd_alloc_zero(context, sizeof *options);
    if (!options) return seqd_fail_alloc(context, sizeof *options, error);
    atomic_init(&options->references, 1);
    options->context = seqd_context_retain(context);
    *out = options;
    return SEQD_OK;
}

int32_t seqd_options_clone(const seqd_options *options, seqd_options **out, seqd_error *error)
{
    seqd_options *copy = NULL;
    SEQD_CHECK(seqd_options_new(options->context, &copy, error));
    memcpy(copy->origin, options->origin, sizeof copy->origin);
    for (int32_t i = 0; i < SEQD_OPT_COUNT; i++) {
        if (!options->text[i]) continue;
        const size_t length = strlen(options->text[i]);
        copy->text[i] = seqd_strdup(options->context, options->text[i], length);
        if (!copy->text[i]) {
            const int32_t status = seqd_fail_alloc(options->context, length + 1, error);
            seqd_options_free(copy);
            return status;
        }
    }
    *out = copy;
    return SEQD_OK;
}

void seqd_options_free(seqd_options *options)
{
    if (!options || atomic_fetch_sub(&options->references, 1) != 1) return;
    seqd_context *context = options->context;
    for (int32_t i = 0; i < SEQD_OPT_COUNT; i++) seqd_free(context, options->text[i]);
    seqd_free(context, options);
    seqd_context_drop(context);
}

int32_t seqd_option_set(seqd_options *options, seqd_option_id id, const char *text, seqd_error *error)
{
    if (!text) return seqd_fail(error, SEQD_E_ARG, "the value of option '%s' is NULL", seqd_option_name(id));
    char *canonical;
    SEQD_CHECK(seqd_option_check(options->context, id, text, strlen(text), &canonical, error));
    seqd_free(options->context, options->text[id]);
    options->text[id] = canonical;
    options->origin[id] = SEQD_ORIGIN_CALL;
    return SEQD_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **begin, const char **end)
{
    while (*begin < *end && is_blank(**begin)) ++*begin;
    while (*end > *begin && is_blank((*end)[-1])) --*end;
}

/* Where the comment of a line begins, or its end. */
static const char *find_comment(const char *begin, const char *end)
{
    bool quoted = false;
    for (const char *p = begin; p < end; p++) {
        if (*p == '"') quoted = !quoted;
        if (*p == '#' && !quoted && (p == begin || is_blank(p[-1]))) return p;
    }
    return end;
}

/* One line into `options`; the message is still without the place. */
static int32_t parse_line(seqd_options *options, const char *begin, const char *end, seqd_error *error)
{
    char name[64], quoted[SEQD_QUOTE_SIZE];
    end = find_comment(begin, end);
    trim(&begin, &end);
    if (begin == end) return SEQD_OK;
    const char *equals = memchr(begin, '=', (size_t)(end - begin));
    if (!equals)
        return seqd_fail(error, SEQD_E_OPTION, "'%s' is not of the form key = value",
                         seqd_quote(begin, (size_t)(end - begin), quoted));
    const char *name_end = equals, *value = equals + 1;
    trim(&begin, &name_end);
    trim(&value, &end);
    if (end - value >= 2 && *value == '"' && end[-1] == '"') {
        value++;
        end--;
    }
    const size_t length = (size_t)(name_end - begin);
    if (length >= sizeof name)
        return seqd_fail(error, SEQD_E_OPTION, "unknown option '%s'", seqd_quote(begin, length, quoted));
    memcpy(name, begin, length);
    name[length] = '\0';
    seqd_option_id id;
    SEQD_CHECK(seqd_option_find(name, &id, error));
    if (options->text[id]) return seqd_fail(error, SEQD_E_OPTION, "option '%s' is given twice", name);
    return seqd_option_check(options->context, id, value, (size_t)(end - value), &options->text[id], error);
}

static int32_t parse_text(seqd_options *options, const char *path, const char *text, size_t size, seqd_error *error)
{
    const char *p = text, *const end = text + size;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) p += 3;
    for (int64_t line = 1; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop) stop = end;
        int32_t status = SEQD_OK;
        if (memchr(p, '\0', (size_t)(stop - p)))
            status = seqd_fail(error, SEQD_E_FORMAT, "the line has a NUL byte: this is not a text file");
        else
            status = parse_line(options, p, stop, error);
        if (status != SEQD_OK) {
            (void)seqd_fail_prefix(error, status, "%s:%lld", path, (long long)line);
            if (seqd_error_told(error)) error->line = line;
            return status;
        }
        p = stop < end ? stop + 1 : end;
    }
    return SEQD_OK;
}

int32_t seqd_options_parse_file(seqd_options *options, const char *path, seqd_error *error)
{
    seqd_context *context = options->context;
    unsigned char *bytes;
    size_t size;
    SEQD_CHECK(seqd_file_load(context, path, (size_t)1 << 20, &bytes, &size, error));
    seqd_options *fresh = NULL;
    int32_t status = seqd_options_new(context, &fresh, error);
    if (status == SEQD_OK) {
        status = parse_text(fresh, path, (const char *)bytes, size, error);
        for (int32_t i = 0; status == SEQD_OK && i < SEQD_OPT_COUNT; i++) {
            if (!fresh->text[i]) continue;
            char *old = options->text[i];
            options->text[i] = fresh->text[i];
            options->origin[i] = SEQD_ORIGIN_FILE;
            fresh->text[i] = old;
        }
        seqd_options_free(fresh);
    }
    seqd_free(context, bytes);
    return status;
}

const char *seqd_option_text(const seqd_options *options, seqd_option_id id)
{
    return options && options->text[id] ? options->text[id] : seqd_option_row_of(id)->standard;
}

int64_t seqd_option_i64(const seqd_options *options, seqd_option_id id)
{
    const char *text = seqd_option_text(options, id);
    int64_t value = 0;
    (void)seqd_parse_i64(text, strlen(text), &value);
    return value;
}

double seqd_option_f64(const seqd_options *options, seqd_option_id id)
{
    const char *text = seqd_option_text(options, id);
    double value = 0.0;
    (void)seqd_parse_f64(text, strlen(text), &value);
    return value;
}

int32_t seqd_option_choice(const seqd_options *options, seqd_option_id id)
{
    const char *text = seqd_option_text(options, id);
    const size_t length = strlen(text);
    const char *word = seqd_option_row_of(id)->choices;
    for (int32_t i = 0;; i++) {
        const size_t size = strcspn(word, "|");
        if (size == length && memcmp(word, text, size) == 0) return i;
        if (word[size] == '\0') return 0;
        word += size + 1;
    }
}

int32_t seqd_option_i64_list(const seqd_options *options, seqd_option_id id, int64_t *values, int32_t room)
{
    const char *cursor = seqd_option_text(options, id), *item;
    size_t length;
    int32_t count = 0;
    while (seqd_next_item(&cursor, &item, &length)) {
        int64_t value = 0;
        if (count < room && seqd_parse_i64(item, length, &value)) values[count] = value;
        count++;
    }
    return count;
}

int32_t seqd_option_f64_list(const seqd_options *options, seqd_option_id id, double *values, int32_t room)
{
    const char *cursor = seqd_option_text(options, id), *item;
    size_t length;
    int32_t count = 0;
    while (seqd_next_item(&cursor, &item, &length)) {
        double value = 0.0;
        if (count < room && seqd_parse_f64(item, length, &value)) values[count] = value;
        count++;
    }
    return count;
}

bool seqd_option_is_set(const seqd_options *options, seqd_option_id id)
{
    return options && options->text[id] != NULL;
}
