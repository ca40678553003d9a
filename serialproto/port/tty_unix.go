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

// ttyPort is one end of a terminal that was opened by its name. It uses the runtime's
// poller. Therefore it has deadlines, and its descriptor may have any number.
type ttyPort struct {
	file   *os.File
	addr   string
	once   sync.Once
	closed atomic.Bool
	err    error
}

var _ Port = (*ttyPort)(nil)

// openTTY opens and locks the terminal at path, and sets it to raw mode. addr is the
// Port's address for errors.
func openTTY(path, addr string) (*ttyPort, error) {
	path, err := filepath.EvalSymlinks(path) // on some systems isPTY depends on the name
	if err != nil {
		return nil, err
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	if err := setRaw(f); err != nil {
		f.Close()
		return nil, err
	}
	return &ttyPort{file: f, addr: addr}, nil
}

func (p *ttyPort) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	return n, ioError("reading", p.addr, err, p.closed.Load())
}

func (p *ttyPort) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, ioError("writing", p.addr, err, p.closed.Load())
}

func (p *ttyPort) SetReadDeadline(t time.Time) error {
	return ioError("setting a deadline on", p.addr, p.file.SetReadDeadline(t), p.closed.Load())
}

func (p *ttyPort) SetWriteDeadline(t time.Time) error {
	return ioError("setting a deadline on", p.addr, p.file.SetWriteDeadline(t), p.closed.Load())
}

func (p *ttyPort) Close() error {
	p.once.Do(func() {
		p.closed.Store(true)
		unlock(p.file)
		p.err = ioError("closing", p.addr, p.file.Close(), false)
	})
	return p.err
}
