// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// Progress is where a long run stands.
type Progress struct {
	Epoch            int // rounds of validation done
	Step, TotalSteps int64
	TrainLoss        float64
	ValidationLoss   float64 // of the last round; NaN before the first or without a validation part
	BestLoss         float64
	LearningRate     float64
	Elapsed          time.Duration
	Remaining        time.Duration // an estimate
	Task             string        // what is running, such as "train lstm" or "backtest 2/3 croston"
}

// watcher is who watches one call.
type watcher struct {
	ctx      context.Context
	report   func(Progress)
	panicked any
}

var watchers numbered[*watcher]

//export seqdemandGoProgress
func seqdemandGoProgress(id C.uintptr_t, p *C.seqd_progress) (stop C.int32_t) {
	w := watchers.get(uintptr(id))
	if w.report != nil {
		defer func() { // a panic must not pass through the library: the run is stopped, then the panic goes on
			if w.panicked = recover(); w.panicked != nil {
				stop = 1
			}
		}()
		seconds := func(x C.double) time.Duration { return time.Duration(float64(x) * float64(time.Second)) }
		w.report(Progress{int(p.epoch), int64(p.step), int64(p.total_steps), float64(p.train_loss),
			float64(p.validation_loss), float64(p.best_loss), float64(p.learning_rate), seconds(p.elapsed_seconds),
			seconds(p.remaining_seconds), C.GoString(p.task)})
	}
	if w.ctx.Err() != nil {
		return 1
	}
	return 0
}

// watch runs a call of the library that ctx may stop: the answer is then ctx.Err().
func watch(ctx context.Context, report func(Progress), call func(e *C.seqd_error) C.int32_t) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := newError()
	if ctx.Done() == nil && report == nil {
		return check(call(e), e)
	}
	w := &watcher{ctx: ctx, report: report}
	id := watchers.add(w)
	defer watchers.drop(id)
	runtime.LockOSThread() // the callback comes on the thread of the call
	defer runtime.UnlockOSThread()
	before := C.seqdemand_go_watch(C.uintptr_t(id))
	status := call(e)
	C.seqdemand_go_watch(before)
	if w.panicked != nil {
		panic(w.panicked)
	}
	if status == C.SEQD_STOPPED {
		return ctx.Err()
	}
	return check(status, e)
}

// TrainingSummary is how a run went. Of an ensemble: sums of steps, windows and seconds, means of losses.
type TrainingSummary struct {
	Steps, BestStep       int64
	TrainLoss, BestLoss   float64
	Seconds               float64
	Series, SeriesLeftOut int64 // that gave examples; that were too short, or without an observed value
	Windows               int64
}

func (s *TrainingSummary) take(c *C.seqd_training_summary) {
	*s = TrainingSummary{int64(c.steps), int64(c.best_step), float64(c.train_loss), float64(c.best_loss),
		float64(c.seconds), int64(c.series), int64(c.series_left_out), int64(c.windows)}
}

func newTrainingSummary() *C.seqd_training_summary {
	return &C.seqd_training_summary{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_training_summary{}))}
}

// RunSetting says how a long run is watched.
type RunSetting func(*run)

type run struct {
	report  func(Progress)
	summary *TrainingSummary
}

func newRun(settings []RunSetting) (r run) {
	for _, set := range settings {
		set(&r)
	}
	return r
}

// OnProgress calls report after every step, from the goroutine that called.
func OnProgress(report func(Progress)) RunSetting { return func(r *run) { r.report = report } }

// SummaryTo fills in a summary when the run has ended.
func SummaryTo(summary *TrainingSummary) RunSetting { return func(r *run) { r.summary = summary } }

// Train makes and trains what the settings ask for: one network or, by ensemble_size and ensemble_models, an ensemble.
// Cancelling ctx stops the run after the step under way: the model with the best weights so far is then returned
// together with ctx.Err() (nil when there are none yet). Any number of goroutines may train at once.
func (l *Library) Train(ctx context.Context, data *Dataset, settings Options, how ...RunSetting) (*Model, error) {
	var made *C.seqd_model
	r, summary := newRun(how), newTrainingSummary()
	err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		return data.use(func(d *C.seqd_dataset) error {
			return watch(ctx, r.report, func(e *C.seqd_error) C.int32_t {
				return C.seqd_ensemble_train(context, options, d, &made, summary, e)
			})
		})
	})
	if made == nil {
		return nil, err
	}
	if r.summary != nil {
		r.summary.take(summary)
	}
	return l.model(made), err
}

