/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/model.h>

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "api.h"
#include "context.h"
#include "file.h"
#include "model.h"

int32_t seqd_model_create(seqd_context *context, const seqd_options *options, seqd_dataset *dataset, seqd_model **out,
                          seqd_error *error)
{
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_model_new(context, options, dataset, out, error));
    return status;
}

int32_t seqd_model_attention_shape(const seqd_model *model, int32_t *heads, int32_t *horizon, int32_t *context_length,
                                   seqd_error *error)
{
    SEQD_NEED(model);
    SEQD_NEED(heads);
    SEQD_NEED(horizon);
    SEQD_NEED(context_length);
    return seqd_model_map_shape(model, heads, horizon, context_length, error);
}

void seqd_model_release(seqd_model *model) { seqd_model_free(model); }

/* The bytes of the model's file, made while nobody trains it. */
static int32_t encode(const seqd_model *model, unsigned char **bytes, size_t *size, seqd_error *error)
{
    SEQD_CHECK(seqd_model_begin_read(model, error));
    const int32_t status = seqd_model_encode(model, NULL, NULL, bytes, size, error);
    seqd_model_end_read(model);
    return status;
}

int32_t seqd_model_save(const seqd_model *model, const char *path, seqd_error *error)
{
    unsigned char *bytes;
    size_t size;
    SEQD_NEED(model);
    SEQD_NEED(path);
    SEQD_CHECK(encode(model, &bytes, &size, error));
    const int32_t status = seqd_file_replace(model->context, path, bytes, size, error);
    seqd_free(model->context, bytes);
    return status;
}

/* Larger than any model that the library can make. */
#define MOST_FILE ((size_t)8 << 30)

int32_t seqd_model_load(seqd_context *context, const char *path, seqd_model **out, seqd_error *error)
{
    unsigned char *bytes;
    size_t size;
    SEQD_NEED(context);
    SEQD_NEED(path);
    SEQD_NEED(out);
    SEQD_CHECK(seqd_file_load(context, path, MOST_FILE, &bytes, &size, error));
    int32_t status;
    SEQD_COMPUTE(status, seqd_model_decode(context, bytes, size, true, out, error));
    seqd_free(context, bytes);
    return status == SEQD_OK ? SEQD_OK : seqd_fail_prefix(error, status, "%s", path);
}

int32_t seqd_model_save_memory(const seqd_model *model, void *bytes, size_t *size, seqd_error *error)
{
    unsigned char *encoded;
    size_t need;
    SEQD_NEED(model);
    SEQD_NEED(size);
    SEQD_CHECK(encode(model, &encoded, &need, error));
    int32_t status = SEQD_OK;
    if (bytes && *size < need)
        status = seqd_fail(error, SEQD_E_ARG, "the model takes %zu bytes, there is room for %zu", need, *size);
    else if (bytes)
        memcpy(bytes, encoded, need);
    *size = need;
    seqd_free(model->context, encoded);
    return status;
}

int32_t seqd_model_load_memory(seqd_context *context, const void *bytes, size_t size, seqd_model **out,
                               seqd_error *error)
{
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(bytes);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_model_decode(context, bytes, size, true, out, error));
    return status;
}

int32_t seqd_model_get_options(const seqd_model *model, seqd_options **out, seqd_error *error)
{
    SEQD_NEED(model);
    SEQD_NEED(out);
    return seqd_options_clone(model->options, out, error);
}

int32_t seqd_model_horizon(const seqd_model *model) { return model ? model->features.horizon : 0; }

int32_t seqd_model_card_count(const seqd_model *model) { return model ? model->card_count : 0; }

int32_t seqd_model_card(const seqd_model *model, int32_t index, const char **key, const char **value,
                        seqd_error *error)
{
    SEQD_NEED(model);
    SEQD_NEED(key);
    SEQD_NEED(value);
    if (index < 0 || index >= model->card_count)
        return seqd_fail(error, SEQD_E_ARG, "the card has no line %d", (int)index);
    *key = model->card[index].key;
    *value = model->card[index].value;
    return SEQD_OK;
}

int32_t seqd_model_parameter_count(const seqd_model *model) { return model ? model->net.tensors.count : 0; }

