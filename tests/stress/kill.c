/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill COUNT: a child saves two models in turn to one path and is killed with SIGKILL at a random moment, COUNT times. The
 * file must always load and be one of the two, byte for byte. The control does the same with a child that writes in place:
 * unless that is seen to damage the file, the kills came at the wrong moments and the run has shown nothing.
 */
#include "stress.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct saved {
    seqd_model *model;
    unsigned char *bytes;
    size_t size;
} saved;

static char folder[] = "/tmp/seqdemand-kill-XXXXXX";
static char path[64];
static saved models[2];
static uint64_t state = 31;

static long draw(long count)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (long)((state >> 33) % (uint64_t)count);
}

static saved make(seqd_context *context, const char *settings)
{
    seqd_error error = SEQD_ERROR_INIT;
    saved made = { 0 };
    seqd_options *options = stress_options(context, settings);
    seqd_dataset *dataset = stress_dataset(context, options, 3, 40);
    made.model = stress_train(context, options, dataset);
    STRESS_OK(seqd_model_save_memory(made.model, NULL, &made.size, &error));
    made.bytes = malloc(made.size);
    STRESS_CHECK(made.bytes != NULL);
    STRESS_OK(seqd_model_save_memory(made.model, made.bytes, &made.size, &error));
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return made;
}

/* Never comes back. */
static void save_for_ever(int first)
{
    for (int i = first;; i++)
        if (seqd_model_save(models[i % 2].model, path, NULL) != SEQD_OK) _exit(3);
}

static void write_in_place(const saved *from)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) _exit(3);
    for (size_t done = 0; done < from->size;) {
        const size_t left = from->size - done;
        const ssize_t wrote = write(file, from->bytes + done, left < 4096 ? left : 4096);
        if (wrote <= 0) _exit(3);
        done += (size_t)wrote;
    }
    (void)fsync(file);
    (void)close(file);
}

static void write_for_ever(int first)
{
    for (int i = first;; i++) write_in_place(&models[i % 2]);
}

static void wait_microseconds(long count)
{
    const struct timespec time = { count / 1000000, count % 1000000 * 1000 };
    (void)nanosleep(&time, NULL);
}

/* Removes what a killed child left beside the file; returns how many that were. */
static long sweep(void)
{
    long count = 0;
    DIR *entries = opendir(folder);
    STRESS_CHECK(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char name[512];
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || strcmp(entry->d_name, "..") == 0)) continue;
        if (strcmp(entry->d_name, "model") == 0) continue;
        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        count += unlink(name) == 0;
    }
    (void)closedir(entries);
    return count;
}

typedef struct outcome {
    long first, second, damaged, left;
} outcome;

/* The child tells by a byte that it runs; it is killed up to `most` microseconds later. */
static outcome run(seqd_context *context, void (*child)(int first), long most, long count)
{
    outcome seen = { 0, 0, 0, 0 };
    int ready[2];
    STRESS_CHECK(pipe(ready) == 0);
    for (long i = 0; i < count; i++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_model *loaded = NULL;
        int status = 0;
        const int first = (int)draw(2);
        const long delay = draw(most);
        char byte = 0;
        const pid_t pid = fork();
        STRESS_CHECK(pid >= 0);
        if (pid == 0) {
            if (write(ready[1], &byte, 1) != 1) _exit(3);
            child(first);
            _exit(4);
        }
        STRESS_CHECK(read(ready[0], &byte, 1) == 1);
        wait_microseconds(delay);
        (void)kill(pid, SIGKILL);
        STRESS_CHECK(waitpid(pid, &status, 0) == pid);
        STRESS_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        seen.left += sweep();
        if (seqd_model_load(context, path, &loaded, &error) != SEQD_OK) {
            if (seen.damaged++ == 0) printf("  first damage: kill %ld: %s\n", i + 1, error.message);
            continue;
        }
        unsigned char *bytes = malloc(models[0].size + models[1].size);
        size_t size = models[0].size + models[1].size;
        STRESS_CHECK(bytes != NULL);
        STRESS_OK(seqd_model_save_memory(loaded, bytes, &size, &error));
        if (size == models[0].size && memcmp(bytes, models[0].bytes, size) == 0) seen.first++;
        else if (size == models[1].size && memcmp(bytes, models[1].bytes, size) == 0) seen.second++;
        else seen.damaged++;
        free(bytes);
        seqd_model_release(loaded);
    }
    (void)close(ready[0]);
    (void)close(ready[1]);
    return seen;
}

/* Microseconds that a few saves take here, so that kills fall within them. */
static long time_of_saves(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    struct timespec from, to;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < 4; i++) STRESS_OK(seqd_model_save(models[i % 2].model, path, &error));
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    const long taken = (long)(to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
    return taken > 500 ? taken : 500;
}

int main(int count, char **words)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    const long kills = count > 1 ? strtol(words[1], NULL, 10) : 0;
    if (kills < 1) {
        (void)fprintf(stderr, "usage: kill COUNT\n");
        return 2;
    }
    STRESS_CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/model", folder);
    STRESS_OK(seqd_context_create(NULL, &context, &error));
    models[0] = make(context, "hidden_size=64 seed=1 max_steps=1");
    models[1] = make(context, "hidden_size=72 seed=2 max_steps=1 model=gru");
    const long most = time_of_saves();
    const outcome ours = run(context, save_for_ever, most, kills);
    STRESS_OK(seqd_model_save(models[0].model, path, &error));
    const outcome control = run(context, write_for_ever, most, kills < 200 ? kills : 200);
    for (int i = 0; i < 2; i++) {
        seqd_model_release(models[i].model);
        free(models[i].bytes);
    }
    seqd_context_release(context);
    (void)unlink(path);
    (void)rmdir(folder);
    const bool good = ours.damaged == 0 && ours.first > 0 && ours.second > 0 && control.damaged > 0;
    printf("kill: %ld kills while saving: %ld times the one model, %ld times the other, %ld damaged, %ld temporary files left; "
           "control, writing in place: %ld of %ld damaged: %s\n", kills, ours.first, ours.second, ours.damaged, ours.left,
           control.damaged, control.damaged + control.first + control.second, good ? "good" : "BAD");
    return good ? 0 : 1;
}
