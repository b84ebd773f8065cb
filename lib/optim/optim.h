/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_OPTIM_H
#define SEQD_OPTIM_H

#include "context.h"
#include "kernels.h"
#include "options.h"

/* Update rules on flat vectors; formulas in <seqdemand/optimizer.h>. */
typedef enum seqd_rule { SEQD_RULE_ADAM, SEQD_RULE_SGD } seqd_rule;
typedef enum seqd_schedule { SEQD_SCHEDULE_CONSTANT, SEQD_SCHEDULE_COSINE, SEQD_SCHEDULE_STEP } seqd_schedule;

typedef struct seqd_update {
    seqd_rule rule;
    double rate, momentum, beta1, beta2, epsilon;
    seqd_schedule schedule;
    int64_t warmup, total, step_size;
    double gamma;
    int64_t steps;       /* taken */
    int64_t start;       /* of these, before the course of the rate began: each run has a course of its own */
    int64_t count;       /* parameters */
    float *first;        /* momentum, or Adam's m */
    float *second;       /* Adam's v, NULL for sgd */
} seqd_update;

/* Settings from options; memory for the moments (zero). */
int32_t seqd_update_create(seqd_context *context, const seqd_options *options, int64_t count, seqd_update *update,
                           seqd_error *error);
void seqd_update_clear(seqd_context *context, seqd_update *update);

/*
 * The learning rate of step n (from 0): linear rise over `warmup` steps, then constant, half a cosine down to 0 at
 * `total` (Loshchilov & Hutter 2017), or a cut by gamma every step_size steps.
 */
double seqd_update_rate(const seqd_update *update, int64_t n);

/*
 * One step, gradient read as factor * gradient. It may be taken in parts by several threads: seqd_update_begin counts
 * it and says how it goes, seqd_update_range moves parameters first .. first + count - 1. The parts make no difference.
 */
typedef struct seqd_update_step {
    float factor, rate;
    float correction1, correction2; /* of Adam: 1 - beta^t */
} seqd_update_step;

seqd_update_step seqd_update_begin(seqd_update *update, float factor);
void seqd_update_range(const seqd_kernels *k, const seqd_update *update, const seqd_update_step *step, int64_t first,
                       int64_t count, const float *gradient, float *parameters);
void seqd_update_apply(const seqd_kernels *k, seqd_update *update, float factor, const float *gradient,
                       float *parameters);

#endif
