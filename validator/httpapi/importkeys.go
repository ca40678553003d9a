// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"bytes"
	"encoding/hex"

	"github.com/d204ef64/fob/seedfile"
)

// setKey stores a part of a form in the keys that decrypt or verify a seed file. The
// answer never contains the value.
func setKey(keys *seedfile.Keys, name string, text []byte) error {
	var field *[]byte
	value := text
	switch name {
	case "key":
		field = &keys.Key
		trimmed := bytes.TrimSpace(text)
		value = make([]byte, hex.DecodedLen(len(trimmed)))
		_, err := hex.Decode(value, trimmed)
		clear(text)
		if err != nil || len(value) != 16 && len(value) != 24 && len(value) != 32 {
			return invalid("body.key", "want 32, 48 or 64 hexadecimal digits")
		}
	case "password":
		field = &keys.Password
		// A password file usually ends with a newline.
		value = bytes.TrimRight(text, "\r\n")
	case "private":
		field = &keys.Private
	case "trusted":
		field = &keys.Trusted
	default:
		return invalid("body", "the form has an unknown part: want key, password, private, trusted and file")
	}
	if *field != nil {
		return invalid("body."+name, "listed twice in the form")
	}
	if len(value) == 0 {
		return invalid("body."+name, "empty")
	}
	*field = value
	return nil
}
