// SPDX-License-Identifier: Apache-2.0

package linetest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/serialproto/host"
)

// Patience is a time limit for events that must happen; reaching it is a failure.
const Patience = 4 * time.Minute

// Device is a device for the sockets. A device that is unplugged may lose its power.
type Device interface {
	HardwareID() host.HardwareID
	Plug(addr string)
	Unplug()
}

// Campaign kills stations with SIGKILL at random moments, while an operator keeps the
// sockets filled: a device that is finished makes room for a blank one. The operator also
// pulls devices out while they are programmed, and swaps devices while no station runs.
type Campaign struct {
	Rig     *Rig
	Sockets int
	New     func() Device // makes a blank device
	Kills   int           // of the station
	Events  int           // most events between two kills

	t       testing.TB
	random  *rand.Rand
	devices map[string]Device // by socket
	results map[line.Result]int
}

// Kills returns the number of kills: a small one, or FOB_KILLS.
func Kills(t testing.TB, small int) int {
	t.Helper()
	text := os.Getenv("FOB_KILLS")
	if text == "" {
		return small
	}
	kills, err := strconv.Atoi(text)
	require.NoError(t, err)
	return kills
}

// Run kills the stations. The last one finishes the devices that are in the sockets. No
// device may fail, except one that is pulled out, which gets another chance.
func (c *Campaign) Run(t testing.TB) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c.t, c.random = t, rand.New(rand.NewPCG(seed, 1))
	c.devices, c.results = map[string]Device{}, map[line.Result]int{}
	for n := range c.Sockets {
		c.fill(c.Rig.Socket(n))
	}
	killed, pulled := map[line.Step]int{}, map[line.Step]int{}
	for range c.Kills {
		c.round(killed, pulled)
		if c.random.IntN(4) == 0 {
			c.swap(c.Rig.Socket(c.random.IntN(c.Sockets)), c.Rig.Socket(c.random.IntN(c.Sockets)))
		}
	}
	t.Logf("killed %d times, at the steps %v; pulled out at %v; results %v", c.Kills, killed, pulled, c.results)
	c.finish()
}

// fill plugs a blank device into a socket.
func (c *Campaign) fill(socket string) {
	c.devices[socket] = c.New()
	c.devices[socket].Plug(socket)
}

// swap swaps the devices of two sockets. If they are the same, it plugs a device in again.
func (c *Campaign) swap(a, b string) {
	for _, socket := range []string{a, b} {
		c.devices[socket].Unplug()
	}
	c.devices[a], c.devices[b] = c.devices[b], c.devices[a]
	c.devices[a].Plug(a)
	if a != b {
		c.devices[b].Plug(b)
	}
}

// round starts a station and kills it.
func (c *Campaign) round(killed, pulled map[line.Step]int) {
	s := c.Rig.Start(c.t, NoLimit)
	after := c.random.IntN(c.Events)
	if c.random.IntN(10) == 0 {
		after = 0 // while it starts
	}
	pullAt := after
	if c.random.IntN(2) == 0 {
		pullAt = c.random.IntN(after + 1)
	}
	steps := map[string]line.Step{} // by socket
	see := func(e line.Event) {
		steps[e.Socket] = e.Step
		if c.finished(e) {
			c.fill(e.Socket)
		}
	}
	timer := time.After(Patience)
	for n := range after {
		e := c.next(s, timer)
		see(e)
		if n >= pullAt && e.Result == line.Working {
			pullAt = after
			pulled[e.Step]++
			time.Sleep(time.Duration(c.random.IntN(150_000)) * time.Microsecond)
			c.swap(e.Socket, e.Socket)
		}
	}
	time.Sleep(time.Duration(c.random.IntN(20_000)) * time.Microsecond)
	s.Kill()
	for e := range s.Events {
		see(e)
	}
	s.Wait()
	for _, step := range steps {
		killed[step]++
	}
}

// finish has a last station finish all devices.
func (c *Campaign) finish() {
	s := c.Rig.Start(c.t, NoLimit)
	timer := time.After(Patience)
	for len(c.devices) > 0 {
		if e := c.next(s, timer); c.finished(e) {
			delete(c.devices, e.Socket)
		}
	}
	s.Kill()
	for range s.Events {
	}
	s.Wait()
}

// next waits for an event.
func (c *Campaign) next(s *Station, timer <-chan time.Time) (e line.Event) {
	c.t.Helper()
	select {
	case e, ok := <-s.Events:
		if !ok {
			require.FailNow(c.t, "the station ended", s.Wait())
		}
		return e
	case <-timer:
		require.FailNow(c.t, "the station hangs")
	}
	return e
}

// finished reports whether an event means that the device in a socket is finished, and
// pulls it out.
func (c *Campaign) finished(e line.Event) bool {
	switch e.Result {
	case line.Pass, line.Known, line.Fail:
		c.results[e.Result]++
	}
	if e.Result == line.Fail {
		require.Empty(c.t, e.Bin, "%+v", e)
	}
	d := c.devices[e.Socket]
	if e.Result != line.Pass && e.Result != line.Known || d == nil || d.HardwareID() != e.HardwareID {
		return false // it goes on, or the event is about the device before
	}
	d.Unplug()
	return true
}
