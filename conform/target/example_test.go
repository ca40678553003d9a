// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"fmt"

	"github.com/d204ef64/fob/conform/target"
)

func ExampleParse() {
	_, err := target.Parse([]byte("name: bank\nimports: {}\n"), target.Options{})
	fmt.Println(err)
	// Output: invalid target: line 2, column 1: unknown field imports: did you mean import? The fields are name, url, insecure_http, headers, secrets, declares, limits, setup, import, assign, check, check_other, resync, unlock, revoke, remove, status, clock, restart
}
