// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// patience is how long a test waits for something that must happen.
const patience = 5 * time.Minute

// withPort returns a client of a fleet that serves one blank token, and the path of its
// port in the API.
func withPort(t *testing.T) (c *client, at string, addr func() string) {
	t.Helper()
	c = newClient(t, virtual.Config{Seed: 7}, control.Options{})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- c.fleet.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	blank := c.do("POST", "/v1/tokens", `{"profile":"button-6"}`)["items"].([]any)[0].(object)["hardware_id"].(string)
	at = "/v1/ports/" + c.do("POST", "/v1/tokens/"+blank+"/ports", `{"as":"tcp"}`)["id"].(string)
	return c, at, func() string { return c.do("GET", at, "")["addr"].(string) }
}

func dial(t *testing.T, addr string) serialproto.Port {
	t.Helper()
	p, err := port.Open(t.Context(), addr)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// provision provisions the token behind a port.
func provision(t *testing.T, p serialproto.Port) error {
	t.Helper()
	serial, err := token.ParseSerial("ZZFB00000001")
	require.NoError(t, err)
	seed, err := token.NewSeed([]byte("12345678901234567890")) // the seed of RFC 6238
	require.NoError(t, err)
	model, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	return host.New(p, host.WithTimeout(patience)).Provision(t.Context(), host.InsecureTestStationKey(), host.Order{
		Serial: serial, Profile: model.Profile(), Seed: seed, Now: func() time.Time { return time.Unix(1111111109, 0) },
	})
}

// TestUnplugMidway: the cable is pulled out after each of several numbers of bytes while
// a token is provisioned. The host's client ends with a clear error each time, and
// succeeds after the replug.
func TestUnplugMidway(t *testing.T) {
	c, at, addr := withPort(t)
	for _, after := range []string{"1", "40", "100", "200"} {
		c.do("PUT", at+"/faults", `{"out":{"unplug_after":`+after+`}}`)
		err := provision(t, dial(t, addr()))
		require.Error(t, err, after)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Regexp(t, `device disconnected`, err.Error())
		require.NotContains(t, c.do("GET", at, ""), "addr", "the port is unplugged")
		c.refused(409, "port_state", "POST", at+"/unplug", "")
		c.do("POST", at+"/replug", "")
	}
	c.do("PUT", at+"/faults", `{}`)
	c.do("POST", at+"/unplug", "")
	_, err := port.Open(t.Context(), "tcp:127.0.0.1:1")
	require.Error(t, err)
	c.refused(409, "port_state", "POST", at+"/wire/replay", `{"at":"2026-01-01T00:00:00Z","from":"host","hex":"0a"}`, "Content-Type", "application/x-ndjson")
	c.do("POST", at+"/replug", "")
	require.NoError(t, provision(t, dial(t, addr())))
	require.Equal(t, "PROVISIONED", c.do("GET", "/v1/tokens/ZZFB00000001", "")["state"])
}

// halves is a line on which something happens in the middle of each message.
type halves struct {
	serialproto.Port
	middle func()
}

func (h halves) Write(b []byte) (int, error) {
	n, err := h.Port.Write(b[:len(b)/2])
	if err != nil {
		return n, err
	}
	h.middle()
	m, err := h.Port.Write(b[len(b)/2:])
	return n + m, err
}

// TestAdvanceMidway: the clock is advanced in the middle of every message of a
// provisioning, which does not notice it.
func TestAdvanceMidway(t *testing.T) {
	c, _, addr := withPort(t)
	for _, by := range []string{"PT1S", "PT1M", "P1D", "P1Y"} {
		advanced := 0
		info, err := host.New(halves{dial(t, addr()), func() {
			advanced++
			c.do("POST", "/v1/time/advance", `{"by":"`+by+`"}`)
		}}, host.WithTimeout(patience)).Info(t.Context())
		require.NoError(t, err, by)
		require.Positive(t, advanced)
		require.Equal(t, "BLANK", info.State.String())
	}
	require.NoError(t, provision(t, halves{dial(t, addr()), func() { c.do("POST", "/v1/time/advance", `{"by":"PT1S"}`) }}))
}

// TestReplay: a recording that is played again to the token in the same state gets the
// same answers. Its lines have the world's time, and old recordings without it are replayed
// as well.
func TestReplay(t *testing.T) {
	c, at, addr := withPort(t)
	c.do("PUT", at+"/wire", `{"on":true}`)
	p := dial(t, addr())
	_, err := host.New(p, host.WithTimeout(patience)).Info(t.Context())
	require.NoError(t, err)
	p.Close()
	c.do("PUT", at+"/wire", `{"on":false}`)
	_, recording := c.send("GET", at+"/wire", "")
	const now = `,"true_time":"2026-01-01T00:00:00Z"` // of the manual clock
	lines := strings.Count(string(recording), "\n")
	require.Equal(t, lines, strings.Count(string(recording), now), "%s", recording)
	for _, text := range []string{string(recording), strings.ReplaceAll(string(recording), now, "")} {
		status, b := c.send("POST", at+"/wire/replay", text, "Content-Type", "application/x-ndjson")
		require.Equal(t, 200, status, "%s", b)
		var out struct {
			Items []struct {
				From, Hex string
				World     string `json:"true_time"`
			}
			Same bool
		}
		require.NoError(t, json.Unmarshal(b, &out))
		require.True(t, out.Same, "%s\n%s", recording, b)
		require.Equal(t, "host", out.Items[0].From)
		require.Equal(t, "token", out.Items[len(out.Items)-1].From)
		require.Equal(t, "2026-01-01T00:00:00Z", out.Items[0].World)
	}
}

// TestBadRecordings: a recording that cannot be read is refused with its line.
func TestBadRecordings(t *testing.T) {
	c, at, _ := withPort(t)
	const good = `{"at":"2026-01-01T00:00:00Z","from":"host","hex":"0a"}` + "\n"
	for _, bad := range []string{
		"", "\n\n", good + "x", good + `{"from":"host"}{}`, good + `{"at":"2026-01-01T00:00:00Z","from":"me","hex":"0a"}`,
		good + `{"at":"2026-01-01T00:00:00Z","from":"host","hex":"0"}`, good + `{"at":"2026-01-01T00:00:00Z","from":"host","hex":"zz"}`,
		good + `{"at":"noon","from":"host","hex":"0a"}`, good + "\x00",
	} {
		status, b := c.send("POST", at+"/wire/replay", bad, "Content-Type", "application/x-ndjson")
		require.Contains(t, []int{400, 422}, status, "%q: %s", bad, b)
		if strings.HasPrefix(bad, good) {
			require.Contains(t, string(b), "line 2")
		}
	}
	c.refused(413, "body_too_large", "POST", at+"/wire/replay", strings.Repeat(good, 200_000), "Content-Type", "application/x-ndjson")
}

// TestWireshark: Wireshark's own tools read a recording: its packets, their directions
// and their bytes.
func TestWireshark(t *testing.T) {
	tshark := tooltest.Find(t, "tshark")
	c, at, addr := withPort(t)
	c.do("PUT", at+"/wire", `{"on":true}`)
	require.NoError(t, provision(t, dial(t, addr())))
	_, lines := c.send("GET", at+"/wire", "")
	_, file := c.send("GET", at+"/wire?format=pcapng", "")
	path := filepath.Join(t.TempDir(), "wire.pcapng")
	require.NoError(t, os.WriteFile(path, file, 0o600))

	cmd := exec.Command(tshark, "-r", path, "-T", "fields", "-e", "frame.packet_flags_direction", "-e", "frame.interface_name", "-e", "data.data", "-e", "frame.comment")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	require.NoError(t, err)
	var want []string
	for line := range strings.Lines(string(lines)) {
		var l struct{ From, Hex string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		_, err := hex.DecodeString(l.Hex)
		require.NoError(t, err)
		direction := "0x00000001" // inbound, from the host
		if l.From == "token" {
			direction = "0x00000002"
		}
		want = append(want, direction+"\t"+strings.TrimPrefix(at, "/v1/ports/")+"\t"+l.Hex+"\ttrue_time 2026-01-01T00:00:00Z")
	}
	require.Greater(t, len(want), 4)
	require.Equal(t, strings.Join(want, "\n")+"\n", string(out))
}

// TestWireHidesSecrets: neither the recordings of a provisioning behind a password nor the
// event log have the seed, the password of the port or the API key in any spelling.
func TestWireHidesSecrets(t *testing.T) {
	c, _, _ := withPort(t)
	const password = "password-of-the-port"
	blank, err := c.fleet.MakeLot(fleet.Lot{Count: 1, Profile: "button-6"})
	require.NoError(t, err)
	p, err := c.fleet.Attach(blank[0], "tcp:127.0.0.1:0", port.WithPassword(password))
	require.NoError(t, err)
	at := "/v1/ports/" + p.ID()
	c.do("PUT", at+"/wire", `{"on":true}`)
	conn, err := port.Open(t.Context(), p.Addr(), port.WithPassword(password))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, provision(t, conn))
	seed := []byte("12345678901234567890") // the seed of provision
	_, lines := c.send("GET", at+"/wire", "")
	_, pcapng := c.send("GET", at+"/wire?format=pcapng", "")
	_, events := c.send("GET", "/v1/events?limit=10000", "")
	var sent, received []byte
	for line := range strings.Lines(string(lines)) {
		var l struct{ From, Hex string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		b, err := hex.DecodeString(l.Hex)
		require.NoError(t, err)
		if l.From == "host" {
			sent = append(sent, b...)
		} else {
			received = append(received, b...)
		}
	}
	require.Contains(t, string(events), `"state":"PROVISIONED"`)
	// The lines of the console have base64, whose packets are decoded as well.
	for name, file := range map[string][]byte{
		"lines": lines, "pcapng": pcapng, "events": events, "sent": sent, "received": received,
		"packets sent": packets(t, sent), "packets received": packets(t, received),
	} {
		require.NotEmpty(t, file, name)
		for _, secret := range []string{string(seed), password, key} {
			for _, spelling := range []string{
				secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
				base64.StdEncoding.EncodeToString([]byte(secret)), base32.StdEncoding.EncodeToString([]byte(secret)),
			} {
				require.NotContains(t, string(file), strings.TrimRight(spelling, "="), name)
			}
		}
	}
}

// packets returns the decoded packets of a console in one direction.
func packets(t *testing.T, wire []byte) (all []byte) {
	t.Helper()
	for line := range bytes.Lines(wire) {
		// Zephyr's console begins a packet with 06 09 and goes on with 04 14.
		if i := bytes.IndexAny(line, "\x09\x14"); i == 1 {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(line[2:])))
			require.NoError(t, err)
			all = append(all, b...)
		}
	}
	return all
}

