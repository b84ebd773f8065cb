/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One model under several threads of a host at once: each with a predictor of its own forecasts what one thread alone
 * does, whatever data it brings, while others save, load and read the model; and a forked child goes on alone.
 */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLERS 4
#define ROUNDS 12

static seqd_context *context;
static seqd_options *options;
static seqd_dataset *data[CALLERS];
static double *expected[CALLERS];
static size_t counts[CALLERS], file_size;
static unsigned char *file;
static seqd_model *model;

static int set_up(void **state)
{
    seqd_error error = SEQD_ERROR_INIT;
    (void)state;
    context = rig_context(NULL);
    RIG_OK(seqd_context_set_threads(context, 2, &error));
    options = rig_options(context, "batch_size=40 hidden_size=9,5");
    for (int i = 0; i < CALLERS; i++) data[i] = rig_dataset(context, options, 1 + 13 * i, 40 + i);
    model = rig_train(context, options, data[CALLERS - 1]);
    file = rig_save(model, &file_size);
    for (int i = 0; i < CALLERS; i++) {
        seqd_forecast *forecast = rig_forecast(model, data[i]);
        expected[i] = rig_figures(forecast, &counts[i]);
        seqd_forecast_release(forecast);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < CALLERS; i++) {
        free(expected[i]);
        seqd_dataset_release(data[i]);
    }
    free(file);
    seqd_model_release(model);
    seqd_options_release(options);
    const bool left = seqd_context_memory_in_use(context) != 0;
    seqd_context_release(context);
    return left;
}

/* Asserts belong to the main thread, so this counts instead. */
static int forecast_and_compare(seqd_predictor *predictor, int which)
{
    seqd_forecast *forecast = NULL;
    double values[RIG_FIGURES * RIG_HORIZON];
    int bad = 0;
    if (seqd_predictor_run(predictor, data[which], &forecast, NULL) != SEQD_OK) return 1;
    for (int64_t s = 0; s < seqd_forecast_series_count(forecast); s++) {
        if (seqd_forecast_mean(forecast, s, values, NULL) != SEQD_OK ||
            seqd_forecast_quantile(forecast, s, 0.1, values + RIG_HORIZON, NULL) != SEQD_OK ||
            seqd_forecast_quantile(forecast, s, 0.9, values + 2 * RIG_HORIZON, NULL) != SEQD_OK ||
            memcmp(values, expected[which] + (size_t)s * RIG_FIGURES * RIG_HORIZON, sizeof values) != 0)
            bad++;
    }
    seqd_forecast_release(forecast);
    return bad;
}

typedef struct caller {
    int number, bad, forecasts;
} caller;

static void *predict_all(void *user)
{
    caller *c = user;
    seqd_predictor *predictor = NULL;
    if (seqd_predictor_create(model, &predictor, NULL) != SEQD_OK) {
        c->bad = 1;
        return NULL;
    }
    for (int i = 0; i < ROUNDS; i++, c->forecasts++)
        c->bad += forecast_and_compare(predictor, (c->number + i) % CALLERS);
    seqd_predictor_release(predictor);
    return NULL;
}

/* Saves, loads and looks at the model meanwhile, and makes and drops handles of the same context. */
static void *use_otherwise(void *user)
{
    caller *c = user;
    unsigned char *bytes = malloc(file_size);
    for (int i = 0; i < ROUNDS; i++) {
        seqd_model *loaded = NULL;
        seqd_predictor *predictor = NULL;
        seqd_options *copy = NULL;
        size_t size = file_size;
        if (seqd_model_save_memory(model, bytes, &size, NULL) != SEQD_OK || memcmp(bytes, file, file_size) != 0 ||
            seqd_model_load_memory(context, bytes, size, &loaded, NULL) != SEQD_OK ||
            seqd_model_get_options(model, &copy, NULL) != SEQD_OK ||
            seqd_predictor_create(loaded, &predictor, NULL) != SEQD_OK || forecast_and_compare(predictor, 1) != 0)
            c->bad++;
        seqd_predictor_release(predictor);
        seqd_model_release(loaded);
        seqd_options_release(copy);
        c->forecasts++;
    }
    free(bytes);
    return NULL;
}

