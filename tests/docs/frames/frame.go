// SPDX-License-Identifier: Apache-2.0

// What Go blocks of the pages are put into. See tests/docs/blocks.py. `go vet` is not asked: a page leaves out the checks
// of err between its lines; the last one is looked at here.
package main

import (
	"context"
	"fmt"
	"os"

	"seqdemand"
)

func main() {
	ctx := context.Background()
	if err := page(ctx); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func page(ctx context.Context) error {
{{block}}
	fmt.Println(order)
	return err
}