// TestMessages: a recorded provisioning is read message by message, without its secrets.
func TestMessages(t *testing.T) {
	c, at, addr := withPort(t)
	c.refused(409, "not_recorded", "GET", at+"/wire?format=messages", "")
	c.do("PUT", at+"/wire", `{"on":true}`)
	require.Equal(t, []any{}, c.do("GET", at+"/wire?format=messages", "")["items"], "not null")
	require.NoError(t, provision(t, dial(t, addr())))
	type message struct {
		From, Kind, Name, Status string
		World                    string `json:"true_time"`
		Fields                   []struct {
			Key, Text string
			Hidden    bool
		}
	}
	type list struct {
		Items   []message
		Left    int `json:"left_out"`
		Tapping bool
	}
	read := func(query string) (l list) {
		status, b := c.send("GET", at+"/wire?format=messages"+query, "", "Accept", "application/json")
		require.Equal(t, 200, status, "%s", b)
		require.NoError(t, json.Unmarshal(b, &l))
		return l
	}
	all := read("")
	require.True(t, all.Tapping)
	require.Zero(t, all.Left)
	names := map[string]bool{}
	for _, m := range all.Items {
		require.Contains(t, []string{"request", "answer"}, m.Kind, "%+v", m)
		require.Equal(t, "2026-01-01T00:00:00Z", m.World)
		names[m.From+" "+m.Name+" "+m.Status] = true
		for _, f := range m.Fields {
			require.Equal(t, f.Key == "msg" || f.Key == "conf", f.Hidden, "%+v", m)
		}
	}
	require.Subset(t, names, map[string]bool{
		"host token prov-begin ": true, "token token prov-begin ok": true,
		"host token prov-commit ": true, "token token prov-commit ok": true,
	})
	c.do("PUT", at+"/wire", `{"on":false}`)
	last := read("&last=2")
	require.Equal(t, all.Items[len(all.Items)-2:], last.Items)
	require.Equal(t, len(all.Items)-2, last.Left)
	require.False(t, last.Tapping)
	c.refused(422, "invalid", "GET", at+"/wire?last=2", "")
}

