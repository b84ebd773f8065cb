/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "text.h"

static seqd_context *context;
static seqd_options *options;
static seqd_error error;

static int begin(void **state)
{
    (void)state;
    context = new_context(NULL);
    error = (seqd_error)SEQD_ERROR_INIT;
    return seqd_options_new(context, &options, NULL);
}

static int finish(void **state)
{
    (void)state;
    seqd_options_free(options);
    end_context(context);
    return 0;
}

static int32_t set(const char *name, const char *value)
{
    seqd_option_id id;
    const int32_t status = seqd_option_find(name, &id, &error);
    return status == SEQD_OK ? seqd_option_set(options, id, value, &error) : status;
}

static const char *get(const char *name)
{
    seqd_option_id id;
    assert_int_equal(seqd_option_find(name, &id, NULL), SEQD_OK);
    return seqd_option_text(options, id);
}

static void unknown_names_are_answered(void **state)
{
    (void)state;
    assert_int_equal(set("horizn", "3"), SEQD_E_OPTION);
    assert_string_equal(error.message, "unknown option 'horizn'; did you mean 'horizon'?");
    assert_int_equal(error.status, SEQD_E_OPTION);
    assert_int_equal(set("lerning_rate", "3"), SEQD_E_OPTION);
    assert_contains(error.message, "'learning_rate'");
    assert_int_equal(set("zzzzzzzz", "3"), SEQD_E_OPTION);
    assert_string_equal(error.message, "unknown option 'zzzzzzzz'");
    assert_int_equal(set("", "3"), SEQD_E_OPTION);
    seqd_option_id id;
    assert_int_equal(seqd_option_find(NULL, &id, &error), SEQD_E_ARG);
    assert_int_equal(seqd_option_set(options, SEQD_OPT_HORIZON, NULL, &error), SEQD_E_ARG);
}

static void bad_values_name_the_range(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *part;
    } rows[] = {
        { "horizon", "4097", "a whole number from 0 to 4096" }, { "horizon", "-1", "'-1'" }, { "horizon", "3.5", "'3.5'" },
        { "horizon", "", "'' is not" }, { "horizon", " 3", "' 3'" }, { "horizon", "99999999999999999999",
                                                                       "is not a whole number" },
        { "dropout", "0.96", "a number from 0 to 0.95" }, { "dropout", "nan", "'nan'" }, { "dropout", "1e999", "'1e999'" },
        { "learning_rate", "0,003", "'0,003'" }, { "learning_rate", "0", "from 1e-9 to 10" }, { "model", "lsmt", "did you mean 'lstm'" },
        { "model", "LSTM", "lstm|gru" }, { "freq", "d", "auto|D|W|MS|h|int" }, { "freq", "", "is not one of" },
        { "hidden_size", "64,x", "'x'" }, { "hidden_size", "", "at least one" }, { "hidden_size", "64,,32",
                                                                                   "'' is not" },
        { "hidden_size", "0", "from 1 to 4096" }, { "quantiles", "0.1,0.9", "must include 0.5" }, { "quantiles", "0.5,0.50", "twice" },
        { "quantiles", "0.5,1", "'1'" }, { "known_columns", "a,,b", "empty column" }, { "known_columns", "a,b, a",
                                                                                        "'a' twice" },
        { "seed", "-1", "9223372036854775807" }, { "seed", "9223372036854775808", "is not" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        error.message[0] = '\0';
        assert_int_equal(set(rows[i].name, rows[i].value), SEQD_E_OPTION);
        assert_contains(error.message, rows[i].part);
        assert_contains(error.message, rows[i].name);
        assert_false(seqd_option_is_set(options, SEQD_OPT_HORIZON));
    }
    char many[2 * 65 + 1] = "";
    for (int i = 0; i < 65; i++) strcat(many, i ? ",1" : "1");
    assert_int_equal(set("lags", many), SEQD_E_OPTION);
}

static void values_become_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *text;
    } rows[] = {
        { "horizon", "028", "28" }, { "horizon", "+7", "7" }, { "learning_rate", "1e-3", "0.001" }, { "learning_rate", "0.0100", "0.01" },
        { "epsilon", "0.00000001", "1e-8" }, { "dropout", "-0", "0" }, { "hidden_size", " 128 , 064 ", "128,64" },
            { "lags", "", "" },
        { "quantiles", "0.9,.5, 1e-1", "0.1,0.5,0.9" }, { "known_columns", " price , on sale ", "price,on sale" },
        { "known_columns", "", "" }, { "seed", "9223372036854775807", "9223372036854775807" }, { "freq", "MS", "MS" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(set(rows[i].name, rows[i].value), SEQD_OK);
        assert_string_equal(get(rows[i].name), rows[i].text);
    }
    assert_int_equal(seqd_option_choice(options, SEQD_OPT_FREQ), 3);
    assert_int_equal(seqd_option_i64(options, SEQD_OPT_HORIZON), 7);
    int64_t sizes[1];
    assert_int_equal(seqd_option_i64_list(options, SEQD_OPT_HIDDEN_SIZE, sizes, 1), 2);
    assert_int_equal(sizes[0], 128);
    double levels[8];
    assert_int_equal(seqd_option_f64_list(options, SEQD_OPT_QUANTILES, levels, 8), 3);
    assert_true(levels[0] == 0.1 && levels[1] == 0.5 && levels[2] == 0.9);
}

