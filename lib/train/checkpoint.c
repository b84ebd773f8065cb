/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "fingerprint.h"
#include "sections.h"
#include "status.h"

/*
 * A checkpoint is a model file with one section more (SEQD_SECTION_TRAINER):
 *
 *   u32 1 (the form of this section), u64 fingerprint of the data (fingerprint.h)
 *   options of the trainer, options of the optimizer, as in section 1
 *   u32 flags: 1 a run is under way, 2 its patience is used up, 4 it has ended; u32 seqd_raw; u32 validation rounds
 *   u64 each: windows drawn; of the run: first step, steps, steps of this round, rounds without improvement, best step,
 *     windows seen; of the optimizer: steps, start, end of the rate's course, cuts, rounds waited; of the average: steps
 *   f64 each, any bits: of the run: sum of the round, training, validation and best figure; of plateau: best
 *   u64 number of parameters n, then n floats each of: the raw weights, if seqd_raw is not SEQD_RAW_MODEL; the first
 *     and the second moments and the average, as far as there are such
 *
 * While a run is under way the parameters of the model file are the best of its rounds so far.
 */
#define FORM 1
#define UNDER_WAY 1
#define ENOUGH 2
#define ENDED 4

static void put_bits(seqd_writer *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    seqd_put_u64(out, bits);
}

static double get_bits(seqd_scanner *in)
{
    const uint64_t bits = seqd_get_u64(in);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Counts that grow by steps and windows: far from overflow. */
static int64_t get_count(seqd_scanner *in)
{
    const uint64_t value = seqd_get_u64(in);
    if (value >> 53 == 0) return (int64_t)value;
    in->failed = true;
    return 0;
}

static seqd_raw raw_state(const seqd_trainer *trainer)
{
    if (trainer->computing) return SEQD_RAW_PAUSED;
    const bool stale = trainer->raw_is == SEQD_RAW_STEPS && trainer->raw_epoch != atomic_load(&trainer->model->epoch);
    return stale ? SEQD_RAW_MODEL : trainer->raw_is;
}

static void put_trainer(const void *user, seqd_writer *out)
{
    const seqd_trainer *trainer = user;
    const seqd_update *update = &trainer->optimizer->update;
    const seqd_run *run = &trainer->run;
    const int64_t count = trainer->model->net.tensors.parameters;
    const seqd_raw raw = raw_state(trainer);
    const int64_t counts[] = {trainer->drawn, run->first_step, run->step, run->round_steps, run->unimproved,
                              run->best_step, run->windows, update->steps, update->start, update->total, update->cuts,
                              update->waited, trainer->average.steps};
    const double figures[] = {run->round_loss, run->train_loss, run->validation_loss, run->best_loss, update->best};
    seqd_put_u32(out, FORM);
    seqd_put_u64(out, seqd_dataset_fingerprint(trainer->dataset));
    seqd_options_put(trainer->options, true, out);
    seqd_options_put(trainer->optimizer->options, true, out);
    seqd_put_u32(out, (run->under_way ? UNDER_WAY : 0) | (run->enough ? ENOUGH : 0) |
                          (run->ended ? ENDED : 0));
    seqd_put_u32(out, (uint32_t)raw);
    seqd_put_u32(out, (uint32_t)run->epoch);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) seqd_put_u64(out, (uint64_t)counts[i]);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) put_bits(out, figures[i]);
    seqd_put_u64(out, (uint64_t)count);
    if (raw != SEQD_RAW_MODEL)
        seqd_put_floats(out, trainer->computing ? trainer->model->parameters : trainer->raw, count);
    if (update->first) seqd_put_floats(out, update->first, count);
    if (update->second) seqd_put_floats(out, update->second, count);
    if (trainer->average.values) seqd_put_floats(out, trainer->average.values, count);
}

int32_t seqd_trainer_encode(const seqd_trainer *trainer, unsigned char **bytes, size_t *size, seqd_error *error)
{
    const seqd_extra extra = {SEQD_SECTION_TRAINER, put_trainer, trainer};
    const float *parameters = trainer->run.under_way ? trainer->best : trainer->model->parameters;
    /* from within a run the model is the trainer's already */
    if (!trainer->computing) SEQD_CHECK(seqd_model_begin_read(trainer->model, error));
    const int32_t status = seqd_model_encode(trainer->model, parameters, &extra, bytes, size, error);
    if (!trainer->computing) seqd_model_end_read(trainer->model);
    return status;
}

/* What stands before the state itself. */
typedef struct heading {
    uint64_t fingerprint;
    seqd_options *trainer, *optimizer;
} heading;

