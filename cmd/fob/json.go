// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// jsonLine writes v as one line of JSON. It replaces the empty string by null, because
// most of our types encode a missing text, day or time as "". docs/json.md describes
// every field.
func jsonLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	// Quotes in strings are escaped, so these characters can only be the colon after a
	// key and an empty value.
	line = bytes.ReplaceAll(line, []byte(`:""`), []byte(`:null`))
	_, err = w.Write(append(line, '\n'))
	return err
}
