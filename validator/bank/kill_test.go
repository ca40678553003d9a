// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/validator/vault"
)

// The tests of this file run a child process and kill it with SIGKILL at a random
// moment. The child opens the bank of the parent's harness, prints "ready", and does its
// work. It prints one line per result, only after the bank has answered.

// child is the child's access to its parent's harness.
type child struct {
	*testing.T
	bank  *bank.Bank
	db    *store.DB
	clock *bank.ManualClock
	rand  *rand.Rand
	mu    sync.Mutex
}

// say prints one line atomically.
func (c *child) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// The work that a child may do.
var childWork = map[string]func(*child){
	"check":  childChecks,
	"import": childImport,
	"rotate": childRotate,
	"daily":  childDaily,
}

// TestChild is not a test: it is the child process.
func TestChild(t *testing.T) {
	work, ok := childWork[os.Getenv("FOB_BANK_CHILD")]
	if !ok {
		t.Skip("the child of other tests")
	}
	ctx := t.Context()
	at, err := strconv.ParseInt(os.Getenv("FOB_BANK_AT"), 10, 64)
	require.NoError(t, err)
	c := &child{T: t, clock: bank.NewManualClock(token.UnixSeconds(at))}
	c.rand = rand.New(rand.NewPCG(uint64(at), uint64(time.Now().UnixNano())))
	master, err := vault.ReadFile(os.Getenv("FOB_BANK_KEY"))
	require.NoError(t, err)
	c.db, err = store.Open(ctx, os.Getenv("FOB_BANK_DB"), false)
	require.NoError(t, err)
	c.bank, err = bank.Open(ctx, c.db, master, bank.Options{Clock: c.clock})
	require.NoError(t, err)
	c.say("ready")
	work(c)
	c.say("done")
	require.NoError(t, c.db.Close())
}

// A victim is a harness whose bank is opened by children that are killed.
type victim struct {
	*banktest.Harness
	t    *testing.T
	key  string
	rand *rand.Rand
}

func newVictim(t *testing.T, d *banktest.Harness) *victim {
	t.Helper()
	v := &victim{Harness: d, t: t, key: filepath.Join(t.TempDir(), "key")}
	require.NoError(t, vault.WriteFile(v.key, v.Master))
	seed := time.Now().UnixNano()
	v.rand = rand.New(rand.NewPCG(uint64(seed), 1))
	return v
}

// command returns the command that runs a child on the harness's bank.
func (v *victim) command(work string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(),
		"FOB_BANK_CHILD="+work, "FOB_BANK_DB="+v.Name, "FOB_BANK_KEY="+v.key, fmt.Sprintf("FOB_BANK_AT=%d", v.Clock.Now()))
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// kill runs a child for a while, kills it, and opens the bank again. It returns the
// lines that the child printed, and whether it had finished. The database is not open
// elsewhere meanwhile.
func (v *victim) kill(work string, atMost time.Duration, env ...string) (said []string, done bool) {
	t := v.t
	t.Helper()
	require.NoError(t, v.DB.Close())
	cmd := v.command(work, env...)
	pipe, err := cmd.StderrPipe()
	require.NoError(t, err)
	out := &strings.Builder{}
	cmd.Stdout = out
	require.NoError(t, cmd.Start())
	lines := make(chan string, 1<<16)
	go func() {
		defer close(lines)
		r := bufio.NewReader(pipe)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return // ignore an incomplete line
			}
			lines <- strings.TrimSuffix(line, "\n")
		}
	}()
	deadline := time.After(5 * time.Minute)
	fuse := time.Duration(v.rand.Int64N(int64(atMost)))
	if v.rand.IntN(10) > 0 { // one in ten is killed while it starts
		select {
		case line := <-lines:
			require.Equal(t, "ready", line)
		case <-deadline:
			t.Fatal("the child is not ready")
		}
		if v.rand.IntN(2) > 0 { // and one in two is not killed before its first answer
			select {
			case line, open := <-lines:
				if done = line == "done"; open && !done {
					said = append(said, line)
				}
			case <-deadline:
				t.Fatal("the child has not answered")
			}
		}
	}
	timer := time.AfterFunc(fuse, func() { _ = cmd.Process.Kill() })
	for line := range lines {
		switch {
		case line == "ready":
		case line == "done":
			done = true
		default:
			said = append(said, line)
		}
	}
	timer.Stop()
	err = cmd.Wait()
	require.True(t, done || err != nil && strings.Contains(err.Error(), "killed"), "%v %v %s", err, said[max(0, len(said)-3):], out)
	v.DB, err = store.Open(t.Context(), v.Name, false)
	require.NoError(t, err)
	v.Bank, err = bank.Open(t.Context(), v.DB, v.Master, bank.Options{Clock: v.Clock})
	require.NoError(t, err)
	if !store.IsPostgres(v.Name) {
		intact(t, v.Name)
	}
	return said, done
}

