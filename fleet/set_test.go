// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// locked adds a provisioned and locked token of a model, with the seed of RFC 6238.
func locked(t testing.TB, f *Fleet, model, serial string) Member {
	t.Helper()
	m, err := virtual.ModelByName(model)
	require.NoError(t, err)
	k := f.World().NewToken(m)
	sn, err := token.ParseSerial(serial)
	require.NoError(t, err)
	expiry, err := token.NewExpiry(2031, 11, 30)
	require.NoError(t, err)
	p := serialproto.Payload{
		Seed: []byte("12345678901234567890"), Profile: m.Profile(), Expiry: expiry,
		Ends: token.UnixSeconds(expiry.Ends(nil).Unix()), Clock: f.World().Now().Milli(),
	}
	require.NoError(t, k.Program(sn, &p, true))
	member, err := f.Add(k)
	require.NoError(t, err)
	return member
}

func emptyFleet(t testing.TB, c virtual.Config) *Fleet {
	t.Helper()
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := New(w, Config{})
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// kinds returns the kinds of the log's entries about a token, in order.
func kinds(f *Fleet, m Member) string {
	var all []string
	for _, e := range f.Log().After(nil, 0, DefaultLogSize) {
		if e.Tag == m.Tag() {
			all = append(all, e.Kind.String())
		}
	}
	return strings.Join(all, " ")
}

func TestFind(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	var all []Member
	for i := range 3000 { // the index grows several times
		all = append(all, locked(t, f, "always-on-6", fmt.Sprintf("S%d", i)))
	}
	for i, m := range all {
		found, err := f.Find(fmt.Sprintf("S%d", i))
		require.NoError(t, err)
		require.Equal(t, m, found)
		found, err = f.Find(fmt.Sprintf("%x", m.Token.HardwareID()))
		require.NoError(t, err)
		require.Equal(t, m, found)
	}
	require.NoError(t, f.Remove(all[5]))
	require.ErrorIs(t, f.Remove(all[5]), ErrNotFound)
	for _, name := range []string{"S5", fmt.Sprintf("%x", all[5].Token.HardwareID()), "S3000", "", "_"} {
		_, err := f.Find(name)
		require.ErrorIs(t, err, ErrNotFound, name)
	}
	require.Equal(t, 2999, f.Len())

	// A token that gets its serial number over the wire is found by it from then on.
	blank, err := f.Add(f.World().NewToken(testModel(t)))
	require.NoError(t, err)
	p, err := f.Attach(blank, "tcp:127.0.0.1:0")
	require.NoError(t, err)
	stop := serve(t, f)
	defer stop()
	_, err = f.Find("S9999")
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, client(t, p.Addr()).Provision(t.Context(), host.InsecureTestStationKey(), testOrder(t, "S9999")))
	found, err := f.Find("S9999")
	require.NoError(t, err)
	require.Equal(t, blank, found)
}

// TestCode uses codes of the seed of RFC 6238, appendix B, at a step of 60 s
// (token/testdata/x60.json): 360094 at 1111111109.
func TestCode(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7, At: time.Unix(1111111109, 0)})
	for _, model := range []string{"always-on-6", "button-6"} {
		m := locked(t, f, model, "A-"+model)
		c, err := m.Code(t.Context(), CodeOptions{})
		require.NoError(t, err)
		if c.World == virtual.WorldTimeOf(time.Unix(1111111109, 0)) {
			require.Equal(t, "360094", c.Text)
		}
		fresh, err := m.Code(t.Context(), CodeOptions{Fresh: true})
		require.NoError(t, err)
		require.Equal(t, c.Step, fresh.Step)
		next, err := m.Code(t.Context(), CodeOptions{Fresh: true, MinLeft: 50 * time.Second})
		require.NoError(t, err)
		require.Greater(t, next.Step, fresh.Step)
		require.GreaterOrEqual(t, next.Left, 50*time.Second)
	}
	blank, err := f.Add(f.World().NewToken(testModel(t)))
	require.NoError(t, err)
	_, err = blank.Code(t.Context(), CodeOptions{})
	require.ErrorIs(t, err, ErrNoCode)
}

// TestCodeReadOnly checks that reading a code can leave the token and the clock as they
// are.
func TestCodeReadOnly(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7, Mode: virtual.Manual})
	always := locked(t, f, "always-on-6", "R1")
	button := locked(t, f, "button-6", "R2")
	newest, now := f.Log().Seq(), f.World().Now()
	c, err := always.Code(t.Context(), CodeOptions{ReadOnly: true})
	require.NoError(t, err)
	_, err = button.Code(t.Context(), CodeOptions{ReadOnly: true})
	require.ErrorIs(t, err, ErrNoCode)
	_, err = always.Code(t.Context(), CodeOptions{ReadOnly: true, MinLeft: c.Left + time.Second})
	require.ErrorIs(t, err, ErrStopped)
	require.Equal(t, newest, f.Log().Seq())
	require.Equal(t, now, f.World().Now())
	pressed, err := button.Code(t.Context(), CodeOptions{})
	require.NoError(t, err)
	read, err := button.Code(t.Context(), CodeOptions{ReadOnly: true})
	require.NoError(t, err)
	require.Equal(t, pressed.Text, read.Text)
}

