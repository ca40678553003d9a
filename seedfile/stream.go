// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// checked wraps a reader and validates its records. It skips unsupported ones if the
// options ask for it. It returns an error for a file without records, and repeats the
// first error on every further call.
type checked struct {
	Reader
	format  string
	options ReadOptions
	found   bool // a record has been read or skipped
	warned  bool // about a short seed
	err     error
}

// skipper is a reader that can continue after an error in one record.
type skipper interface {
	// skipRecord moves to the end of the record for which Read returned an error. It
	// reports false if the error was not about a single record.
	skipRecord() (bool, error)
}

func (c *checked) Read() (Record, error) {
	if c.err != nil {
		return Record{}, c.err
	}
	r, err := c.Reader.Read()
	for err != nil && c.skipped(&err) {
		c.found = true
		r, err = c.Reader.Read()
	}
	switch {
	case err == nil:
		c.found = true
		if err = check(&r); err == nil {
			err = c.options.checkSeed(r.Seed, &c.warned)
		}
		if err != nil {
			err = locate(c.format, c.Line(), &r, err)
		}
	case err == io.EOF && !c.found:
		err = locate(c.format, 0, nil, malformed("no token in the file"))
	}
	if err != nil {
		c.err = err
		return Record{}, err
	}
	return r, nil
}

// skipped passes an error to Skip, and reports whether the reader can continue after
// it.
func (c *checked) skipped(err *error) bool {
	s, ok := c.Reader.(skipper)
	if !ok || c.options.Skip == nil || !errors.Is(*err, ErrUnsupported) {
		return false
	}
	was := *err
	skipped, failed := s.skipRecord()
	if failed != nil {
		*err = failed
	}
	if skipped && failed == nil {
		c.options.Skip(was)
	}
	return skipped && failed == nil
}

// newFunc returns the read function of a format, given a function that starts a reader.
func newFunc[R Reader](format string, start func(*bufio.Reader, ReadOptions) (R, error)) func(*bufio.Reader, ReadOptions) (Reader, error) {
	return func(b *bufio.Reader, o ReadOptions) (Reader, error) {
		o.reported = map[string]bool{}
		r, err := start(b, o)
		if err != nil {
			return nil, err
		}
		return &checked{Reader: r, format: format, options: o}, nil
	}
}

// recordWriter writes a text file, record by record. A refused record leaves nothing in
// the file.
type recordWriter struct {
	format  string
	carries func(*Record) Field // the format's: other texts are not checked
	out     *bufio.Writer
	buf     []byte
	begun   bool

	// begin appends the text before the first record; first is nil if there are no
	// records. add appends a record. end is the text after the last record. begin may
	// be nil, and end may be empty.
	begin func(dst []byte, first *Record) ([]byte, error)
	add   func(dst []byte, r *Record) ([]byte, error)
	end   string
}

var _ Writer = (*recordWriter)(nil)

// writeFunc returns the write function of a format without encryption.
func writeFunc(w recordWriter) func(io.Writer, WriteOptions) (Writer, error) {
	return func(out io.Writer, o WriteOptions) (Writer, error) {
		if o.Encrypt != nil || o.Sealed != nil || o.Sign != nil {
			return nil, fmt.Errorf("%w: %s supports neither encryption nor signatures", ErrUnsupported, w.format)
		}
		w := w
		w.out = bufio.NewWriterSize(out, 64<<10)
		return &w, nil
	}
}

func (w *recordWriter) Write(r *Record) error {
	fields := FieldAll
	if w.carries != nil {
		fields = w.carries(r)
	}
	if err := checkFields(r, fields); err != nil {
		return locate(w.format, 0, r, err)
	}
	dst, err := w.start(w.buf[:0], r)
	if err == nil {
		dst, err = w.add(dst, r)
	}
	if err != nil {
		clear(dst)
		return locate(w.format, 0, r, err)
	}
	w.begun = true
	w.buf = dst
	_, err = w.out.Write(dst)
	clear(dst) // it has the seed
	return err
}

func (w *recordWriter) start(dst []byte, r *Record) ([]byte, error) {
	if w.begun || w.begin == nil {
		return dst, nil
	}
	return w.begin(dst, r)
}

func (w *recordWriter) Close() error {
	dst, err := w.start(nil, nil)
	if err != nil {
		return locate(w.format, 0, nil, err)
	}
	w.begun = true
	_, err = w.out.Write(dst)
	_, err2 := w.out.WriteString(w.end)
	return errors.Join(err, err2, w.out.Flush())
}

// movingFactor returns the field in the single column that some formats have for it:
// the counter of HOTP or the period of TOTP.
func movingFactor(r *Record) Field {
	if r.Type == HOTP {
		return FieldCounter
	}
	return FieldStep
}
