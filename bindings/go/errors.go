// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Status is what kind of failure an [Error] is. It is an error itself, to be asked for by errors.Is:
//
//	if errors.Is(err, seqdemand.StatusData) { ... }
type Status int

// The statuses of the library. Numbers are never reused.
const (
	StatusArg         = Status(C.SEQD_E_ARG)         // an index out of range, sizes that do not fit together
	StatusState       = Status(C.SEQD_E_STATE)       // the call does not fit the state of the value
	StatusBusy        = Status(C.SEQD_E_BUSY)        // the model is being trained by a Trainer
	StatusOption      = Status(C.SEQD_E_OPTION)      // an unknown option, or a value it does not accept
	StatusMemory      = Status(C.SEQD_E_NOMEM)       // out of memory
	StatusLimit       = Status(C.SEQD_E_LIMIT)       // a limit of the Library would be passed
	StatusIO          = Status(C.SEQD_E_IO)          // a file could not be opened, read or written
	StatusFormat      = Status(C.SEQD_E_FORMAT)      // a file is not what it should be, or is damaged
	StatusVersion     = Status(C.SEQD_E_VERSION)     // a file was written by a newer library
	StatusData        = Status(C.SEQD_E_DATA)        // a value, a date or a row that cannot be used
	StatusDiverged    = Status(C.SEQD_E_DIVERGED)    // training left the finite numbers
	StatusUnsupported = Status(C.SEQD_E_UNSUPPORTED) // not available in this build, on this machine, or of this model
	StatusInternal    = Status(C.SEQD_E_INTERNAL)    // a defect of the library
)

// Error is one English line about the status.
func (s Status) Error() string {
	return "seqdemand: " + C.GoString(C.seqd_status_text(C.int32_t(s)))
}

// String is the name of the status, such as "SEQD_E_IO".
func (s Status) String() string { return C.GoString(C.seqd_status_name(C.int32_t(s))) }

// Error is what a call of the library failed with.
type Error struct {
	Status  Status
	Message string // names the file, line, column, series or option at fault
	Line    int64  // of a text input, from 1; 0 where there is none
	Column  int64
}

func (e *Error) Error() string { return "seqdemand: " + e.Message }

// Unwrap is the status, for errors.Is.
func (e *Error) Unwrap() error { return e.Status }

// ErrClosed is what every call on a closed value is answered with.
var ErrClosed = errors.New("seqdemand: closed")

func newError() *C.seqd_error {
	return &C.seqd_error{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_error{}))}
}

func check(status C.int32_t, e *C.seqd_error) error {
	if status >= 0 {
		return nil
	}
	return &Error{Status(status), C.GoString(&e.message[0]), int64(e.line), int64(e.column)}
}
