/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and unloads the library a hundred times, as a plug-in host does, with work in some of the rounds. Takes its
 * path. The host's floating-point control must not change by loading, and the number of mappings must not grow.
 */
#include <seqdemand/seqdemand.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 100

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

static int count_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int count = 0, character;
    if (file == NULL) return 0;
    while ((character = getc(file)) != EOF) count += character == '\n';
    fclose(file);
    return count;
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
                                               { "hidden_size", "4" }, { "max_steps", "5" }, { "val_size", "0" } };
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
    if (argc != 2) return 2;
    const unsigned before = control();
    int mappings = 0;
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            printf("%s\n", dlerror());
            return 1;
        }
        uint32_t (*version)(void);
        if (resolve(library, "seqd_version_number", &version) || version() != SEQD_VERSION_NUMBER) return 1;
        if (i % 10 == 0 && work(library) != 0) return 1;
        if (dlclose(library) != 0) {
            printf("%s\n", dlerror());
            return 1;
        }
        if (control() != before) {
            puts("the floating-point control word changed");
            return 1;
        }
        if (i == ROUNDS / 2) mappings = count_mappings();
    }
    const int last = count_mappings();
    printf("%d rounds, mappings %d after half of them, %d after all\n", ROUNDS, mappings, last);
    return last > mappings + 4;
}
