/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reversal of random tokens by model=encdec, from a table of events: the decoder reads its own answers, on sequences it
 * was not trained on. With attention nearly every sequence comes out right and its map shows the anti-diagonal; without,
 * clearly fewer do.
 *
 *   test_train_reversal [TOKENS SYMBOLS STEPS UNITS RATE]   what the suite runs is small; `tests/long reversal`: 20 tokens
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "infer.h"
#include "rng.h"
#include "status.h"
#include "trainer.h"

enum { TRAINED = 6000, HELD_OUT = 300, MOST_TOKENS = 64 };

static int tokens = 10, symbols = 8, steps = 2200, units = 48;
static const char *rate = "0.006";

static void ok(int32_t status, const seqd_error *error)
{
    if (status != SEQD_OK) fail_msg("%s", error->message);
}

/* Tokens are in `symbol`; their reversal follows as events, which alone can be answers. */
static char *make_table(int count, uint64_t seed, size_t *size)
{
    const size_t room = 64 + (size_t)count * (size_t)tokens * 2 * 24;
    char *text = malloc(room);
    size_t used = 0;
    assert_non_null(text);
    used += (size_t)snprintf(text, room, "user,symbol,event\n");
    for (int s = 0; s < count; s++) {
        int drawn[MOST_TOKENS];
        seqd_rng rng = seqd_rng_stream(seed, 1, (uint64_t)s);
        for (int i = 0; i < tokens; i++) {
            drawn[i] = s < symbols ? (s + i) % symbols : (int)seqd_rng_below(&rng, (uint64_t)symbols);
            used += (size_t)snprintf(text + used, room - used, "u%d,s%02d,\n", s, drawn[i]);
        }
        for (int i = tokens - 1; i >= 0; i--)
            used += (size_t)snprintf(text + used, room - used, "u%d,,s%02d\n", s, drawn[i]);
    }
    *size = used;
    return text;
}

static seqd_dataset *read_table(seqd_context *context, const seqd_options *options, int count, uint64_t seed)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *dataset = NULL;
    size_t size;
    char *text = make_table(count, seed, &size);
    ok(seqd_panel_parse(context, options, text, size, &dataset, &error), &error);
    free(text);
    assert_int_equal(dataset->series_count, count);
    return dataset;
}

static void set(seqd_options *options, const char *name, const char *value)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_option_id id;
    ok(seqd_option_find(name, &id, &error), &error);
    ok(seqd_option_set(options, id, value, &error), &error);
}

static void set_number(seqd_options *options, const char *name, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    set(options, name, text);
}

static seqd_options *make_options(seqd_context *context, const char *attention)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    ok(seqd_options_new(context, &options, &error), &error);
    static const char *const fixed[][2] = {
        {"task", "classify"}, {"label", "next_event"}, {"event_column", "event"}, {"cat_columns", "symbol"},
        {"id_column", "user"}, {"model", "encdec"}, {"dropout", "0"}, {"teacher_forcing_end", "1"},
        {"val_fraction", "0"}, {"batch_size", "64"}, {"embedding_size", "16"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) set(options, fixed[i][0], fixed[i][1]);
    set(options, "attention", attention);
    set(options, "learning_rate", rate);
    set_number(options, "horizon", tokens);
    set_number(options, "max_len", tokens);
    set_number(options, "hidden_size", units);
    set_number(options, "decoder_hidden_size", units);
    set_number(options, "max_steps", steps);
    return options;
}

/* Share of the sequences that come out right from first to last; windows end with the last token. */
static double accuracy(const seqd_trainer *trainer, const seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    const seqd_model *model = trainer->model;
    const seqd_net *net = &model->net;
    const int64_t width = net->config.answer.width;
    seqd_binding binding = {0};
    int64_t right = 0;
    ok(seqd_binding_create(trainer->context, &model->features, dataset, &binding, &error), &error);
    float *out = calloc((size_t)(SEQD_SHARD_ROWS * tokens * width), sizeof *out);
    assert_non_null(out);
    seqd_shard *shard = &trainer->runner.shards[0];
    seqd_net_pack(trainer->runner.net, model->parameters);
    for (int64_t first = 0; first < dataset->series_count; first += SEQD_SHARD_ROWS) {
        seqd_window windows[SEQD_SHARD_ROWS] = {{0}};
        const int64_t left = dataset->series_count - first;
        const int32_t rows = (int32_t)(left < SEQD_SHARD_ROWS ? left : SEQD_SHARD_ROWS);
        for (int32_t r = 0; r < rows; r++) windows[r] = (seqd_window){first + r, tokens - 1, 2 * tokens, 1, 0};
        seqd_shard_fill(&binding, windows, rows, shard);
        seqd_net_predict(trainer->runner.net, 0, shard, &model->features.plan, out);
        for (int32_t r = 0; r < rows; r++) {
            bool whole = true;
            for (int32_t a = 0; a < tokens; a++) {
                const float *o = out + (r * tokens + a) * width;
                int32_t best = 0;
                for (int32_t c = 1; c < width; c++)
                    if (o[c] > o[best]) best = c;
                assert_true(shard->label[r * tokens + a] >= 0.0f);
                whole = whole && (float)best == shard->label[r * tokens + a];
            }
            right += whole;
        }
    }
    free(out);
    seqd_binding_clear(&binding);
    return (double)right / (double)dataset->series_count;
}

