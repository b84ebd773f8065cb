// SPDX-License-Identifier: Apache-2.0

package seqdemand

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestColumnsInMemory(t *testing.T) {
	l := library(t)
	var id, ds []string
	var when []time.Time
	var y []float64
	for day := 0; day < 90; day++ {
		for _, name := range []string{"a", "b"} {
			at := time.Date(2024, 1, 1+day, 0, 0, 0, 0, time.UTC)
			id, ds, when, y = append(id, name), append(ds, at.Format("2006-01-02")), append(when, at), append(y, float64(day%7))
		}
	}
	y[3] = math.NaN()
	for _, dates := range []any{ds, when} {
		data, err := l.FromColumns(Columns{"unique_id": id, "ds": dates, "y": y}, Options{"freq": "D"})
		if err != nil {
			t.Fatal(err)
		}
		values, err := data.Values(0)
		date, _ := data.Date(1, 90)
		if err != nil || data.Len() != 2 || data.Length(0) != 90 || values[8] != 1 || date != "2024-03-31" ||
			data.Frequency() != "D" || data.Season() != 7 {
			t.Error(err, data.Len(), values, date)
		}
		summary, err := data.Summary()
		if err != nil || summary.Rows != 180 || summary.Missing != 1 {
			t.Error(summary, err)
		}
		past, err := data.Before(10)
		if err != nil || past.Length(0) != 80 {
			t.Error(err)
		}
	}
	if _, err := l.FromColumns(Columns{"y": []bool{true}}, nil); err == nil {
		t.Error("a column of bools")
	}
}

func TestStreamGoesOn(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	forecast, err := model.Forecast(data)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := model.Stream(data)
	if err != nil {
		t.Fatal(err)
	}
	expected, _ := forecast.Mean(forecast.Find(data.ID(7)))
	mean, quantiles, err := stream.Forecast(7, []float64{0.5, 0.9}, nil)
	if err != nil || len(mean) != 14 || len(quantiles) != 2 || stream.ID(7) != data.ID(7) {
		t.Fatal(err)
	}
	for h := range mean {
		if math.Abs(mean[h]-expected[h]) > 1e-4*(1+math.Abs(expected[h])) || quantiles[0][h] > quantiles[1][h] {
			t.Error(h, mean[h], expected[h])
		}
	}
	if err := stream.Push(7, Step{Y: 1000}); err != nil || stream.Length(7) != data.Length(7)+1 {
		t.Error(err)
	}
	after, _, err := stream.Forecast(7, nil, nil)
	if err != nil || slices.Equal(after, mean) {
		t.Error("a sale of 1000 changes nothing:", err)
	}
	steps := make([]Step, stream.Len())
	for i := range steps {
		steps[i].Y = math.NaN()
	}
	if err := stream.PushAll(steps); err != nil || stream.Length(7) != data.Length(7)+2 {
		t.Error(err)
	}
	all, err := stream.ForecastAll(nil)
	if err != nil || all.Len() != 600 {
		t.Fatal(err)
	}
	one, _, _ := stream.Forecast(7, nil, nil)
	if many, _ := all.Mean(7); !slices.Equal(one, many) {
		t.Error(one, many)
	}
}

func TestBacktestAndEvaluation(t *testing.T) {
	l := library(t)
	data, err := l.ReadFile(sales, quick)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := data.Backtest(context.Background(), []string{"lstm", "seasonal_naive"}, quick.With(Options{"windows": 1}))
	if err != nil || len(rows) != 2 || rows[1].Model != "seasonal_naive" || rows[0].FitSeconds <= 0 || rows[1].WAPE <= 0 {
		t.Fatal(rows, err)
	}
	// The yardstick by hand: the forecast of what was known 14 days ago, and what then happened.
	past, err := data.Before(14)
	if err != nil {
		t.Fatal(err)
	}
	naive, err := past.Baseline("seasonal_naive", quick)
	if err != nil {
		t.Fatal(err)
	}
	levels := []float64{0.1, 0.5, 0.9}
	evaluation, err := l.Evaluation(7, levels...)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < past.Len(); i++ {
		history, _ := past.Values(i)
		all, _ := data.Values(data.Find(past.ID(i)))
		mean, _ := naive.Mean(i)
		var quantiles [][]float64
		for _, level := range levels {
			row, _ := naive.Quantile(i, level)
			quantiles = append(quantiles, row)
		}
		if err := evaluation.Add(history, all[len(history):], mean, quantiles[1], quantiles); err != nil {
			t.Fatal(i, len(all), len(history), err)
		}
	}
	metrics, err := evaluation.Result()
	if err != nil || math.Abs(metrics.WAPE-rows[1].WAPE) > 1e-12 || math.Abs(metrics.Bias-rows[1].Bias) > 1e-12 {
		t.Error(metrics, rows[1], err)
	}
}

