// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"github.com/d204ef64/fob/token"
)

// Reader reads the records of a file.
type Reader interface {
	// Read returns the next record, or io.EOF after the last one if the file is
	// correct. Other errors end the file. An error about its content is an [Error].
	Read() (Record, error)

	// Line returns the line at which the last record began. In an export of an app,
	// which is often one line, it counts entries.
	Line() int
}

// Writer writes records to a file.
type Writer interface {
	// Write adds a record. It leaves out the fields that the format cannot carry
	// ([Format.Lost]). It returns an error if the record lacks a field that the format
	// requires.
	Write(r *Record) error

	// Close writes the end of the file. It does not close the underlying writer.
	Close() error
}

// ReadOptions supplies data that a file lacks.
type ReadOptions struct {
	// Values for formats that leave them to a form of the server. A value in the file
	// takes precedence.
	Step      token.UnixSeconds // 0 means unknown
	Digits    uint8             // 0 means 6
	Algorithm token.Algorithm

	Keys Keys // for encrypted files

	// Warn is called with remarks for a person about a file that is accepted
	// nevertheless, unless it is nil.
	Warn func(string)

	// LeftOut is called with data in the file for which a [Record] has no field. If it
	// is nil, Warn is called.
	LeftOut func(string)

	// Skip is called with the error of a token that is not supported
	// ([ErrUnsupported]), and the reader continues with the next token. If Skip is nil,
	// the error ends the file.
	Skip func(error)

	// AllowShort accepts seeds of 10 to 15 bytes, see [token.NewShortSeed], and warns
	// once. Otherwise they are an error.
	AllowShort bool

	reported map[string]bool // by once; nil means that nothing is suppressed
}

// warn calls Warn.
func (o *ReadOptions) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(printable(fmt.Sprintf(format, args...)))
	}
}

// leftOut calls LeftOut, or Warn if LeftOut is nil.
func (o *ReadOptions) leftOut(format string, args ...any) {
	if o.LeftOut == nil {
		o.warn(format, args...)
		return
	}
	o.LeftOut(printable(fmt.Sprintf(format, args...)))
}

// once reports a text once for each thing, because a file of a million tokens would
// repeat it a million times.
func (o *ReadOptions) once(report func(string, ...any), thing, text string) {
	const most = 1000 // a file may contain any number of invented names
	if o.reported[thing] || len(o.reported) >= most {
		return
	}
	if o.reported != nil {
		o.reported[thing] = true
	}
	report("%s", text)
}

// onceAt is once for a line of a file, to which other lines may be similar.
func (o *ReadOptions) onceAt(report func(string, ...any), format string, line int, what string) {
	if !o.reported[what] {
		o.once(report, what, fmt.Sprintf("%s: line %d and possibly others: %s", format, line, what))
	}
}

// checkSeed refuses a short seed, unless the options allow it.
func (o *ReadOptions) checkSeed(seed token.Seed, warned *bool) error {
	n := seed.Len()
	switch {
	case n == 0 || n >= token.MinSeedLen:
	case !o.AllowShort:
		return badValue("seed", "%w", &token.SeedLengthError{Got: n})
	case !*warned:
		*warned = true
		o.warn("a seed has only %d bytes: RFC 4226 requires %d, and other servers may refuse it", n, token.MinSeedLen)
	}
	return nil
}

// Keys decrypts a file and verifies its signature.
type Keys struct {
	Key      []byte // pre-shared AES key, 16, 24 or 32 bytes
	Password []byte
	Private  []byte // PEM: the recipient's RSA private key, PKCS#8 or PKCS#1
	Trusted  []byte // PEM: certificates, one of which must have signed the file; nil ignores a signature
}

// WriteOptions controls the writing of a file. A format ignores options that do not
// concern it, but refuses encryption that it does not support.
type WriteOptions struct {
	Encrypt *Encryption // nil: not encrypted
	Sealed  SealedHead  // of the [Sealer] that encrypted the seeds before; nil: they come in clear
	Sign    *Signer     // nil: not signed

	// For is the server that will import the file. Its profile changes the way in which
	// the file is written, and refuses data from which the server would compute wrong
	// codes. If it is nil, the file follows the format's standard.
	For *Server

	// Warn is called with remarks for a person about the file, unless it is nil.
	Warn func(string)

	OktaProfile string // factorProfileId of Okta's profile for the tokens; for okta only
}

