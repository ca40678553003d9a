// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"fmt"
	"time"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// newExample returns a world and a token in it that has a published seed.
func newExample() (*virtual.World, *virtual.Token) {
	world, err := virtual.NewWorld(virtual.Config{At: time.Unix(1111111109, 0), Seed: 1})
	if err != nil {
		panic(err)
	}
	model, err := virtual.ModelByName("button-6")
	if err != nil {
		panic(err)
	}
	serial, err := token.ParseSerial("2600124800001")
	if err != nil {
		panic(err)
	}
	expiry, err := token.NewExpiry(2009, 12, 31)
	if err != nil {
		panic(err)
	}
	fob := world.NewToken(model, virtual.Perfect(), virtual.Trim(3.8))
	err = fob.Program(serial, &serialproto.Payload{
		Seed:    []byte("12345678901234567890"), // the seed of RFC 4226 and RFC 6238
		Profile: model.Profile(),
		Expiry:  expiry,
		Ends:    expiry.EndsAt(token.TokyoOffset),
		Clock:   world.Now().Milli(),
	}, true)
	if err != nil {
		panic(err)
	}
	return world, fob
}

// A token with a button, in a world whose clock the test controls.
func Example() {
	world, fob := newExample()
	fmt.Printf("%q\n", fob.Display().Text)
	fob.Press()
	fmt.Printf("%q\n", fob.Display().Text)
	world.Advance(time.Minute)
	fmt.Printf("%q\n", fob.Display().Text)
	// Output:
	// "      "
	// "360094"
	// "      "
}

// After two years in a drawer the token is old, but the server's clock has not moved.
func ExampleToken_Age() {
	_, fob := newExample()
	fob.Age(2 * virtual.Year)
	r := fob.Display()
	_, expiry := fob.BackLabel()
	fmt.Println("ahead by", r.Error.Round(time.Second), "battery", fmt.Sprintf("%.0f %%", 100*r.Battery), "expires", expiry)
	// Output: ahead by 4m0s battery 79 % expires 2008-01-01
}

// A snapshot restores a token that the test has broken.
func ExampleToken_Restore() {
	world, fob := newExample()
	before := fob.Snapshot()
	world.Advance(10 * virtual.Year)
	fob.RemoveBattery()
	fmt.Println(fob.State(), before)

	if err := fob.Restore(before); err != nil {
		fmt.Println(err)
	}
	fmt.Println(fob.State()) // ten years later, with the battery it had
	// Output:
	// DEAD [token snapshot]
	// DEAD
}
