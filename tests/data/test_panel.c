/* SPDX-License-Identifier: Apache-2.0 */
#include "data_test.h"

#include <stdio.h>

static seqd_context *context;
static seqd_dataset *set;
static seqd_error error;

static int begin(void **state)
{
    (void)state;
    context = new_context(NULL);
    set = NULL;
    error = (seqd_error)SEQD_ERROR_INIT;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    seqd_dataset_free(set);
    end_context(context);
    return 0;
}

/* Replaces the panel of the test. */
static void make(const char *options, const char *text)
{
    seqd_dataset_free(set);
    set = NULL;
    set = panel(context, options, text);
}

static void refuse(const char *options, const char *text, int32_t status, const char *message)
{
    seqd_dataset *none = NULL;
    const int32_t got = parse_panel(context, options, text, &none, &error);
    assert_null(none);
    if (got != status) fail_msg("status %d, not %d: %s", (int)got, (int)status, error.message);
    assert_contains(error.message, message);
    assert_int_equal(error.status, status);
}

static void gaps(void **state)
{
    (void)state;
    /* A: 1 . . 4 and one missing, B begins later and ends earlier. */
    static const char text[] = "unique_id,ds,y\nA,2024-01-01,1\nA,2024-01-04,4\nA,2024-01-05,\nA,2024-01-07,10\nB,2024-01-02,5\nB,2024-01-04,7\n";
    make("", text);
    assert_string_equal(seqd_freq_name(set->calendar.freq), "D");
    assert_int_equal(set->season, 7);
    HISTORY(set, "A", 1, 0, 0, 4, MISSING, 0, 10);
    HISTORY(set, "B", 5, 0, 7, 0, 0, 0);
    assert_start(set, "B", "2024-01-02");
    const seqd_dataset_summary *sum = &set->summary;
    assert_int_equal(sum->rows, 6);
    assert_int_equal(sum->series, 2);
    assert_int_equal(sum->steps, 13);
    assert_int_equal(sum->observed, 5);
    assert_int_equal(sum->missing, 1);
    assert_int_equal(sum->filled, 7);
    assert_int_equal(sum->zeros, 7);
    assert_int_equal(sum->future_steps, 0);
    assert_ptr_equal(set->y, set->raw);
    make("fill=forward", text);
    HISTORY(set, "A", 1, 1, 1, 4, MISSING, 4, 10);
    HISTORY(set, "B", 5, 5, 7);
    make("fill=mean", text);
    HISTORY(set, "A", 1, 5, 5, 4, MISSING, 5, 10);
    HISTORY(set, "B", 5, 6, 7);
    make("fill=interpolate", text);
    HISTORY(set, "A", 1, 2, 3, 4, MISSING, 8, 10);
    make("fill=missing", text);
    HISTORY(set, "A", 1, MISSING, MISSING, 4, MISSING, MISSING, 10);
    assert_int_equal(set->summary.missing, 5);
    assert_int_equal(set->summary.filled, 0);
    make("fill=forward series_end=common", text);
    HISTORY(set, "B", 5, 5, 7, 7, 7, 7);
    make("fill=interpolate series_end=common", text);
    HISTORY(set, "B", 5, 6, 7, 7, 7, 7);
    make("fill=zero series_end=own", text);
    HISTORY(set, "B", 5, 0, 7);
}

static void duplicates(void **state)
{
    (void)state;
    static const char text[] = "unique_id,ds,y\nA,2024-01-01,1\nA,2024-01-01,\nA,2024-01-01,2.5\nA,2024-01-02,4\nA,2024-01-01,-3\nA,2024-01-03,\nA,2024-01-03,\n"
                               "A,2024-01-04,1\n";
    make("", text);
    HISTORY(set, "A", 0.5, 4, MISSING, 1);
    assert_int_equal(set->summary.merged, 4);
    assert_int_equal(set->summary.negative, 1);
    assert_int_equal(set->summary.negative_changed, 0);
    make("duplicates=mean", text);
    HISTORY(set, "A", 0.5 / 3, 4, MISSING, 1);
    make("duplicates=last", text);
    HISTORY(set, "A", -3, 4, MISSING, 1);
    make("negatives=zero duplicates=last", text);
    HISTORY(set, "A", 0, 4, MISSING, 1);
    assert_int_equal(set->summary.negative_changed, 1);
    make("negatives=zero", text); /* 0.5 after summing: nothing to change */
    HISTORY(set, "A", 0.5, 4, MISSING, 1);
    assert_int_equal(set->summary.negative_changed, 0);
    make("negatives=drop", text);
    HISTORY(set, "A", 3.5, 4, MISSING, 1);
    assert_int_equal(set->summary.negative_changed, 1);
    assert_int_equal(set->summary.merged, 3);
    refuse("duplicates=error", text, SEQD_E_DATA, "text:3: series 'A' has a second row for 2024-01-01, after line 2");
    assert_int_equal(error.line, 3);
    /* Steps made of hours: the last is the latest, wherever its row stands. */
    make("freq=D duplicates=last", "id,ds,y\nA,2024-01-01 18:00,8\nA,2024-01-01 09:00,7\n");
    HISTORY(set, "A", 8);
}