// intact checks the integrity of an SQLite file.
func intact(t *testing.T, name string) {
	t.Helper()
	db, err := sql.Open("sqlite", name)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var verdict string
	require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
	rows, err := db.Query("PRAGMA foreign_key_check")
	require.NoError(t, err)
	require.False(t, rows.Next(), "rows that refer to nothing")
	require.NoError(t, rows.Close())
}

const killTokens = 16

// childChecks enters right, wrong and used codes, for all tokens at once.
//
//	now T            the clock was moved
//	good N STEP      the code of a step of token N was accepted
//	wrong N          a wrong code was refused
//	twice N STEP     a code was accepted again: never
func childChecks(c *child) {
	var wg sync.WaitGroup
	for n := range killTokens {
		r := rand.New(rand.NewPCG(c.rand.Uint64(), 2))
		wg.Go(func() {
			serial := banktest.Serial(n)
			enter := func(code string) bool {
				out, err := c.bank.Check(c.Context(), http, serial, code)
				if err != nil {
					c.say("error %v", err)
				}
				return out.Done
			}
			for {
				now := c.clock.Now()
				code := banktest.CodeAt(c, serial, now)
				switch r.IntN(6) {
				case 0, 1: // enter it twice at once
					var both sync.WaitGroup
					var done [2]bool
					for i := range done {
						both.Go(func() { done[i] = enter(code) })
					}
					both.Wait()
					if done[0] && done[1] {
						c.say("twice %d %d", n, now/60)
					}
					if done[0] || done[1] {
						c.say("good %d %d", n, now/60)
						if enter(code) {
							c.say("twice %d %d", n, now/60)
						}
					}
				case 2, 3:
					if r.IntN(4) == 0 {
						if !enter(wrongAt(c, serial, now)) {
							c.say("wrong %d", n)
						}
					}
				case 4: // move the clock for all tokens
					c.say("now %d", c.clock.Advance(60))
				case 5:
					if enter(banktest.CodeAt(c, serial, now-60*token.UnixSeconds(1+r.IntN(2)))) {
						c.say("good %d %d", n, -1) // the code of an earlier step, not used before
					}
				}
			}
		})
	}
	wg.Wait()
}

// wrongAt returns a code that a token does not show within an hour of an instant.
func wrongAt(t testing.TB, serial token.Serial, at token.UnixSeconds) string {
	shown := map[string]bool{}
	for i := range token.UnixSeconds(121) {
		shown[banktest.CodeAt(t, serial, at+60*(i-60))] = true
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !shown[code] {
			return code
		}
	}
}

// heard is the information about a token that a child has printed.
type heard struct {
	next   int64   // one more than the highest accepted step
	steps  []int64 // steps whose codes were accepted
	wrong  int     // failed attempts since the last accepted code
	unsure bool    // an accepted code's step is unknown
	good   int
}

func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killChecks(t, banktest.SQLite, 10, 10) })
	t.Run("postgres", func(t *testing.T) { killChecks(t, func(t testing.TB) string { return pgtest.Database(t) }, 3, 10) })
}

