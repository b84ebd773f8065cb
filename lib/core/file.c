/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

#ifndef O_BINARY
#define O_BINARY 0
#endif

#define CHUNK ((size_t)256 * 1024)

struct seqd_reader {
    seqd_context *context;
    char *path;
    int fd;
    bool owned;            /* the descriptor is closed at the end */
    bool at_end;           /* of the file's own bytes */
    bool packed;           /* gzip */
    bool in_member;        /* a gzip member has begun and not ended */
    bool inflating;        /* `stream` has to be ended */
    z_stream stream;
    size_t next, filled;   /* unread part of `chunk` */
    unsigned char *chunk;
};

const char *seqd_errno_text(int number)
{
    switch (number) {
    case ENOENT: return "no such file";
    case EACCES:
    case EPERM: return "permission denied";
    case EISDIR: return "it is a directory";
    case ENOTDIR: return "a part of the path is not a directory";
    case ENOSPC: return "no space left on the device";
    case EDQUOT: return "the disk quota is used up";
    case EROFS: return "the file system is read-only";
    case EMFILE:
    case ENFILE: return "too many open files";
    case ENAMETOOLONG: return "the path is too long";
    case EFBIG: return "the file would become too large";
    case ELOOP: return "too many symbolic links";
    case EIO: return "input/output error";
    case EBADF: return "it is not open";
    case ETXTBSY:
    case EBUSY: return "it is in use";
    case EEXIST: return "it exists already";
    case ENXIO:
    case ENODEV: return "no such device";
    default: return NULL;
    }
}

static int32_t fail_errno(seqd_error *error, const char *verb, const char *path, int number)
{
    const char *text = seqd_errno_text(number);
    if (text) return seqd_fail(error, SEQD_E_IO, "cannot %s '%s': %s", verb, path, text);
    return seqd_fail(error, SEQD_E_IO, "cannot %s '%s': system error %d", verb, path, number);
}

