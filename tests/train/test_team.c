/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training by teams of any size: the interface never takes more threads than there are processors, so on a small
 * machine only this shows that four or eight threads come to the same bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "context.h"
#include "options.h"
#include "panel.h"
#include "trainer.h"

enum { SERIES = 30, DAYS = 50, STEPS = 12 };

#define OK(call) \
    do { \
        if ((call) != SEQD_OK) fail_msg("%s: %s", #call, error.message); \
    } while (0)

static char text[SERIES * DAYS * 32];

static void write_text(void)
{
    size_t used = (size_t)snprintf(text, sizeof text, "unique_id,ds,y\n");
    for (int s = 0; s < SERIES; s++)
        for (int day = 0; day < DAYS; day++)
            used += (size_t)snprintf(text + used, sizeof text - used, "s%d,%d,%d\n", s, day,
                                     5 + s % 7 + 3 * ((day + s) % 7 > 4) + day * 31 % 4);
}

typedef struct result {
    int64_t count;
    float *parameters;
    double loss, validation;
} result;

/* Parameters after some steps, and the loss over the validation windows, by a team of exactly `threads`. */
static result train(const char *level, const char *backend, const char *cell, int32_t threads)
{
    static const struct {
        seqd_option_id id;
        const char *value;
    } settings[] = {
        { SEQD_OPT_FREQ, "int" },         { SEQD_OPT_HORIZON, "4" },   { SEQD_OPT_CONTEXT_LENGTH, "10" },
        { SEQD_OPT_HIDDEN_SIZE, "9,6" }, { SEQD_OPT_DROPOUT, "0.2" }, { SEQD_OPT_BATCH_SIZE, "150" },
    };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    result r = { 0 };
    OK(seqd_context_new(NULL, &context, &error));
    context->kernel_level = level;
    OK(seqd_options_new(context, &options, &error));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        OK(seqd_option_set(options, settings[i].id, settings[i].value, &error));
    OK(seqd_option_set(options, SEQD_OPT_MODEL, cell, &error));
    OK(seqd_option_set(options, SEQD_OPT_BACKEND, backend, &error));
    OK(seqd_panel_parse(context, options, text, strlen(text), &dataset, &error));
    OK(seqd_model_new(context, options, dataset, &model, &error));
    OK(seqd_trainer_new(model, dataset, options, NULL, &trainer, &error));
    const int32_t shards = trainer->runner.shard_count;
    assert_int_equal(shards, (150 + SEQD_SHARD_ROWS - 1) / SEQD_SHARD_ROWS);
    seqd_runner_clear(&trainer->runner);
    OK(seqd_runner_create(context, model, &trainer->backend, &trainer->binding, shards, threads, &trainer->runner,
                          &error));
    OK(seqd_trainer_steps(trainer, STEPS, &r.loss, &error));
    double weight;
    r.validation = seqd_runner_evaluate(&trainer->runner, model->parameters, trainer->sampler.validation,
                                        trainer->sampler.validation_count, NULL, NULL, &weight);
    assert_true(weight > 0.0);
    r.count = model->net.tensors.parameters;
    const size_t bytes = (size_t)r.count * sizeof(float);
    r.parameters = malloc(bytes);
    assert_non_null(r.parameters);
    memcpy(r.parameters, model->parameters, bytes);
    seqd_trainer_free(trainer);
    seqd_model_free(model);
    seqd_dataset_free(dataset);
    seqd_options_free(options);
    seqd_context_drop(context);
    return r;
}

static void any_team_comes_to_the_same_bits(void **state)
{
    (void)state;
    static const char *const cells[] = { "lstm", "gru" }, *const backends[] = { "native", "onednn" };
    static const int32_t teams[] = { 2, 3, 4, 8 };
    int runs = 0;
#ifdef __SANITIZE_ADDRESS__
    const int32_t first = seqd_kernels_count() - 1; /* who adds up what in which order is one for all levels */
#else
    const int32_t first = 0;
#endif
    for (int32_t level = first; level < seqd_kernels_count(); level++)
        for (size_t b = 0; b < 2; b++)
            for (size_t c = 0; c < 2; c++) {
                if (b == 1 && strcmp(seqd_backend_onednn_version(), "no") == 0) continue; /* a build without it */
                const char *name = seqd_kernels_at(level)->level;
                result one = train(name, backends[b], cells[c], 1);
                for (size_t t = 0; t < sizeof teams / sizeof *teams; t++) {
                    result more = train(name, backends[b], cells[c], teams[t]);
                    assert_int_equal(more.count, one.count);
                    assert_memory_equal(more.parameters, one.parameters, (size_t)one.count * sizeof(float));
                    assert_memory_equal(&more.loss, &one.loss, sizeof one.loss);
                    assert_memory_equal(&more.validation, &one.validation, sizeof one.validation);
                    free(more.parameters);
                    runs++;
                }
                free(one.parameters);
            }
    print_message("%d runs compared\n", runs);
    assert_true(runs >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_team_comes_to_the_same_bits) };
    write_text();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