static void dropped_series(void **state)
{
    (void)state;
    make("negatives=drop", "id,ds,y\nA,2024-01-01,-1\nB,2024-01-01,1\nB,2024-01-02,-5\nB,2024-01-03,2\n");
    assert_int_equal(set->series_count, 1);
    HISTORY(set, "B", 1, 0, 2);
    assert_int_equal(set->summary.negative_changed, 2);
    refuse("negatives=drop", "id,ds,y\nA,2024-01-01,-1\n", SEQD_E_DATA, "no series");
}

static void outliers(void **state)
{
    (void)state;
    /* Mean 2, population variance (3 + 3 * 1 + 9 * ... ): nine ones and an eleven give mean 2, deviation 3. */
    static const char text[] = "id,ds,y\nA,1,1\nA,2,1\nA,3,1\nA,4,1\nA,5,1\nA,6,1\nA,7,1\nA,8,1\nA,9,1\nA,10,11\nB,1,5\nB,2,5\n";
    make("outliers=zscore outlier_limit=2", text);
    HISTORY(set, "A", 1, 1, 1, 1, 1, 1, 1, 1, 1, 8);
    HISTORY(set, "B", 5, 5);
    assert_int_equal(set->summary.clipped, 1);
    assert_true(set->raw[9] == 11.0f);
    make("outliers=zscore outlier_limit=3", text); /* 2 + 3 * 3 is exactly 11 */
    HISTORY(set, "A", 1, 1, 1, 1, 1, 1, 1, 1, 1, 11);
    assert_int_equal(set->summary.clipped, 0);
    assert_ptr_equal(set->y, set->raw);
    make("outliers=quantile outlier_quantile=0.95", text); /* place 8.55 of 0..9: 1 + .55 * 10 */
    HISTORY(set, "A", 1, 1, 1, 1, 1, 1, 1, 1, 1, 6.5);
    assert_int_equal(set->summary.clipped, 1);
    make("outliers=zscore outlier_limit=1",
         "id,ds,y\nA,1,-9\nA,2,1\nA,3,\nA,4,1\nA,5,1\nA,6,1\nA,7,1\n"); /* mean -2/3, below too */
    assert_true(set->y[0] > -5.0f && set->y[0] < -4.0f);
    assert_true(isnan(set->y[2]));
}

