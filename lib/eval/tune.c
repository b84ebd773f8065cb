/* SPDX-License-Identifier: Apache-2.0 */
#include "tune.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "option_scope.h"
#include "status.h"

#define PURPOSE_TUNE 0x74756e65
#define FULL_STEPS 900 /* of halving where the options leave the steps to the data */
#define ATTEMPTS 200   /* to draw what was not drawn before */

static const seqd_tune_measures measures[] = {
    { 8, 6, { "smape", "mase", "rmsse", "wape", "rmse", "bias", "wql", "coverage80" }, { false } },
    { 3, 1, { "mae", "rmse", "mape" }, { false } },
    { 7, 6, { "accuracy", "precision", "recall", "f1", "auroc", "aupr", "log_loss" },
      { true, true, true, true, true, true, false } },
};

/* In the order of the words of option task. */
const seqd_tune_measures *seqd_tune_measures_of(const seqd_options *options)
{
    return &measures[seqd_option_choice(options, SEQD_OPT_TASK)];
}

int32_t seqd_tune_new(const seqd_options *options, seqd_tuner **out, seqd_error *error)
{
    seqd_context *context = options->context;
    seqd_tuner *tuner = seqd_alloc_zero(context, sizeof *tuner);
    if (!tuner) return seqd_fail_alloc(context, sizeof *tuner, error);
    const int32_t status = seqd_options_clone(options, &tuner->options, error);
    if (status != SEQD_OK) {
        seqd_free(context, tuner);
        return status;
    }
    tuner->context = seqd_context_retain(context);
    *out = tuner;
    return SEQD_OK;
}

static void drop_trials(seqd_tuner *tuner)
{
    seqd_context *context = tuner->context;
    for (int64_t i = 0; tuner->values && i < (int64_t)tuner->trials * tuner->range_count; i++)
        seqd_free(context, tuner->values[i]);
    for (int64_t i = 0; tuner->results && i < (int64_t)tuner->trials * tuner->rounds; i++)
        seqd_free(context, tuner->results[i].message);
    seqd_free(context, tuner->values);
    seqd_free(context, tuner->results);
    seqd_free(context, tuner->order);
    seqd_free(context, tuner->entrants);
    tuner->values = NULL;
    tuner->results = NULL;
    tuner->order = tuner->entrants = NULL;
    tuner->trials = tuner->rounds = 0;
}

void seqd_tune_free(seqd_tuner *tuner)
{
    if (!tuner) return;
    seqd_context *context = tuner->context;
    drop_trials(tuner);
    for (int32_t i = 0; i < tuner->range_count; i++) seqd_tune_range_clear(context, &tuner->ranges[i]);
    seqd_free(context, tuner->path);
    seqd_options_free(tuner->options);
    seqd_free(context, tuner);
    seqd_context_drop(context);
}

int32_t seqd_tune_add(seqd_tuner *tuner, const char *option, const char *text, seqd_error *error)
{
    seqd_tune_range range;
    if (tuner->begun) return seqd_fail(error, SEQD_E_STATE, "the search has begun: its ranges are settled");
    if (tuner->range_count == SEQD_TUNE_RANGES)
        return seqd_fail(error, SEQD_E_LIMIT, "a search has at most %d ranges", SEQD_TUNE_RANGES);
    SEQD_CHECK(seqd_tune_range_parse(tuner->options, option, text, &range, error));
    for (int32_t i = 0; i < tuner->range_count; i++) {
        if (tuner->ranges[i].id != range.id) continue;
        seqd_tune_range_clear(tuner->context, &range);
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' has two ranges", option);
    }
    tuner->ranges[tuner->range_count++] = range;
    return SEQD_OK;
}

