/* SPDX-License-Identifier: Apache-2.0 */
#include "configure.h"

#include <math.h>
#include <string.h>

#include "configure_stack.h"
#include "configure_task.h"
#include "status.h"
#include "text.h"

static seqd_target_facts look_at(const seqd_dataset *dataset)
{
    seqd_target_facts facts = {0};
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *series = &dataset->series[i];
        if (series->length > facts.longest) facts.longest = series->length;
        for (int64_t t = 0; t < series->length; t++) {
            const float y = dataset->y[series->offset + t];
            if (y != y) continue;
            facts.observed++;
            facts.zeros += y == 0.0f;
            facts.negative = facts.negative || y < 0.0f;
            facts.fractional = facts.fractional || y != floorf(y);
        }
    }
    return facts;
}

static int32_t set_number(seqd_options *options, seqd_option_id id, int64_t value, seqd_error *error)
{
    char text[SEQD_NUMBER_SIZE];
    seqd_format_i64(value, text);
    return seqd_option_set(options, id, text, error);
}

/* Long enough to see what repeats, short enough to train on many windows. */
static int64_t usual_context(const seqd_dataset *dataset, int64_t horizon)
{
    switch (dataset->calendar.freq) {
    case SEQD_FREQ_DAY: return 56;
    case SEQD_FREQ_WEEK: return 39;
    case SEQD_FREQ_MONTH: return 24;
    case SEQD_FREQ_HOUR: return 72;
    case SEQD_FREQ_INT:
    case SEQD_FREQ_AUTO: break;
    }
    return dataset->season > 1 ? 3 * (int64_t)dataset->season : 2 * horizon;
}

int32_t seqd_model_resolve(seqd_options *options, const seqd_dataset *dataset, seqd_error *error)
{
    if (dataset->events) return seqd_model_resolve_task(options, dataset, error);
    const seqd_target_facts facts = look_at(dataset);
    if (facts.observed == 0)
        return seqd_fail(error, SEQD_E_DATA, "the data hold no observed value of the target");

    int64_t horizon = seqd_option_i64(options, SEQD_OPT_HORIZON);
    if (horizon == 0) horizon = seqd_freq_horizon(dataset->calendar.freq);
    SEQD_CHECK(set_number(options, SEQD_OPT_HORIZON, horizon, error));

    int64_t context = seqd_option_i64(options, SEQD_OPT_CONTEXT_LENGTH);
    if (context == 0) {
        context = usual_context(dataset, horizon);
        if (context > facts.longest) context = facts.longest;
        if (context > 16384) context = 16384;
    }
    SEQD_CHECK(set_number(options, SEQD_OPT_CONTEXT_LENGTH, context, error));
    SEQD_CHECK(seqd_option_set(options, SEQD_OPT_FREQ, seqd_freq_name(dataset->calendar.freq), error));

    SEQD_CHECK(seqd_model_resolve_head(options, &facts, error));
    if (strcmp(seqd_option_text(options, SEQD_OPT_FLOOR), "auto") == 0)
        SEQD_CHECK(seqd_option_set(options, SEQD_OPT_FLOOR, facts.negative ? "none" : "zero", error));
    return SEQD_OK;
}

int32_t seqd_model_configure(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                             seqd_error *error)
{
    memset(config, 0, sizeof *config);
    const bool flat = seqd_model_is_flat(options), events = features->kind == SEQD_DATA_EVENTS;
    const bool encdec = strcmp(seqd_option_text(options, SEQD_OPT_MODEL), "encdec") == 0;
    if (!events && strcmp(seqd_option_text(options, SEQD_OPT_MODEL), "logistic") == 0)
        return seqd_fail(error, SEQD_E_OPTION, "model=%s does not fit this task", seqd_option_text(options, SEQD_OPT_MODEL));
    if (flat) SEQD_CHECK(seqd_configure_flat(options, features, config, error));
    else SEQD_CHECK(seqd_configure_stack(options, &config->stack, error));
    if (!events || features->events.task == SEQD_TASK_REGRESS)
        SEQD_CHECK(seqd_model_configure_head(options, &config->head, error));
    config->stack.inputs = features->input_count;
    config->futures = features->future_count;
    config->lags = features->plan.count;
    config->reals = features->real_count;
    config->cat_count = features->cat_count;
    config->horizon = features->horizon;
    config->decoder_size = (int32_t)seqd_option_i64(options, SEQD_OPT_DECODER_SIZE);
    if (events) {
        SEQD_CHECK(seqd_configure_task(options, features, config, error));
        return encdec ? seqd_configure_encdec(options, config, error) : SEQD_OK;
    }
    for (int32_t i = 0; i < features->cat_count; i++) {
        const int32_t n = features->dictionaries[i].count;
        config->cardinality[i] = n;
        config->embedding[i] = seqd_embedding_width(options, i, n);
    }
    return encdec ? seqd_configure_encdec(options, config, error) : SEQD_OK;
}
