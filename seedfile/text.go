// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the memory that a hostile file can occupy at once.
const (
	maxLine = 8 << 10 // bytes in a line of text
	maxText = 512     // bytes in a name, for example of a manufacturer
)

// lineReader reads the lines of a text file in UTF-8, with or without a byte order
// mark. Lines end in LF or CR LF. The next call overwrites the returned bytes.
type lineReader struct {
	r       *bufio.Reader
	format  string
	options ReadOptions
	line    int // number of the last line, from 1
}

func newLineReader(format string, r *bufio.Reader, o ReadOptions) (*lineReader, error) {
	l := &lineReader{r: r, format: format, options: o}
	if err := skipBOM(r); err != nil {
		return nil, l.fail(nil, err)
	}
	return l, nil
}

// next returns the next line without its end, or io.EOF after the last.
func (l *lineReader) next() ([]byte, error) {
	b, err := l.r.ReadSlice('\n')
	if err == io.EOF && len(b) == 0 {
		return nil, io.EOF
	}
	l.line++
	switch {
	case err == bufio.ErrBufferFull || len(b) > maxLine:
		return nil, l.fail(nil, fmt.Errorf("%w: a line of more than %d bytes", ErrLimit, maxLine))
	case err == io.EOF:
		l.options.warn("%s: line %d, the last one, has no line end: the file may be incomplete", l.format, l.line)
	case err != nil:
		return nil, err
	}
	b = bytes.TrimSuffix(b, []byte("\n"))
	b = bytes.TrimSuffix(b, []byte("\r"))
	switch {
	case bytes.IndexByte(b, 0) >= 0:
		err = fmt.Errorf("%w: NUL byte: is the file UTF-16? Save it as UTF-8", ErrSyntax)
	case bytes.IndexByte(b, '\r') >= 0:
		err = fmt.Errorf("%w: carriage return inside a line", ErrSyntax)
	case !utf8.Valid(b):
		err = fmt.Errorf("%w: not UTF-8", ErrSyntax)
	default:
		return b, nil
	}
	return nil, l.fail(nil, err)
}

// fail adds the place to an error.
func (l *lineReader) fail(r *Record, err error) error { return locate(l.format, l.line, r, err) }

// recordLines reads a format with at most one record on each line.
type recordLines struct {
	*lineReader
	parse  func(line []byte, r *Record) (found bool, err error)
	header bool // the last line belonged to the file's header, not to a record
}

// readLines returns the read function of such a format. start sets parse.
func readLines(format string, start func(l *recordLines)) func(*bufio.Reader, ReadOptions) (Reader, error) {
	return newFunc(format, func(b *bufio.Reader, o ReadOptions) (*recordLines, error) {
		lines, err := newLineReader(format, b, o)
		l := &recordLines{lineReader: lines}
		start(l)
		return l, err
	})
}

func (l *recordLines) Line() int { return l.line }

// skipRecord has nothing to skip: the next line is another record.
func (l *recordLines) skipRecord() (bool, error) { return !l.header, nil }

func (l *recordLines) Read() (Record, error) {
	var r Record
	for {
		line, err := l.next()
		if err != nil {
			return Record{}, err
		}
		found, err := l.parse(line, &r)
		switch {
		case err != nil:
			return Record{}, l.fail(&r, err)
		case found:
			return r, nil
		}
	}
}

// emptyOrComment reports whether a line is empty or begins with #.
func emptyOrComment(line []byte) bool { return len(line) == 0 || line[0] == '#' }

// skipBOM skips a UTF-8 byte order mark. It returns an error for a file that is not
// text in UTF-8.
func skipBOM(r *bufio.Reader) error {
	head, err := r.Peek(32)
	if err != nil && err != io.EOF {
		return err
	}
	if bytes.HasPrefix(head, utf8BOM) {
		_, err = r.Discard(len(utf8BOM))
		return err
	}
	if what := whatPacked(head); what != "" {
		return fmt.Errorf("%w: the file is %s", ErrSyntax, what)
	}
	return nil
}

// badValue returns an error about a wrong value. It never contains the value: if columns are
// shifted, any of them may hold a seed.
func badValue(field, format string, args ...any) error {
	return &Error{Field: field, Err: fmt.Errorf("%w: "+format, append([]any{ErrValue}, args...)...)}
}

// malformed returns an error about a file that does not follow its format.
func malformed(format string, args ...any) error {
	return &Error{Err: fmt.Errorf("%w: "+format, append([]any{ErrSyntax}, args...)...)}
}

// unsupported returns an error about a feature of a format that this package does not
// support.
func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

// ofContent reports whether an error is about the content of a file.
func ofContent(err error) bool {
	var e *Error
	return errors.As(err, &e) || errors.Is(err, ErrSyntax) || errors.Is(err, ErrLimit) ||
		errors.Is(err, ErrUnsupported) || errors.Is(err, ErrValue)
}

// locate adds format, line and record to an error about the content of a file. It returns
// other errors unchanged.
func locate(format string, line int, r *Record, err error) error {
	if !ofContent(err) {
		return err
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Err: err}
	}
	e.Format, e.Line = format, line
	if r != nil && e.Record == "" {
		e.Record = safeName(r)
	}
	return e
}

// safeName returns the record's name, or "" if the name may be a seed in a wrong
// column.
func safeName(r *Record) string {
	if name := r.Name(); !mayBeSeed(name) {
		return name
	}
	return ""
}

// longestWord returns the length of the longest run of letters and digits.
func longestWord(s string) int {
	longest, n := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
			longest = max(longest, n)
		} else {
			n = 0
		}
	}
	return longest
}

// text checks a name that a person chose: UTF-8 without control characters, at most
// maxText bytes, and without space at its ends, which some readers would trim.
func text(field, s string) error {
	switch {
	case len(s) > maxText:
		return &Error{Field: field, Err: fmt.Errorf("%w: more than %d bytes", ErrLimit, maxText)}
	case !utf8.ValidString(s):
		return badValue(field, "not UTF-8")
	case strings.TrimSpace(s) != s:
		return badValue(field, "begins or ends with a space")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return badValue(field, "has a control character")
		}
	}
	return nil
}
