// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// block is a fenced block of PROTOCOL.md: its kind, the words after the kind, and its
// lines. Indented lines continue the line before. Lines that begin with # are remarks.
type block struct {
	kind  string
	words []string
	lines []string
	at    int // line number in the document
}

// blocks parses the document.
func blocks(t *testing.T, name string) (found []block) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && inside:
			inside = false
		case isFence:
			inside = true
			words := strings.Fields(fence)
			require.NotEmpty(t, words, "line %d: a block without a kind", i+1)
			found = append(found, block{kind: words[0], words: words[1:], at: i + 1})
		case inside && strings.HasPrefix(line, " "):
			b := &found[len(found)-1]
			require.NotEmpty(t, b.lines, "line %d", i+1)
			b.lines[len(b.lines)-1] += " " + strings.TrimSpace(line)
		case inside && !strings.HasPrefix(line, "#"):
			b := &found[len(found)-1]
			b.lines = append(b.lines, line)
		}
	}
	require.False(t, inside)
	return found
}

// bytesOf parses hex, and text in double quotes.
func bytesOf(s string) (p []byte) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			p = append(p, part...)
		} else {
			p = append(p, unhex(part)...)
		}
	}
	return p
}

// TestProtocol runs every example of PROTOCOL.md.
func TestProtocol(t *testing.T) {
	ran := map[string]int{}
	examples := runner{provisioning: loadVector(t)}
	for _, b := range blocks(t, "PROTOCOL.md") {
		run, known := map[string]func(*testing.T, block){
			"line": examples.line, "exchange": examples.exchange, "framing-error": examples.framingError, "values": examples.values,
			"diagnostic": examples.diagnostic, "text": nil, // a diagram
			"checks": nil, // run by TestChecks of package firmware
		}[b.kind]
		require.True(t, known, "line %d: unknown kind of block: %q", b.at, b.kind)
		ran[b.kind]++
		if run != nil && !t.Run(b.kind+"/"+strings.Join(b.words, " "), func(t *testing.T) { run(t, b) }) {
			t.Logf("PROTOCOL.md:%d", b.at)
		}
	}
	for kind, least := range map[string]int{"line": 3, "exchange": 19, "framing-error": 7, "values": 2, "diagnostic": 1} {
		require.GreaterOrEqual(t, ran[kind], least, "examples of kind %q", kind)
	}
}

// runner runs examples.
type runner struct {
	provisioning provisioning
	dev          *fakeDevice
	server       *serialproto.Server
}

// prepare creates the device that the words of a block describe.
func (r *runner) prepare(t *testing.T, words []string) {
	t.Helper()
	dev := newDevice()
	for _, word := range words {
		switch word {
		case "blank":
		case "provisioned":
			dev = newProvisioned()
		case "locked":
			dev = newProvisioned().in(serialproto.StateLocked)
		case "rig":
			dev.hasRig = true
			dev.lcd = serialproto.RigDisplay{
				Digits: [8]uint8{0x7F, 0x6F, 0x6D, 0x5B, 0x6F, 0x7F}, Size: 6, Text: [8]byte([]byte("895298  ")),
				Bars: 4, Icons: 1, State: dev.info.State, Now: dev.now, ClockSet: true, Step: 28333333, Left: 39877,
			}
		default:
			require.Fail(t, "unknown device", word)
		}
	}
	dev.test = serialproto.SelfTest{Flash: true, Crypto: true, Clock: dev.info.ClockSet, Supply: dev.info.Supply}
	for p := range serialproto.PartCount {
		dev.test.Parts[p] = serialproto.Passed
	}
	dev.test.Parts[serialproto.PartImage] = serialproto.NotApplicable
	dev.uptime = serialproto.Uptime{Milli: 86_399_998}
	_, private := r.provisioning.keys()
	dev.static, dev.public = *private, [32]byte(unhex(r.provisioning.DevicePublic))
	dev.station = [32]byte(unhex(r.provisioning.StationPublic))
	r.dev, r.server = dev, new(serialproto.Server)
}

// line is an example in bytes: ">" is sent by the host, "<" by the device.
func (r *runner) line(t *testing.T, b block) {
	r.prepare(t, b.words)
	line := &fakeLine{}
	want := []byte(nil)
	for _, l := range b.lines {
		switch l[0] {
		case '>':
			line.in = append(line.in, bytesOf(l[1:])...)
		case '<':
			want = append(want, bytesOf(l[1:])...)
		default:
			require.Fail(t, "the line starts with neither > nor <", l)
		}
	}
	r.server.Step(line, r.dev)
	require.Equal(t, want, line.out)
	require.Equal(t, serialproto.FramingErrors{}, *r.server.FramingErrors())
	unframe(t, line.out)
}