// killChecks kills children the given number of times, and changes the bank now and
// then. Reading the whole audit log after each kill takes the most time.
func killChecks(t *testing.T, name func(testing.TB) string, banks, kills int) {
	total, good, wrong, hanged := 0, 0, 0, 0
	for n := range banks {
		v := newVictim(t, banktest.New(t, name(t)))
		v.Contract("c1")
		serials := v.Import("c1", killTokens)
		tokens := make([]heard, killTokens)
		// On a busy machine children may be killed before they print anything. The last
		// bank gets more of them, until each kind of answer has appeared.
		for killed := 0; killed < kills || n == banks-1 && (good == 0 || wrong == 0); killed++ {
			said, _ := v.kill("check", 60*time.Millisecond)
			for _, line := range said {
				f := strings.Fields(line)
				switch f[0] {
				case "now":
					v.Clock.Set(token.UnixSeconds(number(t, f[1])))
					continue
				case "good", "wrong":
				default:
					t.Fatal(line)
				}
				tok := &tokens[number(t, f[1])]
				if f[0] == "wrong" {
					tok.wrong++
					wrong++
					continue
				}
				good++
				tok.good++
				tok.wrong = 0
				step := number(t, f[2])
				if tok.unsure = step < 0; tok.unsure {
					continue
				}
				tok.next = step + 1
				tok.steps = append(tok.steps, step)
			}
			total++
			for i := range tokens {
				v.audit(t, i, &tokens[i], &hanged)
			}
			whole(t, v.Bank)
			v.Step(1)
		}
		for i := range tokens {
			list, _, err := v.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{Serial: serials[i].String(), Page: bank.Page{Limit: 1000}})
			require.NoError(t, err)
			if len(list) < 1000 {
				done := 0
				for _, r := range list {
					if r.Done {
						done++
					}
				}
				require.GreaterOrEqual(t, done, tokens[i].good, "a record of each")
			}
		}
	}
	t.Logf("%d kills, %d accepted, %d wrong, %d suspended", total, good, wrong, hanged)
	require.GreaterOrEqual(t, total, banks*kills)
	require.Positive(t, good, "the children did something")
	require.Positive(t, wrong)
}

