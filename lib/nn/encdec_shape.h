/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_ENCDEC_SHAPE_H
#define SEQD_NN_ENCDEC_SHAPE_H

#include "encdec.h"

/* What follows from the shape of a decoder. */

static inline int32_t seqd_encdec_query(const seqd_encdec_shape *shape) { return shape->hidden[shape->layers - 1]; }

/* Units of a context that is read before the step and is a part of its input; else 0. */
static inline int32_t seqd_encdec_early(const seqd_encdec_shape *shape)
{
    return shape->attention.kind == SEQD_ATTENTION_ADDITIVE ? shape->attention.memory : 0;
}

static inline bool seqd_encdec_combines(const seqd_encdec_shape *shape)
{
    return shape->attention.kind == SEQD_ATTENTION_DOT || shape->attention.kind == SEQD_ATTENTION_GENERAL;
}

/* A context is read after the step. */
static inline bool seqd_encdec_late(const seqd_encdec_shape *shape)
{
    return seqd_encdec_combines(shape) || shape->attention.kind == SEQD_ATTENTION_MULTIHEAD;
}

static inline seqd_driven_shape seqd_encdec_layer(const seqd_encdec_shape *shape, int32_t i)
{
    if (i > 0) return (seqd_driven_shape){shape->cell, shape->hidden[i - 1], 0, 0, shape->hidden[i], 0};
    return (seqd_driven_shape){shape->cell,    shape->told + seqd_encdec_early(shape), shape->known,
                               shape->statics, shape->hidden[0],                      shape->told_grad ? 0 : shape->told};
}

#endif
