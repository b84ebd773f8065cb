/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <math.h>
#include <string.h>

#include "adapt.h"
#include "alloc.h"
#include "configure_task.h"
#include "context.h"
#include "option_scope.h"
#include "status.h"
#include "text.h"

void seqd_model_card_set(seqd_model *model, const char *key, const char *value)
{
    int32_t at = 0;
    while (at < model->card_count && strcmp(model->card[at].key, key) != 0) at++;
    if (at == SEQD_CARD_LINES) return;
    if (at == model->card_count) model->card_count++;
    seqd_copy_text(model->card[at].key, sizeof model->card[at].key, key);
    seqd_copy_text(model->card[at].value, sizeof model->card[at].value, value);
}

void seqd_model_card_number(seqd_model *model, const char *key, double value)
{
    char text[SEQD_NUMBER_SIZE];
    if (value != floor(value)) { /* six digits say all that a loss can */
        const double unit = pow(10.0, floor(log10(fabs(value))) - 5.0);
        value = unit >= 1.0 ? round(value / unit) * unit : round(value / unit) / round(1.0 / unit);
    }
    seqd_format_f64(value, text);
    seqd_model_card_set(model, key, text);
}

static void describe_panel(seqd_model *model, const seqd_dataset *dataset)
{
    char from[24] = "", to[24] = "";
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t i = 0; i < dataset->series_count; i++) {
        const seqd_series *series = &dataset->series[i];
        if (series->length == 0) continue;
        if (series->start < first) first = series->start;
        if (series->start + series->length - 1 > last) last = series->start + series->length - 1;
    }
    if (first <= last) {
        seqd_calendar_format(&dataset->calendar, first, from, sizeof from);
        seqd_calendar_format(&dataset->calendar, last, to, sizeof to);
    }
    seqd_model_card_set(model, "scaler", seqd_option_text(model->options, SEQD_OPT_SCALER));
    seqd_model_card_set(model, "freq", seqd_freq_name(dataset->calendar.freq));
    seqd_model_card_number(model, "season_length", dataset->season);
    seqd_model_card_number(model, "horizon", model->features.horizon);
    seqd_model_card_number(model, "context_length", model->features.context_length);
    seqd_model_card_number(model, "inputs", model->features.input_count);
    seqd_model_card_number(model, "parameters", (double)model->net.tensors.parameters);
    seqd_model_card_number(model, "series", (double)dataset->series_count);
    seqd_model_card_set(model, "data_from", from);
    seqd_model_card_set(model, "data_to", to);
}

static void describe_events(seqd_model *model, const seqd_dataset *dataset)
{
    static const char *const labels[] = {"auto", "column", "next_event", "within", "count"};
    const seqd_event_features *events = &model->features.events;
    seqd_model_card_set(model, "task", events->task == SEQD_TASK_CLASSIFY ? "classify" : "regress");
    seqd_model_card_set(model, "label", labels[events->label_kind]);
    if (events->task == SEQD_TASK_CLASSIFY) seqd_model_card_number(model, "classes", events->classes.count);
    seqd_model_card_number(model, "answers", model->features.horizon);
    seqd_model_card_number(model, "max_len", model->features.context_length);
    seqd_model_card_number(model, "inputs", model->features.input_count);
    seqd_model_card_number(model, "token_columns", events->token_count);
    seqd_model_card_number(model, "parameters", (double)model->net.tensors.parameters);
    seqd_model_card_number(model, "sequences", (double)dataset->series_count);
}

static void describe(seqd_model *model, const seqd_dataset *dataset)
{
    const seqd_net_config *config = &model->net.config;
    seqd_model_card_set(model, "created_by", "libseqdemand " SEQD_VERSION_TEXT);
    seqd_model_card_set(model, "model", seqd_option_text(model->options, SEQD_OPT_MODEL));
    if (!config->flat)
        seqd_model_card_set(model, "hidden_size", seqd_option_text(model->options, SEQD_OPT_HIDDEN_SIZE));
    else if (config->dense.layers > 0)
        seqd_model_card_set(model, "mlp_size", seqd_option_text(model->options, SEQD_OPT_MLP_SIZE));
    seqd_model_card_set(model, "head", seqd_option_text(model->options, SEQD_OPT_HEAD));
    if (dataset->events) describe_events(model, dataset);
    else describe_panel(model, dataset);
}

int32_t seqd_model_assemble(seqd_model *model, int64_t most, seqd_error *error)
{
    seqd_net_config config;
    SEQD_CHECK(seqd_model_configure(model->options, &model->features, &config, error));
    if (config.head.kind == SEQD_HEAD_TWEEDIE) {
        seqd_tweedie_law_set(&model->tweedie, seqd_option_f64(model->options, SEQD_OPT_TWEEDIE_POWER));
        config.head.tweedie = &model->tweedie;
    }
    SEQD_CHECK(seqd_net_plan(&config, &model->net, error));
    if (model->net.tensors.parameters > most)
        return seqd_fail(error, SEQD_E_FORMAT, "its options ask for more parameters than it holds");
    const int64_t limit = model->context->limits.parameters;
    if (limit > 0 && model->net.tensors.parameters > limit)
        return seqd_fail(error, SEQD_E_LIMIT, "the network has %lld parameters, the limit is %lld",
                         (long long)model->net.tensors.parameters, (long long)limit);
    const size_t count = (size_t)model->net.tensors.parameters;
    model->parameters = seqd_alloc_array(model->context, count, sizeof(float));
    if (!model->parameters) return seqd_fail_alloc(model->context, count * sizeof(float), error);
    if (!(config.kind == SEQD_NET_SEQUENCE && config.answer.classes > 0))
        seqd_model_describe_dist(model->options, &model->features, &model->net.config.head, &model->dist);
    model->threshold = model->net.config.answer.classes == 2 ? 0.5 : 0.0;
    return SEQD_OK;
}

