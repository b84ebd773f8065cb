/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <unistd.h>

void rig_expect(int32_t expected, int32_t status, const char *call, const seqd_error *error, const char *file, int line)
{
    if (status == expected) return;
    print_error("%s\n  gives %s, not %s: %s\n", call, seqd_status_name(status), seqd_status_name(expected),
                error->message);
    _fail(file, line);
}

/* The size stands before each block, at a distance that keeps the alignment of malloc. */
#define FRONT 16

static void *allocate(void *user, size_t size)
{
    rig_memory *memory = user;
    memory->calls++;
    if (memory->fail_at > 0 &&
        (memory->calls == memory->fail_at || (memory->fail_after && memory->calls > memory->fail_at)))
        return NULL;
    unsigned char *block = malloc(FRONT + size);
    if (!block) return NULL;
    memcpy(block, &size, sizeof size);
    memset(block + FRONT, 0xA5, size); /* nothing may count on zeros */
    memory->blocks++;
    memory->bytes += size;
    if (memory->bytes > memory->peak) memory->peak = memory->bytes;
    return block + FRONT;
}

static void release(void *user, void *pointer)
{
    rig_memory *memory = user;
    size_t size;
    if (!pointer) return;
    unsigned char *block = (unsigned char *)pointer - FRONT;
    memcpy(&size, block, sizeof size);
    memory->blocks--;
    memory->bytes -= size;
    free(block);
}

seqd_allocator rig_allocator(rig_memory *memory)
{
    return (seqd_allocator){ (uint32_t)sizeof(seqd_allocator), memory, allocate, release };
}

seqd_context *rig_context(rig_memory *memory)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    const seqd_allocator allocator = rig_allocator(memory);
    RIG_OK(seqd_context_create(memory ? &allocator : NULL, &context, &error));
    return context;
}

void rig_set(seqd_options *options, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    char words[1024];
    assert_true(strlen(settings) < sizeof words);
    memcpy(words, settings, strlen(settings) + 1);
    for (char *word = words, *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next) *next++ = '\0';
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        RIG_OK(seqd_options_set_str(options, word, equals + 1, &error));
    }
}

seqd_options *rig_options(seqd_context *context, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, "freq=D horizon=4 context_length=10 lags=7 max_steps=6 val_every=3 batch_size=8 warmup_steps=2");
    if (!strstr(settings, "model=mlp") && !strstr(settings, "model=linear")) rig_set(options, "hidden_size=6");
    if (!strstr(settings, "model=encdec")) rig_set(options, "decoder_size=4");
    rig_set(options, settings);
    return options;
}

void rig_print(rig_text *text, const char *format, ...)
{
    va_list arguments;
    char line[512];
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < sizeof line);
    if (text->size + (size_t)length + 1 > text->room) {
        text->room = 2 * text->room + 4096;
        text->bytes = realloc(text->bytes, text->room);
        assert_non_null(text->bytes);
    }
    memcpy(text->bytes + text->size, line, (size_t)length + 1);
    text->size += (size_t)length;
}

const char *rig_date(int day, char date[RIG_DATE])
{
    static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int month = 0;
    assert_in_range(day, 0, 364);
    while (day >= lengths[month]) day -= lengths[month++];
    (void)snprintf(date, RIG_DATE, "2023-%02d-%02d", (month + 1) % 100, (day + 1) % 100);
    return date;
}

double rig_demand(int series, int day)
{
    unsigned noise = (unsigned)series * 7919u + (unsigned)day * 104729u + 12345u;
    noise = noise * 1103515245u + 12345u;
    return 4.0 * (series % 5 + 1) + ((day + series) % 7 >= 5 ? 8.0 : 0.0) + (noise >> 16 & 3u);
}

rig_text rig_csv(int series, int days)
{
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_print(&text, "unique_id,ds,y\n");
    for (int s = 0; s < series; s++)
        for (int day = 0; day < days; day++)
            rig_print(&text, "s%02d,%s,%.0f\n", s, rig_date(day, date), rig_demand(s, day));
    return text;
}

seqd_dataset *rig_parse(seqd_context *context, const seqd_options *options, rig_text text)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *dataset = NULL;
    RIG_OK(seqd_dataset_parse(context, options, text.bytes, text.size, &dataset, &error));
    free(text.bytes);
    return dataset;
}

seqd_dataset *rig_dataset(seqd_context *context, const seqd_options *options, int series, int days)
{
    return rig_parse(context, options, rig_csv(series, days));
}

seqd_model *rig_train(seqd_context *context, const seqd_options *options, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_model_create(context, options, dataset, &model, &error));
    RIG_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error));
    RIG_OK(seqd_trainer_run(trainer, &error));
    seqd_trainer_release(trainer);
    return model;
}

const char *rig_folder(void) { return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp"; }

unsigned char *rig_save(const seqd_model *model, size_t *size)
{
    seqd_error error = SEQD_ERROR_INIT;
    RIG_OK(seqd_model_save_memory(model, NULL, size, &error));
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    RIG_OK(seqd_model_save_memory(model, bytes, size, &error));
    return bytes;
}

seqd_forecast *rig_forecast(seqd_model *model, seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    RIG_OK(seqd_predictor_run(predictor, dataset, &forecast, &error));
    seqd_predictor_release(predictor);
    return forecast;
}

double *rig_figures(const seqd_forecast *forecast, size_t *count)
{
    seqd_error error = SEQD_ERROR_INIT;
    const int64_t series = seqd_forecast_series_count(forecast);
    const size_t horizon = (size_t)seqd_forecast_horizon(forecast);
    *count = (size_t)series * horizon * RIG_FIGURES;
    double *values = malloc(*count * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < series; i++) {
        double *at = values + (size_t)i * horizon * RIG_FIGURES;
        RIG_OK(seqd_forecast_mean(forecast, i, at, &error));
        RIG_OK(seqd_forecast_quantile(forecast, i, 0.1, at + horizon, &error));
        RIG_OK(seqd_forecast_quantile(forecast, i, 0.9, at + 2 * horizon, &error));
    }
    for (size_t i = 0; i < *count; i++) assert_true(isfinite(values[i]));
    return values;
}