// TestCodeReadOnlyWaits checks that a read-only code waits for the next step of a running
// clock, to which another client moves it here.
func TestCodeReadOnlyWaits(t *testing.T) {
	machine := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	f := emptyFleet(t, virtual.Config{Seed: 7, Mode: virtual.Real, At: machine, Machine: func() time.Time { return machine }})
	m := locked(t, f, "always-on-6", "R1")
	first, err := m.Code(t.Context(), CodeOptions{ReadOnly: true})
	require.NoError(t, err)
	var next Code
	done := make(chan error, 1)
	go func() {
		var err error
		next, err = m.Code(t.Context(), CodeOptions{ReadOnly: true, MinLeft: 50 * time.Second})
		done <- err
	}()
	for f.World().Alarms() == 0 { // the wait has not begun
		time.Sleep(time.Millisecond)
	}
	f.World().AdvanceTo(first.StepEnds)
	require.NoError(t, <-done)
	require.Equal(t, first.Step+1, next.Step)
}

func TestEvents(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "button-6", "B1")
	s, err := m.Do((*virtual.Token).Press)
	require.NoError(t, err)
	require.Equal(t, f.Log().Seq(), s.Seq)
	require.Equal(t, "made press flash display-on", kinds(f, m))
	f.World().Advance(time.Hour)
	require.Equal(t, "made press flash display-on display-off", kinds(f, m))
	f.World().AdvanceTo(virtual.WorldTimeOf(time.Date(2031, 12, 2, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, "made press flash display-on display-off flash state", kinds(f, m))
	_, err = m.Do((*virtual.Token).RemoveBattery)
	require.NoError(t, err)
	require.Equal(t, "made press flash display-on display-off flash state battery power-lost restart clock-lost state", kinds(f, m))

	// The log is in the order of the world's time.
	last := virtual.WorldTime(0)
	for i, e := range f.Log().After(nil, 0, DefaultLogSize) {
		require.Equal(t, uint64(i+1), e.Seq)
		require.GreaterOrEqual(t, e.World, last)
		last = e.World
	}
}

func TestLogIsBounded(t *testing.T) {
	l := newLog(3)
	for range 5 {
		l.append(Entry{Tag: 1})
	}
	var seqs []uint64
	for _, e := range l.After(nil, 0, 10) {
		seqs = append(seqs, e.Seq)
	}
	require.Equal(t, []uint64{3, 4, 5}, seqs)
	require.Equal(t, uint64(3), l.Oldest())
	require.Len(t, l.After(nil, 4, 10), 1)
	require.Empty(t, l.After(nil, 5, 10))
	select {
	case <-l.Changed(4):
	default:
		t.Error("there is an entry after 4")
	}
	changed := l.Changed(5)
	l.append(Entry{})
	<-changed
}

func TestWait(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "always-on-6", "W1")
	button := locked(t, f, "button-6", "W2")
	shown := m.Look().Text

	// A display between two instants counts: the code of 10 minutes from now is seen
	// although the clock jumps by an hour.
	f2 := emptyFleet(t, virtual.Config{Seed: 7})
	twin := locked(t, f2, "always-on-6", "W1")
	f2.World().Advance(10 * time.Minute)
	later := twin.Look().Text
	require.NotEqual(t, shown, later)

	var wait sync.WaitGroup
	begun := make(chan struct{}, 3)
	start := func(m Member, c Condition, check func(State, error)) {
		wait.Go(func() {
			begun <- struct{}{}
			check(m.Wait(t.Context(), c))
		})
	}
	start(m, Condition{Display: regexp.MustCompile("^" + later + "$")}, func(s State, err error) {
		if err != nil || s.Text != later {
			t.Errorf("waited for %s, got %s, %v", later, s.Text, err)
		}
	})
	start(m, Condition{Display: regexp.MustCompile("^never$"), Within: time.Minute}, func(_ State, err error) {
		if want := ErrTimeout; err == nil || !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("got %v, want %v", err, want)
		}
	})
	start(button, Condition{Event: virtual.EventDisplayOff}, func(s State, err error) {
		if err != nil || s.Text != "      " {
			t.Errorf("got %q, %v", s.Text, err)
		}
	})
	for range 3 {
		<-begun
	}
	// A wait that has not begun yet would miss the jump, or end a minute after it.
	for f.World().Alarms() < 3 {
		time.Sleep(time.Millisecond)
	}
	_, err := button.Do((*virtual.Token).Press)
	require.NoError(t, err)
	f.World().Advance(time.Hour)
	wait.Wait()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.Wait(ctx, Condition{Display: regexp.MustCompile("^never$")})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, f.sched.watches)
}

