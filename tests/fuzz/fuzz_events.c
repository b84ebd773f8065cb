/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV text to sequences of events and their parts. The first six bytes choose what is learned and how, the rest is the
 * text. Sums of the summary must be those of the sequences, and parts must have their sequences and events from the whole.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { CHOICES = 6 };

static const char *const seeds[] = {
    "AAAAAAuser,time,event,item,price,label\nb,2024-01-01 12:00:00,view,x,2,\na,2024-01-01,view,x,1,no\n"
    "a,2024-01-03,buy,y,3,yes\nb,2024-01-02 12:00:00,cart,,,no\n,2024-01-02,cart,x,2.5,\nb,2024-01-10,buy,z,true,yes\n",
    "BBBABBsession_id;n;label\r\ns1;1;TRUE\r\ns1;2;FALSE\r\ns2;3;\r\n\"s;3\";-1e3;true\r\n",
    "BCCAAA1,77,pv,1511544070\n1,78,buy,1511544080\n2,\"7,7\",pv,1511544070\n2,77,cart,1511544071\n",
    "ADAACAuser,time,event,item,price\nu,1,p,a,1\nu,2,p,b,2\nu,2,q,a,3\nu,2.5,p,a,4\nv,0,p,,5\nv,7,q,c,\n",
    "CBBBABn,label\n1,3\n2,4\n3,\n4,nan\n",
    "AAAAEAcustomer_id\tdate\taction\titem\tprice\nq\t20240101\tp\tx\t1\nq\t20240301\tq\ty\t2\nr\t20240201\tp\tx\t3\n",
};

size_t fuzz_seed(int index, uint8_t *bytes, size_t room)
{
    if (index < 0 || index >= (int)(sizeof seeds / sizeof *seeds)) return 0;
    const size_t size = strlen(seeds[index]);
    FUZZ_CHECK(size <= room);
    memcpy(bytes, seeds[index], size);
    return size;
}

static void set(seqd_options *options, const char *name, const char *value)
{
    seqd_error error = SEQD_ERROR_INIT;
    FUZZ_OK(seqd_options_set_str(options, name, value, &error), &error);
}

static void configure(seqd_options *options, const uint8_t *by)
{
    static const char *const tasks[] = { "classify", "classify", "regress" };
    static const char *const labels[] = { "auto", "column", "next_event", "within", "count" };
    static const char *const freq[] = { "auto", "int", "D" };
    static const char *const windows[] = { "1", "0.5", "30", "1e9" };
    /* 'A' is the default everywhere */
    const unsigned n[CHOICES] = { by[0] - (unsigned)'A', by[1] - (unsigned)'A', by[2] - (unsigned)'A',
                                  by[3] - (unsigned)'A', by[4] - (unsigned)'A', by[5] - (unsigned)'A' };
    set(options, "task", tasks[n[0] % 3]);
    set(options, "label", labels[n[1] % 5]);
    if (n[2] & 1) set(options, "num_columns", n[2] & 4 ? "price,n" : "n");
    else set(options, "num_columns", "price");
    if (n[2] & 2) set(options, "columns", "user,item,event,time");
    if (n[2] & 2) set(options, "num_columns", "");
    set(options, "freq", freq[n[3] % 3]);
    if (n[4] & 1) set(options, "label_column", "label");
    if (n[4] & 2) set(options, "label_events", "buy,q");
    set(options, "label_window", windows[n[4] / 4 % 4]);
    if (!(n[5] & 1)) set(options, "cat_columns", "item");
}

static void check_dataset(const seqd_dataset *dataset)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_dataset_summary summary = { .struct_size = (uint32_t)sizeof summary };
    int64_t steps = 0;
    FUZZ_OK(seqd_dataset_summarize(dataset, &summary, &error), &error);
    const int64_t count = seqd_dataset_series_count(dataset);
    FUZZ_CHECK(count == summary.series && summary.classes == seqd_dataset_class_count(dataset));
    for (int64_t i = 0; i < count; i++) {
        char date[24];
        const char *id = seqd_dataset_series_id(dataset, i);
        const int64_t length = seqd_dataset_length(dataset, i);
        FUZZ_CHECK(id != NULL && length >= 1 && seqd_dataset_find_series(dataset, id) == i);
        FUZZ_OK(seqd_dataset_date(dataset, i, length - 1, date, sizeof date, &error), &error);
        FUZZ_CHECK(seqd_dataset_date(dataset, i, length, date, sizeof date, &error) == SEQD_E_ARG);
        steps += length;
    }
    FUZZ_CHECK(steps == summary.steps && summary.labelled >= 0 && summary.labelled <= steps);
    FUZZ_CHECK(summary.rows - summary.unnamed == steps && summary.observed == steps);
    for (int64_t i = 0; i < summary.classes; i++) {
        FUZZ_CHECK(seqd_dataset_class_name(dataset, i) != NULL);
        if (i > 0) FUZZ_CHECK(strcmp(seqd_dataset_class_name(dataset, i - 1), seqd_dataset_class_name(dataset, i)) < 0);
    }
}

/* Sequences of whole users are in one part; of a part by time the first is the beginning of what the rest shows. */
static void check_parts(const seqd_dataset *whole, const seqd_dataset *first, const seqd_dataset *rest, bool by_time)
{
    for (int64_t i = 0; i < seqd_dataset_series_count(whole); i++) {
        const char *id = seqd_dataset_series_id(whole, i);
        const int64_t all = seqd_dataset_length(whole, i);
        const int64_t a = seqd_dataset_length(first, seqd_dataset_find_series(first, id));
        const int64_t b = seqd_dataset_length(rest, seqd_dataset_find_series(rest, id));
        if (by_time) FUZZ_CHECK((a < 0 || a <= all) && (b < 0 || b == all) && (b >= 0) == (a < all));
        else FUZZ_CHECK((a < 0) != (b < 0) && (a < 0 ? b : a) == all);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const ways[] = { "user", "time", "order" };
    seqd_error error = SEQD_ERROR_INIT;
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL, *first, *rest;
    if (size < CHOICES) return 0;
    seqd_context *context = fuzz_context();
    FUZZ_OK(seqd_context_set_limit(context, "memory", (int64_t)2 << 20, &error), &error);
    FUZZ_OK(seqd_options_create(context, &options, &error), &error);
    configure(options, bytes);
    char *text = malloc(size - CHOICES + 1); /* a block of its own: a read past the text is seen */
    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes + CHOICES, size - CHOICES);
    int32_t status = seqd_dataset_parse(context, options, text, size - CHOICES, &dataset, &error);
    free(text);
    fuzz_check_error(status, &error);
    if (status == SEQD_OK) {
        check_dataset(dataset);
        for (int i = 0; i < 3; i++) {
            status = seqd_dataset_split(dataset, ways[i], 0.6, bytes[0], &first, &rest, &error);
            fuzz_check_error(status, &error);
            if (status != SEQD_OK) continue;
            check_dataset(first);
            check_dataset(rest);
            check_parts(dataset, first, rest, i == 1);
            seqd_dataset_release(first);
            seqd_dataset_release(rest);
        }
        status = seqd_dataset_fold(dataset, 2, 1, bytes[1], &first, &rest, &error);
        fuzz_check_error(status, &error);
        if (status == SEQD_OK) {
            check_parts(dataset, first, rest, false);
            seqd_dataset_release(first);
            seqd_dataset_release(rest);
        }
    }
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    fuzz_context_close(context);
    return 0;
}
