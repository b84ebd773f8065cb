/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model file is read from anywhere: cut off, damaged, or made by someone who knows its checksums. Whatever is in it,
 * it is refused, or it gives a model that forecasts finite numbers.
 */
#include "rig.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The format as lib/model/model_bytes.c describes it, written down again so that the two hold each other. */
enum { OPTIONS = 1, FEATURES, DISTRIBUTION, CARD, PARAMETERS, SECTIONS = 5, HEADER = 28, ENTRY = 24 };

static rig_memory memory;
static seqd_context *context;
static seqd_dataset *dataset;
static seqd_model *original;
static unsigned char *file;
static size_t file_size;
static long long tried, accepted;

/* A model of some kind, with everything in its file that a file can hold, and data with the odd series. */
static void train(const char *settings)
{
    seqd_options *options = rig_options(context, "static_columns=kind past_columns=clicks");
    rig_text text = { 0 };
    char date[RIG_DATE];
    rig_set(options, settings);
    rig_print(&text, "unique_id,ds,y,kind,clicks\n");
    for (int day = 0; day < 40; day++) {
        for (int s = 0; s < 3; s++)
            rig_print(&text, "s%d,%s,%.0f,%s,%d\n", s, rig_date(day, date), rig_demand(s, day),
                      s ? "big" : "small", day % 5);
        rig_print(&text, "nothing,%s,,small,1\nzero,%s,0,big,2\n", date, date);
    }
    rig_print(&text, "young,2023-02-09,3,other,3\n");
    dataset = rig_parse(context, options, text);
    original = rig_train(context, options, dataset);
    file = rig_save(original, &file_size);
    seqd_options_release(options);
}

static void forget(void)
{
    free(file);
    seqd_model_release(original);
    seqd_dataset_release(dataset);
}

static int set_up(void **state)
{
    (void)state;
    context = rig_context(&memory);
    train("");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    seqd_context_release(context);
    print_message("%lld files tried, %lld accepted\n", tried, accepted);
    return memory.blocks != 0;
}

static uint32_t crc32c(uint32_t crc, const unsigned char *bytes, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

static void put(unsigned char *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) at[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get(const unsigned char *at, int width)
{
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static unsigned char *entry(unsigned char *bytes, int section)
{
    return bytes + HEADER + (section - 1) * ENTRY;
}

static unsigned char *section_at(unsigned char *bytes, int section, size_t *length)
{
    *length = (size_t)get(entry(bytes, section) + 16, 8);
    return bytes + get(entry(bytes, section) + 8, 8);
}

static void seal_header(unsigned char *bytes)
{
    put(bytes + 24, 0, 4);
    put(bytes + 24, crc32c(0, bytes, HEADER + SECTIONS * ENTRY), 4);
}

/* Checksums that fit what is there: of one section and of the header. */
static void seal(unsigned char *bytes, int section)
{
    size_t length;
    const unsigned char *at = section_at(bytes, section, &length);
    put(entry(bytes, section) + 4, crc32c(0, at, length), 4);
    seal_header(bytes);
}

static bool forecasts_are_finite(seqd_model *model)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    double *values = NULL;
    bool finite = true;
    RIG_OK(seqd_predictor_create(model, &predictor, &error));
    /* a file may speak of columns or dates that these data do not have */
    const int32_t status = seqd_predictor_run(predictor, dataset, &forecast, &error);
    if (status == SEQD_OK) {
        const size_t horizon = (size_t)seqd_forecast_horizon(forecast);
        values = malloc(horizon * 10 * sizeof *values);
        for (int64_t i = 0; i < seqd_forecast_series_count(forecast); i++) {
            RIG_OK(seqd_forecast_mean(forecast, i, values, &error));
            RIG_OK(seqd_forecast_quantile(forecast, i, 0.001, values + horizon, &error));
            RIG_OK(seqd_forecast_quantile(forecast, i, 0.999, values + 2 * horizon, &error));
            RIG_OK(seqd_forecast_paths(forecast, i, 7, 1, values + 3 * horizon, &error));
            for (size_t k = 0; k < 10 * horizon; k++) finite = finite && isfinite(values[k]);
        }
        free(values);
    } else if (status != SEQD_E_DATA) {
        print_error("predicting gives %s: %s\n", seqd_status_name(status), error.message);
        finite = false;
    }
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    return finite;
}

/* Loads a copy that ends where its memory ends and begins anywhere; false, with a message, when a promise is broken. */
static bool survives(const unsigned char *bytes, size_t size, int32_t *status)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    const size_t shift = (size_t)tried++ % 8, before = memory.bytes;
    unsigned char *copy = malloc(shift + size + (shift + size == 0));
    if (size > 0) memcpy(copy + shift, bytes, size);
    memory.peak = before;
    *status = seqd_model_load_memory(context, copy + shift, size, &model, &error);
    const size_t taken = memory.peak - before;
    bool good = true;
    if (*status == SEQD_OK) {
        accepted++;
        good = model != NULL && forecasts_are_finite(model);
        seqd_model_release(model);
    } else if (*status != SEQD_E_FORMAT && *status != SEQD_E_VERSION) {
        print_error("refused with %s: %s\n", seqd_status_name(*status), error.message);
        good = false;
    } else if (model || error.status != *status || error.message[0] == '\0' || taken > 2 * size + ((size_t)1 << 20)) {
        print_error("refused with '%s', %zu bytes taken for a file of %zu\n", error.message, taken, size);
        good = false;
    }
    free(copy);
    if (memory.bytes != before) {
        print_error("%zu bytes leaked\n", memory.bytes - before);
        good = false;
    }
    return good;
}

static void refused(const unsigned char *bytes, size_t size, int32_t expected)
{
    int32_t status;
    assert_true(survives(bytes, size, &status));
    assert_int_equal(status, expected);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < file_size; size++) refused(file, size, SEQD_E_FORMAT);
    unsigned char *longer = calloc(1, file_size + 1);
    memcpy(longer, file, file_size);
    refused(longer, file_size + 1, SEQD_E_FORMAT);
    free(longer);
}

