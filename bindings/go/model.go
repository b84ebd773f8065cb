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
	"sync"
	"unsafe"
)

// Model is a trained network, or an ensemble, with all that is needed to use it. Any number of goroutines may use one.
type Model struct {
	*handle
	mutex sync.Mutex
	idle  []*predictor // at most one for each processor
}

// predictor is the scratch memory of one call at a time. It keeps the model alive.
type predictor struct{ *handle }

func (l *Library) model(c *C.seqd_model) *Model {
	return &Model{handle: new(handle).own(unsafe.Pointer(c), l,
		func(p unsafe.Pointer) { C.seqd_model_release((*C.seqd_model)(p)) })}
}

func (m *Model) use(f func(c *C.seqd_model) error) error {
	if m == nil {
		return ErrClosed
	}
	return m.handle.use(func(p unsafe.Pointer) error { return f((*C.seqd_model)(p)) })
}

// Close releases the model, once calls under way have ended. It always succeeds, and may be called again.
func (m *Model) Close() error {
	if m == nil {
		return nil
	}
	m.handle.shut()
	m.mutex.Lock()
	idle := m.idle
	m.idle = nil
	m.mutex.Unlock()
	for _, p := range idle {
		p.Close()
	}
	return nil
}

// predict runs f with a predictor that is nobody else's.
func (m *Model) predict(f func(c *C.seqd_predictor) error) error {
	return m.use(func(c *C.seqd_model) error {
		m.mutex.Lock()
		var p *predictor
		if last := len(m.idle) - 1; last >= 0 {
			p, m.idle = m.idle[last], m.idle[:last]
		}
		m.mutex.Unlock()
		if p == nil {
			var made *C.seqd_predictor
			e := newError()
			if err := check(C.seqd_predictor_create(c, &made, e), e); err != nil {
				return err
			}
			p = &predictor{new(handle).own(unsafe.Pointer(made), m.library,
				func(p unsafe.Pointer) { C.seqd_predictor_release((*C.seqd_predictor)(p)) })}
		}
		defer func() {
			m.mutex.Lock()
			kept := m.state.Load()&closed == 0 && len(m.idle) < runtime.GOMAXPROCS(0)
			if kept {
				m.idle = append(m.idle, p)
			}
			m.mutex.Unlock()
			if !kept {
				p.Close()
			}
		}()
		return p.use(func(c unsafe.Pointer) error { return f((*C.seqd_predictor)(c)) })
	})
}

// Create makes a model that is not trained yet, for a [Trainer].
func (l *Library) Create(data *Dataset, settings Options) (*Model, error) {
	var made *C.seqd_model
	if err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		return data.use(func(d *C.seqd_dataset) error {
			e := newError()
			return check(C.seqd_model_create(context, options, d, &made, e), e)
		})
	}); err != nil {
		return nil, err
	}
	return l.model(made), nil
}

// Load reads a model file.
func (l *Library) Load(path string) (*Model, error) {
	var made *C.seqd_model
	if err := l.withOptions(nil, func(context *C.seqd_context, _ *C.seqd_options) error {
		text, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_model_load(context, text, &made, e), e)
	}); err != nil {
		return nil, err
	}
	return l.model(made), nil
}

// LoadBytes reads a model from the bytes of its file.
func (l *Library) LoadBytes(bytes []byte) (*Model, error) {
	var made *C.seqd_model
	if err := l.withOptions(nil, func(context *C.seqd_context, _ *C.seqd_options) error {
		e := newError()
		return check(C.seqd_model_load_memory(context, unsafe.Pointer(unsafe.SliceData(bytes)), C.size_t(len(bytes)),
			&made, e), e)
	}); err != nil {
		return nil, err
	}
	return l.model(made), nil
}

// Save writes the model file: a reader sees the old one or the new one.
func (m *Model) Save(path string) error {
	return m.use(func(c *C.seqd_model) error {
		text, e := C.CString(path), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_model_save(c, text, e), e)
	})
}

// Bytes are those of the model file.
func (m *Model) Bytes() (bytes []byte, err error) {
	err = m.use(func(c *C.seqd_model) error {
		var size C.size_t
		e := newError()
		if err := check(C.seqd_model_save_memory(c, nil, &size, e), e); err != nil {
			return err
		}
		bytes = make([]byte, size)
		return check(C.seqd_model_save_memory(c, unsafe.Pointer(unsafe.SliceData(bytes)), &size, e), e)
	})
	return bytes, err
}

// Options are the settings of the model that are not as by default: read the data with them that are to be forecast.
func (m *Model) Options() (all Options, err error) {
	err = m.use(func(c *C.seqd_model) error {
		var options *C.seqd_options
		e := newError()
		if err := check(C.seqd_model_get_options(c, &options, e), e); err != nil {
			return err
		}
		defer C.seqd_options_release(options)
		all, err = changed(options)
		return err
	})
	return all, err
}

// Horizon is the number of steps answered per forecast.
func (m *Model) Horizon() int {
	return ask(m.handle, func(p unsafe.Pointer) int { return int(C.seqd_model_horizon((*C.seqd_model)(p))) })
}

// Line is a key of a model's card and its value.
type Line struct{ Key, Value string }

// Card tells about the model: created by, network, inputs, training range, losses.
func (m *Model) Card() []Line {
	return ask(m.handle, func(p unsafe.Pointer) []Line {
		c := (*C.seqd_model)(p)
		lines := make([]Line, C.seqd_model_card_count(c))
		for i := range lines {
			var key, value *C.char
			if C.seqd_model_card(c, C.int32_t(i), &key, &value, nil) == C.SEQD_OK {
				lines[i] = Line{C.GoString(key), C.GoString(value)}
			}
		}
		return lines
	})
}

