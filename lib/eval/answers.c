/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "ranks.h"
#include "status.h"
#include "sum.h"

static double ratio(double part, double whole) { return whole > 0.0 ? part / whole : (double)NAN; }

static int32_t label_at(const seqd_prediction *p, int64_t i)
{
    return p->label[i] >= 0.0f ? (int32_t)p->label[i] : -1; /* NaN compares false */
}

static void measure_class(const seqd_prediction *p, int32_t index, seqd_ranked *ranked, seqd_class_metrics *m)
{
    int64_t compared = 0;
    memset(m, 0, sizeof *m);
    m->struct_size = (uint32_t)sizeof *m;
    for (int64_t i = 0; i < p->count * p->answers; i++) {
        const int32_t label = label_at(p, i);
        if (label < 0) continue;
        const float *scores = p->scores + i * p->width;
        const bool told = seqd_prediction_told(p, scores) == index;
        ranked[compared++] = (seqd_ranked){scores[index], label == index};
        m->count += label == index;
        m->told += told;
        m->right += told && label == index;
    }
    m->precision = m->told > 0 ? (double)m->right / (double)m->told : compared > 0 ? 0.0 : (double)NAN;
    m->recall = ratio((double)m->right, (double)m->count);
    m->f1 = ratio(2.0 * (double)m->right, (double)(m->count + m->told));
    seqd_rank_areas(ranked, compared, &m->auroc, &m->aupr);
}

static int32_t make_room(const seqd_prediction *p, seqd_ranked **out, seqd_error *error)
{
    const size_t count = (size_t)(p->count * p->answers) + 1;
    *out = seqd_alloc_array(p->context, count, sizeof **out);
    return *out ? SEQD_OK : seqd_fail_alloc(p->context, count * sizeof **out, error);
}

/* Of two classes the second one; else the mean over those that occur. */
static void measure_classes(const seqd_prediction *p, seqd_ranked *ranked, seqd_answer_metrics *metrics)
{
    const bool two = p->classes == 2;
    seqd_class_metrics one, sum = {0};
    int64_t occurring = 0, ranked_classes = 0;
    for (int32_t c = two ? 1 : 0; c < p->classes; c++) {
        measure_class(p, c, ranked, &one);
        if (two) break;
        if (one.count == 0) continue;
        occurring++;
        sum.precision += one.precision;
        sum.recall += one.recall;
        sum.f1 += one.f1;
        sum.aupr += one.aupr;
        if (one.auroc == one.auroc) {
            ranked_classes++;
            sum.auroc += one.auroc;
        }
    }
    const double n = (double)occurring;
    metrics->precision = two ? one.precision : ratio(sum.precision, n);
    metrics->recall = two ? one.recall : ratio(sum.recall, n);
    metrics->f1 = two ? one.f1 : ratio(sum.f1, n);
    metrics->aupr = two ? one.aupr : ratio(sum.aupr, n);
    metrics->auroc = two ? one.auroc : ratio(sum.auroc, (double)ranked_classes);
}

static void measure_hits(const seqd_prediction *p, seqd_answer_metrics *metrics)
{
    seqd_sum loss = {0, 0};
    int64_t right = 0;
    for (int64_t i = 0; i < p->count * p->answers; i++) {
        const int32_t label = label_at(p, i);
        if (label < 0) {
            metrics->left_out++;
            continue;
        }
        const float *scores = p->scores + i * p->width;
        metrics->count++;
        right += seqd_prediction_told(p, scores) == label;
        seqd_sum_add(&loss, -log(fmax((double)scores[label], 1e-15)));
    }
    metrics->accuracy = ratio((double)right, (double)metrics->count);
    metrics->log_loss = ratio(seqd_sum_value(&loss), (double)metrics->count);
}

static void measure_numbers(const seqd_prediction *p, seqd_answer_metrics *metrics)
{
    seqd_sum absolute = {0, 0}, squared = {0, 0}, relative = {0, 0};
    for (int64_t i = 0; i < p->count * p->answers; i++) {
        if (!(p->label[i] == p->label[i])) {
            metrics->left_out++;
            continue;
        }
        const double y = (double)p->label[i], miss = (double)p->scores[i] - y;
        metrics->count++;
        seqd_sum_add(&absolute, fabs(miss));
        seqd_sum_add(&squared, miss * miss);
        if (y != 0.0) seqd_sum_add(&relative, 100.0 * fabs(miss / y));
        else metrics->mape_left_out++;
    }
    const double n = (double)metrics->count;
    metrics->mae = ratio(seqd_sum_value(&absolute), n);
    metrics->rmse = sqrt(ratio(seqd_sum_value(&squared), n));
    metrics->mape = ratio(seqd_sum_value(&relative), n - (double)metrics->mape_left_out);
}

int32_t seqd_answers_evaluate(const seqd_prediction *p, seqd_answer_metrics *metrics, seqd_error *error)
{
    const double none = (double)NAN;
    seqd_answer_metrics all = {.struct_size = (uint32_t)sizeof all, .classes = p->classes, .accuracy = none,
                               .precision = none, .recall = none, .f1 = none, .auroc = none, .aupr = none,
                               .log_loss = none, .mae = none, .rmse = none, .mape = none};
    if (p->classes == 0) {
        measure_numbers(p, &all);
    } else {
        seqd_ranked *ranked;
        SEQD_CHECK(make_room(p, &ranked, error));
        measure_hits(p, &all);
        measure_classes(p, ranked, &all);
        seqd_free(p->context, ranked);
    }
    *metrics = all;
    return SEQD_OK;
}

static int32_t need_classes(const seqd_prediction *p, seqd_error *error)
{
    return p->classes > 0 ? SEQD_OK : seqd_fail(error, SEQD_E_ARG, "the answers are numbers, there are no classes");
}

int32_t seqd_answers_evaluate_class(const seqd_prediction *p, int32_t index, seqd_class_metrics *metrics,
                                    seqd_error *error)
{
    SEQD_CHECK(need_classes(p, error));
    if (index < 0 || index >= p->classes)
        return seqd_fail(error, SEQD_E_ARG, "class %d of %d", (int)index, (int)p->classes);
    seqd_ranked *ranked;
    SEQD_CHECK(make_room(p, &ranked, error));
    measure_class(p, index, ranked, metrics);
    seqd_free(p->context, ranked);
    return SEQD_OK;
}

int32_t seqd_answers_confusion(const seqd_prediction *p, int64_t *counts, seqd_error *error)
{
    SEQD_CHECK(need_classes(p, error));
    memset(counts, 0, (size_t)p->classes * (size_t)p->classes * sizeof *counts);
    for (int64_t i = 0; i < p->count * p->answers; i++) {
        const int32_t label = label_at(p, i);
        if (label >= 0) counts[(int64_t)label * p->classes + seqd_prediction_told(p, p->scores + i * p->width)]++;
    }
    return SEQD_OK;
}
