// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <stdlib.h>
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"context"
	"sync"
	"unsafe"
)

// Metrics are measures of forecasts; fields as struct seqd_metrics describes them.
type Metrics struct {
	SMAPE, MASE, RMSSE, WAPE, RMSE, Bias, WQL, Coverage80 float64
	Series, Points, MASELeftOut, RMSSELeftOut             int
}

func goMetrics(m *C.seqd_metrics) Metrics {
	return Metrics{float64(m.smape), float64(m.mase), float64(m.rmsse), float64(m.wape), float64(m.rmse),
		float64(m.bias), float64(m.wql), float64(m.coverage80), int(m.series), int(m.points), int(m.mase_left_out),
		int(m.rmsse_left_out)}
}

// BacktestRow is one model over all windows of a backtest.
type BacktestRow struct {
	Model string
	Metrics
	FitSeconds, PredictSeconds float64
}

// Backtest compares models and simple methods by rolling origins: for each window, fitted on what lies before it. Names
// are those of option model, and "naive", "seasonal_naive", "naive2", "moving_average", "ses", "croston", "sba", "tsb",
// "zero". Options windows, stride, refit, and those of model and training.
func (d *Dataset) Backtest(ctx context.Context, models []string, settings Options, how ...RunSetting) ([]BacktestRow,
	error) {
	var made *C.seqd_backtest
	err := d.run(settings, func(c *C.seqd_dataset, options *C.seqd_options) error {
		names := C.CString(text(models))
		defer C.free(unsafe.Pointer(names))
		return watch(ctx, newRun(how).report, func(e *C.seqd_error) C.int32_t {
			return C.seqd_backtest_run(c, options, names, &made, e)
		})
	})
	if err != nil {
		return nil, err
	}
	defer C.seqd_backtest_release(made)
	rows := make([]BacktestRow, C.seqd_backtest_row_count(made))
	for i := range rows {
		row := C.seqd_backtest_row{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_backtest_row{}))}
		m := C.seqd_metrics{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_metrics{}))}
		e := newError()
		if err := check(C.seqd_backtest_get_row(made, C.int32_t(i), &row, e), e); err != nil {
			return nil, err
		}
		if err := check(C.seqd_backtest_get_metrics(made, C.int32_t(i), &m, e), e); err != nil {
			return nil, err
		}
		rows[i] = BacktestRow{C.GoString(row.model), goMetrics(&m), float64(row.fit_seconds),
			float64(row.predict_seconds)}
	}
	return rows, nil
}

// run is what takes a dataset and options.
func (d *Dataset) run(settings Options, f func(c *C.seqd_dataset, options *C.seqd_options) error) error {
	return d.use(func(c *C.seqd_dataset) error {
		return d.library.withOptions(settings, func(_ *C.seqd_context, options *C.seqd_options) error {
			return f(c, options)
		})
	})
}

// CrossValidate answers each of option `folds` parts of the sequences by a model that was trained on the others, and
// measures each.
func (d *Dataset) CrossValidate(ctx context.Context, settings Options, how ...RunSetting) ([]AnswerMetrics, error) {
	var made *C.seqd_cross_validation
	err := d.run(settings, func(c *C.seqd_dataset, options *C.seqd_options) error {
		return watch(ctx, newRun(how).report, func(e *C.seqd_error) C.int32_t {
			return C.seqd_cross_validation_run(c, options, &made, e)
		})
	})
	if err != nil {
		return nil, err
	}
	defer C.seqd_cross_validation_release(made)
	folds := make([]AnswerMetrics, C.seqd_cross_validation_fold_count(made))
	for i := range folds {
		m, e := newAnswerMetrics(), newError()
		if err := check(C.seqd_cross_validation_get_fold(made, C.int32_t(i), &m, e), e); err != nil {
			return nil, err
		}
		folds[i] = goAnswerMetrics(&m)
	}
	return folds, nil
}

// Baseline is the forecast of a simple method, see Backtest. Option horizon and those of the method.
func (d *Dataset) Baseline(method string, settings Options) (*Forecast, error) {
	var made *C.seqd_forecast
	if err := d.run(settings, func(c *C.seqd_dataset, options *C.seqd_options) error {
		name, e := C.CString(method), newError()
		defer C.free(unsafe.Pointer(name))
		return check(C.seqd_baseline_forecast(c, options, name, &made, e), e)
	}); err != nil {
		return nil, err
	}
	return d.library.forecast(made), nil
}

// BaselineAnswer answers every row of d by the shares of the classes among the labels of train, or by their mean.
func (d *Dataset) BaselineAnswer(train *Dataset, which Which) (*Prediction, error) {
	var made *C.seqd_prediction
	if err := d.use(func(c *C.seqd_dataset) error {
		return train.use(func(t *C.seqd_dataset) error {
			e := newError()
			return check(C.seqd_baseline_answer(t, c, C.int32_t(which), &made, e), e)
		})
	}); err != nil {
		return nil, err
	}
	return d.library.prediction(made), nil
}

// Evaluation gathers forecasts, of any origin, and what then happened. Goroutines that use one take turns.
type Evaluation struct {
	*handle
	levels int
	mutex  sync.Mutex
}

// Evaluation makes an empty one; levels, ascending, are those of the quantiles that WQL measures.
func (l *Library) Evaluation(season int, levels ...float64) (*Evaluation, error) {
	var made *C.seqd_evaluation
	if err := l.withOptions(nil, func(context *C.seqd_context, _ *C.seqd_options) error {
		e := newError()
		return check(C.seqd_evaluation_create(context, C.int32_t(season), doubles(levels), C.int32_t(len(levels)), &made,
			e), e)
	}); err != nil {
		return nil, err
	}
	return &Evaluation{handle: new(handle).own(unsafe.Pointer(made), l,
		func(p unsafe.Pointer) { C.seqd_evaluation_release((*C.seqd_evaluation)(p)) }), levels: len(levels)}, nil
}

// Add takes one series: what was known, what then happened, its forecast, and a row of it for each level (or none).
// NaN marks missing values of history and actual.
func (v *Evaluation) Add(history, actual, mean, median []float64, quantiles [][]float64) error {
	wrong := len(mean) != len(actual) || len(median) != len(actual) || len(quantiles) != 0 && len(quantiles) != v.levels
	var values []float64
	for _, row := range quantiles {
		wrong = wrong || len(row) != len(actual)
		values = append(values, row...)
	}
	if wrong {
		return &Error{Status: StatusArg, Message: "actual, mean, median and quantiles do not fit together"}
	}
	return v.use(func(p unsafe.Pointer) error {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		e := newError()
		return check(C.seqd_evaluation_add((*C.seqd_evaluation)(p), doubles(history), C.int64_t(len(history)),
			doubles(actual), doubles(mean), doubles(median), doubles(values), C.int32_t(len(actual)), e), e)
	})
}

// Result measures what was gathered so far.
func (v *Evaluation) Result() (Metrics, error) {
	m := C.seqd_metrics{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_metrics{}))}
	err := v.use(func(p unsafe.Pointer) error {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		e := newError()
		return check(C.seqd_evaluation_result((*C.seqd_evaluation)(p), &m, e), e)
	})
	return goMetrics(&m), err
}
