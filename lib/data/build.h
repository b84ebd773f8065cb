/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_BUILD_H
#define SEQD_DATA_BUILD_H

#include "panel.h"
#include "rows.h"

/* Makes the sealed panel from gathered rows; `dataset` is new and holds its options. On failure it is to be freed. */
int32_t seqd_panel_build(seqd_dataset *dataset, seqd_rows *rows, seqd_error *error);

/* Names of all covariates and the static columns; numbers[s] is the number that series s has in the rows. */
int32_t seqd_build_static(seqd_dataset *dataset, seqd_rows *rows, const int64_t *numbers, seqd_error *error);

#endif
