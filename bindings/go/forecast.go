// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import "unsafe"

// Forecast holds the forecasts of every series of a dataset. Any number of goroutines may read one.
type Forecast struct{ *handle }

func (l *Library) forecast(c *C.seqd_forecast) *Forecast {
	return &Forecast{new(handle).own(unsafe.Pointer(c), l,
		func(p unsafe.Pointer) { C.seqd_forecast_release((*C.seqd_forecast)(p)) })}
}

func (f *Forecast) use(do func(c *C.seqd_forecast) error) error {
	if f == nil {
		return ErrClosed
	}
	return f.handle.use(func(p unsafe.Pointer) error { return do((*C.seqd_forecast)(p)) })
}

// Len is the number of series.
func (f *Forecast) Len() int {
	return ask(f.handle, func(p unsafe.Pointer) int { return int(C.seqd_forecast_series_count((*C.seqd_forecast)(p))) })
}

// Horizon is the number of steps of each forecast.
func (f *Forecast) Horizon() int {
	return ask(f.handle, func(p unsafe.Pointer) int { return int(C.seqd_forecast_horizon((*C.seqd_forecast)(p))) })
}

// ID is the id of a series, "" out of range. Series are in the order of the dataset.
func (f *Forecast) ID(series int) string {
	return ask(f.handle, func(p unsafe.Pointer) string {
		return C.GoString(C.seqd_forecast_series_id((*C.seqd_forecast)(p), C.int64_t(series)))
	})
}

// Find is the position of an id, or -1.
func (f *Forecast) Find(id string) int {
	text, at := C.CString(id), -1
	defer C.free(unsafe.Pointer(text))
	f.use(func(c *C.seqd_forecast) error {
		at = int(C.seqd_forecast_find_series(c, text))
		return nil
	})
	return at
}

// SeriesStatus tells what is special about a series.
type SeriesStatus int

// What may be special about a series.
const (
	SeriesOK      = SeriesStatus(C.SEQD_SERIES_OK)
	SeriesShort   = SeriesStatus(C.SEQD_SERIES_SHORT)    // fewer observed steps than a season
	SeriesAllZero = SeriesStatus(C.SEQD_SERIES_ALL_ZERO) // nothing but zeros was observed
	SeriesEmpty   = SeriesStatus(C.SEQD_SERIES_EMPTY)    // nothing was observed: the forecast is zero
)

// Status is that of a series.
func (f *Forecast) Status(series int) SeriesStatus {
	return ask(f.handle, func(p unsafe.Pointer) SeriesStatus {
		return SeriesStatus(C.seqd_forecast_series_status((*C.seqd_forecast)(p), C.int64_t(series)))
	})
}