// Trainer trains a model bit by bit, writes checkpoints and goes on from them. The model is its own until Close. One
// goroutine at a time.
type Trainer struct {
	*handle
	model *Model
}

func (l *Library) trainer(c *C.seqd_trainer, m *Model) *Trainer {
	return &Trainer{new(handle).own(unsafe.Pointer(c), l,
		func(p unsafe.Pointer) { C.seqd_trainer_release((*C.seqd_trainer)(p)) }), m}
}

func (t *Trainer) use(f func(c *C.seqd_trainer) error) error {
	if t == nil {
		return ErrClosed
	}
	return t.handle.use(func(p unsafe.Pointer) error { return f((*C.seqd_trainer)(p)) })
}

// Trainer makes a trainer for a model, such as one that [Model.Adapt] or [Library.Create] made.
func (m *Model) Trainer(data *Dataset, settings Options) (*Trainer, error) {
	var made *C.seqd_trainer
	if err := m.use(func(model *C.seqd_model) error {
		return m.library.withOptions(settings, func(_ *C.seqd_context, options *C.seqd_options) error {
			return data.use(func(d *C.seqd_dataset) error {
				e := newError()
				return check(C.seqd_trainer_create(model, d, options, nil, &made, e), e)
			})
		})
	}); err != nil {
		return nil, err
	}
	return m.library.trainer(made, m), nil
}

// Resume makes a trainer of a checkpoint, which goes on where that run was: it ends with the very bits it would have had.
// The data must be the same.
func (l *Library) Resume(checkpoint string, data *Dataset) (*Trainer, error) {
	return l.continued(nil, func(context *C.seqd_context, _ *C.seqd_options, t **C.seqd_trainer,
		m **C.seqd_model, e *C.seqd_error) error {
		text := C.CString(checkpoint)
		defer C.free(unsafe.Pointer(text))
		return data.use(func(d *C.seqd_dataset) error {
			return check(C.seqd_trainer_resume(context, text, d, t, m, e), e)
		})
	})
}

// Update makes a trainer of a checkpoint for newer rows: weights and optimizer go on in a run of its own. Settings nil:
// those of the checkpoint.
func (l *Library) Update(checkpoint string, data *Dataset, settings Options) (*Trainer, error) {
	return l.continued(settings, func(context *C.seqd_context, options *C.seqd_options, t **C.seqd_trainer,
		m **C.seqd_model, e *C.seqd_error) error {
		text := C.CString(checkpoint)
		defer C.free(unsafe.Pointer(text))
		if settings == nil {
			options = nil
		}
		return data.use(func(d *C.seqd_dataset) error {
			return check(C.seqd_trainer_update(context, text, d, options, t, m, e), e)
		})
	})
}

func (l *Library) continued(settings Options, make func(*C.seqd_context, *C.seqd_options, **C.seqd_trainer,
	**C.seqd_model, *C.seqd_error) error) (*Trainer, error) {
	var t *C.seqd_trainer
	var m *C.seqd_model
	if err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		return make(context, options, &t, &m, newError())
	}); err != nil {
		return nil, err
	}
	return l.trainer(t, l.model(m)), nil
}

// Model is the model that is trained: to be used after Close.
func (t *Trainer) Model() *Model { return t.model }

// Run trains to the end, or until ctx is cancelled: the model then holds the best weights so far, and the answer is
// ctx.Err().
func (t *Trainer) Run(ctx context.Context, how ...RunSetting) error {
	r := newRun(how)
	return t.use(func(c *C.seqd_trainer) error {
		err := watch(ctx, r.report, func(e *C.seqd_error) C.int32_t { return C.seqd_trainer_run(c, e) })
		if summary, e := newTrainingSummary(), newError(); r.summary != nil {
			if C.seqd_trainer_summarize(c, summary, e) == C.SEQD_OK {
				r.summary.take(summary)
			}
		}
		return err
	})
}

// Step takes steps of the optimizer, without validation, and gives their mean loss.
func (t *Trainer) Step(steps int) (loss float64, err error) {
	err = t.use(func(c *C.seqd_trainer) error {
		e := newError()
		return check(C.seqd_trainer_step(c, C.int64_t(steps), (*C.double)(&loss), e), e)
	})
	return loss, err
}

// Save writes a checkpoint: between calls, or from OnProgress of the trainer's own run.
func (t *Trainer) Save(path string) error {
	return t.use(func(c *C.seqd_trainer) error {
		text, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_trainer_save(c, text, e), e)
	})
}
