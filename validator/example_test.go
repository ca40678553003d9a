// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"fmt"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// A code is accepted once.
func ExampleCheck() {
	seed, err := token.NewSeed([]byte("12345678901234567890")) // RFC 4226 appendix D
	if err != nil {
		panic(err)
	}
	tok := validator.Token{
		Profile:   token.Profile{Step: 60, Digits: 6},
		Seed:      seed,
		Condition: validator.InUse,
	}
	settings, state := validator.DefaultSettings(), validator.State{}
	for range 2 {
		var d validator.Decision
		d, state = validator.Check(settings, tok, state, 59, "755224")
		fmt.Println(d.Answer, "-", d.Reason, "-", d.Rule)
	}
	// Output:
	// accepted - accepted - BK-01
	// refused - replayed - BK-02
}
