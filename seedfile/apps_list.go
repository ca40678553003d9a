// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// appExport finds the list of entries in an export. To decode the whole list at once
// would allocate memory for each of eight million zeros, which fit the limit.
type appExport struct {
	jsonScanner
	doc     []byte
	entries []json.RawMessage // parts of doc
	raw     json.RawMessage   // reused for each value
}

// listEntries returns the entries of an export, as parts of doc. All of doc must be
// JSON.
func listEntries(doc []byte, find func(x *appExport) error) ([]json.RawMessage, error) {
	if len(doc) > maxExport {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrLimit, maxExport>>20)
	}
	x := &appExport{jsonScanner: jsonScanner{json.NewDecoder(bytes.NewReader(doc))}, doc: doc}
	err := find(x)
	if err == nil {
		if _, err = x.d.Token(); err == io.EOF {
			return x.entries, nil
		}
		err = malformed("data after the JSON, at byte %d", x.d.InputOffset())
	}
	if ofContent(err) {
		return nil, err
	}
	// The decoder's errors quote the file.
	return nil, malformed("invalid or incomplete JSON at byte %d", x.d.InputOffset())
}

// entriesAt collects the entries if key is the name of the list. It skips any other
// value.
func (x *appExport) entriesAt(key, list string) error {
	if key != list {
		return x.skip()
	}
	return x.collect()
}

// collect records the positions of the list's elements. null is an empty list.
func (x *appExport) collect() error {
	t, err := x.d.Token()
	switch {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('['):
		return errNotTheApps
	}
	for x.d.More() {
		if len(x.entries) == maxList {
			return fmt.Errorf("%w: more than %d entries, at byte %d", ErrLimit, maxList, x.d.InputOffset())
		}
		if err := x.skip(); err != nil {
			return err
		}
		end := x.d.InputOffset()
		x.entries = append(x.entries, x.doc[end-int64(len(x.raw)):end])
	}
	_, err = x.d.Token()
	return err
}

// skip reads a value into raw.
func (x *appExport) skip() error { return x.d.Decode(&x.raw) }

// value reads a value of a known type. null leaves v unchanged.
func (x *appExport) value(v any) error {
	if err := x.skip(); err != nil {
		return err
	}
	return decodeApp(x.raw, v)
}
