/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader of model files. Checksums, lengths and offsets are put right before loading, so that what is tried is whether
 * the meaning of the sections is checked: a file is refused, or it gives a model that forecasts finite numbers and is saved
 * as a file that gives the same model.
 */
#include "fuzz_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As lib/model/model_bytes.c describes the file. */
enum { OPTIONS = 1, FEATURES, DISTRIBUTION, CARD, PARAMETERS, MEMBERS, HEADER = 28, ENTRY = 24, MOST_SECTIONS = 32 };
#define TRAINER 0x10001u /* of a checkpoint */

static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t size)
{
    static uint32_t table[256];
    if (table[1] == 0)
        for (uint32_t byte = 0; byte < 256; byte++) {
            table[byte] = byte;
            for (int bit = 0; bit < 8; bit++) table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0x82F63B78u : 0);
        }
    crc = ~crc;
    for (size_t i = 0; i < size; i++) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
    return ~crc;
}

static void put(uint8_t *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *at, int width)
{
    uint64_t value = 0;
    for (int i = width; i-- > 0;) value = value << 8 | at[i];
    return value;
}

static uint32_t mend(uint8_t *bytes, size_t size, int depth);

/* The files of an ensemble's members, each after its length. */
static void mend_members(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; size >= 16 && at <= size - 8;) {
        const size_t left = size - at - 8;
        uint64_t length = get(bytes + at, 8);
        if (length > left) length = left;
        put(bytes + at, length, 8);
        (void)mend(bytes + at + 8, (size_t)length, 1);
        at += 8 + (size_t)length;
    }
}

/* The number of sections, whose lengths then cover the file; 0 when it is too short to be one. `depth` is 1 in a member. */
static uint32_t mend(uint8_t *bytes, size_t size, int depth)
{
    if (size < HEADER) return 0;
    uint64_t count = get(bytes + 12, 4), room = (size - HEADER) / ENTRY;
    if (count > MOST_SECTIONS) count = PARAMETERS;
    if (count > room) count = room;
    memcpy(bytes, "SEQDMODL", 8);
    put(bytes + 8, SEQD_MODEL_FORMAT, 4);
    put(bytes + 12, count, 4);
    put(bytes + 16, size, 8);
    put(bytes + 24, 0, 4);
    size_t at = HEADER + (size_t)count * ENTRY;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *entry = bytes + HEADER + i * ENTRY;
        uint64_t length = get(entry + 16, 8);
        if (length > size - at || i + 1 == count) length = size - at;
        if (get(entry, 4) == MEMBERS && depth == 0) mend_members(bytes + at, (size_t)length);
        put(entry + 4, crc32c(0, bytes + at, (size_t)length), 4);
        put(entry + 8, at, 8);
        put(entry + 16, length, 8);
        at += (size_t)length;
    }
    put(bytes + 24, crc32c(0, bytes, HEADER + (size_t)count * ENTRY), 4);
    return (uint32_t)count;
}

/* Data read as the model asks for, or, where its settings make no sense for these columns, plainly. */
static seqd_dataset *data_for(seqd_context *context, const seqd_model *model)
{
    static char text[FUZZ_MODEL_TEXT];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    const char *freq = "", *task = "";
    FUZZ_OK(seqd_model_get_options(model, &options, &error), &error);
    FUZZ_OK(seqd_options_get_str(options, "freq", &freq, &error), &error);
    FUZZ_OK(seqd_options_get_str(options, "task", &task, &error), &error);
    const bool events = strcmp(task, "forecast") != 0;
    const size_t size = events ? fuzz_model_events(text, sizeof text)
                               : fuzz_model_sales(strcmp(freq, "int") != 0, text, sizeof text);
    int32_t status = seqd_dataset_parse(context, options, text, size, &dataset, &error);
    fuzz_check_error(status, &error);
    if (status != SEQD_OK) {
        seqd_options *plain = fuzz_model_options(context, events ? FUZZ_MODEL_EVENTS : FUZZ_MODEL_SALES);
        if (events) FUZZ_OK(seqd_options_set_str(plain, "task", task, &error), &error);
        else FUZZ_OK(seqd_options_set_str(plain, "freq", freq, &error), &error);
        status = seqd_dataset_parse(context, plain, text, size, &dataset, &error);
        fuzz_check_error(status, &error);
        seqd_options_release(plain);
    }
    seqd_options_release(options);
    return status == SEQD_OK ? dataset : NULL;
}

