// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// oath reads serial, seed[, type[, digits[, period or counter]]].
func (c *csvReader) oath(f [][]byte, r *Record, mostDigits uint8) (err error) {
	if err = r.setSerial(f[0]); err != nil {
		return err
	}
	if r.Seed, err = hexSeed(f[1]); err != nil {
		return err
	}
	r.Type = HOTP
	if len(f) > 2 && len(f[2]) > 0 {
		if err = r.setType(f[2]); err != nil {
			return err
		}
	} else {
		c.once("no type: the server assumes HOTP")
	}
	r.Digits = c.lines.options.defaultDigits()
	if len(f) > 3 && len(f[3]) > 0 {
		if r.Digits, err = digits(f[3], token.MinDigits, mostDigits); err != nil {
			return err
		}
	}
	moving := len(f) > 4 && len(f[4]) > 0
	switch {
	case r.Type == TOTP && moving:
		r.Step, err = step(f[4])
	case r.Type == TOTP:
		r.Step, err = c.lines.options.defaultStep()
	case moving && c.name == "oath-csv":
		r.Counter, err = number("counter", f[4], math.MaxUint64)
	case moving:
		// The server ignores this column and starts at 0.
		var counter uint64
		if counter, err = number("counter", f[4], math.MaxUint64); err == nil && counter != 0 {
			c.omit("a counter (" + c.name + " has no column for it)")
		}
	}
	if err == nil && mostDigits == 8 {
		err = onlyTwo(r, true, true)
	}
	return err
}

// appendOATH appends serial, seed, type, digits, period, and for HOTP the comma
// before the counter.
func appendOATH(dst []byte, r *Record) ([]byte, error) {
	dst, err := appendSerial(dst, r)
	dst = append(dst, ", "...)
	dst = appendHex(dst, r.Seed)
	if r.Type == HOTP {
		dst = append(dst, ", hotp, "...)
	} else {
		dst = append(dst, ", totp, "...)
	}
	dst = strconv.AppendUint(dst, uint64(r.Digits), 10)
	dst = append(dst, ", "...)
	if r.Type == TOTP {
		dst = strconv.AppendInt(dst, int64(r.Step), 10)
	}
	return dst, err
}

// setType reads totp or hotp, in upper or lower case. Its error names the other types
// of the same servers.
func (r *Record) setType(b []byte) error {
	switch name := strings.ToLower(string(b)); name {
	case "totp":
		r.Type = TOTP
	case "hotp":
		r.Type = HOTP
	case "ocra", "ocra2", "tan", "motp", "yubicootp":
		return &Error{Field: "type", Err: unsupported("type %s", name)}
	default:
		return badValue("type", "neither totp nor hotp")
	}
	return nil
}

// setAlgorithm reads the name of an algorithm. Its error does not repeat an unknown
// name.
func (r *Record) setAlgorithm(b []byte) (err error) {
	if r.Algorithm, err = token.ParseAlgorithm(string(b)); err != nil {
		return badValue("algorithm", "%w", token.ErrAlgorithm)
	}
	return nil
}

// oathVersion looks for privacyIDEA's "# version: 2".
func oathVersion(c *csvReader, line []byte) (bool, error) {
	version, found := cutVersion(line)
	switch {
	case !found:
		return false, nil
	case version == "1":
		return true, nil
	case version != "2":
		return false, &Error{Field: "version", Err: unsupported("a version other than 1 and 2")}
	}
	c.columns = append([]string{"user", "resolver", "realm"}, c.columns...)
	c.least += 3
	return true, nil
}

// cutVersion returns the rest of a line that begins with "# version:", and whether it
// does.
func cutVersion(line []byte) (string, bool) {
	rest, found := bytes.CutPrefix(line, []byte("#"))
	rest, found2 := bytes.CutPrefix(bytes.TrimLeft(rest, " \t"), []byte("version:"))
	return string(bytes.TrimSpace(rest)), found && found2
}

// owner reads user, resolver and realm in version 2.
func (c *csvReader) owner(f [][]byte, r *Record) error {
	user, resolver, realm := string(f[0]), f[1], string(f[2])
	switch {
	case looksHex(resolver):
		return malformed("a seed in the resolver's column: version 2 has user, resolver and realm before the serial number")
	case user == "" && (len(resolver) > 0 || realm != ""):
		return badValue("user", "a resolver or realm without a user")
	case len(resolver) > 0:
		c.omit("the resolver")
	}
	r.User = user
	if realm != "" {
		r.User += "@" + realm
	}
	return text("user", r.User)
}
