// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// xmlSource counts the bytes of a token.
type xmlSource struct {
	r    *bufio.Reader
	used int
	err  error // of the file, not about its content
}

func (s *xmlSource) ReadByte() (byte, error) {
	if s.used++; s.used > maxXMLToken {
		return 0, fmt.Errorf("%w: a tag or text of more than %d bytes", ErrLimit, maxXMLToken)
	}
	c, err := s.r.ReadByte()
	if err != nil && err != io.EOF {
		s.err = err
	}
	return c, err
}

// Read is needed for us-ascii only.
func (s *xmlSource) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// explain converts an error of the decoder. The decoder's texts quote the file, so only
// those that cannot contain a seed are kept.
func (x *xmlScanner) explain(err error) error {
	if x.source.err != nil {
		return x.source.err
	}
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF, errors.Is(err, ErrLimit):
		return err
	case errors.Is(err, errEncoding):
		return errEncoding // without the name, which comes from the file
	case errors.As(err, &syntax):
		return malformed("XML: %s", xmlMessage(syntax.Msg))
	}
	return malformed("XML: not well-formed")
}