static void heading_clear(heading *h)
{
    seqd_options_free(h->trainer);
    seqd_options_free(h->optimizer);
}

static int32_t damaged(seqd_error *error)
{
    return seqd_fail(error, SEQD_E_FORMAT, "the checkpoint is damaged: its trainer does not hold what it should");
}

static int32_t get_heading(seqd_context *context, seqd_scanner *in, heading *h, seqd_error *error)
{
    const uint32_t form = seqd_get_u32(in);
    if (!in->failed && form > FORM)
        return seqd_fail(error, SEQD_E_VERSION, "the checkpoint has form %u, this library reads up to %d", form, FORM);
    if (form == 0) in->failed = true;
    h->fingerprint = seqd_get_u64(in);
    SEQD_CHECK(seqd_options_new(context, &h->trainer, error));
    SEQD_CHECK(seqd_options_new(context, &h->optimizer, error));
    int32_t status = seqd_options_get(h->trainer, in, error);
    if (status == SEQD_OK) status = seqd_options_get(h->optimizer, in, error);
    if (status == SEQD_E_OPTION) return seqd_fail_prefix(error, SEQD_E_FORMAT, "the checkpoint cannot be used");
    if (status != SEQD_OK) return status;
    return in->failed ? damaged(error) : SEQD_OK;
}

/* The second moments of a wild run may be infinite, but no moment is less than 0 or not a number. */
static void get_squares(seqd_scanner *in, float *values, int64_t count)
{
    for (int64_t i = 0; i < count && !in->failed; i++) {
        const uint32_t bits = seqd_get_u32(in);
        memcpy(&values[i], &bits, sizeof bits);
        if (!(values[i] >= 0.0f)) in->failed = true;
    }
}

static void get_state(seqd_trainer *trainer, seqd_scanner *in)
{
    seqd_update *update = &trainer->optimizer->update;
    seqd_run *run = &trainer->run;
    const int64_t count = trainer->model->net.tensors.parameters;
    const int32_t flags = seqd_get_int(in, 0, UNDER_WAY | ENOUGH | ENDED);
    trainer->raw_is = (seqd_raw)seqd_get_int(in, SEQD_RAW_MODEL, SEQD_RAW_PAUSED);
    run->epoch = seqd_get_int(in, 0, INT32_MAX);
    int64_t *const counts[] = {&trainer->drawn, &run->first_step, &run->step, &run->round_steps, &run->unimproved,
                               &run->best_step, &run->windows, &update->steps, &update->start, &update->total,
                               &update->cuts, &update->waited, &trainer->average.steps};
    double *const figures[] = {&run->round_loss, &run->train_loss, &run->validation_loss, &run->best_loss,
                               &update->best};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) *counts[i] = get_count(in);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) *figures[i] = get_bits(in);
    if (seqd_get_u64(in) != (uint64_t)count || update->start > update->steps || run->first_step > update->steps)
        in->failed = true;
    run->under_way = flags & UNDER_WAY;
    run->enough = flags & ENOUGH;
    run->ended = flags & ENDED;
    if (run->under_way != (trainer->raw_is == SEQD_RAW_PAUSED) || (run->under_way && run->ended)) in->failed = true;
    if (trainer->raw_is != SEQD_RAW_MODEL) seqd_get_floats(in, trainer->raw, count);
    if (update->first) seqd_get_floats(in, update->first, count);
    if (update->second) get_squares(in, update->second, count);
    if (trainer->average.values) seqd_get_floats(in, trainer->average.values, count);
    if (in->at != in->size) in->failed = true;
}

/* The run as it stood; the next fit goes on with it. */
static int32_t take_state(seqd_trainer *trainer, seqd_scanner *in, seqd_error *error)
{
    get_state(trainer, in);
    if (in->failed) return damaged(error);
    const seqd_run *run = &trainer->run;
    memcpy(trainer->best, trainer->model->parameters,
           (size_t)trainer->model->net.tensors.parameters * sizeof *trainer->best);
    trainer->resumed = run->under_way || run->ended;
    trainer->raw_epoch = atomic_load(&trainer->model->epoch);
    trainer->summary.steps = trainer->optimizer->update.steps;
    trainer->summary.best_step = run->best_step;
    trainer->summary.train_loss = run->train_loss;
    trainer->summary.best_loss = run->best_loss;
    trainer->summary.windows = run->windows;
    return SEQD_OK;
}

/*
 * Moments and what was counted, for a run that begins anew. The state is read into the trainer as it was made with the
 * options of the checkpoint, whose optimizer is that of the new one.
 */
