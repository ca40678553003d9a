// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/serialproto/wire"
	"github.com/d204ef64/fob/virtual"
)

// patience is a time limit for events that must happen.
const patience = 5 * time.Minute

// start is the time of the first byte in tests.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// tap feeds a reader with everything that passes on a port.
type tap struct {
	serialproto.Port

	mu sync.Mutex
	r  wire.Reader
}

func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.r.Feed(time.Now(), start, wire.Host, b)
	p.mu.Unlock()
	return p.Port.Write(b)
}

func (p *tap) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.r.Feed(time.Now(), start, wire.Token, b[:n])
	return n, err
}

// TestWholeLife: every message between a token and its host, from the blank
// token to the wiped one, is known. Each answer belongs to a request. No secret
// is in the result.
func TestWholeLife(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, StationKey: host.InsecureTestStationKey().Public()})
	require.NoError(t, err)
	model, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	far, near := port.Pipe()
	done := make(chan error, 1)
	go func() { done <- w.NewToken(model).Serve(t.Context(), far, virtual.ServeOptions{}) }()
	p := &tap{Port: near}
	hosttest.Conversation(t, host.New(p, host.WithTimeout(patience)), hosttest.Device{
		Model: "button-6", Supply: 3200, Temperature: true,
		Now:  func() time.Time { return w.Now().Time() },
		Wait: w.Advance,
	})
	near.Close()
	<-done

	all, _ := p.r.End()
	names := map[string]int{}
	var text strings.Builder
	for _, m := range all {
		require.Contains(t, []wire.Kind{wire.Request, wire.Answer}, m.Kind, m.String())
		require.False(t, m.Unknown(), m.String())
		require.NotContains(t, m.String(), "not a valid map")
		require.Equal(t, start, *m.World)
		names[m.Name]++
		if m.Kind == wire.Answer {
			require.NotNil(t, m.TookMS, m.String())
			require.NotEmpty(t, m.Status)
		}
		require.False(t, m.Repeat)
		line, err := json.Marshal(m)
		require.NoError(t, err)
		fmt.Fprintf(&text, "%s\n%s\n", m, line)
	}
	for _, name := range []string{
		"os echo", "os parameters", "os reset", "enum list", "token info", "token clock", "token display",
		"token prov-begin", "token prov-commit", "token lock", "token self-test", "token wipe",
		"rig press", "rig hold", "rig display", "rig supply", "rig temperature", "rig skew", "rig power-cut",
	} {
		require.GreaterOrEqual(t, names[name], 2, "%s: a request and its answer", name)
	}
	require.Contains(t, text.String(), "state PROVISIONED")
	require.Contains(t, text.String(), "the token is locked")
	require.Contains(t, text.String(), "not shown")
	seed := []byte("12345678901234567890") // of hosttest.Order
	for _, secret := range []string{
		string(seed), hex.EncodeToString(seed), base32.StdEncoding.EncodeToString(seed), base64.StdEncoding.EncodeToString(seed),
	} {
		require.NotContains(t, text.String(), strings.TrimRight(secret, "="))
	}
}

// message returns a message in the lines of the console.
func message(text string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		panic(err)
	}
	var f serialproto.Framer
	n := copy(f.Message()[:len(b)], b)
	f.Seal(n)
	return f.AppendLines(nil)
}

func read(parts ...[]byte) []wire.Message {
	var r wire.Reader
	for i, p := range parts {
		from := wire.Host
		if i%2 == 1 {
			from = wire.Token
		}
		r.Feed(start.Add(time.Duration(i)*1500*time.Microsecond), time.Time{}, from, p)
	}
	all, _ := r.End()
	return all
}

