/* SPDX-License-Identifier: Apache-2.0 */
#include "core_test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "rng.h"
#include "text.h"

/* The C library in the C locale is the oracle here; the library itself never asks it. */
static void compare(const char *text)
{
    char *end;
    double mine = 0.0;
    const double oracle = strtod(text, &end);
    const bool expected = *text != '\0' && *end == '\0' && isfinite(oracle);
    const bool parsed = seqd_parse_f64(text, strlen(text), &mine);
    if (parsed != expected) fail_msg("'%s' is %s", text, parsed ? "accepted" : "refused");
    if (parsed && memcmp(&mine, &oracle, sizeof mine) != 0) fail_msg("'%s': %.17g, not %.17g", text, mine, oracle);
}

static void literals(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0", "-0", "+0", "0.0", "-0.0", "00", "0e0", "0e999999", "-0e-999999", ".0", "0.", "1", "-1", "+1", "1.", ".1",
            "-.5", "+.5",
        "1.0", "01", "0001.5000", "10", "100", "12", "123", "1234", "12345", "123456", "1234567", "12345678",
            "123456789",
        "1e0", "1e1", "1E1", "1e+1", "1e-1", "1e01", "1e-01", "1e22", "1e23", "1e-22", "1e-23", "3e22", "9e22", "1e15",
        "123456789012345678", "1234567890123456789", "12345678901234567890", "123456789012345678901234567890",
        "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740994", "9007199254740995",
        "9007199254740993.0", "9007199254740993.00000000000000000000000000000000000000001",
        "9007199254740992.99999999999999999999999999999999999999999", "18014398509481985", "18014398509481986",
            "18014398509481987",
        "36028797018963968", "36028797018963970", "36028797018963972", "36028797018963971.9999999999",
        "0.1", "0.2", "0.3", "0.7", "0.15", "0.25", "0.35", "0.005", "0.0001", "1.1", "2.2", "3.3", "4.35", "19.99",
            "1.005",
        "3.141592653589793", "3.14159265358979323846264338327950288", "2.718281828459045", "1.4142135623730951",
        "179769313486231570000000000000000000000", "1.7976931348623157e308", "1.7976931348623158e308",
        "1.797693134862315807e308", "1.7976931348623159e308", "1.8e308", "1e308", "1e309", "1e310", "1e400", "-1e400",
            "1e99999999999",
        "2.2250738585072014e-308", "2.2250738585072011e-308", "2.225073858507201e-308", "2.2250738585072009e-308",
        "2.2250738585072012e-308", "4.9406564584124654e-324", "5e-324", "4.9e-324", "3e-324", "2.5e-324",
            "2.4703282292062327e-324",
        "2.4703282292062328e-324", "2.47032822920623272e-324", "2.47032822920623273e-324", "2e-324", "1e-324",
            "1e-400", "-1e-400",
        "1e-99999999999", "7.4109846876186981626485318930233205854758970392148714663837852375101326090531312779794975454245398856e-324",
        "7.4109846876186981626485318930233205854758970392148714663837852375101326090531312779794975454245398857e-324",
        "6.9294956446009195e15", "8.5e15", "1.2345e-30", "1.2345e30", "5.0e-50", "6.02214076e23", "6.62607015e-34",
            "1.602176634e-19",
        "0.000001", "0.0000001", "0.00000000000000000000000000000000000000000000000000001",
            "1000000000000000000000000000000000000000",
        "123456789e-9", "123456789e9", "123456789e-300", "123456789e300", "9.5367431640625e-7", "1152921504606846976",
        "4503599627370496.5", "4503599627370497.5", "4503599627475353.5", "2251799813685248.25", "2251799813685248.75",
        "1.00000000000000011102230246251565404", "1.00000000000000011102230246251565405",
            "1.00000000000000011102230246251565403",
        "1.00000000000000033306690738754696212708950042724609375",
            "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13", "62.5364939768271845828", "8.10109172351e-10",
            "1.50000000000000011102230246251565",
        "9007199254740991.4999999999999999999999999999999995", "9007199254740991.5",
            "9007199254740991.50000000000000000000000001",
        "30078505129381147446200", "17592186044417", "144115188075855870e1", "144115188075855872e1",
            "1448997445238699", "10000000000000000999e3",
        /* article numbers that look like numbers, and are */
        "81e310", "4e49", "12e3456", "1e5", "7e-12", "4e492493924924", "5e00000000000000001", "1e-0",
        /* and things that are not */
        "", "-", "+", ".", "e", "e5", "-e5", ".e5", "+.", "1e", "1e+", "1e-", "1e5e5", "1.2.3", "1,5", "1 ", " 1",
            "1x", "x1", "--1",
        "+-1", "1-", "1_000", "1'000", "1/2", "81e3104049863b72", "12AB", "#N/A", "1e5.5", "1.5f", "1e3L", "1d5",
            "1.-5", "..1",
        "1\t", "\n1", "1\n", ("\xC2\xA0" "1"), "$5", "5%", "1e 5", "- 1", "0x", "0b1", "1..", "1+1",
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        /* strtod skips blanks in front, the library does not. */
        const char first = texts[i][0];
        if (first == ' ' || first == '\n') {
            double value;
            assert_false(seqd_parse_f64(texts[i], strlen(texts[i]), &value));
        } else {
            compare(texts[i]);
        }
        count++;
    }
    assert_true(count >= 200);
}

