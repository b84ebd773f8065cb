/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at every allocation there is, from the first data to a backtest: each time the call that met it says
 * so, and all that was held is given back. Once only that allocation fails, once every later one as well.
 */
#include "rig.h"

#include <unistd.h>

/* Everything a host may hold; released whatever was reached. */
typedef struct handles {
    seqd_context *context;
    seqd_options *options, *copy, *own;
    seqd_table *table;
    seqd_dataset *dataset, *columns, *view;
    seqd_model *model, *loaded, *read, *taken, *ensemble, *adapted;
    seqd_optimizer *optimizer;
    seqd_trainer *trainer, *resumed;
    seqd_predictor *predictor;
    seqd_forecast *forecast, *baseline;
    seqd_stream *stream;
    seqd_evaluation *evaluation;
    seqd_backtest *backtest;
    seqd_tuner *tuner;
    void *bytes;
} handles;

static void release(handles *h)
{
    seqd_context_release(h->context);
    seqd_options_release(h->options);
    seqd_options_release(h->copy);
    seqd_options_release(h->own);
    seqd_table_release(h->table);
    seqd_dataset_release(h->dataset);
    seqd_dataset_release(h->columns);
    seqd_dataset_release(h->view);
    seqd_model_release(h->model);
    seqd_model_release(h->loaded);
    seqd_model_release(h->read);
    seqd_model_release(h->taken);
    seqd_model_release(h->ensemble);
    seqd_model_release(h->adapted);
    seqd_optimizer_release(h->optimizer);
    seqd_trainer_release(h->trainer);
    seqd_trainer_release(h->resumed);
    seqd_predictor_release(h->predictor);
    seqd_stream_release(h->stream);
    seqd_forecast_release(h->forecast);
    seqd_forecast_release(h->baseline);
    seqd_evaluation_release(h->evaluation);
    seqd_backtest_release(h->backtest);
    seqd_tuner_release(h->tuner);
    free(h->bytes);
}

static rig_text csv;
static char csv_path[64], options_path[64], model_path[64], saved_path[64], state_path[64];

/* The last call that was made, so that a message can name it. */
static const char *last_call;
#define TRY(call)                                       \
    do {                                                \
        last_call = #call;                              \
        if ((status = (call)) != SEQD_OK) return status; \
    } while (0)

static const char *const settings[][2] = {
    { "horizon", "3" },     { "context_length", "8" }, { "hidden_size", "4,3" },  { "decoder_size", "3" },
    { "lags", "7" },        { "max_steps", "2" },      { "val_every", "1" },      { "batch_size", "20" },
    { "warmup_steps", "1" }, { "windows", "1" },       { "static_columns", "kind" }, { "known_columns", "price" },
    { "ema_decay", "0.9" }, { "monitor", "mae" }, { "past_columns", "clicks" }, { "outliers", "quantile" }, { "static_real_columns", "weight" },
};

static int32_t prepare(handles *h, const seqd_allocator *allocator, int64_t limit, seqd_error *error)
{
    int32_t status;
    TRY(seqd_context_create(allocator, &h->context, error));
    if (limit > 0) TRY(seqd_context_set_limit(h->context, "memory", limit, error));
    TRY(seqd_context_set_threads(h->context, 2, error));
    TRY(seqd_options_create(h->context, &h->options, error));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        TRY(seqd_options_set_str(h->options, settings[i][0], settings[i][1], error));
    TRY(seqd_options_set_f64(h->options, "dropout", 0.25, error));
    TRY(seqd_options_set_i64(h->options, "seed", 7, error));
    TRY(seqd_options_load(h->options, options_path, error));
    TRY(seqd_options_copy(h->options, &h->copy, error));
    return SEQD_OK;
}

