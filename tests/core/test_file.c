/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "rng.h"

static seqd_context *context;
static seqd_error error;
static char folder[] = "test_file.XXXXXX";
static char path[64];

static int begin(void **state)
{
    (void)state;
    context = new_context(NULL);
    error = (seqd_error)SEQD_ERROR_INIT;
    strcpy(folder, "test_file.XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/a.bin", folder);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    unlink(path);
    /* Nothing may be left beside it: a temporary file would keep the folder alive. */
    const int gone = rmdir(folder);
    end_context(context);
    return gone;
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Reads all of `path` in pieces of `piece` bytes. */
static int32_t read_all(size_t piece, unsigned char *to, size_t room, size_t *total)
{
    seqd_reader *reader;
    int32_t status = seqd_reader_open(context, path, &reader, &error);
    if (status != SEQD_OK) return status;
    *total = 0;
    for (;;) {
        size_t got = 0;
        assert_true(*total + piece <= room);
        status = seqd_reader_read(reader, to + *total, piece, &got, &error);
        if (status != SEQD_OK || got == 0) break;
        *total += got;
    }
    seqd_reader_close(reader);
    return status;
}

static size_t gzip(const void *bytes, size_t size, unsigned char *to, size_t room)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    unsigned char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    stream.next_in = copy;
    stream.avail_in = (uInt)size;
    stream.next_out = to;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t used = room - stream.avail_out;
    deflateEnd(&stream);
    free(copy);
    return used;
}

enum { SIZE = 700000, ROOM = 1600000 };
static unsigned char plain[SIZE], packed[ROOM], back[ROOM];

static void make_plain(void)
{
    seqd_rng rng = seqd_rng_stream(3, 0, 0);
    for (size_t i = 0; i < SIZE; i++) plain[i] = (unsigned char)('0' + seqd_rng_below(&rng, 10));
}

static void plain_files(void **state)
{
    (void)state;
    make_plain();
    static const size_t pieces[] = { 1000, 4096, 300000 };
    write_file(plain, SIZE);
    for (size_t i = 0; i < 3; i++) {
        size_t total;
        assert_int_equal(read_all(pieces[i], back, ROOM, &total), SEQD_OK);
        assert_int_equal(total, SIZE);
        assert_memory_equal(back, plain, SIZE);
    }
}

static void gzip_members(void **state)
{
    (void)state;
    make_plain();
    const size_t first = gzip(plain, 300000, packed, ROOM);
    const size_t second = gzip(plain + 300000, 0, packed + first, ROOM - first);
    const size_t third = gzip(plain + 300000, SIZE - 300000, packed + first + second, ROOM - first - second);
    size_t all = first + second + third;
    size_t total;
    write_file(packed, all);
    assert_int_equal(read_all(5000, back, ROOM, &total), SEQD_OK);
    assert_int_equal(total, SIZE);
    assert_memory_equal(back, plain, SIZE);
    /* Tapes pad with zeros. */
    memset(packed + all, 0, 512);
    write_file(packed, all + 512);
    assert_int_equal(read_all(5000, back, ROOM, &total), SEQD_OK);
    assert_int_equal(total, SIZE);
    memcpy(packed + all, "tail", 4);
    write_file(packed, all + 4);
    assert_int_equal(read_all(5000, back, ROOM, &total), SEQD_E_FORMAT);
    assert_contains(error.message, path);
    assert_contains(error.message, "other bytes follow");
}

static void damaged_gzip(void **state)
{
    (void)state;
    make_plain();
    const size_t size = gzip(plain, 2000, packed, ROOM);
    size_t total;
    for (size_t cut = 2; cut < size; cut++) {
        write_file(packed, cut);
        assert_int_equal(read_all(500, back, ROOM, &total), SEQD_E_FORMAT);
        assert_contains(error.message, path);
        assert_contains(error.message, "gzip");
    }
    size_t refused = 0;
    for (size_t i = 10; i < size; i++) { /* behind the header, whose time and name are free */
        packed[i] ^= 0x10;
        write_file(packed, size);
        /* A flip in the code tables may change nothing that is used; then the bytes must be the right ones. */
        if (read_all(500, back, ROOM, &total) != SEQD_OK)
            refused++;
        else
            assert_true(total == 2000 && memcmp(back, plain, 2000) == 0);
        packed[i] ^= 0x10;
    }
    assert_true(refused >= size - 10 - 5);
}

