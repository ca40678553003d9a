// SPDX-License-Identifier: Apache-2.0

package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

func someUsers(n int) []*User {
	users := make([]*User, n)
	for i := range users {
		users[i] = &User{profile: token.Profiles()[0]}
	}
	return users
}

func TestSchedule(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 45, 0, time.UTC)
	due := func(s schedule, n uint64) time.Duration {
		d, ok := s.due(n)
		require.True(t, ok)
		return d
	}
	s, err := newSchedule(&Options{Scenario: Steady, Users: someUsers(120), Duration: 10 * time.Minute}, now)
	require.NoError(t, err)
	require.Equal(t, 2.0, s.rate, "each of 120 tokens once in 60 s")
	require.Equal(t, 30*time.Second, due(s, 60))
	require.Equal(t, 10*time.Minute, s.end())
	require.EqualValues(t, 60, s.before(30*time.Second))
	require.EqualValues(t, 1200, s.before(time.Hour))
	require.Zero(t, s.before(0))
	_, ok := s.due(1199)
	require.True(t, ok)
	_, ok = s.due(1200)
	require.False(t, ok)

	s, err = newSchedule(&Options{Scenario: Steady, Users: someUsers(120), Duration: 10 * time.Second}, now)
	require.NoError(t, err)
	require.Equal(t, 12.0, s.rate, "each of 120 tokens once in 10 s")

	s, err = newSchedule(&Options{Scenario: Storm, Users: someUsers(120), Duration: 3 * time.Minute}, now)
	require.NoError(t, err)
	require.Equal(t, 15*time.Second, due(s, 119), "the next minute")
	require.Equal(t, 75*time.Second, due(s, 120))
	s, err = newSchedule(&Options{Scenario: Storm, Users: someUsers(120), Duration: 3 * time.Minute, Rate: 60}, now)
	require.NoError(t, err)
	require.Equal(t, 16*time.Second, due(s, 60))
	require.Equal(t, 195*time.Second, s.end(), "storms begin after 15, 75 and 135 s, and a step lasts 60 s")
	require.EqualValues(t, 60, s.before(16*time.Second))
	require.EqualValues(t, 180, s.before(76*time.Second))
	require.EqualValues(t, 360, s.before(time.Hour))

	for want, o := range map[string]Options{
		"there are no users": {Scenario: Steady, Duration: time.Minute},
		"2.5 requests per second: 120 tokens show 2 new codes per second: use at least 150 tokens": {Scenario: Steady, Users: someUsers(120), Duration: time.Hour, Rate: 2.5},
		"2.5 requests per second: 120 tokens show 2 new codes per second":                          {Scenario: Replay, Users: someUsers(120), Duration: time.Hour, Rate: 2.5},
		"1 requests per second: 120 users need longer than a step of 1m0s: use at least 2":         {Scenario: Storm, Users: someUsers(120), Duration: time.Hour, Rate: 1},
		"a duration of 59s: no step may begin in it: use at least 1m0s":                            {Scenario: Storm, Users: someUsers(1), Duration: 59 * time.Second},
		`scenario "x": want one of [steady storm replay guess]`:                                    {Scenario: "x", Users: someUsers(1), Duration: time.Minute},
		"-1 connections and a timeout of 0s: want 0 or more":                                       {Scenario: Guess, Users: someUsers(1), Duration: time.Minute, Connections: -1},
		"0 connections and a timeout of -1s: want 0 or more":                                       {Scenario: Guess, Users: someUsers(1), Duration: time.Minute, Timeout: -time.Second},
		"want a duration and a rate above 0":                                                       {Scenario: Guess, Users: someUsers(1)},
	} {
		_, err := newSchedule(&o, now)
		require.ErrorIs(t, err, ErrOptions)
		require.ErrorContains(t, err, want)
	}
}

