/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out at every point, and bytes that are no CSV. */
#include "data_test.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "rng.h"
#include "table.h"

static const char shop[] = "unique_id,ds,y,price,store,size,in_stock,clicks\n"
                           "A/1,2024-01-01,1,2.5,\"the \"\"big\"\" one\",10,1,3\r\n"
                           "A/1,2024-01-02,20,2,\"the \"\"big\"\" one\",10,0,\n"
                           "A/1,2024-01-02,-1,2,,10,1,4\n"
                           "B,2024-01-01,1e1,,\"a\nb\",,1,1\n"
                           "B,2024-01-05,,4,\"a\nb\",7,1,\n"
                           "A/1,2024-01-06,,9,,,,\n"
                           "C,2024-01-03,0.5,1,x,2,1,1\n"
                           "C,2024-01-04,7,1,x,2,1,1";
static const char words[] = "known_columns=price past_columns=clicks static_columns=store static_real_columns=size fill=interpolate "
                            "outliers=zscore outlier_limit=1";
static const char path[] = "test_faults.csv.gz";

static void write_packed(void)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, shop, (unsigned)strlen(shop)), strlen(shop));
    assert_int_equal(gzclose(file), Z_OK);
}

/* A file, a view of it, the same from memory, and a table. */
static int32_t everything(seqd_context *context, const seqd_options *options, seqd_error *error)
{
    static const char *const ids[] = { "A", "B", "A" }, *const stores[] = { "x", "y", NULL };
    static const int64_t steps[] = { 1, 1, 2 };
    static const double y[] = { 1, 2, 3 };
    seqd_dataset *set = NULL, *view = NULL, *filled = NULL;
    seqd_table *table = NULL;
    int32_t status = seqd_panel_read(context, options, path, &set, error);
    if (status == SEQD_OK) status = seqd_panel_before(set, 2, &view, error);
    if (status == SEQD_OK) status = seqd_panel_create(context, NULL, &filled, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(filled, "id", ids, 3, error);
    if (status == SEQD_OK) status = seqd_panel_append_str(filled, "store", stores, 3, error);
    if (status == SEQD_OK) status = seqd_panel_append_i64(filled, "ds", steps, 3, error);
    if (status == SEQD_OK) status = seqd_panel_append_f64(filled, "y", y, 3, error);
    if (status == SEQD_OK) {
        status = seqd_panel_seal(filled, error);
        /* A handle whose call failed stays usable. */
        if (status != SEQD_OK && seqd_panel_seal(filled, error) == SEQD_OK) assert_int_equal(filled->series_count, 2);
    }
    if (status == SEQD_OK) status = seqd_table_load(context, path, &table, error);
    seqd_dataset_free(set);
    seqd_dataset_free(view);
    seqd_dataset_free(filled);
    seqd_table_free(table);
    return status;
}

static void memory_runs_out(void **state)
{
    (void)state;
    write_packed();
    for (int forever = 0; forever < 2; forever++) {
        int64_t failed = 0;
        for (int64_t k = 1;; k++) {
            failing_allocator memory = { 0, 0, 0, forever != 0 };
            seqd_error error = SEQD_ERROR_INIT;
            seqd_context *context = new_context(&memory);
            seqd_options *options = make_options(context, words);
            const int64_t base = atomic_load(&context->memory_in_use);
            memory.calls = 0;
            memory.fail_at = k;
            const int32_t status = everything(context, options, &error);
            assert_int_equal(atomic_load(&context->memory_in_use), base);
            seqd_options_free(options);
            end_context(context);
            assert_int_equal(memory.live, 0);
            if (status == SEQD_OK) break;
            if (status != SEQD_E_NOMEM || error.message[0] == '\0') fail_msg("call %d: %d %s", (int)k, (int)status,
                                                                             error.message);
            failed++;
        }
        assert_true(failed > 100);
    }
    unlink(path);
}

static void memory_limits(void **state)
{
    (void)state;
    write_packed();
    int64_t refused = 0;
    for (int64_t limit = 10000;; limit += 20000) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_context *context = new_context(NULL);
        seqd_options *options = make_options(context, words);
        assert_int_equal(seqd_context_limit(context, "memory", limit, NULL), SEQD_OK);
        const int32_t status = everything(context, options, &error);
        seqd_options_free(options);
        end_context(context);
        if (status == SEQD_OK) break;
        if (status != SEQD_E_LIMIT) fail_msg("limit %d: %d %s", (int)limit, (int)status, error.message);
        refused++;
    }
    assert_true(refused > 10);
    unlink(path);
}

