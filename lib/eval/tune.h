/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_EVAL_TUNE_H
#define SEQD_EVAL_TUNE_H

#include <stdbool.h>

#include <seqdemand/tuner.h>

#include "options.h"
#include "rng.h"
#include "text.h"

#define SEQD_TUNE_RANGES 32
#define SEQD_TUNE_METRICS 8
#define SEQD_TUNE_ROUNDS 16

/* What a value is drawn from: words, or numbers from low to high. */
typedef struct seqd_tune_range {
    seqd_option_id id;
    char *text;          /* as it was given */
    char **words;        /* [word_count] as the option has them; NULL: numbers */
    int32_t word_count;
    bool whole, log;
    double low, high, step; /* step 0: every number in between */
} seqd_tune_range;

/*
 * tune_range.c. `range` is written on success, to be cleared; `options` are those of the search. Errors: SEQD_E_OPTION,
 * SEQD_E_NOMEM.
 */
int32_t seqd_tune_range_parse(const seqd_options *options, const char *option, const char *text,
                              seqd_tune_range *range, seqd_error *error);
void seqd_tune_range_clear(seqd_context *context, seqd_tune_range *range);
/* The value drawn: a word of the range, or a number written into `number`. Takes one number from `rng`. */
const char *seqd_tune_range_draw(const seqd_tune_range *range, seqd_rng *rng, char number[SEQD_NUMBER_SIZE]);

/* A trial in one round. */
typedef struct seqd_tune_result {
    bool done;
    int32_t status;
    double values[SEQD_TUNE_METRICS];
    char *message;       /* NULL: none */
} seqd_tune_result;

/* Measures of a task, in the order in which a judge answers them. */
typedef struct seqd_tune_measures {
    int32_t count, standard; /* `standard` is metric=auto */
    const char *names[SEQD_TUNE_METRICS];
    bool more_is_better[SEQD_TUNE_METRICS];
} seqd_tune_measures;
const seqd_tune_measures *seqd_tune_measures_of(const seqd_options *options);

/*
 * Trains what `options` ask for on parts of the dataset and measures it on the rest; given by the caller, because
 * evaluation sees forecasts only. `task` is "tune 3/20", for progress. Writes as many values as the task has measures.
 */
typedef int32_t (*seqd_tune_judge_fn)(void *user, seqd_dataset *dataset, const seqd_options *options, const char *task,
                                 double *values, seqd_error *error);

struct seqd_tuner {
    seqd_context *context;
    seqd_options *options;
    int32_t range_count;
    seqd_tune_range ranges[SEQD_TUNE_RANGES];

    /* from here on after seqd_tune_begin */
    bool begun;
    const seqd_tune_measures *measures;
    int32_t metric;          /* which of them decides */
    int32_t trials, rounds;
    int32_t room[SEQD_TUNE_ROUNDS];   /* trials of each round, at most */
    int64_t steps[SEQD_TUNE_ROUNDS];  /* of training; 0: as the options say */
    bool epochs;             /* `steps` are epochs */
    char **values;           /* [trials][range_count] */
    seqd_tune_result *results; /* [trials][rounds] */
    int32_t *order;          /* [trials] by place, as of the last step */
    int32_t *entrants;       /* [trials] scratch */
    char *path;              /* of the state, or NULL */
    char search[24];         /* marks the lines of the state as of this search */
};

int32_t seqd_tune_new(const seqd_options *options, seqd_tuner **out, seqd_error *error);
void seqd_tune_free(seqd_tuner *tuner);
int32_t seqd_tune_add(seqd_tuner *tuner, const char *option, const char *text, seqd_error *error);
/* Checks, draws the trials. Once. */
int32_t seqd_tune_begin(seqd_tuner *tuner, seqd_error *error);
int32_t seqd_tune_next(seqd_tuner *tuner, seqd_dataset *dataset, seqd_tune_judge_fn judge, void *user, int32_t *trial,
                       seqd_error *error);
int32_t seqd_tune_options(const seqd_tuner *tuner, int32_t trial, int32_t round, seqd_options **out,
                          seqd_error *error);
/* Steps of the search that are done, and of all of them. */
int32_t seqd_tune_done(const seqd_tuner *tuner);
int32_t seqd_tune_total(const seqd_tuner *tuner);
/* Last round a trial was judged in, -1: none. */
int32_t seqd_tune_last_round(const seqd_tuner *tuner, int32_t trial);
/* tune_order.c: places anew; which trials enter a round that all before it are done for. */
void seqd_tune_rank(seqd_tuner *tuner);
int32_t seqd_tune_entrants(seqd_tuner *tuner, int32_t round);

static inline seqd_tune_result *seqd_tune_result_of(const seqd_tuner *tuner, int32_t trial, int32_t round)
{
    return &tuner->results[(int64_t)trial * tuner->rounds + round];
}

static inline const char *seqd_tune_value(const seqd_tuner *tuner, int32_t trial, int32_t range)
{
    return tuner->values[(int64_t)trial * tuner->range_count + range];
}

/* tune_state.c: takes over what the file holds, if there is one; writes it. */
int32_t seqd_tune_state_open(seqd_tuner *tuner, const seqd_dataset *dataset, const char *path, seqd_error *error);
int32_t seqd_tune_state_write(const seqd_tuner *tuner, seqd_error *error);

#endif
