// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"sync"
	"time"

	"github.com/d204ef64/fob/virtual"
)

// A Chunk is bytes that passed on the wire of a port at one time.
type Chunk struct {
	At    time.Time         // by the machine's clock
	World virtual.WorldTime // the world's time then
	Sent  bool              // the token sent them
	Data  []byte
}

// Limits of a recording. A host may send each byte by itself.
const (
	maxTap    = 1 << 20 // bytes
	maxChunks = 1 << 15
)

// Tap records the wire of a port while it is on. It keeps the newest bytes, at most a
// mebibyte and at most 32,768 chunks. It is safe for concurrent use.
type Tap struct {
	world *virtual.World

	mu     sync.Mutex
	on     bool
	kept   bool // there is a recording, though it may be empty
	size   int
	chunks []Chunk
}

// Tap returns the recording of the port's wire.
func (p *Port) Tap() *Tap { return &p.tap }

// Start begins a new recording.
func (t *Tap) Start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on, t.kept, t.size, t.chunks = true, true, 0, nil
}

// Stop ends the recording and keeps it.
func (t *Tap) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on = false
}

// On reports whether the wire is being recorded.
func (t *Tap) On() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.on
}

// Kept reports whether there is a recording: the wire is or was recorded.
func (t *Tap) Kept() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept
}

// Record notes bytes on the wire.
func (t *Tap) Record(sent bool, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.on {
		return
	}
	t.chunks = append(t.chunks, t.chunk(sent, append([]byte(nil), b...)))
	t.size += len(b)
	for t.size > maxTap && len(t.chunks) > 1 || len(t.chunks) > maxChunks {
		t.size -= len(t.chunks[0].Data)
		t.chunks[0] = Chunk{} // the array still has it
		t.chunks = t.chunks[1:]
	}
}

// chunk returns bytes that pass now.
func (t *Tap) chunk(sent bool, b []byte) Chunk {
	return Chunk{At: time.Now(), World: t.world.Now(), Sent: sent, Data: b}
}

// Chunks returns the recording, oldest chunk first.
func (t *Tap) Chunks() []Chunk {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Chunk(nil), t.chunks...)
}

// Replay sends the host's half of a recording to the token over a connection of its own,
// in the recorded order and without the pauses. It returns the bytes of both sides, which
// the port's tap records as well. The error wraps [ErrPlugged] if the port is unplugged.
func (p *Port) Replay(chunks []Chunk) ([]Chunk, error) {
	if p.Addr() == "" {
		return nil, fmt.Errorf("%w: %s is unplugged: plug it in first", ErrPlugged, p.id)
	}
	t, start := p.member.Token, time.Now()
	conn := t.Connect(func() int64 { return time.Since(start).Milliseconds() })
	t.Report(virtual.EventHostOn, 0)
	defer t.Report(virtual.EventHostOff, 0)
	var passed []Chunk
	for _, c := range chunks {
		if c.Sent {
			continue
		}
		p.tap.Record(false, c.Data)
		passed = append(passed, p.tap.chunk(false, c.Data))
		answer := conn.Exchange(nil, c.Data)
		p.member.touched()
		if err := p.member.fleet.saveMember(p.member); err != nil {
			return passed, err
		}
		if len(answer) > 0 {
			p.tap.Record(true, answer)
			passed = append(passed, p.tap.chunk(true, answer))
		}
	}
	return passed, nil
}
