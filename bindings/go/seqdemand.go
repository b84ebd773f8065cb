// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#cgo pkg-config: seqdemand
#include <stdlib.h>
#include <seqdemand/seqdemand.h>

int32_t seqdemandGoProgress(void *user, seqd_progress *progress);

static int32_t progress_bridge(void *user, const seqd_progress *progress)
{
    return seqdemandGoProgress(user, (seqd_progress *)progress);
}

static int32_t set_progress(seqd_context *context, void *user, seqd_error *error)
{
    return seqd_context_set_progress(context, user ? progress_bridge : NULL, user, error);
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// Error is what a call of the library failed with.
type Error struct {
	Status  int    // SEQD_E_*
	Message string // names the file, line, column, series or option at fault
	Line    int64  // of a text input, from 1; 0 where there is none
	Column  int64
}

func (e *Error) Error() string { return "seqdemand: " + e.Message }

// Statuses that a host may want to tell apart.
const (
	StatusOption = int(C.SEQD_E_OPTION)
	StatusMemory = int(C.SEQD_E_NOMEM)
	StatusLimit  = int(C.SEQD_E_LIMIT)
	StatusIO     = int(C.SEQD_E_IO)
	StatusFormat = int(C.SEQD_E_FORMAT)
	StatusData   = int(C.SEQD_E_DATA)
	StatusBusy   = int(C.SEQD_E_BUSY)
)

func newError() *C.seqd_error {
	return &C.seqd_error{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_error{}))}
}

func check(status C.int32_t, e *C.seqd_error) error {
	if status >= 0 {
		return nil
	}
	return &Error{int(status), C.GoString(&e.message[0]), int64(e.line), int64(e.column)}
}

// Version of the library that is loaded.
func Version() string { return C.GoString(C.seqd_version_string()) }

// Options are settings by name, as docs/options.md lists them. Values are strings, numbers, bools or slices of them.
type Options map[string]any

func (o Options) text(name string) string {
	switch v := o[name].(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []string:
		return strings.Join(v, ",")
	case []int:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]")
	case []float64:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = strconv.FormatFloat(x, 'g', -1, 64)
		}
		return strings.Join(words, ",")
	}
	return fmt.Sprint(o[name])
}

// Library is a context: threads, limits and memory of all that is made from it.
type Library struct {
	c *C.seqd_context
	// training sets the progress callback of the context, so one at a time
	training sync.Mutex
}

// Setting changes a Library while it is made.
type Setting func(*Library) error

// WithThreads sets the threads of training and of prediction of many series; 0 takes all that the process may use.
func WithThreads(n int) Setting {
	return func(l *Library) error {
		e := newError()
		return check(C.seqd_context_set_threads(l.c, C.int32_t(n), e), e)
	}
}

// WithLimit sets a limit: "memory", "series", "rows", "field", "parameters".
func WithLimit(name string, value int64) Setting {
	return func(l *Library) error {
		text := C.CString(name)
		defer C.free(unsafe.Pointer(text))
		e := newError()
		return check(C.seqd_context_set_limit(l.c, text, C.int64_t(value), e), e)
	}
}

// New makes a Library, with one thread unless a setting says otherwise.
func New(settings ...Setting) (*Library, error) {
	l, e := &Library{}, newError()
	if err := check(C.seqd_context_create(nil, &l.c, e), e); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(l, (*Library).Close)
	for _, set := range settings {
		if err := set(l); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// Close releases the context; what was made from it lives on until it is closed itself.
func (l *Library) Close() error {
	C.seqd_context_release(l.c)
	l.c = nil
	runtime.SetFinalizer(l, nil)
	return nil
}

// MemoryInUse is the number of bytes now held by all that was made from the library.
func (l *Library) MemoryInUse() int64 {
	defer runtime.KeepAlive(l)
	return int64(C.seqd_context_memory_in_use(l.c))
}

// withOptions runs f with an options handle, which is released afterwards.
func (l *Library) withOptions(settings Options, f func(*C.seqd_options) error) error {
	defer runtime.KeepAlive(l)
	var options *C.seqd_options
	e := newError()
	if err := check(C.seqd_options_create(l.c, &options, e), e); err != nil {
		return err
	}
	defer C.seqd_options_release(options)
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	sort.Strings(names) // the same error every time
	for _, name := range names {
		key, value := C.CString(name), C.CString(settings.text(name))
		err := check(C.seqd_options_set_str(options, key, value, e), e)
		C.free(unsafe.Pointer(key))
		C.free(unsafe.Pointer(value))
		if err != nil {
			return err
		}
	}
	return f(options)
}

// watch sends the progress of the context's runs to the cgo.Handle at `user`; nil ends it.
func (l *Library) watch(user unsafe.Pointer) error {
	e := newError()
	return check(C.set_progress(l.c, user, e), e)
}
