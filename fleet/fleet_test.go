// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// patience is a time limit for events that must happen; reaching it is a failure.
const patience = 5 * time.Minute

func testWorld(t testing.TB) *virtual.World {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7, StationKey: host.InsecureTestStationKey().Public()})
	require.NoError(t, err)
	return w
}

func testModel(t testing.TB) *virtual.Model {
	m, err := virtual.ModelByName("always-on-6")
	require.NoError(t, err)
	return m
}

// socketDir returns a temporary folder with a short path, because the path of a socket
// is limited in length.
func socketDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "fob")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// members returns all tokens of a fleet.
func members(f *Fleet) []Member { return slices.Collect(f.All(0)) }

// addresses returns the addresses of the ports that are plugged in.
func addresses(m Member) (addrs []string) {
	for _, p := range m.Ports() {
		if a := p.Addr(); a != "" {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// serve serves a fleet until stop is called, which returns the result of Serve.
func serve(t testing.TB, f *Fleet) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx) }()
	return sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-served:
			return err
		case <-time.After(patience):
			return fmt.Errorf("Serve did not return")
		}
	})
}

func client(t testing.TB, addr string) *host.Client {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := port.Open(ctx, addr)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return host.New(p, host.WithTimeout(patience))
}

func testOrder(t testing.TB, serial string) host.Order {
	sn, err := token.ParseSerial(serial)
	require.NoError(t, err)
	seed, err := token.NewSeed([]byte("12345678901234567890")) // the seed of RFC 6238
	require.NoError(t, err)
	return host.Order{
		Serial: sn, Profile: testModel(t).Profile(), Seed: seed,
		Now: func() time.Time { return time.Unix(1111111109, 0) },
	}
}

// checkLeaks fails the test if it leaves goroutines or descriptors behind.
func checkLeaks(t *testing.T) {
	goroutines, descriptors := runtime.NumGoroutine(), openFiles()
	t.Cleanup(func() {
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if runtime.NumGoroutine() <= goroutines && openFiles() <= descriptors {
				return
			}
		}
		stacks := make([]byte, 1<<16)
		t.Errorf("%d descriptors, %d before; goroutines, %d before:\n%s",
			openFiles(), descriptors, goroutines, stacks[:runtime.Stack(stacks, true)])
	})
}

func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil { // this system has no /proc
		return 0
	}
	return len(entries)
}

func TestPortsCheck(t *testing.T) {
	for _, c := range []struct {
		ports Ports
		n     int
		want  string // part of the error; "" for none
	}{
		{Ports{}, 4000, ""},
		{Ports{PTY: true, UnixDir: "x"}, 4000, ""},
		{Ports{TCP: "127.0.0.1:0", RFC2217: "127.0.0.1:0"}, 4000, ""},
		{Ports{TCP: "127.0.0.1:65535"}, 1, ""},
		{Ports{TCP: "127.0.0.1:65535"}, 2, "2 tokens need ports up to 65536"},
		{Ports{RFC2217: "[::1]:61536"}, 4001, "ports up to 65536"},
		{Ports{TCP: "127.0.0.1"}, 1, "want HOST:PORT"},
		{Ports{TCP: "127.0.0.1:http"}, 1, "0 to 65535"},
		{Ports{RFC2217: "127.0.0.1:-1"}, 1, "0 to 65535"},
		{Ports{RFC2217: "127.0.0.1:65536"}, 1, "0 to 65535"},
		{Ports{TCP: "127.0.0.1:7000", RFC2217: "127.0.0.1:7003"}, 3, ""},
		{Ports{TCP: "127.0.0.1:7000", RFC2217: "127.0.0.1:7002"}, 3, "overlap"},
		{Ports{TCP: "127.0.0.1:7002", RFC2217: "127.0.0.1:7000"}, 3, "overlap"},
		{Ports{TCP: "127.0.0.1:7000", RFC2217: "127.0.0.2:7000"}, 3, ""},
		{Ports{TCP: "127.0.0.1:7000", RFC2217: "127.0.0.1:0"}, 3, ""},
	} {
		err := c.ports.Check(c.n)
		if c.want == "" {
			require.NoError(t, err, "%+v", c.ports)
			continue
		}
		require.ErrorIs(t, err, port.ErrAddress, "%+v", c.ports)
		require.ErrorContains(t, err, c.want)
	}
}

