// SPDX-License-Identifier: Apache-2.0

// The example learns from a table of sales; prints a forecast as CSV, and when to reorder: the same bytes as
// examples/forecast_sales.c.
package main

import (
	"context"
	"fmt"
	"os"

	"seqdemand"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: example SALES.csv[.gz] ARTICLE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path, article string) error {
	lib, err := seqdemand.New()
	if err != nil {
		return err
	}
	defer lib.Close()
	options := seqdemand.Options{"freq": "D", "horizon": 14, "max_steps": 200}
	sales, err := lib.ReadFile(path, options)
	if err != nil {
		return err
	}
	defer sales.Close()
	model, err := lib.Train(context.Background(), sales, options)
	if err != nil {
		return err
	}
	defer model.Close()
	forecast, err := model.Forecast(sales)
	if err != nil {
		return err
	}
	defer forecast.Close()

	series := sales.Find(article)
	mean, err := forecast.Mean(series) // an unknown article ends here
	if err != nil {
		return err
	}
	high, err := forecast.Quantile(series, 0.9)
	if err != nil {
		return err
	}
	dates, err := sales.FutureDates(series, forecast.Horizon())
	if err != nil {
		return err
	}
	fmt.Println("unique_id,ds,mean,q0.9")
	for step, date := range dates {
		fmt.Printf("%s,%s,%.9g,%.9g\n", article, date, mean[step], high[step])
	}
	order, err := forecast.Reorder(series, seqdemand.Stock{OnHand: 40, LeadTime: 7, ReviewPeriod: 7, ServiceLevel: 0.95,
		PackSize: 12}, 0, 1)
	if err != nil {
		return err
	}
	fmt.Printf("reorder point %.9g, order now %.9g\n", order.ReorderPoint, order.OrderQuantity)
	return nil
}
