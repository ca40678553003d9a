// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/flynn/noise"
	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
)

// TestChecks runs the lines of the block "checks" in PROTOCOL.md. They state the order
// in which the firmware and the server check a request, and the errors with which they
// refuse it.
func TestChecks(t *testing.T) {
	text, err := os.ReadFile("../serialproto/PROTOCOL.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "\n```checks\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "\n```\n")
	checked := 0
	for line := range strings.Lines(block) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		checked++
		t.Run(line, func(t *testing.T) { runCheckLine(t, line) })
	}
	require.Greater(t, checked, 70)
}

// runCheckLine runs one line: STATE REQUEST CHANGE… = ANSWER.
func runCheckLine(t *testing.T, line string) {
	at := strings.LastIndex(line, " = ")
	require.Positive(t, at)
	words := splitWords(line[:at])
	m := inState(t, map[string]serialproto.State{
		"blank": serialproto.StateBlank, "provisioned": serialproto.StateProvisioned, "locked": serialproto.StateLocked,
		"expired": serialproto.StateExpired, "dead": serialproto.StateDead, "wiped": serialproto.StateWiped,
	}[words[0]])
	require.True(t, words[0] == "blank" || m.state() != serialproto.StateBlank, "unknown state")
	m.digits = 6
	_, w := m.connect(t)
	counter := m.record().Counter

	payload := obj{
		"seed": secret, "alg": 0, "dig": 6, "step": 60, "t0": 0, "beh": []int{0, 0, 0, 0, 0, 0, 0, 1, 6},
		"exp": 22279, "end": 1924959600, "clk": int64(1767323045678),
	}
	commit := obj{"sn": testSerial, "ctr": counter}
	command, body := uint8(serialproto.CmdTokenProvCommit), commit
	switch words[1] {
	case "commit":
		commit["msg"] = sealPayload(t, m, counter, payload)
		applyChanges(t, commit, words[2:])
	case "payload":
		applyChanges(t, payload, words[2:])
		commit["msg"] = sealPayload(t, m, counter, payload)
	case "clock":
		command, body = serialproto.CmdTokenClock, obj{"ms": int64(noon)}
		applyChanges(t, body, words[2:])
	case "wipe":
		command, body = serialproto.CmdTokenWipe, obj{"sn": testSerial}
		applyChanges(t, body, words[2:])
	default:
		require.Fail(t, "unknown request", words[1])
	}
	got := answer(t, w, frame(serialproto.OpWrite, serialproto.GroupToken, command, body))
	switch e := got.(type) {
	case serialproto.RC:
		require.Equal(t, line[at+3:], fmt.Sprintf("rc %d", e))
	case nil:
		require.Equal(t, line[at+3:], "ok")
	case serialproto.Err:
		require.Equal(t, line[at+3:], fmt.Sprintf("err %d", e))
	}
}

// splitWords splits at spaces outside of quotes.
func splitWords(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// applyChanges removes the keys given as -key from the map and sets the others.
func applyChanges(t *testing.T, m obj, words []string) {
	t.Helper()
	before := maps.Clone(m)
	for _, word := range words {
		if key, missing := strings.CutPrefix(word, "-"); missing {
			require.Contains(t, m, key)
			delete(m, key)
			continue
		}
		key, value, found := strings.Cut(word, "=")
		require.True(t, found, word)
		if digits, isBytes := strings.CutPrefix(value, "h'"); isBytes {
			p, err := hex.DecodeString(strings.TrimSuffix(digits, "'"))
			require.NoError(t, err)
			m[key] = p
			continue
		}
		d := json.NewDecoder(strings.NewReader(value))
		d.UseNumber()
		var v any
		require.NoError(t, d.Decode(&v), word)
		m[key] = cborNumbers(t, v)
	}
	require.NotEqual(t, before, m)
}

// cborNumbers converts JSON numbers to CBOR: a float if there is a decimal point,
// otherwise an integer.
func cborNumbers(t *testing.T, v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = cborNumbers(t, v[i])
		}
	case json.Number:
		if strings.Contains(v.String(), ".") {
			f, err := v.Float64()
			require.NoError(t, err)
			return f
		}
		i, err := v.Int64()
		require.NoError(t, err)
		return i
	}
	return v
}

// sealPayload makes a provisioning message with flynn/noise. The payload may be
// invalid.
func sealPayload(t *testing.T, m *machine, counter uint32, payload obj) []byte {
	t.Helper()
	plain, err := cbor.Marshal(payload)
	require.NoError(t, err)
	b := serialproto.Binding{
		HardwareID: m.hw.Identity.HardwareID(), Serial: serial(t, testSerial), Counter: counter, Firmware: firmware.Version,
	}
	private := sha256.Sum256([]byte("fob insecure test station key, published, protects nothing")) // PROTOCOL.md, section 8
	device := publicKey
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519, noise.CipherAESGCM, noise.HashSHA256),
		Random:      rand.Reader, Pattern: noise.HandshakeK, Initiator: true, Prologue: b.AppendPrologue(nil),
		StaticKeypair: noise.DHKey{Private: private[:], Public: bytes.Clone(m.station[:])}, PeerStatic: device[:],
	})
	require.NoError(t, err)
	message, _, _, err := hs.WriteMessage(nil, plain)
	require.NoError(t, err)
	return message
}
