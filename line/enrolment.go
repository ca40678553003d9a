// SPDX-License-Identifier: Apache-2.0

package line

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/host"
)

// Enrolment has the public keys of the devices that may be programmed.
type Enrolment map[host.HardwareID][32]byte

// ErrEnrolment is the error of a list of devices that cannot be read.
var ErrEnrolment = errclass.New(errclass.Usage, "invalid enrolment list")

// ParseEnrolment reads a list of devices. Each line has a hardware id in 16 hexadecimal
// digits, white space or a comma, and the X25519 public key of the device in 64
// hexadecimal digits. Empty lines and lines that begin with # are skipped.
func ParseEnrolment(in io.Reader) (Enrolment, error) {
	list, lines := Enrolment{}, map[host.HardwareID]int{}
	keys := map[[32]byte]int{}
	s := bufio.NewScanner(in)
	for n := 1; s.Scan(); n++ {
		text := strings.TrimSpace(s.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		fields := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		if len(fields) != 2 {
			return nil, fmt.Errorf("%w: line %d: want a hardware id and a key, and there are %d fields", ErrEnrolment, n, len(fields))
		}
		var id host.HardwareID
		var key [32]byte
		if err := id.UnmarshalText([]byte(fields[0])); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrEnrolment, n, err)
		}
		if len(fields[1]) != 2*len(key) || !decodes(key[:], fields[1]) {
			return nil, fmt.Errorf("%w: line %d: the key is not %d hexadecimal digits", ErrEnrolment, n, 2*len(key))
		}
		if at := lines[id]; at != 0 {
			return nil, fmt.Errorf("%w: line %d: device %s stands in line %d already", ErrEnrolment, n, id, at)
		}
		if at := keys[key]; at != 0 {
			return nil, fmt.Errorf("%w: line %d: the key of device %s stands in line %d already", ErrEnrolment, n, id, at)
		}
		list[id], lines[id], keys[key] = key, n, n
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnrolment, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it has no device", ErrEnrolment)
	}
	return list, nil
}

func decodes(dst []byte, text string) bool {
	_, err := hex.Decode(dst, []byte(text))
	return err == nil
}