static int32_t gather(handles *h, seqd_error *error)
{
    static const char *const ids[] = { "a", "a", "b", "b", NULL }, *const dates[] = { "2023-01-02", "2023-01-03" };
    static const double numbers[] = { 1, 2, 3, 4 };
    static const int64_t days[] = { 0, 86400, 0, 86400 };
    int32_t status;
    TRY(seqd_dataset_parse(h->context, h->options, csv.bytes, csv.size, &h->dataset, error));
    TRY(seqd_dataset_before(h->dataset, 3, &h->view, error));
    TRY(seqd_table_read(h->context, csv_path, &h->table, error));
    TRY(seqd_options_create(h->context, &h->own, error));
    TRY(seqd_options_set_str(h->own, "freq", "D", error));
    TRY(seqd_dataset_create(h->context, h->own, &h->columns, error));
    TRY(seqd_dataset_append_str(h->columns, "unique_id", ids, 4, error));
    TRY(seqd_dataset_append_i64(h->columns, "ds", days, 4, error));
    TRY(seqd_dataset_append_f64(h->columns, "y", numbers, 4, error));
    TRY(seqd_dataset_seal(h->columns, error));
    seqd_dataset_release(h->columns);
    h->columns = NULL;
    TRY(seqd_dataset_create(h->context, h->own, &h->columns, error));
    TRY(seqd_dataset_append_str(h->columns, "unique_id", ids, 2, error));
    TRY(seqd_dataset_append_str(h->columns, "ds", dates, 2, error));
    TRY(seqd_dataset_append_f64(h->columns, "y", numbers, 2, error));
    TRY(seqd_dataset_seal(h->columns, error));
    seqd_dataset_release(h->columns);
    h->columns = NULL;
    TRY(seqd_dataset_read(h->context, h->options, csv_path, &h->columns, error));
    return SEQD_OK;
}

static int32_t learn(handles *h, seqd_error *error)
{
    int32_t status;
    double loss;
    size_t size;
    float bias[16];
    TRY(seqd_model_create(h->context, h->options, h->dataset, &h->model, error));
    TRY(seqd_optimizer_create(h->model, h->options, &h->optimizer, error));
    TRY(seqd_trainer_create(h->model, h->dataset, h->options, h->optimizer, &h->trainer, error));
    TRY(seqd_trainer_step(h->trainer, 1, &loss, error));
    TRY(seqd_trainer_run(h->trainer, error));
    TRY(seqd_model_get_parameter(h->model, "rnn.bias_ih_l0", bias, 16, error));
    TRY(seqd_model_set_parameter(h->model, "rnn.bias_ih_l0", bias, 16, error));
    TRY(seqd_model_save_memory(h->model, NULL, &size, error));
    h->bytes = malloc(size);
    TRY(seqd_model_save_memory(h->model, h->bytes, &size, error));
    TRY(seqd_model_load_memory(h->context, h->bytes, size, &h->loaded, error));
    TRY(seqd_model_save(h->model, model_path, error));
    TRY(seqd_model_load(h->context, model_path, &h->read, error));
    TRY(seqd_trainer_save(h->trainer, model_path, error));
    TRY(seqd_trainer_resume(h->context, model_path, h->dataset, &h->resumed, &h->taken, error));
    TRY(seqd_trainer_run(h->resumed, error));
    seqd_trainer_release(h->resumed);
    seqd_model_release(h->taken);
    h->resumed = NULL;
    h->taken = NULL;
    TRY(seqd_trainer_update(h->context, model_path, h->dataset, NULL, &h->resumed, &h->taken, error));
    seqd_options_release(h->own);
    h->own = NULL;
    TRY(seqd_model_get_options(h->loaded, &h->own, error));
    return SEQD_OK;
}

