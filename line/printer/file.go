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
	folder, err := p.target(job.Format)
	switch {
	case err != nil:
		return failure(p, job, false, err)
	case folder:
		return p.place(job)
	}
	return p.append(job)
}

// target reports whether jobs go into a folder. A path that does not exist and has no
// extension is a folder that is missing, and not a new file.
func (p *filePrinter) target(format Format) (folder bool, err error) {
	info, err := os.Stat(p.path)
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil && info.IsDir():
		return true, nil
	case err == nil && p.folder:
		return false, fmt.Errorf("%w: opening the folder %s: it is not a folder", ErrUnreachable, p.path)
	case gone && (p.folder || format != ZPL || filepath.Ext(p.path) == ""):
		return false, fmt.Errorf("%w: opening the folder %s: %w: make it first%s", ErrUnreachable, p.path, atomicfile.Cause(err), orFile(format))
	case err != nil && !gone:
		return false, fmt.Errorf("%w: opening the folder %s: %w", ErrUnreachable, p.path, atomicfile.Cause(err))
	case format != ZPL:
		return false, fmt.Errorf("%w: a %s document cannot be appended to a file: give a folder", ErrJob, format)
	}
	return false, nil
}

// orFile is the advice to name a file, for a format whose jobs can be appended to one.
func orFile(format Format) string {
	if format != ZPL {
		return ""
	}
	return ", or name a file such as labels.zpl"
}

// Check implements [Printer]. It writes and removes a file in the folder.
func (p *filePrinter) Check(ctx context.Context, format Format) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	folder, err := p.target(format)
	if err = errors.Join(ctx.Err(), err); err != nil {
		return unfit(p, err)
	}
	dir := p.path
	if !folder {
		info, err := os.Stat(p.path)
		switch {
		case err == nil && info.Mode().IsRegular():
			f, err := os.OpenFile(p.path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				err = f.Close()
			}
			return p.unwritable(err)
		case err == nil: // opening a device may do something
			return nil
		}
		dir = filepath.Dir(p.path)
	}
	f, err := os.CreateTemp(dir, ".fob-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	return p.unwritable(err)
}

func (p *filePrinter) unwritable(err error) error {
	if err == nil {
		return nil
	}
	return unfit(p, fmt.Errorf("%w: writing a file: %w", ErrUnreachable, atomicfile.Cause(err)))
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
