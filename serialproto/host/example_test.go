// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// open connects to a blank virtual token. For a real one, use port.Open(ctx,
// "/dev/ttyACM0").
func open(ctx context.Context) (port.Port, error) {
	world, err := virtual.NewWorld(virtual.Config{At: time.Unix(1111111109, 0)})
	if err != nil {
		return nil, err
	}
	model, err := virtual.ModelByName("button-6")
	if err != nil {
		return nil, err
	}
	far, near := port.Pipe()
	go world.NewToken(model).Serve(ctx, far, virtual.ServeOptions{})
	return near, nil
}

// A provisioning station programs a token, checks that it shows the right code, and
// locks it.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := open(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()

	profile, _ := token.ProfileByName("button-6")
	serial, _ := token.ParseSerial("2600124800001")
	seed, _ := token.NewSeed([]byte("12345678901234567890")) // the seed of RFC 4226 and RFC 6238
	order := host.Order{
		Serial: serial, Profile: profile, Seed: seed,
		Now: func() time.Time { return time.Unix(1111111109, 0) }, // omit this in production
	}
	c := host.New(p)
	if err := c.Provision(ctx, host.InsecureTestStationKey(), order); err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Verify(ctx, order); err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Lock(ctx); err != nil {
		fmt.Println(err)
		return
	}
	info, err := c.Info(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Serial, info.State)

	_, err = c.Display(ctx)
	fmt.Println(errors.Is(err, serialproto.ErrLocked), err)
	// Output:
	// 2600124800001 LOCKED
	// true display refused: the token is locked
}

// The rig of a virtual token presses the button and reads the LCD.
func ExampleClient_RigDisplay() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := open(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	c := host.New(p)
	if _, err := c.SelfTest(ctx); err != nil {
		fmt.Println(err)
		return
	}
	d, err := c.RigDisplay(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Text, d.Bars, d.Tick, d.Battery)
	// Output: 888888 6 true true
}
