/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_TENSORS_H
#define SEQD_NN_TENSORS_H

#include <stdint.h>

#include <seqdemand/base.h>

/*
 * The flat vector of a network's parameters as a table of named tensors, row-major and one behind the other. Modules
 * declare theirs in order; a gradient has the same layout.
 */
#define SEQD_MAX_TENSORS 256

/* What a tensor starts with. `fan` is the module's. */
typedef enum seqd_init {
    SEQD_INIT_ZERO,
    SEQD_INIT_ONE,
    SEQD_INIT_UNIFORM,    /* uniform in +-1/sqrt(fan) */
    SEQD_INIT_LSTM_BIAS,  /* the same, with 1 added to the forget gate's quarter, the second (Gers et al. 2000) */
    SEQD_INIT_EMBEDDING   /* normal with deviation 0.1 */
} seqd_init;

typedef struct seqd_tensor {
    char name[48];
    int64_t offset;
    int64_t shape[2];     /* [1] is 1 for rank 1 */
    int32_t rank;
    seqd_init init;
    int64_t fan;
} seqd_tensor;

typedef struct seqd_tensors {
    int32_t count;
    int64_t parameters;   /* floats of the whole vector */
    seqd_tensor at[SEQD_MAX_TENSORS];
} seqd_tensors;

/* A name is prefix + index + suffix; an index below 0 is left out. */
typedef struct seqd_tensor_name {
    const char *prefix;
    int32_t index;
    const char *suffix;
} seqd_tensor_name;

/* Errors: SEQD_E_LIMIT when a size overflows or there are more tensors than the table holds. */
int32_t seqd_tensors_matrix(seqd_tensors *tensors, seqd_tensor_name name, int64_t rows, int64_t columns, seqd_init init,
                            int64_t fan, seqd_error *error);
int32_t seqd_tensors_vector(seqd_tensors *tensors, seqd_tensor_name name, int64_t count, seqd_init init, int64_t fan,
                            seqd_error *error);

/* Start values of all tensors from a seed; each has random numbers of its own. */
void seqd_tensors_init(const seqd_tensors *tensors, uint64_t seed, float *vector);
/* Position by name, or -1. */
int32_t seqd_tensors_find(const seqd_tensors *tensors, const char *name);

#endif
