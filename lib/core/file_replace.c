/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "context.h"
#include "status.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif
#define SUFFIX_SIZE 48

static int32_t fail_errno(seqd_error *error, const char *path, int number)
{
    const char *text = seqd_errno_text(number);
    if (text) return seqd_fail(error, SEQD_E_IO, "cannot write '%s': %s", path, text);
    return seqd_fail(error, SEQD_E_IO, "cannot write '%s': system error %d", path, number);
}

/* 0 or errno */
static int write_full(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size < SSIZE_MAX ? size : SSIZE_MAX);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return ENOSPC;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Opens a new file beside `target`; its name is left in `temporary`, which has room for SUFFIX_SIZE bytes more. */
static int create_beside(const char *target, char *temporary, int *number)
{
    static atomic_uint counter;
    const size_t length = strlen(target);
    memcpy(temporary, target, length);
    for (int attempt = 0; attempt < 100; attempt++) {
        struct timespec now = { 0, 0 };
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)snprintf(temporary + length, SUFFIX_SIZE, ".%ld-%u-%ld.tmp", (long)getpid(),
                       atomic_fetch_add(&counter, 1), now.tv_nsec);
        const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd >= 0) return fd;
        if (errno != EEXIST && errno != EINTR) break;
    }
    *number = errno;
    return -1;
}

/* The rename is on the disk only when the folder is. Some file systems have no such call: no failure of ours. */
static void sync_folder(const seqd_context *context, const char *target, char *scratch)
{
    const char *slash = strrchr(target, '/');
    const size_t length = slash ? (size_t)(slash - target) + (slash == target) : 1;
    memcpy(scratch, slash ? target : ".", length);
    scratch[length] = '\0';
    const int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
        seqd_log(context, SEQD_LOG_WARNING, "'%s' was replaced, but its folder could not be synchronized", target);
    (void)close(fd);
}

static int32_t replace(seqd_context *context, const char *path, const char *target, char *temporary, const void *bytes,
                       size_t size, seqd_error *error)
{
    struct stat old;
    const bool exists = stat(target, &old) == 0;
    if (!exists && errno != ENOENT) return fail_errno(error, path, errno);
    if (exists && S_ISDIR(old.st_mode)) return fail_errno(error, path, EISDIR);
    if (exists && !S_ISREG(old.st_mode))
        return seqd_fail(error, SEQD_E_IO, "cannot write '%s': it is not a regular file", path);
    int number = 0;
    const int fd = create_beside(target, temporary, &number);
    if (fd < 0) return fail_errno(error, path, number);
    if (exists && fchmod(fd, old.st_mode & 07777) != 0) number = errno;
    if (number == 0) number = write_full(fd, bytes, size);
    if (number == 0 && fsync(fd) != 0) number = errno;
    if (close(fd) != 0 && number == 0) number = errno;
    if (number == 0 && rename(temporary, target) != 0) number = errno;
    if (number != 0) {
        (void)unlink(temporary);
        return fail_errno(error, path, number);
    }
    sync_folder(context, target, temporary);
    return SEQD_OK;
}

int32_t seqd_file_replace(seqd_context *context, const char *path, const void *bytes, size_t size, seqd_error *error)
{
    if (!path || !*path) return seqd_fail(error, SEQD_E_ARG, "no file was named");
    const size_t length = strlen(path);
    if (length >= PATH_MAX) return fail_errno(error, path, ENAMETOOLONG);
    char *names = seqd_alloc(context, 2 * PATH_MAX + SUFFIX_SIZE);
    if (!names) return seqd_fail_alloc(context, 2 * PATH_MAX + SUFFIX_SIZE, error);
    char *target = names, *temporary = names + PATH_MAX;
    /* Of a symbolic link, what it points to is replaced. */
    struct stat link;
    memcpy(target, path, length + 1);
    if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && !realpath(path, target)) memcpy(target, path, length + 1);

    /* A write past the file size limit shall be an error, not the end of the host. */
    sigset_t limit, saved, pending;
    (void)sigemptyset(&limit);
    (void)sigaddset(&limit, SIGXFSZ);
    const bool had = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
    const bool blocked = pthread_sigmask(SIG_BLOCK, &limit, &saved) == 0;
    const int32_t status = replace(context, path, target, temporary, bytes, size, error);
    if (blocked) {
        const struct timespec none = { 0, 0 };
        if (!had && sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1) {
            while (sigtimedwait(&limit, NULL, &none) < 0 && errno == EINTR) continue;
        }
        (void)pthread_sigmask(SIG_SETMASK, &saved, NULL);
    }
    seqd_free(context, names);
    return status;
}
