// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/flynn/noise"
	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

var update = flag.Bool("update", false, "generate testdata/noise.json with flynn/noise")

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherAESGCM, noise.HashSHA256)

// keyPair returns the X25519 key pair of a private key, computed by flynn/noise.
func keyPair(private []byte) noise.DHKey {
	key, err := noise.DH25519.GenerateKeypair(bytes.NewReader(private))
	if err != nil {
		panic(err)
	}
	return key
}

// prologue builds the prologue from PROTOCOL.md, without AppendPrologue.
func prologue(hw []byte, serial string, counter uint32, firmware string) (p []byte) {
	p = append(p, "fob-prov-v1"...)
	p = append(p, hw...)
	p = append(append(p, byte(len(serial))), serial...)
	p = binary.BigEndian.AppendUint32(p, counter)
	return append(append(p, byte(len(firmware))), firmware...)
}

// seal performs the station's part with flynn/noise.
func seal(t tb, station noise.DHKey, device, ephemeral, prologue, payload []byte) (message []byte, h []byte) {
	t.Helper()
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: suite, Random: bytes.NewReader(ephemeral), Pattern: noise.HandshakeK, Initiator: true,
		Prologue: prologue, StaticKeypair: station, PeerStatic: device,
	})
	require.NoError(t, err)
	message, _, _, err = hs.WriteMessage(nil, payload)
	require.NoError(t, err)
	return message, hs.ChannelBinding()
}

// provisioning holds the values of a complete provisioning, in hex.
type provisioning struct {
	Source           string `json:"source"`
	StationPrivate   string `json:"station_private"`
	StationPublic    string `json:"station_public"`
	DevicePrivate    string `json:"device_private"`
	DevicePublic     string `json:"device_public"`
	EphemeralPrivate string `json:"ephemeral_private"`
	HardwareID       string `json:"hardware_id"`
	Serial           string `json:"serial"`
	Counter          uint32 `json:"counter"`
	Firmware         string `json:"firmware"`
	Seed             string `json:"seed"`
	Prologue         string `json:"prologue"`
	Payload          string `json:"payload"`
	Message          string `json:"message"`
	Transcript       string `json:"transcript"`
	Confirmation     string `json:"confirmation"`
}

// payload is the content of a provisioning message as defined in PROTOCOL.md.
type payload struct {
	Seed      []byte `cbor:"seed"`
	Algorithm int    `cbor:"alg"`
	Digits    int    `cbor:"dig"`
	Step      int64  `cbor:"step"`
	T0        int64  `cbor:"t0"`
	Behaviour []int  `cbor:"beh"`
	Expiry    *int32 `cbor:"exp,omitempty"`
	Ends      *int64 `cbor:"end,omitempty"`
	Clock     *int64 `cbor:"clk,omitempty"`
}

// generate creates the vector. The keys are from RFC 7748: station and device are a and
// b of section 6.1, and the ephemeral key is the second scalar of section 5.2. The seed
// is from RFC 6238, appendix B.
func generate(t *testing.T) provisioning {
	v := provisioning{
		Source:           "Generated with github.com/flynn/noise (HandshakeK, initiator) and github.com/fxamacker/cbor by TestVector -update. Keys: RFC 7748, sections 6.1 (station a, device b) and 5.2 (ephemeral). Seed: RFC 6238, appendix B.",
		StationPrivate:   "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		DevicePrivate:    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
		EphemeralPrivate: "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		HardwareID:       "f0b0010203040506", Serial: "1000042", Counter: 0, Firmware: "0.1.0",
		Seed: hex.EncodeToString([]byte("12345678901234567890")),
	}
	station, device := keyPair(unhex(v.StationPrivate)), keyPair(unhex(v.DevicePrivate))
	v.StationPublic, v.DevicePublic = hex.EncodeToString(station.Public), hex.EncodeToString(device.Public)
	// 2030-12-31, which ends in Tokyo at 15:00 UTC, and 2026-01-02T03:04:05.678Z.
	expiry, ends, clock := int32(22279), int64(1924959600), int64(1767323045678)
	plain, err := cbor.Marshal(payload{
		Seed: unhex(v.Seed), Digits: 6, Step: 60, Behaviour: []int{0, 0, 0, 0, 0, 0, 0, 1, 6},
		Expiry: &expiry, Ends: &ends, Clock: &clock,
	})
	require.NoError(t, err)
	p := prologue(unhex(v.HardwareID), v.Serial, v.Counter, v.Firmware)
	message, h := seal(t, station, device.Public, unhex(v.EphemeralPrivate), p, plain)
	confirm := hmac.New(sha256.New, unhex(v.Seed))
	confirm.Write([]byte("fob-confirm-v1"))
	confirm.Write(h)
	v.Prologue, v.Payload, v.Message = hex.EncodeToString(p), hex.EncodeToString(plain), hex.EncodeToString(message)
	v.Transcript, v.Confirmation = hex.EncodeToString(h), hex.EncodeToString(confirm.Sum(nil))
	return v
}

