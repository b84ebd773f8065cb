/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <stdio.h>
#include <unistd.h>

#include "csv.h"
#include "rng.h"
#include "table.h"
#include "utf8.h"

static seqd_context *context;
static seqd_error error;

static int begin(void **state)
{
    (void)state;
    context = new_context(NULL);
    error = (seqd_error)SEQD_ERROR_INIT;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    end_context(context);
    return 0;
}

/* All fields of a text, as "[a][b]\n" lines. */
static int32_t dump(const char *text, size_t size, char *to, size_t room)
{
    seqd_csv csv;
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    int32_t status = seqd_csv_open_text(&csv, context, copy, size, "", &error);
    size_t used = 0;
    to[0] = '\0';
    if (status == SEQD_OK) {
        for (;;) {
            bool more;
            status = seqd_csv_next(&csv, &more, &error);
            if (status != SEQD_OK || !more) break;
            for (int32_t i = 0; i < csv.column_count; i++)
                used += (size_t)snprintf(to + used, room - used, "[%.*s]", (int)csv.fields[i].length,
                                         csv.fields[i].text);
            used += (size_t)snprintf(to + used, room - used, "%lld\n", (long long)csv.line);
        }
        seqd_csv_close(&csv);
    }
    free(copy);
    return status;
}

static void good_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows;
    } cases[] = {
        { "a,b\n1,2\n3,4\n", "[1][2]2\n[3][4]3\n" },
        { "a,b\n1,2", "[1][2]2\n" },
        { "a,b\r\n1,2\r\n3,4", "[1][2]2\n[3][4]3\n" },
        { "a,b\r\n1,2\r", "[1][2]2\n" },
        { "\xEF\xBB\xBF" "a,b\n1,2\n", "[1][2]2\n" },
        { "a;b\n1,5;2\n", "[1,5][2]2\n" },
        { "a\tb\n1;5\t2,5\n", "[1;5][2,5]2\n" },
        { "\"a,a\";b\n1;2\n", "[1][2]2\n" },
        { "a,b\n\"1\",\"2\"\n", "[1][2]2\n" },
        { "a,b\n\"x\"\"y\",\"\"\"\"\n", "[x\"y][\"]2\n" },
        { "a,b\n\"1\n2\r\n3\",4\n5,6\n", "[1\n2\r\n3][4]2\n[5][6]5\n" },
        { "a,b\n\"\",\n,\n", "[][]2\n[][]3\n" },
        { "a,b\n\n1,2\n\r\n3,4\n\n\n", "[1][2]3\n[3][4]5\n" },
        { "a\nx\n\"\"\ny\n", "[x]2\n[]3\n[y]4\n" },
        { "\n\na,b\n1,2\n", "[1][2]4\n" },
        { "a,b\n 1 , 2\n", "[ 1 ][ 2]2\n" },
        { "a,b\n", "" },
        { "a,b", "" },
        { "a,b\n\"1\"", NULL },
    };
    char rows[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int32_t status = dump(cases[i].text, strlen(cases[i].text), rows, sizeof rows);
        if (!cases[i].rows) {
            assert_int_equal(status, SEQD_E_FORMAT);
            continue;
        }
        if (status != SEQD_OK) fail_msg("case %d: %s", (int)i, error.message);
        assert_string_equal(rows, cases[i].rows);
    }
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void bad_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *message;
        int64_t line, column;
    } cases[] = {
        { TEXT(""), "text: the file is empty", 0, 0 },
        { TEXT("\xEF\xBB\xBF"), "text: the file is empty", 0, 0 },
        { TEXT("\n\n"), "text: the file is empty", 0, 0 },
        { TEXT("a,b\n1\n"), "text:2: the row has 1 field, the header has 2", 2, 0 },
        { TEXT("a,b\n1,2\n1,2,3\n"), "text:3: the row has more than the 2 fields of the header", 3, 0 },
        { TEXT("a,b\n1,2\n\"x\ny,3\n4,5\n"), "text:3: the quote opened here is never closed", 3, 1 },
        { TEXT("a,b\n1,2\nz,\"x\ny,3\n4,5\n"), "text:3: the quote opened here is never closed", 3, 2 },
        { TEXT("a,b\n1,\"2\"x\n"), "text:2: text stands behind a closing quote", 2, 2 },
        { TEXT("a,b\n1,2\"x\n"), "text:2: a quote stands inside a field that has none around it", 2, 2 },
        { TEXT("a,b\n1\r2,3\n"), "text:2: a carriage return without a line feed", 2, 1 },
        { TEXT("a,b\n1,\0002\n"), "text:2: a NUL byte: this is not a text file", 2, 2 },
        { TEXT("a,b\n\"1\n\0\",2\n"), "text:2: a NUL byte", 2, 1 },
        { TEXT("\xFF\xFE" "a\0,\0b\0"), "text:1: the text is UTF-16; save it as UTF-8", 1, 0 },
        { TEXT("\xFE\xFF\0a\0,\0b"), "text:1: the text is UTF-16; save it as UTF-8", 1, 0 },
        { TEXT("a\0,\0b\0\n\0"), "text:1: the text is UTF-16; save it as UTF-8", 1, 0 },
        { TEXT("\0a\0,\0b\0\n"), "text:1: the text is UTF-16; save it as UTF-8", 1, 0 },
        { TEXT("\xFF\xFE\0\0a\0\0\0"), "text:1: the text is UTF-32; save it as UTF-8", 1, 0 },
        { TEXT("\0\0\xFE\xFF\0\0\0a"), "text:1: the text is UTF-32; save it as UTF-8", 1, 0 },
        { TEXT("a\0\0\0,\0\0\0"), "text:1: the text is UTF-32; save it as UTF-8", 1, 0 },
        { TEXT("PK\3\4xxxx"), "not a CSV file", 1, 0 },
        { TEXT("a,b,a\n1,2,3\n"), "text:1: columns 1 and 3 have the same name 'a'", 1, 3 },
        { TEXT("a,\xE4\n1,2\n"), "text:1: the name of column 2 is not UTF-8 text", 1, 2 },
    };
    char rows[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        error.line = error.column = -1;
        if (dump(cases[i].text, cases[i].size, rows, sizeof rows) != SEQD_E_FORMAT) fail_msg("case %d is accepted", (int)i);
        assert_contains(error.message, cases[i].message);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
    }
}

