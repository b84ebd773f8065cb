/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <string.h>

#include "alloc.h"
#include "bytes.h"
#include "context.h"
#include "features_bytes.h"
#include "option_scope.h"
#include "sections.h"
#include "status.h"

/*
 * What stands in the sections of a model file (sections.h has the file around them). Options hold names and texts of the
 * option table; features and distribution hold the fields below in order; parameters hold the name, rank and shape of
 * each tensor and its floats. The file of an ensemble has options, card and members; each member is a whole file.
 */
enum {
    SECTION_OPTIONS = 1,
    SECTION_FEATURES,
    SECTION_DISTRIBUTION,
    SECTION_CARD,
    SECTION_PARAMETERS,
    SECTION_MEMBERS
};

void seqd_options_put(const seqd_options *options, bool backend, seqd_writer *out)
{
    uint32_t count = 0;
    for (int32_t id = 0; id < SEQD_OPT_COUNT; id++)
        count += seqd_option_is_set(options, (seqd_option_id)id) && (backend || id != SEQD_OPT_BACKEND);
    seqd_put_u32(out, count);
    for (int32_t id = 0; id < SEQD_OPT_COUNT; id++) {
        if (!seqd_option_is_set(options, (seqd_option_id)id) || (!backend && id == SEQD_OPT_BACKEND)) continue;
        seqd_put_text(out, seqd_option_name((seqd_option_id)id));
        seqd_put_text(out, seqd_option_text(options, (seqd_option_id)id));
    }
}

int32_t seqd_options_get(seqd_options *options, seqd_scanner *in, seqd_error *error)
{
    const uint32_t count = seqd_get_u32(in);
    char name[64], value[4096];
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        seqd_option_id id;
        seqd_get_text(in, name, sizeof name);
        seqd_get_text(in, value, sizeof value);
        if (in->failed) break;
        SEQD_CHECK(seqd_option_find(name, &id, error));
        SEQD_CHECK(seqd_option_set(options, id, value, error));
    }
    seqd_options_settle(options);
    return SEQD_OK;
}

static void put_distribution(const seqd_model *model, seqd_writer *out)
{
    seqd_put_f64(out, model->path_common);
    seqd_put_f64(out, model->path_fade);
    seqd_put_u32(out, (uint32_t)model->dist.level_count);
    for (int32_t i = 0; i < model->dist.level_count; i++) seqd_put_f64(out, model->spread[i]);
    if (model->features.kind == SEQD_DATA_EVENTS) seqd_put_f64(out, model->threshold);
}

static void get_distribution(seqd_model *model, seqd_scanner *in)
{
    model->path_common = seqd_get_f64(in);
    model->path_fade = seqd_get_f64(in);
    if (!(model->path_common >= 0.0 && model->path_common <= 1.0 && model->path_fade >= 0.0 && model->path_fade < 1.0))
        in->failed = true;
    const int32_t count = seqd_get_int(in, 0, SEQD_MAX_LEVELS);
    if (count != model->dist.level_count) in->failed = true;
    for (int32_t i = 0; i < count && !in->failed; i++) {
        model->spread[i] = seqd_get_f64(in);
        if (i > 0 && model->spread[i] < model->spread[i - 1]) in->failed = true;
    }
    if (model->features.kind != SEQD_DATA_EVENTS) return;
    model->threshold = seqd_get_f64(in);
    if (!(model->threshold >= 0.0 && model->threshold <= 1.0)) in->failed = true;
}

static void put_card(const seqd_model *model, seqd_writer *out)
{
    seqd_put_u32(out, (uint32_t)model->card_count);
    for (int32_t i = 0; i < model->card_count; i++) {
        seqd_put_text(out, model->card[i].key);
        seqd_put_text(out, model->card[i].value);
    }
}

static void get_card(seqd_model *model, seqd_scanner *in)
{
    const int32_t count = seqd_get_int(in, 0, SEQD_CARD_LINES);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        seqd_get_text(in, model->card[i].key, sizeof model->card[i].key);
        seqd_get_text(in, model->card[i].value, sizeof model->card[i].value);
        model->card_count = i + 1;
    }
}