func loadVector(t tb) (v provisioning) {
	load(t, "noise.json", &v)
	return v
}

// binding returns the values to which the vector is bound.
func (v *provisioning) binding() *serialproto.Binding {
	serial, err := token.ParseSerial(v.Serial)
	if err != nil {
		panic(err)
	}
	return &serialproto.Binding{HardwareID: [8]byte(unhex(v.HardwareID)), Serial: serial, Counter: v.Counter, Firmware: v.Firmware}
}

func (v *provisioning) keys() (station, device *[32]byte) {
	return (*[32]byte)(unhex(v.StationPublic)), (*[32]byte)(unhex(v.DevicePrivate))
}

func TestVector(t *testing.T) {
	generated := generate(t)
	if *update {
		p, err := json.MarshalIndent(generated, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("testdata/noise.json", append(p, '\n'), 0o644))
	}
	v := loadVector(t)
	require.Equal(t, generated, v, "flynn/noise produces the same message")

	b := v.binding()
	station, device := v.keys()
	require.Equal(t, v.Prologue, hex.EncodeToString(b.AppendPrologue(nil)))
	public, e := serialproto.PublicKey(device)
	require.Equal(t, serialproto.StatusOK, e)
	require.Equal(t, v.DevicePublic, hex.EncodeToString(public[:]))

	h, ok := serialproto.TranscriptOf(b, station, device, unhex(v.Message))
	require.True(t, ok)
	require.Equal(t, v.Transcript, hex.EncodeToString(h[:]))

	message := unhex(v.Message)
	plain, h, e := serialproto.Open(b, station, device, message)
	require.Equal(t, serialproto.StatusOK, e)
	require.Equal(t, v.Payload, hex.EncodeToString(plain))
	require.Equal(t, v.Transcript, hex.EncodeToString(h[:]))
	require.Same(t, &message[32], &plain[0], "the payload overwrites the message")
	require.Equal(t, len(message), len(plain)+serialproto.NoiseOverhead)

	c := serialproto.Confirmation(unhex(v.Seed), &h)
	require.Equal(t, v.Confirmation, hex.EncodeToString(c[:]))
}

// TestOpenProperty opens arbitrary messages that flynn/noise has sealed.
func TestOpenProperty(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 32, 32)
		device, station := keyPair(key.Draw(t, "device")), keyPair(key.Draw(t, "station"))
		serial := rapid.StringMatching(`[0-9A-Za-z-]{1,20}`).Draw(t, "serial")
		firmware := rapid.StringN(0, 60, 255).Draw(t, "firmware")
		hw := rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "hardware")
		counter := rapid.Uint32().Draw(t, "counter")
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")

		b := serialproto.Binding{HardwareID: [8]byte(hw), Counter: counter, Firmware: firmware}
		b.Serial, _ = token.ParseSerial(serial)
		p := prologue(hw, serial, counter, firmware)
		require.Equal(t, p, b.AppendPrologue(nil))
		message, want := seal(t, station, device.Public, key.Draw(t, "ephemeral"), p, plain)

		stationPublic, devicePrivate := (*[32]byte)(station.Public), (*[32]byte)(device.Private)
		h, ok := serialproto.TranscriptOf(&b, stationPublic, devicePrivate, message)
		require.True(t, ok)
		require.Equal(t, want, h[:])
		got, h, e := serialproto.Open(&b, stationPublic, devicePrivate, message)
		require.Equal(t, serialproto.StatusOK, e)
		require.True(t, bytes.Equal(plain, got))
		require.Equal(t, want, h[:])
	})
}
