/* SPDX-License-Identifier: Apache-2.0 */
/* Models and checkpoints that fuzz_model.c starts from, and the data that they are made of and tried on. */
#include "fuzz_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t fuzz_model_sales(bool dates, char *text, size_t room)
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

size_t fuzz_model_events(char *text, size_t room)
{
    static const char *const events[] = { "view", "cart", "buy" }, *const items[] = { "a", "b", "c", "", "d" };
    size_t used = (size_t)snprintf(text, room, "user,time,event,item,price,label\n");
    for (int user = 0; user < 6; user++)
        for (int i = 0; i < 5 + user; i++)
            used += (size_t)snprintf(text + used, room - used, "u%d,2024-01-%02d,%s,%s,%d,%s\n", user, 1 + 2 * i % 30,
                                     events[(user + i * i) % 3], items[(user * i) % 5], 3 + i % 4,
                                     i % 3 ? "" : user % 3 == 0 ? "0" : user % 3 == 1 ? "1" : "2");
    return used;
}

seqd_options *fuzz_model_options(seqd_context *context, const char *settings)
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

#define SMALL "max_steps=2 val_every=1 batch_size=4 warmup_steps=1 "
#define SALES SMALL "horizon=3 context_length=6 decoder_size=2 "
#define ENCDEC SMALL "horizon=3 context_length=6 model=encdec freq=D lags=7 "
#define EVENTS SMALL "task=classify label=column max_len=6 val_fraction=0.3 cat_columns=item num_columns=price "
enum { MODEL, CHECKPOINT, ENSEMBLE };
static const struct {
    int what;
    const char *settings;
} kinds[] = {
    { MODEL, SALES "freq=D hidden_size=2 lags=7 head=quantile quantiles=0.1,0.5,0.9" },
    { MODEL, SALES "freq=D hidden_size=2,1 model=gru lags=7 head=negative_binomial static_columns=kind "
                   "known_columns=price" },
    { MODEL, SALES "freq=D hidden_size=1 lags=7 head=mse scaler=log1p static_real_columns=size "
                   "past_columns=clicks,price" },
    { MODEL, SALES "freq=int hidden_size=2 lags=2,5 head=mae scaler=robust static_columns=kind embedding_size=1 "
                   "season_length=5" },
    { MODEL, SALES "freq=W hidden_size=1 model=gru lags=2 head=quantile quantiles=0.5 scaler=min_max fill=missing "
                   "calendar=1 context_length=3 horizon=1 season_length=2" },
    { MODEL, SALES "freq=h hidden_size=1 lags=24 head=mse scaler=none negatives=zero" },
    { MODEL, SALES "freq=D hidden_size=2,2 model=rnn bidirectional=1 residual=1 layer_norm=1 dilations=1,2 "
                   "head=student_t lags=7" },
    { MODEL, SALES "freq=D hidden_size=2 differencing=log_difference head=gaussian lags=7 ema_decay=0.9" },
    { MODEL, SALES "freq=D hidden_size=2 head=tweedie lags=7 reset_after=0 model=gru" },
    { MODEL, SALES "freq=D hidden_size=2 head=zero_inflated_negative_binomial lags=7 known_columns=price" },
    { MODEL, ENCDEC "hidden_size=2 decoder_hidden_size=2 attention=additive known_columns=price head=poisson" },
    { MODEL, ENCDEC "hidden_size=2 decoder_hidden_size=2 attention=multihead num_heads=2 decoding=one_shot head=mse" },
    { MODEL, ENCDEC "hidden_size=2 decoder_hidden_size=2 attention=dot encoder_cell=gru decoder_cell=rnn head=huber" },
    { MODEL, EVENTS "hidden_size=2" },
    { MODEL, EVENTS "task=regress label=count label_events=buy label_window=5 hidden_size=2 model=gru head=mse" },
    { MODEL, EVENTS "label=within label_events=buy label_window=5 mlp_size=2 model=mlp" },
    { MODEL, EVENTS "label=next_event horizon=2 model=encdec hidden_size=2 decoder_hidden_size=2 attention=additive" },
    { MODEL, EVENTS "label=next_event model=linear" },
    { CHECKPOINT, SALES "freq=D hidden_size=1 lags=7 head=mse optimizer=adamw ema_decay=0.9" },
    { CHECKPOINT, EVENTS "hidden_size=1 optimizer=rmsprop" },
    { CHECKPOINT, ENCDEC "hidden_size=1 decoder_hidden_size=1 attention=general head=mse schedule=plateau" },
    { ENSEMBLE, SALES "freq=D hidden_size=1 lags=7 head=mse ensemble_size=2" },
    { ENSEMBLE, EVENTS "hidden_size=1 ensemble_size=3 combine=median" },
};

/* A run that has taken its steps and can be taken up again. */
static size_t save_checkpoint(const seqd_trainer *trainer, uint8_t *bytes, size_t room)
{
    seqd_error error = SEQD_ERROR_INIT;
    char folder[] = "/tmp/seqdemand-fuzz-XXXXXX", path[sizeof folder + 8];
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/seed", folder);
    FUZZ_OK(seqd_trainer_save(trainer, path, &error), &error);
    FILE *file = fopen(path, "rb");
    FUZZ_CHECK(file != NULL);
    const size_t size = fread(bytes, 1, room, file);
    FUZZ_CHECK(size > 0 && size < room);
    FUZZ_CHECK(fclose(file) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
    return size;
}

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    static char text[FUZZ_MODEL_TEXT];
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    if (index >= (int)(sizeof kinds / sizeof *kinds)) return 0;
    const char *settings = kinds[index].settings;
    seqd_context *context = fuzz_context();
    seqd_options *options = fuzz_model_options(context, settings);
    const bool events = strstr(settings, "task=") != NULL, dates = strstr(settings, "freq=int") == NULL;
    const size_t size = events ? fuzz_model_events(text, sizeof text) : fuzz_model_sales(dates, text, sizeof text);
    FUZZ_OK(seqd_dataset_parse(context, options, text, size, &dataset, &error), &error);
    if (kinds[index].what == ENSEMBLE) {
        FUZZ_OK(seqd_ensemble_train(context, options, dataset, &model, NULL, &error), &error);
    } else {
        FUZZ_OK(seqd_model_create(context, options, dataset, &model, &error), &error);
        FUZZ_OK(seqd_trainer_create(model, dataset, options, NULL, &trainer, &error), &error);
        if (kinds[index].what == MODEL) FUZZ_OK(seqd_trainer_run(trainer, &error), &error);
        else FUZZ_OK(seqd_trainer_step(trainer, 2, NULL, &error), &error);
    }
    if (kinds[index].what == CHECKPOINT) room = save_checkpoint(trainer, bytes, room);
    else FUZZ_OK(seqd_model_save_memory(model, bytes, &room, &error), &error);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    fuzz_context_close(context);
    return room;
}
