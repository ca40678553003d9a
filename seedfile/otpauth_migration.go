// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"encoding/base64"
	"io"
	"net/url"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

const migrationScheme = "otpauth-migration://"

// otpauthMigration is the content of the QR codes of Google Authenticator's "Export
// accounts", one URI per line. It is only read:
//
//	otpauth-migration://offline?data=BASE64
//
// The data is a message of Protocol Buffers: tokens (1) with secret (1), name (2),
// issuer (3), algorithm (4), digits (5), type (6) and counter (7); size (3) and index
// (4) of a batch of URIs. It has no period, and the reader does not assume one: it
// returns [ErrNoPeriod]. The app itself uses 30 s.
var otpauthMigration = &Format{
	Name: "otpauth-migration", Title: "Google Authenticator, exported accounts, only read", Extension: ".txt",
	carries: func(*Record) Field { return 0 },
	detect: func(head []byte) bool {
		rest, _ := cutScheme(string(firstLine(head, "#")), migrationScheme)
		return rest != ""
	},
	read: newFunc("otpauth-migration", func(b *bufio.Reader, o ReadOptions) (*migrationReader, error) {
		lines, err := newLineReader("otpauth-migration", b, o)
		return &migrationReader{recordLines: recordLines{lineReader: lines}}, err
	}),
}

type migrationReader struct {
	recordLines
	queue []appEntry // of the current line
	parts uint64     // number of parts of the batch
	seen  uint64     // URIs read
}

func (m *migrationReader) Read() (Record, error) {
	for len(m.queue) == 0 {
		line, err := m.next()
		if err == io.EOF && m.seen < m.parts {
			m.options.leftOut("otpauth-migration: the export has %d parts, and the file contains %d: the others are left out", m.parts, m.seen)
			m.parts = 0
		}
		if err != nil {
			return Record{}, err
		}
		if emptyOrComment(line) {
			continue
		}
		if err := m.enqueue(string(line)); err != nil {
			return Record{}, m.fail(nil, err)
		}
	}
	e := m.queue[0]
	m.queue = m.queue[1:]
	var r Record
	if err := e.record(&r, &m.options); err != nil {
		return Record{}, m.fail(&r, err)
	}
	return r, nil
}

// enqueue reads the tokens of a URI.
func (m *migrationReader) enqueue(line string) error {
	if _, found := cutScheme(line, migrationScheme); !found {
		return malformed("the line does not begin with %s", migrationScheme)
	}
	_, query, _ := strings.Cut(line, "?")
	data := ""
	for pair := range strings.SplitSeq(query, "&") {
		if value, found := strings.CutPrefix(pair, "data="); found {
			data = value
		}
	}
	// Some tools do not escape the + of base64.
	data, err := url.QueryUnescape(strings.ReplaceAll(data, "+", "%2B"))
	if err != nil || data == "" {
		return malformed("no data, or data with an invalid %% escape")
	}
	message, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(data))
	if err != nil {
		return malformed("the data is not base64")
	}
	defer clear(message)
	m.seen++
	return eachField(message, func(field protowire.Number, number uint64, bytes []byte) error {
		switch field {
		case 1:
			e, err := migrationEntry(bytes)
			if err != nil {
				return err
			}
			m.queue = append(m.queue, e)
		case 3:
			m.parts = min(number, 1000)
		}
		return nil
	})
}

// migrationEntry reads a token. Numbers without a known meaning are refused later, when
// the record is made.
func migrationEntry(message []byte) (e appEntry, err error) {
	e.kind = "?"
	err = eachField(message, func(field protowire.Number, number uint64, bytes []byte) error {
		switch field {
		case 1:
			e.raw = append([]byte{}, bytes...)
		case 2:
			e.account = string(bytes)
		case 3:
			e.issuer = string(bytes)
		case 4:
			e.algorithm = [...]string{"", "SHA1", "SHA256", "SHA512", "?"}[min(number, 4)]
		case 5:
			if number > 2 {
				return badValue("digits", "neither 6 nor 8")
			}
			e.digits = [...]int64{0, 6, 8}[number]
		case 6:
			e.kind = [...]string{"?", "hotp", "totp", "?"}[min(number, 3)]
		case 7:
			e.counter = number
		}
		return nil
	})
	if e.raw == nil {
		e.raw = []byte{}
	}
	// The app also writes the issuer into the name.
	if account, found := strings.CutPrefix(e.account, e.issuer+":"); found && e.issuer != "" {
		e.account = account
	}
	return e, err
}

// eachField calls do for the fields of a message, with the number of a varint or
// the bytes of a string.
func eachField(message []byte, do func(field protowire.Number, number uint64, bytes []byte) error) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return malformed("the data is not an export of the app")
		}
		message = message[n:]
		var number uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return malformed("the data is not an export of the app, or is incomplete")
		}
		message = message[n:]
		if err := do(field, number, bytes); err != nil {
			return err
		}
	}
	return nil
}
