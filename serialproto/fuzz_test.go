// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// The corpora are in testdata/fuzz, one folder for each target.

// FuzzDeframer: a frame is found after any garbage, however the bytes are divided.
func FuzzDeframer(f *testing.F) {
	f.Fuzz(func(t *testing.T, garbage, message []byte, chunk, grain uint8) {
		message = message[:min(len(message), serialproto.MaxMessage)]
		for len(message) < serialproto.HeaderSize {
			message = append(message, 0)
		}
		in := append(bytes.Clone(garbage), frame(message)...)
		var d serialproto.Deframer
		found := feed(&d, in, 0)
		require.NotEmpty(t, found)
		require.Equal(t, message, found[len(found)-1])
		require.False(t, d.Partial())
		for _, m := range found {
			require.True(t, len(m) >= serialproto.HeaderSize && len(m) <= serialproto.MaxMessage)
			require.Equal(t, [][]byte{m}, feed(new(serialproto.Deframer), frameWithFramer(m), 0))
		}

		want, whole := run(newProvisioned(), in)
		dev := newProvisioned()
		line := &fakeLine{in: in, chunk: int(chunk), grain: int(grain)}
		var s serialproto.Server
		s.Step(line, dev)
		require.Equal(t, want, line.out)
		require.Equal(t, *whole.FramingErrors(), *s.FramingErrors())
	})
}

// FuzzServer: for any input, the server sends only complete frames, each of which
// answers a request.
func FuzzServer(f *testing.F) {
	invalidText, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, before, message, after []byte, state uint8, rig bool) {
		message = message[:min(len(message), serialproto.MaxMessage)]
		line := &fakeLine{in: append(append(bytes.Clone(before), frame(message)...), after...)}
		dev := newProvisioned().in(serialproto.State(state % 6))
		dev.hasRig = rig
		var s serialproto.Server
		for resets := -1; resets != dev.resets; { // a reset ends a Step
			resets = dev.resets
			s.Step(line, dev)
		}
		line.uptime += serialproto.PacketTimeout + 1
		s.Step(line, dev)
		require.True(t, s.Idle())
		for _, m := range unframe(t, line.out) {
			require.True(t, m[0]&7 == 1 || m[0]&7 == 3, "operation")
			require.LessOrEqual(t, m[0]>>3, byte(1), "version")
			var body map[string]cbor.RawMessage
			require.NoError(t, invalidText.Unmarshal(m[8:], &body))
		}
	})
}

// FuzzDecoder: the decoder and fxamacker/cbor read the same values. The decoder skips
// only well-formed items, and skips all well-formed items of the subset.
func FuzzDecoder(f *testing.F) {
	// Four levels of arrays and maps as fxamacker/cbor counts them; it does not count
	// every tag as a level.
	shallow, err := cbor.DecOptions{MaxNestedLevels: 4}.DecMode()
	require.NoError(f, err)
	lax, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	require.NoError(f, err)
	canonical, err := cbor.CanonicalEncOptions().EncMode()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, p []byte) {
		d := serialproto.NewDecoder(p)
		d.Skip()
		switch {
		case d.Done():
			require.NoError(t, cbor.Wellformed(p))
		case shallow.Wellformed(p) == nil:
			tags, indefinite := 0, false
			for _, b := range p { // also counts such bytes inside strings
				if b>>5 == 6 {
					tags++
				}
				indefinite = indefinite || b == 0x5F || b == 0x7F
			}
			require.True(t, tags > 3 || indefinite, "a well-formed item was not skipped: % x", p)
		}
		d = serialproto.NewDecoder(p)
		v := valueOf(&d, 0)
		if !d.Done() {
			return
		}
		var want any
		require.NoError(t, lax.Unmarshal(p, &want))
		ours, err := canonical.Marshal(v)
		require.NoError(t, err)
		theirs, err := canonical.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, theirs, ours)
	})
}

// valueOf reads the next item of any kind, by trying each kind on a copy.
func valueOf(d *serialproto.Decoder, depth int) any {
	readIfValid := func(read func(c *serialproto.Decoder) any) (v any, ok bool) {
		c := *d
		if v = read(&c); c.Ok() {
			*d = c
			return v, true
		}
		return nil, false
	}
	for _, read := range []func(c *serialproto.Decoder) any{
		func(c *serialproto.Decoder) any { return c.Int() },
		func(c *serialproto.Decoder) any { return c.Bool() },
		func(c *serialproto.Decoder) any { return bytes.Clone(c.Bytes()) },
		func(c *serialproto.Decoder) any { return c.Text() },
	} {
		if v, ok := readIfValid(read); ok {
			return v
		}
	}
	if depth == 8 {
		d.Int() // fails
		return nil
	}
	array, asMap := *d, *d
	if items := array.Array(); array.Ok() {
		*d = array
		v := []any{}
		for d.Next(&items) {
			v = append(v, valueOf(d, depth+1))
		}
		return v
	}
	pairs := asMap.Map()
	*d = asMap // fails if it is not a map either
	v := map[string]any{}
	for d.Next(&pairs) {
		key := d.Text()
		v[key] = valueOf(d, depth+1)
	}
	return v
}

