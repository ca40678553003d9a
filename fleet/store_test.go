// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

func testKey(t testing.TB) *age.X25519Identity {
	key, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return key
}

func openStore(t testing.TB, dir string, key *age.X25519Identity) *Store {
	s, err := OpenStore(dir, key)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// start opens the folder and creates a fleet from it.
func start(t testing.TB, s *Store, c virtual.Config, given Given, now time.Time, ports Ports) (*virtual.World, *Fleet) {
	_, err := s.Resume(&c, given, now)
	require.NoError(t, err)
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := New(w, Config{Count: 2, Model: testModel(t), Ports: ports, Store: s})
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return w, f
}

var then = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestStoreRoundTrip(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	w, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	order := testOrder(t, "2600124800001")
	payload := &serialproto.Payload{
		Seed: order.Seed.Bytes(), Profile: order.Profile, Clock: 1111111109_000,
	}
	require.NoError(t, members(f)[1].Token.Program(order.Serial, payload, true))
	want := members(f)[1].Token.Display()
	w.Advance(time.Hour)
	require.NoError(t, f.Save())
	require.NoError(t, s.Close())

	s = openStore(t, dir, key)
	w, f = start(t, s, virtual.Config{}, Given{}, then.AddDate(1, 0, 0), Ports{})
	require.Equal(t, then.Add(time.Hour), w.Now().Time(), "a manual clock must not advance")
	require.Equal(t, uint64(7), w.Seed())
	require.Len(t, members(f), 2)
	got := members(f)[1].Token
	require.Equal(t, serialproto.StateLocked, got.State())
	serial, _ := got.BackLabel()
	require.Equal(t, order.Serial, serial)
	require.Equal(t, want.Step+60, got.Display().Step, "its own clock has gone on with the world's")
	require.Equal(t, serialproto.StateBlank, members(f)[0].Token.State())

	// A token that is made now has a new identity.
	ids := map[[8]byte]bool{}
	for _, m := range members(f) {
		ids[m.Token.HardwareID()] = true
	}
	ids[w.NewToken(testModel(t)).HardwareID()] = true
	require.Len(t, ids, 3)
}

// TestResumeClocks: a clock that follows the machine's clock has advanced; any other
// clock has stood still.
func TestResumeClocks(t *testing.T) {
	for name, c := range map[string]struct {
		first, second virtual.Config
		given         Given
		want          time.Time
		mode          virtual.ClockMode
		err           error
	}{
		"manual":            {first: virtual.Config{At: then}, want: then},
		"manual, later":     {first: virtual.Config{At: then}, second: virtual.Config{At: then.Add(1)}, want: then.Add(1)},
		"manual, earlier":   {first: virtual.Config{At: then}, second: virtual.Config{At: then.Add(-1)}, err: virtual.ErrClock},
		"manual to real":    {first: virtual.Config{At: then}, second: virtual.Config{Mode: virtual.Real}, given: Given{Clock: true}, want: then, mode: virtual.Real},
		"another seed":      {first: virtual.Config{At: then, Seed: 7}, second: virtual.Config{Seed: 8}, err: os.ErrInvalid},
		"the same seed":     {first: virtual.Config{At: then, Seed: 7}, second: virtual.Config{Seed: 7}, want: then},
		"scaled, unchanged": {first: virtual.Config{At: then, Mode: virtual.Scaled, Rate: 1e-3}, want: then, mode: virtual.Scaled},
		"real, paused":      {first: virtual.Config{At: then, Mode: virtual.Real, Paused: true}, want: then, mode: virtual.Real},
		"paused, then running": {
			first:  virtual.Config{At: then, Mode: virtual.Real, Paused: true},
			second: virtual.Config{Mode: virtual.Real}, given: Given{Clock: true}, want: then, mode: virtual.Real,
		},
		"clock given, unchanged": {first: virtual.Config{At: then}, given: Given{Clock: true}, want: then},
	} {
		t.Run(name, func(t *testing.T) {
			dir, key := t.TempDir(), testKey(t)
			s := openStore(t, dir, key)
			start(t, s, c.first, Given{}, then, Ports{})
			require.NoError(t, s.Close())
			s = openStore(t, dir, key)
			found, err := s.Resume(&c.second, c.given, time.Now().Add(24*time.Hour))
			if c.err != nil {
				require.Error(t, err)
				if c.err == virtual.ErrClock {
					require.ErrorIs(t, err, c.err)
				}
				return
			}
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, c.mode, c.second.Mode)
			require.WithinDuration(t, c.want, c.second.At, time.Second)
		})
	}

	t.Run("real", func(t *testing.T) {
		dir, key := t.TempDir(), testKey(t)
		s := openStore(t, dir, key)
		start(t, s, virtual.Config{Mode: virtual.Real, At: then}, Given{}, then, Ports{})
		for _, c := range []struct{ later, want time.Duration }{
			{24 * time.Hour, 24 * time.Hour},
			{-24 * time.Hour, 0}, // the machine's clock was set back, but not the world's
		} {
			var config virtual.Config
			_, err := s.Resume(&config, Given{}, time.Now().Add(c.later))
			require.NoError(t, err)
			require.Equal(t, virtual.Real, config.Mode)
			require.WithinDuration(t, then.Add(c.want), config.At, patience)
		}
	})
}

