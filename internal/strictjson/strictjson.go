// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads JSON that has only one interpretation, for HTTP interfaces.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/danielgtaylor/huma/v2"
	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format reads one JSON value that has only one interpretation: exact names, no
// duplicate names, valid UTF-8. Its errors never contain the value, which may be a
// code.
var Format = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return err
		}
		// A client that does not read its answer is gone. The error has no use.
		_, _ = w.Write(b.Bytes())
		return nil
	},
	Unmarshal: func(data []byte, v any) error {
		err := strict.Unmarshal(data, v, strict.RejectUnknownMembers(true))
		var syntax *jsontext.SyntacticError
		var semantic *strict.SemanticError
		switch {
		case err == nil:
			return nil
		case errors.Is(err, jsontext.ErrDuplicateName):
			return errors.New("an object has the same name twice")
		case errors.As(err, &syntax):
			return fmt.Errorf("invalid JSON or UTF-8 at byte %d", syntax.ByteOffset)
		case errors.Is(err, strict.ErrUnknownName):
			return errors.New("unexpected property: the names are in /openapi.json, in lower case")
		case errors.As(err, &semantic):
			return fmt.Errorf("invalid value at byte %d", semantic.ByteOffset)
		}
		return errors.New("invalid JSON")
	},
}
