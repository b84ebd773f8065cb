/* SPDX-License-Identifier: Apache-2.0 */
/* Models that start from the weights of others: for new rows, new categories, another head. */
#include "rig.h"

static rig_memory memory;
static seqd_context *context;
static seqd_error error = SEQD_ERROR_INIT;

static int set_up(void **state)
{
    (void)state;
    memory = (rig_memory){ 0 };
    context = rig_context(&memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_release(context);
    if (memory.blocks != 0) print_error("%lld blocks left\n", memory.blocks);
    return memory.blocks != 0;
}

/* Series of some kinds, over some days; price is a covariate known in advance. */
static seqd_dataset *shop(const seqd_options *options, const char *const *kinds, int count, int days)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y,kind,size,price\n");
    for (int s = 0; s < 12; s++)
        for (int day = 0; day < days + RIG_HORIZON; day++) {
            rig_print(&text, "s%02d,%s,", s, rig_date(day, date));
            if (day < days) rig_print(&text, "%.0f", rig_demand(s, day));
            rig_print(&text, ",%s,%s,%d\n", kinds[s % count], s % 2 ? "large" : "small", 3 + (day + s) % 4);
        }
    return rig_parse(context, options, text);
}

static const char *const columns = "static_columns=kind,size known_columns=price max_steps=20 val_every=10";
static const char *const old_kinds[] = { "bread", "fruit", "milk" };
static const char *const new_kinds[] = { "bread", "fruit", "apple", "milk", "zucchini" };

static float *tensor(const seqd_model *model, const char *name, seqd_parameter_info *out)
{
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        *out = (seqd_parameter_info){ .struct_size = sizeof *out };
        RIG_OK(seqd_model_parameter_info(model, i, out, &error));
        if (strcmp(out->name, name) != 0) continue;
        float *values = malloc((size_t)out->count * sizeof *values + 1);
        RIG_OK(seqd_model_get_parameter(model, name, values, out->count, &error));
        return values;
    }
    fail_msg("there is no parameter %s", name);
    return NULL;
}

static bool same_tensor(const seqd_model *a, const seqd_model *b, const char *name)
{
    seqd_parameter_info x, y;
    float *one = tensor(a, name, &x), *two = tensor(b, name, &y);
    const bool same = x.count == y.count && memcmp(one, two, (size_t)x.count * sizeof *one) == 0;
    free(one), free(two);
    return same;
}

static void same_forecasts(seqd_model *a, seqd_model *b, seqd_dataset *dataset, bool expected)
{
    seqd_forecast *one = rig_forecast(a, dataset), *two = rig_forecast(b, dataset);
    size_t count, again;
    double *x = rig_figures(one, &count), *y = rig_figures(two, &again);
    assert_int_equal(count, again);
    assert_int_equal(memcmp(x, y, count * sizeof *x) == 0, expected);
    free(x), free(y);
    seqd_forecast_release(one);
    seqd_forecast_release(two);
}

static void nothing_new_is_the_same_model(void **state)
{
    (void)state;
    static const char *const kinds[] = { "", "head=negative_binomial model=gru", "head=mse scaler=standard", "model=encdec" };
    for (int k = 0; k < 4; k++) {
        char settings[256];
        (void)snprintf(settings, sizeof settings, "%s%s%s", columns, kinds[k][0] ? " " : "", kinds[k]);
        seqd_options *options = rig_options(context, settings);
        seqd_dataset *dataset = shop(options, old_kinds, 3, 60);
        seqd_model *model = rig_train(context, options, dataset), *same = NULL, *loaded = NULL;
        RIG_OK(seqd_model_adapt(model, NULL, dataset, &same, &error));
        same_forecasts(model, same, dataset, true);
        size_t size;
        unsigned char *bytes = rig_save(same, &size);
        RIG_OK(seqd_model_load_memory(context, bytes, size, &loaded, &error));
        same_forecasts(model, loaded, dataset, true);
        free(bytes);
        seqd_model_release(loaded);
        seqd_model_release(same);
        seqd_model_release(model);
        seqd_dataset_release(dataset);
        seqd_options_release(options);
    }
}