// TestExamples reads examples of PROTOCOL.md: the sections are named in the remarks.
func TestExamples(t *testing.T) {
	for _, test := range []struct{ request, answer, want string }{
		{ // 7.1
			"08 00 00 01 00 40 56 00  a0",
			`09 00 00 6c 00 40 56 00
			ab 62 68 77 48 f0 b0 01 02 03 04 05 06 62 73 6e 67 31 30 30 30 30 34 32 65 6d 6f 64 65 6c 6d 66
			6f 62 2d 76 69 72 74 75 61 6c 2d 36 62 66 77 65 30 2e 31 2e 30 65 70 72 6f 74 6f 01 65 73 74 61
			74 65 01 63 65 78 70 19 57 07 67 70 72 65 73 73 65 73 00 62 6d 76 19 0b b8 63 63 6c 6b f5 65 64
			72 6f 70 73 87 00 00 00 00 00 00 00`,
			"03:04:05.000  host   token info, read, #86\n" +
				"03:04:05.001  token  token info, #86, ok, after 1.5 ms  hw f0b0010203040506, sn 1000042, model fob-virtual-6, fw 0.1.0, proto 1, " +
				"state PROVISIONED, exp 2030-12-31, presses 0, mv 3000 mV, clk true, drops none",
		},
		{ // 4
			"00 00 00 01 00 40 42 02  a0", "01 00 00 05 00 40 42 02  a1 62 72 63 0b",
			"03:04:05.000  host   token display, read, #66\n" +
				"03:04:05.001  token  token display, #66, rc 11: refused: the token is locked, after 1.5 ms",
		},
		{ // 4
			"08 00 00 01 00 40 43 02  a0",
			"09 00 00 12 00 40 43 02  a1 63 65 72 72 a2 65 67 72 6f 75 70 18 40 62 72 63 03",
			"03:04:05.000  host   token display, read, #67\n" +
				"03:04:05.001  token  token display, #67, err 64 3: the token is locked, after 1.5 ms",
		},
		{ // 4.1: a group that does not exist
			"08 00 00 01 00 01 44 00  a0", "09 00 00 05 00 01 44 00  a1 62 72 63 08",
			"03:04:05.000  host   group 1 command 0, read, #68\n" +
				"03:04:05.001  token  group 1 command 0, #68, rc 8: the device does not support this command, after 1.5 ms",
		},
		{ // 7.2
			"0a 00 00 0d 00 40 57 01  a1 62 6d 73 1b 00 00 01 9b 7c a9 8f 2e", "0b 00 00 01 00 40 57 01  a0",
			"03:04:05.000  host   token clock, write, #87  ms 2026-01-02T03:04:05.678Z\n" +
				"03:04:05.001  token  token clock, #87, ok, after 1.5 ms",
		},
		{ // 9
			"08 00 00 01 00 41 6c 02  a0",
			`09 00 00 50 00 41 6c 02
			a9 64 74 65 78 74 66 38 39 35 32 39 38 63 73 65 67 46 7f 6f 6d 5b 6f 7f 64 62 61 72 73 04 65 69
			63 6f 6e 73 01 65 73 74 61 74 65 02 63 6e 6f 77 1b 00 00 01 8b cf e5 68 7b 63 63 6c 6b f5 64 73
			74 65 70 1a 01 b0 55 15 64 6c 65 66 74 19 9b c5`,
			"03:04:05.000  host   rig display, read, #108\n" +
				"03:04:05.001  token  rig display, #108, ok, after 1.5 ms  text 895298, seg 7f6f6d5b6f7f, bars 4, icons tick, state LOCKED, " +
				"now 2023-11-14T22:13:20.123Z, clk true, step 28333333, left 39.877 s",
		},
		{ // 8.6, shortened
			"0a 00 00 17 00 40 6a 04  a3 62 73 6e 67 31 30 30 30 30 34 32 63 63 74 72 00 63 6d 73 67 41 00",
			"0b 00 00 12 00 40 6a 04  a1 63 65 72 72 a2 65 67 72 6f 75 70 18 40 62 72 63 02",
			"03:04:05.000  host   token prov-commit, write, #106  sn 1000042, ctr 0, msg 1 byte, not shown\n" +
				"03:04:05.001  token  token prov-commit, #106, err 64 2: an argument is missing or out of range, after 1.5 ms",
		},
	} {
		all := read(message(test.request), message(test.answer))
		require.Len(t, all, 2)
		require.Equal(t, test.want, all[0].String()+"\n"+all[1].String())
	}
}

// TestFramingErrors reads the framing errors of PROTOCOL.md, section 2.3, each after a
// good request.
func TestFramingErrors(t *testing.T) {
	good := message("02 00 00 01 00 00 4d 05  a0")
	first, next := "\x06\x09", "\x04\x14"
	for want, bad := range map[string]string{
		"line": first + strings.Repeat("AAsCAAABAACPBaDesw==", 7) + "\n",
		"base64": first + "AAsCAAABAACPBaDesw\n" + // an error of its own
			first + "AAsCAAABAACPBaDesx==\n",
		"stray":      next + "AAsCAAABAACPBaDesw==\n",
		"size":       first + "AAgAAAAAAAAAAA==\n",
		"crc":        first + "AAsCAAABAACPBaDesg==\n",
		"header":     first + "AAsLAAABAEBCBaAWVQ==\n",
		"unfinished": first + "AAsCAAAB",
	} {
		all := read(append(append([]byte{}, good...), bad...))
		require.Greater(t, len(all), 1, want)
		require.Equal(t, "os reset", all[0].Name)
		require.Equal(t, wire.Error, all[1].Kind)
		require.Equal(t, want, all[1].Status)
		require.NotEmpty(t, all[1].Text)
	}

	var r wire.Reader
	r.Feed(start, time.Time{}, wire.Host, []byte(first+"AAsCAAAB"))
	r.Feed(start.Add(3001*time.Millisecond), time.Time{}, wire.Host, good)
	all, _ := r.End()
	require.Equal(t, "timeout", all[0].Status)
	require.Equal(t, start, all[0].At, "of its last byte")
	require.Equal(t, "os reset", all[1].Name)
	require.Len(t, all, 2)

	all = read(good, []byte("I: booting\r\n"+string(good)), good)
	require.Equal(t, wire.Noise, all[1].Kind)
	require.Equal(t, "12 bytes of text, not shown", all[1].Text)
	require.Equal(t, "header", all[2].Status, "a token does not send requests")
	require.True(t, all[3].Repeat)
}

