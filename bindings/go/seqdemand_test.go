// SPDX-License-Identifier: Apache-2.0

package seqdemand

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const sales = "../../examples/data/sales.csv.gz"

var quick = Options{"freq": "D", "horizon": 14, "max_steps": 15, "hidden_size": []int{16}, "context_length": 28}

func library(t *testing.T, settings ...Setting) *Library {
	t.Helper()
	l, err := New(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func trained(t *testing.T, l *Library) (*Dataset, *Model) {
	t.Helper()
	data, err := l.ReadFile(sales, quick)
	if err != nil {
		t.Fatal(err)
	}
	model, err := l.Train(context.Background(), data, quick)
	if err != nil {
		t.Fatal(err)
	}
	return data, model
}

func answers(t *testing.T, m *Model, d *Dataset) []float64 {
	forecast, err := m.Forecast(d)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer forecast.Close()
	var all []float64
	for i := 0; i < forecast.Len(); i++ {
		mean, err := forecast.Mean(i)
		if err != nil {
			t.Error(err)
		}
		all = append(all, mean...)
	}
	return all
}

func TestSameForecastAsTheCommandLineProgram(t *testing.T) {
	cli := os.Getenv("SEQDEMAND_CLI")
	if cli == "" {
		t.Fatal("SEQDEMAND_CLI must name the command line program")
	}
	folder := t.TempDir()
	file, out := filepath.Join(folder, "m.seqd"), filepath.Join(folder, "f.csv")
	for _, words := range [][]string{
		{"train", "--data", sales, "--freq", "D", "--horizon", "14", "--set", "max_steps=15", "--set", "hidden_size=16",
			"--set", "context_length=28", "--out", file},
		{"forecast", "--model", file, "--data", sales, "--quantiles", "0.9", "--out", out},
	} {
		if text, err := exec.Command(cli, words...).CombinedOutput(); err != nil {
			t.Fatal(err, string(text))
		}
	}
	opened, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	rows, err := csv.NewReader(opened).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	l := library(t)
	data, model := trained(t, l)
	forecast, err := model.Forecast(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+14*forecast.Len() || strings.Join(rows[0], ",") != "unique_id,ds,mean,q0.9" {
		t.Fatal("rows:", len(rows), rows[0])
	}
	at := 1
	for i := 0; i < forecast.Len(); i++ {
		mean, _ := forecast.Mean(i)
		high, _ := forecast.Quantile(i, 0.9)
		for h := range mean {
			date, _ := data.Date(i, data.Length(i)+h)
			row := rows[at]
			m, _ := strconv.ParseFloat(row[2], 32)
			q, _ := strconv.ParseFloat(row[3], 32)
			if row[0] != forecast.ID(i) || row[1] != date || float32(m) != float32(mean[h]) || float32(q) != float32(high[h]) {
				t.Fatalf("row %d: %v, not %s %s %v %v", at, row, forecast.ID(i), date, mean[h], high[h])
			}
			at++
		}
	}
	loaded, err := l.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(answers(t, loaded, data), answers(t, model, data)) {
		t.Error("the loaded model tells something else")
	}
}

func TestManyGoroutinesPredictTheSame(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	expected := answers(t, model, data)
	var group sync.WaitGroup
	for i := 0; i < 32; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := 0; n < 3; n++ {
				if !slices.Equal(answers(t, model, data), expected) {
					t.Error("another forecast")
				}
			}
		}()
	}
	group.Wait()
	if kept := len(model.idle); kept < 1 || kept > runtime.GOMAXPROCS(0) {
		t.Error("predictors kept:", kept)
	}
}

func TestReaderAndFileAreTheSame(t *testing.T) {
	l := library(t)
	raw, err := os.Open(sales)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	unpacked, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	one, err := l.Read(unpacked, quick)
	if err != nil {
		t.Fatal(err)
	}
	two, err := l.ReadFile(sales, quick)
	if err != nil {
		t.Fatal(err)
	}
	if one.Len() != 600 || one.Len() != two.Len() || one.Find(two.ID(7)) != 7 || one.Find("none") != -1 {
		t.Error("other series")
	}
	a, _ := one.Values(7)
	b, _ := two.Values(7)
	if !slices.Equal(a, b) || len(a) == 0 {
		t.Error("other values")
	}
}

func TestReorderFromPaths(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	forecast, err := model.Forecast(data)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := forecast.Paths(3, 400, 5)
	if err != nil {
		t.Fatal(err)
	}
	var totals []float64
	for _, path := range paths {
		sum := 0.0
		for _, x := range path[:10] {
			sum += x
		}
		totals = append(totals, sum)
	}
	slices.Sort(totals)
	answer, err := forecast.Reorder(3, Stock{OnHand: 2, LeadTime: 7, ReviewPeriod: 3, ServiceLevel: 0.9}, 400, 5)
	if err != nil {
		t.Fatal(err)
	}
	if up := totals[359]; answer.OrderUpTo != up || answer.OrderQuantity != math.Max(0, up-2) {
		t.Error(answer, up)
	}
	if own, err := l.ReorderFromPaths(paths, Stock{OnHand: 2, LeadTime: 7, ReviewPeriod: 3,
		ServiceLevel: 0.9}); err != nil || own != answer {
		t.Error(own, answer, err)
	}
	if _, err := forecast.Reorder(3, Stock{LeadTime: 14, ReviewPeriod: 1, ServiceLevel: 0.9}, 0, 1); err == nil {
		t.Error("beyond the horizon, and no error")
	}
}
