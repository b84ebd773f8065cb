/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a target with no fuzzing engine:
 *
 *   PROGRAM [--mutate COUNT] [FILE|FOLDER]...   its seeds, then these files, then COUNT changed copies of all of them
 *   PROGRAM --seeds FOLDER                      writes the seeds there
 *
 * The same arguments do the same on every machine. An input that breaks a promise of the library ends the process.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#pragma weak LLVMFuzzerCustomMutator

typedef struct input {
    uint8_t *bytes;
    size_t size;
} input;

static input *inputs;
static size_t input_count;
static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t count)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % count;
}

/* One to four small changes: bytes set, runs taken out, runs doubled. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room)
{
    static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, ',', ';', '"', '\n', '\r', '-', '.', 'e', '9', '0', ' ', '=' };
    for (uint32_t changes = 1 + draw(4); changes > 0; changes--) {
        const uint32_t kind = draw(5);
        if (size == 0 || kind == 0) {
            if (size < room) bytes[size++] = odd[draw(sizeof odd)];
            continue;
        }
        const size_t at = draw((uint32_t)size);
        size_t run = 1 + draw(16);
        if (run > size - at) run = size - at;
        if (kind == 1) {
            bytes[at] ^= (uint8_t)(1u << draw(8));
        } else if (kind == 2) {
            bytes[at] = odd[draw(sizeof odd)];
        } else if (kind == 3) {
            memmove(bytes + at, bytes + at + run, size - at - run);
            size -= run;
        } else if (size + run <= room) {
            memmove(bytes + at + run, bytes + at, size - at);
            size += run;
        }
    }
    return size;
}

static void add(const uint8_t *bytes, size_t size)
{
    input *grown = realloc(inputs, (input_count + 1) * sizeof *inputs);
    FUZZ_CHECK(grown != NULL);
    inputs = grown;
    inputs[input_count].bytes = malloc(size + 1);
    FUZZ_CHECK(inputs[input_count].bytes != NULL);
    memcpy(inputs[input_count].bytes, bytes, size);
    inputs[input_count++].size = size;
}

static bool add_file(const char *path)
{
    static uint8_t bytes[FUZZ_ROOM];
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    const bool good = !ferror(file);
    (void)fclose(file);
    if (good) add(bytes, size);
    return good;
}

static bool add_path(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) return false;
    if (!S_ISDIR(about.st_mode)) return add_file(path);
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    bool good = count >= 0;
    for (int i = 0; i < count; i++) {
        char name[4096];
        (void)snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') good = add_file(name) && good;
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return good;
}

static int write_seeds(const char *folder)
{
    for (size_t i = 0; i < input_count; i++) {
        char name[4096];
        (void)snprintf(name, sizeof name, "%s/seed-%02zu", folder, i);
        FILE *file = fopen(name, "wb");
        if (!file || fwrite(inputs[i].bytes, 1, inputs[i].size, file) != inputs[i].size || fclose(file) != 0) {
            (void)fprintf(stderr, "cannot write %s\n", name);
            return 1;
        }
    }
    return 0;
}

static void mutate(long count)
{
    static uint8_t bytes[FUZZ_ROOM];
    for (long i = 0; i < count; i++) {
        const input *from = &inputs[draw((uint32_t)input_count)];
        memcpy(bytes, from->bytes, from->size);
        const size_t size = LLVMFuzzerCustomMutator
                                ? LLVMFuzzerCustomMutator(bytes, from->size, sizeof bytes, draw(UINT32_MAX))
                                : LLVMFuzzerMutate(bytes, from->size, sizeof bytes);
        uint8_t *exact = malloc(size + 1); /* of the very size, so that a read past its end is seen */
        FUZZ_CHECK(exact != NULL);
        memcpy(exact, bytes, size);
        (void)LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
}

int main(int count, char **words)
{
    static uint8_t bytes[FUZZ_ROOM];
    long changed = 0;
    size_t size;
    int first = 1;
    for (int i = 0; (size = fuzz_seed(i, bytes, sizeof bytes)) > 0; i++) add(bytes, size);
    if (input_count == 0) {
        (void)fprintf(stderr, "%s: no seeds\n", words[0]);
        return 1;
    }
    if (count == 3 && strcmp(words[1], "--seeds") == 0) return write_seeds(words[2]);
    if (count >= 3 && strcmp(words[1], "--mutate") == 0) {
        changed = strtol(words[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < count; i++) {
        if (add_path(words[i])) continue;
        (void)fprintf(stderr, "%s: cannot read %s\n", words[0], words[i]);
        return 1;
    }
    for (size_t i = 0; i < input_count; i++) (void)LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].size);
    mutate(changed);
    printf("%zu inputs and %ld changed copies\n", input_count, changed);
    for (size_t i = 0; i < input_count; i++) free(inputs[i].bytes);
    free(inputs);
    return 0;
}