// TestSecrets: values that are or may be secret appear only with their length.
func TestSecrets(t *testing.T) {
	const password = "hunter2-of-the-port"
	all := read([]byte("token "+password[:5]), nil, []byte(password[5:]+"\n"))
	require.Len(t, all, 1)
	require.Equal(t, wire.Noise, all[0].Kind)
	require.NotContains(t, all[0].Text, "hunter2")
	require.NotContains(t, read([]byte("token " + password))[0].Text, "hunter2", "the line is not complete")
	// Faults of a line also damage the word before a password, and the start of a message.
	prov := message("0a 00 00 17 00 40 6a 04  a3 62 73 6e 67 31 30 30 30 30 34 32 63 63 74 72 00 63 6d 73 67 41 00")
	login := "token " + password + "\r\n"
	for _, sent := range []string{
		login, "\xff" + login, login[1:], "T" + login[1:], "tokken " + login[6:], "token\x00" + login[6:], " " + login, login[6:], "\x06" + login,
		"\x06\x04" + login, "ok\n" + login, string(prov[2:]), "\x06\x08" + string(prov[2:]), "\x00" + string(prov[1:]),
	} {
		for i, all := range [][]wire.Message{read([]byte(sent)), read(nil, []byte(sent))} { // a terminal may echo
			require.Len(t, all, 1, "%q from side %d", sent, i)
			want := fmt.Sprintf("%d bytes of text, not shown", len(sent))
			if strings.ContainsAny(sent, "\x00\x04\x06\x08") || strings.HasPrefix(sent, "\xff") {
				want = fmt.Sprintf("%d bytes, not shown", len(sent))
			}
			require.Equal(t, want, all[0].Text)
			require.Equal(t, wire.Message{At: start.Add(time.Duration(i) * 1500 * time.Microsecond), From: all[0].From, Kind: wire.Noise, Bytes: len(sent), Text: want}, all[0])
		}
	}

	// {"seed": "JBSWY3DP", "X-Api-Key": "JBSWY3DP", "more": {"psk": "JBSWY3DP"}, "b": h'4a42535759334450', "list": [h'4a42535759334450']}
	body := "a5 64 73656564 68 4a42535759334450 69 582d4170692d4b6579 68 4a42535759334450 " +
		"64 6d6f7265 a1 63 70736b 68 4a42535759334450 61 62 48 4a42535759334450 64 6c697374 81 48 4a42535759334450"
	m := read(message(fmt.Sprintf("0a 00 00 %02x 00 63 01 00 %s", len(strings.Join(strings.Fields(body), ""))/2, body)))
	require.Len(t, m, 1)
	require.Len(t, m[0].Fields, 5)
	require.True(t, m[0].Unknown())
	line, err := json.Marshal(m)
	require.NoError(t, err)
	for _, s := range []string{"JBSWY3DP", "4a42535759334450"} {
		require.NotContains(t, string(line), s)
	}
	require.Equal(t, `{"psk": 8 bytes, not shown}`, m[0].Fields[2].Text)
}

// TestOddBodies: a body that is not a map of text is marked as invalid.
func TestOddBodies(t *testing.T) {
	for _, body := range []string{"80", "a1", "a1 61", "a1 01 02", "a0 00", "a1 61 61 9f", "bf", "a1 61 61 a1 80 00"} {
		n := len(strings.Fields(body))
		all := read(message(fmt.Sprintf("08 00 00 %02x 00 40 01 00 %s", n, body)))
		require.Len(t, all, 1)
		require.Contains(t, all[0].String(), "is not a valid map", body)
	}
	require.Empty(t, read(message("08 00 00 00 00 40 01 00"))[0].Fields, "no body")
	all := read(message("08 00 00 05 00 40 01 00 a1 61 1b 61 0a"))
	require.Equal(t, []wire.Field{{Key: `"\x1b"`, Text: `"\n"`}}, all[0].Fields, "control characters do not reach a terminal")
}

