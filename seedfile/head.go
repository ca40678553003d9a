// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"fmt"
)

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
