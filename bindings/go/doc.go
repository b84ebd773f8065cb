// SPDX-License-Identifier: Apache-2.0

// Package seqdemand learns demand from tables of sales with recurrent networks and answers with forecasts, quantiles,
// sample paths and order quantities. It is a thin layer over libseqdemand, found through pkg-config.
//
//	lib, err := seqdemand.New(seqdemand.WithThreads(0))
//	data, err := lib.ReadFile("sales.csv.gz", seqdemand.Options{"freq": "D"})
//	model, err := lib.Train(ctx, data, seqdemand.Options{"horizon": 28})
//	forecast, err := model.Forecast(data)
//	mean, err := forecast.Mean(0)
//
// # Memory
//
// Every value owns memory of the library. Close releases it at once, and when calls of other goroutines are under way,
// after the last of them; what is not closed is released by the garbage collector. Values may be closed in any order.
// Calls on a closed value answer [ErrClosed], or nothing at all; a closed Library makes nothing new.
//
// # Goroutines
//
// A Library, a Dataset, a Model, a Forecast and a Prediction may be used by any number of goroutines at once, without a
// lock: answers have the same bits as those of one goroutine. Goroutines that use one Stream or Evaluation take turns.
//
// # Errors
//
// What the library refuses is an [*Error] with the place of the fault; errors.Is asks for its [Status]. Long calls take a
// context.Context, and answer its Err when they were stopped by it.
package seqdemand
