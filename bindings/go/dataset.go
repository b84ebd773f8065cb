// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"io"
	"runtime"
	"unsafe"
)

// Dataset is a sealed table of series.
type Dataset struct {
	c *C.seqd_dataset
}

func newDataset(c *C.seqd_dataset) *Dataset {
	d := &Dataset{c}
	runtime.SetFinalizer(d, (*Dataset).Close)
	return d
}

// Close releases the dataset.
func (d *Dataset) Close() error {
	C.seqd_dataset_release(d.c)
	d.c = nil
	runtime.SetFinalizer(d, nil)
	return nil
}

// ReadFile reads a CSV or gzip CSV file; "-" is standard input.
func (l *Library) ReadFile(path string, settings Options) (*Dataset, error) {
	var made *C.seqd_dataset
	err := l.withOptions(settings, func(options *C.seqd_options) error {
		text, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_dataset_read(l.c, options, text, &made, e), e)
	})
	if err != nil {
		return nil, err
	}
	return newDataset(made), nil
}

// Read reads the text of a CSV file from r to its end.
func (l *Library) Read(r io.Reader, settings Options) (*Dataset, error) {
	bytes, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var made *C.seqd_dataset
	err = l.withOptions(settings, func(options *C.seqd_options) error {
		e := newError()
		text := (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes)))
		defer runtime.KeepAlive(bytes)
		return check(C.seqd_dataset_parse(l.c, options, text, C.size_t(len(bytes)), &made, e), e)
	})
	if err != nil {
		return nil, err
	}
	return newDataset(made), nil
}

// Len is the number of series.
func (d *Dataset) Len() int {
	defer runtime.KeepAlive(d)
	return int(C.seqd_dataset_series_count(d.c))
}

// ID is the id of a series, "" out of range.
func (d *Dataset) ID(series int) string {
	defer runtime.KeepAlive(d)
	return C.GoString(C.seqd_dataset_series_id(d.c, C.int64_t(series)))
}

// Find is the position of an id, or -1.
func (d *Dataset) Find(id string) int {
	defer runtime.KeepAlive(d)
	text := C.CString(id)
	defer C.free(unsafe.Pointer(text))
	return int(C.seqd_dataset_find_series(d.c, text))
}

// Values are the history of a series; missing steps are NaN.
func (d *Dataset) Values(series int) ([]float64, error) {
	defer runtime.KeepAlive(d)
	length := C.seqd_dataset_length(d.c, C.int64_t(series))
	values, e := make([]float64, max(int(length), 0)), newError()
	err := check(C.seqd_dataset_values(d.c, C.int64_t(series), 0, length,
		(*C.double)(unsafe.Pointer(unsafe.SliceData(values))), e), e)
	return values, err
}

// Date is the date of a step of a series; steps past the history are those of the forecast.
func (d *Dataset) Date(series, step int) (string, error) {
	defer runtime.KeepAlive(d)
	var text [24]C.char
	e := newError()
	err := check(C.seqd_dataset_date(d.c, C.int64_t(series), C.int64_t(step), &text[0], C.size_t(len(text)), e), e)
	return C.GoString(&text[0]), err
}

// Length is the number of history steps of a series, -1 out of range.
func (d *Dataset) Length(series int) int {
	defer runtime.KeepAlive(d)
	return int(C.seqd_dataset_length(d.c, C.int64_t(series)))
}
