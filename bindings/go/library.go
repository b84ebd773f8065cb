// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#cgo pkg-config: seqdemand
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import "unsafe"

// Version is that of the library that is loaded.
func Version() string { return C.GoString(C.seqd_version_string()) }

// BuildInfo tells how the library was built, as "key=value" words.
func BuildInfo() string { return C.GoString(C.seqd_build_info()) }

// Library owns threads, limits, log and memory of all that is made from it. Any number of goroutines may use one.
type Library struct {
	*handle
	log uintptr
}

// Setting changes a Library while it is made.
type Setting struct {
	set func(*Library, *C.seqd_context, *C.seqd_error) C.int32_t
}

// WithThreads sets the threads of training and of prediction of many series; 0 takes all that the process may use.
// Results have the same bits for any number.
func WithThreads(n int) Setting {
	return Setting{func(_ *Library, context *C.seqd_context, e *C.seqd_error) C.int32_t {
		return C.seqd_context_set_threads(context, C.int32_t(n), e)
	}}
}

// WithKernels holds the kernels to a level: "ref", "avx2", "avx512" or "auto".
func WithKernels(level string) Setting {
	return Setting{func(_ *Library, context *C.seqd_context, e *C.seqd_error) C.int32_t {
		text := C.CString(level)
		defer C.free(unsafe.Pointer(text))
		return C.seqd_context_set_kernels(context, text, e)
	}}
}

// WithLimit sets a limit: "memory" (bytes), "series", "rows", "field" (bytes of a CSV field), "parameters".
func WithLimit(name string, value int64) Setting {
	return Setting{func(_ *Library, context *C.seqd_context, e *C.seqd_error) C.int32_t {
		text := C.CString(name)
		defer C.free(unsafe.Pointer(text))
		return C.seqd_context_set_limit(context, text, C.int64_t(value), e)
	}}
}

// LogLevel is how urgent a line of the log is.
type LogLevel int

// Levels of the log.
const (
	LogError   = LogLevel(C.SEQD_LOG_ERROR)
	LogWarning = LogLevel(C.SEQD_LOG_WARNING)
	LogInfo    = LogLevel(C.SEQD_LOG_INFO)
	LogDebug   = LogLevel(C.SEQD_LOG_DEBUG)
)

var logs numbered[func(LogLevel, string)]

//export seqdemandGoLog
func seqdemandGoLog(id C.uintptr_t, level C.int32_t, line *C.char) {
	if log := logs.get(uintptr(id)); log != nil {
		log(LogLevel(level), C.GoString(line))
	}
}

// WithLog sends lines up to a level to a function, which is called by the goroutine that called the library, and by
// several at once where several do. It must not panic.
func WithLog(most LogLevel, log func(level LogLevel, line string)) Setting {
	return Setting{func(l *Library, context *C.seqd_context, e *C.seqd_error) C.int32_t {
		l.log = logs.add(log)
		return C.seqdemand_go_set_log(context, C.uintptr_t(l.log), C.int32_t(most), e)
	}}
}

// New makes a Library, with one thread unless a setting says otherwise. The library prints nothing without WithLog.
func New(settings ...Setting) (*Library, error) {
	var context *C.seqd_context
	e := newError()
	if err := check(C.seqd_context_create(nil, &context, e), e); err != nil {
		return nil, err
	}
	l := &Library{}
	status := C.seqdemand_go_set_progress(context, e)
	for i := 0; i < len(settings) && status == C.SEQD_OK; i++ {
		status = settings[i].set(l, context, e)
	}
	log := l.log
	l.handle = new(handle).own(unsafe.Pointer(context), nil, func(p unsafe.Pointer) {
		C.seqd_context_release((*C.seqd_context)(p))
		logs.drop(log)
	})
	if err := check(status, e); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Threads is the number of threads calls work with at most.
func (l *Library) Threads() int {
	return ask(l.handle, func(p unsafe.Pointer) int { return int(C.seqd_context_get_threads((*C.seqd_context)(p))) })
}

// Kernels is the level of the kernels, such as "avx512".
func (l *Library) Kernels() string {
	return ask(l.handle, func(p unsafe.Pointer) string {
		return C.GoString(C.seqd_context_get_kernels((*C.seqd_context)(p)))
	})
}

// MemoryInUse is the number of bytes now held by all that was made from the library.
func (l *Library) MemoryInUse() int64 {
	return ask(l.handle, func(p unsafe.Pointer) int64 {
		return int64(C.seqd_context_memory_in_use((*C.seqd_context)(p)))
	})
}
