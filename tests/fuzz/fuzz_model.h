/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TESTS_FUZZ_MODEL_H
#define SEQD_TESTS_FUZZ_MODEL_H

#include "fuzz.h"

#define FUZZ_MODEL_TEXT (1 << 14)
/* Sales of a few articles with every kind of column, in days or in whole steps; returns the bytes of the text. */
size_t fuzz_model_sales(bool dates, char *text, size_t room);
/* Events of a few users, with a number, a category and a label. */
size_t fuzz_model_events(char *text, size_t room);

/* Settings that read these columns. */
#define FUZZ_MODEL_SALES "static_columns=kind static_real_columns=size known_columns=price past_columns=clicks"
#define FUZZ_MODEL_EVENTS "label_column=label num_columns=price cat_columns=item"
/* "name=value name=value" */
seqd_options *fuzz_model_options(seqd_context *context, const char *settings);

#endif
