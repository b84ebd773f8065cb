/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <string.h>

#include "alloc.h"
#include "combine.h"
#include "context.h"
#include "option_scope.h"
#include "status.h"

int32_t seqd_model_need_network(const seqd_model *model, const char *what, seqd_error *error)
{
    if (model->member_count == 0) return SEQD_OK;
    return seqd_fail(error, SEQD_E_UNSUPPORTED, "%s needs one network, and the model is an ensemble of %d: take a member",
                     what, (int)model->member_count);
}

static bool same_names(const seqd_dictionary *a, const seqd_dictionary *b)
{
    if (a->count != b->count) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0) return false;
    return true;
}

static int32_t apart(const char *what, int32_t index, seqd_error *error)
{
    return seqd_fail(error, SEQD_E_ARG, "member %d of an ensemble has %s than the first", (int)index, what);
}

/* Members answer the same question: of the same data, as many steps, the same classes. */
static int32_t check_member(const seqd_model *first, const seqd_model *model, int32_t index, seqd_error *error)
{
    const seqd_features *a = &first->features, *b = &model->features;
    if (model->context != first->context)
        return seqd_fail(error, SEQD_E_ARG, "member %d of an ensemble belongs to another context", (int)index);
    if (a->kind != b->kind || a->events.task != b->events.task || a->events.label_kind != b->events.label_kind)
        return apart("another task", index, error);
    if (a->horizon != b->horizon) return apart("another horizon", index, error);
    if (a->kind == SEQD_DATA_PANEL && a->calendar.freq != b->calendar.freq)
        return apart("another frequency", index, error);
    if (a->kind == SEQD_DATA_EVENTS && !same_names(&a->events.classes, &b->events.classes))
        return apart("other classes", index, error);
    for (seqd_option_id id = 0; id < SEQD_OPT_COUNT; id++)
        if (strcmp(seqd_option_group(id), "data") == 0 && id != SEQD_OPT_SPLIT && id != SEQD_OPT_DIFFERENCING &&
            strcmp(seqd_option_text(first->options, id), seqd_option_text(model->options, id)) != 0)
            return seqd_fail(error, SEQD_E_ARG, "member %d of an ensemble reads its data another way than the first: "
                             "option '%s'", (int)index, seqd_option_name(id));
    return SEQD_OK;
}

int32_t seqd_model_gather(seqd_model *model, seqd_model *const *members, int32_t count, seqd_combine combine,
                          seqd_error *error)
{
    const seqd_dist *dists[SEQD_MOST_MEMBERS];
    seqd_mixture mixture;
    for (int32_t i = 0; i < count; i++) {
        SEQD_CHECK(check_member(members[0], members[i], i, error));
        dists[i] = &members[i]->dist;
    }
    model->members = seqd_alloc_array(model->context, (size_t)count, sizeof *model->members);
    if (!model->members) return seqd_fail_alloc(model->context, (size_t)count * sizeof *model->members, error);
    for (int32_t i = 0; i < count; i++) model->members[i] = seqd_model_retain(members[i]);
    model->member_count = count;
    model->combine = combine;
    model->features = members[0]->features;
    seqd_mixture_set(&mixture, dists, count, combine == SEQD_COMBINE_MEDIAN);
    model->dist = mixture.dist;
    for (int32_t i = 0; i < count; i++) {
        model->path_common += members[i]->path_common / count;
        model->path_fade += members[i]->path_fade / count;
    }
    return SEQD_OK;
}

/* What people want to know of an ensemble, from the cards of its members. */
static void describe(seqd_model *model)
{
    static const char *const shared[] = {"created_by", "freq", "season_length", "horizon", "series", "data_from",
                                         "data_to"};
    char kinds[160] = "";
    double parameters = 0.0;
    for (int32_t i = 0; i < model->member_count; i++) {
        const seqd_model *member = model->members[i];
        const char *kind = seqd_option_text(member->options, SEQD_OPT_MODEL);
        const size_t used = strlen(kinds);
        parameters += (double)member->net.tensors.parameters;
        if (used + strlen(kind) + 2 > sizeof kinds) continue;
        if (used > 0) kinds[used] = ',';
        memcpy(kinds + used + (used > 0), kind, strlen(kind) + 1);
    }
    seqd_model_card_number(model, "members", model->member_count);
    seqd_model_card_set(model, "combine", model->combine == SEQD_COMBINE_MEDIAN ? "median" : "mean");
    seqd_model_card_set(model, "models", kinds);
    for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
        for (int32_t i = 0; i < model->members[0]->card_count; i++) {
            const seqd_card_line *line = &model->members[0]->card[i];
            if (strcmp(line->key, shared[k]) == 0) seqd_model_card_set(model, line->key, line->value);
        }
    seqd_model_card_number(model, "parameters", parameters);
}

int32_t seqd_model_join(seqd_model *const *models, int32_t count, seqd_combine combine, seqd_model **out,
                        seqd_error *error)
{
    seqd_model *flat[SEQD_MOST_MEMBERS];
    int32_t members = 0, status;
    for (int32_t i = 0; i < count; i++) {
        const int32_t own = models[i]->member_count;
        if (members + (own > 0 ? own : 1) > SEQD_MOST_MEMBERS)
            return seqd_fail(error, SEQD_E_LIMIT, "an ensemble has at most %d members", SEQD_MOST_MEMBERS);
        if (own == 0) flat[members++] = models[i];
        for (int32_t k = 0; k < own; k++) flat[members++] = models[i]->members[k];
    }
    if (members < 2) return seqd_fail(error, SEQD_E_ARG, "an ensemble needs two members");
    seqd_context *context = models[0]->context;
    seqd_model *model = seqd_alloc_zero(context, sizeof *model);
    if (!model) return seqd_fail_alloc(context, sizeof *model, error);
    atomic_init(&model->references, 1);
    model->context = seqd_context_retain(context);
    SEQD_TRY(status, failed, seqd_options_clone(flat[0]->options, &model->options, error));
    SEQD_TRY(status, failed,
             seqd_option_set(model->options, SEQD_OPT_COMBINE, combine == SEQD_COMBINE_MEDIAN ? "median" : "mean",
                             error));
    seqd_options_settle(model->options);
    SEQD_TRY(status, failed, seqd_model_gather(model, flat, members, combine, error));
    describe(model);
    *out = model;
    return SEQD_OK;
failed:
    seqd_model_free(model);
    return status;
}