// TestResumeHasAllFields gives each field of a world's configuration a value, and checks
// that Resume returns it for the folder.
func TestResumeHasAllFields(t *testing.T) {
	notStored := map[string]string{"Machine": "the clock of the machine on which the fleet runs now"}
	station, err := host.GenerateStationKey()
	require.NoError(t, err)
	want := virtual.Config{
		Mode: virtual.Scaled, Paused: true, Rate: 2, At: then, Seed: 7, StationKey: station.Public(), NoRig: true,
	}
	s := openStore(t, t.TempDir(), testKey(t))
	start(t, s, want, Given{}, then, Ports{})
	var got virtual.Config
	_, err = s.Resume(&got, Given{}, then)
	require.NoError(t, err)
	for field, v := range reflect.ValueOf(want).Fields() {
		if notStored[field.Name] != "" {
			continue
		}
		require.False(t, v.IsZero(), "give %s another value than zero", field.Name)
		require.Equal(t, v.Interface(), reflect.ValueOf(got).FieldByName(field.Name).Interface(),
			"the folder does not keep %s: add it to worldState, or to notStored with the reason", field.Name)
	}
}

// TestResumeKeepsTokens: a start without the flags must not make tokens accept
// the published test key, or give them a rig.
func TestResumeKeepsTokens(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	station, err := host.GenerateStationKey()
	require.NoError(t, err)
	s := openStore(t, dir, key)
	start(t, s, virtual.Config{StationKey: station.Public(), NoRig: true}, Given{}, then, Ports{})

	insecure := host.InsecureTestStationKey().Public()
	c := virtual.Config{StationKey: insecure}
	_, err = s.Resume(&c, Given{}, then)
	require.NoError(t, err)
	require.Equal(t, [32]byte(station.Public()), c.StationKey)
	require.True(t, c.NoRig)

	c = virtual.Config{StationKey: insecure}
	_, err = s.Resume(&c, Given{StationKey: true, NoRig: true}, then)
	require.NoError(t, err)
	require.Equal(t, [32]byte(insecure), c.StationKey)
	require.False(t, c.NoRig)
}

func TestStoreLock(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	_, err := OpenStore(dir, key)
	require.ErrorIs(t, err, ErrStateLocked)
	require.ErrorContains(t, err, dir)
	require.NoError(t, s.Close())
	openStore(t, dir, key)
}

// TestFirstSaveFails: an incomplete fleet does not count as a fleet, and the next start
// creates one.
func TestFirstSaveFails(t *testing.T) {
	checkLeaks(t)
	dir, key := t.TempDir(), testKey(t)
	blocked := filepath.Join(dir, tokenFile(1))
	require.NoError(t, os.MkdirAll(filepath.Join(blocked, "x"), 0o700))
	s := openStore(t, dir, key)
	_, err := New(testWorld(t), Config{Count: 2, Model: testModel(t), Store: s, Ports: Ports{TCP: "127.0.0.1:0"}})
	require.ErrorContains(t, err, tokenFile(1))
	require.NoFileExists(t, filepath.Join(dir, worldFile))
	checkNoTempFiles(t, dir)
	require.NoError(t, s.Close())

	require.NoError(t, os.RemoveAll(blocked))
	s = openStore(t, dir, key)
	require.NoFileExists(t, filepath.Join(dir, tokenFile(0)), "a token that no host has seen is not saved")
	var c virtual.Config
	found, err := s.Resume(&c, Given{}, then)
	require.NoError(t, err)
	require.False(t, found)
	f, err := New(testWorld(t), Config{Count: 2, Model: testModel(t), Store: s})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoFileExists(t, filepath.Join(dir, newFile))
	require.NoError(t, s.Close())
}

// TestSaveFailsWhileServing: the host gets no answer that a crash could undo, and the
// fleet ends with the reason.
func TestSaveFailsWhileServing(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	_, f := start(t, s, virtual.Config{StationKey: host.InsecureTestStationKey().Public()}, Given{}, then, Ports{TCP: "127.0.0.1:0"})
	served := make(chan error, 1)
	go func() { served <- f.Serve(context.Background()) }()
	c := client(t, addresses(members(f)[1])[0])
	_, err := c.Info(t.Context())
	require.NoError(t, err)

	path := filepath.Join(dir, tokenFile(1))
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.MkdirAll(filepath.Join(path, "x"), 0o700))
	require.Error(t, c.Provision(t.Context(), host.InsecureTestStationKey(), testOrder(t, "2600124800001")))
	select {
	case err := <-served:
		require.ErrorIs(t, err, ErrSave)
		require.ErrorContains(t, err, tokenFile(1))
	case <-time.After(patience):
		t.Fatal("the fleet did not stop")
	}
	checkNoTempFiles(t, dir)
}

