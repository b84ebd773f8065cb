/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: the table reader with its gzip, then the same file as a panel. Cells end, are UTF-8 without control of their own,
 * and a panel read from a file is the panel parsed from its text.
 */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

static const char *const seeds[] = {
    "unique_id,on_hand,on_order\na,3,0\nb,,7\n\"c,1\",2.5,\"1e3\"\n",
    "\xEF\xBB\xBFname;\"two\nlines\";x\r\n\"a \"\"b\"\"\";;-1\r\n\r\n",
    "a\tb\n1\t2\n3\t\n\"\"\t\"x\ty\"\n",
    "unique_id,ds,y\na,2024-01-01,3\na,2024-01-02,0\nb,2024-01-09,-1\n",
    "one\n1\n\n2",
};
enum { PLAIN = sizeof seeds / sizeof *seeds };

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    if (index >= 2 * PLAIN) return 0;
    const char *text = seeds[index % PLAIN];
    const size_t size = strlen(text);
    FUZZ_CHECK(size <= room);
    if (index < PLAIN) {
        memcpy(bytes, text, size);
        return size;
    }
    z_stream stream; /* the same, as gzip */
    memset(&stream, 0, sizeof stream);
    FUZZ_CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    uint8_t copy[256];
    FUZZ_CHECK(size <= sizeof copy);
    memcpy(copy, text, size);
    stream.next_in = copy;
    stream.avail_in = (uInt)size;
    stream.next_out = bytes;
    stream.avail_out = (uInt)room;
    FUZZ_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    FUZZ_CHECK(deflateEnd(&stream) == Z_OK);
    return stream.total_out;
}

static void check_table(const seqd_table *table)
{
    const int64_t rows = seqd_table_row_count(table);
    const int32_t columns = seqd_table_column_count(table);
    FUZZ_CHECK(rows >= 0 && columns >= 1);
    for (int32_t c = 0; c < columns; c++) {
        const char *name = seqd_table_column_name(table, c);
        FUZZ_CHECK(name != NULL);
        const int32_t found = seqd_table_find_column(table, name);
        FUZZ_CHECK(found >= 0 && found <= c);
    }
    FUZZ_CHECK(seqd_table_column_name(table, columns) == NULL && seqd_table_text(table, rows, 0) == NULL);
    for (int64_t r = 0; r < rows; r++)
        for (int32_t c = 0; c < columns; c++) {
            seqd_error error = SEQD_ERROR_INIT;
            double number = -1.0;
            const char *text = seqd_table_text(table, r, c);
            FUZZ_CHECK(text != NULL);
            const int32_t status = seqd_table_number(table, r, c, &number, &error);
            fuzz_check_error(status, &error);
            if (status == SEQD_OK) FUZZ_CHECK(!isinf(number));
            else FUZZ_CHECK(status == SEQD_E_DATA && number == -1.0);
            if (*text == '\0') FUZZ_CHECK(status == SEQD_OK && isnan(number));
        }
}

static void compare_panels(seqd_context *context, const char *path, const uint8_t *bytes, size_t size)
{
    seqd_error read_error = SEQD_ERROR_INIT, parse_error = SEQD_ERROR_INIT, error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *read = NULL, *parsed = NULL;
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    const int32_t status = seqd_dataset_read(context, options, path, &read, &read_error);
    fuzz_check_error(status, &read_error);
    if (size < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b) {
        FUZZ_CHECK(seqd_dataset_parse(context, options, (const char *)bytes, size, &parsed, &parse_error) == status);
        FUZZ_CHECK(read_error.line == parse_error.line && read_error.column == parse_error.column);
    }
    if (read && parsed) {
        seqd_dataset_summary a = { .struct_size = (uint32_t)sizeof a }, b = { .struct_size = (uint32_t)sizeof b };
        FUZZ_OK(seqd_dataset_summarize(read, &a, &error), &error);
        FUZZ_OK(seqd_dataset_summarize(parsed, &b, &error), &error);
        FUZZ_CHECK(memcmp(&a, &b, sizeof a) == 0);
    }
    seqd_dataset_release(read);
    seqd_dataset_release(parsed);
    seqd_options_release(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_table *table = NULL;
    char path[FUZZ_PATH];
    seqd_context *context = fuzz_context();
    const int file = fuzz_file(bytes, size, path);
    const int32_t status = seqd_table_read(context, path, &table, &error);
    fuzz_check_error(status, &error);
    if (status == SEQD_OK) check_table(table);
    seqd_table_release(table);
    compare_panels(context, path, bytes, size);
    fuzz_file_close(file);
    fuzz_context_close(context);
    return 0;
}
