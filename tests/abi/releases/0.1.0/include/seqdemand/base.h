/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_BASE_H
#define SEQDEMAND_BASE_H

/*
 * What every other header stands on: the export macro, status codes and the error object.
 *
 * Rules that hold for the whole interface, and are therefore not repeated at each function:
 *
 *  - These headers are C89 with <stdint.h>, which compilers bring in that mode, too, and any later C; C++11 and later.
 *  - Functions that can fail return a status: SEQD_OK (0), a positive benign outcome, or a negative error.
 *    On failure outputs are untouched and the handle stays usable.
 *  - The last parameter of such a function is a caller-owned seqd_error, or NULL. It is written on failure only.
 *  - Strings are UTF-8 and NUL-terminated. Strings returned by a handle live as long as the handle.
 *  - `*_release` accepts NULL, and handles may be released in any order: a child keeps its parents alive.
 *  - The library never prints, never aborts, installs no signal handler, and leaves locale, floating-point
 *    environment, signal mask and environment variables as it finds them.
 *  - A struct that begins with `struct_size` grows at its end only; members never move, change or go. Whoever makes one
 *    sets struct_size to its sizeof.
 *      Results, which the caller makes and the library fills: written is what fits into struct_size and is known to the
 *    library; the rest of the struct, and struct_size, stay as they were. So clear it first, and what an older library
 *    does not know reads as 0. A struct_size below 4, which is one that was not set, is SEQD_E_ARG.
 *      seqd_error likewise, but nobody is there to be told: with a struct_size of 0 it counts as the struct of version
 *    0.1, and it is left alone with one of 1 to 23, in which status, line and column have no room.
 *      What the caller hands in (seqd_allocator, seqd_stock): shorter than in version 0.1 is SEQD_E_ARG. A longer one is
 *    taken when all that the library does not know is 0; else SEQD_E_ARG: it asks for what this library cannot do.
 *      What a callback is handed (seqd_progress): it ends after its struct_size, which the library has set.
 *  - Later versions add status codes and other numbers: an unknown negative status is an error, an unknown positive one
 *    is benign.
 *  - Thread rule, unless a function says otherwise: a handle may be read by any number of threads at once, and
 *    used by one thread at a time for calls that change it.
 */

#include <stddef.h>
#include <stdint.h>

#include <seqdemand/version.h>

#if defined(_WIN32)
#define SEQD_API
#elif defined(__GNUC__)
#define SEQD_API __attribute__((visibility("default")))
#else
#define SEQD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Status codes. Numbers are never reused. */
#define SEQD_OK 0
#define SEQD_STOPPED 1          /* a callback asked to stop; what was reached so far is kept            */
#define SEQD_E_ARG (-10)        /* a NULL, an index out of range, sizes that do not fit together         */
#define SEQD_E_STATE (-11)      /* the call does not fit the state of the handle                         */
#define SEQD_E_BUSY (-12)       /* the model is being trained by another trainer                         */
#define SEQD_E_OPTION (-13)     /* unknown option, wrong type, out of range, or options that exclude each other */
#define SEQD_E_NOMEM (-20)      /* the allocator returned NULL                                           */
#define SEQD_E_LIMIT (-21)      /* a limit of the context would be passed                                */
#define SEQD_E_IO (-30)         /* a file could not be opened, read or written                           */
#define SEQD_E_FORMAT (-31)     /* the file is not what it should be, or is damaged                      */
#define SEQD_E_VERSION (-32)    /* the file was written by a newer library                               */
#define SEQD_E_DATA (-33)       /* a value, a date or a row that cannot be used                          */
#define SEQD_E_DIVERGED (-40)   /* training left the finite numbers; the last good weights are kept      */
#define SEQD_E_UNSUPPORTED (-50)/* not available in this build or on this machine                        */
#define SEQD_E_INTERNAL (-60)   /* a defect of the library                                               */

#define SEQD_ERROR_MESSAGE_SIZE 256

/*
 * Where an error is told. Owned by the caller; nothing in it needs to be freed.
 * The message names the file, line, column, series or option at fault, and is always NUL-terminated.
 */
typedef struct seqd_error {
    uint32_t struct_size; /* set by the caller: SEQD_ERROR_INIT */
    int32_t status;       /* the value that was also returned */
    int64_t line;         /* 1-based line of a text input, 0 where there is none */
    int64_t column;       /* 1-based field of that line, 0 where there is none */
    char message[SEQD_ERROR_MESSAGE_SIZE];
} seqd_error;

#define SEQD_ERROR_INIT { sizeof(seqd_error), 0, 0, 0, { 0 } }

/* SEQD_VERSION_NUMBER of the library that is loaded, to compare with the header that was compiled. Any thread. */
SEQD_API uint32_t seqd_version_number(void);

/* "0.1.0". Static storage. Any thread. */
SEQD_API const char *seqd_version_string(void);

/*
 * How the library was built, as "key=value" words: openmp, onednn (version or "no"), kernels.
 * Static storage. Any thread.
 */
SEQD_API const char *seqd_build_info(void);

/* The name of a status ("SEQD_E_IO") and one English line about it. Never NULL. Static storage. Any thread. */
SEQD_API const char *seqd_status_name(int32_t status);
SEQD_API const char *seqd_status_text(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
