// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"sync"
	"unsafe"
)

// Stream carries series on by one step at a time, as sales come in, instead of reading their history again. Goroutines
// that use one take turns.
type Stream struct {
	*handle
	mutex sync.Mutex
}

// Stream makes a stream that has read the history of every series of the data.
func (m *Model) Stream(data *Dataset) (*Stream, error) {
	var made *C.seqd_stream
	if err := m.use(func(c *C.seqd_model) error {
		return data.use(func(d *C.seqd_dataset) error {
			e := newError()
			return check(C.seqd_stream_create(c, d, &made, e), e)
		})
	}); err != nil {
		return nil, err
	}
	return &Stream{handle: new(handle).own(unsafe.Pointer(made), m.library,
		func(p unsafe.Pointer) { C.seqd_stream_release((*C.seqd_stream)(p)) })}, nil
}

func (s *Stream) use(do func(c *C.seqd_stream) error) error {
	if s == nil {
		return ErrClosed
	}
	return s.handle.use(func(p unsafe.Pointer) error {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return do((*C.seqd_stream)(p))
	})
}

// Len is the number of series.
func (s *Stream) Len() (n int) {
	s.use(func(c *C.seqd_stream) error { n = int(C.seqd_stream_series_count(c)); return nil })
	return n
}

// ID is the id of a series, "" out of range.
func (s *Stream) ID(series int) (id string) {
	s.use(func(c *C.seqd_stream) error {
		id = C.GoString(C.seqd_stream_series_id(c, C.int64_t(series)))
		return nil
	})
	return id
}

// Length is the number of steps a series has had: those of its history, and those pushed.
func (s *Stream) Length(series int) (n int) {
	s.use(func(c *C.seqd_stream) error { n = int(C.seqd_stream_length(c, C.int64_t(series))); return nil })
	return n
}

// Horizon is the number of steps of a forecast.
func (s *Stream) Horizon() (n int) {
	s.use(func(c *C.seqd_stream) error { n = int(C.seqd_stream_horizon(c)); return nil })
	return n
}

// Known are the known-future covariates that the model reads, in the order in which values are given.
func (s *Stream) Known() (names []string) {
	s.use(func(c *C.seqd_stream) error {
		for i := C.int32_t(0); i < C.seqd_stream_known_count(c); i++ {
			names = append(names, C.GoString(C.seqd_stream_known_name(c, i)))
		}
		return nil
	})
	return names
}

// Past are the covariates that are only known afterwards.
func (s *Stream) Past() (names []string) {
	s.use(func(c *C.seqd_stream) error {
		for i := C.int32_t(0); i < C.seqd_stream_past_count(c); i++ {
			names = append(names, C.GoString(C.seqd_stream_past_name(c, i)))
		}
		return nil
	})
	return names
}

// Step is what happened to a series in one step.
type Step struct {
	Y           float64   // NaN: nothing was observed
	OutOfStock  bool      // read by models that were trained with that column
	Known, Past []float64 // as Known and Past of the stream name them; NaN, or none: as in the step before
}

func flag(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

// Push is the next step of one series.
func (s *Stream) Push(series int, step Step) error {
	return s.use(func(c *C.seqd_stream) error {
		e := newError()
		return check(C.seqd_stream_push(c, C.int64_t(series), C.double(step.Y), flag(!step.OutOfStock),
			doubles(step.Known), C.int32_t(len(step.Known)), doubles(step.Past), C.int32_t(len(step.Past)), e), e)
	})
}

// PushAll is the next step of every series, on all threads of the library.
func (s *Stream) PushAll(steps []Step) error {
	var y, known, past []float64
	var inStock []C.int32_t
	for _, step := range steps {
		if len(step.Known) != len(steps[0].Known) || len(step.Past) != len(steps[0].Past) {
			return &Error{Status: StatusArg, Message: "steps have different numbers of covariates"}
		}
		y, inStock = append(y, step.Y), append(inStock, flag(!step.OutOfStock))
		known, past = append(known, step.Known...), append(past, step.Past...)
	}
	return s.use(func(c *C.seqd_stream) error {
		e, n := newError(), max(len(steps), 1)
		return check(C.seqd_stream_push_many(c, doubles(y), unsafe.SliceData(inStock), C.int64_t(len(steps)),
			doubles(known), C.int32_t(len(known)/n), doubles(past), C.int32_t(len(past)/n), e), e)
	})
}

// Forecast answers Horizon steps after the last one of a series: their mean, and a row for each level. `known` are the
// known-future covariates of the steps to come, step by step; nil where the model reads none.
func (s *Stream) Forecast(series int, levels []float64, known []float64) (mean []float64, quantiles [][]float64,
	err error) {
	var values []float64
	err = s.use(func(c *C.seqd_stream) error {
		e, horizon := newError(), int(C.seqd_stream_horizon(c))
		mean, values = make([]float64, horizon), make([]float64, horizon*len(levels))
		return check(C.seqd_stream_forecast(c, C.int64_t(series), doubles(known), C.int32_t(len(known)/max(horizon, 1)),
			doubles(mean), doubles(levels), C.int32_t(len(levels)), doubles(values), e), e)
	})
	if err != nil {
		return nil, nil, err
	}
	return mean, cut(values, len(levels)), nil
}

// ForecastAll answers for all series; `known` series by series.
func (s *Stream) ForecastAll(known []float64) (*Forecast, error) {
	var made *C.seqd_forecast
	if err := s.use(func(c *C.seqd_stream) error {
		e, series := newError(), int(C.seqd_stream_series_count(c))
		columns := len(known) / max(series*int(C.seqd_stream_horizon(c)), 1)
		return check(C.seqd_stream_run(c, doubles(known), C.int64_t(series), C.int32_t(columns), &made, e), e)
	}); err != nil {
		return nil, err
	}
	return s.library.forecast(made), nil
}
