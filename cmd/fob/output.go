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
)

// output is a file that is all there or not at all.
type output struct {
	*bufio.Writer
	path  string   // "" is standard output
	temp  *os.File // beside its place until it is whole
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
	temp, err := os.CreateTemp(filepath.Dir(path), ".fob-") // mode 0600
	if err != nil {
		return nil, usagef("writing %s: %w", path, bareFile(err))
	}
	return &output{bufio.NewWriterSize(temp, 64<<10), path, temp, force}, nil
}

// finish puts the file in its place if the work went well, and removes it
// otherwise. It returns the error of the work, or its own.
func (o *output) finish(work error) error {
	err := work
	if err == nil {
		err = o.Flush()
	}
	if o.temp == nil {
		return err
	}
	if err == nil {
		err = o.temp.Sync()
	}
	if e := o.temp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = o.place()
	}
	if err == nil {
		return nil
	}
	if e := os.Remove(o.temp.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("removing the unfinished file: %w", e))
	}
	if work == nil {
		err = fmt.Errorf("writing %s: %w", o.path, bareFile(err))
	}
	return err
}

// place moves the whole file to its name. Without force it takes nobody's place,
// also not of a file that came meanwhile.
func (o *output) place() error {
	if !o.force {
		err := os.Link(o.temp.Name(), o.path)
		if err == nil {
			return os.Remove(o.temp.Name())
		}
		if errors.Is(err, fs.ErrExist) {
			return usagef("it exists; --force replaces it")
		}
		// Not every file system has links.
		if _, err := os.Lstat(o.path); !errors.Is(err, fs.ErrNotExist) {
			return usagef("it exists; --force replaces it")
		}
	}
	return os.Rename(o.temp.Name(), o.path)
}

var _ io.Writer = (*output)(nil)
