// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// counterOf reads the counter value that the next commit must carry.
func counterOf(t *testing.T, k *virtual.Token) byte {
	t.Helper()
	h := serialproto.Header{
		Version: serialproto.Version2, Op: serialproto.OpRead,
		Group: serialproto.GroupToken, Command: serialproto.CmdTokenProvBegin,
	}
	body := hosttest.BodyOf(t, k.Connect(nil).Exchange(nil, hosttest.Frame(h, []byte{0xA0})))
	require.Equal(t, "ctr", string(body[len(body)-4:len(body)-1]))
	return body[len(body)-1]
}

// refusalOf returns the answer body {"err": {"group": 64, "rc": e}}.
func refusalOf(e serialproto.Err) []byte {
	return append([]byte("\xa1\x63err\xa2\x65group\x18\x40\x62rc"), byte(e))
}

// TestOrderRefused: values that no token can have are refused before a byte is sent.
func TestOrderRefused(t *testing.T) {
	w := newWorld(t)
	good := host.InsecureTestStationKey()
	for name, c := range map[string]struct {
		want    error
		station host.StationKey
		spoil   func(o *host.Order)
	}{
		"serial":  {token.ErrSerial, good, func(o *host.Order) { o.Serial = token.Serial{} }},
		"seed":    {token.ErrNoSeed, good, func(o *host.Order) { o.Seed = token.Seed{} }},
		"wiped":   {token.ErrNoSeed, good, func(o *host.Order) { o.Seed.Destroy() }},
		"profile": {token.ErrProfile, good, func(o *host.Order) { o.Profile.Step = 45 }},
		"empty":   {token.ErrProfile, good, func(o *host.Order) { o.Profile = token.Profile{} }},
		"T0 in the future": {token.ErrProfile, good, func(o *host.Order) {
			o.Profile.T0 = token.UnixSeconds(w.Now().Time().Unix() + 1)
		}},
		"station": {host.ErrStationKey, host.StationKey{}, func(*host.Order) {}},
	} {
		t.Run(name, func(t *testing.T) {
			cl := attach(t, newToken(t, w, "button-6"))
			o := newOrder(t, w, "button-6")
			c.spoil(&o)
			require.ErrorIs(t, cl.Provision(t.Context(), c.station, o), c.want)
			require.Zero(t, cl.Stats().Sent)
		})
	}
}

// TestWrongStation: a token accepts one station only. The attempt uses up the counter,
// so a message can be tried only once.
func TestWrongStation(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c := attach(t, k)
	otherStation, err := host.GenerateStationKey()
	require.NoError(t, err)
	before := counterOf(t, k)
	require.ErrorIs(t, c.Provision(t.Context(), otherStation, newOrder(t, w, "button-6")), serialproto.ErrAuthentication)
	require.Equal(t, serialproto.StateBlank, k.State())
	require.Equal(t, before+1, counterOf(t, k))
	_, set, err := c.Clock(t.Context())
	require.NoError(t, err)
	require.False(t, set)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
}

// TestLCDTooSmall: the device checks the number of digits, because only the device
// has that information.
func TestLCDTooSmall(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c := attach(t, k)
	require.ErrorIs(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-8")), serialproto.ErrProfile)
	require.Equal(t, serialproto.StateBlank, k.State())
}

// recordedCommit provisions a token and returns the commit as sent on the wire.
func recordedCommit(t *testing.T, w *virtual.World, k *virtual.Token) []byte {
	t.Helper()
	c, line := attachWire(t, k)
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
	sent := line.sentSoFar()
	commit := sent[len(sent)-1]
	require.Equal(t, 4, len(sent), "synchronisation, info, begin, commit")
	require.NotContains(t, string(commit), rfcSeed)
	return commit
}

// TestReplay: recorded bytes cannot program a token a second time.
func TestReplay(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		w := newWorld(t)
		k := newToken(t, w, "button-6")
		commit := recordedCommit(t, w, k)

		first := hosttest.BodyOf(t, k.Connect(nil).Exchange(nil, commit))
		require.Contains(t, string(first), "conf", "the answer is repeated")
		w.Advance(time.Hour)
		hosttest.BodyOf(t, k.Connect(nil).Exchange(nil, commit))
		require.InDelta(t, 0, k.Display().Error.Seconds(), 1, "the clock is not set back")

		o := newOrder(t, w, "button-6")
		c := attach(t, k)
		require.NoError(t, c.Lock(t.Context()))
		require.Equal(t, refusalOf(serialproto.ErrLocked), hosttest.BodyOf(t, k.Connect(nil).Exchange(nil, commit)))
		require.NoError(t, c.Wipe(t.Context(), o.Serial))
		require.Equal(t, refusalOf(serialproto.ErrCounter), hosttest.BodyOf(t, k.Connect(nil).Exchange(nil, commit)))
		require.Equal(t, serialproto.StateWiped, k.State())
	})
}

