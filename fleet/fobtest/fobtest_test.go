// SPDX-License-Identifier: Apache-2.0

package fobtest_test

import (
	"bytes"
	"encoding/base32"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/fobtest"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// reference returns the code of a token by pquerna/otp.
func reference(t *testing.T, seed []byte, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(seed), at, totp.ValidateOpts{
		Period: 60, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	require.NoError(t, err)
	return code
}

// TestCodes compares the codes with another implementation's, through time.
func TestCodes(t *testing.T) {
	w := fobtest.New(t, fobtest.WorldSeed(7))
	tok := w.Token(fobtest.PPM(0), fobtest.Seed([]byte("12345678901234567890")))
	require.Equal(t, uint64(7), w.Seed())
	require.False(t, w.Hardware())
	require.Equal(t, "2026-01-01T00:00:00Z", w.Now().Format(time.RFC3339))
	require.Equal(t, "12345678901234567890", string(tok.Seed()))
	for range 3 {
		require.Equal(t, reference(t, tok.Seed(), w.Now()), tok.Code())
		w.Advance(virtual.Year)
	}
	w.Advance(55 * time.Second)
	before := w.Now()
	code := tok.CodeFor(30 * time.Second)
	require.True(t, w.Now().After(before), "a manual clock is advanced")
	require.Equal(t, reference(t, tok.Seed(), w.Now()), code)
	first, second := tok.FreshCode(), tok.FreshCode()
	require.NotEqual(t, first, second)
	require.Equal(t, reference(t, tok.Seed(), w.Now()), second)
}

// TestSameSeed checks that a world seed repeats the tokens and their seeds, and that the
// seeds of two tokens differ.
func TestSameSeed(t *testing.T) {
	make2 := func(seed uint64) (a, b []byte) {
		w := fobtest.New(t, fobtest.WorldSeed(seed))
		return w.Token().Seed(), w.Token().Seed()
	}
	t.Setenv("FOB_WORLD_SEED", "")
	a, b := make2(7)
	again, _ := make2(7)
	other, _ := make2(8)
	require.Equal(t, a, again)
	require.NotEqual(t, a, b)
	require.NotEqual(t, a, other)
	require.Len(t, a, 20)
	require.NotEqual(t, fobtest.New(t).Seed(), fobtest.New(t).Seed(), "random by default")
	t.Setenv("FOB_WORLD_SEED", "0x2a")
	require.Equal(t, uint64(42), fobtest.New(t).Seed())
}

// TestClocks checks the starts of the clock.
func TestClocks(t *testing.T) {
	before := time.Now().Add(-time.Second)
	w := fobtest.New(t, fobtest.StartNow())
	require.True(t, w.Now().After(before))
	require.Equal(t, w.Now(), w.Now(), "it stands still")
	tok := w.Token()
	require.Equal(t, reference(t, tok.Seed(), w.Now()), tok.Code(), "a server on real time accepts it")

	at := time.Date(2031, 11, 30, 14, 59, 0, 0, time.UTC)
	w = fobtest.New(t, fobtest.StartAt(at), fobtest.RealClock())
	require.False(t, w.Now().Before(at))
	require.Equal(t, virtual.Real, w.Fleet("clock").World().Mode())
}

// TestOperations checks the operations on tokens.
func TestOperations(t *testing.T) {
	w := fobtest.New(t, fobtest.WorldSeed(7))
	tok := w.Token(fobtest.Profile("button-6"), fobtest.PPM(0), fobtest.Expiry("2027-12-31"))
	require.Equal(t, serialproto.StateLocked, tok.State())
	require.Empty(t, strings.TrimSpace(tok.Display()))
	tok.Press()
	require.Equal(t, tok.Code(), strings.TrimSpace(tok.Display()))
	tok.Skew(95 * time.Second)
	require.Equal(t, 95*time.Second, tok.Look().Error)
	tok.Skew(-95 * time.Second)
	tok.Hold(time.Second)
	w.Advance(time.Minute)
	require.Equal(t, "LOCKED", tok.State().String())
	tok.Temperature(-10)
	tok.Temperature(25)
	tok.CutPower(1)
	tok.Do("battery", (*virtual.Token).RemoveBattery)
	require.Equal(t, serialproto.StateDead, tok.State())

	old := w.Token(fobtest.PPM(0), fobtest.Expiry("2026-06-30"))
	old.Age(virtual.Year) // its expiry date is half a year ago
	require.Equal(t, serialproto.StateExpired, old.State())

	require.Equal(t, serialproto.StateBlank, w.Token(fobtest.Blank()).State())
	require.Empty(t, w.Token(fobtest.Blank()).Serial())
	require.Equal(t, serialproto.StateProvisioned, w.Token(fobtest.Unlocked()).State())
}

// TestConstantError checks the clock error of a crystal with a constant error against the
// definition of ppm.
func TestConstantError(t *testing.T) {
	tok := fobtest.New(t).Token(fobtest.PPM(3.8))
	tok.Age(2 * virtual.Year)
	want := 3.8e-6 * 2 * 365.25 * 86400 // four minutes
	require.InDelta(t, want, tok.Look().Error.Seconds(), 0.01)
}

// TestOracle checks the verdict on codes before and after a window.
func TestOracle(t *testing.T) {
	tok := fobtest.New(t, fobtest.WorldSeed(7)).Token(fobtest.PPM(0))
	tok.Skew(-2 * time.Minute)
	v := tok.Oracle(tok.Code(), 1)
	require.True(t, v.Found)
	require.Equal(t, int64(-2), v.Offset)
	require.False(t, v.Fits)
	require.True(t, tok.Oracle(tok.Code(), 2).Fits)
	require.False(t, tok.Oracle("no code", 2).Found)
}

// TestSeedFile checks that the file holds the data of new tokens.
func TestSeedFile(t *testing.T) {
	w := fobtest.New(t)
	a, b := w.Token(fobtest.Expiry("2031-11-30")), w.Lot(fleet.Lot{Ready: true, Profile: "button-8"})[0]
	a.Age(virtual.Year) // the server got the file when the token was new
	f, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	r, err := f.NewReader(bytes.NewReader(w.SeedFile("pskc", a, b)), seedfile.ReadOptions{})
	require.NoError(t, err)
	for _, tok := range []*fobtest.Token{a, b} {
		rec, err := r.Read()
		require.NoError(t, err)
		require.Equal(t, tok.Serial(), rec.Serial.String())
		require.Equal(t, tok.Seed(), rec.Seed.Bytes())
		require.Equal(t, len(tok.Code()), int(rec.Digits))
		if tok == a {
			expiry, err := rec.Expiry(nil)
			require.NoError(t, err)
			require.Equal(t, "2031-11-30", expiry.String())
		}
	}
	_, err = r.Read()
	require.ErrorIs(t, err, io.EOF)
}

// TestPort checks that a host reaches the token.
func TestPort(t *testing.T) {
	tok := fobtest.New(t).Token(fobtest.Unlocked())
	require.Equal(t, tok.Port(), tok.Port())
	p, err := port.Open(t.Context(), tok.Port())
	if errors.Is(err, port.ErrUnsupported) {
		t.Skip("no pseudo-terminals here")
	}
	require.NoError(t, err)
	defer p.Close()
	d, err := host.New(p, host.WithTimeout(time.Minute)).Display(t.Context())
	require.NoError(t, err)
	require.Equal(t, tok.Code(), string(d.Code))
}

// childEnv makes a test run that is meant for a child process.
const childEnv = "FOBTEST_CHILD"

// child runs a test of this file in a process of its own.
func child(t *testing.T, name string, env ...string) (output string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), childEnv+"="+name, "FOB_WORLD_SEED="), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err != nil
}

