/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_OPTIM_H
#define SEQD_OPTIM_H

#include <stdbool.h>

#include "context.h"
#include "kernels.h"
#include "options.h"

/* Update rules on flat vectors; formulas in <seqdemand/optimizer.h>. Both lists in the order of their option. */
typedef enum seqd_rule { SEQD_RULE_ADAM, SEQD_RULE_SGD, SEQD_RULE_ADAMW, SEQD_RULE_RMSPROP } seqd_rule;
typedef enum seqd_schedule {
    SEQD_SCHEDULE_CONSTANT,
    SEQD_SCHEDULE_COSINE,
    SEQD_SCHEDULE_STEP,
    SEQD_SCHEDULE_PLATEAU
} seqd_schedule;

/* A stretch of the parameter vector: one tensor. */
typedef struct seqd_update_part {
    int64_t first, count;
    bool weight; /* of rank 2: decay and penalties are for these */
    bool frozen; /* keeps its bits */
} seqd_update_part;

typedef struct seqd_update {
    seqd_rule rule;
    double rate, momentum, beta1, beta2, epsilon;
    double rho, decay;   /* of rmsprop, of adamw */
    double l1, l2;
    seqd_schedule schedule;
    int64_t warmup, total, step_size;
    double gamma;        /* factor of a cut: of step and of plateau */
    int64_t patience;    /* of plateau */
    int64_t steps;       /* taken */
    int64_t start;       /* of these, before the course of the rate began: each run has a course of its own */
    int64_t cuts, waited; /* of plateau: cuts so far, rounds since the last improvement or cut */
    double best;         /* of plateau: lowest value seen; HUGE_VAL before the first */
    int64_t count;       /* parameters */
    int32_t part_count;  /* 0: the whole vector is one part, of weights */
    seqd_update_part *parts; /* in rising order, side by side, from 0 to count */
    float *first;        /* momentum, or Adam's m; NULL for rmsprop */
    float *second;       /* Adam's and rmsprop's v, NULL for sgd */
} seqd_update;

/* Settings from options; memory for the moments (zero). `parts` are copied. SEQD_E_OPTION: a setting without effect. */
int32_t seqd_update_create(seqd_context *context, const seqd_options *options, const seqd_update_part *parts,
                           int32_t part_count, seqd_update *update, seqd_error *error);
void seqd_update_clear(seqd_context *context, seqd_update *update);

/*
 * schedule.c. The learning rate of step n (from 0): linear rise over `warmup` steps, then constant, half a cosine down
 * to 0 at `total` (Loshchilov & Hutter 2017), a cut by gamma every step_size steps, or a cut by gamma whenever
 * seqd_update_observe made one.
 */
double seqd_update_rate(const seqd_update *update, int64_t n);
/* A new run: the course of the rate begins anew. */
void seqd_update_restart(seqd_update *update);
/*
 * schedule=plateau is told the value of a validation round: a cut once more than `patience` rounds in a row did not
 * bring the lowest value so far (torch.optim.lr_scheduler.ReduceLROnPlateau with threshold 0). Others ignore it.
 */
void seqd_update_observe(seqd_update *update, double value);

/*
 * One step, gradient read as factor * gradient. It may be taken in parts by several threads: seqd_update_begin counts
 * it and says how it goes, seqd_update_range moves parameters first .. first + count - 1 (the gradient is scratch
 * afterwards). The parts make no difference.
 */
typedef struct seqd_update_step {
    float factor, rate;
    float correction1, correction2; /* of Adam: 1 - beta^t */
} seqd_update_step;

seqd_update_step seqd_update_begin(seqd_update *update, float factor);
void seqd_update_range(const seqd_kernels *k, const seqd_update *update, const seqd_update_step *step, int64_t first,
                       int64_t count, float *gradient, float *parameters);
void seqd_update_apply(const seqd_kernels *k, seqd_update *update, float factor, float *gradient, float *parameters);
/* Zeros the gradient of frozen parts, so that they do not count in its norm. */
void seqd_update_freeze(const seqd_update *update, float *gradient);

/*
 * average.c. The moving average of the weights that option ema_decay asks for: after step t (from 1)
 *   a <- d a + (1 - d) w,  d = min(ema_decay, t / (t + 10))
 * from a = w at the start: the short memory of the first steps lets go of the start values (a warm start; nothing is
 * divided by a correction).
 */
typedef struct seqd_average {
    double decay;    /* 0: there is none */
    int64_t steps;   /* taken in since it was started */
    float *values;   /* [count], NULL without decay */
} seqd_average;

int32_t seqd_average_create(seqd_context *context, const seqd_options *options, int64_t count, seqd_average *average,
                            seqd_error *error);
void seqd_average_clear(seqd_context *context, seqd_average *average);
void seqd_average_start(seqd_average *average, int64_t count, const float *parameters);
/* Counts a step and tells its d; _range takes in a range. Parts of `update` that are frozen keep their bits. */
float seqd_average_begin(seqd_average *average);
void seqd_average_range(const seqd_kernels *k, const seqd_average *average, const seqd_update *update, float decay,
                        int64_t first, int64_t count, const float *parameters);

#endif
