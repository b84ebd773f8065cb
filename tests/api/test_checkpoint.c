/* SPDX-License-Identifier: Apache-2.0 */
/* A run that was interrupted, saved and taken up again ends with the bits of one that was not. */
#include "rig.h"

#include <unistd.h>

static rig_memory memory;
static seqd_context *context;
static seqd_error error = SEQD_ERROR_INIT;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    memory = (rig_memory){ 0 };
    context = rig_context(&memory);
    (void)snprintf(path, sizeof path, "%s/seqdemand-checkpoint-%ld.seqd", rig_folder(), (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    seqd_context_release(context);
    if (memory.blocks != 0) print_error("%lld blocks left\n", memory.blocks);
    return memory.blocks != 0;
}

typedef struct bench {
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
    seqd_trainer *trainer;
} bench;

#define SERIES 40
static bench open_bench(const char *settings)
{
    bench b = { rig_options(context, "batch_size=40 max_steps=12 val_every=4"), NULL, NULL, NULL };
    rig_set(b.options, settings);
    b.dataset = rig_dataset(context, b.options, SERIES, 50);
    RIG_OK(seqd_model_create(context, b.options, b.dataset, &b.model, &error));
    RIG_OK(seqd_trainer_create(b.model, b.dataset, b.options, NULL, &b.trainer, &error));
    return b;
}

static void close_bench(bench *b)
{
    seqd_trainer_release(b->trainer);
    seqd_model_release(b->model);
    seqd_dataset_release(b->dataset);
    seqd_options_release(b->options);
}

/* What another process would do: nothing is left but the file and the rows. */
static bench take_up(void)
{
    bench b = { NULL, NULL, NULL, NULL };
    seqd_model *model = NULL;
    RIG_OK(seqd_model_load(context, path, &model, &error));
    RIG_OK(seqd_model_get_options(model, &b.options, &error));
    seqd_model_release(model);
    b.dataset = rig_dataset(context, b.options, SERIES, 50);
    RIG_OK(seqd_trainer_resume(context, path, b.dataset, &b.trainer, &b.model, &error));
    return b;
}

/* Saves at one step and stops at another; 0: never. */
typedef struct watcher {
    seqd_trainer **trainer;
    int64_t save_at, stop_at;
    int saved;
} watcher;

static int32_t watch(void *user, const seqd_progress *p)
{
    watcher *w = user;
    if (p->step == w->save_at) {
        RIG_OK(seqd_trainer_save(*w->trainer, path, &error));
        w->saved++;
    }
    return p->step == w->stop_at;
}

static int32_t run_watched(seqd_trainer **trainer, int64_t save_at, int64_t stop_at)
{
    watcher w = { trainer, save_at, stop_at, 0 };
    RIG_OK(seqd_context_set_progress(context, watch, &w, &error));
    const int32_t status = seqd_trainer_run(*trainer, &error);
    RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    assert_int_equal(w.saved, save_at > 0);
    return status;
}

typedef struct result {
    unsigned char *bytes;
    size_t size;
    seqd_training_summary summary;
} result;

static result result_of(const bench *b)
{
    result r = { NULL, 0, { .struct_size = sizeof r.summary } };
    RIG_OK(seqd_trainer_summarize(b->trainer, &r.summary, &error));
    r.summary.seconds = 0.0;
    r.bytes = rig_save(b->model, &r.size);
    return r;
}

static void same_result(const result *expected, const bench *b, const char *settings, const char *how, int64_t step)
{
    const result r = result_of(b);
    const bool same = r.size == expected->size && memcmp(r.bytes, expected->bytes, r.size) == 0 &&
                      memcmp(&r.summary, &expected->summary, sizeof r.summary) == 0;
    if (!same) print_error("%s: %s at step %lld ends otherwise\n", settings, how, (long long)step);
    assert_true(same);
    free(r.bytes);
}

static const char *const kinds[] = {
    "optimizer=adam dropout=0.2 model=gru",
    "optimizer=sgd l2=0.01 hidden_size=5,4 dropout=0.3",
    "optimizer=adamw ema_decay=0.8 weight_decay=0.05",
    "optimizer=rmsprop schedule=plateau plateau_patience=0 val_every=2 learning_rate=0.05 freeze=*bias_hh*",
    "schedule=step step_size=5 head=mse scaler=standard ema_decay=0.9 monitor=mae dropout=0.3",
    "optimizer=sgd learning_rate=0.5 schedule=constant warmup_steps=0 val_every=2 patience=2 max_steps=40",
    "augment_jitter=0.1 augment_scaling=0.2 augment_slicing=0.5 dropout=0.1",
    "val_size=0 head=negative_binomial max_epochs=1",
};

static void interrupted_is_uninterrupted(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bench b = open_bench(kinds[k]);
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        const result expected = result_of(&b);
        const int64_t last = expected.summary.steps;
        close_bench(&b);
        for (int64_t step = 1 + (int64_t)k % 2; step < last && step < 9; step += 3) {
            /* stopped, saved, taken up on another number of threads */
            b = open_bench(kinds[k]);
            assert_int_equal(run_watched(&b.trainer, 0, step), SEQD_STOPPED);
            RIG_OK(seqd_trainer_save(b.trainer, path, &error));
            close_bench(&b);
            RIG_OK(seqd_context_set_threads(context, (int32_t)(step % 4 + 1), &error));
            b = take_up();
            RIG_OK(seqd_trainer_run(b.trainer, &error));
            same_result(&expected, &b, kinds[k], "stopped", step);
            close_bench(&b);

            /* saved on the way: neither the run that went on nor the one taken up is another; and so once more */
            b = open_bench(kinds[k]);
            RIG_OK(run_watched(&b.trainer, step, 0));
            same_result(&expected, &b, kinds[k], "saved", step);
            close_bench(&b);
            b = take_up();
            if (step + 1 < last) {
                assert_int_equal(run_watched(&b.trainer, 0, step + 1), SEQD_STOPPED);
                RIG_OK(seqd_trainer_save(b.trainer, path, &error));
                close_bench(&b);
                b = take_up();
                RIG_OK(seqd_trainer_save(b.trainer, path, &error)); /* as it was, without a step in between */
                close_bench(&b);
                b = take_up();
            }
            RIG_OK(seqd_trainer_run(b.trainer, &error));
            same_result(&expected, &b, kinds[k], "taken up", step);
            close_bench(&b);
        }
        RIG_OK(seqd_context_set_threads(context, 1, &error));
        /* of a run that had ended nothing is left to do */
        b = open_bench(kinds[k]);
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        RIG_OK(seqd_trainer_save(b.trainer, path, &error));
        close_bench(&b);
        b = take_up();
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        same_result(&expected, &b, kinds[k], "ended", last);
        close_bench(&b);
        free(expected.bytes);
    }
}

