// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// message frames a request of SMP version 2. The default body is an empty map.
func message(op serialproto.Op, group serialproto.Group, command, seq uint8, body ...byte) []byte {
	if len(body) == 0 {
		body = []byte{0xA0}
	}
	h := serialproto.Header{Version: serialproto.Version2, Op: op, Group: group, Command: command, Seq: seq}
	return hosttest.Frame(h, body)
}

func infoRequest(seq uint8) []byte {
	return message(serialproto.OpRead, serialproto.GroupToken, serialproto.CmdTokenInfo, seq)
}

// answers parses the messages that a token sent and returns their sequence numbers.
func answers(t *testing.T, raw []byte) (seqs []uint8) {
	var in serialproto.Deframer
	for _, b := range raw {
		if m := in.Feed(b, 0); m != nil {
			h, ok := serialproto.ParseHeader(m)
			require.True(t, ok)
			seqs = append(seqs, h.Seq)
		}
	}
	require.False(t, in.Partial())
	require.Zero(t, in.FramingErrors)
	return seqs
}

// selfTest starts the token's self-test: all segments light up for two seconds.
func selfTest(k *virtual.Token) {
	k.Connect(nil).Exchange(nil, message(serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenSelfTest, 1))
}

// client serves a token over memory and returns a host client for it.
func client(t testing.TB, k *virtual.Token, o virtual.ServeOptions, opts ...host.Option) *host.Client {
	t.Helper()
	c, _ := clientAndPort(t, k, o, opts...)
	return c
}

func clientAndPort(t testing.TB, k *virtual.Token, o virtual.ServeOptions, opts ...host.Option) (*host.Client, port.Port) {
	t.Helper()
	far, near := port.Pipe()
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { served <- k.Serve(ctx, far, o) }()
	t.Cleanup(func() {
		cancel()
		near.Close()
		<-served
	})
	return host.New(near, opts...), near
}

func hostOrder(t testing.TB, k *virtual.Token, serial string, now func() time.Time) host.Order {
	t.Helper()
	seed, err := token.NewSeed([]byte(rfcSeed))
	require.NoError(t, err)
	return host.Order{Serial: serialNumber(t, serial), Profile: k.Model().Profile(), Seed: seed, Now: now}
}

// provision programs a token over the wire.
func provision(t testing.TB, k *virtual.Token, station host.StationKey, serial string) error {
	t.Helper()
	return client(t, k, virtual.ServeOptions{}).Provision(context.Background(), station, hostOrder(t, k, serial, nil))
}

// TestConnSeveralConnections: each connection is a line of its own.
func TestConnSeveralConnections(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	a, b := k.Connect(nil), k.Connect(nil)
	one, two := infoRequest(1), infoRequest(2)
	require.Empty(t, a.Exchange(nil, one[:7]))
	require.Equal(t, []uint8{2}, answers(t, b.Exchange(nil, two)))
	require.Equal(t, []uint8{1}, answers(t, a.Exchange(nil, one[7:])))
	require.Equal(t, []uint8{3, 4}, answers(t, a.Exchange(nil, append(infoRequest(3), infoRequest(4)...))))
	require.Equal(t, []byte("kept"), b.Exchange([]byte("kept"), nil))
}

// TestConnDiscardsPartialPacket: a token discards an incomplete packet after three
// seconds of the given uptime, independently of the world's clock.
func TestConnDiscardsPartialPacket(t *testing.T) {
	for wait, want := range map[int64][]uint8{3000: {1}, 3001: nil} {
		w := newWorld(t, 1)
		k := newLockedToken(t, w, "always-on-6")
		uptime := int64(0)
		c := k.Connect(func() int64 { return uptime })
		request := infoRequest(1)
		require.Empty(t, c.Exchange(nil, request[:10]))
		w.Advance(time.Hour)
		uptime = wait
		require.Equal(t, want, answers(t, c.Exchange(nil, request[10:])))
		require.Equal(t, []uint8{2}, answers(t, c.Exchange(nil, infoRequest(2))))
	}
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "always-on-6")
	c := k.Connect(nil) // uses the world's clock
	require.Empty(t, c.Exchange(nil, infoRequest(1)[:10]))
	w.Advance(3001 * time.Millisecond)
	require.Empty(t, c.Exchange(nil, infoRequest(1)[10:]))
}

func TestConnWithoutPower(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	c := k.Connect(nil)
	require.NotEmpty(t, c.Exchange(nil, infoRequest(1)))
	require.Empty(t, c.Exchange(nil, infoRequest(2)[:10]))
	k.RemoveBattery()
	require.Empty(t, c.Exchange(nil, infoRequest(3)))
	k.InsertBattery()
	require.Empty(t, c.Exchange(nil, infoRequest(2)[10:]), "a partial packet in RAM is lost")
	require.Equal(t, []uint8{4}, answers(t, c.Exchange(nil, infoRequest(4))))
}

// TestConnPowerCut: a token whose supply fails during a write sends nothing.
func TestConnPowerCut(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "always-on-6")
	k := w.NewToken(m)
	require.NoError(t, k.Program(serialNumber(t, "1"), payloadFor(w, m), false))
	c := k.Connect(nil)
	lock := message(serialproto.OpWrite, serialproto.GroupToken, serialproto.CmdTokenLock, 9)
	k.CutPower(1)
	require.Empty(t, c.Exchange(nil, lock))
	require.Contains(t, []serialproto.State{serialproto.StateProvisioned, serialproto.StateLocked}, k.State())
	require.Equal(t, []uint8{9}, answers(t, c.Exchange(nil, lock)))
	require.Equal(t, serialproto.StateLocked, k.State())
	require.Zero(t, k.Display().Error, "the clock is kept")
}

// TestConnSupply: the request to remove the battery is answered before the battery goes
// out.
func TestConnSupply(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	c := k.Connect(nil)
	supply := func(mv ...byte) []byte {
		body := append([]byte{0xA1, 0x62, 'm', 'v'}, mv...)
		return c.Exchange(nil, message(serialproto.OpWrite, serialproto.GroupRig, serialproto.CmdRigSupply, 1, body...))
	}
	refused := []byte{0xA1, 0x63, 'e', 'r', 'r'}
	require.True(t, bytes.Contains(hosttest.BodyOf(t, supply(0x19, 0x07, 0xD0)), refused), "2000 mV is the cut-off voltage, at which the token stops")
	require.Equal(t, 3200, k.Display().Voltage)
	require.Equal(t, []byte{0xA0}, hosttest.BodyOf(t, supply(0x19, 0x09, 0xC4)))
	require.Equal(t, 2500, k.Display().Voltage)
	require.Equal(t, []byte{0xA0}, hosttest.BodyOf(t, supply(0)))
	r := k.Display()
	require.Equal(t, serialproto.StateDead, r.State)
	require.True(t, r.Powered)
	require.Equal(t, 3200, r.Voltage, "the battery is connected again")
}

// TestConnRig: on a token without a rig the group does not exist.
func TestConnRig(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, NoRig: true})
	require.NoError(t, err)
	k := newLockedToken(t, w, "button-6")
	c := client(t, k, virtual.ServeOptions{})
	require.ErrorIs(t, c.Press(t.Context()), serialproto.RCUnsupported)
	require.Zero(t, k.Display().Presses)
}
