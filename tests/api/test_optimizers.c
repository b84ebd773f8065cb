/* SPDX-License-Identifier: Apache-2.0 */
/* Update rules, penalties, frozen parameters, averaged weights and what decides when to stop. */
#include "rig.h"

static seqd_context *context;
static seqd_error error = SEQD_ERROR_INIT;

typedef struct bench {
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_model *model;
    seqd_trainer *trainer;
} bench;

static bench open_bench(const char *settings)
{
    bench b = { rig_options(context, settings), NULL, NULL, NULL };
    b.dataset = rig_dataset(context, b.options, 6, 60);
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

static int set_up(void **state)
{
    (void)state;
    context = rig_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    const int64_t left = seqd_context_memory_in_use(context);
    seqd_context_release(context);
    return left != 0;
}

/* Every weight of a model, tensor after tensor; freed by the caller. */
typedef struct weights {
    float *values;
    size_t count;
} weights;

static weights weights_of(const seqd_model *model)
{
    weights w = { NULL, 0 };
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        seqd_parameter_info info = { .struct_size = sizeof info };
        RIG_OK(seqd_model_parameter_info(model, i, &info, &error));
        w.values = realloc(w.values, (w.count + (size_t)info.count) * sizeof *w.values);
        RIG_OK(seqd_model_get_parameter(model, info.name, w.values + w.count, info.count, &error));
        w.count += (size_t)info.count;
    }
    return w;
}

static weights after_steps(const char *settings, int64_t steps)
{
    bench b = open_bench(settings);
    double loss;
    if (steps > 0) RIG_OK(seqd_trainer_step(b.trainer, steps, &loss, &error));
    const weights w = weights_of(b.model);
    close_bench(&b);
    return w;
}

/* By the trainer, which may have other options than the model had. */
static void refused(const char *settings, const char *word)
{
    seqd_options *options = rig_options(context, settings), *plain = rig_options(context, "");
    seqd_dataset *dataset = rig_dataset(context, options, 6, 60);
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_model_create(context, plain, dataset, &model, &error));
    RIG_EXPECT(SEQD_E_OPTION, seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    assert_null(trainer);
    if (!strstr(error.message, word)) print_error("%s: %s\n", settings, error.message);
    assert_non_null(strstr(error.message, word));
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(plain);
    seqd_options_release(options);
}

static void every_rule_learns(void **state)
{
    (void)state;
    static const char *const rules[] = { "adam", "sgd", "adamw", "rmsprop" };
    static const char *const rest[] = { "", "l2=0.001 l1=0.0001", "ema_decay=0.9",
                                        "schedule=plateau plateau_patience=1 val_every=10" };
    for (int r = 0; r < 4; r++)
        for (int i = 0; i < 4; i++) {
            char settings[256];
            double first = 0.0, last = 0.0;
            (void)snprintf(settings, sizeof settings, "optimizer=%s learning_rate=%s max_steps=200 warmup_steps=0 %s",
                           rules[r], r == 1 ? "0.05" : "0.01", rest[i]);
            bench b = open_bench(settings);
            RIG_OK(seqd_trainer_step(b.trainer, 3, &first, &error));
            RIG_OK(seqd_trainer_run(b.trainer, &error));
            RIG_OK(seqd_trainer_step(b.trainer, 3, &last, &error));
            if (!(last < 0.8 * first)) print_error("%s: %g to %g\n", settings, first, last);
            assert_true(last < 0.8 * first);
            close_bench(&b);
        }
}

