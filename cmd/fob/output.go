// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
)

// output is a file that is either written completely or not created at all.
type output struct {
	*bufio.Writer
	path  string           // "" is standard output
	file  *atomicfile.File // nil for standard output
	force bool
}

// reads records a file that the command reads, which must not also be its output.
func (a *app) reads(f io.Reader) {
	if file, ok := f.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			a.inputs = append(a.inputs, info)
		}
	}
}

// notInput rejects an output file that the command also reads, whether it is named by a
// path or a link or is standard input or output.
func (a *app) notInput(path string) error {
	info, err := os.Stat(path)
	if path == "" || path == "-" {
		path = "standard output"
		file, ok := a.stdout.(*os.File)
		if !ok {
			return nil
		}
		info, err = file.Stat()
	}
	if err != nil {
		return nil // the file does not exist yet
	}
	for _, input := range a.inputs {
		if os.SameFile(info, input) {
			return usagef("writing %s: this command reads the same file: name another one", path)
		}
	}
	return nil
}

// create creates a file that only its owner can read. If path is "" or "-", the output
// is standard output. An existing file is replaced only if force is set. A file that
// the command reads is never replaced.
func (a *app) create(path string, force bool) (*output, error) {
	if err := a.notInput(path); err != nil {
		return nil, err
	}
	if path == "" || path == "-" {
		return &output{Writer: bufio.NewWriter(a.stdout)}, nil
	}
	if info, err := os.Lstat(path); err == nil && (!force || !info.Mode().IsRegular()) {
		if !info.Mode().IsRegular() {
			return nil, usagef("writing %s: it is not a regular file (- is standard output)", path)
		}
		return nil, usagef("writing %s: it exists; --force replaces it", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("writing %s: %w", path, err)
	}
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, usagef("writing %s: %w", path, err)
	}
	return &output{bufio.NewWriterSize(file, 64<<10), path, file, force}, nil
}

// finish moves the file to its path if work is nil, and removes it otherwise. It
// returns work or the error of writing.
func (o *output) finish(work error) error {
	err := work
	if err == nil {
		err = o.Flush()
	}
	if o.file == nil {
		return err
	}
	if err == nil {
		err = o.place()
	}
	if e := o.file.Discard(); e != nil {
		err = errors.Join(err, fmt.Errorf("removing the unfinished file: %w", e))
	}
	if work == nil && err != nil {
		err = fmt.Errorf("writing %s: %w", o.path, atomicfile.Cause(err))
	}
	return err
}

// place moves the complete file to its path. Without force it never replaces a file,
// even one that another process has created in the meantime.
func (o *output) place() error {
	if o.force {
		return o.file.Replace()
	}
	err := o.file.Place()
	if errors.Is(err, fs.ErrExist) {
		err = usagef("it exists; --force replaces it")
	}
	return err
}

var _ io.Writer = (*output)(nil)

// writeNew writes a file that must not exist. It is complete or absent.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	err := atomicfile.WriteMode(path, data, mode)
	if errors.Is(err, fs.ErrExist) {
		return usagef("writing %s: it exists: name another file, or move that one away", path)
	}
	return writing(path, err)
}

// overwrite writes a file, and replaces an older one as a whole. A pipe or device, such
// as /dev/stdout, is written to.
func overwrite(path string, data []byte, mode fs.FileMode) error {
	target := path
	if t, err := filepath.EvalSymlinks(path); err == nil {
		target = t
	}
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return writing(path, os.WriteFile(target, data, mode))
	}
	return writing(path, atomicfile.OverwriteMode(target, data, mode))
}

// writing explains an error of writing a file. A wrong path is a mistake of usage, and a
// full disk is not.
func writing(path string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("writing %s: %w", path, atomicfile.Cause(err))
	for _, wrong := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.EISDIR} {
		if errors.Is(err, wrong) {
			return errclass.With(errclass.Usage, err)
		}
	}
	return err
}