// FuzzPayload: fxamacker/cbor reads the same values from an accepted payload.
func FuzzPayload(f *testing.F) {
	strict, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, plain []byte) {
		var m serialproto.Payload
		if !m.Decode(plain) {
			return
		}
		require.True(t, m.Expiry.IsZero() == (m.Ends == 0))
		var want struct {
			payload
			Behaviour cbor.RawMessage `cbor:"beh"`
		}
		if strict.Unmarshal(plain, &want) != nil {
			return // a repeated key
		}
		require.Equal(t, string(want.Seed), string(m.Seed))
		require.Equal(t, want.Algorithm, int(m.Profile.Algorithm))
		require.Equal(t, want.Digits, int(m.Profile.Digits))
		require.Equal(t, want.Step, int64(m.Profile.Step))
		require.Equal(t, want.T0, int64(m.Profile.T0))
		require.Equal(t, *want.Clock, int64(m.Clock))
		require.Equal(t, want.Expiry == nil, m.Expiry.IsZero())
		if want.Expiry != nil {
			require.Equal(t, *want.Expiry, m.Expiry.Days())
			require.Equal(t, *want.Ends, int64(m.Ends))
		}
	})
}

// FuzzDatetime: an accepted text has the same meaning for time.Parse, and the output of
// time.Format is accepted.
func FuzzDatetime(f *testing.F) {
	set := func(t *testing.T, text string) (dev *fakeDevice, ok bool) {
		dev = newDevice()
		text = text[:min(len(text), 400)]
		answer := call(t, dev, write, 0, 4, append(append([]byte{0xA1, 0x68}, "datetime"...), cborText(text)...))
		return dev, len(answer) == 0
	}
	f.Fuzz(func(t *testing.T, text string, ms int64) {
		if dev, ok := set(t, text); ok {
			parsed := false
			for _, middle := range []string{"T", " "} {
				for _, zone := range []string{"Z07:00", "Z0700", ""} {
					want, err := time.Parse("2006-01-02"+middle+"15:04:05"+zone, text)
					if err == nil {
						parsed = true
						require.Equal(t, want.UnixMilli(), int64(dev.now), text)
					}
				}
			}
			require.True(t, parsed, text)
		}
		now := token.UnixMilli(ms)
		text = time.UnixMilli(ms).In(time.FixedZone("", int(ms%840)*60)).Format(time.RFC3339Nano)
		dev, ok := set(t, text)
		local := time.UnixMilli(ms).In(time.FixedZone("", int(ms%840)*60)).Year()
		require.Equal(t, serialproto.ValidClock(now) && local >= 1970 && local <= 9999, ok, text)
		if ok {
			require.Equal(t, now, dev.now)
			want := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000000-07:00")
			require.Equal(t, obj{"datetime": want}, call(t, dev, read, 0, 4, obj{}))
		}
	})
}

// FuzzOpen: a message opens only if the station has sealed it, and not if a bit has
// changed.
func FuzzOpen(f *testing.F) {
	v := loadVector(f)
	sealed := unhex(v.Message)
	f.Fuzz(func(t *testing.T, message, plain, ephemeral []byte, bit uint16) {
		b := v.binding()
		station, device := v.keys()
		_, _, e := serialproto.Open(b, station, device, bytes.Clone(message))
		require.Equal(t, bytes.Equal(message, sealed), e == serialproto.StatusOK)

		key := make([]byte, 32)
		copy(key, ephemeral)
		m, h := seal(t, keyPair(unhex(v.StationPrivate)), unhex(v.DevicePublic), key, unhex(v.Prologue), plain)
		damaged := bytes.Clone(m)
		damaged[int(bit/8)%len(m)] ^= 1 << (bit % 8)
		_, _, e = serialproto.Open(b, station, device, damaged)
		require.Equal(t, serialproto.StatusAuthentication, e)
		got, transcript, e := serialproto.Open(b, station, device, m)
		require.Equal(t, serialproto.StatusOK, e)
		require.Equal(t, string(plain), string(got))
		require.Equal(t, h, transcript[:])
	})
}
