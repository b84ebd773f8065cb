/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_INFER_EXPLAIN_H
#define SEQD_INFER_EXPLAIN_H

#include <seqdemand/explain.h>

#include "model.h"

/*
 * Features as people know them, and where they are in what a network reads: columns first .. first + count - 1 of each
 * step, the embeddings of tokens behind the numbers. A feature without such columns (static) has a count of 0.
 */
typedef struct seqd_feature_group {
    char name[64];
    const char *kind;
    int32_t first, count;
    int32_t column;       /* number among its kind */
} seqd_feature_group;

#define SEQD_MOST_GROUPS 320

/* Writes up to SEQD_MOST_GROUPS; `fine`: each lag on its own, no statics. Returns how many. */
int32_t seqd_feature_groups(const seqd_model *model, bool fine, seqd_feature_group *groups);

struct seqd_importance {
    seqd_context *context;
    double loss;
    int64_t windows;
    int32_t count;
    seqd_feature_group *groups;  /* [count] */
    double *rise, *deviation;    /* [count] */
};
int32_t seqd_importance_new(seqd_model *model, const seqd_dataset *dataset, int32_t repeats, uint64_t seed,
                            seqd_importance **out, seqd_error *error);
void seqd_importance_free(seqd_importance *importance);

struct seqd_attribution {
    seqd_context *context;
    seqd_attribution_summary summary;
    int32_t steps, count;
    int64_t first_step;
    seqd_feature_group *groups;  /* [count] */
    double *values;              /* [count][steps] */
};
int32_t seqd_attribution_new(seqd_model *model, const seqd_dataset *dataset, int64_t series, int32_t output,
                             int32_t points, seqd_attribution **out, seqd_error *error);
void seqd_attribution_free(seqd_attribution *attribution);

#endif
