// SPDX-License-Identifier: Apache-2.0

// Command openapi writes the description of the HTTP interface to a fleet.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/d204ef64/fob/fleet/control"
)

func main() {
	out := flag.String("out", "openapi.json", "the file to write")
	flag.Parse()
	b, err := control.OpenAPI()
	if err == nil {
		err = os.WriteFile(*out, b, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}
