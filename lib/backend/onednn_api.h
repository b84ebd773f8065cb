/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_BACKEND_ONEDNN_API_H
#define SEQD_BACKEND_ONEDNN_API_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <oneapi/dnnl/dnnl_version.h>

#include "onednn_guard.h"
#include "recurrent.h"

/*
 * What is the same in oneDNN's C API of 2.x and of 3.x is used as it is; what is not stands behind the functions below,
 * in onednn_v2.c and onednn_v3.c. In 2.x a descriptor of memory is a struct that is passed by address, in 3.x a handle.
 */
#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *const_dnnl_memory_desc_t;
typedef dnnl_rnn_desc_t seqd_onednn_operation; /* 15 KiB, too much for a stack that may be small */
#else
typedef char seqd_onednn_operation; /* not used */
#endif

/* Arrays of a recurrent layer whose descriptors a primitive is made from. */
enum {
    SEQD_ONEDNN_INPUT,           /* [steps][rows][columns] */
    SEQD_ONEDNN_WEIGHT_IH,       /* in the layout that oneDNN likes best */
    SEQD_ONEDNN_WEIGHT_HH,
    SEQD_ONEDNN_BIAS,            /* [blocks][hidden], as onednn_map.h says */
    SEQD_ONEDNN_OUTPUT,          /* [steps][rows][hidden] */
    SEQD_ONEDNN_STATE,           /* [rows][hidden], before the first step; without it the backward pass of 2.6 adds
                                    what is not there to the gradient of weight_hh */
    SEQD_ONEDNN_PLAIN_IH,        /* [gates][columns] */
    SEQD_ONEDNN_PLAIN_HH,        /* [gates][hidden] */
    SEQD_ONEDNN_GRAD_IH,         /* [columns][gates] */
    SEQD_ONEDNN_GRAD_HH,         /* [hidden][gates] */
    SEQD_ONEDNN_DESCRIPTORS
};

typedef struct seqd_onednn_descriptors {
    int32_t count; /* made so far */
    dnnl_memory_desc_t list[SEQD_ONEDNN_DESCRIPTORS];
} seqd_onednn_descriptors;

/* columns: inputs and statics together. */
typedef struct seqd_onednn_layer {
    seqd_cell cell;
    int32_t steps, rows, columns, hidden;
    bool reverse;
} seqd_onednn_layer;

/* All of them run inside seqd_onednn_guard, return a dnnl_status_t, and leave what is half made to the caller. */
int32_t seqd_onednn_describe(const seqd_onednn_layer *layer, seqd_onednn_descriptors *out);
void seqd_onednn_forget(seqd_onednn_descriptors *descriptors);
const_dnnl_memory_desc_t seqd_onednn_descriptor(const seqd_onednn_descriptors *descriptors, int32_t which);

/* kind: dnnl_forward_inference, dnnl_forward_training, or dnnl_backward, which needs the description of the latter. */
int32_t seqd_onednn_describe_cell(dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes,
                                  const seqd_onednn_layer *layer, dnnl_prop_kind_t kind,
                                  const seqd_onednn_descriptors *descriptors,
                                  const_dnnl_primitive_desc_t forward, seqd_onednn_operation *room,
                                  dnnl_primitive_desc_t *out);

/* A shape and a dnnl_format_tag_t of one descriptor, for the two files that make them. */
typedef struct seqd_onednn_form {
    int32_t dimensions;
    dnnl_dims_t sizes;
    dnnl_format_tag_t tag;
} seqd_onednn_form;
void seqd_onednn_forms(const seqd_onednn_layer *layer, seqd_onednn_form out[SEQD_ONEDNN_DESCRIPTORS]);

#endif