static int32_t find_metric(seqd_tuner *tuner, seqd_error *error)
{
    const char *wanted = seqd_option_text(tuner->options, SEQD_OPT_METRIC);
    tuner->measures = seqd_tune_measures_of(tuner->options);
    tuner->metric = strcmp(wanted, "auto") == 0 ? tuner->measures->standard : -1;
    for (int32_t i = 0; i < tuner->measures->count; i++)
        if (strcmp(wanted, tuner->measures->names[i]) == 0) tuner->metric = i;
    if (tuner->metric >= 0) return SEQD_OK;
    return seqd_fail(error, SEQD_E_OPTION, "option 'metric': %s is not measured of task=%s", wanted,
                     seqd_option_text(tuner->options, SEQD_OPT_TASK));
}

static bool drawn_before(const seqd_tuner *tuner, int32_t trial)
{
    for (int32_t t = 0; t < trial; t++) {
        int32_t same = 0;
        while (same < tuner->range_count &&
               strcmp(seqd_tune_value(tuner, t, same), seqd_tune_value(tuner, trial, same)) == 0)
            same++;
        if (same == tuner->range_count) return true;
    }
    return false;
}

/* One row of values, by a stream of its own; false: there seem to be no further combinations. */
static int32_t draw_trial(seqd_tuner *tuner, int32_t trial, bool *found, seqd_error *error)
{
    char **values = tuner->values + (int64_t)trial * tuner->range_count;
    seqd_rng rng = seqd_rng_stream((uint64_t)seqd_option_i64(tuner->options, SEQD_OPT_SEED), PURPOSE_TUNE,
                                   (uint64_t)trial);
    *found = false;
    for (int32_t attempt = 0; attempt < ATTEMPTS && !*found; attempt++) {
        for (int32_t i = 0; i < tuner->range_count; i++) {
            char number[SEQD_NUMBER_SIZE];
            const char *value = seqd_tune_range_draw(&tuner->ranges[i], &rng, number);
            seqd_free(tuner->context, values[i]);
            values[i] = seqd_strdup(tuner->context, value, strlen(value));
            if (!values[i]) return seqd_fail_alloc(tuner->context, strlen(value) + 1, error);
        }
        *found = !drawn_before(tuner, trial);
    }
    return SEQD_OK;
}

static int32_t draw_trials(seqd_tuner *tuner, int32_t trials, seqd_error *error)
{
    seqd_context *context = tuner->context;
    const size_t cells = (size_t)trials * (size_t)tuner->range_count;
    tuner->values = seqd_alloc_array(context, cells, sizeof *tuner->values);
    if (!tuner->values) return seqd_fail_alloc(context, cells * sizeof *tuner->values, error);
    tuner->trials = trials; /* rows to be freed */
    for (int32_t t = 0; t < trials; t++) {
        bool found;
        SEQD_CHECK(draw_trial(tuner, t, &found, error));
        if (found) continue;
        for (int32_t i = 0; i < tuner->range_count; i++) {
            char **value = &tuner->values[(int64_t)t * tuner->range_count + i];
            seqd_free(context, *value);
            *value = NULL;
        }
        tuner->trials = t;
        seqd_log(context, SEQD_LOG_INFO, "the ranges gave %d different trials, not %d", (int)t, (int)trials);
        break;
    }
    return SEQD_OK;
}

static void plan_rounds(seqd_tuner *tuner)
{
    const int64_t factor = seqd_option_i64(tuner->options, SEQD_OPT_REDUCTION);
    const int64_t max_steps = seqd_option_i64(tuner->options, SEQD_OPT_MAX_STEPS);
    const int64_t max_epochs = seqd_option_i64(tuner->options, SEQD_OPT_MAX_EPOCHS);
    tuner->rounds = 1;
    tuner->room[0] = tuner->trials;
    tuner->steps[0] = 0;
    if (strcmp(seqd_option_text(tuner->options, SEQD_OPT_METHOD), "halving") != 0) return;
    tuner->epochs = max_steps == 0 && max_epochs > 0;
    int64_t full = max_steps > 0 ? max_steps : max_epochs > 0 ? max_epochs : FULL_STEPS;
    int64_t left = full / factor;
    while (tuner->rounds < SEQD_TUNE_ROUNDS && tuner->room[tuner->rounds - 1] >= factor && left >= 1) {
        tuner->room[tuner->rounds] = (int32_t)(tuner->room[tuner->rounds - 1] / factor);
        tuner->rounds++;
        left /= factor;
    }
    for (int32_t k = tuner->rounds - 1; k >= 0; k--, full /= factor) tuner->steps[k] = full;
}

