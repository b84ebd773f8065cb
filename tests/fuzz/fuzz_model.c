/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader of model files. Checksums, lengths and offsets are put right before loading, so that what is tried is whether
 * the meaning of the sections is checked: a file is refused, or it gives a model that forecasts finite numbers and is saved
 * as a file that gives the same model.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As lib/model/model_bytes.c describes the file. */
enum { OPTIONS = 1, FEATURES, DISTRIBUTION, CARD, PARAMETERS, HEADER = 28, ENTRY = 24, MOST_SECTIONS = 32 };

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

/* The number of sections, whose lengths then cover the file; 0 when it is too short to be one. */
static uint32_t mend(uint8_t *bytes, size_t size)
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
        put(entry + 4, crc32c(0, bytes + at, (size_t)length), 4);
        put(entry + 8, at, 8);
        put(entry + 16, length, 8);
        at += (size_t)length;
    }
    put(bytes + 24, crc32c(0, bytes, HEADER + (size_t)count * ENTRY), 4);
    return (uint32_t)count;
}

/* Sales of a few articles with every kind of column, in days or in whole steps. */
static size_t sales(bool dates, char *text, size_t room)
{
    static const int lengths[] = { 31, 28, 31 };
    size_t used = (size_t)snprintf(text, room, "unique_id,ds,y,in_stock,kind,size,price,clicks\n");
    for (int series = 0; series < 4; series++)
        for (int step = series == 3 ? 36 : 0; step < 46; step++) {
            char when[16], y[16] = "";
            int day = step, month = 0;
            while (day >= lengths[month]) day -= lengths[month++];
            if (dates) (void)snprintf(when, sizeof when, "2023-%02d-%02d", (month + 1) % 100, (day + 1) % 100);
            else (void)snprintf(when, sizeof when, "%d", step);
            if (step < 40 && step % 11 != 5) (void)snprintf(y, sizeof y, "%d", series == 2 ? 0 : step % 7 + 3 * series);
            used += (size_t)snprintf(text + used, room - used, "s%d,%s,%s,%d,%s,%d,%d,%d\n", series, when, y, step % 9 > 0,
                                     series % 2 ? "big" : "small", series, 10 + step % 3, step % 5);
        }
    return used;
}

static seqd_options *settings_of(seqd_context *context, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    char words[512];
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    FUZZ_CHECK(strlen(settings) < sizeof words);
    memcpy(words, settings, strlen(settings) + 1);
    for (char *word = words, *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next) *next++ = '\0';
        char *equals = strchr(word, '=');
        FUZZ_CHECK(equals != NULL);
        *equals = '\0';
        FUZZ_OK(seqd_options_set_str(options, word, equals + 1, &error), &error);
    }
    return options;
}

#define SMALL "horizon=3 context_length=6 decoder_size=2 max_steps=2 val_every=1 batch_size=4 warmup_steps=1 "
static const char *const kinds[] = {
    SMALL "freq=D hidden_size=2 lags=7 head=quantile quantiles=0.1,0.5,0.9",
    SMALL "freq=D hidden_size=2,1 model=gru lags=7 head=negative_binomial static_columns=kind known_columns=price",
    SMALL "freq=D hidden_size=1 lags=7 head=mse scaler=log1p static_real_columns=size past_columns=clicks,price",
    SMALL "freq=int hidden_size=2 lags=2,5 head=mae scaler=robust static_columns=kind embedding_size=1 season_length=5",
    SMALL "freq=W hidden_size=1 model=gru lags=2 head=quantile quantiles=0.5 scaler=min_max fill=missing calendar=1 "
          "context_length=3 horizon=1 season_length=2",
    SMALL "freq=h hidden_size=1 lags=24 head=mse scaler=none negatives=zero",
};

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    static char text[1 << 14];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    if (index >= (int)(sizeof kinds / sizeof *kinds)) return 0;
    seqd_context *context = fuzz_context();
    seqd_options *options = settings_of(context, kinds[index]);
    const size_t size = sales(strstr(kinds[index], "freq=int") == NULL, text, sizeof text);
    FUZZ_OK(seqd_dataset_parse(context, options, text, size, &dataset, &error), &error);
    FUZZ_OK(seqd_model_create(context, options, dataset, &model, &error), &error);
    FUZZ_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error), &error);
    FUZZ_OK(seqd_trainer_run(trainer, &error), &error);
    seqd_trainer_release(trainer);
    FUZZ_OK(seqd_model_save_memory(model, bytes, &room, &error), &error);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    fuzz_context_close(context);
    return room;
}