static void defaults_pass_their_own_check(void **state)
{
    (void)state;
    for (int32_t i = 0; i < SEQD_OPT_COUNT; i++) {
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        assert_int_equal(seqd_option_describe(i, &info, &error), SEQD_OK);
        assert_true(strlen(info.help) > 0 && strlen(info.group) > 0 && strlen(info.type) > 0);
        const bool text = strcmp(info.type, "names") == 0 || (info.default_value[0] == '\0');
        if (text) continue;
        assert_int_equal(set(info.name, info.default_value), SEQD_OK);
        assert_string_equal(get(info.name), info.default_value); /* the table is written in canonical form */
    }
    seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
    assert_int_equal(seqd_option_describe(-1, &info, &error), SEQD_E_ARG);
    assert_int_equal(seqd_option_describe(SEQD_OPT_COUNT, &info, &error), SEQD_E_ARG);
    info.struct_size = 0;
    assert_int_equal(seqd_option_describe(0, &info, &error), SEQD_E_ARG);
}

static void clones_are_separate(void **state)
{
    (void)state;
    seqd_options *copy;
    assert_int_equal(set("horizon", "5"), SEQD_OK);
    assert_int_equal(seqd_options_clone(options, &copy, &error), SEQD_OK);
    assert_int_equal(set("horizon", "6"), SEQD_OK);
    assert_int_equal(seqd_option_i64(copy, SEQD_OPT_HORIZON), 5);
    assert_int_equal(seqd_option_i64(NULL, SEQD_OPT_BATCH_SIZE), 64); /* no options: the defaults */
    seqd_options_free(copy);
}

static int32_t parse(const char *text)
{
    const char *path = "test_options.cfg";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    error.line = -1;
    const int32_t status = seqd_options_parse_file(options, path, &error);
    unlink(path);
    return status;
}

static void config_files(void **state)
{
    (void)state;
    assert_int_equal(parse("\xEF\xBB\xBF# a shop\r\n\r\nhorizon = 14 # two weeks\r\n\tmodel=gru\n"
                           "known_columns = \"price #, promo\"\nlags = 7, 14"), SEQD_OK);
    assert_string_equal(get("horizon"), "14");
    assert_string_equal(get("model"), "gru");
    assert_string_equal(get("known_columns"), "price #,promo");
    assert_string_equal(get("lags"), "7,14");
    static const struct {
        const char *text, *part;
        int64_t line;
    } rows[] = {
        { "horizon = 3\n\nhorizn = 4\n", "test_options.cfg:3: unknown option 'horizn'", 3 },
        { "horizon = 3\nmodel gru\n", "test_options.cfg:2: 'model gru' is not of the form key = value", 2 },
        { "horizon = 3\nhorizon = 4\n", "test_options.cfg:2: option 'horizon' is given twice", 2 },
        { "horizon = 3\ndropout = much\n", "test_options.cfg:2: option 'dropout': 'much'", 2 },
        { "horizon = 3\n= 4\n", "test_options.cfg:2: unknown option ''", 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].text), SEQD_E_OPTION);
        assert_contains(error.message, rows[i].part);
        assert_int_equal(error.line, rows[i].line);
        assert_string_equal(get("horizon"), "14"); /* all or nothing */
    }
    assert_int_equal(seqd_options_parse_file(options, "no/such/file.cfg", &error), SEQD_E_IO);
    assert_contains(error.message, "'no/such/file.cfg': no such file");
    assert_int_equal(seqd_options_parse_file(options, ".", &error), SEQD_E_IO);
    assert_contains(error.message, "directory");
}

static void allocation_failures(void **state)
{
    (void)state;
    failing_allocator memory = { 0, 0, 0, false };
    int64_t failed = 0;
    for (int64_t k = 1;; k++) {
        memory = (failing_allocator){ 0, 0, 0, false };
        seqd_context *own = new_context(&memory);
        memory.calls = 0;
        memory.fail_at = k;
        seqd_options *first = NULL, *second = NULL;
        int32_t status = seqd_options_new(own, &first, &error);
        if (status == SEQD_OK) status = seqd_option_set(first, SEQD_OPT_QUANTILES, "0.1,0.5", &error);
        if (status == SEQD_OK) status = seqd_option_set(first, SEQD_OPT_HORIZON, "3", &error);
        if (status == SEQD_OK) status = seqd_options_clone(first, &second, &error);
        seqd_options_free(first);
        seqd_options_free(second);
        end_context(own);
        assert_int_equal(memory.live, 0);
        if (status == SEQD_OK) break;
        assert_int_equal(status, SEQD_E_NOMEM);
        failed++;
    }
    assert_true(failed >= 6);
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = { "unique_id", "ds", "y", "quantity", "in_stock" };
    assert_int_equal(seqd_nearest_name("uniqueid", names, 5), 0);
    assert_int_equal(seqd_nearest_name("quantiy", names, 5), 3);
    assert_int_equal(seqd_nearest_name("qauntity", names, 5), 3);
    assert_int_equal(seqd_nearest_name("dsx", names, 5), 1);
    assert_int_equal(seqd_nearest_name("zebra", names, 5), -1);
    assert_int_equal(seqd_nearest_name("", names, 5), -1);
    assert_int_equal(seqd_nearest_name("x", names, 0), -1);
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(seqd_nearest_name(longer, names, 5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_names_are_answered, begin, finish),
        cmocka_unit_test_setup_teardown(bad_values_name_the_range, begin, finish),
        cmocka_unit_test_setup_teardown(values_become_canonical, begin, finish),
        cmocka_unit_test_setup_teardown(defaults_pass_their_own_check, begin, finish),
        cmocka_unit_test_setup_teardown(clones_are_separate, begin, finish),
        cmocka_unit_test_setup_teardown(config_files, begin, finish),
        cmocka_unit_test(allocation_failures),
        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