/* What has no effect whatever is drawn: settings, and ranges. */
static int32_t refuse_idle(const seqd_tuner *tuner, seqd_error *error)
{
    seqd_varied varied[SEQD_TUNE_RANGES];
    for (int32_t i = 0; i < tuner->range_count; i++)
        varied[i] = (seqd_varied){tuner->ranges[i].id, tuner->ranges[i].text};
    const seqd_scope scope = {tuner->options, tuner->options, varied, tuner->range_count};
    for (int32_t i = 0; i < tuner->range_count; i++) {
        const seqd_tune_range *range = &tuner->ranges[i];
        seqd_option_id failed = range->id;
        if (!seqd_option_concerns(range->id, &scope, &failed))
            return seqd_fail(error, SEQD_E_OPTION, "the range of '%s' has no effect: it is against %s=%s",
                             seqd_option_name(range->id), seqd_option_name(failed),
                             seqd_option_text(tuner->options, failed));
    }
    return seqd_options_refuse_idle(tuner->options, &scope, SEQD_GROUP_DATA | SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING |
                                    SEQD_GROUP_EVALUATION, error);
}

static int32_t begin(seqd_tuner *tuner, seqd_error *error)
{
    seqd_context *context = tuner->context;
    if (tuner->range_count == 0) return seqd_fail(error, SEQD_E_OPTION, "a search needs at least one range");
    SEQD_CHECK(find_metric(tuner, error));
    SEQD_CHECK(refuse_idle(tuner, error));
    SEQD_CHECK(draw_trials(tuner, (int32_t)seqd_option_i64(tuner->options, SEQD_OPT_TRIALS), error));
    plan_rounds(tuner);
    const size_t trials = (size_t)tuner->trials, results = trials * (size_t)tuner->rounds;
    tuner->results = seqd_alloc_array(context, results, sizeof *tuner->results);
    tuner->order = seqd_alloc_array(context, trials, sizeof *tuner->order);
    tuner->entrants = seqd_alloc_array(context, trials, sizeof *tuner->entrants);
    if (!tuner->results || !tuner->order || !tuner->entrants)
        return seqd_fail_alloc(context, results * sizeof *tuner->results, error);
    for (int32_t t = 0; t < tuner->trials; t++) tuner->order[t] = t;
    return SEQD_OK;
}

int32_t seqd_tune_begin(seqd_tuner *tuner, seqd_error *error)
{
    if (tuner->begun) return SEQD_OK;
    const int32_t status = begin(tuner, error);
    tuner->begun = status == SEQD_OK;
    if (status != SEQD_OK) drop_trials(tuner);
    return status;
}

int32_t seqd_tune_options(const seqd_tuner *tuner, int32_t trial, int32_t round, seqd_options **out, seqd_error *error)
{
    seqd_options *options;
    int32_t status = SEQD_OK;
    SEQD_CHECK(seqd_options_clone(tuner->options, &options, error));
    for (int32_t i = 0; i < tuner->range_count && status == SEQD_OK; i++)
        status = seqd_option_set(options, tuner->ranges[i].id, seqd_tune_value(tuner, trial, i), error);
    if (status == SEQD_OK && tuner->steps[round] > 0) {
        char number[SEQD_NUMBER_SIZE];
        seqd_format_i64(tuner->steps[round], number);
        status = seqd_option_set(options, tuner->epochs ? SEQD_OPT_MAX_EPOCHS : SEQD_OPT_MAX_STEPS, number, error);
    }
    const seqd_scope scope = {options, options, NULL, 0};
    seqd_options_drop_idle(options, &scope, SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING);
    if (status == SEQD_OK) *out = options;
    else seqd_options_free(options);
    return status;
}

