/* SPDX-License-Identifier: Apache-2.0 */
#include "prediction.h"

#include "alloc.h"
#include "context.h"

static seqd_prediction *place(int64_t count, int32_t answers, int32_t classes, size_t text, seqd_arena *arena,
                              char **room)
{
    const size_t rows = (size_t)count, width = (size_t)(classes > 0 ? classes : 1);
    size_t values, scores;
    if (!seqd_mul_size(rows, (size_t)answers, &values) || !seqd_mul_size(values, width, &scores)) {
        arena->overflow = true;
        return NULL;
    }
    seqd_prediction *p = seqd_arena_take(arena, 1, sizeof *p), sized, *at = p ? p : &sized;
    at->names = seqd_arena_take(arena, (size_t)classes, sizeof *at->names);
    at->ids = seqd_arena_take(arena, rows, sizeof *at->ids);
    at->series = seqd_arena_take(arena, rows, sizeof *at->series);
    at->event = seqd_arena_take(arena, rows, sizeof *at->event);
    at->scores = seqd_arena_take(arena, scores, sizeof *at->scores);
    at->label = seqd_arena_take(arena, values, sizeof *at->label);
    *room = seqd_arena_take(arena, text, 1);
    return p;
}

int32_t seqd_prediction_new(seqd_context *context, int64_t count, int32_t answers, int32_t classes, size_t text,
                            seqd_prediction **out, char **room, seqd_error *error)
{
    seqd_arena arena = {NULL, 0, false};
    (void)place(count, answers, classes, text, &arena, room);
    const size_t size = arena.used;
    void *memory = arena.overflow ? NULL : seqd_alloc_zero(context, size);
    if (!memory) return seqd_fail_alloc(context, arena.overflow ? SIZE_MAX : size, error);
    arena = (seqd_arena){memory, 0, false};
    seqd_prediction *p = place(count, answers, classes, text, &arena, room);
    atomic_init(&p->references, 1);
    p->context = seqd_context_retain(context);
    p->count = count;
    p->answers = answers;
    p->classes = classes;
    p->width = classes > 0 ? classes : 1;
    *out = p;
    return SEQD_OK;
}

void seqd_prediction_free(seqd_prediction *prediction)
{
    if (!prediction || atomic_fetch_sub(&prediction->references, 1) > 1) return;
    seqd_context *context = prediction->context;
    seqd_free(context, prediction);
    seqd_context_drop(context);
}

int32_t seqd_prediction_told(const seqd_prediction *prediction, const float *scores)
{
    if (prediction->classes == 2) return (double)scores[1] >= prediction->threshold;
    int32_t most = 0;
    for (int32_t c = 1; c < prediction->classes; c++)
        if (scores[c] > scores[most]) most = c;
    return most;
}