// forChild skips a test that is meant for a child process.
func forChild(t *testing.T) {
	t.Helper()
	if os.Getenv(childEnv) == "" {
		t.Skip("runs in a child process of another test")
	}
}

func TestChildFails(t *testing.T) {
	forChild(t)
	t.Run("sub", func(t *testing.T) {
		tok := fobtest.New(t, fobtest.WorldSeed(7)).Token()
		tok.Age(virtual.Year)
		t.Error("the server refuses", len(tok.Code()))
	})
}

func TestChildWrong(t *testing.T) {
	forChild(t)
	tok := fobtest.New(t).Token(fobtest.Blank())
	tok.Code()
}

// TestFailure checks the output of a failed test.
func TestFailure(t *testing.T) {
	out, failed := child(t, "TestChildFails")
	require.True(t, failed)
	require.Contains(t, out, "the server refuses 6")
	require.Contains(t, out, "world seed 7; to repeat: FOB_WORLD_SEED=7 go test -run '^TestChildFails$/^sub$'")
	require.Contains(t, out, `{"seq":1,"true_time":"2026-01-01T00:00:00Z","event":"made"`)
	require.Regexp(t, `"event":"age",.*"value":31557600000000000`, out) // 365.25 days in ns
	again, _ := child(t, "TestChildFails")
	events := func(s string) string { return s[strings.Index(s, "world seed 7"):strings.Index(s, "--- FAIL")] }
	require.Equal(t, events(out), events(again))

	out, failed = child(t, "TestChildWrong")
	require.True(t, failed)
	require.Contains(t, out, "fobtest: the token shows no code: its state is BLANK")
	require.Contains(t, out, "world seed")

	out, failed = child(t, "TestChildWrong", "FOB_WORLD_SEED=seven")
	require.True(t, failed)
	require.Contains(t, out, "FOB_WORLD_SEED=seven: want a whole number")

	out, failed = child(t, "TestCodes")
	require.False(t, failed)
	require.NotContains(t, out, "world seed", "a test that passes is silent")
}