func TestPortsCheckDevices(t *testing.T) {
	dir := t.TempDir()
	node, link := filepath.Join(dir, "node"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(node, nil, 0o600))
	for _, c := range []struct {
		devices []string
		n       int
		want    error // nil for no error
		text    string
	}{
		{[]string{"/dev/ttyGS0"}, 1, nil, ""},
		{[]string{"/dev/ttyGS0", "/dev/ttyGS1"}, 2, nil, ""},
		{[]string{"/dev/serial/by-path/platform-3f980000.usb:1.0"}, 1, nil, ""},
		{[]string{"/dev/ttyGS0", "/dev/ttyGS1"}, 1, ErrCount, "1, want 2: one for each serial device"},
		{[]string{"/dev/ttyGS0"}, 3, ErrCount, "3, want 1: one for each serial device"},
		{[]string{"/dev/ttyGS0"}, 0, ErrCount, "0, want 1"},
		{[]string{"/dev/ttyGS0", "/dev/ttyGS0"}, 2, port.ErrAddress, `"/dev/ttyGS0" and "/dev/ttyGS0" are the same`},
		{[]string{"/dev/ttyGS0", "/dev/../dev/ttyGS0"}, 2, port.ErrAddress, "are the same serial device"},
		{[]string{"pty:/tmp/x"}, 1, port.ErrAddress, `"pty:/tmp/x" is not a serial device, want a path such as /dev/ttyGS0`},
		{[]string{"/dev/ttyGS0", "tcp:127.0.0.1:7000"}, 2, port.ErrAddress, "is not a serial device"},
		{[]string{"foo:bar"}, 1, port.ErrAddress, "is not a serial device"},
		{[]string{""}, 1, port.ErrAddress, "is not a serial device"},
	} {
		err := Ports{Devices: c.devices}.Check(c.n)
		if c.want == nil {
			require.NoError(t, err, "%q", c.devices)
			continue
		}
		require.ErrorIs(t, err, c.want, "%q", c.devices)
		require.ErrorContains(t, err, c.text)
	}

	if runtime.GOOS == "windows" {
		return // links require a privilege there
	}
	require.NoError(t, os.Symlink(node, link))
	require.ErrorIs(t, Ports{Devices: []string{node, link}}.Check(2), port.ErrAddress, "links to the same device must be detected")
}

func TestPortsAddresses(t *testing.T) {
	require.Empty(t, Ports{}.addresses(0))
	require.Equal(t, []string{"pty:"}, Ports{PTY: true}.addresses(3))
	all := Ports{
		PTY: true, PTYDir: "p", UnixDir: "u", TCP: "127.0.0.1:7000", RFC2217: "[::1]:0",
		Devices: []string{"/dev/ttyGS0", "/dev/ttyGS1", "/dev/ttyGS2", "/dev/ttyGS3"},
	}
	require.Equal(t, []string{
		"pty:" + filepath.Join("p", "fob3"), "/dev/ttyGS3", "unix:" + filepath.Join("u", "fob3.sock"),
		"tcp:127.0.0.1:7003", "rfc2217://[::1]:0",
	}, all.addresses(3))

	require.Len(t, all.addresses(4), 4, "token 4 has no serial device")

	all.Password = "word"
	for i, addr := range all.addresses(0) {
		require.Equal(t, i > 1, len(all.options(addr)) == 1, "%s: a terminal needs no password", addr)
	}
}

func TestNewCount(t *testing.T) {
	for _, n := range []int{-1, MaxCount + 1} {
		_, err := New(testWorld(t), Config{Count: n, Model: testModel(t)})
		require.ErrorIs(t, err, ErrCount)
	}
}

// TestNewClosesPortsOnError: if the last port cannot be opened, New closes all others.
func TestNewClosesPortsOnError(t *testing.T) {
	checkLeaks(t)
	dir := socketDir(t)
	blocker := filepath.Join(dir, "fob4.sock")
	require.NoError(t, os.WriteFile(blocker, nil, 0o600))
	ports := Ports{UnixDir: dir, TCP: "127.0.0.1:0", RFC2217: "127.0.0.1:0", PTY: runtime.GOOS == "linux"}
	_, err := New(testWorld(t), Config{Count: 5, Model: testModel(t), Ports: ports})
	require.ErrorIs(t, err, port.ErrAddress)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "only the file that was in the way is left")

	// The same ports can be opened afterwards.
	require.NoError(t, os.Remove(blocker))
	f, err := New(testWorld(t), Config{Count: 5, Model: testModel(t), Ports: ports})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close(), "Close may be called twice")
	require.Empty(t, addresses(members(f)[0]))
}