/* Data read as the model asks for, or, where its settings make no sense for these columns, plainly. */
static seqd_dataset *data_for(seqd_context *context, const seqd_model *model)
{
    static char text[1 << 14];
    static const char *const columns[] = { "static_columns", "static_real_columns", "known_columns", "past_columns" };
    static const char *const names[] = { "kind", "size", "price", "clicks" };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    const char *freq = "";
    FUZZ_OK(seqd_model_get_options(model, &options, &error), &error);
    FUZZ_OK(seqd_options_get_str(options, "freq", &freq, &error), &error);
    const size_t size = sales(strcmp(freq, "int") != 0, text, sizeof text);
    int32_t status = seqd_dataset_parse(context, options, text, size, &dataset, &error);
    fuzz_check_error(status, &error);
    if (status != SEQD_OK) {
        seqd_options *plain = NULL;
        FUZZ_OK(seqd_options_create(context, &plain, &error), &error);
        FUZZ_OK(seqd_options_set_str(plain, "freq", freq, &error), &error);
        for (int i = 0; i < 4; i++) FUZZ_OK(seqd_options_set_str(plain, columns[i], names[i], &error), &error);
        status = seqd_dataset_parse(context, plain, text, size, &dataset, &error);
        fuzz_check_error(status, &error);
        seqd_options_release(plain);
    }
    seqd_options_release(options);
    return status == SEQD_OK ? dataset : NULL;
}

static seqd_forecast *predict(seqd_model *model, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    int32_t status = seqd_predictor_create(model, &predictor, &error);
    if (status == SEQD_OK) status = seqd_predictor_run(predictor, dataset, &forecast, &error);
    fuzz_check_error(status, &error);
    seqd_predictor_release(predictor);
    return status == SEQD_OK ? forecast : NULL;
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
    seqd_forecast *forecast = dataset ? predict(model, dataset) : NULL;
    if (forecast) fuzz_check_forecast(forecast);
    seqd_forecast_release(forecast);
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
    if (mend(mended, size) == 0) memcpy(mended, bytes, size);
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
    static const char *const values[] = { "0", "1", "2", "3", "7", "16", "64", "500", "4096", "16384", "-1", "0.1", "0.5",
        "0.999", "1e-9", "0.5,0.9", "0.1,0.5", "0.001,0.5,0.999", "1,1", "2,1,1", "1,2,3,4,5,6", "lstm", "gru", "mse",
        "mae", "quantile", "negative_binomial", "auto", "none", "zero", "log1p", "robust", "standard", "min_max",
        "min_max_signed", "mean_abs", "D", "W", "MS", "h", "int", "missing", "mean", "forward", "interpolate", "kind",
        "size", "price", "clicks", "clicks,price", "native", "onednn", "drop", "keep", "common", "own", "" };
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

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
    static const uint32_t numbers[] = { 0, 1, 2, 3, 5, 6, 7, 16, 64, 100, 4096, 10000, 16384, 0x7fffffff, 0xffffffff };
    static const float floats[] = { 0.0f, -1.0f, 1e-45f, 1e-20f, 50.0f, -200.0f, 1e10f, -1e30f, 3.4e38f, -3.4e38f };
    static const double doubles[] = { 0.0, 1.0, -1.0, 1e-320, 1e-30, 0.9999, 1e30, -1e200, 1.7e308, -1.7e308 };
    state = seed;
    const uint32_t count = mend(bytes, size);
    if (count == 0 || draw(16) == 0) return LLVMFuzzerMutate(bytes, size, room);
    const uint32_t section = draw(count);
    const uint8_t *entry = bytes + HEADER + section * ENTRY;
    const uint64_t type = get(entry, 4);
    const size_t start = (size_t)get(entry + 8, 8), length = (size_t)get(entry + 16, 8);
    if (type == OPTIONS && draw(8) != 0) return change_option(bytes, size, room, section, start, start + length);
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
