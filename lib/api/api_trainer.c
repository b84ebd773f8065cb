/* SPDX-License-Identifier: Apache-2.0 */
#include <seqdemand/trainer.h>

#include "alloc.h"
#include "api.h"
#include "context.h"
#include "file.h"
#include "trainer.h"

int32_t seqd_optimizer_create(seqd_model *model, const seqd_options *options, seqd_optimizer **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(options);
    SEQD_NEED(out);
    SEQD_COMPUTE(status, seqd_optimizer_new(model, options, out, error));
    return status;
}

void seqd_optimizer_release(seqd_optimizer *optimizer) { seqd_optimizer_free(optimizer); }

int64_t seqd_optimizer_steps(const seqd_optimizer *optimizer) { return optimizer ? optimizer->update.steps : 0; }

int32_t seqd_trainer_create(seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                            seqd_optimizer *optimizer, seqd_trainer **out, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(model);
    SEQD_NEED(dataset);
    SEQD_NEED(options);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_COMPUTE(status, seqd_trainer_new(model, dataset, options, optimizer, out, error));
    return status;
}

void seqd_trainer_release(seqd_trainer *trainer) { seqd_trainer_free(trainer); }

int32_t seqd_trainer_run(seqd_trainer *trainer, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(trainer);
    SEQD_COMPUTE(status, seqd_trainer_fit(trainer, error));
    return status;
}

int32_t seqd_trainer_step(seqd_trainer *trainer, int64_t steps, double *loss, seqd_error *error)
{
    int32_t status;
    SEQD_NEED(trainer);
    SEQD_COMPUTE(status, seqd_trainer_steps(trainer, steps, loss, error));
    return status;
}

int32_t seqd_trainer_summarize(const seqd_trainer *trainer, seqd_training_summary *summary, seqd_error *error)
{
    SEQD_NEED(trainer);
    SEQD_NEED(summary);
    return seqd_copy_result(summary, &trainer->summary, sizeof trainer->summary, error);
}

int32_t seqd_ensemble_train(seqd_context *context, const seqd_options *options, seqd_dataset *dataset,
                            seqd_model **out, seqd_training_summary *summary, seqd_error *error)
{
    seqd_training_summary full = {.struct_size = (uint32_t)sizeof full};
    int32_t status;
    SEQD_NEED(context);
    SEQD_NEED(options);
    SEQD_NEED(dataset);
    SEQD_NEED(out);
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    seqd_model *model = NULL;
    SEQD_COMPUTE(status, seqd_ensemble_fit(context, options, dataset, NULL, &model, &full, error));
    if (model && summary) {
        const int32_t told = seqd_copy_result(summary, &full, sizeof full, error);
        if (told != SEQD_OK) {
            seqd_model_free(model);
            return told;
        }
    }
    if (model) *out = model;
    return status;
}

int32_t seqd_trainer_save(const seqd_trainer *trainer, const char *path, seqd_error *error)
{
    unsigned char *bytes;
    size_t size;
    SEQD_NEED(trainer);
    SEQD_NEED(path);
    SEQD_CHECK(seqd_trainer_encode(trainer, &bytes, &size, error));
    const int32_t status = seqd_file_replace(trainer->context, path, bytes, size, error);
    seqd_free(trainer->context, bytes);
    return status;
}

/* Larger than any checkpoint that the library can make. */
#define MOST_FILE ((size_t)32 << 30)

static int32_t take_up(seqd_context *context, const char *path, seqd_dataset *dataset, const seqd_options *options,
                       bool renewed, seqd_trainer **trainer, seqd_model **model, seqd_error *error)
{
    unsigned char *bytes;
    size_t size;
    int32_t status;
    if (!dataset->sealed) return seqd_fail(error, SEQD_E_STATE, "the dataset is not sealed yet");
    SEQD_CHECK(seqd_file_load(context, path, MOST_FILE, &bytes, &size, error));
    SEQD_COMPUTE(status,
                 seqd_trainer_decode(context, bytes, size, dataset, options, renewed, trainer, model, error));
    seqd_free(context, bytes);
    return status == SEQD_OK ? SEQD_OK : seqd_fail_prefix(error, status, "%s", path);
}

int32_t seqd_trainer_resume(seqd_context *context, const char *path, seqd_dataset *dataset, seqd_trainer **trainer,
                            seqd_model **model, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(path);
    SEQD_NEED(dataset);
    SEQD_NEED(trainer);
    SEQD_NEED(model);
    return take_up(context, path, dataset, NULL, false, trainer, model, error);
}

int32_t seqd_trainer_update(seqd_context *context, const char *path, seqd_dataset *dataset, const seqd_options *options,
                            seqd_trainer **trainer, seqd_model **model, seqd_error *error)
{
    SEQD_NEED(context);
    SEQD_NEED(path);
    SEQD_NEED(dataset);
    SEQD_NEED(trainer);
    SEQD_NEED(model);
    return take_up(context, path, dataset, options, true, trainer, model, error);
}