// TestManyMessages: a recording that has as many messages as bytes permit costs little, and an
// answer has the newest of them. Three bytes are the shortest packet, which is an error
// (PROTOCOL.md, section 2.3); an 06 without an 09 is noise.
func TestManyMessages(t *testing.T) {
	c, at, addr := withPort(t)
	p, err := c.fleet.Port(strings.TrimPrefix(at, "/v1/ports/"))
	require.NoError(t, err)
	read := func(query string) (items int, left int, body []byte) {
		status, b := c.send("GET", at+"/wire?format=messages"+query, "")
		require.Equal(t, 200, status, "%s", b)
		var l struct {
			Items []object
			Left  int `json:"left_out"`
		}
		require.NoError(t, json.Unmarshal(b, &l))
		return len(l.Items), l.Left, b
	}
	p.Tap().Start()
	line := dial(t, addr())
	_, err = line.Write(bytes.Repeat([]byte("\x06\n"), 1<<18))
	require.NoError(t, err)
	_, err = host.New(line, host.WithTimeout(patience)).Info(t.Context()) // after all of them
	require.NoError(t, err)
	items, left, _ := read("")
	require.LessOrEqual(t, items, 1<<19/1000, "each entry of noise has many bytes")
	require.Zero(t, left)

	p.Tap().Start()
	for range 1 << 8 {
		p.Tap().Record(false, bytes.Repeat([]byte("\x06\x09\n"), 4096/3))
	}
	const all = 1 << 8 * (4096 / 3)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 4 {
		items, left, b := read("&last=1")
		require.Equal(t, [2]int{1, all - 1}, [2]int{items, left})
		require.Less(t, len(b), 1000)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/4, uint64(32<<20), "for each request; a list of all is larger")
	for query, want := range map[string]int{"": 1000, "&last=1000": 1000, "&last=10000": 10_000} {
		items, left, _ := read(query)
		require.Equal(t, [2]int{want, all - want}, [2]int{items, left}, query)
	}
	for _, last := range []string{"0", "-1", "10001", "x"} {
		c.refused(422, "invalid", "GET", at+"/wire?format=messages&last="+last, "")
	}
}

// TestLargestRecording: the JSON lines of the largest recording can be sent back for a replay. A
// host may send each byte by itself.
func TestLargestRecording(t *testing.T) {
	for _, size := range []int{1, 32, 64} {
		c, at, _ := withPort(t)
		p, err := c.fleet.Port(strings.TrimPrefix(at, "/v1/ports/"))
		require.NoError(t, err)
		p.Tap().Start()
		for range 1<<20/size + 1 {
			p.Tap().Record(false, bytes.Repeat([]byte("\n"), size))
		}
		_, recording := c.send("GET", at+"/wire", "")
		require.Less(t, len(recording), 8<<20, "maxRecording")
		require.GreaterOrEqual(t, strings.Count(string(recording), "\n"), 1<<20/64)
	}
}
