/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of events to sequences: columns, times, labels worked out by hand, and what is refused. */
#include "data_test.h"

#include <stdio.h>

#include "events.h"

static seqd_context *context;

/* Two users whose rows stand mixed; day 0 is 2024-01-01. */
static const char shop[] = "user,time,event,item,price\n"
                           "b,2024-01-01 12:00:00,view,x,2\n"
                           "a,2024-01-01,view,x,1\n"
                           "a,2024-01-03,buy,y,3\n"
                           "b,2024-01-02 12:00:00,cart,,\n"
                           "a,2024-01-02,cart,x,2.5\n"
                           "b,2024-01-10,buy,z,yes\n"
                           "a,2024-01-03,view,z,FALSE\n";

static const float *labels_of(const seqd_dataset *set, const char *id, float *out)
{
    const int64_t s = seqd_panel_find(set, id);
    assert_true(s >= 0);
    for (int64_t i = 0; i < set->series[s].length; i++) out[i] = seqd_events_label(set, s, i);
    return out;
}

static void assert_labels(const seqd_dataset *set, const char *id, const float *expected, int64_t count)
{
    float got[32];
    const int64_t s = seqd_panel_find(set, id);
    assert_true(s >= 0 && count <= 32);
    assert_int_equal(set->series[s].length, count);
    labels_of(set, id, got);
    for (int64_t i = 0; i < count; i++)
        if (!(got[i] == expected[i] || (isnan(got[i]) && isnan(expected[i]))))
            fail_msg("'%s', event %d: label %g, not %g", id, (int)i, (double)got[i], (double)expected[i]);
}

#define LABELS(set, id, ...)                                                                         \
    assert_labels(set, id, (const float[]){ __VA_ARGS__ },                                           \
                  (int64_t)(sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float)))

static const char *token(const seqd_dataset *set, int32_t c, int64_t s, int64_t i)
{
    const int32_t value = set->events->token[c][set->series[s].offset + i];
    return value < 0 ? "" : set->events->dictionaries[c].names[value];
}

static void columns_and_order(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "task=classify cat_columns=item num_columns=price", shop);
    const seqd_events *e = set->events;
    assert_int_equal(set->series_count, 2);
    assert_string_equal(set->series[0].id, "a");
    assert_int_equal(set->series[0].length, 4);
    assert_int_equal(set->series[1].length, 3);
    assert_int_equal(e->token_count, 2);
    assert_true(e->has_event && e->seconds);
    assert_string_equal(e->dictionaries[0].column, "event");
    assert_int_equal(e->dictionaries[0].count, 3);
    static const char *const events[] = { "view", "cart", "buy", "view" }, *const items[] = { "x", "x", "y", "z" };
    static const float price[] = { 1, 2.5f, 3, 0 };
    for (int64_t i = 0; i < 4; i++) { /* rows of one time keep their order */
        assert_string_equal(token(set, 0, 0, i), events[i]);
        assert_string_equal(token(set, 1, 0, i), items[i]);
        assert_true(e->num[0][i] == price[i]);
    }
    assert_string_equal(token(set, 1, 1, 1), "");
    assert_true(isnan(e->num[0][5]) && e->num[0][6] == 1.0f);
    assert_true(e->time[1] - e->time[0] == 86400.0);
    /* label=auto without a label column is the next event; classes are those of the event column */
    assert_int_equal(e->label_kind, SEQD_LABEL_NEXT_EVENT);
    assert_string_equal(seqd_option_text(set->options, SEQD_OPT_LABEL), "next_event");
    LABELS(set, "a", 1, 0, 2, NAN); /* buy 0, cart 1, view 2 */
    LABELS(set, "b", 1, 0, NAN);
    assert_int_equal(set->summary.rows, 7);
    assert_int_equal(set->summary.steps, 7);
    assert_int_equal(set->summary.labelled, 5);
    assert_int_equal(set->summary.classes, 3);
    seqd_dataset_free(set);
}

