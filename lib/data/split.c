/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "alloc.h"
#include "context.h"
#include "event_build.h"
#include "options.h"
#include "rng.h"
#include "status.h"

/* A part under work: which sequences, how many events of each, and from which on answers count. */
typedef struct part {
    int64_t count;
    int64_t *picked, *lengths, *from;
    double until;
} part;

static bool reserve(seqd_context *context, int64_t room, part *p)
{
    p->picked = seqd_alloc_array(context, (size_t)room, sizeof *p->picked);
    p->lengths = seqd_alloc_array(context, (size_t)room, sizeof *p->lengths);
    p->from = seqd_alloc_array(context, (size_t)room, sizeof *p->from);
    return p->picked && p->lengths && p->from;
}

static void release(seqd_context *context, part *p)
{
    seqd_free(context, p->picked);
    seqd_free(context, p->lengths);
    seqd_free(context, p->from);
}

static void pick(const seqd_dataset *dataset, int64_t s, int64_t length, int64_t from, part *p)
{
    const int64_t least = dataset->events->answer_from ? dataset->events->answer_from[s] : 0;
    p->picked[p->count] = s;
    p->lengths[p->count] = length;
    p->from[p->count++] = from > least ? from : least;
}

static int32_t fill_view(seqd_dataset *view, const seqd_dataset *parent, const part *p, seqd_error *error)
{
    const size_t count = (size_t)p->count;
    void *block;
    SEQD_CHECK(seqd_panel_own(view, 1, sizeof *view->events, &block, error));
    seqd_events *events = block;
    *events = *parent->events;
    events->until = p->until;
    events->answer_at = NULL;
    SEQD_CHECK(seqd_panel_own(view, count, sizeof *view->series, &block, error));
    view->series = block;
    SEQD_CHECK(seqd_panel_own(view, count, sizeof *events->answer_from, &block, error));
    events->answer_from = block;
    SEQD_CHECK(seqd_panel_own(view, count, sizeof *events->origin, &block, error));
    events->origin = block;
    SEQD_CHECK(seqd_panel_own(view, count, sizeof *events->place, &block, error));
    events->place = block;
    view->calendar = parent->calendar;
    view->series_count = p->count;
    for (size_t i = 0; i < count; i++) {
        const int64_t s = p->picked[i];
        view->series[i] = parent->series[s];
        view->series[i].length = p->lengths[i];
        events->answer_from[i] = p->from[i];
        events->origin[i] = s;
        events->place[i] = parent->events->place[s];
    }
    view->events = events;
    if (parent->events->answer_at) {
        SEQD_CHECK(seqd_panel_own(view, count, sizeof *events->answer_at, &block, error));
        events->answer_at = block;
        seqd_event_find_answers(view, events->answer_at);
    }
    seqd_events_summarize(view);
    view->summary.rows = view->summary.steps;
    view->sealed = true;
    return SEQD_OK;
}

static int32_t make_view(seqd_dataset *parent, const part *p, seqd_dataset **out, seqd_error *error)
{
    seqd_context *context = parent->context;
    seqd_dataset *view = seqd_alloc_zero(context, sizeof *view);
    if (!view) return seqd_fail_alloc(context, sizeof *view, error);
    int32_t status = seqd_options_clone(parent->options, &view->options, error);
    if (status != SEQD_OK) {
        seqd_free(context, view);
        return status;
    }
    atomic_init(&view->references, 1);
    view->context = seqd_context_retain(context);
    view->parent = seqd_dataset_retain(parent);
    status = fill_view(view, parent, p, error);
    if (status != SEQD_OK) {
        seqd_dataset_free(view);
        return status;
    }
    *out = view;
    return SEQD_OK;
}

static int32_t make_views(seqd_dataset *dataset, const part parts[2], seqd_dataset **first, seqd_dataset **rest,
                          seqd_error *error)
{
    seqd_dataset *views[2] = { NULL, NULL };
    int32_t status = make_view(dataset, &parts[0], &views[0], error);
    if (status == SEQD_OK) status = make_view(dataset, &parts[1], &views[1], error);
    if (status != SEQD_OK) {
        seqd_dataset_free(views[0]);
        return status;
    }
    *first = views[0];
    *rest = views[1];
    return SEQD_OK;
}