static void every_bit_flip_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < file_size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            if (RIG_SANITIZED && (i & 7) != (size_t)bit) continue;
            file[i] ^= (unsigned char)(1 << bit);
            refused(file, file_size, SEQD_E_FORMAT);
            file[i] ^= (unsigned char)(1 << bit);
        }
    }
}

static void every_overwritten_byte_is_refused(void **state)
{
    (void)state;
    static const unsigned char values[] = { 0x00, 0x7F, 0x80, 0xFF };
    for (size_t i = 0; i < file_size; i++) {
        const unsigned char kept = file[i];
        for (size_t v = 0; v < sizeof values; v++) {
            if (kept == values[v] || (RIG_SANITIZED && (i & 3) != v)) continue;
            file[i] = values[v];
            refused(file, file_size, SEQD_E_FORMAT);
        }
        file[i] = kept;
    }
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Every value at every place of a section, so at every field, with checksums that are right. */
static int mutate(int section, const uint64_t *values, size_t count, int width)
{
    size_t length;
    int bad = 0;
    unsigned char *at = section_at(file, section, &length);
    /* of the parameters, the fields of the first tensors and one float among many */
    const size_t last = section == PARAMETERS && length > 160 ? 160 : length;
    unsigned char *whole = malloc(file_size);
    memcpy(whole, file, file_size);
    for (size_t i = 0; i + (size_t)width <= last; i++) {
        for (size_t v = 0; v < count; v++) {
            int32_t status;
            if (RIG_SANITIZED && (i + v) % 4 != 0) continue;
            put(at + i, values[v], width);
            seal(file, section);
            if (!survives(file, file_size, &status)) {
                print_error("section %d, byte %zu set to %llx\n", section, i, (unsigned long long)values[v]);
                bad++;
            }
            memcpy(file, whole, file_size);
        }
    }
    free(whole);
    return bad;
}

static void fields_of_other_values_do_no_harm(void **state)
{
    (void)state;
    static const uint64_t words[] = { 0, 1, 2, 5, 7, 64, 4096, 10000, 16384, 16385, INT32_MAX, 0x80000000, UINT32_MAX };
    const uint64_t longs[] = {
        0, 1, (uint64_t)1 << 31, UINT32_MAX, (uint64_t)1 << 32, (uint64_t)1 << 62, (uint64_t)1 << 63, UINT64_MAX,
        bits_of(1.0), bits_of(-1.0), bits_of(0.999999), bits_of(1e300), bits_of(-1e300), bits_of(1e-300), bits_of(1e30),
        bits_of(5e-324), bits_of(1e-30), bits_of((double)INFINITY), bits_of((double)NAN),
    };
    static const char *const kinds[] = { "head=negative_binomial", "head=quantile model=gru quantiles=0.1,0.5,0.9",
                                         "head=mse scaler=log1p", "head=mae scaler=robust hidden_size=4,3" };
    int bad = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        forget();
        train(kinds[k]);
        for (int section = OPTIONS; section <= PARAMETERS; section++) {
            bad += mutate(section, words, sizeof words / sizeof *words, 4);
            bad += mutate(section, longs, sizeof longs / sizeof *longs, 8);
        }
        if (bad) print_error("with %s\n", kinds[k]);
    }
    forget();
    train("");
    assert_int_equal(bad, 0);
}

