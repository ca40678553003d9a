// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
)

// order returns a station's order for a machine.
func order(t testing.TB, m *machine, p token.Profile) host.Order {
	t.Helper()
	seed, err := token.NewSeed(secret)
	require.NoError(t, err)
	key := publicKey
	return host.Order{
		Serial: serial(t, testSerial), Profile: p, Expiry: expiry(t, 2031, 12, 31), Seed: seed,
		Now: func() time.Time { return time.UnixMilli(int64(noon)) }, DeviceKey: &key,
	}
}

// commitFrame finds the provisioning message in a station's output and frames it to be
// sent again.
func commitFrame(t testing.TB, sent []byte) []byte {
	t.Helper()
	for _, m := range hosttest.Messages(sent) {
		h, ok := serialproto.ParseHeader(m)
		require.True(t, ok)
		if h.Group == serialproto.GroupToken && h.Command == serialproto.CmdTokenProvCommit {
			var f serialproto.Framer
			f.Seal(len(append(f.Message(), m...)))
			return f.AppendLines(nil)
		}
	}
	require.Fail(t, "no provisioning message was sent")
	return nil
}

// TestProvision tests a station and a token end to end.
func TestProvision(t *testing.T) {
	profiles := token.Profiles()
	for _, step := range []token.UnixSeconds{20, 30, 36} {
		p := profile(t, "button-6")
		p.Step = step
		profiles = append(profiles, p)
	}
	for _, p := range profiles {
		m := newMachine(t)
		c, w := m.connect(t)
		o := order(t, m, p)
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
		require.NoError(t, c.Verify(t.Context(), o))
		require.Equal(t, noon, m.now)
		require.True(t, m.valid)
		info, err := c.Info(t.Context())
		require.NoError(t, err)
		require.Equal(t, serialproto.StateProvisioned, info.State)
		require.Equal(t, o.Serial, info.Serial)
		require.Equal(t, o.Expiry, info.Expiry)
		require.Equal(t, firmware.Version, info.Firmware)
		require.NotZero(t, m.record().Transcript)
		require.NoError(t, c.Lock(t.Context()))
		require.Zero(t, m.record().Transcript, "the transcript must be erased")
		got := m.core.Profile()
		p.Name = ""
		require.Equal(t, p, got)

		m.boot(t)
		require.Equal(t, serialproto.StateLocked, m.state(), "after a restart")
		require.Equal(t, p, m.core.Profile())
		require.Equal(t, o.Expiry, m.core.Expiry())
		require.NotContains(t, string(w.sent), string(secret[:4]), "the seed must not be on the wire in clear")
	}
}

// TestProvisionAnswersAgain checks that a station that repeats the message, because the
// response was lost, gets the same proof. After the lock, no one gets it.
func TestProvisionAnswersAgain(t *testing.T) {
	m := newMachine(t)
	c, w := m.connect(t)
	o := order(t, m, profile(t, "always-on-6"))
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
	first := hosttest.Messages(w.received)
	again := commitFrame(t, w.sent)
	before, ops := m.record(), m.ops()
	require.NoError(t, answer(t, w, again))
	all := hosttest.Messages(w.received)
	require.Equal(t, first[len(first)-1], all[len(all)-1], "the proof must be the same")
	require.Equal(t, before, m.record())
	require.Equal(t, ops, m.ops())

	m.boot(t)
	require.NoError(t, answer(t, w, again), "after a restart as well")
	require.NoError(t, c.Lock(t.Context()))
	require.ErrorIs(t, answer(t, w, again), serialproto.ErrLocked)
}

