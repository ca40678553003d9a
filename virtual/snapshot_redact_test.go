// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestSnapshotIsRedacted: a snapshot contains the seed, and only MarshalBinary reveals
// it.
func TestSnapshotIsRedacted(t *testing.T) {
	w := newWorld(t, 1)
	k := newLockedToken(t, w, "button-6")
	s := k.Snapshot()
	type holder struct {
		Name   string
		Public virtual.Snapshot
		hidden virtual.Snapshot
		Deep   *virtual.Snapshot
		Any    any
		List   []virtual.Snapshot
		Map    map[string]virtual.Snapshot
	}
	h := holder{"x", s, s, &s, s, []virtual.Snapshot{s}, map[string]virtual.Snapshot{"a": s}}
	var texts []string
	for _, verb := range strings.Split("v s q x X d o b c e g t p T U +v #v #x +q", " ") {
		for _, v := range []any{s, &s, h, &h, []any{s}} {
			texts = append(texts, fmt.Sprintf("%"+verb, v))
		}
	}
	for _, v := range []any{s, &s, h, &h} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		texts = append(texts, string(b))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "snapshot", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "snapshot", v)
		texts = append(texts, log.String())
	}
	texts = append(texts, assertionText(h, holder{}), s.String())
	secret := []byte(rfcSeed)
	for _, text := range texts {
		for _, form := range []string{
			rfcSeed, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprint(secret)[1:30],
			base64.StdEncoding.EncodeToString(secret)[:20], "0x31, 0x32, 0x33", "31 32 33 34", "FlashPage", "flash",
		} {
			require.NotContains(t, text, form)
		}
	}
	require.Equal(t, "[token snapshot]", fmt.Sprintf("%v", s))
	b, err := json.Marshal(s)
	require.NoError(t, err)
	require.ErrorIs(t, json.Unmarshal(b, &s), virtual.ErrSnapshot, "a redacted snapshot must not parse")
}

// recorder keeps the output of a failed assertion, which follows pointers.
type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }
func (r *recorder) FailNow()                          {}

func assertionText(a, b any) string {
	var r recorder
	require.Equal(&r, a, b)
	return r.text
}
