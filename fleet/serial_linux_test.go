// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// connectDevice makes link a serial device. It returns a client at the other end of the
// cable, and a function that pulls the cable out.
func connectDevice(t *testing.T, link string) (c *host.Client, unplug func()) {
	t.Helper()
	l, err := port.Listen("pty:" + link) // a PTY with its ends exchanged
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p, err := l.Accept(t.Context())
	require.NoError(t, err)
	// The first request may arrive before the token is back, and then it is lost.
	return host.New(p, host.WithTimeout(patience/100), host.WithRetries(100)), func() {
		t.Helper()
		require.NoError(t, l.Close())
	}
}

// TestSerialDevices: each token answers on its own device, and answers again after its
// cable has been plugged back in.
func TestSerialDevices(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "gs0"), filepath.Join(dir, "gs1")}
	c0, unplug0 := connectDevice(t, paths[0])
	c1, unplug1 := connectDevice(t, paths[1])
	f, err := New(testWorld(t), Config{
		Count: 2, Model: testModel(t), Ports: Ports{Devices: paths, TCP: "127.0.0.1:0"},
		Line: virtual.ServeOptions{In: virtual.LineFaults{Baud: 115200}, Out: virtual.LineFaults{Baud: 115200}},
	})
	require.NoError(t, err)
	defer f.Close()
	for i, m := range members(f) {
		require.Equal(t, paths[i], addresses(m)[0])
		require.Len(t, addresses(m), 2)
	}
	stop := serve(t, f)

	order := testOrder(t, "2600124800001")
	require.NoError(t, c1.Provision(t.Context(), host.InsecureTestStationKey(), order))
	require.NoError(t, c1.Lock(t.Context()))
	for range 2 {
		unplug1()
		c1, unplug1 = connectDevice(t, paths[1])
		info, err := c1.Info(t.Context())
		require.NoError(t, err)
		require.Equal(t, serialproto.StateLocked, info.State)
		require.Equal(t, host.HardwareID(members(f)[1].Token.HardwareID()), info.HardwareID)

		info, err = c0.Info(t.Context()) // its cable is still plugged in
		require.NoError(t, err)
		require.Equal(t, serialproto.StateBlank, info.State)
	}

	// Another port of the same token stays open all the time.
	unplug0()
	_, err = client(t, addresses(members(f)[0])[1]).Info(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop(), "with one cable unplugged")
	require.NoError(t, f.Close())
	unplug1()
}

// TestSerialDevicesAndStore: a stored fleet needs as many devices as it has tokens.
func TestSerialDevicesAndStore(t *testing.T) {
	checkLeaks(t)
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	_, f := start(t, s, virtual.Config{}, Given{}, then, Ports{})
	require.NoError(t, f.Close())
	require.NoError(t, s.Close())

	device := filepath.Join(t.TempDir(), "gs")
	_, unplug := connectDevice(t, device)
	s = openStore(t, dir, key)
	c := virtual.Config{}
	_, err := s.Resume(&c, Given{}, then)
	require.NoError(t, err)
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	_, err = New(w, Config{Count: 1, Model: testModel(t), Ports: Ports{Devices: []string{device}}, Store: s})
	require.ErrorIs(t, err, ErrCount)
	require.ErrorContains(t, err, "2, want 1: one for each serial device")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := port.Open(ctx, device)
	require.NoError(t, err, "the device must be free again")
	require.NoError(t, p.Close())
	unplug()
	require.NoError(t, s.Close())
}