int32_t seqd_model_make(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                        const seqd_model *from, seqd_model **out, seqd_error *error)
{
    int32_t status;
    seqd_model *model = seqd_alloc_zero(context, sizeof *model);
    if (!model) return seqd_fail_alloc(context, sizeof *model, error);
    atomic_init(&model->references, 1);
    model->context = seqd_context_retain(context);
    SEQD_TRY(status, failed, seqd_options_clone(options, &model->options, error));
    if (seqd_option_is_set(options, SEQD_OPT_TASK) &&
        seqd_option_choice(options, SEQD_OPT_TASK) != seqd_option_choice(dataset->options, SEQD_OPT_TASK)) {
        status = seqd_fail(error, SEQD_E_OPTION, "task=%s, but the data were read with task=%s",
                           seqd_option_text(options, SEQD_OPT_TASK), seqd_option_text(dataset->options, SEQD_OPT_TASK));
        goto failed;
    }
    /* columns and cleaning are those the data were read with */
    for (seqd_option_id id = 0; id < SEQD_OPT_COUNT; id++)
        if (strcmp(seqd_option_group(id), "data") == 0 && seqd_option_is_set(dataset->options, id))
            SEQD_TRY(status, failed,
                     seqd_option_set(model->options, id, seqd_option_text(dataset->options, id), error));
    SEQD_TRY(status, failed,
             seqd_options_refuse_own_idle(model->options, SEQD_GROUP_DATA | SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING, error));
    seqd_options_settle(model->options);
    SEQD_TRY(status, failed, seqd_model_resolve(model->options, dataset, error));
    const seqd_option_id length = dataset->events ? SEQD_OPT_MAX_LEN : SEQD_OPT_CONTEXT_LENGTH;
    SEQD_TRY(status, failed,
             seqd_features_build(context, model->options, dataset,
                                 (int32_t)seqd_option_i64(model->options, SEQD_OPT_HORIZON),
                                 (int32_t)seqd_option_i64(model->options, length), &model->features, error));
    seqd_model_scale_labels(model->options, &model->features);
    if (from) SEQD_TRY(status, failed, seqd_adapt_features(from, model, error));
    SEQD_TRY(status, failed, seqd_model_assemble(model, INT64_MAX, error));
    seqd_net_init(&model->net, (uint64_t)seqd_option_i64(model->options, SEQD_OPT_SEED), model->parameters);
    describe(model, dataset);
    seqd_options_settle(model->options);
    if (from) seqd_adapt_weights(from, model);
    *out = model;
    return SEQD_OK;
failed:
    seqd_model_free(model);
    return status;
}

int32_t seqd_model_new(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                       seqd_model **out, seqd_error *error)
{
    return seqd_model_make(context, options, dataset, NULL, out, error);
}

seqd_model *seqd_model_retain(seqd_model *model)
{
    atomic_fetch_add(&model->references, 1);
    return model;
}

void seqd_model_free(seqd_model *model)
{
    if (!model || atomic_fetch_sub(&model->references, 1) > 1) return;
    seqd_context *context = model->context;
    seqd_options_free(model->options);
    if (model->member_count == 0) seqd_features_clear(&model->features);
    for (int32_t i = 0; i < model->member_count; i++) seqd_model_free(model->members[i]);
    seqd_free(context, (void *)model->members);
    seqd_free(context, model->parameters);
    seqd_free(context, model);
    seqd_context_drop(context);
}

static int32_t busy(seqd_error *error)
{
    return seqd_fail(error, SEQD_E_BUSY,
                     "the model is being trained or its parameters are being read by another thread");
}

int32_t seqd_model_begin_read(const seqd_model *model, seqd_error *error)
{
    atomic_int *access = &((seqd_model *)(uintptr_t)model)->access;
    int readers = atomic_load(access);
    do {
        if (readers < 0) return busy(error);
    } while (!atomic_compare_exchange_weak(access, &readers, readers + 1));
    return SEQD_OK;
}

void seqd_model_end_read(const seqd_model *model)
{
    atomic_fetch_sub(&((seqd_model *)(uintptr_t)model)->access, 1);
}

int32_t seqd_model_begin_write(seqd_model *model, seqd_error *error)
{
    int nobody = 0;
    if (!atomic_compare_exchange_strong(&model->access, &nobody, -1)) return busy(error);
    return SEQD_OK;
}

void seqd_model_end_write(seqd_model *model)
{
    atomic_fetch_add(&model->epoch, 1);
    atomic_store(&model->access, 0);
}

int32_t seqd_model_map_shape(const seqd_model *model, int32_t *heads, int32_t *horizon, int32_t *context_length,
                             seqd_error *error)
{
    const int32_t found = model->member_count > 0 ? 0 : seqd_net_attention_heads(&model->net);
    if (found == 0) return seqd_fail(error, SEQD_E_UNSUPPORTED, "the model has no attention to read");
    *heads = found;
    *horizon = model->features.horizon;
    *context_length = model->features.context_length;
    return SEQD_OK;
}