// events: after each "cart" comes "buy".
func events(t *testing.T, l *Library, settings Options) *Dataset {
	t.Helper()
	var user, what []string
	var when []int64
	for u := 0; u < 60; u++ {
		for i := 0; i < 12; i++ {
			word := "view"
			if (u+i)%4 == 1 {
				word = "cart"
			} else if (u+i)%4 == 2 {
				word = "buy"
			}
			user, what, when = append(user, fmt.Sprintf("u%02d", u)), append(what, word), append(when, int64(1700000000+60*i))
		}
	}
	data, err := l.FromColumns(Columns{"user": user, "time": when, "what": what}, settings)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEventsAreClassified(t *testing.T) {
	l := library(t)
	settings := Options{"task": "classify", "label": "next_event", "id_column": "user", "time_column": "time",
		"event_column": "what", "max_steps": 150, "hidden_size": 16, "learning_rate": 0.01}
	data := events(t, l, settings)
	learn, held, err := data.Split("user", 0.7, 1)
	if err != nil || learn.Len() != 42 || held.Len() != 18 || len(learn.Classes()) != 3 {
		t.Fatal(err)
	}
	model, err := l.Train(context.Background(), learn, settings)
	if err != nil {
		t.Fatal(err)
	}
	prediction, err := model.Answer(context.Background(), held, AnswerEvery)
	if err != nil || prediction.Len() != 18*11 || prediction.Answers() != 1 {
		t.Fatal(err)
	}
	classes := prediction.Classes()
	right := 0
	for row := 0; row < prediction.Len(); row++ {
		scores, err := prediction.Scores(row)
		told, err2 := prediction.Told(row)
		labels, err3 := prediction.Labels(row)
		sum := 0.0
		for _, p := range scores[0] {
			sum += p
		}
		if err != nil || err2 != nil || err3 != nil || len(scores[0]) != len(classes) || math.Abs(sum-1) > 1e-5 {
			t.Fatal(scores, err, err2, err3)
		}
		if float64(told[0]) == labels[0] {
			right++
		}
	}
	metrics, err := prediction.Evaluate()
	if err != nil || metrics.Count != prediction.Len() || metrics.Accuracy < 0.9 ||
		math.Abs(metrics.Accuracy-float64(right)/float64(metrics.Count)) > 1e-12 {
		t.Error(metrics, right, err)
	}
	counts, err := prediction.Confusion()
	buy := slices.Index(classes, "buy")
	class, err2 := prediction.EvaluateClass(buy)
	if err != nil || err2 != nil || int(counts[buy][buy]) != class.Right || class.Count == 0 {
		t.Error(counts, class, err, err2)
	}
	yardstick, err := held.BaselineAnswer(learn, AnswerEvery)
	if err != nil {
		t.Fatal(err)
	}
	if simple, err := yardstick.Evaluate(); err != nil || simple.Accuracy >= metrics.Accuracy {
		t.Error(simple, err)
	}
	if prediction.ID(0) == "" || prediction.Event(1) != 1 || prediction.Threshold() != 0 {
		t.Error("ids, events, threshold")
	}
	folds, err := data.CrossValidate(context.Background(), settings.With(Options{"folds": 2, "max_steps": 20}))
	if err != nil || len(folds) != 2 || folds[0].Count == 0 {
		t.Error(folds, err)
	}
	rest, fold, err := data.Fold(5, 2, 1)
	if err != nil || rest.Len()+fold.Len() != 60 {
		t.Error(err)
	}
}

func TestEventsAreCounted(t *testing.T) {
	l := library(t)
	settings := Options{"task": "regress", "label": "count", "label_events": []string{"buy"}, "label_window": 240,
		"id_column": "user", "time_column": "time", "event_column": "what", "max_steps": 30, "hidden_size": 8, "freq": "int"}
	data := events(t, l, settings)
	model, err := l.Train(context.Background(), data, settings)
	if err != nil {
		t.Fatal(err)
	}
	prediction, err := model.Answer(context.Background(), data, AnswerEnd)
	if err != nil || prediction.Len() != 60 || len(prediction.Classes()) != 0 {
		t.Fatal(err)
	}
	if scores, err := prediction.Scores(0); err != nil || len(scores) != 1 || len(scores[0]) != 1 {
		t.Error(scores, err)
	}
}

func TestWhyAndWhatElse(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	rows, loss, err := model.Importance(context.Background(), data, 2, 1)
	if err != nil || len(rows) == 0 || rows[0].Feature == "" || math.IsNaN(loss) {
		t.Fatal(rows, loss, err)
	}
	why, err := model.Attribute(data, 3, -1, 16)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, name := range why.Features {
		for _, part := range why.Parts[name] {
			sum += part
		}
	}
	if math.Abs(sum-(why.Value-why.Baseline)-why.Gap) > 1e-6 {
		t.Error(sum, why.Value, why.Baseline, why.Gap)
	}
	encdec, err := l.Train(context.Background(), data, Options{"freq": "D", "model": "encdec", "attention": "additive",
		"horizon": 7, "context_length": 21, "hidden_size": 8, "max_steps": 3})
	if err != nil {
		t.Fatal(err)
	}
	weights, err := encdec.Attention(data, 3)
	if err != nil || len(weights[0]) != 7 || len(weights[0][0]) != 21 {
		t.Fatal(err)
	}
	total := 0.0
	for _, w := range weights[0][6] {
		total += float64(w)
	}
	if math.Abs(total-1) > 1e-5 {
		t.Error(total)
	}
	file := filepath.Join(t.TempDir(), "search.csv")
	settings := quick.With(Options{"trials": 2, "windows": 1, "max_steps": 3})
	trials, err := data.Tune(context.Background(), map[string]string{"learning_rate": "1e-4:1e-2:log"}, settings, file)
	if err != nil || len(trials) != 2 || !(trials[0].Score <= trials[1].Score) || trials[0].Settings["learning_rate"] == nil {
		t.Fatal(trials, err)
	}
	again, err := data.Tune(context.Background(), map[string]string{"learning_rate": "1e-4:1e-2:log"}, settings, file)
	if err != nil || again[0].Score != trials[0].Score {
		t.Error("the state of the search:", again, err)
	}
}
