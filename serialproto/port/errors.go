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

// Errors for use with [errors.Is]. A deadline that has passed is
// [os.ErrDeadlineExceeded], and use after Close is [os.ErrClosed].
var (
	// ErrAddress is the error of an address that is malformed or cannot be used in this
	// way.
	ErrAddress = errclass.New(errclass.Usage, "bad address")
	// ErrBusy is the error of a device, link or socket that another program holds.
	ErrBusy = errclass.New(errclass.Unreachable, "in use by another program")
	// ErrNotFound is the error of an address at which nothing exists or listens.
	ErrNotFound = errclass.New(errclass.Unreachable, "not found")
	// ErrGone is the error of a device that was unplugged or a peer that hung up.
	ErrGone = errclass.New(errclass.Unreachable, "device disconnected")
	// ErrRefused is the error of a peer that hung up before its first answer, as it
	// does after a wrong password. Such an error is also ErrGone.
	ErrRefused = errclass.New(errclass.Refused, "the connection was closed before the first answer, as after a wrong password")
	// ErrUnsupported is the error of a feature that this operating system does not
	// have.
	ErrUnsupported = errclass.New(errclass.Unsupported, "not supported")
	// ErrExposed is the error of serving beyond loopback without a password.
	ErrExposed = errclass.New(errclass.Usage, "not a loopback address")
	// ErrDescriptor is the error of a process with so many open files that it cannot
	// watch a serial device safely.
	ErrDescriptor = errclass.New(errclass.Unreachable, "too many open files for a serial device")
	// ErrPassword is the error of a password that cannot be sent on one line.
	ErrPassword = errclass.New(errclass.Usage, "unusable password")
)

// OpError is the error of an operation on an address.
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

// ErrorClass returns the class of Err. Missing permission to open a port counts as
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

// goneErrors are the errors that kernels report after the other side has disappeared.
var goneErrors = []error{
	io.EOF, io.ErrUnexpectedEOF, syscall.EIO, syscall.ENXIO, syscall.ENODEV,
	syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.ETIMEDOUT,
}

// ioError converts an error of an operation on addr to one of the few errors that
// callers of this package must handle. If closed is true, our own Close has been
// called, and any error from the kernel is a consequence of it.
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

// gone wraps the error that shows that a device has disappeared.
func gone(reason error) error {
	if errors.Is(reason, io.EOF) {
		return ErrGone // "EOF" would add no information
	}
	return fmt.Errorf("%w: %w", ErrGone, reason)
}

// openError converts an error of opening addr to one that callers can test with
// errors.Is.
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
		reason = fmt.Errorf("%w: check the permissions of the file and the groups of your user", reason)
	}
	return &OpError{Op: op, Addr: addr, Err: reason}
}

// isLookup reports whether a host's name could not be resolved.
func isLookup(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// bare removes the layers of packages net and os that would repeat parts of [OpError].
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
