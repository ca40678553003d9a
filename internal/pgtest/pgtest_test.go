// SPDX-License-Identifier: Apache-2.0

package pgtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
)

// psql runs a query with the server's own client, over TCP and with the password.
func psql(t *testing.T, tool, dsn, query string) (string, error) {
	t.Helper()
	out, err := exec.Command(tool, "--no-psqlrc", "--tuples-only", "--no-align", "--dbname="+dsn, "--command="+query).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func query(t *testing.T, tool, dsn, sql string) string {
	t.Helper()
	out, err := psql(t, tool, dsn, sql)
	require.NoError(t, err, out)
	return out
}

// TestServer kills and stops a private server. After each, the committed data must be
// present, at the same address.
func TestServer(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	tool := s.Tool(t, "psql")
	dsn := s.Database(t)
	require.Equal(t, "on", query(t, tool, dsn, "show fsync"), "a private server is durable")
	require.Equal(t, "on", query(t, tool, dsn, "show synchronous_commit"))
	require.Equal(t, "UTF8", query(t, tool, dsn, "show server_encoding"))
	query(t, tool, dsn, "create table n (n int); insert into n values (1)")

	_, err := psql(t, tool, strings.Replace(dsn, "postgres://postgres:", "postgres://postgres:x", 1), "select 1")
	require.Error(t, err, "with a wrong password")

	s.Kill(t)
	_, err = psql(t, tool, dsn, "select 1")
	require.Error(t, err)
	s.Restart(t)
	require.Equal(t, "1", query(t, tool, dsn, "select n from n"))
	s.Restart(t)
	require.Equal(t, "1", query(t, tool, dsn, "select n from n"))
	s.Stop(t)
	_, err = psql(t, tool, dsn, "select 1")
	require.Error(t, err)
}

// TestDatabase checks that each test has its own database on the same server.
func TestDatabase(t *testing.T) {
	one, two := pgtest.Database(t), pgtest.Database(t)
	require.NotEqual(t, one, two)
	require.Equal(t, one[:strings.LastIndex(one, "/")], two[:strings.LastIndex(two, "/")])
}

// TestOrphans kills a test binary in the middle of a test. Its server and its folder
// must disappear too.
func TestOrphans(t *testing.T) {
	t.Parallel()
	if os.Getenv("PGTEST_CHILD") != "" {
		s := pgtest.Start(t)
		require.NoError(t, os.WriteFile(os.Getenv("PGTEST_CHILD"), []byte(s.Socket()), 0o600))
		select {} // until it is killed
	}
	socketFile := filepath.Join(t.TempDir(), "socket")
	cmd := exec.Command(os.Args[0], "-test.run=^TestOrphans$")
	cmd.Env = append(os.Environ(), "PGTEST_CHILD="+socketFile)
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	var dir string
	for dir == "" {
		select {
		case <-ended:
			pgtest.Database(t) // prints the name of the missing program
			t.Fatal("the test binary ended by itself")
		case <-time.After(20 * time.Millisecond):
		}
		socket, _ := os.ReadFile(socketFile)
		dir = string(socket)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	require.NoError(t, err)
	pid, _, _ := strings.Cut(string(lock), "\n")
	require.NoError(t, cmd.Process.Kill())
	<-ended
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		// A zombie process has no open files.
		fds, _ := os.ReadDir(filepath.Join("/proc", pid, "fd"))
		return os.IsNotExist(err) && len(fds) == 0
	}, 5*time.Minute, 20*time.Millisecond)
}
