// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
// same answers.
func TestReplay(t *testing.T) {
	c, at, addr := withPort(t)
	c.do("PUT", at+"/wire", `{"on":true}`)
	p := dial(t, addr())
	_, err := host.New(p, host.WithTimeout(patience)).Info(t.Context())
	require.NoError(t, err)
	p.Close()
	c.do("PUT", at+"/wire", `{"on":false}`)
	_, recording := c.send("GET", at+"/wire", "")
	status, b := c.send("POST", at+"/wire/replay", string(recording), "Content-Type", "application/x-ndjson")
	require.Equal(t, 200, status, "%s", b)
	var out struct {
		Items []struct{ From, Hex string }
		Same  bool
	}
	require.NoError(t, json.Unmarshal(b, &out))
	require.True(t, out.Same, "%s\n%s", recording, b)
	require.Equal(t, "host", out.Items[0].From)
	require.Equal(t, "token", out.Items[len(out.Items)-1].From)

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

	cmd := exec.Command(tshark, "-r", path, "-T", "fields", "-e", "frame.packet_flags_direction", "-e", "frame.interface_name", "-e", "data.data")
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
		want = append(want, direction+"\t"+strings.TrimPrefix(at, "/v1/ports/")+"\t"+l.Hex)
	}
	require.Greater(t, len(want), 4)
	require.Equal(t, strings.Join(want, "\n")+"\n", string(out))
}
