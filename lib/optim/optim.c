/* SPDX-License-Identifier: Apache-2.0 */
#include "optim.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "status.h"

static void read_settings(const seqd_options *options, seqd_update *update)
{
    update->rule = (seqd_rule)seqd_option_choice(options, SEQD_OPT_OPTIMIZER);
    update->rate = seqd_option_f64(options, SEQD_OPT_LEARNING_RATE);
    update->momentum = seqd_option_f64(options, SEQD_OPT_MOMENTUM);
    update->beta1 = seqd_option_f64(options, SEQD_OPT_BETA1);
    update->beta2 = seqd_option_f64(options, SEQD_OPT_BETA2);
    update->epsilon = seqd_option_f64(options, SEQD_OPT_EPSILON);
    update->rho = seqd_option_f64(options, SEQD_OPT_RHO);
    update->decay = update->rule == SEQD_RULE_ADAMW ? seqd_option_f64(options, SEQD_OPT_WEIGHT_DECAY) : 0.0;
    update->l1 = seqd_option_f64(options, SEQD_OPT_L1);
    update->l2 = seqd_option_f64(options, SEQD_OPT_L2);
    update->schedule = (seqd_schedule)seqd_option_choice(options, SEQD_OPT_SCHEDULE);
    update->warmup = seqd_option_i64(options, SEQD_OPT_WARMUP_STEPS);
    update->total = seqd_option_i64(options, SEQD_OPT_MAX_STEPS);
    update->step_size = seqd_option_i64(options, SEQD_OPT_STEP_SIZE);
    update->gamma = seqd_option_f64(options, update->schedule == SEQD_SCHEDULE_PLATEAU ? SEQD_OPT_PLATEAU_FACTOR
                                                                                       : SEQD_OPT_STEP_GAMMA);
    update->patience = seqd_option_i64(options, SEQD_OPT_PLATEAU_PATIENCE);
    update->best = HUGE_VAL;
}

int32_t seqd_update_create(seqd_context *context, const seqd_options *options, const seqd_update_part *parts,
                           int32_t part_count, seqd_update *update, seqd_error *error)
{
    memset(update, 0, sizeof *update);
    read_settings(options, update);
    for (int32_t i = 0; i < part_count; i++) update->count += parts[i].count;
    const size_t count = (size_t)update->count;
    const bool first = update->rule != SEQD_RULE_RMSPROP, second = update->rule != SEQD_RULE_SGD;
    update->parts = seqd_alloc_array(context, (size_t)part_count, sizeof *parts);
    if (first) update->first = seqd_alloc_array(context, count, sizeof(float));
    if (second) update->second = seqd_alloc_array(context, count, sizeof(float));
    if (!update->parts || (first && !update->first) || (second && !update->second)) {
        seqd_update_clear(context, update);
        return seqd_fail_alloc(context, 2 * count * sizeof(float), error);
    }
    memcpy(update->parts, parts, (size_t)part_count * sizeof *parts);
    update->part_count = part_count;
    return SEQD_OK;
}

void seqd_update_clear(seqd_context *context, seqd_update *update)
{
    seqd_free(context, update->parts);
    seqd_free(context, update->first);
    seqd_free(context, update->second);
    update->parts = NULL;
    update->first = update->second = NULL;
}

seqd_update_step seqd_update_begin(seqd_update *update, float factor)
{
    const float rate = (float)seqd_update_rate(update, update->steps - update->start);
    const double t = (double)++update->steps;
    return (seqd_update_step){factor, rate, (float)(1.0 - pow(update->beta1, t)), (float)(1.0 - pow(update->beta2, t))};
}

static void move(const seqd_kernels *k, const seqd_update *update, const seqd_update_step *step, bool weight,
                 int64_t first, int64_t count, float *g, float *w)
{
    float factor = step->factor;
    float *m = update->first ? update->first + first : NULL, *v = update->second ? update->second + first : NULL;
    if (weight && (update->l1 > 0.0 || update->l2 > 0.0)) {
        k->scale(count, factor, g);
        k->penalty(count, (float)update->l1, (float)update->l2, w, g);
        factor = 1.0f;
    }
    switch (update->rule) {
    case SEQD_RULE_SGD: k->sgd(count, w, g, m, factor, step->rate, (float)update->momentum); return;
    case SEQD_RULE_RMSPROP:
        k->rmsprop(count, w, g, v, NULL, factor, step->rate, (float)update->rho, 0.0f, (float)update->epsilon);
        return;
    case SEQD_RULE_ADAMW:
        k->adamw(count, w, g, m, v, factor, step->rate, (float)update->beta1, (float)update->beta2,
                 (float)update->epsilon, step->correction1, step->correction2, weight ? (float)update->decay : 0.0f);
        return;
    case SEQD_RULE_ADAM: break;
    }
    k->adam(count, w, g, m, v, factor, step->rate, (float)update->beta1, (float)update->beta2, (float)update->epsilon,
            step->correction1, step->correction2);
}

void seqd_update_range(const seqd_kernels *k, const seqd_update *update, const seqd_update_step *step, int64_t first,
                       int64_t count, float *gradient, float *parameters)
{
    const int64_t end = first + count;
    if (update->part_count == 0) move(k, update, step, true, first, count, gradient + first, parameters + first);
    for (int32_t i = 0; i < update->part_count; i++) {
        const seqd_update_part *part = &update->parts[i];
        const int64_t from = part->first > first ? part->first : first;
        const int64_t to = part->first + part->count < end ? part->first + part->count : end;
        if (from < to && !part->frozen)
            move(k, update, step, part->weight, from, to - from, gradient + from, parameters + from);
    }
}

void seqd_update_apply(const seqd_kernels *k, seqd_update *update, float factor, float *gradient, float *parameters)
{
    const seqd_update_step step = seqd_update_begin(update, factor);
    seqd_update_range(k, update, &step, 0, update->count, gradient, parameters);
}

void seqd_update_freeze(const seqd_update *update, float *gradient)
{
    for (int32_t i = 0; i < update->part_count; i++) {
        const seqd_update_part *part = &update->parts[i];
        if (part->frozen) memset(gradient + part->first, 0, (size_t)part->count * sizeof *gradient);
    }
}
