// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync"
	"unsafe"
)

// Progress is where a training run stands.
type Progress struct {
	Step, TotalSteps                    int64
	TrainLoss, ValidationLoss, BestLoss float64
	Elapsed, Remaining                  float64 // seconds
	Task                                string
}

// watcher is what the progress callback of a run talks to.
type watcher struct {
	ctx    context.Context
	report func(Progress)
}

//export seqdemandGoProgress
func seqdemandGoProgress(user unsafe.Pointer, p *C.seqd_progress) C.int32_t {
	w := (*(*cgo.Handle)(user)).Value().(*watcher)
	if w.report != nil {
		w.report(Progress{int64(p.step), int64(p.total_steps), float64(p.train_loss), float64(p.validation_loss),
			float64(p.best_loss), float64(p.elapsed_seconds), float64(p.remaining_seconds), C.GoString(p.task)})
	}
	if w.ctx.Err() != nil {
		return 1
	}
	return 0
}

// Model is a trained network with all that is needed to use it. Any number of goroutines may use one.
type Model struct {
	c          *C.seqd_model
	predictors sync.Pool // *predictor: one caller's scratch memory each
}

type predictor struct {
	c *C.seqd_predictor
}

func (p *predictor) close() { C.seqd_predictor_release(p.c) }

func newModel(c *C.seqd_model) *Model {
	m := &Model{c: c}
	runtime.SetFinalizer(m, (*Model).Close)
	return m
}

// Close releases the model. Predictors that goroutines have used are released by the garbage collector.
func (m *Model) Close() error {
	for p := m.predictors.Get(); p != nil; p = m.predictors.Get() {
		runtime.SetFinalizer(p.(*predictor), nil)
		p.(*predictor).close()
	}
	C.seqd_model_release(m.c)
	m.c = nil
	runtime.SetFinalizer(m, nil)
	return nil
}

// Train makes a model for the data and trains it. Cancelling ctx stops the run after the step under way: the model with
// the best weights so far is returned together with ctx.Err().
func (l *Library) Train(ctx context.Context, data *Dataset, settings Options) (*Model, error) {
	return l.TrainWithProgress(ctx, data, settings, nil)
}

// TrainWithProgress is Train, and calls report after every step from the goroutine that called.
func (l *Library) TrainWithProgress(ctx context.Context, data *Dataset, settings Options,
	report func(Progress)) (*Model, error) {
	l.training.Lock()
	defer l.training.Unlock()
	defer runtime.KeepAlive(data)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	handle := cgo.NewHandle(&watcher{ctx, report})
	defer handle.Delete()
	var pinned runtime.Pinner
	pinned.Pin(&handle)
	defer pinned.Unpin()
	var made *C.seqd_model
	stopped := false
	err := l.withOptions(settings, func(options *C.seqd_options) error {
		e := newError()
		if err := check(C.seqd_model_create(l.c, options, data.c, &made, e), e); err != nil {
			return err
		}
		var trainer *C.seqd_trainer
		if err := check(C.seqd_trainer_create(made, data.c, options, nil, &trainer, e), e); err != nil {
			return err
		}
		defer C.seqd_trainer_release(trainer)
		if err := l.watch(unsafe.Pointer(&handle)); err != nil {
			return err
		}
		defer l.watch(nil)
		status := C.seqd_trainer_run(trainer, e)
		stopped = status == C.SEQD_STOPPED
		return check(status, e)
	})
	if err != nil {
		C.seqd_model_release(made)
		return nil, err
	}
	if stopped {
		return newModel(made), ctx.Err()
	}
	return newModel(made), nil
}

// Load reads a model file.
func (l *Library) Load(path string) (*Model, error) {
	defer runtime.KeepAlive(l)
	text, e := C.CString(path), newError()
	defer C.free(unsafe.Pointer(text))
	var made *C.seqd_model
	if err := check(C.seqd_model_load(l.c, text, &made, e), e); err != nil {
		return nil, err
	}
	return newModel(made), nil
}

// Save writes the model file: a reader sees the old one or the new one.
func (m *Model) Save(path string) error {
	defer runtime.KeepAlive(m)
	text, e := C.CString(path), newError()
	defer C.free(unsafe.Pointer(text))
	return check(C.seqd_model_save(m.c, text, e), e)
}

// Horizon is the number of steps answered per forecast.
func (m *Model) Horizon() int {
	defer runtime.KeepAlive(m)
	return int(C.seqd_model_horizon(m.c))
}

// Forecast answers Horizon steps after the end of each series of the data.
func (m *Model) Forecast(data *Dataset) (*Forecast, error) {
	defer runtime.KeepAlive(m)
	defer runtime.KeepAlive(data)
	e := newError()
	p, _ := m.predictors.Get().(*predictor)
	if p == nil {
		p = &predictor{}
		if err := check(C.seqd_predictor_create(m.c, &p.c, e), e); err != nil {
			return nil, err
		}
		runtime.SetFinalizer(p, (*predictor).close)
	}
	defer m.predictors.Put(p)
	var made *C.seqd_forecast
	if err := check(C.seqd_predictor_run(p.c, data.c, &made, e), e); err != nil {
		return nil, err
	}
	return newForecast(made), nil
}
