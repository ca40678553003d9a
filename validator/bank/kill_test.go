// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"bufio"
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
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// The tests in kill_*_test.go run a child process and kill it with SIGKILL at a random
// moment. The child opens the bank of the parent's harness, prints "ready", and does
// its work. It prints one line per result, only after the bank has answered.

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
	master, err := bank.Realm.ReadFile(os.Getenv("FOB_BANK_KEY"))
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
func (v *victim) kill(work string, atMost time.Duration, env ...string) (printed []string, done bool) {
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
					printed = append(printed, line)
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
			printed = append(printed, line)
		}
	}
	timer.Stop()
	err = cmd.Wait()
	require.True(t, done || err != nil && strings.Contains(err.Error(), "killed"), "%v %v %s", err, printed[max(0, len(printed)-3):], out)
	v.DB, err = store.Open(t.Context(), v.Name, false)
	require.NoError(t, err)
	v.Bank, err = bank.Open(t.Context(), v.DB, v.Master, bank.Options{Clock: v.Clock})
	require.NoError(t, err)
	if !sqldb.IsPostgres(v.Name) {
		requireSQLiteIntact(t, v.Name)
	}
	return printed, done
}

// requireSQLiteIntact checks the integrity of an SQLite file.
func requireSQLiteIntact(t *testing.T, name string) {
	t.Helper()
	db := pgtest.Raw(t, name)
	var verdict string
	require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
	rows, err := db.Query("PRAGMA foreign_key_check")
	require.NoError(t, err)
	require.False(t, rows.Next(), "rows that refer to nothing")
	require.NoError(t, rows.Close())
}
