// SPDX-License-Identifier: Apache-2.0

// Package pgtest provides tests with a PostgreSQL server.
//
//	dsn := pgtest.Database(t)      // a fresh database; one server for the test binary
//	server := pgtest.Start(t)      // a private server, that can be killed
//	p, dsn := pgtest.NewProxy(t, dsn) // a network that fails between the two
//
// The server is the installed one (Debian's package postgresql). A private server has
// full durability: fsync is on. The shared one, which no test kills, runs without
// fsync, in a fraction of the time. Each listens on a loopback port and on a socket in
// its own folder, and its superuser has a random password. If the tests run as root,
// the server runs as the user postgres, because it refuses to run as root. It ends with
// the test binary, even if that is killed.
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

	"github.com/d204ef64/fob/internal/freeport"
	"github.com/d204ef64/fob/internal/tooltest"
)

// Server is a PostgreSQL server. Any number of goroutines may call its methods.
type Server struct {
	bin      string   // the folder with the programs
	as       []string // prefix of a command line that runs a program as the server's user
	dir      string
	password string
	port     int
	fsync    string    // on or off
	watch    io.Closer // closing it makes the watch stop the server and remove dir
	names    atomic.Int64

	mu   sync.Mutex
	proc *process // nil while it is stopped
}

// shared is the server of Database. The first test that needs it starts it.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Start starts a private server for a test that stops or kills it. The server ends with
// the test. If PostgreSQL is missing, the test is skipped or fails; see
// internal/tooltest.
func Start(t testing.TB) *Server {
	t.Helper()
	bin, as := findServer(t)
	s, err := start(bin, as, "on")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.remove() })
	return s
}

// Database creates an empty database on a server that all tests of the binary share,
// and returns its address, postgres://… It is dropped at the end of the test.
func Database(t testing.TB) string {
	t.Helper()
	bin, as := findServer(t)
	shared.once.Do(func() { shared.server, shared.err = start(bin, as, "off") })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.Database(t)
}

// Database creates an empty database and returns its address, postgres://… It is
// dropped at the end of the test.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.names.Add(1))
	if err := s.sql("createdb", "--template=template0", name); err != nil {
		t.Fatal(err)
	}
	// Ignore errors: the test may have stopped the server, and its databases are
	// removed with it.
	t.Cleanup(func() { _ = s.sql("dropdb", "--force", "--if-exists", name) })
	return s.DSN(name)
}

// DSN returns the address of a database of the server, over TCP and with the
// superuser's password. Restart does not change the port.
func (s *Server) DSN(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Socket returns the folder of the server's socket, for use as the host of an address.
// Connections over it need no password.
func (s *Server) Socket() string { return s.dir }

// Tool returns the path of one of the server's own programs, such as pgbench.
func (s *Server) Tool(t testing.TB, name string) string {
	t.Helper()
	return tooltest.File(t, name, filepath.Join(s.bin, name))
}

// findServer returns the folder of the server's programs, and the prefix of a command line
// that runs a program as a user that the server accepts.
func findServer(t testing.TB) (bin string, as []string) {
	t.Helper()
	bin = filepath.Dir(tooltest.File(t, "postgresql", "/usr/lib/postgresql/*/bin/postgres"))
	if os.Getuid() == 0 {
		as = []string{tooltest.Find(t, "setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}
	}
	return bin, as
}

// start creates a cluster in its own folder and starts it, with fsync on or off.
func start(bin string, as []string, fsync string) (*Server, error) {
	// The folder's name must be short because the path of a socket has a length limit.
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
	// Another program may take the free port before the server does.
	for range 5 {
		if s.port, err = freeport.Find(); err != nil {
			break
		}
		if err = s.run(); err == nil {
			return s, nil
		}
	}
	s.remove()
	return nil, err
}

// initdb creates the cluster's files.
func (s *Server) initdb() error {
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(s.password+"\n"), 0o600); err != nil {
		return err
	}
	if len(s.as) > 0 {
		if out, err := exec.Command("chown", "-R", "postgres:postgres", s.dir).CombinedOutput(); err != nil {
			return fmt.Errorf("changing the owner of %s to postgres: %w\n%s", s.dir, err, out)
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

// tool runs one of the server's programs as the server's user and waits for its end.
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
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"} // without the caller's PG… settings
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