static void detected_frequencies(void **state)
{
    (void)state;
    static const struct {
        const char *options, *dates[3], *freq, *start;
        int64_t length;
    } rows[] = {
        { "", { "1", "2", "5" }, "int", "1", 5 },
        { "", { "-3", "0", "1" }, "int", "-3", 5 },
        { "", { "2019", "2020", "2023" }, "int", "2019", 5 },
        { "", { "2024-01-01", "2024-02-01", "2024-05-01" }, "MS", "2024-01-01", 5 },
        { "", { "2024-01", "2024-02", "2024-05" }, "MS", "2024-01-01", 5 },
        { "", { "2024-01-31", "2024-02-29", "2024-05-31" }, "MS", "2024-01-01", 5 },
        { "", { "2024-01-03", "2024-01-10", "2024-01-31" }, "W", "2024-01-03", 5 },
        { "", { "2024-01-03", "2024-01-04", "2024-01-07" }, "D", "2024-01-03", 5 },
        { "", { "20240103", "20240104", "20240107" }, "D", "2024-01-03", 5 },
        { "", { "2024/01/03", "2024/01/04", "2024/01/07" }, "D", "2024-01-03", 5 },
        { "", { "2024-01-03 05:00", "2024-01-03 06:00", "2024-01-03 09:00" }, "h", "2024-01-03 05:00:00", 5 },
        { "", { "2024-01-03 05:00", "2024-01-04 05:00", "2024-01-07 05:00" }, "D", "2024-01-03", 5 },
        { "", { "2024-01-03 05:01", "2024-01-04 06:07", "2024-01-07 05:00" }, "D", "2024-01-03", 5 },
        { "", { "2024-01-01", "2024-01-01", "2024-01-01" }, "D", "2024-01-01", 1 },
        { "freq=W", { "2024-01-03", "2024-01-04", "2024-01-31" }, "W", "2024-01-01", 5 }, /* weekdays differ: Monday */
        { "freq=W", { "2024-01-03", "2024-01-10", "2024-01-31" }, "W", "2024-01-03", 5 },
        { "freq=D", { "2024-01-01", "2024-02-01", "2024-03-01" }, "D", "2024-01-01", 61 },
        { "freq=MS", { "2024-01-31", "2024-02-05", "2024-05-05" }, "MS", "2024-01-01", 5 },
        { "freq=h", { "2024-01-01", "2024-01-01 03:59", "2024-01-01 04:10" }, "h", "2024-01-01 00:00:00", 5 },
        { "freq=int", { "20240103", "20240104", "20240107" }, "int", "20240103", 5 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "id,ds,y\nA,%s,1\nA,%s,2\nA,%s,3\n", rows[i].dates[0], rows[i].dates[1],
                 rows[i].dates[2]);
        make(rows[i].options, text);
        if (strcmp(seqd_freq_name(set->calendar.freq), rows[i].freq) != 0) fail_msg("case %d: %s", (int)i,
                                                                                    seqd_freq_name(set->calendar.freq));
        assert_start(set, "A", rows[i].start);
        if (set->series[0].length != rows[i].length) fail_msg("case %d: %d steps", (int)i, (int)set->series[0].length);
    }
    make("season_length=30", "id,ds,y\nA,1,1\n");
    assert_int_equal(set->season, 30);
}

static void columns_by_name(void **state)
{
    (void)state;
    make("", "sales,Date,SKU\n3,2024-01-01,x\n4,2024-01-02,x\n"); /* aliases in any order and case */
    HISTORY(set, "x", 3, 4);
    make("id_column=store,item time_column=when target_column=sold",
         "when,item,sold,store\n1,7,3,S\n1,8,4,S\n2,7,5,S\n");
    assert_int_equal(set->series_count, 2);
    HISTORY(set, "S/7", 3, 5);
    HISTORY(set, "S/8", 4);
    make("", "y,target,ds,id\n1,9,1,A\n"); /* y comes before target */
    HISTORY(set, "A", 1);
    refuse("target_column=quantty", "id,ds,quantity\nA,1,1\n", SEQD_E_FORMAT,
           "missing column 'quantty' of option target_column; did you mean 'quantity'?");
    refuse("", "uniqueid,ds,y\nA,1,1\n", SEQD_E_FORMAT, "text: missing column 'unique_id'");
    assert_contains(error.message, "did you mean 'uniqueid'?");
    refuse("", "id,when,y\nA,1,1\n", SEQD_E_FORMAT, "missing column 'ds'");
    assert_contains(error.message, "there are: id, when, y");
    refuse("", "id,ds,sold\nA,1,1\n", SEQD_E_FORMAT, "missing column 'y'");
    refuse("known_columns=y", "id,ds,y\nA,1,1\n", SEQD_E_OPTION,
           "column 'y' cannot be in both known_columns and target_column");
    refuse("known_columns=p past_columns=p", "id,ds,y,p\nA,1,1,2\n", SEQD_E_OPTION, "column 'p'");
    refuse("time_column=a,b", "id,a,b,y\nA,1,1,2\n", SEQD_E_OPTION, "takes one column");
}

