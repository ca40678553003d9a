// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"math"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
)

func TestRFC8949(t *testing.T) {
	var file struct {
		Vectors []struct {
			Hex, Kind, Text string
			Int             int64
			Bool            bool
		}
	}
	load(t, "rfc8949.json", &file)
	require.NotEmpty(t, file.Vectors)
	for _, v := range file.Vectors {
		p := unhex(v.Hex)
		d, e := serialproto.NewDecoder(p), serialproto.Encoder{Buf: make([]byte, 0, len(p))}
		switch v.Kind {
		case "int":
			require.Equal(t, v.Int, d.Int(), v.Hex)
			e.Int(v.Int)
		case "bytes":
			require.Equal(t, v.Text, string(d.Bytes()), v.Hex)
			e.Bytes([]byte(v.Text))
		case "text":
			require.Equal(t, v.Text, d.Text(), v.Hex)
			e.Text(v.Text)
		case "bool":
			require.Equal(t, v.Bool, d.Bool(), v.Hex)
			e.Bool(v.Bool)
		default:
			d.Skip()
			require.Equal(t, v.Kind == "item", d.Done(), v.Hex)
			continue
		}
		require.True(t, d.Done(), v.Hex)
		require.Equal(t, p, e.Buf)
		require.False(t, e.Overflow)

		skip := serialproto.NewDecoder(p)
		skip.Skip()
		require.True(t, skip.Done(), v.Hex)

		// One byte less is an error; one byte less of room is an overflow.
		short := serialproto.NewDecoder(p[:len(p)-1])
		short.Skip()
		require.False(t, short.Ok(), v.Hex)
	}
}

// item generates any value of the subset.
func item(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Int64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Bool().AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return item(depth - 1) }), 0, 5).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// TestEncoder: the encoder gives the same bytes as fxamacker/cbor, and the decoder
// reads them.
func TestEncoder(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		v := item(4).Draw(t, "item")
		want, err := cbor.Marshal(v)
		require.NoError(t, err)

		e := serialproto.Encoder{Buf: make([]byte, 0, len(want))}
		encodeAny(&e, v)
		require.False(t, e.Overflow)
		require.Equal(t, want, e.Buf)

		tight := serialproto.Encoder{Buf: make([]byte, 0, len(want)-1)}
		encodeAny(&tight, v)
		require.True(t, tight.Overflow)
		require.LessOrEqual(t, len(tight.Buf), len(want)-1)

		d := serialproto.NewDecoder(want)
		decodeAny(t, &d, v)
		require.True(t, d.Done())
		d = serialproto.NewDecoder(want)
		d.Skip()
		require.True(t, d.Done())
	})
}

func encodeAny(e *serialproto.Encoder, v any) {
	switch v := v.(type) {
	case int64:
		if v >= 0 {
			e.Uint(uint64(v))
		} else {
			e.Int(v)
		}
	case string:
		e.Text(v)
	case []byte:
		e.Bytes(v)
	case bool:
		e.Bool(v)
	case []any:
		e.Array(len(v))
		for _, x := range v {
			encodeAny(e, x)
		}
	}
}

func decodeAny(t tb, d *serialproto.Decoder, v any) {
	switch v := v.(type) {
	case int64:
		require.Equal(t, v, d.Int())
	case string:
		require.Equal(t, v, string(d.TextBytes()))
	case []byte:
		require.Equal(t, string(v), string(d.Bytes()))
	case bool:
		require.Equal(t, v, d.Bool())
	case []any:
		items := d.Array()
		for _, x := range v {
			require.True(t, d.Next(&items))
			decodeAny(t, d, x)
		}
		require.False(t, d.Next(&items))
	}
}

// TestDecoderRefuses: an item of another kind or out of range is a permanent error.
func TestDecoderRefuses(t *testing.T) {
	kinds := map[string]func(*serialproto.Decoder) any{
		"int":   func(d *serialproto.Decoder) any { return d.Int() },
		"uint":  func(d *serialproto.Decoder) any { return d.Uint(math.MaxInt64) },
		"bool":  func(d *serialproto.Decoder) any { return d.Bool() },
		"bytes": func(d *serialproto.Decoder) any { return len(d.Bytes()) },
		"text":  func(d *serialproto.Decoder) any { return len(d.TextBytes()) },
		"map":   func(d *serialproto.Decoder) any { d.Map(); return nil },
		"array": func(d *serialproto.Decoder) any { d.Array(); return nil },
	}
	tests := []struct{ hex, accept string }{
		{"05", "int uint"},
		{"25", "int"},
		{"1b8000000000000000", ""},
		{"3b8000000000000000", ""},
		{"f4", "bool"},
		{"f6", ""},
		{"f814", ""}, // simple(20) in two bytes is not well-formed
		{"4101", "bytes"},
		{"6101", "text"},
		{"5f4101ff", ""},
		{"7f6101ff", ""},
		{"80", "array"},
		{"9fff", "array"},
		{"a0", "map"},
		{"bfff", "map"},
		{"ff", ""},
		{"1c", ""}, {"1c00000000000000000000000000000000", ""},
		{"1f", ""},
		{"df00", ""},
		{"", ""},
	}
	for _, tt := range tests {
		for name, kind := range kinds {
			d := serialproto.NewDecoder(append(unhex(tt.hex), 0))
			if tt.hex == "" {
				d = serialproto.NewDecoder(nil)
			}
			kind(&d)
			ok := contains(tt.accept, name)
			require.Equal(t, ok, d.Ok(), "%s as %s", tt.hex, name)
			if !ok {
				require.Zero(t, d.Int())
				require.False(t, d.Bool())
				require.Nil(t, d.Bytes())
				items := d.Map()
				require.False(t, d.Next(&items))
				require.False(t, d.Ok())
				require.False(t, d.Done())
			}
		}
	}
	d := serialproto.NewDecoder([]byte{0x18, 0x64, 0x18, 0x65})
	require.Equal(t, uint64(100), d.Uint(100))
	require.Zero(t, d.Uint(100))
	require.False(t, d.Ok())
}
