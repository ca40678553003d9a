// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/virtual"
)

// realUsers returns users on the machine's clock.
func realUsers(t testing.TB, first uint64, count int) []*User {
	f := makeFleet(t, virtual.Config{Mode: virtual.Real}, first, fleet.Lot{Count: fleet.LotCount(count), Ready: true})
	users, err := Users(f.All(0), first)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return users
}

// realBank starts a bank with the tokens 1 to count of the test key, on the machine's clock.
func realBank(t *testing.T, count int) *Target {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"), true)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	master, err := bank.Realm.NewMaster()
	require.NoError(t, err)
	require.NoError(t, bank.Create(t.Context(), db, master, "", validator.DefaultSettings(), bank.Options{}))
	b, err := bank.Open(t.Context(), db, master, bank.Options{})
	require.NoError(t, err)
	by := bank.By{Clerk: "desk", Channel: bank.ChannelCommand}
	seeds, err := seedfile.NewBatch(seedfile.Batch{Count: count, First: 1, Profile: token.Profiles()[0], Seed: testKey(t).Seed})
	require.NoError(t, err)
	_, err = b.Import(t.Context(), by, seeds, bank.ImportOptions{})
	require.NoError(t, err)
	_, key, err := b.AddKey(t.Context(), by, bank.KeyCheck, "load")
	require.NoError(t, err)
	server := httptest.NewServer(httpapi.New(b, httpapi.Options{}))
	t.Cleanup(server.Close)
	target, err := Bank(server.URL, key)
	require.NoError(t, err)
	return target
}

// TestScenarios runs each scenario against the bank.
func TestScenarios(t *testing.T) {
	target := realBank(t, 400)
	judged := func(r *Report, s Scenario) bool {
		list, err := Thresholds(s, nil)
		require.NoError(t, err)
		return r.Judge(list)
	}

	o := Options{Scenario: Steady, Users: realUsers(t, 1, 100), Target: target, Duration: time.Second}
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 100, r.Requests)
	require.Equal(t, 100, r.Accepted, r.Problems)
	require.True(t, judged(r, Steady))
	answers := 0
	for _, b := range r.Buckets {
		answers += b.Count
	}
	require.Equal(t, 100, answers)
	require.LessOrEqual(t, r.P50, r.P99)
	require.LessOrEqual(t, r.P99, r.Max)

	o = Options{Scenario: Storm, Users: realUsers(t, 101, 100), Target: target, Duration: time.Minute}
	s, err := newSchedule(&o, time.Now())
	require.NoError(t, err)
	s.lead, s.duration = time.Hour, time.Hour+time.Second // a test does not wait for the next minute
	o.Connections, o.Timeout = 512, time.Minute
	began := time.Now()
	r, err = runSchedule(t.Context(), o, s, began.Add(-s.lead))
	require.NoError(t, err)
	require.LessOrEqual(t, r.Seconds, time.Since(began).Seconds(), "the wait for the step does not count")
	require.Equal(t, 100, r.Accepted, r.Problems)
	require.True(t, judged(r, Storm))

	o = Options{Scenario: Replay, Users: realUsers(t, 201, 100), Target: target, Duration: 4 * time.Second}
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.GreaterOrEqual(t, r.Requests, 100)
	require.Positive(t, r.SentAgain)
	require.Equal(t, r.SentAgain, r.Refused)
	require.Equal(t, r.SentAgain, r.Accepted, "also the codes that were accepted last are sent again")
	require.Equal(t, r.Requests, r.Accepted+r.Refused)
	require.True(t, judged(r, Replay))

	o = Options{Scenario: Guess, Users: realUsers(t, 301, 2), Target: target, Duration: time.Second, Rate: 50}
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 50, r.Requests)
	require.Equal(t, 50, r.Refused)
	require.True(t, judged(r, Guess))

	o = Options{Scenario: Steady, Users: realUsers(t, 401, 5), Target: target, Duration: time.Second}
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 5, r.Refused, "the bank does not have these tokens")
	require.False(t, judged(r, Steady))
	require.Equal(t, []string{r.Problems[0]}, r.Problems)
	require.Contains(t, r.Problems[0], "a fresh code was refused: the token may have sent a code of the same step before")
}

// answer starts a server with one answer to everything, and returns its target.
func answer(t *testing.T, handler http.HandlerFunc) *Target {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	target, err := ParseTarget([]byte(`
method: PUT
url: "`+server.URL+`/login/{{serial}}?key={{key}}"
headers: {X-Number: "{{number}}", X-Key: "{{key}}"}
body: "otp={{code}}"
accepted: {body: "^ok"}
refused: {status: 401}
next_code: {status: 202}
`), "s&cret")
	require.NoError(t, err)
	return target
}

