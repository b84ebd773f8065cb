/* SPDX-License-Identifier: Apache-2.0 */
/* The same panel whatever the rows come from and in whatever order. */
#include "data_test.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "intern.h"
#include "rng.h"
#include "sort.h"

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

static void assert_bytes(const void *a, const void *b, size_t size, const char *what)
{
    if (!a != !b || (a && memcmp(a, b, size) != 0)) fail_msg("%s differ", what);
}

static void assert_same(const seqd_dataset *a, const seqd_dataset *b)
{
    assert_int_equal(a->calendar.freq, b->calendar.freq);
    assert_int_equal(a->calendar.anchor, b->calendar.anchor);
    assert_int_equal(a->series_count, b->series_count);
    assert_int_equal(a->step_count, b->step_count);
    const size_t steps = (size_t)a->step_count;
    for (int64_t s = 0; s < a->series_count; s++) {
        assert_string_equal(a->series[s].id, b->series[s].id);
        assert_true(a->series[s].start == b->series[s].start && a->series[s].length == b->series[s].length &&
                    a->series[s].future == b->series[s].future && a->series[s].offset == b->series[s].offset);
    }
    assert_bytes(a->y, b->y, steps * sizeof *a->y, "values");
    assert_bytes(a->raw, b->raw, steps * sizeof *a->raw, "unclipped values");
    assert_bytes(a->in_stock, b->in_stock, steps, "stock marks");
    assert_int_equal(a->known_count, b->known_count);
    for (int32_t k = 0; k < a->known_count; k++) assert_bytes(a->known[k], b->known[k], steps * sizeof(float),
                                                              "covariates");
    assert_int_equal(a->cat_count, b->cat_count);
    for (int32_t k = 0; k < a->cat_count; k++) {
        assert_bytes(a->cat[k], b->cat[k], (size_t)a->series_count * sizeof(int32_t), "categories");
        assert_int_equal(a->dictionaries[k].count, b->dictionaries[k].count);
        for (int32_t i = 0; i < a->dictionaries[k].count; i++)
            assert_string_equal(a->dictionaries[k].names[i], b->dictionaries[k].names[i]);
    }
    assert_memory_equal(&a->summary, &b->summary, sizeof a->summary);
}

enum { ROWS = 3000 };
typedef struct row {
    int series, day;
    double y, price;
    int stock;
    bool missing;
} row;
static row rows[ROWS];

/* Several rows a day with fractions whose sum depends on the order of adding. */
static void make_rows(void)
{
    seqd_rng rng = seqd_rng_stream(21, 0, 0);
    for (int i = 0; i < ROWS; i++) {
        rows[i].series = (int)seqd_rng_below(&rng, 25);
        rows[i].day = (int)seqd_rng_below(&rng, 60);
        rows[i].y = ldexp(seqd_rng_uniform(&rng) - 0.2, (int)seqd_rng_below(&rng, 30));
        rows[i].price = floor(seqd_rng_uniform(&rng) * 1000) / 64;
        rows[i].stock = seqd_rng_below(&rng, 10) > 0;
        rows[i].missing = seqd_rng_below(&rng, 8) == 0;
    }
}

static void shuffle(uint64_t seed)
{
    seqd_rng rng = seqd_rng_stream(seed, 1, 0);
    for (int i = ROWS - 1; i > 0; i--) {
        const int k = (int)seqd_rng_below(&rng, (uint64_t)i + 1);
        const row other = rows[i];
        rows[i] = rows[k];
        rows[k] = other;
    }
}

static char text[ROWS * 80];

static void write_text(void)
{
    char *p = text + sprintf(text, "unique_id,ds,y,price,store,in_stock\n");
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        p += sprintf(p, "s%d,2024-%02d-%02d,", r->series, r->day / 28 + 1, r->day % 28 + 1);
        if (!r->missing) p += sprintf(p, "%.17g", r->y);
        p += sprintf(p, ",%.17g,shop %d,%d\n", r->price, r->series % 7, r->stock);
    }
}

static const char words[] = "known_columns=price static_columns=store negatives=zero outliers=zscore outlier_limit=2";

static void order_does_not_matter(void **state)
{
    (void)state;
    static const char *const policies[] = { "", "duplicates=mean", "fill=interpolate", "negatives=drop" };
    for (size_t k = 0; k < 4; k++) {
        char all[300];
        snprintf(all, sizeof all, "known_columns=price static_columns=store outliers=zscore outlier_limit=2 %s",
                 policies[k]);
        make_rows();
        write_text();
        seqd_dataset *first = panel(context, all, text);
        assert_true(first->summary.merged > 500 && first->summary.clipped > 10 && first->summary.out_of_stock > 50);
        for (uint64_t seed = 0; seed < 4; seed++) {
            shuffle(seed);
            write_text();
            seqd_dataset *other = panel(context, all, text);
            assert_same(first, other);
            seqd_dataset_free(other);
        }
        seqd_dataset_free(first);
    }
}