/* Probabilities of each answer: they are some, and sum to one. Numbers: they are some. */
static void check_answers(const seqd_prediction *prediction)
{
    seqd_error error = SEQD_ERROR_INIT;
    const size_t answers = (size_t)seqd_prediction_answer_count(prediction);
    const size_t classes = (size_t)seqd_prediction_class_count(prediction), width = classes > 0 ? classes : 1;
    double *scores = malloc(answers * width * sizeof *scores);
    FUZZ_CHECK(answers > 0 && scores != NULL);
    for (int64_t row = 0; row < seqd_prediction_row_count(prediction); row++) {
        FUZZ_CHECK(seqd_prediction_id(prediction, row) != NULL && seqd_prediction_event(prediction, row) >= 0);
        FUZZ_OK(seqd_prediction_scores(prediction, row, scores, &error), &error);
        for (size_t i = 0; i < answers; i++) {
            double sum = 0.0;
            for (size_t c = 0; c < width; c++) {
                FUZZ_CHECK(isfinite(scores[i * width + c]));
                if (classes > 0) FUZZ_CHECK(scores[i * width + c] >= 0.0);
                sum += scores[i * width + c];
            }
            if (classes > 0) FUZZ_CHECK(fabs(sum - 1.0) < 1e-3);
        }
    }
    free(scores);
    seqd_answer_metrics metrics = { .struct_size = (uint32_t)sizeof metrics };
    const int32_t status = seqd_prediction_evaluate(prediction, &metrics, &error);
    fuzz_check_error(status, &error);
}

static void predict(seqd_model *model, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    seqd_prediction *prediction = NULL;
    int32_t status = seqd_predictor_create(model, &predictor, &error);
    fuzz_check_error(status, &error);
    if (status != SEQD_OK) return;
    status = seqd_predictor_run(predictor, dataset, &forecast, &error);
    fuzz_check_error(status, &error);
    if (status == SEQD_OK) fuzz_check_forecast(forecast);
    seqd_forecast_release(forecast);
    for (int32_t which = SEQD_ANSWER_END; which <= SEQD_ANSWER_EVERY; which++) {
        status = seqd_predictor_answer(predictor, dataset, which, &prediction, &error);
        fuzz_check_error(status, &error);
        if (status != SEQD_OK) continue;
        check_answers(prediction);
        seqd_prediction_release(prediction);
    }
    int32_t heads = 0, horizon = 0, length = 0;
    status = seqd_model_attention_shape(model, &heads, &horizon, &length, &error);
    fuzz_check_error(status, &error);
    const int64_t count = (int64_t)heads * horizon * length;
    if (status == SEQD_OK && count < 1 << 20) {
        float *weights = malloc((size_t)count * sizeof *weights);
        FUZZ_CHECK(weights != NULL);
        status = seqd_predictor_attention(predictor, dataset, 0, weights, count, &error);
        fuzz_check_error(status, &error);
        for (int64_t i = 0; status == SEQD_OK && i < count; i++) FUZZ_CHECK(weights[i] >= 0.0f && weights[i] <= 1.0001f);
        free(weights);
    }
    seqd_predictor_release(predictor);
}

/* As a checkpoint: refused, or it goes on. */
static void resume(seqd_context *context, seqd_dataset *dataset, const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_trainer *trainer = NULL;
    seqd_model *model = NULL;
    char path[FUZZ_PATH];
    const int file = fuzz_file(bytes, size, path);
    int32_t status = seqd_trainer_resume(context, path, dataset, &trainer, &model, &error);
    fuzz_check_error(status, &error);
    fuzz_file_close(file);
    if (status != SEQD_OK) return;
    status = seqd_trainer_step(trainer, 1, NULL, &error);
    fuzz_check_error(status, &error);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
}

