// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"
	"time"
)

// Pipe returns two connected Ports in memory. Unlike [net.Pipe] it is buffered: in each
// direction 64 KiB can be written before a Write waits for the other end's Read. When
// one end is closed, the other reads the remaining bytes and then gets [ErrGone].
func Pipe() (a, b Port) {
	ab, ba := newStream(), newStream()
	return &pipeEnd{streams{ba, ab}}, &pipeEnd{streams{ab, ba}}
}

type pipeEnd struct{ streams }

var _ Port = (*pipeEnd)(nil)

func (p *pipeEnd) Read(b []byte) (int, error) {
	n, err := p.in.read(b)
	return n, ioError("reading", "pipe", err, false)
}

func (p *pipeEnd) Write(b []byte) (int, error) {
	n, err := p.out.write(b)
	return n, ioError("writing", "pipe", err, false)
}

func (p *pipeEnd) Close() error {
	p.in.shut(os.ErrClosed, ErrGone)
	p.out.shut(ErrGone, os.ErrClosed)
	p.in.readLimit.set(time.Time{}) // stops the timers
	p.out.writeLimit.set(time.Time{})
	return nil
}
