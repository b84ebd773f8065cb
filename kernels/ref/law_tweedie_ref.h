/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_REF_LAW_TWEEDIE_REF_H
#define SEQD_KERNELS_REF_LAW_TWEEDIE_REF_H

#include "ref.h"

/* -ln f of z >= 0 with mean m and 1 / phi = over, and its derivatives by ln m and ln phi. */
double seqd_ref_tweedie(const seqd_tweedie_curve *curve, double z, double m, double log_m, double over, double *mean,
                        double *spread);

#endif
