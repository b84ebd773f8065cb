// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unsafe"
)

// Options are settings by name, as docs/options.md and [Describe] list them. Values are strings, numbers, bools or
// slices of these. One map may hold settings for data, model and training: each call reads its own.
type Options map[string]any

func text(value any) string {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return "1"
		}
		return "0"
	case reflect.Float32:
		return strconv.FormatFloat(v.Float(), 'g', -1, 32)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Slice, reflect.Array:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = text(v.Index(i).Interface())
		}
		return strings.Join(words, ",")
	}
	return fmt.Sprint(value)
}

// With is a copy of the options with those of more on top.
func (o Options) With(more Options) Options {
	all := make(Options, len(o)+len(more))
	for name, value := range o {
		all[name] = value
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// OptionInfo is one row of the option table.
type OptionInfo struct {
	Name    string
	Type    string // "integer", "number", "text", "choice", "integers", "numbers", "names"
	Group   string // "data", "model", "training", "evaluation"
	Default string
	Choices string  // "a|b|c" for a choice
	Minimum float64 // of numbers and of members of a list
	Maximum float64
	Help    string
}

// Describe lists every option.
func Describe() []OptionInfo {
	rows := make([]OptionInfo, C.seqd_options_count())
	for i := range rows {
		info := C.seqd_option_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_option_info{}))}
		if C.seqd_options_describe(C.int32_t(i), &info, nil) == C.SEQD_OK {
			rows[i] = OptionInfo{C.GoString(info.name), C.GoString(info._type), C.GoString(info.group),
				C.GoString(info.default_value), C.GoString(info.choices), float64(info.minimum), float64(info.maximum),
				C.GoString(info.help)}
		}
	}
	return rows
}

// LoadOptions reads a file of `key = value` lines, as the command line program takes for --config.
func (l *Library) LoadOptions(path string) (Options, error) {
	var all Options
	err := l.withOptions(nil, func(_ *C.seqd_context, options *C.seqd_options) error {
		name, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(name))
		if err := check(C.seqd_options_load(options, name, e), e); err != nil {
			return err
		}
		var err error
		all, err = changed(options)
		return err
	})
	return all, err
}

// changed are the options that are not as by default.
func changed(options *C.seqd_options) (Options, error) {
	all := Options{}
	for _, row := range Describe() {
		name, e := C.CString(row.Name), newError()
		var value *C.char
		err := check(C.seqd_options_get_str(options, name, &value, e), e)
		C.free(unsafe.Pointer(name))
		if err != nil {
			return nil, err
		}
		if now := C.GoString(value); now != row.Default {
			all[row.Name] = now
		}
	}
	return all, nil
}

// withOptions runs f with an options handle, which is released afterwards.
func (l *Library) withOptions(settings Options, f func(*C.seqd_context, *C.seqd_options) error) error {
	if l == nil {
		return ErrClosed
	}
	return l.use(func(p unsafe.Pointer) error {
		context := (*C.seqd_context)(p)
		var options *C.seqd_options
		e := newError()
		if err := check(C.seqd_options_create(context, &options, e), e); err != nil {
			return err
		}
		defer C.seqd_options_release(options)
		names := make([]string, 0, len(settings))
		for name := range settings {
			names = append(names, name)
		}
		sort.Strings(names) // the same error every time
		for _, name := range names {
			key, value := C.CString(name), C.CString(text(settings[name]))
			err := check(C.seqd_options_set_str(options, key, value, e), e)
			C.free(unsafe.Pointer(key))
			C.free(unsafe.Pointer(value))
			if err != nil {
				return err
			}
		}
		return f(context, options)
	})
}
