// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// pskcGuard is the input of the XML decoder. The decoder keeps a whole tag, text or
// comment in memory, even a huge one. The guard limits that size.
type pskcGuard struct {
	r    *bufio.Reader
	left int   // bytes that may be read before the next call of next
	err  error // of the file, not about its content
}

var errPSKCToken = fmt.Errorf("%w: a tag, text or comment of more than %d bytes", ErrLimit, pskcMaxToken)

// newPSKCGuard skips a byte order mark. The error wraps [ErrSyntax] if the file is not
// text in UTF-8.
func newPSKCGuard(r *bufio.Reader) (*pskcGuard, error) {
	if err := skipBOM(r); err != nil {
		return nil, err
	}
	return &pskcGuard{r: r, left: pskcMaxToken}, nil
}

// next allows the decoder to read another token.
func (g *pskcGuard) next() { g.left = pskcMaxToken }

// ReadByte is the method that the decoder calls.
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

// Read only satisfies the interface: the decoder uses ReadByte if there is one.
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

// pskcCharset lets the decoder continue if the XML declaration has another name for
// UTF-8. It returns an [Error], because the decoder's own error quotes the name;
// [pskcParser.tokenError] extracts it.
func pskcCharset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8", "utf-16", "utf-16le", "utf-16be": // UTF-16 has been converted
		return r, nil
	}
	return nil, &Error{Err: fmt.Errorf("%w: encoding %s: convert the file to UTF-8", ErrUnsupported, quoteKnown(name))}
}
