// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
)

const radiusSecret = "a shared secret of ours"

// radiusServer starts a server whose answers reply returns. It does not answer with nil.
func radiusServer(t *testing.T, reply func(raw []byte, p *wire.Packet) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, wire.MaxPacketLength)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			raw := bytes.Clone(buf[:n])
			p, err := wire.Parse(raw, []byte(radiusSecret))
			if err != nil {
				panic(err)
			}
			if answer := reply(raw, p); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// radiusAnswer encodes an answer, with a Message-Authenticator (RFC 3579, section 3.2) that
// change alters.
func radiusAnswer(t *testing.T, p *wire.Packet, change byte) []byte {
	t.Helper()
	p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	raw, err := p.MarshalBinary()
	require.NoError(t, err)
	mac := hmac.New(md5.New, p.Secret)
	mac.Write(raw)
	sum := mac.Sum(nil)
	sum[0] ^= change
	p.Set(rfc2869.MessageAuthenticator_Type, sum)
	raw, err = p.Encode()
	require.NoError(t, err)
	return raw
}

func openRadius(t *testing.T, address, secret, more string) *target.Open {
	t.Helper()
	f, err := target.Parse([]byte(`
name: gateway
secrets: {shared: secret}
import: {file: {path: "{{dir}}/x"}}
check: {radius: {address: "`+address+`", secret: "{{shared}}"`+more+`}}
resync:
  before: [{radius: {address: "`+address+`", secret: "{{shared}}"}}]
  radius: {address: "`+address+`", secret: "{{shared}}", attributes: {User-Password: "{{second}}"}}
`), target.Options{Secret: func(string) ([]byte, error) { return []byte(secret + "\n"), nil }})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o
}

// TestRadius: codes arrive as they are, in signed requests, with the attributes of the file.
func TestRadius(t *testing.T) {
	seen := make(chan *wire.Packet, 16)
	address := radiusServer(t, func(raw []byte, p *wire.Packet) []byte {
		seen <- p
		require.EqualValues(t, rfc2869.MessageAuthenticator_Type, raw[20], "it comes first")
		given := bytes.Clone(raw[22:38])
		clear(raw[22:38])
		mac := hmac.New(md5.New, []byte(radiusSecret))
		mac.Write(raw)
		require.Equal(t, mac.Sum(nil), given)
		r := p.Response(wire.CodeAccessReject)
		if rfc2865.UserPassword_GetString(p) == "123456" {
			r.Code = wire.CodeAccessAccept
		}
		require.NoError(t, rfc2865.ReplyMessage_AddString(r, "hello"))
		require.NoError(t, rfc2865.ReplyMessage_AddString(r, "you"))
		return radiusAnswer(t, r, 0)
	})
	o := openRadius(t, address, radiusSecret, `, attributes: {NAS-Identifier: "{{serial}}", NAS-IP-Address: 192.0.2.7, NAS-Port: 4711, Service-Type: Authenticate-Only}`)
	token := &conform.Token{User: "alice", Serial: "7"}
	var last *wire.Packet
	check := func(code string) conform.Answer {
		a, err := o.Target.Check(t.Context(), conform.Attempt{Token: token, User: "bob", Code: code})
		require.NoError(t, err)
		last = <-seen
		require.Equal(t, "bob", rfc2865.UserName_GetString(last))
		require.Equal(t, code, rfc2865.UserPassword_GetString(last))
		return a
	}
	require.Equal(t, conform.Answer{Verdict: conform.Accepted, Text: "Access-Accept hello\nyou"}, check("123456"))
	require.Equal(t, "7", rfc2865.NASIdentifier_GetString(last))
	require.Equal(t, "192.0.2.7", rfc2865.NASIPAddress_Get(last).String())
	require.EqualValues(t, 4711, rfc2865.NASPort_Get(last))
	require.EqualValues(t, 8, rfc2865.ServiceType_Get(last)) // RFC 2865, section 5.6
	for _, code := range []string{"", " 1", "12345678901234567", "１２３", "{{serial}}", "\x001"[1:], strings.Repeat("9", 128)} {
		require.Equal(t, conform.Refused, check(code).Verdict)
	}
	_, err := o.Target.Check(t.Context(), conform.Attempt{Token: token, Code: strings.Repeat("9", 129)})
	require.ErrorContains(t, err, "longer than 128")
	require.NotErrorIs(t, err, conform.ErrUnreachable, "the code is at fault, not the target")
}

// TestRadiusRetry: the same packet is sent again until an answer comes.
func TestRadiusRetry(t *testing.T) {
	got := make(chan []byte, 3)
	address := radiusServer(t, func(raw []byte, p *wire.Packet) []byte {
		if len(got) < cap(got) {
			got <- raw
			return nil
		}
		return radiusAnswer(t, p.Response(wire.CodeAccessAccept), 0)
	})
	o := openRadius(t, address, radiusSecret, ", retry: 1ms")
	a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "1"})
	require.NoError(t, err)
	require.Equal(t, conform.Accepted, a.Verdict)
	first := <-got
	require.Equal(t, first, <-got)
	require.Equal(t, first, <-got)
}

