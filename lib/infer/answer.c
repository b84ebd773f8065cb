/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "combine.h"
#include "context.h"
#include "parallel.h"
#include "prediction.h"
#include "predictor.h"
#include "status.h"
#include "text.h"

/* Rounds are long enough to keep the threads busy and short enough to be stopped between them. */
#define ROUND_ROWS 16384

/* Rows, without their answers and labels. */
static int32_t lay_out(const seqd_model *model, const seqd_dataset *dataset, seqd_asked which, seqd_prediction **out,
                       seqd_error *error)
{
    const int32_t answers = model->features.horizon;
    const seqd_dictionary *classes = &model->features.events.classes;
    const int32_t class_count = model->features.events.task == SEQD_TASK_CLASSIFY ? classes->count : 0;
    char *room;
    seqd_prediction *p;
    SEQD_CHECK(seqd_prediction_new(model->context, seqd_events_count_asked(dataset, which, answers), answers, class_count,
                                   seqd_events_text_size(classes, dataset), &p, &room, error));
    for (int32_t c = 0; c < class_count; c++) p->names[c] = seqd_put_down(classes->names[c], &room);
    int64_t row = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const char *id = NULL;
        for (int64_t i = seqd_events_asked(dataset, s, which, answers, -1); i >= 0;
             i = seqd_events_asked(dataset, s, which, answers, i)) {
            if (!id) id = seqd_put_down(dataset->series[s].id, &room);
            p->ids[row] = id;
            p->series[row] = s;
            p->event[row++] = i;
        }
    }
    p->threshold = model->threshold;
    *out = p;
    return SEQD_OK;
}

typedef struct pass {
    seqd_predictor *predictor;
    const seqd_dataset *dataset;
    seqd_prediction *prediction;
    int64_t first, count; /* rows of this round */
} pass;

/* Weights of any file give probabilities: what a network overflows to counts as the largest or the smallest number. */
static void bound_logits(float *out, int32_t count)
{
    const float most = 1e37f;
    for (int32_t i = 0; i < count; i++) {
        if (!(out[i] == out[i])) out[i] = 0.0f;
        out[i] = out[i] > most ? most : out[i] < -most ? -most : out[i];
    }
}

static void tell_classes(const seqd_predictor *predictor, const seqd_prediction *p, float *out, float *scores)
{
    const seqd_kernels *k = predictor->backend.kernels;
    const int32_t classes = p->classes;
    bound_logits(out, (predictor->model->net.config.answer.binary ? 1 : classes) * p->answers);
    if (!predictor->model->net.config.answer.binary) {
        k->softmax(p->answers, classes, out, classes, NULL, NULL, scores, classes);
        return;
    }
    for (int32_t a = 0; a < p->answers; a++) {
        const float log_odds[2] = {-out[a], out[a]};
        k->sigmoid(2, log_odds, scores + 2 * a);
    }
}

static void tell_numbers(const seqd_predictor *predictor, const seqd_prediction *p, const float *out, float *scratch,
                         float *scores)
{
    const seqd_model *model = predictor->model;
    const seqd_head *head = &model->net.config.head;
    const seqd_answer *answer = &model->net.config.answer;
    float parameters[1 + SEQD_MAX_LEVELS];
    for (int32_t a = 0; a < p->answers; a++) {
        seqd_head_parameters(predictor->backend.kernels, head, &model->dist, 1, out + (int64_t)a * head->width,
                             answer->mean, answer->deviation, model->spread, NULL, scratch, parameters);
        scores[a] = (float)seqd_dist_mean(&model->dist, parameters);
    }
}

static float label_of(const seqd_predictor *predictor, const seqd_dataset *dataset, int64_t series, int64_t i)
{
    const float label = seqd_events_label(dataset, series, i);
    const int32_t *map = predictor->binding.class_map;
    if (!(label == label)) return NAN;
    return map ? (float)map[(int32_t)label] : label;
}

static void shard_task(void *user, int64_t index, int32_t thread)
{
    const pass *work = user;
    seqd_predictor *predictor = work->predictor;
    seqd_prediction *p = work->prediction;
    const seqd_model *model = predictor->model;
    const int64_t outputs = model->net.output.size[0];
    seqd_lane *l = &predictor->scratch.lane[thread];
    const int64_t first = work->first + index * SEQD_SHARD_ROWS, left = work->first + work->count - first;
    const int32_t rows = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
    seqd_window windows[SEQD_SHARD_ROWS] = {{0}};

    for (int32_t r = 0; r < rows; r++)
        windows[r] = (seqd_window){p->series[first + r], p->event[first + r], p->event[first + r], 1, 0};
    seqd_shard_fill(&predictor->binding, windows, rows, &l->shard);
    seqd_net_predict(predictor->scratch.net, thread, &l->shard, &model->features.plan, l->out);
    for (int32_t r = 0; r < rows; r++) {
        const int64_t row = first + r;
        float *out = l->out + r * outputs;
        float *scores = p->scores + row * p->answers * p->width;
        if (p->classes > 0) tell_classes(predictor, p, out, scores);
        else tell_numbers(predictor, p, out, l->scratch, scores);
        for (int32_t a = 0; a < p->answers; a++)
            p->label[row * p->answers + a] = label_of(predictor, work->dataset, p->series[row], p->event[row] + a);
    }
}

