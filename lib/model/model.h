/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_H
#define SEQD_MODEL_H

#include <stdatomic.h>

#include <seqdemand/model.h>

#include "feature_set.h"
#include "net.h"
#include "options.h"

#define SEQD_CARD_LINES 24

typedef struct seqd_card_line {
    char key[32];
    char value[160];
} seqd_card_line;

struct seqd_model {
    atomic_int references;
    seqd_context *context;
    seqd_options *options;       /* as resolved for the data: horizon, context_length and head are never automatic */
    seqd_features features;
    seqd_net net;
    float *parameters;           /* [net.tensors.parameters] */
    atomic_llong epoch;          /* rises whenever parameters change, so that packed copies know they are old */
    atomic_int access;           /* readers; -1 while a trainer writes */
    atomic_int held;             /* 1 while a trainer handle has the model */

    /* Measured after training */
    seqd_dist dist;              /* how forecasts of this model are described */
    double spread[SEQD_MAX_LEVELS]; /* residuals' quantiles (scaled) of the point heads */
    double path_common, path_fade;

    int32_t card_count;
    seqd_card_line card[SEQD_CARD_LINES];
};

int32_t seqd_model_new(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                       seqd_model **out, seqd_error *error);
seqd_model *seqd_model_retain(seqd_model *model);
void seqd_model_free(seqd_model *model);

/* Readers may come together, a writer comes alone; SEQD_E_BUSY instead of waiting. */
int32_t seqd_model_begin_read(const seqd_model *model, seqd_error *error);
void seqd_model_end_read(const seqd_model *model);
int32_t seqd_model_begin_write(seqd_model *model, seqd_error *error);
void seqd_model_end_write(seqd_model *model);

/* resolve.c: replaces automatic settings by what the data ask for. */
int32_t seqd_model_resolve(seqd_options *options, const seqd_dataset *dataset, seqd_error *error);
/* The network's shape from resolved options and features. SEQD_E_OPTION when they exclude each other. */
int32_t seqd_model_configure(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                             seqd_error *error);
/*
 * Plan, distribution and an allocated parameter vector (zero) for options and features already in the model. More than
 * `most` parameters are refused before anything is allocated.
 */
int32_t seqd_model_assemble(seqd_model *model, int64_t most, seqd_error *error);

void seqd_model_card_set(seqd_model *model, const char *key, const char *value);
void seqd_model_card_number(seqd_model *model, const char *key, double value);

/* model_bytes.c: the file format, described there. *bytes is freed by seqd_free. */
int32_t seqd_model_encode(const seqd_model *model, unsigned char **bytes, size_t *size, seqd_error *error);
int32_t seqd_model_decode(seqd_context *context, const unsigned char *bytes, size_t size, seqd_model **out,
                          seqd_error *error);

#endif
