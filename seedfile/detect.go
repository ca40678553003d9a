// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"fmt"
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
	found := false
	for _, line := range headLines(head) {
		if line[0] == '#' {
			continue
		}
		f, err := splitCSV(nil, bytes.Clone(line), comma, trim, maxColumns)
		if err != nil || !fits(f) {
			return false
		}
		found = true
	}
	return found
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

// packed maps the beginnings of files that contain a seed file in another form to
// advice for the user.
var packed = []struct{ head, what string }{
	{"\x1f\x8b", "a gzip file: unpack it with gunzip"},
	{"PK\x03\x04", "a ZIP archive or a spreadsheet's workbook: unpack it, or save the sheet as CSV"},
	{"PK\x05\x06", "an empty ZIP archive"},
	{"BZh", "a bzip2 file: unpack it with bunzip2"},
	{"\xfd7zXZ\x00", "an xz file: unpack it with unxz"},
	{"\x28\xb5\x2f\xfd", "a zstd file: unpack it with unzstd"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it with 7z x"},
	{"Rar!", "a RAR archive: unpack it"},
	{"%PDF-", "a PDF file"},
	{"\x89PNG", "a picture: read its QR code with an app, and use the text"},
	{"\xff\xd8\xff", "a picture: read its QR code with an app, and use the text"},
	{"\xd0\xcf\x11\xe0", "a Microsoft Office file: save the sheet as CSV"},
	{"SQLite format 3\x00", "a SQLite database"},
	{"-----BEGIN PGP", "encrypted with PGP: decrypt it with gpg -d"},
	{"age-encryption.org/", "encrypted with age: decrypt it with age -d"},
	{"-----BEGIN AGE", "encrypted with age: decrypt it with age -d"},
	{"Salted__", "encrypted with OpenSSL: decrypt it first"},
	{"\x03\xd9\xa2\x9a", "a KeePass database: export its tokens as otpauth URIs"},
	{"\xff\xfe\x00\x00", "UTF-32: save it as UTF-8"},
	{"\x00\x00\xfe\xff", "UTF-32: save it as UTF-8"},
	{"<\x00\x00\x00", "UTF-32: save it as UTF-8"},
	{"\x00\x00", "UTF-32 or binary: save it as UTF-8"},
}

// whatPacked returns a description of such a file and advice, or "" for any other file.
func whatPacked(head []byte) string {
	for _, p := range packed {
		if bytes.HasPrefix(head, []byte(p.head)) {
			return p.what
		}
	}
	return ""
}

// whyUnknown returns an error with advice for a file in which no format was detected,
// or nil if its beginning shows no reason.
func whyUnknown(head []byte) error {
	if what := whatPacked(head); what != "" {
		return fmt.Errorf("%w: the file is %s", ErrFormat, what)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return fmt.Errorf("%w: the file is not text: it contains NUL bytes", ErrFormat)
	}
	if rootElement(head) == "KeyContainer" {
		return fmt.Errorf("%w: the file follows a draft of PSKC that is not supported: ask the manufacturer for a file according to RFC 6030", ErrFormat)
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.IndexByte(first, ';') >= 0 && bytes.IndexByte(first, ',') < 0 && bytes.IndexByte(first, '<') < 0 {
		return fmt.Errorf("%w: the columns are separated by semicolons, as some spreadsheets write them: save the file with commas, or name its format", ErrFormat)
	}
	return nil
}