static int open_retrying(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_BINARY);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* Reads until `size` bytes are there or the file ends. A descriptor that does not block is waited for. */
static bool read_full(int fd, void *buffer, size_t size, size_t *got)
{
    size_t done = 0;
    while (done < size) {
        const size_t step = size - done < SSIZE_MAX ? size - done : SSIZE_MAX;
        const ssize_t n = read(fd, (unsigned char *)buffer + done, step);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0) {
            break;
        } else if (errno == EAGAIN) {
            struct pollfd wait = { fd, POLLIN, 0 };
            if (poll(&wait, 1, -1) < 0 && errno != EINTR) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    *got = done;
    return true;
}

size_t seqd_file_peek(const char *path, char *text, size_t size)
{
    size_t got = 0;
    const int fd = open_retrying(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return 0;
    if (!read_full(fd, text, size - 1, &got)) got = 0;
    text[got] = '\0';
    (void)close(fd);
    return got;
}

static voidpf zlib_allocate(voidpf context, uInt items, uInt size)
{
    return seqd_alloc_array(context, items, size);
}

static void zlib_release(voidpf context, voidpf pointer)
{
    seqd_free(context, pointer);
}

static int32_t fill_chunk(seqd_reader *reader, seqd_error *error)
{
    size_t got;
    if (reader->at_end) return SEQD_OK;
    if (!read_full(reader->fd, reader->chunk, CHUNK, &got)) return fail_errno(error, "read", reader->path, errno);
    reader->next = 0;
    reader->filled = got;
    if (got < CHUNK) reader->at_end = true;
    return SEQD_OK;
}

static int32_t begin_inflate(seqd_reader *reader, seqd_error *error)
{
    reader->stream.zalloc = zlib_allocate;
    reader->stream.zfree = zlib_release;
    reader->stream.opaque = reader->context;
    const int result = inflateInit2(&reader->stream, 15 + 16);
    if (result == Z_MEM_ERROR) return seqd_fail_alloc(reader->context, 64 * 1024, error);
    if (result != Z_OK) return seqd_fail(error, SEQD_E_INTERNAL, "zlib does not start (%d)", result);
    reader->inflating = true;
    reader->in_member = true;
    return SEQD_OK;
}

int32_t seqd_reader_open(seqd_context *context, const char *path, seqd_reader **out, seqd_error *error)
{
    if (!path || !*path) return seqd_fail(error, SEQD_E_ARG, "no file was named");
    const bool input = strcmp(path, "-") == 0;
    seqd_reader *reader = seqd_alloc_zero(context, sizeof *reader);
    if (!reader) return seqd_fail_alloc(context, sizeof *reader, error);
    reader->context = context;
    reader->fd = -1;
    int32_t status = SEQD_OK;
    const char *shown = input ? "standard input" : path;
    reader->path = seqd_strdup(context, shown, strlen(shown));
    reader->chunk = reader->path ? seqd_alloc(context, CHUNK) : NULL;
    if (!reader->chunk) {
        status = seqd_fail_alloc(context, CHUNK, error);
        goto failed;
    }
    reader->owned = !input;
    reader->fd = input ? STDIN_FILENO : open_retrying(path, O_RDONLY);
    if (reader->fd < 0) {
        status = fail_errno(error, "open", shown, errno);
        goto failed;
    }
    struct stat about;
    if (fstat(reader->fd, &about) != 0) {
        status = fail_errno(error, "read", shown, errno);
        goto failed;
    }
    if (S_ISDIR(about.st_mode)) {
        status = fail_errno(error, "read", shown, EISDIR);
        goto failed;
    }
    SEQD_TRY(status, failed, fill_chunk(reader, error));
    reader->packed = reader->filled >= 2 && reader->chunk[0] == 0x1f && reader->chunk[1] == 0x8b;
    if (reader->packed) SEQD_TRY(status, failed, begin_inflate(reader, error));
    *out = reader;
    return SEQD_OK;
failed:
    seqd_reader_close(reader);
    return status;
}

/* After a member: another one, zero padding, or nothing may follow. */
static int32_t next_member(seqd_reader *reader, seqd_error *error)
{
    reader->in_member = false;
    for (;;) {
        while (reader->next < reader->filled && reader->chunk[reader->next] == 0) reader->next++;
        if (reader->next < reader->filled) break;
        if (reader->at_end) return SEQD_OK;
        SEQD_CHECK(fill_chunk(reader, error));
    }
    if (reader->chunk[reader->next] != 0x1f)
        return seqd_fail(error, SEQD_E_FORMAT, "'%s': damaged gzip file, other bytes follow its end", reader->path);
    if (inflateReset(&reader->stream) != Z_OK)
        return seqd_fail(error, SEQD_E_INTERNAL, "zlib does not start again");
    reader->in_member = true;
    return SEQD_OK;
}

static int32_t read_packed(seqd_reader *reader, void *buffer, size_t size, size_t *got, seqd_error *error)
{
    size_t done = 0;
    while (done < size && reader->in_member) {
        if (reader->next == reader->filled) SEQD_CHECK(fill_chunk(reader, error));
        if (reader->next == reader->filled)
            return seqd_fail(error, SEQD_E_FORMAT, "'%s': damaged gzip file, its end is missing", reader->path);
        const size_t room = size - done < UINT_MAX ? size - done : UINT_MAX;
        reader->stream.next_in = reader->chunk + reader->next;
        reader->stream.avail_in = (uInt)(reader->filled - reader->next);
        reader->stream.next_out = (unsigned char *)buffer + done;
        reader->stream.avail_out = (uInt)room;
        const int result = inflate(&reader->stream, Z_NO_FLUSH);
        reader->next = reader->filled - reader->stream.avail_in;
        done += room - reader->stream.avail_out;
        if (result == Z_STREAM_END)
            SEQD_CHECK(next_member(reader, error));
        else if (result == Z_MEM_ERROR)
            return seqd_fail_alloc(reader->context, 64 * 1024, error);
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return seqd_fail(error, SEQD_E_FORMAT, "'%s': damaged gzip file%s%s", reader->path,
                             reader->stream.msg ? ", " : "", reader->stream.msg ? reader->stream.msg : "");
    }
    *got = done;
    return SEQD_OK;
}

int32_t seqd_reader_read(seqd_reader *reader, void *buffer, size_t size, size_t *got, seqd_error *error)
{
    if (reader->packed) return read_packed(reader, buffer, size, got, error);
    size_t done = 0;
    while (done < size) {
        if (reader->next == reader->filled) {
            if (reader->at_end) break;
            if (size - done < CHUNK) {
                SEQD_CHECK(fill_chunk(reader, error));
                continue;
            }
            /* Much is wanted: it goes where it is wanted. */
            size_t read;
            if (!read_full(reader->fd, (unsigned char *)buffer + done, CHUNK, &read))
                return fail_errno(error, "read", reader->path, errno);
            reader->at_end = read < CHUNK;
            done += read;
            continue;
        }
        const size_t here = reader->filled - reader->next;
        const size_t step = size - done < here ? size - done : here;
        memcpy((unsigned char *)buffer + done, reader->chunk + reader->next, step);
        reader->next += step;
        done += step;
    }
    *got = done;
    return SEQD_OK;
}

void seqd_reader_close(seqd_reader *reader)
{
    if (!reader) return;
    if (reader->inflating) (void)inflateEnd(&reader->stream);
    if (reader->owned && reader->fd >= 0) (void)close(reader->fd);
    seqd_free(reader->context, reader->chunk);
    seqd_free(reader->context, reader->path);
    seqd_free(reader->context, reader);
}

int32_t seqd_file_load(seqd_context *context, const char *path, size_t limit, unsigned char **bytes, size_t *size,
                       seqd_error *error)
{
    if (!path || !*path) return seqd_fail(error, SEQD_E_ARG, "no file was named");
    /* Without O_NONBLOCK a named pipe would hold us here; regular files do not care. */
    const int fd = open_retrying(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return fail_errno(error, "open", path, errno);
    int32_t status = SEQD_OK;
    unsigned char *block = NULL;
    size_t got = 0;
    struct stat about;
    if (fstat(fd, &about) != 0) {
        status = fail_errno(error, "read", path, errno);
        goto done;
    }
    if (!S_ISREG(about.st_mode)) {
        status = S_ISDIR(about.st_mode) ? fail_errno(error, "read", path, EISDIR)
                                        : seqd_fail(error, SEQD_E_IO, "cannot read '%s': it is not a regular file",
                                                    path);
        goto done;
    }
    if (about.st_size < 0 || (uintmax_t)about.st_size > limit) {
        status = seqd_fail(error, SEQD_E_LIMIT, "'%s' has %lld bytes; at most %zu are read", path,
                           (long long)about.st_size, limit);
        goto done;
    }
    const size_t whole = (size_t)about.st_size;
    block = seqd_alloc(context, whole > 0 ? whole : 1);
    if (!block) {
        status = seqd_fail_alloc(context, whole, error);
        goto done;
    }
    if (!read_full(fd, block, whole, &got))
        status = fail_errno(error, "read", path, errno);
    else if (got != whole)
        status = seqd_fail(error, SEQD_E_IO, "cannot read '%s': it became shorter meanwhile", path);
done:
    (void)close(fd);
    if (status != SEQD_OK) {
        seqd_free(context, block);
        return status;
    }
    *bytes = block;
    *size = got;
    return SEQD_OK;
}
