/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that dataset.h states, counted by the allocator. */
#include "rig.h"

/* What is stated besides steps, series and rows. */
#define FIXED 4096
#define FIXED_READING (1024 * 1024)

typedef struct shape {
    int series, days;      /* each series begins `series number % 7` days late */
    bool shuffled, twice;  /* one row stands there again */
    const char *options;
    int known, past;       /* columns */
    bool in_stock, category;
} shape;

typedef struct held {
    double steps, series, ids, rows, bytes, peak;
} held;

static unsigned next_number(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Rows of freq=int: id, step, number, and the columns of the shape. */
static rig_text make_rows(const shape *s)
{
    rig_text text = { 0 };
    const int count = s->series * s->days;
    int *order = malloc((size_t)count * sizeof *order);
    unsigned state = 1;
    assert_non_null(order);
    for (int i = 0; i < count; i++) order[i] = i;
    for (int i = count - 1; s->shuffled && i > 0; i--) {
        const int other = (int)(next_number(&state) % (unsigned)(i + 1)), item = order[i];
        order[i] = order[other];
        order[other] = item;
    }
    rig_print(&text, "unique_id,ds,y,price,promotion,clicks,%s,kind\n", s->in_stock ? "in_stock" : "else");
    if (s->twice) rig_print(&text, "article 00000,0,0,1.25,0,0,1,kind 0\n");
    for (int i = 0; i < count; i++) {
        const int series = order[i] / s->days, day = order[i] % s->days;
        if (day < series % 7) continue;
        /* the last number is far out, so that something is clipped where that is asked for */
        rig_print(&text, "article %05d,%d,%d,1.25,%d,%d,1,kind %d\n", series, day,
                  day + 1 == s->days ? 100000 : (series + day) % 97, day % 2, day % 11, series % 3);
    }
    free(order);
    return text;
}

static held measure(const shape *s)
{
    rig_memory memory = { 0 };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(&memory);
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_dataset_summary summary = { .struct_size = (uint32_t)sizeof summary };
    rig_text text = make_rows(s);
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, s->options);
    const size_t before = memory.bytes;
    memory.peak = before;
    RIG_OK(seqd_dataset_parse(context, options, text.bytes, text.size, &dataset, &error));
    free(text.bytes);
    RIG_OK(seqd_dataset_summarize(dataset, &summary, &error));
    held h = { 0 };
    h.bytes = (double)(memory.bytes - before);
    h.peak = (double)(memory.peak - before);
    h.steps = (double)(summary.steps + summary.future_steps);
    h.series = (double)summary.series;
    h.rows = (double)summary.rows;
    for (int64_t i = 0; i < summary.series; i++) {
        const int64_t late = i % 7, length = seqd_dataset_length(dataset, i);
        double last = 0.0;
        h.ids += (double)strlen(seqd_dataset_series_id(dataset, i)) + 1;
        assert_int_equal(length, s->days - late);
        RIG_OK(seqd_dataset_values(dataset, i, length - 2, 1, &last, &error));
        assert_true(last == (double)((i + s->days - 2) % 97));
    }
    seqd_dataset_release(dataset);
    assert_int_equal(memory.bytes, before);
    seqd_options_release(options);
    seqd_context_release(context);
    assert_int_equal(memory.blocks, 0);
    return h;
}

/* As stated, and not much less: a statement far above the truth is none. */
static void assert_stated(const shape *s, double clipped, const char *what)
{
    const held h = measure(s);
    const double covariates = s->known + s->past, stock = s->in_stock ? 1.0 : 0.0;
    double formula = h.steps * (4.0 + 0.125 + 4.0 * covariates + stock + clipped) + 40.0 * h.series + h.ids;
    if (s->category) formula += 4.0 * h.series + 3.0 * ((double)strlen("kind 0") + 9.0);
    if (h.bytes < formula || h.bytes > formula + FIXED)
        fail_msg("%s: %.0f bytes are held, %.0f + at most %d are stated", what, h.bytes, formula, FIXED);
    const double reading = formula + h.rows * (20.0 + 4.0 * covariates + stock + (s->shuffled && s->twice ? 16.0 : 0.0)) + h.ids;
    if (h.peak > reading + 400.0 * h.series + FIXED_READING)
        fail_msg("%s: %.0f bytes at the most, %.0f + %.0f + %d are stated", what, h.peak, reading, 400.0 * h.series,
                 FIXED_READING);
    if (h.peak < reading) fail_msg("%s: %.0f bytes at the most, but %.0f are stated", what, h.peak, reading);
}

static void a_panel_of_the_target_alone(void **state)
{
    (void)state;
    const shape many = { 60, 1500, false, true, "freq=int", 0, 0, false, false };
    const held h = measure(&many);
    assert_true(h.steps > 85000.0);
    assert_true(h.bytes <= 8.0 * h.steps);
    assert_true(h.bytes <= 4.2 * h.steps); /* series are long here: the steps are nearly all */
    assert_true(h.peak <= 60.0 * h.rows);
    assert_stated(&many, 0.0, "in order");
}

static void every_kind_of_column(void **state)
{
    (void)state;
    const shape shapes[] = {
        { 1, 20000, false, false, "freq=int", 0, 0, false, false },
        { 5000, 10, false, false, "freq=int", 0, 0, false, false },
        { 5000, 10, true, false, "freq=int", 0, 0, false, false },
        { 60, 1500, true, false, "freq=int", 0, 0, false, false },
        { 60, 1500, true, true, "freq=int", 0, 0, false, false },
        { 30, 1000, false, false, "freq=int", 0, 0, true, false },
        { 30, 1000, false, false, "freq=int known_columns=price,promotion", 2, 0, false, false },
        { 30, 1000, true, true, "freq=int known_columns=price past_columns=clicks", 1, 1, true, false },
        { 2000, 10, false, false, "freq=int static_columns=kind", 0, 0, false, true },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) assert_stated(&shapes[i], 0.0, shapes[i].options);
    const shape clipped = { 30, 1000, false, false, "freq=int outliers=zscore", 0, 0, false, false };
    assert_stated(&clipped, 4.0, "clipped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panel_of_the_target_alone),
        cmocka_unit_test(every_kind_of_column),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