func TestThresholds(t *testing.T) {
	r := &Report{Requests: 200, Accepted: 198, Refused: 2, P99: 150, PerSecond: 20}
	for text, want := range map[string]bool{
		"p99<200ms": true, "p99<0.15s": false, "p99<=0.15s": true, "p99 > 1us": true, "refused<=2": true, "refused<2": false,
		"refused<=1%": true, "refused<1%": false, "accepted>=100%": false, "accepted>=99%": true, "per_second>=20": true,
		"failed<=0": true, "requests>200": false,
	} {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err, text)
		require.Equal(t, want, r.Judge([]Threshold{threshold}), text)
	}
	r.AcceptedWrongly = 1
	require.False(t, r.Judge(nil))
	require.Equal(t, "accepted_wrongly<=0", r.Thresholds[0].Text)
	for _, bad := range []string{"", "p99", "p99<", "p99<200", "p99=200ms", "p98<1ms", "refused<x", "refused<nan", "per_second>5%", "p99<1%", "<1"} {
		_, err := ParseThreshold(bad)
		require.ErrorIs(t, err, ErrThreshold, bad)
	}
}

// TestScenarioThresholds: a threshold leaves the scenario's own ones in force, unless it is
// about the same answers. No load passes without an accepted code.
func TestScenarioThresholds(t *testing.T) {
	for _, c := range []struct {
		scenario Scenario
		texts    []string
		want     []string
	}{
		{Steady, nil, []string{"accepted>=100%"}},
		{Storm, []string{"p99<200ms"}, []string{"p99<200ms", "accepted>=100%"}},
		{Steady, []string{"refused<5"}, []string{"refused<5", "accepted>=1"}},
		{Steady, []string{"failed<1%", "max<1s"}, []string{"failed<1%", "max<1s", "accepted>=1"}},
		{Steady, []string{"limited<9"}, []string{"limited<9", "accepted>=1"}},
		{Steady, []string{"next_codes<9"}, []string{"next_codes<9", "accepted>=1"}},
		{Steady, []string{"accepted<=0"}, []string{"accepted<=0"}},
		{Replay, nil, []string{"sent_again>=1", "failed<=0"}},
		{Replay, []string{"failed<5"}, []string{"failed<5", "sent_again>=1"}},
		{Guess, []string{"p50<1s"}, []string{"p50<1s", "failed<=0"}},
	} {
		list, err := Thresholds(c.scenario, c.texts)
		require.NoError(t, err)
		var got []string
		for _, threshold := range list {
			got = append(got, threshold.Text)
		}
		require.Equal(t, append(c.want, "unsent<=0"), got)
	}
	_, err := Thresholds(Steady, []string{"p99"})
	require.ErrorIs(t, err, ErrThreshold)

	list, err := Thresholds(Steady, []string{"refused<5"})
	require.NoError(t, err)
	require.False(t, (&Report{Requests: 2, Refused: 2}).Judge(list))
	require.True(t, (&Report{Requests: 2, Accepted: 1, Refused: 1}).Judge(list))
	require.False(t, (&Report{Requests: 2, Accepted: 1, Refused: 1, Unsent: 1}).Judge(list))
	require.False(t, (&Report{Requests: 2, Accepted: 1, Refused: 1, Interrupted: true}).Judge(list))
}

// TestMeasured: values have the unit of the threshold.
func TestMeasured(t *testing.T) {
	r := &Report{Requests: 60000, Accepted: 59999, Refused: 1, P99: 1.8224, P50: 2.0001}
	for text, want := range map[string]string{
		"p99<1us": "1.822 ms", "p50<2ms": "2.0001 ms", "accepted>=100%": "99.998%", "refused<1": "1", "requests<1": "60000", "failed>1%": "0%",
	} {
		threshold, err := ParseThreshold(text)
		require.NoError(t, err)
		r.Judge([]Threshold{threshold})
		require.Equal(t, want, r.Thresholds[0].Measured(), text)
	}
}