static void words_and_hex_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "inf", "-inf", "infinity", "nan", "NaN", "nan(1)", "0x10", "0x1p3", "INF" };
    double value = 7.0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) assert_false(seqd_parse_f64(texts[i], strlen(texts[i]), &value));
    assert_false(seqd_parse_f64("1\0", 2, &value));
    assert_true(value == 7.0);
    assert_true(seqd_parse_f64("12345", 3, &value)); /* the length counts, not a terminator */
    assert_true(value == 123.0);
}

static double random_double(seqd_rng *rng)
{
    double value;
    do {
        const uint64_t bits = seqd_rng_u64(rng);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static void random_texts(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(11, 1, 0);
    char text[2048];
    for (int i = 0; i < 40000; i++) {
        const double value = i & 1 ? random_double(&rng) : (seqd_rng_uniform(&rng) - 0.5) * 1e6;
        snprintf(text, sizeof text, "%.17g", value);
        compare(text);
        snprintf(text, sizeof text, "%.*e", (int)seqd_rng_below(&rng, 40), value);
        compare(text);
        snprintf(text, sizeof text, "%.*f", (int)seqd_rng_below(&rng, 30), (seqd_rng_uniform(&rng) - 0.5) * 1e9);
        compare(text);
    }
}

/* Texts of few digits, which go a way of their own: signs, points and zeros at every place. */
static void short_texts(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(11, 5, 0);
    char text[24];
    for (int i = 0; i < 200000; i++) {
        const int length = 1 + (int)seqd_rng_below(&rng, 18), point = (int)seqd_rng_below(&rng, 20);
        int used = 0;
        if (seqd_rng_below(&rng, 3) == 0) text[used++] = seqd_rng_below(&rng, 2) ? '-' : '+';
        for (int k = 0; k < length; k++) {
            if (k == point) text[used++] = '.';
            text[used++] = (char)('0' + (seqd_rng_below(&rng, 3) ? seqd_rng_below(&rng, 10) : 0));
        }
        if (point == length) text[used++] = '.';
        text[used] = '\0';
        compare(text);
    }
    static const char *const bad[] = { "", "-", "+", ".", "-.", "1.2.3", "1-", "--1", "1 ", "/", ":", "1:", "0x1", "1,2" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 7.0;
        assert_false(seqd_parse_f64(bad[i], strlen(bad[i]), &value));
        assert_true(value == 7.0);
    }
}

/* The middle between two neighbours, all its digits, and the same with a little more and a little less. */
static void halfway_texts(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(12, 1, 0);
    char text[2048];
    int exact = 0;
    for (int i = 0; i < 3000; i++) {
        const double low = ldexp(1.0 + seqd_rng_uniform(&rng), (int)seqd_rng_below(&rng, 2000) - 1010);
        const long double middle = ((long double)low + (long double)nextafter(low, HUGE_VAL)) / 2;
        if (!isfinite(low)) continue;
        const int size = snprintf(text, sizeof text, "%.1100Lf", middle);
        assert_true(size > 0 && (size_t)size < sizeof text);
        compare(text);
        exact++;
        text[size - 1] = '1';
        compare(text);
    }
    assert_true(exact > 2000);
}

static int significant_digits(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') continue;
        if (*text != '0')
            zeros = 0;
        else if (count > 0)
            zeros++;
        if (count > 0 || *text != '0') count++;
    }
    return count - zeros;
}

/* Reads back as the same bits, and no shorter text does. */
static void check_format(double value)
{
    char text[SEQD_NUMBER_SIZE], shorter[64];
    memset(text, 'x', sizeof text);
    const size_t length = seqd_format_f64(value, text);
    assert_true(length < sizeof text && text[length] == '\0' && strlen(text) == length);
    double back;
    if (!seqd_parse_f64(text, length, &back) || memcmp(&back, &value, sizeof back) != 0) fail_msg("%.17g printed %s", value, text);
    assert_true(strtod(text, NULL) == value);
    const int digits = significant_digits(text);
    if (digits > 1) {
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
        if (strtod(shorter, NULL) == value) fail_msg("%s is longer than %s", text, shorter);
    }
}

static void round_trips(void **state)
{
    (void)state;
    seqd_rng rng = seqd_rng_stream(13, 1, 0);
    for (int i = 0; i < 60000; i++) {
        check_format(random_double(&rng));
        check_format((double)(float)((seqd_rng_uniform(&rng) - 0.3) * 1000));
        check_format((double)seqd_rng_below(&rng, 100000000) / 100.0);
    }
    for (int e = -1074; e < 1024; e++) {
        check_format(ldexp(1.0, e));
        check_format(nextafter(ldexp(1.0, e), 0.0) > 0.0 ? nextafter(ldexp(1.0, e), 0.0) : 5e-324);
        check_format(nextafter(ldexp(1.0, e), HUGE_VAL));
    }
}

static void exact_texts(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        { 0.0, "0" }, { -0.0, "-0" }, { 1.0, "1" }, { -1.5, "-1.5" }, { 0.1, "0.1" }, { 100.0, "100" }, { 0.00001, "0.00001" },
        { 1e-6, "1e-6" }, { 1.5e-7, "1.5e-7" }, { 1e16, "10000000000000000" }, { 1e17, "1e17" }, { 1.25e20, "1.25e20" },
        { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e308" }, { 9007199254740993.0,
                                                                                      "9007199254740992" },
        { 0.3, "0.3" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1e22, "1e22" }, { 123456.789, "123456.789" },
        { 2.2250738585072014e-308, "2.2250738585072014e-308" }, { 5.6843418860808015e-14, "5.684341886080802e-14" },
    };
    char text[SEQD_NUMBER_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(seqd_format_f64(rows[i].value, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
    seqd_format_f64((double)NAN, text);
    assert_string_equal(text, "nan");
    seqd_format_f64((double)INFINITY, text);
    assert_string_equal(text, "inf");
    seqd_format_f64(-(double)INFINITY, text);
    assert_string_equal(text, "-inf");
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        { "0", true, 0 }, { "-0", true, 0 }, { "+7", true, 7 }, { "007", true, 7 }, { "9223372036854775807", true,
                                                                                      INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN }, { "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
        { "99999999999999999999", false, 0 }, { "18446744073709551616", false, 0 }, { "", false, 0 }, { "-", false, 0 }, { "+", false, 0 },
        { "1.0", false, 0 }, { "1e3", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "0x1", false, 0 }, { "--1", false, 0 },
    };
    char text[SEQD_NUMBER_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 42;
        assert_int_equal(seqd_parse_i64(rows[i].text, strlen(rows[i].text), &value), rows[i].good);
        assert_true(value == (rows[i].good ? rows[i].value : 42));
    }
    static const int64_t values[] = { 0, 1, -1, 10, 99, -100, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        int64_t back;
        assert_true(seqd_parse_i64(text, seqd_format_i64(values[i], text), &back));
        assert_true(back == values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),      cmocka_unit_test(words_and_hex_are_refused), cmocka_unit_test(random_texts),
        cmocka_unit_test(short_texts),
        cmocka_unit_test(halfway_texts), cmocka_unit_test(round_trips),               cmocka_unit_test(exact_texts),
        cmocka_unit_test(whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
