/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_FINGERPRINT_H
#define SEQD_DATA_FINGERPRINT_H

#include "panel.h"

/*
 * A number that tells data apart: of everything in a sealed dataset that training reads (ids, dates, values, covariates,
 * categories and labels as texts), so that the same rows read again give the same number on any machine.
 */
uint64_t seqd_dataset_fingerprint(const seqd_dataset *dataset);

#endif