// TestStateIsSavedBeforeAnswer: the state is on disk before the host gets the answer.
func TestStateIsSavedBeforeAnswer(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	_, f := start(t, s, virtual.Config{StationKey: host.InsecureTestStationKey().Public()}, Given{}, then, Ports{TCP: "127.0.0.1:0"})
	stop := serve(t, f)
	c := client(t, addresses(members(f)[0])[0])
	saved := func() *virtual.Token {
		w := testWorld(t)
		lots, _, err := s.load(w, new(freshSteps), Keyed{})
		require.NoError(t, err)
		return lots[0].tokens[0]
	}
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), testOrder(t, "2600124800001")))
	require.Equal(t, serialproto.StateProvisioned, saved().State())
	require.NoError(t, c.Lock(t.Context()))
	require.Equal(t, serialproto.StateLocked, saved().State())
	require.NoError(t, c.Skew(t.Context(), -95*time.Second))
	require.Equal(t, members(f)[0].Token.Display().Clock, saved().Display().Clock)
	serial, _ := members(f)[0].Token.BackLabel()
	require.NoError(t, c.Wipe(t.Context(), serial))
	require.Equal(t, serialproto.StateWiped, saved().State())

	// A request that changes nothing writes nothing.
	before, err := os.ReadFile(filepath.Join(dir, tokenFile(0)))
	require.NoError(t, err)
	_, err = c.Info(t.Context())
	require.NoError(t, err)
	after, err := os.ReadFile(filepath.Join(dir, tokenFile(0)))
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, stop())
}

func TestStoreDamaged(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	w, _ := start(t, s, virtual.Config{At: then}, Given{}, then, Ports{})
	world, err := os.ReadFile(filepath.Join(dir, worldFile))
	require.NoError(t, err)
	tokens, err := os.ReadFile(filepath.Join(dir, tokenFile(0)))
	require.NoError(t, err)

	for i := range len(world) { // truncated at any length
		if i%37 != 0 && i < len(world)-3 {
			continue
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, worldFile), world[:i], 0o600))
		_, err := s.Resume(&virtual.Config{}, Given{}, then)
		require.ErrorIs(t, err, ErrStateDamaged, "cut at %d", i)
		_, _, err = s.load(w, new(freshSteps), Keyed{})
		require.ErrorIs(t, err, ErrStateDamaged)
	}
	for _, text := range []string{
		`{}`, `null`, `[]`, `x`, `{"version":2,"tokens":2}`,
		`{"version":1,"tokens":2}`, // without a station key
	} {
		require.NoError(t, s.encrypt(worldFile, []byte(text)))
		_, err := s.Resume(&virtual.Config{}, Given{}, then)
		require.ErrorIs(t, err, ErrStateDamaged, text)
	}
	for _, text := range []string{`{"version":1,"tokens":0}`, `{"version":1,"tokens":-1}`, `{"version":1,"tokens":4001}`} {
		require.NoError(t, s.encrypt(worldFile, []byte(text)))
		_, _, err = s.load(w, new(freshSteps), Keyed{})
		require.ErrorIs(t, err, ErrStateDamaged, text)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, worldFile), world, 0o600))
	for _, text := range []string{`{}`, `null`, `x`, `{"version":1,"model":"always-on-6"}`} {
		require.NoError(t, s.encrypt(tokenFile(0), []byte(text)))
		_, _, err = s.load(w, new(freshSteps), Keyed{})
		require.ErrorIs(t, err, ErrStateDamaged, text)
		require.ErrorContains(t, err, tokenFile(0))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, tokenFile(0))))
	_, _, err = s.load(w, new(freshSteps), Keyed{})
	require.ErrorIs(t, err, ErrStateDamaged)
	require.ErrorContains(t, err, "missing")

	other, err := os.ReadFile(filepath.Join(dir, tokenFile(1)))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, tokenFile(0)), other, 0o600))
	_, _, err = s.load(w, new(freshSteps), Keyed{})
	require.ErrorIs(t, err, ErrStateDamaged, "one piece of hardware twice")
	require.ErrorContains(t, err, tokenFile(1))

	require.NoError(t, os.WriteFile(filepath.Join(dir, tokenFile(0)), tokens, 0o600))
	_, _, err = s.load(w, new(freshSteps), Keyed{})
	require.NoError(t, err)
	s.key = testKey(t)
	_, _, err = s.load(w, new(freshSteps), Keyed{})
	require.ErrorIs(t, err, ErrStateKey)
}

