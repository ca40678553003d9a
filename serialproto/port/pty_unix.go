// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// ptyPort is the host's end of a PTY. The runtime's poller watches it, so it has
// deadlines and may have any descriptor number.
type ptyPort struct {
	file   *os.File
	addr   string
	once   sync.Once
	closed atomic.Bool
	err    error
}

var _ Port = (*ptyPort)(nil)

func openPTY(a Addr) (Port, error) {
	path, err := filepath.EvalSymlinks(a.Path) // isPTY may have to go by the name
	if err != nil {
		return nil, openError("opening", a.String(), err)
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, openError("opening", a.String(), err)
	}
	if err := setRaw(f); err != nil {
		f.Close()
		return nil, openError("opening", a.String(), err)
	}
	return &ptyPort{file: f, addr: a.String()}, nil
}

func (p *ptyPort) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	return n, ioError("reading", p.addr, err, p.closed.Load())
}

func (p *ptyPort) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, ioError("writing", p.addr, err, p.closed.Load())
}

func (p *ptyPort) SetReadDeadline(t time.Time) error {
	return ioError("setting a deadline on", p.addr, p.file.SetReadDeadline(t), p.closed.Load())
}

func (p *ptyPort) SetWriteDeadline(t time.Time) error {
	return ioError("setting a deadline on", p.addr, p.file.SetWriteDeadline(t), p.closed.Load())
}

func (p *ptyPort) Close() error {
	p.once.Do(func() {
		p.closed.Store(true)
		unlock(p.file)
		p.err = ioError("closing", p.addr, p.file.Close(), false)
	})
	return p.err
}
