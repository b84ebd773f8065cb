/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <math.h>
#include <string.h>

#include "configure_task.h"
#include "status.h"
#include "text.h"

/* What a dataset of events has to learn from. */
typedef struct label_facts {
    int64_t labels, longest;
    bool negative, fractional;
} label_facts;

static label_facts look_at(const seqd_dataset *dataset)
{
    label_facts facts = {0};
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const int64_t length = dataset->series[s].length;
        if (length > facts.longest) facts.longest = length;
        for (int64_t i = 0; i < length; i++) {
            const float label = seqd_events_label(dataset, s, i);
            if (!(label == label)) continue;
            facts.labels++;
            facts.negative = facts.negative || label < 0.0f;
            facts.fractional = facts.fractional || label != floorf(label);
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

static bool is(const seqd_options *options, seqd_option_id id, const char *word)
{
    return strcmp(seqd_option_text(options, id), word) == 0;
}

static bool is_count_head(const seqd_options *options)
{
    static const char *const heads[] = {"negative_binomial", "poisson", "zero_inflated_negative_binomial", "tweedie"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (is(options, SEQD_OPT_HEAD, heads[i])) return true;
    return false;
}

static int32_t resolve_head(seqd_options *options, const seqd_dataset *dataset, const label_facts *facts,
                            seqd_error *error)
{
    const bool classify = dataset->events->task == SEQD_TASK_CLASSIFY;
    const bool of_classes = is(options, SEQD_OPT_HEAD, "cross_entropy") || is(options, SEQD_OPT_HEAD, "binary");
    const char *head = seqd_option_text(options, SEQD_OPT_HEAD);
    if (is(options, SEQD_OPT_HEAD, "auto"))
        return seqd_option_set(options, SEQD_OPT_HEAD, classify ? "cross_entropy" : "mse", error);
    if (classify && !of_classes)
        return seqd_fail(error, SEQD_E_OPTION, "head=%s does not fit task=classify: cross_entropy or binary do", head);
    if (!classify && of_classes)
        return seqd_fail(error, SEQD_E_OPTION, "head=%s does not fit task=regress", head);
    if (is_count_head(options) && facts->negative)
        return seqd_fail(error, SEQD_E_DATA, "head=%s describes counts, but some labels are negative", head);
    return SEQD_OK;
}

int32_t seqd_model_resolve_task(seqd_options *options, const seqd_dataset *dataset, seqd_error *error)
{
    const seqd_events *events = dataset->events;
    const bool classify = events->task == SEQD_TASK_CLASSIFY;
    const char *task = classify ? "classify" : "regress";
    if (is(options, SEQD_OPT_MODEL, "encdec") && !classify)
        return seqd_fail(error, SEQD_E_OPTION, "model=encdec makes forecasts and tells classes, it does not fit task=%s",
                         task);
    if (is(options, SEQD_OPT_MODEL, "logistic") && !classify)
        return seqd_fail(error, SEQD_E_OPTION, "model=logistic tells classes, task=regress takes model=linear");

    const label_facts facts = look_at(dataset);
    if (facts.labels == 0)
        return seqd_fail(error, SEQD_E_DATA, "there is nothing to learn from: %s",
                         events->unlabelled[0] ? events->unlabelled : "no event has a label");
    int64_t answers = seqd_option_i64(options, SEQD_OPT_HORIZON);
    if (answers == 0) answers = 1;
    if (answers > 1 && !(classify && events->label_kind == SEQD_LABEL_NEXT_EVENT))
        return seqd_fail(error, SEQD_E_OPTION, "a horizon above 1 needs task=classify and label=next_event");
    SEQD_CHECK(set_number(options, SEQD_OPT_HORIZON, answers, error));
    if (seqd_option_i64(options, SEQD_OPT_MAX_LEN) > facts.longest)
        SEQD_CHECK(set_number(options, SEQD_OPT_MAX_LEN, facts.longest, error));
    SEQD_CHECK(resolve_head(options, dataset, &facts, error));
    if (is(options, SEQD_OPT_FLOOR, "auto"))
        SEQD_CHECK(seqd_option_set(options, SEQD_OPT_FLOOR, facts.negative || classify ? "none" : "zero", error));
    return SEQD_OK;
}

void seqd_model_scale_labels(const seqd_options *options, seqd_features *features)
{
    seqd_event_features *events = &features->events;
    if (events->task != SEQD_TASK_REGRESS || !is_count_head(options)) return;
    events->label_deviation = events->label_mean > 0.0 ? events->label_mean : 1.0;
    events->label_mean = 0.0;
}

int32_t seqd_embedding_width(const seqd_options *options, int32_t column, int32_t count)
{
    int64_t asked[SEQD_MAX_COLUMNS];
    const int32_t named = seqd_option_i64_list(options, SEQD_OPT_EMBEDDING_SIZE, asked, SEQD_MAX_COLUMNS);
    const int64_t width = named == 1 ? asked[0] : column < named ? asked[column] : 0;
    if (width > 0) return (int32_t)width;
    const double usual = ceil(1.6 * pow((double)count, 0.56));
    return usual < 1.0 ? 1 : usual < 50.0 ? (int32_t)usual : 50;
}

bool seqd_model_is_flat(const seqd_options *options)
{
    return is(options, SEQD_OPT_MODEL, "mlp") || is(options, SEQD_OPT_MODEL, "linear") ||
           is(options, SEQD_OPT_MODEL, "logistic");
}

int32_t seqd_configure_flat(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                            seqd_error *error)
{
    config->flat = true;
    config->steps = features->context_length;
    config->dense = (seqd_dense_shape){.rectify = true, .dropout = seqd_option_f64(options, SEQD_OPT_DROPOUT)};
    if (!is(options, SEQD_OPT_MODEL, "mlp")) return SEQD_OK;
    int64_t sizes[SEQD_MAX_LAYERS];
    const int32_t named = seqd_option_i64_list(options, SEQD_OPT_MLP_SIZE, sizes, SEQD_MAX_LAYERS);
    if (named < 1 || named > SEQD_MAX_LAYERS)
        return seqd_fail(error, SEQD_E_OPTION, "option 'mlp_size' takes 1 to %d sizes", SEQD_MAX_LAYERS);
    config->dense.layers = named;
    for (int32_t i = 0; i < named; i++) config->dense.size[i] = (int32_t)sizes[i];
    return SEQD_OK;
}

int32_t seqd_configure_task(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                            seqd_error *error)
{
    const seqd_event_features *events = &features->events;
    config->kind = SEQD_NET_SEQUENCE;
    config->horizon = features->horizon;
    config->pooling = (seqd_pooling)seqd_option_choice(options, SEQD_OPT_POOLING);
    config->embed = (seqd_embed_shape){.inputs = features->input_count, .tokens = events->token_count};
    for (int32_t i = 0; i < events->token_count; i++) {
        config->embed.cardinality[i] = events->tokens[i].count;
        config->embed.size[i] = seqd_embedding_width(options, i, events->tokens[i].count);
    }
    if (seqd_embed_width(&config->embed) < 1)
        return seqd_fail(error, SEQD_E_DATA, "events have nothing to read: name num_columns, cat_columns or an "
                         "event_column");
    seqd_answer *answer = &config->answer;
    *answer = (seqd_answer){.answers = features->horizon, .mean = events->label_mean,
                            .deviation = events->label_deviation};
    if (events->task == SEQD_TASK_REGRESS) {
        answer->width = config->head.width;
        return SEQD_OK;
    }
    answer->classes = events->classes.count;
    answer->binary = is(options, SEQD_OPT_HEAD, "binary");
    answer->width = answer->binary ? 1 : answer->classes;
    answer->smoothing = seqd_option_f64(options, SEQD_OPT_LABEL_SMOOTHING);
    if (answer->classes < 2)
        return seqd_fail(error, SEQD_E_DATA, "there are %d classes to tell apart, two are needed at least",
                         (int)answer->classes);
    if (answer->binary && answer->classes != 2)
        return seqd_fail(error, SEQD_E_OPTION, "head=binary tells two classes apart, there are %d",
                         (int)answer->classes);
    if (!(seqd_option_f64(options, SEQD_OPT_THRESHOLD) > 0.0) || answer->classes == 2) return SEQD_OK;
    return seqd_fail(error, SEQD_E_OPTION, "option 'threshold' is for two classes, there are %d",
                     (int)answer->classes);
}
