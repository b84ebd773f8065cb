/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "status.h"
#include "text.h"

/* Does a pattern, in which '*' stands for any letters, describe a whole name? */
static bool matches(const char *pattern, size_t length, const char *name)
{
    size_t star = SIZE_MAX, at = 0;
    const char *retry = NULL;
    while (*name) {
        if (at < length && pattern[at] == '*') {
            star = at++;
            retry = name;
        } else if (at < length && pattern[at] == *name) {
            at++;
            name++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (at < length && pattern[at] == '*') at++;
    return at == length;
}

static int32_t freeze(const seqd_tensors *tensors, const char *patterns, seqd_update_part *parts, seqd_error *error)
{
    const char *cursor = patterns, *item;
    char quoted[SEQD_QUOTE_SIZE];
    size_t length;
    while (seqd_next_item(&cursor, &item, &length)) {
        bool any = false;
        for (int32_t i = 0; i < tensors->count; i++)
            if (matches(item, length, tensors->at[i].name)) any = parts[i].frozen = true;
        if (!any)
            return seqd_fail(error, SEQD_E_OPTION, "option 'freeze': the model has no parameter '%s'",
                             seqd_quote(item, length, quoted));
    }
    for (int32_t i = 0; i < tensors->count; i++)
        if (!parts[i].frozen && parts[i].count > 0) return SEQD_OK;
    return seqd_fail(error, SEQD_E_OPTION, "option 'freeze' leaves no parameter to train");
}

int32_t seqd_optimizer_new(seqd_model *model, const seqd_options *options, seqd_optimizer **out, seqd_error *error)
{
    seqd_context *context = model->context;
    const seqd_tensors *tensors = &model->net.tensors;
    seqd_update_part parts[SEQD_MAX_TENSORS];
    SEQD_CHECK(seqd_model_need_network(model, "an optimizer", error));
    SEQD_CHECK(seqd_trainer_refuse_idle(model, options, error));
    for (int32_t i = 0; i < tensors->count; i++) {
        const seqd_tensor *tensor = &tensors->at[i];
        parts[i] = (seqd_update_part){tensor->offset, tensor->shape[0] * tensor->shape[1], tensor->rank == 2, false};
    }
    SEQD_CHECK(freeze(tensors, seqd_option_text(options, SEQD_OPT_FREEZE), parts, error));
    seqd_optimizer *optimizer = seqd_alloc_zero(context, sizeof *optimizer);
    if (!optimizer) return seqd_fail_alloc(context, sizeof *optimizer, error);
    int32_t status = seqd_options_clone(options, &optimizer->options, error);
    if (status == SEQD_OK)
        status = seqd_update_create(context, options, parts, tensors->count, &optimizer->update, error);
    if (status != SEQD_OK) {
        seqd_options_free(optimizer->options);
        seqd_free(context, optimizer);
        return status;
    }
    atomic_init(&optimizer->references, 1);
    optimizer->context = seqd_context_retain(context);
    optimizer->model = seqd_model_retain(model);
    *out = optimizer;
    return SEQD_OK;
}

void seqd_optimizer_free(seqd_optimizer *optimizer)
{
    if (!optimizer || atomic_fetch_sub(&optimizer->references, 1) > 1) return;
    seqd_context *context = optimizer->context;
    seqd_update_clear(context, &optimizer->update);
    seqd_options_free(optimizer->options);
    seqd_model_free(optimizer->model);
    seqd_free(context, optimizer);
    seqd_context_drop(context);
}