static void put_parameters(const seqd_model *model, const float *parameters, seqd_writer *out)
{
    seqd_put_u32(out, (uint32_t)model->net.tensors.count);
    for (int32_t i = 0; i < model->net.tensors.count; i++) {
        const seqd_tensor *tensor = &model->net.tensors.at[i];
        seqd_put_text(out, tensor->name);
        seqd_put_u32(out, (uint32_t)tensor->rank);
        seqd_put_u64(out, (uint64_t)tensor->shape[0]);
        seqd_put_u64(out, (uint64_t)tensor->shape[1]);
        seqd_put_floats(out, parameters + tensor->offset, tensor->shape[0] * tensor->shape[1]);
    }
}

/* The plan made from options and features says what must be here; the file has to agree in every name and shape. */
static void get_parameters(seqd_model *model, seqd_scanner *in)
{
    if (seqd_get_u32(in) != (uint32_t)model->net.tensors.count) in->failed = true;
    for (int32_t i = 0; i < model->net.tensors.count && !in->failed; i++) {
        const seqd_tensor *tensor = &model->net.tensors.at[i];
        char name[sizeof tensor->name];
        seqd_get_text(in, name, sizeof name);
        const uint32_t rank = seqd_get_u32(in);
        const uint64_t rows = seqd_get_u64(in), columns = seqd_get_u64(in);
        if (in->failed || strcmp(name, tensor->name) != 0 || rank != (uint32_t)tensor->rank ||
            rows != (uint64_t)tensor->shape[0] || columns != (uint64_t)tensor->shape[1]) {
            in->failed = true;
            return;
        }
        seqd_get_floats(in, model->parameters + tensor->offset, tensor->shape[0] * tensor->shape[1]);
    }
}

/* Each member as its length and its file. */
static int32_t put_members(const seqd_model *model, seqd_writer *out, seqd_error *error)
{
    seqd_put_u32(out, (uint32_t)model->combine);
    seqd_put_u32(out, (uint32_t)model->member_count);
    for (int32_t i = 0; i < model->member_count; i++) {
        unsigned char *bytes;
        size_t size;
        SEQD_CHECK(seqd_model_begin_read(model->members[i], error));
        const int32_t status = seqd_model_encode(model->members[i], NULL, NULL, &bytes, &size, error);
        seqd_model_end_read(model->members[i]);
        SEQD_CHECK(status);
        seqd_put_u64(out, size);
        seqd_put_bytes(out, bytes, size);
        seqd_free(model->context, bytes);
    }
    return SEQD_OK;
}

int32_t seqd_model_encode(const seqd_model *model, const float *parameters, const seqd_extra *extra,
                          unsigned char **bytes, size_t *size, seqd_error *error)
{
    seqd_file_writer file = {.out = {.context = model->context}};
    seqd_writer *out = &file.out;
    int32_t status = SEQD_OK;
    seqd_file_begin(&file, (model->member_count > 0 ? 3 : 5) + (extra ? 1 : 0));
    seqd_options_put(model->options, false, out), seqd_file_section(&file, SECTION_OPTIONS);
    if (model->member_count == 0) {
        seqd_features_put(&model->features, out), seqd_file_section(&file, SECTION_FEATURES);
        put_distribution(model, out), seqd_file_section(&file, SECTION_DISTRIBUTION);
    }
    put_card(model, out), seqd_file_section(&file, SECTION_CARD);
    if (model->member_count == 0) {
        put_parameters(model, parameters ? parameters : model->parameters, out);
        seqd_file_section(&file, SECTION_PARAMETERS);
    } else {
        status = put_members(model, out, error);
        seqd_file_section(&file, SECTION_MEMBERS);
    }
    if (extra) extra->put(extra->user, out), seqd_file_section(&file, extra->type);
    if (status == SEQD_OK && out->failed) status = seqd_fail_alloc(model->context, out->capacity * 2, error);
    if (status != SEQD_OK) {
        seqd_free(model->context, out->bytes);
        return status;
    }
    seqd_file_end(&file);
    *bytes = out->bytes;
    *size = out->size;
    return SEQD_OK;
}