// TestRadiusChallenge: the answer to a challenge has its State, and only that one.
func TestRadiusChallenge(t *testing.T) {
	states := make(chan string, 4)
	address := radiusServer(t, func(_ []byte, p *wire.Packet) []byte {
		states <- rfc2865.State_GetString(p)
		r := p.Response(wire.CodeAccessAccept)
		if rfc2865.UserPassword_GetString(p) == "1" {
			r = p.Response(wire.CodeAccessChallenge)
			r.Add(rfc2865.State_Type, []byte("state"))
		}
		return radiusAnswer(t, r, 0)
	})
	o := openRadius(t, address, radiusSecret, "")
	a, err := o.Target.Resync(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "1", Second: "2"})
	require.NoError(t, err)
	require.Equal(t, conform.Accepted, a.Verdict)
	a, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "1"})
	require.NoError(t, err)
	require.Equal(t, conform.NextCode, a.Verdict)
	_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "2"})
	require.NoError(t, err)
	for _, want := range []string{"", "state", "", ""} {
		require.Equal(t, want, <-states)
	}
}

// TestRadiusForged: an answer that the server has not made counts as no answer.
func TestRadiusForged(t *testing.T) {
	good := func(p *wire.Packet) []byte { return radiusAnswer(t, p.Response(wire.CodeAccessAccept), 0) }
	for want, reply := range map[string]func(p *wire.Packet) []byte{
		"wrong Message-Authenticator": func(p *wire.Packet) []byte { return radiusAnswer(t, p.Response(wire.CodeAccessAccept), 1) },
		"another secret": func(p *wire.Packet) []byte {
			raw := good(p)
			raw[0] = byte(wire.CodeAccessReject) // the authenticator does not fit any more
			return raw
		},
		"its answer is Access-Request": func(p *wire.Packet) []byte {
			raw, err := p.Response(wire.CodeAccessAccept).Encode()
			require.NoError(t, err)
			raw[0] = byte(wire.CodeAccessRequest)
			sum := md5.Sum(slices.Concat(raw[:4], p.Authenticator[:], []byte(radiusSecret))) // RFC 2865, section 3
			copy(raw[4:], sum[:])
			return raw
		},
	} {
		address := radiusServer(t, func(_ []byte, p *wire.Packet) []byte { return reply(p) })
		_, err := openRadius(t, address, radiusSecret, ", retry: 1ms").Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
		require.ErrorIs(t, err, conform.ErrUnreachable)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), radiusSecret)
	}
	// Older servers send none.
	address := radiusServer(t, func(_ []byte, p *wire.Packet) []byte {
		raw, err := p.Response(wire.CodeAccessAccept).Encode()
		require.NoError(t, err)
		require.EqualValues(t, 20, binary.BigEndian.Uint16(raw[2:]))
		return raw
	})
	a, err := openRadius(t, address, radiusSecret, "").Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
	require.NoError(t, err)
	require.Equal(t, conform.Accepted, a.Verdict)
}

// TestRadiusUnreachable: a server that does not run cannot be reached.
func TestRadiusUnreachable(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	o := openRadius(t, conn.LocalAddr().String(), radiusSecret, ", retry: 1ms")
	require.NoError(t, conn.Close())
	_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
	require.ErrorIs(t, err, conform.ErrUnreachable)
}

// TestRadiusDocument: the example in the document can be used.
func TestRadiusDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "conform.md"))
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "```yaml\nsecrets: {vpn: vpn.secret}\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	_, err = target.Parse([]byte("name: x\nsecrets: {vpn: vpn.secret}\nimport: {file: {path: x}}\n"+block), target.Options{
		Secret: func(string) ([]byte, error) { return []byte("s\n"), nil },
	})
	require.NoError(t, err)
}

// TestRadiusFiles: mistakes of a file are found before anything is sent.
func TestRadiusFiles(t *testing.T) {
	const good = `
name: x
import: {file: {path: "{{dir}}/x"}}
check: {radius: {address: "127.0.0.1:1812", secret: "{{random}}", retry: 3s, attributes: {NAS-Port: 7, NAS-IP-Address: 192.0.2.1}}}
`
	_, err := target.Parse([]byte(good), target.Options{})
	require.NoError(t, err)
	for old, c := range map[string]struct{ with, want string }{
		":1812":              {"", "want HOST:PORT"},
		"127.0.0.1:1812":     {":1812", "want HOST:PORT"},
		"{{random}}":         {"testing123", "secret: want {{NAME}}"},
		"3s":                 {"3", "want a duration such as 3s"},
		"NAS-Port":           {"NAS-Prt", `unknown attribute "NAS-Prt"`},
		"NAS-Port: 7":        {"NAS-Port: x", "want a number or a name"},
		"192.0.2.1":          {"2001:db8::1", "want an IPv4 address"},
		"NAS-Port: 7, ":      {"State: x, ", "State is set by the client itself"},
		"Port: 7":            {"Port: 7, EAP-Message: x", "attributes of the type octets cannot be sent"},
		"attributes: {NAS-P": {"attributes: {User-Password: x, NAS-P", "{{code}} is missing"},
		"192.0.2.1}}}":       {"192.0.2.1}}, refused: {packet: no}}", "want accept, reject or challenge"},
		"{radius":            {"{pam: {service: x}, radius", "want one of http, command, file, radius and pam"},
		`radius: {address: "127.0.0.1:1812", secret: "{{random}}", retry: 3s, attributes: {NAS-Port: 7, NAS-IP-Address: 192.0.2.1}}`: {"pam: {}", "want one of service and rules"},
	} {
		require.Contains(t, good, old)
		_, err := target.Parse([]byte(strings.Replace(good, old, c.with, 1)), target.Options{})
		require.ErrorIs(t, err, target.ErrFile, old)
		require.ErrorContains(t, err, c.want, old)
		require.NotContains(t, err.Error(), "testing123")
	}
}
