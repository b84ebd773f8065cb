/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads, uses and unloads the library a thousand times, as a plug-in host does. The host's floating-point control must
 * not change by loading; memory, mappings, open files and threads must not grow after the first fifth of the rounds.
 *
 *   test_abi_dlopen LIBRARY [ROUNDS [leak]]     with "leak" a little of each is kept in every round: it must be noticed
 */
#include <seqdemand/seqdemand.h>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHECKED_MEMORY 0 /* its quarantine grows for a long time */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKED_MEMORY 0
#endif
#endif
#ifndef CHECKED_MEMORY
#define CHECKED_MEMORY 1
#endif

static int resolve(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        printf("%s: %s\n", name, dlerror());
        return 1;
    }
    memcpy(function, &found, sizeof found); /* C has no conversion from an object pointer to a function pointer */
    return 0;
}

static unsigned control(void)
{
    unsigned mxcsr = 0;
#if defined(__x86_64__)
    __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
#endif
    return mxcsr & ~0x3fu;
}

typedef struct state {
    int mappings, files, threads;
    long kilobytes;
} state;

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    if (folder == NULL) return -1;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static state take(void)
{
    state now = { 0, count_entries("/proc/self/fd"), count_entries("/proc/self/task"), 0 };
    char line[512];
    FILE *file = fopen("/proc/self/maps", "r");
    int character;
    while (file != NULL && (character = getc(file)) != EOF) now.mappings += character == '\n';
    if (file != NULL) fclose(file);
    file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) now.kilobytes = atol(line + 6);
    if (file != NULL) fclose(file);
    return now;
}

/* What grew from a to b, said. The C library may give memory another shape: that levels off, a leak does not. */
static int grown(const state *a, const state *b)
{
    int bad = 0;
    if (b->mappings > a->mappings + 4) bad += printf("mappings grow: %d, %d\n", a->mappings, b->mappings) > 0;
    if (b->files > a->files) bad += printf("open files grow: %d, %d\n", a->files, b->files) > 0;
    if (b->threads > a->threads) bad += printf("threads grow: %d, %d\n", a->threads, b->threads) > 0;
    if (CHECKED_MEMORY && b->kilobytes > a->kilobytes + 512)
        bad += printf("memory grows: %ld KiB, %ld KiB\n", a->kilobytes, b->kilobytes) > 0;
    return bad;
}

/* A page, a mapping and a file. */
static void leak(void)
{
    static char *last;
    char *page = malloc(4096);
    if (page != NULL) memset(page, 1, 4096);
    if (page == NULL || page == last) puts("nothing was kept");
    last = page;
    if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) puts("nothing was mapped");
    if (mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) puts("nothing was mapped");
    if (open("/dev/null", O_RDONLY) < 0) puts("nothing was opened");
}

static int work(void *library)
{
    int32_t (*create_context)(const seqd_allocator *, seqd_context **, seqd_error *);
    int32_t (*set_threads)(seqd_context *, int32_t, seqd_error *);
    int32_t (*create_options)(seqd_context *, seqd_options **, seqd_error *);
    int32_t (*set_str)(seqd_options *, const char *, const char *, seqd_error *);
    int32_t (*parse)(seqd_context *, const seqd_options *, const char *, size_t, seqd_dataset **, seqd_error *);
    int32_t (*create_model)(seqd_context *, const seqd_options *, seqd_dataset *, seqd_model **, seqd_error *);
    int32_t (*create_trainer)(seqd_model *, seqd_dataset *, const seqd_options *, seqd_optimizer *, seqd_trainer **,
                              seqd_error *);
    int32_t (*step)(seqd_trainer *, int64_t, double *, seqd_error *);
    void (*release_trainer)(seqd_trainer *);
    void (*release_model)(seqd_model *);
    void (*release_dataset)(seqd_dataset *);
    void (*release_options)(seqd_options *);
    void (*release_context)(seqd_context *);
    if (resolve(library, "seqd_context_create", &create_context) ||
        resolve(library, "seqd_context_set_threads", &set_threads) ||
        resolve(library, "seqd_options_create", &create_options) ||
        resolve(library, "seqd_options_set_str", &set_str) || resolve(library, "seqd_dataset_parse", &parse) ||
        resolve(library, "seqd_model_create", &create_model) ||
        resolve(library, "seqd_trainer_create", &create_trainer) || resolve(library, "seqd_trainer_step", &step) ||
        resolve(library, "seqd_trainer_release", &release_trainer) ||
        resolve(library, "seqd_model_release", &release_model) ||
        resolve(library, "seqd_dataset_release", &release_dataset) ||
        resolve(library, "seqd_options_release", &release_options) ||
        resolve(library, "seqd_context_release", &release_context)) {
        return 1;
    }

    static const char *const settings[][2] = { { "freq", "int" },      { "horizon", "2" },   { "context_length", "8" },
                                               { "hidden_size", "4" }, { "max_steps", "5" }, { "val_size", "0" },
                                               { "batch_size", "32" } }; /* two pieces of work: a thread of its own */
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "unique_id,ds,y\n");
    for (int i = 1; i <= 60; i++) used += (size_t)snprintf(text + used, sizeof text - used, "a,%d,%d\n", i, i % 7);

    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    double loss = 0;
    int32_t status = create_context(NULL, &context, &error);
    if (status == SEQD_OK) status = set_threads(context, 2, &error);
    if (status == SEQD_OK) status = create_options(context, &options, &error);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && status == SEQD_OK; i++) {
        status = set_str(options, settings[i][0], settings[i][1], &error);
    }
    if (status == SEQD_OK) status = parse(context, options, text, used, &dataset, &error);
    if (status == SEQD_OK) status = create_model(context, options, dataset, &model, &error);
    if (status == SEQD_OK) status = create_trainer(model, dataset, options, NULL, &trainer, &error);
    if (status == SEQD_OK) status = step(trainer, 3, &loss, &error);
    if (status != SEQD_OK) printf("%d: %s\n", (int)status, error.message);
    release_trainer(trainer);
    release_model(model);
    release_dataset(dataset);
    release_options(options);
    release_context(context);
    return status != SEQD_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) return 2;
    const int rounds = argc > 2 ? atoi(argv[2]) : 1000;
    const unsigned before = control();
    state first = { 0, 0, 0, 0 };
    for (int i = 0; i < rounds; i++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            printf("%s\n", dlerror());
            return 1;
        }
        uint32_t (*version)(void);
        if (resolve(library, "seqd_version_number", &version) || version() != SEQD_VERSION_NUMBER) return 1;
        if (work(library) != 0) return 1;
        if (dlclose(library) != 0) {
            printf("%s\n", dlerror());
            return 1;
        }
        if (control() != before) {
            puts("the floating-point control word changed");
            return 1;
        }
        if (argc > 3) leak();
        if (i == rounds / 5) first = take();
    }
    const state last = take();
    const int bad = grown(&first, &last);
    printf("%d rounds: %ld KiB%s, %d mappings, %d files, %d threads after a fifth; %ld, %d, %d, %d after all\n", rounds,
           first.kilobytes, CHECKED_MEMORY ? "" : " (not held: a sanitizer's)", first.mappings, first.files, first.threads,
           last.kilobytes, last.mappings, last.files, last.threads);
    /* The control must fail by what it leaks, and by nothing else. */
    if (argc > 3) return bad == 2 + CHECKED_MEMORY ? 0 : 1;
    return bad != 0;
}
