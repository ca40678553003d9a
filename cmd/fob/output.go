// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/d204ef64/fob/internal/atomicfile"
)

// output is a file that is all there or not at all.
type output struct {
	*bufio.Writer
	path  string           // "" is standard output
	file  *atomicfile.File // nil for standard output
	force bool
}

// reads remembers a file that the command reads, which must not be its output.
func (a *app) reads(f io.Reader) {
	if file, ok := f.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			a.inputs = append(a.inputs, info)
		}
	}
}

// notInput refuses an output that the command also reads, by whatever name: a
// path, a link, or standard input and output.
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
		return nil // there is no such file yet
	}
	for _, input := range a.inputs {
		if os.SameFile(info, input) {
			return usagef("writing %s: this command reads the same file: name another one", path)
		}
	}
	return nil
}

// create starts a file that only its owner may read; "" or "-" is standard
// output. An existing file stays unless force is set, and a file that the command
// reads stays in any case.
func (a *app) create(path string, force bool) (*output, error) {
	if err := a.notInput(path); err != nil {
		return nil, err
	}
	if path == "" || path == "-" {
		return &output{Writer: bufio.NewWriter(a.stdout)}, nil
	}
	if info, err := os.Lstat(path); err == nil && (!force || !info.Mode().IsRegular()) {
		if !info.Mode().IsRegular() {
			return nil, usagef("writing %s: it is no ordinary file (- is standard output)", path)
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

// finish puts the file in its place if the work went well, and removes it
// otherwise. It returns the error of the work, or its own.
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
// even one that another process made in the meantime.
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
