/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_H
#define SEQD_MODEL_H

#include <stdatomic.h>

#include <seqdemand/model.h>

#include "bytes.h"
#include "feature_set.h"
#include "net.h"
#include "options.h"

#define SEQD_CARD_LINES 24

typedef struct seqd_card_line {
    char key[32];
    char value[160];
} seqd_card_line;

/* How the members of an ensemble become one answer, in the order of option combine. */
typedef enum seqd_combine { SEQD_COMBINE_MEAN, SEQD_COMBINE_MEDIAN } seqd_combine;
#define SEQD_MOST_MEMBERS 100

/*
 * One network, or an ensemble: then `members` are set, `features` are those of the first member (not its own), there is
 * no network and there are no parameters, and `dist` is how combined forecasts are described.
 */
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
    seqd_tweedie_law tweedie;    /* of head=tweedie */
    double spread[SEQD_MAX_LEVELS]; /* residuals' quantiles (scaled) of the point heads */
    double path_common, path_fade;
    double threshold;            /* of two classes: probability from which the second is told; else 0 */

    int32_t member_count;        /* 0: a network */
    struct seqd_model **members; /* [member_count], none of them an ensemble */
    seqd_combine combine;

    int32_t card_count;
    seqd_card_line card[SEQD_CARD_LINES];
};

int32_t seqd_model_new(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                       seqd_model **out, seqd_error *error);
/* The same from the weights of a trained one (adapt.h), NULL: none. */
int32_t seqd_model_make(seqd_context *context, const seqd_options *options, const seqd_dataset *dataset,
                        const seqd_model *from, seqd_model **out, seqd_error *error);
/* adapt.c: what seqd_model_adapt does. */
int32_t seqd_model_renew(seqd_model *from, const seqd_options *options, const seqd_dataset *dataset, seqd_model **out,
                         seqd_error *error);
seqd_model *seqd_model_retain(seqd_model *model);
void seqd_model_free(seqd_model *model);

/* Readers may come together, a writer comes alone; SEQD_E_BUSY instead of waiting. */
int32_t seqd_model_begin_read(const seqd_model *model, seqd_error *error);
void seqd_model_end_read(const seqd_model *model);
int32_t seqd_model_begin_write(seqd_model *model, seqd_error *error);
void seqd_model_end_write(seqd_model *model);

/* As seqd_model_attention_shape. */
int32_t seqd_model_map_shape(const seqd_model *model, int32_t *heads, int32_t *horizon, int32_t *context_length,
                             seqd_error *error);

/* resolve.c: replaces automatic settings by what the data ask for. */
int32_t seqd_model_resolve(seqd_options *options, const seqd_dataset *dataset, seqd_error *error);
/* The network's shape from resolved options and features. SEQD_E_OPTION when they exclude each other. */
int32_t seqd_model_configure(const seqd_options *options, const seqd_features *features, seqd_net_config *config,
                             seqd_error *error);
/* configure_head.c: what the target of a dataset looks like, as far as heads care. */
typedef struct seqd_target_facts {
    int64_t observed, zeros, longest;
    bool negative, fractional;
} seqd_target_facts;

/* Puts a head in the place of auto, and refuses one that the data cannot be described with (SEQD_E_DATA). */
int32_t seqd_model_resolve_head(seqd_options *options, const seqd_target_facts *facts, seqd_error *error);
/* SEQD_E_OPTION when options exclude each other. The law of head=tweedie is left to the caller. */
int32_t seqd_model_configure_head(const seqd_options *options, seqd_head *head, seqd_error *error);
/* How forecasts of a head are described, with the floor as resolved. */
void seqd_model_describe_dist(const seqd_options *options, const seqd_features *features, const seqd_head *head,
                              seqd_dist *dist);

/*
 * Plan, distribution and an allocated parameter vector (zero) for options and features already in the model. More than
 * `most` parameters are refused before anything is allocated.
 */
int32_t seqd_model_assemble(seqd_model *model, int64_t most, seqd_error *error);

void seqd_model_card_set(seqd_model *model, const char *key, const char *value);
void seqd_model_card_number(seqd_model *model, const char *key, double value);

/* ensemble.c: `what` cannot be done with an ensemble, only with one of its members. SEQD_E_UNSUPPORTED names it. */
int32_t seqd_model_need_network(const seqd_model *model, const char *what, seqd_error *error);
/* Makes members of a model that has none; SEQD_E_ARG when they do not answer the same question. They are retained. */
int32_t seqd_model_gather(seqd_model *model, seqd_model *const *members, int32_t count, seqd_combine combine,
                          seqd_error *error);
/* A new ensemble of networks and of the members of ensembles, with the options of the first. */
int32_t seqd_model_join(seqd_model *const *models, int32_t count, seqd_combine combine, seqd_model **out,
                        seqd_error *error);

/*
 * model_bytes.c: what is in the file; sections.h: the file around it. *bytes is freed by seqd_free. `parameters` stand
 * in for the model's own, NULL: none do. `extra` adds a section, NULL: none.
 */
typedef struct seqd_extra {
    uint32_t type;
    void (*put)(const void *user, seqd_writer *out);
    const void *user;
} seqd_extra;
int32_t seqd_model_encode(const seqd_model *model, const float *parameters, const seqd_extra *extra,
                          unsigned char **bytes, size_t *size, seqd_error *error);
/* `ensembles`: may the file hold one? */
int32_t seqd_model_decode(seqd_context *context, const unsigned char *bytes, size_t size, bool ensembles,
                          seqd_model **out, seqd_error *error);
/* All options that were set: name and text. */
void seqd_options_put(const seqd_options *options, bool backend, seqd_writer *out);
int32_t seqd_options_get(seqd_options *options, seqd_scanner *in, seqd_error *error);

#endif