static seqd_dataset *purchases(const seqd_options *options)
{
    static const char *const names[] = { "view", "cart", "buy" };
    rig_text text = { 0 };
    rig_print(&text, "user_id,time,event,amount\n");
    for (int s = 0; s < 30; s++)
        for (int i = 0; i < 4 + s % 7; i++)
            rig_print(&text, "u%02d,%d,%s,%d\n", s, i + s % 3, names[(i * 3 + s + i * i) % 3], (i * s) % 9);
    return rig_parse(context, options, text);
}

/* Tasks on events: classes with weights and a threshold, and a number. */
static void so_are_tasks_on_events(void **state)
{
    (void)state;
    static const char *const tasks[] = {
        "task=classify label=next_event event_masking=0.2 dropout=0.2 optimizer=adamw ema_decay=0.8",
        "task=classify label=within label_events=buy label_window=3 class_weight=balanced augment_slicing=0.4",
        "task=regress label=count label_window=2 monitor=mae augment_jitter=0.1 model=gru",
    };
    for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
        result expected = { NULL, 0, { .struct_size = 0 } };
        for (int64_t stop = 0; stop <= 7; stop += stop == 0 ? 1 : 3) { /* 0: uninterrupted */
            bench b = { NULL, NULL, NULL, NULL };
            RIG_OK(seqd_options_create(context, &b.options, &error));
            rig_set(b.options, "num_columns=amount hidden_size=5 max_len=6 max_steps=9 val_every=4 batch_size=20");
            rig_set(b.options, tasks[k]);
            b.dataset = purchases(b.options);
            RIG_OK(seqd_model_create(context, b.options, b.dataset, &b.model, &error));
            RIG_OK(seqd_trainer_create(b.model, b.dataset, b.options, NULL, &b.trainer, &error));
            if (stop == 0) {
                RIG_OK(seqd_trainer_run(b.trainer, &error));
                expected = result_of(&b);
                close_bench(&b);
                continue;
            }
            assert_int_equal(run_watched(&b.trainer, 0, stop), SEQD_STOPPED);
            RIG_OK(seqd_trainer_save(b.trainer, path, &error));
            close_bench(&b);
            seqd_model *model = NULL;
            RIG_OK(seqd_model_load(context, path, &model, &error));
            RIG_OK(seqd_model_get_options(model, &b.options, &error));
            seqd_model_release(model);
            b.dataset = purchases(b.options);
            RIG_OK(seqd_trainer_resume(context, path, b.dataset, &b.trainer, &b.model, &error));
            RIG_OK(seqd_trainer_run(b.trainer, &error));
            same_result(&expected, &b, tasks[k], "stopped", stop);
            close_bench(&b);
        }
        free(expected.bytes);
    }
}

