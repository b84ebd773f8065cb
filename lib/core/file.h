/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_FILE_H
#define SEQD_CORE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <seqdemand/context.h>

/* The only file that opens files. Paths in messages are quoted; "-" is standard input for readers. */

/*
 * Bytes of a file, gunzipped when it begins with the gzip magic. A directory, an unreadable file, a damaged
 * gzip stream are errors naming the path.
 */
typedef struct seqd_reader seqd_reader;
int32_t seqd_reader_open(seqd_context *context, const char *path, seqd_reader **out, seqd_error *error);
/* Reads up to `size` bytes; *got 0 at the end. */
int32_t seqd_reader_read(seqd_reader *reader, void *buffer, size_t size, size_t *got, seqd_error *error);
void seqd_reader_close(seqd_reader *reader);

/* The beginning of a small system file as text, always terminated; the bytes read, 0 when it cannot be read. */
size_t seqd_file_peek(const char *path, char *text, size_t size);

/* What went wrong with a file, as errno names it, in English whatever the locale. */
const char *seqd_errno_text(int number);

/* The whole of a regular file, at most `limit` bytes, as it is. *bytes is freed by seqd_free. */
int32_t seqd_file_load(seqd_context *context, const char *path, size_t limit, unsigned char **bytes, size_t *size,
                       seqd_error *error);

/*
 * Replaces a file as one step: temporary file beside it (O_EXCL, mode of the old file or 0666 less umask), write,
 * fsync, rename, fsync of the folder. On failure the temporary is removed and the old file stands. SIGXFSZ is blocked
 * meanwhile.
 */
int32_t seqd_file_replace(seqd_context *context, const char *path, const void *bytes, size_t size, seqd_error *error);

/* CRC-32C (Castagnoli, reflected 0x82F63B78), as in RFC 3720. Start with 0. */
uint32_t seqd_crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
