// SPDX-License-Identifier: Apache-2.0

package seqdemand_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"seqdemand"
)

// Two articles that sell the more the later in the week it is.
func table() string {
	var rows strings.Builder
	rows.WriteString("unique_id,ds,y\n")
	for day := 0; day < 84; day++ {
		for _, id := range []string{"cup", "pot"} {
			fmt.Fprintf(&rows, "%s,%d,%d\n", id, day, day%7+1)
		}
	}
	return rows.String()
}

func Example() {
	lib, err := seqdemand.New(seqdemand.WithThreads(0))
	if err != nil {
		panic(err)
	}
	defer lib.Close()
	options := seqdemand.Options{"freq": "int", "season_length": 7, "horizon": 7, "context_length": 21, "hidden_size": 16,
		"max_steps": 150}
	sales, err := lib.Read(strings.NewReader(table()), options)
	if err != nil {
		panic(err)
	}
	model, err := lib.Train(context.Background(), sales, options)
	if err != nil {
		panic(err)
	}
	forecast, err := model.Forecast(sales)
	if err != nil {
		panic(err)
	}
	mean, err := forecast.Mean(sales.Find("cup"))
	if err != nil {
		panic(err)
	}
	fmt.Println(len(mean), "steps, rising:", mean[0] < mean[3] && mean[3] < mean[6])
	// Output: 7 steps, rising: true
}

func ExampleForecast_Reorder() {
	lib, _ := seqdemand.New()
	options := seqdemand.Options{"freq": "int", "season_length": 7, "horizon": 7}
	sales, _ := lib.Read(strings.NewReader(table()), options)
	forecast, _ := sales.Baseline("seasonal_naive", options)
	order, err := forecast.Reorder(sales.Find("pot"), seqdemand.Stock{OnHand: 3, LeadTime: 2, ReviewPeriod: 5,
		ServiceLevel: 0.95, PackSize: 6}, 0, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(order.Alert, order.StockoutStep, order.OrderQuantity)
	// Output: true 2 30
}

func ExampleStatus() {
	lib, _ := seqdemand.New()
	_, err := lib.Read(strings.NewReader("unique_id,ds,y\ncup,2024-01-01,many\n"), nil)
	var place *seqdemand.Error
	if errors.Is(err, seqdemand.StatusData) && errors.As(err, &place) {
		fmt.Println("line", place.Line, "column", place.Column)
	}
	// Output: line 2 column 3
}

func ExampleLibrary_Train_cancel() {
	lib, _ := seqdemand.New()
	options := seqdemand.Options{"freq": "int", "horizon": 7, "max_steps": 1000000, "context_length": 21}
	sales, _ := lib.Read(strings.NewReader(table()), options)
	ctx, cancel := context.WithCancel(context.Background())
	model, err := lib.Train(ctx, sales, options, seqdemand.OnProgress(func(p seqdemand.Progress) {
		if p.Step == 5 {
			cancel()
		}
	}))
	fmt.Println(err, model.Horizon())
	// Output: context canceled 7
}
