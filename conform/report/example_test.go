// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/report"
)

func ExampleExpected_Differences() {
	expected, err := report.ParseExpected([]byte("target: bank 1.0\nfails: {C07: a wide window}\n"))
	if err != nil {
		panic(err)
	}
	r := &conform.Report{Results: []conform.Result{{ID: "C07", Outcome: conform.Pass, Detail: "refused"}}}
	for _, d := range expected.Differences(r) {
		fmt.Println(d)
	}
	// Output: C07 is PASS, and is expected to fail (a wide window): refused
}
