/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model=encdec through the interface: every attention and way of decoding trains, forecasts and survives its file;
 * maps of attention; what is refused, by name; memory.
 */
#include "rig.h"

static const char *const kinds[] = {
    "attention=none",
    "attention=additive",
    "attention=additive attention_size=5 encoder_cell=gru decoder_cell=lstm hidden_size=6,5 decoder_hidden_size=7,6",
    "attention=dot hidden_size=8 decoder_hidden_size=8",
    "attention=general decoder_cell=rnn head=negative_binomial",
    "attention=multihead num_heads=2 bidirectional=1 head=mse",
    "attention=additive decoding=one_shot encoder_cell=rnn nonlinearity=relu",
    "attention=multihead num_heads=3 attention_size=6 decoder_cell=gru reset_after=0 teacher_forcing=0 "
    "teacher_forcing_end=0",
};
#define KINDS (sizeof kinds / sizeof *kinds)
#define CONTEXT 16

static seqd_options *encdec_options(seqd_context *context, const char *settings)
{
    seqd_options *options = rig_options(context, "model=encdec decoder_hidden_size=6 context_length=16 max_steps=20");
    rig_set(options, settings);
    return options;
}

static void trains_and_survives_its_file(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_context *context = rig_context(NULL);
        seqd_options *options = encdec_options(context, kinds[k]);
        seqd_dataset *dataset = rig_dataset(context, options, 6, 70);
        seqd_model *model = rig_train(context, options, dataset), *copy = NULL;
        size_t size, again, count, copied;
        unsigned char *bytes = rig_save(model, &size);
        RIG_OK(seqd_model_load_memory(context, bytes, size, &copy, &error));
        unsigned char *second = rig_save(copy, &again);
        assert_int_equal(size, again);
        assert_memory_equal(bytes, second, size);
        seqd_forecast *one = rig_forecast(model, dataset), *two = rig_forecast(copy, dataset);
        double *figures = rig_figures(one, &count), *others = rig_figures(two, &copied);
        assert_int_equal(count, copied);
        assert_memory_equal(figures, others, count * sizeof *figures);
        free(figures), free(others), free(bytes), free(second);
        seqd_forecast_release(one), seqd_forecast_release(two);
        seqd_model_release(model), seqd_model_release(copy);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
        seqd_context_release(context);
    }
}

static void maps_of_attention(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        seqd_error error = SEQD_ERROR_INIT;
        rig_memory memory = {0};
        seqd_context *context = rig_context(&memory);
        seqd_options *options = encdec_options(context, kinds[k]);
        /* ten days: less than the context, so that the first steps are padding */
        seqd_dataset *dataset = rig_dataset(context, options, 6, 70), *brief = rig_dataset(context, options, 2, 10);
        seqd_model *model = rig_train(context, options, dataset);
        seqd_predictor *predictor = NULL;
        int32_t heads = -1, horizon = -1, length = -1;
        float weights[3 * RIG_HORIZON * CONTEXT + 1];
        RIG_OK(seqd_predictor_create(model, &predictor, &error));
        if (k == 0) {
            RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_model_attention_shape(model, &heads, &horizon, &length, &error));
            RIG_EXPECT(SEQD_E_UNSUPPORTED,
                       seqd_predictor_attention(predictor, dataset, 0, weights, RIG_HORIZON * CONTEXT, &error));
            assert_int_equal(heads, -1);
        } else {
            RIG_OK(seqd_model_attention_shape(model, &heads, &horizon, &length, &error));
            assert_int_equal(heads, strstr(kinds[k], "num_heads=2") ? 2 : strstr(kinds[k], "num_heads=3") ? 3 : 1);
            assert_int_equal(horizon, RIG_HORIZON);
            assert_int_equal(length, CONTEXT);
            const int64_t count = (int64_t)heads * horizon * length;
            RIG_EXPECT(SEQD_E_ARG, seqd_predictor_attention(predictor, dataset, 0, weights, count + 1, &error));
            RIG_EXPECT(SEQD_E_ARG, seqd_predictor_attention(predictor, dataset, 6, weights, count, &error));
            RIG_EXPECT(SEQD_E_ARG, seqd_predictor_attention(predictor, dataset, -1, weights, count, &error));
            weights[count] = 7.0f;
            RIG_OK(seqd_predictor_attention(predictor, dataset, 3, weights, count, &error));
            const long long calls = memory.calls;
            for (int series = 0; series < 6; series++)
                RIG_OK(seqd_predictor_attention(predictor, dataset, series, weights, count, &error));
            assert_int_equal(memory.calls, calls);
            for (int both = 0; both < 2; both++) {
                if (both == 1) RIG_OK(seqd_predictor_attention(predictor, brief, 1, weights, count, &error));
                for (int64_t row = 0; row < count / length; row++) {
                    double sum = 0.0;
                    for (int32_t t = 0; t < length; t++) {
                        const float w = weights[row * length + t];
                        assert_true(both == 1 && t < CONTEXT - 10 ? w == 0.0f : w > 0.0f);
                        sum += (double)w;
                    }
                    assert_true(fabs(sum - 1.0) < 1e-5);
                }
            }
            assert_true(weights[count] == 7.0f);
        }
        seqd_predictor_release(predictor);
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_dataset_release(brief);
        seqd_options_release(options);
        seqd_context_release(context);
        assert_int_equal(memory.blocks, 0);
    }
}

