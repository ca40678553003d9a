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
	// Read returns the next record, and io.EOF after the last one and nothing
	// wrong. Other errors end the file; those about its content are an [Error].
	Read() (Record, error)

	// Line is where in the file the record began that was read last. In an export
	// of an app, which is often one line, it counts entries.
	Line() int
}

// Writer writes records to a file.
type Writer interface {
	// Write adds a record. What the format cannot carry ([Format.Lost]) is left
	// out; a record without what the format cannot do without is an error.
	Write(r *Record) error

	// Close writes what belongs at the end. It does not close the file.
	Close() error
}

// ReadOptions say what a file does not.
type ReadOptions struct {
	// For formats that leave it to a form of the server. Where the file says
	// another thing, the file counts.
	Step      token.UnixSeconds // 0: not known
	Digits    uint8             // 0: 6
	Algorithm token.Algorithm

	Keys Keys // for encrypted files

	// Warn is called with what a person should know of a file that is taken all
	// the same; nil is nobody.
	Warn func(string)

	// LeftOut is called with what the file says and a [Record] has no field for;
	// nil: Warn is called.
	LeftOut func(string)

	// Skip is called with the error of a token that is not supported ([ErrUnsupported]),
	// and the reader goes on with the next token. nil: the error ends the file.
	Skip func(error)

	// AllowShort takes seeds of 10 to 15 bytes, see [token.NewShortSeed], and
	// warns once. Without it they are an error.
	AllowShort bool

	said map[string]bool // by once; nil: everything is said
}

// warn calls Warn.
func (o *ReadOptions) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(printable(fmt.Sprintf(format, args...)))
	}
}

// leftOut calls LeftOut, or else Warn.
func (o *ReadOptions) leftOut(format string, args ...any) {
	if o.LeftOut == nil {
		o.warn(format, args...)
		return
	}
	o.LeftOut(printable(fmt.Sprintf(format, args...)))
}

// once says a thing that may concern each token of a file with one call.
func (o *ReadOptions) once(say func(string, ...any), text string) {
	if o.said[text] {
		return
	}
	if o.said != nil {
		o.said[text] = true
	}
	say("%s", text)
}

// checkSeed refuses a short seed, unless the options take it.
func (o *ReadOptions) checkSeed(seed token.Seed, warned *bool) error {
	n := seed.Len()
	switch {
	case n == 0 || n >= token.MinSeedLen:
	case !o.AllowShort:
		return bad("seed", "%w", &token.SeedLengthError{Got: n})
	case !*warned:
		*warned = true
		o.warn("a seed has only %d bytes: RFC 4226 requires %d, and other servers may refuse it", n, token.MinSeedLen)
	}
	return nil
}

// Keys opens what is encrypted in a file.
type Keys struct {
	Key      []byte // pre-shared AES key, 16, 24 or 32 bytes
	Password []byte
	Private  []byte // PEM: PKCS#8 or PKCS#1 RSA private key of the recipient
	Trusted  []byte // PEM: certificates one of which must have signed the file; nil: a signature is not looked at
}

// WriteOptions say how a file is written. Formats take what concerns them, and
// refuse encryption that they do not have.
type WriteOptions struct {
	Encrypt *Encryption // nil: in clear
	Sign    *Signer     // nil: not signed

	// For is the server that is to import the file: its profile changes how the
	// file is written, and refuses what it would compute wrong codes from. nil: as
	// the format's standard says.
	For *Server

	// Warn is called with what a person should know of the file; nil is nobody.
	Warn func(string)

	OktaProfile string // factorProfileId of Okta's profile for the tokens; for okta only
}

// Encryption says to whom a file is encrypted: exactly one of Key, Password and
// Recipient is set.
type Encryption struct {
	Key        []byte // pre-shared AES key, 16, 24 or 32 bytes
	KeyName    string // by which the recipient knows it
	Password   []byte
	Iterations int    // of PBKDF2; 0 is DefaultIterations, fewer than MinIterations are refused
	Recipient  []byte // PEM certificate with an RSA key
	Wrap       bool   // AES key wrap (RFC 3394, RFC 5649) in place of CBC with a MAC; with Key and Password
	MAC        string // "hmac-sha1" (the default, what every importer knows) or "hmac-sha256"
}

// Signer signs a file.
type Signer struct {
	Private     []byte // PEM: PKCS#8 or PKCS#1 RSA private key
	Certificate []byte // PEM
}

// Format is a kind of seed file.
type Format struct {
	Name      string // for the command line
	Title     string // whose it is
	Extension string // usual end of file names, with the dot

	entries bool // Line counts entries: a file is often one line

	// carries returns what the format can carry of a record like this.
	carries func(r *Record) Field
	// detect reports whether a file that begins like this may be one. nil: never
	// found out, always named.
	detect func(head []byte) bool
	// read and write make a Reader and a Writer. nil: the format is only
	// written, or only read.
	read  func(r *bufio.Reader, o ReadOptions) (Reader, error)
	write func(w io.Writer, o WriteOptions) (Writer, error)
}

// Lost returns what of a record the format would leave out.
func (f *Format) Lost(r *Record) Field { return r.Fields() &^ f.carries(r) }

// Readable and Writable report what can be done with the format.
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

// headSize is how much of a file Detect may look at.
const headSize = 4096

// buffered returns a reader of UTF-8: UTF-16, which PowerShell writes by default,
// is converted.
func buffered(r io.Reader) *bufio.Reader {
	b := bufio.NewReaderSize(r, bufferSize)
	head, _ := b.Peek(4) // an error comes again
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
	return nil, fmt.Errorf("%w: %q, there are %s", ErrFormat, name, strings.Join(names, ", "))
}

// NewReader finds out the format of a file and starts to read it. The error
// wraps [ErrFormat] where it is none, or may be several.
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
		return nil, nil, fmt.Errorf("%w: the file is none that can be told by its beginning: name its format", ErrFormat)
	case 1:
		reader, err := found[0].read(b, o)
		return reader, found[0], err
	}
	return nil, nil, fmt.Errorf("%w: the file may be %s: name its format", ErrFormat, strings.Join(names, " or "))
}