static void bad_cells_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        int64_t line, column;
    } rows[] = {
        { "id,ds,y\nA,2024-01-01,1\nA,2024-01-02,1x\n", "text:3: column 'y': '1x' is not a number", 3, 3 },
        { "id,ds,y\nA,2024-01-01,1e999\n", "text:2: column 'y': '1e999' is not a number", 2, 3 },
        { "id,ds,y\nA,2024-01-01,1e39\n", "'1e39'", 2, 3 },
        { "id,ds,y\nA,2024-01-01,inf\n", "'inf'", 2, 3 },
        { "id,ds,y\nA,2024-01-01,\"1,5\"\n", "'1,5' is not a number", 2, 3 },
        { "id,ds,y\nA,2024-13-01,1\n", "text:2: column 'ds': '2024-13-01' is not a date", 2, 2 },
        { "id,ds,y\nA,,1\n", "column 'ds': '' is not a date", 2, 2 },
        { "id,ds,y\nA,2024-01-01,1\nA,17,1\n", "text:3: column 'ds': '17' is not a date like those before", 3, 2 },
        { "id,ds,y\nA,17,1\nA,2024-01-01,1\n", "'2024-01-01' is not a whole number like those before", 3, 2 },
        { "id,ds,y\nA,99999999999999999999,1\n", "is not a whole number", 2, 2 },
        { "id,ds,y\nA,4611686018427387904,1\n", "is not a step", 2, 2 },
        { "id,ds,y\n,1,1\n", "text:2: column 'id' names no series", 2, 1 },
        { "id,ds,y\n\xFF,1,1\n", "is not UTF-8 text", 2, 1 },
        { "id,ds,y\nA,1,3e38\nA,1,3e38\n", "more than a float can hold", 3, 3 },
        { "id,ds,y\n\nA,1,\"1\n\"\nA,2,x\n", "is not a number", 3, 3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refuse("", rows[i].text, SEQD_E_DATA, rows[i].message);
        assert_int_equal(error.line, rows[i].line);
        assert_int_equal(error.column, rows[i].column);
    }
    refuse("", "id,ds,y\n", SEQD_E_DATA, "there are no rows");
    refuse("freq=D", "id,ds,y\nA,17,1\n", SEQD_E_DATA, "'17' is not a date");
    refuse("freq=int", "id,ds,y\nA,2024-01-01,1\n", SEQD_E_DATA, "'2024-01-01' is not a whole number");
    refuse("", "id,ds,y\nA,1,1\nA,1000000000000,1\nB,1,1\n", SEQD_E_DATA, "text: 3 rows would become");
    assert_contains(error.message, "series 'A' alone spans 1000000000000");
    make("", "id,ds,y\nA, 1 , 2 \nA,2,NaN\nA,3,NA\nA,4,null\nA,5,3\n"); /* words for "nothing", blanks around numbers */
    HISTORY(set, "A", 2, MISSING, MISSING, MISSING, 3);
}

/* A short file asks for little memory, whatever its dates; who limits memory may have what fits. */
static void far_dates(void **state)
{
    (void)state;
    static const char far[] = "id,ds,y\nA,0001-01-01,1\nB,2024-01-01,1\nA,9999-12-31,1\n";
    refuse("", far, SEQD_E_DATA,
           "3 rows would become 6565233 steps; series 'A' alone spans 3652059, 0001-01-01 to 9999-12-31:");
    refuse("", "id,ds,y\nA,1,1\nA,1048577,1\n", SEQD_E_DATA, "alone spans 1048577, 1 to 1048577: is that its date?");
    make("", "id,ds,y\nA,1,1\nA,1048576,1\n");
    assert_int_equal(set->series[0].length, 1048576);
    assert_int_equal(seqd_context_limit(context, "memory", 64 << 20, NULL), SEQD_OK);
    make("", far);
    assert_int_equal(set->summary.steps, 6565233);
    refuse("freq=h", far, SEQD_E_DATA, "would become");
    assert_int_equal(seqd_context_limit(context, "memory", 8 << 20, NULL), SEQD_OK);
    seqd_dataset_free(set);
    set = NULL;
    refuse("", far, SEQD_E_LIMIT, "'memory'");
    assert_int_equal(seqd_context_limit(context, "memory", 0, NULL), SEQD_OK);

    /* Sparse demand is no mistake: articles sold twice in ten years. */
    char *text = malloc(64 * 80), *p = text;
    assert_non_null(text);
    p += sprintf(p, "id,ds,y\n");
    for (int i = 0; i < 80; i++) p += sprintf(p, "article %d,20%d-01-%02d,1\n", i / 2, i % 2 ? 23 : 13, i / 2 % 28 + 1);
    make("freq=h series_end=own", text);
    assert_int_equal(set->summary.steps, 40 * (3652 * 24 + 1));
    free(text);
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(seqd_context_limit(context, "series", 2, NULL), SEQD_OK);
    make("", "id,ds,y\nA,1,1\nB,1,1\nA,2,1\n");
    refuse("", "id,ds,y\nA,1,1\nB,1,1\nA,2,1\nC,1,1\n", SEQD_E_LIMIT,
           "text:5: more series than the limit 'series' of 2");
    assert_int_equal(seqd_context_limit(context, "series", 0, NULL), SEQD_OK);
    assert_int_equal(seqd_context_limit(context, "rows", 2, NULL), SEQD_OK);
    refuse("", "id,ds,y\nA,1,1\nB,1,1\nA,2,1\n", SEQD_E_LIMIT, "text:4: more rows than the limit 'rows' of 2");
    assert_int_equal(seqd_context_limit(context, "rows", 0, NULL), SEQD_OK);
    assert_int_equal(seqd_context_limit(context, "memory", 300000, NULL), SEQD_OK);
    refuse("", "id,ds,y\nA,1,1\nA,200000,1\n", SEQD_E_LIMIT, "'memory'");
    assert_int_equal(seqd_context_limit(context, "memory", 0, NULL), SEQD_OK);
}