static int32_t answer(handles *h, seqd_error *error)
{
    static const double levels[] = { 0.1, 0.5, 0.9 };
    static const double history[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, three[] = { 1, 2, 3 };
    double values[5 * 3];
    seqd_reorder reorder = { .struct_size = sizeof reorder };
    int32_t status;
    TRY(seqd_model_adapt(h->read, NULL, h->dataset, &h->adapted, error));
    seqd_model *const pair[] = { h->loaded, h->read };
    TRY(seqd_model_combine(pair, 2, "mean", &h->ensemble, error));
    TRY(seqd_predictor_create(h->ensemble, &h->predictor, error));
    TRY(seqd_predictor_run(h->predictor, h->dataset, &h->forecast, error));
    seqd_predictor_release(h->predictor);
    seqd_forecast_release(h->forecast);
    h->predictor = NULL;
    h->forecast = NULL;
    TRY(seqd_predictor_create(h->loaded, &h->predictor, error));
    TRY(seqd_predictor_run(h->predictor, h->dataset, &h->forecast, error));
    TRY(seqd_predictor_run_into(h->predictor, h->dataset, h->forecast, error));
    TRY(seqd_stream_create(h->loaded, h->dataset, &h->stream, error));
    TRY(seqd_stream_push(h->stream, 1, 5, 1, three, 1, three, 1, error));
    TRY(seqd_stream_forecast(h->stream, 1, three, 1, values, levels, 3, values + 3, error));
    seqd_forecast_release(h->forecast);
    h->forecast = NULL;
    TRY(seqd_stream_run(h->stream, history, 3, 1, &h->forecast, error));
    TRY(seqd_stream_run_into(h->stream, history, 3, 1, h->forecast, error));
    TRY(seqd_forecast_mean(h->forecast, 0, values, error));
    TRY(seqd_forecast_quantile(h->forecast, 0, 0.9, values, error));
    TRY(seqd_forecast_paths(h->forecast, 0, 5, 1, values, error));
    TRY(seqd_reorder_from_forecast(h->forecast, 0, RIG_STOCK(3, 0, 2, 1, 0.9, 6, 0), 10, 1, &reorder, error));
    TRY(seqd_reorder_from_paths(h->context, values, 5, 3, RIG_STOCK(3, 0, 2, 1, 0.9, 0, 0), &reorder, error));
    TRY(seqd_evaluation_create(h->context, 7, levels, 3, &h->evaluation, error));
    TRY(seqd_evaluation_add(h->evaluation, history, 9, three, three, three, NULL, 3, error));
    TRY(seqd_baseline_forecast(h->dataset, h->options, "naive2", &h->baseline, error));
    TRY(seqd_backtest_run(h->dataset, h->options, "lstm,croston,seasonal_naive", &h->backtest, error));
    TRY(seqd_options_save(h->options, saved_path, error));
    TRY(seqd_tuner_create(h->options, &h->tuner, error));
    TRY(seqd_tuner_add_range(h->tuner, "dropout", "0:0.5", error));
    TRY(seqd_tuner_add_range(h->tuner, "model", "lstm,gru", error));
    TRY(seqd_tuner_open_state(h->tuner, h->dataset, state_path, error));
    return SEQD_OK;
}

static int32_t scenario(handles *h, rig_memory *memory, int64_t limit, seqd_error *error)
{
    const seqd_allocator allocator = rig_allocator(memory);
    int32_t status = prepare(h, &allocator, limit, error);
    if (status == SEQD_OK) status = gather(h, error);
    if (status == SEQD_OK) status = learn(h, error);
    if (status == SEQD_OK) status = answer(h, error);
    return status;
}

static int set_up(void **state)
{
    (void)state;
    char date[RIG_DATE];
    rig_print(&csv, "unique_id,ds,y,kind,price,clicks,weight\n");
    for (int s = 0; s < 3; s++)
        for (int day = 0; day < 33; day++) {
            rig_print(&csv, "s%d,%s,", s, rig_date(day, date));
            if (day < 30) rig_print(&csv, "%.0f", rig_demand(s, day));
            rig_print(&csv, ",%s,%d,%d,%d\n", s ? "x" : "y", 2 + day % 3, day % 4, s);
        }
    const long id = (long)getpid();
    (void)snprintf(csv_path, sizeof csv_path, "%s/seqdemand-%ld.csv", rig_folder(), id);
    (void)snprintf(options_path, sizeof options_path, "%s/seqdemand-%ld.conf", rig_folder(), id);
    (void)snprintf(saved_path, sizeof saved_path, "%s/seqdemand-%ld-saved.conf", rig_folder(), id);
    (void)snprintf(state_path, sizeof state_path, "%s/seqdemand-%ld-state.csv", rig_folder(), id);
    (void)snprintf(model_path, sizeof model_path, "%s/seqdemand-%ld.seqd", rig_folder(), id);
    FILE *file = fopen(csv_path, "w"), *conf = fopen(options_path, "w");
    if (!file || !conf) return 1;
    (void)fwrite(csv.bytes, 1, csv.size, file);
    (void)fputs("# a comment\ngrad_clip = 2\nseason_length = 7\n", conf);
    return fclose(file) != 0 || fclose(conf) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(csv.bytes);
    (void)unlink(csv_path);
    (void)unlink(options_path);
    (void)unlink(saved_path);
    (void)unlink(state_path);
    (void)unlink(model_path);
    return 0;
}

/* One run with a failure; 1 when something is not as it should be. */
static int one(rig_memory memory, int64_t limit, int32_t expected, int32_t *status)
{
    seqd_error error = SEQD_ERROR_INIT;
    handles h = { 0 };
    int bad = 0;
    last_call = "";
    *status = scenario(&h, &memory, limit, &error);
    release(&h);
    if (*status != SEQD_OK && (*status != expected || error.status != *status || error.message[0] == '\0')) bad = 1;
    if (*status == SEQD_OK && memory.fail_at > 0 && memory.calls >= memory.fail_at) bad = 1;
    if (memory.blocks != 0) bad = 1;
    if (bad)
        print_error("allocation %lld, limit %lld: %s, '%s', %lld blocks left, in %s\n", memory.fail_at,
                    (long long)limit, seqd_status_name(*status), error.message, memory.blocks, last_call);
    return bad;
}

static void fail_all(bool fail_after)
{
    int bad = 0;
    long long at = 0;
    int32_t status;
    do {
        at += fail_after && RIG_SANITIZED ? 3 : 1;
        bad += one((rig_memory){ .fail_at = at, .fail_after = fail_after }, 0, SEQD_E_NOMEM, &status);
    } while (status != SEQD_OK && at < 100000);
    print_message("%lld allocations failed in turn\n", at - 1);
    assert_int_equal(bad, 0);
    assert_true(at > 100);
    assert_int_equal(status, SEQD_OK);
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    fail_all(false);
}

static void each_allocation_and_all_after_it_fail(void **state)
{
    (void)state;
    fail_all(true);
}

static void limits_of_memory_are_kept(void **state)
{
    (void)state;
    int bad = 0, refused = 0;
    int32_t status;
    for (int64_t limit = 1; limit < (int64_t)1 << 26; limit += 1 + limit / 16) {
        bad += one((rig_memory){ 0 }, limit, SEQD_E_LIMIT, &status);
        refused += status == SEQD_E_LIMIT;
    }
    assert_int_equal(bad, 0);
    assert_int_equal(status, SEQD_OK);
    print_message("%d limits were too low\n", refused);
    assert_true(refused > 50);
}

/* After a failure the handles work as if nothing had been. */
static void handles_outlive_a_failure(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    rig_memory memory = { 0 };
    seqd_context *context = rig_context(&memory);
    seqd_options *options = rig_options(context, "");
    seqd_dataset *dataset = rig_dataset(context, options, 3, 40);
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    size_t size[2], count[2];
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    seqd_model *untouched = rig_train(context, options, dataset);

    memory.fail_at = memory.calls + 2;
    RIG_EXPECT(SEQD_E_NOMEM, seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    assert_null(trainer);
    RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    RIG_OK(seqd_trainer_run(trainer, &error));
    unsigned char *one_file = rig_save(model, &size[0]), *other_file = rig_save(untouched, &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(one_file, other_file, size[0]);

    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    for (int i = 1; i < 100; i++) {
        memory.fail_at = memory.calls + i;
        const int32_t status = seqd_predictor_run(predictor, dataset, &forecast, &error);
        if (status == SEQD_OK) break;
        assert_int_equal(status, SEQD_E_NOMEM);
        assert_null(forecast);
    }
    memory.fail_at = 0;
    assert_non_null(forecast);
    seqd_forecast *same = rig_forecast(untouched, dataset);
    double *first = rig_figures(forecast, &count[0]), *second = rig_figures(same, &count[1]);
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(first, second, count[0] * sizeof *first);

    free(first), free(second), free(one_file), free(other_file);
    seqd_forecast_release(forecast);
    seqd_forecast_release(same);
    seqd_predictor_release(predictor);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_model_release(untouched);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    assert_int_equal(seqd_context_memory_in_use(context), 0);
    seqd_context_release(context);
    assert_int_equal(memory.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
        cmocka_unit_test(each_allocation_and_all_after_it_fail),
        cmocka_unit_test(limits_of_memory_are_kept),
        cmocka_unit_test(handles_outlive_a_failure),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
