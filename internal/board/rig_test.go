// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// patient is a generous time limit. Reaching it is a failure.
const patient = 5 * time.Minute

// built are the images of this test run.
var built struct {
	mu   sync.Mutex
	dir  string // "": there is none
	path map[string]string
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// image builds a target, once per test run.
func image(t testing.TB, name string) string {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if path, ok := built.path[name]; ok {
		return path
	}
	if built.dir == "" {
		var err error
		built.dir, err = os.MkdirTemp("", "fob-images-")
		require.NoError(t, err)
		built.path = map[string]string{}
	}
	root, err := Root(".")
	require.NoError(t, err)
	target, err := TargetByName(root, name)
	require.NoError(t, err)
	made, err := target.Build(context.Background(), root, filepath.Join(built.dir, name+".elf"), os.Stderr)
	require.NoError(t, err)
	t.Logf("%s: flash %d of %d bytes, RAM %d of %d bytes", name, made.Flash, target.MaxFlash, made.RAM, target.MaxRAM)
	built.path[name] = made.Path
	return made.Path
}

// newFlash creates the flash of a new button-6.
func newFlash(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flash.img")
	require.NoError(t, CreateFlash(path, Factory{
		Model: "button-6", Digits: 6, StationKey: host.InsecureTestStationKey().Public(),
	}))
	return path
}

// startMachine starts a board, which runs until the end of the test or until Kill.
func startMachine(t testing.TB, c Config) (*Machine, *host.Client) {
	t.Helper()
	m, err := Start(c)
	require.NoError(t, err)
	t.Cleanup(m.Kill)
	_, err = m.Ready(t.Context())
	require.NoError(t, err)
	// A request that is lost in a restart is sent again.
	return m, host.New(m.Line(), host.WithTimeout(2*time.Second), host.WithRetries(9))
}

// runningClock returns a clock that starts at hosttest.Start and runs in real time.
func runningClock() func() time.Time {
	begin := time.Now()
	return func() time.Time { return hosttest.Start.Add(time.Since(begin)).Truncate(time.Millisecond) }
}

// requireFollows checks that a token's clock, which was read before now, follows a clock that
// showed a time from set to set plus late, at some moment since began.
func requireFollows(t testing.TB, clock, set, began time.Time, late time.Duration) {
	t.Helper()
	const rounding = 2 * time.Second // of the clocks of QEMU, which starts at a whole second
	require.WithinRange(t, clock, set.Add(-rounding), set.Add(late+time.Since(began)+rounding))
}

// oathtool returns the code of the RFC 4226 seed with a time step of 60 s.
func oathtool(t testing.TB, at time.Time) string {
	t.Helper()
	out, err := exec.Command("oathtool", "--totp=sha1", "--time-step-size=60s", "--now=@"+fmt.Sprint(at.Unix()),
		"3132333435363738393031323334353637383930").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out[:6])
}