static void threads_make_no_difference(void **state)
{
    (void)state;
    static const char *const kinds[] = { "optimizer=adamw weight_decay=0.1 ema_decay=0.9 l1=0.01 l2=0.02",
                                         "optimizer=rmsprop freeze=decoder.*,rnn.bias* monitor=mae dropout=0.3",
                                         "optimizer=sgd schedule=plateau l2=0.1 ema_decay=0.5",
                                         "augment_jitter=0.1 augment_scaling=0.2 augment_slicing=0.5" };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        unsigned char *first = NULL;
        size_t first_size = 0;
        for (int32_t threads = 1; threads <= 4; threads *= 2) {
            char settings[256];
            size_t size;
            (void)snprintf(settings, sizeof settings, "%s batch_size=70 max_steps=9", kinds[k]);
            RIG_OK(seqd_context_set_threads(context, threads, &error));
            bench b = open_bench(settings);
            RIG_OK(seqd_trainer_run(b.trainer, &error));
            unsigned char *bytes = rig_save(b.model, &size);
            close_bench(&b);
            if (first) {
                assert_int_equal(size, first_size);
                assert_memory_equal(bytes, first, size);
                free(bytes);
            } else {
                first = bytes, first_size = size;
            }
        }
        free(first);
    }
}

static void penalties_pull_weights_and_not_biases(void **state)
{
    (void)state;
    static const char *const base = "optimizer=sgd momentum=0 grad_clip=0 learning_rate=0.5 schedule=constant "
                                    "warmup_steps=0";
    static const struct {
        const char *settings;
        double l1, l2;
    } cases[] = { { "l2=0.2", 0.0, 0.2 }, { "l1=0.01", 0.01, 0.0 }, { "l1=0.02 l2=0.1", 0.02, 0.1 } };
    bench b = open_bench(base);
    const weights start = weights_of(b.model), plain = after_steps(base, 1);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char settings[256];
        size_t at = 0;
        (void)snprintf(settings, sizeof settings, "%s %s", base, cases[c].settings);
        const weights pulled = after_steps(settings, 1);
        for (int32_t i = 0; i < seqd_model_parameter_count(b.model); i++) {
            seqd_parameter_info info = { .struct_size = sizeof info };
            RIG_OK(seqd_model_parameter_info(b.model, i, &info, &error));
            for (int64_t k = 0; k < info.count; k++, at++) {
                const double w = (double)start.values[at], sign = (w > 0.0) - (w < 0.0);
                const double pull = info.rank == 2 ? 0.5 * (cases[c].l2 * w + cases[c].l1 * sign) : 0.0;
                assert_true(fabs((double)plain.values[at] - pull - (double)pulled.values[at]) < 1e-6);
                if (info.rank == 1) assert_true(plain.values[at] == pulled.values[at]);
            }
        }
        free(pulled.values);
    }
    free(start.values), free(plain.values);
    close_bench(&b);
}

static void frozen_parameters_keep_their_bits(void **state)
{
    (void)state;
    static const char *const rules[] = { "adam", "sgd", "adamw", "rmsprop" };
    for (int r = 0; r < 4; r++) {
        char settings[256];
        (void)snprintf(settings, sizeof settings, "optimizer=%s freeze=*bias*,decoder.lag.weight l2=0.1 ema_decay=0.9",
                       rules[r]);
        bench b = open_bench(settings);
        const weights start = weights_of(b.model);
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        const weights end = weights_of(b.model);
        size_t at = 0;
        int frozen = 0;
        for (int32_t i = 0; i < seqd_model_parameter_count(b.model); i++) {
            seqd_parameter_info info = { .struct_size = sizeof info };
            RIG_OK(seqd_model_parameter_info(b.model, i, &info, &error));
            const bool same = memcmp(start.values + at, end.values + at, (size_t)info.count * sizeof(float)) == 0;
            const bool held = strstr(info.name, "bias") || strcmp(info.name, "decoder.lag.weight") == 0;
            if (same != held && info.count > 0) print_error("%s: %s\n", rules[r], info.name);
            assert_true(same == held || info.count == 0);
            frozen += held;
            at += (size_t)info.count;
        }
        assert_true(frozen >= 3);
        free(start.values), free(end.values);
        close_bench(&b);
    }
    refused("freeze=rnn.*,no_such.*", "no_such.*");
    refused("freeze=rnn", "'rnn'");
    refused("freeze=*", "freeze");
}

