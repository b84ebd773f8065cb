/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_SEQDEMAND_H
#define SEQDEMAND_SEQDEMAND_H

/* Gathers the whole interface. */
#include <seqdemand/base.h>
#include <seqdemand/context.h>
#include <seqdemand/options.h>
#include <seqdemand/dataset.h>
#include <seqdemand/model.h>
#include <seqdemand/optimizer.h>
#include <seqdemand/trainer.h>
#include <seqdemand/predictor.h>
#include <seqdemand/explain.h>
#include <seqdemand/prediction.h>
#include <seqdemand/stream.h>
#include <seqdemand/evaluation.h>
#include <seqdemand/cross.h>
#include <seqdemand/tuner.h>
#include <seqdemand/inventory.h>
#include <seqdemand/arrow.h>

#endif
