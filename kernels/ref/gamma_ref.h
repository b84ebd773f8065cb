/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_KERNELS_GAMMA_REF_H
#define SEQD_KERNELS_GAMMA_REF_H

/* What the likelihoods of ref need of the gamma function, in double. */

/* The series behind Stirling's formula for lgamma (times x), and that for digamma (times x^2), in i2 = 1 / x^2. */
double seqd_ref_lgamma_tail(double i2);
double seqd_ref_digamma_tail(double i2);

/* log Gamma and digamma for x > 0 together; relative error about 1e-14. */
void seqd_ref_lgamma_digamma(double x, double *log_gamma, double *digamma);

/* ln[Gamma(x + 1/2) / (Gamma(x) sqrt(x))] and its derivative for x >= 1; error below 1e-12. */
double seqd_ref_gamma_half(double x, double *slope);

#endif