// TestRealTime: events happen in time without a request.
func TestRealTime(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7, Mode: virtual.Scaled, Rate: 1000})
	stop := serve(t, f)
	m := locked(t, f, "button-6", "R1")
	_, err := m.Do((*virtual.Token).Press)
	require.NoError(t, err)
	for seq := uint64(0); !strings.HasSuffix(kinds(f, m), "display-off"); {
		<-f.Log().Changed(seq)
		seq = f.Log().Seq()
	}
	require.NoError(t, stop())
}

// story does the same things to a new fleet each time, and returns the hash of its log.
func story(t testing.TB) [32]byte {
	f := emptyFleet(t, virtual.Config{Seed: 42})
	h := sha256.New()
	f.Log().SetSink(func(entries []Entry) {
		for _, e := range entries {
			fmt.Fprintln(h, e)
		}
	})
	var all []Member
	for i := range 40 {
		all = append(all, locked(t, f, []string{"always-on-6", "button-6", "button-8"}[i%3], fmt.Sprintf("T%d", i)))
	}
	for i, m := range all {
		_, err := m.Do((*virtual.Token).Press)
		require.NoError(t, err)
		switch i % 5 {
		case 1:
			_, _ = m.Do((*virtual.Token).Drop)
		case 2:
			_, _ = m.Do(func(t *virtual.Token) { t.AgeAt(2*virtual.Year, 10) })
		case 3:
			_, _ = m.Do(func(t *virtual.Token) { t.CutPower(1) })
		}
		f.World().Advance(7 * time.Second)
	}
	require.NoError(t, f.Remove(all[3]))
	f.World().Advance(10 * virtual.Year)
	return [32]byte(h.Sum(nil))
}

// TestSameLog: the same seed and the same calls give the same log.
func TestSameLog(t *testing.T) {
	first := story(t)
	for range 20 {
		require.Equal(t, first, story(t))
	}
}

func TestPlug(t *testing.T) {
	checkLeaks(t)
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "always-on-6", "P1")
	stop := serve(t, f)
	p, err := f.Attach(m, "tcp:127.0.0.1:0")
	require.NoError(t, err)
	first := p.Addr()
	c := client(t, first)
	_, err = c.Info(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.Unplug())
	require.ErrorIs(t, p.Unplug(), ErrPlugged)
	require.Empty(t, p.Addr())
	_, err = c.Info(t.Context())
	require.Error(t, err)
	require.NoError(t, p.Replug(""))
	require.ErrorIs(t, p.Replug(""), ErrPlugged)
	require.NotEmpty(t, p.Addr())
	p.Tap().Start()
	_, err = client(t, p.Addr()).Info(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, p.Tap().Chunks())
	require.Equal(t, []*Port{p}, m.Ports())
	require.NoError(t, f.Detach(p))
	require.Empty(t, m.Ports())
	_, err = f.Port(p.ID())
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, stop())
	require.Regexp(t, `host-on (bytes-(in|out) )+host-off host-on (bytes-(in|out) )+host-off$`, kinds(f, m))
}

// TestManyEventsInTime: operations on many tokens at once, each of which sets an alarm,
// lose no event: all displays go off again.
func TestManyEventsInTime(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7, Mode: virtual.Scaled, Rate: 1000})
	stop := serve(t, f)
	var all []Member
	for i := range 100 {
		all = append(all, locked(t, f, "button-6", fmt.Sprintf("M%d", i)))
	}
	var wait sync.WaitGroup
	for _, m := range all {
		wait.Go(func() {
			if _, err := m.Do((*virtual.Token).Press); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, m := range all {
		_, err := m.Wait(t.Context(), Condition{Event: virtual.EventDisplayOff})
		require.NoError(t, err)
	}
	require.NoError(t, stop())
}

// TestRemovedPort: a port that was removed, with its token or alone, cannot be plugged in
// again by someone who still holds it.
func TestRemovedPort(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "button-6", "B1")
	alone, err := f.Attach(m, "tcp:127.0.0.1:0")
	require.NoError(t, err)
	with, err := f.Attach(m, "tcp:127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, f.Detach(alone))
	require.NoError(t, f.Remove(m))
	for _, p := range []*Port{alone, with} {
		require.ErrorIs(t, p.Replug(""), ErrNotFound)
		require.Empty(t, p.Addr())
	}
}

// TestTapKeepsTheNewest: a tap keeps at most a mebibyte and 32,768 chunks, the newest.
func TestTapKeepsTheNewest(t *testing.T) {
	for size, most := range map[int]int{1: 1 << 15, 32: 1 << 15, 64: 1 << 14, 1 << 20: 1, 2 << 20: 1} {
		tap := Tap{world: testWorld(t)}
		tap.Record(false, []byte("off"))
		require.Empty(t, tap.Chunks())
		tap.Start()
		for i := range most + 5 {
			data := make([]byte, size)
			data[0] = byte(i)
			tap.Record(i%2 == 0, data)
		}
		chunks := tap.Chunks()
		require.Len(t, chunks, most, size)
		for i, c := range chunks {
			require.Equal(t, byte(i+5), c.Data[0], size)
		}
	}
}
