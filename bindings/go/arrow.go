// SPDX-License-Identifier: Apache-2.0

package seqdemand

/*
#include <seqdemand/seqdemand.h>
*/
import "C"

import "unsafe"

// FromArrow makes a dataset of an Arrow C stream: a pointer to a struct ArrowArrayStream, such as
// cdata.ExportRecordReader of arrow-go fills in. The stream is read and released, whatever the answer.
func (l *Library) FromArrow(stream unsafe.Pointer, settings Options) (*Dataset, error) {
	var made *C.seqd_dataset
	if err := l.withOptions(settings, func(context *C.seqd_context, options *C.seqd_options) error {
		e := newError()
		return check(C.seqd_dataset_from_arrow(context, options, (*C.struct_ArrowArrayStream)(stream), &made, e), e)
	}); err != nil {
		return nil, err
	}
	return l.dataset(made), nil
}

// ToArrow fills in a struct ArrowArrayStream, in memory of C, with a row for each series and step: unique_id, ds, mean,
// and a column for each level. The caller releases the stream. data, from which the forecast was made, knows the dates.
func (f *Forecast) ToArrow(data *Dataset, stream unsafe.Pointer, levels ...float64) error {
	return f.use(func(c *C.seqd_forecast) error {
		return data.use(func(d *C.seqd_dataset) error {
			e := newError()
			return check(C.seqd_forecast_to_arrow(c, d, doubles(levels), C.int32_t(len(levels)),
				(*C.struct_ArrowArrayStream)(stream), e), e)
		})
	})
}

// ToArrow fills in a struct ArrowArrayStream, in memory of C, with a row for each row and answer of the prediction. The
// caller releases the stream.
func (p *Prediction) ToArrow(stream unsafe.Pointer) error {
	return p.use(func(c *C.seqd_prediction) error {
		e := newError()
		return check(C.seqd_prediction_to_arrow(c, (*C.struct_ArrowArrayStream)(stream), e), e)
	})
}