static const char *const pieces[] = { "\"", ",", "\n", "\r", "\r\n", ";", "\t", "\0", "\xFF", "\xEF\xBB\xBF", "\"\"",
                                      "-", "e", "1e9",
                                      "99999999999999999999", "nan", "2024-01-01", ".", " ", "\xFF\xFE", "A/1", "inf",
                                          "0x1", "/" };

/* Whatever the bytes: an answer with a message, or a panel that holds together. */
static void mutated_bytes(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(99, 0, 0);
    seqd_context *context = new_context(NULL);
    seqd_options *option_sets[] = { make_options(context, words), make_options(context, ""), make_options(context, "freq=W duplicates=mean"),
                                    make_options(context, "static_columns=store fill=mean negatives=drop freq=h") };
    int64_t accepted = 0, refused = 0;
    for (int round = 0; round < 20000; round++) {
        char bytes[4096];
        size_t size = sizeof shop - 1;
        memcpy(bytes, shop, size);
        const uint64_t changes = 1 + seqd_rng_below(&rng, 4);
        for (uint64_t c = 0; c < changes; c++) {
            const size_t at = (size_t)seqd_rng_below(&rng, size + 1);
            const char *piece = pieces[seqd_rng_below(&rng, sizeof pieces / sizeof pieces[0])];
            const size_t length = *piece ? strlen(piece) : 1, span = (size_t)seqd_rng_below(&rng, 30);
            switch (seqd_rng_below(&rng, 5)) {
            case 0: /* flip a bit */
                if (at < size) bytes[at] = (char)(bytes[at] ^ (1 << seqd_rng_below(&rng, 8)));
                break;
            case 1: /* cut off */
                if (at > 0) size = at;
                break;
            case 2: /* leave out */
                if (at + span < size) {
                    memmove(bytes + at, bytes + at + span, size - at - span);
                    size -= span;
                }
                break;
            case 3: /* repeat */
                if (at + span < size && size + span < sizeof bytes) {
                    memmove(bytes + at + span, bytes + at, size - at);
                    size += span;
                }
                break;
            default: /* put in */
                if (size + length < sizeof bytes) {
                    memmove(bytes + at + length, bytes + at, size - at);
                    memcpy(bytes + at, piece, length);
                    size += length;
                }
            }
        }
        char *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        seqd_error error = SEQD_ERROR_INIT;
        seqd_dataset *set = NULL;
        const int32_t status = seqd_panel_parse(context, option_sets[round % 4], copy, size, &set, &error);
        free(copy);
        if (status != SEQD_OK) {
            assert_true(status == SEQD_E_FORMAT || status == SEQD_E_DATA);
            assert_contains(error.message, "text");
            refused++;
            continue;
        }
        accepted++;
        int64_t total = 0;
        for (int64_t s = 0; s < set->series_count; s++) {
            const seqd_series *series = &set->series[s];
            assert_int_equal(series->offset, total);
            assert_true(series->length > 0 && series->future >= 0);
            total += series->length + series->future;
            assert_true(s == 0 || strcmp(set->series[s - 1].id, series->id) < 0);
            for (int64_t i = 0; i < series->length; i++) {
                assert_false(isinf(set->y[series->offset + i]));
                for (int32_t k = 0; k < set->known_count; k++) assert_true(isfinite(set->known[k][series->offset + i]));
                for (int32_t k = 0; k < set->past_count; k++) { /* empty until it is first known, and never after */
                    const float *past = set->past[k] + series->offset;
                    assert_true(isfinite(past[i]) || (isnan(past[i]) && (i == 0 || isnan(past[i - 1]))));
                }
            }
        }
        assert_int_equal(total, set->step_count);
        const seqd_dataset_summary *sum = &set->summary;
        assert_int_equal(sum->observed + sum->missing + sum->filled, sum->steps);
        seqd_dataset *view = NULL;
        if (seqd_panel_before(set, (int64_t)seqd_rng_below(&rng, 5), &view, &error) == SEQD_OK) seqd_dataset_free(view);
        seqd_dataset_free(set);
    }
    assert_true(accepted > 1000 && refused > 5000);
    for (size_t i = 0; i < 4; i++) seqd_options_free(option_sets[i]);
    end_context(context);
}

static void every_truncation(void **state)
{
    (void)state;
    seqd_context *context = new_context(NULL);
    seqd_options *options = make_options(context, words);
    for (size_t size = 0; size <= sizeof shop - 1; size++) {
        char *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, shop, size);
        seqd_error error = SEQD_ERROR_INIT;
        seqd_dataset *set = NULL;
        if (seqd_panel_parse(context, options, copy, size, &set, &error) != SEQD_OK) assert_contains(error.message, "text");
        seqd_dataset_free(set);
        free(copy);
    }
    seqd_options_free(options);
    end_context(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(memory_limits),
        cmocka_unit_test(mutated_bytes),
        cmocka_unit_test(every_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