// audit compares the bank's state of a token with its answers.
func (v *victim) audit(t *testing.T, n int, tok *heard, hanged *int) {
	t.Helper()
	serial := banktest.Serial(n)
	row, err := v.Bank.Token(t.Context(), banktest.Clerk, serial)
	require.NoError(t, err)
	st := row.State
	require.GreaterOrEqual(t, st.Next, tok.next, "token %d: an accepted code is forgotten", n)
	// If a later code was accepted without being printed, the count has restarted.
	if st.Next == tok.next && !tok.unsure {
		require.GreaterOrEqual(t, st.FailedAttempts, min(tok.wrong, v.Settings.LockoutThreshold), "token %d: a failed attempt was lost", n)
	}
	if tok.wrong >= v.Settings.LockoutThreshold {
		require.True(t, st.Suspended, "token %d", n)
	}
	tok.next, tok.wrong, tok.unsure = st.Next, st.FailedAttempts, false
	// Enter the used codes at the instants at which they were valid.
	now := v.Clock.Now()
	for _, step := range tok.steps[max(0, len(tok.steps)-3):] {
		at := token.UnixSeconds(60*step) + 30
		v.Clock.Set(at)
		out, err := v.Bank.Check(t.Context(), http, serial, banktest.CodeAt(t, serial, at))
		require.NoError(t, err)
		require.False(t, out.Done, "token %d: code of step %d accepted again", n, step)
	}
	v.Clock.Set(now)
	after, err := v.Bank.Token(t.Context(), banktest.Clerk, serial)
	require.NoError(t, err)
	require.Equal(t, st, after.State, "a used code changes nothing")
	if after.State.Suspended {
		*hanged++
		out, err := v.Bank.Unlock(t.Context(), banktest.Clerk, serial, "")
		require.NoError(t, err)
		require.True(t, out.Done, "%v", out)
		tok.wrong = 0
	}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

// childImport imports the tokens from number 100 on.
func childImport(c *child) {
	n, err := strconv.Atoi(os.Getenv("FOB_BANK_N"))
	require.NoError(c, err)
	report, err := c.bank.Import(c.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{
		Progress: func(n int) { c.say("%d", n) },
	})
	require.NoError(c, err)
	require.Equal(c, n, report.Tokens)
}

// childRotate rotates the key.
func childRotate(c *child) {
	_, err := c.bank.RotateKey(c.Context(), banktest.Clerk, func(done, all int64) { c.say("%d", done) })
	require.NoError(c, err)
}

// known returns the number of tokens.
func known(t *testing.T, b *bank.Bank) (n int) {
	t.Helper()
	page := bank.Page{Limit: 1000}
	for {
		list, next, err := b.Tokens(t.Context(), banktest.Clerk, bank.TokenFilter{Page: page})
		require.NoError(t, err)
		n += len(list)
		if page.After = next; next == "" {
			return n
		}
	}
}

// TestKillImport kills imports. Either all tokens or none must be there, and the same
// file can be imported again once the killed import can no longer be running.
func TestKillImport(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		name := d.Name
		const n = 4000
		rounds := 6
		if store.IsPostgres(name) {
			rounds = 3
		}
		clean, broken, whole := 0, 0, 0
		for round := range rounds {
			if round > 0 {
				name = banktest.SQLite(t)
				if store.IsPostgres(d.Name) {
					name = pgtest.Database(t)
				}
				d = banktest.New(t, name)
			}
			v := newVictim(t, d)
			atMost := 150 * time.Millisecond
			if store.IsPostgres(name) {
				atMost = 700 * time.Millisecond
			}
			_, done := v.kill("import", atMost, fmt.Sprintf("FOB_BANK_N=%d", n))
			have := known(t, v.Bank)
			require.True(t, have == n || have == 0 && !done, "%d of %d tokens, done %v", have, n, done)
			_, err := v.Bank.Import(t.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{})
			switch {
			case have == n:
				whole++
				require.ErrorIs(t, err, bank.ErrConflict)
				require.ErrorContains(t, err, "the bank has these tokens already")
			case err == nil:
				clean++ // killed before the first batch
				require.Equal(t, n, known(t, v.Bank))
			default:
				broken++
				require.ErrorIs(t, err, bank.ErrConflict)
				require.ErrorContains(t, err, "was broken off less than 10m0s ago: try again later")
				require.Zero(t, known(t, v.Bank))
				age(t, v)
				_, err = v.Bank.Import(t.Context(), banktest.Clerk, manyRecords(n), bank.ImportOptions{})
				require.NoError(t, err)
				require.Equal(t, n, known(t, v.Bank))
			}
			opens(t, v.Harness, v.Bank, []token.Serial{banktest.Serial(100), banktest.Serial(99 + n)})
		}
		t.Logf("%d whole, %d broken off, %d before the first batch", whole, broken, clean)
	})
}

// TestKillRotate kills key rotations. Each seed must still open, and the next rotation
// must seal all of them again.
func TestKillRotate(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		v := newVictim(t, d)
		v.Import("", 1200)
		serials := make([]token.Serial, 0, 100)
		for i := range 100 {
			serials = append(serials, banktest.Serial(i*12))
		}
		atMost := 60 * time.Millisecond
		if store.IsPostgres(d.Name) {
			atMost = 400 * time.Millisecond
		}
		half := 0
		for range 8 {
			_, done := v.kill("rotate", atMost)
			opens(t, v.Harness, v.Bank, serials)
			if len(seedKeys(t, v.Harness)) > 1 {
				half++
				require.False(t, done)
			}
		}
		t.Logf("%d of 8 were killed half-way", half)
		n, err := v.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
		require.NoError(t, err)
		require.EqualValues(t, 1200, n)
		require.Len(t, seedKeys(t, v.Harness), 1)
		v.Restart()
		opens(t, v.Harness, v.Bank, serials)
		whole(t, v.Bank)
	})
}