static void refused_by_name(void **state)
{
    static const char *const wrong[][2] = {
        {"attention=dot hidden_size=8 decoder_hidden_size=7", "attention=dot"},
        {"attention=multihead num_heads=4", "num_heads"},
        {"attention=dot attention_size=6 hidden_size=6", "attention_size"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_context *context = rig_context(NULL);
        seqd_options *options = encdec_options(context, wrong[i][0]);
        seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
        seqd_model *model = NULL;
        RIG_EXPECT(SEQD_E_OPTION, seqd_model_create(context, options, dataset, &model, &error));
        assert_non_null(strstr(error.message, wrong[i][1]));
        assert_null(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
        seqd_context_release(context);
    }
}

static void streams_are_refused(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = rig_context(NULL);
    seqd_options *options = encdec_options(context, "");
    seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
    seqd_model *model = rig_train(context, options, dataset);
    seqd_stream *stream = NULL;
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_stream_create(model, dataset, &stream, &error));
    assert_non_null(strstr(error.message, "encdec"));
    assert_null(stream);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    seqd_context_release(context);
}

/* After the first step nothing is allocated, whatever is told. */
static void steps_allocate_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        seqd_error error = SEQD_ERROR_INIT;
        rig_memory memory = {0};
        seqd_context *context = rig_context(&memory);
        seqd_options *options = encdec_options(context, kinds[k]);
        seqd_dataset *dataset = rig_dataset(context, options, 6, 70);
        seqd_model *model = NULL;
        seqd_trainer *trainer = NULL;
        double loss;
        RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
        RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
        RIG_OK(seqd_trainer_step(trainer, 1, &loss, &error));
        const long long calls = memory.calls;
        RIG_OK(seqd_trainer_step(trainer, 5, &loss, &error));
        assert_int_equal(memory.calls, calls);
        assert_true(isfinite(loss));
        seqd_trainer_release(trainer);
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
        seqd_context_release(context);
        assert_int_equal(memory.blocks, 0);
    }
}

/* Each allocation of making, training and asking fails once: the call says so and everything is given back. */
static void memory_runs_out(void **state)
{
    (void)state;
    for (long long n = 1;; n++) {
        seqd_error error = SEQD_ERROR_INIT;
        rig_memory memory = {0};
        seqd_context *context = rig_context(&memory);
        seqd_options *options = encdec_options(context, "max_steps=2 val_every=2");
        seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
        seqd_model *model = NULL;
        seqd_trainer *trainer = NULL;
        seqd_predictor *predictor = NULL;
        float weights[RIG_HORIZON * CONTEXT];
        memory.fail_at = memory.calls + n;
        int32_t status = seqd_model_create(context, options, dataset, &model, &error);
        if (status == SEQD_OK) status = seqd_trainer_create(model, dataset, options, NULL, &trainer, &error);
        if (status == SEQD_OK) status = seqd_trainer_run(trainer, &error);
        seqd_trainer_release(trainer);
        if (status == SEQD_OK) status = seqd_predictor_create(model, &predictor, &error);
        if (status == SEQD_OK)
            status = seqd_predictor_attention(predictor, dataset, 0, weights, RIG_HORIZON * CONTEXT, &error);
        const bool reached = memory.calls >= memory.fail_at;
        seqd_predictor_release(predictor);
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
        seqd_context_release(context);
        assert_int_equal(memory.blocks, 0);
        if (!reached) {
            assert_int_equal(status, SEQD_OK);
            assert_true(n > 20);
            break;
        }
        if (status != SEQD_OK) assert_int_equal(status, SEQD_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_and_survives_its_file), cmocka_unit_test(maps_of_attention),
        cmocka_unit_test(refused_by_name),              cmocka_unit_test(streams_are_refused),
        cmocka_unit_test(steps_allocate_nothing),       cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("api encdec", tests, NULL, NULL);
}