/* What lies in the settings of a trial and not in the search. */
static bool is_of_trial(int32_t status)
{
    return status == SEQD_E_DIVERGED || status == SEQD_E_OPTION || status == SEQD_E_DATA || status == SEQD_E_LIMIT ||
           status == SEQD_E_UNSUPPORTED;
}

/* "tune 3/20" */
static void name_task(const seqd_tuner *tuner, char task[64])
{
    char number[SEQD_NUMBER_SIZE];
    seqd_copy_text(task, 64, "tune ");
    seqd_format_i64(seqd_tune_done(tuner) + 1, number);
    seqd_copy_text(task + strlen(task), 64 - strlen(task), number);
    seqd_copy_text(task + strlen(task), 64 - strlen(task), "/");
    seqd_format_i64(seqd_tune_total(tuner), number);
    seqd_copy_text(task + strlen(task), 64 - strlen(task), number);
}

static int32_t run_trial(seqd_tuner *tuner, seqd_dataset *dataset, seqd_tune_judge_fn judge, void *user, int32_t trial,
                         int32_t round, seqd_error *error)
{
    seqd_tune_result *result = seqd_tune_result_of(tuner, trial, round);
    seqd_options *options;
    seqd_error own = SEQD_ERROR_INIT;
    double values[SEQD_TUNE_METRICS];
    char task[64];
    for (int32_t i = 0; i < SEQD_TUNE_METRICS; i++) values[i] = (double)NAN;
    SEQD_CHECK(seqd_tune_options(tuner, trial, round, &options, error));
    name_task(tuner, task);
    const int32_t status = judge(user, dataset, options, task, values, &own);
    seqd_options_free(options);
    if (status != SEQD_OK && !is_of_trial(status))
        return status < 0 ? seqd_fail_at(error, status, own.line, own.column, "%s", own.message) : status;
    char *message = NULL;
    if (status != SEQD_OK) {
        message = seqd_strdup(tuner->context, own.message, strlen(own.message));
        if (!message) return seqd_fail_alloc(tuner->context, sizeof own.message, error);
    }
    for (int32_t i = 0; i < tuner->measures->count; i++) /* what is not finite is not written to a state */
        result->values[i] = status == SEQD_OK && isfinite(values[i]) ? values[i] : (double)NAN;
    result->status = status;
    result->message = message;
    result->done = true;
    return SEQD_OK;
}

/* The first entrant of a round that was not judged in it, from the first round on. */
static bool find_work(seqd_tuner *tuner, int32_t *trial, int32_t *round)
{
    for (*round = 0; *round < tuner->rounds; ++*round) {
        const int32_t count = seqd_tune_entrants(tuner, *round);
        for (int32_t i = 0; i < count; i++) {
            *trial = tuner->entrants[i];
            if (!seqd_tune_result_of(tuner, *trial, *round)->done) return true;
        }
    }
    return false;
}

int32_t seqd_tune_next(seqd_tuner *tuner, seqd_dataset *dataset, seqd_tune_judge_fn judge, void *user, int32_t *trial,
                       seqd_error *error)
{
    int32_t number, round;
    SEQD_CHECK(seqd_tune_begin(tuner, error));
    if (!find_work(tuner, &number, &round)) {
        *trial = -1;
        return SEQD_OK;
    }
    SEQD_CHECK(run_trial(tuner, dataset, judge, user, number, round, error));
    seqd_tune_rank(tuner);
    if (tuner->path) SEQD_CHECK(seqd_tune_state_write(tuner, error));
    *trial = number;
    return SEQD_OK;
}
