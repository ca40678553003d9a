// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"strings"
)

// headLines returns the first twenty complete lines of a file's head, without empty
// ones.
func headLines(head []byte) [][]byte {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	var lines [][]byte
	for len(rest) > 0 && len(lines) < 20 {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if !found && len(head) >= headSize {
			break // incomplete
		}
		rest = after
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// firstLine returns the first such line that does not begin with skip, unless skip is
// "". It returns nil if there is none.
func firstLine(head []byte, skip string) []byte {
	for _, line := range headLines(head) {
		if skip == "" || !bytes.HasPrefix(line, []byte(skip)) {
			return line
		}
	}
	return nil
}

// detectRows reports whether the complete lines, except comments, all split into fields
// that fit. There must be at least one.
func detectRows(head []byte, comma byte, trim bool, fits func(f [][]byte) bool) bool {
	some := false
	for _, line := range headLines(head) {
		if line[0] == '#' {
			continue
		}
		f, err := splitCSV(nil, bytes.Clone(line), comma, trim, maxColumns)
		if err != nil || !fits(f) {
			return false
		}
		some = true
	}
	return some
}

// detectOATH looks for serial, seed, totp, digits, period, algorithm, with least to
// most columns.
func detectOATH(head []byte, least, most int, versions bool) bool {
	if _, found := cutVersion(firstLine(head, "")); found {
		return versions
	}
	return detectRows(head, ',', true, func(f [][]byte) bool {
		f = trimEmpty(f)
		return len(f) >= least && len(f) <= most && looksSerial(f[0]) && looksHex(f[1]) &&
			(len(f) < 3 || isType(f[2])) &&
			(len(f) < 4 || len(f[3]) == 0 || onlyDigits(string(f[3]))) &&
			(len(f) < 5 || len(f[4]) == 0 || onlyDigits(string(f[4])))
	})
}

// trimEmpty returns f without the empty fields at its end.
func trimEmpty(f [][]byte) [][]byte {
	for len(f) > 0 && len(f[len(f)-1]) == 0 {
		f = f[:len(f)-1]
	}
	return f
}

// detectPair looks for serial,seed without spaces.
func detectPair(head []byte) bool {
	return detectRows(head, ',', false, func(f [][]byte) bool {
		f = trimEmpty(f)
		return (len(f) == 2 || len(f) == 3 && onlyDigits(string(f[2]))) && looksSerial(f[0]) && looksHex(f[1])
	})
}

func detectMultiOTP(head []byte) bool {
	return strings.EqualFold(string(firstLine(head, "")), multiotpHeader) || detectRows(head, ';', false, func(f [][]byte) bool {
		return len(f) == 6 && isType(f[2]) && looksHex(f[3])
	})
}

func looksSerial(b []byte) bool {
	return new(Record).setSerial(b) == nil
}

func isType(b []byte) bool {
	return strings.EqualFold(string(b), "totp") || strings.EqualFold(string(b), "hotp")
}