static int32_t take_moments(seqd_trainer *trainer, seqd_scanner *in, int64_t total, seqd_error *error)
{
    get_state(trainer, in);
    if (in->failed) return damaged(error);
    trainer->optimizer->update.total = total;
    const int64_t windows = trainer->run.windows;
    trainer->run = (seqd_run){.windows = windows, .train_loss = (double)NAN};
    trainer->raw_is = SEQD_RAW_MODEL;
    trainer->summary.steps = trainer->optimizer->update.steps;
    trainer->summary.windows = windows;
    return SEQD_OK;
}

static int32_t resume(seqd_model *model, seqd_dataset *dataset, const heading *h, seqd_scanner *in, seqd_trainer **out,
                      seqd_error *error)
{
    seqd_optimizer *optimizer = NULL;
    seqd_trainer *trainer = NULL;
    if (seqd_dataset_fingerprint(dataset) != h->fingerprint)
        return seqd_fail(error, SEQD_E_DATA, "these are not the data that the training was interrupted on "
                         "(newer rows are for seqd_trainer_update, --update)");
    int32_t status = seqd_optimizer_new(model, h->optimizer, &optimizer, error);
    if (status == SEQD_OK) status = seqd_trainer_new(model, dataset, h->trainer, optimizer, &trainer, error);
    seqd_optimizer_free(optimizer);
    if (status == SEQD_OK) status = take_state(trainer, in, error);
    if (status == SEQD_OK) *out = trainer;
    else seqd_trainer_free(trainer);
    return status;
}

/* Do two sets of options ask for the same state? */
static int32_t same_state(const seqd_options *old, const seqd_options *options, seqd_error *error)
{
    if (seqd_option_choice(old, SEQD_OPT_OPTIMIZER) != seqd_option_choice(options, SEQD_OPT_OPTIMIZER))
        return seqd_fail(error, SEQD_E_OPTION, "the checkpoint has the state of optimizer=%s, not of %s",
                         seqd_option_text(old, SEQD_OPT_OPTIMIZER), seqd_option_text(options, SEQD_OPT_OPTIMIZER));
    return SEQD_OK;
}

static int32_t renew(seqd_model *model, seqd_dataset *dataset, const seqd_options *options, const heading *h,
                     seqd_scanner *in, seqd_trainer **out, seqd_error *error)
{
    seqd_trainer *trainer = NULL;
    SEQD_CHECK(same_state(h->optimizer, options, error));
    int32_t status = seqd_trainer_new(model, dataset, options, NULL, &trainer, error);
    if (status != SEQD_OK) return status;
    const int64_t total = trainer->optimizer->update.total;
    /* the average begins anew with the run; what the checkpoint has of it is read over */
    seqd_average own = trainer->average;
    trainer->average = (seqd_average){0};
    if (seqd_option_f64(h->trainer, SEQD_OPT_EMA_DECAY) > 0.0)
        status = seqd_average_create(model->context, h->trainer, model->net.tensors.parameters, &trainer->average,
                                     error);
    if (status == SEQD_OK) status = take_moments(trainer, in, total, error);
    seqd_average_clear(model->context, &trainer->average);
    trainer->average = own;
    if (status == SEQD_OK) *out = trainer;
    else seqd_trainer_free(trainer);
    return status;
}

int32_t seqd_trainer_decode(seqd_context *context, const unsigned char *bytes, size_t size, seqd_dataset *dataset,
                            const seqd_options *update, bool renewed, seqd_trainer **out, seqd_model **out_model,
                            seqd_error *error)
{
    seqd_model *model = NULL;
    seqd_file_sections file;
    seqd_scanner in;
    heading h = {0, NULL, NULL};
    SEQD_CHECK(seqd_model_decode(context, bytes, size, true, &model, error));
    int32_t status = seqd_file_open(bytes, size, SEQD_MOST_SECTIONS, &file, error);
    if (status == SEQD_OK && !seqd_file_find(&file, SEQD_SECTION_TRAINER, &in))
        status = seqd_fail(error, SEQD_E_FORMAT, "the file is a model, not a checkpoint: it has no state of a trainer");
    if (status == SEQD_OK) status = get_heading(context, &in, &h, error);
    if (status == SEQD_OK)
        status = renewed ? renew(model, dataset, update ? update : h.trainer, &h, &in, out, error)
                         : resume(model, dataset, &h, &in, out, error);
    heading_clear(&h);
    if (status == SEQD_OK) *out_model = model;
    else seqd_model_free(model);
    return status;
}
