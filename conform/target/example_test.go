// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"fmt"

	"github.com/d204ef64/fob/conform/target"
)

func ExampleParse() {
	_, err := target.Parse([]byte("name: bank\ncheck: {command: {argv: [check-code], stdin: '{{code}}'}}\n"), target.Options{})
	fmt.Println(err)
	// Output: invalid target: import and check are required
}
