// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"fmt"
	"io"
	"runtime"
	"sort"
	"time"
	"unsafe"
)

// Dataset is a table that does not change any more: series of demand or, of task "classify" and "regress", sequences
// of events. Any number of goroutines may read one.
type Dataset struct{ *handle }

func (l *Library) dataset(c *C.seqd_dataset) *Dataset {
	return &Dataset{new(handle).own(unsafe.Pointer(c), l,
		func(p unsafe.Pointer) { C.seqd_dataset_release((*C.seqd_dataset)(p)) })}
}

func (d *Dataset) use(f func(c *C.seqd_dataset) error) error {
	if d == nil {
		return ErrClosed
	}
	return d.handle.use(func(p unsafe.Pointer) error { return f((*C.seqd_dataset)(p)) })
}

// ReadFile reads a CSV or gzip CSV file; "-" is standard input. Rows may come in any order.
func (l *Library) ReadFile(path string, settings Options) (*Dataset, error) {
	var made *C.seqd_dataset
	err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		text, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_dataset_read(context, options, text, &made, e), e)
	})
	if err != nil {
		return nil, err
	}
	return l.dataset(made), nil
}

// Read reads the text of a CSV file from r to its end. (Wrap what is packed in a gzip.Reader.)
func (l *Library) Read(r io.Reader, settings Options) (*Dataset, error) {
	bytes, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var made *C.seqd_dataset
	err = l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		e := newError()
		text := (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes)))
		defer runtime.KeepAlive(bytes)
		return check(C.seqd_dataset_parse(context, options, text, C.size_t(len(bytes)), &made, e), e)
	})
	if err != nil {
		return nil, err
	}
	return l.dataset(made), nil
}

// Columns are a table in memory: a name, and a []string, []int64, []float64 or []time.Time of one length each. "" and
// NaN are missing values.
type Columns map[string]any

// FromColumns makes a dataset of columns in memory, which are copied.
func (l *Library) FromColumns(columns Columns, settings Options) (*Dataset, error) {
	var made *C.seqd_dataset
	err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		e := newError()
		if err := check(C.seqd_dataset_create(context, options, &made, e), e); err != nil {
			return err
		}
		names := make([]string, 0, len(columns))
		for name := range columns {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if err := appendColumn(made, name, columns[name]); err != nil {
				return err
			}
		}
		return check(C.seqd_dataset_seal(made, e), e)
	})
	if err != nil {
		C.seqd_dataset_release(made)
		return nil, err
	}
	return l.dataset(made), nil
}

func appendColumn(d *C.seqd_dataset, name string, values any) error {
	key, e := C.CString(name), newError()
	defer C.free(unsafe.Pointer(key))
	switch v := values.(type) {
	case []float64:
		return check(C.seqd_dataset_append_f64(d, key, doubles(v), C.int64_t(len(v)), e), e)
	case []int64:
		return check(C.seqd_dataset_append_i64(d, key, (*C.int64_t)(unsafe.SliceData(v)), C.int64_t(len(v)), e), e)
	case []time.Time:
		seconds := make([]int64, len(v))
		for i, t := range v {
			seconds[i] = t.Unix()
		}
		return appendColumn(d, name, seconds)
	case []string:
		size := C.size_t(1)
		for _, text := range v {
			size += C.size_t(len(text) + 1)
		}
		block := (*C.char)(C.malloc(size))
		list := (**C.char)(C.malloc(C.size_t(len(v)+1) * C.size_t(unsafe.Sizeof(key))))
		defer C.free(unsafe.Pointer(block))
		defer C.free(unsafe.Pointer(list))
		bytes, pointers, at := unsafe.Slice((*byte)(unsafe.Pointer(block)), int(size)), unsafe.Slice(list, len(v)), 0
		for i, text := range v {
			pointers[i] = (*C.char)(unsafe.Pointer(&bytes[at]))
			at += copy(bytes[at:], text)
			bytes[at] = 0
			at++
		}
		return check(C.seqd_dataset_append_str(d, key, list, C.int64_t(len(v)), e), e)
	}
	return fmt.Errorf("seqdemand: column %s is a %T, not a []string, []int64, []float64 or []time.Time", name, values)
}

// Before is a view in which the last steps before the newest step of the panel have not happened yet.
func (d *Dataset) Before(steps int) (*Dataset, error) {
	var made *C.seqd_dataset
	if err := d.use(func(c *C.seqd_dataset) error {
		e := newError()
		return check(C.seqd_dataset_before(c, C.int64_t(steps), &made, e), e)
	}); err != nil {
		return nil, err
	}
	return d.library.dataset(made), nil
}

// Split parts a dataset of events: the first part has the share `fraction`, by "user", "order" or "time".
func (d *Dataset) Split(by string, fraction float64, seed uint64) (first, rest *Dataset, err error) {
	var a, b *C.seqd_dataset
	if err = d.use(func(c *C.seqd_dataset) error {
		text, e := C.CString(by), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_dataset_split(c, text, C.double(fraction), C.uint64_t(seed), &a, &b, e), e)
	}); err != nil {
		return nil, nil, err
	}
	return d.library.dataset(a), d.library.dataset(b), nil
}