static void the_average_is_what_the_header_says(void **state)
{
    (void)state;
    static const char *const base = "max_steps=50 warmup_steps=0 learning_rate=0.02";
    enum { STEPS = 25 };
    bench raw = open_bench(base);
    weights average = weights_of(raw.model);
    for (int t = 1; t <= STEPS; t++) {
        double loss, decay = t / (t + 10.0);
        if (decay > 0.6) decay = 0.6;
        RIG_OK(seqd_trainer_step(raw.trainer, 1, &loss, &error));
        const weights now = weights_of(raw.model);
        for (size_t i = 0; i < now.count; i++)
            average.values[i] = (float)(decay * (double)average.values[i] + (1.0 - decay) * (double)now.values[i]);
        free(now.values);
    }
    /* in one go, and with a look at the weights in between: the raw ones go on either way */
    bench b = open_bench("max_steps=50 warmup_steps=0 learning_rate=0.02 ema_decay=0.6");
    double loss;
    for (int t = 0; t < 5; t++) RIG_OK(seqd_trainer_step(b.trainer, 5, &loss, &error));
    const weights pieces = weights_of(b.model),
                  whole = after_steps("max_steps=50 warmup_steps=0 learning_rate=0.02 ema_decay=0.6", STEPS);
    assert_memory_equal(pieces.values, whole.values, whole.count * sizeof *whole.values);
    for (size_t i = 0; i < whole.count; i++)
        assert_true(fabs((double)whole.values[i] - (double)average.values[i]) < 1e-5);
    free(pieces.values), free(whole.values), free(average.values);
    close_bench(&raw);
    close_bench(&b);
}

typedef struct rates {
    double seen[64];
    int count;
} rates;

static int32_t watch_rate(void *user, const seqd_progress *p)
{
    rates *r = user;
    if (r->count < 64) r->seen[r->count++] = p->learning_rate;
    return 0;
}

static void a_plateau_cuts_the_rate(void **state)
{
    (void)state;
    rates r = { { 0.0 }, 0 };
    RIG_OK(seqd_context_set_progress(context, watch_rate, &r, &error));
    /* a rate so high that the validation loss cannot fall for long */
    bench b = open_bench("max_steps=60 val_every=2 schedule=plateau plateau_patience=1 plateau_factor=0.25 "
                         "learning_rate=0.5 warmup_steps=0");
    RIG_OK(seqd_trainer_run(b.trainer, &error));
    close_bench(&b);
    RIG_OK(seqd_context_set_progress(context, NULL, NULL, &error));
    assert_int_equal(r.count, 60);
    int cuts = 0;
    for (int i = 1; i < r.count; i++) {
        assert_true(r.seen[i] == r.seen[i - 1] || fabs(r.seen[i] / r.seen[i - 1] - 0.25) < 1e-12);
        if (r.seen[i] != r.seen[i - 1]) {
            cuts++;
            assert_int_equal(i % 2, 1); /* the callback after a round tells what that round decided */
        }
    }
    assert_true(cuts >= 2);
    refused("schedule=plateau val_size=0", "val_size");
}