static void many_threads_forecast_from_one_model(void **state)
{
    (void)state;
    pthread_t threads[CALLERS + 1];
    caller callers[CALLERS + 1] = { { 0 } };
    for (int i = 0; i <= CALLERS; i++) {
        callers[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, i < CALLERS ? predict_all : use_otherwise, &callers[i]), 0);
    }
    for (int i = 0; i <= CALLERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i <= CALLERS; i++) {
        assert_int_equal(callers[i].forecasts, ROUNDS);
        assert_int_equal(callers[i].bad, 0);
    }
}

typedef struct one_train {
    seqd_model *model;
    int status;
} one_train;

static void *train_own(void *user)
{
    one_train *own = user;
    seqd_trainer *trainer = NULL;
    own->status = seqd_model_create(context, options, data[CALLERS - 1], &own->model, NULL);
    if (own->status == SEQD_OK)
        own->status = seqd_trainer_create(own->model, data[CALLERS - 1], options, NULL, &trainer, NULL);
    if (own->status == SEQD_OK) own->status = seqd_trainer_run(trainer, NULL);
    seqd_trainer_release(trainer);
    return NULL;
}

static void many_threads_train_models_of_their_own(void **state)
{
    (void)state;
    pthread_t threads[CALLERS];
    one_train own[CALLERS] = { { NULL, 1 } };
    for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, train_own, &own[i]), 0);
    for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < CALLERS; i++) {
        size_t size;
        assert_int_equal(own[i].status, SEQD_OK);
        unsigned char *bytes = rig_save(own[i].model, &size);
        assert_int_equal(size, file_size);
        assert_memory_equal(bytes, file, size);
        free(bytes);
        seqd_model_release(own[i].model);
    }
}

static atomic_int taken, busy, other;

static void *take_model(void *user)
{
    seqd_trainer *trainer = NULL;
    const int32_t status = seqd_trainer_create(user, data[CALLERS - 1], options, NULL, &trainer, NULL);
    atomic_fetch_add(status == SEQD_OK ? &taken : status == SEQD_E_BUSY ? &busy : &other, 1);
    seqd_trainer_release(trainer);
    return NULL;
}

static void trainers_that_meet_are_told(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *fresh = NULL;
    seqd_trainer *trainer = NULL;
    pthread_t threads[CALLERS];
    RIG_OK(seqd_model_create(context, options, data[0], &fresh, &error));
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, take_model, fresh), 0);
        for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(taken + busy, 20 * CALLERS);
    assert_int_equal(other, 0);
    assert_true(taken >= 20);
    RIG_OK(seqd_trainer_create(fresh, data[0], options, NULL, &trainer, &error)); /* nobody holds it now */
    seqd_trainer_release(trainer);
    seqd_model_release(fresh);
}

static int in_child(void)
{
    seqd_predictor *predictor = NULL;
    one_train own = { NULL, 1 };
    (void)alarm(60); /* a wait for threads that a child does not have would never end */
    if (seqd_predictor_create(model, &predictor, NULL) != SEQD_OK) return 1;
    for (int i = 0; i < CALLERS; i++)
        if (forecast_and_compare(predictor, i) != 0) return 2;
    (void)train_own(&own);
    if (own.status != SEQD_OK) return 3;
    unsigned char *bytes = malloc(file_size);
    size_t size = file_size;
    if (seqd_model_save_memory(own.model, bytes, &size, NULL) != SEQD_OK || memcmp(bytes, file, file_size) != 0)
        return 4;
    free(bytes);
    seqd_model_release(own.model);
    seqd_predictor_release(predictor);
    return 0;
}

static void a_forked_child_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        int status = -1;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(in_child());
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_forecast_from_one_model),
        cmocka_unit_test(many_threads_train_models_of_their_own),
        cmocka_unit_test(trainers_that_meet_are_told),
        cmocka_unit_test(a_forked_child_goes_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
