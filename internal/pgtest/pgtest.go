// SPDX-License-Identifier: Apache-2.0

// Package pgtest gives tests a PostgreSQL server of their own.
//
//	dsn := pgtest.Database(t)      // a fresh database; one server for the test binary
//	server := pgtest.Start(t)      // a private server, that can be killed
//	p, dsn := pgtest.NewProxy(t, dsn) // a network that fails between the two
//
// The server is the installed one (Debian's package postgresql). A private one is
// as durable as it comes: fsync is on. The shared one, which no test kills, runs
// without fsync, in a fraction of the time. It listens on a loopback port and on a
// socket in its own folder, and its superuser has a random password. As root it
// runs as the user postgres, since it refuses root. It does not outlive the
// test binary, whatever that dies of.
package pgtest

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/d204ef64/fob/internal/tooltest"
)

// Server is a PostgreSQL server. Its methods may be called by any number of
// goroutines.
type Server struct {
	bin      string   // the folder of the programs
	as       []string // what makes a program run as the server's user
	dir      string
	password string
	port     int
	fsync    string    // on or off
	watch    io.Closer // closed: the watch stops the server and removes dir
	names    atomic.Int64

	mu   sync.Mutex
	proc *process // nil while it is stopped
}

// shared is the server of Database, started by the first test that asks.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Start starts a private server for a test that stops or kills it. It ends
// with the test. Without PostgreSQL the test is skipped, or fails, see
// internal/tooltest.
func Start(t testing.TB) *Server {
	t.Helper()
	bin, as := find(t)
	s, err := start(bin, as, "on")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.remove() })
	return s
}

// Database makes an empty database on a server that all tests of the binary
// share, and returns its address, postgres://… The database ends with the
// test.
func Database(t testing.TB) string {
	t.Helper()
	bin, as := find(t)
	shared.once.Do(func() { shared.server, shared.err = start(bin, as, "off") })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.Database(t)
}

// Database makes an empty database and returns its address, postgres://…; it
// ends with the test.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.names.Add(1))
	if err := s.sql("createdb", "--template=template0", name); err != nil {
		t.Fatal(err)
	}
	// A server that the test has stopped takes its databases with it.
	t.Cleanup(func() { _ = s.sql("dropdb", "--force", "--if-exists", name) })
	return s.DSN(name)
}

// DSN returns the address of a database of the server, over TCP and with the
// superuser's password. The port stays over Restart.
func (s *Server) DSN(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Socket returns the folder of the server's socket, for the host of an
// address. Over it no password is asked for.
func (s *Server) Socket() string { return s.dir }

// Tool returns the path of one of the server's own programs, such as pgbench.
func (s *Server) Tool(t testing.TB, name string) string {
	t.Helper()
	return tooltest.File(t, name, filepath.Join(s.bin, name))
}

// find returns the folder of the server's programs, and what makes a program
// run as a user that the server takes.
func find(t testing.TB) (bin string, as []string) {
	t.Helper()
	bin = filepath.Dir(tooltest.File(t, "postgresql", "/usr/lib/postgresql/*/bin/postgres"))
	if os.Getuid() == 0 {
		as = []string{tooltest.Find(t, "setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}
	}
	return bin, as
}

// start makes a cluster in a folder of its own and starts it, with fsync on or off.
func start(bin string, as []string, fsync string) (*Server, error) {
	// The folder's name is short, as that of a socket must be.
	dir, err := os.MkdirTemp("/tmp", "fobpg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, as: as, dir: dir, password: rand.Text(), fsync: fsync}
	if s.watch, err = watch(dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := s.initdb(); err != nil {
		s.remove()
		return nil, err
	}
	// A free port may be another's by the time it is asked for.
	for range 5 {
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.run(); err == nil {
			return s, nil
		}
	}
	s.remove()
	return nil, err
}

// initdb makes the cluster's files.
func (s *Server) initdb() error {
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(s.password+"\n"), 0o600); err != nil {
		return err
	}
	if len(s.as) > 0 {
		if out, err := exec.Command("chown", "-R", "postgres:postgres", s.dir).CombinedOutput(); err != nil {
			return fmt.Errorf("give %s to the user postgres: %w\n%s", s.dir, err, out)
		}
	}
	return s.tool("initdb", "--pgdata="+s.data(), "--username=postgres", "--pwfile="+password,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--no-locale", "--encoding=UTF8", "--no-sync")
}

// sql runs one of the server's clients over the socket.
func (s *Server) sql(name string, args ...string) error {
	return s.tool(name, append([]string{
		"--host=" + s.dir, "--port=" + strconv.Itoa(s.port), "--username=postgres",
	}, args...)...)
}

// tool runs one of the server's programs to its end, as the server's user.
func (s *Server) tool(name string, args ...string) error {
	cmd := s.command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	line := append(append(append([]string{}, s.as...), filepath.Join(s.bin, name)), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"} // nothing of the caller's PG… settings
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// freePort returns a loopback port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
