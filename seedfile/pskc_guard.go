// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// pskcGuard is what the XML decoder reads from. The decoder keeps a tag, a text
// or a comment in memory whole, whatever its size; the guard stops it.
type pskcGuard struct {
	r    *bufio.Reader
	left int   // bytes that may be read before next is called again
	err  error // of the file, not of its content
}

var errPSKCToken = fmt.Errorf("%w: a tag, text or comment of more than %d bytes", ErrLimit, pskcMaxToken)

// newPSKCGuard skips a byte order mark. The error wraps [ErrSyntax] for a file
// that is not text in UTF-8.
func newPSKCGuard(r *bufio.Reader) (*pskcGuard, error) {
	if err := skipBOM(r); err != nil {
		return nil, err
	}
	return &pskcGuard{r: r, left: pskcMaxToken}, nil
}

// next allows another token.
func (g *pskcGuard) next() { g.left = pskcMaxToken }

// ReadByte is what the decoder calls.
func (g *pskcGuard) ReadByte() (byte, error) {
	if g.left--; g.left < 0 {
		return 0, errPSKCToken
	}
	b, err := g.r.ReadByte()
	if err != nil && err != io.EOF {
		g.err = err
	}
	return b, err
}

// Read is for the interface only: the decoder sees that there is ReadByte.
func (g *pskcGuard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := g.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// pskcCharset lets the decoder go on where the XML declaration names an encoding
// that is UTF-8 by another name. Its error is an [Error], to be found in what the
// decoder, which quotes the name, makes of it.
func pskcCharset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8", "utf-16", "utf-16le", "utf-16be": // UTF-16 has been converted
		return r, nil
	}
	return nil, &Error{Err: fmt.Errorf("%w: encoding %s: convert the file to UTF-8", ErrUnsupported, quoteKnown(name))}
}
