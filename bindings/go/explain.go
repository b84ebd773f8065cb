// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import (
	"context"
	"unsafe"
)

// ImportanceRow is by how much the loss rises when a feature is taken from other windows.
type ImportanceRow struct {
	Feature, Kind   string
	Rise, Deviation float64 // mean of the repeats, and deviation between them
}

// Importance is the permutation importance of every feature on the data, from the largest rise to the smallest, and the
// loss with everything as it is.
func (m *Model) Importance(ctx context.Context, data *Dataset, repeats int, seed uint64) (rows []ImportanceRow,
	loss float64, err error) {
	var made *C.seqd_importance
	if err := m.use(func(c *C.seqd_model) error {
		return data.use(func(d *C.seqd_dataset) error {
			return watch(ctx, nil, func(e *C.seqd_error) C.int32_t {
				return C.seqd_importance_create(c, d, C.int32_t(repeats), C.uint64_t(seed), &made, e)
			})
		})
	}); err != nil {
		return nil, 0, err
	}
	defer C.seqd_importance_release(made)
	for i := C.int32_t(0); i < C.seqd_importance_count(made); i++ {
		row := C.seqd_importance_row{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_importance_row{}))}
		e := newError()
		if err := check(C.seqd_importance_get_row(made, i, &row, e), e); err != nil {
			return nil, 0, err
		}
		rows = append(rows, ImportanceRow{C.GoString(row.feature), C.GoString(row.kind), float64(row.rise),
			float64(row.deviation)})
	}
	return rows, float64(C.seqd_importance_loss(made)), nil
}

// Attribution tells how much each input of each step added to one answer, by integrated gradients.
type Attribution struct {
	Output               int // the class told about
	Value, Baseline, Gap float64
	FirstStep            int                  // which of the series the first step of the rows is
	Features             []string             // in the order of the network
	Parts                map[string][]float64 // step by step
}

// Attribute explains the answer to one series: output is the number of a class, -1 for the likeliest (ignored where
// answers are numbers); points on the path, 0: 64.
func (m *Model) Attribute(data *Dataset, series, output, points int) (*Attribution, error) {
	var made *C.seqd_attribution
	if err := m.use(func(c *C.seqd_model) error {
		return data.use(func(d *C.seqd_dataset) error {
			e := newError()
			return check(C.seqd_attribution_create(c, d, C.int64_t(series), C.int32_t(output), C.int32_t(points), &made,
				e), e)
		})
	}); err != nil {
		return nil, err
	}
	defer C.seqd_attribution_release(made)
	s := C.seqd_attribution_summary{struct_size: C.uint32_t(unsafe.Sizeof(C.seqd_attribution_summary{}))}
	e := newError()
	if err := check(C.seqd_attribution_summarize(made, &s, e), e); err != nil {
		return nil, err
	}
	a := &Attribution{Output: int(s.output), Value: float64(s.value), Baseline: float64(s.baseline),
		Gap: float64(s.gap), FirstStep: int(C.seqd_attribution_first_step(made)), Parts: map[string][]float64{}}
	for i := C.int32_t(0); i < C.seqd_attribution_feature_count(made); i++ {
		values := make([]float64, C.seqd_attribution_step_count(made))
		if err := check(C.seqd_attribution_values(made, i, doubles(values), e), e); err != nil {
			return nil, err
		}
		name := C.GoString(C.seqd_attribution_feature_name(made, i))
		a.Features, a.Parts[name] = append(a.Features, name), values
	}
	return a, nil
}

// Attention is where an encoder-decoder looked for its forecast of one series: weights[head][step][step of history].
func (m *Model) Attention(data *Dataset, series int) (weights [][][]float32, err error) {
	err = data.use(func(d *C.seqd_dataset) error {
		var heads, horizon, context C.int32_t
		if err := m.use(func(c *C.seqd_model) error {
			e := newError()
			return check(C.seqd_model_attention_shape(c, &heads, &horizon, &context, e), e)
		}); err != nil {
			return err
		}
		values, width := make([]float32, int(heads)*int(horizon)*int(context)), int(context)
		if err := m.predict(func(p *C.seqd_predictor) error {
			e := newError()
			return check(C.seqd_predictor_attention(p, d, C.int64_t(series), (*C.float)(unsafe.SliceData(values)),
				C.int64_t(len(values)), e), e)
		}); err != nil {
			return err
		}
		for h := 0; h < int(heads); h++ {
			var head [][]float32
			for k := 0; k < int(horizon); k++ {
				head, values = append(head, values[:width:width]), values[width:]
			}
			weights = append(weights, head)
		}
		return nil
	})
	return weights, err
}
