/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak SECONDS [leak]: trains, saves, loads, predicts and releases networks of random shape on 1 to 3 threads in one process
 * until the time is over. Bytes held return to zero after every round; resident memory, open files and threads must be as
 * flat in the second half as they were at its start. With `leak`, the control, a model is lost in every round.
 */
#include "stress.h"

#include <dirent.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 20240229;

static int draw(int from, int to)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return from + (int)((state >> 33) % (uint64_t)(to - from + 1));
}

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static long open_files(void)
{
    long count = 0;
    DIR *folder = opendir("/proc/self/fd");
    STRESS_CHECK(folder != NULL);
    while (readdir(folder)) count++;
    (void)closedir(folder);
    return count;
}

static void run_round(const char *path, bool leak)
{
    static const char *const heads[] = { "mse", "mae", "quantile", "negative_binomial", "student_t", "tweedie" };
    static const char *const fills[] = { "zero", "forward", "missing" };
    static const char *const networks[] = { "lstm", "gru", "rnn bidirectional=1 layer_norm=1",
                                            "encdec decoder_hidden_size=5", "encdec attention=dot decoder_hidden_size=9",
                                            "mlp" };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_model *loaded = NULL;
    seqd_forecast *forecast = NULL;
    char settings[640];
    STRESS_OK(seqd_context_create(NULL, &context, &error));
    STRESS_OK(seqd_context_set_threads(context, draw(1, 3), &error));
    const bool events = draw(0, 3) == 0;
    const int horizon = draw(1, 12), context_length = draw(2, 40), network = draw(0, 5);
    const bool dot = network == 4;
    int used = events ? snprintf(settings, sizeof settings, STRESS_EVENTS "max_len=%d ", draw(1, 40))
                      : snprintf(settings, sizeof settings, "horizon=%d context_length=%d %s=%d head=%s fill=%s ",
                                 horizon, context_length, network > 2 ? "scale_window" : "decoder_size", draw(1, 24),
                                 heads[draw(0, 5)], fills[draw(0, 2)]);
    const char *cell = networks[events && dot ? 3 : network];
    const int units = dot ? 9 : draw(1, 40), layers = dot ? 1 : draw(1, 3);
    used += network == 5 ? snprintf(settings + used, sizeof settings - (size_t)used, "mlp_size=%d ", units)
                         : snprintf(settings + used, sizeof settings - (size_t)used, "hidden_size=%d num_layers=%d ", units,
                                    layers);
    used += snprintf(settings + used, sizeof settings - (size_t)used, "batch_size=%d max_steps=%d dropout=%s seed=%d model=%s",
                     draw(1, 70), draw(1, 8), draw(0, 1) ? "0" : "0.2", draw(1, 1000), cell);
    STRESS_CHECK(used < (int)sizeof settings);
    seqd_options *options = stress_options(context, settings);
    const int series = draw(events ? 8 : 1, 60); /* of few sequences a part may have but one label */
    seqd_dataset *dataset = stress_dataset(context, options, series, draw(3 * horizon + context_length, 160));
    seqd_model *model = stress_train(context, options, dataset);
    STRESS_OK(seqd_model_save(model, path, &error));
    STRESS_OK(seqd_model_load(context, path, &loaded, &error));
    size_t count = 0, count_loaded = 0;
    double *(*const figures)(seqd_model *, seqd_dataset *, size_t *) = events ? stress_answers : stress_means;
    double *means = figures(model, dataset, &count), *means_loaded = figures(loaded, dataset, &count_loaded);
    STRESS_CHECK(count == count_loaded && memcmp(means, means_loaded, count * sizeof *means) == 0);
    for (size_t i = 0; i < count; i++) STRESS_CHECK(isfinite(means[i]));
    if (!events) STRESS_OK(seqd_baseline_forecast(dataset, options, "croston", &forecast, &error));
    /* failures leave nothing behind either */
    seqd_model *none = NULL;
    STRESS_CHECK(seqd_model_load_memory(context, "SEQDMODL", 8, &none, &error) == SEQD_E_FORMAT);
    STRESS_CHECK(seqd_model_load(context, "/nowhere/at.all", &none, &error) == SEQD_E_IO);
    free(means);
    free(means_loaded);
    seqd_forecast_release(forecast);
    seqd_dataset_release(dataset);
    seqd_model_release(model);
    if (!leak) seqd_model_release(loaded);
    seqd_options_release(options);
    if (!leak) STRESS_CHECK(seqd_context_memory_in_use(context) == 0);
    seqd_context_release(context);
}

int main(int count, char **words)
{
    const double seconds = count > 1 ? strtod(words[1], NULL) : 0.0;
    const bool leak = count > 2 && strcmp(words[2], "leak") == 0;
    if (!(seconds > 0.0)) {
        (void)fprintf(stderr, "usage: soak SECONDS [leak]\n");
        return 2;
    }
    char folder[] = "/tmp/seqdemand-soak-XXXXXX", path[64];
    STRESS_CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/model", folder);
    const double start = now();
    long rounds = 0, files = 0, threads = 0, memory = 0, memory_half = 0, files_half = 0, threads_half = 0;
    bool half = false;
    double told = 0.0;
    while (now() - start < seconds || rounds < 20) {
        run_round(path, leak);
        rounds++;
        files = open_files();
        threads = stress_process_number("Threads:");
        memory = stress_process_number("VmRSS:");
        if (!half) { /* the most that was needed while things settled */
            if (memory > memory_half) memory_half = memory;
            if (files > files_half) files_half = files;
            if (threads > threads_half) threads_half = threads;
            half = now() - start >= 0.5 * seconds && rounds >= 10;
        }
        if (now() - start - told >= 10.0) {
            told = now() - start;
            printf("%4.0f s: %ld rounds, %ld kB resident, %ld files, %ld threads\n", told, rounds, memory, files, threads);
            (void)fflush(stdout);
        }
    }
    (void)unlink(path);
    (void)rmdir(folder);
    /*
     * Room for what an allocator keeps: a tenth and 2 MB; for threads, two that are about to end. A run of a few rounds has
     * not settled, and a sanitizer keeps what is freed: there resident memory says nothing, and only the rest is judged.
     */
    const bool judged = seconds >= 8.0 && !STRESS_SANITIZED;
    const bool flat = (!judged || memory <= memory_half + memory_half / 10 + 2048) && files <= files_half &&
                      threads <= threads_half + 2;
    printf("soak: %ld rounds in %.0f s; most in the first half, then at the end: resident %ld, %ld kB%s; files %ld, %ld; "
           "threads %ld, %ld: %s\n", rounds, now() - start, memory_half, memory, judged ? "" : " (not judged)", files_half,
           files, threads_half, threads, flat ? "flat" : "GROWS");
    return flat ? 0 : 1;
}