func BenchmarkSaveToken(b *testing.B) {
	s := openStore(b, b.TempDir(), testKey(b))
	k := testWorld(b).NewToken(testModel(b))
	for b.Loop() {
		require.NoError(b, s.saveToken(0, k, freshStep{}))
	}
}

// TestStoreFolder: a new folder is accessible only to its owner, and is removed if
// nothing was saved. An existing folder is left unchanged, and one with other files is
// an error.
func TestStoreFolder(t *testing.T) {
	key, parent := testKey(t), t.TempDir()
	made := filepath.Join(parent, "made")
	s := openStore(t, made, key)
	info, err := os.Stat(made)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
	require.NoError(t, s.Close())
	require.NoDirExists(t, made)

	there := filepath.Join(parent, "there")
	require.NoError(t, os.Mkdir(there, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(there, ".hidden"), []byte("mine"), 0o600))
	require.NoError(t, openStore(t, there, key).Close())
	require.FileExists(t, filepath.Join(there, ".hidden"))
	require.NoError(t, os.Remove(filepath.Join(there, ".hidden")))
	require.NoError(t, openStore(t, there, key).Close())
	left, err := os.ReadDir(there)
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, os.WriteFile(filepath.Join(there, "thesis.txt"), []byte("mine"), 0o600))
	_, err = OpenStore(there, key)
	require.ErrorContains(t, err, "contains other files (thesis.txt): name a new or empty folder, or one of an earlier fob run")
	left, err = os.ReadDir(there)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// TestOneToken: a fleet of one token is stored and restored, and a start does not
// rewrite the token: stored data survives a start that fails.
func TestOneToken(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	var stored []byte
	var id [8]byte
	for i := range 2 {
		s := openStore(t, dir, key)
		c := virtual.Config{Mode: virtual.Manual, At: then}
		_, err := s.Resume(&c, Given{}, then)
		require.NoError(t, err)
		w, err := virtual.NewWorld(c)
		require.NoError(t, err)
		f, err := New(w, Config{Count: 1, Model: testModel(t), Store: s})
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, tokenFile(0)))
		require.NoError(t, err)
		if i == 0 {
			stored, id = b, members(f)[0].Token.HardwareID()
		}
		require.Equal(t, stored, b)
		require.Equal(t, id, members(f)[0].Token.HardwareID())
		require.NoError(t, f.Close())
		require.NoError(t, s.Close())
	}

	w, err := virtual.NewWorld(virtual.Config{})
	require.NoError(t, err)
	f, err := New(w, Config{Count: 1, Model: testModel(t)})
	require.NoError(t, err)
	require.NoError(t, f.Save(), "without a store")
}

// TestStoreWhileRunning: tokens that are added and removed, and a clock that is moved,
// survive a crash, which is simulated by not saving at the end.
func TestStoreWhileRunning(t *testing.T) {
	dir, key := t.TempDir(), testKey(t)
	s := openStore(t, dir, key)
	w, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	added, err := f.MakeLot(Lot{Count: 2, Ready: true})
	require.NoError(t, err)
	require.NoError(t, f.Remove(members(f)[0]))
	w.Advance(time.Hour)
	require.NoError(t, f.SaveWorld())
	last, err := f.Add(w.NewToken(testModel(t)))
	require.NoError(t, err)
	forks, err := f.Fork(f.TakeSnapshot("one", added[0]))
	require.NoError(t, err)
	var want [][8]byte
	for _, m := range members(f) {
		want = append(want, m.Token.HardwareID())
	}
	require.Len(t, want, 5)
	require.Contains(t, want, last.Token.HardwareID())
	require.Contains(t, want, forks[0].Token.HardwareID())
	require.NoError(t, s.Close())

	s = openStore(t, dir, key)
	w, f = start(t, s, virtual.Config{}, Given{}, then.AddDate(1, 0, 0), Ports{})
	require.Equal(t, then.Add(time.Hour), w.Now().Time())
	var got [][8]byte
	for _, m := range members(f) {
		got = append(got, m.Token.HardwareID())
	}
	require.Equal(t, want, got)
	serial, _ := added[1].Token.BackLabel()
	found, err := f.Find(serial.String())
	require.NoError(t, err)
	require.Equal(t, serialproto.StateLocked, found.Token.State())

	// The places of the others stay where they are.
	require.NoError(t, f.Remove(found))
	require.NoError(t, s.Close())
	s = openStore(t, dir, key)
	_, f = start(t, s, virtual.Config{}, Given{}, then.AddDate(1, 0, 0), Ports{})
	require.Equal(t, 4, f.Len())
}
