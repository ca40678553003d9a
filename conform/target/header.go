// SPDX-License-Identifier: Apache-2.0

package target

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/reqtemplate"
)

const authorization = "Authorization"

// headers returns the headers of a request before their placeholders are filled in, and its
// HTTP Basic authentication. The request has precedence over the file.
func (f *File) headers(r *Request) (http.Header, *Basic) {
	header, basic := http.Header{}, f.Basic
	for name, value := range f.Headers {
		header.Set(name, value)
	}
	for name, value := range r.Headers {
		if http.CanonicalHeaderKey(name) == authorization {
			basic = nil
		}
		if header.Del(name); value != "" {
			header.Set(name, value)
		}
	}
	if r.Basic != nil {
		header.Del(authorization)
		basic = r.Basic
	}
	return header, basic
}

// prepareBasic checks the name and password beside headers.
func (f *File) prepareBasic(b *Basic, headers map[string]string, known []string) error {
	if b == nil {
		return nil
	}
	for name := range headers {
		if http.CanonicalHeaderKey(name) == authorization {
			return errors.New("basic excludes the header " + authorization)
		}
	}
	if err := reqtemplate.CheckNames(known, b.texts()...); err != nil {
		return fmt.Errorf("basic: %w", err)
	}
	switch {
	case b.User == "" || strings.Contains(f.secrets.Fill(b.User, reqtemplate.Plain), ":"):
		return errors.New("basic: user: want a name without a colon")
	case len(reqtemplate.Names(b.Password)) == 0:
		return errors.New("basic: password: want {{NAME}} of secrets")
	}
	return nil
}

func (b *Basic) texts() []string {
	if b == nil {
		return nil
	}
	return []string{b.User, b.Password}
}

// set sets the header of a request, and returns its value, which no error may have.
func (b *Basic) set(h http.Header, v values) string {
	pair := v.Fill(b.User, reqtemplate.Plain) + ":" + v.Fill(b.Password, reqtemplate.Plain)
	text := base64.StdEncoding.EncodeToString([]byte(pair))
	v["user and password"] = text // not the name of a placeholder
	h.Set(authorization, "Basic "+text)
	return text
}