static void single_steps_go_on_too(void **state)
{
    (void)state;
    static const char *const settings[] = { "ema_decay=0.9 dropout=0.2", "optimizer=rmsprop", "optimizer=sgd l1=0.01" };
    for (size_t k = 0; k < 3; k++) {
        double loss, again;
        bench b = open_bench(settings[k]);
        RIG_OK(seqd_trainer_step(b.trainer, 5, &loss, &error));
        RIG_OK(seqd_trainer_save(b.trainer, path, &error));
        RIG_OK(seqd_trainer_step(b.trainer, 6, &loss, &error));
        const result expected = result_of(&b);
        close_bench(&b);
        b = take_up();
        RIG_OK(seqd_trainer_step(b.trainer, 6, &again, &error));
        assert_true(loss == again);
        same_result(&expected, &b, settings[k], "steps", 5);
        close_bench(&b);
        free(expected.bytes);
    }
}

static void a_checkpoint_is_a_model(void **state)
{
    (void)state;
    bench b = open_bench("ema_decay=0.7");
    RIG_OK(run_watched(&b.trainer, 10, 0));
    seqd_model *loaded = NULL;
    RIG_OK(seqd_model_load(context, path, &loaded, &error));
    size_t count;
    seqd_forecast *forecast = rig_forecast(loaded, b.dataset);
    free(rig_figures(forecast, &count));
    seqd_forecast_release(forecast);
    seqd_model_release(loaded);

    /* a model is no checkpoint, and other data are other data */
    seqd_trainer *trainer = NULL;
    seqd_model *model = NULL;
    seqd_dataset *other = rig_dataset(context, b.options, SERIES, 51), *fewer = rig_dataset(context, b.options, 39, 50);
    RIG_EXPECT(SEQD_E_DATA, seqd_trainer_resume(context, path, other, &trainer, &model, &error));
    assert_non_null(strstr(error.message, "seqd_trainer_update"));
    RIG_EXPECT(SEQD_E_DATA, seqd_trainer_resume(context, path, fewer, &trainer, &model, &error));
    RIG_OK(seqd_model_save(b.model, path, &error));
    RIG_EXPECT(SEQD_E_FORMAT, seqd_trainer_resume(context, path, b.dataset, &trainer, &model, &error));
    assert_non_null(strstr(error.message, "not a checkpoint"));
    assert_true(!trainer && !model);
    seqd_dataset_release(other);
    seqd_dataset_release(fewer);
    close_bench(&b);
}

static seqd_training_summary summary_of(const seqd_trainer *trainer)
{
    seqd_training_summary summary = { .struct_size = sizeof summary };
    RIG_OK(seqd_trainer_summarize(trainer, &summary, &error));
    return summary;
}

static void newer_rows_go_on_with_the_moments(void **state)
{
    (void)state;
    static const char *const settings[] = { "ema_decay=0.7", "optimizer=rmsprop", "optimizer=adamw", "optimizer=sgd" };
    for (int k = 0; k < 4; k++) {
        bench b = open_bench(settings[k]);
        double first, moved, started;
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        RIG_OK(seqd_trainer_save(b.trainer, path, &error));
        seqd_dataset *newer = rig_dataset(context, b.options, SERIES, 60);
        seqd_options *options = rig_options(context, settings[k]);
        rig_set(options, "max_steps=5 val_every=5 batch_size=40 learning_rate=0.001 schedule=constant warmup_steps=0");
        seqd_trainer *trainer = NULL, *fresh = NULL;
        seqd_model *model = NULL, *loaded = NULL;
        RIG_OK(seqd_trainer_update(context, path, newer, options, &trainer, &model, &error));
        assert_int_equal(summary_of(trainer).steps, 12);
        RIG_OK(seqd_trainer_run(trainer, &error));
        assert_int_equal(summary_of(trainer).steps, 17);
        seqd_forecast_release(rig_forecast(model, newer));
        seqd_trainer_release(trainer);
        trainer = NULL;
        seqd_model_release(model);
        model = NULL;

        /* the first loss is that of the weights; the next tells whether the moments were there */
        RIG_OK(seqd_trainer_update(context, path, newer, options, &trainer, &model, &error));
        RIG_OK(seqd_model_load(context, path, &loaded, &error));
        RIG_OK(seqd_trainer_create(loaded, newer, options, NULL, &fresh, &error));
        RIG_OK(seqd_trainer_step(trainer, 2, &moved, &error));
        RIG_OK(seqd_trainer_step(fresh, 2, &started, &error));
        assert_true(isfinite(moved) && isfinite(started) && moved != started);
        seqd_trainer_release(trainer);
        seqd_trainer_release(fresh);
        seqd_model_release(model);
        seqd_model_release(loaded);
        trainer = NULL;
        model = NULL;

        /* settings of the checkpoint, and settings that its state does not fit */
        RIG_OK(seqd_trainer_update(context, path, newer, NULL, &trainer, &model, &error));
        RIG_OK(seqd_trainer_step(trainer, 1, &first, &error));
        seqd_trainer_release(trainer);
        seqd_model_release(model);
        trainer = NULL;
        model = NULL;
        RIG_OK(seqd_options_set_str(options, "optimizer", k == 0 ? "sgd" : "adam", &error));
        RIG_EXPECT(SEQD_E_OPTION, seqd_trainer_update(context, path, newer, options, &trainer, &model, &error));
        assert_true(!trainer && !model);
        seqd_options_release(options);
        seqd_dataset_release(newer);
        close_bench(&b);
    }
}

