/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void print_log(void *user, int32_t level, const char *line)
{
    (void)user;
    cli_progress_clear();
    fprintf(stderr, "seqdemand: %s%s\n", level == SEQD_LOG_WARNING ? "warning: " : "", line);
}

int cli_open(cli *c)
{
    int64_t threads = 0;
    int status = cli_flag_whole(c, CLI_FLAG_THREADS, 0, 1024, &threads);
    if (status != CLI_OK) return status;
    if (seqd_version_number() >> 8 != (uint32_t)SEQD_VERSION_NUMBER >> 8)
        return cli_fail(c, "this program was built for library %d.%d, but %s was loaded", SEQD_VERSION_MAJOR,
                        SEQD_VERSION_MINOR, seqd_version_string());
    if (seqd_context_create(NULL, &c->context, &c->error) != SEQD_OK) return cli_failed(c);
    int32_t level = c->flags[CLI_FLAG_QUIET] != NULL ? SEQD_LOG_ERROR : SEQD_LOG_WARNING;
    if (c->flags[CLI_FLAG_VERBOSE] != NULL) level = SEQD_LOG_INFO;
    if (seqd_context_set_threads(c->context, (int32_t)threads, &c->error) != SEQD_OK
        || seqd_context_set_log(c->context, print_log, NULL, level, &c->error) != SEQD_OK)
        return cli_failed(c);
    const char *kernels = c->flags[CLI_FLAG_KERNELS];
    if (kernels != NULL && strcmp(kernels, "ref") != 0 && strcmp(kernels, "avx2") != 0 && strcmp(kernels, "avx512") != 0
        && strcmp(kernels, "auto") != 0)
        return cli_wrong(c, "--kernels takes ref, avx2, avx512 or auto, not '%s'", kernels);
    if (kernels != NULL && seqd_context_set_kernels(c->context, kernels, &c->error) != SEQD_OK) return cli_failed(c);
    return cli_progress_install(c);
}

int cli_read_options(cli *c, const seqd_model *model, seqd_options **out)
{
    seqd_options *options = NULL;
    int32_t made = model != NULL ? seqd_model_get_options(model, &options, &c->error)
                                 : seqd_options_create(c->context, &options, &c->error);
    if (made != SEQD_OK) return cli_failed(c);
    bool good = c->flags[CLI_FLAG_CONFIG] == NULL
                || seqd_options_load(options, c->flags[CLI_FLAG_CONFIG], &c->error) == SEQD_OK;
    for (int32_t i = 0; i < c->setting_count && good; i++)
        good = seqd_options_set_str(options, c->settings[i].name, c->settings[i].value, &c->error) == SEQD_OK;
    if (!good) {
        seqd_options_release(options);
        return cli_failed_option(c);
    }
    *out = options;
    return CLI_OK;
}

int cli_check_place(cli *c, cli_flag flag)
{
    cli_output probe;
    if (c->flags[flag] == NULL) return CLI_OK;
    if (strcmp(c->flags[flag], "-") == 0)
        return cli_wrong(c, "--%s takes a file: it is not written to standard output", cli_flag_name(flag));
    int status = cli_output_open(c, c->flags[flag], &probe);
    if (status == CLI_OK) cli_output_release(&probe);
    return status;
}

int cli_date_order(const char *a, const char *b)
{
    /* Whole numbers have no '-' but the sign; dates of one frequency are ordered as text. */
    if (strchr(a + 1, '-') != NULL || a[0] == '\0' || strchr(b + 1, '-') != NULL || b[0] == '\0') return strcmp(a, b);
    long long x = strtoll(a, NULL, 10), y = strtoll(b, NULL, 10);
    return (x > y) - (x < y);
}

void cli_date_range(const seqd_dataset *dataset, char *first, char *last)
{
    first[0] = last[0] = '\0';
    for (int64_t s = 0; s < seqd_dataset_series_count(dataset); s++) {
        char date[24];
        int64_t length = seqd_dataset_length(dataset, s);
        if (length < 1 || seqd_dataset_date(dataset, s, 0, date, sizeof date, NULL) != SEQD_OK) continue;
        if (first[0] == '\0' || cli_date_order(date, first) < 0) strcpy(first, date);
        if (seqd_dataset_date(dataset, s, length - 1, date, sizeof date, NULL) != SEQD_OK) continue;
        if (last[0] == '\0' || cli_date_order(date, last) > 0) strcpy(last, date);
    }
}

const char *cli_step_name(const char *frequency)
{
    static const char *const names[][2] = { { "D", "day" }, { "W", "week" }, { "MS", "month" }, { "h", "hour" } };
    for (int32_t i = 0; i < 4; i++)
        if (strcmp(frequency, names[i][0]) == 0) return names[i][1];
    return "step";
}

/* "; 12 rows merged (duplicates = sum)": nothing when nothing happened. */
static char *remark(char *text, int64_t count, const char *what, const seqd_options *options, const char *option)
{
    const char *value = NULL;
    if (count == 0) return text;
    char *longer = NULL;
    if (option != NULL && seqd_options_get_str(options, option, &value, NULL) == SEQD_OK)
        longer = cli_join(text, text[0] != '\0' ? "; " : "  ", cli_count(count), " ", what, " (", option, " = ", value,
                          ")", NULL);
    else
        longer = cli_join(text, text[0] != '\0' ? "; " : "  ", cli_count(count), " ", what, NULL);
    free(text);
    return longer;
}