// exchange is an example in messages: ">" is a request, "<" is its answer, and "=" is
// the body of the message before it in diagnostic notation (RFC 8949, section 8).
func (r *runner) exchange(t *testing.T, b block) {
	r.prepare(t, b.words)
	line := &fakeLine{}
	var last []byte
	var answers [][]byte
	for _, l := range b.lines {
		switch l[0] {
		case '>':
			require.Empty(t, answers, "the example omits an answer")
			last = bytesOf(l[1:])
			line.in, line.out = frame(last), nil
			r.server.Step(line, r.dev)
			answers = unframe(t, line.out)
		case '<':
			last = bytesOf(l[1:])
			require.NotEmpty(t, answers)
			require.Equal(t, hex.EncodeToString(answers[0]), hex.EncodeToString(last))
			answers = answers[1:]
		case '=':
			require.Equal(t, len(last)-8, int(last[2])<<8|int(last[3]), "length in the header")
			notation, err := cbor.Diagnose(last[8:])
			require.NoError(t, err)
			require.Equal(t, unspaced(notation), unspaced(l[1:]))
		default:
			require.Fail(t, "the line starts with neither >, < nor =", l)
		}
	}
	require.Empty(t, answers)
	require.Equal(t, serialproto.FramingErrors{}, *r.server.FramingErrors())
}

// diagnostic checks the payload in diagnostic notation.
func (r *runner) diagnostic(t *testing.T, b block) {
	notation, err := cbor.Diagnose(unhex(r.provisioning.Payload))
	require.NoError(t, err)
	require.Equal(t, unspaced(notation), unspaced(strings.Join(b.lines, "")))
}

// unspaced removes spaces, because the document may break lines anywhere.
func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }

// framingError is an example of bytes that increase only the named counter.
func (r *runner) framingError(t *testing.T, b block) {
	r.prepare(t, []string{"blank"})
	for _, l := range b.lines {
		line := &fakeLine{in: bytesOf(l)}
		r.server.Step(line, r.dev)
		require.Empty(t, line.out)
		line.uptime = serialproto.PacketTimeout + 1
		r.server.Step(line, r.dev)
		require.Empty(t, line.out)
	}
	errors := r.server.FramingErrors()
	counters := map[string]*uint32{
		"line": &errors.Line, "base64": &errors.Base64, "stray": &errors.Stray, "size": &errors.Size, "CRC": &errors.CRC, "header": &errors.Header, "timeout": &errors.Timeout,
	}
	require.Len(t, b.words, 1)
	require.Contains(t, counters, b.words[0])
	require.Equal(t, uint32(len(b.lines)), *counters[b.words[0]])
	*counters[b.words[0]] = 0
	require.Equal(t, serialproto.FramingErrors{}, *errors)
}

// values are names and bytes, which are recomputed and compared with testdata.
func (r *runner) values(t *testing.T, b block) {
	v := r.provisioning
	if b.words[0] == "crc" {
		for _, l := range b.lines {
			data, crc, _ := strings.Cut(l, "=")
			sum := serialproto.CRC16(bytesOf(data))
			require.Equal(t, unhex(crc), []byte{byte(sum >> 8), byte(sum)})
		}
		return
	}
	binding := v.binding()
	station, device := v.keys()
	message := unhex(v.Message)
	plain, h, e := serialproto.Open(binding, station, device, message)
	require.Equal(t, serialproto.StatusOK, e)
	confirmation := serialproto.Confirmation(unhex(v.Seed), &h)
	want := map[string][]byte{
		"station private":   unhex(v.StationPrivate),
		"station public":    station[:],
		"device private":    device[:],
		"device public":     unhex(v.DevicePublic),
		"ephemeral private": unhex(v.EphemeralPrivate),
		"prologue":          binding.AppendPrologue(nil),
		"payload":           plain,
		"message":           unhex(v.Message),
		"h":                 h[:],
		"conf":              confirmation[:],
	}
	for _, l := range b.lines {
		name, value, _ := strings.Cut(l, "=")
		name = strings.TrimSpace(name)
		require.Contains(t, want, name)
		require.True(t, bytes.Equal(want[name], bytesOf(value)), name)
		delete(want, name)
	}
	require.Empty(t, want)
}
