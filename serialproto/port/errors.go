// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/d204ef64/fob/internal/errclass"
)

// Errors to branch on with [errors.Is]. A passed deadline is
// [os.ErrDeadlineExceeded] and use after Close is [os.ErrClosed].
var (
	// ErrAddress reports an address that cannot be parsed or used that way.
	ErrAddress = errclass.New(errclass.Usage, "bad address")
	// ErrBusy reports a device, link or socket that another program holds.
	ErrBusy = errclass.New(errclass.Unreachable, "in use by another program")
	// ErrNotFound reports that nothing exists, or nothing listens, there.
	ErrNotFound = errclass.New(errclass.Unreachable, "not found")
	// ErrGone reports a device that was unplugged or a peer that hung up.
	ErrGone = errclass.New(errclass.Unreachable, "device gone")
	// ErrRefused reports a peer that hung up before it answered, as it does after a
	// wrong password. Such an error is also ErrGone.
	ErrRefused = errclass.New(errclass.Refused, "the port hung up before its first answer, as it does on a wrong password")
	// ErrUnsupported reports a feature this operating system does not have.
	ErrUnsupported = errclass.New(errclass.Unsupported, "not supported")
	// ErrExposed reports an attempt to serve beyond loopback without a password.
	ErrExposed = errclass.New(errclass.Usage, "not a loopback address")
	// ErrDescriptor reports that the process holds too many open files for a
	// serial device to be watched safely.
	ErrDescriptor = errclass.New(errclass.Unreachable, "too many open files for a serial device")
	// ErrPassword reports a password that cannot be sent on one line.
	ErrPassword = errclass.New(errclass.Usage, "unusable password")
)

// OpError says which operation failed on which address.
type OpError struct {
	Op   string // "opening", "listening on", "reading", "writing", …
	Addr string // as given to Open or reported by Listener.Addr
	Err  error
}

// Error returns "op addr: reason".
func (e *OpError) Error() string { return e.Op + " " + e.Addr + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *OpError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed, as [net.Error] does.
func (e *OpError) Timeout() bool { return errors.Is(e.Err, os.ErrDeadlineExceeded) }

// ErrorClass returns the class of Err. A port that this user may not open counts as
// unreachable.
func (e *OpError) ErrorClass() errclass.Class {
	class, found := errclass.Of(e.Err)
	switch {
	case found:
		return class
	case errors.Is(e.Err, os.ErrPermission):
		return errclass.Unreachable
	case e.Timeout():
		return errclass.Timeout
	}
	return errclass.Failed
}

// goneErrors are what kernels report once the other side has vanished.
var goneErrors = []error{
	io.EOF, io.ErrUnexpectedEOF, syscall.EIO, syscall.ENXIO, syscall.ENODEV,
	syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.ETIMEDOUT,
}

// ioError turns an error of Read or Write on addr into one of the few that a
// caller of this package has to know. closed says that our own Close was called:
// whatever the kernel then reports is a consequence of it.
func ioError(op, addr string, err error, closed bool) error {
	if err == nil {
		return nil
	}
	reason := bare(err)
	switch {
	case closed, errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrClosed):
		reason = os.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		reason = os.ErrDeadlineExceeded
	case errors.Is(err, ErrGone):
	case isAny(err, goneErrors), isAny(err, platformGone):
		reason = gone(reason)
	}
	return &OpError{Op: op, Addr: addr, Err: reason}
}

// gone wraps the reason for which a device is held to have vanished.
func gone(reason error) error {
	if errors.Is(reason, io.EOF) {
		return ErrGone // "EOF" would tell the reader nothing more
	}
	return fmt.Errorf("%w: %w", ErrGone, reason)
}

// openError turns an error of opening addr into one to branch on.
func openError(op, addr string, err error) error {
	if err == nil {
		return nil
	}
	reason := bare(err)
	switch {
	case errors.Is(err, fs.ErrNotExist), isAny(err, []error{syscall.ENXIO, syscall.ENODEV}):
		reason = fmt.Errorf("%w: %w", ErrNotFound, reason)
	case isLookup(err):
		reason = fmt.Errorf("%w: %w", ErrNotFound, reason)
	case errors.Is(err, syscall.ECONNREFUSED):
		reason = fmt.Errorf("%w: nothing listens there: %w", ErrNotFound, reason)
	case errors.Is(err, syscall.EBUSY), errors.Is(err, syscall.EADDRINUSE):
		reason = fmt.Errorf("%w: %w", ErrBusy, reason)
	case errors.Is(err, fs.ErrPermission):
		reason = fmt.Errorf("%w (check the permissions and the groups of this user)", reason)
	}
	return &OpError{Op: op, Addr: addr, Err: reason}
}

// isLookup reports whether a host's name could not be resolved.
func isLookup(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// bare strips the layers of package net and os that repeat what [OpError] says.
func bare(err error) error {
	var ne *net.OpError
	if errors.As(err, &ne) {
		err = ne.Err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	var se *os.SyscallError
	if errors.As(err, &se) {
		err = se.Err
	}
	return err
}

func isAny(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
