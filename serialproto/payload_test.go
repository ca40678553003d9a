// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

func TestPayload(t *testing.T) {
	v := loadVector(t)
	expiry, err := token.NewExpiry(2030, 12, 31)
	require.NoError(t, err)
	want := serialproto.Payload{
		Seed: []byte("12345678901234567890"),
		Profile: token.Profile{
			Step: 60, Digits: 6, Behaviour: token.Behaviour{ClockLossErases: true, Bars: 6},
		},
		Expiry: expiry, Ends: 1924959600, Clock: 1767323045678,
	}
	var m serialproto.Payload
	require.True(t, m.Decode(unhex(v.Payload)))
	require.Equal(t, want, m)
	require.Equal(t, expiry.EndsAt(token.TokyoOffset), m.Ends)

	// Every field gets a new value, and no earlier value remains.
	plain, err := cbor.Marshal(obj{
		"seed": []byte{1}, "alg": 2, "dig": 8, "step": 30, "t0": 946684800,
		"beh": arr{1, 1, 60, 14000, 10, 2, 5, 1, 6, 1, "later", arr{}}, "clk": 1, "later": obj{},
	})
	require.NoError(t, err)
	require.True(t, m.Decode(plain))
	require.Equal(t, serialproto.Payload{
		Seed: []byte{1},
		Profile: token.Profile{
			Algorithm: token.SHA512, Digits: 8, Step: 30, T0: 946684800,
			Behaviour: token.Behaviour{
				Button: true, UntilStepEnd: true, ShowSeconds: 60, PressLimit: 14000, LowPercent: 10,
				Expiry: token.ExpiryMessage, BlankDelayDays: 5, ClockLossErases: true, Bars: 6,
				LimitEnds: true,
			},
		},
		Clock: 1,
	}, m)
	require.True(t, m.Decode(unhex("a1 63 636c6b 00")))
	require.Equal(t, serialproto.Payload{}, m)
}

func TestPayloadRefused(t *testing.T) {
	tests := []struct {
		name string
		body any
	}{
		{"no clock", obj{"seed": []byte{1}}},
		{"empty", []byte{}},
		{"not a map", arr{}},
		{"expiry without end", obj{"clk": 1, "exp": 22279}},
		{"end without expiry", obj{"clk": 1, "end": 1924959600}},
		{"end is 0", obj{"clk": 1, "exp": 0, "end": 0}},
		{"expiry after 9999", obj{"clk": 1, "exp": 2932897, "end": 1}},
		{"expiry before 1970", obj{"clk": 1, "exp": -1, "end": 1}},
		{"expiry beyond 32 bits", obj{"clk": 1, "exp": int64(1 << 32), "end": 1}},
		{"digits beyond 8 bits", obj{"clk": 1, "dig": 262}},
		{"step beyond 31 bits", obj{"clk": 1, "step": int64(1 << 31)}},
		{"algorithm as a name", obj{"clk": 1, "alg": "SHA1"}},
		{"seed as text", obj{"clk": 1, "seed": "12345678901234567890"}},
		{"behaviour as a map", obj{"clk": 1, "beh": obj{}}},
		{"button is 2", obj{"clk": 1, "beh": arr{2}}},
		{"button is true", obj{"clk": 1, "beh": arr{true}}},
		{"presses beyond 16 bits", obj{"clk": 1, "beh": arr{1, 0, 30, 65536}}},
	}
	for _, tt := range tests {
		plain, ok := tt.body.([]byte)
		if !ok {
			var err error
			plain, err = cbor.Marshal(tt.body)
			require.NoError(t, err)
		}
		var m serialproto.Payload
		require.False(t, m.Decode(plain), tt.name)
	}
	v := loadVector(t)
	var m serialproto.Payload
	require.False(t, m.Decode(append(unhex(v.Payload), 0)), "one byte too many")
	require.False(t, m.Decode(unhex(v.Payload)[:len(v.Payload)/2-1]), "one byte too few")
}