static seqd_dataset *from_memory(const char *option_words, bool seconds)
{
    static char ids[ROWS][16], dates[ROWS][32], stores[ROWS][24];
    static const char *id[ROWS], *date[ROWS], *store[ROWS];
    static double y[ROWS], price[ROWS];
    static int64_t stock[ROWS], time[ROWS];
    for (int i = 0; i < ROWS; i++) {
        snprintf(ids[i], sizeof ids[i], "s%d", rows[i].series);
        snprintf(dates[i], sizeof dates[i], "2024-%02d-%02d", rows[i].day / 28 + 1, rows[i].day % 28 + 1);
        snprintf(stores[i], sizeof stores[i], "shop %d", rows[i].series % 7);
        id[i] = ids[i];
        date[i] = dates[i];
        store[i] = stores[i];
        y[i] = rows[i].missing ? (double)NAN : rows[i].y;
        price[i] = rows[i].price;
        stock[i] = rows[i].stock;
        assert_true(seqd_parse_date(dates[i], 10, &time[i]));
    }
    seqd_options *options = make_options(context, option_words);
    seqd_dataset *set;
    assert_int_equal(seqd_panel_create(context, options, &set, &error), SEQD_OK);
    seqd_options_free(options);
    /* In two goes, and the columns in another order than in the file. */
    for (int part = 0; part < 2; part++) {
        const int64_t from = part ? 1000 : 0, count = part ? ROWS - 1000 : 1000;
        assert_int_equal(seqd_panel_append_i64(set, "in_stock", stock + from, count, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_f64(set, "y", y + from, count, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_str(set, "unique_id", id + from, count, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_str(set, "store", store + from, count, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_f64(set, "price", price + from, count, &error), SEQD_OK);
        if (seconds)
            assert_int_equal(seqd_panel_append_i64(set, "ds", time + from, count, &error), SEQD_OK);
        else
            assert_int_equal(seqd_panel_append_str(set, "ds", date + from, count, &error), SEQD_OK);
    }
    if (seqd_panel_seal(set, &error) != SEQD_OK) fail_msg("%s", error.message);
    return set;
}

static void memory_equals_the_file(void **state)
{
    (void)state;
    static const char path[] = "test_source.csv.gz";
    make_rows();
    write_text();
    seqd_dataset *parsed = panel(context, words, text), *filled = from_memory(words, false);
    assert_same(parsed, filled);
    assert_true(filled->frame == NULL && filled->sealed);
    seqd_dataset_free(filled);
    char with_freq[200];
    snprintf(with_freq, sizeof with_freq, "freq=D %s", words);
    filled = from_memory(with_freq, true);
    assert_same(parsed, filled);
    seqd_dataset_free(filled);
    /* From a compressed file, in two members. */
    gzFile file = gzopen(path, "wb");
    const unsigned half = (unsigned)(strlen(text) / 2);
    assert_int_equal(gzwrite(file, text, half), half);
    assert_int_equal(gzclose(file), Z_OK);
    file = gzopen(path, "ab");
    assert_int_equal(gzputs(file, text + half), strlen(text) - half);
    assert_int_equal(gzclose(file), Z_OK);
    seqd_options *options = make_options(context, words);
    seqd_dataset *read = NULL;
    if (seqd_panel_read(context, options, path, &read, &error) != SEQD_OK) fail_msg("%s", error.message);
    unlink(path);
    assert_same(parsed, read);
    seqd_dataset_free(read);
    seqd_dataset_free(parsed);
    assert_int_equal(seqd_panel_read(context, options, path, &read, &error), SEQD_E_IO);
    assert_contains(error.message, path);
    assert_int_equal(seqd_panel_read(context, options, "/", &read, &error), SEQD_E_IO);
    assert_contains(error.message, "'/': it is a directory");
    seqd_options_free(options);
}

static void numbers_as_ids_and_steps(void **state)
{
    (void)state;
    static const int64_t ids[] = { 7, 7, 10 }, steps[] = { 20240101, 20240102, 20240101 }, far[] = { 1, 2, INT64_MAX };
    static const double y[] = { 1, 2, 3 }, when[] = { 1, 2, 1.5 };
    seqd_dataset *set;
    assert_int_equal(seqd_panel_create(context, NULL, &set, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_i64(set, "id", ids, 3, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_f64(set, "y", y, 3, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_FORMAT);
    assert_contains(error.message, "missing column 'ds'");
    assert_int_equal(seqd_panel_append_f64(set, "ds", when, 3, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_DATA);
    assert_string_equal(error.message, "row 3: column 'ds': '1.5' is not a whole number");
    assert_int_equal(error.line, 3);
    seqd_dataset_free(set);
    for (int way = 0; way < 3; way++) {
        seqd_options *options = make_options(context, way == 1 ? "freq=int" : way == 2 ? "freq=h" : "");
        assert_int_equal(seqd_panel_create(context, options, &set, &error), SEQD_OK);
        seqd_options_free(options);
        assert_int_equal(seqd_panel_append_i64(set, "id", ids, 3, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_f64(set, "y", y, 3, &error), SEQD_OK);
        assert_int_equal(seqd_panel_append_i64(set, "ds", way == 2 ? far : steps, 3, &error), SEQD_OK);
        if (way == 2) {
            assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_DATA);
            assert_contains(error.message, "seconds between the years");
        } else {
            assert_int_equal(seqd_panel_seal(set, &error), SEQD_OK);
            HISTORY(set, "7", 1, 2);
            assert_start(set, "10", way == 1 ? "20240101" : "2024-01-01");
        }
        seqd_dataset_free(set);
    }
}

static void misuse_is_answered(void **state)
{
    (void)state;
    static const double y[] = { 1, 2 };
    static const int64_t steps[] = { 1, 2 };
    static const char *const ids[] = { "A", "A" }, *const holes[] = { "A", NULL };
    seqd_dataset *set;
    assert_int_equal(seqd_panel_create(context, NULL, &set, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_DATA);
    assert_int_equal(seqd_panel_append_f64(set, "", y, 2, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_append_f64(set, NULL, y, 2, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_append_f64(set, "y", NULL, 2, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_append_f64(set, "y", y, -2, &error), SEQD_E_ARG);
    assert_int_equal(seqd_panel_append_f64(set, "y", y, 2, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_i64(set, "y", steps, 2, &error), SEQD_E_ARG);
    assert_contains(error.message, "'y' was begun with numbers");
    assert_int_equal(seqd_panel_append_i64(set, "ds", steps, 1, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_str(set, "id", ids, 2, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_DATA);
    assert_contains(error.message, "column 'y' has 2 values, column 'ds' has 1");
    /* The refused seal has changed nothing: what was missing can be brought. */
    assert_int_equal(seqd_panel_append_i64(set, "ds", steps + 1, 1, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_OK);
    HISTORY(set, "A", 1, 2);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_STATE);
    assert_int_equal(seqd_panel_append_f64(set, "y", y, 2, &error), SEQD_E_STATE);
    seqd_dataset_free(set);
    assert_int_equal(seqd_panel_create(context, NULL, &set, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_f64(set, "y", y, 2, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_i64(set, "ds", steps, 2, &error), SEQD_OK);
    assert_int_equal(seqd_panel_append_str(set, "id", holes, 2, &error), SEQD_OK);
    assert_int_equal(seqd_panel_seal(set, &error), SEQD_E_DATA);
    assert_string_equal(error.message, "row 2: column 'id' names no series");
    seqd_dataset_free(set);
}

static bool smaller(const void *user, int64_t a, int64_t b)
{
    const int *keys = user;
    return keys[a] < keys[b];
}

static void sorting(void **state)
{
    (void)state;
    static int64_t order[5000], scratch[5000];
    static int keys[5000];
    static double values[5000];
    static seqd_timed timed[5000], timed_scratch[5000];
    seqd_rng rng = seqd_rng_stream(4, 0, 0);
    for (int64_t count = 0; count <= 5000; count = count < 70 ? count + 1 : count * 3 + 7) {
        for (int64_t i = 0; i < count; i++) {
            keys[i] = (int)seqd_rng_below(&rng, 50);
            values[i] = seqd_rng_uniform(&rng);
            order[i] = i;
            timed[i] = (seqd_timed){ keys[i], i };
        }
        seqd_sort_indices(order, scratch, count, smaller, keys);
        seqd_sort_timed(timed, timed_scratch, count);
        for (int64_t i = 0; i < count; i++) {
            assert_int_equal(timed[i].item, order[i]);
            assert_int_equal(timed[i].time, keys[order[i]]);
        }
        seqd_sort_doubles(values, count);
        for (int64_t i = 1; i < count; i++) {
            assert_true(keys[order[i - 1]] < keys[order[i]] ||
                        (keys[order[i - 1]] == keys[order[i]] &&
                         order[i - 1] < order[i])); /* equal keys keep their order */
            assert_true(values[i - 1] <= values[i]);
        }
    }
}

static void interning(void **state)
{
    (void)state;
    seqd_intern intern;
    seqd_intern_init(&intern, context);
    char name[24];
    int32_t number;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            const int length = snprintf(name, sizeof name, i % 3 ? "%d" : "a long name %d", i);
            assert_int_equal(seqd_intern_add(&intern, name, (size_t)length, &number, &error), SEQD_OK);
            assert_int_equal(number, i);
            assert_string_equal(seqd_intern_text(&intern, number), name);
        }
    assert_int_equal(seqd_intern_add(&intern, "", 0, &number, &error), SEQD_OK);
    assert_int_equal(number, 20000);
    assert_int_equal(seqd_intern_add(&intern, "12", 1, &number, &error), SEQD_OK);
    assert_int_equal(number, 1);
    assert_int_equal(seqd_intern_add(&intern, "\xFF", 1, &number, &error), SEQD_E_FORMAT);
    assert_int_equal(intern.count, 20001);
    seqd_intern_clear(&intern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_does_not_matter, begin, finish),
        cmocka_unit_test_setup_teardown(memory_equals_the_file, begin, finish),
        cmocka_unit_test_setup_teardown(numbers_as_ids_and_steps, begin, finish),
        cmocka_unit_test_setup_teardown(misuse_is_answered, begin, finish),
        cmocka_unit_test(sorting),
        cmocka_unit_test_setup_teardown(interning, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