static void things_that_are_no_files(void **state)
{
    (void)state;
    seqd_reader *reader = NULL;
    unsigned char *bytes = NULL;
    size_t size;
    assert_int_equal(seqd_reader_open(context, folder, &reader, &error), SEQD_E_IO);
    assert_contains(error.message, folder);
    assert_contains(error.message, "directory");
    assert_int_equal(seqd_reader_open(context, "no/such.csv", &reader, &error), SEQD_E_IO);
    assert_string_equal(error.message, "cannot open 'no/such.csv': no such file");
    assert_int_equal(seqd_reader_open(context, "", &reader, &error), SEQD_E_ARG);
    assert_int_equal(seqd_reader_open(context, NULL, &reader, &error), SEQD_E_ARG);
    assert_null(reader);
    assert_int_equal(seqd_file_load(context, folder, 100, &bytes, &size, &error), SEQD_E_IO);
    assert_contains(error.message, "directory");
    assert_int_equal(seqd_file_load(context, "no/such", 100, &bytes, &size, &error), SEQD_E_IO);
    /* A pipe that nobody writes to would hold a naive reader for ever. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(seqd_file_load(context, path, 100, &bytes, &size, &error), SEQD_E_IO);
    assert_contains(error.message, "not a regular file");
    assert_int_equal(seqd_file_replace(context, path, "x", 1, &error), SEQD_E_IO);
    assert_null(bytes);
}

static void pipes_are_read(void **state)
{
    (void)state;
    make_plain();
    assert_int_equal(mkfifo(path, 0600), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int fd = open(path, O_WRONLY);
        size_t done = 0;
        while (done < SIZE) {
            const ssize_t n = write(fd, plain + done, SIZE - done < 7000 ? SIZE - done : 7000);
            if (n <= 0) _exit(1);
            done += (size_t)n;
        }
        _exit(0);
    }
    size_t total;
    assert_int_equal(read_all(10000, back, ROOM, &total), SEQD_OK);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_int_equal(total, SIZE);
    assert_memory_equal(back, plain, SIZE);
}

static void load_keeps_to_the_limit(void **state)
{
    (void)state;
    unsigned char *bytes = NULL;
    size_t size = 0;
    write_file("0123456789", 10);
    assert_int_equal(seqd_file_load(context, path, 9, &bytes, &size, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "10 bytes");
    assert_int_equal(seqd_file_load(context, path, 10, &bytes, &size, &error), SEQD_OK);
    assert_int_equal(size, 10);
    assert_memory_equal(bytes, "0123456789", 10);
    seqd_free(context, bytes);
    write_file("", 0);
    assert_int_equal(seqd_file_load(context, path, 10, &bytes, &size, &error), SEQD_OK);
    assert_int_equal(size, 0);
    seqd_free(context, bytes);
}

static void assert_file(const char *text)
{
    unsigned char *bytes;
    size_t size;
    assert_int_equal(seqd_file_load(context, path, 1000, &bytes, &size, &error), SEQD_OK);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
    seqd_free(context, bytes);
}

static void replace_keeps_mode_and_links(void **state)
{
    (void)state;
    struct stat about;
    char link[80];
    const mode_t mask = umask(027);
    assert_int_equal(seqd_file_replace(context, path, "one", 3, &error), SEQD_OK);
    umask(mask);
    assert_file("one");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(seqd_file_replace(context, path, "two", 3, &error), SEQD_OK);
    assert_file("two");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0604);
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink("a.bin", link), 0);
    assert_int_equal(seqd_file_replace(context, link, "three", 5, &error), SEQD_OK);
    assert_int_equal(lstat(link, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_file("three");
    unlink(link);
    assert_int_equal(seqd_file_replace(context, path, NULL, 0, &error), SEQD_OK);
    assert_file("");
}

static void failed_replace_keeps_the_old_file(void **state)
{
    (void)state;
    assert_int_equal(seqd_file_replace(context, path, "old", 3, &error), SEQD_OK);
    make_plain();
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 65536;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    /* Were SIGXFSZ not held back, this program would end here. */
    const int32_t status = seqd_file_replace(context, path, plain, SIZE, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, SEQD_E_IO);
    assert_contains(error.message, "too large");
    sigset_t mask, pending;
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGXFSZ), 0);
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGXFSZ), 0);
    assert_file("old");
    assert_int_equal(seqd_file_replace(context, "no/such/folder/x", "x", 1, &error), SEQD_E_IO);
    assert_contains(error.message, "'no/such/folder/x'");
    assert_int_equal(seqd_file_replace(context, folder, "x", 1, &error), SEQD_E_IO);
    assert_contains(error.message, "directory");
}

