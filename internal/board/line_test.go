// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/line/linetest"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// TestChild is not a test: it is a station that other tests kill.
func TestChild(t *testing.T) { linetest.Child(t) }

// TestLineKill kills a station at random moments while it programs boards, and cuts the
// power of the boards. FOB_KILLS is the number of kills.
func TestLineKill(t *testing.T) {
	t.Parallel()
	r := linetest.NewRig(t, append(linetest.Quick, "count: 10", "count: 50000", "ZZFB00000012", "ZZFB00099999")...)
	boards := &boards{t: t, image: image(t, "virt-rig")}
	c := linetest.Campaign{
		Rig: r, Sockets: 2, Kills: linetest.Kills(t, 6), Events: 30,
		Plug:     func(addr string) linetest.Device { return boards.plug(addr) },
		PowerCut: func(d linetest.Device) { d.(*plugged).powerCut() },
	}
	c.Run(t)
	r.Check(t, boards.finals())
}

// TestLineNoise has bits and bytes of the serial lines get lost, while the station is killed
// as well. A lost part of a provisioning message costs 15 s, the time that a device has to
// answer it.
func TestLineNoise(t *testing.T) {
	t.Parallel()
	r := linetest.NewRig(t, linetest.Quick...)
	boards := &boards{t: t, image: image(t, "virt"), noise: virtual.LineFaults{Flip: 5e-4, Drop: 2e-4}}
	c := linetest.Campaign{
		Rig: r, Sockets: 3, Kills: 2, Events: 15,
		Plug: func(addr string) linetest.Device { return boards.plug(addr) },
	}
	c.Run(t)
	r.Check(t, boards.finals())
	require.Positive(t, boards.damaged.Load())
}

// boards are boards for a line.
type boards struct {
	t     *testing.T
	image string
	noise virtual.LineFaults // in each direction
	all   []*plugged

	damaged atomic.Int64 // transmissions that noise has changed
}

// noisyListener is a listener whose hosts have noisy lines to the board.
type noisyListener struct {
	port.Listener
	boards *boards
}

func (l *noisyListener) Accept(ctx context.Context) (port.Port, error) {
	p, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	in, out := l.boards.noise, l.boards.noise
	in.Seed, out.Seed = rand.Uint64(), rand.Uint64()
	return &noisyPort{p, l.boards, virtual.NewLineNoise(in), virtual.NewLineNoise(out)}, nil
}

type noisyPort struct {
	port.Port
	boards  *boards
	in, out *virtual.LineNoise
}

func (p *noisyPort) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	return copy(b, p.arrive(p.in, b[:n])), err // noise without insertions never adds a byte
}

func (p *noisyPort) Write(b []byte) (int, error) {
	_, err := p.Port.Write(p.arrive(p.out, b))
	return len(b), err
}

// arrive returns the bytes that arrive when b is sent.
func (p *noisyPort) arrive(noise *virtual.LineNoise, b []byte) []byte {
	arrived, _ := noise.Append(nil, b) // the cable stays plugged in
	if !bytes.Equal(arrived, b) {
		p.boards.damaged.Add(1)
	}
	return arrived
}

// plugged is a board that was plugged into a socket.
type plugged struct {
	*boards
	id    host.HardwareID
	flash string
	addr  string

	mu      sync.Mutex // guards the fields below; is locked while the board starts
	machine *Machine
	served  chan error
}

// plug plugs a new board into a socket. Its port appears when the board has started.
func (b *boards) plug(addr string) *plugged {
	p := &plugged{boards: b, flash: newFlash(b.t), addr: addr}
	memory, err := os.ReadFile(p.flash)
	require.NoError(b.t, err)
	var id factory.Identity
	require.True(b.t, id.Parse(memory[:factory.RecordSize]))
	p.id = id.HardwareID
	b.all = append(b.all, p)
	b.t.Cleanup(p.off)
	p.mu.Lock()
	go p.start()
	return p
}

// start switches the board on and serves its port. The caller has locked mu.
func (p *plugged) start() {
	defer p.mu.Unlock()
	m, err := Start(Config{Image: p.image, Flash: p.flash})
	if !assert.NoError(p.t, err) {
		return
	}
	p.machine, p.served = m, make(chan error, 1)
	if _, err := m.Ready(p.t.Context()); err != nil {
		assert.NoError(p.t, err)
		p.served <- nil
		return
	}
	l, err := port.Listen(p.addr)
	if !assert.NoError(p.t, err) {
		p.served <- nil
		return
	}
	if p.noise != (virtual.LineFaults{}) {
		l = &noisyListener{l, p.boards}
	}
	go func() { p.served <- m.Serve(context.Background(), l) }()
}

// off switches the board off.
func (p *plugged) off() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
}

func (p *plugged) stop() {
	if p.machine == nil {
		return
	}
	p.machine.Kill()
	<-p.served
	p.machine = nil
}

func (p *plugged) HardwareID() host.HardwareID { return p.id }

// Unplug implements [linetest.Device]. Afterwards only the start of the flash file is left:
// the rest is erased.
func (p *plugged) Unplug() {
	p.off()
	memory, err := os.ReadFile(p.flash)
	require.NoError(p.t, err)
	require.NoError(p.t, os.Truncate(p.flash, int64(len(bytes.TrimRight(memory, "\xff")))))
}

func (p *plugged) powerCut() {
	p.mu.Lock()
	p.stop()
	go p.start()
}

// finals asks all boards for their states.
func (b *boards) finals() (list []linetest.Final) {
	for _, p := range b.all {
		p.off()
		memory, err := os.ReadFile(p.flash)
		require.NoError(b.t, err)
		full := filepath.Join(b.t.TempDir(), "flash.img")
		require.NoError(b.t, os.WriteFile(full, append(memory, bytes.Repeat([]byte{0xFF}, FlashSize-len(memory))...), 0o600))
		m, _ := startMachine(b.t, Config{Image: b.image, Flash: full})
		info, err := host.New(m.Line()).Info(b.t.Context())
		require.NoError(b.t, err)
		m.Kill()
		require.NoError(b.t, os.Remove(full))
		list = append(list, linetest.Final{
			HardwareID: info.HardwareID, State: info.State, Serial: info.Serial,
			Has: func(seed []byte) bool { return bytes.Contains(memory, seed) },
		})
	}
	return list
}
