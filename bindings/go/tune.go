// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"context"
	"sort"
	"unsafe"
)

// Trial is a set of settings that was tried, and how it has fared.
type Trial struct {
	Number, Round int
	Err           error   // why it could not be trained
	Score         float64 // of option metric
	Settings      Options // to train with
}

// Tune searches good settings on the past: each option of ranges is drawn from its range, such as "32:128",
// "1e-4:1e-2:log" or "lstm,gru". Options method, trials, metric and seed. A state file, where one is named, lets a search
// that was interrupted go on. The answer is all trials, from the best to the worst; when ctx is cancelled, those that
// were done, and ctx.Err().
func (d *Dataset) Tune(ctx context.Context, ranges map[string]string, settings Options, state string,
	how ...RunSetting) ([]Trial, error) {
	var trials []Trial
	err := d.run(settings, func(c *C.seqd_dataset, options *C.seqd_options) error {
		var tuner *C.seqd_tuner
		e := newError()
		if err := check(C.seqd_tuner_create(options, &tuner, e), e); err != nil {
			return err
		}
		defer C.seqd_tuner_release(tuner)
		names := make([]string, 0, len(ranges))
		for name := range ranges {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			key, value := C.CString(name), C.CString(ranges[name])
			err := check(C.seqd_tuner_add_range(tuner, key, value, e), e)
			C.free(unsafe.Pointer(key))
			C.free(unsafe.Pointer(value))
			if err != nil {
				return err
			}
		}
		if state != "" {
			path := C.CString(state)
			defer C.free(unsafe.Pointer(path))
			if err := check(C.seqd_tuner_open_state(tuner, c, path, e), e); err != nil {
				return err
			}
		}
		stopped := watch(ctx, newRun(how).report, func(e *C.seqd_error) C.int32_t {
			return C.seqd_tuner_run(tuner, c, e)
		})
		for place := C.int32_t(0); place < C.seqd_tuner_trial_count(tuner); place++ {
			trial, err := readTrial(tuner, place)
			if err != nil {
				return err
			}
			if trial.Round >= 0 {
				trials = append(trials, trial)
			}
		}
		return stopped
	})
	return trials, err
}

func readTrial(tuner *C.seqd_tuner, place C.int32_t) (Trial, error) {
	t := C.seqd_trial{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_trial{}))}
	e := newError()
	if err := check(C.seqd_tuner_get_trial(tuner, place, &t, e), e); err != nil {
		return Trial{}, err
	}
	var options *C.seqd_options
	if err := check(C.seqd_tuner_get_options(tuner, t.trial, &options, e), e); err != nil {
		return Trial{}, err
	}
	defer C.seqd_options_release(options)
	settings, err := changed(options)
	trial := Trial{Number: int(t.trial), Round: int(t.round), Score: float64(t.score), Settings: settings}
	if t.status != C.SEQD_OK {
		trial.Err = &Error{Status: Status(t.status), Message: C.GoString(t.message)}
	}
	return trial, err
}