func TestTargets(t *testing.T) {
	for want, text := range map[string]string{
		"127.0.0.1.example is not a loopback address: use https": `{url: "http://127.0.0.1.example/{{code}}", accepted: {status: 200}}`,
		"{{code}} is not in the url":                             `{url: "https://bank.example/", accepted: {status: 200}}`,
		"{{key}} needs an API key":                               `{url: "https://bank.example/", body: "{{key}}{{code}}", accepted: {status: 200}}`,
		"accepted is empty":                                      `{url: "https://bank.example/", body: "{{code}}", accepted: {}}`,
		"accepted: body: error parsing regexp":                   `{url: "https://bank.example/", body: "{{code}}", accepted: {body: "("}}`,
		"url: want http://HOST or https://HOST":                  `{url: "ftp://bank.example/", body: "{{code}}", accepted: {status: 200}}`,
		`method "A B"`:                                           `{method: "A B", url: "https://bank.example/", body: "{{code}}", accepted: {status: 200}}`,
		"status: -5, want 100 to 599":                            `{url: "https://bank.example/", body: "{{code}}", accepted: {status: -5}}`,
		"refused: status: 600, want 100 to 599":                  `{url: "https://bank.example/", body: "{{code}}", accepted: {status: 200}, refused: {status: 600}}`,
		"next_code: status: 99, want 100 to 599":                 `{url: "https://bank.example/", body: "{{code}}", accepted: {status: 200}, next_code: {status: 99}}`,
		"url: port 99999, want 1 to 65535":                       `{url: "https://bank.example:99999/", body: "{{code}}", accepted: {status: 200}}`,
		"url: port 0, want 1 to 65535":                           `{url: "https://bank.example:0/", body: "{{code}}", accepted: {status: 200}}`,
		`headers: "X Y" is not the name of a header`:             `{url: "https://bank.example/", headers: {"X Y": a}, body: "{{code}}", accepted: {status: 200}}`,
		`headers: "" is not the name of a header`:                `{url: "https://bank.example/", headers: {"": a}, body: "{{code}}", accepted: {status: 200}}`,
		"headers: X-A and x-a are the same header":               `{url: "https://bank.example/", headers: {x-a: b, X-A: a}, body: "{{code}}", accepted: {status: 200}}`,
		"the value of X-A has a line break":                      `{url: "https://bank.example/", headers: {X-A: "a\nX-B: b"}, body: "{{code}}", accepted: {status: 200}}`,
		"the value of X-B has a line break or another control":   `{url: "https://bank.example/", headers: {X-B: "a\ab"}, body: "{{code}}", accepted: {status: 200}}`,
		"the value of host is not a host":                        `{url: "https://bank.example/", headers: {host: "a b"}, body: "{{code}}", accepted: {status: 200}}`,
		"nonsense":                                               `{nonsense: 1, url: "https://bank.example/", body: "{{code}}", accepted: {status: 200}}`,
	} {
		_, err := ParseTarget([]byte(text), "")
		require.ErrorIs(t, err, ErrTarget, text)
		require.ErrorContains(t, err, want)
	}
	_, err := ParseTarget([]byte(`{url: "https://bank.example/", headers: {X-Key: "{{key}}"}, body: "{{code}}", accepted: {status: 200}}`), "sec\aret")
	require.ErrorContains(t, err, "the value of X-Key has")
	require.NotContains(t, err.Error(), "sec")
	target, err := ParseTarget([]byte(`{url: "http://localhost{{serial}}/{{code}}", accepted: {status: 200}}`), "")
	require.NoError(t, err, "the serial number of the zero user is empty")
	serial, err := token.ParseSerial("ZZFB00000001")
	require.NoError(t, err)
	_, err = target.request(&job{user: &User{Serial: serial}})
	require.ErrorContains(t, err, "is not a loopback address: use https")

	for _, url := range []string{"http://localhost:1", "http://[::1]:1", "http://127.9.9.9", "https://bank.example"} {
		_, err := Bank(url, "key")
		require.NoError(t, err, url)
	}
	for _, url := range []string{"http://192.0.2.1", "http://bank.example", "", "bank.example", "https://", "https://user:secret@bank.example"} {
		_, err := Bank(url, "key")
		require.ErrorIs(t, err, ErrTarget, url)
		require.NotContains(t, err.Error(), "secret")
	}
}