static void tell_events(const cli *c, const char *name, const seqd_dataset_summary *s)
{
    cli_note(c, "%s: %s rows, %s sequences, %s of %s events with an answer", name, cli_count(s->rows),
             cli_count(s->series), cli_count(s->labelled), cli_count(s->steps));
    char *text = remark(cli_copy(""), s->classes, "classes", NULL, NULL);
    text = remark(text, s->unnamed, "rows left out: they name no sequence", NULL, NULL);
    if (text[0] != '\0') cli_note(c, "%s", text);
    free(text);
}

static void tell_cleaning(const cli *c, const seqd_options *options, const char *path, const seqd_dataset *dataset)
{
    seqd_dataset_summary s = { .struct_size = (uint32_t)sizeof s };
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path, *task = "forecast";
    char first[24], last[24];
    if (c->flags[CLI_FLAG_QUIET] != NULL || seqd_dataset_summarize(dataset, &s, NULL) != SEQD_OK) return;
    if (seqd_options_get_str(options, "task", &task, NULL) == SEQD_OK && strcmp(task, "forecast") != 0) {
        tell_events(c, name, &s);
        return;
    }
    cli_date_range(dataset, first, last);
    const char *step = cli_step_name(seqd_dataset_frequency(dataset));
    bool numbered = strcmp(step, "step") == 0;
    cli_note(c, "%s: %s rows, %s series, %s%s, %s to %s", name, cli_count(s.rows), cli_count(s.series),
             numbered ? "numbered steps" : "one step a ", numbered ? "" : step, first, last);
    double zeros = s.steps > 0 ? 100.0 * (double)s.zeros / (double)s.steps : 0;
    cli_note(c, "  %s steps of history, %s with a number of their own, %.1f %% zero, %s missing", cli_count(s.steps),
             cli_count(s.observed), zeros, cli_count(s.missing));
    char *text = cli_copy("");
    text = remark(text, s.filled, "steps without a row filled", options, "fill");
    text = remark(text, s.merged, "rows merged into a step that had one", options, "duplicates");
    text = remark(text, s.negative, "negative rows", options, "negatives");
    text = remark(text, s.negative_changed, "of them changed or dropped", NULL, NULL);
    text = remark(text, s.clipped, "steps clipped", options, "outliers");
    text = remark(text, s.out_of_stock, "steps out of stock", NULL, NULL);
    text = remark(text, s.future_steps, "steps of known covariates after the history", NULL, NULL);
    if (text[0] != '\0') cli_note(c, "%s", text);
    free(text);
}

int cli_read_data(cli *c, const seqd_options *options, const char *path, seqd_dataset **out)
{
    if (seqd_dataset_read(c->context, options, path, out, &c->error) != SEQD_OK) return cli_failed(c);
    tell_cleaning(c, options, path, *out);
    return CLI_OK;
}

static void tell_status(const cli *c, const seqd_forecast *forecast)
{
    int64_t counts[4] = { 0, 0, 0, 0 };
    for (int64_t s = 0; s < seqd_forecast_series_count(forecast); s++) {
        int32_t status = seqd_forecast_series_status(forecast, s);
        if (status >= 0 && status < 4) counts[status]++;
    }
    if (counts[SEQD_SERIES_SHORT] > 0)
        cli_note(c, "  %s series have less than a season of history: their forecasts are rough",
                 cli_count(counts[SEQD_SERIES_SHORT]));
    if (counts[SEQD_SERIES_ALL_ZERO] > 0)
        cli_note(c, "  %s series never had any demand", cli_count(counts[SEQD_SERIES_ALL_ZERO]));
    if (counts[SEQD_SERIES_EMPTY] > 0)
        cli_note(c, "  %s series have no observed value: their forecast is zero", cli_count(counts[SEQD_SERIES_EMPTY]));
}

int cli_predict(cli *c, cli_prediction *out)
{
    cli_prediction p = { NULL, NULL, NULL, NULL };
    seqd_predictor *predictor = NULL;
    int status = cli_need(c, CLI_FLAG_MODEL);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK && seqd_model_load(c->context, c->flags[CLI_FLAG_MODEL], &p.model, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_options(c, p.model, &p.options);
    if (status == CLI_OK) status = cli_read_data(c, p.options, c->flags[CLI_FLAG_DATA], &p.dataset);
    if (status == CLI_OK && seqd_predictor_create(p.model, &predictor, &c->error) != SEQD_OK) status = cli_failed(c);
    if (status == CLI_OK) {
        cli_interruptible(true);
        int32_t ran = seqd_predictor_run(predictor, p.dataset, &p.forecast, &c->error);
        cli_interruptible(false);
        if (ran == SEQD_STOPPED) status = cli_fail(c, "stopped; nothing was written");
        else if (ran != SEQD_OK) status = cli_failed(c);
    }
    seqd_predictor_release(predictor);
    if (status != CLI_OK) {
        cli_prediction_release(&p);
        return status;
    }
    tell_status(c, p.forecast);
    *out = p;
    return CLI_OK;
}

void cli_prediction_release(cli_prediction *prediction)
{
    seqd_forecast_release(prediction->forecast);
    seqd_dataset_release(prediction->dataset);
    seqd_options_release(prediction->options);
    seqd_model_release(prediction->model);
}
