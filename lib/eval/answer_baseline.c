/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "answers.h"
#include "alloc.h"
#include "context.h"
#include "events.h"
#include "options.h"
#include "status.h"
#include "text.h"
#include "sum.h"

/* Labels of the training data: how often each class occurs, or their sum. */
typedef struct label_sums {
    int64_t count;
    double *classes; /* [classes + 1] */
    seqd_sum sum;
} label_sums;

static void gather(const seqd_dataset *train, label_sums *sums)
{
    const int32_t classes = train->events->classes.count;
    for (int64_t s = 0; s < train->series_count; s++)
        for (int64_t i = 0; i < train->series[s].length; i++) {
            const float label = seqd_events_label(train, s, i);
            if (!(label == label)) continue;
            sums->count++;
            if (label >= 0.0f && (int32_t)label < classes) sums->classes[(int32_t)label] += 1.0;
            seqd_sum_add(&sums->sum, (double)label);
        }
}

/* The class of `train` by the name that class `label` has in the other dataset, or -1. */
static float class_in(const seqd_dictionary *classes, const seqd_dictionary *own, float label)
{
    const char *name = own->names[(int32_t)label];
    for (int32_t c = 0; c < classes->count; c++)
        if (strcmp(classes->names[c], name) == 0) return (float)c;
    return -1.0f;
}

static void fill(const seqd_dataset *train, const seqd_dataset *dataset, seqd_asked which, const label_sums *sums,
                 char *room, seqd_prediction *p)
{
    const seqd_dictionary *classes = &train->events->classes;
    int64_t row = 0;
    for (int32_t c = 0; c < p->classes; c++) p->names[c] = seqd_put_down(classes->names[c], &room);
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const char *id = NULL;
        for (int64_t i = seqd_events_asked(dataset, s, which, p->answers, -1); i >= 0;
             i = seqd_events_asked(dataset, s, which, p->answers, i)) {
            if (!id) id = seqd_put_down(dataset->series[s].id, &room);
            p->ids[row] = id;
            p->series[row] = s;
            p->event[row] = i;
            for (int32_t a = 0; a < p->answers; a++) {
                float *scores = p->scores + (row * p->answers + a) * p->width;
                const float label = seqd_events_label(dataset, s, i + a);
                for (int32_t c = 0; c < p->classes; c++) scores[c] = (float)(sums->classes[c] / (double)sums->count);
                if (p->classes == 0) scores[0] = (float)(seqd_sum_value(&sums->sum) / (double)sums->count);
                p->label[row * p->answers + a] = p->classes > 0 && label == label
                                                     ? class_in(classes, &dataset->events->classes, label)
                                                     : label;
            }
            row++;
        }
    }
}

int32_t seqd_baseline_judge(const seqd_dataset *train, const seqd_dataset *dataset, int32_t which,
                            seqd_prediction **out, seqd_error *error)
{
    if (which < SEQD_ANSWER_END || which > SEQD_ANSWER_EVERY)
        return seqd_fail(error, SEQD_E_ARG, "which is %d, must be SEQD_ANSWER_END, _LABELLED or _EVERY", (int)which);
    if (!train->events || !dataset->events)
        return seqd_fail(error, SEQD_E_DATA, "the data hold demand, not events (option task)");
    if (train->events->task != dataset->events->task || train->events->label_kind != dataset->events->label_kind)
        return seqd_fail(error, SEQD_E_DATA, "the two datasets were read with another task or label");
    const bool classify = train->events->task == SEQD_TASK_CLASSIFY;
    const int32_t classes = classify ? train->events->classes.count : 0;
    const int64_t horizon = seqd_option_i64(dataset->options, SEQD_OPT_HORIZON);
    const bool next = classify && dataset->events->label_kind == SEQD_LABEL_NEXT_EVENT;
    const int32_t answers = next && horizon > 1 ? (int32_t)horizon : 1;
    const size_t bytes = ((size_t)classes + 1) * sizeof(double);
    label_sums sums = {.classes = seqd_alloc_zero(train->context, bytes)};
    if (!sums.classes) return seqd_fail_alloc(train->context, bytes, error);
    gather(train, &sums);
    const int64_t count = seqd_events_count_asked(dataset, (seqd_asked)which, answers);
    char *room;
    seqd_prediction *p = NULL;
    int32_t status = sums.count > 0 ? SEQD_OK : seqd_fail(error, SEQD_E_DATA, "the data to learn from have no label");
    if (status == SEQD_OK)
        status = seqd_prediction_new(train->context, count, answers, classes,
                                     seqd_events_text_size(&train->events->classes, dataset), &p, &room, error);
    if (status == SEQD_OK) {
        p->threshold = classes == 2 ? 0.5 : 0.0;
        fill(train, dataset, (seqd_asked)which, &sums, room, p);
        *out = p;
    }
    seqd_free(train->context, sums.classes);
    return status;
}