static void look_ahead(void **state)
{
    (void)state;
    /* the data end 2024-01-10: windows of two days are known up to the 8th */
    seqd_dataset *set = panel(context, "task=classify cat_columns=item label=within label_events=buy label_window=2", shop);
    LABELS(set, "a", 1, 1, 0, 0); /* (1, 3], (2, 4], (3, 5]: a time equal to its own does not count */
    LABELS(set, "b", 0, 0, NAN);
    assert_string_equal(set->events->classes.names[0], "no");
    assert_string_equal(set->events->classes.names[1], "yes");
    seqd_dataset_free(set);

    set = panel(context, "task=regress cat_columns=item label=count label_events=buy,cart label_window=8.5", shop);
    LABELS(set, "a", 2, NAN, NAN, NAN); /* ends 2024-01-09 12:00 */
    LABELS(set, "b", 2, NAN, NAN);      /* from the 1st 12:00 to the 10th 0:00 */
    seqd_dataset_free(set);

    set = panel(context, "task=regress label=count label_window=1.5 freq=int",
                "user,time,event\nu,1,p\nu,2,p\nu,2,q\nu,2.5,p\nu,4,q\nv,0,p\n");
    assert_false(set->events->seconds);
    LABELS(set, "u", 3, 1, 1, 1, NAN);
    LABELS(set, "v", 0);
    seqd_dataset_free(set);
}

static void label_columns(void **state)
{
    (void)state;
    static const char text[] = "session_id,n,bought\ns1,1,no\ns1,2,yes\ns1,3,\ns2,1,no\ns3,1,\n";
    seqd_dataset *set = panel(context, "task=classify num_columns=n label_column=bought", text);
    LABELS(set, "s1", NAN, 1, NAN);
    LABELS(set, "s2", 0);
    LABELS(set, "s3", NAN);
    assert_int_equal(set->events->classes.count, 2);
    assert_string_equal(set->events->classes.names[1], "yes");
    assert_int_equal(set->summary.labelled, 2);
    seqd_dataset_free(set);
    set = panel(context, "task=regress num_columns=n label_column=bought", text);
    LABELS(set, "s1", NAN, 1, NAN);
    LABELS(set, "s2", 0);
    assert_int_equal(set->summary.classes, 0);
    seqd_dataset_free(set);
    /* classes are texts, named in byte order, whatever the order of rows */
    set = panel(context, "task=classify num_columns=n", "n,label\n1, TRUE\n2,FALSE \n3,TRUE\n");
    assert_int_equal(set->series_count, 3);
    assert_string_equal(set->series[2].id, "3");
    assert_int_equal(seqd_panel_find(set, "2"), 1);
    assert_int_equal(seqd_panel_find(set, "02"), -1);
    assert_int_equal(seqd_panel_find(set, "4"), -1);
    LABELS(set, "1", 1);
    LABELS(set, "2", 0);
    seqd_dataset_free(set);
    /* nothing to learn from is no error to read: rows to be judged have no label */
    set = panel(context, "task=classify num_columns=n label_column=Revenue", "n,revenue\n1,1\n");
    LABELS(set, "1", NAN);
    assert_contains(set->events->unlabelled, "missing column 'Revenue'");
    assert_int_equal(set->summary.labelled, 0);
    seqd_dataset_free(set);
    set = panel(context, "task=classify label=within label_events=by,view label_window=1", shop);
    assert_contains(set->events->unlabelled, "no event is 'by'; did you mean 'buy'?");
    seqd_dataset_free(set);
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *words, *first, *second, *date;
        double apart;
    } table[] = {
        { "", "2024-03-01", "2024-03-02", "2024-03-01 00:00:00", 86400 },
        { "", "2024-03-01T10:11:12", "2024-03-01 10:11:13", "2024-03-01 10:11:12", 1 },
        { "", "20240301", "20240303", "2024-03-01 00:00:00", 2 * 86400 },
        { "freq=int", "20240301", "20240303", "20240301", 2 },
        { "", "1709287872", "1709287882", "2024-03-01 10:11:12", 10 },
        { "", "1709287872500", "1709287873000", "2024-03-01 10:11:12", 0.5 },
        { "freq=int", "1709287872", "1709287882", "1709287872", 10 },
        { "", "3", "7", "3", 4 },
        { "", "0.5", "0.75", "0.5", 0.25 },
        { "", "-3", " 4 ", "-3", 7 },
        { "freq=D", "60", "180", "1970-01-01 00:01:00", 120 },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[256], words[128], date[24];
        snprintf(words, sizeof words, "task=classify %s", table[i].words);
        snprintf(text, sizeof text, "user,time,event\nu,%s,p\nu,%s,q\n", table[i].second, table[i].first);
        seqd_dataset *set = panel(context, words, text);
        assert_true(set->events->time[1] - set->events->time[0] == table[i].apart);
        assert_string_equal(token(set, 0, 0, 0), "q");
        assert_int_equal(seqd_events_date(set, 0, 0, date, sizeof date, NULL), SEQD_OK);
        assert_string_equal(date, table[i].date);
        assert_int_equal(seqd_events_date(set, 0, 2, date, sizeof date, NULL), SEQD_E_ARG);
        seqd_dataset_free(set);
    }
    seqd_dataset *set = panel(context, "task=classify", "user,event\nv,p\nu,q\nv,r\n");
    assert_null(set->events->time);
    LABELS(set, "v", 2, NAN);
    seqd_dataset_free(set);
}

