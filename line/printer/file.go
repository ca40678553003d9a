// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// filePrinter writes jobs to a folder or a file.
type filePrinter struct {
	address string
	path    string
	folder  bool // the path must be a folder

	mu sync.Mutex
}

var _ Printer = (*filePrinter)(nil)

func (p *filePrinter) String() string { return p.address }

// Print writes a file, or appends to one. A job that is printed again does not replace
// the first file: its name gets a number.
func (p *filePrinter) Print(ctx context.Context, job Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(ctx.Err(), job.validate()); err != nil {
		return failure(p, job, false, err)
	}
	info, err := os.Stat(p.path)
	switch {
	case err == nil && info.IsDir():
		return p.place(job)
	case p.folder || err != nil && !errors.Is(err, fs.ErrNotExist):
		if err == nil {
			err = errors.New("it is not a folder")
		}
		return failure(p, job, false, fmt.Errorf("%w: opening the folder %s: %w", ErrUnreachable, p.path, atomicfile.Cause(err)))
	case job.Format != ZPL:
		return failure(p, job, false, fmt.Errorf("%w: a %s document cannot be appended to a file: give a folder", ErrJob, job.Format))
	}
	return p.append(job)
}

func (p *filePrinter) place(job Job) error {
	for n := 1; ; n++ {
		name := job.Name
		if n > 1 {
			name = fmt.Sprintf("%s-%d", job.Name, n)
		}
		err := atomicfile.Write(filepath.Join(p.path, name+"."+job.Format.String()), job.Data)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return failure(p, job, false, fmt.Errorf("%w: writing a file: %w", ErrFailed, err))
		}
		return nil
	}
}

func (p *filePrinter) append(job Job) error {
	f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return failure(p, job, false, fmt.Errorf("%w: opening the file: %w", ErrUnreachable, atomicfile.Cause(err)))
	}
	n, err := f.Write(job.Data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return failure(p, job, n > 0, fmt.Errorf("%w: appending to the file: %w", ErrFailed, atomicfile.Cause(err)))
	}
	return nil
}