// Encryption describes how a file is encrypted. Exactly one of Key, Password and
// Recipient must be set.
type Encryption struct {
	Key        []byte // pre-shared AES key, 16, 24 or 32 bytes
	KeyName    string // the recipient's name for the key
	Password   []byte
	Iterations int    // of PBKDF2; 0 is DefaultIterations, fewer than MinIterations are refused
	Recipient  []byte // PEM certificate with an RSA key
	Wrap       bool   // AES key wrap (RFC 3394, RFC 5649) instead of CBC with a MAC; with Key and Password
	MAC        string // "hmac-sha1" (the default, which every importer supports) or "hmac-sha256"
}

// Signer signs a file.
type Signer struct {
	Private     []byte // PEM: PKCS#8 or PKCS#1 RSA private key
	Certificate []byte // PEM
}

// Format is a kind of seed file.
type Format struct {
	Name      string // for the command line
	Title     string // product and kind, for display
	Extension string // usual file name extension, with the dot

	entries bool // Line counts entries, because a file is often one line

	// carries returns the fields that the format can carry of such a record.
	carries func(r *Record) Field
	// detect reports whether a file with this beginning may have the format. If it is
	// nil, the format is never detected and must be named.
	detect func(head []byte) bool
	// read and write create a Reader and a Writer. One of them may be nil.
	read  func(r *bufio.Reader, o ReadOptions) (Reader, error)
	write func(w io.Writer, o WriteOptions) (Writer, error)
}

// Lost returns the fields of a record that the format would leave out.
func (f *Format) Lost(r *Record) Field { return r.Fields() &^ f.carries(r) }

// Readable reports whether files of the format can be read.
func (f *Format) Readable() bool { return f.read != nil }

// Writable reports whether files of the format can be written.
func (f *Format) Writable() bool { return f.write != nil }

// NewReader starts to read a file of this format.
func (f *Format) NewReader(r io.Reader, o ReadOptions) (Reader, error) {
	if f.read == nil {
		return nil, fmt.Errorf("%w: reading %s", ErrUnsupported, f.Name)
	}
	return f.read(buffered(r), o)
}

// NewWriter starts to write a file of this format.
func (f *Format) NewWriter(w io.Writer, o WriteOptions) (Writer, error) {
	if f.write == nil {
		return nil, fmt.Errorf("%w: writing %s", ErrUnsupported, f.Name)
	}
	if o.For != nil {
		if err := o.For.imports(f, &o); err != nil {
			return nil, err
		}
	}
	writer, err := f.write(w, o)
	if text, ok := writer.(*recordWriter); ok {
		text.carries = f.carries
	}
	if err == nil && o.For != nil {
		writer = &serverWriter{Writer: writer, server: o.For, format: f}
	}
	return writer, err
}

// headSize is the number of bytes from which a format is detected.
const headSize = 4096

// buffered returns a reader of UTF-8. It converts UTF-16, which PowerShell writes by
// default.
func buffered(r io.Reader) *bufio.Reader {
	b := bufio.NewReaderSize(r, bufferSize)
	head, _ := b.Peek(4) // the next read returns the error again
	for _, utf16 := range []struct {
		mark   string
		endian unicode.Endianness
	}{
		{"\xff\xfe", unicode.LittleEndian},
		{"\xfe\xff", unicode.BigEndian},
		{"<\x00", unicode.LittleEndian},
		{"\x00<", unicode.BigEndian},
	} {
		if bytes.HasPrefix(head, []byte(utf16.mark)) && !bytes.Contains(head, []byte("\x00\x00")) {
			decoder := unicode.UTF16(utf16.endian, unicode.UseBOM).NewDecoder()
			return bufio.NewReaderSize(decoder.Reader(b), bufferSize)
		}
	}
	return b
}

const bufferSize = 64 << 10

// Formats returns all formats, PSKC first.
func Formats() []*Format { return formats }

// FormatByName returns the format of that name. The error wraps [ErrFormat].
func FormatByName(name string) (*Format, error) {
	var names []string
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("%w: %q: want one of %s", ErrFormat, name, strings.Join(names, ", "))
}

// NewReader detects the format of a file and starts to read it. The error wraps
// [ErrFormat] if the format is unknown or ambiguous.
func NewReader(r io.Reader, o ReadOptions) (Reader, *Format, error) {
	b := buffered(r)
	head, err := b.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	var found []*Format
	var names []string
	for _, f := range formats {
		if f.detect != nil && f.read != nil && f.detect(head) {
			found = append(found, f)
			names = append(names, f.Name)
		}
	}
	switch len(found) {
	case 0:
		if err := whyUnknown(head); err != nil {
			return nil, nil, err
		}
		return nil, nil, fmt.Errorf("%w: the content matches no known format: name the format", ErrFormat)
	case 1:
		reader, err := found[0].read(b, o)
		return reader, found[0], err
	}
	return nil, nil, fmt.Errorf("%w: the file may be %s: name its format", ErrFormat, strings.Join(names, " or "))
}