static void covariates(void **state)
{
    (void)state;
    static const char text[] = "id,ds,y,price,promo,clicks,in_stock\n"
                               "A,2024-01-01,1,,true,5,1\nA,2024-01-03,2,9.5,false,,0\nA,2024-01-04,3,9,,7,\n"
                               "A,2024-01-05,,8,1,,\nA,2024-01-07,,,0,,\nB,2024-01-02,4,,,,1\n";
    make("known_columns=price,promo past_columns=clicks", text);
    assert_int_equal(set->known_count, 2);
    assert_string_equal(set->known_names[1], "promo");
    assert_string_equal(set->past_names[0], "clicks");
    const seqd_series *a = &set->series[seqd_panel_find(set, "A")], *b = &set->series[seqd_panel_find(set, "B")];
    HISTORY(set, "A", 1, 0, 2, 3);
    HISTORY(set, "B", 4, 0, 0);
    assert_int_equal(a->future, 3);
    assert_int_equal(b->future, 0);
    assert_int_equal(set->summary.future_steps, 3);
    static const float price[] = { 9.5f, 9.5f, 9.5f, 9, 8, NAN, NAN }, promo[] = { 1, 1, 0, 0, 1, NAN, 0 }, clicks[] =
        { 5, 5, 5, 7 };
    static const uint8_t stock[] = { 1, 1, 0, 1 };
    for (int i = 0; i < 7; i++) {
        assert_memory_equal(&set->known[0][a->offset + i], &price[i],
                            sizeof *price); /* NaN: the future is not guessed */
        assert_memory_equal(&set->known[1][a->offset + i], &promo[i], sizeof *promo);
        if (i >= 4) assert_true(isnan(set->y[a->offset + i]));
        if (i >= 4) continue;
        assert_true(set->past[0][a->offset + i] == clicks[i]);
        assert_int_equal(set->in_stock[a->offset + i], stock[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_true(set->known[0][b->offset + i] == 0.0f); /* never said: 0, not NaN */
        assert_true(isnan(set->past[0][b->offset + i]));   /* nobody could know */
    }
    assert_int_equal(set->summary.out_of_stock, 1);
    /* Without known columns the empty rows at the end are the future to be forecast. */
    make("", text);
    HISTORY(set, "A", 1, 0, 2, 3);
    assert_int_equal(set->summary.future_steps, 0);
    make("known_columns=price series_end=own", text);
    assert_int_equal(set->series[1].length, 1);
    assert_int_equal(set->series[0].future, 3);
    /* Several rows of one step: covariates are averaged, out of stock wins. */
    make("known_columns=price", "id,ds,y,price,in_stock\nA,1,1,4,1\nA,1,1,8,0\nA,1,1,,1\n");
    assert_true(set->known[0][0] == 6.0f);
    assert_int_equal(set->in_stock[0], 0);
    make("known_columns=price duplicates=last", "id,ds,y,price\nA,1,1,4\nA,1,1,8\n");
    assert_true(set->known[0][0] == 8.0f);
    refuse("known_columns=price", "id,ds,y,price\nA,1,1,cheap\n", SEQD_E_DATA,
           "column 'price': 'cheap' is not a number");
}

static void static_columns(void **state)
{
    (void)state;
    static const char text[] = "id,ds,y,store,size,brand\nB,1,1,zoo,10,x\nA,1,1,,,\nA,2,2,Ape,30,\nB,2,1,zoo,10,x\nC,1,1,Ape,,y\n";
    make("static_columns=store,brand static_real_columns=size", text);
    assert_int_equal(set->cat_count, 2);
    assert_int_equal(set->dictionaries[0].count, 2);
    assert_string_equal(set->dictionaries[0].column, "store");
    assert_string_equal(set->dictionaries[0].names[0], "Ape"); /* byte order */
    assert_string_equal(set->dictionaries[0].names[1], "zoo");
    assert_int_equal(set->cat[0][0], 0);
    assert_int_equal(set->cat[0][1], 1);
    assert_int_equal(set->cat[0][2], 0);
    assert_int_equal(set->dictionaries[1].count, 3);
    assert_string_equal(set->dictionaries[1].names[0], ""); /* A never says */
    assert_int_equal(set->cat[1][0], 0);
    assert_int_equal(set->cat[1][2], 2);
    assert_int_equal(set->real_count, 1);
    assert_string_equal(set->real_names[0], "size");
    assert_true(set->real[0][0] == 30 && set->real[0][1] == 10 && set->real[0][2] == 20); /* C: the mean */
    refuse("static_columns=store", "id,ds,y,store\nA,1,1,S1\nB,1,1,S2\nA,2,1,S2\n", SEQD_E_DATA,
           "text:4: column 'store' of series 'A' changes to 'S2', but is static");
    assert_int_equal(error.line, 4);
    assert_int_equal(error.column, 4);
    refuse("static_real_columns=size", "id,ds,y,size\nA,1,1,5\nA,2,1,6\n", SEQD_E_DATA,
           "text:3: column 'size' of series 'A' changes to '6'");
}

static void series_without_numbers(void **state)
{
    (void)state;
    make("", "id,ds,y\nA,1,\nA,2,\nB,1,3\nB,4,5\nC,3,\nC,9,\nD,8,\n");
    HISTORY(set, "A", MISSING, MISSING);                /* own end: its rows up to the newest number of the panel */
    HISTORY(set, "C", MISSING, 0);
    assert_int_equal(seqd_panel_find(set, "D"), -1);    /* begins after it: there is no history */
    make("", "id,ds,y\nA,1,\nA,2,\n");
    HISTORY(set, "A", MISSING, MISSING);
    make("", "id,ds,y\nA,2024-01-01,\nA,2024-01-02,\nB,2024-01-03,1\n");
    HISTORY(set, "A", MISSING, MISSING, 0);
}

static void ids_are_found(void **state)
{
    (void)state;
    make("", "id,ds,y\nb,1,1\nB,1,1\n\xC3\xA4,1,1\n10,1,1\n9,1,1\n");
    static const char *const order[] = { "10", "9", "B", "b", "\xC3\xA4" };
    assert_int_equal(set->series_count, 5);
    for (int64_t i = 0; i < 5; i++) {
        assert_string_equal(set->series[i].id, order[i]);
        assert_int_equal(seqd_panel_find(set, order[i]), i);
    }
    assert_int_equal(seqd_panel_find(set, ""), -1);
    assert_int_equal(seqd_panel_find(set, "zz"), -1);
    assert_int_equal(seqd_panel_find(set, "1"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gaps, begin, finish),
        cmocka_unit_test_setup_teardown(duplicates, begin, finish),
        cmocka_unit_test_setup_teardown(dropped_series, begin, finish),
        cmocka_unit_test_setup_teardown(outliers, begin, finish),
        cmocka_unit_test_setup_teardown(detected_frequencies, begin, finish),
        cmocka_unit_test_setup_teardown(columns_by_name, begin, finish),
        cmocka_unit_test_setup_teardown(bad_cells_are_named, begin, finish),
        cmocka_unit_test_setup_teardown(far_dates, begin, finish),
        cmocka_unit_test_setup_teardown(limits, begin, finish),
        cmocka_unit_test_setup_teardown(covariates, begin, finish),
        cmocka_unit_test_setup_teardown(static_columns, begin, finish),
        cmocka_unit_test_setup_teardown(series_without_numbers, begin, finish),
        cmocka_unit_test_setup_teardown(ids_are_found, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