static void tables_that_lie_are_refused(void **state)
{
    (void)state;
    static const uint64_t values[] = { 0, 1, 5, 33, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, (uint64_t)1 << 32,
                                       (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 27 };
    unsigned char *whole = malloc(file_size);
    memcpy(whole, file, file_size);
    for (size_t i = 8; i < HEADER + SECTIONS * ENTRY; i++) {
        if (i >= 24 && i < 28) continue;
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            for (int width = 4; width <= 8; width += 4) {
                int32_t status;
                if (i + (size_t)width > HEADER + SECTIONS * ENTRY) continue;
                put(file + i, values[v], width);
                seal_header(file);
                const bool changed = memcmp(file, whole, file_size) != 0;
                assert_true(survives(file, file_size, &status));
                assert_true(!changed || status != SEQD_OK);
                memcpy(file, whole, file_size);
            }
    }
    free(whole);
}

/* A file in which one section is another; freed by the caller. */
static unsigned char *with_section(int section, const unsigned char *contents, size_t length, size_t *size)
{
    size_t old, offset;
    const unsigned char *at = section_at(file, section, &old);
    *size = file_size - old + length;
    unsigned char *bytes = malloc(*size);
    offset = (size_t)(at - file);
    memcpy(bytes, file, offset);
    if (length > 0) memcpy(bytes + offset, contents, length);
    memcpy(bytes + offset + length, at + old, file_size - offset - old);
    put(bytes + 16, *size, 8);
    put(entry(bytes, section) + 16, length, 8);
    for (int later = section + 1; later <= SECTIONS; later++)
        put(entry(bytes, later) + 8, get(entry(bytes, later) + 8, 8) + length - old, 8);
    seal(bytes, section);
    return bytes;
}

static size_t put_text(unsigned char *at, const char *text)
{
    const size_t length = strlen(text);
    put(at, length, 4);
    memcpy(at + 4, text, length);
    return 4 + length;
}

static void sections_that_ask_for_much_get_little(void **state)
{
    (void)state;
    size_t size, length;
    /* the same through the same hands is the same */
    const unsigned char *features = section_at(file, FEATURES, &length);
    unsigned char *bytes = with_section(FEATURES, features, length, &size);
    assert_int_equal(size, file_size);
    assert_memory_equal(bytes, file, size);
    free(bytes);

    for (int section = OPTIONS; section <= SECTIONS; section++) {
        bytes = with_section(section, NULL, 0, &size);
        refused(bytes, size, SEQD_E_FORMAT);
        free(bytes);
    }

    /* a dictionary of very many short names where the section had three */
    enum { NAMES = 200000 };
    const size_t kept = length - (4 + 4 + 3 + 4 + 5 + 4 + 5); /* "big", "other", "small" and their number */
    unsigned char *long_features = malloc(kept + 4 + (size_t)NAMES * 8), *at = long_features + kept;
    assert_int_equal(get(features + kept, 4), 3);
    memcpy(long_features, features, kept);
    put(at, NAMES, 4), at += 4;
    for (int i = 0; i < NAMES; i++) {
        const char name[5] = { (char)('0' + i / 64000 % 40), (char)('0' + i / 1600 % 40), (char)('0' + i / 40 % 40),
                               (char)('0' + i % 40), '\0' };
        at += put_text(at, name);
    }
    bytes = with_section(FEATURES, long_features, (size_t)(at - long_features), &size);
    refused(bytes, size, SEQD_E_FORMAT);
    free(bytes);
    free(long_features);

    /* options that ask for a network far larger than the file */
    static const char *const asked[][2] = { { "hidden_size", "4096,4096,4096" }, { "hidden_size", "4096" },
                                            { "decoder_size", "512" },           { "num_layers", "16" },
                                            { "no_such_option", "1" },           { "hidden_size", "zero" },
                                            { "quantiles", "0.1,0.2" },          { "head", "mse" } };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        unsigned char *old = section_at(file, OPTIONS, &length), *more = malloc(length + 256);
        memcpy(more, old, length);
        put(more, get(more, 4) + 1, 4);
        size_t used = length + put_text(more + length, asked[i][0]);
        used += put_text(more + used, asked[i][1]);
        bytes = with_section(OPTIONS, more, used, &size);
        refused(bytes, size, SEQD_E_FORMAT);
        free(bytes);
        free(more);
    }
}