// Parameter names a tensor of weights, row by row in memory.
type Parameter struct {
	Name  string
	Shape []int // of one or two
}

// Parameters lists the tensors of the model.
func (m *Model) Parameters() (all []Parameter, err error) {
	err = m.use(func(c *C.seqd_model) error {
		for i := C.int32_t(0); i < C.seqd_model_parameter_count(c); i++ {
			info := C.seqd_parameter_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_parameter_info{}))}
			e := newError()
			if err := check(C.seqd_model_parameter_info(c, i, &info, e), e); err != nil {
				return err
			}
			shape := []int{int(info.shape[0]), int(info.shape[1])}
			all = append(all, Parameter{C.GoString(info.name), shape[:info.rank]})
		}
		return nil
	})
	return all, err
}

// Weights are the numbers of a tensor.
func (m *Model) Weights(of Parameter) (values []float32, err error) {
	err = m.use(func(c *C.seqd_model) error {
		name, e := C.CString(of.Name), newError()
		defer C.free(unsafe.Pointer(name))
		count := 1
		for _, n := range of.Shape {
			count *= n
		}
		values = make([]float32, count)
		return check(C.seqd_model_get_parameter(c, name, (*C.float)(unsafe.SliceData(values)), C.int64_t(count), e), e)
	})
	return values, err
}

// SetWeights gives a tensor other numbers. No other goroutine may use the model meanwhile.
func (m *Model) SetWeights(name string, values []float32) error {
	return m.use(func(c *C.seqd_model) error {
		text, e := C.CString(name), newError()
		defer C.free(unsafe.Pointer(text))
		return check(C.seqd_model_set_parameter(c, text, (*C.float)(unsafe.SliceData(values)), C.int64_t(len(values)),
			e), e)
	})
}

// Adapt makes a new model for other data or settings (nil: those of the model) that starts from the weights of this one.
func (m *Model) Adapt(data *Dataset, settings Options) (*Model, error) {
	var made *C.seqd_model
	if err := m.use(func(c *C.seqd_model) error {
		return m.library.withOptions(settings, func(_ *C.seqd_context, options *C.seqd_options) error {
			if settings == nil {
				options = nil
			}
			return data.use(func(d *C.seqd_dataset) error {
				e := newError()
				return check(C.seqd_model_adapt(c, options, d, &made, e), e)
			})
		})
	}); err != nil {
		return nil, err
	}
	return m.library.model(made), nil
}

// Combine makes one model of several, by "mean" or "median". Members are shared, and may be closed.
func Combine(how string, members ...*Model) (*Model, error) {
	var made *C.seqd_model
	var library *Library
	handles := (**C.seqd_model)(C.calloc(C.size_t(len(members)+1), C.size_t(unsafe.Sizeof(made))))
	defer C.free(unsafe.Pointer(handles))
	list := unsafe.Slice(handles, len(members))
	for i, m := range members {
		if m == nil {
			return nil, ErrClosed
		}
		list[i] = (*C.seqd_model)(m.enter())
		if list[i] == nil {
			return nil, ErrClosed
		}
		defer m.leave()
		library = m.library
	}
	text, e := C.CString(how), newError()
	defer C.free(unsafe.Pointer(text))
	if err := check(C.seqd_model_combine(handles, C.int32_t(len(members)), text, &made, e), e); err != nil {
		return nil, err
	}
	return library.model(made), nil
}

// Members are the models of an ensemble; none of a single network.
func (m *Model) Members() (members []*Model, err error) {
	err = m.use(func(c *C.seqd_model) error {
		for i := C.int32_t(0); i < C.seqd_model_member_count(c); i++ {
			var member *C.seqd_model
			e := newError()
			if err := check(C.seqd_model_member(c, i, &member, e), e); err != nil {
				return err
			}
			members = append(members, m.library.model(member))
		}
		return nil
	})
	return members, err
}

// Forecast answers Horizon steps after the end of each series of the data.
func (m *Model) Forecast(data *Dataset) (*Forecast, error) {
	return m.ForecastContext(context.Background(), data)
}

// ForecastContext is Forecast, and gives up when ctx is cancelled.
func (m *Model) ForecastContext(ctx context.Context, data *Dataset) (*Forecast, error) {
	var made *C.seqd_forecast
	if err := data.use(func(d *C.seqd_dataset) error {
		return m.predict(func(p *C.seqd_predictor) error {
			return watch(ctx, nil, func(e *C.seqd_error) C.int32_t { return C.seqd_predictor_run(p, d, &made, e) })
		})
	}); err != nil {
		return nil, err
	}
	return m.library.forecast(made), nil
}

// Answer answers the sequences of a dataset of events, by a model of task "classify" or "regress".
func (m *Model) Answer(ctx context.Context, data *Dataset, which Which) (*Prediction, error) {
	var made *C.seqd_prediction
	if err := data.use(func(d *C.seqd_dataset) error {
		return m.predict(func(p *C.seqd_predictor) error {
			return watch(ctx, nil, func(e *C.seqd_error) C.int32_t {
				return C.seqd_predictor_answer(p, d, C.int32_t(which), &made, e)
			})
		})
	}); err != nil {
		return nil, err
	}
	return m.library.prediction(made), nil
}
