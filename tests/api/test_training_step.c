/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a training step costs beside its arithmetic: after the first one nothing is allocated, and a process that has
 * trained or predicted on several threads is idle again.
 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "rig.h"

#include <sys/resource.h>
#include <time.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static const char *const backends[] = { "native", "onednn" };
static const char *const kinds[] = {
    "model=lstm head=quantile hidden_size=8,4 dropout=0.2", "model=gru head=negative_binomial hidden_size=7",
    "model=lstm head=mse hidden_size=33 scaler=standard optimizer=sgd", "model=gru head=mae hidden_size=17,9",
    "optimizer=adamw ema_decay=0.9 l1=0.01 freeze=*bias*", "optimizer=rmsprop monitor=mae l2=0.1 model=gru augment_jitter=0.1 augment_slicing=0.5",
};

static bool has_backend(size_t b)
{
    return b == 0 || strstr(seqd_build_info(), "onednn=no") == NULL;
}

static seqd_trainer *new_trainer(seqd_context *context, const char *backend, const char *settings, seqd_model **model)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_trainer *trainer = NULL;
    seqd_options *options = rig_options(context, "batch_size=50");
    rig_set(options, settings);
    RIG_OK(seqd_options_set_str(options, "backend", backend, &error));
    seqd_dataset *dataset = rig_dataset(context, options, 20, 60);
    RIG_OK(seqd_model_create(context, options, dataset, model, &error));
    RIG_OK(seqd_trainer_create(*model, dataset, options, NULL, &trainer, &error));
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return trainer;
}

/* Bytes that the C library's main arena has handed out, to anyone; 0 where it cannot say. */
static size_t bytes_of_the_process(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 33))
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    for (size_t b = 0; b < 2; b++)
        for (size_t k = 0; has_backend(b) && k < sizeof kinds / sizeof *kinds; k++)
            for (int32_t threads = 1; threads <= 2; threads++) {
                rig_memory memory = { 0 };
                seqd_context *context = rig_context(&memory);
                seqd_model *model = NULL;
                double loss;
                RIG_OK(seqd_context_set_threads(context, threads, &error));
                seqd_trainer *trainer = new_trainer(context, backends[b], kinds[k], &model);
                RIG_OK(seqd_trainer_step(trainer, 1, &loss, &error));
                const long long calls = memory.calls, blocks = memory.blocks;
                const size_t held = bytes_of_the_process();
                assert_true(calls > 0);
                for (int i = 0; i < 5; i++) {
                    RIG_OK(seqd_trainer_step(trainer, 20, &loss, &error));
                    assert_true(isfinite(loss));
                }
                assert_int_equal(memory.calls, calls);
                assert_int_equal(memory.blocks, blocks);
                /* and whatever the libraries beneath take, they give back */
                /* nor beneath the hook; oneDNN keeps something for each thread that comes to it */
                if (b == 0) assert_int_equal(bytes_of_the_process(), held);
                seqd_trainer_release(trainer);
                seqd_model_release(model);
                seqd_context_release(context);
            }
}

static double processor_seconds(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double idle_share(void)
{
    struct timespec half = { 0, 500000000 };
    const double before = processor_seconds();
    while (nanosleep(&half, &half) != 0) {
    }
    return (processor_seconds() - before) / 0.5;
}

static void an_idle_process_takes_no_time(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        seqd_context *context = rig_context(NULL);
        seqd_model *model = NULL;
        double loss;
        RIG_OK(seqd_context_set_threads(context, threads, &error));
        seqd_trainer *trainer = new_trainer(context, "native", kinds[0], &model);
        RIG_OK(seqd_trainer_step(trainer, 50, &loss, &error));
        const double after_training = idle_share();
        RIG_OK(seqd_trainer_run(trainer, &error));
        seqd_trainer_release(trainer);
        seqd_options *options = rig_options(context, "");
        seqd_dataset *dataset = rig_dataset(context, options, 60, 60);
        seqd_forecast_release(rig_forecast(model, dataset));
        const double after_prediction = idle_share();
        print_message("%d threads: idle at %.4f of a processor after training, %.4f after prediction\n", threads,
                      after_training, after_prediction);
        assert_true(after_training < 0.1);
        assert_true(after_prediction < 0.1);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
        seqd_model_release(model);
        seqd_context_release(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(an_idle_process_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
