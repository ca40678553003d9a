// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// jsonScanner reads a JSON object strictly. Keys must match exactly, may occur once
// each, and nothing may follow the object. Package encoding/json would ignore the case
// of keys and use the last of several.
type jsonScanner struct{ d *json.Decoder }

// scanJSON reads the object on a line. field reads the value of a key with one of the
// methods.
func scanJSON(line []byte, field func(s *jsonScanner, key string) error) error {
	s := &jsonScanner{json.NewDecoder(bytes.NewReader(line))}
	s.d.UseNumber()
	if err := s.object(func(key string) error { return field(s, key) }); err != nil {
		return explainJSON(err)
	}
	if _, err := s.d.Token(); err != io.EOF {
		return malformed("data after the object in its line")
	}
	return nil
}

// maxKeys is the maximum number of keys in an object, because every key is remembered.
const maxKeys = 1000

// object reads an object.
func (s *jsonScanner) object(field func(key string) error) error {
	t, err := s.d.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return malformed("not a JSON object")
	}
	return s.members(field)
}

// members reads an object after its opening brace.
func (s *jsonScanner) members(field func(key string) error) error {
	seen := map[string]bool{}
	for s.d.More() {
		t, err := s.d.Token()
		if err != nil {
			return err
		}
		key := t.(string) // a decoder always returns a string here
		switch {
		case seen[key]:
			return malformed("duplicate key")
		case len(seen) == maxKeys:
			return fmt.Errorf("%w: an object of more than %d keys", ErrLimit, maxKeys)
		}
		seen[key] = true
		if err := field(key); err != nil {
			return err
		}
	}
	_, err := s.d.Token()
	return err
}

func (s *jsonScanner) str(field string) (string, error) {
	t, err := s.d.Token()
	if err != nil {
		return "", err
	}
	v, ok := t.(string)
	if !ok {
		return "", badValue(field, "not a JSON string")
	}
	return v, nil
}

// num returns a number in its original spelling.
func (s *jsonScanner) num(field string) (string, error) {
	t, err := s.d.Token()
	if err != nil {
		return "", err
	}
	v, ok := t.(json.Number)
	if !ok {
		return "", badValue(field, "not a JSON number")
	}
	return v.String(), nil
}

func (s *jsonScanner) integer(field string) (int64, error) {
	text, err := s.num(field)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, badValue(field, "not an integer of 64 bits")
	}
	return v, nil
}

// unknownKey returns an error for a key, without repeating a key that could be a seed.
func unknownKey(key string) error {
	return malformed("unknown key %s", quoteName(key))
}

// explainJSON converts an error of the decoder. It keeps only texts that cannot contain
// a seed.
func explainJSON(err error) error {
	switch {
	case ofContent(err):
		return err
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("the object does not end in its line")
	}
	return malformed("not valid JSON")
}

// appendKey appends ,"key": or {"key": .
func appendKey(dst []byte, before byte, key string) []byte {
	dst = append(dst, before, '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

// appendJSON appends a string. It has been checked to be UTF-8.
func appendJSON(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // marshalling a string cannot fail
	return append(dst, b...)
}