static void long_rows_and_limits(void **state)
{
    (void)state;
    enum { SIZE = 3000000 };
    char *text = malloc(SIZE + 64);
    assert_non_null(text);
    /* One field longer than the buffer, twice as long with the quotes doubled. */
    memcpy(text, "a,b\nx,\"", 7);
    memset(text + 7, '"', SIZE);
    memcpy(text + 7 + SIZE, "\"\ny,z\n", 6);
    seqd_csv csv;
    bool more;
    assert_int_equal(seqd_csv_open_text(&csv, context, text, SIZE + 13, "", &error), SEQD_OK);
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
    assert_true(more);
    assert_int_equal(csv.fields[1].length, SIZE / 2);
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
    assert_true(more && csv.fields[1].length == 1 && csv.fields[1].text[0] == 'z');
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
    assert_false(more);
    seqd_csv_close(&csv);
    assert_int_equal(seqd_context_limit(context, "field", 1000, NULL), SEQD_OK);
    assert_int_equal(seqd_csv_open_text(&csv, context, text, SIZE + 13, "", &error), SEQD_OK);
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "'field' of 1000 bytes");
    assert_int_equal(error.line, 2);
    seqd_csv_close(&csv);
    /* The limit is met long before the whole field is held. */
    assert_int_equal(seqd_context_limit(context, "memory", 1000000, NULL), SEQD_OK);
    assert_int_equal(seqd_csv_open_text(&csv, context, text, SIZE + 13, "", &error), SEQD_OK);
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "'field'");
    seqd_csv_close(&csv);
    assert_int_equal(seqd_context_limit(context, "field", 0, NULL), SEQD_OK);
    assert_int_equal(seqd_csv_open_text(&csv, context, text, SIZE + 13, "", &error), SEQD_OK);
    assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "'memory'");
    seqd_csv_close(&csv);
    free(text);
}

