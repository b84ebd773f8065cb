/* SPDX-License-Identifier: Apache-2.0 */
#include "optim.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

int32_t seqd_update_create(seqd_context *context, const seqd_options *options, int64_t count, seqd_update *update,
                           seqd_error *error)
{
    memset(update, 0, sizeof *update);
    update->rule = (seqd_rule)seqd_option_choice(options, SEQD_OPT_OPTIMIZER);
    update->rate = seqd_option_f64(options, SEQD_OPT_LEARNING_RATE);
    update->momentum = seqd_option_f64(options, SEQD_OPT_MOMENTUM);
    update->beta1 = seqd_option_f64(options, SEQD_OPT_BETA1);
    update->beta2 = seqd_option_f64(options, SEQD_OPT_BETA2);
    update->epsilon = seqd_option_f64(options, SEQD_OPT_EPSILON);
    update->schedule = (seqd_schedule)seqd_option_choice(options, SEQD_OPT_SCHEDULE);
    update->warmup = seqd_option_i64(options, SEQD_OPT_WARMUP_STEPS);
    update->total = seqd_option_i64(options, SEQD_OPT_MAX_STEPS);
    update->step_size = seqd_option_i64(options, SEQD_OPT_STEP_SIZE);
    update->gamma = seqd_option_f64(options, SEQD_OPT_STEP_GAMMA);
    update->count = count;
    update->first = seqd_alloc_array(context, (size_t)count, sizeof(float));
    if (update->rule == SEQD_RULE_ADAM) update->second = seqd_alloc_array(context, (size_t)count, sizeof(float));
    if (!update->first || (update->rule == SEQD_RULE_ADAM && !update->second)) {
        seqd_update_clear(context, update);
        return seqd_fail_alloc(context, 2 * (size_t)count * sizeof(float), error);
    }
    return SEQD_OK;
}

void seqd_update_clear(seqd_context *context, seqd_update *update)
{
    seqd_free(context, update->first);
    seqd_free(context, update->second);
    update->first = update->second = NULL;
}

double seqd_update_rate(const seqd_update *update, int64_t n)
{
    if (n < update->warmup) return update->rate * (double)(n + 1) / (double)update->warmup;
    switch (update->schedule) {
    case SEQD_SCHEDULE_COSINE: {
        if (update->total == 0) break; /* its end is not known yet */
        const double length = (double)(update->total - update->warmup);
        double done = length > 0.0 ? (double)(n - update->warmup) / length : 1.0;
        if (done > 1.0) done = 1.0;
        return update->rate * 0.5 * (1.0 + cos(3.14159265358979323846 * done));
    }
    case SEQD_SCHEDULE_STEP:
        return update->rate * pow(update->gamma, (double)((n - update->warmup) / update->step_size));
    case SEQD_SCHEDULE_CONSTANT: break;
    }
    return update->rate;
}

seqd_update_step seqd_update_begin(seqd_update *update, float factor)
{
    const float rate = (float)seqd_update_rate(update, update->steps - update->start);
    const double t = (double)++update->steps;
    return (seqd_update_step){factor, rate, (float)(1.0 - pow(update->beta1, t)), (float)(1.0 - pow(update->beta2, t))};
}

void seqd_update_range(const seqd_kernels *k, const seqd_update *update, const seqd_update_step *step, int64_t first,
                       int64_t count, const float *gradient, float *parameters)
{
    if (update->rule == SEQD_RULE_SGD)
        k->sgd(count, parameters + first, gradient + first, update->first + first, step->factor, step->rate,
               (float)update->momentum);
    else
        k->adam(count, parameters + first, gradient + first, update->first + first, update->second + first,
                step->factor, step->rate, (float)update->beta1, (float)update->beta2, (float)update->epsilon,
                step->correction1, step->correction2);
}

void seqd_update_apply(const seqd_kernels *k, seqd_update *update, float factor, const float *gradient,
                       float *parameters)
{
    const seqd_update_step step = seqd_update_begin(update, factor);
    seqd_update_range(k, update, &step, 0, update->count, gradient, parameters);
}
