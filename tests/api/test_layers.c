/* SPDX-License-Identifier: Apache-2.0 */
/* Cells and stacks by their options: they train, save, load and forecast; what cannot be is refused by name. */
#include "rig.h"

static seqd_context *context;
static seqd_error error = SEQD_ERROR_INIT;

static int set_up(void **state)
{
    (void)state;
    context = rig_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_release(context);
    return 0;
}

static const char *const kinds[] = {
    "model=rnn",
    "model=rnn nonlinearity=relu num_layers=2",
    "model=gru reset_after=0",
    "model=lstm bidirectional=1 hidden_size=5,4",
    "model=gru residual=1 layer_norm=1 num_layers=3",
    "model=rnn dilations=1,2,4 num_layers=3 residual=1",
    "model=lstm dilations=3,2 hidden_size=6,5 bidirectional=1 layer_norm=1",
    "model=gru reset_after=0 recurrent_dropout=0.2 dropout=0.2 backend=native",
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Trained alike on one thread and on three; saved and loaded; forecast alike. */
static void test_train_save_forecast(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        unsigned char *bytes[2];
        size_t sizes[2], count, again;
        for (int pass = 0; pass < 2; pass++) {
            seqd_options *options = rig_options(context, kinds[i]);
            seqd_dataset *dataset = rig_dataset(context, options, 6, 60);
            RIG_OK(seqd_context_set_threads(context, pass == 0 ? 1 : 3, &error));
            seqd_model *model = rig_train(context, options, dataset), *copy = NULL;
            bytes[pass] = rig_save(model, &sizes[pass]);
            RIG_OK(seqd_model_load_memory(context, bytes[pass], sizes[pass], &copy, &error));
            seqd_forecast *one = rig_forecast(model, dataset), *two = rig_forecast(copy, dataset);
            double *a = rig_figures(one, &count), *b = rig_figures(two, &again);
            assert_int_equal(count, again);
            assert_memory_equal(a, b, count * sizeof *a);
            free(a);
            free(b);
            seqd_forecast_release(one);
            seqd_forecast_release(two);
            seqd_model_release(copy);
            seqd_model_release(model);
            seqd_dataset_release(dataset);
            seqd_options_release(options);
        }
        assert_int_equal(sizes[0], sizes[1]);
        assert_memory_equal(bytes[0], bytes[1], sizes[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
}

static void test_streams_are_refused(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, "model=gru bidirectional=1");
    seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
    seqd_model *model = NULL;
    seqd_stream *stream = NULL;
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_stream_create(model, dataset, &stream, &error));
    assert_non_null(strstr(error.message, "bidirectional"));
    assert_null(stream);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char *const refused[][2] = {
        {"model=lstm nonlinearity=relu", "nonlinearity"},
        {"model=gru nonlinearity=relu", "nonlinearity"},
        {"model=lstm reset_after=0", "reset_after"},
        {"model=rnn reset_after=0", "reset_after"},
        {"model=lstm dilations=1,2", "dilations"},
        {"model=lstm num_layers=3 dilations=2", "dilations"},
        {"model=lstm residual=1", "residual"},
        {"model=lstm residual=1 hidden_size=6,5", "residual"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        seqd_options *options = rig_options(context, refused[i][0]);
        seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
        seqd_model *model = NULL;
        RIG_EXPECT(SEQD_E_OPTION, seqd_model_create(context, options, dataset, &model, &error));
        assert_non_null(strstr(error.message, refused[i][1]));
        assert_null(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
    }
}

/* oneDNN has nothing between the steps of a layer: training says so, a forecast of the trained model needs nothing. */
static void test_onednn_and_recurrent_dropout(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, "recurrent_dropout=0.3 backend=onednn");
    seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    assert_true(strstr(error.message, "recurrent_dropout") || strstr(error.message, "oneDNN"));
    assert_null(trainer);
    rig_set(options, "backend=auto");
    RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    RIG_OK(seqd_trainer_run(trainer, &error));
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

/*
 * Nothing can be learned about noise but its mean. A network that reads backwards would be told the answers of every
 * step but the last of a window; counted there, its loss would go far below the noise's own.
 */
static void test_backwards_does_not_tell_the_future(void **state)
{
    (void)state;
    enum { NOISY = 12, STEPS = 150 };
    static const char *const ways[] = {"bidirectional=0", "bidirectional=1"};
    double losses[2];
    rig_text text = {0};
    uint32_t random = 7;
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y\n");
    for (int s = 0; s < NOISY; s++)
        for (int day = 0; day < STEPS; day++) {
            random = random * 1664525u + 1013904223u;
            rig_print(&text, "s%02d,%s,%d\n", s, rig_date(day, date), (int)(random >> 16) % 100);
        }
    for (int i = 0; i < 2; i++) {
        rig_text copy = {malloc(text.size + 1), text.size, text.size + 1};
        memcpy(copy.bytes, text.bytes, text.size + 1);
        seqd_options *options = rig_options(context, "head=mse scaler=standard horizon=1 hidden_size=16 max_steps=300 "
                                                     "learning_rate=0.01 val_every=300 dropout=0 calendar=0");
        rig_set(options, ways[i]);
        seqd_dataset *dataset = rig_parse(context, options, copy);
        seqd_model *model = NULL;
        seqd_trainer *trainer = NULL;
        seqd_training_summary summary = {.struct_size = (uint32_t)sizeof summary};
        RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
        RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
        RIG_OK(seqd_trainer_run(trainer, &error));
        RIG_OK(seqd_trainer_summarize(trainer, &summary, &error));
        losses[i] = summary.train_loss;
        seqd_trainer_release(trainer);
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
    }
    free(text.bytes);
    print_message("training loss on noise: forwards %.3f, both ways %.3f\n", losses[0], losses[1]);
    assert_true(losses[1] > 0.75 * losses[0]); /* 0.94; told the future it is 0.45 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_train_save_forecast, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_streams_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_onednn_and_recurrent_dropout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_backwards_does_not_tell_the_future, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
