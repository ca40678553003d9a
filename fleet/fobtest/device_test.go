// SPDX-License-Identifier: Apache-2.0

package fobtest_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/fobtest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// hardware returns the address of a token that stands for a real one: another process
// reaches it over a serial line only.
func hardware(t *testing.T, c virtual.Config) (addr string, m fleet.Member) {
	t.Helper()
	return hardwareOf(t, c, "button-6")
}

// hardwareOf is hardware for a token of a model.
func hardwareOf(t *testing.T, c virtual.Config, name string) (addr string, m fleet.Member) {
	t.Helper()
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	model, err := virtual.ModelByName(name)
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Count: 1, Model: model})
	require.NoError(t, err)
	for m = range f.All(0) {
	}
	p, err := f.Attach(m, "pty:")
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
		require.NoError(t, f.Close())
	})
	return p.Addr(), m
}

// TestChildOnDevice uses only operations that hardware has.
func TestChildOnDevice(t *testing.T) {
	forChild(t)
	w := fobtest.New(t, fobtest.WorldSeed(7))
	require.True(t, w.Hardware())
	tok := w.Token()
	require.Equal(t, serialproto.StateLocked, tok.State())
	code := tok.Code()
	v := tok.Oracle(code, 1)
	require.True(t, v.Found && v.Fits, "a code of the present: %+v", v)
	require.Equal(t, reference(t, tok.Seed(), time.Unix(60*v.Step, 0)), code)
	for before, display := code, ""; ; before = code { // a step may end between two readings
		display, code = tok.Display(), tok.Code()
		if code == before {
			require.Contains(t, display, code)
			break
		}
	}
	tok.Press()
	tok.Skew(10 * time.Minute)
	v = tok.Oracle(tok.Code(), 1)
	require.True(t, v.Found && !v.Fits && v.Offset >= 9 && v.Offset <= 11, "%+v", v)
	tok.Temperature(20)
	require.Equal(t, os.Getenv("FOB_DEVICE"), tok.Port())
	p, err := port.Open(t.Context(), tok.Port()) // the port is free between calls
	require.NoError(t, err)
	require.NoError(t, p.Close())
	require.Contains(t, string(w.SeedFile("pskc", tok)), tok.Serial())
	if os.Getenv("FOBTEST_BREAK") != "" {
		t.Fatal("broken on request")
	}
}

// TestOnDevice runs the same API on a token behind a serial line.
func TestOnDevice(t *testing.T) {
	addr, m := hardware(t, virtual.Config{Mode: virtual.Real})
	out, failed := child(t, "TestChildOnDevice", "FOB_DEVICE="+addr)
	require.False(t, failed, out)
	require.Contains(t, out, "--- PASS: TestChildOnDevice")
	serial, _ := m.Token.BackLabel()
	require.Equal(t, "ZZFB00000001", serial.String())
	// The token holds a test serial number, so the next test may wipe it.
	out, failed = child(t, "TestChildOnDevice", "FOB_DEVICE="+addr, "FOBTEST_BREAK=1")
	require.True(t, failed)
	require.Contains(t, out, "broken on request")
	require.Contains(t, out, "what was done to the hardware:")
	require.Regexp(t, addr+`: wipe\n(?s:.*)provision\n(?s:.*)lock\n`, out)
}

func TestChildFresh(t *testing.T) {
	forChild(t)
	tok := fobtest.New(t).Token()
	require.NotEqual(t, tok.FreshCode(), tok.FreshCode())
	require.Len(t, tok.CodeFor(time.Second), 6)
}

// TestFreshOnDevice waits for codes on hardware. With a button, the display would go off
// again after 1.5 s, which a busy machine may need to read it.
func TestFreshOnDevice(t *testing.T) {
	addr, _ := hardwareOf(t, virtual.Config{Mode: virtual.Scaled, Rate: 20}, "always-on-6")
	out, failed := child(t, "TestChildFresh", "FOB_DEVICE="+addr)
	require.False(t, failed, out)
	require.Contains(t, out, "--- PASS: TestChildFresh")
}

func TestChildSkips(t *testing.T) {
	forChild(t)
	for name, f := range map[string]func(w *fobtest.World){
		"Advance": func(w *fobtest.World) { w.Advance(time.Hour) },
		"Age":     func(w *fobtest.World) { w.Token().Age(time.Hour) },
		"PPM":     func(w *fobtest.World) { w.Token(fobtest.PPM(0)) },
		"Lot":     func(w *fobtest.World) { w.Lot(fleet.Lot{}) },
		"Look":    func(w *fobtest.World) { w.Token().Look() },
		"Drop":    func(w *fobtest.World) { w.Token().Do("Drop", (*virtual.Token).Drop) },
		"second":  func(w *fobtest.World) { w.Token(); w.Token() },
		"profile": func(w *fobtest.World) { w.Token(fobtest.Profile("button-8")) },
	} {
		t.Run(name, func(t *testing.T) {
			f(fobtest.New(t))
			t.Error("not skipped")
		})
	}
}

// TestSkips checks that an operation which hardware lacks skips the test by name.
func TestSkips(t *testing.T) {
	addr, _ := hardware(t, virtual.Config{Mode: virtual.Real})
	out, failed := child(t, "TestChildSkips", "FOB_DEVICE="+addr)
	require.False(t, failed, out)
	for _, name := range []string{
		"Advance", "Age", "PPM", "Lot", "Look", "Drop", "one more token than FOB_DEVICE names",
		"Profile(button-8) on a token of model button-6",
	} {
		require.Contains(t, out, "fobtest: "+name+": the hardware cannot do that")
	}
	require.Equal(t, 8, strings.Count(out, "--- SKIP"))
}

// TestNoRig checks that a production token, which has no rig commands, skips the test.
func TestNoRig(t *testing.T) {
	addr, _ := hardware(t, virtual.Config{Mode: virtual.Real, NoRig: true})
	out, failed := child(t, "TestChildOnDevice", "FOB_DEVICE="+addr)
	require.False(t, failed, out)
	require.Contains(t, out, "fobtest: code: the hardware cannot do that")
}

// TestTokenInUse checks that a token with a real serial number is left alone.
func TestTokenInUse(t *testing.T) {
	addr, m := hardware(t, virtual.Config{Mode: virtual.Real})
	other, _ := hardware(t, virtual.Config{Mode: virtual.Real})
	program(t, m, "2600124800001")
	before := m.Token.Changes()
	out, failed := child(t, "TestChildOnDevice", "FOB_DEVICE="+addr)
	require.True(t, failed)
	require.Contains(t, out, addr+" holds token 2600124800001, which is not a test token: fob device wipe erases it")
	require.Equal(t, before, m.Token.Changes())

	out, failed = child(t, "TestChildOnDevice", "FOB_DEVICE="+other+"-missing")
	require.True(t, failed)
	require.Contains(t, out, "not found")
}

// program gives a token a serial number, as a production line does.
func program(t *testing.T, m fleet.Member, text string) {
	t.Helper()
	serial, err := token.ParseSerial(text)
	require.NoError(t, err)
	require.NoError(t, m.Token.Program(serial, &serialproto.Payload{
		Seed: []byte("12345678901234567890"), Profile: m.Token.Model().Profile(), Clock: token.UnixMilli(time.Now().UnixMilli()),
	}, true))
}
