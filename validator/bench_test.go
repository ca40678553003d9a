// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/d204ef64/fob/validator"
)

// BenchmarkCheck measures one check with the default settings: 24 codes.
func BenchmarkCheck(b *testing.B) {
	s, tok := validator.DefaultSettings(), rfcToken(b)
	code := codeOf(b, 100)
	b.ReportAllocs()
	for b.Loop() {
		if d, _ := validator.Check(s, tok, validator.State{}, at(100, 0), code); d.Answer != validator.Accepted {
			b.Fatal(d)
		}
	}
}

// BenchmarkResync measures one correction at the back office: 1,442 codes.
func BenchmarkResync(b *testing.B) {
	s, tok := validator.DefaultSettings(), rfcToken(b)
	first, second := codeOf(b, 1000), codeOf(b, 1001)
	b.ReportAllocs()
	for b.Loop() {
		d, _ := validator.Resync(s, tok, validator.State{}, at(1001, 0), first, second)
		if d.Answer != validator.Corrected {
			b.Fatal(d)
		}
	}
}
