/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_CONFIGURE_H
#define SEQD_MODEL_CONFIGURE_H

#include "model.h"

/* configure_encdec.c: kind, cells, decoder and attention of model=encdec; layers of the encoder are configured. */
int32_t seqd_configure_encdec(const seqd_options *options, seqd_net_config *config, seqd_error *error);

#endif
