// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

const redaction = "[seed redacted]"

// leaks returns the first form in which out contains at least four consecutive bytes of
// the seed, or "" if it contains none.
func leaks(out string, seed []byte) string {
	lower := strings.ToLower(out)
	for i := 0; i+4 <= len(seed); i++ {
		part := seed[i : i+4]
		var decimal, hexes, spaced, octal []string
		for _, b := range part {
			decimal = append(decimal, strconv.Itoa(int(b)))
			hexes = append(hexes, fmt.Sprintf("0x%x", b))
			spaced = append(spaced, fmt.Sprintf("%02x", b))
			octal = append(octal, fmt.Sprintf("%o", b))
		}
		for _, form := range []string{
			string(part), hex.EncodeToString(part), strconv.Quote(string(part)),
			strings.Join(decimal, " "), strings.Join(decimal, ","), strings.Join(decimal, ", "),
			strings.Join(hexes, ", "), strings.Join(hexes, " "), strings.Join(hexes, ",\n"),
			strings.Join(spaced, " "), strings.Join(spaced, ":"), strings.Join(octal, " "),
		} {
			if strings.Contains(lower, strings.ToLower(form)) {
				return form
			}
		}
	}
	for _, enc := range []string{base64.StdEncoding.EncodeToString(seed), hex.EncodeToString(seed)} {
		if strings.Contains(lower, strings.ToLower(enc[:8])) {
			return enc
		}
	}
	return ""
}

type (
	open   struct{ Seed token.Seed }
	hidden struct{ seed token.Seed }
	deep   struct {
		hidden
		p  *hidden
		pp **token.Seed
		m  map[string]token.Seed
		s  []hidden
		a  [2]token.Seed
		i  any
		f  fmt.Stringer
	}
	embedded struct{ token.Seed }
	renamed  token.Seed // without its methods
)

// holders returns values that hold the seed in all the ways that fmt treats
// differently.
func holders(s token.Seed) map[string]any {
	p := &s
	return map[string]any{
		"value": s, "pointer": p, "pointer to pointer": &p,
		"field": open{s}, "pointer to field": &open{s},
		"unexported": hidden{s}, "pointer to unexported": &hidden{s},
		"deep": deep{hidden{s}, &hidden{s}, &p, map[string]token.Seed{"k": s}, []hidden{{s}}, [2]token.Seed{s, s}, s, s},
		"map":  map[string]token.Seed{"k": s}, "map of unexported": map[string]hidden{"k": {s}},
		"slice": []token.Seed{s}, "slice of any": []any{s, p, hidden{s}}, "array": [1]token.Seed{s},
		"embedded": embedded{s}, "renamed": renamed(s), "pointer to renamed": (*renamed)(p),
		"reflect": reflect.ValueOf(s), "reflect of unexported": reflect.ValueOf(hidden{s}).Field(0),
		"anonymous": struct {
			N int
			s token.Seed
		}{1, s},
	}
}

// secretBytes are easy to recognise in every base.
var secretBytes = []byte("qZ8#jX5!wV2$kP7%hB4&y~")

func TestSeedIsRedactedByEveryVerb(t *testing.T) {
	require.NotEmpty(t, leaks(fmt.Sprint(secretBytes), secretBytes), "leaks must find a leak")
	require.NotEmpty(t, leaks(fmt.Sprintf("%#v", secretBytes), secretBytes))
	require.NotEmpty(t, leaks(fmt.Sprintf("%x", secretBytes), secretBytes))
	require.NotEmpty(t, leaks(fmt.Sprintf("%+v", struct{ b [22]byte }{[22]byte(secretBytes)}), secretBytes))

	s := mustSeed(t, secretBytes)
	for name, holder := range holders(s) {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "80", ".3", "-40.2", "# "} {
			for verb := rune('A'); verb <= 'z'; verb++ {
				format := "%" + flags + string(verb)
				out := fmt.Sprintf(format, holder)
				require.Empty(t, leaks(out, secretBytes), "%s of %s: %s", format, name, out)
				require.NotContains(t, out, "PANIC")
			}
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%z", "%10.3v"} {
		for _, holder := range []any{s, &s, token.Seed{}} {
			require.Equal(t, redaction, fmt.Sprintf(format, holder), format)
		}
	}
	require.Equal(t, "{"+redaction+"}", fmt.Sprintf("%x", open{s}))
	number := "%d" // not a constant, because vet would rightly reject it
	require.Equal(t, "map[7:"+redaction+"]", fmt.Sprintf(number, map[int]token.Seed{7: s}))
	require.Equal(t, redaction, fmt.Sprint(s))
	require.Equal(t, redaction, s.String())
	require.Equal(t, redaction, s.GoString())
	require.Equal(t, "seed: "+redaction, fmt.Errorf("seed: %w", errors.New(s.String())).Error())
}

