// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pauser waits for the bytes of a paced line. The runtime's timers are up to a millisecond
// late while a process is idle, which is eleven bytes at 115,200 baud and would add up over
// the requests of a conversation. A timer of the kernel is exact. A pauser is not safe for
// concurrent use.
type pauser struct {
	timer *os.File // nil: not made yet, or there is none
	made  bool
}

// wait waits, or returns the error of ctx.
func (p *pauser) wait(ctx context.Context, d time.Duration) error {
	if !p.made {
		p.made = true
		if fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err == nil {
			p.timer = os.NewFile(uintptr(fd), "timer")
		}
	}
	if p.timer == nil || p.set(d) != nil {
		return sleep(ctx, d)
	}
	stop := context.AfterFunc(ctx, func() { _ = p.timer.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var count [8]byte
	if _, err := p.timer.Read(count[:]); err != nil && ctx.Err() == nil {
		return sleep(ctx, d)
	}
	return ctx.Err()
}

// set starts the timer.
func (p *pauser) set(d time.Duration) error {
	raw, err := p.timer.SyscallConn()
	if err != nil {
		return err
	}
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if e := raw.Control(func(fd uintptr) { err = unix.TimerfdSettime(int(fd), 0, &at, nil) }); e != nil {
		return e
	}
	return err
}

// close releases the timer.
func (p *pauser) close() {
	if p.timer != nil {
		_ = p.timer.Close()
	}
}