static void categories_move_by_their_text(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, columns), *tuning = NULL;
    seqd_dataset *old = shop(options, old_kinds, 3, 60), *newer = shop(options, new_kinds, 5, 70),
                 *fewer = shop(options, old_kinds, 1, 30);
    seqd_model *model = rig_train(context, options, old), *more = NULL, *less = NULL;
    seqd_parameter_info was, is;
    RIG_OK(seqd_model_adapt(model, NULL, newer, &more, &error));
    float *before = tensor(model, "embedding.0.weight", &was), *after = tensor(more, "embedding.0.weight", &is);
    assert_int_equal(was.shape[0], 4);
    assert_int_equal(is.shape[0], 6);
    assert_int_equal(was.shape[1], is.shape[1]);
    /* unknown, bread, fruit, milk among unknown, apple, bread, fruit, milk, zucchini */
    static const int places[] = { 0, 2, 3, 4 };
    const size_t width = (size_t)is.shape[1], row = width * sizeof(float);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(before + i * width, after + (size_t)places[i] * width, row);
    free(before), free(after);
    same_forecasts(model, more, old, true);
    /* a panel that knows fewer of them forgets none */
    RIG_OK(seqd_model_adapt(model, NULL, fewer, &less, &error));
    same_forecasts(model, less, old, true);

    /* training on, with some parameters held */
    RIG_OK(seqd_model_get_options(more, &tuning, &error));
    rig_set(tuning, "freeze=rnn.*,embedding.1.* max_steps=10 learning_rate=0.01");
    seqd_trainer *trainer = NULL;
    seqd_model *start = NULL;
    RIG_OK(seqd_model_adapt(model, NULL, newer, &start, &error));
    RIG_OK(seqd_trainer_create(more, newer, tuning, NULL, &trainer, &error));
    RIG_OK(seqd_trainer_run(trainer, &error));
    seqd_trainer_release(trainer);
    assert_true(same_tensor(start, more, "rnn.weight_hh_l0") && same_tensor(start, more, "rnn.bias_ih_l0"));
    assert_true(same_tensor(start, more, "embedding.1.weight"));
    assert_false(same_tensor(start, more, "embedding.0.weight"));
    assert_false(same_tensor(start, more, "output.weight"));
    same_forecasts(start, more, newer, false);

    seqd_options_release(tuning);
    seqd_model_release(start);
    seqd_model_release(more);
    seqd_model_release(less);
    seqd_model_release(model);
    seqd_dataset_release(old);
    seqd_dataset_release(newer);
    seqd_dataset_release(fewer);
    seqd_options_release(options);
}

static void what_is_asked_for_anew_starts_fresh(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        const char *kept, *fresh;
    } cases[] = {
        { "head=negative_binomial", "rnn.weight_hh_l0", "output.weight" },
        { "quantiles=0.05,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.95", "decoder.state.weight", "output.bias" },
        { "horizon=7", "rnn.weight_ih_l0", "decoder.state.weight" },
        { "hidden_size=9", "output.weight", "rnn.weight_hh_l0" },
        { "lags=7,14", "rnn.weight_hh_l0", "rnn.weight_ih_l0" },
        { "embedding_size=7", "rnn.weight_hh_l0", "embedding.0.weight" },
        { "embedding_size=2,7", "rnn.weight_hh_l0", "embedding.1.weight" },
    };
    seqd_options *options = rig_options(context, columns);
    rig_set(options, "head=quantile");
    seqd_dataset *dataset = shop(options, old_kinds, 3, 60);
    seqd_model *model = rig_train(context, options, dataset);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        seqd_options *other = NULL;
        seqd_model *out = NULL;
        seqd_trainer *trainer = NULL;
        RIG_OK(seqd_model_get_options(model, &other, &error));
        rig_set(other, cases[c].settings);
        RIG_OK(seqd_model_adapt(model, other, dataset, &out, &error));
        if (!same_tensor(model, out, cases[c].kept) || same_tensor(model, out, cases[c].fresh))
            print_error("%s\n", cases[c].settings);
        assert_true(same_tensor(model, out, cases[c].kept));
        assert_false(same_tensor(model, out, cases[c].fresh));
        RIG_OK(seqd_trainer_create(out, dataset, other, NULL, &trainer, &error));
        RIG_OK(seqd_trainer_run(trainer, &error));
        seqd_trainer_release(trainer);
        seqd_model_release(out);
        seqd_options_release(other);
    }
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

