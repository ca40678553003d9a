// SPDX-License-Identifier: Apache-2.0

// Package printer sends labels and documents to printers: folders, CUPS queues, and
// label printers on the network.
//
// [Open] returns the printer at an address. [Printer.Print] returns when the job is
// printed, or when the printer has taken it if it gives no status. Its errors are of type
// [Error], whose field Sent shows whether a retry could print the job twice.
package printer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
)

var (
	// ErrAddress is the error for an address that does not name a printer.
	ErrAddress = errclass.New(errclass.Usage, "invalid printer address")
	// ErrJob is the error for a job that the printer does not take.
	ErrJob = errclass.New(errclass.Usage, "the printer does not take the job")
	// ErrUnreachable is the error for a printer that cannot be reached, or that closes the
	// connection.
	ErrUnreachable = errclass.New(errclass.Unreachable, "the printer cannot be reached")
	// ErrNotReady is the error for a printer that cannot print now: it is out of paper,
	// open or paused, or its queue is disabled.
	ErrNotReady = errclass.New(errclass.Unreachable, "the printer is not ready")
	// ErrFailed is the error for a job that was accepted but not printed.
	ErrFailed = errclass.New(errclass.Failed, "the job was not printed")
)

// Format is the language of a job.
type Format uint8

// The formats. The values are stable.
const (
	ZPL Format = 0
	PDF Format = 1
)

// String returns "zpl" or "pdf".
func (f Format) String() string {
	if f == PDF {
		return "pdf"
	}
	return "zpl"
}

// Job is a label or a document to print.
type Job struct {
	Name   string // such as the serial number: letters, digits, hyphens, underscores and dots
	Format Format
	Data   []byte
}

// Printer prints jobs. Its methods may be called by several goroutines; jobs are printed
// one after the other.
type Printer interface {
	// Print prints a job, and returns early if ctx ends. The error is an [Error].
	Print(ctx context.Context, job Job) error
	// Check checks that the printer can be reached and takes jobs of a format, and prints
	// nothing. The error names the printer.
	Check(ctx context.Context, format Format) error
	// String returns the address of the printer.
	String() string
}

// Error reports that a job was not printed, or perhaps not.
type Error struct {
	Printer string // address
	Job     string // name
	// Sent reports that the printer has the job or a part of it. It may still print it: look
	// before you print it again. If Sent is false, a retry is safe.
	Sent bool
	Err  error
}

// Error returns for example
// "printing 2600124800001 on tcp:10.0.0.9:9100: the printer is not ready: paper out".
func (e *Error) Error() string {
	text := "printing " + e.Job + " on " + e.Printer + ": " + e.Err.Error()
	if e.Sent {
		text += ": the printer may still print it: look before you print it again"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// jobName matches names that every printer and file system accepts.
var jobName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$`)

func (j *Job) validate() error {
	switch {
	case !jobName.MatchString(j.Name):
		return fmt.Errorf("%w: name %q, want 1 to 80 letters, digits, hyphens, underscores and dots", ErrJob, j.Name)
	case j.Format > PDF:
		return fmt.Errorf("%w: unknown format %d", ErrJob, j.Format)
	case len(j.Data) == 0:
		return fmt.Errorf("%w: it is empty", ErrJob)
	}
	return nil
}

// Open returns the printer at an address:
//
//	file:DIR              a folder that exists: each job becomes a file there
//	file:FILE             a file: jobs are appended (ZPL only); a new one needs an extension
//	cups:QUEUE            a queue of the CUPS server of this computer
//	cups:QUEUE@HOST:PORT  a queue of another server
//	tcp:HOST:PORT         a label printer on the network, usually at port 9100
//
// Open checks the address, but does not connect: see [Printer.Check]. The error wraps
// [ErrAddress].
func Open(address string) (Printer, error) {
	kind, rest, _ := strings.Cut(address, ":")
	switch kind {
	case "file":
		if rest == "" {
			return nil, fmt.Errorf("%w %q: no path, want file:DIR or file:FILE", ErrAddress, address)
		}
		return &filePrinter{address: address, path: filepath.Clean(rest), folder: strings.HasSuffix(rest, "/")}, nil
	case "cups":
		return openCUPS(address, rest)
	case "tcp":
		host, port, err := net.SplitHostPort(rest)
		if err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("%w %q: want tcp:HOST:PORT, such as tcp:10.0.0.9:9100", ErrAddress, address)
		}
		return newTCP(address, rest), nil
	}
	return nil, fmt.Errorf("%w %q: want file:DIR, cups:QUEUE or tcp:HOST:PORT", ErrAddress, address)
}

// unfit returns the error of a check.
func unfit(p Printer, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("checking the printer %s: %w", p, err)
}

// failure returns an [Error] for a job on a printer.
func failure(p Printer, job Job, sent bool, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return &Error{Printer: p.String(), Job: job.Name, Sent: sent, Err: err}
}