/* Sequences as they were drawn: by chance, and where each has one class, class by class, so that parts have its share. */
static int64_t draw_key(const seqd_dataset *dataset, int64_t s, uint64_t seed)
{
    const seqd_events *events = dataset->events;
    uint64_t class = 0;
    if (events->answer_at && events->task == SEQD_TASK_CLASSIFY) {
        const float label = seqd_events_label(dataset, s, events->answer_at[s]);
        if (label == label) class = (uint64_t)label + 1;
    }
    uint64_t chance = seqd_rng_mix(seed); /* by the id, so that neither rows nor other sequences move it */
    for (const char *c = dataset->series[s].id; *c; c++) chance = seqd_rng_mix(chance ^ (unsigned char)*c);
    return (int64_t)(class << 40 | chance >> 24);
}

/* order[i].item: the sequences by seed, or in the order of the rows. */
static int32_t order_series(const seqd_dataset *dataset, bool by_place, uint64_t seed, seqd_timed **order,
                            seqd_error *error)
{
    const size_t count = (size_t)dataset->series_count;
    seqd_timed *items = seqd_alloc_array(dataset->context, 2 * count, sizeof *items);
    if (!items) return seqd_fail_alloc(dataset->context, 2 * count * sizeof *items, error);
    for (size_t s = 0; s < count; s++)
        items[s] = (seqd_timed){ by_place ? dataset->events->place[s] : draw_key(dataset, (int64_t)s, seed),
                                 (int64_t)s };
    seqd_sort_timed(items, items + count, (int64_t)count);
    *order = items;
    return SEQD_OK;
}

/* Sequences keep their order within a part; second[s]: sequence s belongs to the second one. */
static void pick_marked(const seqd_dataset *dataset, const uint8_t *second, part parts[2])
{
    for (int64_t s = 0; s < dataset->series_count; s++)
        pick(dataset, s, dataset->series[s].length, 0, &parts[second[s]]);
}

/* `folds` 0: the first share of them goes to the first part; else place k of every `folds` is the second part. */
static int32_t mark_series(const seqd_dataset *dataset, seqd_split how, double fraction, int64_t folds, int64_t k,
                           uint64_t seed, uint8_t *second, seqd_error *error)
{
    const int64_t n = dataset->series_count;
    int64_t share = (int64_t)floor(fraction * (double)n + 0.5);
    seqd_timed *order = NULL;
    SEQD_CHECK(order_series(dataset, how == SEQD_SPLIT_ORDER, seed, &order, error));
    if (share < 1) share = 1;
    if (share > n - 1) share = n - 1;
    for (int64_t i = 0; i < n; i++) {
        bool later = how == SEQD_SPLIT_ORDER ? i >= share : (i + 1) * share / n == i * share / n;
        if (folds > 0) later = i % folds == k;
        second[order[i].item] = later;
    }
    seqd_free(dataset->context, order);
    return SEQD_OK;
}

/* The moment before which lies the share of all events. */
static int32_t find_cut(const seqd_dataset *dataset, double fraction, double *cut, seqd_error *error)
{
    const double *time = dataset->events->time;
    int64_t count = 0;
    for (int64_t s = 0; s < dataset->series_count; s++) count += dataset->series[s].length;
    double *times = seqd_alloc_array(dataset->context, (size_t)count, sizeof *times);
    if (!times) return seqd_fail_alloc(dataset->context, (size_t)count * sizeof *times, error);
    int64_t n = 0;
    for (int64_t s = 0; s < dataset->series_count; s++)
        for (int64_t i = 0; i < dataset->series[s].length; i++) times[n++] = time[dataset->series[s].offset + i];
    seqd_sort_doubles(times, n);
    int64_t at = (int64_t)(fraction * (double)n);
    if (at > n - 1) at = n - 1;
    while (at < n - 1 && times[at] == times[0]) at++; /* some event comes before it */
    *cut = times[at];
    const bool parts = times[at] > times[0];
    seqd_free(dataset->context, times);
    return parts ? SEQD_OK : seqd_fail(error, SEQD_E_DATA, "all events have the same time: none comes before the rest");
}

