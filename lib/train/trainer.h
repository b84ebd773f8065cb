/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TRAIN_TRAINER_H
#define SEQD_TRAIN_TRAINER_H

#include <stdatomic.h>

#include <seqdemand/trainer.h>

#include "augment.h"
#include "model.h"
#include "optim.h"
#include "parallel.h"

struct seqd_optimizer {
    atomic_int references;
    seqd_context *context;
    seqd_model *model;
    seqd_options *options;       /* a copy of those it was made with */
    seqd_update update;
};

/* What the sampler is to go by. */
typedef struct seqd_sampling {
    int64_t val_size;          /* panel: option val_size */
    double val_fraction;       /* events: options val_fraction and split */
    seqd_split split;
    uint64_t seed;
    /*
     * 0: the network answers after every step of a window. Panel: windows of a series end context_length steps apart;
     * events: windows overlap so that each event is answered once. Above 0, for networks that answer after a window's
     * last step alone: windows of a panel end so many steps apart, each labelled event has a window of its own, and
     * windows have last_fork_only set.
     */
    int32_t stride;
} seqd_sampling;

/* sampler.c: which windows a training step sees. */
typedef struct seqd_sampler {
    seqd_context *context;
    int64_t count;             /* series that give examples */
    int64_t left_out;
    int64_t *series;           /* [count] */
    int64_t *cumulative;       /* [count + 1] windows of one pass over the data, summed up */
    int64_t windows;           /* of one pass */
    int64_t validation_count;
    seqd_window *validation;   /* [validation_count] */
    const seqd_dataset *dataset;
    int32_t context_length, horizon;
    int64_t val_size;
    uint64_t seed;
    int32_t stride, last_only;
    /* events: parts of the dataset, whose `series` these are; windows name sequences of the dataset itself */
    seqd_dataset *train_part, *validation_part;
    bool each;                 /* a window for each labelled event */
} seqd_sampler;

int32_t seqd_sampler_create(seqd_context *context, const seqd_features *features, seqd_dataset *dataset,
                            const seqd_sampling *sampling, seqd_sampler *sampler, seqd_error *error);
void seqd_sampler_clear(seqd_sampler *sampler);
/* event_sampler.c: the same where the dataset holds events; window `at` of a pass, in no order. */
int32_t seqd_event_sampler_create(seqd_context *context, const seqd_features *features, seqd_dataset *dataset,
                                  const seqd_sampling *sampling, seqd_sampler *sampler, seqd_error *error);
seqd_window seqd_event_sampler_window(const seqd_sampler *sampler, int64_t at);
/* The n-th window of the run: passes follow each other, each in an order and with offsets of its own. */
seqd_window seqd_sampler_window(const seqd_sampler *sampler, int64_t n);

/* shards.c: a list of windows through the network on all threads. */
typedef double (*seqd_judge_fn)(void *user, int32_t lane, const seqd_shard *shard, double *weight);
typedef struct seqd_shard_runner {
    seqd_context *context;
    const seqd_kernels *kernels;
    seqd_model *model;
    const seqd_binding *binding;
    seqd_augment augment;        /* of training windows */
    seqd_net_run *net;
    int32_t threads;             /* lanes of the network; the size of teams */
    int32_t shard_count;         /* most shards at one time */
    seqd_window *drawn;          /* [shard_count * SEQD_SHARD_ROWS] */
    seqd_shard *shards;          /* [shard_count] filled before the pass, so that the weight of a batch is known */
    float **grads;               /* [shard_count] */
    double *losses;              /* [shard_count] */
    void *memory;

    /* of the pass under way */
    const seqd_sampler *sampler; /* NULL: windows are given */
    int64_t first_draw;
    const seqd_window *windows;
    int64_t window_count;
    float factor;
    uint64_t dropout_key;
    seqd_judge_fn judge;
    void *judge_user;
    double *weights;             /* [shard_count] that the judge counted */
} seqd_shard_runner;

/* For up to `shards` shards at one time and teams of up to `threads`. */
int32_t seqd_runner_create(seqd_context *context, seqd_model *model, const seqd_backend *backend,
                           const seqd_binding *binding, int32_t shards, int32_t threads, seqd_shard_runner *runner,
                           seqd_error *error);
void seqd_runner_clear(seqd_shard_runner *runner);
/*
 * Mean loss of the windows first .. first + count - 1 of a run, and its gradient (in grads[0]); *weight takes the
 * number of targets, and 0 leaves the gradient zero. The team's caller calls it (NULL: one thread).
 */
double seqd_runner_gradient(seqd_shard_runner *runner, seqd_team *team, const seqd_sampler *sampler, int64_t first,
                            int64_t count, uint64_t dropout_key, double *weight);
/* Parameters by one optimizer step along factor * grads[0], and their moving average if there is one. */
void seqd_runner_update(seqd_shard_runner *runner, seqd_team *team, seqd_update *update, seqd_average *average,
                        float factor);
/*
 * Sum over any number of windows of what `judge` says of a shard, and of the weights it counted; NULL: the loss, and
 * the number of targets. No gradient. `parameters` are laid out as the model's.
 */
double seqd_runner_evaluate(seqd_shard_runner *runner, const float *parameters, const seqd_window *windows,
                            int64_t count, seqd_judge_fn judge, void *user, double *weight);