func TestSeedIsRedactedInJSONTextAndXML(t *testing.T) {
	s := mustSeed(t, secretBytes)
	data, err := json.Marshal(map[string]any{"value": s, "pointer": &s, "field": open{s}, "unexported": hidden{s}, "deep": []open{{s}}})
	require.NoError(t, err)
	require.JSONEq(t, `{"value":"[seed redacted]","pointer":"[seed redacted]","field":{"Seed":"[seed redacted]"},"unexported":{},"deep":[{"Seed":"[seed redacted]"}]}`, string(data))
	data, err = xml.Marshal(open{s})
	require.NoError(t, err)
	require.Equal(t, "<open><Seed>"+redaction+"</Seed></open>", string(data))
	for _, marshal := range []func() ([]byte, error){s.MarshalText, s.MarshalBinary, s.GobEncode} {
		data, err = marshal()
		require.NoError(t, err)
		require.Equal(t, redaction, string(data))
	}

	var back open
	require.ErrorIs(t, json.Unmarshal([]byte(`{"Seed":"[seed redacted]"}`), &back), token.ErrSeedRedacted)
	require.ErrorIs(t, json.Unmarshal([]byte(`{"Seed":"3132"}`), &back), token.ErrSeedLength)
	require.True(t, back.Seed.IsZero())
	require.NoError(t, json.Unmarshal([]byte(`{"Seed":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}`), &back))
	require.Equal(t, benchKey, string(back.Seed.Bytes()))
	require.ErrorIs(t, back.Seed.UnmarshalBinary(nil), token.ErrSeedRedacted)
}

func TestSeedIsRedactedInGob(t *testing.T) {
	s := mustSeed(t, secretBytes)
	for _, v := range []any{s, &s, open{s}, map[string]token.Seed{"k": s}} {
		var buf bytes.Buffer
		require.NoError(t, gob.NewEncoder(&buf).Encode(v))
		require.Empty(t, leaks(buf.String(), secretBytes))
		require.Contains(t, buf.String(), redaction)
	}
	var buf bytes.Buffer
	require.NoError(t, gob.NewEncoder(&buf).Encode(open{s}))
	var back open
	require.ErrorIs(t, gob.NewDecoder(&buf).Decode(&back), token.ErrSeedRedacted)
	require.Error(t, gob.NewEncoder(&buf).Encode(hidden{s}), "gob cannot encode a type without exported fields")
}

func TestSeedIsRedactedInLogs(t *testing.T) {
	s := mustSeed(t, secretBytes)
	var buf bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
		l := slog.New(h)
		for name, holder := range holders(s) {
			buf.Reset()
			l.Info("made", "holder", holder, slog.Group("g", "holder", holder))
			require.Empty(t, leaks(buf.String(), secretBytes), "%T, %s: %s", h, name, buf.String())
		}
		buf.Reset()
		l.Info("made", "seed", s, "pointer", &s)
		require.Equal(t, 2, strings.Count(buf.String(), redaction), buf.String())
	}
	log.New(&buf, "", 0).Printf("%v %+v %#v", s, hidden{s}, hidden{s})
	require.Empty(t, leaks(buf.String(), secretBytes))
}

// TestSeedIsRedactedInFailedTests: testify dumps both sides of a comparison by
// reflection, which follows pointers and calls no methods.
func TestSeedIsRedactedInFailedTests(t *testing.T) {
	s := mustSeed(t, secretBytes)
	for name, holder := range holders(s) {
		var r recorder
		assert.Equal(&r, "something else", holder)
		assert.Equal(&r, holders(mustSeed(t, []byte(benchKey)))[name], holder)
		assert.Nil(&r, holder)
		assert.Contains(&r, []any{holder}, "something else")
		require.NotEmpty(t, r.String())
		require.Empty(t, leaks(r.String(), secretBytes), "%s: %s", name, r.String())
	}
}

type recorder struct{ strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// TestCoderIsOpaque: a Coder holds values as sensitive as a seed.
func TestCoderIsOpaque(t *testing.T) {
	coder, err := token.Profiles()[0].Coder(mustSeed(t, secretBytes))
	require.NoError(t, err)
	for verb := rune('A'); verb <= 'z'; verb++ {
		for _, flags := range []string{"", "+", "#"} {
			out := fmt.Sprintf("%"+flags+string(verb), struct{ c token.Coder }{coder})
			require.Less(t, len(out), 120, "%c may print no more than an address: %s", verb, out)
		}
	}
	for _, v := range []any{coder, []token.Coder{coder}} {
		_, err = json.Marshal(v)
		require.Error(t, err)
	}
}
