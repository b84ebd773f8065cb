/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_API_RIG_H
#define SEQD_TESTS_API_RIG_H

/* What the programs of this folder share: an allocator that counts and fails, small panels, short trainings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seqdemand/seqdemand.h>

/*
 * With sanitizers everything takes many times as long: there, of variations that reach the same lines, a part is tried,
 * a different one at each place. Release builds try them all.
 */
#ifdef __SANITIZE_ADDRESS__
#define RIG_SANITIZED 1
#else
#define RIG_SANITIZED 0
#endif

/* Asserts that a call returns what is expected, and shows its message otherwise. Uses a variable `error`. */
#define RIG_EXPECT(expected, call) rig_expect((expected), (call), #call, &error, __FILE__, __LINE__)
#define RIG_OK(call) RIG_EXPECT(SEQD_OK, call)
void rig_expect(int32_t expected, int32_t status, const char *call, const seqd_error *error, const char *file,
                int line);

/* Counts what a library takes. Set fail_at to let the fail_at-th allocation (from 1) return NULL. */
typedef struct rig_memory {
    long long calls, blocks; /* allocations so far, of which outstanding */
    size_t bytes, peak;      /* outstanding now, and the most so far */
    long long fail_at;       /* 0: never */
    bool fail_after;         /* the ones after it as well */
} rig_memory;
seqd_allocator rig_allocator(rig_memory *memory);
/* NULL: the C library's memory. */
seqd_context *rig_context(rig_memory *memory);

/* What there is of an article, as one argument. */
#define RIG_STOCK(on_hand_, on_order_, lead_time_, review_period_, service_level_, pack_size_, min_order_)            \
    (&(const seqd_stock){ .struct_size = (uint32_t)sizeof(seqd_stock), .on_hand = (on_hand_), .on_order = (on_order_), \
                          .lead_time = (lead_time_), .review_period = (review_period_),                               \
                          .service_level = (service_level_), .pack_size = (pack_size_), .min_order = (min_order_) })

/* Options from "key=value key=value" over those of a tiny network. */
#define RIG_HORIZON 4
seqd_options *rig_options(seqd_context *context, const char *settings);
void rig_set(seqd_options *options, const char *settings);

/* A growing text, freed by the caller. */
typedef struct rig_text {
    char *bytes;
    size_t size, room;
} rig_text;
void rig_print(rig_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Day `day` after 2023-01-01 (a Sunday) as "2023-01-01". */
#define RIG_DATE 16
const char *rig_date(int day, char date[RIG_DATE]);

/* Demand of a series on a day: whole numbers, a weekly pattern of the series' own and some noise. */
double rig_demand(int series, int day);
/* "unique_id,ds,y" of `series` series called s00, s01, ... over `days` days. */
rig_text rig_csv(int series, int days);
seqd_dataset *rig_dataset(seqd_context *context, const seqd_options *options, int series, int days);
seqd_dataset *rig_parse(seqd_context *context, const seqd_options *options, rig_text text);

seqd_model *rig_train(seqd_context *context, const seqd_options *options, seqd_dataset *dataset);
/* A folder for files that are written often: in memory where there is one, so that flushing them costs nothing. */
const char *rig_folder(void);
/* The bytes of a model, freed by the caller. */
unsigned char *rig_save(const seqd_model *model, size_t *size);
seqd_forecast *rig_forecast(seqd_model *model, seqd_dataset *dataset);
/* Mean, quantiles 0.1 and 0.9 of every series, RIG_FIGURES of each, freed by the caller, all finite. */
#define RIG_FIGURES 3
double *rig_figures(const seqd_forecast *forecast, size_t *count);

#endif