// Fold is fold number `fold`, from 0, of `folds` of the sequences, and the rest of them.
func (d *Dataset) Fold(folds, fold int, seed uint64) (rest, held *Dataset, err error) {
	var a, b *C.seqd_dataset
	if err = d.use(func(c *C.seqd_dataset) error {
		e := newError()
		return check(C.seqd_dataset_fold(c, C.int32_t(folds), C.int32_t(fold), C.uint64_t(seed), &a, &b, e), e)
	}); err != nil {
		return nil, nil, err
	}
	return d.library.dataset(a), d.library.dataset(b), nil
}

func askDataset[T any](d *Dataset, f func(c *C.seqd_dataset) T) T {
	return ask(d.handle, func(p unsafe.Pointer) T { return f((*C.seqd_dataset)(p)) })
}

// Len is the number of series, or of sequences of events.
func (d *Dataset) Len() int {
	return askDataset(d, func(c *C.seqd_dataset) int { return int(C.seqd_dataset_series_count(c)) })
}

// ID is the id of a series, "" out of range.
func (d *Dataset) ID(series int) string {
	return askDataset(d, func(c *C.seqd_dataset) string {
		return C.GoString(C.seqd_dataset_series_id(c, C.int64_t(series)))
	})
}

// Find is the position of an id, or -1.
func (d *Dataset) Find(id string) int {
	text := C.CString(id)
	defer C.free(unsafe.Pointer(text))
	at := -1
	d.use(func(c *C.seqd_dataset) error {
		at = int(C.seqd_dataset_find_series(c, text))
		return nil
	})
	return at
}

// Length is the number of history steps (or events) of a series, -1 out of range.
func (d *Dataset) Length(series int) int {
	length := -1
	d.use(func(c *C.seqd_dataset) error {
		length = int(C.seqd_dataset_length(c, C.int64_t(series)))
		return nil
	})
	return length
}

// Frequency is "D", "W", "MS", "h" or "int", as given or as found; "" for events.
func (d *Dataset) Frequency() string {
	return askDataset(d, func(c *C.seqd_dataset) string { return C.GoString(C.seqd_dataset_frequency(c)) })
}

// Season is the number of steps of a season.
func (d *Dataset) Season() int {
	return askDataset(d, func(c *C.seqd_dataset) int { return int(C.seqd_dataset_season(c)) })
}

// Classes are the answers that task "classify" may give.
func (d *Dataset) Classes() []string {
	return askDataset(d, func(c *C.seqd_dataset) []string {
		names := make([]string, C.seqd_dataset_class_count(c))
		for i := range names {
			names[i] = C.GoString(C.seqd_dataset_class_name(c, C.int32_t(i)))
		}
		return names
	})
}

// Values are the history of a series; missing steps are NaN.
func (d *Dataset) Values(series int) ([]float64, error) {
	var values []float64
	err := d.use(func(c *C.seqd_dataset) error {
		length, e := C.seqd_dataset_length(c, C.int64_t(series)), newError()
		values = make([]float64, max(int(length), 0))
		return check(C.seqd_dataset_values(c, C.int64_t(series), 0, length, doubles(values), e), e)
	})
	return values, err
}

// Date is the date of a step of a series; steps past the history are those of the forecast.
func (d *Dataset) Date(series, step int) (string, error) {
	var text [24]C.char
	err := d.use(func(c *C.seqd_dataset) error {
		e := newError()
		return check(C.seqd_dataset_date(c, C.int64_t(series), C.int64_t(step), &text[0], C.size_t(len(text)), e), e)
	})
	return C.GoString(&text[0]), err
}

// FutureDates are the dates of the first steps after the history of a series.
func (d *Dataset) FutureDates(series, steps int) ([]string, error) {
	dates, from := make([]string, max(steps, 0)), d.Length(series)
	for i := range dates {
		var err error
		if dates[i], err = d.Date(series, from+i); err != nil {
			return nil, err
		}
	}
	return dates, nil
}

// DatasetSummary is what cleaning did, in numbers; fields as struct seqd_dataset_summary describes them.
type DatasetSummary struct {
	Rows, Series, Steps, Observed, Zeros, Missing, Filled, Merged int64
	Negative, NegativeChanged, Clipped, OutOfStock, FutureSteps   int64
	Labelled, Classes, Unnamed                                    int64 // of events
}

// Summary tells what cleaning did.
func (d *Dataset) Summary() (DatasetSummary, error) {
	s := C.seqd_dataset_summary{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_dataset_summary{}))}
	err := d.use(func(c *C.seqd_dataset) error {
		e := newError()
		return check(C.seqd_dataset_summarize(c, &s, e), e)
	})
	return DatasetSummary{int64(s.rows), int64(s.series), int64(s.steps), int64(s.observed), int64(s.zeros),
		int64(s.missing), int64(s.filled), int64(s.merged), int64(s.negative), int64(s.negative_changed),
		int64(s.clipped), int64(s.out_of_stock), int64(s.future_steps), int64(s.labelled), int64(s.classes),
		int64(s.unnamed)}, err
}

// doubles is where the numbers of a slice begin.
func doubles(values []float64) *C.double { return (*C.double)(unsafe.SliceData(values)) }