// TestServeEnds: however its context ends, Serve returns nil and leaves nothing open.
func TestServeEnds(t *testing.T) {
	checkLeaks(t)
	for name, end := range map[string]func() (context.Context, func()){
		"cancelled": func() (context.Context, func()) { return context.WithCancel(context.Background()) },
		"deadline": func() (context.Context, func()) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			return ctx, func() { <-ctx.Done(); cancel() }
		},
		"with a cause": func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(context.Background())
			return ctx, func() { cancel(fmt.Errorf("enough")) }
		},
	} {
		ctx, cancel := end()
		f, err := New(testWorld(t), Config{Count: 2, Model: testModel(t), Ports: Ports{TCP: "127.0.0.1:0"}})
		require.NoError(t, err)
		served := make(chan error, 1)
		go func() { served <- f.Serve(ctx) }()
		silent, err := port.Open(context.Background(), addresses(members(f)[0])[0]) // a host that stays connected
		require.NoError(t, err)
		cancel()
		require.NoError(t, <-served, name)
		require.NoError(t, f.Close())
		silent.Close()
	}
}

// TestServeClosedPorts: Serve returns an error if the ports have been closed.
func TestServeClosedPorts(t *testing.T) {
	checkLeaks(t)
	f, err := New(testWorld(t), Config{Count: 1, Model: testModel(t), Ports: Ports{TCP: "127.0.0.1:0"}})
	require.NoError(t, err)
	require.NoError(t, members(f)[0].Ports()[0].listener.Close())
	require.ErrorIs(t, f.Serve(context.Background()), os.ErrClosed)
	require.NoError(t, f.Close())
}

// TestSeveralHosts: hosts of one token, on several ports at once, do not
// disturb one another.
func TestSeveralHosts(t *testing.T) {
	checkLeaks(t)
	f, err := New(testWorld(t), Config{
		Count: 2, Model: testModel(t), Ports: Ports{TCP: "127.0.0.1:0", UnixDir: socketDir(t), RFC2217: "127.0.0.1:0"},
	})
	require.NoError(t, err)
	defer f.Close()
	stop := serve(t, f)
	var wait sync.WaitGroup
	for i, m := range members(f) {
		for _, addr := range addresses(m) {
			for h := range 3 {
				wait.Go(func() {
					p, err := port.Open(t.Context(), addr)
					if err != nil {
						t.Error(err)
						return
					}
					defer p.Close()
					c := host.New(p, host.WithTimeout(patience))
					for n := range 10 {
						text := fmt.Sprint(i, addr, h, n)
						got, err := c.Echo(t.Context(), text)
						if err != nil || got != text {
							t.Errorf("%s: echo %q: %q, %v", addr, text, got, err)
							return
						}
					}
					info, err := c.Info(t.Context())
					if err != nil || info.HardwareID != m.Token.HardwareID() {
						t.Errorf("%s: another token answered: %v, %v", addr, info.HardwareID, err)
					}
				})
			}
		}
	}
	wait.Wait()
	require.NoError(t, stop())
}

// TestManyTokens: 200 tokens are served at once, and each keeps its identity.
func TestManyTokens(t *testing.T) {
	checkLeaks(t)
	const n = 200
	f, err := New(testWorld(t), Config{Count: n, Model: testModel(t), Ports: Ports{UnixDir: socketDir(t)}})
	require.NoError(t, err)
	defer f.Close()
	stop := serve(t, f)
	seen := map[string]bool{}
	for _, m := range members(f) {
		p, err := port.Open(t.Context(), addresses(m)[0])
		require.NoError(t, err)
		defer p.Close()
		info, err := host.New(p, host.WithTimeout(patience)).Info(t.Context())
		require.NoError(t, err)
		require.Equal(t, host.HardwareID(m.Token.HardwareID()), info.HardwareID)
		require.Equal(t, serialproto.StateBlank, info.State)
		seen[info.HardwareID.String()] = true
	}
	require.Len(t, seen, n)
	require.NoError(t, stop())
}

// ExampleFleet shows how a Go test runs its own tokens.
func ExampleFleet() {
	world, _ := virtual.NewWorld(virtual.Config{Seed: 7})
	model, _ := virtual.ModelByName("button-8")
	f, err := New(world, Config{Count: 2, Model: model, Ports: Ports{TCP: "127.0.0.1:0"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error)
	go func() { served <- f.Serve(ctx) }()

	p, err := port.Open(ctx, addresses(members(f)[1])[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := host.New(p).Info(ctx)
	fmt.Println(info.Model, info.State, err)
	p.Close()
	stop()
	fmt.Println(<-served)
	// Output:
	// button-8 BLANK <nil>
	// <nil>
}

// checkNoTempFiles fails if a temporary file was left behind.
func checkNoTempFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), atomicfile.Prefix), e.Name())
	}
}