static void other_data_are_refused(void **state)
{
    (void)state;
    seqd_options *options = rig_options(context, columns);
    seqd_dataset *dataset = shop(options, old_kinds, 3, 60);
    seqd_model *model = rig_train(context, options, dataset), *out = NULL, *ensemble = NULL;
    static const char *const others[] = { "static_columns=kind known_columns=price", "static_columns=kind,size",
                                          "static_columns=size,kind known_columns=price", "" };
    for (int i = 0; i < 4; i++) {
        seqd_options *plain = rig_options(context, others[i]);
        seqd_dataset *other = shop(plain, old_kinds, 3, 60);
        RIG_EXPECT(SEQD_E_DATA, seqd_model_adapt(model, NULL, other, &out, &error));
        assert_non_null(strstr(error.message, "columns"));
        seqd_dataset_release(other);
        seqd_options_release(plain);
    }
    seqd_model *const twice[] = { model, model };
    RIG_OK(seqd_model_combine(twice, 2, "mean", &ensemble, &error));
    RIG_EXPECT(SEQD_E_UNSUPPORTED, seqd_model_adapt(ensemble, NULL, dataset, &out, &error));
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    seqd_trainer_release(trainer);
    assert_null(out);
    seqd_model_release(ensemble);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
}

static seqd_dataset *log_of(const seqd_options *options, const char *const *kinds, int count)
{
    rig_text text = { 0 };
    rig_print(&text, "user_id,time,event,amount\n");
    for (int s = 0; s < 20; s++)
        for (int i = 0; i < 5 + s % 4; i++)
            rig_print(&text, "u%02d,%d,%s,%d\n", s, 10 * i, kinds[(i * 3 + s) % count], (i + s) % 6);
    return rig_parse(context, options, text);
}

static void events_move_by_their_text(void **state)
{
    (void)state;
    static const char *const few[] = { "buy", "cart", "view" }, *const many[] = { "buy", "call", "cart", "view" };
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "task=classify label=next_event num_columns=amount hidden_size=5 max_len=6");
    seqd_dataset *old = log_of(options, few, 3), *newer = log_of(options, many, 4);
    seqd_model *model = NULL, *more = NULL, *same = NULL;
    seqd_parameter_info was, is;
    RIG_OK(seqd_model_create(context, options, old, &model, &error));
    RIG_OK(seqd_model_adapt(model, NULL, newer, &more, &error));
    RIG_OK(seqd_model_adapt(model, NULL, old, &same, &error));
    float *before = tensor(model, "embedding.0.weight", &was), *after = tensor(more, "embedding.0.weight", &is);
    assert_int_equal(was.shape[0], 4);
    assert_int_equal(is.shape[0], 5);
    assert_int_equal(was.shape[1], is.shape[1]);
    static const int places[] = { 0, 1, 3, 4 };
    const size_t width = (size_t)is.shape[1];
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(before + i * width, after + (size_t)places[i] * width, width * sizeof(float));
    free(before), free(after);
    assert_true(same_tensor(model, more, "rnn.weight_ih_l0") && same_tensor(model, more, "rnn.weight_hh_l0"));
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        RIG_OK(seqd_model_parameter_info(model, i, &was, &error));
        assert_true(same_tensor(model, same, was.name));
    }
    seqd_model_release(model);
    seqd_model_release(more);
    seqd_model_release(same);
    seqd_dataset_release(old);
    seqd_dataset_release(newer);
    seqd_options_release(options);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_new_is_the_same_model),
        TEST(categories_move_by_their_text),
        TEST(what_is_asked_for_anew_starts_fresh),
        TEST(other_data_are_refused),
        TEST(events_move_by_their_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