int32_t seqd_model_parameter_info(const seqd_model *model, int32_t index, seqd_parameter_info *info,
                                  seqd_error *error)
{
    SEQD_NEED(model);
    SEQD_NEED(info);
    if (index < 0 || index >= model->net.tensors.count)
        return seqd_fail(error, SEQD_E_ARG, "the model has no parameter %d", (int)index);
    const seqd_tensor *tensor = &model->net.tensors.at[index];
    const seqd_parameter_info full = {
        .struct_size = (uint32_t)sizeof full,
        .name = tensor->name,
        .rank = tensor->rank,
        .shape = {tensor->shape[0], tensor->shape[1]},
        .count = tensor->shape[0] * tensor->shape[1],
    };
    return seqd_copy_result(info, &full, sizeof full, error);
}

static int32_t find_tensor(const seqd_model *model, const char *name, int64_t count, const seqd_tensor **out,
                           seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    const int32_t at = seqd_tensors_find(&model->net.tensors, name);
    if (at < 0)
        return seqd_fail(error, SEQD_E_ARG, "the model has no parameter '%s'", seqd_quote(name, strlen(name), quoted));
    const seqd_tensor *tensor = &model->net.tensors.at[at];
    if (count != tensor->shape[0] * tensor->shape[1])
        return seqd_fail(error, SEQD_E_ARG, "parameter '%s' has %lld values, not %lld", tensor->name,
                         (long long)(tensor->shape[0] * tensor->shape[1]), (long long)count);
    *out = tensor;
    return SEQD_OK;
}

int32_t seqd_model_get_parameter(const seqd_model *model, const char *name, float *values, int64_t count,
                                 seqd_error *error)
{
    const seqd_tensor *tensor = NULL;
    SEQD_NEED(model);
    SEQD_NEED(name);
    SEQD_NEED(values);
    SEQD_CHECK(find_tensor(model, name, count, &tensor, error));
    SEQD_CHECK(seqd_model_begin_read(model, error));
    memcpy(values, model->parameters + tensor->offset, (size_t)count * sizeof *values);
    seqd_model_end_read(model);
    return SEQD_OK;
}

int32_t seqd_model_set_parameter(seqd_model *model, const char *name, const float *values, int64_t count,
                                 seqd_error *error)
{
    const seqd_tensor *tensor = NULL;
    SEQD_NEED(model);
    SEQD_NEED(name);
    SEQD_NEED(values);
    SEQD_CHECK(find_tensor(model, name, count, &tensor, error));
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return seqd_fail(error, SEQD_E_DATA, "parameter '%s': value %lld is not finite", tensor->name,
                             (long long)i);
    SEQD_CHECK(seqd_model_begin_write(model, error));
    memcpy(model->parameters + tensor->offset, values, (size_t)count * sizeof *values);
    seqd_model_end_write(model);
    return SEQD_OK;
}

int32_t seqd_model_combine(seqd_model *const *models, int32_t count, const char *how, seqd_model **out,
                           seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE];
    SEQD_NEED(models);
    SEQD_NEED(how);
    SEQD_NEED(out);
    for (int32_t i = 0; i < count; i++)
        if (!models[i]) return seqd_fail(error, SEQD_E_ARG, "seqd_model_combine: model %d is NULL", (int)i);
    if (count < 1) return seqd_fail(error, SEQD_E_ARG, "an ensemble needs two members");
    const bool median = strcmp(how, "median") == 0;
    if (!median && strcmp(how, "mean") != 0)
        return seqd_fail(error, SEQD_E_ARG, "members are combined by 'mean' or 'median', not '%s'",
                         seqd_quote(how, strlen(how), quoted));
    return seqd_model_join(models, count, median ? SEQD_COMBINE_MEDIAN : SEQD_COMBINE_MEAN, out, error);
}

int32_t seqd_model_member_count(const seqd_model *model) { return model ? model->member_count : 0; }

int32_t seqd_model_member(const seqd_model *model, int32_t index, seqd_model **out, seqd_error *error)
{
    SEQD_NEED(model);
    SEQD_NEED(out);
    if (index < 0 || index >= model->member_count)
        return seqd_fail(error, SEQD_E_ARG, "the model has %d members, and none of number %d", (int)model->member_count,
                         (int)index);
    *out = seqd_model_retain(model->members[index]);
    return SEQD_OK;
}

int32_t seqd_model_adapt(seqd_model *model, const seqd_options *options, seqd_dataset *dataset, seqd_model **out,
                         seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_model_renew(model, options, dataset, out, error));
    return status;
}
