/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/options.h>

#include <stdbool.h>

#include <string.h>

#include "api.h"
#include "options.h"
#include "text.h"

int32_t seqd_options_create(seqd_context *context, seqd_options **out, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(out);
    return seqd_options_new(context, out, error);
}

int32_t seqd_options_copy(const seqd_options *options, seqd_options **out, seqd_error *error)
{
    SEQD_NEED(options);
    SEQD_NEED(out);
    return seqd_options_clone(options, out, error);
}

void seqd_options_release(seqd_options *options) { seqd_options_free(options); }

int32_t seqd_options_set_str(seqd_options *options, const char *name, const char *value, seqd_error *error)
{
    seqd_option_id id;
    int32_t status;
    SEQD_NEED(options);
    SEQD_NEED(name);
    SEQD_NEED(value);
    SEQD_CHECK(seqd_option_find(name, &id, error));
    SEQD_COMPUTE(status, seqd_option_set(options, id, value, error));
    return status;
}

int32_t seqd_options_set_i64(seqd_options *options, const char *name, int64_t value, seqd_error *error)
{
    char text[SEQD_NUMBER_SIZE];
    seqd_format_i64(value, text);
    return seqd_options_set_str(options, name, text, error);
}

int32_t seqd_options_set_f64(seqd_options *options, const char *name, double value, seqd_error *error)
{
    char text[SEQD_NUMBER_SIZE];
    fenv_t host;
    seqd_enter(&host); /* the shortest text that gives this number back, however the host rounds */
    seqd_format_f64(value, text);
    seqd_leave(&host);
    return seqd_options_set_str(options, name, text, error);
}

int32_t seqd_options_get_str(const seqd_options *options, const char *name, const char **value, seqd_error *error)
{
    seqd_option_id id;
    SEQD_NEED(options);
    SEQD_NEED(name);
    SEQD_NEED(value);
    SEQD_CHECK(seqd_option_find(name, &id, error));
    *value = seqd_option_text(options, id);
    return SEQD_OK;
}

int32_t seqd_options_get_f64(const seqd_options *options, const char *name, double *value, seqd_error *error)
{
    const char *text;
    SEQD_NEED(value);
    SEQD_CHECK(seqd_options_get_str(options, name, &text, error));
    const size_t length = strlen(text);
    bool parsed;
    SEQD_COMPUTE(parsed, seqd_parse_f64(text, length, value));
    if (!parsed)
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' is not a number", name);
    return SEQD_OK;
}

int32_t seqd_options_get_i64(const seqd_options *options, const char *name, int64_t *value, seqd_error *error)
{
    const char *text;
    SEQD_NEED(value);
    SEQD_CHECK(seqd_options_get_str(options, name, &text, error));
    const size_t length = strlen(text);
    if (!seqd_parse_i64(text, length, value))
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' is not a whole number", name);
    return SEQD_OK;
}

int32_t seqd_options_load(seqd_options *options, const char *path, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(options);
    SEQD_NEED(path);
    SEQD_COMPUTE(status, seqd_options_parse_file(options, path, error));
    return status;
}

int32_t seqd_options_save(const seqd_options *options, const char *path, seqd_error *error)
{
    SEQD_NEED(options);
    SEQD_NEED(path);
    return seqd_options_write_file(options, path, error);
}

int32_t seqd_options_count(void) { return SEQD_OPT_COUNT; }

int32_t seqd_options_describe(int32_t index, seqd_option_info *info, seqd_error *error)
{
    SEQD_NEED(info);
    return seqd_option_describe(index, info, error);
}