/* Saved and loaded again it must be accepted, and be the same file. */
static void check_saved(seqd_context *context, const seqd_model *model)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *again = NULL;
    size_t size = 0, size_again = 0;
    const int32_t status = seqd_model_save_memory(model, NULL, &size, &error);
    if (status == SEQD_E_LIMIT) return;
    FUZZ_OK(status, &error);
    uint8_t *bytes = malloc(size), *bytes_again = malloc(size);
    FUZZ_CHECK(bytes != NULL && bytes_again != NULL);
    size_again = size;
    FUZZ_OK(seqd_model_save_memory(model, bytes, &size, &error), &error);
    if (seqd_model_load_memory(context, bytes, size, &again, &error) == SEQD_OK) {
        FUZZ_OK(seqd_model_save_memory(again, bytes_again, &size_again, &error), &error);
        FUZZ_CHECK(size == size_again && memcmp(bytes, bytes_again, size) == 0);
        seqd_model_release(again);
    } else if (error.status != SEQD_E_LIMIT) {
        fuzz_broken("a saved model loads again", __FILE__, __LINE__, error.message);
    }
    free(bytes);
    free(bytes_again);
}

static bool is_checkpoint(const uint8_t *bytes, size_t size)
{
    const uint64_t count = size < HEADER ? 0 : get(bytes + 12, 4);
    for (uint64_t i = 0; i < count && i < MOST_SECTIONS && HEADER + (i + 1) * ENTRY <= size; i++)
        if (get(bytes + HEADER + i * ENTRY, 4) == TRAINER) return true;
    return false;
}

static void try_model(seqd_context *context, const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    const int32_t status = seqd_model_load_memory(context, bytes, size, &model, &error);
    fuzz_check_error(status, &error);
    if (status != SEQD_OK) return;
    const char *key, *value;
    for (int32_t i = 0; i < seqd_model_card_count(model); i++)
        FUZZ_OK(seqd_model_card(model, i, &key, &value, &error), &error);
    FUZZ_CHECK(seqd_model_horizon(model) > 0);
    seqd_dataset *dataset = data_for(context, model);
    if (dataset) predict(model, dataset);
    if (dataset && is_checkpoint(bytes, size)) resume(context, dataset, bytes, size);
    seqd_dataset_release(dataset);
    check_saved(context, model);
    seqd_model_release(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    seqd_context *context = fuzz_context();
    uint8_t *mended = malloc(size + 1);
    FUZZ_CHECK(mended != NULL);
    memcpy(mended, bytes, size);
    if (mend(mended, size, 0) == 0) memcpy(mended, bytes, size);
    try_model(context, mended, size);
    free(mended);
    fuzz_context_close(context);
    return 0;
}

static uint64_t state;

static uint32_t draw(size_t count)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % count);
}

/* Puts `count` bytes in the place of `taken` ones at `at` of section `section`, whose length follows. */
static size_t splice(uint8_t *bytes, size_t size, size_t room, uint32_t section, size_t at, size_t taken,
                     const uint8_t *with, size_t count)
{
    if (size - taken + count > room) return size;
    memmove(bytes + at + count, bytes + at + taken, size - at - taken);
    memcpy(bytes + at, with, count);
    uint8_t *length = bytes + HEADER + section * ENTRY + 16;
    put(length, get(length, 8) - taken + count, 8);
    return size - taken + count;
}

/* Another value for one of the options in the file. */
static size_t change_option(uint8_t *bytes, size_t size, size_t room, uint32_t section, size_t at, size_t end)
{
    static const char *const values[] = {
        "0", "1", "2", "3", "7", "16", "64", "500", "4096", "16384", "-1", "0.1", "0.5", "0.999", "1e-9",
        "0.5,0.9", "0.1,0.5", "0.001,0.5,0.999", "1,1", "2,1,1", "1,2,3,4,5,6", "lstm", "gru", "mse", "mae",
        "quantile", "negative_binomial", "auto", "none", "zero", "log1p", "robust", "standard", "min_max",
        "min_max_signed", "mean_abs", "D", "W", "MS", "h", "int", "missing", "mean", "forward", "interpolate",
        "kind", "size", "price", "clicks", "clicks,price", "native", "onednn", "drop", "keep", "common", "own",
        "encdec", "rnn", "mlp", "linear", "additive", "dot", "general", "multihead", "one_shot", "step",
        "student_t", "poisson", "tweedie", "zero_inflated_negative_binomial", "gaussian", "huber",
        "cross_entropy", "classify", "regress", "forecast", "within", "count", "next_event", "column", "buy",
        "item", "binary", "logistic", "last", "max", "log_difference", "difference", "attention", "adamw",
        "rmsprop", "sgd", "median", ""
    };
    if (end - at < 4) return size;
    const uint64_t count = get(bytes + at, 4);
    at += 4;
    for (uint32_t skip = draw(count > 0 && count < 100 ? (size_t)count : 1);; skip--) {
        if (end - at < 8) return size;
        const uint64_t name = get(bytes + at, 4);
        if (name > end - at - 8) return size;
        at += 4 + (size_t)name;
        const uint64_t value = get(bytes + at, 4);
        if (value > end - at - 4) return size;
        if (skip > 0) {
            at += 4 + (size_t)value;
            continue;
        }
        const char *text = values[draw(sizeof values / sizeof *values)];
        put(bytes + at, strlen(text), 4);
        return splice(bytes, size, room, section, at + 4, (size_t)value, (const uint8_t *)text, strlen(text));
    }
}

