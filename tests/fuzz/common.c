/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fuzz_broken(const char *what, const char *file, int line, const char *message)
{
    (void)fprintf(stderr, "%s:%d: does not hold: %s%s%s\n", file, line, what, message ? ": " : "",
                  message ? message : "");
    abort();
}

seqd_context *fuzz_context(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    FUZZ_OK(seqd_context_create(NULL, &context, &error), &error);
    FUZZ_OK(seqd_context_set_limit(context, "memory", (int64_t)48 << 20, &error), &error);
    return context;
}

void fuzz_context_close(seqd_context *context)
{
    FUZZ_CHECK(seqd_context_memory_in_use(context) == 0);
    seqd_context_release(context);
}

int fuzz_file(const uint8_t *bytes, size_t size, char path[FUZZ_PATH])
{
    char name[] = "/tmp/seqdemand-fuzz-XXXXXX";
    const int file = mkstemp(name);
    FUZZ_CHECK(file >= 0);
    FUZZ_CHECK(unlink(name) == 0);
    for (size_t done = 0; done < size;) {
        const ssize_t wrote = write(file, bytes + done, size - done);
        FUZZ_CHECK(wrote > 0);
        done += (size_t)wrote;
    }
    (void)snprintf(path, FUZZ_PATH, "/proc/self/fd/%d", file); /* opened anew, so it is read from its start */
    return file;
}

void fuzz_file_close(int file) { FUZZ_CHECK(close(file) == 0); }

void fuzz_check_forecast(const seqd_forecast *forecast)
{
    static const double levels[] = { 0.01, 0.1, 0.5, 0.9, 0.99 };
    enum { LEVELS = sizeof levels / sizeof *levels, MOST_CHECKED = 24, PATHS = 3 };
    seqd_error error = SEQD_ERROR_INIT;
    const size_t horizon = (size_t)seqd_forecast_horizon(forecast);
    const int64_t series = seqd_forecast_series_count(forecast);
    FUZZ_CHECK(horizon > 0 && horizon <= 4096);
    double *values = malloc((LEVELS + 1 + PATHS) * horizon * sizeof *values);
    FUZZ_CHECK(values != NULL);
    for (int64_t i = 0; i < series && i < MOST_CHECKED; i++) {
        FUZZ_CHECK(seqd_forecast_series_id(forecast, i) != NULL);
        FUZZ_OK(seqd_forecast_mean(forecast, i, values, &error), &error);
        for (size_t level = 0; level < LEVELS; level++)
            FUZZ_OK(seqd_forecast_quantile(forecast, i, levels[level], values + (level + 1) * horizon, &error), &error);
        FUZZ_OK(seqd_forecast_paths(forecast, i, PATHS, 7, values + (LEVELS + 1) * horizon, &error), &error);
        for (size_t k = 0; k < (LEVELS + 1 + PATHS) * horizon; k++) FUZZ_CHECK(isfinite(values[k]));
        for (size_t k = 2 * horizon; k < (LEVELS + 1) * horizon; k++) FUZZ_CHECK(values[k] >= values[k - horizon]);
    }
    free(values);
}

void fuzz_check_error(int32_t status, const seqd_error *error)
{
    if (status >= 0) return;
    FUZZ_CHECK(status == error->status);
    FUZZ_CHECK(status != SEQD_E_INTERNAL && status != SEQD_E_STATE);
    FUZZ_CHECK(memchr(error->message, 0, sizeof error->message) != NULL && error->message[0] != '\0');
    for (const char *at = error->message; *at; at++) FUZZ_CHECK((unsigned char)*at >= 32);
}