static void epochs_bound_a_run(void **state)
{
    (void)state;
    /* 6 series of 55 origins in windows of 10: 36 windows a pass */
    static const struct {
        const char *settings;
        int64_t steps;
    } cases[] = { { "max_epochs=2 batch_size=8 max_steps=0", 9 }, { "max_epochs=1 batch_size=8 max_steps=0", 5 },
                  { "max_epochs=3 batch_size=8 max_steps=4", 4 }, { "max_epochs=1 batch_size=64 max_steps=100", 1 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        bench b = open_bench(cases[c].settings);
        seqd_training_summary summary = { .struct_size = sizeof summary };
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        RIG_OK(seqd_trainer_summarize(b.trainer, &summary, &error));
        assert_int_equal(summary.steps, cases[c].steps);
        close_bench(&b);
    }
}

/* What monitor=mae tells is the error of the medians that the model forecasts for the held-out steps. */
static void the_monitored_error_is_that_of_the_forecasts(void **state)
{
    (void)state;
    static const char *const heads[] = { "head=quantile", "head=negative_binomial", "head=mae scaler=log1p",
                                         "head=mae" };
    for (int h = 0; h < 4; h++) {
        char settings[128];
        (void)snprintf(settings, sizeof settings, "monitor=mae max_steps=1 val_every=1 %s", heads[h]);
        bench b = open_bench(settings);
        seqd_training_summary summary = { .struct_size = sizeof summary };
        seqd_dataset *before = NULL;
        RIG_OK(seqd_trainer_run(b.trainer, &error));
        RIG_OK(seqd_trainer_summarize(b.trainer, &summary, &error));
        RIG_OK(seqd_dataset_before(b.dataset, RIG_HORIZON, &before, &error));
        seqd_forecast *forecast = rig_forecast(b.model, before);
        double sum = 0.0, median[RIG_HORIZON], actual[RIG_HORIZON];
        for (int64_t i = 0; i < 6; i++) {
            RIG_OK(seqd_forecast_quantile(forecast, i, 0.5, median, &error));
            RIG_OK(seqd_dataset_values(b.dataset, i, 56, RIG_HORIZON, actual, &error));
            for (int t = 0; t < RIG_HORIZON; t++) sum += fabs(actual[t] - median[t]);
        }
        /* the residuals of a point head, known only after training, move its median */
        if (h < 2) assert_true(fabs(sum / 24.0 - summary.best_loss) < 1e-5 * (1.0 + summary.best_loss));
        else assert_true(summary.best_loss > 0.0 && summary.best_loss < 100.0);
        seqd_forecast_release(forecast);
        seqd_dataset_release(before);
        close_bench(&b);
    }
    refused("monitor=mae val_size=0", "val_size");
}

/* Validation windows are seen as they are. */
static void augmentation_is_for_training_alone(void **state)
{
    (void)state;
    static const char *const all = "learning_rate=1e-9 max_steps=1 val_every=1 augment_jitter=1 augment_scaling=0.5 "
                                   "augment_slicing=0.9";
    bench plain = open_bench("learning_rate=1e-9 max_steps=1 val_every=1"), changed = open_bench(all);
    seqd_training_summary one = { .struct_size = sizeof one }, two = { .struct_size = sizeof two };
    RIG_OK(seqd_trainer_run(plain.trainer, &error));
    RIG_OK(seqd_trainer_run(changed.trainer, &error));
    RIG_OK(seqd_trainer_summarize(plain.trainer, &one, &error));
    RIG_OK(seqd_trainer_summarize(changed.trainer, &two, &error));
    assert_true(fabs(one.best_loss - two.best_loss) < 1e-5);
    assert_true(fabs(one.train_loss - two.train_loss) > 1e-3);
    close_bench(&plain);
    close_bench(&changed);
}

static void settings_without_effect_are_refused(void **state)
{
    (void)state;
    refused("weight_decay=0.5", "weight_decay");
    refused("optimizer=sgd weight_decay=0.5", "weight_decay");
    refused("rho=0.5", "rho");
    refused("plateau_factor=0.1", "plateau_factor");
    refused("plateau_patience=7", "plateau_patience");
    refused("event_masking=0.1", "event_masking");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_rule_learns),
        TEST(threads_make_no_difference),
        TEST(penalties_pull_weights_and_not_biases),
        TEST(frozen_parameters_keep_their_bits),
        TEST(the_average_is_what_the_header_says),
        TEST(a_plateau_cuts_the_rate),
        TEST(epochs_bound_a_run),
        TEST(the_monitored_error_is_that_of_the_forecasts),
        TEST(augmentation_is_for_training_alone),
        TEST(settings_without_effect_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