// TestTemplate: the request has the values of the user and the key, and each answer gets
// its verdict.
func TestTemplate(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]string{}
	target := answer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen[r.URL.Path] = strings.Join([]string{r.Method, r.URL.RawQuery, r.Header.Get("X-Number"), r.Header.Get("X-Key"), string(body), r.Header.Get("X-Vegeta-Seq")}, " ")
		mu.Unlock()
		switch r.Header.Get("X-Number") {
		case "1":
			_, _ = w.Write([]byte("ok"))
		case "2":
			w.WriteHeader(http.StatusUnauthorized)
		case "3":
			w.WriteHeader(http.StatusAccepted)
		case "4":
			w.WriteHeader(http.StatusTooManyRequests)
		case "5":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	users := realUsers(t, 1, 6)
	r, err := Run(t.Context(), Options{Scenario: Steady, Users: users, Target: target, Duration: time.Second})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1, 1, 2}, []int{r.Accepted, r.Refused, r.NextCodes, r.Limited, r.Failed})
	require.Len(t, seen, 6, "no redirect is followed: it would send the code again")
	require.Regexp(t, `^PUT key=s%26cret 1 s&cret otp=[0-9]{6} $`, seen["/login/ZZFB00000001"])
	problems := strings.Join(r.Problems, "\n")
	require.Contains(t, problems, "ZZFB00000006: 500 Internal Server Error")
	require.Contains(t, problems, "ZZFB00000005: status 302, and a body that the target does not describe")
	require.NotContains(t, problems, "cret")
}

// TestInsecureServer: a server that accepts everything fails the scenarios of attacks.
func TestInsecureServer(t *testing.T) {
	target := answer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	for _, s := range []Scenario{Replay, Guess} {
		r, err := Run(t.Context(), Options{Scenario: s, Users: realUsers(t, 1, 60), Target: target, Duration: 4 * time.Second})
		require.NoError(t, err)
		require.GreaterOrEqual(t, r.Requests, 60)
		require.Equal(t, r.Requests, r.Accepted)
		require.Positive(t, r.AcceptedWrongly)
		require.False(t, r.Judge(nil))
	}
}

// TestReplayEnds: the codes that the server accepts last are sent again, also if their
// answers come after the duration.
func TestReplayEnds(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	over := make(chan struct{})
	target := answer(t, func(w http.ResponseWriter, r *http.Request) {
		<-over
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen[r.URL.Path+string(body)]++
		again := seen[r.URL.Path+string(body)] > 1
		mu.Unlock()
		if again {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("ok"))
	})
	o := Options{Scenario: Replay, Users: realUsers(t, 1, 20), Target: target, Duration: 500 * time.Millisecond}
	timer := time.AfterFunc(2*o.Duration, func() { close(over) })
	defer timer.Stop()
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, 20, r.Accepted)
	require.Equal(t, 20, r.SentAgain)
	require.Equal(t, 20, r.Refused)
	require.Len(t, seen, 20)
	for code, times := range seen {
		require.Equal(t, 2, times, code)
	}
}

// TestKeyRefused: a target that refuses the API key is another failure than one that refuses
// codes.
func TestKeyRefused(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		target, err := Bank(server.URL, "key")
		require.NoError(t, err)
		o := Options{Scenario: Steady, Users: realUsers(t, 1, 3), Target: target, Duration: 100 * time.Millisecond}
		r, err := Run(t.Context(), o)
		require.ErrorIs(t, err, ErrKey)
		require.EqualError(t, err, fmt.Sprintf("the target refused the API key (%d)", status))
		require.Equal(t, 3, r.Failed)

		target.key = "" // no key was given
		o.Users = realUsers(t, 1, 3)
		_, err = Run(t.Context(), o)
		require.NoError(t, err)
	}
}

// TestSlowServer: response times count from when a request was due, also if it had to wait
// for a connection. The load ends with its duration, and counts the requests that are not
// sent then.
func TestSlowServer(t *testing.T) {
	target := answer(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		_, _ = w.Write([]byte("ok"))
	})
	unsent, err := ParseThreshold("unsent<50%")
	require.NoError(t, err)
	for _, s := range []Scenario{Steady, Guess, Replay} {
		r, err := Run(t.Context(), Options{Scenario: s, Users: realUsers(t, 1, 200), Target: target, Duration: time.Second, Connections: 2})
		require.NoError(t, err)
		require.Equal(t, 200, r.Requests-r.rest+r.Unsent, "200 are due")
		require.LessOrEqual(t, r.Requests-r.rest, 12, "two connections begin at most 10 requests in 1 s")
		require.Greater(t, r.Requests, 2)
		require.Greater(t, r.Max, 390.0, "the third request was due after 15 ms, and waits for 200 ms")
		require.False(t, r.Judge([]Threshold{unsent}))
		require.Greater(t, r.Thresholds[0].Value, 90.0)
	}
}

