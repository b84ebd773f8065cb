// SPDX-License-Identifier: Apache-2.0

package seqdemand

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var endless = Options{"freq": "D", "horizon": 14, "max_steps": 1000000, "hidden_size": 16, "context_length": 28}

func TestContextCancelsTraining(t *testing.T) {
	l := library(t)
	data, err := l.ReadFile(sales, quick)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var last int64
	var summary TrainingSummary
	model, err := l.Train(ctx, data, endless, SummaryTo(&summary), OnProgress(func(p Progress) {
		last = p.Step
		if p.Step == 7 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) || model == nil || last != 7 || summary.Steps != 7 {
		t.Fatal(err, model, last, summary)
	}
	if got := answers(t, model, data); len(got) != 600*14 || slices.ContainsFunc(got, func(x float64) bool {
		return math.IsNaN(x)
	}) {
		t.Error("the weights so far do not forecast")
	}
	if model, err := l.Train(ctx, data, endless); model != nil || !errors.Is(err, context.Canceled) {
		t.Error("a run began under a cancelled context")
	}
	soon, end := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer end()
	if _, err := l.Train(soon, data, endless); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := model.ForecastContext(ctx, data); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Each run of a library is watched by its own context: one is stopped, another is not, and nor is a forecast meanwhile.
func TestRunsAtTheSameTimeAreStoppedByTheirOwnContext(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	expected := answers(t, model, data)
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan bool, 1)
	var group sync.WaitGroup
	group.Add(2)
	go func() {
		defer group.Done()
		_, err := l.Train(ctx, data, endless, OnProgress(func(p Progress) {
			if p.Step == 1 {
				started <- true
			}
		}))
		if !errors.Is(err, context.Canceled) {
			t.Error("the run that was stopped:", err)
		}
	}()
	go func() {
		defer group.Done()
		<-started
		again, err := l.Train(context.Background(), data, quick, OnProgress(func(Progress) {}))
		if err != nil || !slices.Equal(answers(t, again, data), expected) {
			t.Error("the run that was not:", err)
		}
		cancel()
	}()
	group.Wait()
}

func TestAPanicOfTheReportComesThrough(t *testing.T) {
	l := library(t)
	data, _ := trained(t, l)
	defer func() {
		if recover() != "mine" {
			t.Error("not the panic of the report")
		}
		if _, err := l.Train(context.Background(), data, quick); err != nil {
			t.Error("after it:", err)
		}
	}()
	l.Train(context.Background(), data, endless, OnProgress(func(Progress) { panic("mine") }))
}

func TestTrainerGoesOnFromACheckpoint(t *testing.T) {
	l := library(t)
	data, whole := trained(t, l)
	model, err := l.Create(data, quick)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := model.Trainer(data, quick)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.Trainer(data, quick); !errors.Is(err, StatusBusy) {
		t.Error("two trainers of one model:", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "run.seqd")
	err = trainer.Run(ctx, OnProgress(func(p Progress) {
		if p.Step == 6 {
			if err := trainer.Save(file); err != nil {
				t.Error(err)
			}
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	trainer.Close()
	again, err := l.Resume(file, data)
	if err != nil {
		t.Fatal(err)
	}
	var summary TrainingSummary
	if err := again.Run(context.Background(), SummaryTo(&summary)); err != nil || summary.Steps != 15 {
		t.Fatal(err, summary)
	}
	again.Close()
	if !slices.Equal(answers(t, again.Model(), data), answers(t, whole, data)) {
		t.Error("not the model of the run that was not interrupted")
	}
	newer, err := l.Update(file, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if loss, err := newer.Step(3); err != nil || math.IsNaN(loss) || loss == 0 {
		t.Error(loss, err)
	}
	newer.Close()
}

func TestModelsAreSavedCombinedAndAdapted(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	expected := answers(t, model, data)
	file := filepath.Join(t.TempDir(), "m.seqd")
	bytes, err := model.Bytes()
	if err != nil || model.Save(file) != nil {
		t.Fatal(err)
	}
	for _, load := range []func() (*Model, error){
		func() (*Model, error) { return l.Load(file) },
		func() (*Model, error) { return l.LoadBytes(bytes) },
		func() (*Model, error) { return model.Adapt(data, nil) },
	} {
		if same, err := load(); err != nil || !slices.Equal(answers(t, same, data), expected) {
			t.Error("another model:", err)
		}
	}
	bytes[len(bytes)/2]++
	if _, err := l.LoadBytes(bytes); !errors.Is(err, StatusFormat) {
		t.Error("a damaged file:", err)
	}
	settings, err := model.Options()
	if err != nil || settings["horizon"] != "14" || settings["hidden_size"] != "16" {
		t.Error(settings, err)
	}
	card := model.Card()
	if len(card) < 5 || card[0].Key == "" || card[0].Value == "" {
		t.Error(card)
	}
	parameters, err := model.Parameters()
	if err != nil || parameters[0].Name == "" {
		t.Fatal(err)
	}
	for _, p := range parameters {
		if p.Name == "rnn.weight_hh_l0" {
			values, err := model.Weights(p)
			if err != nil || len(values) != p.Shape[0]*p.Shape[1] || p.Shape[1] != 16 || model.SetWeights(p.Name, values) != nil {
				t.Error(p, err)
			}
		}
	}
	two, err := l.Train(context.Background(), data, quick.With(Options{"ensemble_size": 2}))
	if err != nil {
		t.Fatal(err)
	}
	members, err := two.Members()
	if err != nil || len(members) != 2 || !slices.Equal(answers(t, members[0], data), expected) {
		t.Fatal("members:", len(members), err)
	}
	combined, err := Combine("mean", members...)
	if err != nil || !slices.Equal(answers(t, combined, data), answers(t, two, data)) {
		t.Error("another ensemble:", err)
	}
	var lines []string
	logging := library(t, WithLog(LogDebug, func(_ LogLevel, line string) { lines = append(lines, line) }))
	some, err := logging.ReadFile(sales, quick)
	if err == nil {
		_, err = logging.Train(context.Background(), some, quick)
	}
	if err != nil || len(lines) == 0 || strings.Contains(strings.Join(lines, ""), "\n") {
		t.Error("log:", lines, err)
	}
}