/* Share of the steps of one sequence's map whose largest weight is within one of the anti-diagonal. */
static double anti_diagonal(seqd_model *model, seqd_context *context, const seqd_options *options)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    size_t size;
    float *weights = calloc((size_t)(tokens * tokens), sizeof *weights);
    char *text = make_table(symbols + 40, 3, &size);
    int64_t near = 0, all = 0;
    assert_non_null(weights);
    /* what is asked for is what comes after the last row: sequences of tokens alone */
    size_t kept = 0;
    for (char *line = text, *end; line < text + size; line = end) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        assert_non_null(end);
        end++;
        if (strstr(line, ",,") && strstr(line, ",,") < end) continue;
        memmove(text + kept, line, (size_t)(end - line));
        kept += (size_t)(end - line);
    }
    seqd_dataset *dataset = NULL;
    ok(seqd_panel_parse(context, options, text, kept, &dataset, &error), &error);
    free(text);
    ok(seqd_predictor_new(model, &predictor, &error), &error);
    for (int64_t s = symbols; s < dataset->series_count; s++) {
        ok(seqd_predictor_map(predictor, dataset, s, weights, (int64_t)tokens * tokens, &error), &error);
        for (int32_t k = 0; k < tokens; k++) {
            int32_t top = 0;
            for (int32_t t = 1; t < tokens; t++)
                if (weights[k * tokens + t] > weights[k * tokens + top]) top = t;
            near += abs(top - (tokens - 1 - k)) <= 1;
            all++;
        }
    }
    seqd_predictor_free(predictor);
    seqd_dataset_free(dataset);
    free(weights);
    return (double)near / (double)all;
}

static double train(const char *attention, double *diagonal)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    ok(seqd_context_new(NULL, &context, &error), &error);
    seqd_options *options = make_options(context, attention);
    seqd_dataset *trained = read_table(context, options, TRAINED, 1), *held = read_table(context, options, HELD_OUT, 2);
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    double loss;
    ok(seqd_model_new(context, options, trained, &model, &error), &error);
    ok(seqd_trainer_new(model, trained, options, NULL, &trainer, &error), &error);
    ok(seqd_trainer_steps(trainer, steps, &loss, &error), &error);
    const double right = accuracy(trainer, held);
    seqd_trainer_free(trainer);
    if (diagonal) *diagonal = anti_diagonal(model, context, options);
    printf("attention %s: %.1f %% of %d sequences of %d tokens reversed\n", attention, 100.0 * right, HELD_OUT, tokens);
    seqd_model_free(model);
    seqd_dataset_free(trained);
    seqd_dataset_free(held);
    seqd_options_free(options);
    seqd_context_drop(context);
    return right;
}

static void reverses(void **state)
{
    double diagonal = 0.0;
    (void)state;
    const double with = train("additive", &diagonal), without = train("none", NULL);
    printf("%.1f %% of the largest weights within one of the anti-diagonal\n", 100.0 * diagonal);
    assert_true(with >= (tokens < 20 ? 0.95 : 0.99));
    assert_true(without < with - 0.3);
    assert_true(diagonal >= 0.9);
}

int main(int argc, char **argv)
{
    int *const numbers[] = {&tokens, &symbols, &steps, &units};
    for (int i = 0; i < 4 && i + 1 < argc; i++) *numbers[i] = (int)strtol(argv[i + 1], NULL, 10);
    if (argc > 5) rate = argv[5];
    if (tokens < 2 || tokens > MOST_TOKENS) return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test(reverses)};
    return cmocka_run_group_tests_name("reversal", tests, NULL, NULL);
}
