// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/radius"
)

// radclient runs FreeRADIUS's client, which checks the answer with the secret, and
// returns its output. It waits for the answer for some seconds at most.
func (f *testServer) radclient(seconds int, command, attributes string) string {
	f.t.Helper()
	file := filepath.Join(f.t.TempDir(), "secret")
	require.NoError(f.t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	cmd := exec.Command(tooltest.Find(f.t, "radclient"), "-x", "-r", "1", "-t", strconv.Itoa(seconds), "-S", file, f.addr.String(), command)
	cmd.Stdin = strings.NewReader(attributes + "\n")
	out, _ := cmd.CombinedOutput() // it fails for a reject as well
	return string(out)
}

// TestRadclient: with FreeRADIUS's radclient, a code is accepted once.
func TestRadclient(t *testing.T) {
	f := newTestServer(t, options())
	const long = int(patience / time.Second)
	login := func(code string) string {
		return `User-Name = "alice", User-Password = "` + code + `", NAS-Identifier = "test", Message-Authenticator = 0x00`
	}
	code := f.Code(f.serial, 0)
	require.Contains(t, f.radclient(long, "auth", login(code)), "Received Access-Accept")
	require.Contains(t, f.radclient(long, "auth", login(code)), "Received Access-Reject", "the second time")
	require.Contains(t, f.radclient(long, "status", "Message-Authenticator = 0x00"), "Received Access-Accept")

	f.Step(1)
	bare := `User-Name = "alice", User-Password = "` + f.Code(f.serial, 0) + `"`
	for _, kind := range []radius.Kind{radius.Accepted, radius.Rejected, radius.Status} {
		f.requireEvent(kind) // an event may come after its answer
	}
	// Newer versions sign requests by default. An unsigned request must get no answer.
	out := f.radclient(2, "auth", bare)
	if e := f.event(); e.Kind == radius.NoAuthenticator {
		require.Contains(t, out, "No reply")
		require.NotContains(t, out, "Received")
	} else {
		require.Equal(t, radius.Accepted, e.Kind)
	}

	f.Step(10)
	out = f.radclient(long, "auth", login(f.Code(f.serial, 5)))
	require.Contains(t, out, "Received Access-Challenge")
	for _, say := range []string{"next code", "was corrected"} {
		require.Contains(t, out, say)
		_, received, _ := strings.Cut(out, "Received Access-Challenge")
		_, state, ok := strings.Cut(received, "State = ")
		require.True(t, ok, out)
		state, _, _ = strings.Cut(state, "\n")
		f.Step(1)
		out = f.radclient(long, "auth", login(f.Code(f.serial, 5))+", State = "+state)
	}
	require.Contains(t, out, "Received Access-Accept")
}