// TestHangingServer: a load does not wait for a server that hangs to send the next request
// after the duration. If it is interrupted, it gives up the requests in work, also one
// whose answer has begun.
func TestHangingServer(t *testing.T) {
	for name, begun := range map[string]bool{"no answer": false, "an answer that does not end": true} {
		t.Run(name, func(t *testing.T) {
			arrived, gone := make(chan struct{}, 100), make(chan struct{})
			target := answer(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // the server notices a broken connection only after the body
				if begun {
					w.Header().Set("Content-Length", "3")
					_, _ = w.Write([]byte("o"))
					_ = http.NewResponseController(w).Flush()
				}
				arrived <- struct{}{}
				select {
				case <-r.Context().Done():
				case <-gone:
				}
			})
			t.Cleanup(func() { close(gone) }) // before the server closes
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-arrived
				<-arrived
				cancel()
			}()
			r, err := Run(ctx, Options{Scenario: Guess, Users: realUsers(t, 1, 1), Target: target, Duration: time.Hour, Rate: 1000, Connections: 2, Timeout: time.Hour})
			require.NoError(t, err)
			require.True(t, r.Interrupted)
			require.Zero(t, r.Requests)
			require.Empty(t, r.Problems)
			require.GreaterOrEqual(t, r.Abandoned, 2)
			require.False(t, r.Judge(nil))

			r, err = Run(t.Context(), Options{Scenario: Guess, Users: realUsers(t, 1, 1), Target: target, Duration: 500 * time.Millisecond, Rate: 1000, Connections: 2, Timeout: 3 * time.Second})
			require.ErrorIs(t, err, ErrNoAnswer)
			require.Equal(t, 2, r.Requests)
			require.Equal(t, 498, r.Unsent)
			require.False(t, r.Interrupted)
		})
	}
}

// TestInterrupted: a load that is interrupted does not pass, even if all its answers are good.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	target := answer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	r, err := Run(ctx, Options{
		Scenario: Steady, Users: realUsers(t, 1, 6000), Target: target, Duration: time.Minute, // 100 per second
		Progress: func(int) { cancel() }, // after the first 100
	})
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	require.Equal(t, r.Requests, r.Accepted)
	require.False(t, r.Judge(nil))
}

// TestFreshOnly: the next request of a user waits for the next step of the token.
func TestFreshOnly(t *testing.T) {
	users := realUsers(t, 1, 1)
	o := Options{Scenario: Guess, Users: users, Duration: time.Hour, Rate: 10}
	s, err := newSchedule(&o, time.Now())
	require.NoError(t, err)
	s.scenario = Steady
	ctx, cancel := context.WithCancel(t.Context())
	r := &run{ctx: ctx, options: o, schedule: s, began: time.Now(), jobs: map[uint64]*job{}}
	_, stop := r.Pace(0, 0)
	require.False(t, stop)
	require.Equal(t, r.jobs[0].code, string(users[0].coder(nil, users[0].last)))
	users[0].last += 2 // the test does not last so long
	stopped := make(chan bool)
	go func() {
		_, stop := r.Pace(0, 1)
		stopped <- stop
	}()
	cancel()
	require.True(t, <-stopped)
	require.Len(t, r.jobs, 1)
}

// TestHeld: requests that wait behind a user without a fresh code are due when that code
// is. The server has not delayed them.
func TestHeld(t *testing.T) {
	users := realUsers(t, 1, 2)
	r := &run{
		ctx: t.Context(), options: Options{Users: users}, schedule: schedule{scenario: Steady, users: 2, rate: 1e6, duration: time.Hour},
		began: time.Now(), jobs: map[uint64]*job{},
	}
	u := users[0]
	u.last = u.step(r.began)
	left := u.fresh().Sub(r.began)
	u.crystal.SetTime += token.UnixMilli((left - 200*time.Millisecond).Milliseconds())
	u.last = u.step(r.began)
	fresh := u.fresh()
	for n := range uint64(2) {
		_, stop := r.Pace(0, n)
		require.False(t, stop)
	}
	require.WithinDuration(t, fresh, r.jobs[0].due, time.Second)
	require.Equal(t, r.jobs[0].due, r.jobs[1].due)
}

// TestEnd: no request is sent after the duration, for which another code would be needed.
func TestEnd(t *testing.T) {
	users := realUsers(t, 1, 1)
	o := Options{Scenario: Guess, Users: users, Duration: time.Second, Rate: 1000}
	s, err := newSchedule(&o, time.Now())
	require.NoError(t, err)
	s.scenario = Steady
	r := &run{ctx: t.Context(), options: o, schedule: s, began: time.Now(), jobs: map[uint64]*job{}}
	users[0].last = users[0].step(time.Now()) + 100
	_, stop := r.Pace(0, 1)
	require.True(t, stop)
	require.Empty(t, r.jobs)
}

// TestNoAnswer: a target that does not answer is another failure than one that refuses.
func TestNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	target, err := Bank(server.URL, "key")
	require.NoError(t, err)
	server.Close()
	r, err := Run(t.Context(), Options{Scenario: Steady, Users: realUsers(t, 1, 3), Target: target, Duration: 100 * time.Millisecond})
	require.ErrorIs(t, err, ErrNoAnswer)
	require.NotContains(t, err.Error(), "localhost/")
	require.Equal(t, 3, r.Failed)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err = Run(ctx, Options{Scenario: Steady, Users: realUsers(t, 1, 3), Target: target, Duration: time.Hour})
	require.NoError(t, err)
	require.Zero(t, r.Requests)
	require.True(t, r.Interrupted)
	require.False(t, r.Judge(nil), "nothing was sent")
}
