/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_VERSION_H
#define SEQDEMAND_VERSION_H

/* The only place that holds version numbers; the build reads them from here. */
#define SEQD_VERSION_MAJOR 0
#define SEQD_VERSION_MINOR 1
#define SEQD_VERSION_PATCH 0

/* One comparable integer: 0xMMmmpp. */
#define SEQD_VERSION_NUMBER \
    ((SEQD_VERSION_MAJOR << 16) | (SEQD_VERSION_MINOR << 8) | SEQD_VERSION_PATCH)

/* "0.1.0" */
#define SEQD_VERSION_TEXT_(x) #x
#define SEQD_VERSION_JOIN_(a, b, c) SEQD_VERSION_TEXT_(a) "." SEQD_VERSION_TEXT_(b) "." SEQD_VERSION_TEXT_(c)
#define SEQD_VERSION_TEXT SEQD_VERSION_JOIN_(SEQD_VERSION_MAJOR, SEQD_VERSION_MINOR, SEQD_VERSION_PATCH)

/* Number of the model file format this header describes. */
#define SEQD_MODEL_FORMAT 1

#endif