// TestMessageBinding: a message is valid for one device and one serial number only.
func TestMessageBinding(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		w := newWorld(t)
		k := newToken(t, w, "button-6")
		blank := k.Snapshot()
		commit := recordedCommit(t, w, k)

		other := newToken(t, w, "button-6")
		require.Equal(t, refusalOf(serialproto.ErrAuthentication), hosttest.BodyOf(t, other.Connect(nil).Exchange(nil, commit)))
		require.Equal(t, serialproto.StateBlank, other.State())

		restored, err := w.Restore(blank)
		require.NoError(t, err)
		require.Equal(t, refusalOf(serialproto.ErrAuthentication),
			hosttest.BodyOf(t, restored.Connect(nil).Exchange(nil, replaceInMessage(t, commit, "2600124800001", "2600124800002"))))
		require.Equal(t, serialproto.StateBlank, restored.State())

		restored, err = w.Restore(blank)
		require.NoError(t, err)
		require.Contains(t, string(hosttest.BodyOf(t, restored.Connect(nil).Exchange(nil, commit))), "conf", "the unchanged message is accepted")
	})
}

// replaceInMessage decodes a message, changes its content and frames it restored.
func replaceInMessage(t *testing.T, raw []byte, from, to string) []byte {
	t.Helper()
	messages := hosttest.Messages(raw)
	require.Len(t, messages, 1)
	h, ok := serialproto.ParseHeader(messages[0])
	require.True(t, ok)
	body := messages[0][serialproto.HeaderSize:]
	require.Equal(t, 1, bytes.Count(body, []byte(from)))
	return hosttest.Frame(h, bytes.Replace(body, []byte(from), []byte(to), 1))
}

// TestLostConfirmation: the token cannot detect whether its answer arrived. The host
// repeats the commit, and gets the same proof.
func TestLostConfirmation(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		w := newWorld(t)
		k := newToken(t, w, "button-6")
		c, line := attachWire(t, k, host.WithTimeout(10*shortWait), host.WithRetries(100))
		before := counterOf(t, k)
		o := newOrder(t, w, "button-6")
		answers := 0
		now := o.Now
		o.Now = func() time.Time { // called after begin has been answered
			if answers++; answers == 1 {
				line.loseNext(1)
			}
			return now()
		}
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
		require.GreaterOrEqual(t, c.Stats().Repeats, 1)
		var commits [][]byte
		for _, sent := range line.sentSoFar() {
			if len(sent) > 150 { // no other request is as long
				commits = append(commits, sent)
			}
		}
		require.GreaterOrEqual(t, len(commits), 2)
		for _, sent := range commits {
			require.Equal(t, commits[0], sent)
		}
		require.Equal(t, serialproto.StateProvisioned, k.State())
		require.NoError(t, c.Wipe(t.Context(), o.Serial))
		require.Equal(t, before+1, counterOf(t, k), "the commit was executed once")
	})
}

// TestLateConfirmation: if the token's answer comes late, the host sets its clock again, but
// not to the same time: the clock of an order may be a world's that stands still.
func TestLateConfirmation(t *testing.T) {
	for name, c := range map[string]struct {
		runs bool
		want int
	}{"the clock runs": {true, 1}, "the clock stands": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, func(t *testing.T) {
				w := newWorld(t)
				k := newToken(t, w, "button-6")
				client, line := attachWire(t, k, host.WithTimeout(time.Second), host.WithRetries(3))
				o := newOrder(t, w, "button-6")
				begin, asked := time.Now(), 0
				now := o.Now
				o.Now = func() time.Time { // called after begin has been answered
					if asked++; asked == 1 {
						line.loseNext(1)
					}
					if c.runs {
						return now().Add(time.Since(begin))
					}
					return now()
				}
				require.NoError(t, client.Provision(t.Context(), host.InsecureTestStationKey(), o))
				set := 0
				for _, sent := range line.sentSoFar() {
					for _, message := range hosttest.Messages(sent) {
						h, ok := serialproto.ParseHeader(message)
						if ok && h.Op == serialproto.OpWrite && h.Group == serialproto.GroupToken && h.Command == serialproto.CmdTokenClock {
							set++
						}
					}
				}
				require.Equal(t, c.want, set)
				require.Equal(t, o.Now().Unix(), w.Now().Time().Add(k.Display().Error).Unix())
			})
		})
	}
}

// TestAllProfileFieldsArrive: neither a profile with all fields set nor one without any
// loses a field on the way.
func TestAllProfileFieldsArrive(t *testing.T) {
	for _, p := range []token.Profile{
		{Step: 30, Digits: 8, Algorithm: token.SHA512, T0: token.Epoch2000, Behaviour: token.Behaviour{
			Button: true, UntilStepEnd: true, ShowSeconds: 7, PressLimit: 65535, LowPercent: 99,
			Expiry: token.ExpiryMessage, BlankDelayDays: 5, ClockLossErases: true, Bars: 5,
		}},
		{Step: 60, Digits: 6, Algorithm: token.SHA256},
	} {
		w := newWorld(t)
		k := newToken(t, w, "button-8")
		c := attach(t, k)
		o := newOrder(t, w, "button-8")
		o.Profile, o.Expiry = p, token.Expiry{}
		seed, err := token.NewSeed(bytes.Repeat([]byte{0xA5}, token.MaxSeedLen))
		require.NoError(t, err)
		o.Seed = seed
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
		require.NoError(t, c.Verify(t.Context(), o))
		_, expiry := k.BackLabel()
		require.True(t, expiry.IsZero())
		k.Press()
		code, err := p.Code(seed, p.StepAtMilli(w.Now().Milli()))
		require.NoError(t, err)
		require.Equal(t, code.String(), string(bytes.TrimSpace([]byte(k.Display().Text))))
		w.Advance(7 * time.Second)
		require.Equal(t, p.Behaviour.Button, k.Display().Text == "        ")
	}
}
