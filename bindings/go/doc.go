// SPDX-License-Identifier: Apache-2.0

// Package seqdemand learns demand from tables of sales with recurrent networks and answers with forecasts, quantiles,
// sample paths and order quantities. It is a thin layer over libseqdemand, found through pkg-config.
//
//	lib, err := seqdemand.New(seqdemand.WithThreads(0))
//	data, err := lib.ReadFile("sales.csv.gz", seqdemand.Options{"freq": "D"})
//	model, err := lib.Train(ctx, data, seqdemand.Options{"freq": "D", "horizon": 28})
//	forecast, err := model.Forecast(data)
//	mean, err := forecast.Mean(0)
//
// Every value owns memory of the library. Close releases it at once; what is not closed is released by the garbage
// collector. Values may be closed in any order. A Model, a Dataset and a Forecast may be used by any number of goroutines.
package seqdemand