static void without_a_header(void **state)
{
    (void)state;
    static const char rows[] = "1,77,pv,1511544070\n1,78,buy,1511544080\n2,\"7,7\",pv,1511544070\n";
    seqd_dataset *set = panel(context, "task=classify columns=user,item,behaviour,time cat_columns=item", rows);
    assert_int_equal(set->summary.rows, 3);
    assert_string_equal(token(set, 0, 0, 1), "buy");
    assert_string_equal(token(set, 1, 1, 0), "7,7");
    seqd_dataset_free(set);
    /* a panel as well */
    set = panel(context, "columns=sku,day,qty time_column=day", "a,1,5\na,2,6\n");
    HISTORY(set, "a", 5, 6);
    seqd_dataset_free(set);
    seqd_error error = SEQD_ERROR_INIT;
    assert_int_equal(parse_panel(context, "columns=sku,day time_column=day", "a,1,5\n", &set, &error), SEQD_E_FORMAT);
    assert_contains(error.message, "the row has 3 fields, option columns names 2");
    assert_int_equal(parse_panel(context, "columns=sku,day,qty time_column=day", "a,1,5\na,2\n", &set, &error),
                     SEQD_E_FORMAT);
    assert_int_equal(error.line, 2);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *text;
        int32_t status;
        int64_t line, column;
        const char *message;
    } table[] = {
        { "task=classify num_columns=price", "user,time,event,price\nu,1,p,2\nu,2,q,dear\n", SEQD_E_DATA, 3, 4,
          "text:3: column 'price': 'dear' is not a number" },
        { "task=classify", "user,time,event\nu,2024-01-32,p\n", SEQD_E_DATA, 2, 2, "'2024-01-32' is not a date" },
        { "task=classify", "user,time,event\nu,,p\n", SEQD_E_DATA, 2, 2, "column 'time': '' is not a date" },
        { "task=classify", "user,time,event\nu,5,p\nu,2024-01-01,p\n", SEQD_E_DATA, 3, 2, "a number like those before" },
        { "task=classify", "user,time,event\nu,2024-01-01,p\nu,5,p\n", SEQD_E_DATA, 3, 2, "a date like those before" },
        { "task=classify freq=int", "user,time,event\nu,2024-01-01,p\n", SEQD_E_DATA, 2, 2, "freq=int" },
        { "task=classify", "user,time,event\nu,1e300,p\n", SEQD_E_DATA, 2, 2, "between -2^53 and 2^53" },
        { "task=classify num_columns=prices", "user,time,event,price\nu,1,p,2\n", SEQD_E_FORMAT, 0, 0,
          "missing column 'prices' of option num_columns; did you mean 'price'?" },
        { "task=classify label=next_event", "user,time,what\nu,1,p\n", SEQD_E_FORMAT, 0, 0, "event_column" },
        { "task=classify label=within label_window=1", "user,event\nu,p\n", SEQD_E_FORMAT, 0, 0, "time_column" },
        { "task=classify label=within label_window=0", "user,time,event\nu,1,p\n", SEQD_E_OPTION, 0, 0,
          "label_window must be above 0" },
        { "task=regress label=next_event", "user,time,event\nu,1,p\n", SEQD_E_OPTION, 0, 0, "task=classify" },
        { "task=classify label=count", "user,time,event\nu,1,p\n", SEQD_E_OPTION, 0, 0, "task=regress" },
        { "task=classify label=next_event label_column=event", "user,time,event\nu,1,p\n", SEQD_E_OPTION, 0, 0,
          "label=next_event" },
        { "task=classify label_column=event label_events=p cat_columns=x", "user,x,event\nu,1,p\n", SEQD_E_OPTION, 0, 0,
          "label_events" },
        { "task=regress label_column=n num_columns=n", "user,n\nu,1\n", SEQD_E_OPTION, 0, 0,
          "column 'n' cannot be in both num_columns and label_column" },
        { "task=classify label_column=n cat_columns=n", "user,n\nu,1\n", SEQD_E_OPTION, 0, 0, "cat_columns" },
        { "task=regress label_column=n num_columns=m", "user,n,m\nu,many,1\n", SEQD_E_DATA, 2, 2, "'many' is not a number" },
        { "task=regress label_column=n", "user,n\nu,1\n", SEQD_E_OPTION, 0, 0, "nothing to learn from" },
        { "task=classify", "user,time,event\n", SEQD_E_DATA, 0, 0, "there are no rows" },
        { "task=classify", "user,time,event\n,1,p\n", SEQD_E_DATA, 0, 0, "no row names a sequence" },
        { "task=classify", "user,time,event\nu,1,\xFF\n", SEQD_E_DATA, 2, 3, "UTF-8" },
        { "task=classify", "user,time,event\n\xC0,1,p\n", SEQD_E_DATA, 2, 1, "UTF-8" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        seqd_error error = SEQD_ERROR_INIT;
        seqd_dataset *set = NULL;
        const int32_t status = parse_panel(context, table[i].words, table[i].text, &set, &error);
        if (status != table[i].status || error.line != table[i].line || error.column != table[i].column ||
            !strstr(error.message, table[i].message))
            fail_msg("row %d: %d at %d:%d: %s", (int)i, (int)status, (int)error.line, (int)error.column, error.message);
        assert_null(set);
    }
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset *set = NULL;
    assert_int_equal(seqd_context_limit(context, "series", 1, NULL), SEQD_OK);
    assert_int_equal(parse_panel(context, "task=classify", shop, &set, &error), SEQD_E_LIMIT);
    assert_int_equal(error.line, 3);
    assert_int_equal(parse_panel(context, "task=classify num_columns=n", "n,label\n1,a\n2,b\n", &set, &error), SEQD_E_LIMIT);
    assert_int_equal(seqd_context_limit(context, "series", 0, NULL), SEQD_OK);
    assert_int_equal(seqd_context_limit(context, "rows", 3, NULL), SEQD_OK);
    assert_int_equal(parse_panel(context, "task=classify", shop, &set, &error), SEQD_E_LIMIT);
    assert_int_equal(error.line, 5);
    assert_int_equal(seqd_context_limit(context, "rows", 0, NULL), SEQD_OK);
}

