/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_FUZZ_H
#define SEQD_TESTS_FUZZ_H

/*
 * One file is one target: a function that takes any bytes and must neither crash, leak, hang, nor break a promise of the
 * headers. The same file is linked with driver.c, which replays inputs with no engine, or with libFuzzer, which looks for
 * new ones; `bash tests/long fuzz` does the latter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seqdemand/seqdemand.h>

/* Given by the target. The names are those libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* Writes seed number `index` and returns its size; 0 when there is no such seed. */
size_t fuzz_seed(int index, uint8_t *bytes, size_t room);
/* Only where the bytes have a structure that plain mutation would nearly always break. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

/* Given by the engine, or by driver.c: changes bytes in place and returns their new size, at most `room`. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);

#define FUZZ_ROOM ((size_t)1 << 16)

/* Ends the process with a message when a promise is broken. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__, NULL))
/* The same with what the library said. */
#define FUZZ_OK(call, error) ((call) == SEQD_OK ? (void)0 : fuzz_broken(#call, __FILE__, __LINE__, (error)->message))
_Noreturn void fuzz_broken(const char *what, const char *file, int line, const char *message);

/* A context of which at most 48 MB can be had. */
seqd_context *fuzz_context(void);
/* Gives it back and checks that nothing but it was still held. */
void fuzz_context_close(seqd_context *context);

/* A file with these bytes that exists for this process only; `path` names it. Returns a descriptor for fuzz_file_close. */
#define FUZZ_PATH 64
int fuzz_file(const uint8_t *bytes, size_t size, char path[FUZZ_PATH]);
void fuzz_file_close(int file);

/* Means, quantiles and paths of all series: finite, quantiles rising. */
void fuzz_check_forecast(const seqd_forecast *forecast);

/* A failure has a negative status, which is also in the error, with a message that ends. */
void fuzz_check_error(int32_t status, const seqd_error *error);

#endif
