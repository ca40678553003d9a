// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"
	"sync"
	"time"
)

// bitsPerByte counts the start and stop bit of 8N1.
const bitsPerByte = 10

// paceSlice is how much line time is written at once: short enough to look like
// a UART to a reader, long enough not to wake up for every byte.
const paceSlice = 5 * time.Millisecond

// Pace returns p with Writes slowed to what a UART at the given baud delivers:
// every byte takes ten bit times before it reaches the other end. Write
// deadlines and Close work during the delay. A baud of zero or less returns p.
func Pace(p Port, baud int) Port {
	if baud <= 0 {
		return p
	}
	return &paced{Port: p, byteTime: bitsPerByte * time.Second / time.Duration(baud), closed: make(chan struct{})}
}

type paced struct {
	Port
	byteTime time.Duration
	limit    deadline
	once     sync.Once
	closed   chan struct{}

	mu   sync.Mutex
	free time.Time // when the line has sent all earlier bytes
}

func (p *paced) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := max(1, int(paceSlice/max(1, p.byteTime)))
	for n := 0; n < len(b); {
		part := b[n:min(len(b), n+size)]
		if now := time.Now(); p.free.Before(now) {
			p.free = now
		}
		due := p.free.Add(time.Duration(len(part)) * p.byteTime)
		if err := p.sleep(time.Until(due)); err != nil {
			return n, ioError("writing", "a paced port", err, false)
		}
		p.free = due
		m, err := p.Port.Write(part)
		if n += m; err != nil {
			return n, err
		}
	}
	if len(b) == 0 {
		return p.Port.Write(b)
	}
	return len(b), nil
}

// sleep waits for d unless the port is closed or the deadline passes before.
func (p *paced) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		passed := p.limit.done()
		select {
		case <-p.closed:
			return os.ErrClosed
		case <-passed:
			return os.ErrDeadlineExceeded
		case <-timer.C:
			return nil
		}
	}
}

func (p *paced) SetWriteDeadline(t time.Time) error {
	p.limit.set(t)
	return p.Port.SetWriteDeadline(t)
}

func (p *paced) Close() error {
	p.once.Do(func() { close(p.closed) })
	p.limit.set(time.Time{})
	return p.Port.Close()
}

// Line passes on the settings of the port inside.
func (p *paced) Line() (Line, bool) { return LineOf(p.Port) }