static void unnamed_rows(void **state)
{
    (void)state;
    seqd_dataset *set = panel(context, "task=classify", "user,time,event\nu,1,p\n,2,q\nu,3,p\n,4,q\nv,5,q\n");
    assert_int_equal(set->summary.rows, 5);
    assert_int_equal(set->summary.unnamed, 2);
    assert_int_equal(set->summary.steps, 3);
    LABELS(set, "u", 0, NAN);
    seqd_dataset_free(set);
}

/* Every array of both, and the names. */
static void assert_same(const seqd_dataset *a, const seqd_dataset *b)
{
    const seqd_events *x = a->events, *y = b->events;
    const size_t n = (size_t)x->event_count;
    assert_int_equal(a->series_count, b->series_count);
    assert_int_equal(x->event_count, y->event_count);
    for (int64_t s = 0; s < a->series_count; s++) {
        assert_string_equal(a->series[s].id, b->series[s].id);
        assert_int_equal(a->series[s].length, b->series[s].length);
        assert_int_equal(a->series[s].offset, b->series[s].offset);
        for (int64_t i = 0; i < a->series[s].length; i++) {
            const float left = seqd_events_label(a, s, i), right = seqd_events_label(b, s, i);
            assert_true(left == right || (isnan(left) && isnan(right)));
        }
    }
    assert_memory_equal(x->time, y->time, n * sizeof *x->time);
    for (int32_t c = 0; c < x->num_count; c++)
        for (size_t i = 0; i < n; i++)
            assert_true(x->num[c][i] == y->num[c][i] || (isnan(x->num[c][i]) && isnan(y->num[c][i])));
    for (int32_t c = 0; c < x->token_count; c++) {
        assert_memory_equal(x->token[c], y->token[c], n * sizeof(int32_t));
        assert_int_equal(x->dictionaries[c].count, y->dictionaries[c].count);
        for (int32_t i = 0; i < x->dictionaries[c].count; i++)
            assert_string_equal(x->dictionaries[c].names[i], y->dictionaries[c].names[i]);
    }
    assert_memory_equal(&a->summary, &b->summary, sizeof a->summary);
}