/* The members one after the other, each with a depth of one: an ensemble has no ensembles in it. */
static int32_t get_members(seqd_model *model, seqd_scanner *in, seqd_error *error)
{
    const int32_t combine = seqd_get_int(in, 0, SEQD_COMBINE_MEDIAN);
    const int32_t count = seqd_get_int(in, 2, SEQD_MOST_MEMBERS);
    seqd_model *members[SEQD_MOST_MEMBERS];
    int32_t status = SEQD_OK, made = 0;
    while (status == SEQD_OK && made < count && !in->failed) {
        const uint64_t size = seqd_get_u64(in);
        if (in->failed || size > seqd_scanner_left(in)) {
            in->failed = true;
            break;
        }
        status = seqd_model_decode(model->context, in->bytes + in->at, (size_t)size, false, &members[made], error);
        in->at += (size_t)size;
        made += status == SEQD_OK;
    }
    if (status == SEQD_OK && !in->failed) status = seqd_model_gather(model, members, count, (seqd_combine)combine, error);
    for (int32_t i = 0; i < made; i++) seqd_model_free(members[i]);
    return status;
}

static int32_t damaged(seqd_error *error, const char *what)
{
    return seqd_fail(error, SEQD_E_FORMAT, "the model file is damaged: %s", what);
}

static int32_t decode_section(seqd_model *model, const seqd_file_sections *file, uint32_t type, seqd_error *error)
{
    seqd_scanner in;
    int32_t status = SEQD_OK;
    if (!seqd_file_find(file, type, &in)) return damaged(error, "a section is missing");
    switch (type) {
    case SECTION_OPTIONS: status = seqd_options_get(model->options, &in, error); break;
    case SECTION_FEATURES:
        model->features.differencing =
            (seqd_differencing)seqd_option_choice(model->options, SEQD_OPT_DIFFERENCING);
        status = seqd_features_get(model->context, &in, &model->features, error);
        /* a network cannot be larger than the file that holds its weights */
        if (status == SEQD_OK && !in.failed) {
            seqd_scanner weights;
            if (!seqd_file_find(file, SECTION_PARAMETERS, &weights)) return damaged(error, "a section is missing");
            status = seqd_model_assemble(model, (int64_t)(weights.size / sizeof(float)), error);
        }
        break;
    case SECTION_DISTRIBUTION: get_distribution(model, &in); break;
    case SECTION_CARD: get_card(model, &in); break;
    case SECTION_PARAMETERS: get_parameters(model, &in); break;
    case SECTION_MEMBERS: status = get_members(model, &in, error); break;
    }
    if (status == SEQD_E_OPTION || status == SEQD_E_FORMAT)
        return seqd_fail_prefix(error, SEQD_E_FORMAT, "the model file cannot be used");
    if (status != SEQD_OK) return status;
    return in.failed || in.at != in.size ? damaged(error, "a section does not hold what it should") : SEQD_OK;
}

int32_t seqd_model_decode(seqd_context *context, const unsigned char *bytes, size_t size, bool ensembles,
                          seqd_model **out, seqd_error *error)
{
    static const uint32_t one[] = {SECTION_OPTIONS, SECTION_FEATURES, SECTION_DISTRIBUTION, SECTION_CARD,
                                   SECTION_PARAMETERS},
                          many[] = {SECTION_OPTIONS, SECTION_CARD, SECTION_MEMBERS};
    seqd_file_sections file;
    seqd_scanner in;
    SEQD_CHECK(seqd_file_open(bytes, size, SECTION_MEMBERS, &file, error));
    const bool ensemble = ensembles && seqd_file_find(&file, SECTION_MEMBERS, &in);
    const uint32_t *types = ensemble ? many : one;
    const int32_t count = ensemble ? 3 : 5;
    if (file.known != count) return damaged(error, "its sections do not belong together");
    seqd_model *model = seqd_alloc_zero(context, sizeof *model);
    if (!model) return seqd_fail_alloc(context, sizeof *model, error);
    atomic_init(&model->references, 1);
    model->context = seqd_context_retain(context);
    int32_t status = seqd_options_new(context, &model->options, error);
    for (int32_t i = 0; i < count && status == SEQD_OK; i++) status = decode_section(model, &file, types[i], error);
    if (status != SEQD_OK) {
        seqd_model_free(model);
        return status;
    }
    *out = model;
    return SEQD_OK;
}