static size_t mutate(uint8_t *bytes, size_t size, size_t room, int depth);

/* Changes the file of one member. */
static size_t change_member(uint8_t *bytes, size_t size, size_t room, uint32_t section, size_t at, size_t end)
{
    static uint8_t member[FUZZ_ROOM];
    if (end - at < 16) return size;
    const uint64_t count = get(bytes + at + 4, 4);
    at += 8;
    for (uint32_t skip = draw(count > 0 && count < 100 ? (size_t)count : 1);; skip--) {
        if (end - at < 8) return size;
        const uint64_t length = get(bytes + at, 8);
        if (length > end - at - 8 || length > sizeof member) return size;
        if (skip > 0) {
            at += 8 + (size_t)length;
            continue;
        }
        memcpy(member, bytes + at + 8, (size_t)length);
        const size_t given = mutate(member, (size_t)length, sizeof member, 1);
        if (size - length + given > room) return size;
        put(bytes + at, given, 8);
        return splice(bytes, size, room, section, at + 8, (size_t)length, member, given);
    }
}

static size_t mutate(uint8_t *bytes, size_t size, size_t room, int depth)
{
    static const uint32_t numbers[] = { 0, 1, 2, 3, 5, 6, 7, 16, 64, 100, 4096, 10000, 16384, 0x7fffffff, 0xffffffff };
    static const float floats[] = { 0.0f, -1.0f, 1e-45f, 1e-20f, 50.0f, -200.0f, 1e10f, -1e30f, 3.4e38f, -3.4e38f };
    static const double doubles[] = { 0.0, 1.0, -1.0, 1e-320, 1e-30, 0.9999, 1e30, -1e200, 1.7e308, -1.7e308 };
    const uint32_t count = mend(bytes, size, depth);
    if (count == 0 || draw(16) == 0) return LLVMFuzzerMutate(bytes, size, room);
    const uint32_t section = draw(count);
    const uint8_t *entry = bytes + HEADER + section * ENTRY;
    const uint64_t type = get(entry, 4);
    const size_t start = (size_t)get(entry + 8, 8), length = (size_t)get(entry + 16, 8);
    if (type == OPTIONS && draw(8) != 0) return change_option(bytes, size, room, section, start, start + length);
    if (type == MEMBERS && depth == 0 && draw(8) != 0)
        return change_member(bytes, size, room, section, start, start + length);
    const size_t at = start + draw(length + 1), left = start + length - at;
    const uint32_t kind = draw(4);
    if (kind == 0 && left >= 4) {
        put(bytes + at, numbers[draw(sizeof numbers / sizeof *numbers)], 4);
    } else if (kind == 1 && left >= 4) {
        memcpy(bytes + at, &floats[draw(sizeof floats / sizeof *floats)], 4);
    } else if (kind == 2 && left >= 8) {
        memcpy(bytes + at, &doubles[draw(sizeof doubles / sizeof *doubles)], 8);
    } else {
        uint8_t part[64];
        const size_t taken = left < 24 ? left : 24;
        memcpy(part, bytes + at, taken);
        const size_t given = LLVMFuzzerMutate(part, taken, sizeof part);
        return splice(bytes, size, room, section, at, taken, part, given);
    }
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
    state = seed;
    return mutate(bytes, size, room, 0);
}
