// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// jsonLine writes v as one line, in which null stands for a text, day or time that
// does not exist: most of our types have "" for it. docs/json.md has every field.
func jsonLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	// Quotes in texts are escaped, so these three characters are a key's colon and an
	// empty value.
	line = bytes.ReplaceAll(line, []byte(`:""`), []byte(`:null`))
	_, err = w.Write(append(line, '\n'))
	return err
}
