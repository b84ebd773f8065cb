// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import "unsafe"

// Which events of a sequence are asked.
type Which int

// What [Model.Answer] can be asked.
const (
	AnswerEnd      = Which(C.SEQD_ANSWER_END)      // after the last event: what will come
	AnswerLabelled = Which(C.SEQD_ANSWER_LABELLED) // after the last event whose label is known
	AnswerEvery    = Which(C.SEQD_ANSWER_EVERY)    // after every event whose label is known
)

// Prediction holds answers to sequences of events, a row for each event asked. Any number of goroutines may read one.
type Prediction struct{ *handle }

func (l *Library) prediction(c *C.seqd_prediction) *Prediction {
	return &Prediction{new(handle).own(unsafe.Pointer(c), l,
		func(p unsafe.Pointer) { C.seqd_prediction_release((*C.seqd_prediction)(p)) })}
}

func (p *Prediction) use(do func(c *C.seqd_prediction) error) error {
	if p == nil {
		return ErrClosed
	}
	return p.handle.use(func(p unsafe.Pointer) error { return do((*C.seqd_prediction)(p)) })
}

func askPrediction[T any](p *Prediction, f func(c *C.seqd_prediction) T) T {
	return ask(p.handle, func(p unsafe.Pointer) T { return f((*C.seqd_prediction)(p)) })
}

// Len is the number of rows.
func (p *Prediction) Len() int {
	return askPrediction(p, func(c *C.seqd_prediction) int { return int(C.seqd_prediction_row_count(c)) })
}

// Answers is the number of answers of a row: 1, or the horizon where the next events are asked for.
func (p *Prediction) Answers() int {
	return askPrediction(p, func(c *C.seqd_prediction) int { return int(C.seqd_prediction_answer_count(c)) })
}

// Classes are the names of the classes; none where answers are numbers.
func (p *Prediction) Classes() []string {
	return askPrediction(p, func(c *C.seqd_prediction) []string {
		names := make([]string, C.seqd_prediction_class_count(c))
		for i := range names {
			names[i] = C.GoString(C.seqd_prediction_class_name(c, C.int32_t(i)))
		}
		return names
	})
}

// ID is the id of the sequence of a row, "" out of range.
func (p *Prediction) ID(row int) string {
	return askPrediction(p, func(c *C.seqd_prediction) string {
		return C.GoString(C.seqd_prediction_id(c, C.int64_t(row)))
	})
}

// Event is the number of the event of a row in its sequence, from 0.
func (p *Prediction) Event(row int) int {
	return askPrediction(p, func(c *C.seqd_prediction) int { return int(C.seqd_prediction_event(c, C.int64_t(row))) })
}

// Threshold is, of two classes, the probability from which the second one is told.
func (p *Prediction) Threshold() float64 {
	return askPrediction(p, func(c *C.seqd_prediction) float64 { return float64(C.seqd_prediction_threshold(c)) })
}

// Scores are, for each answer of a row, the probability of every class, or one number.
func (p *Prediction) Scores(row int) ([][]float64, error) {
	var values []float64
	answers := 0
	err := p.use(func(c *C.seqd_prediction) error {
		answers = int(C.seqd_prediction_answer_count(c))
		values = make([]float64, answers*max(int(C.seqd_prediction_class_count(c)), 1))
		e := newError()
		return check(C.seqd_prediction_scores(c, C.int64_t(row), doubles(values), e), e)
	})
	if err != nil {
		return nil, err
	}
	return cut(values, answers), nil
}

// Told are, for each answer of a row, the number of the class that is told.
func (p *Prediction) Told(row int) ([]int, error) {
	var told []int
	err := p.use(func(c *C.seqd_prediction) error {
		classes, e := make([]C.int32_t, C.seqd_prediction_answer_count(c)), newError()
		if err := check(C.seqd_prediction_classes(c, C.int64_t(row), unsafe.SliceData(classes), e), e); err != nil {
			return err
		}
		for _, class := range classes {
			told = append(told, int(class))
		}
		return nil
	})
	return told, err
}

// Labels are what the data say: a number, the number of a class, -1 for one the model does not know, or NaN.
func (p *Prediction) Labels(row int) (values []float64, err error) {
	err = p.use(func(c *C.seqd_prediction) error {
		values = make([]float64, C.seqd_prediction_answer_count(c))
		e := newError()
		return check(C.seqd_prediction_labels(c, C.int64_t(row), doubles(values), e), e)
	})
	return values, err
}

// AnswerMetrics are measures of answers; fields as struct seqd_answer_metrics describes them.
type AnswerMetrics struct {
	Classes, Count, LeftOut               int
	Accuracy, Precision, Recall, F1       float64
	AUROC, AUPR, LogLoss, MAE, RMSE, MAPE float64
	MAPELeftOut                           int
}

func newAnswerMetrics() C.seqd_answer_metrics {
	return C.seqd_answer_metrics{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_answer_metrics{}))}
}

func goAnswerMetrics(m *C.seqd_answer_metrics) AnswerMetrics {
	return AnswerMetrics{int(m.classes), int(m.count), int(m.left_out), float64(m.accuracy), float64(m.precision),
		float64(m.recall), float64(m.f1), float64(m.auroc), float64(m.aupr), float64(m.log_loss), float64(m.mae),
		float64(m.rmse), float64(m.mape), int(m.mape_left_out)}
}

// Evaluate measures the answers against their labels.
func (p *Prediction) Evaluate() (AnswerMetrics, error) {
	m := newAnswerMetrics()
	err := p.use(func(c *C.seqd_prediction) error {
		e := newError()
		return check(C.seqd_prediction_evaluate(c, &m, e), e)
	})
	return goAnswerMetrics(&m), err
}

// ClassMetrics measure one class against all others.
type ClassMetrics struct {
	Count, Told, Right                 int // labels of the class, answers of it, both
	Precision, Recall, F1, AUROC, AUPR float64
}

// EvaluateClass measures one class against all others.
func (p *Prediction) EvaluateClass(class int) (ClassMetrics, error) {
	m := C.seqd_class_metrics{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_class_metrics{}))}
	err := p.use(func(c *C.seqd_prediction) error {
		e := newError()
		return check(C.seqd_prediction_evaluate_class(c, C.int32_t(class), &m, e), e)
	})
	return ClassMetrics{int(m.count), int(m.told), int(m.right), float64(m.precision), float64(m.recall), float64(m.f1),
		float64(m.auroc), float64(m.aupr)}, err
}

// Confusion counts answers by label and class told: counts[label][told].
func (p *Prediction) Confusion() (counts [][]int64, err error) {
	err = p.use(func(c *C.seqd_prediction) error {
		n, e := int(C.seqd_prediction_class_count(c)), newError()
		all := make([]int64, n*n+1)
		for i := 0; i < n; i++ {
			counts = append(counts, all[i*n:(i+1)*n:(i+1)*n])
		}
		return check(C.seqd_prediction_confusion(c, (*C.int64_t)(&all[0]), e), e)
	})
	return counts, err
}
