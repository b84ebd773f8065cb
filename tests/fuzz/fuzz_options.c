/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and values of options: the bytes are a config file, and once more its lines are set one by one. What was accepted
 * is accepted again in the form in which it is given back; a file with one bad line changes nothing.
 */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const seeds[] = {
    "# sales of a shop\nfreq = D\nhorizon=28\nhidden_size = 64,32\nmodel=gru # small\n",
    "quantiles = 0.1,0.5,0.9\nlags=7, 364\nlearning_rate=3e-3\nseed = 9223372036854775807\n",
    "\xEF\xBB\xBFid_column = \"store,article\"\r\ntarget_column = \"stück # 1\"\r\nstatic_columns=a,b,c\r\n",
    "outlier_quantile=0.999\nval_size=-1\nepsilon=1e-16\nsmoothing=+.5\nmax_steps=0x10\n",
    "horizn=4\nbackend=native\nfill=missing\n=\nx\n",
};

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    /* after those above, every option at its default */
    if (index > (int)(sizeof seeds / sizeof *seeds)) return 0;
    if (index < (int)(sizeof seeds / sizeof *seeds)) {
        memcpy(bytes, seeds[index], strlen(seeds[index]));
        return strlen(seeds[index]);
    }
    size_t used = 0;
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        FUZZ_OK(seqd_options_describe(i, &info, &error), &error);
        used += (size_t)snprintf((char *)bytes + used, room - used, "%s = %s\n", info.name, info.default_value);
    }
    return used;
}

/* The values of all options, one after the other, to be compared. Freed by the caller. */
static char *snapshot(const seqd_options *options)
{
    enum { MOST = 128 };
    static const char *names[MOST];
    const int32_t count = seqd_options_count();
    const char *values[MOST];
    seqd_error error = SEQD_ERROR_INIT;
    size_t room = 1;
    FUZZ_CHECK(count <= MOST);
    for (int32_t i = 0; i < count; i++) {
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        if (!names[i]) {
            FUZZ_OK(seqd_options_describe(i, &info, &error), &error);
            names[i] = info.name;
        }
        FUZZ_OK(seqd_options_get_str(options, names[i], &values[i], &error), &error);
        room += strlen(values[i]) + 1;
    }
    char *text = malloc(room), *at = text;
    FUZZ_CHECK(text != NULL);
    for (int32_t i = 0; i < count; i++) {
        const size_t length = strlen(values[i]);
        memcpy(at, values[i], length);
        at[length] = '\n';
        at += length + 1;
    }
    *at = '\0';
    return text;
}

/* Columns may be called "-0": only of numbers is it said that they come back as such. */
static bool is_number(const char *name)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        FUZZ_OK(seqd_options_describe(i, &info, &error), &error);
        if (strcmp(info.name, name) == 0) return strcmp(info.type, "integer") == 0 || strcmp(info.type, "number") == 0;
    }
    return false;
}

static void check_accepted(seqd_options *options, const char *name)
{
    seqd_error error = SEQD_ERROR_INIT;
    const char *shown = NULL;
    double number;
    int64_t whole;
    FUZZ_OK(seqd_options_get_str(options, name, &shown, &error), &error);
    char *before = malloc(strlen(shown) + 1);
    FUZZ_CHECK(before != NULL);
    memcpy(before, shown, strlen(shown) + 1);
    FUZZ_OK(seqd_options_set_str(options, name, before, &error), &error);
    FUZZ_OK(seqd_options_get_str(options, name, &shown, &error), &error);
    FUZZ_CHECK(strcmp(before, shown) == 0);
    const bool numeric = is_number(name);
    if (numeric) FUZZ_OK(seqd_options_get_f64(options, name, &number, &error), &error);
    if (numeric) {
        double again = (double)NAN;
        FUZZ_CHECK(isfinite(number));
        if (seqd_options_set_f64(options, name, number, &error) == SEQD_OK) { /* not for a whole number past 2^53 */
            FUZZ_OK(seqd_options_get_f64(options, name, &again, &error), &error);
            FUZZ_CHECK(again == number);
        }
        FUZZ_OK(seqd_options_set_str(options, name, before, &error), &error);
    }
    if (numeric && seqd_options_get_i64(options, name, &whole, &error) == SEQD_OK) {
        FUZZ_OK(seqd_options_set_i64(options, name, whole, &error), &error);
        FUZZ_OK(seqd_options_get_str(options, name, &shown, &error), &error);
        FUZZ_CHECK(strcmp(before, shown) == 0);
    }
    free(before);
}

static void set_line(seqd_options *options, const uint8_t *line, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    char *name = malloc(size + 2); /* both parts with their ends */
    FUZZ_CHECK(name != NULL);
    memcpy(name, line, size);
    name[size] = name[size + 1] = '\0';
    char *equals = memchr(name, '=', size);
    char *value = equals ? equals + 1 : name + size;
    if (equals) *equals = '\0';
    while (equals && equals > name && equals[-1] == ' ') *--equals = '\0';
    while (*value == ' ') value++;
    char *before = snapshot(options);
    const int32_t status = seqd_options_set_str(options, name, value, &error);
    fuzz_check_error(status, &error);
    if (status == SEQD_OK) {
        check_accepted(options, name);
    } else {
        char *after = snapshot(options);
        FUZZ_CHECK(strcmp(before, after) == 0);
        free(after);
    }
    free(before);
    free(name);
}

static void load(seqd_context *context, const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL, *copy = NULL;
    char path[FUZZ_PATH];
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    FUZZ_OK(seqd_options_set_i64(options, "horizon", 11, &error), &error);
    char *before = snapshot(options);
    const int file = fuzz_file(bytes, size, path);
    const int32_t status = seqd_options_load(options, path, &error);
    fuzz_file_close(file);
    fuzz_check_error(status, &error);
    char *after = snapshot(options);
    if (status != SEQD_OK) FUZZ_CHECK(strcmp(before, after) == 0);
    FUZZ_OK(seqd_options_copy(options, &copy, &error), &error);
    char *copied = snapshot(copy);
    FUZZ_CHECK(strcmp(after, copied) == 0);
    free(before);
    free(after);
    free(copied);
    seqd_options_release(options);
    seqd_options_release(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_context *context = fuzz_context();
    load(context, bytes, size);
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    for (size_t at = 0, lines = 0; at < size && lines < 16; lines++) {
        const uint8_t *stop = memchr(bytes + at, '\n', size - at);
        const size_t length = stop ? (size_t)(stop - bytes) - at : size - at;
        set_line(options, bytes + at, length);
        at += length + 1;
    }
    seqd_options_release(options);
    fuzz_context_close(context);
    return 0;
}