static int32_t run_rounds(pass *p, seqd_error *error)
{
    seqd_predictor *predictor = p->predictor;
    const double start = seqd_now();
    const int64_t total = p->prediction->count;
    const int32_t threads = predictor->context->threads, lanes = predictor->scratch.lanes;
    for (p->first = 0; p->first < total; p->first += ROUND_ROWS) {
        const int64_t left = total - p->first;
        p->count = left < ROUND_ROWS ? left : ROUND_ROWS;
        seqd_parallel_for(threads < lanes ? threads : lanes, (p->count + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS,
                          shard_task, p);
        const int32_t status = seqd_net_status(predictor->scratch.net, error);
        if (status != SEQD_OK) {
            seqd_scratch_clear(predictor->context, &predictor->scratch);
            return status;
        }
        if (total <= ROUND_ROWS) break;
        const double elapsed = seqd_now() - start, done = (double)(p->first + p->count);
        const seqd_progress progress = {
            .struct_size = (uint32_t)sizeof progress,
            .step = p->first + p->count,
            .total_steps = total,
            .train_loss = (double)NAN,
            .validation_loss = (double)NAN,
            .best_loss = (double)NAN,
            .elapsed_seconds = elapsed,
            .remaining_seconds = elapsed * ((double)total - done) / done,
            .task = "answer",
        };
        if (seqd_progress_report(predictor->context, &progress)) return SEQD_STOPPED;
    }
    return SEQD_OK;
}

static int32_t compute(seqd_predictor *predictor, const seqd_dataset *dataset, seqd_asked which, seqd_prediction **out,
                       seqd_error *error)
{
    const seqd_model *model = predictor->model;
    SEQD_CHECK(seqd_binding_lighten(predictor->context, &model->features, dataset, &predictor->binding, error));
    seqd_prediction *prediction;
    SEQD_CHECK(lay_out(model, dataset, which, &prediction, error));
    int32_t status = seqd_predictor_make_room(predictor, prediction->count, error);
    const int64_t epoch = atomic_load(&model->epoch);
    if (status == SEQD_OK && predictor->epoch != epoch) {
        seqd_net_pack(predictor->scratch.net, model->parameters);
        predictor->epoch = epoch;
    }
    pass p = {.predictor = predictor, .dataset = dataset, .prediction = prediction};
    if (status == SEQD_OK) status = run_rounds(&p, error);
    if (status == SEQD_OK) *out = prediction;
    else seqd_prediction_free(prediction);
    return status;
}

/* Numbers by their mean or median; probabilities too, brought to a sum of 1. */
static void combine(seqd_prediction *into, seqd_prediction *const *members, int32_t count, bool median)
{
    double values[SEQD_MOST_MEMBERS];
    for (int64_t i = 0; i < into->count * into->answers; i++) {
        float *scores = into->scores + i * into->width;
        double sum = 0.0;
        for (int32_t c = 0; c < into->width; c++) {
            for (int32_t m = 0; m < count; m++) values[m] = (double)members[m]->scores[i * into->width + c];
            const double middle = seqd_middle_of(values, count, median);
            scores[c] = (float)middle;
            sum += middle;
        }
        for (int32_t c = 0; into->classes > 0 && sum > 0.0 && c < into->width; c++)
            scores[c] = (float)((double)scores[c] / sum);
    }
}

static int32_t answer_members(seqd_predictor *predictor, const seqd_dataset *dataset, seqd_asked which,
                              seqd_prediction **out, seqd_error *error)
{
    const seqd_model *model = predictor->model;
    seqd_prediction *members[SEQD_MOST_MEMBERS];
    double threshold = 0.0;
    int32_t status = SEQD_OK, count = 0;
    for (; count < model->member_count && status == SEQD_OK; count++) {
        members[count] = NULL;
        status = seqd_predictor_judge(predictor->members[count], dataset, which, &members[count], error);
        threshold += model->members[count]->threshold / model->member_count;
    }
    if (status == SEQD_OK) {
        combine(members[0], members, count, model->combine == SEQD_COMBINE_MEDIAN);
        members[0]->threshold = threshold;
        *out = members[0];
    }
    for (int32_t i = status == SEQD_OK ? 1 : 0; i < count; i++) seqd_prediction_free(members[i]);
    return status;
}

int32_t seqd_predictor_judge(seqd_predictor *predictor, const seqd_dataset *dataset, int32_t which,
                             seqd_prediction **out, seqd_error *error)
{
    if (which < SEQD_ANSWER_END || which > SEQD_ANSWER_EVERY)
        return seqd_fail(error, SEQD_E_ARG, "which is %d, must be SEQD_ANSWER_END, _LABELLED or _EVERY", (int)which);
    if (predictor->model->features.kind != SEQD_DATA_EVENTS)
        return seqd_fail(error, SEQD_E_UNSUPPORTED,
                         "a model of task=forecast does not answer to events: seqd_predictor_run forecasts with it");
    if (predictor->members) return answer_members(predictor, dataset, (seqd_asked)which, out, error);
    SEQD_CHECK(seqd_model_begin_read(predictor->model, error));
    const int32_t status = compute(predictor, dataset, (seqd_asked)which, out, error);
    seqd_model_end_read(predictor->model);
    predictor->binding.dataset = NULL; /* not retained */
    return status;
}
