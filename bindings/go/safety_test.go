// SPDX-License-Identifier: Apache-2.0

package seqdemand

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestErrorsTellThePlace(t *testing.T) {
	l := library(t)
	_, err := l.Read(strings.NewReader("unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\n"), quick)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, StatusData) || errors.Is(err, StatusIO) || e.Line != 3 || e.Column != 3 {
		t.Error(err)
	}
	if StatusData.String() != "SEQD_E_DATA" || StatusData.Error() == "" {
		t.Error(StatusData)
	}
	if _, err := l.ReadFile("none.csv", quick); !errors.Is(err, StatusIO) {
		t.Error(err)
	}
	if _, err := l.ReadFile(sales, Options{"hiden_size": 3}); !errors.Is(err, StatusOption) ||
		!strings.Contains(err.Error(), "hidden_size") {
		t.Error(err)
	}
	broken := io.MultiReader(strings.NewReader("unique_id"), failing{})
	if _, err := l.Read(broken, quick); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	small := library(t, WithLimit("memory", 1<<16))
	if _, err := small.ReadFile(sales, quick); !errors.Is(err, StatusLimit) {
		t.Error(err)
	}
	if _, err := New(WithKernels("none")); err == nil {
		t.Error("kernels of no name")
	}
	options, err := l.LoadOptions("../../examples/retail.conf")
	if err != nil || len(options) == 0 {
		t.Error(options, err)
	}
	if all := Describe(); len(all) < 50 || all[0].Name == "" || all[0].Help == "" {
		t.Error(all)
	}
}

func TestClosedIsClosed(t *testing.T) {
	l := library(t, WithThreads(2))
	data, model := trained(t, l)
	forecast, err := model.Forecast(data)
	if err != nil {
		t.Fatal(err)
	}
	// In any order: what was made keeps what it needs.
	l.Close()
	model.Close()
	if mean, err := forecast.Mean(0); err != nil || len(mean) != 14 || data.Len() != 600 {
		t.Error(err)
	}
	forecast.Close()
	data.Close()
	data.Close()
	_, err1 := model.Forecast(data)
	_, err2 := forecast.Mean(0)
	_, err3 := data.Before(3)
	_, err4 := l.Load("m.seqd")
	_, err5 := (*Model)(nil).Options()
	for _, err := range []error{err1, err2, err3, err4, err5, model.Save("m.seqd")} {
		if !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
	if data.Len() != 0 || data.Find("a") != -1 || forecast.ID(0) != "" || model.Horizon() != 0 {
		t.Error("closed values tell something")
	}
}

// Close may come while other goroutines are at it: they get a forecast or ErrClosed.
func TestCloseUnderWay(t *testing.T) {
	l := library(t)
	data, model := trained(t, l)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				forecast, err := model.Forecast(data)
				if errors.Is(err, ErrClosed) {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
				forecast.Close()
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	data.Close()
	model.Close()
	group.Wait()
	if held := l.MemoryInUse(); held != 0 {
		t.Error("bytes held:", held)
	}
}

func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, digit := range strings.Fields(string(text))[1] {
		pages = 10*pages + int(digit-'0')
	}
	return pages * os.Getpagesize()
}

// Every kind of value, thousands of times: bytes held by the library go back to 0, and the process does not grow.
func TestNothingIsLeaked(t *testing.T) {
	keeper := library(t)
	data, model := trained(t, keeper)
	bytes, err := model.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	few, err := data.Before(360)
	if err != nil {
		t.Fatal(err)
	}
	text := "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\n"
	round := func() {
		l, err := New(WithThreads(2), WithLog(LogInfo, func(LogLevel, string) {}))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err1 := l.LoadBytes(bytes)
		small, err2 := l.Read(strings.NewReader(text), quick)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		forecast, err1 := loaded.Forecast(small)
		stream, err2 := loaded.Stream(small)
		_, err3 := loaded.Options()
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		if _, err := l.Read(strings.NewReader("x"), quick); err == nil {
			t.Fatal("not a table")
		}
		if l.MemoryInUse() == 0 {
			t.Fatal("nothing is counted")
		}
		for _, value := range []io.Closer{forecast, stream, small, loaded} {
			value.Close()
		}
		if held := l.MemoryInUse(); held != 0 {
			t.Fatal("bytes held:", held)
		}
		l.Close()
	}
	for i := 0; i < 300; i++ {
		round()
	}
	runtime.GC()
	before := resident(t)
	for i := 0; i < 3000; i++ {
		round()
	}
	runtime.GC()
	if grown := resident(t) - before; grown > 16<<20 {
		t.Error("the process has grown by bytes:", grown)
	} else {
		t.Log("grown by bytes:", grown)
	}
	if len(logs.values) != 0 || len(watchers.values) != 0 {
		t.Error("Go values kept for C:", len(logs.values), len(watchers.values))
	}
	few.Close()
}

// What nobody closed is released by the garbage collector.
func TestForgottenValuesAreCollected(t *testing.T) {
	l := library(t)
	func() {
		data, model := trained(t, l)
		answers(t, model, data)
	}()
	if l.MemoryInUse() == 0 {
		t.Error("nothing was held")
	}
	for i := 0; i < 100 && l.MemoryInUse() != 0; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if held := l.MemoryInUse(); held != 0 {
		t.Error("bytes held:", held)
	}
}
