// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
)

// TestHardware runs firmware/hwtest on the emulated processor.
func TestHardware(t *testing.T) {
	m, err := Start(Config{Image: image(t, "virt-hwtest"), Flash: newFlash(t)})
	require.NoError(t, err)
	t.Cleanup(m.Kill)
	require.NoError(t, m.Line().SetReadDeadline(time.Now().Add(patient)))
	var text strings.Builder
	for buf := make([]byte, 256); !strings.Contains(text.String(), " violated\r\n"); {
		n, err := m.Line().Read(buf)
		require.NoError(t, err, text.String())
		text.Write(buf[:n])
	}
	require.Regexp(t, `^hwtest: 1[0-9][0-9] checked, 0 violated\r\n$`, text.String())
}

// TestConversation runs the conversation that also tests virtual tokens, directly over
// the board's line and over the ports that fob board run serves.
func TestConversation(t *testing.T) {
	device := func() hosttest.Device {
		return hosttest.Device{Model: "button-6", Supply: 3200, Now: runningClock(), Wait: time.Sleep, Slack: 10 * time.Second}
	}
	t.Run("line", func(t *testing.T) {
		_, c := startMachine(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
		hosttest.Conversation(t, c, device())
	})
	for _, scheme := range []string{"pty:", "tcp:127.0.0.1:0", "rfc2217://127.0.0.1:0", "unix:"} {
		t.Run(scheme, func(t *testing.T) {
			m, _ := startMachine(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
			address := scheme
			if scheme == "pty:" || scheme == "unix:" {
				address += filepath.Join(t.TempDir(), "s")
			}
			l, err := port.Listen(address)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- m.Serve(ctx, l) }()
			p, err := port.Open(ctx, l.Addr())
			require.NoError(t, err)
			hosttest.Conversation(t, host.New(p, host.WithTimeout(patient)), device())
			require.NoError(t, p.Close())

			p, err = port.Open(ctx, l.Addr()) // the next host
			require.NoError(t, err)
			_, err = host.New(p, host.WithTimeout(patient)).Info(ctx)
			require.NoError(t, err)
			require.NoError(t, p.Close())
			cancel()
			require.NoError(t, <-served)
		})
	}
}

// TestServeEnds checks that Serve ends when QEMU does, and returns the reason.
func TestServeEnds(t *testing.T) {
	m, _ := startMachine(t, Config{Image: image(t, "virt"), Flash: newFlash(t)})
	l, err := port.Listen("tcp:127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- m.Serve(t.Context(), l) }()
	m.Kill()
	err = <-served
	require.ErrorIs(t, err, ErrStopped)
	require.ErrorContains(t, err, "killed")
}

// TestRelease checks that the image for users works but has no rig.
func TestRelease(t *testing.T) {
	_, c := startMachine(t, Config{Image: image(t, "virt"), Flash: newFlash(t)})
	ctx := t.Context()
	groups, err := c.Groups(ctx)
	require.NoError(t, err)
	require.NotContains(t, groups, serialproto.GroupRig)
	_, err = c.RigDisplay(ctx)
	require.ErrorIs(t, err, serialproto.RCUnsupported)
	require.ErrorIs(t, c.Press(ctx), serialproto.RCUnsupported)
	require.ErrorIs(t, c.Skew(ctx, time.Hour), serialproto.RCUnsupported)

	o := hosttest.Order(t, "button-6", time.Now)
	require.NoError(t, c.Provision(ctx, host.InsecureTestStationKey(), o))
	require.NoError(t, c.Verify(ctx, o))
	require.NoError(t, c.Lock(ctx))
	_, _, err = c.Clock(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
}

// TestPowerLoss checks that a locked token is unchanged after a power cut and shows the
// right code.
func TestPowerLoss(t *testing.T) {
	flash := newFlash(t)
	c := Config{Image: image(t, "virt-rig"), Flash: flash}
	m, client := startMachine(t, c)
	ctx := t.Context()
	o := hosttest.Order(t, "button-6", nil)
	setting := time.Now()
	require.NoError(t, client.Provision(ctx, host.InsecureTestStationKey(), o))
	late := time.Since(setting)
	require.NoError(t, client.Lock(ctx))
	before, err := client.Info(ctx)
	require.NoError(t, err)
	m.Kill()

	began := time.Now()
	_, client = startMachine(t, c)
	after, err := client.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, serialproto.StateLocked, after.State)
	require.Equal(t, o.Serial, after.Serial)
	display, err := client.LightUp(ctx)
	require.NoError(t, err)
	require.Equal(t, oathtool(t, display.Now), display.Text)
	requireFollows(t, display.Now, began.Add(-late), began, late)
}

// TestBattery checks that a token without its battery loses its clock and its seed.
func TestBattery(t *testing.T) {
	c := Config{Image: image(t, "virt-rig"), Flash: newFlash(t)}
	m, client := startMachine(t, c)
	ctx := t.Context()
	require.NoError(t, client.Provision(ctx, host.InsecureTestStationKey(), hosttest.Order(t, "button-6", nil)))
	require.NoError(t, client.Lock(ctx))
	require.NoError(t, client.Supply(ctx, 0))
	info, err := client.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, serialproto.StateDead, info.State)
	require.False(t, info.ClockSet)
	m.Kill()
	memory, err := os.ReadFile(c.Flash)
	require.NoError(t, err)
	require.NotContains(t, string(memory), "12345678901234567890")
}

// TestSecondMachine checks that a second board cannot start on the same flash. The two
// would overwrite each other's data.
func TestSecondMachine(t *testing.T) {
	c := Config{Image: image(t, "virt"), Flash: newFlash(t)}
	startMachine(t, c)
	_, err := Start(c)
	require.ErrorIs(t, err, port.ErrBusy)
}

// TestDamagedFactoryRecord checks that a board that cannot serve reports the reason.
func TestDamagedFactoryRecord(t *testing.T) {
	c := Config{Image: image(t, "virt"), Flash: newFlash(t)}
	m, _ := startMachine(t, c) // the first boot generates its key
	m.Kill()
	f, err := os.OpenFile(c.Flash, os.O_RDWR, 0)
	require.NoError(t, err)
	var one [1]byte
	_, err = f.ReadAt(one[:], 5)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{^one[0]}, 5) // the byte is random and may be 0
	require.NoError(t, err)
	require.NoError(t, f.Close())
	m, err = Start(c)
	require.NoError(t, err)
	t.Cleanup(m.Kill)
	_, err = m.Ready(t.Context())
	require.ErrorContains(t, err, "the factory page is damaged")
}

// BenchmarkProvision measures a complete provisioning as the host sees it.
func BenchmarkProvision(b *testing.B) {
	_, c := startMachine(b, Config{Image: image(b, "virt"), Flash: newFlash(b)})
	o := hosttest.Order(b, "button-6", nil)
	ctx := b.Context()
	for b.Loop() {
		require.NoError(b, c.Provision(ctx, host.InsecureTestStationKey(), o))
		require.NoError(b, c.Verify(ctx, o))
		require.NoError(b, c.Lock(ctx))
		b.StopTimer()
		require.NoError(b, c.Wipe(ctx, o.Serial))
		b.StartTimer()
	}
}