/* monitor.c: the figure of the validation part that decides (option monitor). Lower is better. */
typedef struct seqd_monitor {
    bool mae;
    void *memory;                /* of the lanes below, NULL without mae */
    float **out, **parameters, **scratch; /* [threads] */
} seqd_monitor;

/*
 * Where a run of seqd_trainer_fit is: everything its loop goes by, so that one that was interrupted can go on. NaN where
 * nothing was measured yet.
 */
typedef struct seqd_run {
    bool under_way;              /* begun and not ended; it may have been stopped */
    bool enough;                 /* patience is used up */
    bool ended;                  /* by itself; the model holds its weights, and nothing was trained since */
    int32_t epoch;               /* validation rounds so far */
    int64_t first_step;          /* steps of the optimizer when it began */
    int64_t step;                /* steps of this run */
    int64_t round_steps, unimproved;
    int64_t best_step;           /* of the optimizer, whose weights are kept */
    int64_t windows;             /* seen by the trainer so far */
    double round_loss;           /* sum over the steps of this round */
    double train_loss, validation_loss, best_loss;
} seqd_run;

/* Which weights the model holds, and where those are with which training goes on. */
typedef enum seqd_raw {
    SEQD_RAW_MODEL,  /* the model holds them */
    SEQD_RAW_STEPS,  /* the model holds their average; they are in `raw` */
    SEQD_RAW_PAUSED  /* the model holds the best ones so far; those of the run that was stopped are in `raw` */
} seqd_raw;

struct seqd_trainer {
    atomic_int references;
    seqd_context *context;
    seqd_model *model;
    seqd_dataset *dataset;
    seqd_options *options;       /* a copy of those it was made with */
    seqd_optimizer *optimizer;
    seqd_backend backend;
    seqd_binding binding;
    seqd_sampler sampler;
    seqd_shard_runner runner;
    seqd_average average;
    float *best;                 /* parameters of the best round so far */
    float *raw;                  /* see seqd_raw */
    seqd_raw raw_is;
    int64_t raw_epoch;           /* of the model when `raw` was left: later changes of the model win */
    bool computing;              /* within fit: the model holds the raw weights */
    bool resumed;                /* the next fit goes on with `run` */
    seqd_monitor monitor;
    int64_t batch_size, max_steps, val_every, patience;
    double clip;
    double *class_counts;        /* class_weight=balanced: [classes], as training draws them; else NULL */
    float *class_weights;        /* that many over what would be even */
    int64_t drawn;               /* windows drawn so far */
    seqd_run run;
    const char *task;            /* what progress reports call this run; NULL: "train <model>" */
    seqd_training_summary summary;
};

int32_t seqd_optimizer_new(seqd_model *model, const seqd_options *options, seqd_optimizer **out, seqd_error *error);
void seqd_optimizer_free(seqd_optimizer *optimizer);
/* SEQD_E_OPTION for an option of training without effect on the model (option_scope.h). */
int32_t seqd_trainer_refuse_idle(const seqd_model *model, const seqd_options *options, seqd_error *error);
int32_t seqd_trainer_new(seqd_model *model, seqd_dataset *dataset, const seqd_options *options,
                         seqd_optimizer *optimizer, seqd_trainer **out, seqd_error *error);
void seqd_trainer_free(seqd_trainer *trainer);
/* fit.c */
int32_t seqd_trainer_fit(seqd_trainer *trainer, seqd_error *error);
int32_t seqd_trainer_steps(seqd_trainer *trainer, int64_t steps, double *loss, seqd_error *error);

/* task.c: weights of classes by option class_weight; the threshold of two classes by option or validation part. */
int32_t seqd_trainer_weigh_classes(seqd_trainer *trainer, seqd_error *error);
int32_t seqd_trainer_choose_threshold(seqd_trainer *trainer, seqd_error *error);

int32_t seqd_monitor_create(seqd_trainer *trainer, seqd_error *error);
/* Of these parameters; NaN when the validation part has no target. */
double seqd_monitor_value(seqd_trainer *trainer, const float *parameters);

/*
 * ensemble.c: trains as many networks as options ensemble_size and ensemble_models ask for, and joins them; one network
 * where they ask for one. SEQD_STOPPED may come with a model: of the members so far. `summary` is filled when one is.
 */
int32_t seqd_ensemble_fit(seqd_context *context, const seqd_options *options, seqd_dataset *dataset, const char *task,
                          seqd_model **out, seqd_training_summary *summary, seqd_error *error);
/* Do the options ask for several networks? */
bool seqd_ensemble_asked(const seqd_options *options);

/* checkpoint.c: the bytes of a checkpoint, described there, freed by seqd_free; from within a run's callback, too. */
int32_t seqd_trainer_encode(const seqd_trainer *trainer, unsigned char **bytes, size_t *size, seqd_error *error);
/*
 * A trainer from them, and its model. With `renewed` a run of its own begins, on other data and by the options
 * `update` (NULL: those of the checkpoint), with the weights and moments of the checkpoint.
 */
int32_t seqd_trainer_decode(seqd_context *context, const unsigned char *bytes, size_t size, seqd_dataset *dataset,
                            const seqd_options *update, bool renewed, seqd_trainer **out, seqd_model **out_model,
                            seqd_error *error);

/* calibrate.c: residuals and the dependence between steps, from the validation windows (or the last ones without). */
int32_t seqd_trainer_calibrate(seqd_trainer *trainer, seqd_error *error);

#endif