// TestEveryByteOnce: in any input, in any pieces, each byte belongs to one entry,
// and the pieces do not change the entries.
func TestEveryByteOnce(t *testing.T) {
	good := message("02 00 00 09 00 00 47 00  a1 61 64 65 68 65 6c 6c 6f")
	long := message("02 00 00 67 00 00 47 00 a1 61 64 78 62" + strings.Repeat(" 78", 98))
	piece := rapid.OneOf(
		rapid.Just(good), rapid.Just(long), rapid.Just(good[:7]), rapid.Just(long[:130]), rapid.Just(long[len(long)-9:]),
		rapid.SliceOfN(rapid.SampledFrom([]byte("\x06\x09\x04\x14AAg=\n\rx")), 0, 12),
		rapid.SliceOfN(rapid.Byte(), 0, 12),
	)
	proptest.Check(t, func(t *rapid.T) {
		data := bytes.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), nil)
		want := read(data)
		total := 0
		for _, m := range want {
			require.NotNil(t, m.String())
			total += m.Bytes
		}
		require.Equal(t, len(data), total, "%v", want)
		var r wire.Reader
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			r.Feed(start, time.Time{}, wire.Host, rest[:n])
			rest = rest[n:]
		}
		for range 2 { // the end changes nothing
			all, left := r.End()
			require.Equal(t, want, all)
			require.Zero(t, left)
		}
	})
}

// TestNoiseIsOneEntry: bytes outside a line are one entry until a line, a message of the other side or a
// pause of more than a second.
func TestNoiseIsOneEntry(t *testing.T) {
	all := read([]byte(strings.Repeat("\x06\n", 1<<19)))
	require.Len(t, all, 1)
	require.Equal(t, 1<<20, all[0].Bytes)

	request := message("08 00 00 01 00 40 56 00  a0")
	var r wire.Reader
	at := start
	feed := func(after time.Duration, from wire.Side, data string) {
		at = at.Add(after)
		r.Feed(at, time.Time{}, from, []byte(data))
	}
	feed(0, wire.Host, "a\nb")
	feed(time.Second, wire.Host, "c\n\x06")
	feed(0, wire.Host, "x")
	feed(1001*time.Millisecond, wire.Host, "d")
	feed(time.Millisecond, wire.Token, "ef")
	feed(time.Millisecond, wire.Host, "ghi")
	feed(time.Millisecond, wire.Host, string(request))
	feed(time.Millisecond, wire.Host, "j")
	feed(time.Millisecond, wire.Token, string(message("09 00 00 01 00 40 56 00  a0")))
	feed(time.Millisecond, wire.Host, "klm")
	feed(time.Millisecond, wire.Token, string(request[:9])) // a token sends no requests: an error
	feed(time.Millisecond, wire.Host, "no")
	feed(time.Millisecond, wire.Token, string(request[9:]))
	feed(time.Millisecond, wire.Host, "p")
	got, left := r.End()
	require.Zero(t, left)
	var lines []string
	for _, m := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", m.At.Sub(start), m.From, m.Kind, m.Bytes))
	}
	require.Equal(t, []string{
		"1s host noise 7", "2.002s token noise 2", "2.003s host noise 4", fmt.Sprintf("2.004s host request %d", len(request)),
		"2.005s host noise 1", fmt.Sprintf("2.006s token answer %d", len(request)), "2.007s host noise 3",
		"2.009s host noise 2", fmt.Sprintf("2.01s token error %d", len(request)), "2.011s host noise 1",
	}, lines)
}

// TestLast: a reader with a limit returns the newest messages of a reader without one, and the
// number of the others. It never holds many more, however long the recording is.
func TestLast(t *testing.T) {
	data := append(bytes.Repeat([]byte("\x06\x09\n"), 300), message("08 00 00 01 00 40 56 00  a0")...)
	data = append(data, "noise\x06"...)
	all := read(data)
	require.Len(t, all, 303)
	for _, last := range []int{1, 2, 3, 7, 150, 151, 302, 303, 304, 1000} {
		r := wire.Reader{Last: last}
		for i := range data {
			r.Feed(start, time.Time{}, wire.Host, data[i:i+1])
			if i%100 == 0 {
				r.End() // changes nothing
			}
		}
		got, left := r.End()
		require.Equal(t, all[max(0, 303-last):], got, last)
		require.Equal(t, max(0, 303-last), left, last)
	}

	noise := bytes.Repeat([]byte("\x06\x09\n"), 1<<18) // each an error
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	r := wire.Reader{Last: 10}
	r.Feed(start, time.Time{}, wire.Host, noise)
	require.Less(t, inUse(), before+1<<20)
	_, left := r.End()
	require.Equal(t, 1<<18-10, left)
}
