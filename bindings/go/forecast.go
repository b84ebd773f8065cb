// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Forecast holds the forecasts of every series of a dataset. Any number of goroutines may read one.
type Forecast struct {
	c *C.seqd_forecast
}

func newForecast(c *C.seqd_forecast) *Forecast {
	f := &Forecast{c}
	runtime.SetFinalizer(f, (*Forecast).Close)
	return f
}

// Close releases the forecast.
func (f *Forecast) Close() error {
	C.seqd_forecast_release(f.c)
	f.c = nil
	runtime.SetFinalizer(f, nil)
	return nil
}

// Len is the number of series.
func (f *Forecast) Len() int {
	defer runtime.KeepAlive(f)
	return int(C.seqd_forecast_series_count(f.c))
}

// ID is the id of a series, "" out of range.
func (f *Forecast) ID(series int) string {
	defer runtime.KeepAlive(f)
	return C.GoString(C.seqd_forecast_series_id(f.c, C.int64_t(series)))
}

func (f *Forecast) room(rows int) ([]float64, *C.double) {
	values := make([]float64, rows*int(C.seqd_forecast_horizon(f.c)))
	return values, (*C.double)(unsafe.Pointer(unsafe.SliceData(values)))
}

// Mean is the mean of each step: the answer to "how much in total".
func (f *Forecast) Mean(series int) ([]float64, error) {
	defer runtime.KeepAlive(f)
	values, out := f.room(1)
	e := newError()
	if err := check(C.seqd_forecast_mean(f.c, C.int64_t(series), out, e), e); err != nil {
		return nil, err
	}
	return values, nil
}

// Quantile is the quantile of each step at a level within (0, 1).
func (f *Forecast) Quantile(series int, level float64) ([]float64, error) {
	defer runtime.KeepAlive(f)
	values, out := f.room(1)
	e := newError()
	if err := check(C.seqd_forecast_quantile(f.c, C.int64_t(series), C.double(level), out, e), e); err != nil {
		return nil, err
	}
	return values, nil
}

// Paths are joint futures, each of Horizon steps. The same seed gives the same paths.
func (f *Forecast) Paths(series, count int, seed uint64) ([][]float64, error) {
	defer runtime.KeepAlive(f)
	values, out := f.room(max(count, 0))
	e := newError()
	if err := check(C.seqd_forecast_paths(f.c, C.int64_t(series), C.int32_t(count), C.uint64_t(seed), out, e),
		e); err != nil {
		return nil, err
	}
	paths, horizon := make([][]float64, count), len(values)/max(count, 1)
	for i := range paths {
		paths[i] = values[i*horizon : (i+1)*horizon : (i+1)*horizon]
	}
	return paths, nil
}

// Stock is what is there of an article and how it is ordered. Quantities in units, times in steps of the forecast.
type Stock struct {
	OnHand, OnOrder        float64
	LeadTime, ReviewPeriod int
	ServiceLevel           float64 // probability of no stock-out in a cycle
	PackSize, MinOrder     float64 // 0: none
}

// Reorder is the answer for one article; fields as struct seqd_reorder describes them.
type Reorder struct {
	Alert                                          bool
	StockoutStep                                   int
	LeadTimeDemandMean, LeadTimeDemandStd          float64
	ProtectionDemandMean, ProtectionDemandStd      float64
	SafetyStock, ReorderPoint, OrderUpTo, Position float64
	OrderQuantity, StockoutProbability             float64
}

// Reorder tells what to order, from `paths` sample paths (0: 1000) drawn with seed.
func (f *Forecast) Reorder(series int, s Stock, paths int, seed uint64) (Reorder, error) {
	defer runtime.KeepAlive(f)
	out := C.seqd_reorder{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_reorder{}))}
	e := newError()
	err := check(C.seqd_reorder_from_forecast(f.c, C.int64_t(series), C.double(s.OnHand), C.double(s.OnOrder),
		C.int32_t(s.LeadTime), C.int32_t(s.ReviewPeriod), C.double(s.ServiceLevel), C.double(s.PackSize),
		C.double(s.MinOrder), C.int32_t(paths), C.uint64_t(seed), &out, e), e)
	if err != nil {
		return Reorder{}, err
	}
	return Reorder{out.alert != 0, int(out.stockout_step), float64(out.lead_time_demand_mean),
		float64(out.lead_time_demand_std), float64(out.protection_demand_mean), float64(out.protection_demand_std),
		float64(out.safety_stock), float64(out.reorder_point), float64(out.order_up_to), float64(out.position),
		float64(out.order_quantity), float64(out.stockout_probability)}, nil
}