// TestMessageWorksOnce checks that a message works only once, in every later state of
// the token.
func TestMessageWorksOnce(t *testing.T) {
	m := newMachine(t)
	c, w := m.connect(t)
	o := order(t, m, profile(t, "always-on-6"))
	station := host.InsecureTestStationKey()
	require.NoError(t, c.Provision(t.Context(), station, o))
	old := commitFrame(t, w.sent)
	require.NoError(t, c.Wipe(t.Context(), o.Serial))
	require.Equal(t, serialproto.StateWiped, m.state())
	require.False(t, m.hasTraces(secret), "the seed must be erased")
	require.ErrorIs(t, answer(t, w, old), serialproto.ErrCounter)
	require.Equal(t, serialproto.StateWiped, m.state())
	require.NoError(t, c.Wipe(t.Context(), o.Serial), "wiping again changes nothing")

	w.sent = nil
	o.Serial = serial(t, "1000043")
	require.NoError(t, c.Provision(t.Context(), station, o))
	require.NoError(t, c.Verify(t.Context(), o))
	require.ErrorIs(t, answer(t, w, old), serialproto.ErrAlreadyProvisioned)
	require.NoError(t, c.Lock(t.Context()))
	require.ErrorIs(t, c.Wipe(t.Context(), serial(t, testSerial)), serialproto.ErrSerialMismatch)
	require.Equal(t, serialproto.StateLocked, m.state())
	require.NoError(t, c.Wipe(t.Context(), o.Serial))
	require.False(t, m.hasTraces(secret))
}

// TestProvisionRefusals checks that an unsuitable order is refused, and that it uses up
// the counter once the message has been opened.
func TestProvisionRefusals(t *testing.T) {
	other, err := host.GenerateStationKey()
	require.NoError(t, err)
	station := host.InsecureTestStationKey()
	eight := profile(t, "button-8")
	six := profile(t, "button-6")
	for _, tt := range []struct {
		name    string
		station host.StationKey
		profile token.Profile
		digits  int
		now     time.Time
		want    error
	}{
		{"another station", other, six, 8, time.UnixMilli(0), serialproto.ErrAuthentication},
		{"eight digits on an LCD of six", station, eight, 6, time.UnixMilli(0), serialproto.ErrProfile},
		{"a clock before 1970", station, six, 8, time.UnixMilli(-1), serialproto.ErrInvalid},
		{"a clock after 9999", station, six, 8, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), serialproto.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.digits = tt.digits
			c, _ := m.connect(t)
			o := order(t, m, tt.profile)
			o.Now = func() time.Time { return tt.now }
			before := m.record()
			require.ErrorIs(t, c.Provision(t.Context(), tt.station, o), tt.want)
			before.Counter++
			require.Equal(t, before.Meaning(), m.record().Meaning())
			require.False(t, m.valid, "the clock must not change")
			require.False(t, m.hasTraces(secret))
			o = order(t, m, six)
			require.NoError(t, c.Provision(t.Context(), station, o), "the next attempt must succeed")
		})
	}
}

// TestProgram checks that Program has the same rules as the wire.
func TestProgram(t *testing.T) {
	p := profile(t, "button-6")
	sn := serial(t, testSerial)
	for _, state := range []serialproto.State{
		serialproto.StateProvisioned, serialproto.StateLocked, serialproto.StateExpired, serialproto.StateDead,
	} {
		m := inState(t, state)
		before := m.record()
		require.Error(t, m.core.Program(&m.hw, sn, payload(p), true), "%v", state)
		require.Equal(t, before, m.record())
	}
	m := newMachine(t)
	bad := payload(p)
	bad.Seed = bad.Seed[:15]
	require.ErrorIs(t, m.core.Program(&m.hw, sn, bad, false), serialproto.ErrSeedLength)
	bad = payload(p)
	bad.Profile.Digits = 7
	require.ErrorIs(t, m.core.Program(&m.hw, sn, bad, false), serialproto.ErrProfile)
	require.ErrorIs(t, m.core.Program(&m.hw, token.Serial{}, payload(p), false), serialproto.ErrInvalid)
	require.Equal(t, serialproto.StateBlank, m.state())
	require.NoError(t, m.core.Program(&m.hw, sn, payload(p), false))
	require.Equal(t, serialproto.StateProvisioned, m.state())
	require.Zero(t, m.scratch, "the scratch memory must be cleared")
}