static void any_order_of_rows(void **state)
{
    (void)state;
    enum { ROWS = 300 };
    static const char words[] = "task=classify cat_columns=item num_columns=price label=within label_events=e2 label_window=3";
    static char text[3][ROWS * 64];
    static int32_t order[ROWS];
    for (int32_t i = 0; i < ROWS; i++) order[i] = i;
    for (int k = 0; k < 3; k++) { /* times differ within a user, so that the order of rows says nothing */
        char *to = text[k];
        to += sprintf(to, "user,time,event,item,price\n");
        for (int32_t i = 0; i < ROWS; i++) {
            const int32_t r = order[i], user = r % 7;
            to += sprintf(to, "u%d,%d,e%d,i%d,%d\n", (int)user, (int)(r / 7), (int)(r * 31 % 5), (int)(r * 17 % 23), (int)(r % 11));
        }
        for (int32_t i = ROWS - 1; i > 0; i--) {
            const int32_t j = (int32_t)(((uint32_t)i * 2654435761u + (uint32_t)k) % (uint32_t)(i + 1)), keep = order[i];
            order[i] = order[j];
            order[j] = keep;
        }
    }
    seqd_dataset *first = panel(context, words, text[0]);
    assert_int_equal(first->series_count, 7);
    assert_true(first->summary.labelled > 200);
    for (int k = 1; k < 3; k++) {
        seqd_dataset *other = panel(context, words, text[k]);
        assert_same(first, other);
        seqd_dataset_free(other);
    }
    seqd_dataset_free(first);
}

static void memory_equals_text(void **state)
{
    (void)state;
    static const char *const users[] = { "b", "a", "a", "b", "a" }, *const events[] = { "p", "q", "p", NULL, "q" };
    static const int64_t time[] = { 1704067200, 1704067200, 1704153600, 1704153601, 1704067201 };
    static const double price[] = { 1.5, (double)NAN, 3, -1, 0 };
    static const char text[] = "user,time,event,price\nb,1704067200,p,1.5\na,1704067200,q,\na,1704153600,p,3\n"
                               "b,1704153601,,-1\na,1704067201,q,0\n";
    static const char words[] = "task=classify num_columns=price label=next_event";
    seqd_dataset *parsed = panel(context, words, text), *filled = NULL;
    seqd_options *options = make_options(context, words);
    assert_int_equal(seqd_panel_create(context, options, &filled, NULL), SEQD_OK);
    assert_int_equal(seqd_panel_append_str(filled, "user", users, 5, NULL), SEQD_OK);
    assert_int_equal(seqd_panel_append_i64(filled, "time", time, 5, NULL), SEQD_OK);
    assert_int_equal(seqd_panel_append_str(filled, "event", events, 5, NULL), SEQD_OK);
    assert_int_equal(seqd_panel_append_f64(filled, "price", price, 5, NULL), SEQD_OK);
    assert_int_equal(seqd_panel_seal(filled, NULL), SEQD_OK);
    assert_same(parsed, filled);
    seqd_dataset_free(parsed);
    seqd_dataset_free(filled);
    seqd_options_free(options);
}

/* What the header promises of memory. */
static void bytes_per_event(void **state)
{
    (void)state;
    enum { USERS = 2000, EACH = 20, ROWS = USERS * EACH };
    char *text = malloc(ROWS * 40), *to = text;
    assert_non_null(text);
    to += sprintf(to, "user,time,event,item,price,label\n");
    for (int i = 0; i < ROWS; i++)
        to += sprintf(to, "u%05d,%d,e%d,i%03d,%d,%d\n", i / EACH, i % EACH, i % 3, i % 500, i % 7, i % 2);
    const int64_t before = atomic_load(&context->memory_in_use);
    seqd_dataset *set = panel(context, "task=classify cat_columns=item num_columns=price", text);
    const int64_t used = atomic_load(&context->memory_in_use) - before;
    const int64_t most = (int64_t)ROWS * (3 * 4 + 4 + 8) + USERS * (52 + 7) + (500 * (5 + 9)) + 3 * (3 + 9) + 4096 + 6 * 64;
    print_message("%.2f bytes an event, at most %.2f\n", (double)used / ROWS, (double)most / ROWS);
    assert_true(used <= most);
    seqd_dataset_free(set);
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    context = new_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end_context(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_order), cmocka_unit_test(look_ahead),        cmocka_unit_test(label_columns),
        cmocka_unit_test(times),             cmocka_unit_test(without_a_header),  cmocka_unit_test(refused),
        cmocka_unit_test(unnamed_rows),      cmocka_unit_test(any_order_of_rows), cmocka_unit_test(memory_equals_text),
        cmocka_unit_test(bytes_per_event),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
