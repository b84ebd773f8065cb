/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_TEST_ONEDNN_MEMORY_H
#define SEQD_TEST_ONEDNN_MEMORY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a layer on oneDNN and runs it both ways: 0 right answers, 1 an error was reported, 2 neither. */
int try_a_layer(void);

#ifdef __cplusplus
}
#endif

#endif
