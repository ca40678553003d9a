// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/redact"
)

// TestHide: a secret is hidden in each form in which a server may repeat it. The forms are
// of printf, Python's json, html, urllib.parse and base64 modules, and xxd.
func TestHide(t *testing.T) {
	texts := redact.Texts{}
	texts.Add("p&ss \"w/é", "[key]")
	texts.Add("p&ss", "[part]")
	texts.Add("topSecret", "[top]")
	texts.Add("\xff\xfeab", "[bytes]")
	for text, want := range map[string]string{
		"is p&ss \"w/é.":           "is [key].",
		"P&SS \"W/É":               "[key]",
		`{"a":"p&ss \"w/é"}`:       `{"a":"[key]"}`,
		`{"a":"p\u0026ss \"w/é"}`:  `{"a":"[key]"}`,
		"p&amp;ss &#34;w/é":        "[key]",
		"a=p%26ss+%22w%2F%C3%A9&b": "a=[key]&b",
		"/p&ss%20%22w%2f%c3%a9":    "/[key]",
		"cCZzcyAidy/DqQ==":         "[key]==",
		"cCZzcyAidy_DqQ":           "[key]",
		"702673732022772fc3a9":     "[key]",
		"only p&ss":                "only [part]",
		"TOPSECRET and topsecret":  "[top] and [top]",
		"\xff\xfeab":               "[bytes]",
		"İ topsecret":              "İ [top]",
		"nothing":                  "nothing",
	} {
		require.Equal(t, want, texts.Hide(text), text)
	}
	require.Equal(t, "x", redact.Texts{}.Hide("x"))
}
