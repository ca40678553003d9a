// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/line/linetest"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
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
		New: func() linetest.Device { return boards.make() },
	}
	c.Run(t)
	r.Check(t, boards.finals())
}

// TestLineNoise damages some transmissions on the serial lines, while the station is killed
// as well.
func TestLineNoise(t *testing.T) {
	t.Parallel()
	r := linetest.NewRig(t, linetest.Quick...)
	boards := &boards{t: t, image: image(t, "virt"), noisy: true}
	c := linetest.Campaign{
		Rig: r, Sockets: 3, Kills: 2, Events: 15,
		New: func() linetest.Device { return boards.make() },
	}
	c.Run(t)
	r.Check(t, boards.finals())
}

// boards are boards for a line.
type boards struct {
	t     *testing.T
	image string
	noisy bool
	all   []*pluggable
}

// noisyListener is a listener whose hosts have noisy lines to the board.
type noisyListener struct{ port.Listener }

func (l *noisyListener) Accept(ctx context.Context) (port.Port, error) {
	p, err := l.Listener.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &noisyPort{p, noise{rand.IntN(500)}, noise{rand.IntN(500)}}, nil
}

type noisyPort struct {
	port.Port
	in, out noise
}

func (p *noisyPort) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	return copy(b, p.in.arrive(b[:n])), err
}

func (p *noisyPort) Write(b []byte) (int, error) {
	_, err := p.Port.Write(p.out.arrive(b))
	return len(b), err
}

// noise is the noise in one direction of a line: one byte in about 2,000 is lost or has a
// flipped bit. The repetition of a damaged message is left alone.
type noise struct{ quiet int } // bytes until the next damage

// arrive returns the bytes that arrive when b is sent.
func (n *noise) arrive(b []byte) []byte {
	if n.quiet >= len(b) {
		n.quiet -= len(b)
		return b
	}
	b = bytes.Clone(b)
	at := n.quiet
	n.quiet = 1000 + rand.IntN(2000)
	if rand.IntN(2) == 0 {
		return slices.Delete(b, at, at+1)
	}
	b[at] ^= 1 << rand.IntN(8)
	return b
}

// pluggable is a board as a campaign handles it. It has power while it is plugged in.
// Without power, its flash file ends with the last byte that is not erased.
type pluggable struct {
	*boards
	id    host.HardwareID
	flash string

	mu      sync.Mutex // guards the fields below; is locked while the board starts
	machine *Machine   // nil: the board has no power
	served  chan error
}

// make makes a blank board.
func (b *boards) make() *pluggable {
	p := &pluggable{boards: b, flash: newFlash(b.t)}
	memory, err := os.ReadFile(p.flash)
	require.NoError(b.t, err)
	var id factory.Identity
	require.True(b.t, id.Parse(memory[:factory.RecordSize]))
	p.id = id.HardwareID
	b.all = append(b.all, p)
	b.t.Cleanup(p.Unplug)
	return p
}

func (p *pluggable) HardwareID() host.HardwareID { return p.id }

// Plug implements [linetest.Device]. The port appears when the board has started.
func (p *pluggable) Plug(addr string) {
	p.mu.Lock()
	go func() {
		defer p.mu.Unlock()
		assert.NoError(p.t, p.start(addr))
	}()
}

// start switches the board on and serves its port.
func (p *pluggable) start(addr string) error {
	memory, err := os.ReadFile(p.flash)
	if err != nil {
		return err
	}
	memory = append(memory, bytes.Repeat([]byte{0xFF}, FlashSize-len(memory))...)
	if err := os.WriteFile(p.flash, memory, 0o600); err != nil {
		return err
	}
	m, err := Start(Config{Image: p.image, Flash: p.flash})
	if err != nil {
		return err
	}
	p.machine, p.served = m, make(chan error, 1)
	if _, err = m.Ready(p.t.Context()); err != nil {
		p.served <- nil
		return err
	}
	l, err := port.Listen(addr)
	if err != nil {
		p.served <- nil
		return err
	}
	if p.noisy {
		l = &noisyListener{l}
	}
	go func() { p.served <- m.Serve(context.Background(), l) }()
	return nil
}

// Unplug implements [linetest.Device].
func (p *pluggable) Unplug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.machine == nil {
		return
	}
	p.machine.Kill()
	<-p.served
	p.machine = nil
	require.NoError(p.t, os.Truncate(p.flash, int64(len(p.memory()))))
}

// memory returns the content of the flash, without erased bytes at its end.
func (p *pluggable) memory() []byte {
	memory, err := os.ReadFile(p.flash)
	require.NoError(p.t, err)
	end := len(memory)
	for end > 0 && memory[end-1] == 0xFF {
		end--
	}
	return memory[:end]
}

// finals asks all boards for their states.
func (b *boards) finals() (list []linetest.Final) {
	addr := "pty:" + filepath.Join(b.t.TempDir(), "s")
	for _, p := range b.all {
		require.NoError(b.t, p.start(addr))
		open, err := port.Open(b.t.Context(), addr)
		require.NoError(b.t, err)
		info, err := host.New(open, host.WithRetries(9)).Info(b.t.Context())
		require.NoError(b.t, err)
		require.NoError(b.t, open.Close())
		p.Unplug()
		memory := p.memory()
		list = append(list, linetest.Final{
			HardwareID: info.HardwareID, State: info.State, Serial: info.Serial,
			Has: func(seed []byte) bool { return bytes.Contains(memory, seed) },
		})
	}
	return list
}
