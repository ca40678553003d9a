// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.bug.st/serial"
)

// readSlice is the longest time that one Read of the serial library may wait. The
// library's own Close wakes a reader only after it has closed the descriptor, when the
// number may already belong to another file. We therefore wait until Read has returned
// before we call Close.
const readSlice = 50 * time.Millisecond

// deviceLine is the write side of a serial device and holds its lock.
type deviceLine interface {
	Write(p []byte) (int, error)
	SetWriteDeadline(t time.Time) error
	// Close releases the lock. It is called after the library's Close.
	Close() error
}

// device is a Port on a serial line opened by go.bug.st/serial. That library has no
// deadlines, so a goroutine reads ahead into a stream, which has them.
type device struct {
	addr   string
	serial serial.Port
	line   deviceLine
	in     *stream

	closed  atomic.Bool
	writing atomic.Int32
	once    sync.Once
	pumped  chan struct{} // closed when no goroutine reads from serial any more
	err     error         // result of Close
}

var _ Port = (*device)(nil)

// openDevice opens a serial line at 115200 8N1.
func openDevice(a Addr) (Port, error) {
	path, release, err := lockDevice(a.Path)
	if err != nil {
		return nil, openError("opening", a.String(), err)
	}
	// InitialStatusBits stays nil: setting them fails on a PTY.
	sp, err := serial.Open(path, &serial.Mode{
		BaudRate: default8N1.Baud, DataBits: default8N1.DataBits,
		Parity: serial.NoParity, StopBits: serial.OneStopBit,
	})
	if err == nil {
		if err = watchable(sp); err != nil {
			sp.Close()
		}
	}
	if err != nil {
		release.Close()
		return nil, openError("opening", a.String(), serialError(err))
	}
	// Discard the bytes that an earlier host did not read.
	_ = sp.ResetInputBuffer()
	_ = sp.ResetOutputBuffer()
	d := &device{addr: a.String(), serial: sp, line: release.line(sp), in: newStream(), pumped: make(chan struct{})}
	go d.pump()
	return d, nil
}

// watchable checks whether the library can wait for input. It uses select(2), and
// indexes past the end of its set if the descriptor is 1024 or more. The library does
// not reveal its descriptor, so we test it with a Read.
func watchable(sp serial.Port) error {
	if err := sp.SetReadTimeout(0); err != nil {
		return err
	}
	if _, err := readSafely(sp, nil); errors.Is(err, ErrDescriptor) {
		return err
	}
	return sp.SetReadTimeout(readSlice)
}

// readSafely calls sp.Read and converts its panic to an error.
func readSafely(sp serial.Port, p []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("%w: descriptor 1024 or higher; close other files, or open a PTY as pty:PATH", ErrDescriptor)
		}
	}()
	return sp.Read(p)
}

// pump copies input from the library to d.in until the device is closed or gone.
func (d *device) pump() {
	defer close(d.pumped)
	buf := make([]byte, 4096)
	for !d.closed.Load() {
		n, err := readSafely(d.serial, buf) // 0, nil at the end of each slice
		if n > 0 {
			if d.in.put(buf[:n], false) != nil {
				return // closed
			}
		}
		if err != nil && !isAny(err, []error{syscall.EINTR, syscall.EAGAIN}) {
			d.in.shut(bareOp(ioError("", "", serialError(err), false)), ErrGone)
			return
		}
	}
}

func (d *device) Read(p []byte) (int, error) {
	n, err := d.in.read(p)
	return n, ioError("reading", d.addr, err, d.closed.Load())
}

func (d *device) Write(p []byte) (int, error) {
	d.writing.Add(1)
	defer d.writing.Add(-1)
	n, err := d.line.Write(p)
	return n, ioError("writing", d.addr, serialError(err), d.closed.Load())
}

func (d *device) SetReadDeadline(t time.Time) error {
	d.in.readLimit.set(t)
	return nil
}

func (d *device) SetWriteDeadline(t time.Time) error {
	return ioError("setting a deadline on", d.addr, d.line.SetWriteDeadline(t), d.closed.Load())
}

func (d *device) Close() error {
	d.once.Do(func() {
		d.closed.Store(true)
		d.in.shut(os.ErrClosed, os.ErrClosed)
		if d.writing.Load() > 0 {
			// The device does not accept our bytes. If they stayed in the driver, the
			// kernel would wait for them in close, for up to half a minute.
			_ = d.serial.ResetOutputBuffer()
			_ = d.line.SetWriteDeadline(time.Now())
		}
		<-d.pumped
		d.err = ioError("closing", d.addr, serialError(d.serial.Close()), false)
		if err := d.line.Close(); d.err == nil {
			d.err = ioError("closing", d.addr, err, false)
		}
		d.in.readLimit.set(time.Time{})
	})
	return d.err
}

// serialError translates the error codes of the library, which do not support Unwrap.
func serialError(err error) error {
	var pe *serial.PortError
	if !errors.As(err, &pe) {
		return err
	}
	switch pe.Code() {
	case serial.PortBusy:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case serial.PortNotFound:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case serial.PermissionDenied:
		return fmt.Errorf("%w: %w", os.ErrPermission, err)
	case serial.PortClosed:
		// We close only after the last Read, so the device must have hung up: the
		// library reports that as "closed".
		return ErrGone
	}
	return err
}