/* The contents are the old or the new ones at every moment, and after a kill. */
static void killed_replace_leaves_a_whole_file(void **state)
{
    (void)state;
    static char one[200000], two[200000];
    memset(one, '1', sizeof one);
    memset(two, '2', sizeof two);
    assert_int_equal(seqd_file_replace(context, path, one, sizeof one, &error), SEQD_OK);
    for (int round = 0; round < 20; round++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            for (;;) {
                if (seqd_file_replace(context, path, two, sizeof two, NULL) != SEQD_OK) _exit(1);
                if (seqd_file_replace(context, path, one, sizeof one, NULL) != SEQD_OK) _exit(1);
            }
        usleep((useconds_t)(2000 + 700 * round));
        assert_int_equal(kill(child, SIGKILL), 0);
        int result;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFSIGNALED(result));
        unsigned char *bytes;
        size_t size;
        assert_int_equal(seqd_file_load(context, path, sizeof one, &bytes, &size, &error), SEQD_OK);
        assert_int_equal(size, sizeof one);
        for (size_t i = 0; i < size; i++) assert_true(bytes[i] == bytes[0]);
        seqd_free(context, bytes);
    }
    /* The killed ones could not clean up. */
    char command[128];
    snprintf(command, sizeof command, "rm -f %s/*.tmp", folder);
    assert_int_equal(system(command), 0);
}

static void checksums(void **state)
{
    (void)state;
    unsigned char bytes[64];
    assert_true(seqd_crc32c(0, "123456789", 9) == 0xE3069283u);
    memset(bytes, 0, 32); /* the vectors of RFC 3720, B.4 */
    assert_true(seqd_crc32c(0, bytes, 32) == 0x8A9136AAu);
    memset(bytes, 0xff, 32);
    assert_true(seqd_crc32c(0, bytes, 32) == 0x62A8AB43u);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_true(seqd_crc32c(0, bytes, 32) == 0x46DD794Eu);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)(31 - i);
    assert_true(seqd_crc32c(0, bytes, 32) == 0x113FDB5Cu);
    assert_true(seqd_crc32c(0, NULL, 0) == 0);
    make_plain();
    for (size_t cut = 0; cut < 100; cut++) assert_true(seqd_crc32c(seqd_crc32c(0, plain, cut), plain + cut,
                                                                   100 - cut) == seqd_crc32c(0, plain, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_files, begin, finish),
        cmocka_unit_test_setup_teardown(gzip_members, begin, finish),
        cmocka_unit_test_setup_teardown(damaged_gzip, begin, finish),
        cmocka_unit_test_setup_teardown(things_that_are_no_files, begin, finish),
        cmocka_unit_test_setup_teardown(pipes_are_read, begin, finish),
        cmocka_unit_test_setup_teardown(load_keeps_to_the_limit, begin, finish),
        cmocka_unit_test_setup_teardown(replace_keeps_mode_and_links, begin, finish),
        cmocka_unit_test_setup_teardown(failed_replace_keeps_the_old_file, begin, finish),
        cmocka_unit_test_setup_teardown(killed_replace_leaves_a_whole_file, begin, finish),
        cmocka_unit_test(checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