static void wide_headers(void **state)
{
    (void)state;
    enum { COLUMNS = 5000 };
    char *text = malloc(COLUMNS * 8), *p = text;
    assert_non_null(text);
    seqd_csv csv;
    for (int i = 0; i < 1000; i++) p += snprintf(p, 8, i ? ",c%d" : "c%d", i);
    assert_int_equal(seqd_csv_open_text(&csv, context, text, (size_t)(p - text), "", &error), SEQD_OK);
    assert_int_equal(csv.column_count, 1000);
    assert_string_equal(csv.columns[999], "c999");
    seqd_csv_close(&csv);
    for (int i = 1000; i < COLUMNS; i++) p += snprintf(p, 8, ",c%d", i);
    assert_int_equal(seqd_csv_open_text(&csv, context, text, (size_t)(p - text), "", &error), SEQD_E_LIMIT);
    assert_contains(error.message, "columns");
    free(text);
    /* A header that needs more room than was guessed is read twice. */
    char quotes[400] = "\"the \"\"big\"\" one\"";
    for (int i = 0; i < 80; i++) strcat(quotes, i % 2 ? ",\"\"" : ",");
    assert_int_equal(seqd_csv_open_text(&csv, context, quotes, strlen(quotes), "", &error), SEQD_OK);
    assert_int_equal(csv.column_count, 81);
    assert_string_equal(csv.columns[0], "the \"big\" one");
    seqd_csv_close(&csv);
}

/* Rows at every offset from the end of the buffer: each must come out the same. */
static void rows_across_the_buffer_end(void **state)
{
    (void)state;
    enum { SIZE = 256 * 1024 };
    char *text = malloc(SIZE + 200);
    assert_non_null(text);
    for (size_t shift = 0; shift < 40; shift++) {
        char *p = text;
        memcpy(p, "a,b\n", 4);
        p += 4;
        const size_t filler = SIZE - 4 - 20 - shift;
        *p++ = 'x';
        memset(p, 'y', filler);
        p += filler;
        memcpy(p, ",0\n", 3);
        p += 3;
        static const char tail[] = "\"q\"\"r\r\n\",1\r\nu,\"v\"\r\n";
        memcpy(p, tail, sizeof tail - 1);
        p += sizeof tail - 1;
        seqd_csv csv;
        bool more;
        assert_int_equal(seqd_csv_open_text(&csv, context, text, (size_t)(p - text), "", &error), SEQD_OK);
        assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
        assert_int_equal(csv.fields[0].length, filler + 1);
        if (seqd_csv_next(&csv, &more, &error) != SEQD_OK) fail_msg("shift %d: %s", (int)shift, error.message);
        assert_int_equal(csv.fields[0].length, 5);
        assert_memory_equal(csv.fields[0].text, "q\"r\r\n", 5);
        assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
        assert_int_equal(csv.fields[1].length, 1);
        assert_memory_equal(csv.fields[1].text, "v", 1);
        assert_int_equal(csv.line, 5);
        assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
        assert_false(more);
        seqd_csv_close(&csv);
    }
    free(text);
}

/*
 * Fields of random bytes and lengths against a reader of one byte at a time: separators lie at every place of the
 * stretches that are looked through together.
 */