static void pick_by_time(const seqd_dataset *dataset, double cut, part parts[2])
{
    for (int64_t s = 0; s < dataset->series_count; s++) {
        const seqd_series *series = &dataset->series[s];
        const double *time = dataset->events->time + series->offset;
        int64_t low = 0, high = series->length;
        while (low < high) {
            const int64_t middle = low + (high - low) / 2;
            if (time[middle] < cut) low = middle + 1;
            else high = middle;
        }
        if (low > 0) pick(dataset, s, low, 0, &parts[0]);
        if (low < series->length) pick(dataset, s, series->length, low, &parts[1]);
    }
    /* what an answer of the first part counts ends before the cut */
    const double before = nextafter(cut, -(double)INFINITY);
    if (before < parts[0].until) parts[0].until = before;
}

static int32_t pick_parts(const seqd_dataset *dataset, seqd_split how, double fraction, int64_t folds, int64_t k,
                          uint64_t seed, part parts[2], seqd_error *error)
{
    if (how == SEQD_SPLIT_TIME) {
        double cut = 0.0;
        SEQD_CHECK(find_cut(dataset, fraction, &cut, error));
        pick_by_time(dataset, cut, parts);
        return SEQD_OK;
    }
    uint8_t *second = seqd_alloc_zero(dataset->context, (size_t)dataset->series_count);
    if (!second) return seqd_fail_alloc(dataset->context, (size_t)dataset->series_count, error);
    const int32_t status = mark_series(dataset, how, fraction, folds, k, seed, second, error);
    if (status == SEQD_OK) pick_marked(dataset, second, parts);
    seqd_free(dataset->context, second);
    return status;
}

static int32_t divide(seqd_dataset *dataset, seqd_split how, double fraction, int64_t folds, int64_t k, uint64_t seed,
                      seqd_dataset **first, seqd_dataset **rest, seqd_error *error)
{
    part parts[2] = { { .until = dataset->events->until }, { .until = dataset->events->until } };
    const bool room = reserve(dataset->context, dataset->series_count, &parts[0]) &&
                      reserve(dataset->context, dataset->series_count, &parts[1]);
    int32_t status = room ? pick_parts(dataset, how, fraction, folds, k, seed, parts, error)
                          : seqd_fail_alloc(dataset->context, (size_t)dataset->series_count * 48, error);
    if (status == SEQD_OK) status = make_views(dataset, parts, first, rest, error);
    release(dataset->context, &parts[0]);
    release(dataset->context, &parts[1]);
    return status;
}

int32_t seqd_events_split(seqd_dataset *dataset, seqd_split how, double fraction, uint64_t seed, seqd_dataset **first,
                          seqd_dataset **rest, seqd_error *error)
{
    if (!dataset->events)
        return seqd_fail(error, SEQD_E_DATA, "a panel is not split into sequences; seqd_dataset_before goes back in time");
    if (!(fraction > 0.0 && fraction < 1.0))
        return seqd_fail(error, SEQD_E_ARG, "the first part is a share above 0 and below 1");
    if (how == SEQD_SPLIT_TIME && !dataset->events->time)
        return seqd_fail(error, SEQD_E_DATA, "split=time needs a time column");
    if (how != SEQD_SPLIT_TIME && dataset->series_count < 2)
        return seqd_fail(error, SEQD_E_DATA, "one sequence cannot be split in two parts");
    return divide(dataset, how, fraction, 0, 0, seed, first, rest, error);
}

int32_t seqd_events_fold(seqd_dataset *dataset, int32_t folds, int32_t fold, uint64_t seed, seqd_dataset **rest,
                         seqd_dataset **held, seqd_error *error)
{
    if (!dataset->events)
        return seqd_fail(error, SEQD_E_DATA, "a panel is not split into sequences; seqd_dataset_before goes back in time");
    if (folds < 2 || fold < 0 || fold >= folds)
        return seqd_fail(error, SEQD_E_ARG, "there is no fold %d of %d", (int)fold, (int)folds);
    if (dataset->series_count < folds)
        return seqd_fail(error, SEQD_E_DATA, "%lld sequences cannot be split in %d folds",
                         (long long)dataset->series_count, (int)folds);
    return divide(dataset, SEQD_SPLIT_USER, 0.5, folds, fold, seed, rest, held, error);
}