static void other_files_are_not_models(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "S", "SEQDMOD", "SEQDMODL", "unique_id,ds,y\na,2024-01-01,1\n",
                                         "PK\003\004\024", "\037\213\b", "\177ELF", "SEQDMODL\377\377\377\377" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused((const unsigned char *)texts[i], strlen(texts[i]), SEQD_E_FORMAT);
    unsigned char *zeros = calloc(1, 100000);
    refused(zeros, 100000, SEQD_E_FORMAT);
    memset(zeros, 0xFF, 100000);
    refused(zeros, 100000, SEQD_E_FORMAT);
    free(zeros);
}

static void versions(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *model = NULL;
    assert_int_equal(get(file + 8, 4), SEQD_MODEL_FORMAT);
    put(file + 8, SEQD_MODEL_FORMAT + 1, 4);
    seal_header(file);
    refused(file, file_size, SEQD_E_VERSION);
    RIG_EXPECT(SEQD_E_VERSION, seqd_model_load_memory(context, file, file_size, &model, &error));
    char number[16];
    (void)snprintf(number, sizeof number, " %d", SEQD_MODEL_FORMAT + 1);
    assert_non_null(strstr(error.message, number));
    put(file + 8, 0, 4);
    seal_header(file);
    refused(file, file_size, SEQD_E_FORMAT);
    put(file + 8, SEQD_MODEL_FORMAT, 4);
    seal_header(file);
    RIG_OK(seqd_model_load_memory(context, file, file_size, &model, &error));
    seqd_model_release(model);
}

static void a_loaded_model_forecasts_the_same_bits(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *loaded = NULL;
    size_t size, count, again;
    RIG_OK(seqd_model_load_memory(context, file, file_size, &loaded, &error));
    unsigned char *bytes = rig_save(loaded, &size);
    assert_int_equal(size, file_size);
    assert_memory_equal(bytes, file, size);
    seqd_forecast *one = rig_forecast(original, dataset), *two = rig_forecast(loaded, dataset);
    double *first = rig_figures(one, &count), *second = rig_figures(two, &again);
    double paths[2][20 * RIG_HORIZON];
    assert_int_equal(count, again);
    assert_memory_equal(first, second, count * sizeof *first);
    RIG_OK(seqd_forecast_paths(one, 1, 20, 9, paths[0], &error));
    RIG_OK(seqd_forecast_paths(two, 1, 20, 9, paths[1], &error));
    assert_memory_equal(paths[0], paths[1], sizeof paths[0]);
    assert_int_equal(seqd_model_card_count(loaded), seqd_model_card_count(original));
    free(first), free(second), free(bytes);
    seqd_forecast_release(one);
    seqd_forecast_release(two);
    seqd_model_release(loaded);
}