// rows gives `count` rows of Horizon numbers, which fill writes at once.
func (f *Forecast) rows(count int, fill func(c *C.seqd_forecast, out *C.double, e *C.seqd_error) C.int32_t) (
	values []float64, err error) {
	err = f.use(func(c *C.seqd_forecast) error {
		values = make([]float64, max(count, 0)*int(C.seqd_forecast_horizon(c)))
		e := newError()
		return check(fill(c, doubles(values), e), e)
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// Mean is the mean of each step: the answer to "how much in total".
func (f *Forecast) Mean(series int) ([]float64, error) {
	return f.rows(1, func(c *C.seqd_forecast, out *C.double, e *C.seqd_error) C.int32_t {
		return C.seqd_forecast_mean(c, C.int64_t(series), out, e)
	})
}

// Quantile is the quantile of each step at a level within (0, 1). That at 0.5 has the least absolute error.
func (f *Forecast) Quantile(series int, level float64) ([]float64, error) {
	return f.rows(1, func(c *C.seqd_forecast, out *C.double, e *C.seqd_error) C.int32_t {
		return C.seqd_forecast_quantile(c, C.int64_t(series), C.double(level), out, e)
	})
}

// Paths are joint futures, each of Horizon steps. The same seed gives the same paths.
func (f *Forecast) Paths(series, count int, seed uint64) ([][]float64, error) {
	values, err := f.rows(count, func(c *C.seqd_forecast, out *C.double, e *C.seqd_error) C.int32_t {
		return C.seqd_forecast_paths(c, C.int64_t(series), C.int32_t(count), C.uint64_t(seed), out, e)
	})
	if err != nil {
		return nil, err
	}
	return cut(values, count), nil
}

// cut makes rows of one slice.
func cut(values []float64, count int) [][]float64 {
	rows, width := make([][]float64, count), len(values)/max(count, 1)
	for i := range rows {
		rows[i] = values[i*width : (i+1)*width : (i+1)*width]
	}
	return rows
}

// Stock is what is there of an article and how it is ordered. Quantities in units, times in steps of the forecast.
type Stock struct {
	OnHand, OnOrder        float64
	LeadTime, ReviewPeriod int
	ServiceLevel           float64 // within (0, 1): what Service is about
	PackSize, MinOrder     float64 // 0: none
	LeadTimeStd            float64 // standard deviation of the lead time; 0: it never varies
	Service                Service
}

// Service says what a service level is a share of.
type Service int32

const (
	Cycle    Service = C.SEQD_SERVICE_CYCLE     // cycles without a stock-out
	FillRate Service = C.SEQD_SERVICE_FILL_RATE // demand that is served from stock
)

func (s Stock) c() *C.seqd_stock {
	return &C.seqd_stock{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_stock{})), lead_time: C.int32_t(s.LeadTime),
		review_period: C.int32_t(s.ReviewPeriod), service: C.int32_t(s.Service), on_hand: C.double(s.OnHand),
		on_order: C.double(s.OnOrder), service_level: C.double(s.ServiceLevel), pack_size: C.double(s.PackSize),
		min_order: C.double(s.MinOrder), lead_time_std: C.double(s.LeadTimeStd)}
}

// Reorder is the answer for one article; fields as struct seqd_reorder describes them.
type Reorder struct {
	Alert                                          bool // runs out before an order placed now arrives
	StockoutStep                                   int
	LeadTimeDemandMean, LeadTimeDemandStd          float64
	ProtectionDemandMean, ProtectionDemandStd      float64
	SafetyStock, ReorderPoint, OrderUpTo, Position float64
	OrderQuantity, StockoutProbability             float64
	FillRate                                       float64
}

func newReorder(c *C.seqd_reorder) Reorder {
	return Reorder{c.alert != 0, int(c.stockout_step), float64(c.lead_time_demand_mean), float64(c.lead_time_demand_std),
		float64(c.protection_demand_mean), float64(c.protection_demand_std), float64(c.safety_stock),
		float64(c.reorder_point), float64(c.order_up_to), float64(c.position), float64(c.order_quantity),
		float64(c.stockout_probability), float64(c.fill_rate)}
}

// Reorder tells what to order, from `paths` sample paths (0: 1000) drawn with seed.
func (f *Forecast) Reorder(series int, s Stock, paths int, seed uint64) (Reorder, error) {
	out := C.seqd_reorder{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_reorder{}))}
	err := f.use(func(c *C.seqd_forecast) error {
		e := newError()
		return check(C.seqd_reorder_from_forecast(c, C.int64_t(series), s.c(), C.int32_t(paths), C.uint64_t(seed),
			&out, e), e)
	})
	if err != nil {
		return Reorder{}, err
	}
	return newReorder(&out), nil
}

// ReorderFromPaths tells what to order from sample paths of the caller's own, all of one length.
func (l *Library) ReorderFromPaths(paths [][]float64, s Stock) (Reorder, error) {
	out := C.seqd_reorder{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_reorder{}))}
	var values []float64
	horizon := 0
	for _, path := range paths {
		if horizon = len(path); horizon != len(paths[0]) {
			return Reorder{}, &Error{Status: StatusArg, Message: "paths are of different lengths"}
		}
		values = append(values, path...)
	}
	err := l.withOptions(nil, func(context *C.seqd_context, _ *C.seqd_options) error {
		e := newError()
		return check(C.seqd_reorder_from_paths(context, doubles(values), C.int32_t(len(paths)), C.int32_t(horizon), s.c(),
			&out, e), e)
	})
	if err != nil {
		return Reorder{}, err
	}
	return newReorder(&out), nil
}