/* --- damage --- */

static uint32_t crc32c(uint32_t crc, const unsigned char *bytes, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

static void put(unsigned char *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) at[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get(const unsigned char *at, int width)
{
    uint64_t value = 0;
    for (int i = width; i-- > 0;) value = value << 8 | at[i];
    return value;
}

static void write_file(const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static bool is_taken(seqd_dataset *dataset)
{
    seqd_trainer *trainer = NULL;
    seqd_model *model = NULL;
    double loss;
    const long long blocks = memory.blocks;
    const int32_t status = seqd_trainer_resume(context, path, dataset, &trainer, &model, &error);
    if (status == SEQD_OK) { /* whatever was told, it ends cleanly */
        const int32_t ran = seqd_trainer_step(trainer, 1, &loss, &error);
        assert_true(ran == SEQD_OK || ran == SEQD_E_DIVERGED);
        seqd_trainer_release(trainer);
        seqd_model_release(model);
    } else {
        assert_true(status == SEQD_E_FORMAT || status == SEQD_E_VERSION || status == SEQD_E_DATA ||
                    status == SEQD_E_OPTION);
        assert_true(!trainer && !model);
    }
    assert_int_equal(memory.blocks, blocks);
    return status == SEQD_OK;
}

/* Every field of the trainer's section with other values, under checksums that are right. */
static void fields_of_other_values_do_no_harm(void **state)
{
    (void)state;
    enum { HEADER = 28, ENTRY = 24, TRAINER = 5 };
    static const uint64_t values[] = { 0, 1, 2, 7, 0x7fffffff, 0xffffffff, 0x7fc00000, 0x7f800000, UINT64_MAX };
    bench b = open_bench("hidden_size=2 decoder_size=1 ema_decay=0.5 max_steps=6 val_every=3 patience=1");
    RIG_OK(run_watched(&b.trainer, 5, 0));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static unsigned char whole[1 << 16], bytes[1 << 16];
    const size_t size = fread(whole, 1, sizeof whole, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 1000, sizeof whole - 1);
    assert_int_equal(get(whole + 12, 4), TRAINER + 1);
    const unsigned char *entry = whole + HEADER + TRAINER * ENTRY;
    assert_int_equal(get(entry, 4), 0x10001);
    const size_t offset = (size_t)get(entry + 8, 8), length = (size_t)get(entry + 16, 8);
    assert_int_equal(offset + length, size);
    int taken = 0, refused = 0;
    const size_t step = length > 3000 ? 3 : 1;
    for (size_t at = 0; at + 8 <= length; at += at < 900 ? 1 : 41 * step)
        for (size_t v = 0; v < sizeof values / sizeof *values; v += at < 900 ? 1 : 3) {
            memcpy(bytes, whole, size);
            put(bytes + offset + at, values[v], values[v] > 0xffffffff ? 8 : 4);
            put(bytes + HEADER + TRAINER * ENTRY + 4, crc32c(0, bytes + offset, length), 4);
            put(bytes + 24, 0, 4);
            put(bytes + 24, crc32c(0, bytes, HEADER + (TRAINER + 1) * ENTRY), 4);
            write_file(bytes, size);
            if (is_taken(b.dataset)) taken++;
            else refused++;
        }
    print_message("%d files taken, %d refused\n", taken, refused);
    assert_true(taken > 100 && refused > 100);
    for (size_t cut = 0; cut < size; cut += 1 + size / 200) {
        write_file(whole, cut);
        assert_false(is_taken(b.dataset));
        memcpy(bytes, whole, size);
        bytes[cut] ^= 4;
        write_file(bytes, size);
        assert_false(is_taken(b.dataset));
    }
    close_bench(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(interrupted_is_uninterrupted),
        TEST(so_are_tasks_on_events),
        TEST(single_steps_go_on_too),
        TEST(a_checkpoint_is_a_model),
        TEST(newer_rows_go_on_with_the_moments),
        TEST(fields_of_other_values_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