static void memory_of_the_wrong_size(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    unsigned char *room = malloc(file_size);
    size_t size = file_size - 1;
    memset(room, 0x5A, file_size);
    RIG_EXPECT(SEQD_E_ARG, seqd_model_save_memory(original, room, &size, &error));
    assert_int_equal(size, file_size);
    for (size_t i = 0; i < file_size; i++) assert_int_equal(room[i], 0x5A);
    free(room);
}

static char folder[64], path[128], message[SEQD_ERROR_MESSAGE_SIZE];

static unsigned char *read_back(size_t *size)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    unsigned char *bytes = malloc(file_size + 1);
    *size = fread(bytes, 1, file_size + 1, stream);
    (void)fclose(stream);
    return bytes;
}

static void holds(const unsigned char *expected, size_t size)
{
    size_t found;
    unsigned char *bytes = read_back(&found);
    assert_int_equal(found, size);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static int count_entries(void)
{
    DIR *directory = opendir(folder);
    int count = -2; /* "." and ".." */
    assert_non_null(directory);
    while (readdir(directory)) count++;
    (void)closedir(directory);
    return count;
}

static void files(void **state)
{
    (void)state;
    seqd_error error = SEQD_ERROR_INIT;
    seqd_model *loaded = NULL;
    (void)snprintf(folder, sizeof folder, "/tmp/seqdemand-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/model.seqd", folder);

    /* in a file is what is in memory, at the first and at the second time */
    RIG_OK(seqd_model_save(original, path, &error));
    holds(file, file_size);
    RIG_OK(seqd_model_save(original, path, &error));
    holds(file, file_size);
    RIG_OK(seqd_model_load(context, path, &loaded, &error));
    seqd_model_release(loaded);
    loaded = NULL;
    assert_int_equal(count_entries(), 1);

    /* a write that fails half way keeps the old file and leaves nothing beside it; this holds for root as well */
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = file_size / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int32_t status = seqd_model_save(original, path, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, SEQD_E_IO);
    assert_non_null(strstr(error.message, path));
    holds(file, file_size);
    assert_int_equal(count_entries(), 1);

    if (geteuid() != 0) { /* nothing is closed to root */
        assert_int_equal(chmod(folder, 0500), 0);
        RIG_EXPECT(SEQD_E_IO, seqd_model_save(original, path, &error));
        assert_int_equal(chmod(folder, 0700), 0);
        holds(file, file_size);
    }

    /* damage in a file is told with its name */
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    (void)fseek(stream, 40, SEEK_SET);
    (void)fputc(file[40] ^ 1, stream);
    (void)fclose(stream);
    RIG_EXPECT(SEQD_E_FORMAT, seqd_model_load(context, path, &loaded, &error));
    assert_non_null(strstr(error.message, path));
    assert_int_equal(unlink(path), 0);

    /* folders, and what is not there */
    RIG_EXPECT(SEQD_E_IO, seqd_model_load(context, path, &loaded, &error));
    assert_non_null(strstr(error.message, path));
    RIG_EXPECT(SEQD_E_IO, seqd_model_load(context, folder, &loaded, &error));
    assert_non_null(strstr(error.message, folder));
    memcpy(message, error.message, sizeof message);
    RIG_EXPECT(SEQD_E_IO, seqd_model_save(original, folder, &error));
    assert_non_null(strstr(error.message, folder));
    (void)snprintf(path, sizeof path, "%s/missing/model.seqd", folder);
    RIG_EXPECT(SEQD_E_IO, seqd_model_save(original, path, &error));
    assert_non_null(strstr(error.message, path));
    assert_null(loaded);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_bit_flip_is_refused),
        cmocka_unit_test(every_overwritten_byte_is_refused),
        cmocka_unit_test(fields_of_other_values_do_no_harm),
        cmocka_unit_test(tables_that_lie_are_refused),
        cmocka_unit_test(sections_that_ask_for_much_get_little),
        cmocka_unit_test(other_files_are_not_models),
        cmocka_unit_test(versions),
        cmocka_unit_test(a_loaded_model_forecasts_the_same_bits),
        cmocka_unit_test(memory_of_the_wrong_size),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