static void random_fields(void **state)
{
    (void)state;
    enum { FIELDS = 4000, ROOM = 400000 };
    static const int lengths[] = { 3, 9, 70, 300 };
    static const char filler[] = "abcxyz019 -_./:\x01\x7f\xC3\xA9\xFF!#+;";
    char *text = malloc(ROOM);
    static size_t begins[FIELDS], ends[FIELDS];
    static bool quoted[FIELDS];
    assert_non_null(text);
    for (uint64_t round = 0; round < 40; round++) {
        seqd_rng rng = seqd_rng_stream(12, round, 0);
        size_t used = 4;
        int count = 0;
        memcpy(text, "a,b\n", 4);
        while (count < FIELDS - 1 && used < ROOM - 1000) {
            for (int column = 0; column < 2; column++, count++) {
                const uint64_t length = seqd_rng_below(&rng, (uint64_t)lengths[round % 4]) + (column == 0);
                quoted[count] = seqd_rng_below(&rng, 4) == 0;
                if (quoted[count]) text[used++] = '"';
                begins[count] = used;
                for (uint64_t i = 0; i < length; i++) {
                    const char c = filler[seqd_rng_below(&rng, sizeof filler - 1)];
                    text[used++] = quoted[count] && seqd_rng_below(&rng, 20) == 0 ? ",\n\r;"[seqd_rng_below(&rng, 4)] : c;
                }
                ends[count] = used;
                if (quoted[count]) text[used++] = '"';
                if (column == 0) text[used++] = ',';
            }
            if (round & 1) text[used++] = '\r';
            text[used++] = '\n';
        }
        char *copy = malloc(used); /* of the exact size: a read behind its end is seen */
        assert_non_null(copy);
        memcpy(copy, text, used);
        seqd_csv csv;
        bool more;
        assert_int_equal(seqd_csv_open_text(&csv, context, copy, used, "", &error), SEQD_OK);
        for (int i = 0; i < count; i += 2) {
            if (seqd_csv_next(&csv, &more, &error) != SEQD_OK) fail_msg("round %d: %s", (int)round, error.message);
            assert_true(more);
            for (int k = 0; k < 2; k++) {
                assert_int_equal(csv.fields[k].length, ends[i + k] - begins[i + k]);
                assert_memory_equal(csv.fields[k].text, text + begins[i + k], csv.fields[k].length);
            }
        }
        assert_int_equal(seqd_csv_next(&csv, &more, &error), SEQD_OK);
        assert_false(more);
        seqd_csv_close(&csv);
        free(copy);
    }
    free(text);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void tables(void **state)
{
    (void)state;
    static const char path[] = "test_csv_table.csv";
    seqd_table *table = NULL;
    double number = 5.0;
    write_text(path, "unique_id,stock,note\nA,12.5,\"two\nlines\"\nB, 3 ,\nC,many,x\nD,,x\n");
    assert_int_equal(seqd_table_load(context, path, &table, &error), SEQD_OK);
    assert_int_equal(table->row_count, 4);
    assert_int_equal(table->column_count, 3);
    assert_int_equal(seqd_table_find(table, "stock"), 1);
    assert_int_equal(seqd_table_find(table, "Stock"), -1);
    assert_string_equal(seqd_table_cell(table, 0, 2), "two\nlines");
    assert_string_equal(seqd_table_cell(table, 1, 2), "");
    assert_null(seqd_table_cell(table, 4, 0));
    assert_null(seqd_table_cell(table, -1, 0));
    assert_null(seqd_table_cell(table, 0, 3));
    assert_int_equal(seqd_table_cell_number(table, 0, 1, &number, &error), SEQD_OK);
    assert_true(number == 12.5);
    assert_int_equal(seqd_table_cell_number(table, 1, 1, &number, &error), SEQD_OK);
    assert_true(number == 3.0);
    assert_int_equal(seqd_table_cell_number(table, 2, 1, &number, &error), SEQD_E_DATA);
    assert_string_equal(error.message, "test_csv_table.csv:5: column 'stock': 'many' is not a number");
    assert_int_equal(error.line, 5);
    assert_int_equal(error.column, 2);
    assert_true(number == 3.0);
    assert_int_equal(seqd_table_cell_number(table, 3, 1, &number, &error), SEQD_OK);
    assert_true(number != number);
    assert_int_equal(seqd_table_cell_number(table, 9, 1, &number, &error), SEQD_E_ARG);
    seqd_table_free(table);
    write_text(path, "a\n\xFF\n");
    assert_int_equal(seqd_table_load(context, path, &table, &error), SEQD_E_FORMAT);
    assert_contains(error.message, "test_csv_table.csv:2: ");
    assert_int_equal(seqd_context_limit(context, "rows", 1, NULL), SEQD_OK);
    write_text(path, "a\n1\n2\n");
    assert_int_equal(seqd_table_load(context, path, &table, &error), SEQD_E_LIMIT);
    assert_contains(error.message, "test_csv_table.csv:3: more rows");
    unlink(path);
    assert_int_equal(seqd_table_load(context, ".", &table, &error), SEQD_E_IO);
    assert_contains(error.message, "'.': it is a directory");
    seqd_table_free(NULL);
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = { "", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF",
                                        "\xED\x9F\xBF", "\xEE\x80\x80" };
    static const char *const bad[] = { "\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE2\x82",
                                       "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                       "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\x28", "a\xE2\x28\xA1",
                                           "\xF0\x9F\x98" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(seqd_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(seqd_is_utf8(bad[i], strlen(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_texts, begin, finish),
        cmocka_unit_test_setup_teardown(bad_texts, begin, finish),
        cmocka_unit_test_setup_teardown(long_rows_and_limits, begin, finish),
        cmocka_unit_test_setup_teardown(wide_headers, begin, finish),
        cmocka_unit_test_setup_teardown(rows_across_the_buffer_end, begin, finish),
        cmocka_unit_test_setup_teardown(random_fields, begin, finish),
        cmocka_unit_test_setup_teardown(tables, begin, finish),
        cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
