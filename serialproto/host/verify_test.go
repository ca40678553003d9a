// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// fakeToken is a device that claims to have stored the seed but cannot prove it.
type fakeToken struct {
	serialproto.Device
	proof [32]byte
}

func (fakeToken) Info(m *serialproto.Info) {
	*m = serialproto.Info{Model: "fake", Firmware: "1", State: serialproto.StateBlank}
}

func (fakeToken) ProvBegin(m *serialproto.Begin) serialproto.Status {
	public, e := serialproto.PublicKey(&[32]byte{1})
	m.PublicKey = public
	return e
}

func (f fakeToken) ProvCommit(*serialproto.Commit) ([32]byte, serialproto.Status) {
	return f.proof, serialproto.StatusOK
}

func (fakeToken) Display(m *serialproto.Display) serialproto.Status {
	*m = serialproto.Display{Code: [8]byte{'1', '2', '3', '4', '5', '6'}, Size: 6, Step: 1}
	return serialproto.StatusOK
}

// memoryLine is the device's end of a line.
type memoryLine struct{ in, out []byte }

func (l *memoryLine) Read(p []byte) int {
	n := copy(p, l.in)
	l.in = l.in[n:]
	return n
}

func (l *memoryLine) Write(p []byte) int {
	l.out = append(l.out, p...)
	return len(p)
}

func (l *memoryLine) Uptime() int64 { return 0 }

// attachDevice serves any device over memory.
func attachDevice(t *testing.T, d serialproto.Device) *host.Client {
	t.Helper()
	far, near := port.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var server serialproto.Server
		var line memoryLine
		var buf [256]byte
		for {
			n, err := far.Read(buf[:])
			if err != nil {
				return
			}
			line.in = append(line.in, buf[:n]...)
			server.Step(&line, d)
			if len(line.out) > 0 {
				if _, err := far.Write(line.out); err != nil {
					return
				}
				line.out = nil
			}
		}
	}()
	t.Cleanup(func() {
		near.Close()
		<-done
	})
	return host.New(near, host.WithTimeout(patience))
}

func TestWrongConfirmation(t *testing.T) {
	w := newWorld(t)
	o := newOrder(t, w, "button-6")
	c := attachDevice(t, fakeToken{proof: [32]byte{1, 2, 3}})
	err := c.Provision(t.Context(), host.InsecureTestStationKey(), o)
	require.ErrorIs(t, err, host.ErrVerify)
	require.NotContains(t, err.Error(), "123456")
	err = c.Verify(t.Context(), o)
	require.ErrorIs(t, err, host.ErrVerify)
	require.NotContains(t, err.Error(), "123456", "the error contains the code")
}

// TestWrongDevice: if a device's key is enrolled, no other device is accepted, and
// nothing secret is sent to it.
func TestWrongDevice(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c, line := attachWire(t, k)
	o := newOrder(t, w, "button-6")
	o.DeviceKey = &[32]byte{9}
	require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o), host.ErrWrongDevice)
	require.Len(t, line.sentSoFar(), 3, "synchronisation, info, begin")
	key, counter, err := c.DeviceKey(t.Context())
	require.NoError(t, err)
	o.DeviceKey = &key
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
	// PROTOCOL.md: a commit uses up the counter, and only a blank or wiped token begins.
	_, _, err = c.DeviceKey(t.Context())
	require.ErrorIs(t, err, serialproto.ErrAlreadyProvisioned)
	require.NoError(t, c.Wipe(t.Context(), o.Serial))
	again, next, err := c.DeviceKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, key, again)
	require.Equal(t, counter+1, next)
}

// TestVerify: the code must match the seed, and the clock must be right.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c := attach(t, k)
	o := newOrder(t, w, "button-6")
	require.ErrorIs(t, c.Verify(t.Context(), o), serialproto.ErrNotProvisioned)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
	for skew, want := range map[time.Duration]error{
		0: nil, time.Minute: nil, -time.Minute: nil, 2 * time.Minute: host.ErrVerify, -2 * time.Minute: host.ErrVerify,
	} {
		k.Skew(skew)
		require.ErrorIs(t, c.Verify(t.Context(), o), want, "%v", skew)
		k.Skew(-skew)
	}
	other := o
	var err error
	other.Seed, err = token.NewSeed([]byte("another seed of 20 b"))
	require.NoError(t, err)
	require.ErrorIs(t, c.Verify(t.Context(), other), host.ErrVerify)
}
