/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_NN_ANSWER_H
#define SEQD_NN_ANSWER_H

#include <stdbool.h>

#include "alloc.h"
#include "head.h"

/*
 * What the numbers o[width] of one answer to a sequence mean, and how they are judged. An event may ask for several
 * answers (the next `answers` events), o[answers][width].
 *
 *   classes       o are logits; loss sum_c t[c] (log sum exp o - o[c]), t[c] = w[c] ((1 - smoothing) [c = label] +
 *                 smoothing / classes) with class weights w, ones where there are none: torch's cross entropy before
 *                 its division by the weights
 *   binary        two classes by one number, the log odds of the second: what classes would be for the logits 0, o
 *   a number      a head of head.h, for y = mean + deviation * label with loc = mean and scale = deviation. Heads of
 *                 counts come with mean = 0
 */
typedef struct seqd_answer {
    int32_t answers;
    int32_t width;
    int32_t classes;       /* 0: a number */
    bool binary;
    double smoothing;
    double mean, deviation; /* of a number */
} seqd_answer;

/* Arrays for `rows` events at one time. */
typedef struct seqd_answer_work {
    int32_t *classes;      /* [rows * answers] */
    float *weight;         /* [rows * answers] */
    float *y;              /* a number: [rows] */
    float *loc, *scale;    /* [rows] */
    float *pairs;          /* binary: [rows][2] */
    float *scratch;
} seqd_answer_work;

/* `head` is read for a number only. */
void seqd_answer_place(const seqd_answer *answer, const seqd_head *head, int64_t rows, seqd_arena *arena,
                       seqd_answer_work *work);
/*
 * out[rows][answers][width] comes in as o and goes out as factor * d(sum weight * loss) / do; label[rows][answers],
 * where NaN or a class below 0 counts as weight 0; weight[rows]; class_weight[classes] or NULL. Returns the weighted
 * sum of losses.
 */
double seqd_answer_loss(const seqd_kernels *k, const seqd_answer *answer, const seqd_head *head, int64_t rows,
                        float *out, const float *label, const float *weight, const float *class_weight, float factor,
                        seqd_answer_work *work);
/* Start values of the output's bias. */
void seqd_answer_init_bias(const seqd_answer *answer, const seqd_head *head, float *bias);

#endif
