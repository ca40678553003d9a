// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"fmt"

	"github.com/d204ef64/fob/token"
)

// The common case: a seed, a profile and the time give a code.
func Example() {
	seed, err := token.ParseSeed("3132 3334 3536 3738 3930 3132 3334 3536 3738 3930")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer seed.Destroy()
	p, err := token.ProfileByName("always-on-6")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := p.Code(seed, p.StepAt(1234567890))
	fmt.Println(seed, code, err)
	// Output: [seed redacted] 713351 <nil>
}

// Firmware keeps the key in its own array.
func ExampleAppendCode() {
	key := [20]byte([]byte("12345678901234567890"))
	var digits [8]byte
	step := token.Profile{Step: 60}.StepAt(1234567890)
	fmt.Printf("%s\n", token.AppendCode(digits[:0], key[:], token.SHA1, 8, step))
	// Output: 55713351
}

// A server searches a window around the expected time step.
func ExampleProfile_Coder() {
	seed, _ := token.NewSeed([]byte("12345678901234567890"))
	p := token.Profiles()[0]
	code, err := p.Coder(seed)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := p.StepAt(1234567890)
	var buf [token.MaxDigits]byte
	for step := now - 2; step <= now+2; step++ {
		if token.Code(code(buf[:0], step)).Equal("713351") {
			fmt.Println("drift", step-now)
		}
	}
	// Output: drift 0
}

func ExampleTestSerial() {
	for _, kind := range []token.SerialKind{token.SerialOATH, token.SerialVendor13, token.SerialVendor9, token.SerialOther} {
		s, err := token.TestSerial(kind, 42)
		fmt.Println(s, s.Kind(), s.Reserved(), err)
	}
	// Output:
	// ZZFB0000002A oath true <nil>
	// 9999000000042 vendor13 true <nil>
	// 999000042 vendor9 true <nil>
	// FOB-000000000000002A other true <nil>
}

func ExampleParseExpiry() {
	e, err := token.ParseExpiry("11/30/31")
	fmt.Println(e, e.BackLabel(), e.Ends(token.Tokyo()), err)
	_, err = token.ParseExpiry("2027-02-29")
	fmt.Println(err)
	// Output:
	// 2031-11-30 11/30/31 2031-12-01 00:00:00 +0900 JST <nil>
	// expiry date 2027-02-29 does not exist: February 2027 has 28 days
}
